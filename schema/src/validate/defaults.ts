import { z } from 'zod'
import type { ColumnNode } from '../columns/column.js'
import { describe, isDate } from '../core/brand.js'
import { toJsonSchema } from '../core/json-schema.js'
import { sortKeys } from '../core/json.js'
import type { Report } from './diagnostic.js'

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const decimalText = /^[+-]?\d{1,1000}(\.\d{1,1000})?$/
const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What each type takes as a default, in words and as a test. */
const literals: Readonly<Record<ColumnNode['type'], { readonly takes: string; accepts(value: unknown): boolean }>> = {
  text: { takes: 'a string', accepts: value => typeof value === 'string' },
  integer: { takes: 'a whole number that JavaScript holds exactly', accepts: Number.isSafeInteger },
  bigint: {
    takes: 'a bigint of 64 bits, such as 0n',
    accepts: value => typeof value === 'bigint' && value >= int64Min && value <= int64Max,
  },
  real: { takes: 'a number other than NaN', accepts: value => typeof value === 'number' && !Number.isNaN(value) },
  boolean: { takes: 'true or false', accepts: value => typeof value === 'boolean' },
  timestamp: { takes: "a Date, or 'now'", accepts: value => isDate(value) && !Number.isNaN(value.getTime()) },
  json: { takes: 'a JSON value', accepts: isJson },
  uuid: { takes: "a UUID, or 'uuid7'", accepts: value => typeof value === 'string' && uuidText.test(value) },
  blob: { takes: 'a Uint8Array', accepts: value => isTyped(value, 'Uint8Array') },
  date: {
    takes: "a day such as '2026-03-01', or 'now'",
    accepts: value => typeof value === 'string' && z.iso.date().safeParse(value).success,
  },
  decimal: {
    takes: "decimal text, such as '9.90'",
    accepts: value => typeof value === 'string' && decimalText.test(value),
  },
  vector: {
    takes: 'a Float32Array or an array of finite numbers',
    accepts: value =>
      (isTyped(value, 'Float32Array') || Array.isArray(value)) &&
      Array.from(value as ArrayLike<unknown>).every(part => typeof part === 'number' && Number.isFinite(part)),
  },
}

/** By view and tag: a Buffer is a Uint8Array, and either may come from another realm. */
function isTyped(value: unknown, tag: string): boolean {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === tag
}

function isJson(value: unknown): boolean {
  try {
    sortKeys(value)
    return true
  } catch {
    return false
  }
}

export function checkDefault(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  if (column.default === undefined) return
  if (column.default.kind !== 'value') return checkMadeAnew(report, at, name, column, column.default.kind)
  const site = [...at, { call: 'default', nth: 0 }]
  const { value } = column.default
  if (value === null) {
    if (column.nullable) return
    report.error(site, 'default_type', `Column "${name}" cannot hold NULL, so NULL is no default.`, 'Add .nullable().')
    return
  }
  const literal = literals[column.type]
  if (!literal.accepts(value)) {
    report.error(
      site,
      'default_type',
      `A ${column.type} column takes ${literal.takes} as its default; got ${describe(value)}.`,
    )
    return
  }
  if (column.type === 'vector' && (value as ArrayLike<number>).length !== column.dimension) {
    const { length } = value as ArrayLike<number>
    report.error(
      site,
      'default_type',
      `Column "${name}" holds ${column.dimension} components; its default has ${length}.`,
    )
  }
  if (column.enum !== undefined && !column.enum.includes(value as string)) {
    const message = `The default ${describe(value)} is not among the values of column "${name}".`
    report.error(
      site,
      'default_enum',
      message,
      `Take one of ${column.enum.map(one => JSON.stringify(one)).join(', ')}.`,
    )
  }
  checkAgainstSchema(report, site, name, column, value)
}

/** Values that the client or the engine makes must be ones that the column takes. */
function checkMadeAnew(report: Report, at: readonly string[], name: string, column: ColumnNode, kind: string): void {
  const site = [...at, { call: 'default', nth: 0 }]
  if (kind === 'autoincrement' && column.nullable) {
    report.error(
      site,
      'default_type',
      `Column "${name}" takes numbers from a counter, so it is never NULL.`,
      'Drop .nullable().',
    )
  }
  const sample =
    kind === 'cuid2' ? 'tz4a98xxat96iws9zmbrgj3a' : kind === 'ulid' ? '01ARZ3NDEKTSV4RRFFQ69G5FAV' : undefined
  if (sample !== undefined) checkAgainstSchema(report, site, name, column, sample)
}

function checkAgainstSchema(
  report: Report,
  site: readonly (string | { call: string; nth: number })[],
  name: string,
  column: ColumnNode,
  value: unknown,
): void {
  if (column.schema === undefined || !toJsonSchema(column.schema).ok) return
  try {
    const result = z.safeParse(column.schema, value)
    if (result.success) return
    const reason = result.error.issues.map(issue => issue.message).join('; ')
    report.error(
      site,
      'default_schema',
      `The default of column "${name}" does not satisfy the column's own schema: ${reason}.`,
    )
  } catch {
    // An asynchronous refinement: it has no counterpart in JSON Schema, and is not part of the contract.
  }
}
