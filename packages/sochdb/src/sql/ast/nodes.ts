/**
 * The one syntax tree that SQL text, Kysely's operation nodes and repository calls lower to. Nodes are immutable data;
 * names are as written, nothing is resolved: that is the binder's work.
 *
 * Values never stand in the tree: they are parameters, so that a tree's shape is a cache key for its plan.
 */

export type Statement = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement

export interface SelectStatement {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly columns: readonly SelectItem[]
  readonly from: TableExpression | undefined
  readonly where: Expression | undefined
  readonly groupBy: readonly Expression[]
  readonly having: Expression | undefined
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | undefined
  readonly offset: Expression | undefined
}

export type SelectItem =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly alias: string | undefined }
  /** `*`, or `table.*`. */
  | { readonly kind: 'all'; readonly table: string | undefined }

export interface OrderItem {
  readonly expression: Expression
  readonly descending: boolean
  /** `undefined`: NULLs first ascending, last descending. */
  readonly nulls: 'first' | 'last' | undefined
}

export type TableExpression =
  | { readonly kind: 'table'; readonly name: string; readonly alias: string | undefined }
  | {
      readonly kind: 'join'
      readonly join: 'inner' | 'left' | 'cross'
      readonly left: TableExpression
      readonly right: TableExpression
      readonly on: Expression | undefined
    }

export interface InsertStatement {
  readonly kind: 'insert'
  readonly table: string
  /** Column names, in the order of each row's expressions. */
  readonly columns: readonly string[]
  /** `undefined` in a row's place: the column's default. */
  readonly rows: readonly (readonly (Expression | undefined)[])[]
  readonly onConflict: OnConflict | undefined
  readonly returning: readonly SelectItem[]
}

export interface OnConflict {
  /** Column names of the unique key; empty: any. */
  readonly target: readonly string[]
  /**
   * `nothing`: the row is left out. `update`: the row in the way takes `set`. `ignore`: as `nothing`, and rows that violate NOT NULL
   * are left out too (INSERT OR IGNORE). `replace`: every row in the way, by any unique key, is deleted first (REPLACE).
   */
  readonly action: 'nothing' | 'update' | 'ignore' | 'replace'
  readonly set: readonly Assignment[]
  readonly where: Expression | undefined
}

export interface Assignment {
  readonly column: string
  readonly value: Expression
}

export interface UpdateStatement {
  readonly kind: 'update'
  readonly table: string
  readonly alias: string | undefined
  readonly set: readonly Assignment[]
  readonly where: Expression | undefined
  readonly returning: readonly SelectItem[]
}

export interface DeleteStatement {
  readonly kind: 'delete'
  readonly table: string
  readonly alias: string | undefined
  readonly where: Expression | undefined
  readonly returning: readonly SelectItem[]
}

export type BinaryOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'is' | 'is not' | '+' | '-' | '*' | '/' | '%' | '||'

export type Expression =
  /** A literal of the text itself (`NULL`, `TRUE`, `1`); values from outside are parameters. */
  | { readonly kind: 'literal'; readonly value: null | boolean | number | bigint | string }
  | { readonly kind: 'parameter'; readonly index: number }
  | { readonly kind: 'column'; readonly table: string | undefined; readonly name: string }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not' | 'negate'; readonly operand: Expression }
  | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: 'in'
      readonly operand: Expression
      readonly list: readonly Expression[]
      readonly negated: boolean
    }
  | {
      readonly kind: 'between'
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
      readonly negated: boolean
    }
  | {
      readonly kind: 'like'
      readonly operand: Expression
      readonly pattern: Expression
      readonly escape: Expression | undefined
      readonly caseSensitive: boolean
      readonly negated: boolean
    }
  /** `count(*)` has no arguments. Names are lower case: count sum min max avg lower upper length abs coalesce contains starts_with ends_with. */
  | {
      readonly kind: 'call'
      readonly name: string
      readonly arguments: readonly Expression[]
      readonly distinct: boolean
      readonly filter: Expression | undefined
    }
  | {
      readonly kind: 'case'
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
      readonly otherwise: Expression | undefined
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: string }
