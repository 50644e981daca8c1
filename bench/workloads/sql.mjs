/** Users and posts: loading, rows by key and by index, joins, groups, writes, many rows. `node sql.mjs <peer> [scale] [off|normal]` */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../lib/data.mjs'
import { eachOf, eachOfAsync } from '../lib/measure.mjs'
import { INDEXES, posts, SCHEMA, sizes, user } from '../lib/sql-data.mjs'

const [peer, scale = '1', durability = 'off'] = process.argv.slice(2)
const size = sizes(Number(scale))
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const results = {}

/** Values to ask for, at random and the same for every peer; drawn before anything is timed. */
const drawn = (count, draw) => {
  const next = random(5)
  return Array.from({ length: count }, () => draw(n => Math.floor(next() * n)))
}
const someUsers = drawn(20_000, some => [some(size.users)])
const someEmails = drawn(20_000, some => [`user${some(size.users)}@example.com`])
const someAuthors = drawn(5_000, some => [some(size.authors)])
const someTimes = drawn(5_000, some => [1_700_000_000 + some(size.posts / 2 - 20) * 60])
const someUpdates = drawn(20_000, some => [18 + some(60), `City ${some(100)}`, some(size.users)])
const someUpserts = drawn(20_000, some =>
  Object.values({ ...user(some(size.users)), age: some(90), score: some(1e6) / 7 }),
)

function check(holds, what) {
  if (!holds) throw new Error(`${peer}: ${what}`)
}

async function timed(body) {
  const started = performance.now()
  await body()
  return (performance.now() - started) * 1000
}

try {
  const { open } = await import(`../peers/sql/${peer}.mjs`)
  const engine = await open(dir, durability)
  const each = engine.isAsync ? eachOfAsync : eachOf
  for (const sql of SCHEMA) await engine.ddl(sql)

  const users = Array.from({ length: size.users }, (_, i) => user(i))
  results['insert users, per row'] = (await timed(() => engine.loadUsers(users))) / size.users
  const allPosts = posts(size)
  results['insert posts, per row'] = (await timed(() => engine.loadPosts(allPosts))) / size.posts
  results['create two indexes, per row'] =
    (await timed(async () => {
      for (const sql of INDEXES) await engine.ddl(sql)
    })) / size.posts
  await engine.prepare()

  results['select by key'] = await each(someUsers, values => {
    const row = engine.get('byKey', values)
    return engine.isAsync
      ? row.then(r => check(r.id === values[0], 'the wrong row'))
      : check(row.id === values[0], 'the wrong row')
  })
  results['select by unique index'] = await each(someEmails, values => engine.get('byEmail', values))
  results['20 rows in order from a place'] = await each(someTimes, values => engine.all('page', values))
  results["join of one user's 25 posts"] = await each(someAuthors, values => engine.all('join', values))

  const whole = async (name, values, expected) => {
    check(expected(await engine.all(name, values)), `${name} gave the wrong rows`)
    return each([values], given => engine.all(name, given))
  }
  results['group by 5 strings'] = await whole('kinds', [], rows => rows.length === 5)
  results[`group by ${size.topics.toLocaleString('en')} integers, top 10`] = await whole(
    'topics',
    [],
    r => r.length === 10,
  )
  results['filter and sum'] = await whole('sum', [500, size.topics / 2], rows => rows.length === 1)
  results['filter with LIKE'] = await whole('like', ['%version%9'], rows => Number(rows[0].n) > 0)

  results['update by key'] = await each(someUpdates, values => engine.run('update', values))
  results['upsert by key'] = await each(someUpserts, values => engine.run('upsert', values))

  const objects = await whole('many', [size.objects], rows => rows.length === size.objects)
  results[`${size.objects.toLocaleString('en')} rows to objects, per row`] = objects / size.objects
  if (engine.iterate !== undefined) {
    const streamed = async () => {
      let n = 0
      if (engine.isAsync) for await (const row of engine.iterate('many', [size.objects])) n += row.age > 0 ? 1 : 0
      else for (const row of engine.iterate('many', [size.objects])) n += row.age > 0 ? 1 : 0
      check(n > 0, 'no rows came')
    }
    let best = Infinity
    for (let i = 0; i < 5; i++) best = Math.min(best, await timed(streamed))
    results['rows read one by one, per row'] = best / size.objects
  }
  await engine.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
