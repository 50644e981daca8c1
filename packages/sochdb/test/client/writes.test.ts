/** Writes of the repository beyond simple ones. */
import { NotNullError, UniqueConstraintError, ValidationError } from 'sochdb'
import { fill, openClient, type TestClient } from './fixture.js'

type Row = Record<string, unknown>
let db: TestClient
let ada: string

beforeEach(async () => {
  db = openClient()
  ;({ ada } = await fill(db))
})
afterEach(() => db.$close())

const any = (query: unknown) => query as never
const ids = (rows: unknown): unknown[] => (rows as Row[]).map(row => row['id'])

describe('upsert', () => {
  it('inserts, and changes what is there', async () => {
    const create = { id: 9, authorId: ada, title: 'New' }
    expect(await db.notes.upsert(any({ create, update: { stars: { increment: 1 } } }))).toMatchObject({
      id: 9,
      stars: 0,
    })
    expect(await db.notes.upsert(any({ create, update: { stars: { increment: 1 } } }))).toMatchObject({
      id: 9,
      stars: 1,
    })
    expect(await db.notes.upsert(any({ create: { ...create, title: 'Other' } }))).toMatchObject({
      title: 'New',
      stars: 1,
    })
    expect(await db.notes.count()).toBe(6)
  })

  it('goes by any unique key', async () => {
    const row = await db.authors.upsert(
      any({ create: { email: 'ada@example.com' }, update: { settings: { theme: 'x' } }, on: ['email'] }),
    )
    expect(row).toMatchObject({ id: ada, settings: { theme: 'x' } })
    expect(
      await db.marks.upsert(any({ create: { noteId: 1, label: 'iron' }, update: { weight: { multiply: 4 } } })),
    ).toEqual({ noteId: 1, label: 'iron', weight: 4 })
    await expect(db.authors.upsert(any({ create: { email: 'ada@example.com' } }))).rejects.toThrow(
      UniqueConstraintError,
    )
    await expect(db.notes.upsert(any({ create: { id: 1 }, on: ['title'] }))).rejects.toThrow(/no unique key/)
    await expect(db.notes.upsert(any({ create: { id: 1 } }))).rejects.toThrow(NotNullError)
    await expect(db.notes.upsert(any({ create: { id: 1 }, where: {} }))).rejects.toThrow(ValidationError)
  })
})

describe('changes', () => {
  it('compute with the value that is there', async () => {
    const stars = async (change: unknown) => (await db.notes.update({ id: 3 }, { stars: change }))?.['stars']
    expect(await stars({ increment: 2 })).toBe(7)
    expect(await stars({ decrement: 1 })).toBe(6)
    expect(await stars({ multiply: 3 })).toBe(18)
    expect(await stars({ divide: 4 })).toBe(4)
    expect(await stars({ $increment: 1 })).toBe(5)
    expect(await stars({ set: 8 })).toBe(8)
    expect(await stars(9)).toBe(9)
    expect((await db.notes.update({ id: 3 }, { views: { increment: 2n ** 60n } }))?.['views']).toBe(2n ** 60n)
    expect((await db.notes.update({ id: 3 }, { views: { divide: -7n } }))?.['views']).toBe(-(2n ** 60n / 7n))
    expect(await db.marks.updateMany({ where: {} }, { weight: { divide: 4 } })).toBe(3)
    expect((await db.marks.find({ noteId: 1, label: 'steam' }))?.['weight']).toBe(0.625)
  })

  it.each([
    ['two at a time', { increment: 1, multiply: 2 }],
    ['an unknown one', { power: 2 }],
    ['a division by zero', { divide: 0 }],
    ['nothing', { increment: undefined }],
    ['an empty one', {}],
  ])('refuse %s', async (_, stars) => {
    await expect(db.notes.update({ id: 1 }, { stars })).rejects.toThrow(ValidationError)
  })
})

describe('the rows of many writes', () => {
  it('come back where they are asked for', async () => {
    const rows = [
      { id: 7, authorId: ada, title: 'a' },
      { id: 1, authorId: ada, title: 'b' },
      { id: 8, authorId: ada, title: 'c' },
    ]
    await expect(db.notes.insertMany(rows, any({ returning: true }))).rejects.toThrow(UniqueConstraintError)
    expect(await db.notes.count()).toBe(5)
    const inserted = await db.notes.insertMany(rows, any({ returning: true, onConflict: 'nothing' }))
    expect(inserted).toMatchObject([{ id: 7, stars: 0, views: 0n }, { id: 8 }])
    expect(await db.notes.insertMany([], any({ returning: true }))).toEqual([])
    expect(
      await db.notes.updateMany(
        { where: { id: { gt: 6 } } },
        { title: 'd' },
        any({ returning: { id: true, title: true } }),
      ),
    ).toEqual([
      { id: 7, title: 'd' },
      { id: 8, title: 'd' },
    ])
    expect(await db.notes.updateMany({ where: { id: 7 } }, {}, any({ returning: { id: true } }))).toEqual([{ id: 7 }])
    expect(ids(await db.notes.deleteMany({ where: { id: { gt: 6 } } }, any({ returning: true })))).toEqual([7, 8])
    expect(await db.notes.count()).toBe(5)
  })

  it('say which row was refused', async () => {
    const rows = [{ email: 'x@example.com' }, { email: 'no address' }]
    await expect(db.authors.insertMany(rows)).rejects.toThrow(/^Row 1: "authors\.email"/)
    await expect(db.authors.insertMany([{ email: 'x@example.com', settings: { theme: 5 } }])).rejects.toThrow(
      /^Row 0: "authors\.settings": .*theme/,
    )
  })
})
