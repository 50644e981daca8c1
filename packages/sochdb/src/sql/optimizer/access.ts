/**
 * Access paths of one table: which key to open, at which range of it, what that leaves to be filtered, and whether rows come
 * in an order that a sort would otherwise have to make.
 */
import type { SortKey, TableRef } from '../binder/bound.js'
import { columnsOf, isRowless } from '../binder/expr.js'
import { impliesCondition, rowExpressions } from '../binder/row-expressions.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import type { IndexKeyColumn } from '../catalog/entries.js'
import type { Bound } from '../plan/nodes.js'
import { positionOf, termOf } from './terms.js'
import type { Term } from './terms.js'

/** Assumed where nothing is known. Only the relations between the numbers matter. */
export const DEFAULT_ROWS = 10_000
const EQUAL_SELECTIVITY = 0.01
const RANGE_SELECTIVITY = 0.3
const FILTER_SELECTIVITY = 0.3
/** What reading a row through an index costs beside reading it by scanning. */
const LOOKUP_COST = 3
const KEY_PRODUCT_MAX = 1000

export interface AccessPath {
  readonly index: number
  readonly equal: readonly Expr[]
  readonly lo: Bound | undefined
  readonly hi: Bound | undefined
  /** Several equality prefixes instead of one. */
  readonly keys: readonly (readonly Expr[])[] | undefined
  readonly reverse: boolean
  /** Conjuncts that the path does not answer. */
  readonly residual: readonly Expr[]
  /** At most one row. */
  readonly single: boolean
  /** Whether rows come in the order asked for, or none was. */
  readonly ordered: boolean
  /** Rows read, what one of them costs, and how many pass the residual. */
  readonly scannedRows: number
  readonly rowCost: number
  readonly rows: number
}

export interface AccessRequest {
  readonly ref: TableRef
  readonly predicates: readonly Expr[]
  /** Columns that are needed of the table besides those of the residual. */
  readonly needs: ReadonlySet<ColumnId>
  readonly order: readonly SortKey[] | undefined
  /** Rows the table is thought to hold. */
  readonly tableRows: number
  /** Columns of other tables that operands may name (index joins). */
  readonly available: (id: ColumnId) => boolean
  /** Only one equality prefix will do: no ranges, no lists. */
  readonly prefixOnly: boolean
}

interface Key {
  readonly index: number
  readonly columns: readonly IndexKeyColumn[]
  readonly unique: boolean
}

export function keysOf(ref: TableRef): Key[] {
  const { entry } = ref.table
  const primary = { index: -1, columns: entry.primaryKey.map(column => ({ column, descending: false })), unique: true }
  const { keys } = rowExpressions(entry)
  const indexes = entry.indexes.map((index, i) => ({
    index: i,
    // An expression is a column behind those of the table.
    columns: index.columns.map(({ descending }, k) => ({ column: keys[i]![k]!, descending })),
    unique: index.unique,
  }))
  return [primary, ...indexes]
}

/** Whether an index may be read for rows that meet the predicates. */
function isUsable(ref: TableRef, index: number, predicates: readonly Expr[]): boolean {
  const entry = ref.table.entry.indexes[index]
  if (!entry) return true
  if (entry.building) return false
  if (entry.where === undefined) return true
  const { computed, wheres } = rowExpressions(ref.table.entry)
  return impliesCondition(computed[wheres[index]!]!, predicates, column => positionOf(ref, column.id))
}

/** Reading the whole table in primary-key order. */
export function fullScan(request: AccessRequest): AccessPath {
  return pathOf(request, keysOf(request.ref)[0]!, [])
}

/** All paths worth a look; the full scan is always among them. */
export function accessPaths(request: AccessRequest): AccessPath[] {
  const terms: Term[] = []
  for (const predicate of request.predicates) {
    const term = termOf(request.ref, predicate, request.available)
    if (term) terms.push(term)
  }
  const paths: AccessPath[] = []
  for (const key of keysOf(request.ref)) {
    if (!isUsable(request.ref, key.index, request.predicates)) continue
    const path = pathOf(request, key, terms)
    const useful =
      path.equal.length > 0 || path.lo || path.hi || path.keys || (request.order && path.ordered) || key.index === -1
    if (useful) paths.push(path)
  }
  return paths
}

function pathOf(request: AccessRequest, key: Key, terms: readonly Term[]): AccessPath {
  const used = new Set<Expr>()
  const prefixes = equalityPrefixes(key, terms, used, !request.prefixOnly)
  const width = prefixes[0]!.length
  const single = prefixes.length === 1
  let lo: Bound | undefined
  let hi: Bound | undefined
  const next = key.columns[width]
  if (single && next && !request.prefixOnly) {
    // NULLs lie in no range, and a bound that is NULL has no rows, as with the comparison itself.
    lo = boundOf(terms, next.column, 'greater', used)
    hi = boundOf(terms, next.column, 'less', used)
  }
  const residual = request.predicates.filter(p => !used.has(p))
  const isUnique = key.unique && width === key.columns.length
  const scannedRows = scanEstimate(request.tableRows, key, width, prefixes.length, lo, hi)
  const reads = columnsOf(residual)
  const order = orderOf(request, key, single ? width : 0, single)
  return {
    index: key.index,
    equal: single ? prefixes[0]! : [],
    lo,
    hi,
    keys: single ? undefined : prefixes,
    reverse: order === 'reverse',
    residual,
    single: isUnique && single,
    ordered: order !== undefined || !request.order,
    scannedRows,
    rowCost: key.index === -1 || isCovering(request, key, reads) ? 1 : LOOKUP_COST,
    rows: Math.max(isUnique && single ? 0.5 : 1, scannedRows * FILTER_SELECTIVITY ** Math.min(residual.length, 3)),
  }
}

/** The leading key columns that are fixed, multiplied out over IN lists. */
function equalityPrefixes(key: Key, terms: readonly Term[], used: Set<Expr>, lists: boolean): Expr[][] {
  let prefixes: Expr[][] = [[]]
  for (const { column } of key.columns) {
    const equal = terms.find(t => t.position === column && t.kind === 'equal')
    const list =
      equal ??
      (lists ? terms.find(t => t.position === column && t.kind === 'in' && t.operands.every(isRowless)) : undefined)
    if (!list || prefixes.length * list.operands.length > Math.max(KEY_PRODUCT_MAX, list.operands.length)) break
    prefixes = prefixes.flatMap(prefix => list.operands.map(operand => [...prefix, operand]))
    used.add(list.source)
  }
  return prefixes
}

function boundOf(terms: readonly Term[], column: number, kind: 'less' | 'greater', used: Set<Expr>): Bound | undefined {
  const inclusive = kind === 'less' ? 'lessEqual' : 'greaterEqual'
  const term = terms.find(
    t => t.position === column && (t.kind === kind || t.kind === inclusive) && isRowless(t.operands[0]!),
  )
  if (!term) return undefined
  used.add(term.source)
  return { expr: term.operands[0]!, inclusive: term.kind === inclusive }
}

function scanEstimate(
  tableRows: number,
  key: Key,
  width: number,
  prefixes: number,
  lo: Bound | undefined,
  hi: Bound | undefined,
): number {
  if (key.unique && width === key.columns.length) return prefixes
  let rows = tableRows * EQUAL_SELECTIVITY ** width * prefixes
  if (lo) rows *= RANGE_SELECTIVITY
  if (hi) rows *= RANGE_SELECTIVITY
  return Math.max(1, Math.min(rows, tableRows))
}

function isCovering(request: AccessRequest, key: Key, residual: ReadonlySet<ColumnId>): boolean {
  const { ref } = request
  const held = new Set([...key.columns.map(c => c.column), ...ref.table.entry.primaryKey])
  for (const ids of [request.needs, residual]) {
    for (const id of ids) {
      const position = positionOf(ref, id)
      if (position >= 0 && !held.has(position)) return false
    }
  }
  return true
}

/**
 * How to walk the key so that rows come in the order asked for. Entries of every key are in the order of its columns, then
 * of the primary key; NULLs are the smallest values. The first `fixed` columns are the same in all rows.
 */
function orderOf(
  request: AccessRequest,
  key: Key,
  fixed: number,
  mayReverse: boolean,
): 'forward' | 'reverse' | undefined {
  if (!request.order) return undefined
  const { entry } = request.ref.table
  const constants = new Set(key.columns.slice(0, fixed).map(c => c.column))
  const sequence = [
    ...key.columns.slice(fixed),
    ...(key.index === -1 ? [] : entry.primaryKey.map(column => ({ column, descending: false }))),
  ]
  let direction: 'forward' | 'reverse' | undefined
  let at = 0
  for (const sort of request.order) {
    if (isRowless(sort.expr)) continue
    if (sort.expr.op !== 'column') return undefined
    const position = positionOf(request.ref, sort.expr.id)
    if (position < 0) return undefined
    if (constants.has(position)) continue
    while (at < sequence.length && constants.has(sequence[at]!.column)) ++at
    // Past the primary key the table's rows are told apart already; another table's columns still are not in order.
    if (at === sequence.length) continue
    const part = sequence[at++]!
    if (part.column !== position) return undefined
    if (sort.nullsLast !== sort.descending && !entry.columns[position]!.notNull) return undefined
    const wanted = sort.descending === part.descending ? 'forward' : 'reverse'
    if (direction !== undefined && direction !== wanted) return undefined
    direction = wanted
    constants.add(position)
  }
  direction ??= 'forward'
  return direction === 'reverse' && !mayReverse ? undefined : direction
}
