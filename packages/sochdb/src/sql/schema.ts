/** What needs both the catalog and the rows of a table: describing tables, and indexing one that is in use. */
import type { Transaction } from '../engine/transaction.js'
import { QueryError } from '../errors/index.js'
import type { Statement } from './ast/nodes.js'
import { CatalogKind, catalogRange, createIndex, liveColumns, listTables, readDocument } from './catalog/index.js'
import type { CatalogTable, IndexEntry, IndexSpec, ViewEntry } from './catalog/index.js'
import { fillInline } from './ddl/build-index.js'
import type { ResultColumn } from './plan/compile.js'
import { catalogStore, PreparedStatement } from './session.js'
import type { StatementTarget } from './session.js'
import type { ColumnTypeName } from './types.js'

export interface TableDescription {
  readonly name: string
  readonly columns: readonly {
    readonly name: string
    readonly type: ColumnTypeName
    readonly nullable: boolean
    readonly hasDefault: boolean
    /** As it was declared, where that says more than `type`. */
    readonly declaredType: string | undefined
    /** A counter of the table fills it. */
    readonly counts: boolean
  }[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly {
    readonly name: string
    readonly unique: boolean
    readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  }[]
}

/** The tables of the namespace that the target is seen through, by name. */
export function describeTables(target: StatementTarget): TableDescription[] {
  return listTables(catalogStore(target), target.namespaceId).map(describe)
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
        declaredType: column.declaredType,
        counts: column.identity !== undefined,
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

export interface ViewDescription {
  readonly name: string
  /** None when the view's query does not fit its tables any more. */
  readonly columns: readonly ResultColumn[]
}

/** The views of the namespace that the target is seen through, by name. */
export function describeViews(target: StatementTarget): ViewDescription[] {
  const { lo, hi } = catalogRange(target.namespaceId, CatalogKind.view)
  const names = Array.from(catalogStore(target).scan(lo, hi), record => (readDocument(record) as ViewEntry).name)
  return names.map(name => ({ name, columns: columnsOfView(target, name) }))
}

function columnsOfView(target: StatementTarget, name: string): readonly ResultColumn[] {
  try {
    return new PreparedStatement(selectAll(name)).runnable(target, []).plan.columns
  } catch (error) {
    if (error instanceof QueryError) return []
    throw error
  }
}

const selectAll = (name: string): Statement => ({
  kind: 'select',
  distinct: false,
  columns: [{ kind: 'all', table: undefined }],
  from: { kind: 'table', name, alias: undefined },
  where: undefined,
  groupBy: [],
  having: undefined,
  orderBy: [],
  limit: undefined,
  offset: undefined,
})

/**
 * Adds an index to a table, rows or none, in the caller's transaction.
 *
 * @throws UniqueConstraintError when rows there are already break a unique one
 */
export function createTableIndex(transaction: Transaction, tableName: string, spec: IndexSpec): IndexEntry {
  return transaction.transaction(inner =>
    createIndex(catalogStore(inner), inner.namespaceId, tableName, spec, {
      isEmpty: () => false,
      backfill: (table, index) => fillInline(inner, table.entry, index),
    }),
  )
}
