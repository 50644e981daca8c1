/** Queries of every kind as operators, and what stands in FROM without being a table. */
import type { BoundQuery, BoundSetOperation, BoundUnion, BoundValues } from '../binder/bound.js'
import type { ColumnId } from '../binder/expr.js'
import type { PlanNode } from '../plan/nodes.js'
import { fold } from './fold.js'
import { withColumns } from './joins.js'
import type { JoinPlanner, Planned, Request } from './joins.js'
import { pushInto } from './push.js'
import type { Joined } from './relations.js'
import { ALL, planSelect } from './select.js'
import type { Wanted } from './select.js'

/** Rows that a function or a round of a recursion is thought to yield. */
const LEAF_ROWS = 100

export function planQuery(planner: JoinPlanner, query: BoundQuery, wanted: Wanted): Planned {
  switch (query.kind) {
    case 'select':
      return planSelect(planner, query, wanted)
    case 'values':
      return planValues(query, wanted)
    case 'union':
      return planUnion(planner, query, wanted)
    case 'setOperation':
      return planSetOperation(planner, query)
    case 'recursive': {
      const anchor = planQuery(planner, query.anchor, ALL)
      const step = planQuery(planner, query.step, ALL)
      const ids = query.columns.map(c => c.id)
      const { distinct, table } = query
      const node: PlanNode = { op: 'recursive', anchor: anchor.node, step: step.node, distinct, table, ids }
      return unordered(node, anchor.rows * 10, anchor.cost + step.cost * 10)
    }
  }
}

function unordered(node: PlanNode, rows: number, cost: number): Planned {
  return { node, rows, cost, startup: 0, ordered: true, single: false }
}

/** Positions of the columns that are wanted; at least one, so that there are rows to count. */
function keptOf(query: BoundQuery, wanted: Wanted): number[] {
  const { needs } = wanted
  const all = [...query.columns.keys()]
  if (!needs) return all
  const kept = all.filter(i => needs.has(query.columns[i]!.id))
  return kept.length > 0 ? kept : all.slice(0, 1)
}

function planValues(query: BoundValues, wanted: Wanted): Planned {
  const kept = keptOf(query, wanted)
  const rows = query.rows.map(row => kept.map(i => fold(row[i]!)))
  const ids = kept.map(i => query.columns[i]!.id)
  const node: PlanNode = { op: 'values', rows, ids }
  return { ...unordered(node, rows.length, rows.length), single: rows.length <= 1 }
}

function planUnion(planner: JoinPlanner, query: BoundUnion, wanted: Wanted): Planned {
  const kept = keptOf(query, wanted)
  const inputs = query.inputs.map(input =>
    planPositions(
      planner,
      input,
      kept.map(i => input.columns[i]!.id),
    ),
  )
  const node: PlanNode = { op: 'unionAll', inputs: inputs.map(i => i.node), ids: kept.map(i => query.columns[i]!.id) }
  const sum = (of: (p: Planned) => number) => inputs.reduce((total, p) => total + of(p), 0)
  return unordered(
    node,
    sum(p => p.rows),
    sum(p => p.cost),
  )
}

function planSetOperation(planner: JoinPlanner, query: BoundSetOperation): Planned {
  const left = planQuery(planner, query.left, ALL)
  const right = planQuery(planner, query.right, ALL)
  const ids = query.columns.map(c => c.id)
  const { operator: kind, all } = query
  const node: PlanNode = { op: 'setOp', left: left.node, right: right.node, kind, all, ids }
  return { ...unordered(node, left.rows, left.cost + right.cost), startup: right.cost }
}

/** Exactly these columns of a query, in its own order. */
function planPositions(planner: JoinPlanner, query: BoundQuery, ids: readonly ColumnId[]): Planned {
  const isAll = ids.length === query.columns.length
  const planned = planQuery(planner, query, { needs: isAll ? undefined : new Set(ids), form: 'positions' })
  const distinct = query.kind === 'select' && query.distinct
  const isExact = isAll || query.kind === 'values' || query.kind === 'union' || (query.kind === 'select' && !distinct)
  if (isExact) return planned
  const whole = planQuery(planner, query, { needs: undefined, form: 'ids' })
  const columns = query.columns.filter(c => ids.includes(c.id))
  const exprs = columns.map(
    c => ({ op: 'column', type: c.type, id: c.id, nullable: c.nullable, label: c.name }) as const,
  )
  return { ...whole, node: { op: 'project', input: whole.node, exprs, ids: columns.map(c => c.id) } }
}

type Leaf = Extract<Joined, { op: 'leaf' }>

export class LeafPlanner {
  readonly #known = new WeakMap<Leaf, Map<string, Planned>>()

  /** The join planner asks for the same part again and again, in other places of the order. */
  leaf(planner: JoinPlanner, leaf: Leaf, request: Request): Planned {
    let known = this.#known.get(leaf)
    if (!known) this.#known.set(leaf, (known = new Map<string, Planned>()))
    const { relation, predicates } = leaf
    const wants = [...withColumns(request.needs, predicates)].sort((a, b) => a - b).join(',')
    let planned = known.get(wants)
    if (!planned) known.set(wants, (planned = planLeaf(planner, relation, predicates, request)))
    return { ...planned, ordered: !request.order }
  }
}

function planLeaf(
  planner: JoinPlanner,
  relation: Leaf['relation'],
  predicates: Leaf['predicates'],
  request: Request,
): Planned {
  if (relation.op !== 'query') {
    const ids = relation.columns.map(c => c.id)
    const types = relation.columns.map(c => c.type)
    const node: PlanNode =
      relation.op === 'workingTable'
        ? { op: 'workingTable', table: relation.table, ids, types }
        : { op: 'tableFunction', fn: relation.fn, args: relation.args.map(fold), ids, types }
    return unordered(planner.filtered(node, predicates), LEAF_ROWS, LEAF_ROWS)
  }
  const { query, rest } = planner.optimize
    ? pushInto(relation.query, predicates)
    : { query: relation.query, rest: predicates }
  const needs = new Set([...withColumns(request.needs, rest)].filter(id => query.columns.some(c => c.id === id)))
  const planned = planQuery(planner, query, { needs, form: 'ids' })
  const rows = Math.max(1, planned.rows * 0.3 ** Math.min(rest.length, 3))
  return { ...planned, rows, node: planner.filtered(planned.node, rest) }
}
