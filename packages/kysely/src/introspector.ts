import type { DatabaseIntrospector, DatabaseMetadataOptions, SchemaMetadata, TableMetadata } from 'kysely'
import { describeTables, describeViews } from 'sochdb/internal'
import type { TableDescription, ViewDescription } from 'sochdb/internal'
import { connectedTarget, type ConnectionSource } from './connected.js'
import { statementsOf } from './target.js'

const OF_MIGRATIONS: readonly string[] = ['kysely_migration', 'kysely_migration_lock']

/** Reads the catalog of the namespace. There is one schema, `main`. */
export class SochdbIntrospector implements DatabaseIntrospector {
  readonly #db: ConnectionSource

  constructor(db: ConnectionSource) {
    this.#db = db
  }

  async getSchemas(): Promise<SchemaMetadata[]> {
    return [{ name: 'main' }]
  }

  async getTables(options?: DatabaseMetadataOptions): Promise<TableMetadata[]> {
    const target = statementsOf(await connectedTarget(this.#db))
    const tables = describeTables(target)
      .filter(({ name }) => options?.withInternalKyselyTables === true || !OF_MIGRATIONS.includes(name))
      .map(tableMetadata)
    const views = describeViews(target).map(viewMetadata)
    return [...tables, ...views].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

function tableMetadata(table: TableDescription): TableMetadata {
  return {
    name: table.name,
    schema: 'main',
    isView: false,
    isForeign: false,
    columns: table.columns.map(column => ({
      name: column.name,
      dataType: column.declaredType ?? column.type,
      isAutoIncrementing: column.counts,
      isNullable: column.nullable,
      hasDefaultValue: column.hasDefault,
    })),
  }
}

function viewMetadata({ name, columns }: ViewDescription): TableMetadata {
  return {
    name,
    schema: 'main',
    isView: true,
    isForeign: false,
    columns: columns.map(column => ({
      name: column.name,
      dataType: column.type,
      isAutoIncrementing: false,
      isNullable: column.nullable,
      hasDefaultValue: false,
    })),
  }
}
