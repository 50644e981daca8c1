/** Subqueries lifted out of expressions: an apply below runs them, its column stands in their place. */
import { compareRows } from '../binder/subqueries.js'
import { columnsOf, exprKey, hasSubquery, mapOperands } from '../binder/expr.js'
import type { ColumnExpr, ColumnId, Expr, SubqueryExpr } from '../binder/expr.js'
import type { BoundQuery } from '../binder/bound.js'
import type { OverRows, PlanNode } from '../plan/nodes.js'

/** New columns and slots for what the optimizer adds to a statement. */
export interface Ids {
  column(): ColumnId
  slot(): number
  workingTable(): number
}

/** The plan of a query with the columns that are needed, in this order where `exact`. */
export type LiftQuery = (query: BoundQuery, needs: ReadonlySet<ColumnId>, exact: boolean) => PlanNode

export interface Lifted {
  readonly node: PlanNode
  readonly exprs: readonly Expr[]
}

export interface OverLifted {
  readonly exprs: readonly Expr[]
  readonly rows: OverRows | undefined
}

export class SubqueryLifter {
  constructor(
    readonly ids: Ids,
    readonly plan: LiftQuery,
  ) {}

  /** The expressions over `input`, without subqueries, over the node that runs those. */
  lift(input: PlanNode, exprs: readonly Expr[]): Lifted {
    if (!exprs.some(hasSubquery)) return { node: input, exprs }
    let node = input
    const known = new Map<string, Expr>()
    const replace = (expr: Expr): Expr => {
      if (!hasSubquery(expr)) return expr
      const key = exprKey(expr)
      const found = known.get(key)
      if (found) return found
      const inside = mapOperands(expr, replace)
      if (inside.op !== 'subquery') return inside
      const applied = this.#apply(node, inside)
      node = applied.node
      known.set(key, applied.column)
      return applied.column
    }
    const lifted = exprs.map(replace)
    return { node, exprs: lifted }
  }

  /** The same over rows with these columns that a write or a join comes by: `rows` runs their subqueries, where they have some. */
  overRows(columns: readonly ColumnExpr[], exprs: readonly Expr[]): OverLifted {
    if (!exprs.some(hasSubquery)) return { exprs, rows: undefined }
    const table = this.ids.workingTable()
    const rows: PlanNode = {
      op: 'workingTable',
      table,
      ids: columns.map(column => column.id),
      types: columns.map(column => column.type),
    }
    const lifted = this.lift(rows, exprs)
    return { exprs: lifted.exprs, rows: { plan: lifted.node, table } }
  }

  #apply(outer: PlanNode, e: SubqueryExpr): { node: PlanNode; column: ColumnExpr } {
    const id = this.ids.column()
    const needs = e.kind === 'scalar' ? new Set(e.query.columns.map(c => c.id)) : columnsOf(e.targets)
    const inner = this.plan(e.query, needs, e.kind === 'scalar')
    const slots = e.slots.map((slot, i) => ({ slot, expr: e.inputs[i]! }))
    const operands = e.inputs.slice(e.slots.length)
    const predicate = e.kind === 'any' ? compareRows(e.compare, operands, e.targets) : undefined
    const column: ColumnExpr = { op: 'column', type: e.type, id, nullable: e.nullable, label: `${e.kind} #${id}` }
    return { node: { op: 'apply', outer, inner, kind: e.kind, slots, predicate, id }, column }
  }
}
