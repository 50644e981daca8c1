/**
 * How the types of operands are brought together. Literals and parameters adapt to what they stand beside; columns and
 * computed values keep their types, and meet only where no text is read as something else.
 */
import { queryError } from '../problem.js'
import { commonType, isIntegral, isNumeric, widensTo } from '../types.js'
import type { SqlType } from '../types.js'
import { coerce, formatValue } from '../values.js'
import { call, cast, constant, formatExpr } from './expr.js'
import type { Expr } from './expr.js'
import type { BindContext } from './context.js'

/** A parameter of which nothing is known yet. */
function isOpen(expr: Expr): boolean {
  return expr.op === 'param' && expr.type === 'any'
}

/** The parameter (or literal NULL) as one of the given type. */
function close(expr: Expr, type: SqlType): Expr {
  if (expr.op === 'const') return constant(type, null)
  // Beside NULL alone it is what its value is.
  return expr.op === 'param' ? { ...expr, type: type === 'null' ? 'any' : type } : expr
}

/** The same beside an operand of that type, where another type of number would do as well. */
function closeFlexibly(context: BindContext, expr: Expr, type: SqlType): Expr {
  if (expr.op === 'param' && isIntegral(type)) context.flexible.add(expr.index)
  return close(expr, type)
}

function isNullLiteral(expr: Expr): boolean {
  return expr.op === 'const' && expr.value === null
}

/** The literal as one of the given type, if that loses nothing. */
export function adaptLiteral(expr: Expr, type: SqlType): Expr | undefined {
  if (expr.op !== 'const') return undefined
  const value = coerce(expr.value, expr.type, type)
  return value === undefined ? undefined : constant(type, value)
}

/** Where truth values are numbers. */
function countsTruth(context: BindContext): boolean {
  return context.dialect === 'sqlite' || context.dialect === 'mysql'
}

/** What stands where no condition does: 1 and 0 of a truth value, where they are numbers. */
export function numberOf(context: BindContext, expr: Expr): Expr {
  if (expr.type !== 'boolean' || !countsTruth(context)) return expr
  return adaptLiteral(expr, 'integer') ?? cast(expr, 'integer')
}

/** Whether truth values that are numbers meet others than the literals 1 and 0. */
function mixesTruth(context: BindContext, exprs: readonly Expr[], verb: string): boolean {
  if (!countsTruth(context) || !exprs.some(expr => expr.type === 'boolean')) return false
  // What a parameter holds that is compared with a column of truth values is one; anywhere else it is any number.
  const isComputed = verb !== 'compare' || exprs.some(expr => expr.type === 'boolean' && expr.op !== 'column')
  return exprs.some(expr => {
    if (expr.type === 'boolean' || isNullLiteral(expr)) return false
    return isOpen(expr) ? isComputed : adaptLiteral(expr, 'boolean') === undefined
  })
}

/** Whether a number is written as no integer: `7 / 2.0` divides as such; `a = 2.0` may look into an index. */
function keepsPoint(expr: Expr, type: SqlType, verb: string): boolean {
  return expr.type === 'real' && isIntegral(type) && verb !== 'compare'
}

/**
 * Both operands in one type. `verb` says in an error what was asked of them ("compare", "add").
 */
export function unify(context: BindContext, a: Expr, b: Expr, verb: string): [Expr, Expr] {
  const openA = isOpen(a) || isNullLiteral(a)
  const openB = isOpen(b) || isNullLiteral(b)
  if (openA && openB) return [untypedNull(a), untypedNull(b)]
  if (mixesTruth(context, [a, b], verb)) return unify(context, numberOf(context, a), numberOf(context, b), verb)
  if (openA) return [closeFlexibly(context, a, b.type), b.type === 'null' ? cast(b, 'any') : b]
  if (openB) return [a.type === 'null' ? cast(a, 'any') : a, closeFlexibly(context, b, a.type)]
  if (a.type === b.type) return [a, b]
  const second = keepsPoint(b, a.type, verb) ? undefined : adaptLiteral(b, a.type)
  if (second) return [a, second]
  const first = keepsPoint(a, b.type, verb) ? undefined : adaptLiteral(a, b.type)
  if (first) return [first, b]
  const type = commonType(a.type, b.type)
  if (type !== undefined) return [convert(a, type), convert(b, type)]
  throw queryError(
    `Cannot ${verb} ${describe(a)} and ${describe(b)}.`,
    a.op === 'const' || b.op === 'const' ? undefined : 'Cast one of them to the type of the other.',
    { types: [a.type, b.type] },
  )
}

function untypedNull(expr: Expr): Expr {
  return isNullLiteral(expr) ? constant('any', null) : expr
}

/** All operands in one type: IN lists, COALESCE, the branches of CASE. */
export function unifyAll(
  context: BindContext,
  operands: readonly Expr[],
  verb: string,
): { exprs: Expr[]; type: SqlType } {
  const exprs = mixesTruth(context, operands, verb) ? operands.map(e => numberOf(context, e)) : operands
  let lead: Expr | undefined
  for (const candidate of exprs) {
    if (isOpen(candidate) || isNullLiteral(candidate)) continue
    if (!lead || (lead.op === 'const' && candidate.op !== 'const')) lead = candidate
  }
  if (!lead) {
    const type = exprs.some(isOpen) ? 'any' : 'null'
    return { exprs: exprs.map(e => (isNullLiteral(e) ? constant(type, null) : e)), type }
  }
  let type = lead.type
  for (const expr of exprs) {
    if (isOpen(expr) || isNullLiteral(expr) || expr.type === type) continue
    if (!keepsPoint(expr, type, verb) && adaptLiteral(expr, type)) continue
    const common = commonType(type, expr.type)
    if (common === undefined) {
      // SQLite's values bring their types along.
      if (context.dialect === 'sqlite') return { exprs: exprs.map(e => anyOf(e)), type: 'any' }
      throw queryError(`Cannot ${verb} ${describe(lead)} and ${describe(expr)}.`, undefined, {
        types: [type, expr.type],
      })
    }
    type = common
  }
  return {
    exprs: exprs.map(e => (isOpen(e) || isNullLiteral(e) ? closeFlexibly(context, e, type) : convert(e, type))),
    type,
  }
}

function anyOf(expr: Expr): Expr {
  return isNullLiteral(expr) || isOpen(expr) ? close(expr, 'any') : cast(expr, 'any')
}

/** REQUIRES: the types have a common one, or the literal adapts. */
export function convert(expr: Expr, type: SqlType): Expr {
  if (isOpen(expr) || isNullLiteral(expr)) return close(expr, type)
  return adaptLiteral(expr, type) ?? cast(expr, type)
}

/** The operand in the type an operator or function wants; `what` names the place: "LIKE", "the limit". */
export function expectType(expr: Expr, type: SqlType, what: string): Expr {
  if (isOpen(expr) || isNullLiteral(expr)) return close(expr, type)
  if (expr.type === type) return expr
  const adapted = adaptLiteral(expr, type)
  if (adapted) return adapted
  // What JSON held decides for itself.
  if (expr.type === 'any') return cast(expr, type)
  if (widensTo(expr.type, type)) return cast(expr, type)
  throw queryError(`${what} takes ${type}; ${describe(expr)} is none.`, undefined, {
    expected: type,
    actual: expr.type,
  })
}

/** Where any number is right: an integer is assumed of a parameter, until its value has a fraction. */
export function expectNumber(context: BindContext, expr: Expr, what: string): Expr {
  if (isOpen(expr) || isNullLiteral(expr)) return closeFlexibly(context, expr, 'integer')
  return expr.type === 'null' ? cast(expr, 'integer') : expectType(expr, 'real', what)
}

/** A condition. Numbers are true unless they are zero. */
export function expectBoolean(expr: Expr, what: string): Expr {
  if (isNumeric(expr.type) && expr.op !== 'const') {
    return call('notEqual', 'boolean', expr, constant(expr.type, zeroOf(expr.type)))
  }
  return expectType(expr, 'boolean', what)
}

export function zeroOf(type: SqlType): bigint | number | string {
  return isIntegral(type) ? 0n : type === 'decimal' ? '0' : 0
}

/** The value as it is stored in a column: literals must fit without loss, parameters are checked when the statement runs. */
export function expectStorable(expr: Expr, type: SqlType, column: string): Expr {
  if (expr.op === 'param') return { ...expr, type }
  if (isNullLiteral(expr)) return constant(type, null)
  if (expr.type === type) return expr
  if (expr.op === 'const') {
    const adapted = adaptLiteral(expr, type)
    if (adapted) return adapted
    throw queryError(`Column "${column}" takes ${type}; ${formatValue(expr.value)} is none.`, undefined, {
      columnName: column,
      expected: type,
      actual: expr.type,
    })
  }
  // Numbers go where there is room for them; where digits could be lost, the statement has to say so. JSON is a text.
  const fits =
    expr.type === 'any' ||
    (expr.type === 'json' && type === 'text') ||
    widensTo(expr.type, type) ||
    (isNumeric(expr.type) && (type === 'real' || type === 'decimal'))
  if (fits) return cast(expr, type)
  throw queryError(`Column "${column}" takes ${type}; ${describe(expr)} is none.`, `Cast it: cast(… as ${type}).`, {
    columnName: column,
    expected: type,
    actual: expr.type,
  })
}

/** `"users.name" (text)`: an operand in a message. */
export function describe(expr: Expr): string {
  return expr.op === 'const' ? `${formatExpr(expr)} (${expr.type})` : `"${formatExpr(expr)}" (${expr.type})`
}
