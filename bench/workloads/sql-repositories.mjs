/** A generated client's repositories beside Drizzle. `node sql-repositories.mjs <peer> [scale] [off|normal]` */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../lib/data.mjs'
import { eachOf } from '../lib/measure.mjs'
import { sizes, user } from '../lib/sql-data.mjs'

const [peer, scale = '1', durability = 'off'] = process.argv.slice(2)
const size = sizes(Number(scale) / 2)
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const results = {}
const next = random(5)
const some = n => Math.floor(next() * n)
const drawn = draw => Array.from({ length: 20_000 }, draw)

/** Drizzle on better-sqlite3; `isPrepared`: queries of its builder that are prepared once, which its documentation recommends. */
async function drizzleOn(isPrepared) {
  const { default: Sqlite } = await import('better-sqlite3')
  const { drizzle } = await import('drizzle-orm/better-sqlite3')
  const { index, integer, real, sqliteTable, text, uniqueIndex } = await import('drizzle-orm/sqlite-core')
  const { asc, eq, gte, sql } = await import('drizzle-orm')
  const client = new Sqlite(join(dir, 'data.sqlite'))
  client.pragma('journal_mode = WAL')
  client.pragma('cache_size = -262144') // KiB, as much as the project has
  client.pragma(`synchronous = ${durability.toUpperCase()}`)
  client.exec(
    'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, city TEXT NOT NULL, age INTEGER NOT NULL, score REAL NOT NULL); CREATE INDEX users_age ON users (age, id)',
  )
  const users = sqliteTable(
    'users',
    {
      id: integer().primaryKey(),
      name: text().notNull(),
      email: text().notNull(),
      city: text().notNull(),
      age: integer().notNull(),
      score: real().notNull(),
    },
    table => [uniqueIndex('users_email').on(table.email), index('users_age').on(table.age, table.id)],
  )
  const db = drizzle({ client })
  const place = name => sql.placeholder(name)
  const queries = {
    find: id => db.select().from(users).where(eq(users.id, id)),
    byEmail: email => db.select().from(users).where(eq(users.email, email)),
    page: age => db.select().from(users).where(gte(users.age, age)).orderBy(asc(users.age), asc(users.id)).limit(20),
    all: below =>
      db
        .select()
        .from(users)
        .where(sql`${users.id} < ${below}`),
  }
  const prepared = Object.fromEntries(
    Object.entries(queries).map(([name, query]) => [name, query(place('value')).prepare()]),
  )
  const run = name => value => (isPrepared ? prepared[name].all({ value }) : queries[name](value).all())
  const columns = Object.fromEntries(Object.keys(user(0)).map(name => [name, place(name)]))
  const update = db
    .update(users)
    .set({ age: place('age') })
    .where(eq(users.id, place('id')))
    .returning()
    .prepare()
  const insert = db.insert(users).values(columns).returning().prepare()
  return {
    load: rows =>
      db.transaction(txn => {
        for (let i = 0; i < rows.length; i += 1000)
          txn
            .insert(users)
            .values(rows.slice(i, i + 1000))
            .run()
      }),
    insert: row => (isPrepared ? insert.get(row) : db.insert(users).values(row).returning().get()),
    find: id => run('find')(id)[0],
    byEmail: email => run('byEmail')(email)[0],
    page: run('page'),
    all: run('all'),
    update: (id, age) =>
      isPrepared ? update.get({ id, age }) : db.update(users).set({ age }).where(eq(users.id, id)).returning().get(),
    close: () => client.close(),
  }
}

const engines = {
  async sochdb() {
    const { createClient } = await import('../../packages/sochdb/dist/client/index.js')
    const { contract } = await import('../lib/users-contract.mjs')
    const definition = { contract, contractHash: 'bench', queryBuilder: () => undefined }
    const client = createClient(definition, { path: join(dir, 'store'), open: { syncMode: durability } })
    const { users } = client.sync
    return {
      load: all => users.insertMany(all),
      insert: row => users.insert(row),
      find: id => users.find({ id }),
      byEmail: email => users.findFirst({ where: { email } }),
      page: age =>
        users.findMany({ where: { age: { gte: age } }, orderBy: [{ age: 'asc' }, { id: 'asc' }], limit: 20 }),
      all: below => users.findMany({ where: { id: { lt: below } } }),
      update: (id, age) => users.update({ id }, { age }),
      close: () => client.$close(),
    }
  },
  drizzle: () => drizzleOn(false),
  'drizzle, prepared': () => drizzleOn(true),
}

try {
  const engine = await engines[peer]()
  const all = Array.from({ length: size.users }, (_, i) => user(i))
  const started = performance.now()
  engine.load(all)
  results['insertMany, per row'] = ((performance.now() - started) * 1000) / size.users
  const ids = drawn(() => some(size.users))
  results['find by key'] = eachOf(ids, id => {
    if (engine.find(id).id !== id) throw new Error('the wrong row')
  })
  results['find by unique index'] = eachOf(
    drawn(() => `user${some(size.users)}@example.com`),
    email => engine.byEmail(email),
  )
  results['20 rows in order from a place'] = eachOf(
    drawn(() => 18 + some(60)),
    age => engine.page(age),
  )
  let id = size.users
  results['insert, with the row given back'] = eachOf(ids, () => engine.insert(user(id++)))
  results['update by key, with the row given back'] = eachOf(ids, key => engine.update(key, key % 80))
  const below = size.users / 2
  results[`${below.toLocaleString('en')} rows to objects, per row`] =
    eachOf([below], limit => engine.all(limit)) / below
  await engine.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
