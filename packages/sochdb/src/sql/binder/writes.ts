/** Binding of INSERT, UPDATE and DELETE. */
import type {
  Assignment,
  DeleteStatement,
  Expression,
  InsertStatement,
  OnConflict,
  UpdateStatement,
} from '../ast/nodes.js'
import { liveColumns } from '../catalog/entries.js'
import type { ColumnEntry, TableEntry } from '../catalog/entries.js'
import { queryError } from '../problem.js'
import { checkDimension, valueOfDefault } from '../values.js'
import type { BoundAssignment, BoundConflict, BoundDelete, BoundInsert, BoundUpdate, TableRef } from './bound.js'
import { expectStorable } from './coercion.js'
import { conjuncts, constant } from './expr.js'
import type { Expr } from './expr.js'
import { ExpressionBinder } from './expressions.js'
import { bindItems } from './select.js'
import { Scope } from './scope.js'
import type { BindContext } from './scope.js'

export function bindInsert(context: BindContext, s: InsertStatement): BoundInsert {
  const table = context.requireTable(s.table)
  const { entry } = table
  const ref = context.tableRef(table, entry.name)
  const scope = new Scope()
  scope.add(ref)
  const names = s.columns ?? liveColumns(entry).map(position => entry.columns[position]!.name)
  const listed = names.map(name => scope.requirePosition(ref, name))
  listed.forEach((position, i) => {
    if (listed.indexOf(position) !== i) throw queryError(`INSERT names the column "${names[i]}" twice.`)
  })
  if (s.rows.length === 0) throw queryError(`INSERT into "${entry.name}" has no rows.`)
  const made = positionsMadeAnew(entry).filter(position => !listed.includes(position))
  const targets = [...listed, ...made]
  const binder = new ExpressionBinder(context, new Scope(), 'VALUES')
  const rows = s.rows.map((row, i) => {
    if (row.length !== listed.length) {
      throw queryError(
        `Row ${i + 1} of the INSERT into "${entry.name}" has ${row.length} values for ${listed.length} columns.`,
      )
    }
    return targets.map((position, j) => bindCell(context, binder, entry.columns[position]!, row[j]))
  })
  const conflict = s.onConflict && bindConflict(context, ref, s.onConflict)
  return { kind: 'insert', ref, targets, rows, conflict, returning: bindReturning(context, scope, s.returning) }
}

/** Columns whose default is made anew for every row, so that it must come with the row. */
function positionsMadeAnew(entry: TableEntry): number[] {
  return [...entry.columns.keys()].filter(position => {
    const column = entry.columns[position]!
    return !column.dropped && (column.default?.kind === 'uuid7' || column.default?.kind === 'now')
  })
}

function bindCell(
  context: BindContext,
  binder: ExpressionBinder,
  column: ColumnEntry,
  value: Expression | undefined,
): Expr {
  return value ? storable(context, binder.bind(value), column) : defaultOf(context, column)
}

/** What goes into a column. Vectors have the length it declares: literals here, parameters when the statement runs. */
function storable(context: BindContext, expr: Expr, column: ColumnEntry): Expr {
  const value = expectStorable(expr, column.type, column.name)
  const { name, dimension } = column
  if (dimension === undefined) return value
  if (value.op === 'param') context.vectors.push({ index: value.index, column: name, dimension })
  else if (value.op === 'const' && value.value instanceof Float32Array) checkDimension(name, dimension, value.value)
  return value
}

/** What a column takes when a row leaves it out. */
function defaultOf(context: BindContext, column: ColumnEntry): Expr {
  if (!column.default) return constant(column.type, null)
  if (column.default.kind !== 'value') return context.generate(column.default.kind, column.type)
  return constant(column.type, valueOfDefault(column.default.value, column.type) ?? null)
}

function bindConflict(context: BindContext, ref: TableRef, s: OnConflict): BoundConflict {
  const excluded = context.tableRef(ref.table, 'excluded')
  const scope = new Scope()
  scope.add(ref)
  scope.qualifiedOnly.push(excluded)
  const index = s.target.length === 0 ? -2 : conflictIndex(scope, ref, s.target)
  if (s.action !== 'update') {
    if (s.set.length > 0 || s.where) throw queryError('Only ON CONFLICT DO UPDATE takes SET and WHERE.')
    return { action: s.action, index: s.action === 'nothing' ? index : -2, excluded, set: [], where: undefined }
  }
  if (s.set.length === 0) throw queryError('ON CONFLICT DO UPDATE sets no column.')
  return {
    action: 'update',
    index,
    excluded,
    set: bindAssignments(context, scope, ref, s.set),
    where: s.where && new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE'),
  }
}

function conflictIndex(scope: Scope, ref: TableRef, target: readonly string[]): number {
  const { entry } = ref.table
  const wanted = new Set(target.map(name => scope.requirePosition(ref, name)))
  const matches = (positions: readonly number[]) =>
    positions.length === wanted.size && positions.every(position => wanted.has(position))
  if (matches(entry.primaryKey)) return -1
  const index = entry.indexes.findIndex(i => i.unique && matches(i.columns.map(c => c.column)))
  if (index >= 0) return index
  throw queryError(
    `ON CONFLICT (${target.join(', ')}) names no unique key of table "${entry.name}".`,
    'Name the columns of its primary key or of a unique index, or none at all.',
    { table: entry.name },
  )
}

function bindAssignments(
  context: BindContext,
  scope: Scope,
  ref: TableRef,
  set: readonly Assignment[],
): BoundAssignment[] {
  const binder = new ExpressionBinder(context, scope, 'SET')
  const seen = new Set<number>()
  return set.map(({ column, value }) => {
    const position = scope.requirePosition(ref, column)
    if (seen.has(position)) throw queryError(`SET names the column "${column}" twice.`)
    seen.add(position)
    const entry = ref.table.entry.columns[position]!
    return { position, value: storable(context, binder.bind(value), entry) }
  })
}

function bindReturning(context: BindContext, scope: Scope, items: InsertStatement['returning']) {
  return bindItems(new ExpressionBinder(context, scope, 'RETURNING'), items).map(({ name, expr }) => ({ name, expr }))
}

export function bindUpdate(context: BindContext, s: UpdateStatement): BoundUpdate {
  const table = context.requireTable(s.table)
  const ref = context.tableRef(table, s.alias ?? table.entry.name)
  const scope = new Scope()
  scope.add(ref)
  if (s.set.length === 0) throw queryError(`UPDATE of "${table.entry.name}" sets no column.`)
  return {
    kind: 'update',
    ref,
    set: bindAssignments(context, scope, ref, s.set),
    where: s.where ? conjuncts(new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')) : [],
    returning: bindReturning(context, scope, s.returning),
  }
}

export function bindDelete(context: BindContext, s: DeleteStatement): BoundDelete {
  const table = context.requireTable(s.table)
  const ref = context.tableRef(table, s.alias ?? table.entry.name)
  const scope = new Scope()
  scope.add(ref)
  return {
    kind: 'delete',
    ref,
    where: s.where ? conjuncts(new ExpressionBinder(context, scope, 'WHERE').condition(s.where, 'WHERE')) : [],
    returning: bindReturning(context, scope, s.returning),
  }
}
