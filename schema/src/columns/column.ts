import type { z } from 'zod'
import type { CodecContract, ColumnTypeName, ForeignKeyAction } from '../contract/contract.js'
import { Declaration } from '../core/brand.js'
import { arraySchema } from './array.js'

/** What fills a column that an insert leaves out; values as they were given, not yet checked. */
export type DefaultNode =
  | { readonly kind: 'uuid7' | 'now' | 'cuid2' | 'ulid' | 'autoincrement' }
  | { readonly kind: 'value'; readonly value: unknown }

export interface ReferenceNode {
  /** `table.column`, as written. */
  readonly target: string
  readonly onDelete: ForeignKeyAction
  readonly onUpdate: ForeignKeyAction
}

export interface GeneratedNode {
  readonly expression: string
  readonly stored: boolean
}

export interface ColumnNode {
  readonly type: ColumnTypeName
  /** Of an array: what it is an array of. `type` is `json` then. */
  readonly items: ColumnNode | undefined
  /** The name in the store, as `.map(…)` says it. */
  readonly map: string | undefined
  readonly nullable: boolean
  readonly primaryKey: boolean
  readonly unique: boolean
  readonly default: DefaultNode | undefined
  readonly enum: readonly string[] | undefined
  readonly schema: z.ZodType | undefined
  readonly dimension: number | undefined
  readonly precision: number | undefined
  readonly scale: number | undefined
  readonly updatedAt: boolean
  readonly generated: GeneratedNode | undefined
  readonly codec: CodecContract | undefined
  readonly references: ReferenceNode | undefined
  readonly renamedFrom: string | undefined
}

/** What happens to rows that refer to one that goes or changes its key. */
export interface ReferenceOptions {
  /**
   * What happens to this row when the row it names is deleted. Default: `noAction`, as in SQL: the delete is refused at the end
   * of its statement.
   */
  readonly onDelete?: ForeignKeyAction
  /** What happens to this row when the key it names changes. Default: `noAction`. */
  readonly onUpdate?: ForeignKeyAction
}

/** How a generated column is shown. */
export interface GeneratedOptions {
  /** Whether SQL tools show the column as STORED or VIRTUAL: it is computed when the row is written either way. Default: true. */
  readonly stored?: boolean
}

/** How a column's values become those of the application, by the name of the code that does it. */
export interface CodecOptions {
  /** Where it is exported: a package, or a path from the schema file such as `./codecs.js`. */
  readonly module: string
  /** The name of the export: an object with `encode` and `decode`. */
  readonly name: string
  /** The name of the application's type, which the module exports as well. */
  readonly type: string
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

  /**
   * What fills the column when an insert leaves it out. Made anew for each row are `'uuid7'` (uuid), `'now'` (timestamp, date), `'cuid2'`
   * and `'ulid'` (text, which cannot have those words as plain defaults) and `'autoincrement'` (integer, bigint: one more than the largest
   * so far).
   */
  default(value: Value | Keyword): Column<Value, Keyword> {
    return this.#with({ default: toDefault(this.#node, value) })
  }

  /** The name of the column in the store, where it is not that of the field. */
  map(name: string): Column<Value, Keyword> {
    return this.#with({ map: name })
  }

  /** Of a timestamp: an update that does not set the column makes it the time of the statement, and an insert does too. */
  updatedAt(): Column<Value, Keyword> {
    return this.#with({ updatedAt: true, default: this.#node.default ?? Object.freeze({ kind: 'now' }) })
  }

  /**
   * The engine computes the column out of the row's others, which the expression calls by their names in the store.
   *
   * @example const fullName = col.text().generatedAs("first_name || ' ' || last_name")
   */
  generatedAs(expression: string, options: GeneratedOptions = {}): Column<Value, Keyword> {
    return this.#with({ generated: Object.freeze({ expression, stored: options.stored ?? true }) })
  }

  /** The column holds an array of such values. Elements are not NULL. */
  array(): Column<readonly Value[]> {
    const items = this.#node
    const plain = { nullable: false, enum: undefined, default: undefined, codec: undefined, schema: arraySchema(items) }
    return new Column<readonly Value[]>({ ...items, ...plain, type: 'json', items })
  }

  /**
   * The application sees another type than the store: an export of a module encodes and decodes it (`Codec` of `sochdb/client`). Default
   * values, checks and a zod schema are of what is stored, and so are SQL and Kysely.
   *
   * @example const price = col.decimal(12, 2).codec({ module: './money.js', name: 'money', type: 'Money' })
   */
  codec(codec: CodecOptions): Column<Value, Keyword> {
    const { module, name, type } = codec
    return this.#with({ codec: Object.freeze({ module, name, type }) })
  }

  /**
   * The column holds a key of another table: `'orgs.id'` is the column `id` of the table declared as `orgs`. A string, so that
   * tables may name each other in any order.
   */
  references(target: string, options: ReferenceOptions = {}): Column<Value, Keyword> {
    const { onDelete = 'noAction', onUpdate = 'noAction' } = options
    return this.#with({ references: Object.freeze({ target, onDelete, onUpdate }) })
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

/** Words that stand for a value made anew, by the types that take them. */
const keywords: Readonly<Partial<Record<ColumnTypeName, readonly string[]>>> = {
  uuid: ['uuid7'],
  timestamp: ['now'],
  date: ['now'],
  text: ['cuid2', 'ulid'],
  integer: ['autoincrement'],
  bigint: ['autoincrement'],
}

function toDefault(column: ColumnNode, value: unknown): DefaultNode {
  const isKeyword = column.enum === undefined && keywords[column.type]?.includes(value as string) === true
  return Object.freeze(isKeyword ? { kind: value as 'now' } : { kind: 'value', value })
}
