/**
 * What a dialect changes in the meaning of a query. The executor sees none of it: the binder writes it out.
 *
 * Of what divides by zero, of text that meets numbers, and of truth values that are numbers. What a result shows of these is the
 * session's work.
 */
import { isIntegral, isNumeric } from '../types.js'
import type { SqlType } from '../types.js'
import { coerce } from '../values.js'
import { collationOf, folded } from './collations.js'
import { adaptLiteral, numberOf, unify, zeroOf } from './coercion.js'
import type { BindContext } from './context.js'
import { call, cast, constant, isNullable } from './expr.js'
import type { CallExpr, Expr } from './expr.js'

export type Dialect = 'auto' | 'sqlite' | 'postgres' | 'mysql'

/** `/` and `%` over numbers of one type. */
export function divided(context: BindContext, op: 'divide' | 'modulo', a: Expr, b: Expr): Expr {
  // MySQL's / has a fraction; its DIV has none.
  if (context.dialect === 'mysql' && op === 'divide' && isIntegral(a.type)) {
    return call(op, 'real', cast(a, 'real'), cast(b, 'real'))
  }
  const quotient = call(op, a.type, a, b)
  return context.dialect === 'postgres' ? checkedDivision(context, quotient) : quotient
}

/** Fails for a divisor of zero, unless there is nothing to divide. */
function checkedDivision(context: BindContext, quotient: CallExpr): Expr {
  const [a, b] = quotient.args as readonly [Expr, Expr]
  if (b.op === 'const' && (b.value === null || Number(b.value) !== 0)) return quotient
  if (!isNumeric(quotient.type)) return quotient
  for (const operand of [a, b, b]) context.repeat(operand)
  const isZero = call('equal', 'boolean', b, constant(b.type, zeroOf(b.type)))
  const isThere = call('not', 'boolean', call('isNull', 'boolean', a))
  // A cast is what fails with a text of ours. Its operand depends on the row, so that nobody computes it before it is needed.
  const problem = call('concat', 'text', constant('text', 'division by zero: / '), cast(b, 'text'))
  const condition = isNullable(a) ? call('and', 'boolean', isZero, isThere) : isZero
  return call('case', quotient.type, condition, cast(problem, quotient.type), quotient)
}

type Affinity = 'number' | 'text' | undefined

/** What SQLite would bring the other operand of a comparison to. */
function affinityOf(expr: Expr): Affinity {
  if (expr.op !== 'column' && expr.op !== 'slot' && expr.op !== 'cast') return undefined
  if (isNumeric(expr.type) || expr.type === 'boolean') return 'number'
  return expr.type === 'text' ? 'text' : undefined
}

const isClassed = (type: SqlType): boolean => isNumeric(type) || type === 'text' || type === 'blob'

/** Both operands of a comparison as values that can be compared. */
export function comparable(context: BindContext, left: Expr, right: Expr): [Expr, Expr] {
  const collation = collationOf(left, right)
  const [a, b] = ofOneType(context, left, right)
  return [folded(collation, a), folded(collation, b)]
}

function ofOneType(context: BindContext, left: Expr, right: Expr): [Expr, Expr] {
  const mixed = (left.type === 'boolean') !== (right.type === 'boolean')
  const isLiteral = left.op === 'const' || right.op === 'const'
  const fits = mixed && isLiteral && (adaptLiteral(left, right.type) ?? adaptLiteral(right, left.type)) !== undefined
  const [a, b] = mixed && !fits ? [numberOf(context, left), numberOf(context, right)] : [left, right]
  if (!meetAsClasses(context, a, b)) return unify(context, a, b, 'compare')
  for (const operand of [a, b, a, b]) if (operand.type === 'text') context.repeat(operand)
  if (isNumeric(a.type) && b.type === 'text') return numberAndText(a, b)
  if (isNumeric(b.type) && a.type === 'text') {
    const [y, x] = numberAndText(b, a)
    return [x, y]
  }
  return [cast(a, 'any'), cast(b, 'any')]
}

/** Whether SQLite orders the two by what they are: numbers before text, text before blobs. */
export function meetAsClasses(context: BindContext, a: Expr, b: Expr): boolean {
  if (context.dialect !== 'sqlite' || a.type === b.type || (isNumeric(a.type) && isNumeric(b.type))) return false
  return isClassed(a.type) && isClassed(b.type)
}

function numberAndText(number: Expr, text: Expr): [Expr, Expr] {
  if (affinityOf(number) === 'number') return [cast(number, 'any'), asNumber(text)]
  if (affinityOf(text) === 'text') return [adaptLiteral(number, 'text') ?? cast(number, 'text'), text]
  return [cast(number, 'any'), cast(text, 'any')]
}

/** The number that a text says, and the text where it says none. */
function asNumber(text: Expr): Expr {
  if (text.op === 'const') {
    for (const type of ['integer', 'real'] as const) {
      const value = coerce(text.value, 'text', type)
      if (value !== undefined) return cast(constant(type, value), 'any')
    }
    return cast(text, 'any')
  }
  const ways = [call('tryCast', 'integer', text), call('tryCast', 'real', text), text]
  return call('coalesce', 'any', ...ways.map(way => cast(way, 'any')))
}
