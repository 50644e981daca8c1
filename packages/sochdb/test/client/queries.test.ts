/** Reads of the repository beyond simple filters, compared with the same over arrays. */
import { RowNotFoundError, ValidationError } from 'sochdb'
import { fill, openClient, type TestClient } from './fixture.js'

type Row = Record<string, unknown>
let db: TestClient
let ada: string
let bob: string

beforeEach(async () => {
  db = openClient()
  ;({ ada, bob } = await fill(db))
})
afterEach(() => db.$close())

const ids = (rows: readonly Row[]): unknown[] => rows.map(row => row['id'])
const any = (query: unknown) => query as never

describe('filters on relations', () => {
  const notes = async (where: object) => ids(await db.notes.findMany(any({ where })))
  const emails = async (where: object) =>
    (await db.authors.findMany(any({ where, orderBy: { email: 'asc' } }))).map(row => String(row['email'])[0])

  it('look for some, every and none of many rows', async () => {
    expect(await notes({ marks: { some: {} } })).toEqual([1, 5])
    expect(await notes({ marks: { some: { label: 'steam' } } })).toEqual([1])
    expect(await notes({ marks: { none: { label: 'steam' } } })).toEqual([2, 3, 4, 5])
    expect(await notes({ marks: { every: { label: 'iron' } } })).toEqual([2, 3, 4, 5])
    expect(await notes({ marks: { some: { label: 'iron' }, none: { weight: { gt: 2 } } } })).toEqual([5])
    expect(await notes({ marks: { $some: { weight: { $gt: 2 } } } })).toEqual([1])
    expect(await emails({ notes: { every: { stars: { gt: 0 } } } })).toEqual(['a'])
  })

  it('count rows about which a condition says nothing as rows that do not meet it', async () => {
    await db.authors.insert({ email: 'eve@example.com' })
    // Bob was born at no time that is known.
    expect(await notes({ author: { is: { born: { lt: '1900-01-01T00:00:00Z' } } } })).toEqual([1, 2, 3])
    expect(await notes({ author: { isNot: { born: { lt: '1900-01-01T00:00:00Z' } } } })).toEqual([4, 5])
  })

  it('look at the one row, or at its absence', async () => {
    await db.notes.insert({ id: 6, authorId: '00000000-0000-7000-8000-000000000000', title: 'Orphan' })
    expect(await notes({ author: { is: { email: { startsWith: 'bob' } } } })).toEqual([4, 5])
    expect(await notes({ author: { isNot: { email: { startsWith: 'bob' } } } })).toEqual([1, 2, 3, 6])
    expect(await notes({ author: null })).toEqual([6])
    expect(await notes({ author: { is: null } })).toEqual([6])
    expect(await notes({ author: { isNot: null } })).toEqual([1, 2, 3, 4, 5])
  })

  it('nest, and stand beside columns and under AND, OR, NOT', async () => {
    expect(await emails({ notes: { some: { marks: { some: { label: 'steam' } } } } })).toEqual(['a'])
    expect(await notes({ author: { is: { notes: { some: { title: 'Kites' } } } }, stars: { gt: 1 } })).toEqual([5])
    expect(await notes({ OR: [{ marks: { some: { label: 'steam' } } }, { id: 4 }] })).toEqual([1, 4])
    expect(await notes({ NOT: { marks: { some: {} } } })).toEqual([2, 3, 4])
  })

  it('work in every call that takes a filter', async () => {
    const where = { marks: { some: {} } }
    expect(await db.notes.count({ where })).toBe(2)
    expect(await db.notes.exists({ where: { marks: { some: { label: 'gold' } } } })).toBe(false)
    expect(await db.notes.updateMany({ where }, { status: 'done' })).toBe(2)
    expect(ids(await db.notes.findMany({ where: { status: 'done' } }))).toEqual([1, 3, 5])
    expect(await db.notes.deleteMany({ where })).toBe(2)
    expect(await db.notes.count()).toBe(3)
  })

  it.each([
    ['no operator', { marks: {} }],
    ['an unknown operator', { marks: { any: {} } }],
    ['an operator of the other kind', { author: { some: {} } }],
    ['undefined', { marks: { some: undefined } }],
    ['null for many', { marks: null }],
    ['a column of another table', { marks: { some: { stars: 1 } } }],
  ])('refuse %s', async (_, where) => {
    await expect(db.notes.findMany(any({ where }))).rejects.toThrow(ValidationError)
  })
})

describe('a read', () => {
  it('throws where a row has to be there', async () => {
    expect(await db.notes.findOrThrow({ id: 1 })).toMatchObject({ title: 'Engines' })
    await expect(db.notes.findOrThrow({ id: 99 })).rejects.toThrow(RowNotFoundError)
    await expect(db.notes.findOrThrow({ id: 99 })).rejects.toThrow('"notes" has no row { id: 99 }.')
    await expect(db.notes.findFirstOrThrow(any({ where: { title: 'x' } }))).rejects.toThrow(RowNotFoundError)
    expect(await db.notes.findFirstOrThrow(any({ where: { title: 'Kites' } }))).toMatchObject({ id: 4 })
  })

  it('selects and omits, alone and with relations', async () => {
    expect(await db.notes.find({ id: 2 }, any({ select: { title: true } }))).toEqual({ title: 'Looms' })
    expect(await db.notes.find({ id: 1 }, any({ select: { id: true }, with: { marks: true } }))).toMatchObject({
      id: 1,
      marks: [{ label: 'iron' }, { label: 'steam' }],
    })
    const [row] = await db.notes.findMany(any({ omit: { title: true, authorId: true, views: true }, limit: 1 }))
    expect(row).toEqual({ id: 1, stars: 3, status: 'draft' })
    await expect(db.notes.findMany(any({ omit: { id: true }, select: { id: true } }))).rejects.toThrow(/not both/)
    await expect(db.marks.findMany(any({ omit: { noteId: true, label: true, weight: true } }))).rejects.toThrow(/every/)
  })

  it('gives the first row of each that is distinct, in the order of the query', async () => {
    const query = { distinct: ['authorId'], orderBy: { stars: 'desc' } }
    expect(ids(await db.notes.findMany(any(query)))).toEqual([3, 5])
    expect(ids(await db.notes.findMany(any({ ...query, limit: 1, offset: 1 })))).toEqual([5])
    const rows = await db.notes.findMany(any({ ...query, with: { author: { select: { email: true } } } }))
    expect(rows.map(row => row['author'])).toEqual([{ email: 'ada@example.com' }, { email: 'bob@example.com' }])
    expect(Object.keys(rows[0]!)).toEqual(['id', 'authorId', 'title', 'stars', 'views', 'status', 'author'])
    expect(await db.notes.findMany(any({ distinct: ['status'], select: { status: true } }))).toEqual([
      { status: 'draft' },
      { status: 'done' },
    ])
  })

  it('can be stopped by a signal, and takes a limit of time', async () => {
    const controller = new AbortController()
    expect(await db.notes.count({ signal: controller.signal, timeoutMs: 10_000 })).toBe(5)
    const stream = db.notes.stream({ signal: controller.signal })
    expect((await stream.next()).value).toMatchObject({ id: 1 })
    controller.abort(new Error('enough'))
    await expect(stream.next()).rejects.toThrow('enough')
    await expect(db.notes.findMany({ signal: controller.signal })).rejects.toThrow('enough')
    await expect(db.notes.findMany({ timeoutMs: 0 })).rejects.toThrow(ValidationError)
  })

  it('streams rows, with relations, and stops where the loop stops', async () => {
    const seen: unknown[] = []
    for await (const row of db.notes.stream(any({ orderBy: { id: 'desc' }, with: { marks: true } }))) {
      seen.push([row['id'], (row['marks'] as unknown[]).length])
      if (seen.length === 2) break
    }
    expect(seen).toEqual([
      [5, 1],
      [4, 0],
    ])
    expect(ids([...db.sync.notes.stream({ where: { stars: { gt: 2 } } })])).toEqual([1, 3, 5])
  })

  it('explains its plan', async () => {
    expect(await db.notes.explain({ where: { id: 5 } })).toMatch(/by primary key \(id = /)
    expect(await db.notes.explain(any({ where: { authorId: ada }, with: { marks: true } }))).toMatch(/marks/)
  })
})

describe('relations of rows', () => {
  it('come in one statement, with the types they have elsewhere', async () => {
    await db.notes.update({ id: 3 }, { views: 2n ** 62n })
    const [author] = await db.authors.findMany(
      any({ where: { id: ada }, with: { notes: { with: { author: true, marks: true } } } }),
    )
    const notes = author!['notes'] as Row[]
    expect(notes.map(note => note['views'])).toEqual([0n, 0n, 2n ** 62n])
    expect(notes[0]).toMatchObject({ marks: [{ weight: 1 }, { weight: 2.5 }] })
    const { notes: _, ...itself } = author!
    expect(notes[1]!['author']).toEqual(itself)
    expect((notes[1]!['author'] as Row)['createdAt']).toBeInstanceOf(Date)
    expect(Object.keys(notes[0]!)).toEqual(['id', 'authorId', 'title', 'stars', 'views', 'status', 'author', 'marks'])
  })

  it('take filters, order, pages and columns of their own', async () => {
    const [first, second] = await db.authors.findMany(
      any({
        orderBy: { email: 'asc' },
        select: { email: true },
        with: {
          notes: { where: { stars: { gt: 0 } }, orderBy: { stars: 'desc' }, limit: 1, offset: 1, select: { id: true } },
        },
      }),
    )
    expect([first, second]).toEqual([
      { email: 'ada@example.com', notes: [{ id: 1 }] },
      { email: 'bob@example.com', notes: [] },
    ])
    const [note] = await db.notes.findMany(
      any({
        where: { id: 1 },
        with: { author: { where: { email: { startsWith: 'b' } } }, marks: { omit: { noteId: true } } },
      }),
    )
    expect(note).toMatchObject({
      author: null,
      marks: [
        { label: 'iron', weight: 1 },
        { label: 'steam', weight: 2.5 },
      ],
    })
    expect((note!['marks'] as Row[])[0]).not.toHaveProperty('noteId')
  })

  it.each([
    ['a limit of one row', { author: { limit: 1 } }],
    ['an unknown property', { marks: { take: 1 } }],
    ['an unknown relation', { nope: true }],
    ['a number', { marks: 5 }],
  ])('refuse %s', async (_, include) => {
    await expect(db.notes.findMany(any({ with: include }))).rejects.toThrow(ValidationError)
  })
})

describe('pages', () => {
  const words = ['asc', 'desc'] as const
  it.each(words.flatMap(stars => words.map(id => [stars, id] as const)))(
    'in order of stars %s, id %s are all rows once, whatever comes and goes between them',
    async (stars, id) => {
      const orderBy = [{ stars }, { id }]
      const all = ids(await db.notes.findMany(any({ orderBy })))
      const seen: unknown[] = []
      let after: string | undefined
      do {
        const page: { rows: Row[]; next: string | undefined } = await db.notes.findPage(
          any({ orderBy, limit: 2, after }),
        )
        seen.push(...ids(page.rows))
        // What was seen is deleted: pages that counted rows would skip some.
        await db.notes.delete({ id: page.rows[0]!['id'] })
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(all)
    },
  )

  it('take NULLs and dates in their order', async () => {
    for (const [i, born] of [null, '1900-01-01', null, '1800-01-01', '1900-01-01'].entries()) {
      await db.authors.insert({ email: `x${i}@example.com`, born: born === null ? null : new Date(born) })
    }
    for (const direction of words) {
      const orderBy = { born: direction }
      const all = ids(await db.authors.findMany(any({ orderBy })))
      const seen: unknown[] = []
      let after: string | undefined
      do {
        const page: { rows: Row[]; next: string | undefined } = await db.authors.findPage(
          any({ orderBy, limit: 1, after }),
        )
        seen.push(...ids(page.rows))
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(all)
      expect(seen).toHaveLength(7)
    }
  })

  it('select, filter and load relations, and hide what only the order needed', async () => {
    const query = {
      where: { authorId: ada },
      select: { title: true },
      with: { marks: true },
      orderBy: { stars: 'asc' },
      limit: 2,
    }
    const { rows, next } = await db.notes.findPage(any(query))
    expect(rows).toMatchObject([
      { title: 'Looms', marks: [] },
      { title: 'Engines', marks: [{}, {}] },
    ])
    expect(Object.keys(rows[0]!)).toEqual(['title', 'marks'])
    expect(await db.notes.findPage(any({ ...query, after: next }))).toMatchObject({
      rows: [{ title: 'Tables of numbers' }],
      next: undefined,
    })
  })

  it.each([
    ['no cursor', () => ({ after: 'x' })],
    ['a number', () => ({ after: 5 })],
    ['the cursor of another order', (next: string) => ({ after: next, orderBy: { title: 'asc' } })],
    ['an offset', () => ({ offset: 1 })],
    ['an empty page', () => ({ limit: 0 })],
  ])('refuse %s', async (_, query) => {
    const { next } = await db.notes.findPage({ limit: 1 })
    await expect(db.notes.findPage(any(query(next!)))).rejects.toThrow(ValidationError)
  })
})

describe('aggregates', () => {
  it('sum, average, find the least and the greatest, and count', async () => {
    const result = await db.notes.aggregate(
      any({
        where: { authorId: ada },
        sum: { stars: true, views: true },
        avg: { stars: true },
        min: { title: true },
        max: { stars: true, title: true },
      }),
    )
    expect(result).toEqual({
      count: 3,
      sum: { stars: 9, views: 0n },
      avg: { stars: 3 },
      min: { title: 'Engines' },
      max: { stars: 5, title: 'Tables of numbers' },
    })
    expect(await db.notes.aggregate()).toEqual({ count: 5 })
    expect(await db.authors.aggregate(any({ where: { email: 'x' }, max: { born: true } }))).toEqual({
      count: 0,
      max: { born: null },
    })
    expect(await db.authors.aggregate(any({ max: { born: true } }))).toEqual({
      count: 2,
      max: { born: new Date('1815-12-10') },
    })
  })

  it('group, filter groups and order them', async () => {
    expect(await db.notes.groupBy(any({ by: ['authorId'], sum: { stars: true }, orderBy: { count: 'desc' } }))).toEqual(
      [
        { authorId: ada, count: 3, sum: { stars: 9 } },
        { authorId: bob, count: 2, sum: { stars: 4 } },
      ],
    )
    const query = {
      by: ['status'],
      where: { stars: { gt: 0 } },
      max: { stars: true },
      orderBy: [{ max: { stars: 'asc' } }],
    }
    expect(await db.notes.groupBy(any(query))).toEqual([
      { status: 'draft', count: 3, max: { stars: 4 } },
      { status: 'done', count: 1, max: { stars: 5 } },
    ])
    expect(await db.notes.groupBy(any({ ...query, having: { count: { gt: 1 } } }))).toHaveLength(1)
    expect(await db.notes.groupBy(any({ ...query, having: { sum: { stars: { $gte: 8 } } } }))).toEqual([
      { status: 'draft', count: 3, max: { stars: 4 } },
    ])
    expect(await db.notes.groupBy(any({ ...query, limit: 1, offset: 1 }))).toMatchObject([{ status: 'done' }])
  })

  it.each([
    ['a sum of texts', { sum: { title: true } }],
    ['an unknown column', { max: { nope: true } }],
    ['an unknown function', { median: { stars: true } }],
    ['JSON', { by: ['settings'] }],
    ['no column', { by: [] }],
    ['a group of nothing', { by: ['status'], having: { nope: 1 } }],
    ['an order of nothing', { by: ['status'], orderBy: { stars: 'asc' } }],
  ])('refuse %s', async (_, query) => {
    const table = 'by' in query && query.by.includes('settings') ? db.authors : db.notes
    const call = 'by' in query ? table.groupBy(any(query)) : table.aggregate(any(query))
    await expect(call).rejects.toThrow(ValidationError)
  })
})
