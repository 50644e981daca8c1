/** Queries in expressions: as a value, and behind EXISTS, IN, ANY and ALL. */
import type { ComparisonOperator, Expression, Query } from '../ast/nodes.js'
import { queryError } from '../problem.js'
import type { BoundQuery } from './bound.js'
import { comparable } from './dialect.js'
import { call, cast, COMPARISONS, OPPOSITES } from './expr.js'
import type { ComparisonOp, Expr, SubqueryExpr } from './expr.js'
import type { ExpressionBinder } from './expressions.js'
import { bindQuery } from './query.js'
import { columnOf, firstRow } from './reshape.js'
import { Frame } from './scope.js'

interface Inner {
  readonly query: BoundQuery
  readonly frame: Frame
}

function bindInner(binder: ExpressionBinder, q: Query): Inner {
  const { context, scope } = binder
  const frame = new Frame(context, scope)
  return { query: bindQuery(context, { frame, definedIn: frame, tables: scope.site.tables }, q), frame }
}

const WITHOUT_OPERANDS = { targets: [], compare: 'equal' } as const

function captured({ query, frame }: Inner): Pick<SubqueryExpr, 'op' | 'query' | 'slots' | 'inputs'> {
  const slots = frame.slots
  return { op: 'subquery', query, slots: slots.map(s => s.slot), inputs: slots.map(s => s.expr) }
}

export function bindScalar(binder: ExpressionBinder, q: Query): Expr {
  const bound = bindInner(binder, q)
  expectWidth(bound.query, 1, 'A subquery that stands for a value')
  // Elsewhere more than one row is an error.
  const isFirst = binder.context.dialect === 'sqlite'
  const inner = isFirst ? { ...bound, query: firstRow(binder.context, bound.query) } : bound
  const { type } = inner.query.columns[0]!
  return { ...captured(inner), kind: 'scalar', type, nullable: true, ...WITHOUT_OPERANDS }
}

export function bindExists(binder: ExpressionBinder, q: Query, negated: boolean): Expr {
  const inner = bindInner(binder, q)
  return negate(negated, { ...captured(inner), kind: 'exists', type: 'boolean', nullable: false, ...WITHOUT_OPERANDS })
}

export function bindInQuery(binder: ExpressionBinder, e: Extract<Expression, { kind: 'inQuery' }>): Expr {
  return negate(e.negated, bindAny(binder, e.operand, 'equal', e.query, 'IN'))
}

/** `x > ALL (…)` is not `x <= ANY (…)`, NULL included. */
export function bindQuantified(
  binder: ExpressionBinder,
  operand: Expression,
  operator: ComparisonOperator,
  quantifier: 'any' | 'all',
  q: Query,
): Expr {
  const compare = COMPARISONS[operator]
  if (quantifier === 'any') return bindAny(binder, operand, compare, q, 'ANY')
  return negate(true, bindAny(binder, operand, OPPOSITES[compare], q, 'ALL'))
}

function bindAny(
  binder: ExpressionBinder,
  operand: Expression,
  compare: ComparisonOp,
  q: Query,
  word: string,
): SubqueryExpr {
  const items = operand.kind === 'row' ? operand.items : [operand]
  if (items.length > 1 && compare !== 'equal' && compare !== 'notEqual') {
    throw queryError(`Rows are compared with ${word} by = and <> alone.`)
  }
  const operands = items.map(item => binder.bind(item))
  const inner = bindInner(binder, q)
  expectWidth(inner.query, operands.length, `The subquery of ${word}`)
  const targets: Expr[] = []
  operands.forEach((expr, i) => {
    const column = columnOf(inner.query.columns[i]!)
    // What JSON holds is read as what it stands beside.
    const isHeld = column.type === 'any' && expr.type !== 'any' && expr.type !== 'null'
    const [a, b] = comparable(binder.context, expr, isHeld ? cast(column, expr.type) : column)
    operands[i] = a
    targets.push(b)
  })
  const parts = captured(inner)
  return {
    ...parts,
    inputs: [...parts.inputs, ...operands],
    kind: 'any',
    type: 'boolean',
    targets,
    compare,
    nullable: true,
  }
}

function expectWidth(query: BoundQuery, width: number, what: string): void {
  const found = query.columns.length
  if (found === width) return
  throw queryError(
    `${what} selects ${found} column${found === 1 ? '' : 's'}; ${width} ${width === 1 ? 'is' : 'are'} needed.`,
  )
}

function negate(negated: boolean, expr: Expr): Expr {
  return negated ? call('not', 'boolean', expr) : expr
}

/** The conjuncts (for <> the disjunction) of two rows compared item by item. */
export function compareRows(compare: ComparisonOp, left: readonly Expr[], right: readonly Expr[]): Expr {
  const parts = left.map((a, i) => call(compare, 'boolean', a, right[i]!))
  if (parts.length === 1) return parts[0]!
  return { op: compare === 'notEqual' ? 'or' : 'and', type: 'boolean', args: parts }
}
