/** Rows of values beside one another: `(a, b) = (1, 2)`, `(a, b) IN ((1, 2), (3, 4))`. */
import type { ComparisonOperator, Expression } from '../ast/nodes.js'
import { queryError } from '../problem.js'
import { call, callOf, constant } from './expr.js'
import type { Expr } from './expr.js'
import type { ExpressionBinder } from './expressions.js'

type BinaryNode = Extract<Expression, { kind: 'binary' }>

const BY_ITEM: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', 'is', 'is not'])

/** `undefined`: neither side is a row. */
export function bindRowComparison(binder: ExpressionBinder, e: BinaryNode): Expr | undefined {
  if (e.left.kind !== 'row' && e.right.kind !== 'row') return undefined
  if (!BY_ITEM.has(e.operator)) throw queryError(`${e.operator} takes values, not rows of them.`)
  const left = itemsOf(e.left)
  const right = itemsOf(e.right)
  expectWidth(left, right)
  const pairs = left.map((item, i): [Expr, Expr] => [binder.bind(item), binder.bind(right[i]!)])
  if (e.operator === 'is' || e.operator === 'is not') {
    const same = both(pairs.map(([a, b]) => isSame(binder, a, b)))
    return e.operator === 'is' ? same : call('not', 'boolean', same)
  }
  return compareRows(binder, e.operator as ComparisonOperator, pairs)
}

function isSame(binder: ExpressionBinder, a: Expr, b: Expr): Expr {
  const equal = binder.compare('=', a, b)
  return equal.op === 'equal' ? { ...equal, op: 'isNotDistinct' } : equal
}

function compareRows(
  binder: ExpressionBinder,
  operator: ComparisonOperator,
  pairs: readonly (readonly [Expr, Expr])[],
): Expr {
  if (operator === '=') return both(pairs.map(([a, b]) => binder.compare('=', a, b)))
  if (operator === '<>') return either(pairs.map(([a, b]) => binder.compare('<>', a, b)))
  // The first items decide, unless they are equal.
  const [[a, b], ...rest] = [pairs[0]!, ...pairs.slice(1)]
  if (rest.length === 0) return binder.compare(operator, a, b)
  for (const item of [a, b]) binder.context.repeat(item)
  const strict = operator === '<' || operator === '<=' ? '<' : '>'
  return either([binder.compare(strict, a, b), both([binder.compare('=', a, b), compareRows(binder, operator, rest)])])
}

export function bindRowIn(binder: ExpressionBinder, e: Extract<Expression, { kind: 'in' }>): Expr {
  const left = itemsOf(e.operand).map(item => binder.bind(item))
  const rows = e.list.map(item => {
    const right = itemsOf(item)
    expectWidth(left, right)
    return compareRows(
      binder,
      '=',
      left.map((a, i) => [a, binder.bind(right[i]!)]),
    )
  })
  const expr = rows.length === 0 ? constant('boolean', false) : either(rows)
  return e.negated ? call('not', 'boolean', expr) : expr
}

function itemsOf(e: Expression): readonly Expression[] {
  if (e.kind === 'row') return e.items
  throw queryError('A row of values is compared with another row.', 'Write (a, b) = (1, 2).')
}

function expectWidth(left: readonly unknown[], right: readonly unknown[]): void {
  if (left.length === right.length) return
  throw queryError(`A row of ${left.length} values stands beside one of ${right.length}.`)
}

const both = (parts: readonly Expr[]): Expr => (parts.length === 1 ? parts[0]! : callOf('and', 'boolean', parts))
const either = (parts: readonly Expr[]): Expr => (parts.length === 1 ? parts[0]! : callOf('or', 'boolean', parts))
