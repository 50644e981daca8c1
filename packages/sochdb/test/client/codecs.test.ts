/** Columns with codecs: the application sees one type, the store another, on every way in and out. */
import { col, contractHash, defineSchema, many, one, table, toContract, type AnyTable } from '@sochdb/schema'
import { Database, QueryError, ValidationError } from 'sochdb'
import { createClient, type Codec } from 'sochdb/client'
import { z } from 'zod'
import { openDeclared, type AnyTables } from './declared.js'

/** A plain object: nothing but its place says that it is a value. */
interface Money {
  readonly cents: number
}

const money: Codec<Money, string> = {
  encode({ cents }) {
    if (!Number.isInteger(cents)) throw new RangeError('cents are whole')
    return (cents / 100).toFixed(2)
  },
  decode(text) {
    if (text.startsWith('-')) throw new RangeError('nobody owes money')
    return { cents: Math.round(Number(text) * 100) }
  },
}

const day: Codec<{ readonly day: number }, Date> = {
  encode: ({ day }) => new Date(day * 86_400_000),
  decode: at => ({ day: at.getTime() / 86_400_000 }),
}

const points: Codec<ReadonlySet<number>, { readonly list: readonly number[] }> = {
  encode: set => ({ list: [...set] }),
  decode: ({ list }) => new Set(list),
}

const big: Codec<string, bigint> = { encode: text => BigInt(text), decode: number => `#${String(number)}` }
const bytes: Codec<string, Uint8Array> = {
  encode: text => Buffer.from(text),
  decode: stored => Buffer.from(stored).toString(),
}

const code = (name: string, type: string): { module: string; name: string; type: string } => {
  return { module: './codecs.js', name, type }
}

const schema = defineSchema({
  casing: 'snake_case',
  tables: {
    shops: table('shops', { id: col.integer().primaryKey() }),
    items: table('items', {
      id: col.integer().primaryKey(),
      shopId: col.integer().nullable(),
      unitPrice: col.decimal().codec(code('money', 'Money')).default('1.00'),
      sale: col.decimal().codec(code('money', 'Money')).nullable(),
      soldOn: col.timestamp().codec(code('day', 'Day')).nullable(),
      marks: col
        .json(z.object({ list: z.array(z.number()) }))
        .codec(code('points', 'Points'))
        .nullable(),
      serial: col.bigint().codec(code('big', 'Serial')).nullable(),
      raw: col.blob().codec(code('bytes', 'Raw')).nullable(),
    }).unique('serial'),
  },
  relations: { shops: { items: many('items.shopId') }, items: { shop: one('shops', 'shopId') } },
})

const opened: Database[] = []

afterEach(() => {
  for (const database of opened.splice(0)) database.close()
})

const contract = toContract(schema)

const codecs = { items: { unitPrice: money, sale: money, soldOn: day, marks: points, serial: big, raw: bytes } }

function open(): { db: AnyTables; database: Database } {
  const database = Database.open(':memory:')
  opened.push(database)
  const definition = {
    contract,
    contractHash: contractHash(contract),
    codecs,
    queryBuilder: (): undefined => undefined,
  }
  return { database, db: createClient<{ readonly sync: AnyTables }>(definition, { database }).sync }
}

const whole = {
  id: 1,
  shopId: 7,
  unitPrice: { cents: 250 },
  sale: null,
  soldOn: { day: 20_000 },
  marks: new Set([1, 2]),
  serial: '12',
  raw: 'x\0y',
}
const read = { ...whole, serial: '#12' }

test('a row is stored encoded, and read decoded; NULL and defaults are as ever', () => {
  const { db, database } = open()
  expect(db.items!.insert(whole)).toEqual(read)
  expect(db.items!.find({ id: 1 })).toEqual(read)
  expect(db.items!.find({ id: 1 })).toEqual(read)
  expect(database.execute('select unit_price, sold_on, serial from items').rows).toEqual([
    { unit_price: '2.50', sold_on: new Date(20_000 * 86_400_000), serial: 12n },
  ])
  expect(db.items!.insert({ id: 2 })).toMatchObject({ unitPrice: { cents: 100 }, sale: null, serial: null })
})

test('every call that gives rows decodes them', () => {
  const { db } = open()
  db.items!.insertMany([whole, { id: 2, unitPrice: { cents: 5 } }])
  expect(db.items!.findFirst({ where: { id: 1 } })).toEqual(read)
  expect(db.items!.findFirst({ where: { id: 1 } })).toEqual(read)
  expect(db.items!.findMany({ limit: 1 })).toEqual([read])
  expect(db.items!.findMany({ limit: 1 })).toEqual([read])
  expect(db.items!.findMany({ select: { serial: true, sale: true }, limit: 1 })).toEqual([
    { serial: '#12', sale: null },
  ])
  expect(db.items!.findMany({ distinct: ['unitPrice'], where: { id: 1 } })).toEqual([read])
  expect([...db.items!.stream({ where: { id: 1 } })]).toEqual([read])
  expect(db.items!.update({ id: 2 }, { unitPrice: { cents: 6 } })).toMatchObject({ unitPrice: { cents: 6 } })
  expect(db.items!.update({ id: 2 }, { unitPrice: { cents: 7 } })).toMatchObject({ unitPrice: { cents: 7 } })
  expect(db.items!.update({ id: 2 }, {})).toMatchObject({ unitPrice: { cents: 7 } })
  const changed = db.items!.updateMany({ where: { id: 2 } }, { sale: { cents: 1 } }, { returning: { sale: true } })
  expect(changed).toEqual([{ sale: { cents: 1 } }])
  const upserted = db.items!.upsert({ create: { id: 2 }, update: { sale: { cents: 2 } } } as never)
  expect(upserted).toMatchObject({ id: 2, sale: { cents: 2 } })
  const made = db.items!.insertMany([{ id: 3, serial: '3' }], { returning: { serial: true, unitPrice: true } })
  expect(made).toEqual([{ serial: '#3', unitPrice: { cents: 100 } }])
  expect(db.items!.deleteMany({ where: { id: 1 } }, { returning: true })).toEqual([read])
})

test('related rows are decoded, and written, as any other', () => {
  const { db } = open()
  db.shops!.insert({ id: 7, items: { create: [{ ...whole, shopId: undefined }] } })
  expect(db.shops!.findMany({ with: { items: true } })).toEqual([{ id: 7, items: [read] }])
  expect(
    db.items!.find({ id: 1 }, { select: { serial: true }, with: { shop: { with: { items: true } } } } as never),
  ).toEqual({ serial: '#12', shop: { id: 7, items: [read] } })
  const shops = db.shops!.findMany({ where: { items: { some: { unitPrice: { equals: { cents: 250 } } } } } })
  expect(shops).toEqual([{ id: 7 }])
})

test('filters compare what values are stored as', () => {
  const { db } = open()
  db.items!.insertMany([whole, { id: 2, unitPrice: { cents: 1000 }, serial: '5' }, { id: 3, unitPrice: { cents: 30 } }])
  const ids = (where: Record<string, unknown>): unknown[] => db.items!.findMany({ where }).map(row => row['id'])
  expect(ids({ unitPrice: { equals: { cents: 250 } } })).toEqual([1])
  expect(ids({ unitPrice: { gt: { cents: 200 } } })).toEqual([1, 2])
  expect(ids({ unitPrice: { $in: [{ cents: 30 }, { cents: 1000 }] } })).toEqual([2, 3])
  expect(ids({ unitPrice: { not: { cents: 30 } }, serial: { not: null } })).toEqual([1, 2])
  expect(ids({ serial: null })).toEqual([3])
  // What is no plain object stands alone as well; it is encoded each time, whatever was asked before.
  expect(ids({ serial: '12' })).toEqual([1])
  expect(ids({ serial: '5' })).toEqual([2])
  expect(db.items!.findFirst({ where: { serial: '12' } })).toEqual(read)
  expect(db.items!.findFirst({ where: { serial: '5' } })).toMatchObject({ id: 2 })
  expect(ids({ raw: { gte: 'x' } })).toEqual([1])
  expect(ids({ OR: [{ soldOn: { lt: { day: 20_001 } } }, { id: 3 }] })).toEqual([1, 3])
  expect(db.items!.updateMany({ where: { unitPrice: { lte: { cents: 250 } } } }, { sale: { cents: 1 } })).toBe(2)
  expect(() => ids({ unitPrice: { cents: 250 } })).toThrow(
    /"unitPrice" has no operator "cents".*stands behind one of them/,
  )
  expect(() => ids({ serial: { contains: '1' } })).toThrow(/"serial" has a codec/)
})

test('pages, groups and aggregates are of the values that are seen', () => {
  const { db } = open()
  db.items!.insertMany([1, 2, 3, 4].map(id => ({ id, unitPrice: { cents: id % 2 === 0 ? 900 : 1000 } })))
  const first = db.items!.findPage({ orderBy: { unitPrice: 'asc' }, limit: 3 })
  expect(first.rows.map(row => row['id'])).toEqual([2, 4, 1])
  expect(first.rows[0]!['unitPrice']).toEqual({ cents: 900 })
  const second = db.items!.findPage({ orderBy: { unitPrice: 'asc' }, limit: 3, after: first.next })
  expect(second.rows).toMatchObject([{ id: 3, unitPrice: { cents: 1000 } }])
  expect(db.items!.aggregate({ min: { unitPrice: true }, max: { unitPrice: true, sale: true } } as never)).toEqual({
    count: 4,
    min: { unitPrice: { cents: 900 } },
    max: { unitPrice: { cents: 1000 }, sale: null },
  })
  const groups = db.items!.groupBy({
    by: ['unitPrice'],
    having: { max: { unitPrice: { gt: { cents: 950 } } } },
  } as never)
  expect(groups).toEqual([{ unitPrice: { cents: 1000 }, count: 2 }])
  expect(() => db.items!.aggregate({ sum: { unitPrice: true } } as never)).toThrow(/a column with a codec has none/)
})

test('an error of a codec names the column, is the cause, and leaves nothing behind', () => {
  const { db, database } = open()
  const thrown = (run: () => unknown): Error => {
    try {
      run()
    } catch (error) {
      return error as Error
    }
    throw new Error('nothing was thrown')
  }
  const refused = thrown(() => db.items!.insertMany([whole, { id: 2, unitPrice: { cents: 0.5 } }]))
  expect(refused).toBeInstanceOf(ValidationError)
  expect(refused.message).toBe(
    'Row 1: "items.unitPrice": the codec "money" of ./codecs.js cannot encode this value: cents are whole',
  )
  const filtered = thrown(() => db.items!.count({ where: { unitPrice: { lt: { cents: 0.5 } } } }))
  expect(filtered).toBeInstanceOf(ValidationError)
  expect(filtered.cause).toBeInstanceOf(RangeError)
  expect(db.items!.count()).toBe(0)
  // It encodes what it does not decode.
  const unreadable = thrown(() => db.items!.insert({ id: 3, unitPrice: { cents: -5 } }))
  expect(unreadable).toBeInstanceOf(QueryError)
  expect(unreadable.message).toMatch(/"items.unitPrice": .* cannot decode what is stored: nobody owes money/)
  expect(unreadable.cause).toBeInstanceOf(RangeError)
  expect(db.items!.count()).toBe(0)
  database.execute("insert into items (id, unit_price, shop_id) values (4, '-1.00', 9)")
  db.shops!.insert({ id: 9 })
  expect(() => db.items!.findMany()).toThrow(/"items.unitPrice"/)
  expect(() => db.shops!.findMany({ with: { items: true } })).toThrow(/"items.unitPrice"/)
  expect(db.items!.findMany({ omit: { unitPrice: true } })).toMatchObject([{ id: 4 }])
})

test.each([
  ['nothing', () => undefined, 'encodes a value as undefined'],
  ['NULL', () => null, 'encodes a value as null'],
  ['a promise', async () => '1', 'encodes a value as a promise'],
])('a codec that gives %s is refused', (_, encode, message) => {
  const made = defineSchema({
    tables: { t: table('t', { id: col.integer().primaryKey(), v: col.text().codec(code('odd', 'Odd')) }) as AnyTable },
  })
  const database = Database.open(':memory:')
  opened.push(database)
  const one = toContract(made)
  const decode = (stored: string): string => stored
  const definition = { contract: one, contractHash: contractHash(one), queryBuilder: (): undefined => undefined }
  const client = createClient<{ readonly sync: AnyTables }>(
    { ...definition, codecs: { t: { v: { encode, decode } } } },
    { database },
  )
  expect(() => client.sync['t']!.insert({ id: 1, v: 'x' })).toThrow(message)
})

test('a client without the code of its codecs is refused before it does anything', () => {
  const made = defineSchema({
    tables: { t: table('t', { id: col.integer().primaryKey(), v: col.text().codec(code('odd', 'Odd')) }) as AnyTable },
  })
  expect(() => openDeclared({ path: ':memory:' }, made)).toThrow(/"t.v": the export "odd" of .\/codecs.js is no codec/)
})
