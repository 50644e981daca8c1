import { col, defineSchema, table } from '@sochdb/schema'
import {
  Database,
  DatabaseError,
  DimensionMismatchError,
  InvalidMetadataError,
  QuerySyntaxError,
  TransactionConflictError,
  ValidationError,
} from 'sochdb'
import { jest } from '@jest/globals'
import { sql } from 'sochdb/client'
import type { QueryEvent } from 'sochdb/client'
import { temporaryDirectory } from '../support/temporary.js'
import type { schema } from './fixture.js'
import { fill, openClient, type TestClient } from './fixture.js'

const directory = temporaryDirectory()

describe('a client', () => {
  it('opens nothing before the first call', async () => {
    const db = openClient({ path: '/proc/nowhere/store' })
    await db.$close()
  })

  it('finds after reopening what was there before', async () => {
    const path = directory('reopen')
    const { ada } = await fill(openAndForget(path))
    await closeAll()
    const db = openClient({ path })
    expect(await db.notes.count()).toBe(5)
    expect((await db.authors.find({ id: ada }))?.['email']).toBe('ada@example.com')
    await db.$close()
  })

  it('refuses a store that was made from another schema, and says what differs', async () => {
    const path = directory('mismatch')
    const first = openClient({ path })
    await first.notes.count()
    await first.$close()
    const other = defineSchema({ tables: { notes: table('notes', { id: col.integer().primaryKey() }) } })
    const second = openClient({ path }, other as unknown as typeof schema)
    await expect(second.notes.count()).rejects.toThrow(DatabaseError)
    await expect(second.notes.count()).rejects.toThrow(/table "authors" is gone/)
    await second.$close()
  })

  it('shares a database that was handed in, and leaves it open', async () => {
    using database = Database.open(':memory:')
    const db = openClient({ database })
    await fill(db)
    const codes = { quantization: 'pq', pqNumSubvectors: 3, pqNumCentroids: 16 }
    expect(database.collection('passages').info()).toMatchObject(codes)
    database.put('beside', 'it')
    await db.$close()
    expect(database.getString('beside')).toBe('it')
  })

  it('asks a function for the database at every call, so that it may be closed and opened again', async () => {
    const path = directory('kept')
    let database = Database.open(path)
    const db = openClient({ database: () => database })
    const { ada } = await fill(db)
    await db.$close()
    expect(await db.notes.count()).toBe(5)
    database.close()
    await expect(db.notes.count()).rejects.toThrow(DatabaseError)
    database = Database.open(path)
    expect(await db.notes.count()).toBe(5)
    expect(db.sync.authors.find({ id: ada })?.['email']).toBe('ada@example.com')
    database.close()
    database = Database.open(':memory:')
    expect(await db.$transaction(tx => tx.notes.count())).toBe(0)
    database = {} as Database
    await expect(db.notes.count()).rejects.toThrow('the function given as database gives what Database.open returns')
    const failing = openClient({
      database: () => {
        throw new RangeError('not now')
      },
    })
    await expect(failing.notes.count()).rejects.toThrow(RangeError)
  })

  it.each([
    ['no path', {}],
    ['both', { path: 'x', database: {} }],
    ['an unknown option', { path: 'x', cache: true }],
    ['a path that is no string', { path: 7 }],
  ])('refuses options with %s', (_, options) => {
    expect(() => openClient(options as never)).toThrow(ValidationError)
  })
})

const opened: { $close(): Promise<void> }[] = []
function openAndForget(path: string) {
  const db = openClient({ path })
  opened.push(db)
  return db
}
const closeAll = () => Promise.all(opened.splice(0).map(db => db.$close()))

describe('a transaction of a client', () => {
  it('commits rows and vectors together', async () => {
    await using db = openClient()
    const { ada } = await fill(db)
    await db.$transaction(async tx => {
      await tx.notes.insert({ id: 7, authorId: ada, title: 'Both' })
      await tx.passages.insert({ id: '7', vector: [1, 0, 0], metadata: { noteId: 7, lang: 'en' } })
      expect(await tx.notes.count()).toBe(6)
    })
    expect(await db.notes.count()).toBe(6)
    expect(await db.passages.count()).toBe(1)
  })

  it('leaves nothing when it throws', async () => {
    await using db = openClient()
    const { ada } = await fill(db)
    const attempt = db.$transaction(async tx => {
      await tx.notes.insert({ id: 7, authorId: ada, title: 'Neither' })
      await tx.passages.insert({ id: '7', vector: [1, 0, 0], metadata: { noteId: 7, lang: 'en' } })
      throw new Error('changed my mind')
    })
    await expect(attempt).rejects.toThrow('changed my mind')
    expect(await db.notes.count()).toBe(5)
    expect(await db.passages.count()).toBe(0)
  })

  it('runs again after a conflict, and gives up after maxRetries', async () => {
    await using db = openClient()
    await fill(db)
    let attempts = 0
    const increment = (interfere: () => boolean) =>
      db.$transaction(
        async tx => {
          attempts++
          const note = await tx.notes.find({ id: 1 })
          if (interfere()) await db.notes.update({ id: 1 }, { stars: { increment: 10 } })
          await tx.notes.update({ id: 1 }, { stars: (note!['stars'] as number) + 1 })
        },
        { maxRetries: 2 },
      )
    await increment(() => attempts === 1)
    expect(attempts).toBe(2)
    expect((await db.notes.find({ id: 1 }))?.['stars']).toBe(14)
    await expect(increment(() => true)).rejects.toThrow(TransactionConflictError)
    expect(attempts).toBe(5)
  })

  it('works on the calling thread too', async () => {
    await using db = openClient()
    await fill(db)
    const stars = db.sync.$transaction(tx => {
      tx.notes.update({ id: 1 }, { stars: 7 })
      return tx.notes.find({ id: 1 })?.['stars']
    })
    expect(stars).toBe(7)
    expect(() =>
      db.sync.$transaction(tx => {
        tx.notes.deleteMany({ where: {} })
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(db.sync.notes.count()).toBe(5)
  })
})

describe('a typed collection', () => {
  it('searches with a filter, nearest first', async () => {
    await using db = openClient()
    await db.passages.insertBatch({
      ids: ['a', 'b', 'c'],
      vectors: [
        [1, 0, 0],
        [0.9, 0.1, 0],
        [0, 1, 0],
      ],
      metadata: [
        { noteId: 1, lang: 'en' },
        { noteId: 2, lang: 'de' },
        { noteId: 3, lang: 'en' },
      ],
    })
    const told: [number, number][] = []
    const batch = { ids: ['d'], vectors: new Float32Array([1, 0, 0]), metadata: [{ noteId: 4, lang: 'en' as const }] }
    await db.passages.insertBatch({ ...batch, onProgress: (...progress) => told.push(progress) })
    expect(told).toEqual([[1, 1]])
    expect(await db.passages.deleteWhere({ noteId: { $gt: 3, gt: 3 }, lang: { $in: ['en'], $exists: true } })).toBe(1)
    const hits = await db.passages.search({ vector: [1, 0, 0], k: 2, filter: { lang: 'en' } })
    expect(Array.from(hits, hit => hit.id)).toEqual(['a', 'c'])
    expect(Array.from(hits)[0]).toMatchObject({ score: 1, distance: 0, metadata: { noteId: 1, lang: 'en' } })
    expect(await db.passages.update('a', { metadata: { lang: 'de' } })).toBe(true)
    expect((await db.passages.get('a'))?.metadata).toEqual({ noteId: 1, lang: 'de' })
    expect(await db.passages.delete('a')).toBe(true)
    expect(await db.passages.count()).toBe(2)
  })

  it('finds words by the weights and stems of its schema, alone and with a vector', async () => {
    await using db = openClient()
    await db.texts.insert({ id: 'a', vector: [1, 0], metadata: { title: 'Machines', body: 'about gardens' } })
    await db.texts.upsert({ id: 'b', vector: [0, 1], metadata: { title: 'The garden', body: 'machine' } })
    await db.texts.insertMulti({
      id: 'c',
      vectors: [
        [0, 1],
        [1, 1],
      ],
      chunkTexts: ['one chunk', 'another'],
      metadata: { title: 'Chunks' },
    })
    const ids = (hits: Iterable<{ id: string }>): string[] => Array.from(hits, ({ id }) => id)
    const words = await db.texts.keywordSearch({ query: 'gardening', highlight: true })
    expect(ids(words)).toEqual(['b', 'a'])
    expect(Array.from(words)[0]).toMatchObject({ highlights: { title: 'The <em>garden</em>' } })
    expect(words.totalCount).toBe(2)
    expect(ids(await db.texts.keywordSearch({ query: 'the' }))).toEqual([])
    expect(ids(db.sync.texts.hybridSearch({ vector: [1, 0], textQuery: 'garden', k: 1, alpha: 1 }))).toEqual(['a'])
    expect(Array.from(await db.texts.keywordSearch({ query: 'chunk' }))[0]?.matchedChunk?.text).toBe('one chunk')
    expect((await db.texts.get('c'))?.metadata).toEqual({ title: 'Chunks', body: '' })
    expect((await db.texts.getMany(['x', 'c'])).map(each => each?.vectors?.length)).toEqual([undefined, 2])
    expect(ids(await db.texts.list({ after: 'a', limit: 1 }))).toEqual(['b'])
    const many = await db.texts.searchMany([
      { vector: [1, 0], k: 1, explain: true },
      { vector: [0, 1], k: 3, groupBy: 'title' },
    ])
    expect(many.map(ids)).toEqual([['a'], ['b', 'c', 'a']])
    expect(many[0]?.explanation?.plan).toBe('exact')
    expect(many[1]?.groups.map(({ value }) => value)).toEqual(['The garden', 'Chunks', 'Machines'])
    await expect(db.passages.keywordSearch({ query: 'x' })).rejects.toThrow(/no keyword search/)
  })

  it('refuses what the schema refuses, and writes nothing', async () => {
    await using db = openClient()
    const metadata = { noteId: 1, lang: 'en' }
    await expect(db.passages.insert({ id: 'x', vector: [1, 0], metadata })).rejects.toThrow(DimensionMismatchError)
    await expect(db.passages.insert({ id: 'x', vector: [1, 0, NaN], metadata })).rejects.toThrow(ValidationError)
    await expect(
      db.passages.insert({ id: 'x', vector: [1, 0, 0], metadata: { noteId: 1, lang: 'fr' } }),
    ).rejects.toThrow(InvalidMetadataError)
    expect(await db.passages.count()).toBe(0)
  })
})

describe('$sql', () => {
  it('runs text whose values are parameters, in pieces', async () => {
    await using db = openClient()
    const { ada } = await fill(db)
    const mine = sql`${sql.id('authorId')} = ${ada}`
    const { rows } = await db.$sql<{ n: number }>`SELECT count(*) AS n FROM notes WHERE ${mine} AND stars > ${1}`
    expect(rows).toEqual([{ n: 2 }])
    const ids = db.sync.$sql<{ id: number }>`SELECT id FROM notes WHERE id IN (${sql.join([1, 5, 99])}) ORDER BY id`
    expect([...ids]).toEqual([{ id: 1 }, { id: 5 }])
    expect((await db.$sql`UPDATE notes SET title = ${"'); DROP TABLE notes; --"} WHERE id = ${1}`).rowsAffected).toBe(1)
    expect(await db.notes.find({ id: 1 })).toMatchObject({ title: "'); DROP TABLE notes; --" })
    await db.$transaction(async tx => {
      await tx.$sql`DELETE FROM notes`
      expect(await tx.notes.count()).toBe(0)
    })
    const order = sql.join([sql`id ${sql.raw('DESC')}`, sql`title`])
    expect(await db.$sql`SELECT id FROM marks ORDER BY ${sql`"noteId" `}, ${sql.raw('label')}`.catch(() => 'no')).toBe(
      'no',
    )
    expect((await db.$sql`SELECT 1 AS id, 2 AS title ORDER BY ${order}`).rows).toEqual([{ id: 1, title: 2 }])
  })

  it('refuses what is no statement', async () => {
    await using db = openClient()
    await expect(db.$sql`SELECT ${undefined}`).rejects.toThrow(ValidationError)
    await expect(db.$sql('SELECT 1' as never)).rejects.toThrow(/before a template/)
    await expect(db.$sql`SELEC 1`).rejects.toThrow(QuerySyntaxError)
    expect(() => sql.join([])).toThrow(ValidationError)
    expect(() => sql.id()).toThrow(ValidationError)
    expect(() => sql.raw(5 as never)).toThrow(ValidationError)
  })
})

describe('$on', () => {
  it('tells of statements that have run and have failed, until it is stopped', async () => {
    await using db = openClient()
    await fill(db)
    const heard: QueryEvent[] = []
    const stop = db.$on('query', event => heard.push(event))
    const text = () => heard.splice(0).map(({ sql: statement, rows, error }) => [statement, rows, error?.constructor])
    await db.notes.findMany({ where: { stars: { gt: 2 } } })
    await db.notes.find({ id: 1 })
    await db.notes.insertMany([
      { id: 8, authorId: '00000000-0000-7000-8000-000000000000', title: 'x' },
      { id: 9, authorId: '00000000-0000-7000-8000-000000000000', title: 'y' },
    ])
    expect(heard.map(({ parameters }) => parameters[0])).toEqual([2, 1, 8])
    expect(heard.every(({ durationMs }) => durationMs >= 0)).toBe(true)
    expect(text()).toEqual([
      [expect.stringMatching(/^select .* from "?notes"? where /i), 3, undefined],
      [expect.stringMatching(/^select /i), 1, undefined],
      [expect.stringMatching(/^insert into /i), 2, undefined],
    ])
    await expect(db.notes.insert({ id: 1, authorId: 'x', title: 'x' })).rejects.toThrow()
    expect(heard.splice(0)).toMatchObject([{ rows: 0, error: expect.any(Error) as Error }])
    for await (const row of db.notes.stream()) expect(row).toBeDefined()
    await db.$sql`SELECT 1`
    expect(heard.splice(0).map(({ rows }) => rows)).toEqual([7, 1])
    stop()
    await db.notes.count()
    expect(heard).toEqual([])
  })

  it('tells of slow ones alone, and writes them to the console where that is asked for', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      for (const [slowMs, lines] of [
        [0, 1],
        [1e9, 0],
      ] as const) {
        await using db = openClient({ path: ':memory:', log: ['slow'], slowMs })
        const slow: QueryEvent[] = []
        db.$on('slow', event => slow.push(event))
        await db.notes.count()
        expect([slow.length, warn.mock.calls.length]).toEqual([lines, lines])
        for (const [line] of warn.mock.calls) expect(line).toMatch(/^sochdb: \d+\.\d ms, 1 rows: select count/i)
        warn.mockClear()
      }
    } finally {
      warn.mockRestore()
    }
  })

  it('is not disturbed by a listener that throws', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await using db = openClient()
    db.$on('query', () => {
      throw new Error('mine')
    })
    expect(await db.notes.count()).toBe(0)
    expect(warned).toHaveBeenCalledWith(new Error('mine'))
    warned.mockRestore()
    expect(() => db.$on('nothing' as never, () => undefined)).toThrow(ValidationError)
    expect(() => db.$on('query', undefined as never)).toThrow(ValidationError)
  })
})

describe('$extends', () => {
  const make = (client: TestClient) => ({
    notes: { starred: () => client.notes.findMany({ where: { stars: { gt: 2 } } }) },
    hello: (name: string) => `Hello ${name}`,
  })

  it('adds calls to tables, and members, and leaves the client as it is', async () => {
    await using db = openClient()
    await fill(db)
    const more = db.$extends(make)
    expect((await more.notes.starred()).map(row => row['id'])).toEqual([1, 3, 5])
    expect(more.hello('you')).toBe('Hello you')
    expect(await more.notes.count()).toBe(5)
    expect('starred' in db.notes || 'hello' in db).toBe(false)
    const again = more.$extends(client => ({ notes: { first: async () => (await client.notes.starred())[0] } }))
    expect(await again.notes.first()).toMatchObject({ id: 1 })
    expect(await again.$for({ withDeleted: true }).notes.first()).toMatchObject({ id: 1 })
    expect(more.sync.notes.count()).toBe(5)
    expect(await more.$transaction(async tx => tx.notes.count())).toBe(5)
  })

  it.each([
    ['a call there is', () => ({ notes: { count: () => 5 } })],
    ['a member of the client', () => ({ $close: () => 5 })],
    ['the other face', () => ({ sync: {} })],
    ['no calls for a table', () => ({ notes: 5 })],
    ['nothing', () => undefined],
  ])('refuses %s', async (_, wrong) => {
    await using db = openClient()
    expect(() => db.$extends(wrong as never)).toThrow(ValidationError)
    expect(() => db.$extends(5 as never)).toThrow(ValidationError)
  })
})
