/**
 * Predicates move down to where their columns first meet: below inner joins on either side, below a left join only where the
 * missing right side cannot matter. A left join whose missing rows a later predicate discards anyway becomes an inner one.
 */
import type { Relation, TableRef } from '../binder/bound.js'
import { columnsOf, isCall } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'

/** What is joined: tables with their own predicates, and inner joins flattened into one list. */
export type Joined =
  | { readonly op: 'table'; readonly ref: TableRef; readonly predicates: readonly Expr[] }
  | { readonly op: 'inner'; readonly parts: readonly Joined[]; readonly predicates: readonly Expr[] }
  | {
      readonly op: 'left'
      readonly left: Joined
      readonly right: Joined
      /** Conjuncts of ON that are not about the right side alone. */
      readonly on: readonly Expr[]
      /** Conjuncts over the joined row. */
      readonly predicates: readonly Expr[]
    }

export function columnsOfRelation(relation: Relation): Set<ColumnId> {
  if (relation.op === 'table') return new Set(relation.ref.columns.map(c => c.id))
  return new Set([...columnsOfRelation(relation.left), ...columnsOfRelation(relation.right)])
}

/** The tree with `predicates` (folded conjuncts over its columns) put where they belong. */
export function pushDown(relation: Relation, predicates: readonly Expr[]): Joined {
  if (relation.op === 'table') return { op: 'table', ref: relation.ref, predicates }
  const leftColumns = columnsOfRelation(relation.left)
  const rightColumns = columnsOfRelation(relation.right)
  if (relation.kind === 'inner' || predicates.some(p => discardsMissing(p, rightColumns))) {
    const split = splitBySide([...predicates, ...relation.on], leftColumns, rightColumns)
    return flatten(pushDown(relation.left, split.left), pushDown(relation.right, split.right), split.both)
  }
  const where = splitBySide(predicates, leftColumns, rightColumns)
  const on = splitBySide(relation.on, leftColumns, rightColumns)
  return {
    op: 'left',
    left: pushDown(relation.left, where.left),
    right: pushDown(relation.right, on.right),
    on: [...on.left, ...on.both],
    predicates: [...where.right, ...where.both],
  }
}

/** Conjuncts that name no column count as the left side's: they hold for all rows or none. */
function splitBySide(terms: readonly Expr[], leftColumns: Set<ColumnId>, rightColumns: Set<ColumnId>) {
  const left: Expr[] = []
  const right: Expr[] = []
  const both: Expr[] = []
  for (const term of terms) {
    const columns = [...columnsOf([term])]
    if (columns.every(id => leftColumns.has(id))) left.push(term)
    else if (columns.every(id => rightColumns.has(id))) right.push(term)
    else both.push(term)
  }
  return { left, right, both }
}

function flatten(left: Joined, right: Joined, predicates: readonly Expr[]): Joined {
  const parts: Joined[] = []
  const all = [...predicates]
  for (const side of [left, right]) {
    if (side.op === 'inner') {
      parts.push(...side.parts)
      all.push(...side.predicates)
    } else parts.push(side)
  }
  return { op: 'inner', parts, predicates: all }
}

/** Whether the condition cannot be true of a row whose columns on the right side are all NULL. */
export function discardsMissing(expr: Expr, right: Set<ColumnId>): boolean {
  switch (expr.op) {
    case 'and':
      return expr.args.some(arg => discardsMissing(arg, right))
    case 'or':
      return expr.args.every(arg => discardsMissing(arg, right))
    case 'not': {
      const arg = expr.args[0]!
      return arg.op === 'isNull' ? isNullOfMissing(arg.args[0]!, right) : isNullOfMissing(arg, right)
    }
    default:
      return isNullOfMissing(expr, right)
  }
}

const PASSES_NULL: ReadonlySet<string> = new Set([
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'add',
  'subtract',
  'multiply',
  'divide',
  'modulo',
  'negate',
  'concat',
  'like',
  'contains',
  'startsWith',
  'endsWith',
  'lower',
  'upper',
  'length',
  'abs',
  'cast',
])

/** Whether the expression is NULL as soon as the right side is missing. */
function isNullOfMissing(expr: Expr, right: Set<ColumnId>): boolean {
  if (expr.op === 'column') return right.has(expr.id)
  if (!isCall(expr)) return false
  if (expr.op === 'in') return isNullOfMissing(expr.args[0]!, right)
  return PASSES_NULL.has(expr.op) && expr.args.some(arg => isNullOfMissing(arg, right))
}
