/**
 * The types of columns and expressions: their names in schema files, in SQL and in plans, what JavaScript hands in and gets
 * back, and which of them meet in one comparison.
 *
 * | type            | in the engine      | in JavaScript                                     |
 * |-----------------|--------------------|---------------------------------------------------|
 * | boolean         | one byte           | `boolean`                                         |
 * | integer         | int64              | `number`; `bigint` once the value passes 2^53     |
 * | bigint          | int64              | `bigint`                                          |
 * | real            | double             | `number`                                          |
 * | text            | UTF-8              | `string`                                          |
 * | blob            | bytes              | `Uint8Array`                                      |
 * | decimal         | exact decimal      | `string`                                          |
 * | timestamp       | int64 milliseconds | `Date`                                            |
 * | json            | JSON text          | the parsed value                                  |
 * | uuid            | 16 bytes           | `string`, lower case with hyphens                 |
 * | vector          | 32-bit floats      | `Float32Array`                                    |
 */

/** Types a column can be declared with; the same names as in the contract of a schema. */
export type ColumnTypeName =
  'boolean' | 'integer' | 'bigint' | 'real' | 'text' | 'blob' | 'decimal' | 'timestamp' | 'json' | 'uuid' | 'vector'

/** Types of expressions: those of columns, `null` (the bare literal) and `any` (whatever the value brings along). */
export type SqlType = ColumnTypeName | 'null' | 'any'

/** The numbers of `enum class ColumnType` in native/exec/plan_format.h. They stand in rows on disk: none is ever reused. */
export const TYPE_NUMBERS: Readonly<Record<SqlType, number>> = Object.freeze({
  null: 0,
  boolean: 1,
  integer: 2,
  real: 3,
  text: 4,
  blob: 5,
  decimal: 6,
  timestamp: 7,
  json: 8,
  uuid: 9,
  vector: 10,
  any: 11,
  bigint: 12,
})

const NAMES_BY_NUMBER: readonly SqlType[] = Object.entries(TYPE_NUMBERS)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name as SqlType)

/** The type with this number, or `undefined`. */
export function typeOfNumber(number: number): SqlType | undefined {
  return NAMES_BY_NUMBER[number]
}

const COLUMN_TYPES: ReadonlySet<string> = new Set(Object.keys(TYPE_NUMBERS).filter(n => n !== 'null' && n !== 'any'))

export function isColumnTypeName(name: unknown): name is ColumnTypeName {
  return typeof name === 'string' && COLUMN_TYPES.has(name)
}

/** Spellings of PostgreSQL, MySQL and SQLite; lower case, without a length or precision. */
const SQL_NAMES: Readonly<Record<string, ColumnTypeName>> = {
  boolean: 'boolean',
  bool: 'boolean',
  integer: 'integer',
  int: 'integer',
  // Of CAST.
  signed: 'integer',
  unsigned: 'integer',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  smallint: 'integer',
  tinyint: 'integer',
  mediumint: 'integer',
  bigint: 'bigint',
  real: 'real',
  float: 'real',
  float4: 'real',
  float8: 'real',
  double: 'real',
  'double precision': 'real',
  text: 'text',
  varchar: 'text',
  char: 'text',
  character: 'text',
  'character varying': 'text',
  string: 'text',
  nchar: 'text',
  nvarchar: 'text',
  bpchar: 'text',
  tinytext: 'text',
  mediumtext: 'text',
  longtext: 'text',
  clob: 'text',
  // Written as date(…) and time(…) give them, which sort as they follow each other.
  date: 'text',
  time: 'text',
  blob: 'blob',
  bytea: 'blob',
  tinyblob: 'blob',
  mediumblob: 'blob',
  longblob: 'blob',
  binary: 'blob',
  varbinary: 'blob',
  decimal: 'decimal',
  numeric: 'decimal',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  'timestamp with time zone': 'timestamp',
  'timestamp without time zone': 'timestamp',
  datetime: 'timestamp',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  vector: 'vector',
}

/** The type a SQL name stands for (`varchar(20)` is text), or `undefined`. */
export function typeOfSqlName(name: string): ColumnTypeName | undefined {
  const bare = name
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ')
    .trim()
    .replace(/\s+/g, ' ')
    // MySQL's ranges are no types of their own.
    .replace(/(?<=[a-z0-9]) (?:un)?signed$/, '')
  return Object.hasOwn(SQL_NAMES, bare) ? SQL_NAMES[bare] : undefined
}

export function isIntegral(type: SqlType): boolean {
  return type === 'integer' || type === 'bigint'
}

export function isNumeric(type: SqlType): boolean {
  return type === 'integer' || type === 'bigint' || type === 'real' || type === 'decimal'
}

/** Whether columns of this type can be part of a primary key or an index: those with an order that survives as bytes. */
export function isKeyType(type: SqlType): boolean {
  return type !== 'json' && type !== 'vector' && type !== 'null' && type !== 'any'
}

/**
 * The type in which values of both types meet without the text of one being read as the other, or `undefined` when they do
 * not: numbers meet in the wider type (integer < bigint < decimal < real), everything else only in itself.
 */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a === b) return a
  if (a === 'null') return b
  if (b === 'null') return a
  if (a === 'any' || b === 'any') return 'any'
  if (!isNumeric(a) || !isNumeric(b)) return undefined
  if (a === 'real' || b === 'real') return 'real'
  if (a === 'decimal' || b === 'decimal') return 'decimal'
  return 'bigint'
}

/** Whether every value of `from` is a value of `to`, so that storing one there needs no look at it. */
export function widensTo(from: SqlType, to: SqlType): boolean {
  if (from === to || from === 'null' || to === 'any') return true
  if (isIntegral(from)) return isIntegral(to) || to === 'decimal'
  return false
}
