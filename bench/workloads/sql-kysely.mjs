/** The same queries through Kysely on either engine, built anew for every call as applications do. `node sql-kysely.mjs <peer> [scale] [off|normal]` */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../lib/data.mjs'
import { eachOfAsync } from '../lib/measure.mjs'
import { INDEXES, posts, SCHEMA, sizes, user } from '../lib/sql-data.mjs'

const [peer, scale = '1', durability = 'off'] = process.argv.slice(2)
const size = sizes(Number(scale) / 4)
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const results = {}
const next = random(5)
const some = n => Math.floor(next() * n)
const drawn = draw => Array.from({ length: 10_000 }, draw)

const dialects = {
  async sochdb() {
    const { Database } = await import('../../packages/sochdb/dist/index.js')
    const { SochdbDialect } = await import('../../packages/kysely/dist/index.js')
    const database = Database.open(join(dir, 'store'), { syncMode: durability })
    return { dialect: new SochdbDialect({ database }), close: () => database.close() }
  },
  async 'better-sqlite3'() {
    const { default: Sqlite } = await import('better-sqlite3')
    const { SqliteDialect } = await import('kysely')
    const database = new Sqlite(join(dir, 'data.sqlite'))
    database.pragma('journal_mode = WAL')
    database.pragma('cache_size = -262144') // KiB, as much as the project has
    database.pragma(`synchronous = ${durability.toUpperCase()}`)
    return { dialect: new SqliteDialect({ database }), close: () => database.close() }
  },
}

try {
  const { Kysely, sql } = await import('kysely')
  const { dialect, close } = await dialects[peer]()
  const db = new Kysely({ dialect })
  for (const statement of SCHEMA) await sql.raw(statement).execute(db)
  const rows = 50 // a statement
  const load = (table, all) =>
    db.transaction().execute(async txn => {
      for (let i = 0; i < all.length; i += rows)
        await txn
          .insertInto(table)
          .values(all.slice(i, i + rows))
          .execute()
    })
  const users = Array.from({ length: size.users }, (_, i) => user(i))
  const started = performance.now()
  await load('users', users)
  results[`insert, ${rows} rows a statement, per row`] = ((performance.now() - started) * 1000) / size.users
  await load('posts', posts(size))
  for (const statement of INDEXES) await sql.raw(statement).execute(db)

  const byKey = id => db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
  const found = await byKey(7)
  if (found?.email !== 'user7@example.com') throw new Error('the wrong row')
  const ids = drawn(() => some(size.users))
  results['select by key'] = await eachOfAsync(ids, byKey)
  results['select by unique index'] = await eachOfAsync(
    drawn(() => `user${some(size.users)}@example.com`),
    email => db.selectFrom('users').select(['id', 'name', 'age']).where('email', '=', email).executeTakeFirst(),
  )
  results['20 rows in order from a place'] = await eachOfAsync(
    drawn(() => 1_700_000_000 + some(size.posts / 2 - 20) * 60),
    time =>
      db
        .selectFrom('posts')
        .select(['id', 'title', 'createdAt'])
        .where('createdAt', '>=', time)
        .orderBy('createdAt')
        .limit(20)
        .execute(),
  )
  results["join of one user's 25 posts"] = await eachOfAsync(
    drawn(() => some(size.authors)),
    id =>
      db
        .selectFrom('users')
        .innerJoin('posts', 'posts.userId', 'users.id')
        .select(['users.name', 'posts.id', 'posts.title', 'posts.likes'])
        .where('users.id', '=', id)
        .execute(),
  )
  results['update by key'] = await eachOfAsync(ids, id =>
    db
      .updateTable('users')
      .set({ age: id % 80, city: 'Paris' })
      .where('id', '=', id)
      .execute(),
  )
  results['upsert by key'] = await eachOfAsync(ids, id =>
    db
      .insertInto('users')
      .values({ ...user(id), age: 30 })
      .onConflict(conflict => conflict.column('id').doUpdateSet(eb => ({ age: eb.ref('excluded.age') })))
      .execute(),
  )
  await db.destroy()
  close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
