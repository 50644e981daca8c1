import { cachePolicy, col, collection, defineSchema, isSchema, kv, many, node, one, table } from '@sochdb/schema'
import { z } from 'zod'

test('every builder method returns a copy and leaves the original as it was', () => {
  const id = col.uuid()
  const key = id.primaryKey().default('uuid7').unique().nullable().renamedFrom('ident').references('orgs.id')
  expect(id.toNode()).toMatchObject({ primaryKey: false, unique: false, nullable: false, default: undefined })
  expect(key.toNode()).toMatchObject({
    type: 'uuid',
    primaryKey: true,
    unique: true,
    nullable: true,
    default: { kind: 'uuid7' },
    renamedFrom: 'ident',
    references: { target: 'orgs.id', onDelete: 'noAction' },
  })
  const plain = table('t', { a: col.text(), b: col.text() })
  const indexed = plain.index('a').unique('a', 'b').primaryKey('a')
  expect(plain.toNode()).toMatchObject({ indexes: [], primaryKey: undefined })
  expect(indexed.toNode().indexes).toHaveLength(2)
})

test('what a builder holds cannot be changed from outside', () => {
  const values: [string, ...string[]] = ['a', 'b']
  const column = col.enum(...values)
  values.push('c')
  expect(column.toNode().enum).toEqual(['a', 'b'])
  expect(Object.isFrozen(column.toNode())).toBe(true)
  expect(Object.isFrozen(table('t', { column }).toNode())).toBe(true)
})

test('a word stands for a value made anew only where the type has such a word', () => {
  expect(col.text().default('uuid7').toNode().default).toEqual({ kind: 'value', value: 'uuid7' })
  expect(col.text().default('now').toNode().default).toEqual({ kind: 'value', value: 'now' })
  expect(col.timestamp().default('now').toNode().default).toEqual({ kind: 'now' })
  expect(col.uuid().default('uuid7').toNode().default).toEqual({ kind: 'uuid7' })
})

test('an index is descending in all of its columns, or in those named', () => {
  const columns = { a: col.text(), b: col.text() }
  const desc = (node: { indexes: readonly { columns: readonly { desc: boolean }[] }[] }): boolean[] =>
    node.indexes[0]!.columns.map(part => part.desc)
  expect(desc(table('t', columns).index('a', 'b').toNode())).toEqual([false, false])
  expect(desc(table('t', columns).index('a', 'b', { desc: true }).toNode())).toEqual([true, true])
  expect(
    desc(
      table('t', columns)
        .index('a', 'b', { desc: ['b'] })
        .toNode(),
    ),
  ).toEqual([false, true])
})

test('wrong defaults, columns and tables are refused by the compiler', () => {
  // @ts-expect-error a bigint column takes a bigint
  col.bigint().default(0)
  // @ts-expect-error only values of the set
  col.enum('a', 'b').default('c')
  // @ts-expect-error NULL needs nullable()
  col.text().default(null)
  col.text().nullable().default(null)
  const users = table('users', {
    id: col.uuid().primaryKey(),
    profile: col.json(z.object({ a: z.string().default('x') })).default({}),
  })
  // @ts-expect-error no such column
  users.index('nam')
  // @ts-expect-error relations are declared by table
  expect(() => defineSchema({ tables: { users }, relations: { user: { a: one('users', 'id') } } })).not.toThrow()
})

test('a schema says which entry is not a declaration', () => {
  const users = table('users', { id: col.uuid().primaryKey() })
  const declare =
    (definition: object): (() => unknown) =>
    () =>
      defineSchema(definition)
  expect(declare({ tables: { users: undefined } })).toThrow('tables.users must be made by table')
  expect(declare({ tables: { users: col.text() } })).toThrow('got a column declaration')
  expect(declare({ collections: { users } })).toThrow("collections.users must be made by collection('name', { … })")
  expect(declare({ table: { users } })).toThrow('defineSchema knows no "table"')
  expect(() => table('t', { a: 'text' as never })).toThrow('Column "a" of table "t" must be made by col')
})

test('a schema is known by its brand', () => {
  const schema = defineSchema({
    tables: { users: table('users', { id: col.uuid().primaryKey() }) },
    relations: { users: { all: many('users.id') } },
    collections: { c: collection('c', { dimension: 3, metadata: z.object({}) }) },
    graph: { nodes: { A: node('A', z.object({})) } },
    caches: { x: cachePolicy('x', { dimension: 3, value: z.string() }) },
    kv: { k: kv('k', { key: z.string(), value: z.unknown() }) },
  })
  expect(isSchema(schema)).toBe(true)
  expect(isSchema({})).toBe(false)
  expect(isSchema(null)).toBe(false)
})
