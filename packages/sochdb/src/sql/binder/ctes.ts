/** Common tables: WITH names queries, which are bound anew wherever they are used. */
import type { CommonTable, Query, SetOperation, WithClause } from '../ast/nodes.js'
import { foldName } from '../catalog/store.js'
import { queryError } from '../problem.js'
import { commonType } from '../types.js'
import type { SqlType } from '../types.js'
import type { BoundQuery, Relation } from './bound.js'
import type { BindContext } from './context.js'
import { bindQuery, combine, withTail } from './query.js'
import { castColumns, renamed, sourceOf } from './reshape.js'
import type { Frame, Site } from './scope.js'

/** A use of a common table: its query, or inside itself the rows of the round before. */
export type CommonUse = Extract<Relation, { op: 'query' | 'workingTable' }>

/** The names that WITH has made at a place of the statement, innermost first. */
export interface CommonTables {
  readonly name: string
  /** What stands in FROM at each use: columns are new every time. */
  readonly use: (site: Site) => CommonUse
  readonly next: CommonTables | undefined
}

/** The site inside a query that may begin with WITH. */
export function withTables(context: BindContext, site: Site, clause: WithClause | undefined): Site {
  if (!clause) return site
  let { tables } = site
  const seen = new Set<string>()
  for (const table of clause.tables) {
    const name = foldName(table.name)
    if (seen.has(name)) throw queryError(`WITH names "${table.name}" twice.`)
    seen.add(name)
    tables = { name, use: useOf(context, table, site.definedIn, tables, clause.recursive), next: tables }
  }
  return { ...site, tables }
}

export function findCommon(tables: CommonTables | undefined, name: string): CommonTables | undefined {
  const folded = foldName(name)
  for (let table = tables; table; table = table.next) if (table.name === folded) return table
  return undefined
}

function useOf(
  context: BindContext,
  table: CommonTable,
  definedIn: Frame,
  tables: CommonTables | undefined,
  recursive: boolean,
): (site: Site) => CommonUse {
  return site => {
    const inside: Site = { frame: site.frame, definedIn, tables }
    const query =
      recursive && refersTo(table.query, table.name)
        ? bindRecursive(context, inside, table)
        : bindQuery(context, inside, table.query)
    return { op: 'query', query: renamed(query, table.columns, `WITH ${table.name}`), name: table.name }
  }
}

/** Numbers widen at most so often: integer, bigint, decimal, real. */
const WIDENINGS_MAX = 4

/** A query that refers to itself: parts of a union that do not, then parts that do. */
function bindRecursive(context: BindContext, site: Site, table: CommonTable): BoundQuery {
  const { query: whole, name } = table
  const parts = whole.kind === 'setOperation' ? partsOf(whole) : []
  const first = parts.findIndex(part => refersTo(part, name))
  if (whole.kind !== 'setOperation' || first <= 0 || !parts.slice(first).every(part => refersTo(part, name))) {
    throw queryError(
      `The recursive query "${name}" needs parts that do not refer to it, then parts that do, in one UNION.`,
      `Write WITH RECURSIVE ${name} AS (SELECT … UNION ALL SELECT … FROM ${name} …).`,
    )
  }
  const inside = { ...site, tables: withTables(context, site, whole.with).tables }
  let types: readonly SqlType[] | undefined
  for (let round = 0; ; ++round) {
    const anchor = castColumns(context, unionOf(context, inside, parts.slice(0, first)), types)
    const columns = renamed(anchor, table.columns, `WITH ${name}`).columns.map(c => ({ ...c, nullable: true }))
    const number = context.newWorkingTable()
    const self: CommonTables = {
      name: foldName(name),
      use: () => ({ op: 'workingTable', table: number, columns: context.newColumns(columns) }),
      next: inside.tables,
    }
    const step = unionOf(context, { ...inside, tables: self }, parts.slice(first))
    const wider = widened(name, anchor, step)
    if (round < WIDENINGS_MAX && wider.some((type, i) => type !== columns[i]!.type)) {
      types = wider
      continue
    }
    const query: BoundQuery = {
      kind: 'recursive',
      columns: context.newColumns(columns),
      anchor,
      step: castColumns(
        context,
        step,
        columns.map(c => c.type),
      ),
      distinct: !isAll(whole),
      table: number,
    }
    return withTail(context, inside, query, whole)
  }
}

function widened(name: string, anchor: BoundQuery, step: BoundQuery): SqlType[] {
  if (anchor.columns.length !== step.columns.length) {
    throw queryError(
      `The parts of the recursive query "${name}" have ${anchor.columns.length} and ${step.columns.length} columns.`,
    )
  }
  return anchor.columns.map((column, i) => {
    const other = sourceOf(step, i)
    if (other.op === 'param') return column.type
    const type = commonType(column.type, other.type)
    if (type !== undefined) return type
    throw queryError(
      `Column "${column.name}" of the recursive query "${name}" is ${column.type} first, then ${other.type}.`,
      'Cast one of them to the type of the other.',
      { columnName: column.name },
    )
  })
}

/** The operands of a union, those of a union on its left too. */
function partsOf(q: SetOperation): Query[] {
  if (q.operator !== 'union') return []
  const { left } = q
  const isChain = left.kind === 'setOperation' && left.operator === 'union' && !left.with && left.orderBy.length === 0
  return [...(isChain && !left.limit && !left.offset ? partsOf(left) : [left]), q.right]
}

function isAll(q: SetOperation): boolean {
  return q.all && (q.left.kind !== 'setOperation' || q.left.operator !== 'union' || isAll(q.left))
}

function unionOf(context: BindContext, site: Site, parts: readonly Query[]): BoundQuery {
  return parts
    .map(part => bindQuery(context, site, part))
    .reduce((a, b) => combine(context, a, b, { operator: 'union', all: true }))
}

/** Whether a query names a table, at any depth. */
function refersTo(query: Query, name: string): boolean {
  const folded = foldName(name)
  const pending: unknown[] = [query]
  for (let node = pending.pop(); pending.length > 0 || node !== undefined; node = pending.pop()) {
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) continue
    const table = node as { kind?: unknown; name?: unknown }
    if (table.kind === 'table' && typeof table.name === 'string' && foldName(table.name) === folded) return true
    pending.push(...Object.values(node))
  }
  return false
}
