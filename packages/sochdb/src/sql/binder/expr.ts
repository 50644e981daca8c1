/**
 * Bound expressions: every name resolved, every node typed. The same tree goes through binder, optimizer and encoder.
 *
 * Columns are named by ids that are unique in a statement, so that moving an expression between operators changes nothing
 * in it; only the encoder turns ids into positions.
 */
import type { FunctionName } from './functions/registry.js'
import { FUNCTIONS } from './functions/registry.js'
import type { SqlType } from '../types.js'
import { formatValue } from '../values.js'
import type { SqlValue } from '../values.js'

export type ColumnId = number

/** Operators with operands alone; in C++ `ExprOp`. `like` has two or three, `case` pairs and perhaps one more. */
export type CallOp =
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'
  | 'isNotDistinct'
  | 'and'
  | 'or'
  | 'not'
  | 'isNull'
  | 'in'
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'modulo'
  | 'negate'
  | 'concat'
  | 'like'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'lower'
  | 'upper'
  | 'length'
  | 'abs'
  | 'coalesce'
  | 'case'
  | 'cast'
  | 'tryCast'

export type AggregateFn = 'countRows' | 'count' | 'sum' | 'min' | 'max' | 'avg'

export interface ConstExpr {
  readonly op: 'const'
  readonly type: SqlType
  readonly value: SqlValue
}

export interface ParamExpr {
  readonly op: 'param'
  readonly type: SqlType
  readonly index: number
}

/** What an apply around it has taken from its outer row: one value as long as the operator that holds it is open. */
export interface SlotExpr {
  readonly op: 'slot'
  readonly type: SqlType
  readonly slot: number
  readonly nullable: boolean
}

export interface ColumnExpr {
  readonly op: 'column'
  readonly type: SqlType
  readonly id: ColumnId
  readonly nullable: boolean
  /** As people know it: for explanations and messages. */
  readonly label: string
}

export interface CallExpr {
  readonly op: CallOp
  readonly type: SqlType
  readonly args: readonly Expr[]
  /** `like`: ASCII case does not matter. */
  readonly caseInsensitive?: boolean
}

/** A call of a function that the executor knows by number. */
export interface FunctionExpr {
  readonly op: 'function'
  readonly type: SqlType
  readonly fn: FunctionName
  readonly args: readonly Expr[]
  /** False where it never yields NULL. */
  readonly nullable?: boolean
}

/** Stands in select lists, HAVING and ORDER BY until grouping gives it a column. */
export interface AggregateExpr {
  readonly op: 'aggregate'
  readonly type: SqlType
  readonly fn: AggregateFn
  readonly distinct: boolean
  readonly arg: Expr | undefined
  readonly filter: Expr | undefined
}

export type Expr = ConstExpr | ParamExpr | SlotExpr | ColumnExpr | CallExpr | FunctionExpr | AggregateExpr

export const constant = (type: SqlType, value: SqlValue): ConstExpr => ({ op: 'const', type, value })
export const TRUE = constant('boolean', true)
export const FALSE = constant('boolean', false)

export function call(op: CallOp, type: SqlType, ...args: Expr[]): CallExpr {
  return { op, type, args }
}

/** The same for operands in any number. */
export function callOf(op: CallOp, type: SqlType, args: readonly Expr[]): CallExpr {
  return { op, type, args }
}

export function cast(arg: Expr, type: SqlType): Expr {
  return arg.type === type ? arg : call('cast', type, arg)
}

export function conjunction(terms: readonly Expr[]): Expr {
  return terms.length === 1 ? terms[0]! : { op: 'and', type: 'boolean', args: terms }
}

/** The operands of AND, nested ones too. */
export function conjuncts(expr: Expr): Expr[] {
  return expr.op === 'and' ? expr.args.flatMap(conjuncts) : [expr]
}

export function isCall(expr: Expr): expr is CallExpr {
  return 'args' in expr && expr.op !== 'function'
}

/** Whether it gives another value each time it is computed. */
export function isVolatile(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'function' && FUNCTIONS[e.fn].volatile === true)
}

/** The direct operands of an expression. */
export function operands(expr: Expr): readonly Expr[] {
  if ('args' in expr) return expr.args
  if (expr.op !== 'aggregate') return []
  return [expr.arg, expr.filter].filter(e => e !== undefined)
}

/** The expression with each operand replaced; itself when none changes. */
export function mapOperands(expr: Expr, replace: (operand: Expr) => Expr): Expr {
  if ('args' in expr) {
    let changed = false
    const args = expr.args.map(arg => {
      const replaced = replace(arg)
      changed ||= replaced !== arg
      return replaced
    })
    return changed ? { ...expr, args } : expr
  }
  if (expr.op !== 'aggregate') return expr
  return { ...expr, arg: expr.arg && replace(expr.arg), filter: expr.filter && replace(expr.filter) }
}

export function someExpr(expr: Expr, test: (e: Expr) => boolean): boolean {
  return test(expr) || operands(expr).some(e => someExpr(e, test))
}

/** Adds the ids of all columns in the expression, in order of first appearance. */
export function collectColumns(expr: Expr, into: Set<ColumnId>): void {
  if (expr.op === 'column') into.add(expr.id)
  else for (const operand of operands(expr)) collectColumns(operand, into)
}

export function columnsOf(exprs: Iterable<Expr>): Set<ColumnId> {
  const ids = new Set<ColumnId>()
  for (const expr of exprs) collectColumns(expr, ids)
  return ids
}

/** Whether nothing in the expression depends on a row. Slots do not: they stay what they are while an operator is open. */
export function isRowless(expr: Expr): boolean {
  return !someExpr(expr, e => e.op === 'column' || e.op === 'aggregate') && !isVolatile(expr)
}

/** Whether the value can be NULL, as far as types and declarations tell. */
export function isNullable(expr: Expr): boolean {
  switch (expr.op) {
    case 'const':
      return expr.value === null
    case 'column':
    case 'slot':
      return expr.nullable
    case 'param':
    case 'tryCast':
      return true
    case 'function':
      return expr.nullable !== false
    case 'aggregate':
      return expr.fn !== 'count' && expr.fn !== 'countRows'
    case 'isNull':
    case 'isNotDistinct':
      return false
    case 'divide':
    case 'modulo':
      return true
    case 'coalesce':
      return expr.args.every(isNullable)
    case 'case': {
      const hasElse = expr.args.length % 2 === 1
      return !hasElse || expr.args.some((arg, i) => (i % 2 === 1 || i === expr.args.length - 1) && isNullable(arg))
    }
    default:
      return expr.args.some(isNullable)
  }
}

/** Equal strings for equal expressions: what GROUP BY and duplicate predicates are recognised by. */
export function exprKey(expr: Expr): string {
  switch (expr.op) {
    case 'const':
      return `k:${expr.type}:${typeof expr.value}:${formatValue(expr.value)}`
    case 'param':
      return `p:${expr.type}:${expr.index}`
    case 'slot':
      return `s:${expr.type}:${expr.slot}`
    case 'column':
      return `c:${expr.id}`
    case 'aggregate':
      return `a:${expr.fn}:${expr.distinct}:${expr.arg ? exprKey(expr.arg) : ''}:${expr.filter ? exprKey(expr.filter) : ''}`
    case 'function':
      return `f:${expr.fn}:${expr.type}(${expr.args.map(exprKey).join(',')})`
    default:
      return `${expr.op}:${expr.type}:${expr.caseInsensitive ? 1 : 0}(${expr.args.map(exprKey).join(',')})`
  }
}

const INFIX: Readonly<Partial<Record<CallOp, string>>> = {
  equal: '=',
  notEqual: '<>',
  less: '<',
  lessEqual: '<=',
  greater: '>',
  greaterEqual: '>=',
  isNotDistinct: 'is',
  and: 'and',
  or: 'or',
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  concat: '||',
}

/** The expression as SQL-like text; parameters count from `$1`, slots from `@0`. */
export function formatExpr(expr: Expr): string {
  switch (expr.op) {
    case 'const':
      return formatValue(expr.value)
    case 'param':
      return `$${expr.index + 1}`
    case 'slot':
      return `@${expr.slot}`
    case 'column':
      return expr.label
    case 'aggregate': {
      const arg = expr.fn === 'countRows' ? '*' : `${expr.distinct ? 'distinct ' : ''}${formatExpr(expr.arg!)}`
      const name = expr.fn === 'countRows' ? 'count' : expr.fn
      return `${name}(${arg})${expr.filter ? ` filter (where ${formatExpr(expr.filter)})` : ''}`
    }
    case 'function':
      return `${expr.fn}(${expr.args.map(formatExpr).join(', ')})`
    case 'not':
      return `not ${formatOperand(expr.args[0]!)}`
    case 'negate':
      return `-${formatOperand(expr.args[0]!)}`
    case 'isNull':
      return `${formatOperand(expr.args[0]!)} is null`
    case 'cast':
      return `cast(${formatExpr(expr.args[0]!)} as ${expr.type})`
    case 'tryCast':
      return `try_cast(${formatExpr(expr.args[0]!)} as ${expr.type})`
    case 'in':
      return `${formatOperand(expr.args[0]!)} in (${expr.args.slice(1).map(formatExpr).join(', ')})`
    case 'like': {
      const escape = expr.args[2] ? ` escape ${formatExpr(expr.args[2])}` : ''
      const word = expr.caseInsensitive ? 'ilike' : 'like'
      return `${formatOperand(expr.args[0]!)} ${word} ${formatOperand(expr.args[1]!)}${escape}`
    }
    case 'case': {
      const parts: string[] = []
      for (let i = 0; i + 1 < expr.args.length; i += 2) {
        parts.push(` when ${formatExpr(expr.args[i]!)} then ${formatExpr(expr.args[i + 1]!)}`)
      }
      if (expr.args.length % 2 === 1) parts.push(` else ${formatExpr(expr.args.at(-1)!)}`)
      return `case${parts.join('')} end`
    }
    default: {
      const infix = INFIX[expr.op]
      if (infix === undefined) return `${expr.op}(${expr.args.map(formatExpr).join(', ')})`
      return expr.args.map(formatOperand).join(` ${infix} `)
    }
  }
}

function formatOperand(expr: Expr): string {
  const text = formatExpr(expr)
  return isCall(expr) && (INFIX[expr.op] !== undefined || ['not', 'isNull', 'in', 'like'].includes(expr.op))
    ? `(${text})`
    : text
}
