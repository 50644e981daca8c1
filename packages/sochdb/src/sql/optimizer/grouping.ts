/** GROUP BY and aggregates over a source. */
import type { BoundSelect } from '../binder/bound.js'
import { call, columnsOf, constant } from '../binder/expr.js'
import type { AggregateExpr, ColumnId } from '../binder/expr.js'
import type { SqlType } from '../types.js'
import type { SqlValue } from '../values.js'
import type { PlanNode } from '../plan/nodes.js'
import { foldConjuncts, isFalse } from './fold.js'
import type { JoinPlanner, Planned } from './joins.js'
import { pushDown } from './relations.js'
import { nothing, planSource } from './select.js'
import { positionOf } from './terms.js'

export function planGrouping(planner: JoinPlanner, q: BoundSelect): Planned {
  const { groups, aggregates, having } = q.grouping!
  const exprs = [...groups.map(g => g.expr), ...aggregates.map(a => a.expr)]
  const needs = columnsOf(exprs)
  const source = planExtreme(planner, q, needs) ?? planSource(planner, q, { needs, order: undefined, limit: undefined })
  const lifted = planner.lifter.lift(source.node, exprs)
  const node: PlanNode = {
    op: 'aggregate',
    input: lifted.node,
    groups: groups.map(({ id }, i) => ({ id, expr: lifted.exprs[i]! })),
    aggregates: aggregates.map(({ id }, i) => ({ id, expr: lifted.exprs[groups.length + i] as AggregateExpr })),
  }
  const terms = foldConjuncts(having)
  const one = groups.length === 0
  return {
    node: isFalse(terms) ? nothing(node) : planner.filtered(node, terms),
    rows: one ? 1 : Math.max(1, source.rows / 10),
    cost: source.cost,
    startup: source.cost,
    ordered: true,
    single: one,
  }
}

/** The least value of a type: what no NULL is greater or equal to, and every other value is. */
const LEAST: Readonly<Partial<Record<SqlType, SqlValue>>> = {
  integer: -(2n ** 63n),
  bigint: -(2n ** 63n),
  real: -Infinity,
  text: '',
}

/** `max(x)` alone, where an index has x in order, reads one row: the last. `min(x)` the first that is not NULL. */
function planExtreme(planner: JoinPlanner, q: BoundSelect, needs: ReadonlySet<ColumnId>): Planned | undefined {
  const { groups, aggregates } = q.grouping!
  const aggregate = aggregates[0]?.expr
  if (!planner.optimize || groups.length > 0 || aggregates.length !== 1 || q.from?.op !== 'table' || !aggregate)
    return undefined
  const { fn, arg, filter } = aggregate
  if ((fn !== 'min' && fn !== 'max') || filter || arg?.op !== 'column') return undefined
  const position = positionOf(q.from.ref, arg.id)
  if (position < 0) return undefined
  const where = foldConjuncts(q.where)
  if (isFalse(where)) return undefined
  if (fn === 'min' && !q.from.ref.table.entry.columns[position]!.notNull) {
    const least = LEAST[arg.type]
    if (least === undefined) return undefined
    where.push(call('greaterEqual', 'boolean', arg, constant(arg.type, least)))
  }
  const order = [{ expr: arg, descending: fn === 'max', nullsLast: fn === 'max' }]
  const planned = planner.plan(pushDown(q.from, where), { needs, order, limit: 1 })
  if (!planned.ordered) return undefined
  const node: PlanNode = { op: 'limit', input: planned.node, limit: constant('integer', 1n), offset: undefined }
  return { ...planned, node, rows: 1 }
}
