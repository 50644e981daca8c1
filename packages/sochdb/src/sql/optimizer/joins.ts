/**
 * From joined tables to operators. Inner joins are ordered greedily: every part is tried as the first one, the next is always
 * the cheapest to add, by its index where the join's equalities fix the start of a key, else by a loop over its rows.
 * The order of rows is that of the first part; joins keep it.
 */
import type { SortKey, TableRef } from '../binder/bound.js'
import { columnsOf, conjunction } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import type { TableEntry } from '../catalog/entries.js'
import { columnsOfNode } from '../plan/nodes.js'
import type { PlanNode } from '../plan/nodes.js'
import { accessPaths, DEFAULT_ROWS, fullScan } from './access.js'
import type { AccessPath } from './access.js'
import type { Joined } from './relations.js'
import { positionOf } from './terms.js'

const INDEX_SEEK_COST = 2
const HASH_COST = 1.5
const LOOP_COST = 0.2
const SORT_COST = 0.3

export interface Planned {
  readonly node: PlanNode
  readonly rows: number
  readonly cost: number
  /** The part of the cost that is paid before the first row. */
  readonly startup: number
  /** Rows come in the order asked for, or none was. */
  readonly ordered: boolean
  /** At most one row. */
  readonly single: boolean
}

export interface Request {
  /** Columns that something above uses, in the order it would like them. */
  readonly needs: ReadonlySet<ColumnId>
  readonly order: readonly SortKey[] | undefined
  /** How many rows will be taken, where that is known. */
  readonly limit: number | undefined
}

export class JoinPlanner {
  constructor(
    readonly rowCount: (table: TableEntry) => number | undefined,
    /** Without it: full scans and loops, in the order written. What rows come out is the same. */
    readonly optimize: boolean,
  ) {}

  plan(joined: Joined, request: Request): Planned {
    switch (joined.op) {
      case 'table':
        return this.planTable(joined.ref, joined.predicates, request)
      case 'inner':
        return this.#inner(joined, request)
      case 'left':
        return this.#left(joined, request)
    }
  }

  planTable(ref: TableRef, predicates: readonly Expr[], { needs, order, limit }: Request): Planned {
    const tableRows = this.#rowsOf(ref)
    const access = { ref, predicates, needs, order, tableRows, available: () => false, prefixOnly: false }
    const paths = this.optimize ? accessPaths(access) : [fullScan(access)]
    let best: Planned | undefined
    for (const path of paths) {
      const planned: Planned = {
        node: tableNode(ref, path, needs),
        rows: path.rows,
        cost: INDEX_SEEK_COST * (path.keys?.length ?? 1) + path.scannedRows * path.rowCost,
        startup: 0,
        ordered: path.ordered,
        single: path.single,
      }
      if (!best || totalCost(planned, limit) < totalCost(best, limit)) best = planned
    }
    return best!
  }

  #rowsOf(ref: TableRef): number {
    return Math.max(1, this.rowCount(ref.table.entry) ?? DEFAULT_ROWS)
  }

  #inner(joined: Extract<Joined, { op: 'inner' }>, request: Request): Planned {
    const { parts, predicates } = joined
    const needs = withColumns(request.needs, predicates)
    const starts = this.optimize ? parts.keys() : [0]
    let best: Planned | undefined
    for (const start of starts) {
      const planned = this.#innerFrom(parts, start, predicates, { ...request, needs }, request.needs)
      if (!best || totalCost(planned, request.limit) < totalCost(best, request.limit)) best = planned
    }
    return best!
  }

  #innerFrom(
    parts: readonly Joined[],
    start: number,
    predicates: readonly Expr[],
    request: Request,
    finalNeeds: ReadonlySet<ColumnId>,
  ): Planned {
    let current = this.plan(parts[start]!, request)
    let left = predicates
    const remaining = parts.filter((_, i) => i !== start)
    while (remaining.length > 0) {
      const candidates = this.optimize ? remaining : remaining.slice(0, 1)
      let best: { planned: Planned; part: Joined; applied: ReadonlySet<Expr>; total: number } | undefined
      for (const part of candidates) {
        const bound = new Set(columnsOfNode(current.node))
        const inside = columnsOfJoined(part)
        const applied = new Set(left.filter(p => [...columnsOf([p])].every(id => bound.has(id) || inside(id))))
        const rest = left.filter(p => !applied.has(p))
        const needs = withColumns(finalNeeds, rest)
        const planned = this.#join(current, part, [...applied], 'inner', { ...request, needs })
        const total = totalCost(planned, request.limit) + planned.rows
        if (!best || total < best.total) best = { planned, part, applied, total }
      }
      const { planned, part, applied } = best!
      current = planned
      left = left.filter(p => !applied.has(p))
      remaining.splice(remaining.indexOf(part), 1)
    }
    return { ...current, node: filtered(current.node, left) }
  }

  #left(joined: Extract<Joined, { op: 'left' }>, request: Request): Planned {
    const needs = withColumns(request.needs, joined.predicates)
    const outer = this.plan(joined.left, { ...request, needs: withColumns(needs, joined.on) })
    const planned = this.#join(outer, joined.right, joined.on, 'left', { ...request, needs })
    return { ...planned, node: filtered(planned.node, joined.predicates) }
  }

  /** `request.needs`: columns used above the join; those of its own predicates come on top. */
  #join(
    outer: Planned,
    part: Joined,
    predicates: readonly Expr[],
    kind: 'inner' | 'left',
    { needs, limit }: Request,
  ): Planned {
    const loop = this.#loopJoin(outer, part, predicates, kind, needs)
    if (!this.optimize || part.op !== 'table') return loop
    const index = this.#indexJoin(outer, part.ref, [...predicates, ...part.predicates], kind, needs)
    return index && totalCost(index, limit) <= totalCost(loop, limit) ? index : loop
  }

  #loopJoin(
    outer: Planned,
    part: Joined,
    predicates: readonly Expr[],
    kind: 'inner' | 'left',
    needs: ReadonlySet<ColumnId>,
  ): Planned {
    const right = this.plan(part, { needs: withColumns(needs, predicates), order: undefined, limit: undefined })
    const hashed = predicates.some(p => p.op === 'equal')
    const pairs = outer.rows * right.rows
    const work = hashed ? (outer.rows + right.rows) * HASH_COST : pairs * LOOP_COST
    const matched = hashed ? Math.max(outer.rows, right.rows) : pairs * (predicates.length > 0 ? 0.3 : 1)
    return {
      node: {
        op: 'loopJoin',
        left: outer.node,
        right: right.node,
        kind,
        predicate: predicates.length > 0 ? conjunction(predicates) : undefined,
      },
      rows: kind === 'left' ? Math.max(matched, outer.rows) : matched,
      cost: outer.cost + right.cost + work,
      startup: outer.startup + right.cost + right.rows,
      ordered: outer.ordered,
      single: outer.single && right.single,
    }
  }

  #indexJoin(
    outer: Planned,
    ref: TableRef,
    predicates: readonly Expr[],
    kind: 'inner' | 'left',
    needs: ReadonlySet<ColumnId>,
  ): Planned | undefined {
    const bound = new Set(columnsOfNode(outer.node))
    const paths = accessPaths({
      ref,
      predicates,
      needs,
      order: undefined,
      tableRows: this.#rowsOf(ref),
      available: id => bound.has(id),
      prefixOnly: true,
    })
    let best: AccessPath | undefined
    const perRow = (path: AccessPath) => INDEX_SEEK_COST + path.scannedRows * path.rowCost
    for (const path of paths) {
      if (columnsOf(path.equal).size > 0 && (!best || perRow(path) < perRow(best))) best = path
    }
    if (!best) return undefined
    const matched = outer.rows * Math.max(best.single ? 1 : 0, best.rows)
    return {
      node: {
        op: 'indexJoin',
        outer: outer.node,
        kind,
        ref,
        index: best.index,
        projection: projectionOf(ref, withColumns(needs, best.residual)),
        equal: best.equal,
        residual: best.residual.length > 0 ? conjunction(best.residual) : undefined,
      },
      rows: kind === 'left' ? Math.max(matched, outer.rows) : matched,
      cost: outer.cost + outer.rows * perRow(best),
      startup: outer.startup,
      ordered: outer.ordered,
      single: outer.single && best.single,
    }
  }
}

/** With the sort that is still to come, or with only the rows that are taken before a limit. */
function totalCost(planned: Planned, limit: number | undefined): number {
  if (planned.single) return planned.cost
  if (!planned.ordered) return planned.cost + sortCost(planned.rows)
  if (limit === undefined) return planned.cost
  return planned.startup + (planned.cost - planned.startup) * Math.min(1, limit / planned.rows)
}

function sortCost(rows: number): number {
  return rows * Math.log2(rows + 1) * SORT_COST
}

function withColumns(needs: ReadonlySet<ColumnId>, exprs: readonly Expr[]): ReadonlySet<ColumnId> {
  return exprs.length === 0 ? needs : new Set([...needs, ...columnsOf(exprs)])
}

function columnsOfJoined(joined: Joined): (id: ColumnId) => boolean {
  switch (joined.op) {
    case 'table':
      return id => positionOf(joined.ref, id) >= 0
    case 'inner': {
      const tests = joined.parts.map(columnsOfJoined)
      return id => tests.some(test => test(id))
    }
    case 'left': {
      const left = columnsOfJoined(joined.left)
      const right = columnsOfJoined(joined.right)
      return id => left(id) || right(id)
    }
  }
}

function projectionOf(ref: TableRef, needs: ReadonlySet<ColumnId>): number[] {
  const positions: number[] = []
  for (const id of needs) {
    const position = positionOf(ref, id)
    if (position >= 0) positions.push(position)
  }
  return positions
}

function tableNode(ref: TableRef, path: AccessPath, needs: ReadonlySet<ColumnId>): PlanNode {
  const projection = projectionOf(ref, withColumns(needs, path.residual))
  const { index, equal, lo, hi, keys, reverse } = path
  const node: PlanNode = keys
    ? { op: 'scanKeys', ref, index, projection, keys }
    : { op: 'scan', ref, index, reverse, projection, equal, lo, hi }
  return filtered(node, path.residual)
}

export function filtered(input: PlanNode, terms: readonly Expr[]): PlanNode {
  return terms.length === 0 ? input : { op: 'filter', input, predicate: conjunction(terms) }
}
