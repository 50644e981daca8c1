/**
 * Predicates move down to where their columns first meet: below inner joins on either side, below an outer join only where the
 * missing side cannot matter. An outer join whose missing rows a later predicate discards anyway becomes an inner one.
 */
import type { BoundSlot, Relation, TableRef } from '../binder/bound.js'
import { call, columnsOf, exprKey, isCall } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'

export type OuterKind = 'left' | 'semi' | 'anti' | 'full'

/** A part of FROM that is neither a table of the catalog nor a join. */
export type LeafRelation = Extract<Relation, { op: 'query' | 'function' | 'workingTable' }>

/** What is joined: tables with their own predicates, and inner joins flattened into one list. */
export type Joined =
  | { readonly op: 'table'; readonly ref: TableRef; readonly predicates: readonly Expr[] }
  | { readonly op: 'leaf'; readonly relation: LeafRelation; readonly predicates: readonly Expr[] }
  | { readonly op: 'inner'; readonly parts: readonly Joined[]; readonly predicates: readonly Expr[] }
  | {
      readonly op: 'outer'
      readonly kind: OuterKind
      readonly left: Joined
      readonly right: Joined
      /** Conjuncts of ON that are not about the right side alone. */
      readonly on: readonly Expr[]
      /** Conjuncts over the joined row. */
      readonly predicates: readonly Expr[]
    }
  | {
      readonly op: 'lateral'
      readonly kind: 'inner' | 'left'
      readonly left: Joined
      readonly right: Joined
      readonly slots: readonly BoundSlot[]
      readonly on: readonly Expr[]
      readonly predicates: readonly Expr[]
    }

export function columnsOfRelation(relation: Relation): Set<ColumnId> {
  switch (relation.op) {
    case 'table':
      return new Set(relation.ref.columns.map(c => c.id))
    case 'query':
      return new Set(relation.query.columns.map(c => c.id))
    case 'function':
    case 'workingTable':
      return new Set(relation.columns.map(c => c.id))
    case 'join':
      if (relation.kind === 'semi' || relation.kind === 'anti') return columnsOfRelation(relation.left)
  }
  return new Set([...columnsOfRelation(relation.left), ...columnsOfRelation(relation.right)])
}

/** The tree with `predicates` (folded conjuncts over its columns) put where they belong. */
export function pushDown(relation: Relation, predicates: readonly Expr[]): Joined {
  switch (relation.op) {
    case 'table':
      return { op: 'table', ref: relation.ref, predicates }
    case 'join':
      return pushIntoJoin(relation, predicates)
    case 'lateral': {
      const where = splitBySide(predicates, columnsOfRelation(relation.left), columnsOfRelation(relation.right))
      return {
        ...relation,
        left: pushDown(relation.left, where.left),
        right: pushDown(relation.right, []),
        predicates: [...where.right, ...where.both],
      }
    }
    default:
      return { op: 'leaf', relation, predicates }
  }
}

function pushIntoJoin(relation: Extract<Relation, { op: 'join' }>, predicates: readonly Expr[]): Joined {
  const leftColumns = columnsOfRelation(relation.left)
  const rightColumns = columnsOfRelation(relation.right)
  if (
    relation.kind === 'inner' ||
    (relation.kind === 'left' && predicates.some(p => discardsMissing(p, rightColumns)))
  ) {
    const terms = withImplied([...predicates, ...relation.on])
    const split = splitBySide(terms, leftColumns, rightColumns)
    return flatten(pushDown(relation.left, split.left), pushDown(relation.right, split.right), split.both)
  }
  if (relation.kind === 'full') return pushIntoFull(relation, predicates, leftColumns, rightColumns)
  const where = splitBySide(predicates, leftColumns, rightColumns)
  const on = splitBySide(relation.on, leftColumns, rightColumns)
  // A condition on the left side alone decides, in a semi join, which of its rows are left.
  const isSemi = relation.kind === 'semi'
  return {
    op: 'outer',
    kind: relation.kind,
    left: pushDown(relation.left, isSemi ? [...where.left, ...on.left] : where.left),
    right: pushDown(relation.right, on.right),
    on: isSemi ? on.both : [...on.left, ...on.both],
    predicates: [...where.right, ...where.both],
  }
}

function pushIntoFull(
  relation: Extract<Relation, { op: 'join' }>,
  predicates: readonly Expr[],
  leftColumns: Set<ColumnId>,
  rightColumns: Set<ColumnId>,
): Joined {
  const { left, right, on } = relation
  // Rows without a left side are discarded: those that remain are a left join's.
  if (predicates.some(p => discardsMissing(p, leftColumns))) return pushDown({ ...relation, kind: 'left' }, predicates)
  if (predicates.some(p => discardsMissing(p, rightColumns))) {
    return pushDown({ ...relation, kind: 'left', left: right, right: left }, predicates)
  }
  return { op: 'outer', kind: 'full', left: pushDown(left, []), right: pushDown(right, []), on, predicates }
}

const implied = new WeakSet<Expr>()

/** Whether a predicate says nothing beyond what others of the same join say together. */
export function isImplied(expr: Expr): boolean {
  return implied.has(expr)
}

/** With what follows from two columns being equal: a constant that one of them equals, the other does too. */
function withImplied(terms: readonly Expr[]): readonly Expr[] {
  const known = new Set(terms.map(exprKey))
  const more: Expr[] = []
  for (const pair of terms) {
    if (pair.op !== 'equal') continue
    const [a, b] = pair.args
    if (a?.op !== 'column' || b?.op !== 'column' || a.type !== b.type) continue
    for (const term of terms) {
      if (term.op !== 'equal') continue
      const [column, value] = term.args
      if (column?.op !== 'column' || (value?.op !== 'const' && value?.op !== 'param' && value?.op !== 'slot')) continue
      const other = column.id === a.id ? b : column.id === b.id ? a : undefined
      if (!other) continue
      const equal = call('equal', 'boolean', other, value)
      const key = exprKey(equal)
      if (!known.has(key)) {
        implied.add(equal)
        more.push(equal)
      }
      known.add(key)
    }
  }
  return more.length === 0 ? terms : [...terms, ...more]
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

/** The tree as it is: conditions stay where they were written. */
export function asWritten(relation: Relation): Joined {
  switch (relation.op) {
    case 'table':
      return { op: 'table', ref: relation.ref, predicates: [] }
    case 'join': {
      const left = asWritten(relation.left)
      const right = asWritten(relation.right)
      if (relation.kind === 'inner') return { op: 'inner', parts: [left, right], predicates: relation.on }
      return { op: 'outer', kind: relation.kind, left, right, on: relation.on, predicates: [] }
    }
    case 'lateral':
      return { ...relation, left: asWritten(relation.left), right: asWritten(relation.right), predicates: [] }
    default:
      return { op: 'leaf', relation, predicates: [] }
  }
}
