/**
 * What an application calls, awaited: rows by key, lists with relations, inserts. The generated client beside Prisma, Drizzle and Kysely, all
 * three on better-sqlite3. `node client.mjs <peer> [scale] [off|normal]`
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { random } from '../lib/data.mjs'
import { eachOfAsync } from '../lib/measure.mjs'
import { user } from '../lib/sql-data.mjs'

const [peer, scale = '1', durability = 'off'] = process.argv.slice(2)
const users = Math.max(1000, Math.round(20_000 * Number(scale)))
const POSTS_EACH = 8
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'bench-')))
const file = join(dir, 'data.sqlite')
const next = random(5)
const drawn = most => Array.from({ length: 20_000 }, () => Math.floor(next() * most))
const postsOf = i =>
  Array.from({ length: POSTS_EACH }, (_, n) => ({
    id: i * POSTS_EACH + n,
    userId: i,
    title: `Post ${n} of ${i}`,
    createdAt: (n * 7919) % 1000,
  }))

/** The tables, and all rows, for the peers on SQLite: loading is not what is compared here. */
async function sqlite() {
  const { default: Sqlite } = await import('better-sqlite3')
  const client = new Sqlite(file)
  client.pragma('journal_mode = WAL')
  client.pragma(`synchronous = ${durability.toUpperCase()}`)
  client.exec(
    `CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, city TEXT NOT NULL, age INTEGER NOT NULL, score REAL NOT NULL);
     CREATE TABLE posts (id INTEGER PRIMARY KEY, userId INTEGER NOT NULL REFERENCES users (id), title TEXT NOT NULL, createdAt INTEGER NOT NULL);
     CREATE INDEX posts_user ON posts (userId)`,
  )
  const one = client.prepare('INSERT INTO users VALUES (@id, @name, @email, @city, @age, @score)')
  const post = client.prepare('INSERT INTO posts VALUES (@id, @userId, @title, @createdAt)')
  client.transaction(() => {
    for (let i = 0; i < users; i++) {
      one.run(user(i))
      for (const each of postsOf(i)) post.run(each)
    }
  })()
  return client
}

const engines = {
  async sochdb() {
    const { col, contractHash, defineSchema, many, table, toContract } = await import('../../schema/dist/index.js')
    const { createClient } = await import('../../packages/sochdb/dist/client/index.js')
    const [id, integer, text] = [col.integer().primaryKey(), col.integer(), col.text()]
    const schema = defineSchema({
      tables: {
        users: table('users', { id, name: text, email: text.unique(), city: text, age: integer, score: col.real() }),
        posts: table('posts', { id, userId: integer.references('users.id'), title: text, createdAt: integer }).index(
          'userId',
        ),
      },
      relations: { users: { posts: many('posts.userId') } },
    })
    const contract = toContract(schema)
    const definition = { contract, contractHash: contractHash(contract), queryBuilder: () => undefined }
    const db = createClient(definition, { path: join(dir, 'store'), open: { syncMode: durability } })
    await db.users.insertMany(Array.from({ length: users }, (_, i) => user(i)))
    await db.posts.insertMany(Array.from({ length: users }, (_, i) => postsOf(i)).flat())
    return {
      find: id => db.users.find({ id }),
      byEmail: email => db.users.findFirst({ where: { email } }),
      list: from =>
        db.users.findMany({
          where: { id: { gte: from } },
          limit: 20,
          with: { posts: { orderBy: { createdAt: 'desc' }, limit: 5 } },
        }),
      insert: row => db.users.insert(row),
      close: () => db.$close(),
    }
  },

  async drizzle() {
    const client = await sqlite()
    const { drizzle } = await import('drizzle-orm/better-sqlite3')
    const { index, integer, real, sqliteTable, text } = await import('drizzle-orm/sqlite-core')
    const { desc, eq, gte, relations } = await import('drizzle-orm')
    const words = ['name', 'email', 'city'].map(name => [name, text().notNull()])
    const people = sqliteTable('users', {
      id: integer().primaryKey(),
      ...Object.fromEntries(words),
      age: integer().notNull(),
      score: real().notNull(),
    })
    const posts = sqliteTable(
      'posts',
      {
        id: integer().primaryKey(),
        userId: integer().notNull(),
        title: text().notNull(),
        createdAt: integer().notNull(),
      },
      table => [index('posts_user').on(table.userId)],
    )
    const schema = {
      users: people,
      posts,
      ofUsers: relations(people, ({ many }) => ({ posts: many(posts) })),
      ofPosts: relations(posts, ({ one }) => ({
        user: one(people, { fields: [posts.userId], references: [people.id] }),
      })),
    }
    const db = drizzle({ client, schema })
    return {
      find: async id => (await db.select().from(people).where(eq(people.id, id)))[0],
      byEmail: async email => (await db.select().from(people).where(eq(people.email, email)))[0],
      list: from =>
        db.query.users.findMany({
          where: gte(people.id, from),
          orderBy: people.id,
          limit: 20,
          with: { posts: { orderBy: desc(posts.createdAt), limit: 5 } },
        }),
      insert: async row => (await db.insert(people).values(row).returning())[0],
      close: () => client.close(),
    }
  },

  async kysely() {
    const client = await sqlite()
    const { Kysely, ParseJSONResultsPlugin, SqliteDialect } = await import('kysely')
    const { jsonArrayFrom } = await import('kysely/helpers/sqlite')
    const db = new Kysely({ dialect: new SqliteDialect({ database: client }), plugins: [new ParseJSONResultsPlugin()] })
    const latest = eb =>
      jsonArrayFrom(
        eb
          .selectFrom('posts')
          .select(['posts.id', 'posts.userId', 'posts.title', 'posts.createdAt'])
          .whereRef('posts.userId', '=', 'users.id')
          .orderBy('posts.createdAt', 'desc')
          .limit(5),
      ).as('posts')
    return {
      find: id => db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst(),
      byEmail: email => db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst(),
      list: from =>
        db
          .selectFrom('users')
          .selectAll('users')
          .select(latest)
          .where('id', '>=', from)
          .orderBy('id')
          .limit(20)
          .execute(),
      insert: row => db.insertInto('users').values(row).returningAll().executeTakeFirst(),
      close: () => client.close(),
    }
  },

  /** Its generator reads the schema in WebAssembly; it would fetch a binary that it does not run, and is told that there is one. */
  async prisma() {
    const require = createRequire(import.meta.url)
    const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3')
    ;(await sqlite()).close()
    const packageOf = name => dirname(realpathSync(require.resolve(`${name}/package.json`)))
    const client = packageOf('@prisma/client')
    // What the generated client requires lies beside the package, as what it depends on.
    const links = {
      prisma: packageOf('prisma'),
      '@prisma/client': client,
      '@prisma/client-runtime-utils': join(client, '../client-runtime-utils'),
    }
    for (const [name, target] of Object.entries(links)) {
      const link = join(dir, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(target, link)
    }
    writeFileSync(
      join(dir, 'schema.prisma'),
      `generator client {\n  provider = "prisma-client-js"\n  output = "./generated"\n}
datasource db {\n  provider = "sqlite"\n}
model users {\n  id Int @id\n  name String\n  email String @unique\n  city String\n  age Int\n  score Float\n  posts posts[]\n}
model posts {\n  id Int @id\n  userId Int\n  title String\n  createdAt Int\n  user users @relation(fields: [userId], references: [id])\n  @@index([userId])\n}\n`,
    )
    const settings = `export default { schema: 'schema.prisma', datasource: { url: 'file:./x.db' } }\n`
    writeFileSync(join(dir, 'prisma.config.mjs'), settings)
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
    const command = join(dir, 'node_modules/prisma/build/index.js')
    const ran = spawnSync(process.execPath, [command, 'generate'], { cwd: dir, env, encoding: 'utf8' })
    if (ran.status !== 0) throw new Error(ran.stdout + ran.stderr)
    const { PrismaClient } = (await import(pathToFileURL(join(dir, 'generated/index.js')).href)).default
    const db = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}` }) })
    await db.$executeRawUnsafe(`PRAGMA synchronous = ${durability.toUpperCase()}`)
    return {
      find: id => db.users.findUnique({ where: { id } }),
      byEmail: email => db.users.findUnique({ where: { email } }),
      list: from =>
        db.users.findMany({
          where: { id: { gte: from } },
          orderBy: { id: 'asc' },
          take: 20,
          include: { posts: { orderBy: { createdAt: 'desc' }, take: 5 } },
        }),
      insert: row => db.users.create({ data: row }),
      close: () => db.$disconnect(),
    }
  },
}

const results = {}
try {
  const engine = await engines[peer]()
  const [sample] = await engine.list(users - 30)
  if (sample.posts.length !== 5 || sample.posts[0].createdAt < sample.posts[4].createdAt) throw new Error('other posts')
  results['find by key'] = await eachOfAsync(drawn(users), async id => {
    if ((await engine.find(id)).id !== id) throw new Error('the wrong row')
  })
  const emails = drawn(users).map(i => `user${i}@example.com`)
  results['find by unique index'] = await eachOfAsync(emails, email => engine.byEmail(email))
  results['20 rows, each with the latest 5 of a relation'] = await eachOfAsync(drawn(users - 30), from =>
    engine.list(from),
  )
  let id = users
  results['insert, with the row given back'] = await eachOfAsync(emails, () => engine.insert(user(id++)))
  await engine.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
