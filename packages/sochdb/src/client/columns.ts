/** Columns of a contract's table by name, and the values that an insert leaves out. */
import type { ColumnContract, DefaultContract, TableContract } from '@sochdb/schema/contract'
import { validatorFor, type Validator } from '@sochdb/schema/validator'
import { ValidationError } from '../errors/index.js'
import { uuid7 } from '../sql/values.js'

export function columnOf(table: TableContract, name: string): ColumnContract {
  const column = table.columns.find(candidate => candidate.name === name)
  if (column !== undefined) return column
  const names = table.columns.map(candidate => candidate.name).join(', ')
  throw new ValidationError(`Table "${table.name}" has no column "${name}". It has: ${names}.`)
}

/** A fresh default for one row. */
export function defaultValue(column: ColumnContract): unknown {
  return column.default === undefined ? null : evaluate(column, column.default)
}

function evaluate(column: ColumnContract, value: DefaultContract): unknown {
  switch (value.kind) {
    case 'uuid7':
      return uuid7()
    case 'now':
      return new Date()
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
  readonly #validators = new Map<string, Validator>()

  constructor(table: TableContract) {
    this.#table = table
  }

  /** Throws `ValidationError` naming the column. NULL is the engine's to judge. */
  check(column: ColumnContract, value: unknown): void {
    if (value === null || value === undefined) return
    if (column.enum !== undefined && !column.enum.includes(value as string)) {
      throw new ValidationError(
        `"${this.#table.name}.${column.name}" is one of ${column.enum.map(item => `"${item}"`).join(', ')}, not ${JSON.stringify(value)}.`,
      )
    }
    if (column.schema === undefined) return
    const problem = this.#validator(column)(value)
    if (problem !== undefined) throw new ValidationError(`"${this.#table.name}.${column.name}": ${problem}.`)
  }

  #validator(column: ColumnContract): Validator {
    let validator = this.#validators.get(column.name)
    if (validator === undefined) this.#validators.set(column.name, (validator = validatorFor(column.schema!)))
    return validator
  }
}
