/**
 * Constant folding: what can be computed now, and gives the same as the executor would, is. Where the executor might refuse
 * (overflow) or where its arithmetic is its own (reals as text, decimals), the expression is left as it is.
 */
import { call, callOf, constant, exprKey, FALSE, isCall, mapOperands, TRUE } from '../binder/expr.js'
import type { CallExpr, ConstExpr, Expr } from '../binder/expr.js'
import { isIntegral } from '../types.js'
import type { SqlType } from '../types.js'
import { coerce, isInt64 } from '../values.js'
import type { SqlValue } from '../values.js'

export function fold(expr: Expr): Expr {
  const folded = mapOperands(expr, fold)
  return isCall(folded) ? foldCall(folded) : folded
}

/** A filter keeps rows for which the condition is true: false and NULL are one. */
export function foldConjuncts(terms: readonly Expr[]): Expr[] {
  const seen = new Set<string>()
  const kept: Expr[] = []
  for (const term of terms) {
    const folded = fold(term)
    for (const part of folded.op === 'and' ? folded.args : [folded]) {
      if (isTrue(part)) continue
      if (part.op === 'const') return [FALSE]
      const key = exprKey(part)
      if (!seen.has(key)) kept.push(part)
      seen.add(key)
    }
  }
  return kept
}

export function isFalse(terms: readonly Expr[]): boolean {
  return terms.length === 1 && terms[0]!.op === 'const'
}

function isTrue(expr: Expr): boolean {
  return expr.op === 'const' && expr.value === true
}

function isConst(expr: Expr | undefined): expr is ConstExpr {
  return expr?.op === 'const'
}

/** Operators that yield NULL as soon as one operand is. */
const STRICT: ReadonlySet<string> = new Set([
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'not',
  'add',
  'subtract',
  'multiply',
  'divide',
  'modulo',
  'negate',
  'concat',
  'contains',
  'startsWith',
  'endsWith',
  'lower',
  'upper',
  'length',
  'abs',
  'cast',
])

function foldCall(expr: CallExpr): Expr {
  if (STRICT.has(expr.op) && expr.args.some(arg => isConst(arg) && arg.value === null)) return constant(expr.type, null)
  switch (expr.op) {
    case 'and':
    case 'or':
      return foldLogical(expr)
    case 'not':
      return foldNot(expr)
    case 'isNull': {
      const arg = expr.args[0]!
      if (isConst(arg)) return arg.value === null ? TRUE : FALSE
      return arg.op === 'column' && !arg.nullable ? FALSE : expr
    }
    case 'coalesce': {
      const rest = expr.args.filter((arg, i) => !(isConst(arg) && arg.value === null && i < expr.args.length - 1))
      const first = rest[0]!
      if (rest.length === 1 || (isConst(first) && first.value !== null)) return first
      return rest.length === expr.args.length ? expr : { ...expr, args: rest }
    }
    case 'case':
      return foldCase(expr)
    case 'in':
      return foldIn(expr)
    case 'cast':
      return foldCast(expr)
    case 'equal':
    case 'notEqual':
    case 'less':
    case 'lessEqual':
    case 'greater':
    case 'greaterEqual':
    case 'isNotDistinct':
      return foldComparison(expr)
    default:
      return foldArithmetic(expr)
  }
}

function foldLogical(expr: CallExpr): Expr {
  const absorbing = expr.op === 'or'
  const kept: Expr[] = []
  for (const arg of expr.args) {
    // Nested chains of the same operator are flattened on the way.
    for (const part of arg.op === expr.op ? arg.args : [arg]) {
      if (isConst(part) && part.value === absorbing) return constant('boolean', absorbing)
      if (!(isConst(part) && part.value === !absorbing)) kept.push(part)
    }
  }
  if (kept.length === 0) return constant('boolean', !absorbing)
  if (kept.length === 1) return kept[0]!
  return (expr.op === 'or' ? equalitiesToIn(kept) : undefined) ?? { ...expr, args: kept }
}

/** `a = 1 or a = 2 or a in (3, 4)` is `a in (1, 2, 3, 4)`. */
function equalitiesToIn(terms: readonly Expr[]): Expr | undefined {
  let column: Expr | undefined
  const list: Expr[] = []
  for (const term of terms) {
    if (term.op !== 'equal' && term.op !== 'in') return undefined
    const [a, ...rest] = term.args
    if (a?.op !== 'column' || rest.some(e => e.op !== 'const' && e.op !== 'param')) return undefined
    if (column && exprKey(column) !== exprKey(a)) return undefined
    column = a
    for (const item of rest) list.push(item)
  }
  return column && callOf('in', 'boolean', [column, ...list])
}

const OPPOSITES: Readonly<Record<string, CallExpr['op']>> = {
  equal: 'notEqual',
  notEqual: 'equal',
  less: 'greaterEqual',
  lessEqual: 'greater',
  greater: 'lessEqual',
  greaterEqual: 'less',
}

function foldNot(expr: CallExpr): Expr {
  const arg = expr.args[0]!
  if (isConst(arg)) return arg.value === null ? arg : constant('boolean', !arg.value)
  if (arg.op === 'not') return arg.args[0]!
  const opposite = OPPOSITES[arg.op]
  // NOT (a < b) is a >= b, NULL included; reals have no NaN.
  return opposite && isCall(arg) ? { ...arg, op: opposite } : expr
}

function foldCase(expr: CallExpr): Expr {
  const args: Expr[] = []
  const pairs = Math.floor(expr.args.length / 2)
  for (let i = 0; i < pairs; ++i) {
    const when = expr.args[2 * i]!
    const then = expr.args[2 * i + 1]!
    if (isTrue(when)) {
      args.push(then)
      return args.length === 1 ? then : { ...expr, args }
    }
    if (!isConst(when)) args.push(when, then)
  }
  const otherwise = expr.args.length % 2 === 1 ? expr.args.at(-1)! : undefined
  if (args.length === 0) return otherwise ?? constant(expr.type, null)
  if (otherwise) args.push(otherwise)
  return args.length === expr.args.length ? expr : { ...expr, args }
}

function foldIn(expr: CallExpr): Expr {
  const [operand, ...list] = expr.args
  const seen = new Set<string>()
  const distinct = list.filter(item => {
    const key = exprKey(item)
    const first = !seen.has(key)
    seen.add(key)
    return first
  })
  if (isConst(operand) && operand.value === null) return constant('boolean', null)
  if (isConst(operand) && distinct.every(isConst)) {
    const equal = distinct.map(item => (item.value === null ? undefined : compare(operand, item)))
    if (equal.includes(0)) return TRUE
    if (equal.every(c => c !== undefined)) return FALSE
  }
  if (distinct.length === 1) return foldComparison(call('equal', 'boolean', operand!, distinct[0]!))
  return distinct.length === list.length ? expr : { ...expr, args: [operand!, ...distinct] }
}

function foldCast(expr: CallExpr): Expr {
  const arg = expr.args[0]!
  if (arg.type === expr.type) return arg
  if (!isConst(arg) || arg.type === 'any' || (arg.type === 'real' && expr.type === 'text')) return expr
  const value = coerce(arg.value, arg.type, expr.type)
  return value === undefined ? expr : constant(expr.type, value)
}

const FLIPPED: Readonly<Record<string, CallExpr['op']>> = {
  equal: 'equal',
  notEqual: 'notEqual',
  less: 'greater',
  lessEqual: 'greaterEqual',
  greater: 'less',
  greaterEqual: 'lessEqual',
  isNotDistinct: 'isNotDistinct',
}

/** Also turns constants and parameters to the right: `5 < age` is `age > 5`. */
function foldComparison(expr: CallExpr): Expr {
  const [a, b] = expr.args
  if (expr.op === 'isNotDistinct') {
    if (isConst(b) && b.value === null) return foldCall(call('isNull', 'boolean', a!))
    if (isConst(a) && a.value === null) return foldCall(call('isNull', 'boolean', b!))
  }
  if (isConst(a) && isConst(b)) {
    if (a.value === null || b.value === null) return constant('boolean', null)
    const order = compare(a, b)
    if (order !== undefined) return constant('boolean', holds(expr.op, order))
  }
  const leftIsFixed = a!.op === 'const' || a!.op === 'param'
  const rightIsFixed = b!.op === 'const' || b!.op === 'param'
  return leftIsFixed && !rightIsFixed ? { ...expr, op: FLIPPED[expr.op]!, args: [b!, a!] } : expr
}

function holds(op: string, order: number): boolean {
  switch (op) {
    case 'equal':
    case 'isNotDistinct':
      return order === 0
    case 'notEqual':
      return order !== 0
    case 'less':
      return order < 0
    case 'lessEqual':
      return order <= 0
    case 'greater':
      return order > 0
    default:
      return order >= 0
  }
}

/** Order of two constants that are not NULL, where it is certain. */
function compare(a: ConstExpr, b: ConstExpr): number | undefined {
  if (a.type !== b.type) return undefined
  const x: SqlValue = a.value
  const y: SqlValue = b.value
  if (typeof x === 'bigint' && typeof y === 'bigint') return x < y ? -1 : x > y ? 1 : 0
  if (typeof x === 'boolean' && typeof y === 'boolean') return Number(x) - Number(y)
  if (typeof x === 'number' && typeof y === 'number') return x < y ? -1 : x > y ? 1 : 0
  if (typeof x === 'string' && typeof y === 'string' && (a.type === 'text' || a.type === 'uuid')) {
    return Buffer.compare(Buffer.from(x), Buffer.from(y))
  }
  return undefined
}

function foldArithmetic(expr: CallExpr): Expr {
  const [a, b] = expr.args
  if (!isConst(a) || (b !== undefined && !isConst(b))) return expr
  if (expr.op === 'concat' && typeof a.value === 'string' && typeof b?.value === 'string') {
    return constant('text', a.value + b.value)
  }
  if (!isIntegral(expr.type) || typeof a.value !== 'bigint') return expr
  const value = integerResult(expr.op, a.value, b?.value)
  return value === undefined ? expr : integerConstant(expr.type, value, expr)
}

function integerConstant(type: SqlType, value: bigint | null, otherwise: Expr): Expr {
  return value === null || isInt64(value) ? constant(type, value) : otherwise
}

function integerResult(op: CallExpr['op'], a: bigint, b: SqlValue | undefined): bigint | null | undefined {
  if (op === 'negate') return -a
  if (op === 'abs') return a < 0n ? -a : a
  if (typeof b !== 'bigint') return undefined
  switch (op) {
    case 'add':
      return a + b
    case 'subtract':
      return a - b
    case 'multiply':
      return a * b
    case 'divide':
      return b === 0n ? null : a / b
    case 'modulo':
      return b === 0n ? null : a % b
    default:
      return undefined
  }
}
