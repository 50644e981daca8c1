/** Columns of a contract's table by name, and the values that an insert leaves out. */
import type { ColumnContract, DefaultContract, TableContract } from '@sochdb/schema/contract'
import { completerFor, type Completer } from '@sochdb/schema/validator'
import { ValidationError } from '../errors/index.js'
import { uuid7 } from '../sql/values.js'
import { shown } from './check.js'
import { codecOf } from './codecs.js'
import { cuid2, ulid } from './make.js'

export function columnOf(table: TableContract, name: string): ColumnContract {
  const column = table.columns.find(candidate => candidate.name === name)
  if (column !== undefined) return column
  const names = table.columns.map(candidate => candidate.name).join(', ')
  throw new ValidationError(`Table "${table.name}" has no column "${name}". It has: ${names}.`)
}

/** A fresh default for one row. NULL of a column that counts is for the engine to replace. */
export function defaultValue(column: ColumnContract): unknown {
  return column.default === undefined ? null : evaluate(column, column.default)
}

/** The columns that an insert can set: those that are not computed from others. */
export const writableColumns = ({ columns }: TableContract): readonly ColumnContract[] =>
  columns.some(column => column.generated) ? columns.filter(column => column.generated === undefined) : columns

/** @throws ValidationError for a column that the engine computes */
export function expectWritable(table: TableContract, column: ColumnContract): void {
  if (column.generated === undefined) return
  throw new ValidationError(
    `"${table.name}.${column.name}" is computed from other columns: it cannot be set. It is (${column.generated.expression}).`,
  )
}

function evaluate(column: ColumnContract, value: DefaultContract): unknown {
  switch (value.kind) {
    case 'uuid7':
      return uuid7()
    case 'now':
      return column.type === 'date' ? new Date().toISOString().slice(0, 10) : new Date()
    case 'cuid2':
      return cuid2()
    case 'ulid':
      return ulid()
    case 'autoincrement':
      return null
    case 'value':
      return fromContract(column, value.value)
  }
}

/** The contract is JSON: integers that JSON cannot hold, and bytes, are text in it. */
function fromContract(column: ColumnContract, value: unknown): unknown {
  if (value === null) return null
  switch (column.type) {
    case 'bigint':
      return BigInt(value as string)
    case 'timestamp':
      return new Date(Number(value))
    case 'blob':
      return Buffer.from(value as string, 'base64')
    default:
      return value
  }
}

/** Checks of one table's values beyond their types: closed sets and the schema's own rules. Compiled at first use. */
export class ValueChecks {
  readonly #table: TableContract
  readonly #completers = new Map<string, Completer>()

  constructor(table: TableContract) {
    this.#table = table
  }

  /**
   * The value to store: encoded where the column has a codec, JSON with the defaults of its schema filled in, all else as it is. NULL is
   * the engine's to judge.
   *
   * @throws ValidationError naming the column
   */
  complete(column: ColumnContract, given: unknown): unknown {
    if (given === null || given === undefined) return given
    expectWritable(this.#table, column)
    const codec = codecOf(column)
    const value = codec === undefined ? given : codec.encode(given)
    if (column.enum !== undefined && !column.enum.includes(value as string)) {
      throw new ValidationError(
        `"${this.#table.name}.${column.name}" is one of ${column.enum.map(item => `"${item}"`).join(', ')}, not ${shown(value)}.`,
      )
    }
    if (column.type === 'integer' && isBeyondNumbers(value)) {
      throw new ValidationError(
        `"${this.#table.name}.${column.name}" is an integer within ±(2^53 - 1), not ${String(value)}. For more, declare col.bigint().`,
      )
    }
    const problem = problemOf(column, value)
    if (problem !== undefined) {
      throw new ValidationError(`"${this.#table.name}.${column.name}" is ${problem}, not ${shown(value)}.`)
    }
    if (column.schema === undefined) return value
    const result = this.#completer(column)(value)
    if (!result.ok) throw new ValidationError(`"${this.#table.name}.${column.name}": ${result.problem}.`)
    return result.value
  }

  #completer(column: ColumnContract): Completer {
    let completer = this.#completers.get(column.name)
    if (completer === undefined) this.#completers.set(column.name, (completer = completerFor(column.schema!)))
    return completer
  }
}

/** Whole, and no `number` for sure: it would come back as a bigint, where the client's types say number. */
function isBeyondNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'bigint' && !Number.isSafeInteger(Number(value))
}

const DATE_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/
const DECIMAL_TEXT = /^[+-]?0*(\d*?)(?:\.(\d*?)0*)?$/

/** What a value must be that its type, as the engine has it, does not say; `undefined`: nothing is wrong with it. */
function problemOf({ type, precision, scale = 0 }: ColumnContract, value: unknown): string | undefined {
  if (type === 'date') return isDay(value) ? undefined : 'a day such as "2026-03-01"'
  if (precision === undefined || type !== 'decimal') return undefined
  const [, whole = '', fraction = ''] = DECIMAL_TEXT.exec(String(value)) ?? []
  if (whole.length <= precision - scale && fraction.length <= scale) return undefined
  return `a decimal of up to ${String(precision - scale)} digits before the point and ${String(scale)} behind it`
}

function isDay(value: unknown): boolean {
  const parts = typeof value === 'string' ? DATE_TEXT.exec(value) : null
  if (parts === null) return false
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
