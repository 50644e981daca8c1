/** Queries with every expression replaced: those of derived tables in FROM too, not those of subqueries, which see only slots. */
import type { BoundQuery, BoundSelect, Relation, SortKey } from '../binder/bound.js'
import { mapOperands, someExpr } from '../binder/expr.js'
import type { AggregateExpr, ColumnId, Expr, WindowExpr } from '../binder/expr.js'

type Replace = (expr: Expr) => Expr

export function mapQuery(query: BoundQuery, replace: Replace): BoundQuery {
  switch (query.kind) {
    case 'select':
      return mapSelect(query, replace)
    case 'values':
      return { ...query, rows: query.rows.map(row => row.map(replace)) }
    case 'union':
      return { ...query, inputs: query.inputs.map(input => mapQuery(input, replace)) }
    case 'setOperation':
      return { ...query, left: mapQuery(query.left, replace), right: mapQuery(query.right, replace) }
    case 'recursive':
      return { ...query, anchor: mapQuery(query.anchor, replace), step: mapQuery(query.step, replace) }
  }
}

export function mapSelect(q: BoundSelect, replace: Replace): BoundSelect {
  const { grouping } = q
  return {
    ...q,
    from: q.from && mapRelation(q.from, replace),
    where: q.where.map(replace),
    grouping: grouping && {
      groups: grouping.groups.map(({ id, expr }) => ({ id, expr: replace(expr) })),
      aggregates: grouping.aggregates.map(({ id, expr }) => ({
        id,
        expr: mapOperands(expr, replace) as AggregateExpr,
      })),
      having: grouping.having.map(replace),
    },
    windows: q.windows.map(({ id, expr }) => ({ id, expr: mapOperands(expr, replace) as WindowExpr })),
    qualify: q.qualify.map(replace),
    output: q.output.map(replace),
    orderBy: mapKeys(q.orderBy, replace),
    limit: q.limit && replace(q.limit),
    offset: q.offset && replace(q.offset),
  }
}

export function mapKeys(keys: readonly SortKey[], replace: Replace): SortKey[] {
  return keys.map(key => ({ ...key, expr: replace(key.expr) }))
}

export function mapRelation(relation: Relation, replace: Replace): Relation {
  switch (relation.op) {
    case 'query':
      return { ...relation, query: mapQuery(relation.query, replace) }
    case 'function':
      return { ...relation, args: relation.args.map(replace) }
    case 'join':
      return {
        ...relation,
        left: mapRelation(relation.left, replace),
        right: mapRelation(relation.right, replace),
        on: relation.on.map(replace),
      }
    case 'lateral':
      return {
        ...relation,
        left: mapRelation(relation.left, replace),
        slots: relation.slots.map(({ slot, expr }) => ({ slot, expr: replace(expr) })),
        on: relation.on.map(replace),
      }
    default:
      return relation
  }
}

/** Columns replaced by what they stand for. */
export function substitution(columns: ReadonlyMap<ColumnId, Expr>): Replace {
  const replace = (expr: Expr): Expr => {
    if (expr.op === 'column') return columns.get(expr.id) ?? expr
    return mapOperands(expr, replace)
  }
  return columns.size === 0 ? expr => expr : replace
}

/** Slots replaced by what they hold. */
export function slotSubstitution(slots: ReadonlyMap<number, Expr>): Replace {
  const replace = (expr: Expr): Expr => {
    if (expr.op === 'slot') return slots.get(expr.slot) ?? expr
    return mapOperands(expr, replace)
  }
  return replace
}

/** Whether an expression of the query, or of a part of FROM, holds a slot. */
export function holdsSlot(part: { readonly query: BoundQuery } | { readonly relation: Relation }): boolean {
  let found = false
  const look = (expr: Expr): Expr => {
    found ||= someExpr(expr, e => e.op === 'slot')
    return expr
  }
  if ('query' in part) mapQuery(part.query, look)
  else mapRelation(part.relation, look)
  return found
}
