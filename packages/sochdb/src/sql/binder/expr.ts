/**
 * Bound expressions: every name resolved, every node typed. The same tree goes through binder, optimizer and encoder.
 *
 * Columns are named by ids that are unique in a statement, so that moving an expression between operators changes nothing
 * in it; only the encoder turns ids into positions.
 */
import type { FunctionName } from './functions/registry.js'
import { FUNCTIONS } from './functions/registry.js'
import type { ComparisonOperator } from '../ast/expressions.js'
import type { SqlType } from '../types.js'
import { formatValue } from '../values.js'
import type { SqlValue } from '../values.js'
import type { BoundQuery, SortKey } from './bound.js'
import type { Collation } from './collations.js'

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

export type AggregateFn =
  | 'countRows'
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'avg'
  | 'groupConcat'
  | 'jsonGroupArray'
  | 'jsonGroupObject'
  | 'jsonArrayAgg'
  | 'jsonObjectAgg'
  | 'total'
  | 'boolAnd'
  | 'boolOr'
  | 'stddevSamp'
  | 'stddevPop'
  | 'varSamp'
  | 'varPop'
  | 'bitAnd'
  | 'bitOr'
  | 'anyValue'
  | 'median'

/** What only a window has. */
export type RankingFn =
  | 'rowNumber'
  | 'rank'
  | 'denseRank'
  | 'percentRank'
  | 'cumeDist'
  | 'ntile'
  | 'lag'
  | 'lead'
  | 'firstValue'
  | 'lastValue'
  | 'nthValue'

export type WindowFn = AggregateFn | RankingFn

/** How texts are compared (collations.ts). Matters to the binder alone. */
interface Collated {
  readonly collation?: Collation | undefined
  /** Whether a COLLATE says so. */
  readonly collates?: true
}

export interface ConstExpr extends Collated {
  readonly op: 'const'
  readonly type: SqlType
  readonly value: SqlValue
}

export interface ParamExpr extends Collated {
  readonly op: 'param'
  readonly type: SqlType
  readonly index: number
}

/** What an apply around it has taken from its outer row: one value as long as the operator that holds it is open. */
export interface SlotExpr extends Collated {
  readonly op: 'slot'
  readonly type: SqlType
  readonly slot: number
  readonly nullable: boolean
}

export interface ColumnExpr extends Collated {
  readonly op: 'column'
  readonly type: SqlType
  readonly id: ColumnId
  readonly nullable: boolean
  /** As people know it: for explanations and messages. */
  readonly label: string
}

export interface CallExpr extends Collated {
  readonly op: CallOp
  readonly type: SqlType
  readonly args: readonly Expr[]
  /** `like`: ASCII case does not matter. */
  readonly caseInsensitive?: boolean
}

/** A call of a function that the executor knows by number. */
export interface FunctionExpr extends Collated {
  readonly op: 'function'
  readonly type: SqlType
  readonly fn: FunctionName
  readonly args: readonly Expr[]
  /** False where it never yields NULL. */
  readonly nullable?: boolean
}

/** Stands in select lists, HAVING and ORDER BY until grouping gives it a column. */
export interface AggregateExpr extends Collated {
  readonly op: 'aggregate'
  readonly type: SqlType
  readonly fn: AggregateFn
  readonly distinct: boolean
  readonly arg: Expr | undefined
  readonly filter: Expr | undefined
  /** `groupConcat`: the separator; objects of JSON: the value. */
  readonly arg2?: Expr | undefined
  /** In which order the rows of a group are taken; `undefined` where that makes no difference. */
  readonly order?: readonly SortKey[] | undefined
}

export interface FrameEdge {
  readonly kind: 'unboundedPreceding' | 'preceding' | 'currentRow' | 'following' | 'unboundedFollowing'
  /** Of `preceding` and `following`: looks at no column. */
  readonly offset: Expr | undefined
}

export interface WindowFrameSpec {
  readonly mode: 'rows' | 'range' | 'groups'
  readonly start: FrameEdge
  readonly end: FrameEdge
  readonly exclude: 'none' | 'current' | 'group' | 'ties'
}

/** Stands in select lists and ORDER BY until a window gives it a column. */
export interface WindowExpr extends Collated {
  readonly op: 'window'
  readonly type: SqlType
  readonly fn: WindowFn
  readonly args: readonly Expr[]
  readonly distinct: boolean
  readonly ignoreNulls: boolean
  readonly filter: Expr | undefined
  readonly partition: readonly Expr[]
  readonly order: readonly SortKey[]
  readonly frame: WindowFrameSpec
}

/**
 * A query in the place of a value, until the optimizer has it run by an operator below and puts that one's column here.
 *
 * What it takes from the row beside it are its `inputs`: first the values of its slots, then, of `any`, the operands that are
 * compared with what the query yields. Expressions in `query` hold no column of the row, only those slots.
 */
export interface SubqueryExpr extends Collated {
  readonly op: 'subquery'
  readonly type: SqlType
  /** `any`: whether the comparison holds for some row: NULL if it is NULL for one, and true for none. */
  readonly kind: 'scalar' | 'exists' | 'any'
  readonly query: BoundQuery
  readonly slots: readonly number[]
  readonly inputs: readonly Expr[]
  /** Of `any`: what the operands are compared with, one to one, over the query's columns. */
  readonly targets: readonly Expr[]
  readonly compare: ComparisonOp
  readonly nullable: boolean
}

export type ComparisonOp = 'equal' | 'notEqual' | 'less' | 'lessEqual' | 'greater' | 'greaterEqual'

export type Expr =
  ConstExpr | ParamExpr | SlotExpr | ColumnExpr | CallExpr | FunctionExpr | AggregateExpr | WindowExpr | SubqueryExpr

/** The operators that SQL writes as symbols. */
export const COMPARISONS: Readonly<Record<ComparisonOperator, ComparisonOp>> = {
  '=': 'equal',
  '<>': 'notEqual',
  '<': 'less',
  '<=': 'lessEqual',
  '>': 'greater',
  '>=': 'greaterEqual',
}

/** NOT (a < b) is a >= b, NULL included; reals have no NaN. */
export const OPPOSITES: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  equal: 'notEqual',
  notEqual: 'equal',
  less: 'greaterEqual',
  lessEqual: 'greater',
  greater: 'lessEqual',
  greaterEqual: 'less',
}

/** What a column or a slot that stands for an expression takes over from it. */
export function collationPart(expr: Expr): Pick<ColumnExpr, 'collation'> {
  return expr.collation === undefined ? {} : { collation: expr.collation }
}

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
  return 'args' in expr && expr.op !== 'function' && expr.op !== 'window'
}

/** Whether it gives another value each time it is computed. */
export function isVolatile(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'function' && FUNCTIONS[e.fn].volatile === true)
}

/** The direct operands of an expression. */
export function operands(expr: Expr): readonly Expr[] {
  if ('args' in expr && expr.op !== 'window') return expr.args
  if (expr.op === 'subquery') return expr.inputs
  if (expr.op === 'aggregate') {
    return [expr.arg, expr.arg2, ...(expr.order ?? []).map(key => key.expr), expr.filter].filter(e => e !== undefined)
  }
  if (expr.op !== 'window') return []
  const { args, filter, partition, order, frame } = expr
  return [...args, filter, ...partition, ...order.map(key => key.expr), frame.start.offset, frame.end.offset].filter(
    e => e !== undefined,
  )
}

/** The expression with each operand replaced; itself when none changes. */
export function mapOperands(expr: Expr, replace: (operand: Expr) => Expr): Expr {
  if ('args' in expr && expr.op !== 'window') {
    let changed = false
    const args = expr.args.map(arg => {
      const replaced = replace(arg)
      changed ||= replaced !== arg
      return replaced
    })
    return changed ? { ...expr, args } : expr
  }
  if (expr.op === 'subquery') return { ...expr, inputs: expr.inputs.map(replace) }
  const maybe = (operand: Expr | undefined) => operand && replace(operand)
  const keys = (order: readonly SortKey[]) => order.map(key => ({ ...key, expr: replace(key.expr) }))
  if (expr.op === 'aggregate') {
    const { arg, arg2, order, filter } = expr
    return {
      ...expr,
      arg: maybe(arg),
      filter: maybe(filter),
      ...(arg2 ? { arg2: replace(arg2) } : {}),
      ...(order ? { order: keys(order) } : {}),
    }
  }
  if (expr.op !== 'window') return expr
  const { start, end } = expr.frame
  return {
    ...expr,
    args: expr.args.map(replace),
    filter: maybe(expr.filter),
    partition: expr.partition.map(replace),
    order: keys(expr.order),
    frame: {
      ...expr.frame,
      start: { ...start, offset: maybe(start.offset) },
      end: { ...end, offset: maybe(end.offset) },
    },
  }
}

export function someExpr(expr: Expr, test: (e: Expr) => boolean): boolean {
  return test(expr) || operands(expr).some(e => someExpr(e, test))
}

export function hasSubquery(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'subquery')
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

/** The same as expressions. */
export function columnExprsOf(exprs: Iterable<Expr>): ColumnExpr[] {
  const found = new Map<ColumnId, ColumnExpr>()
  const collect = (expr: Expr): void => {
    if (expr.op === 'column') found.set(expr.id, expr)
    else operands(expr).forEach(collect)
  }
  for (const expr of exprs) collect(expr)
  return [...found.values()]
}

const BOUND_TO_ROWS: ReadonlySet<string> = new Set(['column', 'aggregate', 'window', 'subquery'])

/** Whether nothing in the expression depends on a row. Slots do not: they stay what they are while an operator is open. */
export function isRowless(expr: Expr): boolean {
  return !someExpr(expr, e => BOUND_TO_ROWS.has(e.op)) && !isVolatile(expr)
}

/** Functions that yield a value for no rows at all. */
const NEVER_NULL: ReadonlySet<WindowFn> = new Set([
  'countRows',
  'count',
  'total',
  'jsonGroupArray',
  'jsonGroupObject',
  'jsonArrayAgg',
  'jsonObjectAgg',
  'rowNumber',
  'rank',
  'denseRank',
  'percentRank',
  'cumeDist',
])

/** Whether the value can be NULL, as far as types and declarations tell. */
export function isNullable(expr: Expr): boolean {
  switch (expr.op) {
    case 'const':
      return expr.value === null
    case 'column':
    case 'slot':
    case 'subquery':
      return expr.nullable
    case 'param':
    case 'tryCast':
      return true
    case 'function':
      return expr.nullable !== false
    case 'aggregate':
      return !NEVER_NULL.has(expr.fn)
    case 'window':
      return !NEVER_NULL.has(expr.fn)
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
    case 'subquery': {
      // A query is bound once for each place where it is written: its columns have ids that no other has.
      const ids = expr.query.columns.map(c => c.id).join(',')
      return `q:${expr.kind}:${expr.compare}:${ids}(${expr.inputs.map(exprKey).join(',')})`
    }
    case 'function':
      return `f:${expr.fn}:${expr.type}(${expr.args.map(exprKey).join(',')})`
    case 'aggregate':
      return `a:${expr.fn}:${expr.distinct}:${[expr.arg, expr.filter, expr.arg2].map(maybeKey).join(':')}:${orderKey(expr.order ?? [])}`
    case 'window': {
      const { start, end, mode, exclude } = expr.frame
      const edges = [start, end].map(edge => `${edge.kind}${maybeKey(edge.offset)}`).join(':')
      const head = `w:${expr.fn}:${expr.type}:${expr.distinct}:${expr.ignoreNulls}:${maybeKey(expr.filter)}`
      return `${head}(${expr.args.map(exprKey).join(',')})(${windowKey(expr)})${mode}:${edges}:${exclude}`
    }
    default:
      return `${expr.op}:${expr.type}:${expr.caseInsensitive ? 1 : 0}(${expr.args.map(exprKey).join(',')})`
  }
}

function maybeKey(expr: Expr | undefined): string {
  return expr ? exprKey(expr) : ''
}

function orderKey(order: readonly SortKey[]): string {
  return order.map(key => `${exprKey(key.expr)}${key.descending ? '-' : '+'}${key.nullsLast ? 'l' : 'f'}`).join(',')
}

/** Equal strings for functions that one window operator can compute: those of equal partitions and order. */
export function windowKey(expr: WindowExpr): string {
  return `${expr.partition.map(exprKey).join(',')}|${orderKey(expr.order)}`
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
    case 'subquery':
      return expr.kind === 'scalar' ? '(select …)' : `${expr.kind} (select …)`
    case 'aggregate': {
      const args = [expr.arg, expr.arg2].filter(e => e !== undefined)
      return formatFunction(expr, args, expr.order ?? [])
    }
    case 'window': {
      const partition = expr.partition.length > 0 ? `partition by ${expr.partition.map(formatExpr).join(', ')}` : ''
      const order = expr.order.length > 0 ? `order by ${formatSortKeys(expr.order)}` : ''
      const window = [partition, order, formatFrame(expr.frame)].filter(part => part !== '').join(' ')
      return `${formatFunction(expr, expr.args, [])} over (${window})`
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

function formatFunction(expr: AggregateExpr | WindowExpr, args: readonly Expr[], order: readonly SortKey[]): string {
  const name = expr.fn === 'countRows' ? 'count' : expr.fn.replace(/[A-Z]/g, upper => `_${upper.toLowerCase()}`)
  const list = expr.fn === 'countRows' ? '*' : args.map(formatExpr).join(', ')
  const ordered = order.length > 0 ? ` order by ${formatSortKeys(order)}` : ''
  const filter = expr.filter ? ` filter (where ${formatExpr(expr.filter)})` : ''
  const nulls = expr.op === 'window' && expr.ignoreNulls ? ' ignore nulls' : ''
  return `${name}(${expr.distinct ? 'distinct ' : ''}${list}${ordered})${filter}${nulls}`
}

export function formatSortKeys(keys: readonly SortKey[]): string {
  return keys
    .map(key => {
      const nulls = key.nullsLast === key.descending ? '' : key.nullsLast ? ' nulls last' : ' nulls first'
      return `${formatExpr(key.expr)}${key.descending ? ' desc' : ''}${nulls}`
    })
    .join(', ')
}

/** The frame, unless it is the one that is meant when none is written. */
function formatFrame({ mode, start, end, exclude }: WindowFrameSpec): string {
  const usual = mode === 'range' && start.kind === 'unboundedPreceding' && end.kind === 'currentRow'
  if (usual && exclude === 'none') return ''
  const excluded = { none: '', current: ' exclude current row', group: ' exclude group', ties: ' exclude ties' }
  return `${mode} between ${formatEdge(start)} and ${formatEdge(end)}${excluded[exclude]}`
}

function formatEdge({ kind, offset }: FrameEdge): string {
  const words = kind.replace(/[A-Z]/g, upper => ` ${upper.toLowerCase()}`)
  return offset ? `${formatExpr(offset)} ${words}` : words
}
