/** Predicates in the form that an index answers: one column of one table, an operator, and operands of other origin. */
import type { TableRef } from '../binder/bound.js'
import { cast, exprKey, FALSE, isCall, isRowless, someExpr, TRUE } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import { rowExpressions, rowKey } from '../binder/row-expressions.js'
import { isIntegral } from '../types.js'
import type { SqlType } from '../types.js'

export type TermKind = 'equal' | 'in' | 'less' | 'lessEqual' | 'greater' | 'greaterEqual'

export interface Term {
  /** The conjunct it was. */
  readonly source: Expr
  /** Position of the column in the table. */
  readonly position: number
  readonly kind: TermKind
  /** Of the column's type; one, but for `in`. */
  readonly operands: readonly Expr[]
}

/** Position of a column in a table's appearance, or -1: ids of one appearance are consecutive. */
export function positionOf(ref: TableRef, id: ColumnId): number {
  const position = id - ref.columns[0]!.id
  return position >= 0 && position < ref.columns.length ? position : -1
}

const KINDS: Readonly<Record<string, TermKind>> = {
  equal: 'equal',
  less: 'less',
  lessEqual: 'lessEqual',
  greater: 'greater',
  greaterEqual: 'greaterEqual',
}

const FLIPPED: Readonly<Record<TermKind, TermKind>> = {
  equal: 'equal',
  in: 'in',
  less: 'greater',
  lessEqual: 'greaterEqual',
  greater: 'less',
  greaterEqual: 'lessEqual',
}

/** The conjunct as a term about `ref`, whose operands name only columns that `available` admits; `undefined` when it is none. */
export function termOf(ref: TableRef, source: Expr, available: (id: ColumnId) => boolean): Term | undefined {
  if (source.op === 'column') return booleanTerm(ref, source, source, TRUE)
  if (!isCall(source)) return undefined
  if (source.op === 'not') return booleanTerm(ref, source, source.args[0]!, FALSE)
  if (source.op === 'in') {
    const [column, ...list] = source.args
    return term(ref, source, 'in', column!, list, available)
  }
  const [a, b] = source.args
  if (source.op === 'isNotDistinct') {
    return b?.op === 'const' && b.value !== null ? term(ref, source, 'equal', a!, [b], available) : undefined
  }
  const kind = KINDS[source.op]
  if (!kind) return undefined
  return term(ref, source, kind, a!, [b!], available) ?? term(ref, source, FLIPPED[kind], b!, [a!], available)
}

function booleanTerm(ref: TableRef, source: Expr, column: Expr, value: Expr): Term | undefined {
  if (column.op !== 'column' || column.type !== 'boolean') return undefined
  const position = positionOf(ref, column.id)
  return position < 0 ? undefined : { source, position, kind: 'equal', operands: [value] }
}

function term(
  ref: TableRef,
  source: Expr,
  kind: TermKind,
  side: Expr,
  operands: readonly Expr[],
  available: (id: ColumnId) => boolean,
): Term | undefined {
  // Integers and bigints are one and the same in a key.
  const column = side.op === 'cast' && isIntegral(side.type) && isIntegral(side.args[0]!.type) ? side.args[0]! : side
  const position = column.op === 'column' ? positionOf(ref, column.id) : computedPosition(ref, column)
  if (position < 0) return undefined
  if (operands.some(operand => someExpr(operand, e => e.op === 'column' && !available(e.id)))) return undefined
  return { source, position, kind, operands: operands.map(operand => asType(operand, column.type)) }
}

/** The number that an expression has among the parts of the table's keys, or -1. */
function computedPosition(ref: TableRef, expr: Expr): number {
  const { computed } = rowExpressions(ref.table.entry)
  if (computed.length === 0 || isRowless(expr)) return -1
  const key = rowKey(expr, column => positionOf(ref, column.id))
  const at = computed.findIndex(c => exprKey(c) === key)
  return at < 0 ? -1 : ref.columns.length + at
}

function asType(operand: Expr, type: SqlType): Expr {
  if (operand.type === type) return operand
  return operand.op === 'const' || operand.op === 'param' ? { ...operand, type } : cast(operand, type)
}
