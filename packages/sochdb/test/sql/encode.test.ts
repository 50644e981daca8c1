import { compile } from '../../src/sql/plan/compile.js'
import { ConstantPool } from '../../src/sql/plan/constants.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { decodeConstants, decodePlan } from './decode.js'
import {
  and,
  asc,
  bin,
  c,
  desc,
  eq,
  fn,
  inList,
  insert,
  join,
  lit,
  p,
  remove,
  sampleCatalog,
  select,
  snapshotOf,
  table,
  update,
} from './support.js'

const store = sampleCatalog()
const catalog = snapshotOf(store)
const decoded = (statement: Statement) => {
  const plan = compile(statement, catalog)
  return decodePlan(plan.words, plan.constants)
}
const anyTable = expect.objectContaining({ id: expect.any(Number) as number }) as unknown

test('the header names parameters, flags, namespace and the catalog it was bound at', () => {
  const { header } = decoded(insert('documents', ['id', 'ownerId', 'title'], [[p(0), p(1), p(2)]]))
  expect(header).toEqual({ parameterCount: 3, flags: 1, namespaceId: 1, catalogTimestamp: store.version })
  expect(decoded(select({ from: 'documents' })).header.flags).toBe(0)
})

test('a table is written with its columns, keys, defaults and the version of its entry', () => {
  const [, written] = decoded(select({ from: 'users' })).root as [string, Record<string, unknown>]
  const entry = catalog.getTable('users')!
  expect(written).toMatchObject({
    id: entry.entry.id,
    schemaVersion: 1,
    policy: 1,
    movingTo: -1,
    key: { blob: Buffer.from(entry.key).toString('hex') },
    version: entry.version,
    name: { text: 'users' },
    primaryKey: [0],
  })
  expect((written['columns'] as unknown[]).slice(4, 9)).toEqual([
    [5, 'integer', 0, undefined, { text: 'age' }],
    [6, 'bigint', 1, 0n, { text: 'credits' }],
    [7, 'real', 0, undefined, { text: 'score' }],
    [8, 'boolean', 1, true, { text: 'active' }],
    [9, 'timestamp', 1, undefined, { text: 'createdAt' }],
  ])
  expect(written['indexes']).toEqual([
    [1, 1, { text: 'users_email' }, [[2, 0]]],
    [
      2,
      0,
      { text: 'users_org_created' },
      [
        [1, 0],
        [8, 1],
      ],
    ],
    [3, 0, { text: 'users_age' }, [[4, 0]]],
  ])
})

test('expressions name columns by their place in the operator below', () => {
  const where = and(eq(c('orgId'), p(0)), bin(c('age'), '>', lit(3)))
  const statement = select({ columns: [c('email'), bin(c('age'), '+', lit(1))], from: 'users', where })
  expect(decoded(statement).root).toEqual([
    'project',
    [
      'filter',
      ['scan', anyTable, { index: 1, flags: 0 }, [2, 4], ['$0:integer'], undefined, 0, undefined, 0],
      ['greater:boolean', '#1:integer', 3n],
    ],
    ['#0:text', ['add:integer', '#1:integer', 1n]],
  ])
})

test('ranges, batches of keys, sorts and limits', () => {
  const range = and(eq(c('orgId'), lit(7)), bin(c('createdAt'), '>', p(0)), bin(c('createdAt'), '<=', p(1)))
  expect(decoded(select({ columns: [c('id')], from: 'users', where: range })).root).toEqual([
    'scan',
    anyTable,
    { index: 1, flags: 0 },
    [0],
    [7n],
    '$0:timestamp',
    0,
    '$1:timestamp',
    1,
  ])
  expect(
    decoded(select({ columns: [c('title')], from: 'documents', where: inList(c('id'), [lit(1), p(0)]) })).root,
  ).toEqual(['scanKeys', anyTable, { index: -1 }, [2], [[1n], ['$0:integer']]])
  const sorted = select({
    columns: [c('name')],
    from: 'users',
    orderBy: [desc(c('name')), asc(c('score'))],
    limit: lit(5),
    offset: p(0),
  })
  expect(decoded(sorted).root).toEqual([
    'project',
    [
      'sort',
      ['scan', anyTable, { index: -1, flags: 0 }, [3, 6], [], undefined, 0, undefined, 0],
      [
        ['#0:text', 3],
        ['#1:real', 0],
      ],
      5n,
      '$0:integer',
    ],
    ['#0:text'],
  ])
})

test('joins see the outer row before the inner one', () => {
  const on = and(eq(c('documents.ownerId'), c('users.id')), bin(c('documents.size'), '>', c('users.age')))
  const from = join(table('users'), table('documents'), on, 'left')
  expect(decoded(select({ columns: [c('title')], from, where: eq(c('email'), p(0)) })).root).toEqual([
    'project',
    [
      'indexJoin',
      ['scan', anyTable, { index: 0, flags: 0 }, [0, 4], ['$0:text'], undefined, 0, undefined, 0],
      1,
      anyTable,
      0,
      [2, 3],
      ['#0:uuid'],
      ['greater:boolean', '#3:integer', '#1:integer'],
    ],
    ['#2:text'],
  ])
})

test('aggregates come after their groups', () => {
  const statement = select({
    columns: [fn('count'), c('orgId')],
    from: 'users',
    groupBy: [c('orgId')],
    having: bin(fn('avg', c('score')), '>', lit(1)),
  })
  expect(decoded(statement).root).toEqual([
    'project',
    [
      'filter',
      [
        'aggregate',
        ['scan', anyTable, expect.anything(), [1, 6], [], undefined, 0, undefined, 0],
        ['#0:integer'],
        [
          [0, undefined, 0, undefined],
          [5, '#1:real', 0, undefined],
        ],
      ],
      ['greater:boolean', '#2:real', 1],
    ],
    ['#1:integer', '#0:integer'],
  ])
})

test('an upsert sees the row there is, then the row proposed', () => {
  const onConflict = {
    target: ['id'],
    action: 'update',
    set: [{ column: 'size', value: bin(c('excluded.size'), '+', c('size')) }],
    where: undefined,
  } as const
  const statement = insert('documents', ['id', 'ownerId', 'title', 'size'], [[p(0), p(1), p(2), lit(null)]], {
    onConflict,
    returning: [{ kind: 'expression', expression: c('size'), alias: undefined }],
  })
  expect(decoded(statement).root).toEqual([
    'insert',
    anyTable,
    ['values', [['$0:integer', '$1:uuid', '$2:text', null]]],
    [0, 1, 2, 3],
    [2, -1, undefined, [[3, ['add:integer', '#7:integer', '#3:integer']]], undefined],
    [],
    undefined,
    ['#3:integer'],
  ])
})

test('updates and deletes read whole rows', () => {
  expect(decoded(update('documents', { size: lit(0) }, eq(c('id'), p(0)))).root).toEqual([
    'update',
    anyTable,
    ['scan', anyTable, { index: -1, flags: 0 }, [0, 1, 2, 3], ['$0:integer'], undefined, 0, undefined, 0],
    [[3, 0n]],
    0,
    [],
  ])
  expect(decoded(remove('documents')).root).toEqual([
    'delete',
    anyTable,
    ['scan', anyTable, { index: -1, flags: 0 }, [0, 1, 2, 3], [], undefined, 0, undefined, 0],
    [],
  ])
})

test('two appearances of a table share what is written of it', () => {
  const plan = compile(
    select({ columns: [c('a.id')], from: join(table('users', 'a'), table('users', 'b'), eq(c('a.id'), c('b.id'))) }),
    catalog,
  )
  const name = Buffer.from('users_email')
  expect(Buffer.from(plan.constants).indexOf(name)).toBe(Buffer.from(plan.constants).lastIndexOf(name))
  expect(plan.tables).toHaveLength(1)
})

test('constants of every type are tagged, and equal ones are one', () => {
  const pool = new ConstantPool()
  pool.add('null', null)
  pool.add('boolean', true)
  pool.add('integer', -5n)
  pool.add('real', 2.5)
  pool.add('text', 'grüß')
  pool.add('blob', Uint8Array.of(1, 2))
  pool.add('decimal', '1.50')
  pool.add('timestamp', 1n)
  pool.add('json', '{"a":1}')
  pool.add('uuid', '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b')
  pool.add('vector', Float32Array.of(1, -2))
  expect(pool.add('bigint', -5n)).toBe(2)
  expect(pool.add('text', 'x'.repeat(1000))).toBe(11)
  expect(decodeConstants(pool.bytes())).toEqual([
    null,
    true,
    -5n,
    2.5,
    { text: 'grüß' },
    { blob: '0102' },
    { decimal: '1.50' },
    1n,
    { json: '{"a":1}' },
    { uuid: '0190a1b2c3d47e5f8a9b0c1d2e3f4a5b' },
    Float32Array.of(1, -2),
    { text: 'x'.repeat(1000) },
  ])
})
