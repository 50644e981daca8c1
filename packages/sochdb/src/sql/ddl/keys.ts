/** Indexes and foreign keys of declarations as the catalog keeps them. */
import type { ForeignKeyTarget, IndexedColumn } from '../ast/ddl.js'
import type { CatalogTable, ForeignKeyEntry, IndexEntry, IndexKeyColumn, TableEntry } from '../catalog/entries.js'
import { foldName } from '../catalog/store.js'
import { MAX_INDEXES, MAX_KEY_COLUMNS } from '../catalog/validate.js'
import { collatedKey, collationOfName } from '../binder/collations.js'
import { positionsOf, uniqueKeyOf } from '../binder/foreign-keys.js'
import { RowBinder } from '../binder/row-expressions.js'
import { didYouMean, invalid, queryError } from '../problem.js'
import { commonType, isIntegral, isKeyType } from '../types.js'
import type { DdlContext } from './context.js'
import { sameName } from './context.js'

export interface IndexDeclaration {
  readonly name: string | undefined
  readonly unique: boolean
  readonly columns: readonly IndexedColumn[]
  readonly where?: string | undefined
  readonly nullsNotDistinct?: boolean | undefined
  /** Of a UNIQUE constraint. */
  readonly constraint?: boolean | undefined
}

/** Position of a live column. */
export function positionOf(entry: TableEntry, name: string): number {
  const position = entry.columns.findIndex(c => !c.dropped && sameName(c.name, name))
  if (position >= 0) return position
  const names = entry.columns.filter(c => !c.dropped).map(c => c.name)
  throw queryError(`Table "${entry.name}" has no column "${name}".${didYouMean(name, names)}`, undefined, {
    table: entry.name,
    column: name,
  })
}

/** The entry with one more index, whose name is claimed. */
export function withIndex(context: DdlContext, entry: TableEntry, declared: IndexDeclaration): TableEntry {
  if (entry.indexes.length >= MAX_INDEXES) {
    throw invalid(`Table "${entry.name}" has ${MAX_INDEXES} indexes, and that is the most.`)
  }
  if (declared.columns.length === 0 || declared.columns.length > MAX_KEY_COLUMNS) {
    throw invalid(`An index of table "${entry.name}" has 1 to ${MAX_KEY_COLUMNS} columns.`)
  }
  const columns = declared.columns.map(column => keyColumn(entry, column))
  const name = declared.name ?? freeIndexName(context, entry, declared)
  const index: IndexEntry = {
    id: entry.nextIndexId,
    name,
    unique: declared.unique,
    columns,
    ...(declared.where === undefined ? {} : { where: declared.where }),
    ...(declared.nullsNotDistinct ? { nullsNotDistinct: true as const } : {}),
    ...(declared.constraint ? { constraint: true as const } : {}),
  }
  const binder = new RowBinder(entry)
  if (index.where !== undefined) binder.condition(index.where, `index "${name}"`)
  for (const column of columns) if (column.expression !== undefined) binder.key(column.expression, index)
  context.claimIndex(name, entry.name)
  return { ...entry, indexes: [...entry.indexes, index], nextIndexId: entry.nextIndexId + 1 }
}

function keyColumn(entry: TableEntry, { expression, text, descending }: IndexedColumn): IndexKeyColumn {
  let plain = expression
  let collation: string | undefined
  if (plain.kind === 'collate') {
    collation = plain.collation.toLowerCase()
    plain = plain.operand
  }
  if (plain.kind !== 'column' || plain.table !== undefined) return { column: -1, descending, expression: text }
  const column = positionOf(entry, plain.name)
  const { type, name, collation: own } = entry.columns[column]!
  if (!isKeyType(type)) {
    throw invalid(`Column "${name}" of table "${entry.name}" is ${type}, which has no order to look it up by.`)
  }
  const compared = collationOfName(collation ?? own ?? 'binary')
  if (compared !== undefined && compared !== 'binary' && type === 'text')
    return { column: -1, descending, expression: collatedKey(name, compared) }
  return { column, descending }
}

function freeIndexName(context: DdlContext, entry: TableEntry, declared: IndexDeclaration): string {
  const parts = declared.columns.map(({ expression }) => (expression.kind === 'column' ? expression.name : 'expr'))
  const base = [entry.name, ...parts, declared.constraint ? 'key' : 'idx'].join('_').slice(0, 200)
  for (let i = 0; ; ++i) {
    const name = i === 0 ? base : `${base}${i}`
    if (context.ownerOfIndex(name) === undefined) return name
  }
}

/** A name that no constraint of the table has. */
export function freeConstraintName(entry: TableEntry, base: string): string {
  const taken = new Set(
    [...entry.checks, ...(entry.foreignKeys ?? []), ...entry.indexes].map(({ name }) => foldName(name)),
  )
  for (let i = 0; ; ++i) {
    const name = i === 0 ? base : `${base}${i}`
    if (!taken.has(foldName(name))) return name
  }
}

/** The entry with one more foreign key. `save` it, then `linkForeignKey`. */
export function withForeignKey(
  context: DdlContext,
  entry: TableEntry,
  columns: readonly string[],
  target: ForeignKeyTarget,
): TableEntry {
  const positions = columns.map(name => positionOf(entry, name))
  const self = sameName(target.table, entry.name)
  const parent: TableEntry = self ? entry : context.require(target.table).entry
  const targetColumns =
    target.targetColumns ?? parent.primaryKey.map(position => parent.columns[position]!).map(({ name }) => name)
  const targets = positionsOf(parent, targetColumns)
  const name = target.name ?? freeConstraintName(entry, `${entry.name}_${columns.join('_')}_fkey`)
  if (parent.primaryKey.some(position => parent.columns[position]!.hidden) && !target.targetColumns) {
    throw invalid(`Table "${parent.name}" has no primary key that "${name}" could refer to.`)
  }
  if (targets.length !== positions.length) {
    throw invalid(`The foreign key "${name}" has ${positions.length} columns, and refers to ${targets.length}.`)
  }
  if (uniqueKeyOf(parent, targets) === undefined) {
    throw invalid(
      `The foreign key "${name}" refers to ${targetColumns.join(', ')} of table "${parent.name}", which is no unique key.`,
      'Refer to the primary key, or to columns with a UNIQUE constraint.',
    )
  }
  positions.forEach((position, i) => checkTypes(name, entry, position, parent, targets[i]!))
  checkActions(name, entry, positions, target)
  const key: ForeignKeyEntry = {
    name,
    columns: positions,
    table: parent.name,
    targetColumns,
    onDelete: target.onDelete,
    onUpdate: target.onUpdate,
    ...(target.deferrable ? { deferrable: true as const } : {}),
    ...(target.initiallyDeferred ? { initiallyDeferred: true as const } : {}),
  }
  const changed = { ...entry, foreignKeys: [...(entry.foreignKeys ?? []), key] }
  return self ? withReferrer(changed, entry.name) : changed
}

function checkTypes(name: string, child: TableEntry, from: number, parent: TableEntry, to: number): void {
  const a = child.columns[from]!
  const b = parent.columns[to]!
  if (a.type === b.type || (isIntegral(a.type) && isIntegral(b.type) && commonType(a.type, b.type))) return
  throw invalid(
    `The foreign key "${name}" lets "${a.name}" (${a.type}) refer to "${parent.name}"."${b.name}" (${b.type}).`,
    'Both need the same type.',
  )
}

function checkActions(name: string, entry: TableEntry, positions: readonly number[], target: ForeignKeyTarget): void {
  const actions = [target.onDelete, target.onUpdate]
  for (const position of positions) {
    const column = entry.columns[position]!
    if (column.generated && actions.some(a => a === 'setNull' || a === 'setDefault' || a === 'cascade')) {
      throw invalid(`The foreign key "${name}" cannot change the generated column "${column.name}".`)
    }
    if (actions.includes('setDefault') && column.default && column.default.kind !== 'value') {
      throw invalid(`The foreign key "${name}" sets "${column.name}" to its default, which must be a constant then.`)
    }
  }
}

/** Notes with a table that another one refers to it. */
export function linkForeignKey(context: DdlContext, child: TableEntry, table: string): void {
  if (sameName(child.name, table)) return
  context.change(table, entry => withReferrer(entry, child.name))
}

function withReferrer(entry: TableEntry, child: string): TableEntry {
  return { ...entry, referencedBy: [...new Set([...(entry.referencedBy ?? []), foldName(child)])].sort() }
}

/** Notes with the tables of `before` that `after` does not refer to them any more. */
export function unlinkForeignKeys(context: DdlContext, before: TableEntry, after: TableEntry | undefined): void {
  const still = new Set((after?.foreignKeys ?? []).map(key => foldName(key.table)))
  for (const table of new Set((before.foreignKeys ?? []).map(key => foldName(key.table)))) {
    if (still.has(table) || (!after && sameName(table, before.name))) continue
    const parent = context.find(table)
    if (!parent) continue
    const referencedBy = (parent.entry.referencedBy ?? []).filter(child => child !== foldName(before.name))
    context.save({ ...parent.entry, referencedBy })
  }
}

/** The foreign keys that refer to a table, with the tables that have them. */
export function referrersOf(context: DdlContext, entry: TableEntry): { child: CatalogTable; key: ForeignKeyEntry }[] {
  return (entry.referencedBy ?? []).flatMap(name => {
    const child = sameName(name, entry.name) ? { ...context.require(name), entry } : context.require(name)
    return (child.entry.foreignKeys ?? []).filter(key => sameName(key.table, entry.name)).map(key => ({ child, key }))
  })
}
