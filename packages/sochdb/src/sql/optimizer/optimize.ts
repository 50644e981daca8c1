/** From bound statements to physical plans. */
import type {
  BoundInsert,
  BoundQuery,
  BoundSelect,
  BoundUpdate,
  BoundDelete,
  Relation,
  SortKey,
  TableRef,
} from '../binder/bound.js'
import { columnsOf, constant, mapOperands } from '../binder/expr.js'
import type { AggregateExpr, ColumnId, Expr } from '../binder/expr.js'
import type { TableEntry } from '../catalog/entries.js'
import { columnsOfNode } from '../plan/nodes.js'
import type { PlanNode, ValuesNode } from '../plan/nodes.js'
import { fold, foldConjuncts, isFalse } from './fold.js'
import { filtered, JoinPlanner } from './joins.js'
import type { Planned, Request } from './joins.js'
import { columnsOfRelation, pushDown } from './relations.js'
import type { Joined } from './relations.js'
import { positionOf } from './terms.js'

export interface OptimizeOptions {
  readonly rowCount?: (table: TableEntry) => number | undefined
  /** Default true. Without it rows are read, joined and filtered as written: for tests that compare. */
  readonly optimize?: boolean
}

export function optimize(query: BoundQuery, options: OptimizeOptions = {}): PlanNode {
  const planner = new JoinPlanner(options.rowCount ?? (() => undefined), options.optimize ?? true)
  switch (query.kind) {
    case 'select':
      return planSelect(planner, query)
    case 'insert':
      return planInsert(query)
    case 'update':
      return planUpdate(planner, query)
    case 'delete':
      return planDelete(planner, query)
  }
}

function planSelect(planner: JoinPlanner, q: BoundSelect): PlanNode {
  const output = q.output.map(({ expr }) => fold(expr))
  const orderBy = usefulKeys(q.orderBy.map(key => ({ ...key, expr: fold(key.expr) })))
  const limit = q.limit && fold(q.limit)
  const offset = q.offset && fold(q.offset)
  const taken = rowsTaken(limit, offset)
  let current: Planned
  if (q.grouping) {
    current = planGrouping(planner, q)
  } else {
    const needs = columnsOf(q.distinct ? output : [...output, ...orderBy.map(k => k.expr)])
    const order = q.distinct || orderBy.length === 0 ? undefined : orderBy
    current = planSource(planner, q, { needs, order, limit: q.distinct ? undefined : taken })
  }
  if (!q.distinct) return projected(limited(current, orderBy, limit, offset), output, q.outputIds)
  const distinct: PlanNode = {
    op: 'distinct',
    input: { op: 'project', input: current.node, exprs: output, ids: q.outputIds },
  }
  return limited({ ...current, node: distinct, ordered: orderBy.length === 0 }, orderBy, limit, offset)
}

/** Keys that can still tell rows apart: no constants, nothing twice. */
function usefulKeys(keys: readonly SortKey[]): SortKey[] {
  const seen = new Set<ColumnId>()
  return keys.filter(({ expr }) => {
    if (expr.op === 'const' || expr.op === 'param') return false
    if (expr.op !== 'column') return true
    const first = !seen.has(expr.id)
    seen.add(expr.id)
    return first
  })
}

/** Rows a limit lets through; a hundred where only the parameter knows. */
function rowsTaken(limit: Expr | undefined, offset: Expr | undefined): number | undefined {
  if (!limit) return undefined
  return rowsOf(limit) + (offset ? rowsOf(offset) : 0)
}

function rowsOf(count: Expr): number {
  return count.op === 'const' && typeof count.value === 'bigint' ? Number(count.value) : 100
}

function limited(
  current: Planned,
  orderBy: readonly SortKey[],
  limit: Expr | undefined,
  offset: Expr | undefined,
): PlanNode {
  const input = current.node
  if (orderBy.length > 0 && !current.ordered && !current.single)
    return { op: 'sort', input, keys: orderBy, limit, offset }
  if (!limit && !offset) return input
  // One row at most needs no limit of one or more.
  if (current.single && !offset && limit?.op === 'const' && limit.value !== 0n && limit.value !== null) return input
  return { op: 'limit', input, limit, offset }
}

function projected(input: PlanNode, exprs: readonly Expr[], ids: readonly ColumnId[]): PlanNode {
  const yields = columnsOfNode(input)
  const same = exprs.length === yields.length && exprs.every((e, i) => e.op === 'column' && e.id === yields[i])
  return same ? input : { op: 'project', input, exprs, ids }
}

function planSource(planner: JoinPlanner, q: BoundSelect, request: Request): Planned {
  const where = foldConjuncts(q.where)
  if (!q.from) {
    const one: ValuesNode = { op: 'values', rows: [[]], ids: [] }
    const node = isFalse(where) ? nothing(one) : filtered(one, where)
    return { node, rows: 1, cost: 0, startup: 0, ordered: true, single: true }
  }
  return planFrom(planner, foldRelation(q.from), where, request)
}

function planFrom(planner: JoinPlanner, from: Relation, where: readonly Expr[], request: Request): Planned {
  if (isFalse(where)) {
    const planned = planner.plan(pushDown(from, []), { ...request, order: undefined })
    return { ...planned, node: nothing(planned.node), rows: 0, single: true }
  }
  if (planner.optimize) return planner.plan(pushDown(from, where), request)
  const planned = planner.plan(asWritten(from), { ...request, needs: new Set([...request.needs, ...columnsOf(where)]) })
  return { ...planned, node: filtered(planned.node, where), single: false, ordered: !request.order }
}

/** A plan of the same columns that yields no row and reads none. */
function nothing(node: PlanNode): PlanNode {
  return { op: 'limit', input: node, limit: constant('integer', 0n), offset: undefined }
}

function foldRelation(relation: Relation): Relation {
  if (relation.op === 'table') return relation
  return {
    ...relation,
    left: foldRelation(relation.left),
    right: foldRelation(relation.right),
    on: foldConjuncts(relation.on),
  }
}

function asWritten(relation: Relation): Joined {
  if (relation.op === 'table') return { op: 'table', ref: relation.ref, predicates: [] }
  const left = asWritten(relation.left)
  const right = asWritten(relation.right)
  if (relation.kind === 'left') return { op: 'left', left, right, on: relation.on, predicates: [] }
  return { op: 'inner', parts: [left, right], predicates: relation.on }
}

function planGrouping(planner: JoinPlanner, q: BoundSelect): Planned {
  const grouping = q.grouping!
  const groups = grouping.groups.map(({ id, expr }) => ({ id, expr: fold(expr) }))
  const aggregates = grouping.aggregates.map(({ id, expr }) => ({
    id,
    expr: mapOperands(expr, fold) as AggregateExpr,
  }))
  const needs = columnsOf([...groups.map(g => g.expr), ...aggregates.map(a => a.expr)])
  const source = planExtreme(planner, q, needs) ?? planSource(planner, q, { needs, order: undefined, limit: undefined })
  const having = foldConjuncts(grouping.having)
  const node: PlanNode = { op: 'aggregate', input: source.node, groups, aggregates }
  const one = groups.length === 0
  return {
    node: isFalse(having) ? nothing(node) : filtered(node, having),
    rows: one ? 1 : Math.max(1, source.rows / 10),
    cost: source.cost,
    startup: source.cost,
    ordered: q.orderBy.length === 0,
    single: one,
  }
}

/** `max(x)` alone, where an index has x in order, reads one row: the last. `min(x)` the first, where no NULL can come before. */
function planExtreme(planner: JoinPlanner, q: BoundSelect, needs: ReadonlySet<ColumnId>): Planned | undefined {
  const { groups, aggregates } = q.grouping!
  const aggregate = aggregates[0]?.expr
  if (!planner.optimize || groups.length > 0 || aggregates.length !== 1 || q.from?.op !== 'table' || !aggregate)
    return undefined
  const { fn, arg, filter } = aggregate
  if ((fn !== 'min' && fn !== 'max') || filter || arg?.op !== 'column') return undefined
  const position = positionOf(q.from.ref, arg.id)
  if (fn === 'min' && !q.from.ref.table.entry.columns[position]!.notNull) return undefined
  const where = foldConjuncts(q.where)
  if (isFalse(where)) return undefined
  const order = [{ expr: arg, descending: fn === 'max', nullsLast: fn === 'max' }]
  const planned = planner.plan(pushDown(q.from, where), { needs, order, limit: 1 })
  if (!planned.ordered) return undefined
  const node: PlanNode = { op: 'limit', input: planned.node, limit: constant('integer', 1n), offset: undefined }
  return { ...planned, node, rows: 1 }
}

function planInsert(q: BoundInsert): PlanNode {
  const rows = q.rows.map(row => row.map(fold))
  const ids = q.targets.map(position => q.ref.columns[position]!.id)
  return {
    op: 'insert',
    ref: q.ref,
    input: { op: 'values', rows, ids },
    targets: q.targets,
    action: q.conflict?.action ?? 'error',
    conflictIndex: q.conflict?.index ?? -1,
    excluded: q.conflict?.excluded,
    set: (q.conflict?.set ?? []).map(({ position, value }) => ({ position, value: fold(value) })),
    where: q.conflict?.where && fold(q.conflict.where),
    returning: q.returning.map(({ expr }) => fold(expr)),
  }
}

function planUpdate(planner: JoinPlanner, q: BoundUpdate): PlanNode {
  return {
    op: 'update',
    ref: q.ref,
    input: planWholeRows(planner, q.ref, q.where),
    set: q.set.map(({ position, value }) => ({ position, value: fold(value) })),
    returning: q.returning.map(({ expr }) => fold(expr)),
  }
}

function planDelete(planner: JoinPlanner, q: BoundDelete): PlanNode {
  return {
    op: 'delete',
    ref: q.ref,
    input: planWholeRows(planner, q.ref, q.where),
    returning: q.returning.map(({ expr }) => fold(expr)),
  }
}

/** All columns of the rows that match, in storage order. */
function planWholeRows(planner: JoinPlanner, ref: TableRef, where: readonly Expr[]): PlanNode {
  const from: Relation = { op: 'table', ref }
  const request: Request = { needs: columnsOfRelation(from), order: undefined, limit: undefined }
  return planFrom(planner, from, foldConjuncts(where), request).node
}
