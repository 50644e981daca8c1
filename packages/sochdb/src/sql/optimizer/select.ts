/** From a bound SELECT to operators: source, grouping, windows, select list, order, limit. */
import type { BoundSelect, SortKey } from '../binder/bound.js'
import { columnsOf, constant, exprKey, windowKey } from '../binder/expr.js'
import type { ColumnId, Expr, WindowExpr } from '../binder/expr.js'
import { columnsOfNode } from '../plan/nodes.js'
import type { ApplyNode, PlanNode, ValuesNode } from '../plan/nodes.js'
import { fold, foldConjuncts, isFalse } from './fold.js'
import { planGrouping } from './grouping.js'
import { hoisted } from './hoist.js'
import { positioned, projected, withColumns } from './joins.js'
import type { JoinPlanner, Planned, Request } from './joins.js'
import { mapRelation, mapSelect } from './mapping.js'
import { asWritten, pushDown } from './relations.js'
import { simplify } from './simplify.js'
import { limitedBranches, prunedSelect } from './prune.js'

/** What is wanted of a query: which of its columns, and whether it must yield just those, in order. */
export interface Wanted {
  /** `undefined`: all. */
  readonly needs: ReadonlySet<ColumnId> | undefined
  readonly form: 'positions' | 'ids'
}

export const ALL: Wanted = { needs: undefined, form: 'positions' }

export function planSelect(planner: JoinPlanner, written: BoundSelect, wanted: Wanted): Planned {
  const pruned = prunedSelect(written, wanted.needs)
  const simple = planner.optimize ? limitedBranches(simplify(pruned)) : pruned
  const { query, values } = hoisted(planner, simple)
  const planned = planLevel(planner, folded(query), wanted)
  if (!values) return planned
  const ids = query.columns.map(c => c.id)
  const node: ApplyNode = { op: 'apply', outer: values.node, inner: planned.node, kind: 'inner', slots: values.slots }
  // The values have columns of their own in front.
  const yields = columnsOfNode(planned.node)
  const output = query.columns.map((column, i): Expr => ({
    op: 'column',
    type: column.type,
    id: yields[i] ?? column.id,
    nullable: column.nullable,
    label: column.name,
  }))
  return { ...planned, node: { op: 'project', input: node, exprs: output, ids } }
}

function folded(q: BoundSelect): BoundSelect {
  const simple = mapSelect({ ...q, from: undefined }, fold)
  return { ...simple, from: q.from, where: foldConjuncts(q.where), qualify: foldConjuncts(q.qualify) }
}

function planLevel(planner: JoinPlanner, q: BoundSelect, wanted: Wanted): Planned {
  const orderBy = usefulKeys(q.orderBy)
  const above = [...q.output, ...(q.distinct ? [] : orderBy.map(k => k.expr)), ...q.qualify]
  const taken = rowsTaken(q.limit, q.offset)
  const order = q.distinct || orderBy.length === 0 ? undefined : orderBy
  let current: Planned
  if (q.windows.length > 0) {
    current = planWindows(planner, q, above, order)
  } else if (q.grouping) {
    current = { ...planGrouping(planner, q), ordered: !order }
  } else {
    const limit = q.distinct ? undefined : taken
    current = planSource(planner, q, { needs: columnsOf(above), order, limit })
  }
  if (q.qualify.length > 0) current = { ...current, node: planner.filtered(current.node, q.qualify) }
  const ids = q.columns.map(c => c.id)
  const form = wanted.form === 'ids' ? projected : positioned
  if (q.distinct) return planDistinct(planner, q, current, orderBy, ids)
  const lifted = planner.lifter.lift(current.node, [...q.output, ...orderBy.map(k => k.expr)])
  const keys = orderBy.map((key, i) => ({ ...key, expr: lifted.exprs[q.output.length + i]! }))
  const node = limited({ ...current, node: lifted.node }, keys, q.limit, q.offset)
  const rows = taken === undefined ? current.rows : Math.min(current.rows, taken)
  return { ...current, rows, ordered: true, node: form(node, lifted.exprs.slice(0, q.output.length), ids) }
}

function planDistinct(
  planner: JoinPlanner,
  q: BoundSelect,
  current: Planned,
  orderBy: readonly SortKey[],
  ids: readonly ColumnId[],
): Planned {
  const lifted = planner.lifter.lift(current.node, q.output)
  const input: PlanNode = { op: 'project', input: lifted.node, exprs: lifted.exprs, ids }
  const distinct = { ...current, node: { op: 'distinct', input } as const, ordered: orderBy.length === 0 }
  return { ...distinct, node: limited(distinct, orderBy, q.limit, q.offset) }
}

/** Keys that can still tell rows apart: no constants, nothing twice. */
function usefulKeys(keys: readonly SortKey[]): SortKey[] {
  const seen = new Set<string>()
  return keys.filter(({ expr }) => {
    if (expr.op === 'const' || expr.op === 'param' || expr.op === 'slot') return false
    const key = exprKey(expr)
    const first = !seen.has(key)
    seen.add(key)
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

/** Functions of equal windows share an operator, above a sort by what divides and orders their rows. */
function planWindows(
  planner: JoinPlanner,
  q: BoundSelect,
  above: readonly Expr[],
  order: readonly SortKey[] | undefined,
): Planned {
  const groups = new Map<string, { id: ColumnId; expr: WindowExpr }[]>()
  for (const window of q.windows) {
    const key = windowKey(window.expr)
    const same = groups.get(key)
    if (same) same.push(window)
    else groups.set(key, [window])
  }
  const own = new Set(q.windows.map(w => w.id))
  const needs = new Set([...columnsOf([...above, ...q.windows.map(w => w.expr)])].filter(id => !own.has(id)))
  const first = usefulKeys(sortOf([...groups.values()][0]![0]!.expr))
  let current = q.grouping
    ? { ...planGrouping(planner, q), ordered: first.length === 0 }
    : planSource(planner, q, { needs, order: first.length > 0 ? first : undefined, limit: undefined })
  let keys: readonly SortKey[] = first
  let sorted = current.ordered
  for (const functions of groups.values()) {
    const lifted = planner.lifter.lift(
      current.node,
      functions.map(f => f.expr),
    )
    const exprs = lifted.exprs as readonly WindowExpr[]
    keys = usefulKeys(sortOf(exprs[0]!))
    const input: PlanNode =
      sorted || keys.length === 0
        ? lifted.node
        : { op: 'sort', input: lifted.node, keys, limit: undefined, offset: undefined }
    const node: PlanNode = {
      op: 'window',
      input,
      partition: exprs[0]!.partition,
      order: exprs[0]!.order,
      functions: functions.map(({ id }, i) => ({ id, expr: exprs[i]! })),
    }
    current = { ...current, node, startup: current.cost }
    sorted = false
  }
  return { ...current, ordered: !order || startsWith(keys, order) }
}

function sortOf(expr: WindowExpr): SortKey[] {
  return [...expr.partition.map(e => ({ expr: e, descending: false, nullsLast: false })), ...expr.order]
}

function startsWith(keys: readonly SortKey[], order: readonly SortKey[]): boolean {
  return order.every((key, i) => {
    const other = keys[i]
    if (!other || other.descending !== key.descending || other.nullsLast !== key.nullsLast) return false
    return exprKey(other.expr) === exprKey(key.expr)
  })
}

/** FROM and WHERE. */
export function planSource(planner: JoinPlanner, q: BoundSelect, request: Request): Planned {
  const where = foldConjuncts(q.where)
  if (!q.from) {
    const one: ValuesNode = { op: 'values', rows: [[]], ids: [] }
    const node = isFalse(where) ? nothing(one) : planner.filtered(one, where)
    return { node, rows: 1, cost: 0, startup: 0, ordered: true, single: true }
  }
  const from = mapRelation(q.from, fold)
  if (isFalse(where)) {
    const planned = planner.plan(planner.optimize ? pushDown(from, []) : asWritten(from), {
      ...request,
      order: undefined,
    })
    return { ...planned, node: nothing(planned.node), rows: 0, single: true }
  }
  if (planner.optimize) return planner.plan(pushDown(from, where), request)
  const planned = planner.plan(asWritten(from), { ...request, needs: withColumns(request.needs, where) })
  return { ...planned, node: planner.filtered(planned.node, where), single: false, ordered: !request.order }
}

/** A plan of the same columns that yields no row and reads none. */
export function nothing(node: PlanNode): PlanNode {
  return { op: 'limit', input: node, limit: constant('integer', 0n), offset: undefined }
}
