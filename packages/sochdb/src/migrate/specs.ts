/** Parts of a store model as the catalog takes them. */
import type { StoreCollection, StoreColumn, StoreTable } from '@sochdb/schema/diff'
import type { CollectionSpec, ColumnSpec, TableSpec } from '../sql/catalog/index.js'

export const columnSpecOf = (column: StoreColumn): ColumnSpec => column

export function tableSpecOf({ foreignKeys: _, columns, ...table }: StoreTable): TableSpec {
  return { ...table, columns: columns.map(columnSpecOf) }
}

export const collectionSpecOf = (collection: StoreCollection): CollectionSpec => collection
