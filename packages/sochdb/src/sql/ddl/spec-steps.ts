/**
 * Changes of tables by declarations instead of statements: what migrations are made of. All of it happens in the transaction of the
 * context; references and checks are held against the rows that are there.
 */
import { quoteName } from '../ast/quote.js'
import { expectStorable } from '../binder/coercion.js'
import { cast } from '../binder/expr.js'
import { RowBinder } from '../binder/row-expressions.js'
import type { ColumnEntry, ForeignKeyActionName, ForeignKeyEntry, TableEntry } from '../catalog/entries.js'
import type { ColumnSpec } from '../catalog/specs.js'
import { parseStored } from '../catalog/stored.js'
import { declaredColumn } from '../catalog/tables.js'
import { queryError } from '../problem.js'
import { addEntry, dropColumn, hasRows } from './alter-columns.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'
import { withoutIndex } from './indexes.js'
import { freeConstraintName, linkForeignKey, positionOf, unlinkForeignKeys, withForeignKey } from './keys.js'
import { rebuild } from './rebuild.js'
import { renameColumn, renameIndex, renameTable } from './rename.js'
import { checkCheck, checkForeignKey, checkNotNull } from './validate-rows.js'

/** A reference of one column or several, by names. */
export interface ForeignKeySpec {
  readonly columns: readonly string[]
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyActionName
  /** Default `noAction`. */
  readonly onUpdate?: ForeignKeyActionName
}

/** `fill`: SQL over the row for rows that are there. */
export function addDeclaredColumn(context: DdlContext, table: string, spec: ColumnSpec, fill?: string): void {
  const { entry } = context.require(table)
  const column = declaredColumn(entry.nextColumnId, spec, false)
  if (fill === undefined || !hasRows(context, entry)) {
    addEntry(context, entry, column)
    return
  }
  const value = expectStorable(
    new RowBinder(entry).bindExpression(parseStored(fill), `column "${column.name}"`),
    column.type,
    column.name,
  )
  const wider = {
    ...entry,
    columns: [...entry.columns, column],
    nextColumnId: entry.nextColumnId + 1,
    schemaVersion: entry.schemaVersion + 1,
  }
  rebuild(context, entry, wider, new Map([[entry.columns.length, value]]))
}

export function dropDeclaredColumn(context: DdlContext, table: string, column: string): void {
  const { entry } = context.require(table)
  const changed = dropColumn(context, entry, { kind: 'dropColumn', column, ifExists: false, cascade: false })
  if (changed !== entry) context.save(changed)
}

/** The column of that name becomes what the declaration says. `using`: SQL over the row as it was, for its values. */
export function changeDeclaredColumn(
  context: DdlContext,
  table: string,
  name: string,
  spec: ColumnSpec,
  using?: string,
): void {
  const { entry } = context.require(table)
  const position = positionOf(entry, name)
  const column = entry.columns[position]!
  const wanted = declaredColumn(column.id, spec, entry.primaryKey.includes(position))
  const withColumn = (changed: ColumnEntry): TableEntry => ({
    ...entry,
    columns: entry.columns.map((c, i) => (i === position ? changed : c)),
  })
  if (using !== undefined || wanted.type !== column.type || wanted.dimension !== column.dimension) {
    const binder = new RowBinder(entry)
    const what = `column "${column.name}"`
    const value =
      using === undefined
        ? cast(binder.bind(quoteName(column.name), what), wanted.type)
        : expectStorable(binder.bindExpression(parseStored(using), what), wanted.type, column.name)
    rebuild(context, entry, withColumn(wanted), new Map([[position, value]]))
    return
  }
  if (wanted.notNull && !column.notNull) checkNotNull(context, entry, column.name)
  const sameDefault = JSON.stringify(wanted.default) === JSON.stringify(column.default)
  // Rows that are older than the column read its default: they take what it was first.
  if (column.added && !sameDefault && hasRows(context, entry)) rebuild(context, entry, withColumn(wanted))
  else context.save(withColumn(column.added ? { ...wanted, added: true } : wanted))
}

/** Writes the rows anew under another key. `columns`: the declarations of all columns, which say what those that leave the key take. */
export function changeDeclaredKey(
  context: DdlContext,
  table: string,
  names: readonly string[],
  columns: readonly ColumnSpec[],
): void {
  const { entry } = context.require(table)
  const primaryKey = names.map(name => positionOf(entry, name))
  const changed = entry.columns.map((column, position): ColumnEntry => {
    const spec = column.dropped ? undefined : columns.find(other => sameName(other.name, column.name))
    return spec === undefined ? column : declaredColumn(column.id, spec, primaryKey.includes(position))
  })
  rebuild(context, entry, { ...entry, primaryKey, columns: changed })
}

export function renameDeclaredTable(context: DdlContext, from: string, to: string): void {
  const { entry } = context.require(from)
  const renamed = renameTable(context, entry, to)
  if (renamed !== entry) context.save(withKeyNames(renamed, entry))
}

export function renameDeclaredColumn(context: DdlContext, table: string, from: string, to: string): void {
  const { entry } = context.require(table)
  const renamed = renameColumn(context, entry, from, to)
  if (renamed !== entry) context.save(withKeyNames(renamed, entry))
}

/** Foreign keys that are named after their table and columns go on to be. */
function withKeyNames(entry: TableEntry, before: TableEntry): TableEntry {
  if (entry.foreignKeys === undefined) return entry
  const nameOf = (of: TableEntry, { columns }: ForeignKeyEntry): string =>
    `${of.name}_${columns.map(position => of.columns[position]!.name).join('_')}_fkey`
  let changed = entry
  for (const key of entry.foreignKeys) {
    if (key.name !== nameOf(before, key)) continue
    const others = { ...changed, foreignKeys: changed.foreignKeys!.filter(other => other.name !== key.name) }
    const name = freeConstraintName(others, nameOf(entry, key))
    const foreignKeys = changed.foreignKeys!.map(other => (other.name === key.name ? { ...other, name } : other))
    changed = { ...changed, foreignKeys }
  }
  return changed
}

export function dropDeclaredIndex(context: DdlContext, table: string, name: string): void {
  context.save(withoutIndex(context, context.require(table).entry, name))
}

export function renameDeclaredIndex(context: DdlContext, table: string, from: string, to: string): void {
  context.save(renameIndex(context, context.require(table).entry, from, to))
}

export function addDeclaredCheck(
  context: DdlContext,
  table: string,
  check: { readonly name: string; readonly expression: string },
): void {
  const { entry } = context.change(table, before => ({ ...before, checks: [...before.checks, { ...check }] }))
  checkCheck(context, entry, check)
}

export function dropDeclaredCheck(context: DdlContext, table: string, name: string): void {
  context.change(table, entry => ({ ...entry, checks: entry.checks.filter(check => !sameName(check.name, name)) }))
}

export function addDeclaredKey(context: DdlContext, table: string, spec: ForeignKeySpec): void {
  const target = {
    name: undefined,
    onUpdate: 'noAction' as const,
    deferrable: false,
    initiallyDeferred: false,
    ...spec,
  }
  const { entry } = context.save(withForeignKey(context, context.require(table).entry, spec.columns, target))
  linkForeignKey(context, entry, spec.table)
  checkForeignKey(context, context.require(table).entry, entry.foreignKeys!.at(-1)!)
}

export function dropDeclaredKey(context: DdlContext, table: string, spec: ForeignKeySpec): void {
  const { entry } = context.require(table)
  const names = (key: ForeignKeyEntry) => key.columns.map(position => entry.columns[position]!.name)
  const found = entry.foreignKeys?.find(
    key =>
      sameName(key.table, spec.table) &&
      sameName(names(key).join('\n'), spec.columns.join('\n')) &&
      sameName(key.targetColumns.join('\n'), spec.targetColumns.join('\n')),
  )
  if (!found) {
    const what = `(${spec.columns.join(', ')}) to "${spec.table}"`
    throw queryError(`Table "${table}" has no reference from ${what}.`, undefined, { table })
  }
  const changed = { ...entry, foreignKeys: entry.foreignKeys!.filter(key => key !== found) }
  context.save(changed)
  unlinkForeignKeys(context, entry, changed)
}
