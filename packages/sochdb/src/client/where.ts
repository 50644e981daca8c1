/** Filters of repositories, as expressions. Values become parameters, so that filters of one shape share a plan. */
import type { ColumnContract, Contract, RelationContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression } from '../sql/ast/nodes.js'
import { describe, isPlainObject } from './check.js'
import { codecOf } from './codecs.js'
import { columnOf } from './columns.js'
import { both, type Parameters } from './parameters.js'
import { link, relationsOf, selectFrom, sourceOf, type Source } from './relations.js'
import type { Scope } from './scope.js'

/** Nested deeper than this, a filter is refused. */
const DEPTH_MAX = 50
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

/** What a filter is written for. */
export interface FilterContext {
  readonly contract: Contract
  readonly scope: Scope
  readonly parameters: Parameters
}

/** `undefined`: every row. */
export function whereExpression(context: FilterContext, source: Source, where: unknown): Expression | undefined {
  return where === undefined ? undefined : conjunction(context, source, where, 0)
}

function conjunction(context: FilterContext, source: Source, where: unknown, depth: number): Expression | undefined {
  const { table } = source
  if (depth > DEPTH_MAX) throw new ValidationError(`The filter is nested more than ${String(DEPTH_MAX)} levels deep.`)
  if (!isPlainObject(where))
    throw new ValidationError(`A filter of "${table.name}" is an object, not ${describe(where)}.`)
  const operands: Expression[] = []
  const relations = relationsOf(context.contract, source.property)
  for (const [name, value] of Object.entries(where)) {
    if (value === undefined) {
      throw new ValidationError(
        `The filter has "${name}: undefined". Leave the property out, or write null to ask for NULL.`,
      )
    }
    const operand =
      name === 'AND' || name === 'OR' || name === 'NOT'
        ? combine(context, source, name, value, depth)
        : Object.hasOwn(relations, name)
          ? relationCondition(context, source, name, relations[name]!, value, depth)
          : columnCondition(columnOf(table, name), value, context.parameters)
    if (operand !== undefined) operands.push(operand)
  }
  return operands.length <= 1 ? operands[0] : { kind: 'and', operands }
}

function combine(
  context: FilterContext,
  source: Source,
  name: 'AND' | 'OR' | 'NOT',
  value: unknown,
  depth: number,
): Expression | undefined {
  const parts = (Array.isArray(value) ? value : [value]) as readonly unknown[]
  const operands = parts.map(part => conjunction(context, source, part, depth + 1) ?? always(true))
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

const ofMany = ['some', 'every', 'none'] as const
const ofOne = ['is', 'isNot'] as const

function relationCondition(
  context: FilterContext,
  parent: Source,
  name: string,
  relation: RelationContract,
  value: unknown,
  depth: number,
): Expression | undefined {
  const related = (where: unknown, test: 'some' | 'every' | 'none'): Expression => {
    const { contract, scope, parameters } = context
    const child = sourceOf(contract, relation.table, parameters.alias())
    const condition = conjunction(context, child, where, depth + 1)
    // Of a row about which the condition says nothing, it does not hold.
    const sought: Expression | undefined =
      test === 'every' ? { kind: 'isTruth', operand: condition ?? always(true), truth: true, negated: true } : condition
    const visible = scope.of(child.table).condition(child.qualifier, parameters)
    const query = {
      ...selectFrom(child, [{ kind: 'expression', expression: { kind: 'literal', value: 1 }, alias: undefined }]),
      where: both(link(context, name, relation, parent, child), sought, visible),
    }
    return { kind: 'exists', query, negated: test !== 'some' }
  }
  if (relation.kind === 'one' && value === null) return related({}, 'none')
  const known: readonly string[] = relation.kind === 'one' ? ofOne : ofMany
  if (!isPlainObject(value) || Object.keys(value).length === 0) {
    throw new ValidationError(`The filter on "${name}" takes { ${known.join(', ')} }, not ${describe(value)}.`)
  }
  const operands = Object.entries(value).map(([spelled, where]): Expression => {
    const word = spelled.startsWith('$') ? spelled.slice(1) : spelled
    if (!known.includes(word)) {
      throw new ValidationError(`The filter on "${name}" has no operator "${spelled}". There are: ${known.join(', ')}.`)
    }
    if (where === undefined) throw new ValidationError(`The filter on "${name}" has "${spelled}: undefined".`)
    if (word === 'is') return where === null ? related({}, 'none') : related(where, 'some')
    if (word === 'isNot') return where === null ? related({}, 'some') : related(where, 'none')
    return related(where, word as (typeof ofMany)[number])
  })
  return operands.length === 1 ? operands[0] : { kind: 'and', operands }
}

const always = (value: boolean): Expression => ({ kind: 'literal', value })

/** A condition on one column: of a filter, and of what a group comes to. */
export function columnCondition(
  column: ColumnContract,
  value: unknown,
  parameters: Parameters,
  operand: Expression = { kind: 'column', table: undefined, name: column.name },
): Expression {
  if (!isPlainObject(value)) return comparison(operand, column, '=', value, parameters)
  const entries = Object.entries(value)
  if (entries.length === 0)
    throw new ValidationError(`The filter on "${column.name}" is empty: give it an operator or a value.`)
  const operands = entries.map(([name, operandValue]) => {
    const word = name.startsWith('$') ? name.slice(1) : name
    const operator = Object.hasOwn(operators, word) ? operators[word] : undefined
    if (operator === undefined) {
      const known = Object.keys(operators).join(', ')
      const hint = column.codec === undefined ? '' : ' A value of a column with a codec stands behind one of them.'
      throw new ValidationError(`The filter on "${column.name}" has no operator "${name}". There are: ${known}.${hint}`)
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
  const codec = codecOf(column)
  const operandOf = (given: unknown): Expression => parameters.add(codec === undefined ? given : codec.encode(given))
  switch (operator) {
    case 'in':
    case 'notIn': {
      if (!Array.isArray(value))
        throw new ValidationError(`"${operator}" on "${column.name}" takes an array, not ${describe(value)}.`)
      const list = (value as readonly unknown[]).map(operandOf)
      if (list.length === 0) return always(operator === 'notIn')
      return { kind: 'in', operand, list, negated: operator === 'notIn' }
    }
    case 'contains':
    case 'starts_with':
    case 'ends_with':
      if (codec !== undefined) {
        throw new ValidationError(
          `"${column.name}" has a codec: what is stored is no text to look into by "${operator}".`,
        )
      }
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
      return { kind: 'binary', operator, left: operand, right: operandOf(value) }
  }
}
