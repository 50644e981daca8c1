/** Tables and their indexes: reading and changing their entries in the caller's transaction. */
import { didYouMean, invalid, queryError } from '../problem.js'
import type { CatalogTable, ColumnEntry, IndexEntry, TableEntry } from './entries.js'
import type { ColumnSpec, IndexSpec, TableSpec } from './specs.js'
import {
  CatalogKind,
  catalogKey,
  catalogRange,
  foldName,
  listDropped,
  readDocument,
  takeId,
  writeDocument,
} from './store.js'
import type { CatalogStore } from './store.js'
import { checkIndex, checkName, checkTable, MAX_INDEXES } from './validate.js'

export function getTable(store: CatalogStore, namespaceId: number, name: string): CatalogTable | undefined {
  const key = catalogKey(namespaceId, CatalogKind.table, name)
  const record = store.get(key)
  return record && { entry: readDocument(record) as TableEntry, key, version: record.version }
}

/** All tables of the namespace, by name. */
export function listTables(store: CatalogStore, namespaceId: number): CatalogTable[] {
  const { lo, hi } = catalogRange(namespaceId, CatalogKind.table)
  return Array.from(store.scan(lo, hi), record => ({
    entry: readDocument(record) as TableEntry,
    key: Uint8Array.from(record.key),
    version: record.version,
  }))
}

export function requireTable(store: CatalogStore, namespaceId: number, name: string): CatalogTable {
  const table = getTable(store, namespaceId, name)
  if (table) return table
  const names = listTables(store, namespaceId).map(t => t.entry.name)
  throw queryError(`There is no table "${name}".${didYouMean(name, names)}`, undefined, { table: name })
}

/** Creates a table with its indexes. Errors: ValidationError for what is declared wrong, QueryError for names that are taken. */
export function createTable(store: CatalogStore, namespaceId: number, spec: TableSpec): TableEntry {
  checkTable(spec)
  const key = catalogKey(namespaceId, CatalogKind.table, spec.name)
  if (store.get(key)) throw queryError(`There is a table "${spec.name}" already.`, undefined, { table: spec.name })
  const positions = new Map(spec.columns.map((column, position) => [foldName(column.name), position]))
  const primaryKey = spec.primaryKey.map(name => positions.get(foldName(name))!)
  const indexes = (spec.indexes ?? []).map((index, i) => indexEntry(i + 1, index, positions))
  for (const index of indexes) claimIndexName(store, namespaceId, index.name, spec.name)
  const entry: TableEntry = {
    id: takeId(store, namespaceId),
    name: spec.name,
    schemaVersion: 1,
    generation: 1,
    columns: spec.columns.map((column, i) => declaredColumn(i + 1, column, primaryKey.includes(i))),
    primaryKey,
    indexes,
    checks: (spec.checks ?? []).map(({ name, expression }) => ({ name, expression })),
    policy: spec.indexPolicy ?? 'balanced',
    nextColumnId: spec.columns.length + 1,
    nextIndexId: indexes.length + 1,
  }
  store.put(key, writeDocument(entry))
  return entry
}

/** A declared column as the catalog keeps it. */
export function declaredColumn(id: number, spec: ColumnSpec, inPrimaryKey: boolean): ColumnEntry {
  return {
    id,
    name: spec.name,
    type: spec.type,
    notNull: inPrimaryKey || !spec.nullable,
    ...(spec.default === undefined ? {} : { default: spec.default }),
    ...(spec.dimension === undefined ? {} : { dimension: spec.dimension }),
    ...(spec.enum === undefined ? {} : { enum: spec.enum }),
    ...(spec.references === undefined ? {} : { references: spec.references }),
    ...(spec.generated === undefined ? {} : { generated: spec.generated }),
    ...(spec.identity === undefined ? {} : { identity: spec.identity }),
    ...(spec.declaredType === undefined ? {} : { declaredType: spec.declaredType }),
    ...(spec.onUpdateNow ? { onUpdateNow: true as const } : {}),
  }
}

function indexEntry(id: number, spec: IndexSpec, positions: ReadonlyMap<string, number>): IndexEntry {
  return {
    id,
    name: spec.name,
    unique: spec.unique,
    columns: spec.columns.map(c => ({ column: positions.get(foldName(c.column))!, descending: c.desc })),
    ...(spec.where === undefined ? {} : { where: spec.where }),
  }
}

export function claimIndexName(store: CatalogStore, namespaceId: number, name: string, table: string): void {
  const key = catalogKey(namespaceId, CatalogKind.index, name)
  const taken = store.get(key)
  if (taken) {
    const owner = (readDocument(taken) as { table: string }).table
    throw queryError(`There is an index "${name}" already, on table "${owner}".`, undefined, { index: name })
  }
  store.put(key, writeDocument({ table }))
}

/**
 * Drops a table and its indexes from the catalog. Its rows are of a dead id from then on, and compaction takes them away.
 * `false` when there is none and `ifExists` is set.
 */
export function dropTable(
  store: CatalogStore,
  namespaceId: number,
  name: string,
  { ifExists = false }: { ifExists?: boolean } = {},
): boolean {
  if (ifExists && !getTable(store, namespaceId, name)) return false
  const table = requireTable(store, namespaceId, name)
  for (const index of table.entry.indexes) store.delete(catalogKey(namespaceId, CatalogKind.index, index.name))
  store.delete(table.key)
  listDropped(store, namespaceId, table.entry.id)
  return true
}

export interface CreateIndexOptions {
  /** Whether the table holds no row, as the same transaction sees it. */
  readonly isEmpty: (table: CatalogTable) => boolean
  /** Fills the index from the rows there are, in the same transaction. Without it, only an empty table can be indexed. */
  readonly backfill?: (table: CatalogTable, index: IndexEntry) => void
}

/** Adds an index to a table that exists. */
export function createIndex(
  store: CatalogStore,
  namespaceId: number,
  tableName: string,
  spec: IndexSpec,
  options: CreateIndexOptions,
): IndexEntry {
  const table = requireTable(store, namespaceId, tableName)
  const { entry } = table
  const live = entry.columns.filter(c => !c.dropped)
  checkIndex(
    entry.name,
    spec,
    new Map(live.map(c => [foldName(c.name), { name: c.name, type: c.type, nullable: !c.notNull }])),
  )
  if (entry.indexes.length >= MAX_INDEXES) {
    throw invalid(`Table "${entry.name}" has ${MAX_INDEXES} indexes, and that is the most.`)
  }
  const empty = options.isEmpty(table)
  if (!empty && !options.backfill) {
    throw queryError(
      `Index "${spec.name}" cannot be created: table "${entry.name}" holds rows.`,
      'Declare the index when the table is created, or copy the rows into a new table that has it.',
      { table: entry.name, index: spec.name },
    )
  }
  claimIndexName(store, namespaceId, spec.name, entry.name)
  const positions = new Map<string, number>()
  entry.columns.forEach((c, i) => {
    if (!c.dropped) positions.set(foldName(c.name), i)
  })
  const index = indexEntry(entry.nextIndexId, spec, positions)
  const changed = { ...entry, indexes: [...entry.indexes, index], nextIndexId: entry.nextIndexId + 1 }
  store.put(table.key, writeDocument(changed))
  if (!empty) options.backfill!({ entry: changed, key: table.key, version: 0n }, index)
  return index
}

/** Drops an index by its name. `false` when there is none and `ifExists` is set. */
export function dropIndex(
  store: CatalogStore,
  namespaceId: number,
  name: string,
  { ifExists = false }: { ifExists?: boolean } = {},
): boolean {
  checkName('an index', name)
  const key = catalogKey(namespaceId, CatalogKind.index, name)
  const record = store.get(key)
  if (!record) {
    if (ifExists) return false
    throw queryError(`There is no index "${name}".`, undefined, { index: name })
  }
  const table = requireTable(store, namespaceId, (readDocument(record) as { table: string }).table)
  const indexes = table.entry.indexes.filter(index => foldName(index.name) !== foldName(name))
  store.put(table.key, writeDocument({ ...table.entry, indexes }))
  store.delete(key)
  return true
}

/** Empties a table by giving it a new id: rows and index entries under the old one are dead. */
export function truncateTable(store: CatalogStore, namespaceId: number, name: string): TableEntry {
  const table = requireTable(store, namespaceId, name)
  listDropped(store, namespaceId, table.entry.id)
  const entry = { ...table.entry, id: takeId(store, namespaceId), generation: table.entry.generation + 1 }
  store.put(table.key, writeDocument(entry))
  return entry
}
