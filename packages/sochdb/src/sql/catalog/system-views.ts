/**
 * What tools ask by SELECT: `information_schema` and `sqlite_master`. Views whose rows are written down when a statement is bound,
 * so a plan over one is used once.
 */
import type { Expression, Query } from '../ast/nodes.js'
import type { SqlType } from '../types.js'
import type { ViewEntry } from './entries.js'
import type { CatalogView } from './snapshot.js'
import { CatalogKind, catalogRange, readDocument } from './store.js'
import type { CatalogStore } from './store.js'
import { createIndexText, createTableText, schemaOf, typeText } from './table-schema.js'
import type { TableSchema } from './table-schema.js'
import { listTables } from './tables.js'

type Cell = string | number | null
interface SystemView {
  readonly columns: Readonly<Record<string, SqlType>>
  readonly rows: (tables: readonly TableSchema[], views: readonly ViewEntry[]) => (readonly Cell[])[]
}

const SCHEMA = 'public'
const CATALOG = 'main'

const master: SystemView = {
  columns: { type: 'text', name: 'text', tbl_name: 'text', rootpage: 'integer', sql: 'text' },
  rows: (tables, views) => [
    ...tables.flatMap(table => [
      ['table', table.name, table.name, 0, createTableText(table)],
      ...table.indexes.map(index => ['index', index.name, table.name, 0, createIndexText(index)]),
    ]),
    ...views.map(({ name, text }) => ['view', name, name, 0, `CREATE VIEW "${name.replaceAll('"', '""')}" AS ${text}`]),
  ],
}

const system: Readonly<Record<string, SystemView>> = {
  sqlite_master: master,
  sqlite_schema: master,
  'information_schema.schemata': {
    columns: { catalog_name: 'text', schema_name: 'text' },
    rows: () => [[CATALOG, SCHEMA]],
  },
  'information_schema.tables': {
    columns: { table_catalog: 'text', table_schema: 'text', table_name: 'text', table_type: 'text' },
    rows: (tables, views) => [
      ...tables.map(({ name }) => [CATALOG, SCHEMA, name, 'BASE TABLE']),
      ...views.map(({ name }) => [CATALOG, SCHEMA, name, 'VIEW']),
    ],
  },
  'information_schema.views': {
    columns: { table_catalog: 'text', table_schema: 'text', table_name: 'text', view_definition: 'text' },
    rows: (_, views) => views.map(({ name, text }) => [CATALOG, SCHEMA, name, text]),
  },
  'information_schema.columns': {
    columns: {
      table_catalog: 'text',
      table_schema: 'text',
      table_name: 'text',
      column_name: 'text',
      ordinal_position: 'integer',
      column_default: 'text',
      is_nullable: 'text',
      data_type: 'text',
    },
    rows: tables =>
      tables.flatMap(table =>
        table.columns.map((column, i) => [
          CATALOG,
          SCHEMA,
          table.name,
          column.name,
          i + 1,
          column.default ?? null,
          column.nullable ? 'YES' : 'NO',
          typeText(column).toLowerCase(),
        ]),
      ),
  },
  'information_schema.table_constraints': {
    columns: { constraint_schema: 'text', constraint_name: 'text', table_name: 'text', constraint_type: 'text' },
    rows: tables =>
      tables.flatMap(table => [
        ...(table.primaryKey.length > 0 ? [[SCHEMA, `${table.name}_pkey`, table.name, 'PRIMARY KEY']] : []),
        ...table.indexes.filter(i => i.unique).map(({ name }) => [SCHEMA, name, table.name, 'UNIQUE']),
        ...table.foreignKeys.map(({ name }) => [SCHEMA, name, table.name, 'FOREIGN KEY']),
        ...table.checks.map(({ name }) => [SCHEMA, name, table.name, 'CHECK']),
      ]),
  },
  'information_schema.key_column_usage': {
    columns: {
      constraint_schema: 'text',
      constraint_name: 'text',
      table_name: 'text',
      column_name: 'text',
      ordinal_position: 'integer',
      referenced_table_name: 'text',
      referenced_column_name: 'text',
    },
    rows: tables =>
      tables.flatMap(table => [
        ...table.primaryKey.map((name, i) => [SCHEMA, `${table.name}_pkey`, table.name, name, i + 1, null, null]),
        ...table.foreignKeys.flatMap(key =>
          key.columns.map((name, i) => [
            SCHEMA,
            key.name,
            table.name,
            name,
            i + 1,
            key.table,
            key.targetColumns[i] ?? null,
          ]),
        ),
      ]),
  },
}

/** The view of that name, with the rows it has now. */
export function systemView(
  store: CatalogStore,
  namespaceId: number,
  schema: string | undefined,
  name: string,
): CatalogView | undefined {
  const own = schema === undefined || schema.toLowerCase() === 'main' ? '' : `${schema.toLowerCase()}.`
  const key = `${own}${name.toLowerCase()}`
  if (!Object.hasOwn(system, key)) return undefined
  const { columns, rows } = system[key]!
  const tables = listTables(store, namespaceId).map(schemaOf)
  return {
    name,
    columns: Object.keys(columns),
    query: queryOf(Object.values(columns), rows(tables, listViews(store, namespaceId))),
    isSystem: true,
  }
}

function listViews(store: CatalogStore, namespaceId: number): ViewEntry[] {
  const { lo, hi } = catalogRange(namespaceId, CatalogKind.view)
  return Array.from(store.scan(lo, hi), record => readDocument(record) as ViewEntry)
}

/** Rows as VALUES. The first row says what types the columns have: one of NULLs, which OFFSET leaves out. */
function queryOf(types: readonly SqlType[], rows: readonly (readonly Cell[])[]): Query {
  const literal = (value: Cell): Expression => ({ kind: 'literal', value })
  const typed = types.map((type): Expression => ({ kind: 'cast', operand: literal(null), type }))
  return {
    kind: 'values',
    rows: [typed, ...rows.map(row => row.map(literal))],
    orderBy: [],
    limit: undefined,
    offset: { kind: 'literal', value: 1 },
  }
}
