/** What tables there are, and what each is: for applications, and for the statements that ask. */
import { listTables as catalogTables, requireTable, schemaOf } from '../catalog/index.js'
import type { IndexSchema, TableSchema } from '../catalog/index.js'
import { catalogStore } from '../session.js'
import type { StatementTarget } from '../session.js'

/** The names of all tables, in order. */
export function listTables(target: StatementTarget): string[] {
  return catalogTables(catalogStore(target), target.namespaceId).map(({ entry }) => entry.name)
}

/** @throws QueryError when there is no such table */
export function getTableSchema(target: StatementTarget, name: string): TableSchema {
  return schemaOf(requireTable(catalogStore(target), target.namespaceId, name))
}

/** @throws QueryError when there is no such table */
export function listIndexes(target: StatementTarget, table: string): readonly IndexSchema[] {
  return getTableSchema(target, table).indexes
}

export function allSchemas(target: StatementTarget): TableSchema[] {
  return catalogTables(catalogStore(target), target.namespaceId).map(schemaOf)
}
