import { NotNullError, UniqueConstraintError, ValidationError } from 'sochdb'
import { fill, openClient, type TestClient } from './fixture.js'

describe('a repository', () => {
  let db: TestClient
  let ada: string
  let bob: string

  beforeEach(async () => {
    db = openClient()
    ;({ ada, bob } = await fill(db))
  })
  afterEach(() => db.$close())

  const ids = (rows: readonly Record<string, unknown>[]) => rows.map(row => row['id'])

  it('returns an inserted row with its defaults, in the types that were declared', async () => {
    const row = await db.authors.insert({ email: 'eve@example.com', settings: { theme: 'light' } })
    expect(row['id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(row['createdAt']).toBeInstanceOf(Date)
    expect(row['born']).toBeNull()
    expect(row['settings']).toEqual({ theme: 'light' })
    expect(await db.authors.find({ id: row['id'] })).toEqual(row)
  })

  it('keeps bigints, dates and JSON what they are', async () => {
    await db.notes.update({ id: 1 }, { views: 9007199254740993n })
    expect((await db.notes.find({ id: 1 }))?.['views']).toBe(9007199254740993n)
    expect((await db.authors.find({ id: ada }))?.['born']).toEqual(new Date('1815-12-10'))
  })

  it('finds nothing where there is nothing', async () => {
    expect(await db.notes.find({ id: 99 })).toBeUndefined()
    expect(await db.notes.findFirst({ where: { title: 'none' } })).toBeUndefined()
    expect(await db.notes.findMany({ where: { id: { in: [] } } })).toEqual([])
    expect(await db.notes.delete({ id: 99 })).toBe(false)
    expect(await db.notes.update({ id: 99 }, { title: 'x' })).toBeUndefined()
  })

  it('finds a row by a unique value again and again, as it is then', async () => {
    const byEmail = (email: unknown) => db.authors.findFirst({ where: { email } })
    for (let i = 0; i < 3; i++) {
      expect((await byEmail('ada@example.com'))?.['id']).toBe(ada)
      expect((await byEmail('bob@example.com'))?.['id']).toBe(bob)
      expect(await byEmail('eve@example.com')).toBeUndefined()
      expect(await db.notes.findFirst({ where: { id: 1 } })).toMatchObject({ id: 1 })
      expect(await db.notes.findFirst({ where: { id: 1n } })).toMatchObject({ id: 1 })
      expect(await byEmail(7)).toBeUndefined()
      await expect(byEmail(undefined)).rejects.toThrow(ValidationError)
      await expect(byEmail({ in: ['bob@example.com'] })).resolves.toMatchObject({ id: bob })
    }
    await db.authors.update({ id: bob }, { email: 'eve@example.com' })
    expect(await byEmail('bob@example.com')).toBeUndefined()
    expect((await byEmail('eve@example.com'))?.['id']).toBe(bob)
    expect(await db.authors.findFirst({ where: { email: 'eve@example.com' }, select: { id: true } })).toEqual({
      id: bob,
    })
    expect(await db.authors.findFirst({ where: { email: 'eve@example.com' }, limit: 0 } as never)).toBeUndefined()
  })

  it('filters with every operator, in both spellings', async () => {
    const where = async (filter: Record<string, unknown>) => ids(await db.notes.findMany({ where: filter }))
    expect(await where({ stars: 3 })).toEqual([1])
    expect(await where({ stars: { gte: 3, lt: 5 } })).toEqual([1, 5])
    expect(await where({ stars: { $gt: 3 } })).toEqual([3, 5])
    expect(await where({ stars: { not: 3 } })).toEqual([2, 3, 4, 5])
    expect(await where({ id: { in: [5, 1, 99] } })).toEqual([1, 5])
    expect(await where({ id: { notIn: [5, 1] } })).toEqual([2, 3, 4])
    expect(await where({ title: { contains: 'e' } })).toEqual([1, 3, 4, 5])
    expect(await where({ title: { startsWith: 'K' } })).toEqual([4, 5])
    expect(await where({ title: { endsWith: 's', contains: 'oo' } })).toEqual([2])
    expect(await where({ title: { contains: '%' } })).toEqual([])
    expect(await where({ OR: [{ id: 1 }, { stars: 0 }] })).toEqual([1, 4])
    expect(await where({ NOT: { status: 'draft' } })).toEqual([3])
    expect(await where({ AND: [{ authorId: ada }, { stars: { lt: 5 } }] })).toEqual([1, 2])
    expect(await where({ OR: [] })).toEqual([])
    expect(ids(await db.authors.findMany({ where: { born: null } }))).toEqual([bob])
    expect(ids(await db.authors.findMany({ where: { born: { not: null } } }))).toEqual([ada])
    expect(ids(await db.authors.findMany({ where: { born: { lt: '1900-01-01T00:00:00Z' } } }))).toEqual([ada])
  })

  it('orders, pages and selects', async () => {
    expect(ids(await db.notes.findMany({ orderBy: { stars: 'desc' }, limit: 2 }))).toEqual([3, 5])
    expect(ids(await db.notes.findMany({ orderBy: { stars: 'desc' }, limit: 2, offset: 2 }))).toEqual([1, 2])
    expect(ids(await db.notes.findMany({ limit: 0 }))).toEqual([])
    expect(await db.notes.findMany({ where: { id: 2 }, select: { title: true } } as never)).toEqual([
      { title: 'Looms' },
    ])
    expect(await db.notes.count()).toBe(5)
    expect(await db.notes.count({ where: { authorId: bob } })).toBe(2)
  })

  it('gives the same for a query that comes again with other values', async () => {
    const byEmail = (email: unknown) => db.authors.findMany({ where: { email } } as never)
    const [first] = await byEmail('ada@example.com')
    expect(first).toMatchObject({ id: ada })
    for (let i = 0; i < 2; i++) {
      expect(ids(await byEmail('bob@example.com'))).toEqual([bob])
      expect(ids(await byEmail('nobody'))).toEqual([])
      expect(await db.authors.findFirst({ where: { id: ada, email: 'bob@example.com' } } as never)).toBeUndefined()
      // One row at most: paged all the same.
      expect(ids(await db.notes.findMany({ where: { id: 2 }, limit: 5 }))).toEqual([2])
      expect(ids(await db.notes.findMany({ where: { id: 2 }, limit: 0 }))).toEqual([])
      expect(ids(await db.notes.findMany({ where: { id: 2 }, limit: 1, offset: 1 }))).toEqual([])
      expect(ids(await db.notes.findMany({ orderBy: { stars: 'desc' }, limit: 2, offset: i }))).toEqual(
        [3, 5, 1].slice(i, i + 2),
      )
      expect(ids(await db.notes.findMany({ orderBy: [{ stars: 'asc' }, { id: 'desc' }], limit: 1 }))).toEqual([4])
      expect(ids(await db.notes.findMany({ where: { stars: 2.5 + i } }))).toEqual([])
      expect(ids(await db.notes.findMany({ where: { stars: { gt: 2.5 } } }))).toEqual([1, 3, 5])
      expect(ids(await db.notes.findMany({ where: { stars: { gt: 3n } } }))).toEqual([3, 5])
      expect((await db.notes.update({ id: 1 }, { title: `T${i}`, stars: { increment: 1 } }))?.['stars']).toBe(4)
      expect((await db.notes.update({ id: 2 }, { title: `T${i}`, stars: 1 }))?.['title']).toBe(`T${i}`)
      await db.notes.update({ id: 1 }, { stars: 3 })
      for (const wrong of [
        { where: { id: 2 }, orderBy: { nothing: 'asc' } },
        { where: { id: 2 }, orderBy: { id: 'up' } },
        { where: { id: 2 }, limit: -1 },
        { where: { nothing: 1 } },
        { where: { title: { contains: 1 } } },
        { where: { title: { like: 'x' } } },
        { where: { title: undefined } },
        { where: { id: NaN } },
      ])
        await expect(db.notes.findMany(wrong as never)).rejects.toThrow(ValidationError)
    }
  })

  it('loads relations, nested and paged for each row', async () => {
    const authors = await db.authors.findMany({
      with: { notes: { orderBy: { stars: 'desc' }, limit: 2, with: { marks: true } } },
      orderBy: { email: 'asc' },
    } as never)
    expect(authors.map(author => (author['notes'] as Record<string, unknown>[]).map(note => note['id']))).toEqual([
      [3, 1],
      [5, 4],
    ])
    const [, engines] = authors[0]!['notes'] as { marks: { label: string }[] }[]
    expect(engines!.marks.map(mark => mark.label)).toEqual(['iron', 'steam'])
  })

  it('gives null for a related row that is not there', async () => {
    await db.notes.insert({ id: 6, authorId: '00000000-0000-7000-8000-000000000000', title: 'Orphan' })
    const note = await db.notes.find({ id: 6 }, { with: { author: true } } as never)
    expect(note?.['author' as never]).toBeNull()
  })

  it('does not show columns that only a relation needed', async () => {
    const rows = await db.notes.findMany({ where: { id: 1 }, select: { title: true }, with: { author: true } } as never)
    expect(Object.keys(rows[0]!).sort()).toEqual(['author', 'title'])
  })

  it('updates one row or many, and increments', async () => {
    expect((await db.notes.update({ id: 1 }, { stars: { increment: -2 }, title: 'Machines' }))?.['stars']).toBe(1)
    expect(await db.notes.updateMany({ where: { authorId: ada } }, { status: 'done' })).toBe(3)
    expect(await db.notes.count({ where: { status: 'done' } })).toBe(3)
    expect(await db.notes.deleteMany({ where: { status: 'done' } })).toBe(3)
    expect(await db.notes.delete({ id: 4 })).toBe(true)
    expect(ids(await db.notes.findMany())).toEqual([5])
  })

  it('keeps secondary indexes in step with updates and deletes', async () => {
    await db.notes.update({ id: 1 }, { stars: 9 })
    expect(ids(await db.notes.findMany({ where: { authorId: ada, stars: 9 } }))).toEqual([1])
    expect(ids(await db.notes.findMany({ where: { authorId: ada, stars: 3 } }))).toEqual([])
    await db.notes.delete({ id: 1 })
    expect(ids(await db.notes.findMany({ where: { authorId: ada, stars: 9 } }))).toEqual([])
  })

  it('refuses a second row under a unique key, and leaves nothing of the statement', async () => {
    await expect(db.authors.insert({ email: 'ada@example.com' })).rejects.toThrow(UniqueConstraintError)
    const rows = [
      { id: 10, authorId: ada, title: 'a' },
      { id: 1, authorId: ada, title: 'b' },
    ]
    await expect(db.notes.insertMany(rows)).rejects.toThrow(UniqueConstraintError)
    expect(await db.notes.find({ id: 10 })).toBeUndefined()
    expect(await db.notes.insertMany(rows, { onConflict: 'nothing' })).toBe(1)
    expect((await db.notes.find({ id: 1 }))?.['title']).toBe('Engines')
  })

  it.each([
    ['an unknown column', (c: TestClient) => c.notes.insert({ id: 7, nope: 1 }), ValidationError],
    ['a missing column', (c: TestClient) => c.notes.insert({ id: 7, title: 'x' }), NotNullError],
    [
      'a value outside the set',
      (c: TestClient) => c.notes.insert({ id: 7, authorId: 'x', title: 'x', status: 'gone' }),
      ValidationError,
    ],
    ['a value its schema refuses', (c: TestClient) => c.authors.insert({ email: 'not an address' }), ValidationError],
    [
      'JSON its schema refuses',
      (c: TestClient) => c.authors.insert({ email: 'x@example.com', settings: { theme: 1 } }),
      ValidationError,
    ],
    ['a text that is no integer', (c: TestClient) => c.notes.insert({ id: 'seven', authorId: ada, title: 'x' }), Error],
    ['a fraction in an integer', (c: TestClient) => c.notes.insert({ id: 7.5, authorId: ada, title: 'x' }), Error],
    [
      'an invalid date',
      (c: TestClient) => c.authors.insert({ email: 'x@example.com', born: new Date(NaN) }),
      ValidationError,
    ],
    ['undefined in a filter', (c: TestClient) => c.notes.findMany({ where: { title: undefined } }), ValidationError],
    ['an unknown operator', (c: TestClient) => c.notes.findMany({ where: { title: { regex: 'x' } } }), ValidationError],
    ['an unknown relation', (c: TestClient) => c.notes.findMany({ with: { nope: true } } as never), ValidationError],
    ['an unknown query property', (c: TestClient) => c.notes.findMany({ wher: {} } as never), ValidationError],
    ['a negative limit', (c: TestClient) => c.notes.findMany({ limit: -1 }), ValidationError],
    ['an incomplete key', (c: TestClient) => c.marks.find({ noteId: 1 }), ValidationError],
    ['a change of the key', (c: TestClient) => c.notes.update({ id: 1 }, { id: 2 }), ValidationError],
    ['deleteMany without a filter', (c: TestClient) => c.notes.deleteMany({} as never), ValidationError],
  ] as const)('refuses %s, and writes nothing', async (_, call, error) => {
    const before = [await db.notes.count(), await db.authors.count()]
    await expect(call(db)).rejects.toThrow(error)
    expect([await db.notes.count(), await db.authors.count()]).toEqual(before)
  })

  it('runs no user code inside a statement', async () => {
    const settings = {
      theme: 'x',
      toJSON: () => (db.sync.notes.update({ id: 1 }, { title: 'nested' }), { theme: 'y' }),
    }
    const row = await db.authors.insert({ email: 'nested@example.com', settings })
    expect(row['settings']).toEqual({ theme: 'y' })
    expect((await db.notes.find({ id: 1 }))?.['title']).toBe('nested')
  })
})
