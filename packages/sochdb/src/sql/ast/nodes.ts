/**
 * The one syntax tree that SQL text, Kysely's operation nodes and repository calls lower to. Nodes are immutable data;
 * names are as written, nothing is resolved: that is the binder's work. DDL and the like are in ddl.ts, expressions in
 * expressions.ts.
 *
 * Kysely and repositories put no values into a tree: they are parameters, so that a tree's shape is a cache key for its plan.
 */
import type { UtilityStatement } from './ddl.js'
import type { Expression, Spot } from './expressions.js'

export type * from './ddl.js'
export type * from './expressions.js'

/** What reads and writes rows: it has a plan. */
export type DataStatement = Query | InsertStatement | UpdateStatement | DeleteStatement
export type Statement = DataStatement | UtilityStatement

/** What yields rows and may stand in parentheses. */
export type Query = SelectStatement | ValuesStatement | SetOperation

/** ORDER BY, LIMIT and OFFSET: of every query, for all of what it yields. */
export interface QueryTail {
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | undefined
  readonly offset: Expression | undefined
}

export interface SelectStatement extends QueryTail {
  readonly kind: 'select'
  readonly with?: WithClause | undefined
  readonly distinct: boolean
  /** `DISTINCT ON (…)`: the first row, by ORDER BY, of each. `distinct` is false then. */
  readonly distinctOn?: readonly Expression[] | undefined
  readonly columns: readonly SelectItem[]
  readonly from: TableExpression | undefined
  readonly where: Expression | undefined
  readonly groupBy: readonly Expression[]
  readonly having: Expression | undefined
  /** `WINDOW name AS (…)`. */
  readonly windows?: readonly { readonly name: string; readonly window: WindowDefinition }[] | undefined
}

/** `VALUES (…), (…)`: columns are called column1, column2, …. */
export interface ValuesStatement extends QueryTail {
  readonly kind: 'values'
  readonly with?: WithClause | undefined
  readonly rows: readonly (readonly Expression[])[]
}

export interface SetOperation extends QueryTail {
  readonly kind: 'setOperation'
  readonly with?: WithClause | undefined
  readonly operator: 'union' | 'intersect' | 'except'
  readonly all: boolean
  readonly left: Query
  readonly right: Query
}

export interface WithClause {
  readonly recursive: boolean
  readonly tables: readonly CommonTable[]
}

export interface CommonTable extends Spot {
  readonly name: string
  /** `undefined`: as the query calls them. */
  readonly columns: readonly string[] | undefined
  readonly query: Query
  /** `[NOT] MATERIALIZED`: accepted, changes no result. */
  readonly materialized?: boolean | undefined
}

export type SelectItem =
  | {
      readonly kind: 'expression'
      readonly expression: Expression
      readonly alias: string | undefined
      /** As it was written: the name of the result's column, where there is no other. */
      readonly text?: string | undefined
    }
  /** `*`, or `table.*`. */
  | { readonly kind: 'all'; readonly table: string | undefined }

export interface OrderItem {
  readonly expression: Expression
  readonly descending: boolean
  /** `undefined`: NULLs first ascending, last descending. */
  readonly nulls: 'first' | 'last' | undefined
}

export interface WindowDefinition {
  /** A named window that this one extends, or is when nothing else is given. */
  readonly base?: string | undefined
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  /** `undefined`: RANGE from the first row to the current one and its peers, all rows where nothing orders them. */
  readonly frame: WindowFrame | undefined
}

export interface WindowFrame {
  readonly mode: 'rows' | 'range' | 'groups'
  readonly start: FrameBound
  readonly end: FrameBound
  readonly exclude: 'none' | 'current' | 'group' | 'ties'
}

export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'currentRow' | 'unboundedFollowing' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Expression }

export interface TableName extends Spot {
  readonly kind: 'table'
  /** `main`, `public`, `information_schema`, …: undefined when the name stands alone. */
  readonly schema?: string | undefined
  readonly name: string
  readonly alias: string | undefined
  /** `AS t(a, b)`. */
  readonly columns?: readonly string[] | undefined
}

export interface Join {
  readonly kind: 'join'
  readonly join: 'inner' | 'left' | 'right' | 'full' | 'cross'
  readonly left: TableExpression
  readonly right: TableExpression
  readonly on: Expression | undefined
  /** `USING (…)`; with `natural` all columns that both sides have. At most one of the three is given. */
  readonly using?: readonly string[] | undefined
  readonly natural?: boolean | undefined
}

export type TableExpression =
  | TableName
  | Join
  | {
      readonly kind: 'subquery'
      readonly query: Query
      readonly alias: string | undefined
      readonly columns?: readonly string[] | undefined
      /** Sees the tables to its left. */
      readonly lateral?: boolean | undefined
    }
  /** A table function: `json_each(…)`, `generate_series(…)`, `vector_search(…)`. Sees the tables to its left. */
  | ({
      readonly kind: 'function'
      readonly name: string
      readonly arguments: readonly Expression[]
      readonly alias: string | undefined
      readonly columns?: readonly string[] | undefined
    } & Spot)

export interface InsertStatement extends Spot {
  readonly kind: 'insert'
  readonly with?: WithClause | undefined
  readonly table: string
  readonly alias?: string | undefined
  /** Column names, in the order of each row's expressions; `undefined`: all columns, as they were declared. */
  readonly columns: readonly string[] | undefined
  /** `undefined` in a row's place: the column's default. `DEFAULT VALUES` is one row without columns. */
  readonly rows: readonly (readonly (Expression | undefined)[])[]
  /** INSERT … SELECT; `rows` is empty then. */
  readonly query?: Query | undefined
  readonly onConflict: OnConflict | undefined
  /** Further ON CONFLICT clauses, `nothing` or `update` each: the first whose key is taken counts. */
  readonly moreConflicts?: readonly OnConflict[] | undefined
  readonly returning: readonly SelectItem[]
}

export interface OnConflict {
  /** Column names of the unique key; empty: any. */
  readonly target: readonly string[]
  /** `ON CONFLICT ON CONSTRAINT name`; `target` is empty then. */
  readonly constraint?: string | undefined
  /** The condition of a partial unique index: `ON CONFLICT (a) WHERE …`. */
  readonly targetWhere?: Expression | undefined
  /**
   * `nothing`: the row is left out. `update`: the row in the way takes `set`. `ignore`: as `nothing`, and rows that violate NOT NULL
   * or a CHECK are left out too (INSERT OR IGNORE). `replace`: every row in the way, by any unique key, is deleted first (REPLACE).
   */
  readonly action: 'nothing' | 'update' | 'ignore' | 'replace'
  /** The proposed row is the table `excluded`. */
  readonly set: readonly Assignment[]
  readonly where: Expression | undefined
}

export interface Assignment extends Spot {
  readonly column: string
  readonly value: Expression
}

export interface UpdateStatement extends Spot {
  readonly kind: 'update'
  readonly with?: WithClause | undefined
  readonly table: string
  readonly alias: string | undefined
  readonly set: readonly Assignment[]
  /** `SET (a, b) = (SELECT …)`, of one row. */
  readonly setRows?: readonly { readonly columns: readonly string[]; readonly query: Query }[] | undefined
  readonly from?: TableExpression | undefined
  readonly where: Expression | undefined
  readonly orderBy?: readonly OrderItem[] | undefined
  readonly limit?: Expression | undefined
  readonly offset?: Expression | undefined
  /** `UPDATE OR IGNORE`, `UPDATE OR REPLACE`. */
  readonly conflict?: 'ignore' | 'replace' | undefined
  readonly returning: readonly SelectItem[]
}

export interface DeleteStatement extends Spot {
  readonly kind: 'delete'
  readonly with?: WithClause | undefined
  readonly table: string
  readonly alias: string | undefined
  /** `DELETE … USING`. */
  readonly using?: TableExpression | undefined
  readonly where: Expression | undefined
  readonly orderBy?: readonly OrderItem[] | undefined
  readonly limit?: Expression | undefined
  readonly offset?: Expression | undefined
  readonly returning: readonly SelectItem[]
}
