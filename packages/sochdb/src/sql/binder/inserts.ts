/** Binding of INSERT: of rows and of queries, with what happens to rows in the way. */
import type { Expression, InsertStatement, OnConflict } from '../ast/nodes.js'
import { liveColumns } from '../catalog/entries.js'
import type { ColumnEntry, IndexKeyColumn, TableEntry } from '../catalog/entries.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import type { BoundConflict, BoundInsert, BoundQuery, TableRef } from './bound.js'
import { isKeyOf } from './collations.js'
import type { BindContext } from './context.js'
import { withTables } from './ctes.js'
import { call, cast, isNullable } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { bindFunction } from './functions/arguments.js'
import { bindQuery, valuesOf } from './query.js'
import { columnOf, mapColumns, selectOf } from './reshape.js'
import { impliesCondition, rowExpressions } from './row-expressions.js'
import { requirePosition, Scope, scopeTable } from './scope.js'
import type { Site } from './scope.js'
import {
  bindAssignments,
  bindReturning,
  defaultOf,
  expectSetOnce,
  notWritable,
  storable,
  storedDefault,
} from './writes.js'

export function bindInsert(context: BindContext, outside: Site, s: InsertStatement): BoundInsert {
  const site = withTables(context, outside, s.with)
  const table = context.requireTable(s.table)
  const { entry } = table
  const ref = context.tableRef(table, s.alias ?? entry.name)
  const scope = new Scope(site)
  scope.add(scopeTable(ref))
  const names = s.columns ?? givenColumns(entry).map(position => entry.columns[position]!.name)
  const listed = names.map(name => requirePosition(ref, name))
  listed.forEach((position, i) => {
    if (listed.indexOf(position) !== i) throw queryError(`INSERT names the column "${names[i]}" twice.`)
  })
  const made = positionsMadeAnew(entry).filter(position => !listed.includes(position))
  // A column that the table computes takes DEFAULT alone, and needs none.
  const isMade = (position: number) =>
    entry.columns[position]!.generated ?? entry.columns[position]!.identity === 'always'
  const targets = [...listed, ...made].filter(position => !isMade(position))
  if (s.query) for (const position of listed) if (isMade(position)) throw notWritable(entry.columns[position]!)
  const given = s.query
    ? bindSource(context, site, entry, s.query, listed, made)
    : bindRows(context, site, entry, s, listed, targets)
  const source = s.onConflict?.action === 'replace' ? withDefaults(context, entry, given, targets) : given
  const conflict = s.onConflict && bindConflict(context, site, ref, s.onConflict)
  const more = (s.moreConflicts ?? []).map(clause => bindConflict(context, site, ref, clause))
  const returning = bindReturning(context, scope, s.returning)
  return { kind: 'insert', ref, targets, source, conflict, more, returning }
}

/** What REPLACE puts into columns that take no NULL: in SQLite their defaults. */
function withDefaults(
  context: BindContext,
  entry: TableEntry,
  source: BoundQuery,
  targets: readonly number[],
): BoundQuery {
  const defaults = targets.map(position => {
    const column = entry.columns[position]!
    return column.notNull && column.default?.kind === 'value' ? defaultOf(context, column) : undefined
  })
  if (context.dialect !== 'sqlite' || defaults.every(value => value === undefined)) return source
  return mapColumns(context, source, (expr, i) => {
    const value = defaults[i]
    return value && isNullable(expr) ? call('coalesce', expr.type, expr, value) : expr
  })
}

/** The columns of rows that name none: all that a row may bring along. */
function givenColumns(entry: TableEntry): number[] {
  return liveColumns(entry).filter(position => !entry.columns[position]!.generated)
}

/** Columns whose default is made anew for every row, so that it must come with the row. */
function positionsMadeAnew(entry: TableEntry): number[] {
  return [...entry.columns.keys()].filter(position => {
    const column = entry.columns[position]!
    return !column.dropped && column.default !== undefined && column.default.kind !== 'value'
  })
}

function bindRows(
  context: BindContext,
  site: Site,
  entry: TableEntry,
  s: InsertStatement,
  listed: readonly number[],
  targets: readonly number[],
): BoundQuery {
  if (s.rows.length === 0) throw queryError(`INSERT into "${entry.name}" has no rows.`)
  const binder = new ExpressionBinder(context, new Scope(site), 'VALUES')
  const rows = s.rows.map((row, i) => {
    // DEFAULT VALUES is a row without values.
    if (row.length !== listed.length && !(row.length === 0 && s.columns === undefined)) {
      throw queryError(
        `Row ${i + 1} of the INSERT into "${entry.name}" has ${row.length} values for ${listed.length} columns.`,
      )
    }
    listed.forEach((position, j) => {
      const given = row[j] !== undefined && row[j].kind !== 'default'
      if (given && !targets.includes(position)) throw notWritable(entry.columns[position]!)
    })
    return targets.map(position => {
      const column = entry.columns[position]!
      const cell: Expression | undefined = row[listed.indexOf(position)]
      if (!cell || cell.kind === 'default') return defaultOf(context, column)
      return storable(context, binder.bind(cell), column)
    })
  })
  if (targets.length === 0) return { kind: 'values', columns: [], rows }
  return valuesOf(
    context,
    targets.map(position => entry.columns[position]!.name),
    rows,
  )
}

/** INSERT … SELECT. What is made anew comes behind the query's columns. */
function bindSource(
  context: BindContext,
  site: Site,
  entry: TableEntry,
  query: NonNullable<InsertStatement['query']>,
  listed: readonly number[],
  made: readonly number[],
): BoundQuery {
  const bound = bindQuery(context, site, query)
  if (bound.columns.length !== listed.length) {
    throw queryError(
      `The query of the INSERT into "${entry.name}" selects ${bound.columns.length} columns for ${listed.length}.`,
    )
  }
  const stored = mapColumns(context, bound, (expr, i) => storable(context, expr, entry.columns[listed[i]!]!))
  if (made.length === 0) return stored
  const extra = made.map(position => {
    const column = entry.columns[position]!
    return { name: column.name, expr: storable(context, madeAnew(context, column), column) }
  })
  const select = selectOf(context, stored, column => columnOf(column))
  const output = [...select.output, ...extra.map(e => e.expr)]
  const columns = context.newColumns(extra.map(({ name, expr }) => ({ name, type: expr.type, nullable: false })))
  return { ...select, output, columns: [...select.columns, ...columns] }
}

function madeAnew(context: BindContext, column: ColumnEntry): Expr {
  const kind = column.default!.kind
  // Of all rows of a statement the time is the same.
  if (kind === 'now') return context.generate('now', 'timestamp')
  if (column.default!.kind === 'expression') return storedDefault(context, column, column.default!.expression)
  return cast(bindFunction('uuid7', []), column.type)
}

function bindConflict(context: BindContext, site: Site, ref: TableRef, s: OnConflict): BoundConflict {
  const excluded = context.tableRef(ref.table, 'excluded')
  const scope = new Scope(site)
  scope.add(scopeTable(ref))
  scope.qualifiedOnly.push(scopeTable(excluded))
  const rows =
    s.targetWhere && new ExpressionBinder(context, scope, 'ON CONFLICT').condition(s.targetWhere, 'ON CONFLICT')
  const index = conflictIndex(ref, s, rows)
  if (s.action !== 'update') {
    if (s.set.length > 0 || s.where) throw queryError('Only ON CONFLICT DO UPDATE takes SET and WHERE.')
    return { action: s.action, index: s.action === 'nothing' ? index : -2, excluded, set: [], where: undefined }
  }
  if (s.set.length === 0) throw queryError('ON CONFLICT DO UPDATE sets no column.')
  const set = bindAssignments(context, scope, ref, s.set)
  expectSetOnce(ref, set)
  const where = s.where && new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')
  return { action: 'update', index, excluded, set, where }
}

/** `rows`: which rows the statement says are in the unique key: those that a partial index has. */
function conflictIndex(ref: TableRef, s: OnConflict, rows: Expr | undefined): number {
  const { entry } = ref.table
  if (s.constraint !== undefined) return constraintIndex(entry, s.constraint)
  if (s.target.length === 0) return -2
  const wanted = new Set(s.target.map(name => requirePosition(ref, name)))
  const matches = (keys: readonly IndexKeyColumn[]) =>
    keys.length === wanted.size &&
    [...wanted].every(position => keys.some(key => isKeyOf(entry.columns[position]!, position, key)))
  if (matches(entry.primaryKey.map(column => ({ column, descending: false })))) return -1
  const keys = [...entry.indexes.keys()].filter(i => {
    const { unique, building, columns } = entry.indexes[i]!
    return unique && !building && matches(columns)
  })
  const index = keys.find(i => entry.indexes[i]!.where === undefined) ?? keys.find(i => rows && hasRows(ref, i, rows))
  if (index !== undefined) return index
  const isPartial = keys.length > 0
  throw queryError(
    `ON CONFLICT (${s.target.join(', ')}) names no unique key of table "${entry.name}"${isPartial ? ' that has all of its rows' : ''}.`,
    isPartial
      ? `Say which rows it has, as the index does: ON CONFLICT (${s.target.join(', ')}) WHERE ${entry.indexes[keys[0]!]!.where}.`
      : 'Name the columns of its primary key or of a unique index, or none at all.',
    { table: entry.name },
  )
}

/** Whether a partial index has every row that meets the condition. */
function hasRows(ref: TableRef, index: number, rows: Expr): boolean {
  const { computed, wheres } = rowExpressions(ref.table.entry)
  const condition = computed[wheres[index]!]
  return condition !== undefined && impliesCondition(condition, [rows], c => positionOf(ref, c.id))
}

const positionOf = (ref: TableRef, id: number): number => ref.columns.findIndex(c => c.id === id)

/** The primary key is called as PostgreSQL would call it. */
function constraintIndex(entry: TableEntry, name: string): number {
  const folded = foldName(name)
  const primary = `${entry.name}_pkey`
  if (folded === foldName(primary)) return -1
  const index = entry.indexes.findIndex(i => i.unique && foldName(i.name) === folded)
  if (index >= 0) return index
  const names = [primary, ...entry.indexes.filter(i => i.unique).map(i => i.name)]
  throw queryError(`Table "${entry.name}" has no unique key "${name}".${didYouMean(name, names)}`, undefined, {
    table: entry.name,
  })
}
