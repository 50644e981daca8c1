/** toArrow(): what apache-arrow reads back of a table. */
import { Vector } from 'apache-arrow'
import type { Table } from 'apache-arrow'
import { Database } from 'sochdb'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  db.execute(`CREATE TABLE t (id INTEGER PRIMARY KEY, b BIGINT, r REAL, s TEXT, x BLOB, o BOOLEAN, d DECIMAL, ts TIMESTAMP,
    j JSON, u UUID, v VECTOR(2))`)
  db.execute('INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    1,
    2n ** 60n,
    0.5,
    'ü💡',
    new Uint8Array([1, 2]),
    true,
    '1.50',
    new Date(1234567890123),
    { a: [1] },
    '0190a0b0-c0d0-7000-8000-000000000001',
    new Float32Array([1, 2.5]),
  ])
  db.execute('INSERT INTO t (id) VALUES (2)')
})
afterAll(() => db.close())

const tableOf = (sql: string, values: readonly unknown[] = []): Table => db.execute(sql, values).toArrow() as Table
const plain = (value: unknown): unknown => (value instanceof Vector ? Array.from(value as Iterable<unknown>) : value)
const rowsOf = (table: Table): unknown[][] =>
  table.toArray().map(row => Object.values((row as { toJSON(): object }).toJSON()).map(plain))

const WRITTEN = [
  [
    1n,
    2n ** 60n,
    0.5,
    'ü💡',
    new Uint8Array([1, 2]),
    true,
    '1.50',
    1234567890123,
    '{"a":[1]}',
    '0190a0b0-c0d0-7000-8000-000000000001',
    [1, 2.5],
  ],
  [2n, ...Array.from({ length: 10 }, () => null)],
]

test('every type, and NULLs', () => {
  const table = tableOf('SELECT * FROM t ORDER BY id')
  expect(table.schema.fields.map(field => String(field.type))).toEqual([
    'Int64',
    'Int64',
    'Float64',
    'Utf8',
    'Binary',
    'Bool',
    'Utf8',
    'Timestamp<MILLISECOND, UTC>',
    'Utf8',
    'Utf8',
    'List<Float32>',
  ])
  expect(rowsOf(table)).toEqual(WRITTEN)
})

test('no rows, many rows, and values that bring their types along', () => {
  const empty = tableOf('SELECT * FROM t WHERE false')
  expect([empty.numRows, empty.numCols]).toEqual([0, 11])
  const many = tableOf('SELECT value AS n, value / 4.0 AS q FROM generate_series(1, 5000)')
  expect(many.numRows).toBe(5000)
  expect(many.getChild('n')!.get(4999)).toBe(5000n)
  expect(many.getChild('q')!.get(4998)).toBe(4999 / 4)
  expect(rowsOf(tableOf('SELECT value AS v FROM json_each(?)', ['[1, "a", null, true]']))).toEqual([
    ['1'],
    ['a'],
    [null],
    ['true'],
  ])
})
