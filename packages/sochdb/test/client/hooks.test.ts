/** Hooks around the calls of tables: `$extends({ query, sync })`. */
import { ValidationError } from 'sochdb'
import { fill, openClient, type TestClient } from './fixture.js'

type Args = readonly unknown[]
type Answer = (...args: unknown[]) => unknown
interface Call {
  readonly table: string
  readonly call: string
  readonly args: Args
  readonly query: Answer
  readonly client: Pick<TestClient, 'authors' | 'notes'> & TestClient['sync']
}
type Hook = (call: Call) => unknown
type Hooks = Record<string, Hook | Record<string, Hook>>

const hooked = (client: object, extension: { query?: Hooks; sync?: Hooks }): TestClient =>
  (client as { $extends(extension: object): TestClient }).$extends(extension)

let db: TestClient

beforeEach(async () => {
  db = openClient()
  await fill(db)
})
afterEach(() => db.$close())

const note = { id: 9, authorId: '01890000-0000-7000-8000-000000000000', title: 'Nine' }

test('a hook changes what goes in and what comes out, and leaves the client it extends alone', async () => {
  const louder = hooked(db, {
    query: {
      notes: {
        insert: ({ args: [row], query }) => query({ ...(row as object), stars: 7 }),
        find: async ({ args, query }) => ({ ...((await query(...args)) as object), seen: true }),
      },
    },
  })
  expect(await louder.notes.insert(note)).toMatchObject({ id: 9, stars: 7 })
  expect(await louder.notes.find({ id: 9 })).toMatchObject({ title: 'Nine', seen: true })
  expect(await louder.notes.findFirst({ where: { id: 9 } })).not.toHaveProperty('seen')
  expect(await db.notes.insert({ ...note, id: 10 })).toMatchObject({ stars: 0 })
})

test('a hook that throws before the call keeps it from being made, and its error is a rejection', async () => {
  const guarded = hooked(db, {
    query: {
      notes: {
        deleteMany: () => {
          throw new RangeError('not today')
        },
      },
    },
  })
  await expect(guarded.notes.deleteMany({ where: {} })).rejects.toThrow(RangeError)
  expect(await db.notes.count()).toBe(5)
})

test('hooks nest: later ones around earlier ones, that of all tables around that of one', async () => {
  const order: string[] = []
  const told =
    (name: string): Hook =>
    async ({ args, query }) => {
      order.push(`${name} in`)
      const answer = await query(...args)
      order.push(`${name} out`)
      return answer
    }
  const first = hooked(db, { query: { notes: { count: told('first') }, $tables: told('first all') } })
  const second = hooked(first, { query: { notes: { count: told('second') } } })
  expect(await second.notes.count()).toBe(5)
  expect(order).toEqual(['second in', 'first all in', 'first in', 'first out', 'first all out', 'second out'])
})

test('that of all tables hears every call, and which it is', async () => {
  const heard: string[] = []
  const all = hooked(db, {
    query: {
      $tables: ({ table, call, args, query }) => {
        heard.push(`${table}.${call}`)
        return query(...args)
      },
    },
  })
  const key = { id: 1 }
  const { notes } = all
  await notes.insert(note)
  await notes.insertMany([])
  await notes.upsert({ create: note })
  await notes.find(key)
  await notes.findOrThrow(key)
  await notes.findFirst()
  await notes.findFirstOrThrow()
  await notes.findMany()
  await notes.findPage()
  for await (const row of notes.stream({ limit: 1 })) expect(row['id']).toBe(1)
  await notes.exists()
  await notes.count()
  await notes.aggregate()
  await notes.groupBy({ by: ['status'] } as never)
  await notes.explain()
  await notes.update(key, {})
  await notes.updateMany({ where: key }, {})
  await notes.delete(key)
  await notes.deleteMany({ where: key })
  await all.authors.count()
  const made = Object.keys(notes).map(call => `notes.${call}`)
  expect([...heard].sort()).toEqual([...made, 'authors.count'].sort())
})

test('they are in transactions, where their client is the transaction, and in what $for and $extends make', async () => {
  const audited = hooked(db, {
    query: {
      notes: {
        update: async ({ args, query, client }) => {
          await client.notes.insert({ ...note, title: `audit of ${JSON.stringify(args[0])}` })
          return query(...args)
        },
      },
    },
  })
  const failing = audited.$transaction(async tx => {
    await tx.notes.update({ id: 1 }, { stars: 1 })
    throw new Error('undone')
  })
  await expect(failing).rejects.toThrow('undone')
  expect(await db.notes.find({ id: 9 })).toBeUndefined()
  await audited.$for({ withDeleted: true }).notes.update({ id: 1 }, { stars: 2 })
  expect(await db.notes.find({ id: 9 })).toMatchObject({ title: 'audit of {"id":1}' })
  const more = audited.$extends(() => ({ notes: { nine: (): string => 'nine' } }))
  await db.notes.delete({ id: 9 })
  await more.notes.update({ id: 2 }, {})
  expect(await db.notes.exists({ where: { id: 9 } })).toBe(true)
  // And the other way round: calls of one's own stay when hooks come.
  const both = hooked(more, { query: { notes: { count: () => -1 } } }) as typeof more
  expect(both.notes.nine()).toBe('nine')
  expect(await both.notes.count()).toBe(-1)
})

test('a stream is hooked as any call: its rows may be others', async () => {
  const twice = hooked(db, {
    query: {
      notes: {
        stream: async function* ({ args, query }) {
          for await (const row of query(...args) as AsyncIterable<{ id: number }>) yield { id: row.id * 2 }
        },
      },
    },
    sync: {
      notes: {
        stream: function* ({ args, query }) {
          for (const row of query(...args) as Iterable<{ id: number }>) yield { id: row.id * 3 }
        },
      },
    },
  })
  const ids: unknown[] = []
  for await (const row of twice.notes.stream({ limit: 2 })) ids.push(row['id'])
  expect(ids).toEqual([2, 4])
  expect([...twice.sync.notes.stream({ limit: 2 })]).toEqual([{ id: 3 }, { id: 6 }])
})

test('no hook is got round by making the call the other way', async () => {
  const one = hooked(db, { query: { notes: { insert: ({ args, query }) => query(...args) } } })
  expect(() => one.sync.notes.insert(note)).toThrow('"notes.insert" has a hook for promises alone.')
  expect(() => one.sync.$transaction(tx => tx.notes.insert(note))).toThrow(ValidationError)
  expect(one.sync.notes.count()).toBe(5)
  const other = hooked(db, { sync: { $tables: ({ args, query }) => query(...args) } })
  expect(other.sync.notes.insert(note)).toMatchObject({ id: 9 })
  await expect(other.notes.count()).rejects.toThrow('"notes.count" has a hook for calls of sync alone.')
  const late = hooked(db, { sync: { notes: { count: () => Promise.resolve(1) } } })
  expect(() => late.sync.notes.count()).toThrow(/returns a promise/)
})

test.each([
  [5, /\$extends takes \{ query, sync \}, not a number/],
  [{ hooks: {} }, /no property "hooks"/],
  [{ query: { nots: {} } }, /no property "nots"/],
  [{ query: { passages: {} } }, /no property "passages"/],
  [{ query: { notes: { findAll: () => 1 } } }, /no property "findAll"/],
  [{ query: { notes: { count: 1 } } }, /"query.notes.count" is a function, not a number/],
  [{ query: { notes: () => 1 } }, /"query.notes" is a function/],
  [{ query: { $tables: {} } }, /"query.\$tables" is a function, not an object/],
  [{ sync: { notes: { count: async () => 1 } } }, /"sync.notes.count" is asynchronous/],
])('what is no hook is refused: %j', (extension, message) => {
  expect(() => hooked(db, extension as never)).toThrow(message)
})
