/** Binding of FROM: tables, common tables, views, derived tables, and joins of them. */
import type { Join, Query, TableExpression } from '../ast/nodes.js'
import { foldName } from '../catalog/store.js'
import { queryError } from '../problem.js'
import type { BoundQuery, Relation } from './bound.js'
import type { BindContext } from './context.js'
import { findCommon } from './ctes.js'
import { conjuncts } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { mergeColumns } from './merging.js'
import { bindQuery } from './query.js'
import { movePlace, notePlace } from './places.js'
import { columnOf, renamed } from './reshape.js'
import { Frame, Scope, scopeTable } from './scope.js'
import type { ScopeColumn, ScopeTable, Site } from './scope.js'
import { bindTableFunction } from './table-functions.js'

/** A part of FROM: what it is, and what names find in it. */
export interface FromPart {
  readonly relation: Relation
  readonly tables: readonly ScopeTable[]
  /** What `*` stands for; bare names find these. */
  readonly columns: readonly ScopeColumn[]
}

/** In one chain. */
const JOINS_MAX = 120

/** `nullable`: a join around it may leave its rows out, and put NULLs there. */
export function bindFrom(context: BindContext, site: Site, t: TableExpression, nullable: boolean): FromPart {
  switch (t.kind) {
    case 'table':
      try {
        return bindName(context, site, t, nullable)
      } catch (error) {
        notePlace(error, t.at)
        throw error
      }
    case 'subquery': {
      const query = bindQuery(context, site, t.query)
      return queryPart(query, t.alias, t.columns, nullable)
    }
    case 'function': {
      const relation = bindTableFunction(context, new Scope(site), t)
      const name = t.alias ?? t.name
      if (t.columns && t.columns.length > relation.columns.length) throw tooManyNames(name, t.columns, relation.columns)
      return part(relation, name, nullable, t.columns)
    }
    case 'join':
      expectFewJoins(t)
      return bindJoin(context, site, t, nullable)
  }
}

/** Joins in a chain nest, in the plan too; the time to order them grows with their cube. */
function expectFewJoins(t: TableExpression): void {
  let joins = 0
  for (let left = t; left.kind === 'join'; left = left.left) ++joins
  if (joins > JOINS_MAX) {
    throw queryError(
      `FROM has a chain of ${joins} joins; ${JOINS_MAX} is the most.`,
      'Join parts of it in common tables.',
    )
  }
}

function bindName(
  context: BindContext,
  site: Site,
  t: Extract<TableExpression, { kind: 'table' }>,
  nullable: boolean,
): FromPart {
  const name = t.alias ?? t.name
  const common = t.schema === undefined ? findCommon(site.tables, t.name) : undefined
  if (common) {
    const relation = common.use(site)
    if (relation.op === 'query') return queryPart(relation.query, name, t.columns, nullable)
    return part(relation, name, nullable, t.columns)
  }
  const view = context.findView(t.name, t.schema)
  if (view) {
    // A view sees nothing of the statement that uses it.
    const own: Site = { frame: site.frame, definedIn: new Frame(context, undefined), tables: undefined }
    const query = bindView(context, own, view.query, t.at)
    return queryPart(renamed(query, view.columns, `The view "${t.name}"`), name, t.columns, nullable)
  }
  const table = context.requireTable(t.name, t.schema)
  const ref = context.tableRef(table, t.alias ?? table.entry.name, nullable)
  const found = scopeTable(ref)
  const renamedTable = t.columns ? { ...found, columns: renamedColumns(found.columns, t.columns, name) } : found
  return { relation: { op: 'table', ref }, tables: [renamedTable], columns: renamedTable.columns }
}

function bindView(context: BindContext, site: Site, query: Query, at: number | undefined): BoundQuery {
  try {
    return bindQuery(context, site, query)
  } catch (error) {
    movePlace(error, at)
    throw error
  }
}

function renamedColumns(columns: readonly ScopeColumn[], names: readonly string[], table: string): ScopeColumn[] {
  if (names.length > columns.length) throw tooManyNames(table, names, columns)
  return columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
}

function tooManyNames(table: string, names: readonly unknown[], columns: readonly unknown[]): Error {
  return queryError(`"${table}" names ${names.length} columns; it has ${columns.length}.`)
}

function queryPart(
  query: BoundQuery,
  alias: string | undefined,
  names: readonly string[] | undefined,
  nullable: boolean,
): FromPart {
  const name = alias ?? ''
  return part({ op: 'query', query: renamed(query, names, `"${name}"`), name }, name, nullable)
}

function part(
  relation: Exclude<Relation, { op: 'table' | 'join' | 'lateral' }>,
  name: string,
  nullable: boolean,
  names?: readonly string[],
): FromPart {
  const from = relation.op === 'query' ? relation.query.columns : relation.columns
  const label = (column: string) => (name === '' ? column : `${name}.${column}`)
  const columns = from.map((column, i): ScopeColumn => {
    const shown = names?.[i] ?? column.name
    const expr = columnOf(nullable ? { ...column, nullable } : column, label(shown))
    return { name: shown, expr, owner: name }
  })
  // Without an alias its columns have bare names alone.
  return { relation, tables: name === '' ? [] : [{ name, columns }], columns }
}

function bindJoin(context: BindContext, site: Site, t: Join, nullable: boolean): FromPart {
  const left = bindFrom(context, site, t.left, nullable || t.join === 'right' || t.join === 'full')
  const rightNullable = nullable || t.join === 'left' || t.join === 'full'
  const beside = besideOf(context, site, left, t.right)
  const right = bindFrom(context, beside ?? site, t.right, rightNullable)
  expectDistinctNames(left, right)
  const slots = beside?.frame.slots ?? []
  const merged = mergeColumns(context, t, left.columns, right.columns)
  const on = [...merged.on, ...bindOn(context, site, t, left, right)]
  const tables = [...left.tables, ...right.tables]
  const columns = merged.columns
  if (slots.length > 0) {
    if (t.join === 'right' || t.join === 'full') {
      throw queryError(`A ${t.join.toUpperCase()} JOIN cannot be lateral: its right side has rows of its own.`)
    }
    const kind = t.join === 'left' ? 'left' : 'inner'
    return { relation: { op: 'lateral', kind, left: left.relation, right: right.relation, slots, on }, tables, columns }
  }
  return { relation: joined(t, left.relation, right.relation, on), tables, columns }
}

function joined(t: Join, left: Relation, right: Relation, on: readonly Expr[]): Relation {
  // Columns have names of their own: a right join is a left one the other way round.
  if (t.join === 'right') return { op: 'join', kind: 'left', left: right, right: left, on }
  return { op: 'join', kind: t.join === 'left' || t.join === 'full' ? t.join : 'inner', left, right, on }
}

/** Where the right side of a join stands that may look at the left one. */
function besideOf(context: BindContext, site: Site, left: FromPart, t: TableExpression): Site | undefined {
  if (t.kind !== 'function' && !(t.kind === 'subquery' && t.lateral)) return undefined
  const scope = new Scope(site)
  scope.adopt(left)
  const frame = new Frame(context, scope)
  return { frame, definedIn: frame, tables: site.tables }
}

function bindOn(context: BindContext, site: Site, t: Join, left: FromPart, right: FromPart): Expr[] {
  if (!t.on) {
    const needs = t.join === 'left' || t.join === 'right' || t.join === 'full'
    if (needs && !t.using && !t.natural) throw queryError(`A ${t.join.toUpperCase()} JOIN needs a condition: ON ….`)
    return []
  }
  if (t.join === 'cross') throw queryError('A CROSS JOIN takes no ON.', 'Use INNER JOIN.')
  // ON sees the tables of its own join alone.
  const scope = new Scope(site)
  scope.adopt(left)
  scope.adopt(right)
  return conjuncts(new ExpressionBinder(context, scope, 'ON').condition(t.on, 'ON'))
}

function expectDistinctNames(left: FromPart, right: FromPart): void {
  const names = new Set(left.tables.map(t => foldName(t.name)))
  const twice = right.tables.find(t => names.has(foldName(t.name)))
  if (!twice) return
  throw queryError(`"${twice.name}" names two tables of the statement.`, 'Give one of them an alias.', {
    table: twice.name,
  })
}
