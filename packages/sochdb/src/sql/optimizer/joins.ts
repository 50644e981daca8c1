/**
 * From joined tables to operators. Inner joins are ordered greedily: every part is tried as the first one, the next is always
 * the cheapest to add, by its index where the join's equalities fix the start of a key, else by a loop over its rows.
 * The order of rows is that of the first part; joins keep it.
 */
import type { SortKey, TableRef } from '../binder/bound.js'
import { columnExprsOf, columnsOf, conjunction, hasSubquery } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import type { TableEntry } from '../catalog/entries.js'
import { columnsOfNode } from '../plan/nodes.js'
import type { PlanNode } from '../plan/nodes.js'
import { accessPaths, DEFAULT_ROWS, fullScan } from './access.js'
import type { AccessPath } from './access.js'
import { appliedTo, columnsOfJoined, startsOf, worthTrying } from './candidates.js'
import { appliedInside, asksBoth } from './inside.js'
import { SubqueryLifter } from './lifting.js'
import type { Ids, LiftQuery } from './lifting.js'
import { isImplied } from './relations.js'
import type { Joined, OuterKind } from './relations.js'
import { positionOf } from './terms.js'
import { unionNode, unionsOf } from './unions.js'

const INDEX_SEEK_COST = 2
const HASH_COST = 1.5
const LOOP_COST = 0.2
const SORT_COST = 0.3
/** How many rows a semi or anti join is thought to leave, and how many of some are different. */
const SEMI_SHARE = 0.5
const DISTINCT_SHARE = 0.5

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

/** Plans what stands in a query without being a table. */
export interface QueryPlanner {
  /** A query in FROM: yields at least the columns that are needed. */
  leaf(planner: JoinPlanner, leaf: Extract<Joined, { op: 'leaf' }>, request: Request): Planned
}

export class JoinPlanner {
  readonly lifter: SubqueryLifter

  constructor(
    readonly rowCount: (table: TableEntry) => number | undefined,
    /** Without it: full scans and loops, in the order written. What rows come out is the same. */
    readonly optimize: boolean,
    readonly ids: Ids,
    readonly queries: QueryPlanner,
    lift: LiftQuery,
  ) {
    this.lifter = new SubqueryLifter(ids, lift)
  }

  /** The rows for which all terms are true; those with subqueries are asked last. */
  filtered(input: PlanNode, terms: readonly Expr[]): PlanNode {
    const plain = terms.filter(term => !hasSubquery(term))
    const node = filtered(input, plain)
    if (plain.length === terms.length) return node
    const lifted = this.lifter.lift(
      node,
      terms.filter(term => hasSubquery(term)),
    )
    return filtered(lifted.node, lifted.exprs)
  }

  plan(joined: Joined, request: Request): Planned {
    switch (joined.op) {
      case 'table':
        return this.planTable(joined.ref, joined.predicates, request)
      case 'inner':
        return this.#inner(joined, request)
      case 'outer':
        return this.#outer(joined, request)
      case 'lateral':
        return this.#lateral(joined, request)
      case 'leaf':
        return this.queries.leaf(this, joined, request)
    }
  }

  planTable(ref: TableRef, terms: readonly Expr[], request: Request): Planned {
    const asked = terms.filter(hasSubquery)
    if (asked.length === 0) return this.#planTable(ref, terms, request)
    const plain = terms.filter(term => !hasSubquery(term))
    const planned = this.#planTable(ref, plain, { ...request, needs: withColumns(request.needs, asked) })
    return { ...planned, node: this.filtered(planned.node, asked) }
  }

  #planTable(ref: TableRef, predicates: readonly Expr[], { needs, order, limit }: Request): Planned {
    const tableRows = this.#rowsOf(ref)
    const access = { ref, predicates, needs, order, tableRows, available: () => false, prefixOnly: false }
    const paths = this.optimize ? accessPaths(access) : [fullScan(access)]
    let best: Planned | undefined
    for (const path of paths) {
      const planned: Planned = {
        node: tableNode(ref, path, needs),
        rows: path.rows,
        cost: costOf(path),
        startup: 0,
        ordered: path.ordered,
        single: path.single,
      }
      if (!best || totalCost(planned, limit) < totalCost(best, limit)) best = planned
    }
    for (const union of this.optimize ? unionsOf(access, costOf) : []) {
      const branches = union.paths.map(path => tableNode(ref, path, needs))
      const cost = union.paths.reduce((total, path) => total + costOf(path), 0)
      const node = unionNode(access, branches)
      const planned: Planned = { node, rows: union.rows, cost, startup: 0, ordered: !order, single: false }
      if (totalCost(planned, limit) < totalCost(best!, limit)) best = planned
    }
    return best!
  }

  #rowsOf(ref: TableRef): number {
    return Math.max(1, this.rowCount(ref.table.entry) ?? DEFAULT_ROWS)
  }

  #inner(joined: Extract<Joined, { op: 'inner' }>, request: Request): Planned {
    const { parts, predicates } = joined
    const needs = withColumns(request.needs, predicates)
    const starts = this.optimize ? startsOf(parts, part => this.plan(part, { ...request, needs }).rows) : [0]
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
      const candidates = appliedTo(remaining, left, columnsOfNode(current.node))
      let best: { planned: Planned; part: Joined; applied: ReadonlySet<Expr>; total: number } | undefined
      for (const { part, applied } of this.optimize ? worthTrying(candidates) : candidates.slice(0, 1)) {
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
    return { ...current, node: this.filtered(current.node, left) }
  }

  #outer(joined: Extract<Joined, { op: 'outer' }>, request: Request): Planned {
    const { kind, right, predicates } = joined
    const needs = withColumns(request.needs, predicates)
    const order = kind === 'full' ? undefined : request.order
    const outer = this.plan(joined.left, { ...request, order, needs: withColumns(needs, joined.on) })
    if (asksBoth(joined.left, joined.on)) {
      const asking = this.#askingJoin(outer, joined, needs)
      return {
        ...asking,
        ordered: kind === 'full' ? !request.order : asking.ordered,
        node: this.filtered(asking.node, predicates),
      }
    }
    const { left, on } = this.#liftOn(outer, joined)
    const planned = this.#join(left, right, on, kind, { ...request, needs })
    const narrow = kind === 'semi' ? this.#fromRight(joined, request) : undefined
    const best = narrow && totalCost(narrow, request.limit) < totalCost(planned, request.limit) ? narrow : planned
    const ordered = kind === 'full' ? !request.order : best.ordered
    return { ...best, ordered, node: this.filtered(best.node, predicates) }
  }

  /** Subqueries in ON are run for rows of the left side, before they are joined. */
  #liftOn(outer: Planned, { on }: Extract<Joined, { op: 'outer' }>): { left: Planned; on: readonly Expr[] } {
    const asked = on.filter(hasSubquery)
    if (asked.length === 0) return { left: outer, on }
    const { node, exprs } = this.lifter.lift(outer.node, asked)
    return { left: { ...outer, node }, on: [...on.filter(term => !hasSubquery(term)), ...exprs] }
  }

  /** Subqueries in ON that look at both sides are run for the pairs of rows that everything else lets join. */
  #askingJoin(outer: Planned, joined: Extract<Joined, { op: 'outer' }>, needs: ReadonlySet<ColumnId>): Planned {
    const asked = joined.on.filter(hasSubquery)
    const plain = joined.on.filter(term => !hasSubquery(term))
    const planned = this.#loopJoin(outer, joined.right, plain, joined.kind, withColumns(needs, asked))
    if (planned.node.op !== 'loopJoin') throw new Error('A loop join is planned as something else.')
    const columns = columnExprsOf(asked)
    const { rows, exprs } = this.lifter.overRows(columns, asked)
    const ids = columns.map(column => column.id)
    return {
      ...planned,
      node: { ...planned.node, asked: { columns: ids, rows: rows!, predicate: conjunction(exprs) } },
    }
  }

  /** A semi join the other way round: each value of the right side once, then the rows of the left one that it leads to. */
  #fromRight(joined: Extract<Joined, { op: 'outer' }>, request: Request): Planned | undefined {
    if (!this.optimize || joined.left.op !== 'table' || joined.on.length === 0) return undefined
    if (joined.left.predicates.some(hasSubquery)) return undefined
    const isRight = columnsOfJoined(joined.right)
    const targets = joined.on.map(term => {
      const columns = term.op === 'equal' ? term.args.filter(arg => arg.op === 'column') : []
      return columns.length === 2 ? columns.find(column => isRight(column.id)) : undefined
    })
    const ids = new Set(targets.flatMap(column => (column ? [column.id] : [])))
    if (targets.includes(undefined) || ids.size !== targets.length) return undefined
    const right = this.plan(joined.right, { needs: ids, order: undefined, limit: undefined })
    const exprs = targets.filter(column => column !== undefined)
    const node: PlanNode = { op: 'distinct', input: projected(right.node, exprs, [...ids]) }
    const outer: Planned = {
      node,
      rows: right.rows * DISTINCT_SHARE,
      cost: right.cost + right.rows,
      startup: right.startup,
      ordered: !request.order,
      single: right.single,
    }
    const predicates = [...joined.on, ...joined.left.predicates]
    return this.#indexJoin(outer, joined.left.ref, predicates, 'inner', withColumns(request.needs, joined.predicates))
  }

  #lateral(joined: Extract<Joined, { op: 'lateral' }>, request: Request): Planned {
    const { kind, slots, on, predicates } = joined
    const needs = withColumns(request.needs, [...predicates, ...on])
    const left = this.plan(joined.left, {
      ...request,
      needs: withColumns(
        needs,
        slots.map(s => s.expr),
      ),
    })
    const asked = on.filter(hasSubquery)
    if (asked.length > 0 && kind === 'left') {
      const applied = appliedInside(this, left, joined.left, joined.right, on, needs, slots)
      return { ...applied, node: this.filtered(applied.node, predicates) }
    }
    const right = this.plan(joined.right, { needs, order: undefined, limit: undefined })
    const plain = on.filter(term => !hasSubquery(term))
    const lifted = this.lifter.lift(
      left.node,
      slots.map(s => s.expr),
    )
    const node: PlanNode = {
      op: 'apply',
      outer: lifted.node,
      inner: right.node,
      kind,
      slots: slots.map(({ slot }, i) => ({ slot, expr: lifted.exprs[i]! })),
      predicate: plain.length > 0 ? conjunction(plain) : undefined,
    }
    return {
      node: this.filtered(node, [...asked, ...predicates]),
      rows: left.rows * Math.max(1, right.rows),
      cost: left.cost + left.rows * right.cost,
      startup: left.startup,
      ordered: left.ordered,
      single: left.single && right.single,
    }
  }

  /** `request.needs`: columns used above the join; those of its own predicates come on top. */
  #join(
    outer: Planned,
    part: Joined,
    predicates: readonly Expr[],
    kind: 'inner' | OuterKind,
    { needs, limit }: Request,
  ): Planned {
    const loop = this.#loopJoin(outer, part, predicates, kind, needs)
    if (!this.optimize || kind === 'full' || part.op !== 'table' || part.predicates.some(hasSubquery)) return loop
    const own = part.predicates.filter(term => !isImplied(term))
    const index = this.#indexJoin(outer, part.ref, [...predicates, ...own], kind, needs)
    return index && totalCost(index, limit) <= totalCost(loop, limit) ? index : loop
  }

  #loopJoin(
    outer: Planned,
    part: Joined,
    predicates: readonly Expr[],
    kind: 'inner' | OuterKind,
    needs: ReadonlySet<ColumnId>,
  ): Planned {
    const right = this.plan(part, { needs: withColumns(needs, predicates), order: undefined, limit: undefined })
    const hashed = predicates.some(p => p.op === 'equal')
    const pairs = outer.rows * right.rows
    // The right side is kept: it had better be the smaller one.
    const work = hashed ? outer.rows + right.rows * (2 * HASH_COST - 1) : pairs * LOOP_COST
    const matched = hashed ? Math.max(outer.rows, right.rows) : pairs * (predicates.length > 0 ? 0.3 : 1)
    return {
      node: {
        op: 'loopJoin',
        left: outer.node,
        right: right.node,
        kind,
        predicate: predicates.length > 0 ? conjunction(predicates) : undefined,
      },
      rows: rowsJoined(kind, outer.rows, matched),
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
    kind: 'inner' | Exclude<OuterKind, 'full'>,
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
      rows: rowsJoined(kind, outer.rows, matched),
      cost: outer.cost + outer.rows * perRow(best),
      startup: outer.startup,
      ordered: outer.ordered,
      single: outer.single && best.single,
    }
  }
}

function rowsJoined(kind: 'inner' | OuterKind, outer: number, matched: number): number {
  if (kind === 'semi' || kind === 'anti') return Math.max(1, outer * SEMI_SHARE)
  return kind === 'inner' ? matched : Math.max(matched, outer)
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

export function withColumns(needs: ReadonlySet<ColumnId>, exprs: readonly Expr[]): ReadonlySet<ColumnId> {
  return exprs.length === 0 ? needs : new Set([...needs, ...columnsOf(exprs)])
}

function projectionOf(ref: TableRef, needs: ReadonlySet<ColumnId>): number[] {
  const positions: number[] = []
  for (const id of needs) {
    const position = positionOf(ref, id)
    if (position >= 0) positions.push(position)
  }
  return positions
}

function costOf(path: AccessPath): number {
  return INDEX_SEEK_COST * (path.keys?.length ?? 1) + path.scannedRows * path.rowCost
}

function tableNode(ref: TableRef, path: AccessPath, needs: ReadonlySet<ColumnId>): PlanNode {
  const projection = projectionOf(ref, withColumns(needs, path.residual))
  const { index, equal, lo, hi, keys, reverse } = path
  const node: PlanNode = keys
    ? { op: 'scanKeys', ref, index, projection, keys }
    : { op: 'scan', ref, index, reverse, projection, equal, lo, hi }
  return filtered(node, path.residual)
}

/** REQUIRES: no term holds a subquery. */
export function filtered(input: PlanNode, terms: readonly Expr[]): PlanNode {
  return terms.length === 0 ? input : { op: 'filter', input, predicate: conjunction(terms) }
}

/** The expressions as columns with these ids, unless the node yields just those. */
export function projected(input: PlanNode, exprs: readonly Expr[], ids: readonly ColumnId[]): PlanNode {
  const yields = columnsOfNode(input)
  const same = yields.length === ids.length && ids.every((id, i) => id === yields[i] && isColumn(exprs[i]!, id))
  return same ? input : { op: 'project', input, exprs, ids }
}

/** The same where only positions count: a node that yields the columns needs no other, whatever their ids. */
export function positioned(input: PlanNode, exprs: readonly Expr[], ids: readonly ColumnId[]): PlanNode {
  const yields = columnsOfNode(input)
  const same = exprs.length === yields.length && exprs.every((e, i) => isColumn(e, yields[i]!))
  return same ? input : { op: 'project', input, exprs, ids }
}

function isColumn(expr: Expr, id: ColumnId): boolean {
  return expr.op === 'column' && expr.id === id
}
