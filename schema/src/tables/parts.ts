/** What a table comes to, once its columns and its own calls are read together. */
import type { ColumnNode } from '../columns/column.js'
import type { Casing } from '../define/define-schema.js'
import type { IndexNode, TableNode } from './table.js'

/** The primary key, whichever way it was declared; empty when it was not. */
export function primaryKeyOf(table: TableNode): readonly string[] {
  if (table.primaryKey !== undefined) return table.primaryKey
  return Object.keys(table.columns).filter(name => table.columns[name]!.primaryKey)
}

/** Indexes of the table, those of `unique()` columns first. */
export function allIndexes(table: TableNode): readonly IndexNode[] {
  const ofColumns = Object.entries(table.columns)
    .filter(([, column]) => column.unique)
    .map(([name]): IndexNode => {
      const columns = [{ column: name, desc: false }]
      return { name: undefined, columns, unique: true, where: undefined, site: { call: name, nth: 0 } }
    })
  return [...ofColumns, ...table.indexes]
}

/** The name an index has in the store. */
export function indexName(table: string, index: IndexNode): string {
  if (index.name !== undefined) return index.name
  const columns = index.columns.map(part => part.column).join('_')
  return `${table}_${columns}_${index.unique ? 'key' : 'idx'}`
}

/** `'orgs.id'` → the table `orgs`, the column `id`; `undefined` when it is not of that form. */
export function splitTarget(target: string): { readonly table: string; readonly column: string } | undefined {
  const parts = target.split('.')
  const [table, column] = parts
  return parts.length === 2 && table && column ? { table, column } : undefined
}

/** `createdAt` → `created_at`, `HTTPStatus2` → `http_status2`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

/** The name a column has in the store. */
export function storedName(name: string, column: ColumnNode, casing: Casing | undefined): string {
  return column.map ?? (casing === 'snake_case' ? snakeCase(name) : name)
}
