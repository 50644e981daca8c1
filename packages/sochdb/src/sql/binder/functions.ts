/** Function calls: scalar functions become operators, aggregates wait for their grouping. */
import type { Expression } from '../ast/nodes.js'
import { didYouMean, queryError } from '../problem.js'
import { isNumeric } from '../types.js'
import type { SqlType } from '../types.js'
import { describe, expectType, unify, unifyAll } from './coercion.js'
import { call, constant, someExpr } from './expr.js'
import type { AggregateFn, CallOp, Expr } from './expr.js'
import type { ExpressionBinder } from './expressions.js'
import { bindFunction, expectCount } from './functions/arguments.js'
import { functionNames, functionOfName } from './functions/registry.js'

type CallNode = Extract<Expression, { kind: 'call' }>

const AGGREGATES: ReadonlySet<string> = new Set(['count', 'sum', 'min', 'max', 'avg'])

const TEXT_FUNCTIONS: Readonly<Record<string, { op: CallOp; type: SqlType; count: number }>> = {
  lower: { op: 'lower', type: 'text', count: 1 },
  upper: { op: 'upper', type: 'text', count: 1 },
  length: { op: 'length', type: 'integer', count: 1 },
  contains: { op: 'contains', type: 'boolean', count: 2 },
  starts_with: { op: 'startsWith', type: 'boolean', count: 2 },
  ends_with: { op: 'endsWith', type: 'boolean', count: 2 },
}

const NAMES = [...AGGREGATES, ...Object.keys(TEXT_FUNCTIONS), 'abs', 'coalesce', 'ifnull', 'nullif', 'now', 'uuid7']

export function bindCall(binder: ExpressionBinder, e: CallNode): Expr {
  const name = e.name.toLowerCase()
  if (AGGREGATES.has(name)) return bindAggregate(binder, name, e)
  if (e.distinct || e.filter) {
    throw queryError(`${name}() is no aggregate: ${e.distinct ? 'DISTINCT' : 'FILTER'} does not apply to it.`)
  }
  const args = e.arguments.map(argument => binder.bind(argument))
  if (Object.hasOwn(TEXT_FUNCTIONS, name)) {
    const { op, type, count } = TEXT_FUNCTIONS[name]!
    expectCount(name, args, count, count)
    return call(op, type, ...args.map(arg => expectType(arg, 'text', `${name}()`)))
  }
  switch (name) {
    case 'abs': {
      expectCount(name, args, 1, 1)
      const arg = args[0]!.type === 'any' || args[0]!.type === 'null' ? expectType(args[0]!, 'real', 'abs()') : args[0]!
      if (!isNumeric(arg.type)) throw queryError(`abs() takes a number; ${describe(arg)} is none.`)
      return call('abs', arg.type, arg)
    }
    case 'coalesce':
    case 'ifnull': {
      expectCount(name, args, name === 'ifnull' ? 2 : 1, name === 'ifnull' ? 2 : 100)
      const { exprs, type } = unifyAll(binder.context, args, 'return from one COALESCE')
      return exprs.length === 1 ? exprs[0]! : call('coalesce', type, ...exprs)
    }
    case 'nullif': {
      expectCount(name, args, 2, 2)
      const [a, b] = unify(binder.context, args[0]!, args[1]!, 'compare')
      return call('case', a.type, call('equal', 'boolean', a, b), constant(a.type, null), a)
    }
    case 'now':
      expectCount(name, args, 0, 0)
      return binder.context.generate('now', 'timestamp')
    case 'uuid7':
      expectCount(name, args, 0, 0)
      return binder.context.generate('uuid7', 'uuid')
    default: {
      const fn = functionOfName(name)
      if (fn) return bindFunction(fn, args, name)
      const hint = didYouMean(name, [...NAMES, ...functionNames()])
      throw queryError(`There is no function "${e.name}".${hint}`, undefined, { function: e.name })
    }
  }
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
