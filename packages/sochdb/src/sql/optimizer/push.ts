/** Predicates over what a query yields, put inside it, where fewer rows are made for it. */
import type { BoundQuery, BoundSelect } from '../binder/bound.js'
import { columnsOf, exprKey, hasSubquery, isVolatile } from '../binder/expr.js'
import type { Expr } from '../binder/expr.js'
import { columnOf } from '../binder/reshape.js'
import { substitution } from './mapping.js'

export interface Pushed {
  readonly query: BoundQuery
  /** What must be asked of the rows it yields. */
  readonly rest: readonly Expr[]
}

export function pushInto(query: BoundQuery, predicates: readonly Expr[]): Pushed {
  const movable = predicates.filter(p => !hasSubquery(p) && !isVolatile(p))
  if (movable.length === 0) return { query, rest: predicates }
  const fixed = predicates.filter(p => !movable.includes(p))
  switch (query.kind) {
    case 'select': {
      const pushed = pushIntoSelect(query, movable)
      return { query: pushed.query, rest: [...fixed, ...pushed.rest] }
    }
    case 'union': {
      const inputs = query.inputs.map(input => inside(input, query, movable))
      return { query: { ...query, inputs }, rest: fixed }
    }
    case 'setOperation': {
      const left = inside(query.left, query, movable)
      const right = inside(query.right, query, movable)
      return { query: { ...query, left, right }, rest: fixed }
    }
    default:
      return { query, rest: predicates }
  }
}

/** An operand of a union or the like, with the predicates over the whole. */
function inside(input: BoundQuery, whole: BoundQuery, predicates: readonly Expr[]): BoundQuery {
  const columns = new Map(whole.columns.map(({ id }, i) => [id, columnOf(input.columns[i]!)]))
  const { query, rest } = pushInto(input, predicates.map(substitution(columns)))
  if (rest.length === 0) return query
  return {
    kind: 'select',
    columns: query.columns,
    from: { op: 'query', query, name: 'query' },
    where: rest,
    grouping: undefined,
    windows: [],
    qualify: [],
    output: query.columns.map(column => columnOf(column)),
    distinct: false,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

function pushIntoSelect(q: BoundSelect, predicates: readonly Expr[]): Pushed {
  if (q.limit || q.offset) return { query: q, rest: predicates }
  const columns = new Map(q.columns.map(({ id }, i) => [id, q.output[i]!]))
  const replace = substitution(columns)
  const pushed: Expr[] = []
  const rest: Expr[] = []
  for (const predicate of predicates) {
    const own = replace(predicate)
    const movable = !hasSubquery(own) && !isVolatile(own) && keepsPartitions(q, predicate, columns)
    if (movable) pushed.push(own)
    else rest.push(predicate)
  }
  if (pushed.length === 0) return { query: q, rest }
  const { grouping } = q
  const query: BoundSelect = grouping
    ? { ...q, grouping: { ...grouping, having: [...grouping.having, ...pushed] } }
    : { ...q, where: [...q.where, ...pushed] }
  return { query, rest }
}

/** Whether the predicate drops whole partitions of every window, so that no window sees other rows than before. */
function keepsPartitions(q: BoundSelect, predicate: Expr, columns: ReadonlyMap<number, Expr>): boolean {
  return q.windows.every(({ expr }) => {
    const keys = new Set(expr.partition.map(exprKey))
    return [...columnsOf([predicate])].every(id => keys.has(exprKey(columns.get(id)!)))
  })
}
