/** The catalog as one statement sees it: what the binder resolves names against. */
import type { Query } from '../ast/nodes.js'
import { parseStatement } from '../parser/index.js'
import type { CatalogTable, TableEntry, ViewEntry } from './entries.js'
import { CatalogKind, catalogKey, foldName, readDocument } from './store.js'
import type { CatalogRecord, CatalogStore } from './store.js'
import { systemView } from './system-views.js'
import { listTables } from './tables.js'

/** A query with a name. */
export interface CatalogView {
  readonly name: string
  /** `undefined`: as the query calls them. */
  readonly columns: readonly string[] | undefined
  readonly query: Query
  /** Where its entry lies, and which version of it this is; 0n: the transaction's own. Plans over it hold until that changes. */
  readonly key?: Uint8Array
  readonly version?: bigint
  /** Its rows stand in the query: a plan over it is used once. */
  readonly isSystem?: true
}

export interface CatalogSnapshot {
  readonly namespaceId: number
  /** The read timestamp of the transaction or snapshot it is read through. */
  readonly timestamp: bigint
  getTable(name: string): CatalogTable | undefined
  getView?(name: string): CatalogView | undefined
  /** `information_schema.tables` and the like. */
  getSystemView?(schema: string | undefined, name: string): CatalogView | undefined
  /** For "did you mean". */
  tableNames(): string[]
  /** A rough number of rows, where one is known: it only ever decides between plans. */
  rowCount?(table: TableEntry): number | undefined
}

/** Decoded entries by key and version, shared by the statements of one database; bounded. */
export class CatalogCache {
  readonly #entries = new Map<string, { readonly version: bigint; readonly entry: TableEntry }>()

  constructor(readonly limit = 4096) {}

  table(namespaceId: number, name: string, record: CatalogRecord): TableEntry {
    if (record.version === 0n) return readDocument(record) as TableEntry
    const key = `${namespaceId}:${foldName(name)}`
    const held = this.#entries.get(key)
    if (held?.version === record.version) return held.entry
    const entry = readDocument(record) as TableEntry
    if (this.#entries.size >= this.limit) this.#entries.clear()
    this.#entries.set(key, { version: record.version, entry })
    return entry
  }
}

/** Reads entries on demand; what it has read stays as it was for the life of the snapshot. */
export function catalogSnapshot(
  store: CatalogStore,
  namespaceId: number,
  timestamp: bigint,
  cache: CatalogCache = new CatalogCache(),
): CatalogSnapshot {
  const tables = new Map<string, CatalogTable | undefined>()
  return {
    namespaceId,
    timestamp,
    getTable(name) {
      const folded = foldName(name)
      if (tables.has(folded)) return tables.get(folded)
      const key = catalogKey(namespaceId, CatalogKind.table, name)
      const record = store.get(key)
      const table = record && { entry: cache.table(namespaceId, name, record), key, version: record.version }
      tables.set(folded, table)
      return table
    },
    getView(name) {
      const key = catalogKey(namespaceId, CatalogKind.view, name)
      const record = store.get(key)
      if (!record) return undefined
      const view = readDocument(record) as ViewEntry
      const query = parseStatement(view.text).statement as Query
      return { name: view.name, columns: view.columns, query, key, version: record.version }
    },
    getSystemView: (schema, name) => systemView(store, namespaceId, schema, name),
    tableNames: () => listTables(store, namespaceId).map(t => t.entry.name),
  }
}
