/** What ALTER TABLE does to columns. */
import type { AlterAction, ColumnDefinition, StoredExpression } from '../ast/ddl.js'
import { quoteName } from '../ast/quote.js'
import { expectStorable } from '../binder/coercion.js'
import { cast } from '../binder/expr.js'
import type { Expr } from '../binder/expr.js'
import { columnsIn, RowBinder } from '../binder/row-expressions.js'
import type { ColumnEntry, TableEntry } from '../catalog/entries.js'
import { parseStored } from '../catalog/stored.js'
import { invalid, queryError } from '../problem.js'
import { isIntegral, isKeyType } from '../types.js'
import { fillInline } from './build-index.js'
import { columnDefault, columnEntry, typeOf } from './columns.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'
import { withColumnConstraints } from './create-table.js'
import { usedByView, viewsOver } from './drop.js'
import { withoutIndex } from './indexes.js'
import { linkForeignKey, positionOf, referrersOf, unlinkForeignKeys } from './keys.js'
import { rebuild } from './rebuild.js'
import { renameColumn } from './rename.js'
import { mentionsColumn } from './texts.js'
import { checkCheck, checkForeignKey, checkNotNull } from './validate-rows.js'

export const hasRows = (context: DdlContext, entry: TableEntry): boolean =>
  context.exists([entry], `select 1 from ${quoteName(entry.name)}`)

export function addColumn(
  context: DdlContext,
  entry: TableEntry,
  definition: ColumnDefinition,
  ifNotExists: boolean,
): TableEntry {
  if (entry.columns.some(c => !c.dropped && sameName(c.name, definition.name))) {
    if (ifNotExists) return entry
    throw queryError(`Table "${entry.name}" has a column "${definition.name}" already.`, undefined, {
      table: entry.name,
      column: definition.name,
    })
  }
  if (definition.primaryKey) throw invalid(`Table "${entry.name}" has its primary key already.`)
  if (definition.identity && entry.columns.some(c => c.identity && !c.dropped)) {
    throw invalid(`Table "${entry.name}" has a column that numbers its rows already.`)
  }
  const stored = addEntry(context, entry, columnEntry(entry.name, definition, entry.nextColumnId))
  return constrain(context, stored, definition)
}

/** Adds a column as the catalog keeps it; rows that are there have its default. */
export function addEntry(context: DdlContext, entry: TableEntry, column: ColumnEntry): TableEntry {
  const filled = hasRows(context, entry)
  const computed = column.generated ?? column.identity ?? (column.default && column.default.kind !== 'value')
  if (filled && column.notNull && !column.default && !computed) {
    throw queryError(
      `Column "${column.name}" takes no NULL and has no default, and table "${entry.name}" has rows.`,
      'Give it a default.',
      { table: entry.name, column: column.name },
    )
  }
  const position = entry.columns.length
  const wider: TableEntry = {
    ...entry,
    columns: [...entry.columns, filled && !computed ? { ...column, added: true } : column],
    nextColumnId: entry.nextColumnId + 1,
    schemaVersion: entry.schemaVersion + 1,
  }
  if (!filled || !computed) return context.save(wider).entry
  return rebuild(context, entry, wider, new Map(column.default ? [[position, defaultExpr(column)]] : []))
}

/** What the column says of the table, and of the rows that are there. */
function constrain(context: DdlContext, before: TableEntry, definition: ColumnDefinition): TableEntry {
  const after = withColumnConstraints(context, before, definition)
  if (after === before) return before
  const { entry } = context.save(after)
  for (const check of entry.checks.slice(before.checks.length)) checkCheck(context, entry, check)
  for (const index of entry.indexes.slice(before.indexes.length)) fillInline(context.transaction, entry, index)
  for (const key of (entry.foreignKeys ?? []).slice(before.foreignKeys?.length ?? 0)) {
    linkForeignKey(context, entry, key.table)
    checkForeignKey(context, entry, key)
  }
  return context.require(entry.name).entry
}

/** What the default of a column is for rows that are there. */
function defaultExpr(column: ColumnEntry): Expr {
  const { default: value, type, name } = column
  const empty = new RowBinder(EMPTY)
  if (value?.kind === 'uuid7') return cast(empty.bindDefault(parseStored('uuid7()'), name), type)
  if (value?.kind === 'now') return { op: 'const', type, value: BigInt(Date.now()) }
  if (value?.kind !== 'expression') throw new Error('The default is a constant.')
  return expectStorable(empty.bindDefault(parseStored(value.expression), name), type, name)
}

const EMPTY: TableEntry = {
  id: 0,
  name: 'nothing',
  schemaVersion: 1,
  generation: 1,
  columns: [],
  primaryKey: [],
  indexes: [],
  checks: [],
  policy: 'balanced',
  nextColumnId: 1,
  nextIndexId: 1,
}

/** Whatever of the table looks at a column, for people. */
function usesOf(
  entry: TableEntry,
  position: number,
): { what: string; kind: 'index' | 'check' | 'key' | 'column'; name: string }[] {
  const { name } = entry.columns[position]!
  const looks = (text: string) => columnsIn(entry, text).has(position)
  return [
    ...entry.indexes
      .filter(
        i =>
          i.columns.some(c => c.column === position || (c.expression !== undefined && looks(c.expression))) ||
          (i.where !== undefined && looks(i.where)),
      )
      .map(i => ({ what: `index "${i.name}"`, kind: 'index' as const, name: i.name })),
    ...entry.checks
      .filter(c => looks(c.expression))
      .map(c => ({ what: `check "${c.name}"`, kind: 'check' as const, name: c.name })),
    ...(entry.foreignKeys ?? [])
      .filter(
        key =>
          key.columns.includes(position) ||
          (sameName(key.table, entry.name) && key.targetColumns.some(c => sameName(c, name))),
      )
      .map(key => ({ what: `foreign key "${key.name}"`, kind: 'key' as const, name: key.name })),
    ...entry.columns
      .filter(c => c.generated && !c.dropped && c.name !== name && looks(c.generated.expression))
      .map(c => ({ what: `generated column "${c.name}"`, kind: 'column' as const, name: c.name })),
  ]
}

export function dropColumn(
  context: DdlContext,
  before: TableEntry,
  { column, ifExists, cascade }: Extract<AlterAction, { kind: 'dropColumn' }>,
): TableEntry {
  if (ifExists && !before.columns.some(c => !c.dropped && sameName(c.name, column))) return before
  const position = positionOf(before, column)
  const { name } = before.columns[position]!
  const of = `Column "${name}" of table "${before.name}"`
  if (before.primaryKey.includes(position)) throw queryError(`${of} is part of the primary key.`)
  if (before.columns.filter(c => !c.dropped && !c.hidden).length === 1) throw queryError(`${of} is its only one.`)
  for (const view of viewsOver(context, before.name)) {
    if (mentionsColumn(view.text, name)) throw usedByView(of, view)
  }
  const referrer = referrersOf(context, before).find(
    ({ child, key }) => !sameName(child.entry.name, before.name) && key.targetColumns.some(c => sameName(c, name)),
  )
  if (referrer) {
    throw queryError(
      `${of} is referred to by the foreign key "${referrer.key.name}" of "${referrer.child.entry.name}".`,
    )
  }
  let entry = before
  for (const use of usesOf(before, position)) {
    if (!cascade || use.kind === 'column') {
      throw queryError(`${of} is used by the ${use.what}.`, 'Drop that first, or write CASCADE.', { column: name })
    }
    if (use.kind === 'index') entry = withoutIndex(context, entry, use.name)
    if (use.kind === 'check') entry = { ...entry, checks: entry.checks.filter(c => c.name !== use.name) }
    if (use.kind === 'key') {
      entry = { ...entry, foreignKeys: (entry.foreignKeys ?? []).filter(key => key.name !== use.name) }
    }
  }
  const { id, type } = entry.columns[position]!
  const { entry: saved } = context.save({
    ...entry,
    columns: entry.columns.map((c, i) => (i === position ? { id, name, type, notNull: false, dropped: true } : c)),
    schemaVersion: entry.schemaVersion + 1,
  })
  unlinkForeignKeys(context, before, saved)
  return context.require(saved.name).entry
}

export function setType(
  context: DdlContext,
  entry: TableEntry,
  name: string,
  declared: string,
  using: StoredExpression | undefined,
): TableEntry {
  const position = positionOf(entry, name)
  const column = entry.columns[position]!
  const { type, dimension } = typeOf(entry.name, column.name, declared)
  const { dimension: _, declaredType: __, ...rest } = column
  const changed: ColumnEntry = {
    ...rest,
    type,
    declaredType: declared,
    ...(dimension === undefined ? {} : { dimension }),
  }
  const after = { ...entry, columns: entry.columns.map((c, i) => (i === position ? changed : c)) }
  if (type === column.type && dimension === column.dimension && !using) return after
  if (column.generated) throw queryError(`Column "${column.name}" is generated: drop it, and add it with another type.`)
  if (
    !isKeyType(type) &&
    (entry.primaryKey.includes(position) || usesOf(entry, position).some(u => u.kind === 'index'))
  ) {
    throw invalid(`Column "${column.name}" is part of a key, and ${type} has no order to look it up by.`)
  }
  if (column.identity && !isIntegral(type)) throw invalid(`Column "${column.name}" numbers rows: it stays an integer.`)
  checkKeysAllow(context, entry, position, type)
  if (column.default?.kind === 'value' && type !== column.type) {
    throw queryError(`Column "${column.name}" has a default of type ${column.type}.`, 'Drop the default first.')
  }
  const binder = new RowBinder(entry)
  const what = `column "${column.name}"`
  const value = using
    ? expectStorable(binder.bindExpression(using.expression, what), type, column.name)
    : cast(binder.bind(quoteName(column.name), what), type)
  if (!using) checkFits(context, entry, column, type)
  return rebuild(context, entry, after, new Map([[position, value]]))
}

/** Columns of foreign keys have the types of those they name. */
function checkKeysAllow(context: DdlContext, entry: TableEntry, position: number, type: ColumnEntry['type']): void {
  const column = entry.columns[position]!
  if (isIntegral(type) && isIntegral(column.type)) return
  const own = (entry.foreignKeys ?? []).find(key => key.columns.includes(position))
  const other = referrersOf(context, entry).find(({ key }) => key.targetColumns.some(c => sameName(c, column.name)))
  const key = own ?? other?.key
  if (key) throw queryError(`Column "${column.name}" is part of the foreign key "${key.name}".`, 'Drop that one first.')
}

/** A value that would not come back as it was does not fit. */
function checkFits(context: DdlContext, entry: TableEntry, column: ColumnEntry, type: string): void {
  if (column.type === type || type === 'text' || type === 'json') return
  const name = quoteName(column.name)
  const back = `cast(try_cast(${name} as ${type}) as ${column.type})`
  const lost = column.type === 'text' ? `try_cast(${name} as ${type}) is null` : `${back} is distinct from ${name}`
  const query = `select ${name} as v from ${quoteName(entry.name)} where ${name} is not null and (${lost}) limit 1`
  if (context.run(query).rows.length === 0) return
  throw queryError(
    `Column "${column.name}" of table "${entry.name}" holds values that are no ${type}.`,
    'Say what becomes of them: ALTER COLUMN … TYPE … USING expression.',
    { table: entry.name, column: column.name, from: column.type, to: type },
  )
}

export function setDefault(
  context: DdlContext,
  entry: TableEntry,
  name: string,
  value: StoredExpression | undefined,
): TableEntry {
  const position = positionOf(entry, name)
  const { default: _, ...column } = entry.columns[position]!
  if (column.generated) throw queryError(`Column "${column.name}" is generated: it has no default.`)
  const made = value && columnDefault(column, value)
  const changed = made ? { ...column, default: made } : column
  const after = { ...entry, columns: entry.columns.map((c, i) => (i === position ? changed : c)) }
  // Rows that are older than the column read its default: they take what it was first.
  return column.added && hasRows(context, entry) ? rebuild(context, entry, after) : after
}

export function setNotNull(context: DdlContext, entry: TableEntry, name: string, notNull: boolean): TableEntry {
  const position = positionOf(entry, name)
  const column = entry.columns[position]!
  if (column.notNull === notNull) return entry
  if (!notNull && entry.primaryKey.includes(position)) {
    throw queryError(`Column "${column.name}" is part of the primary key, which takes no NULL.`)
  }
  if (notNull) checkNotNull(context, entry, column.name)
  return { ...entry, columns: entry.columns.map((c, i) => (i === position ? { ...c, notNull } : c)) }
}

/** MySQL's MODIFY and CHANGE: what the definition does not say is not kept. */
export function replaceColumn(
  context: DdlContext,
  before: TableEntry,
  name: string,
  definition: ColumnDefinition,
): TableEntry {
  let entry = renameColumn(context, before, name, definition.name)
  if (entry !== before) entry = context.save(entry).entry
  if (definition.type !== undefined) entry = setType(context, entry, definition.name, definition.type, undefined)
  if (!entry.primaryKey.includes(positionOf(entry, definition.name))) {
    entry = setNotNull(context, context.save(entry).entry, definition.name, definition.notNull)
  }
  entry = setDefault(context, context.save(entry).entry, definition.name, definition.default)
  return constrain(context, context.save(entry).entry, definition)
}
