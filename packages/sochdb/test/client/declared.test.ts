/** What columns and tables declare holds in the store, whichever way a row comes. */
import { col, defineSchema, table, type AnyTable } from '@sochdb/schema'
import { CheckError, Database, ForeignKeyError, UniqueConstraintError, ValidationError } from 'sochdb'
import { openDeclared, type AnyTables } from './declared.js'

const id = col.integer().primaryKey()

const opened: Database[] = []

afterEach(() => {
  for (const database of opened.splice(0)) database.close()
})

function open(tables: Readonly<Record<string, AnyTable>>): { db: AnyTables; database: Database } {
  const database = Database.open(':memory:')
  opened.push(database)
  return { database, db: openDeclared({ database }, defineSchema({ tables })).sync }
}

describe('columns', () => {
  it('count: an insert that leaves the number out gets the next one', () => {
    const { db } = open({
      orders: table('orders', { no: col.integer().primaryKey().default('autoincrement'), item: col.text() }),
      rows: table('rows', { id: col.uuid().primaryKey().default('uuid7'), n: col.bigint().default('autoincrement') }),
    })
    expect(db.orders!.insert({ item: 'a' })).toEqual({ no: 1, item: 'a' })
    expect(db.orders!.insert({ no: 7, item: 'b' })).toEqual({ no: 7, item: 'b' })
    expect(db.orders!.insertMany([{ item: 'c' }, { item: 'd' }])).toBe(2)
    expect(db.orders!.findMany().map(row => row['no'])).toEqual([1, 7, 8, 9])
    expect(db.rows!.insert({})['n']).toBe(1n)
    expect(db.rows!.insert({})['n']).toBe(2n)
  })

  it('of integers that do not count are needed', () => {
    const { db } = open({ t: table('t', { id, n: col.integer() }) })
    expect(() => db.t!.insert({ n: 1 })).toThrow(/id/)
  })

  it('take keys that the client makes', () => {
    const { db } = open({
      t: table('t', { id: col.text().primaryKey().default('ulid'), token: col.text().default('cuid2').unique() }),
    })
    const made = Array.from({ length: 500 }, () => db.t!.insert({}))
    const ids = made.map(row => row['id'] as string)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(500)
    expect(ids[0]).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
    expect(made[0]!['token']).toMatch(/^[a-z][0-9a-z]{23}$/)
  })

  it('say when a row was changed, in every way that changes it', async () => {
    const { db, database } = open({
      t: table('t', { id, n: col.integer(), at: col.timestamp().updatedAt() }),
    })
    const old = new Date(1_000)
    const { at } = db.t!.insert({ id: 1, n: 1 }) as { at: Date }
    expect(at.getTime()).toBeGreaterThan(1_700_000_000_000)
    db.t!.update({ id: 1 }, { at: old })
    expect(db.t!.find({ id: 1 })!['at']).toEqual(old)
    const changed = db.t!.update({ id: 1 }, { n: 2 })! as { at: Date }
    expect(changed.at.getTime()).toBeGreaterThanOrEqual(at.getTime())
    db.t!.update({ id: 1 }, { at: old })
    database.execute('update t set n = 3')
    expect((db.t!.find({ id: 1 })!['at'] as Date).getTime()).toBeGreaterThanOrEqual(at.getTime())
  })

  it('are computed from others, and cannot be set', () => {
    const { db, database } = open({
      people: table('people', {
        id,
        first: col.text(),
        last: col.text(),
        name: col.text().generatedAs("first || ' ' || last"),
      }).index('name'),
    })
    expect(db.people!.insert({ id: 1, first: 'Ada', last: 'Lovelace' })['name']).toBe('Ada Lovelace')
    expect(db.people!.update({ id: 1 }, { last: 'King' })!['name']).toBe('Ada King')
    expect(db.people!.findMany({ where: { name: 'Ada King' } })).toHaveLength(1)
    db.people!.upsert({ create: { id: 1, first: 'Ada', last: 'L' }, update: { last: 'L' }, on: ['id'] } as never)
    expect(db.people!.find({ id: 1 })!['name']).toBe('Ada L')
    expect(() => db.people!.insert({ id: 2, first: 'a', last: 'b', name: 'c' })).toThrow(/computed from other columns/)
    expect(() => db.people!.update({ id: 1 }, { name: 'c' })).toThrow(ValidationError)
    expect(() => database.execute("update people set name = 'x'")).toThrow(/name/)
  })

  it('hold days, which are compared and ordered as such', () => {
    const { db } = open({ t: table('t', { id, day: col.date(), made: col.date().default('now') }) })
    for (const [i, day] of ['2026-03-01', '2025-12-31', '2026-02-28'].entries()) db.t!.insert({ id: i, day })
    expect(db.t!.findMany({ where: { day: { gt: '2026-01-01' } }, orderBy: { day: 'asc' } })).toMatchObject([
      { id: 2 },
      { id: 0 },
    ])
    expect(db.t!.find({ id: 0 })!['made']).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    for (const day of ['2026-02-30', '2026-3-1', '2026-13-01', 'today', 20_260_301]) {
      expect(() => db.t!.insert({ id: 9, day })).toThrow(/is a day such as "2026-03-01"/)
    }
  })

  it('hold decimals of so many digits, and round none', () => {
    const { db } = open({ t: table('t', { id, price: col.decimal(6, 2) }) })
    for (const [i, price] of ['9999.99', '-0.5', '0012.3400', '7'].entries()) db.t!.insert({ id: i, price })
    for (const price of ['10000', '0.005', '123456.7']) {
      expect(() => db.t!.insert({ id: 9, price })).toThrow(/up to 4 digits before the point and 2 behind it/)
    }
    expect(db.t!.findMany({ where: { price: { gte: '12.34' } } })).toHaveLength(2)
  })

  it('hold arrays, whose elements are checked', () => {
    const { db } = open({
      t: table('t', {
        id,
        tags: col.text().array().default([]),
        grades: col.enum('a', 'b').array().nullable(),
        days: col.date().array().nullable(),
      }),
    })
    expect(db.t!.insert({ id: 1 })).toEqual({ id: 1, tags: [], grades: null, days: null })
    const row = { id: 2, tags: ['x', 'y'], grades: ['b'], days: ['2026-01-01'] }
    expect(db.t!.insert(row)).toEqual(row)
    expect(() => db.t!.insert({ id: 3, tags: ['x', 1] })).toThrow(/"t.tags": 1: .*string/)
    expect(() => db.t!.insert({ id: 3, grades: ['c'] })).toThrow(/grades/)
    expect(() => db.t!.insert({ id: 3, days: ['2026-02-30'] })).toThrow(/days/)
    expect(() => db.t!.update({ id: 2 }, { tags: 'x' })).toThrow(/tags/)
  })

  it('hold vectors of their dimension', () => {
    const { db } = open({ t: table('t', { id, v: col.vector(3) }) })
    db.t!.insert({ id: 1, v: [1, 0.5, 0] })
    expect(db.t!.find({ id: 1 })!['v']).toEqual(Float32Array.of(1, 0.5, 0))
    expect(() => db.t!.insert({ id: 2, v: [1, 2] })).toThrow(/3/)
  })
})

describe('tables', () => {
  it('keep rows apart by a partial index where its condition holds, and only there', () => {
    const { db, database } = open({
      users: table('users', { id, email: col.text(), gone: col.boolean().default(false) })
        .unique('email', { where: 'not gone', name: 'users_live' })
        .index('gone', 'email', { desc: ['email'] }),
    })
    db.users!.insertMany([
      { id: 1, email: 'a', gone: true },
      { id: 2, email: 'a', gone: true },
      { id: 3, email: 'a' },
    ])
    expect(() => db.users!.insert({ id: 4, email: 'a' })).toThrow(UniqueConstraintError)
    // All rows of that value, not the first that the index has.
    expect(db.users!.findMany({ where: { email: 'a' } })).toHaveLength(3)
    expect(db.users!.findMany({ where: { email: 'a' } })).toHaveLength(3)
    const indexes = database.getTableSchema('users').indexes
    expect(indexes.map(({ name, columns }) => [name, columns])).toContainEqual([
      'users_gone_email_idx',
      [
        { name: 'gone', descending: false },
        { name: 'email', descending: true },
      ],
    ])
  })

  it('refuse rows that a check does not hold for', () => {
    const { db } = open({ t: table('t', { id, n: col.integer() }).check('n_positive', 'n > 0') })
    expect(() => db.t!.insert({ id: 1, n: 0 })).toThrow(CheckError)
  })

  it('refer to each other by their names in the store, with actions', () => {
    const { db } = open({
      orgs: table('app_orgs', { id: col.integer().primaryKey() }),
      users: table('app_users', {
        id,
        orgId: col.integer().references('orgs.id', { onDelete: 'cascade', onUpdate: 'cascade' }).nullable(),
      }),
      years: table('years', { org: col.integer(), year: col.integer() }).primaryKey('org', 'year'),
      reports: table('reports', { id, org: col.integer(), year: col.integer() }).foreignKey(['org', 'year'], 'years', {
        onDelete: 'restrict',
      }),
    })
    expect(() => db.users!.insert({ id: 1, orgId: 5 })).toThrow(ForeignKeyError)
    db.orgs!.insert({ id: 5 })
    db.users!.insert({ id: 1, orgId: 5 })
    db.orgs!.delete({ id: 5 })
    expect(db.users!.count()).toBe(0)
    expect(() => db.reports!.insert({ id: 1, org: 1, year: 2026 })).toThrow(ForeignKeyError)
    db.years!.insert({ org: 1, year: 2026 })
    db.reports!.insert({ id: 1, org: 1, year: 2026 })
    expect(() => db.years!.delete({ org: 1, year: 2026 })).toThrow(ForeignKeyError)
  })

  it('are laid out by their policy', () => {
    const { database, db } = open({ t: table('t', { id }).indexPolicy('appendOnly') })
    expect(db.t!.count()).toBe(0)
    expect(database.getTableSchema('t').indexPolicy).toBe('appendOnly')
  })

  it('with texts that are no SQL are not created, and nothing else is', () => {
    const { db, database } = open({
      a: table('a', { id }),
      t: table('t', { id, n: col.integer().generatedAs('nothing + 1') }),
    })
    expect(() => db.a!.count()).toThrow(/nothing/)
    expect(database.listTables()).toEqual([])
  })
})
