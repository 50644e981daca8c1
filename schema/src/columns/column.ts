import type { z } from 'zod'
import type { ColumnTypeName, ForeignKeyAction } from '../contract/contract.js'
import { Declaration } from '../core/brand.js'

/** What fills a column that an insert leaves out; values as they were given, not yet checked. */
export type DefaultNode =
  { readonly kind: 'uuid7' } | { readonly kind: 'now' } | { readonly kind: 'value'; readonly value: unknown }

export interface ReferenceNode {
  /** `table.column`, as written. */
  readonly target: string
  readonly onDelete: ForeignKeyAction
}

export interface ColumnNode {
  readonly type: ColumnTypeName
  readonly nullable: boolean
  readonly primaryKey: boolean
  readonly unique: boolean
  readonly default: DefaultNode | undefined
  readonly enum: readonly string[] | undefined
  readonly schema: z.ZodType | undefined
  readonly dimension: number | undefined
  readonly references: ReferenceNode | undefined
  readonly renamedFrom: string | undefined
}

export interface ReferenceOptions {
  /**
   * What happens to this row when the row it names is deleted. Default: `noAction`, as in SQL: the delete is refused at the end
   * of its statement.
   */
  readonly onDelete?: ForeignKeyAction
}

/**
 * A column. Immutable: every method returns a changed copy, so that a column can be named once and reused.
 *
 * `Value` is what a default may be; `Keyword` what stands for a value made anew for each row.
 *
 * @example
 * const id = col.uuid().primaryKey().default('uuid7')
 * const users = table('users', { id, email: col.text().unique(), bio: col.text().nullable() })
 */
export class Column<Value, Keyword extends string = never> extends Declaration<ColumnNode> {
  readonly #node: ColumnNode

  /** Columns come from `col`. */
  constructor(node: ColumnNode) {
    super('column')
    this.#node = Object.freeze({ ...node })
  }

  /** The column is the table's primary key. For a key of several columns use the table's `.primaryKey('a', 'b')`. */
  primaryKey(): Column<Value, Keyword> {
    return this.#with({ primaryKey: true })
  }

  /** The column may hold NULL, and is NULL where an insert leaves it out. */
  nullable(): Column<Value | null, Keyword> {
    return new Column<Value | null, Keyword>({ ...this.#node, nullable: true })
  }

  /** No two rows hold the same value. NULLs differ from each other. */
  unique(): Column<Value, Keyword> {
    return this.#with({ unique: true })
  }

  /** What fills the column when an insert leaves it out. `'uuid7'` (uuid) and `'now'` (timestamp) are made anew for each row. */
  default(value: Value | Keyword): Column<Value, Keyword> {
    return this.#with({ default: toDefault(this.#node.type, value) })
  }

  /**
   * The column holds a key of another table: `'orgs.id'` is the column `id` of the table declared as `orgs`. A string, so that
   * tables may name each other in any order.
   */
  references(target: string, options: ReferenceOptions = {}): Column<Value, Keyword> {
    return this.#with({ references: Object.freeze({ target, onDelete: options.onDelete ?? 'noAction' }) })
  }

  /** The name this column had before: a migration carries its data over. */
  renamedFrom(name: string): Column<Value, Keyword> {
    return this.#with({ renamedFrom: name })
  }

  override toNode(): ColumnNode {
    return this.#node
  }

  #with(change: Partial<ColumnNode>): Column<Value, Keyword> {
    return new Column<Value, Keyword>({ ...this.#node, ...change })
  }
}

function toDefault(type: ColumnTypeName, value: unknown): DefaultNode {
  if (type === 'uuid' && value === 'uuid7') return Object.freeze({ kind: 'uuid7' })
  if (type === 'timestamp' && value === 'now') return Object.freeze({ kind: 'now' })
  return Object.freeze({ kind: 'value', value })
}
