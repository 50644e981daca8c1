import type { ColumnNode } from '../columns/column.js'
import { allIndexes, indexName, primaryKeyOf } from '../tables/parts.js'
import type { SchemaNode } from '../define/define-schema.js'
import type { IndexNode, TableNode } from '../tables/table.js'
import { checkColumn, keyedCodec } from './columns.js'
import { suggest, type Report } from './diagnostic.js'
import { checkIdentifier, checkRowProperty } from './names.js'
import { checkCounters, checkMarkedColumns, checkStoredNames, checkTableOptions } from './marks.js'
import { checkForeignKeys, checkReference } from './references.js'

/** Columns of a table at most. */
export const columnsMax = 1000

export function checkTables(report: Report, schema: SchemaNode): void {
  const indexNames = new Map<string, string>()
  for (const [key, table] of Object.entries(schema.tables)) {
    const at = ['tables', key]
    checkColumnNames(report, at, table)
    checkStoredNames(report, at, schema, table)
    checkCounters(report, at, table)
    for (const [name, column] of Object.entries(table.columns)) {
      checkColumn(report, [...at, name], name, column)
      if (column.references !== undefined) checkReference(report, [...at, name], schema, key, name)
    }
    checkPrimaryKey(report, at, key, table)
    checkIndexes(report, at, key, table, indexNames)
    checkForeignKeys(report, at, schema, key)
    checkChecks(report, at, table)
    checkMarkedColumns(report, at, table)
    checkTableOptions(report, at, schema, key)
  }
}

function checkColumnNames(report: Report, at: readonly string[], table: TableNode): void {
  const names = Object.keys(table.columns)
  if (names.length === 0) report.error(at, 'columns_missing', `Table "${table.name}" has no columns.`)
  if (names.length > columnsMax) {
    report.error(
      at,
      'columns_too_many',
      `Table "${table.name}" has ${names.length} columns; ${columnsMax} is the limit.`,
    )
  }
  const seen = new Map<string, string>()
  for (const name of names) {
    checkRowProperty(report, [...at, name], 'A column', name)
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) {
      const message = `Columns "${other}" and "${name}" differ in case only, which SQL does not tell apart.`
      report.error([...at, name], 'name_duplicate', message)
    }
    seen.set(name.toLowerCase(), name)
  }
  for (const [name, { renamedFrom }] of Object.entries(table.columns)) {
    if (renamedFrom === undefined) continue
    const site = [...at, name, { call: 'renamedFrom', nth: 0 }]
    if (seen.has(String(renamedFrom).toLowerCase())) {
      const message = `Column "${name}" cannot be renamed from "${renamedFrom}": the table has a column of that name.`
      report.error(site, 'renamed_from_taken', message, 'Remove the hint once the rename is deployed.')
    }
  }
}

function checkPrimaryKey(report: Report, at: readonly string[], key: string, table: TableNode): void {
  const flagged = Object.keys(table.columns).filter(name => table.columns[name]!.primaryKey)
  const columns = primaryKeyOf(table)
  const call = [...at, { call: 'primaryKey', nth: 0 }]
  if (columns.length === 0) {
    const hint = `Mark a column with .primaryKey(), or name several: table(…).primaryKey('a', 'b').`
    report.error(at, 'primary_key_missing', `Table "${key}" has no primary key.`, hint)
  }
  if (table.primaryKey !== undefined && flagged.length > 0) {
    const message = `Table "${key}" declares its primary key twice: on ${flagged.join(', ')} and on the table.`
    report.error(call, 'primary_key_twice', message, 'Keep one of them.')
  } else if (flagged.length > 1) {
    const message = `Columns ${flagged.join(', ')} of table "${key}" each claim to be the primary key.`
    const list = flagged.map(name => `'${name}'`).join(', ')
    report.error(
      [...at, flagged[1]!],
      'primary_key_twice',
      message,
      `For one key of all of them: .primaryKey(${list}).`,
    )
  }
  checkColumnList(report, call, key, table, 'primary key', columns)
  for (const name of new Set(columns)) {
    const column = table.columns[name]
    if (column?.nullable) {
      report.error(
        [...at, name],
        'primary_key_nullable',
        `Column "${name}" is part of the primary key, so it cannot be nullable.`,
      )
    }
    if (column?.codec !== undefined && !column.primaryKey) {
      report.error([...at, name, { call: 'codec', nth: 0 }], 'codec_key', keyedCodec(name))
    }
    if (column !== undefined && !comparable(column)) {
      report.error(
        [...at, name],
        'primary_key_type',
        `${column.items === undefined ? `A ${column.type} column` : 'An array'} cannot be part of a primary key: its values have no order.`,
      )
    }
  }
}

function comparable(column: ColumnNode): boolean {
  return column.type !== 'json' && column.type !== 'vector'
}

/** Do these columns exist, each once? */
function checkColumnList(
  report: Report,
  at: Parameters<Report['error']>[0],
  key: string,
  table: TableNode,
  what: string,
  columns: readonly string[],
): boolean {
  let valid = true
  const seen = new Set<string>()
  const prefix = what.replace(/ /g, '_')
  for (const name of columns) {
    if (!Object.hasOwn(table.columns, name)) {
      const message = `The ${what} names "${name}", which is no column of table "${key}".`
      report.error(at, `${prefix}_unknown_column`, message, suggest(name, Object.keys(table.columns)))
      valid = false
    } else if (seen.has(name)) {
      report.error(at, `${prefix}_duplicate_column`, `The ${what} names column "${name}" twice.`)
      valid = false
    }
    seen.add(name)
  }
  return valid
}

function checkIndexes(
  report: Report,
  at: readonly string[],
  key: string,
  table: TableNode,
  indexNames: Map<string, string>,
): void {
  const shapes = new Map<string, string>([
    [JSON.stringify([true, primaryKeyOf(table).map(name => [String(name), false]), null]), 'its primary key'],
  ])
  for (const index of allIndexes(table)) {
    const site = Object.hasOwn(table.columns, index.site.call) ? [...at, index.site.call] : [...at, index.site]
    const columns = index.columns.map(part => part.column)
    if (columns.length === 0) {
      report.error(site, 'index_empty', `An index of table "${key}" names no columns.`)
      continue
    }
    if (!checkColumnList(report, site, key, table, 'index', columns)) continue
    for (const name of columns) {
      const column = table.columns[name]!
      if (comparable(column)) continue
      report.error(
        site,
        'index_type',
        `Column "${name}" is ${column.items === undefined ? `of type ${column.type}` : 'an array'}, which an index cannot order.`,
      )
    }
    if (index.name !== undefined) checkIdentifier(report, site, 'an index', index.name)
    if (index.where !== undefined && String(index.where).trim() === '')
      report.error(site, 'index_where_empty', 'The condition of an index is empty.')
    checkIndexIdentity(report, site, key, table, index, shapes, indexNames)
  }
}

/** No two indexes do the same, and none takes another's name. */
function checkIndexIdentity(
  report: Report,
  site: Parameters<Report['error']>[0],
  key: string,
  table: TableNode,
  index: IndexNode,
  shapes: Map<string, string>,
  names: Map<string, string>,
): void {
  const name = indexName(table.name, index)
  const shape = JSON.stringify([
    index.unique,
    index.columns.map(part => [String(part.column), part.desc]),
    index.where ?? null,
  ])
  const twin = shapes.get(shape)
  if (twin !== undefined) {
    report.error(site, 'index_duplicate', `This index of table "${key}" does what ${twin} does already.`, 'Remove one.')
    return
  }
  shapes.set(shape, `index "${name}"`)
  const owner = names.get(name.toLowerCase())
  if (owner !== undefined) {
    const message = `The index name "${name}" is taken by an index of table "${owner}".`
    report.error(site, 'name_duplicate', message, 'Name one of them with the option name.')
  }
  names.set(name.toLowerCase(), key)
}

function checkChecks(report: Report, at: readonly string[], table: TableNode): void {
  const seen = new Set<string>()
  for (const check of table.checks) {
    const site = [...at, check.site]
    if (seen.has(check.name))
      report.error(site, 'name_duplicate', `The table has a check named "${check.name}" already.`)
    seen.add(check.name)
    if (String(check.expression).trim() === '')
      report.error(site, 'check_empty', `Check "${check.name}" has no condition.`)
  }
}
