/** What one column says: its values, its default, where they come from. */
import { arrayElementTypes } from '../columns/array.js'
import type { ColumnNode } from '../columns/column.js'
import { describe } from '../core/brand.js'
import { checkDefault } from './defaults.js'
import type { Report } from './diagnostic.js'
import { checkIdentifier } from './names.js'
import { checkZod, checkZodOfType } from './zod-schemas.js'

/** Components of a vector at most; digits of a decimal at most. */
export const dimensionMax = 16_384
const precisionMax = 1000

export function checkColumn(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  if (column.type === 'vector') checkDimension(report, at, `Column "${name}"`, column.dimension)
  if (column.enum !== undefined) checkEnum(report, at, name, column.enum)
  if (column.schema !== undefined || (column.type === 'json' && column.items === undefined))
    checkColumnSchema(report, at, name, column)
  if (column.items !== undefined) checkItems(report, at, name, column.items)
  checkPrecision(report, at, name, column)
  checkDefault(report, at, name, column)
  checkUpdatedAt(report, at, name, column)
  checkGenerated(report, at, name, column)
  checkCodec(report, at, name, column)
}

function checkColumnSchema(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  const what = `The schema of column "${name}"`
  if (column.type === 'json') checkZod(report, at, what, column.schema)
  else if (column.type === 'text') checkZodOfType(report, at, what, column.schema, 'string')
  else if (column.type === 'integer') checkZodOfType(report, at, what, column.schema, ['integer'])
  else checkZodOfType(report, at, what, column.schema, ['number', 'integer'])
}

function checkEnum(report: Report, at: readonly string[], name: string, values: readonly unknown[]): void {
  if (values.length === 0) report.error(at, 'enum_empty', `Column "${name}" is an enum without values.`)
  const seen = new Set<unknown>()
  for (const value of values) {
    if (typeof value !== 'string') {
      const hint = "List the values one by one: col.enum('a', 'b')."
      report.error(at, 'enum_value', `Values of an enum are strings; column "${name}" has ${describe(value)}.`, hint)
    } else if (seen.has(value)) report.error(at, 'enum_duplicate', `Column "${name}" lists ${describe(value)} twice.`)
    seen.add(value)
  }
}

export function checkDimension(report: Report, at: readonly string[], what: string, dimension: unknown): void {
  if (Number.isInteger(dimension) && (dimension as number) >= 1 && (dimension as number) <= dimensionMax) return
  const message = `${what} has the dimension ${describe(dimension)}; it must be a whole number from 1 to ${dimensionMax}.`
  report.error(at, 'dimension_invalid', message)
}

function checkItems(report: Report, at: readonly string[], name: string, items: ColumnNode): void {
  const site = [...at, { call: 'array', nth: 0 }]
  if (items.items !== undefined || (items.enum === undefined && !arrayElementTypes.includes(items.type))) {
    const what = items.items === undefined ? items.type : 'array'
    const hint = `Arrays are of ${arrayElementTypes.join(', ')} and enum; for others declare col.json(z.array(…)).`
    report.error(site, 'array_type', `Column "${name}" cannot be an array of ${what} values.`, hint)
  }
  if (items.nullable) {
    const hint = 'Write .array().nullable() for a column that may be NULL as a whole.'
    report.error(site, 'array_nullable', `Elements of the array "${name}" cannot be NULL.`, hint)
  }
  if (items.default !== undefined) {
    report.error(
      site,
      'array_default',
      `Elements of the array "${name}" have no default.`,
      'Write .array().default([…]).',
    )
  }
  if (items.primaryKey || items.unique || items.references !== undefined) {
    const message = `The array "${name}" cannot be a key: its elements are not columns.`
    report.error(site, 'array_key', message, 'Declare a table of its own for them.')
  }
  if (items.codec !== undefined) {
    report.error(site, 'array_codec', `Elements of the array "${name}" have no codec.`, 'Write .array().codec({ … }).')
  }
  if (items.enum !== undefined) checkEnum(report, at, name, items.enum)
}

function checkPrecision(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  const { precision, scale } = column
  if (precision === undefined && scale === undefined) return
  const isWhole = (value: unknown, min: number, max: number) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
  if (!isWhole(precision, 1, precisionMax)) {
    const message = `The precision of column "${name}" is a whole number from 1 to ${precisionMax}; got ${describe(precision)}.`
    report.error(at, 'precision_invalid', message)
  } else if (!isWhole(scale, 0, precision!)) {
    const message = `The scale of column "${name}" is a whole number from 0 to its precision; got ${describe(scale)}.`
    report.error(at, 'precision_invalid', message)
  }
}

function checkUpdatedAt(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  if (!column.updatedAt) return
  const site = [...at, { call: 'updatedAt', nth: 0 }]
  if (column.type !== 'timestamp') {
    const message = `updatedAt is for timestamps; column "${name}" is of type ${column.type}.`
    report.error(site, 'updated_at_type', message, 'Declare col.timestamp().updatedAt().')
  }
  if (column.primaryKey) {
    report.error(site, 'updated_at_key', `Column "${name}" is the primary key, which updates do not change.`)
  }
}

function checkGenerated(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  if (column.generated === undefined) return
  const site = [...at, { call: 'generatedAs', nth: 0 }]
  const { expression } = column.generated
  if (typeof expression !== 'string' || expression.trim() === '') {
    report.error(site, 'generated_empty', `Column "${name}" is generated from nothing: give it an expression.`)
  }
  if (column.default !== undefined) {
    const message = `Column "${name}" is generated, so it has no default${column.updatedAt ? ' and no updatedAt' : ''}.`
    report.error(site, 'generated_default', message)
  }
  if (column.primaryKey) {
    report.error(site, 'generated_key', `Column "${name}" is generated, so it cannot be the primary key.`)
  }
  const { onDelete = 'noAction', onUpdate = 'noAction' } = column.references ?? {}
  const changes = [onDelete, onUpdate].some(action => action !== 'noAction' && action !== 'restrict')
  if (changes && !(onDelete === 'cascade' && onUpdate === 'noAction')) {
    report.error(site, 'generated_reference', `Column "${name}" is generated, so no reference can change it.`)
  }
}

function checkCodec(report: Report, at: readonly string[], name: string, column: ColumnNode): void {
  if (column.codec === undefined) return
  const site = [...at, { call: 'codec', nth: 0 }]
  const { module, name: exported, type } = column.codec
  if (typeof module !== 'string' || module === '' || module.startsWith('/')) {
    const message = `The codec of column "${name}" names the module ${describe(module)}.`
    report.error(site, 'codec_module', message, "Name a package, or a path from the schema file such as './codecs.js'.")
  }
  checkIdentifier(report, site, 'the export of a codec', exported)
  checkIdentifier(report, site, 'the type of a codec', type)
  if (column.primaryKey) report.error(site, 'codec_key', keyedCodec(name))
}

/** Keys are what rows are found by on both sides: one of them would be compared as it is stored, the other as it is seen. */
export const keyedCodec = (name: string): string =>
  `Column "${name}" is a key, which is compared as it is stored: it has no codec.`
