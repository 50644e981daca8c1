/**
 * Values of subqueries that are the same for all rows: computed once, in front of everything, so that an index can be opened at
 * them and a limit can take them.
 */
import type { BoundSelect } from '../binder/bound.js'
import { hasSubquery, isRowless, mapOperands } from '../binder/expr.js'
import type { Expr, SlotExpr, SubqueryExpr } from '../binder/expr.js'
import type { PlanNode, ValuesNode } from '../plan/nodes.js'
import type { JoinPlanner } from './joins.js'

export interface Hoisted {
  readonly query: BoundSelect
  /** What yields the values, as one row, and the slots that the query finds them in. */
  readonly values: { readonly node: PlanNode; readonly slots: { slot: number; expr: Expr }[] } | undefined
}

export function hoisted(planner: JoinPlanner, q: BoundSelect): Hoisted {
  const held = [...(planner.optimize ? q.where : []), q.limit, q.offset]
  if (!held.some(expr => expr && hasSubquery(expr))) return { query: q, values: undefined }
  const found: { e: SubqueryExpr; slot: SlotExpr }[] = []
  const replace = (expr: Expr): Expr => {
    if (expr.op === 'subquery' && expr.kind !== 'any' && expr.inputs.every(isRowless)) {
      const slot: SlotExpr = { op: 'slot', type: expr.type, slot: planner.ids.slot(), nullable: expr.nullable }
      found.push({ e: expr, slot })
      return slot
    }
    return mapOperands(expr, replace)
  }
  const where = planner.optimize ? q.where.map(replace) : q.where
  const query = { ...q, where, limit: q.limit && replace(q.limit), offset: q.offset && replace(q.offset) }
  if (found.length === 0) return { query: q, values: undefined }
  const one: ValuesNode = { op: 'values', rows: [[]], ids: [] }
  const lifted = planner.lifter.lift(
    one,
    found.map(({ e }) => e),
  )
  const slots = found.map(({ slot }, i) => ({ slot: slot.slot, expr: lifted.exprs[i]! }))
  return { query, values: { node: lifted.node, slots } }
}
