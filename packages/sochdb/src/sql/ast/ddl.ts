/** Statements without a plan: those that change the schema, transactions, and what asks about both. */
import type { Expression, Spot } from './expressions.js'
import type { DataStatement, Query } from './nodes.js'

export type UtilityStatement =
  | CreateTable
  | AlterTable
  | DropTable
  | CreateIndex
  | DropIndex
  | CreateView
  | DropView
  | Truncate
  | TransactionStatement
  | ExplainStatement
  | PragmaStatement
  | ShowStatement
  | MaintenanceStatement

/** An expression that the catalog keeps as text. */
export interface StoredExpression {
  readonly expression: Expression
  /** As it was written. */
  readonly text: string
}

export interface CreateTable extends Spot {
  readonly kind: 'createTable'
  readonly table: string
  readonly ifNotExists: boolean
  readonly temporary: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly constraints: readonly TableConstraint[]
  /** CREATE TABLE … AS SELECT. */
  readonly query: Query | undefined
  /** `WITH (index_policy = 'appendOnly')`, `ENGINE=…`, STRICT, WITHOUT ROWID: names in lower case. */
  readonly options: readonly { readonly name: string; readonly value: string | undefined }[]
}

export interface ColumnDefinition extends Spot {
  readonly name: string
  /** As written, with its length: `VARCHAR(20)`, `vector(768)`; `undefined`: any. */
  readonly type: string | undefined
  /** The values of an ENUM('a', 'b'). */
  readonly enum?: readonly string[] | undefined
  readonly primaryKey: { readonly name: string | undefined; readonly descending: boolean } | undefined
  /** AUTOINCREMENT, AUTO_INCREMENT, SERIAL, GENERATED … AS IDENTITY. `always`: explicit values are refused. */
  readonly identity: 'default' | 'always' | undefined
  readonly notNull: boolean
  readonly unique: { readonly name: string | undefined; readonly nullsNotDistinct: boolean } | undefined
  readonly default: StoredExpression | undefined
  /** ON UPDATE CURRENT_TIMESTAMP. */
  readonly onUpdateNow: boolean
  readonly checks: readonly CheckConstraint[]
  readonly references: ForeignKeyTarget | undefined
  readonly generated: (StoredExpression & { readonly stored: boolean }) | undefined
  readonly collation: string | undefined
}

export interface CheckConstraint extends StoredExpression {
  readonly kind: 'check'
  readonly name: string | undefined
}

export type TableConstraint =
  | { readonly kind: 'primaryKey'; readonly name: string | undefined; readonly columns: readonly IndexedColumn[] }
  | {
      readonly kind: 'unique'
      readonly name: string | undefined
      readonly columns: readonly IndexedColumn[]
      readonly nullsNotDistinct: boolean
    }
  | CheckConstraint
  | ({ readonly kind: 'foreignKey'; readonly columns: readonly string[] } & ForeignKeyTarget)
  /** MySQL's INDEX in CREATE TABLE. */
  | { readonly kind: 'index'; readonly name: string | undefined; readonly columns: readonly IndexedColumn[] }

export type ForeignKeyAction = 'noAction' | 'restrict' | 'cascade' | 'setNull' | 'setDefault'

export interface ForeignKeyTarget {
  readonly name: string | undefined
  readonly table: string
  /** `undefined`: the primary key. */
  readonly targetColumns: readonly string[] | undefined
  readonly onDelete: ForeignKeyAction
  readonly onUpdate: ForeignKeyAction
  readonly deferrable: boolean
  readonly initiallyDeferred: boolean
}

export interface IndexedColumn extends StoredExpression {
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | undefined
}

export interface AlterTable extends Spot {
  readonly kind: 'alterTable'
  readonly table: string
  readonly ifExists: boolean
  readonly actions: readonly AlterAction[]
}

export type AlterAction =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition; readonly ifNotExists: boolean }
  | { readonly kind: 'dropColumn'; readonly column: string; readonly ifExists: boolean; readonly cascade: boolean }
  | { readonly kind: 'renameColumn'; readonly column: string; readonly to: string }
  | { readonly kind: 'renameTable'; readonly to: string }
  | {
      readonly kind: 'setType'
      readonly column: string
      readonly type: string
      readonly using: StoredExpression | undefined
    }
  | { readonly kind: 'setDefault'; readonly column: string; readonly default: StoredExpression | undefined }
  | { readonly kind: 'setNotNull' | 'dropNotNull'; readonly column: string }
  /** MySQL's MODIFY and CHANGE: the whole definition, perhaps with a new name. */
  | { readonly kind: 'replaceColumn'; readonly column: string; readonly definition: ColumnDefinition }
  | { readonly kind: 'addConstraint'; readonly constraint: TableConstraint }
  | { readonly kind: 'dropConstraint'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'renameIndex'; readonly name: string; readonly to: string }
  | { readonly kind: 'setOptions'; readonly options: CreateTable['options'] }

export interface DropTable extends Spot {
  readonly kind: 'dropTable'
  readonly tables: readonly string[]
  readonly ifExists: boolean
  readonly cascade: boolean
}

export interface CreateIndex extends Spot {
  readonly kind: 'createIndex'
  /** `undefined`: made from table and columns. */
  readonly name: string | undefined
  readonly table: string
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly ifNotExists: boolean
  readonly columns: readonly IndexedColumn[]
  readonly where: StoredExpression | undefined
}

export interface DropIndex extends Spot {
  readonly kind: 'dropIndex'
  readonly names: readonly string[]
  readonly ifExists: boolean
  /** MySQL: `ON table`. */
  readonly table: string | undefined
}

export interface CreateView extends Spot {
  readonly kind: 'createView'
  readonly name: string
  readonly columns: readonly string[] | undefined
  readonly query: Query
  /** The query as it was written. */
  readonly text: string
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly temporary: boolean
}

export interface DropView extends Spot {
  readonly kind: 'dropView'
  readonly names: readonly string[]
  readonly ifExists: boolean
}

export interface Truncate extends Spot {
  readonly kind: 'truncate'
  readonly tables: readonly string[]
  readonly restartIdentity: boolean
  readonly cascade: boolean
}

export type TransactionStatement = (
  | {
      readonly kind: 'begin'
      readonly isolation: 'serializable' | 'snapshot' | 'readCommitted' | undefined
      readonly readOnly: boolean
    }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback'; readonly to: string | undefined }
  | { readonly kind: 'savepoint' | 'release'; readonly name: string }
) &
  Spot

export interface ExplainStatement extends Spot {
  readonly kind: 'explain'
  readonly analyze: boolean
  readonly statement: DataStatement
}

/** `PRAGMA name`, `PRAGMA name(argument)`, `PRAGMA name = argument`. */
export interface PragmaStatement extends Spot {
  readonly kind: 'pragma'
  readonly name: string
  readonly argument: string | number | undefined
  readonly assigned: boolean
}

/** `SHOW TABLES`, `SHOW COLUMNS FROM t`, `SHOW INDEX FROM t`, `SHOW CREATE TABLE t`, `DESCRIBE t`. */
export interface ShowStatement extends Spot {
  readonly kind: 'show'
  readonly what: 'tables' | 'columns' | 'indexes' | 'createTable' | 'variable'
  readonly name: string | undefined
}

/** `ANALYZE`, `VACUUM`, `REINDEX`, `SET x = y`: accepted so that scripts run; what of it has an effect is documented. */
export interface MaintenanceStatement extends Spot {
  readonly kind: 'maintenance'
  readonly what: 'analyze' | 'vacuum' | 'reindex' | 'set'
  readonly name: string | undefined
  readonly value: string | undefined
}
