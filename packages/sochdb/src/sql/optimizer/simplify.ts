/**
 * Queries with fewer parts that mean the same: subqueries of WHERE become semi and anti joins, derived tables that only select,
 * project and join become part of the query around them.
 */
import type { BoundSelect, Relation } from '../binder/bound.js'
import { columnsOf, hasSubquery, isVolatile } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import { decorrelated } from './decorrelate.js'
import { foldConjuncts } from './fold.js'
import { mapSelect, substitution } from './mapping.js'

const done = new WeakMap<BoundSelect, BoundSelect>()

export function simplify(q: BoundSelect): BoundSelect {
  const known = done.get(q)
  if (known) return known
  const simple = filteredEarly(joinedSubqueries(mergedTables(q)))
  done.set(q, simple)
  done.set(simple, simple)
  return simple
}

/** Where the conditions of a merged table go; `undefined`: nowhere. */
type Sink = Expr[] | undefined

function mergedTables(q: BoundSelect): BoundSelect {
  if (!q.from) return q
  const columns = new Map<ColumnId, Expr>()
  const where: Expr[] = []
  const from = keepsOrder(q) ? q.from : merge(q.from, where, false, columns)
  if (from === q.from) return q
  const only = q.from.op === 'query' && q.from.query.kind === 'select' ? simplify(q.from.query) : undefined
  const merged = mapSelect({ ...q, from }, substitution(columns))
  const inherits =
    only && from === only.from && q.orderBy.length === 0 && !q.grouping && !q.distinct && q.windows.length === 0
  return {
    ...merged,
    where: [...where, ...merged.where],
    // The order of the only table is that of the rows.
    ...(inherits ? { orderBy: only.orderBy } : {}),
  }
}

/** Whether an aggregate takes rows in the order that a derived table has. */
function keepsOrder(q: BoundSelect): boolean {
  const { from, grouping } = q
  if (from?.op !== 'query' || from.query.kind !== 'select' || from.query.orderBy.length === 0) return false
  return grouping?.aggregates.some(({ expr }) => IN_ORDER.has(expr.fn) && !expr.order) ?? false
}

const IN_ORDER: ReadonlySet<string> = new Set([
  'groupConcat',
  'jsonGroupArray',
  'jsonGroupObject',
  'jsonArrayAgg',
  'jsonObjectAgg',
  'anyValue',
])

function merge(relation: Relation, sink: Sink, nullable: boolean, columns: Map<ColumnId, Expr>): Relation {
  switch (relation.op) {
    case 'query': {
      if (relation.query.kind !== 'select') return relation
      const inner = simplify(relation.query)
      if (!isMergeable(inner, sink, nullable))
        return inner === relation.query ? relation : { ...relation, query: inner }
      inner.columns.forEach(({ id }, i) => {
        const expr = inner.output[i]!
        columns.set(id, nullable && expr.op === 'column' ? { ...expr, nullable: true } : expr)
      })
      sink?.push(...inner.where)
      return inner.from!
    }
    case 'join': {
      const on: Expr[] = []
      const isFull = relation.kind === 'full'
      const rightSink = isFull ? undefined : relation.kind === 'inner' ? sink : on
      const left = merge(relation.left, isFull ? undefined : sink, nullable || isFull, columns)
      const right = merge(relation.right, rightSink, nullable || isFull || relation.kind === 'left', columns)
      if (left === relation.left && right === relation.right) return relation
      return { ...relation, left, right, on: [...on, ...relation.on] }
    }
    case 'lateral': {
      const left = merge(relation.left, sink, nullable, columns)
      return left === relation.left ? relation : { ...relation, left }
    }
    default:
      return relation
  }
}

function isMergeable(inner: BoundSelect, sink: Sink, nullable: boolean): boolean {
  const isPlain = !inner.grouping && inner.windows.length === 0 && inner.qualify.length === 0 && !inner.distinct
  if (!inner.from || !isPlain || inner.limit || inner.offset) return false
  if (inner.where.length > 0 && (!sink || inner.where.some(hasSubquery))) return false
  if (nullable) return inner.output.every(expr => expr.op === 'column')
  return !inner.output.some(expr => hasSubquery(expr) || isVolatile(expr))
}

/** Conjuncts that ask whether another query has a row become joins with it. */
function joinedSubqueries(q: BoundSelect): BoundSelect {
  if (!q.from || !q.where.some(hasSubquery)) return q
  let { from } = q
  const where: Expr[] = []
  for (const term of foldConjuncts(q.where)) {
    const joined = decorrelated(from, term, simplify)
    if (joined) from = joined
    else where.push(term)
  }
  return { ...q, from, where }
}

/** Conjuncts of HAVING over groups alone are met by rows before they are grouped. */
function filteredEarly(q: BoundSelect): BoundSelect {
  const { grouping } = q
  if (!grouping || grouping.groups.length === 0 || grouping.having.length === 0) return q
  const groups = new Map(grouping.groups.map(({ id, expr }) => [id, expr]))
  const early = grouping.having.filter(
    term => !hasSubquery(term) && !isVolatile(term) && [...columnsOf([term])].every(id => groups.has(id)),
  )
  if (early.length === 0 || grouping.groups.some(({ expr }) => isVolatile(expr) || hasSubquery(expr))) return q
  const having = grouping.having.filter(term => !early.includes(term))
  return { ...q, where: [...q.where, ...early.map(substitution(groups))], grouping: { ...grouping, having } }
}
