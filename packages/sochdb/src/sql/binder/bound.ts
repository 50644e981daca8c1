/** Bound statements: what the binder hands to the optimizer. */
import type { CatalogView } from '../catalog/snapshot.js'
import type { CatalogTable } from '../catalog/entries.js'
import type { SqlType } from '../types.js'
import type { Collation } from './collations.js'
import type { AggregateExpr, ColumnExpr, ColumnId, Expr, WindowExpr } from './expr.js'
import type { BoundForeignKey } from './foreign-keys.js'

/** One appearance of a table in a statement. */
export interface TableRef {
  readonly table: CatalogTable
  /** The alias, or the table's name. */
  readonly name: string
  /** By position in storage order, dropped columns included. */
  readonly columns: readonly ColumnExpr[]
}

export type JoinType = 'inner' | 'left' | 'full' | 'semi' | 'anti'

/** What FROM names. Every appearance of anything has columns of its own. */
export type Relation =
  | { readonly op: 'table'; readonly ref: TableRef }
  /** A derived table, a common table or a view: its columns are the query's. */
  | { readonly op: 'query'; readonly query: BoundQuery; readonly name: string }
  /** `args` look at no row, but may hold slots. */
  | {
      readonly op: 'function'
      readonly fn: number
      readonly name: string
      readonly args: readonly Expr[]
      readonly columns: readonly QueryColumn[]
    }
  /** Inside the step of a recursive query, the rows of the round before. */
  | { readonly op: 'workingTable'; readonly table: number; readonly columns: readonly QueryColumn[] }
  | {
      readonly op: 'join'
      /** `semi` and `anti` have the columns of the left side alone. */
      readonly kind: JoinType
      readonly left: Relation
      readonly right: Relation
      /** Conjuncts. */
      readonly on: readonly Expr[]
    }
  /** The right side is run for each row of the left one, which its slots are taken from. */
  | {
      readonly op: 'lateral'
      readonly kind: 'inner' | 'left'
      readonly left: Relation
      readonly right: Relation
      readonly slots: readonly BoundSlot[]
      readonly on: readonly Expr[]
    }

export interface BoundSlot {
  readonly slot: number
  readonly expr: Expr
}

/** A column that a query yields. */
export interface QueryColumn {
  readonly name: string
  readonly id: ColumnId
  readonly type: SqlType
  readonly nullable: boolean
  readonly collation?: Collation | undefined
}

export interface OutputColumn {
  readonly name: string
  readonly expr: Expr
}

export interface SortKey {
  readonly expr: Expr
  readonly descending: boolean
  readonly nullsLast: boolean
}

export interface Grouping {
  readonly groups: readonly { readonly id: ColumnId; readonly expr: Expr }[]
  readonly aggregates: readonly { readonly id: ColumnId; readonly expr: AggregateExpr }[]
  /** Conjuncts over the columns of groups and aggregates. */
  readonly having: readonly Expr[]
}

/** What yields rows: a statement of its own, a derived table, a subquery. */
export type BoundQuery = BoundSelect | BoundValues | BoundUnion | BoundSetOperation | BoundRecursive

export interface BoundWindow {
  readonly id: ColumnId
  readonly expr: WindowExpr
}

export interface BoundSelect {
  readonly kind: 'select'
  readonly columns: readonly QueryColumn[]
  readonly from: Relation | undefined
  /** Conjuncts over the columns of `from`. */
  readonly where: readonly Expr[]
  readonly grouping: Grouping | undefined
  /** Over the grouping's columns when there is one, else over those of `from`. */
  readonly windows: readonly BoundWindow[]
  /** Conjuncts over what the windows are over, and the windows. */
  readonly qualify: readonly Expr[]
  /** One for each of `columns`, over what `qualify` is over. */
  readonly output: readonly Expr[]
  readonly distinct: boolean
  /** Over what `output` is over; with `distinct` over the output itself. */
  readonly orderBy: readonly SortKey[]
  readonly limit: Expr | undefined
  readonly offset: Expr | undefined
}

export interface BoundValues {
  readonly kind: 'values'
  readonly columns: readonly QueryColumn[]
  readonly rows: readonly (readonly Expr[])[]
}

/** UNION ALL. The inputs' columns match by position, in number and type. */
export interface BoundUnion {
  readonly kind: 'union'
  readonly columns: readonly QueryColumn[]
  readonly inputs: readonly BoundQuery[]
}

export interface BoundSetOperation {
  readonly kind: 'setOperation'
  readonly columns: readonly QueryColumn[]
  readonly operator: 'intersect' | 'except'
  readonly all: boolean
  readonly left: BoundQuery
  readonly right: BoundQuery
}

export interface BoundRecursive {
  readonly kind: 'recursive'
  readonly columns: readonly QueryColumn[]
  readonly anchor: BoundQuery
  readonly step: BoundQuery
  /** Rows that came before do not come again. */
  readonly distinct: boolean
  readonly table: number
}

export interface BoundInsert {
  readonly kind: 'insert'
  /** The row as it is before (ON CONFLICT) and as it is stored (RETURNING). */
  readonly ref: TableRef
  readonly targets: readonly number[]
  /** Yields a column for each target. */
  readonly source: BoundQuery
  readonly conflict: BoundConflict | undefined
  /** Further ON CONFLICT clauses. */
  readonly more: readonly BoundConflict[]
  readonly returning: readonly OutputColumn[]
}

export interface BoundConflict {
  readonly action: 'nothing' | 'update' | 'ignore' | 'replace'
  /** Position in the table's indexes; -1: the primary key; -2: whichever is violated. */
  readonly index: number
  /** The row that was to be inserted. */
  readonly excluded: TableRef
  readonly set: readonly BoundAssignment[]
  readonly where: Expr | undefined
}

export interface BoundAssignment {
  readonly position: number
  readonly value: Expr
}

/** The rows that an UPDATE or DELETE is about. */
export interface BoundTarget {
  readonly ref: TableRef
  /** The table, and what FROM or USING join with it. */
  readonly from: Relation
  readonly where: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly limit: Expr | undefined
  readonly offset: Expr | undefined
}

export interface BoundUpdate extends BoundTarget {
  readonly kind: 'update'
  readonly set: readonly BoundAssignment[]
  readonly action: 'error' | 'ignore' | 'replace'
  readonly returning: readonly OutputColumn[]
}

export interface BoundDelete extends BoundTarget {
  readonly kind: 'delete'
  readonly returning: readonly OutputColumn[]
}

export type BoundWrite = BoundInsert | BoundUpdate | BoundDelete

/** A parameter that the runtime fills, behind those of the caller. */
export interface GeneratedParameter {
  readonly index: number
  /** `now` is fixed for a transaction, the others for a statement: what was written before it. */
  readonly kind: 'uuid7' | 'now' | 'statementTime' | 'changes' | 'totalChanges' | 'lastKey'
}

/**
 * A parameter whose place in the statement would take another type as well: the session binds again when a value does not fit
 * the one chosen. `number`: an integer was assumed (`age < ?` compares with 1.5 too). `cast`: the same, and a text is read by the cast.
 `open`: nothing is known of it.
 */
export interface FlexibleParameter {
  readonly index: number
  readonly kind: 'number' | 'cast' | 'open'
}

/** A parameter that is stored as a vector, and the length its column declares. */
export interface VectorParameter {
  readonly index: number
  readonly column: string
  readonly dimension: number
}

export interface BoundStatement {
  readonly root: BoundQuery | BoundWrite
  /** Types of the caller's parameters, then of the generated ones. */
  readonly parameterTypes: readonly SqlType[]
  /** How many parameters the caller passes. */
  readonly parameterCount: number
  readonly generated: readonly GeneratedParameter[]
  readonly flexible: readonly FlexibleParameter[]
  readonly vectors: readonly VectorParameter[]
  /** All tables that appear, once each. */
  readonly tables: readonly CatalogTable[]
  readonly views: readonly CatalogView[]
  /** Those that a write may have to do with. */
  readonly foreignKeys: readonly BoundForeignKey[]
  /** One more than the largest column id. */
  readonly columnIdCount: number
  /** One more than the largest slot. */
  readonly slotCount: number
  readonly workingTableCount: number
}
