/** Conditions of lateral outer joins that hold subqueries: they filter the right side, which is run for each row of the left. */
import type { BoundSlot } from '../binder/bound.js'
import { columnsOf, hasSubquery, mapOperands } from '../binder/expr.js'
import type { ColumnId, Expr, SlotExpr } from '../binder/expr.js'
import type { PlanNode } from '../plan/nodes.js'
import { columnsOfJoined } from './candidates.js'
import { withColumns } from './joins.js'
import type { JoinPlanner, Planned } from './joins.js'
import type { Ids } from './lifting.js'
import type { Joined } from './relations.js'

/** The conditions as the right side sees them: columns that `isLeft` are slots there. */
function insideOf(
  ids: Ids,
  isLeft: (id: ColumnId) => boolean,
  on: readonly Expr[],
): { readonly slots: readonly BoundSlot[]; readonly terms: readonly Expr[] } {
  const slots = new Map<ColumnId, { readonly slot: SlotExpr; readonly expr: Expr }>()
  const replace = (expr: Expr): Expr => {
    if (expr.op !== 'column' || !isLeft(expr.id)) return mapOperands(expr, replace)
    const { type, nullable } = expr
    const known = slots.get(expr.id) ?? { slot: { op: 'slot', type, slot: ids.slot(), nullable }, expr }
    slots.set(expr.id, known)
    return known.slot
  }
  const terms = on.map(replace)
  return { slots: [...slots.values()].map(({ slot, expr }) => ({ slot: slot.slot, expr })), terms }
}

/** Whether a condition holds subqueries that look at more than the left side. */
export function asksBoth(left: Joined, on: readonly Expr[]): boolean {
  const isLeft = columnsOfJoined(left)
  return on.some(term => hasSubquery(term) && [...columnsOf([term])].some(id => !isLeft(id)))
}

/** The left join of a planned side with the right one, run for each of its rows. `own`: the slots of the right side. */
export function appliedInside(
  planner: JoinPlanner,
  outer: Planned,
  left: Joined,
  right: Joined,
  on: readonly Expr[],
  needs: ReadonlySet<ColumnId>,
  own: readonly BoundSlot[],
): Planned {
  const inside = insideOf(planner.ids, columnsOfJoined(left), on)
  const inner = planner.plan(right, { needs: withColumns(needs, on), order: undefined, limit: undefined })
  const slots = [...own, ...inside.slots]
  const exprs = slots.map(s => s.expr)
  const lifted = planner.lifter.lift(outer.node, exprs)
  const node: PlanNode = {
    op: 'apply',
    outer: lifted.node,
    inner: planner.filtered(inner.node, inside.terms),
    kind: 'left',
    slots: slots.map(({ slot }, i) => ({ slot, expr: lifted.exprs[i]! })),
  }
  return {
    node,
    rows: outer.rows * Math.max(1, inner.rows),
    cost: outer.cost + outer.rows * inner.cost,
    startup: outer.startup,
    ordered: outer.ordered,
    single: outer.single && inner.single,
  }
}
