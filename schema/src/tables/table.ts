import { type Column, type ColumnNode } from '../columns/column.js'
import type { ForeignKeyAction } from '../contract/contract.js'
import { Declaration, expectBrand } from '../core/brand.js'

/** Any column, whatever its values. */
export interface AnyColumn {
  /** @internal */
  toNode(): ColumnNode
}

/** Which call of a chain declared something: the second `.index(…)` is `{ call: 'index', nth: 1 }`. */
export interface CallSite {
  readonly call: string
  readonly nth: number
}

export interface IndexNode {
  readonly name: string | undefined
  readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  readonly unique: boolean
  readonly where: string | undefined
  readonly site: CallSite
}

export interface ForeignKeyNode {
  readonly columns: readonly string[]
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyAction
  readonly onUpdate: ForeignKeyAction
  readonly site: CallSite
}

export interface CheckNode {
  readonly name: string
  readonly expression: string
  readonly site: CallSite
}

/** How the engine lays a table out: for writing, for points (the default), for ranges, or for keys that ascend. */
export type IndexPolicy = 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'

export interface TableNode {
  readonly name: string
  /** In order of declaration. */
  readonly columns: Readonly<Record<string, ColumnNode>>
  /** Of `.primaryKey(…)`; `undefined` where only columns say it. */
  readonly primaryKey: readonly string[] | undefined
  readonly indexes: readonly IndexNode[]
  readonly checks: readonly CheckNode[]
  readonly foreignKeys: readonly ForeignKeyNode[]
  readonly indexPolicy: IndexPolicy
  readonly renamedFrom: string | undefined
  readonly softDelete: string | undefined
  readonly tenant: string | undefined
}

/** What an index is called, its direction, and which rows it holds. */
export interface IndexOptions<Name extends string = string> {
  /** Descending: all columns, or those named. */
  readonly desc?: boolean | readonly Name[]
  /** Default: made of the table's and the columns' names. */
  readonly name?: string
  /** A condition, as SQL: only rows that meet it are in the index, and of a unique one only they are kept apart. */
  readonly where?: string
}

/** Of a reference of several columns. */
export interface ForeignKeyOptions {
  /** The columns of the other table. Default: its primary key. */
  readonly columns?: readonly string[]
  /** Default: `noAction`. */
  readonly onDelete?: ForeignKeyAction
  /** Default: `noAction`. */
  readonly onUpdate?: ForeignKeyAction
}

/**
 * A table. Immutable: every method returns a changed copy.
 *
 * @example
 * const members = table('members', { orgId: col.uuid(), userId: col.uuid(), since: col.timestamp().default('now') })
 *   .primaryKey('orgId', 'userId')
 *   .index('userId', 'since', { desc: ['since'] })
 */
export class Table<Name extends string> extends Declaration<TableNode> {
  readonly #node: TableNode

  /** Tables come from `table`. */
  constructor(node: TableNode) {
    super('table')
    this.#node = Object.freeze(node)
  }

  /** The columns that name a row, in the order rows are stored. */
  primaryKey(...columns: [Name, ...Name[]]): Table<Name> {
    return this.#with({ primaryKey: Object.freeze([...columns]) })
  }

  /** No two rows hold the same values in these columns together. */
  unique(...columns: [Name, ...Name[]] | [Name, ...Name[], Omit<IndexOptions<Name>, 'desc'>]): Table<Name> {
    return this.#addIndex('unique', columns, true)
  }

  /** Finds and orders rows by these columns. */
  index(...columns: [Name, ...Name[]] | [Name, ...Name[], IndexOptions<Name>]): Table<Name> {
    return this.#addIndex('index', columns, false)
  }

  /**
   * These columns together hold a key of another table, by its key in the schema.
   *
   * @example lines.foreignKey(['orderId', 'orderYear'], 'orders', { columns: ['id', 'year'], onDelete: 'cascade' })
   */
  foreignKey(columns: readonly Name[], table: string, options: ForeignKeyOptions = {}): Table<Name> {
    const { columns: targetColumns = [], onDelete = 'noAction', onUpdate = 'noAction' } = options
    const site = { call: 'foreignKey', nth: this.#node.foreignKeys.length }
    const key = { columns: [...columns], table, targetColumns: [...targetColumns], onDelete, onUpdate, site }
    return this.#with({ foreignKeys: Object.freeze([...this.#node.foreignKeys, Object.freeze(key)]) })
  }

  /** The name in the store that this table had before: a migration carries its rows over. */
  renamedFrom(name: string): Table<Name> {
    return this.#with({ renamedFrom: name })
  }

  /** A condition, as SQL, that every row must meet. */
  check(name: string, expression: string): Table<Name> {
    const site = { call: 'check', nth: this.#node.checks.length }
    return this.#with({ checks: Object.freeze([...this.#node.checks, Object.freeze({ name, expression, site })]) })
  }

  /** How the engine lays out and compacts this table. Default: `balanced`. */
  indexPolicy(policy: IndexPolicy): Table<Name> {
    return this.#with({ indexPolicy: policy })
  }

  /** Deleting sets this nullable timestamp; rows that have it set are hidden from reads. */
  softDelete(column: Name): Table<Name> {
    return this.#with({ softDelete: column })
  }

  /** The column that says whose a row is. */
  tenant(column: Name): Table<Name> {
    return this.#with({ tenant: column })
  }

  override toNode(): TableNode {
    return this.#node
  }

  #addIndex(call: string, given: readonly (string | IndexOptions)[], unique: boolean): Table<Name> {
    const last = given.at(-1)
    const hasOptions = typeof last === 'object' && last !== null
    const { desc = false, name, where } = hasOptions ? last : {}
    const columns = (hasOptions ? given.slice(0, -1) : given) as readonly string[]
    const parts = columns.map(column => ({ column, desc: typeof desc === 'boolean' ? desc : desc.includes(column) }))
    const nth = this.#node.indexes.filter(other => other.site.call === call).length
    const index: IndexNode = Object.freeze({ name, columns: Object.freeze(parts), unique, where, site: { call, nth } })
    return this.#with({ indexes: Object.freeze([...this.#node.indexes, index]) })
  }

  #with(change: Partial<TableNode>): Table<Name> {
    return new Table<Name>({ ...this.#node, ...change })
  }
}

/**
 * Declares a table: its name in the store, and its columns in order.
 *
 * @example
 * const orgs = table('orgs', { id: col.uuid().primaryKey().default('uuid7'), name: col.text() })
 */
export function table<const Columns extends Readonly<Record<string, AnyColumn>>>(
  name: string,
  columns: Columns,
): Table<keyof Columns & string> {
  const nodes = Object.create(null) as Record<string, ColumnNode>
  if (typeof columns !== 'object' || columns === null)
    throw new TypeError(`table("${name}", …) takes an object of columns.`)
  for (const [key, column] of Object.entries(columns)) {
    expectBrand(column, 'column', `Column "${key}" of table "${name}"`, 'made by col, such as col.text()')
    nodes[key] = (column as Column<unknown>).toNode()
  }
  return new Table({
    name,
    columns: Object.freeze(nodes),
    primaryKey: undefined,
    indexes: [],
    checks: [],
    foreignKeys: [],
    indexPolicy: 'balanced',
    renamedFrom: undefined,
    softDelete: undefined,
    tenant: undefined,
  })
}
