import {
  canonicalJson,
  col,
  collection,
  contractHash,
  defineSchema,
  SchemaError,
  table,
  toContract,
  validateSchema,
} from '@sochdb/schema'
import { completerFor } from '@sochdb/schema/validator'
import { z } from 'zod'
import shop from './fixtures/shop.schema.js'

const id = col.uuid().primaryKey().default('uuid7')

test('the order of declarations does not change a contract, the order of columns does', () => {
  const a = table('a', { id, x: col.text(), y: col.text() }).index('x').index('y')
  const b = table('b', { id })
  const one = toContract(defineSchema({ tables: { a, b } }))
  const other = toContract(
    defineSchema({ tables: { b, a: table('a', { id, x: col.text(), y: col.text() }).index('y').index('x') } }),
  )
  expect(contractHash(other)).toBe(contractHash(one))
  const swapped = toContract(
    defineSchema({ tables: { a: table('a', { id, y: col.text(), x: col.text() }).index('x').index('y'), b } }),
  )
  expect(contractHash(swapped)).not.toBe(contractHash(one))
})

test('a contract is its own canonical JSON: nothing undefined, keys sorted', () => {
  const contract = toContract(shop)
  expect(JSON.stringify(contract)).toBe(canonicalJson(contract))
  expect(JSON.parse(JSON.stringify(contract))).toEqual(contract)
})

test('defaults are written so that JSON can hold them', () => {
  const columns = {
    id,
    big: col.bigint().default(2n ** 62n),
    at: col.timestamp().default(new Date(86_400_000)),
    bytes: col.blob().default(new Uint8Array([1, 2, 255])),
    price: col.decimal().default('9.90'),
    vector: col.vector(2).default([0.5, 1]),
    json: col.json(z.object({ b: z.number(), a: z.string() })).default({ b: 1, a: 'x' }),
    none: col.text().nullable().default(null),
  }
  const contract = toContract(defineSchema({ tables: { t: table('t', columns) } }))
  const defaults = Object.fromEntries(contract.tables['t']!.columns.map(column => [column.name, column.default]))
  expect(defaults).toEqual({
    id: { kind: 'uuid7' },
    big: { kind: 'value', value: '4611686018427387904' },
    at: { kind: 'value', value: '86400000' },
    bytes: { kind: 'value', value: 'AQL/' },
    price: { kind: 'value', value: '9.90' },
    vector: { kind: 'value', value: [0.5, 1] },
    json: { kind: 'value', value: { a: 'x', b: 1 } },
    none: { kind: 'value', value: null },
  })
})

test('columns, indexes and relations land in the contract by the keys of the schema', () => {
  const contract = toContract(shop)
  expect(contract.tables['users']).toMatchObject({
    name: 'app_users',
    primaryKey: ['id'],
    indexes: [
      { name: 'app_users_createdAt_idx', unique: false, columns: [{ column: 'createdAt', desc: true }] },
      { name: 'app_users_orgId_email_key', unique: true },
    ],
  })
  expect(contract.tables['orgs']!.indexes).toEqual([
    { name: 'orgs_name_key', unique: true, columns: [{ column: 'name', desc: false }] },
  ])
  expect(contract.tables['users']!.columns.find(column => column.name === 'orgId')!.references).toEqual({
    table: 'orgs',
    column: 'id',
    onDelete: 'cascade',
  })
  expect(contract.relations['users']).toEqual({
    org: { kind: 'one', table: 'orgs', column: 'orgId' },
    documents: { kind: 'many', table: 'documents', column: 'ownerId' },
  })
  expect(contract.tables['memberships']!.primaryKey).toEqual(['userId', 'orgId'])
  expect(contract.collections['chunks']).toMatchObject({
    metric: 'cosine',
    m: 16,
    quantization: 'none',
    enableHybridSearch: false,
  })
  expect(contract.collections['chunks']).not.toHaveProperty('pqNumSubvectors')
  expect(contract.edges['CITES']).toMatchObject({ from: 'Doc', to: 'Doc', temporal: true, open: false })
  expect(contract.caches['answers']).toMatchObject({ threshold: 0.93, evict: 'lru' })
  expect(contract.kv['sessions']).toMatchObject({ ttlSeconds: 3600 })
})

test('what columns, indexes and keys declare beyond types lands in the contract', () => {
  const years = table('years', { org: col.integer(), year: col.integer() }).primaryKey('org', 'year')
  const t = table('t', {
    no: col.integer().primaryKey().default('autoincrement'),
    org: col.integer(),
    year: col.integer().default(2026),
    day: col.date().default('now'),
    price: col.decimal(12, 2),
    tags: col.text().array(),
    full: col.text().generatedAs("'n' || no"),
    at: col.timestamp().updatedAt(),
    self: col.integer().references('t.no', { onUpdate: 'cascade' }).nullable(),
  })
    .foreignKey(['org', 'year'], 'years', { onDelete: 'cascade' })
    .unique('day', { where: 'org > 0' })
    .renamedFrom('old_t')
  const contract = toContract(defineSchema({ tables: { years, t } }))
  const columns = Object.fromEntries(contract.tables['t']!.columns.map(({ name, ...rest }) => [name, rest]))
  expect(columns).toEqual({
    no: { type: 'integer', nullable: false, default: { kind: 'autoincrement' } },
    org: { type: 'integer', nullable: false },
    year: { type: 'integer', nullable: false, default: { kind: 'value', value: 2026 } },
    day: { type: 'date', nullable: false, default: { kind: 'now' } },
    price: { type: 'decimal', nullable: false, precision: 12, scale: 2 },
    tags: { type: 'json', items: 'text', nullable: false, schema: { type: 'array', items: { type: 'string' } } },
    full: { type: 'text', nullable: false, generated: { expression: "'n' || no", stored: true } },
    at: { type: 'timestamp', nullable: false, default: { kind: 'now' }, updatedAt: true },
    self: {
      type: 'integer',
      nullable: true,
      references: { table: 't', column: 'no', onDelete: 'noAction', onUpdate: 'cascade' },
    },
  })
  expect(contract.tables['t']).toMatchObject({
    indexes: [{ name: 't_day_key', unique: true, where: 'org > 0' }],
    foreignKeys: [{ columns: ['org', 'year'], table: 'years', targetColumns: ['org', 'year'], onDelete: 'cascade' }],
    renamedFrom: 'old_t',
  })
})

test('a schema with errors has no contract, and the error lists them all', () => {
  const schema = defineSchema({ tables: { a: table('a', { x: col.text() }), b: table('b', { x: col.text() }) } })
  expect(() => toContract(schema)).toThrow(SchemaError)
  try {
    toContract(schema)
  } catch (error) {
    expect((error as SchemaError).diagnostics.map(one => one.code)).toEqual([
      'primary_key_missing',
      'primary_key_missing',
    ])
    expect((error as SchemaError).message).toContain('error tables.b: Table "b" has no primary key.')
  }
})

test('validation never throws, whatever it is given', () => {
  const junk: unknown[] = [
    undefined,
    null,
    0,
    Number.NaN,
    1n,
    '',
    'a.b.c',
    '__proto__',
    {},
    [],
    () => 1,
    new Date(Number.NaN),
  ]
  for (const value of junk) {
    const any = value as never
    const t = table(any, {
      id: col.enum(any),
      v: col.vector(any).default(any),
      j: col.json(any),
      t: col.text(any).default(any),
    })
      .index(any)
      .unique(any)
      .check(any, any)
      .primaryKey(any)
      .indexPolicy(any)
      .softDelete(any)
      .tenant(any)
      .foreignKey([any], any, { columns: [any], onDelete: any })
      .renamedFrom(any)
    const withReference = table('r', {
      id: col.uuid().references(any, { onDelete: any, onUpdate: any }).renamedFrom(any),
      e: col.text(any).array(),
      a: col.enum(any).array().default(any).map(any),
      d: col.decimal(any, any).default(any).generatedAs(any),
      c: col.date().default(any).codec({ module: any, name: any, type: any }),
    })
    const options = {
      dimension: any,
      metric: any,
      m: any,
      efSearch: any,
      metadata: any,
      indexed: [any],
      quantization: any,
    }
    const schema = defineSchema({ tables: { t, withReference }, collections: { c: collection(any, options) } })
    expect(validateSchema(schema).some(one => one.severity === 'error')).toBe(true)
  }
})

test('what a stored JSON value leaves out is filled in from its schema, at every depth', () => {
  const column = toContract(shop).tables['users']!.columns.find(one => one.name === 'profile')!
  expect(completerFor(column.schema!)({ tags: ['a'] })).toEqual({ ok: true, value: { locale: 'en', tags: ['a'] } })
  expect(completerFor(column.schema!)({ locale: 5 })).toMatchObject({
    ok: false,
    problem: expect.stringContaining('locale'),
  })
  expect(completerFor(column.schema!)({})).toMatchObject({ ok: true })
  expect(completerFor(column.schema!)([])).toMatchObject({
    problem: expect.stringContaining('expected object') as string,
  })
})
