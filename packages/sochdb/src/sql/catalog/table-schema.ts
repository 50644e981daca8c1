/** A table as people and tools know it: without ids, positions and what is dropped. */
import type { CatalogTable, ColumnEntry, ForeignKeyActionName, IndexPolicyName } from './entries.js'
import { liveColumns } from './entries.js'
import type { ColumnTypeName } from '../types.js'

/** A column of a table, as `getTableSchema` describes it. */
export interface ColumnSchema {
  readonly name: string
  readonly type: ColumnTypeName
  readonly nullable: boolean
  /** What fills it when an insert leaves it out: the text of an expression; `undefined`: NULL. */
  readonly default: string | undefined
  /** Of a vector. */
  readonly dimension?: number
}

/** An index of a table, its columns in their order. */
export interface IndexSchema {
  readonly name: string
  readonly table: string
  readonly unique: boolean
  readonly columns: readonly { readonly name: string; readonly descending: boolean }[]
}

export interface ForeignKeySchema {
  readonly name: string
  readonly columns: readonly string[]
  /** The table they refer to, and its columns. */
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyActionName
  readonly onUpdate: ForeignKeyActionName
}

/** A table, as `getTableSchema` describes it. */
export interface TableSchema {
  readonly name: string
  readonly columns: readonly ColumnSchema[]
  /** Names of the columns of the primary key, in its order. */
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexSchema[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly foreignKeys: readonly ForeignKeySchema[]
  readonly indexPolicy: IndexPolicyName
}

export function schemaOf({ entry }: CatalogTable): TableSchema {
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
    foreignKeys: (entry.foreignKeys ?? []).map(({ name, columns, table, targetColumns, onDelete, onUpdate }) => ({
      name,
      columns: columns.map(nameAt),
      table,
      targetColumns,
      onDelete,
      onUpdate,
    })),
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

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const ACTIONS: Readonly<Record<ForeignKeyActionName, string>> = {
  noAction: 'NO ACTION',
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  setNull: 'SET NULL',
  setDefault: 'SET DEFAULT',
}

/** As it is written in a CREATE TABLE: `VECTOR(3)`. */
export const typeText = (column: ColumnSchema): string =>
  column.dimension === undefined ? column.type.toUpperCase() : `VECTOR(${column.dimension})`

export const actionText = (action: ForeignKeyActionName): string => ACTIONS[action]

/** The CREATE TABLE that makes such a table. Indexes are statements of their own. */
export function createTableText(table: TableSchema): string {
  const list = (names: readonly string[]): string => `(${names.map(quoted).join(', ')})`
  const lines = table.columns.map(column => {
    const parts = [quoted(column.name), typeText(column)]
    if (!column.nullable) parts.push('NOT NULL')
    if (column.default !== undefined) parts.push(`DEFAULT ${column.default}`)
    return parts.join(' ')
  })
  if (table.primaryKey.length > 0) lines.push(`PRIMARY KEY ${list(table.primaryKey)}`)
  for (const { name, expression } of table.checks) lines.push(`CONSTRAINT ${quoted(name)} CHECK (${expression})`)
  for (const key of table.foreignKeys) {
    const target = `${quoted(key.table)} ${list(key.targetColumns)}`
    const actions = `ON DELETE ${ACTIONS[key.onDelete]} ON UPDATE ${ACTIONS[key.onUpdate]}`
    lines.push(`CONSTRAINT ${quoted(key.name)} FOREIGN KEY ${list(key.columns)} REFERENCES ${target} ${actions}`)
  }
  return `CREATE TABLE ${quoted(table.name)} (\n  ${lines.join(',\n  ')}\n)`
}

export function createIndexText(index: IndexSchema): string {
  const keys = index.columns.map(({ name, descending }) => `${quoted(name)}${descending ? ' DESC' : ''}`)
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoted(index.name)} ON ${quoted(index.table)} (${keys.join(', ')})`
}
