/** Columns that are called otherwise in the store: rows, filters and relations know their fields, SQL knows the columns. */
import { col, contractHash, defineSchema, many, one, table, toContract } from '@sochdb/schema'
import { Database } from 'sochdb'
import { openDeclared, type AnyTables } from './declared.js'

// Names that meet: the field `name` is the column `title`, and the field `title` is `name`.
const schema = defineSchema({
  casing: 'snake_case',
  tables: {
    users: table('app_users', {
      userId: col.integer().primaryKey().default('autoincrement'),
      emailAddress: col.text().unique(),
      name: col.text().map('title'),
      title: col.text().map('name').nullable(),
      lastSeenAt: col.timestamp().nullable(),
      nameLength: col.integer().generatedAs('length(title)'),
    })
      .index('lastSeenAt', { desc: true, where: 'last_seen_at is not null' })
      .check('title_short', 'length(title) < 10'),
    posts: table('posts', {
      id: col.integer().primaryKey(),
      authorId: col.integer().references('users.userId', { onDelete: 'cascade' }),
      viewCount: col.bigint().default(0n),
      postedOn: col.date().map('day'),
    }),
  },
  relations: { users: { posts: many('posts.authorId') }, posts: { author: one('users', 'authorId') } },
})

let database: Database
let db: AnyTables

beforeEach(() => {
  database = Database.open(':memory:')
  db = openDeclared({ database }, schema).sync
  db.users!.insertMany([
    { emailAddress: 'ada@x.org', name: 'Ada', title: 'Countess' },
    { emailAddress: 'bob@x.org', name: 'Bob', lastSeenAt: new Date(86_400_000) },
  ])
  db.posts!.insertMany([
    { id: 1, authorId: 1, viewCount: 5n, postedOn: '2026-01-02' },
    { id: 2, authorId: 1, postedOn: '2026-01-03' },
    { id: 3, authorId: 2, viewCount: 9n, postedOn: '2026-01-01' },
  ])
})

afterEach(() => database.close())

const ada = {
  userId: 1,
  emailAddress: 'ada@x.org',
  name: 'Ada',
  title: 'Countess',
  lastSeenAt: null,
  nameLength: 3,
}

test('the store has the names of columns', () => {
  expect(database.execute('select user_id, email_address, title, name from app_users order by user_id').rows).toEqual([
    { user_id: 1, email_address: 'ada@x.org', title: 'Ada', name: 'Countess' },
    { user_id: 2, email_address: 'bob@x.org', title: 'Bob', name: null },
  ])
})

test('rows are read and written by their fields, in every way there is', () => {
  const { users, posts } = db
  expect(users!.find({ userId: 1 })).toEqual(ada)
  expect(users!.findFirst({ where: { emailAddress: 'ada@x.org' } })).toEqual(ada)
  expect(users!.findFirst({ where: { emailAddress: 'ada@x.org' } })).toEqual(ada)
  expect(users!.findMany({ where: { name: { startsWith: 'A' } }, select: { title: true, name: true } })).toEqual([
    { title: 'Countess', name: 'Ada' },
  ])
  expect(users!.findMany({ orderBy: { title: 'desc' }, limit: 1 })).toMatchObject([{ name: 'Ada' }])
  expect(users!.count({ where: { lastSeenAt: { not: null } } })).toBe(1)
  expect(users!.update({ userId: 2 }, { name: 'Robert' })).toMatchObject({ name: 'Robert', nameLength: 6 })
  expect(users!.insert({ emailAddress: 'c@x.org', name: 'Cy' })).toMatchObject({ userId: 3, name: 'Cy', title: null })
  expect(users!.updateMany({ where: { name: 'Cy' } }, { title: 'Sir' })).toBe(1)
  expect(
    users!.upsert({
      create: { emailAddress: 'c@x.org', name: 'C' },
      update: { name: 'Cyrus' },
      on: ['emailAddress'],
    } as never),
  ).toMatchObject({ userId: 3, name: 'Cyrus', title: 'Sir' })
  expect(posts!.update({ id: 1 }, { viewCount: { increment: 2n } })).toMatchObject({ viewCount: 7n })
  expect(users!.deleteMany({ where: { title: 'Sir' } })).toBe(1)
  expect(users!.delete({ userId: 2 })).toBe(true)
  expect(posts!.count()).toBe(2)
  expect(() => users!.insert({ emailAddress: 'd@x.org', name: 'Maximilian' })).toThrow(/title_short/)
})

test('relations are loaded and asked for by fields', () => {
  const { users, posts } = db
  expect(
    users!.findMany({ with: { posts: { orderBy: { postedOn: 'desc' }, select: { postedOn: true } } } }),
  ).toMatchObject([{ name: 'Ada', posts: [{ postedOn: '2026-01-03' }, { postedOn: '2026-01-02' }] }, { name: 'Bob' }])
  expect(posts!.find({ id: 3 }, { with: { author: { select: { name: true } } } })).toEqual({
    id: 3,
    authorId: 2,
    viewCount: 9n,
    postedOn: '2026-01-01',
    author: { name: 'Bob' },
  })
  expect(users!.findMany({ where: { posts: { some: { viewCount: { gt: 6n } } } } as never })).toMatchObject([
    { name: 'Bob' },
  ])
})

test('relations are written by fields', () => {
  const { users, posts } = db
  const made = { id: 7, postedOn: '2026-05-05' }
  users!.insert({ emailAddress: 'e@x.org', name: 'Eve', posts: { create: [made], connect: [{ id: 3 }] } })
  expect(posts!.findMany({ where: { authorId: 3 } })).toMatchObject([{ id: 3 }, made])
})

test('pages, groups, distinct rows and streams keep the names of fields', () => {
  const posts = db.posts! as unknown as Record<string, (query: object) => unknown>
  const first = posts['findPage']!({ orderBy: { postedOn: 'asc' }, limit: 2 }) as { rows: object[]; next: string }
  expect(first.rows).toMatchObject([{ id: 3 }, { id: 1 }])
  expect(posts['findPage']!({ orderBy: { postedOn: 'asc' }, limit: 2, after: first.next })).toMatchObject({
    rows: [{ id: 2 }],
  })
  expect(posts['groupBy']!({ by: ['authorId'], sum: { viewCount: true } })).toMatchObject([
    { authorId: 1, count: 2 },
    { authorId: 2, count: 1, sum: { viewCount: 9n } },
  ])
  expect(posts['findMany']!({ distinct: ['authorId'], orderBy: { viewCount: 'desc' } })).toMatchObject([
    { id: 3, authorId: 2 },
    { id: 1, authorId: 1, viewCount: 5n },
  ])
  expect([...(posts['stream']!({ where: { authorId: 1 } }) as Iterable<object>)]).toMatchObject([
    { postedOn: '2026-01-02' },
    { postedOn: '2026-01-03' },
  ])
})

test('tenants and marks of deleted rows go by fields in repositories and by columns in SQL', async () => {
  const notes = table('notes', {
    id: col.integer().primaryKey(),
    ownerId: col.text(),
    deletedAt: col.timestamp().nullable(),
    text: col.text(),
    size: col.integer().generatedAs('length(text)'),
  })
    .tenant('ownerId')
    .softDelete('deletedAt')
  using own = Database.open(':memory:')
  const whole = openDeclared(
    { database: own },
    defineSchema({ casing: 'snake_case', tables: { notes } }),
  ) as unknown as {
    $for(options: { tenant: string }): typeof whole
    $sql(parts: TemplateStringsArray, ...values: unknown[]): Promise<object[]>
    readonly sync: AnyTables
  }
  const [ada, bob] = [whole.$for({ tenant: 'ada' }), whole.$for({ tenant: 'bob' })]
  ada.sync.notes!.insertMany([
    { id: 1, text: 'a' },
    { id: 2, text: 'b' },
  ])
  bob.sync.notes!.insert({ id: 3, text: 'c' })
  expect(ada.sync.notes!.delete({ id: 2 })).toBe(true)
  expect(ada.sync.notes!.findMany()).toEqual([{ id: 1, ownerId: 'ada', deletedAt: null, text: 'a', size: 1 }])
  expect(bob.sync.notes!.count()).toBe(1)
  const rows = await ada.$sql`select id, owner_id from notes`
  expect([...rows]).toEqual([{ id: 1, owner_id: 'ada' }])
  await ada.$sql`insert into notes values (4, 'ada', null, 'four')`
  expect(ada.sync.notes!.find({ id: 4 })).toMatchObject({ ownerId: 'ada', size: 4 })
})

test('casing is a matter of the contract: the same columns by hand have the same hash', () => {
  const cased = defineSchema({
    casing: 'snake_case',
    tables: { t: table('t', { someId: col.integer().primaryKey() }) },
  })
  const mapped = defineSchema({ tables: { t: table('t', { someId: col.integer().primaryKey().map('some_id') }) } })
  const plain = defineSchema({ tables: { t: table('t', { someId: col.integer().primaryKey() }) } })
  const hash = (one: typeof cased): string => contractHash(toContract(one))
  expect(hash(mapped)).toBe(hash(cased))
  expect(hash(plain)).not.toBe(hash(cased))
})
