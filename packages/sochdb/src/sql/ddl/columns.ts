/** Column definitions of a statement as columns of the catalog. */
import type { ColumnDefinition, StoredExpression } from '../ast/ddl.js'
import type { ColumnDefault, ColumnEntry } from '../catalog/entries.js'
import { checkName, MAX_DIMENSION } from '../catalog/validate.js'
import { collationOfName } from '../binder/collations.js'
import { expectStorable } from '../binder/coercion.js'
import { RowBinder } from '../binder/row-expressions.js'
import { fold } from '../optimizer/fold.js'
import { invalid, queryError, unsupported } from '../problem.js'
import { isIntegral, typeOfSqlName } from '../types.js'
import type { ColumnTypeName } from '../types.js'
import type { SqlValue } from '../values.js'

/** `id`: the column's, from its table's counter. */
export function columnEntry(table: string, definition: ColumnDefinition, id: number): ColumnEntry {
  const { name } = definition
  checkName(`a column of table "${table}"`, name)
  const { type, dimension } = typeOf(table, name, definition.enum ? 'text' : definition.type)
  const collation = definition.collation === undefined ? undefined : collationOfName(definition.collation)
  if (definition.collation !== undefined && !collation) {
    throw unsupported(`The collation ${definition.collation}`, 'There are BINARY, NOCASE and RTRIM.')
  }
  if (definition.identity && !isIntegral(type)) {
    throw invalid(`Column "${table}"."${name}" is ${type}; only a column of integers numbers its rows.`)
  }
  if (definition.generated && (definition.default || definition.identity)) {
    throw invalid(`Column "${table}"."${name}" is generated: it has no default.`)
  }
  const entry: ColumnEntry = {
    id,
    name,
    type,
    notNull: definition.notNull || definition.primaryKey !== undefined || definition.identity !== undefined,
    ...(dimension === undefined ? {} : { dimension }),
    ...(definition.enum === undefined ? {} : { enum: definition.enum }),
    ...(definition.identity === undefined ? {} : { identity: definition.identity }),
    ...(collation === undefined || collation === 'binary' ? {} : { collation }),
    ...(definition.type === undefined ? {} : { declaredType: definition.type }),
    ...(definition.onUpdateNow ? { onUpdateNow: true as const } : {}),
    ...(definition.generated
      ? { generated: { expression: definition.generated.text, stored: definition.generated.stored } }
      : {}),
  }
  const value = definition.default && columnDefault(entry, definition.default)
  return value ? { ...entry, default: value } : entry
}

export function typeOf(
  table: string,
  column: string,
  declared: string | undefined,
): { readonly type: ColumnTypeName; readonly dimension: number | undefined } {
  if (declared === undefined) {
    throw unsupported(`Column "${table}"."${column}" without a type`, 'Declare its type.')
  }
  const serial = /^(small|big)?serial[248]?$/i.test(declared)
  const type = serial ? 'integer' : typeOfSqlName(declared)
  if (!type) {
    throw queryError(
      `Column "${table}"."${column}" has an unknown type: ${declared}.`,
      'The types are boolean, integer, bigint, real, decimal, text, blob, timestamp, json, uuid and vector(n).',
    )
  }
  const length = type === 'vector' ? /\(\s*(\d+)\s*\)/.exec(declared) : null
  const dimension = length ? Number(length[1]) : undefined
  if (dimension !== undefined && (dimension < 1 || dimension > MAX_DIMENSION)) {
    throw invalid(`Column "${table}"."${column}": a vector has 1 to ${MAX_DIMENSION} numbers.`)
  }
  return { type, dimension }
}

const NOW = new Set(['now', 'current_timestamp', 'localtimestamp'])

const CLOCKS: Readonly<Record<string, string | undefined>> = {
  now: 'datetime',
  current_timestamp: 'datetime',
  localtimestamp: 'datetime',
  current_date: 'date',
  current_time: 'time',
}

/** `undefined`: NULL, which needs no default. */
export function columnDefault(column: ColumnEntry, { expression, text }: StoredExpression): ColumnDefault | undefined {
  if (expression.kind === 'call' && NOW.has(expression.name) && column.type === 'timestamp') return { kind: 'now' }
  // As text a time is spelt as SQLite does.
  const clock = column.type === 'text' && expression.kind === 'call' ? CLOCKS[expression.name] : undefined
  if (clock !== undefined && expression.kind === 'call' && expression.arguments.length === 0)
    return { kind: 'expression', expression: `${clock}('now')` }
  const empty = new RowBinder({ ...NO_TABLE, columns: [] })
  const bound = fold(expectStorable(empty.bindDefault(expression, column.name), column.type, column.name))
  if (bound.op !== 'const') return { kind: 'expression', expression: text }
  return bound.value === null ? undefined : { kind: 'value', value: documentOf(column.type, bound.value) }
}

const NO_TABLE = {
  id: 0,
  name: 'nothing',
  schemaVersion: 1,
  generation: 1,
  primaryKey: [],
  indexes: [],
  checks: [],
  policy: 'balanced' as const,
  nextColumnId: 1,
  nextIndexId: 1,
}

/** A value as defaults are kept in the catalog; `valueOfDefault` reads it back. */
function documentOf(type: ColumnTypeName, value: Exclude<SqlValue, null>): string | number | boolean | object {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return type === 'integer' && Number.isSafeInteger(number) ? number : String(value)
  }
  if (type === 'json') return JSON.parse(value as string) as object
  if (value instanceof Float32Array) return Array.from(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}
