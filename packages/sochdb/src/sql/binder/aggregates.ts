/** Aggregates: which there are, what they take and what type they yield. They wait for their grouping, or for a window. */
import type { Expression, OrderItem } from '../ast/nodes.js'
import { queryError, unsupported } from '../problem.js'
import { isIntegral, isNumeric } from '../types.js'
import type { SqlType } from '../types.js'
import type { SortKey } from './bound.js'
import { describe, expectBoolean, expectNumber, expectType, numberOf } from './coercion.js'
import { collationOf, comparedAs } from './collations.js'
import { cast, collationPart, constant, exprKey, someExpr } from './expr.js'
import type { AggregateExpr, AggregateFn, Expr } from './expr.js'
import type { BindContext } from './context.js'
import type { ExpressionBinder } from './expressions.js'
import { expectCount } from './functions/arguments.js'
import { sortKey } from './ordering.js'

export type CallNode = Extract<Expression, { kind: 'call' }>

interface Aggregate {
  readonly fn: AggregateFn
  /** How many arguments: least, most. */
  readonly least: number
  readonly most: number
}

const one = (fn: AggregateFn): Aggregate => ({ fn, least: 1, most: 1 })

/** By the names of SQLite, PostgreSQL and MySQL. */
const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  count: { fn: 'count', least: 0, most: 1 },
  sum: one('sum'),
  min: one('min'),
  max: one('max'),
  avg: one('avg'),
  total: one('total'),
  group_concat: { fn: 'groupConcat', least: 1, most: 2 },
  string_agg: { fn: 'groupConcat', least: 2, most: 2 },
  json_group_array: one('jsonGroupArray'),
  jsonb_group_array: one('jsonGroupArray'),
  /** Those of PostgreSQL and MySQL are NULL of no rows. */
  json_agg: one('jsonArrayAgg'),
  jsonb_agg: one('jsonArrayAgg'),
  json_arrayagg: one('jsonArrayAgg'),
  /** There is no type for arrays: they are JSON. */
  array_agg: one('jsonArrayAgg'),
  json_group_object: { fn: 'jsonGroupObject', least: 2, most: 2 },
  jsonb_group_object: { fn: 'jsonGroupObject', least: 2, most: 2 },
  json_object_agg: { fn: 'jsonObjectAgg', least: 2, most: 2 },
  jsonb_object_agg: { fn: 'jsonObjectAgg', least: 2, most: 2 },
  json_objectagg: { fn: 'jsonObjectAgg', least: 2, most: 2 },
  bool_and: one('boolAnd'),
  every: one('boolAnd'),
  bool_or: one('boolOr'),
  stddev: one('stddevSamp'),
  stddev_samp: one('stddevSamp'),
  stddev_pop: one('stddevPop'),
  variance: one('varSamp'),
  var_samp: one('varSamp'),
  var_pop: one('varPop'),
  bit_and: one('bitAnd'),
  bit_or: one('bitOr'),
  any_value: one('anyValue'),
  median: one('median'),
}

export const AGGREGATE_NAMES: readonly string[] = Object.keys(AGGREGATES)

/** Those whose result depends on the order in which rows come. */
const ORDERED: ReadonlySet<AggregateFn> = new Set([
  'groupConcat',
  'jsonGroupArray',
  'jsonGroupObject',
  'jsonArrayAgg',
  'jsonObjectAgg',
  'anyValue',
])

/** `min(a, b)` and `max(a, b)`, of several values in one row, are none. */
export function isAggregateCall(e: CallNode): boolean {
  const name = e.name.toLowerCase()
  if (!Object.hasOwn(AGGREGATES, name)) return false
  return !((name === 'min' || name === 'max') && e.arguments.length > 1)
}

/** What takes conditions. */
const OF_TRUTH: ReadonlySet<AggregateFn> = new Set(['boolAnd', 'boolOr'])

export function hasAggregate(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'aggregate')
}

export function hasWindow(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'window')
}

/** REQUIRES: isAggregateCall(e). */
export function bindAggregate(binder: ExpressionBinder, e: CallNode): AggregateExpr {
  const name = e.name.toLowerCase()
  if (binder.clause !== undefined) {
    throw queryError(
      `${name}() is an aggregate and cannot stand in ${binder.clause}.`,
      binder.clause === 'WHERE' ? 'Filter groups in HAVING.' : undefined,
    )
  }
  const aggregate = bindAggregateOver(binder, e)
  for (const part of [aggregate.arg, aggregate.arg2, aggregate.filter, ...(aggregate.order ?? []).map(k => k.expr)]) {
    if (!part) continue
    const place = part === aggregate.filter ? `The FILTER of ${name}()` : `${name}()`
    if (hasAggregate(part)) {
      const hint = part === aggregate.filter ? undefined : 'Aggregate twice in two statements.'
      throw queryError(`${place} holds ${part === aggregate.filter ? 'an' : 'another'} aggregate.`, hint)
    }
    if (hasWindow(part)) throw queryError(`${place} holds a window function.`, 'Compute it in a subquery.')
  }
  return aggregate
}

/** The same where other aggregates may stand inside: over the windows of a grouped statement. */
export function bindAggregateOver(binder: ExpressionBinder, e: CallNode): AggregateExpr {
  const name = e.name.toLowerCase()
  const { fn, least, most } = AGGREGATES[name]!
  const filter = e.filter && binder.condition(e.filter, 'FILTER')
  if (fn === 'count' && e.arguments.length === 0) {
    if (e.distinct) throw queryError('count(DISTINCT *) counts nothing: name the expression.')
    return { op: 'aggregate', type: 'integer', fn: 'countRows', distinct: false, arg: undefined, filter }
  }
  const bound = e.arguments.map(argument => binder.bind(argument))
  const args = OF_TRUTH.has(fn) ? bound : bound.map(arg => numberOf(binder.context, arg))
  expectCount(name, args, Math.max(least, 1), most)
  const aggregate = typed(binder.context, name, fn, args, e.distinct, filter)
  const order = e.orderBy && ORDERED.has(fn) ? bindSortKeys(binder, e.orderBy, `ORDER BY of ${name}()`) : []
  if (order.length === 0) return aggregate
  if (e.distinct) expectOrderedByArguments(name, [...args, aggregate.arg!], order)
  return { ...aggregate, order }
}

/** Of rows that DISTINCT makes one, only what they are equal in can order them. */
function expectOrderedByArguments(name: string, args: readonly Expr[], order: readonly SortKey[]): void {
  const keys = new Set(args.map(exprKey))
  const other = order.find(key => !keys.has(exprKey(key.expr)))
  if (other) {
    throw queryError(
      `${name}(DISTINCT …) can be ordered by its arguments alone; ${describe(other.expr)} is none.`,
      'Order by the argument, or leave out DISTINCT.',
    )
  }
}

/** Keys of an ORDER BY that names no output columns: a window's, an aggregate's. */
export function bindSortKeys(binder: ExpressionBinder, items: readonly OrderItem[], clause: string): SortKey[] {
  return items.map(item => {
    const expr = binder.bind(item.expression)
    if (expr.type === 'vector') throw queryError(`${clause} takes values with an order; a vector has none.`)
    return sortKey(binder.context, expr, item)
  })
}

function typed(
  context: BindContext,
  name: string,
  fn: AggregateFn,
  args: readonly Expr[],
  distinct: boolean,
  filter: Expr | undefined,
): AggregateExpr {
  const make = (type: SqlType, arg: Expr, arg2?: Expr): AggregateExpr => ({
    op: 'aggregate',
    type,
    fn,
    distinct,
    arg,
    filter,
    ...(arg2 ? { arg2 } : {}),
  })
  const arg = args[0]!
  switch (fn) {
    case 'countRows':
    case 'count':
      return make('integer', distinct ? comparedAs(arg) : arg)
    case 'min':
    case 'max':
      if (arg.type === 'vector' || arg.type === 'json') {
        throw queryError(`${name}() takes values with an order; ${describe(arg)} has none.`)
      }
      if (collationOf(arg) !== 'binary') return extremeOf(fn, arg, filter)
      return { ...make(arg.type, arg), distinct: false }
    case 'anyValue':
      return { ...make(arg.type, arg), distinct: false }
    case 'groupConcat':
      if (distinct && collationOf(arg) !== 'binary') {
        throw unsupported(`${name}(DISTINCT …) of a text with a collation`, 'Remove duplicates in a subquery.')
      }
      return make('text', expectText(arg, name), args[1] ? expectText(args[1], name) : constant('text', ','))
    case 'jsonGroupArray':
    case 'jsonArrayAgg':
      return make('json', expectJsonable(arg, name))
    case 'jsonGroupObject':
    case 'jsonObjectAgg':
      if (distinct) throw queryError(`${name}() takes no DISTINCT.`)
      return make('json', expectText(arg, name), expectJsonable(args[1]!, name))
    case 'boolAnd':
    case 'boolOr':
      return { ...make('boolean', expectBoolean(arg, `${name}()`)), distinct: false }
    case 'bitAnd':
    case 'bitOr': {
      const number = known(arg) ? arg : expectType(arg, 'integer', `${name}()`)
      if (!isIntegral(number.type)) throw queryError(`${name}() takes integers; ${describe(number)} is none.`)
      return { ...make(number.type, number), distinct: false }
    }
    default: {
      // Sums of values that bring their types along are integers as long as these are.
      const isSumOfAny = fn === 'sum' && arg.type === 'any' && arg.op !== 'param' && arg.op !== 'const'
      if (isSumOfAny) return make('any', arg)
      const number = known(arg) ? arg : expectNumber(context, arg, `${name}()`)
      if (!isNumeric(number.type)) throw queryError(`${name}() takes numbers; ${describe(number)} is none.`)
      if (fn === 'sum') return make(number.type, number)
      if (fn === 'median') return make('real', cast(number, 'real'))
      return make(fn === 'avg' && number.type === 'decimal' ? 'decimal' : 'real', number)
    }
  }
}

/** The least or greatest text as its collation has it: the first of the rows in that order. */
function extremeOf(fn: 'min' | 'max', arg: Expr, filter: Expr | undefined): AggregateExpr {
  const order = [{ expr: comparedAs(arg), descending: fn === 'max', nullsLast: true }]
  return { op: 'aggregate', type: arg.type, fn: 'anyValue', distinct: false, arg, filter, order, ...collationPart(arg) }
}

function known(arg: Expr): boolean {
  return arg.type !== 'any' && arg.type !== 'null'
}

/** What `||` would write. */
function expectText(arg: Expr, name: string): Expr {
  if (!known(arg)) return expectType(arg, 'text', `${name}()`)
  if (arg.type === 'blob' || arg.type === 'vector') throw queryError(`${name}() takes text; ${describe(arg)} is none.`)
  return cast(arg, 'text')
}

function expectJsonable(arg: Expr, name: string): Expr {
  if (arg.type === 'blob' || arg.type === 'vector') {
    throw queryError(`${name}() takes what JSON can hold; ${describe(arg)} is none of it.`)
  }
  return arg
}
