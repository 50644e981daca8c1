/**
 * Writing a table anew, under a new id, with every row as the new entry wants it: what a change of types, and columns that are
 * computed for rows that are there, need. Rows go from one place to the other inside of the executor, and every constraint of the
 * new entry is checked on the way. What was there is of a dead id then.
 */
import type { TableRef } from '../binder/bound.js'
import { constant } from '../binder/expr.js'
import type { Expr } from '../binder/expr.js'
import { liveColumns } from '../catalog/entries.js'
import type { CatalogTable, TableEntry } from '../catalog/entries.js'
import { listDropped, takeId } from '../catalog/store.js'
import { fold } from '../optimizer/fold.js'
import { NO_CONFLICT } from '../optimizer/optimize.js'
import { encodePlan } from '../plan/encode.js'
import type { PlanNode } from '../plan/nodes.js'
import { NativeStatement } from '../result/index.js'
import { catalogOf } from '../session.js'
import type { DdlContext } from './context.js'
import { holdRows } from './hold.js'

/** What a column of the new rows is, over the old rows (columns have the ids of their positions); others stay as they are. */
export type NewValues = ReadonlyMap<number, Expr>

export function rebuild(
  context: DdlContext,
  before: TableEntry,
  after: TableEntry,
  values: NewValues = new Map(),
): TableEntry {
  // A row that another transaction commits meanwhile would stay behind.
  holdRows(context.transaction, before)
  const { entry, key } = context.save({
    ...after,
    columns: after.columns.map(({ added: _, ...column }) => column),
    id: takeId(context.store, context.namespaceId),
    generation: before.generation + 1,
    schemaVersion: before.schemaVersion + 1,
  })
  const from = refTo({ entry: before, key, version: 0n })
  const to = refTo({ entry, key, version: 0n })
  const live = allLive(before)
  const scan: PlanNode = {
    op: 'scan',
    ref: from,
    index: -1,
    reverse: false,
    projection: live,
    equal: [],
    lo: undefined,
    hi: undefined,
  }
  const targets = allLive(entry).filter(position => !entry.columns[position]!.generated)
  const exprs = targets.map(position => fold(values.get(position) ?? from.columns[position] ?? nullOf(entry, position)))
  const ids = targets.map(position => to.columns[position]!.id + before.columns.length)
  const root: PlanNode = {
    op: 'insert',
    ref: to,
    input: { op: 'project', input: scan, exprs, ids },
    targets,
    conflict: NO_CONFLICT,
    more: [],
    returning: [],
    returningRows: undefined,
  }
  const { timestamp, namespaceId } = catalogOf(context.transaction)
  const plan = encodePlan(root, { parameterCount: 0, namespaceId, catalogTimestamp: timestamp })
  const statement = new NativeStatement({ ...plan, columns: [], parameterTypes: [] })
  statement.run(context.transaction, context.transaction.database, [])
  listDropped(context.store, context.namespaceId, before.id)
  return entry
}

/** Those that are hidden too. */
function allLive(entry: TableEntry): number[] {
  const visible = new Set(liveColumns(entry))
  return [...entry.columns.keys()].filter(position => visible.has(position) || isHidden(entry, position))
}

const isHidden = (entry: TableEntry, position: number): boolean => {
  const { hidden, dropped } = entry.columns[position]!
  return hidden === true && !dropped
}

function nullOf(entry: TableEntry, position: number): Expr {
  return constant(entry.columns[position]!.type, null)
}

function refTo(table: CatalogTable): TableRef {
  const { entry } = table
  const columns = entry.columns.map((column, position) => ({
    op: 'column' as const,
    type: column.type,
    id: position,
    nullable: !column.notNull,
    label: column.name,
  }))
  return { table, name: entry.name, columns }
}
