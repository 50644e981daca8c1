/** What tables there are, and what each is: for applications, and for the statements that ask. */
import { DEFAULT_NAMESPACE_ID } from '../../engine/constants.js'
import { liveColumns, listTables as catalogTables, requireTable } from '../catalog/index.js'
import type { CatalogTable, ColumnEntry, IndexPolicyName } from '../catalog/index.js'
import { catalogStore } from '../session.js'
import type { StatementTarget } from '../session.js'
import type { ColumnTypeName } from '../types.js'

export interface ColumnSchema {
  readonly name: string
  readonly type: ColumnTypeName
  readonly nullable: boolean
  /** What fills it when an insert leaves it out: the text of an expression; `undefined`: NULL. */
  readonly default: string | undefined
  /** Of a vector. */
  readonly dimension?: number
}

export interface IndexSchema {
  readonly name: string
  readonly table: string
  readonly unique: boolean
  readonly columns: readonly { readonly name: string; readonly descending: boolean }[]
}

export interface TableSchema {
  readonly name: string
  readonly columns: readonly ColumnSchema[]
  /** Names of the columns of the primary key, in its order. */
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexSchema[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly indexPolicy: IndexPolicyName
}

/** The names of all tables, in order. */
export function listTables(target: StatementTarget): string[] {
  return catalogTables(catalogStore(target), DEFAULT_NAMESPACE_ID).map(({ entry }) => entry.name)
}

/** @throws QueryError when there is no such table */
export function getTableSchema(target: StatementTarget, name: string): TableSchema {
  return schemaOf(requireTable(catalogStore(target), DEFAULT_NAMESPACE_ID, name))
}

/** @throws QueryError when there is no such table */
export function listIndexes(target: StatementTarget, table: string): readonly IndexSchema[] {
  return getTableSchema(target, table).indexes
}

export function allSchemas(target: StatementTarget): TableSchema[] {
  return catalogTables(catalogStore(target), DEFAULT_NAMESPACE_ID).map(schemaOf)
}

function schemaOf({ entry }: CatalogTable): TableSchema {
  const nameAt = (position: number): string => entry.columns[position]!.name
  return {
    name: entry.name,
    columns: liveColumns(entry).map(position => {
      const column = entry.columns[position]!
      return {
        name: column.name,
        type: column.type,
        nullable: !column.notNull,
        default: defaultText(column),
        ...(column.dimension === undefined ? {} : { dimension: column.dimension }),
      }
    }),
    primaryKey: entry.primaryKey.filter(position => !entry.columns[position]!.hidden).map(nameAt),
    indexes: entry.indexes.map(({ name, unique, columns }) => ({
      name,
      table: entry.name,
      unique,
      columns: columns.map(({ column, descending, expression }) => ({
        name: expression ?? nameAt(column),
        descending,
      })),
    })),
    checks: entry.checks,
    indexPolicy: entry.policy,
  }
}

function defaultText(column: ColumnEntry): string | undefined {
  const given = column.default
  if (given === undefined) return undefined
  switch (given.kind) {
    case 'uuid7':
      return 'uuid7()'
    case 'now':
      return 'CURRENT_TIMESTAMP'
    case 'value':
      return valueText(given.value)
    case 'expression':
      return given.expression
  }
}

function valueText(value: string | number | boolean | null | object): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return typeof value === 'object' ? `'${JSON.stringify(value).replaceAll("'", "''")}'` : String(value)
}
