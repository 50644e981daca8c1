import type { DatabaseIntrospector, SchemaMetadata, TableMetadata } from 'kysely'
import { describeTables } from 'sochdb/internal'
import { resolveTarget, type Target } from './driver.js'

/** Reads the store's catalog. There is one schema, `main`. */
export class SochdbIntrospector implements DatabaseIntrospector {
  readonly #target: Target | (() => Target)

  constructor(target: Target | (() => Target)) {
    this.#target = target
  }

  async getSchemas(): Promise<SchemaMetadata[]> {
    return [{ name: 'main' }]
  }

  async getTables(): Promise<TableMetadata[]> {
    return describeTables(resolveTarget(this.#target)).map(table => ({
      name: table.name,
      isView: false,
      isForeign: false,
      columns: table.columns.map(column => ({
        name: column.name,
        dataType: column.type,
        isAutoIncrementing: false,
        isNullable: column.nullable,
        hasDefaultValue: column.hasDefault,
      })),
    }))
  }
}
