/** A contract printed as a schema file is that contract again. */
import { z } from 'zod'
import * as schema from '@sochdb/schema'
import type { Contract } from '@sochdb/schema'
import { printSchema } from '@sochdb/schema/print'
import ts from 'typescript'

const { cachePolicy, col, collection, defineSchema, edge, kv, many, manyToMany, node, one, table, toContract } = schema

/** Runs a schema file. */
function evaluate(text: string): Contract {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  })
  const module = { exports: {} as { default?: schema.Schema } }
  const require = (name: string): unknown => (name === 'zod' ? { z } : schema)
  new Function('module', 'exports', 'require', outputText)(module, module.exports, require)
  return toContract(module.exports.default!)
}

function expectSame(declared: schema.Schema): string {
  const contract = toContract(declared)
  const { text, remarks } = printSchema(contract)
  expect(remarks).toEqual([])
  expect(evaluate(text)).toEqual(contract)
  return text
}

test('columns of every type, with what they can say', () => {
  const kinds = table('kinds', {
    id: col.integer().primaryKey().default('autoincrement'),
    text: col.text(z.email()).unique().renamedFrom('mail'),
    quoted: col.text().default('it\'s "so" `${1}` \\ \n'),
    word: col.text(z.string().min(2).max(9).regex(/^a\/b/)).nullable().default(null),
    cuid: col.text().default('cuid2'),
    integer: col.integer(z.int().min(1)).default(7),
    bigint: col.bigint().default(-9223372036854775808n),
    real: col.real(z.number().gt(0).lt(5)).default(0.25),
    decimal: col.decimal(12, 2).default('0.10'),
    whole: col.decimal(5),
    loose: col.decimal(),
    boolean: col.boolean().default(false),
    uuid: col.uuid().default('uuid7'),
    createdAt: col.timestamp().default('now'),
    changedAt: col.timestamp().updatedAt(),
    touchedAt: col.timestamp().default(new Date(5)).updatedAt(),
    bornOn: col.date().default('2026-03-01'),
    json: col.json(z.object({ b: z.string(), a: z.int().optional() })).default({ b: 'x' }),
    anything: col.json(z.unknown()).nullable(),
    blob: col.blob().default(Uint8Array.of(1, 2, 255)),
    role: col.enum('owner', "o'neil").default('owner'),
    vector: col.vector(2).default([0.5, -1]),
    tags: col.text().array().default([]),
    roles: col.enum('a', 'b').array(),
    counts: col.integer().array().nullable(),
    small: col.integer(z.int().max(9)).array(),
    prices: col.decimal(4, 1).array(),
    days: col.date().array(),
    shout: col.text().generatedAs("upper(quoted) || ''"),
    low: col.text().nullable().generatedAs('lower(quoted)', { stored: false }),
    class: col.text().map('klass'),
  })
    .index('text', 'integer', { desc: ['integer'] })
    .index('real', { desc: true, name: 'by_real' })
    .unique('uuid', 'bigint', { where: 'boolean' })
    .unique('role', { name: 'one_role' })
    .check('positive', "integer > 0 and quoted <> '\"'")
    .indexPolicy('scanOptimized')
  expectSame(defineSchema({ tables: { kinds } }))
})

test('keys, references, relations, marks', () => {
  const orgs = table('orgs', { id: col.uuid().primaryKey(), year: col.integer() }).unique('id', 'year')
  const users = table('app_users', {
    id: col.uuid().primaryKey(),
    orgId: col.uuid().nullable().references('orgs.id', { onDelete: 'setNull', onUpdate: 'cascade' }),
    bossId: col.uuid().nullable().references('default.id'),
    deletedAt: col.timestamp().nullable(),
  })
    .softDelete('deletedAt')
    .tenant('id')
    .renamedFrom('people')
  const members = table('members', { orgId: col.uuid(), year: col.integer(), userId: col.uuid() })
    .primaryKey('orgId', 'userId')
    .foreignKey(['orgId', 'year'], 'orgs', { columns: ['id', 'year'], onDelete: 'cascade' })
  const text = expectSame(
    defineSchema({
      casing: 'snake_case',
      // Words that no variable can be called.
      tables: { orgs, default: users, table: members },
      relations: {
        orgs: { users: manyToMany('default', { through: 'table', from: 'orgId', to: 'userId' }) },
        default: { org: one('orgs', 'orgId'), seats: many('table.userId') },
      },
    }),
  )
  expect(text).toContain(`casing: 'snake_case'`)
  expect(text).not.toContain('.map(')
  expect(text).toContain('tables: { default: defaultTable, orgs, table: tableTable }')
})

test('collections, graph, caches, key spaces', () => {
  expectSame(
    defineSchema({
      collections: {
        plain: collection('plain', { dimension: 3, metadata: z.looseObject({}) }),
        chunks: collection('doc_chunks', {
          dimension: 16,
          metric: 'dotProduct',
          m: 8,
          efConstruction: 40,
          efSearch: 60,
          quantization: 'pq',
          pqNumSubvectors: 4,
          pqNumCentroids: 16,
          contentField: { title: 2, text: 1 },
          text: { stemming: 'english', stopWords: ['the', 'a'] },
          metadata: z.object({ text: z.string(), title: z.string(), lang: z.enum(['en', 'de']).default('en') }),
          indexed: ['lang'],
        }),
      },
      graph: {
        nodes: { Doc: node('Doc', z.strictObject({ title: z.string() }), { indexed: ['title'] }) },
        edges: {
          CITES: edge('CITES', 'Doc', 'Doc', z.object({ weight: z.number() }), { temporal: true, rule: 'oncePerNode' }),
          NEAR: edge('NEAR', 'Doc', 'Doc', undefined, { open: true }),
          NEXT: edge('NEXT', 'Doc', 'Doc'),
        },
      },
      caches: {
        answers: cachePolicy('answers', { dimension: 3, value: z.string() }),
        more: cachePolicy('more_answers', {
          dimension: 3,
          threshold: 0.93,
          ttlSeconds: 60,
          maxEntries: 5,
          maxBytes: 1000,
          evict: 'cost',
          scope: z.object({ orgId: z.uuid() }),
          value: z.array(z.number()),
        }),
      },
      kv: {
        sessions: kv('sessions', { key: z.string().min(3), value: z.record(z.string(), z.int()), ttlSeconds: 60 }),
      },
    }),
  )
})

test.each([
  ['z.union([z.object({ "a": z.string() }), z.array(z.int())])'],
  [
    'z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.object({ kind: z.literal("b"), n: z.int() })])',
  ],
  ['z.tuple([z.string(), z.boolean()])'],
  ['z.object({ "not a name": z.string().nullable() }).catchall(z.number())'],
  ['z.literal([1, 2])'],
  ['z.intersection(z.object({ a: z.string() }), z.object({ b: z.null() }))'],
  ['z.array(z.iso.datetime({ offset: true })).min(1).max(3)'],
  ['z.string().describe("what it is")'],
  ['z.number().multipleOf(0.5).default(1)'],
])('zod: %s', text => {
  const type = new Function('z', `return ${text}`)(z) as z.ZodType
  expectSame(defineSchema({ tables: { t: table('t', { id: col.integer().primaryKey(), v: col.json(type) }) } }))
})

test('a zod schema that refers to itself is lost, and said to be', () => {
  const type = z.json()
  const contract = toContract(
    defineSchema({ tables: { t: table('t', { id: col.integer().primaryKey(), v: col.json(type) }) } }),
  )
  const { text, remarks } = printSchema(contract)
  expect(remarks).toEqual([expect.stringContaining('Column "v" of table "t": its zod schema')])
  expect(evaluate(text).tables['t']!.columns[1]).toMatchObject({ name: 'v', type: 'json' })
})
