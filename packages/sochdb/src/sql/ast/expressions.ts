/** Expressions of the syntax tree. */
import type { OrderItem, Query, WindowDefinition } from './nodes.js'

/** Where a node stands in the text: for messages alone, no part of a tree's shape. */
export interface Spot {
  /** Offset in UTF-16 units; `undefined` where there is no text. */
  readonly at?: number | undefined
}

export type BinaryOperator =
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  /** `IS NOT DISTINCT FROM` and `<=>`. */
  | 'is'
  /** `IS DISTINCT FROM`. */
  | 'is not'
  | '+'
  | '-'
  | '*'
  /** The canonical division; `//` truncates (MySQL's DIV). */
  | '/'
  | '//'
  | '%'
  | '||'
  | '&'
  | '|'
  | '<<'
  | '>>'
  /** Of JSON: the member as JSON, and as text. */
  | '->'
  | '->>'

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Expression =
  /** A literal of the text itself (`NULL`, `TRUE`, `1`); values from outside are parameters. */
  (
    | {
        readonly kind: 'literal'
        readonly value: null | boolean | number | bigint | string | Uint8Array
        /**
         * Of a number written with a point or an exponent, or beyond an int64: its text. It is REAL (`2.0` divides as such), and exact
         * where it meets a DECIMAL.
         */
        readonly decimal?: string | undefined
      }
    | { readonly kind: 'parameter'; readonly index: number }
    | { readonly kind: 'column'; readonly table: string | undefined; readonly name: string }
    | {
        readonly kind: 'binary'
        readonly operator: BinaryOperator
        readonly left: Expression
        readonly right: Expression
      }
    | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
    | { readonly kind: 'not' | 'negate' | 'bitNot'; readonly operand: Expression }
    | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean }
    /** `x IS [NOT] TRUE`, `FALSE`: never NULL. `IS UNKNOWN` is `isNull`. */
    | { readonly kind: 'isTruth'; readonly operand: Expression; readonly truth: boolean; readonly negated: boolean }
    | {
        readonly kind: 'in'
        readonly operand: Expression
        readonly list: readonly Expression[]
        readonly negated: boolean
      }
    | { readonly kind: 'inQuery'; readonly operand: Expression; readonly query: Query; readonly negated: boolean }
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
    /** `GLOB`, and `REGEXP`, `RLIKE`, `~`, `~*`: a match anywhere in the text. */
    | {
        readonly kind: 'glob' | 'regexp'
        readonly operand: Expression
        readonly pattern: Expression
        readonly caseSensitive: boolean
        readonly negated: boolean
      }
    /**
     * `count(*)` has no arguments. Names are lower case, as written otherwise; what the grammar writes in words is a call too:
     * current_timestamp, current_date, current_time, extract('year', x), substring(x, from, for), trim(x, chars), ltrim, rtrim,
     * position(a, b), overlay.
     */
    | {
        readonly kind: 'call'
        readonly name: string
        readonly arguments: readonly Expression[]
        readonly distinct: boolean
        readonly filter: Expression | undefined
        /** `string_agg(x, ',' ORDER BY y)`, and `WITHIN GROUP (ORDER BY y)`. */
        readonly orderBy?: readonly OrderItem[] | undefined
        /** A window function, or an aggregate over a window. */
        readonly over?: WindowDefinition | undefined
        /** `IGNORE NULLS` of first_value, lag, …. */
        readonly ignoreNulls?: boolean | undefined
      }
    | {
        readonly kind: 'case'
        /** Of `CASE x WHEN 1 …`: what each `when` is compared with; else they are conditions. */
        readonly operand?: Expression | undefined
        readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
        readonly otherwise: Expression | undefined
      }
    /** `tolerant`: TRY_CAST, NULL where the value does not fit. */
    | {
        readonly kind: 'cast'
        readonly operand: Expression
        readonly type: string
        readonly tolerant?: boolean | undefined
      }
    | { readonly kind: 'collate'; readonly operand: Expression; readonly collation: string }
    /** `(x).name`: a column of the table x, or a member of what x is. */
    | { readonly kind: 'field'; readonly operand: Expression; readonly name: string }
    /** A query of one column, and at most one row: NULL when there is none. */
    | { readonly kind: 'subquery'; readonly query: Query }
    | { readonly kind: 'exists'; readonly query: Query; readonly negated: boolean }
    /** `x > ALL (SELECT …)`, `x = ANY (SELECT …)`; over an array of values, `list`. */
    | {
        readonly kind: 'quantified'
        readonly operand: Expression
        readonly operator: ComparisonOperator
        readonly quantifier: 'any' | 'all'
        readonly over:
          | Query
          | { readonly kind: 'list'; readonly items: readonly Expression[] }
          /** A parameter that holds the items. */
          | { readonly kind: 'array'; readonly array: Expression }
      }
    /** `(a, b)`: stands beside another row, in IN and in front of IN (SELECT …). */
    | { readonly kind: 'row'; readonly items: readonly Expression[] }
    /** `INTERVAL '1 day'`: stands beside a timestamp, after + or -. The text is as written: `1 day 2 hours`, `P1D`. */
    | { readonly kind: 'interval'; readonly text: string }
    /** DEFAULT, in SET of an UPDATE. */
    | { readonly kind: 'default' }
  ) &
    Spot
