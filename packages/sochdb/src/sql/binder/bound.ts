/** Bound statements: what the binder hands to the optimizer. */
import type { CatalogTable } from '../catalog/entries.js'
import type { SqlType } from '../types.js'
import type { ColumnExpr, ColumnId, Expr, AggregateExpr } from './expr.js'

/** One appearance of a table in a statement. */
export interface TableRef {
  readonly table: CatalogTable
  /** The alias, or the table's name. */
  readonly name: string
  /** By position in storage order, dropped columns included. */
  readonly columns: readonly ColumnExpr[]
}

export type Relation =
  | { readonly op: 'table'; readonly ref: TableRef }
  | {
      readonly op: 'join'
      readonly kind: 'inner' | 'left'
      readonly left: Relation
      readonly right: Relation
      /** Conjuncts. */
      readonly on: readonly Expr[]
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

export interface BoundSelect {
  readonly kind: 'select'
  readonly from: Relation | undefined
  /** Conjuncts over the columns of `from`. */
  readonly where: readonly Expr[]
  readonly grouping: Grouping | undefined
  /** Over the grouping's columns when there is one, else over those of `from`. */
  readonly output: readonly OutputColumn[]
  /** Ids of the output's columns, for `orderBy` of a DISTINCT. */
  readonly outputIds: readonly ColumnId[]
  readonly distinct: boolean
  /** Over what `output` is over; with `distinct` over the output itself. */
  readonly orderBy: readonly SortKey[]
  readonly limit: Expr | undefined
  readonly offset: Expr | undefined
}

export interface BoundInsert {
  readonly kind: 'insert'
  /** The row as it is before (ON CONFLICT) and as it is stored (RETURNING). */
  readonly ref: TableRef
  readonly targets: readonly number[]
  readonly rows: readonly (readonly Expr[])[]
  readonly conflict: BoundConflict | undefined
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

export interface BoundUpdate {
  readonly kind: 'update'
  readonly ref: TableRef
  readonly where: readonly Expr[]
  readonly set: readonly BoundAssignment[]
  readonly returning: readonly OutputColumn[]
}

export interface BoundDelete {
  readonly kind: 'delete'
  readonly ref: TableRef
  readonly where: readonly Expr[]
  readonly returning: readonly OutputColumn[]
}

export type BoundQuery = BoundSelect | BoundInsert | BoundUpdate | BoundDelete

/** A parameter that the runtime fills, behind those of the caller. */
export interface GeneratedParameter {
  readonly index: number
  readonly kind: 'uuid7' | 'now'
}

/**
 * A parameter whose place in the statement would take another type as well: the session binds again when a value does not fit
 * the one chosen. `number`: an integer was assumed (`age < ?` compares with 1.5 too). `open`: nothing is known of it.
 */
export interface FlexibleParameter {
  readonly index: number
  readonly kind: 'number' | 'open'
}

/** A parameter that is stored as a vector, and the length its column declares. */
export interface VectorParameter {
  readonly index: number
  readonly column: string
  readonly dimension: number
}

export interface BoundStatement {
  readonly query: BoundQuery
  /** Types of the caller's parameters, then of the generated ones. */
  readonly parameterTypes: readonly SqlType[]
  /** How many parameters the caller passes. */
  readonly parameterCount: number
  readonly generated: readonly GeneratedParameter[]
  readonly flexible: readonly FlexibleParameter[]
  readonly vectors: readonly VectorParameter[]
  /** All tables that appear, once each. */
  readonly tables: readonly CatalogTable[]
  /** One more than the largest column id. */
  readonly columnIdCount: number
}
