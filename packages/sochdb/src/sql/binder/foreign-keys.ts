/**
 * The foreign keys that a write may have to do with: those of the rows it makes, those to the rows it takes away, and what their
 * actions lead to, in other tables too.
 */
import type { CatalogTable, ForeignKeyActionName, ForeignKeyEntry, TableEntry } from '../catalog/entries.js'
import type { CatalogSnapshot } from '../catalog/snapshot.js'
import { foldName } from '../catalog/store.js'
import { queryError } from '../problem.js'
import type { BoundQuery, BoundWrite } from './bound.js'
import { conflictsOf } from './visit.js'

export interface BoundForeignKey {
  readonly name: string
  readonly child: CatalogTable
  readonly parent: CatalogTable
  readonly deferred: boolean
  readonly onDelete: ForeignKeyActionName
  readonly onUpdate: ForeignKeyActionName
  /** The unique index of the parent that has the columns; -1: its primary key. */
  readonly parentIndex: number
  /** An index of the child that begins with the columns; -2: its primary key does; -1: none. */
  readonly childIndex: number
  readonly columns: readonly { readonly child: number; readonly parent: number }[]
}

interface TableUse {
  addTable(name: string): CatalogTable
}

/** What happens to rows of a table. */
interface Change {
  readonly table: CatalogTable
  readonly inserts: boolean
  readonly deletes: boolean
  /** Columns that updates may set. */
  readonly sets: ReadonlySet<number>
}

export function foreignKeysOf(
  catalog: CatalogSnapshot,
  query: BoundQuery | BoundWrite,
  use: (table: CatalogTable) => void,
): BoundForeignKey[] {
  if (query.kind !== 'insert' && query.kind !== 'update' && query.kind !== 'delete') return []
  const { entry } = query.ref.table
  if (!entry.foreignKeys?.length && !entry.referencedBy?.length) return []
  const tables = new Map([[foldName(entry.name), query.ref.table]])
  const collector = new Collector({
    addTable(name) {
      const folded = foldName(name)
      let table = tables.get(folded)
      if (!table) {
        table = catalog.getTable(name)
        if (!table)
          throw queryError(`Table "${name}" is missing, which a foreign key names.`, undefined, { table: name })
        tables.set(folded, table)
        use(table)
      }
      return table
    },
  })
  const set =
    query.kind === 'update' ? query.set : query.kind === 'insert' ? conflictsOf(query).flatMap(c => c.set) : []
  collector.visit({
    table: query.ref.table,
    inserts: query.kind === 'insert',
    deletes: query.kind === 'delete' || replaces(query),
    sets: new Set(set.map(({ position }) => position)),
  })
  return [...collector.keys.values()]
}

/** Whether rows in the way are deleted. */
function replaces(query: BoundWrite): boolean {
  if (query.kind === 'update') return query.action === 'replace'
  return query.kind === 'insert' && query.conflict?.action === 'replace'
}

class Collector {
  readonly keys = new Map<string, BoundForeignKey>()
  readonly #seen = new Set<string>()
  readonly #use: TableUse

  constructor(use: TableUse) {
    this.#use = use
  }

  visit(change: Change): void {
    const { table } = change
    const sets = withGenerated(table.entry, change.sets)
    const id = `${foldName(table.entry.name)} ${change.inserts} ${change.deletes} ${[...sets].sort().join()}`
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    for (const key of table.entry.foreignKeys ?? []) {
      if (change.inserts || key.columns.some(column => sets.has(column))) this.#add(table, key)
    }
    for (const name of table.entry.referencedBy ?? []) {
      const child = this.#use.addTable(name)
      for (const key of child.entry.foreignKeys ?? []) {
        if (foldName(key.table) !== foldName(table.entry.name)) continue
        const moves = positionsOf(table.entry, key.targetColumns).some(position => sets.has(position))
        if (change.deletes || moves) this.#follow(child, key, change.deletes, moves)
      }
    }
  }

  #follow(child: CatalogTable, key: ForeignKeyEntry, deleted: boolean, moved: boolean): void {
    this.#add(child, key)
    const actions = [...(deleted ? [key.onDelete] : []), ...(moved ? [key.onUpdate] : [])]
    const sets = actions.some(a => a === 'setNull' || a === 'setDefault') || (moved && key.onUpdate === 'cascade')
    const deletes = deleted && key.onDelete === 'cascade'
    if (!sets && !deletes) return
    this.visit({ table: child, inserts: false, deletes, sets: new Set(sets ? key.columns : []) })
  }

  #add(child: CatalogTable, key: ForeignKeyEntry): void {
    const id = `${foldName(child.entry.name)} ${foldName(key.name)}`
    if (!this.keys.has(id)) this.keys.set(id, bindForeignKey(child, key, this.#use.addTable(key.table)))
  }
}

/** The columns that may change when those in `sets` do. What generated columns look at is not worth asking. */
function withGenerated(entry: TableEntry, sets: ReadonlySet<number>): ReadonlySet<number> {
  if (sets.size === 0 || !entry.columns.some(c => c.generated)) return sets
  const all = new Set(sets)
  entry.columns.forEach((column, position) => {
    if (column.generated && !column.dropped) all.add(position)
  })
  return all
}

export function positionsOf(entry: TableEntry, names: readonly string[]): number[] {
  return names.map(name => {
    const position = entry.columns.findIndex(c => !c.dropped && foldName(c.name) === foldName(name))
    if (position < 0) throw queryError(`Table "${entry.name}" has no column "${name}", which a foreign key names.`)
    return position
  })
}

export function bindForeignKey(child: CatalogTable, key: ForeignKeyEntry, parent: CatalogTable): BoundForeignKey {
  const target = positionsOf(parent.entry, key.targetColumns)
  const parentIndex = uniqueKeyOf(parent.entry, target)
  if (parentIndex === undefined) {
    throw queryError(
      `The foreign key "${key.name}" names ${key.targetColumns.join(', ')} of table "${parent.entry.name}", which is no unique key.`,
      'Refer to the primary key, or to columns with a UNIQUE constraint.',
      { table: child.entry.name, constraint: key.name },
    )
  }
  return {
    name: key.name,
    child,
    parent,
    deferred: key.initiallyDeferred === true,
    onDelete: key.onDelete,
    onUpdate: key.onUpdate,
    parentIndex,
    childIndex: leadingIndexOf(child.entry, key.columns),
    columns: key.columns.map((column, i) => ({ child: column, parent: target[i]! })),
  }
}

const sameSet = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every(x => b.includes(x))

/** The unique index over exactly these columns; -1: the primary key. */
export function uniqueKeyOf(entry: TableEntry, columns: readonly number[]): number | undefined {
  if (sameSet(entry.primaryKey, columns)) return -1
  const index = entry.indexes.findIndex(
    i =>
      i.unique &&
      i.where === undefined &&
      !i.building &&
      sameSet(
        i.columns.map(c => c.column),
        columns,
      ),
  )
  return index < 0 ? undefined : index
}

/** An index whose first columns are these, in any order; -2: the primary key's are; -1: there is none. */
function leadingIndexOf(entry: TableEntry, columns: readonly number[]): number {
  const leads = (key: readonly number[]) => sameSet(key.slice(0, columns.length), columns)
  if (leads(entry.primaryKey)) return -2
  return entry.indexes.findIndex(i => i.where === undefined && !i.building && leads(i.columns.map(c => c.column)))
}
