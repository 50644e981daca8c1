/** What the statements of one change of the schema share: the catalog in its transaction, and ways to ask for rows. */
import type { Transaction } from '../../engine/transaction.js'
import {
  CatalogKind,
  catalogKey,
  catalogRange,
  checkName,
  claimIndexName,
  foldName,
  getTable,
  listTables,
  readDocument,
  requireTable,
  writeDocument,
} from '../catalog/index.js'
import type { CatalogStore, CatalogTable, TableEntry, ViewEntry } from '../catalog/index.js'
import { rowExpressions } from '../binder/row-expressions.js'
import { parseStatement } from '../parser/index.js'
import { queryError } from '../problem.js'
import { catalogStore, executeStatement } from '../session.js'
import type { StatementResult } from '../session.js'
import { holdRows } from './hold.js'

export class DdlContext {
  readonly store: CatalogStore

  /** `namespaceId`: of the tables; statements about their rows need a transaction that is seen through it. */
  constructor(
    readonly transaction: Transaction,
    readonly namespaceId = transaction.namespaceId,
  ) {
    this.store = catalogStore(transaction)
  }

  find(name: string): CatalogTable | undefined {
    return getTable(this.store, this.namespaceId, name)
  }

  require(name: string): CatalogTable {
    return requireTable(this.store, this.namespaceId, name)
  }

  tables(): CatalogTable[] {
    return listTables(this.store, this.namespaceId)
  }

  /** Writes an entry under its name; texts that do not fit the table are errors here. */
  save(entry: TableEntry): CatalogTable {
    rowExpressions(entry)
    const key = catalogKey(this.namespaceId, CatalogKind.table, entry.name)
    this.store.put(key, writeDocument(entry))
    return { entry, key, version: 0n }
  }

  /** Reads the entry anew, changes it and writes it. */
  change(name: string, to: (entry: TableEntry) => TableEntry): CatalogTable {
    return this.save(to(this.require(name).entry))
  }

  remove(name: string): void {
    this.store.delete(catalogKey(this.namespaceId, CatalogKind.table, name))
  }

  claimIndex(name: string, table: string): void {
    checkName('an index', name)
    claimIndexName(this.store, this.namespaceId, name, table)
  }

  releaseIndex(name: string): void {
    this.store.delete(catalogKey(this.namespaceId, CatalogKind.index, name))
  }

  /** The table that has the index. */
  ownerOfIndex(name: string): string | undefined {
    const record = this.store.get(catalogKey(this.namespaceId, CatalogKind.index, name))
    return record && (readDocument(record) as { table: string }).table
  }

  view(name: string): ViewEntry | undefined {
    const record = this.store.get(catalogKey(this.namespaceId, CatalogKind.view, name))
    return record && (readDocument(record) as ViewEntry)
  }

  views(): ViewEntry[] {
    const { lo, hi } = catalogRange(this.namespaceId, CatalogKind.view)
    return Array.from(this.store.scan(lo, hi), record => readDocument(record) as ViewEntry)
  }

  saveView(view: ViewEntry): void {
    this.store.put(catalogKey(this.namespaceId, CatalogKind.view, view.name), writeDocument(view))
  }

  removeView(name: string): void {
    this.store.delete(catalogKey(this.namespaceId, CatalogKind.view, name))
  }

  /** Tables and views share their names. */
  refuseTaken(name: string): void {
    if (this.find(name)) throw queryError(`There is a table "${name}" already.`, undefined, { table: name })
    if (this.view(name)) throw queryError(`There is a view "${name}" already.`, undefined, { view: name })
  }

  run(text: string): StatementResult {
    return executeStatement(this.transaction, parseStatement(text).statement, [])
  }

  /**
   * Whether a query about the rows of tables has one. The answer holds when the change commits: at the weaker levels, too, a row that
   * another transaction commits meanwhile is a conflict.
   */
  exists(tables: readonly TableEntry[], query: string): boolean {
    for (const table of tables) holdRows(this.transaction, table)
    return this.run(`${query} limit 1`).rows.length > 0
  }
}

export const sameName = (a: string, b: string): boolean => foldName(a) === foldName(b)
