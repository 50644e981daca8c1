/** Function calls: scalar functions become operators or calls by number, aggregates wait for their grouping. */
import type { Expression } from '../ast/nodes.js'
import { didYouMean, queryError } from '../problem.js'
import { isNumeric } from '../types.js'
import { describe, expectType } from './coercion.js'
import { someExpr } from './expr.js'
import type { AggregateFn, Expr } from './expr.js'
import type { ExpressionBinder } from './expressions.js'
import { bindFunction, expectCount } from './functions/arguments.js'
import { functionNames, functionOfName } from './functions/registry.js'
import { bindSpecial, specialNames } from './functions/special.js'

type CallNode = Extract<Expression, { kind: 'call' }>

const AGGREGATES: ReadonlySet<string> = new Set(['count', 'sum', 'min', 'max', 'avg'])

export function bindCall(binder: ExpressionBinder, e: CallNode): Expr {
  const name = e.name.toLowerCase()
  const isScalar = (name === 'min' || name === 'max') && e.arguments.length > 1
  if (AGGREGATES.has(name) && !isScalar) return bindAggregate(binder, name, e)
  if (e.distinct || e.filter) {
    throw queryError(`${name}() is no aggregate: ${e.distinct ? 'DISTINCT' : 'FILTER'} does not apply to it.`)
  }
  const args = e.arguments.map(argument => binder.bind(argument))
  const special = bindSpecial(binder.context, name, args)
  if (special) return special
  const fn = functionOfName(name)
  if (fn) return bindFunction(fn, args, name)
  const hint = didYouMean(name, [...AGGREGATES, ...specialNames, ...functionNames()])
  throw queryError(`There is no function "${e.name}".${hint}`, undefined, { function: e.name })
}

function bindAggregate(binder: ExpressionBinder, name: string, e: CallNode): Expr {
  if (binder.clause !== undefined) {
    throw queryError(
      `${name}() is an aggregate and cannot stand in ${binder.clause}.`,
      binder.clause === 'WHERE' ? 'Filter groups in HAVING.' : undefined,
    )
  }
  const filter = e.filter && binder.condition(e.filter, 'FILTER')
  if (filter && hasAggregate(filter)) throw queryError(`The FILTER of ${name}() holds an aggregate.`)
  if (name === 'count' && e.arguments.length === 0) {
    if (e.distinct) throw queryError('count(DISTINCT *) counts nothing: name the expression.')
    return { op: 'aggregate', type: 'integer', fn: 'countRows', distinct: false, arg: undefined, filter }
  }
  const args = e.arguments.map(argument => binder.bind(argument))
  expectCount(name, args, 1, 1)
  const arg = args[0]!
  if (hasAggregate(arg)) throw queryError(`${name}() holds another aggregate.`, 'Aggregate twice in two statements.')
  return typedAggregate(name as Exclude<AggregateFn, 'countRows'>, arg, e.distinct, filter)
}

function typedAggregate(
  fn: Exclude<AggregateFn, 'countRows'>,
  arg: Expr,
  distinct: boolean,
  filter: Expr | undefined,
): Expr {
  if (fn === 'count') return { op: 'aggregate', type: 'integer', fn, distinct, arg, filter }
  if (fn === 'min' || fn === 'max') {
    if (arg.type === 'vector' || arg.type === 'json')
      throw queryError(`${fn}() takes values with an order; ${describe(arg)} has none.`)
    return { op: 'aggregate', type: arg.type, fn, distinct: false, arg, filter }
  }
  const number = arg.type === 'any' || arg.type === 'null' ? expectType(arg, 'real', `${fn}()`) : arg
  if (!isNumeric(number.type)) throw queryError(`${fn}() takes numbers; ${describe(number)} is none.`)
  if (fn === 'sum') return { op: 'aggregate', type: number.type, fn, distinct, arg: number, filter }
  const type = number.type === 'decimal' ? 'decimal' : 'real'
  return { op: 'aggregate', type, fn, distinct, arg: number, filter }
}

export function hasAggregate(expr: Expr): boolean {
  return someExpr(expr, e => e.op === 'aggregate')
}
