/** Tenants and marks of deletion: what a client sees and writes. */
import { col, contractHash, defineSchema, many, one, table, toContract } from '@sochdb/schema'
import { UniqueConstraintError, ValidationError } from 'sochdb'
import { createClient } from 'sochdb/client'
import type { Repository, ScopeOptions, SyncRepository } from 'sochdb/client'

type Row = Record<string, unknown>
interface AnyModel {
  Row: Row
  New: Row
  NewWith: Row
  NewBy: Row
  Change: Row
  Patch: Row
  Where: Row
  Order: Row
  Key: Row
  Include: Record<string, object | true>
  Related: Row
  Sums: Row
  Averages: Row
}
interface Tables {
  readonly tasks: Repository<AnyModel>
  readonly people: Repository<AnyModel>
}
interface Scoped extends Tables {
  readonly sync: { readonly tasks: SyncRepository<AnyModel> }
  $for(scope: ScopeOptions): Scoped
  $transaction<T>(fn: (tx: Tables & { $for(scope: ScopeOptions): Tables }) => Promise<T>): Promise<T>
  $close(): Promise<void>
}

const schema = defineSchema({
  tables: {
    tasks: table('tasks', {
      id: col.integer().primaryKey(),
      org: col.text(),
      owner: col.integer().nullable(),
      title: col.text(),
      deletedAt: col.timestamp().nullable(),
    })
      .unique('org', 'title')
      .tenant('org')
      .softDelete('deletedAt'),
    people: table('people', { id: col.integer().primaryKey(), org: col.text(), name: col.text() }).tenant('org'),
  },
  relations: { people: { tasks: many('tasks.owner') }, tasks: { person: one('people', 'owner') } },
})
const contract = toContract(schema)
const any = (query: unknown) => query as never
const ids = (rows: readonly Row[]): unknown[] => rows.map(row => row['id'])

let db: Scoped
let red: Scoped
let blue: Scoped

beforeEach(async () => {
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: () => undefined }
  db = createClient<Scoped>(definition, { path: ':memory:' })
  red = db.$for({ tenant: 'red' })
  blue = db.$for({ tenant: 'blue' })
  await red.people.insertMany([
    { id: 1, name: 'Rita' },
    { id: 2, name: 'Ray' },
  ])
  await blue.people.insert({ id: 3, name: 'Bea' })
  await red.tasks.insertMany([
    { id: 1, title: 'a', owner: 1 },
    { id: 2, title: 'b', owner: 1 },
    { id: 3, title: 'c', owner: 2 },
  ])
  await blue.tasks.insertMany([{ id: 4, title: 'a', owner: 3 }])
})
afterEach(() => db.$close())

describe('the client of a tenant', () => {
  it('fills the tenant in, and refuses another', async () => {
    expect(await red.tasks.insert({ id: 5, title: 'e' })).toMatchObject({ org: 'red' })
    expect(await red.tasks.insert({ id: 6, title: 'f', org: 'red' })).toMatchObject({ org: 'red' })
    await expect(red.tasks.insert({ id: 7, title: 'g', org: 'blue' })).rejects.toThrow(/another tenant/)
    await expect(red.tasks.update({ id: 1 }, { org: 'blue' })).rejects.toThrow(ValidationError)
    await expect(db.tasks.insert({ id: 7, title: 'g' })).rejects.toThrow(/org/)
  })

  it('reads no row of another, however it asks', async () => {
    expect(ids(await red.tasks.findMany())).toEqual([1, 2, 3])
    expect(ids(await blue.tasks.findMany())).toEqual([4])
    for (let i = 0; i < 2; i++) {
      expect(await red.tasks.find({ id: 4 })).toBeUndefined()
      expect(await blue.tasks.find({ id: 4 })).toMatchObject({ title: 'a' })
      expect(await red.tasks.findFirst(any({ where: { id: 4 } }))).toBeUndefined()
      expect(await blue.tasks.findFirst(any({ where: { id: 4 } }))).toMatchObject({ id: 4 })
      expect(ids(await red.tasks.findMany({ where: { title: 'a' }, limit: 5 }))).toEqual([1])
      expect(ids(await blue.tasks.findMany({ where: { title: 'a' }, limit: 5 }))).toEqual([4])
    }
    expect(await red.tasks.findMany({ where: { OR: [{ id: 4 }, { org: 'blue' }] } })).toEqual([])
    expect(await red.tasks.count()).toBe(3)
    expect(await red.tasks.exists({ where: { id: 4 } })).toBe(false)
    expect(await red.tasks.aggregate(any({ max: { id: true } }))).toEqual({ count: 3, max: { id: 3 } })
    expect(await red.tasks.groupBy(any({ by: ['org'] }))).toEqual([{ org: 'red', count: 3 }])
    expect(ids((await red.tasks.findPage({ limit: 10 })).rows)).toEqual([1, 2, 3])
    expect(ids([...red.sync.tasks.stream()])).toEqual([1, 2, 3])
    expect(ids(await red.tasks.findMany(any({ distinct: ['org'], orderBy: { id: 'desc' } })))).toEqual([3])
    expect(ids(await db.tasks.findMany())).toEqual([1, 2, 3, 4])
  })

  it('changes no row of another', async () => {
    expect(await red.tasks.update({ id: 4 }, { title: 'x' })).toBeUndefined()
    expect(await red.tasks.updateMany({ where: {} }, { owner: null })).toBe(3)
    expect(await red.tasks.delete({ id: 4 })).toBe(false)
    expect(await red.tasks.deleteMany({ where: {} })).toBe(3)
    expect(await red.people.deleteMany({ where: {} }, any({ returning: { id: true } }))).toEqual([{ id: 1 }, { id: 2 }])
    expect(await blue.tasks.find({ id: 4 })).toMatchObject({ title: 'a', owner: 3 })
    const upsert = { create: { id: 4, title: 'z' }, update: { title: 'stolen' } }
    await expect(red.tasks.upsert(any(upsert))).rejects.toThrow(UniqueConstraintError)
    expect(await blue.tasks.upsert(any(upsert))).toMatchObject({ title: 'stolen' })
  })

  it('keeps to it in relations, and in filters on them', async () => {
    // A row of red that says it belongs to somebody of blue.
    await db.tasks.insert({ id: 9, org: 'red', title: 'z', owner: 3 })
    expect(await red.tasks.findMany(any({ where: { id: 9 }, with: { person: true } }))).toMatchObject([
      { person: null },
    ])
    expect(await blue.people.findMany(any({ with: { tasks: { select: { id: true } } } }))).toMatchObject([
      { name: 'Bea', tasks: [{ id: 4 }] },
    ])
    expect(ids(await blue.people.findMany({ where: { tasks: { some: { title: 'z' } } } }))).toEqual([])
    expect(ids(await db.people.findMany({ where: { tasks: { some: { title: 'z' } } } }))).toEqual([3])
  })

  it('keeps to it in transactions, on both faces', async () => {
    await red.$transaction(async tx => {
      expect(await tx.tasks.count()).toBe(3)
      await tx.tasks.deleteMany({ where: {} })
      expect(await tx.$for({ tenant: 'blue' }).tasks.count()).toBe(1)
    })
    expect(red.sync.tasks.count()).toBe(0)
    expect(await blue.tasks.count()).toBe(1)
  })

  it.each([
    ['null', { tenant: null }],
    ['undefined', { tenant: undefined }],
    ['another option', { org: 'x' }],
    ['no options', undefined],
    ['a word for withDeleted', { withDeleted: 'yes' }],
  ])('is not made of %s', (_, scope) => {
    expect(() => db.$for(scope as never)).toThrow(ValidationError)
  })
})

describe('deleting', () => {
  it('marks rows, which nobody sees then', async () => {
    expect(await db.tasks.delete({ id: 1 })).toBe(true)
    expect(await db.tasks.delete({ id: 1 })).toBe(false)
    expect(await db.tasks.deleteMany({ where: { id: { in: [1, 2] } } })).toBe(1)
    expect(ids(await db.tasks.findMany())).toEqual([3, 4])
    expect(await db.tasks.find({ id: 1 })).toBeUndefined()
    expect(await db.tasks.update({ id: 1 }, { title: 'x' })).toBeUndefined()
    expect(await db.people.find({ id: 1 }, any({ with: { tasks: true } }))).toMatchObject({ tasks: [] })
    expect(await db.people.count({ where: { tasks: { some: {} } } })).toBe(2)
    const [row] = await db.$for({ withDeleted: true }).tasks.findMany({ where: { id: 1 } })
    expect(row!['deletedAt']).toBeInstanceOf(Date)
  })

  it('is undone by clearing the mark, and done for good by who sees deleted rows', async () => {
    await red.tasks.delete({ id: 1 })
    const all = red.$for({ withDeleted: true })
    expect(ids(await all.tasks.findMany())).toEqual([1, 2, 3])
    await all.tasks.update({ id: 1 }, { deletedAt: null })
    expect(await red.tasks.find({ id: 1 })).toMatchObject({ title: 'a' })
    expect(await all.tasks.delete({ id: 4 })).toBe(false)
    expect(await all.tasks.delete({ id: 1 })).toBe(true)
    expect(await db.$for({ withDeleted: true }).tasks.count()).toBe(3)
  })

  it('keeps the unique keys of what it marks', async () => {
    await red.tasks.delete({ id: 1 })
    await expect(red.tasks.insert({ id: 8, title: 'a' })).rejects.toThrow(UniqueConstraintError)
    const upsert = { create: { id: 1, title: 'a' }, update: { owner: 2 } }
    await expect(red.tasks.upsert(any(upsert))).rejects.toThrow(/does not see/)
  })
})
