/** What needs both the catalog and the rows of a table: describing tables, and indexing one that is in use. */
import type { Transaction } from '../engine/transaction.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/constants.js'
import { createIndex, liveColumns, listTables } from './catalog/index.js'
import type { CatalogTable, IndexEntry, IndexSpec } from './catalog/index.js'
import { fillInline } from './ddl/build-index.js'
import { catalogStore } from './session.js'
import type { StatementTarget } from './session.js'
import type { ColumnTypeName } from './types.js'

export interface TableDescription {
  readonly name: string
  readonly columns: readonly {
    readonly name: string
    readonly type: ColumnTypeName
    readonly nullable: boolean
    readonly hasDefault: boolean
  }[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly {
    readonly name: string
    readonly unique: boolean
    readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  }[]
}

/** The tables of the namespace `default`, by name. */
export function describeTables(target: StatementTarget): TableDescription[] {
  return listTables(catalogStore(target), DEFAULT_NAMESPACE_ID).map(describe)
}

function describe({ entry }: CatalogTable): TableDescription {
  const nameAt = (position: number) => entry.columns[position]!.name
  return {
    name: entry.name,
    columns: liveColumns(entry).map(position => {
      const column = entry.columns[position]!
      return {
        name: column.name,
        type: column.type,
        nullable: !column.notNull,
        hasDefault: column.default !== undefined,
      }
    }),
    primaryKey: entry.primaryKey.filter(position => !entry.columns[position]!.hidden).map(nameAt),
    indexes: entry.indexes.map(({ name, unique, columns }) => ({
      name,
      unique,
      columns: columns.map(c => ({ column: c.expression ?? nameAt(c.column), desc: c.descending })),
    })),
  }
}

/**
 * Adds an index to a table, rows or none, in the caller's transaction.
 *
 * @throws UniqueConstraintError when rows there are already break a unique one
 */
export function createTableIndex(transaction: Transaction, tableName: string, spec: IndexSpec): IndexEntry {
  return transaction.transaction(inner =>
    createIndex(catalogStore(inner), DEFAULT_NAMESPACE_ID, tableName, spec, {
      isEmpty: () => false,
      backfill: (table, index) => fillInline(inner, table.entry, index),
    }),
  )
}
