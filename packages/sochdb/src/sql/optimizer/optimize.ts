/** From bound statements to physical plans. */
import type {
  BoundConflict,
  BoundDelete,
  BoundInsert,
  BoundSelect,
  BoundStatement,
  BoundTarget,
  BoundUpdate,
  QueryColumn,
  TableRef,
} from '../binder/bound.js'
import { isNullable, mapOperands } from '../binder/expr.js'
import type { ColumnExpr, ColumnId, Expr } from '../binder/expr.js'
import type { TableEntry } from '../catalog/entries.js'
import type { ConflictNode, PlanNode } from '../plan/nodes.js'
import { fold } from './fold.js'
import { JoinPlanner } from './joins.js'
import type { Ids } from './lifting.js'
import { LeafPlanner, planQuery } from './queries.js'
import { ALL, planSelect } from './select.js'

export interface OptimizeOptions {
  readonly rowCount?: (table: TableEntry) => number | undefined
  /** Default true. Without it rows are read, joined and filtered as written: for tests that compare. */
  readonly optimize?: boolean
}

export function optimize(statement: BoundStatement, options: OptimizeOptions = {}): PlanNode {
  const { root } = statement
  const planner = makePlanner(statement, options)
  switch (root.kind) {
    case 'insert':
      return planInsert(planner, root)
    case 'update':
      return planUpdate(planner, root)
    case 'delete':
      return planDelete(planner, root)
    default:
      return planQuery(planner, root, ALL).node
  }
}

function makePlanner(statement: BoundStatement, options: OptimizeOptions): JoinPlanner {
  let { columnIdCount, slotCount, workingTableCount } = statement
  const ids: Ids = {
    column: () => columnIdCount++,
    slot: () => slotCount++,
    workingTable: () => workingTableCount++,
  }
  const planner: JoinPlanner = new JoinPlanner(
    options.rowCount ?? (() => undefined),
    options.optimize ?? true,
    ids,
    new LeafPlanner(),
    (query, needs, exact) => planQuery(planner, query, exact ? ALL : { needs, form: 'ids' }).node,
  )
  return planner
}

function planInsert(planner: JoinPlanner, q: BoundInsert): PlanNode {
  const returning = planner.lifter.overRows(
    q.ref.columns,
    q.returning.map(({ expr }) => fold(expr)),
  )
  return {
    op: 'insert',
    ref: q.ref,
    input: planQuery(planner, q.source, ALL).node,
    targets: q.targets,
    conflict: q.conflict ? planConflict(planner, q.ref, q.conflict) : NO_CONFLICT,
    more: q.more.map(conflict => planConflict(planner, q.ref, conflict)),
    returning: returning.exprs,
    returningRows: returning.rows,
  }
}

export const NO_CONFLICT: ConflictNode = {
  action: 'error',
  index: -1,
  excluded: undefined,
  set: [],
  where: undefined,
  rows: undefined,
}

function planConflict(planner: JoinPlanner, ref: TableRef, c: BoundConflict): ConflictNode {
  const written = [...c.set.map(({ value }) => value), ...(c.where ? [c.where] : [])]
  const { exprs, rows } = planner.lifter.overRows([...ref.columns, ...c.excluded.columns], written.map(fold))
  return {
    action: c.action,
    index: c.index,
    excluded: c.excluded,
    set: c.set.map(({ position }, i) => ({ position, value: exprs[i]! })),
    where: c.where && exprs.at(-1),
    rows,
  }
}

function planUpdate(planner: JoinPlanner, q: BoundUpdate): PlanNode {
  const values = q.set.map(({ value }) => fold(value))
  const after = new Map(q.set.map(({ position }, i) => [q.ref.columns[position]!.id, values[i]!]))
  const returning = q.returning.map(({ expr }) => overNewValues(fold(expr), after))
  const { node, exprs } = planTarget(planner, q, [...values, ...returning])
  return {
    op: 'update',
    ref: q.ref,
    input: node,
    set: q.set.map(({ position }, i) => ({ position, value: exprs[i]! })),
    action: q.action,
    returning: exprs.slice(values.length),
  }
}

/** Subqueries of RETURNING are run below the update, with the values that the row is about to have. */
function overNewValues(expr: Expr, after: ReadonlyMap<ColumnId, Expr>, inside = false): Expr {
  if (expr.op === 'column') return inside ? (after.get(expr.id) ?? expr) : expr
  return mapOperands(expr, operand => overNewValues(operand, after, inside || expr.op === 'subquery'))
}

function planDelete(planner: JoinPlanner, q: BoundDelete): PlanNode {
  const { node, exprs } = planTarget(
    planner,
    q,
    q.returning.map(({ expr }) => fold(expr)),
  )
  return { op: 'delete', ref: q.ref, input: node, returning: exprs }
}

/** All columns of the rows that match, in storage order, then what the expressions take from elsewhere. */
function planTarget(
  planner: JoinPlanner,
  q: BoundTarget,
  exprs: readonly Expr[],
): { node: PlanNode; exprs: readonly Expr[] } {
  const own = new Set(q.ref.columns.map(c => c.id))
  const extra = [...columnsByIdOf(exprs)].filter(([id]) => !own.has(id)).map(([, column]) => column)
  const output: ColumnExpr[] = [...q.ref.columns, ...extra]
  const columns = output.map((c): QueryColumn => ({ name: c.label, id: c.id, type: c.type, nullable: isNullable(c) }))
  const select: BoundSelect = {
    kind: 'select',
    columns,
    from: q.from,
    where: q.where,
    grouping: undefined,
    windows: [],
    qualify: [],
    output,
    distinct: false,
    orderBy: q.orderBy,
    limit: q.limit,
    offset: q.offset,
  }
  return planner.lifter.lift(planSelect(planner, select, { needs: undefined, form: 'ids' }).node, exprs)
}

function columnsByIdOf(exprs: readonly Expr[]): Map<ColumnId, ColumnExpr> {
  const columns = new Map<ColumnId, ColumnExpr>()
  const look = (expr: Expr): Expr => {
    if (expr.op === 'column') columns.set(expr.id, expr)
    return mapOperands(expr, look)
  }
  exprs.forEach(look)
  return columns
}
