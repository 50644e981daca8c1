/** What needs both the catalog and the rows of a table: describing tables, and indexing one that is in use. */
import type { Transaction } from '../engine/transaction.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/constants.js'
import { createIndex, liveColumns, listTables } from './catalog/index.js'
import type { CatalogTable, IndexEntry, IndexSpec } from './catalog/index.js'
import type { Statement } from './ast/nodes.js'
import { catalogStore, executeStatement } from './session.js'
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
    primaryKey: entry.primaryKey.map(nameAt),
    indexes: entry.indexes.map(({ name, unique, columns }) => ({
      name,
      unique,
      columns: columns.map(c => ({ column: nameAt(c.column), desc: c.descending })),
    })),
  }
}

/**
 * Adds an index to a table, rows or none, in the caller's transaction: the rows are written again, with their entries in the
 * new index.
 *
 * @throws UniqueConstraintError when rows there are already break a unique one
 */
export function createTableIndex(transaction: Transaction, tableName: string, spec: IndexSpec): IndexEntry {
  return transaction.transaction(inner => addIndex(inner, tableName, spec))
}

function addIndex(transaction: Transaction, tableName: string, spec: IndexSpec): IndexEntry {
  const store = catalogStore(transaction)
  let rows: readonly Readonly<Record<string, unknown>>[] = []
  return createIndex(store, DEFAULT_NAMESPACE_ID, tableName, spec, {
    // Asked before the catalog changes: the rows leave under the old schema, and come back under the new one.
    isEmpty: table => {
      rows = executeStatement(transaction, selectAll(table), []).rows
      if (rows.length > 0) executeStatement(transaction, deleteAll(table), [])
      return rows.length === 0
    },
    backfill: table => {
      const columns = liveColumns(table.entry).map(position => table.entry.columns[position]!.name)
      const values = rows.flatMap(row => columns.map(name => row[name]))
      const cells = rows.map((_, i) =>
        columns.map((_, j) => ({ kind: 'parameter', index: i * columns.length + j }) as const),
      )
      const insert: Statement = {
        kind: 'insert',
        table: table.entry.name,
        columns,
        rows: cells,
        onConflict: undefined,
        returning: [],
      }
      executeStatement(transaction, insert, values)
    },
  })
}

function selectAll(table: CatalogTable): Statement {
  return {
    kind: 'select',
    distinct: false,
    columns: [{ kind: 'all', table: undefined }],
    from: { kind: 'table', name: table.entry.name, alias: undefined },
    where: undefined,
    groupBy: [],
    having: undefined,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

function deleteAll(table: CatalogTable): Statement {
  return { kind: 'delete', table: table.entry.name, alias: undefined, where: undefined, returning: [] }
}
