/** What callers hand in to be written: rows, keys and changes, checked and brought into the order of the table's columns. */
import type { ColumnContract, TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { BinaryOperator, Expression } from '../sql/ast/nodes.js'
import { describe, isPlainObject } from './check.js'
import { ValueChecks, columnOf, defaultValue, expectWritable, writableColumns } from './columns.js'
import type { Parameters } from './parameters.js'
import type { TableScope } from './scope.js'

export interface Assignment {
  readonly column: string
  readonly value: Expression
}

export class RowInput {
  readonly #table: TableContract
  readonly #checks: ValueChecks
  readonly #writable: readonly ColumnContract[]

  constructor(table: TableContract) {
    this.#table = table
    this.#checks = new ValueChecks(table)
    this.#writable = writableColumns(table)
  }

  /** The values of a new row, one for each column that is not computed from others; what is left out is filled in. */
  newValues(row: unknown, { tenant }: TableScope): unknown[] {
    const table = this.#table
    if (!isPlainObject(row)) throw new ValidationError(`A row of "${table.name}" is an object, not ${describe(row)}.`)
    let known = 0
    const values = this.#writable.map(column => {
      const isOwn = Object.hasOwn(row, column.name)
      if (isOwn) known++
      const value = isOwn ? row[column.name] : undefined
      if (tenant?.column === column.name) return this.#tenantValue(column.name, value, tenant.value)
      return value === undefined ? defaultValue(column) : this.#checks.complete(column, value)
    })
    const names = Object.keys(row)
    if (names.length !== known) for (const name of names) expectWritable(table, columnOf(table, name))
    return values
  }

  /** The primary key's values, in its order. Accepts exactly its columns. */
  keyValues(key: unknown): unknown[] {
    const { primaryKey, name } = this.#table
    const wanted = () => `{ ${primaryKey.join(', ')} }`
    if (!isPlainObject(key)) throw new ValidationError(`The key of "${name}" is ${wanted()}, not ${describe(key)}.`)
    for (const property of Object.keys(key)) {
      if (!primaryKey.includes(property))
        throw new ValidationError(`"${property}" is not part of the key of "${name}", which is ${wanted()}.`)
    }
    return primaryKey.map(column => {
      const value = ownValue(key, column)
      if (value === undefined || value === null)
        throw new ValidationError(`The key of "${name}" lacks "${column}": it is ${wanted()}.`)
      return value
    })
  }

  keyCondition(key: unknown, parameters: Parameters): Expression {
    const operands = this.keyValues(key).map((value, i): Expression => ({
      kind: 'binary',
      operator: '=',
      left: { kind: 'column', table: undefined, name: this.#table.primaryKey[i]! },
      right: parameters.add(value),
    }))
    return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
  }

  /** `qualifier`: where a change reads the row's own value from, when there are two rows. */
  assignments(patch: unknown, parameters: Parameters, { tenant }: TableScope, qualifier?: string): Assignment[] {
    const table = this.#table
    if (!isPlainObject(patch))
      throw new ValidationError(`A change of "${table.name}" is an object, not ${describe(patch)}.`)
    const set: Assignment[] = []
    for (const [name, value] of Object.entries(patch)) {
      const column = columnOf(table, name)
      if (value === undefined) continue
      expectWritable(table, column)
      if (table.primaryKey.includes(name)) {
        throw new ValidationError(
          `"${table.name}.${name}" is part of the primary key, which stays: insert another row instead.`,
        )
      }
      if (tenant?.column === name) this.#tenantValue(name, value, tenant.value)
      set.push({ column: name, value: this.#newValue(column, value, parameters, qualifier) })
    }
    return set
  }

  #newValue(column: ColumnContract, value: unknown, parameters: Parameters, qualifier: string | undefined): Expression {
    if (!isPlainObject(value) || !isNumeric(column)) return parameters.add(this.#checks.complete(column, value))
    const [name, operand] = Object.entries(value)[0] ?? []
    const word = name?.startsWith('$') === true ? name.slice(1) : name
    if (word === 'set' && Object.keys(value).length === 1) return parameters.add(this.#checks.complete(column, operand))
    const operator = word !== undefined && Object.hasOwn(changes, word) ? changes[word] : undefined
    const what = `"${this.#table.name}.${column.name}"`
    if (operator === undefined || Object.keys(value).length !== 1) {
      const known = Object.keys(changes).join(' }, { ')
      throw new ValidationError(`A change of ${what} is a value or one of { set }, { ${known} }.`)
    }
    if (operand === undefined || operand === null) throw new ValidationError(`{ ${name!} } of ${what} takes a number.`)
    if (word === 'divide' && isZero(operand)) throw new ValidationError(`${what} cannot be divided by zero.`)
    const isWhole = column.type === 'integer' || column.type === 'bigint'
    return {
      kind: 'binary',
      operator: isWhole && operator === '/' ? '//' : operator,
      left: { kind: 'column', table: qualifier, name: column.name },
      right: parameters.add(operand),
    }
  }

  #tenantValue(name: string, value: unknown, tenant: unknown): unknown {
    if (value !== undefined && !isSame(value, tenant)) {
      throw new ValidationError(
        `"${this.#table.name}.${name}" is of another tenant than this client's. Leave it out, or use the client of that tenant.`,
      )
    }
    return tenant
  }
}

const changes: Readonly<Record<string, BinaryOperator>> = {
  increment: '+',
  decrement: '-',
  multiply: '*',
  divide: '/',
}

/** The engine computes with what is stored: of columns with a codec, nobody asks for that. */
const isNumeric = ({ type, codec }: ColumnContract): boolean => codec === undefined && isNumber(type)

const isNumber = (type: ColumnContract['type']): boolean =>
  type === 'integer' || type === 'bigint' || type === 'real' || type === 'decimal'

function isZero(value: unknown): boolean {
  return typeof value === 'string' ? Number(value) === 0 : value === 0 || value === 0n
}

/** Equal as keys are; UUIDs in either case. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  return typeof a === 'string' && typeof b === 'string' && isUuid.test(a) && a.toLowerCase() === b.toLowerCase()
}

const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A property of the object's own. Columns may have the names of methods that every object inherits; no method is a value. */
function ownValue(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = object[name]
  return typeof value === 'function' && !Object.hasOwn(object, name) ? undefined : value
}
