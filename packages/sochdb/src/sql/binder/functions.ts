/** Function calls: scalar functions become operators or calls by number, aggregates wait for their grouping. */
import { didYouMean, queryError } from '../problem.js'
import { AGGREGATE_NAMES, bindAggregate, isAggregateCall } from './aggregates.js'
import type { CallNode } from './aggregates.js'
import { numberOf } from './coercion.js'
import type { Expr } from './expr.js'
import type { ExpressionBinder } from './expressions.js'
import { bindFunction } from './functions/arguments.js'
import { functionNames, functionOfName } from './functions/registry.js'
import { bindMoment, momentNames } from './functions/moments.js'
import { bindSpecial, specialNames } from './functions/special.js'
import { resolveWindow } from './lifting.js'
import { bindWindowCall, WINDOW_NAMES } from './windows.js'

/** Functions that take conditions, and those that bring what they take to one type themselves. */
const TAKES_TRUTH: ReadonlySet<string> = new Set(['iif', 'if', 'coalesce', 'ifnull', 'nvl', 'nullif'])

export function bindCall(binder: ExpressionBinder, e: CallNode): Expr {
  const name = e.name.toLowerCase()
  if (e.over) return bindWindowCall(binder, e, resolveWindow(binder.windows, e.over))
  if (WINDOW_NAMES.includes(name)) throw queryError(`${name}() is a window function: it needs OVER (…).`)
  if (isAggregateCall(e)) return bindAggregate(binder, e)
  if (e.distinct || e.filter || e.orderBy) {
    const what = e.distinct ? 'DISTINCT' : e.filter ? 'FILTER' : 'ORDER BY'
    throw queryError(`${name}() is no aggregate: ${what} does not apply to it.`)
  }
  const bound = e.arguments.map(argument => binder.bind(argument))
  const args = TAKES_TRUTH.has(name) ? bound : bound.map(arg => numberOf(binder.context, arg))
  const special = bindSpecial(binder.context, name, args)
  if (special) return special
  const moment = bindMoment(binder.context, name, args)
  if (moment) return moment
  const fn = functionOfName(name)
  if (fn) return bindFunction(fn, args, name)
  const hint = didYouMean(name, [
    ...AGGREGATE_NAMES,
    ...WINDOW_NAMES,
    ...specialNames,
    ...momentNames,
    ...functionNames(),
  ])
  throw queryError(`There is no function "${e.name}".${hint}`, undefined, { function: e.name })
}
