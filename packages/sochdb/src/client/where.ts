/** Filters of repositories, as expressions. Values become parameters, so that filters of one shape share a plan. */
import type { ColumnContract, TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression } from '../sql/ast/nodes.js'
import { describe, isPlainObject } from './check.js'
import { columnOf } from './columns.js'

/** Nested deeper than this, a filter is refused. */
const DEPTH_MAX = 50
/** Values in one filter at most: more would not fit into a plan, and finding that out takes seconds. */
const VALUES_MAX = 250_000

type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** Both spellings of every operator, with what they mean. */
const operators: Readonly<Record<string, Comparison | 'in' | 'notIn' | 'contains' | 'starts_with' | 'ends_with'>> = {
  equals: '=',
  eq: '=',
  not: '<>',
  ne: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  in: 'in',
  notIn: 'notIn',
  nin: 'notIn',
  contains: 'contains',
  startsWith: 'starts_with',
  endsWith: 'ends_with',
}

/** Collects the values of one statement. */
export class Parameters {
  readonly values: unknown[] = []

  add(value: unknown): Expression {
    if (this.values.length === VALUES_MAX) {
      throw new ValidationError(`One statement takes at most ${String(VALUES_MAX)} values: split the list.`)
    }
    this.values.push(value)
    return { kind: 'parameter', index: this.values.length - 1 }
  }
}

/** `undefined`: every row. */
export function whereExpression(table: TableContract, where: unknown, parameters: Parameters): Expression | undefined {
  return where === undefined ? undefined : conjunction(table, where, parameters, 0)
}

function conjunction(
  table: TableContract,
  where: unknown,
  parameters: Parameters,
  depth: number,
): Expression | undefined {
  if (depth > DEPTH_MAX) throw new ValidationError(`The filter is nested more than ${String(DEPTH_MAX)} levels deep.`)
  if (!isPlainObject(where))
    throw new ValidationError(`A filter of "${table.name}" is an object, not ${describe(where)}.`)
  const operands: Expression[] = []
  for (const [name, value] of Object.entries(where)) {
    if (value === undefined) {
      throw new ValidationError(
        `The filter has "${name}: undefined". Leave the property out, or write null to ask for NULL.`,
      )
    }
    const operand =
      name === 'AND' || name === 'OR' || name === 'NOT'
        ? combine(table, name, value, parameters, depth)
        : columnCondition(columnOf(table, name), value, parameters)
    if (operand !== undefined) operands.push(operand)
  }
  return operands.length <= 1 ? operands[0] : { kind: 'and', operands }
}

function combine(
  table: TableContract,
  name: 'AND' | 'OR' | 'NOT',
  value: unknown,
  parameters: Parameters,
  depth: number,
): Expression | undefined {
  const parts = (Array.isArray(value) ? value : [value]) as readonly unknown[]
  const operands = parts.map(part => conjunction(table, part, parameters, depth + 1) ?? always(true))
  switch (name) {
    case 'AND':
      return operands.length === 0 ? undefined : { kind: 'and', operands }
    case 'OR':
      // No alternative at all: nothing can hold.
      return operands.length === 0 ? always(false) : { kind: 'or', operands }
    case 'NOT':
      return operands.length === 0 ? undefined : { kind: 'not', operand: { kind: 'or', operands } }
  }
}

const always = (value: boolean): Expression => ({ kind: 'literal', value })

function columnCondition(column: ColumnContract, value: unknown, parameters: Parameters): Expression {
  const operand: Expression = { kind: 'column', table: undefined, name: column.name }
  if (!isPlainObject(value)) return comparison(operand, column, '=', value, parameters)
  const entries = Object.entries(value)
  if (entries.length === 0)
    throw new ValidationError(`The filter on "${column.name}" is empty: give it an operator or a value.`)
  const operands = entries.map(([name, operandValue]) => {
    const word = name.startsWith('$') ? name.slice(1) : name
    const operator = Object.hasOwn(operators, word) ? operators[word] : undefined
    if (operator === undefined) {
      throw new ValidationError(
        `The filter on "${column.name}" has no operator "${name}". There are: ${Object.keys(operators).join(', ')}.`,
      )
    }
    if (operandValue === undefined)
      throw new ValidationError(`The filter on "${column.name}" has "${name}: undefined".`)
    return comparison(operand, column, operator, operandValue, parameters)
  })
  return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
}

function comparison(
  operand: Expression,
  column: ColumnContract,
  operator: (typeof operators)[string],
  value: unknown,
  parameters: Parameters,
): Expression {
  switch (operator) {
    case 'in':
    case 'notIn': {
      if (!Array.isArray(value))
        throw new ValidationError(`"${operator}" on "${column.name}" takes an array, not ${describe(value)}.`)
      const list = (value as readonly unknown[]).map(item => parameters.add(item))
      if (list.length === 0) return always(operator === 'notIn')
      return { kind: 'in', operand, list, negated: operator === 'notIn' }
    }
    case 'contains':
    case 'starts_with':
    case 'ends_with':
      if (typeof value !== 'string')
        throw new ValidationError(`"${operator}" on "${column.name}" takes a string, not ${describe(value)}.`)
      return {
        kind: 'call',
        name: operator,
        arguments: [operand, parameters.add(value)],
        distinct: false,
        filter: undefined,
      }
    default:
      if (value === null) {
        if (operator !== '=' && operator !== '<>')
          throw new ValidationError(`"${column.name}" cannot be compared with null.`)
        return { kind: 'isNull', operand, negated: operator === '<>' }
      }
      return { kind: 'binary', operator, left: operand, right: parameters.add(value) }
  }
}
