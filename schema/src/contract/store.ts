/**
 * What tables of a contract come to in a store: by the names they have there, in the engine's types, without what clients alone
 * know. Stores are created from it, and migrations compare it.
 */
import type {
  ColumnContract,
  ColumnTypeName,
  Contract,
  ForeignKeyAction,
  IndexContract,
  TableContract,
} from './contract.js'

/** Types of the engine: a day is text there. */
export type StoreColumnType = Exclude<ColumnTypeName, 'date'>

/** What the engine fills a column with that an insert leaves out. */
export type StoreDefault =
  | { readonly kind: 'uuid7' }
  | { readonly kind: 'now' }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null | object }
  /** SQL, computed anew for every row. */
  | { readonly kind: 'expression'; readonly expression: string }

export interface StoreColumn {
  readonly name: string
  readonly type: StoreColumnType
  readonly nullable: boolean
  readonly default?: StoreDefault
  /** The table's counter fills it where a row has no value. */
  readonly identity?: 'default'
  readonly generated?: { readonly expression: string; readonly stored: boolean }
  /** An update that does not set it makes it the time of the statement. */
  readonly onUpdateNow?: true
  readonly enum?: readonly string[]
  readonly dimension?: number
  /** The type as SQL tools are told, where that says more than `type`. */
  readonly declaredType?: string
}

export interface StoreForeignKey {
  readonly columns: readonly string[]
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyAction
  /** Absent: `noAction`. */
  readonly onUpdate?: ForeignKeyAction
}

export interface StoreTable {
  readonly name: string
  readonly columns: readonly StoreColumn[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexContract[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly foreignKeys: readonly StoreForeignKey[]
  readonly indexPolicy: TableContract['indexPolicy']
}

/** What a column is called in the store. */
export const storedName = (column: ColumnContract): string => column.column ?? column.name

/** A field of a table by its name in the store. */
function storedField(table: TableContract, field: string): string {
  const column = table.columns.find(({ name }) => name === field)
  return column === undefined ? field : storedName(column)
}

/** `table`: one of the contract's. */
export function storeTable(contract: Contract, table: TableContract): StoreTable {
  const { name, primaryKey, indexes, checks, indexPolicy } = table
  return {
    name,
    columns: table.columns.map(storeColumn),
    primaryKey: primaryKey.map(field => storedField(table, field)),
    indexes: indexes.map(index => ({
      ...index,
      columns: index.columns.map(part => ({ ...part, column: storedField(table, part.column) })),
    })),
    checks,
    foreignKeys: foreignKeys(contract, table),
    indexPolicy,
  }
}

function foreignKeys(contract: Contract, table: TableContract): StoreForeignKey[] {
  const ofColumns = table.columns.flatMap(({ name, references }): StoreForeignKey[] => {
    if (references === undefined) return []
    const { column, table: key, ...actions } = references
    return [{ columns: [name], table: key, targetColumns: [column], ...actions }]
  })
  return [...ofColumns, ...(table.foreignKeys ?? [])].map(key => {
    const target = contract.tables[key.table]
    return {
      ...key,
      columns: key.columns.map(field => storedField(table, field)),
      table: target?.name ?? key.table,
      targetColumns: target ? key.targetColumns.map(field => storedField(target, field)) : key.targetColumns,
    }
  })
}

export function storeColumn(column: ColumnContract): StoreColumn {
  const { nullable, enum: values, dimension, generated, updatedAt, items } = column
  return {
    name: storedName(column),
    ...storeType(column),
    nullable,
    ...storeDefault(column),
    ...(generated === undefined ? {} : { generated }),
    ...(updatedAt === undefined ? {} : { onUpdateNow: true }),
    ...(values === undefined ? {} : { enum: values }),
    ...(dimension === undefined || items !== undefined ? {} : { dimension }),
  }
}

/** A day is text that sorts as days follow each other; SQL tools are told that it is one. */
function storeType({ type, precision, scale = 0 }: ColumnContract): Pick<StoreColumn, 'type' | 'declaredType'> {
  if (type === 'date') return { type: 'text', declaredType: 'DATE' }
  if (precision !== undefined && type === 'decimal') return { type, declaredType: `DECIMAL(${precision},${scale})` }
  return { type }
}

/** What the client alone can make, rows that come by another way have to bring along. */
function storeDefault({ type, default: given }: ColumnContract): Pick<StoreColumn, 'default' | 'identity'> {
  if (given === undefined) return {}
  switch (given.kind) {
    case 'cuid2':
    case 'ulid':
      return {}
    case 'autoincrement':
      return { identity: 'default' }
    case 'now':
      return { default: type === 'date' ? { kind: 'expression', expression: "date('now')" } : given }
    default:
      return { default: given }
  }
}
