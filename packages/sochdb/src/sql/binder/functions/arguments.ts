/** Arguments of functions: counted, and cast to what a signature wants. */
import { queryError } from '../../problem.js'
import { isIntegral, isNumeric } from '../../types.js'
import type { SqlType } from '../../types.js'
import { coerce } from '../../values.js'
import { describe, expectBoolean, expectType } from '../coercion.js'
import { cast, constant } from '../expr.js'
import type { Expr, FunctionExpr } from '../expr.js'
import type { FunctionName } from './registry.js'
import { FUNCTIONS } from './registry.js'

interface Signature {
  readonly required: string
  readonly optional: string
  /** The letter of any further arguments, or the empty string. */
  readonly repeated: string
  readonly result: string
}

const parsed = new Map<string, Signature>()

function parse(signature: string): Signature {
  let known = parsed.get(signature)
  if (!known) {
    const match = /^([A-Z]*?)(?:\[([A-Z]+)\])?(?:([A-Z])\*)?:(.)$/.exec(signature)
    if (!match) throw new Error(`No signature of a function: ${signature}`)
    const [, required = '', optional = '', repeated = '', result = ''] = match
    known = { required, optional, repeated, result }
    parsed.set(signature, known)
  }
  return known
}

const RESULTS: Readonly<Record<string, SqlType>> = {
  T: 'text',
  X: 'blob',
  I: 'integer',
  R: 'real',
  O: 'boolean',
  D: 'timestamp',
  J: 'json',
  U: 'uuid',
  V: 'vector',
  A: 'any',
}

export function expectCount(name: string, args: readonly unknown[], min: number, max: number): void {
  if (args.length >= min && args.length <= max) return
  const wanted = min === max ? String(min) : max === Infinity ? `at least ${min}` : `${min} to ${max}`
  const plural = min === max && max === 1 ? '' : 's'
  throw queryError(`${name}() takes ${wanted} argument${plural}; this call has ${args.length}.`, undefined, {
    function: name,
  })
}

/** A call of `fn`; `name` is what the statement calls it. */
export function bindFunction(fn: FunctionName, args: readonly Expr[], name: string = fn): FunctionExpr {
  const { required, optional, repeated, result } = parse(FUNCTIONS[fn].signature)
  const most = repeated ? Infinity : required.length + optional.length
  expectCount(name, args, required.length, most)
  const letters = required + optional
  const cast = args.map((arg, i) => bindArgument(arg, letters[i] ?? repeated, `${name}()`))
  const index = result >= '0' && result <= '9' ? Number(result) : undefined
  const type = index === undefined ? RESULTS[result]! : cast[index]!.type
  return { op: 'function', type, fn, args: cast }
}

function isOpen(expr: Expr): boolean {
  return (expr.op === 'param' && expr.type === 'any') || (expr.op === 'const' && expr.value === null)
}

/** The argument as what the letter stands for: text from anything that has a spelling, numbers from numbers. */
export function bindArgument(arg: Expr, letter: string, what: string): Expr {
  const open = isOpen(arg)
  switch (letter) {
    case 'A':
    case 'S':
      return arg
    case 'J':
    case 'M':
      return bindLoose(arg, letter, what)
    case 'T':
      return open ? expectType(arg, 'text', what) : toText(arg, what)
    case 'B':
      if (open) return expectType(arg, 'text', what)
      return arg.type === 'blob' ? arg : toText(arg, what)
    case 'N':
      if (open || arg.type === 'any') return toNumber(arg, 'real', what)
      return isNumeric(arg.type) ? arg : toNumber(arg, 'real', what)
    case 'I':
      return isIntegral(arg.type) ? arg : toNumber(arg, 'integer', what)
    case 'R':
      return toNumber(arg, 'real', what)
    case 'O':
      return arg.type === 'any' && !open ? cast(arg, 'boolean') : expectBoolean(arg, what)
    case 'D':
      if (!open && (arg.type === 'any' || arg.type === 'text') && arg.op !== 'const') return cast(arg, 'timestamp')
      return expectType(arg, 'timestamp', what)
    default: {
      const type = RESULTS[letter]!
      return arg.type === 'any' && !open ? cast(arg, type) : expectType(arg, type, what)
    }
  }
}

function bindLoose(arg: Expr, letter: 'J' | 'M', what: string): Expr {
  if (arg.type === 'null') return constant('any', null)
  const types = letter === 'J' ? JSON_TYPES : MOMENT_TYPES
  if (types.has(arg.type)) return arg
  if (isNumeric(arg.type)) return letter === 'J' ? cast(arg, 'text') : cast(arg, 'real')
  if (letter === 'J' && arg.type === 'boolean') return cast(arg, 'text')
  throw queryError(`${what} takes ${letter === 'J' ? 'JSON' : 'a point in time'}; ${describe(arg)} is none.`)
}

const JSON_TYPES: ReadonlySet<SqlType> = new Set(['json', 'text', 'any'])
const MOMENT_TYPES: ReadonlySet<SqlType> = new Set(['timestamp', 'text', 'integer', 'bigint', 'real', 'any'])

/** Any value that has a spelling, as CAST spells it. */
export function toText(arg: Expr, what: string): Expr {
  if (arg.type === 'text') return arg
  if (arg.op === 'const' && arg.type !== 'real' && arg.type !== 'blob') {
    const adapted = coerce(arg.value, arg.type, 'text')
    if (adapted !== undefined) return constant('text', adapted)
  }
  if (arg.type === 'vector') throw queryError(`${what} takes text; ${describe(arg)} is none.`)
  return cast(arg, 'text')
}

function toNumber(arg: Expr, type: 'integer' | 'real', what: string): Expr {
  if (arg.type === type) return arg
  if (isOpen(arg)) return expectType(arg, type, what)
  if (arg.op === 'const') {
    const adapted = coerce(arg.value, arg.type, type)
    if (adapted !== undefined) return constant(type, adapted)
  }
  if (isNumeric(arg.type) || arg.type === 'boolean' || arg.type === 'any') return cast(arg, type)
  return expectType(arg, type, what)
}
