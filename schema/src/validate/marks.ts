/** What a table says of its columns beyond keys and indexes: names in the store, counters, soft delete, tenants, policy. */
import type { SchemaNode } from '../define/define-schema.js'
import { primaryKeyOf, storedName } from '../tables/parts.js'
import type { TableNode } from '../tables/table.js'
import { describe } from '../core/brand.js'
import { suggest, type Report } from './diagnostic.js'
import { checkIdentifier } from './names.js'

/** No two columns have one name in the store, where only case tells apart no names. */
export function checkStoredNames(report: Report, at: readonly string[], schema: SchemaNode, table: TableNode): void {
  const seen = new Map<string, string>()
  for (const [name, column] of Object.entries(table.columns)) {
    const site = column.map === undefined ? [...at, name] : [...at, name, { call: 'map', nth: 0 }]
    if (column.map !== undefined && !checkIdentifier(report, site, 'a column of the store', column.map)) continue
    const stored = storedName(name, column, schema.casing)
    const other = seen.get(stored.toLowerCase())
    // Fields that differ in case only are reported as such.
    if (other !== undefined && other.toLowerCase() !== name.toLowerCase()) {
      const message = `Columns "${other}" and "${name}" are both "${stored}" in the store.`
      report.error(site, 'name_duplicate', message, 'Give one of them another name with .map(…).')
    }
    seen.set(stored.toLowerCase(), other ?? name)
  }
}

/** A table has one counter. */
export function checkCounters(report: Report, at: readonly string[], table: TableNode): void {
  const counted = Object.keys(table.columns).filter(name => table.columns[name]!.default?.kind === 'autoincrement')
  for (const name of counted.slice(1)) {
    const message = `Columns "${counted[0]!}" and "${name}" would both count rows; a table has one counter.`
    report.error([...at, name, { call: 'default', nth: 0 }], 'autoincrement_twice', message, 'Keep one of them.')
  }
}

/** The columns that `softDelete` and `tenant` name can do what is asked of them. */
export function checkMarkedColumns(report: Report, at: readonly string[], table: TableNode): void {
  for (const call of ['softDelete', 'tenant'] as const) {
    const name = table[call]
    if (name === undefined) continue
    const site = [...at, { call, nth: 0 }]
    const column = Object.hasOwn(table.columns, name) ? table.columns[name]! : undefined
    if (column === undefined) {
      const message = `${call} names "${name}", which is no column of table "${table.name}".`
      report.error(site, `${call}_unknown_column`, message, suggest(name, Object.keys(table.columns)))
    } else if (column.generated !== undefined || column.codec !== undefined) {
      const what = column.generated === undefined ? 'has a codec' : 'is generated'
      report.error(site, `${call}_column`, `${call} names "${name}", which ${what}: the client could not set it.`)
    } else if (call === 'softDelete' && (column.type !== 'timestamp' || !column.nullable)) {
      const message = `softDelete names "${name}"; it takes a nullable timestamp, NULL in rows that are there.`
      report.error(site, 'softDelete_column', message, 'Declare it as col.timestamp().nullable().')
    } else if (call === 'softDelete' && column.default !== undefined) {
      report.error(site, 'softDelete_column', `Column "${name}" has a default, so every new row would be deleted.`)
    } else if (call === 'softDelete' && primaryKeyOf(table).includes(name)) {
      report.error(site, 'softDelete_column', `Column "${name}" is part of the primary key, which does not change.`)
    } else if (call === 'tenant' && (column.nullable || column.type === 'json' || column.type === 'vector')) {
      const message = `tenant names "${name}"; it takes a column that is compared and never NULL: a row is somebody's.`
      report.error(site, 'tenant_column', message)
    }
  }
}

const policies = ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly']

export function checkTableOptions(report: Report, at: readonly string[], schema: SchemaNode, key: string): void {
  const table = schema.tables[key]!
  if (!policies.includes(table.indexPolicy)) {
    const message = `indexPolicy takes ${policies.join(', ')}; got ${describe(table.indexPolicy)}.`
    const site = [...at, { call: 'indexPolicy', nth: 0 }]
    report.error(site, 'index_policy_unknown', message, suggest(table.indexPolicy, policies))
  }
  const { renamedFrom } = table
  if (renamedFrom === undefined) return
  const owner = Object.keys(schema.tables).find(
    other => String(schema.tables[other]!.name).toLowerCase() === String(renamedFrom).toLowerCase(),
  )
  if (owner === undefined) return
  const message = `Table "${key}" cannot be renamed from "${renamedFrom}": table "${owner}" has that name.`
  const site = [...at, { call: 'renamedFrom', nth: 0 }]
  report.error(site, 'renamed_from_taken', message, 'Remove the hint once the rename is deployed.')
}
