/** Functions that are more than a call by number: those that lower to operators, take arguments of one type, or other orders. */
import { queryError } from '../../problem.js'
import { isIntegral, isNumeric } from '../../types.js'
import { collationOf } from '../collations.js'
import { describe, expectBoolean, expectNumber, expectType, unify, unifyAll } from '../coercion.js'
import { comparable, divided, meetAsClasses } from '../dialect.js'
import { call, constant } from '../expr.js'
import type { CallOp, Expr } from '../expr.js'
import type { BindContext } from '../scope.js'
import { bindFunction, expectCount, toText } from './arguments.js'
import type { FunctionName } from './registry.js'

interface Special {
  readonly min: number
  readonly max: number
  bind(context: BindContext, args: readonly Expr[], name: string): Expr
}

const text =
  (op: CallOp): Special['bind'] =>
  (_, args, name) =>
    call(op, 'text', toText(closed(args[0]!, name), `${name}()`))

const search =
  (op: CallOp): Special['bind'] =>
  (_, args, name) => {
    const [a, b] = args.map(arg => expectType(arg, 'text', `${name}()`))
    return call(op, 'boolean', a!, b!)
  }

/** A parameter or a NULL of which nothing is known, as text. */
function closed(arg: Expr, name: string): Expr {
  const open = (arg.op === 'param' && arg.type === 'any') || arg.type === 'null'
  return open ? expectType(arg, 'text', `${name}()`) : arg
}

const length: Special = {
  min: 1,
  max: 1,
  bind: (_, args, name) => {
    const arg = closed(args[0]!, name)
    return call('length', 'integer', arg.type === 'blob' ? arg : toText(arg, `${name}()`))
  },
}

const coalesce: Special['bind'] = (context, args) => {
  const { exprs, type } = unifyAll(context, args, 'return from one COALESCE')
  return exprs.length === 1 ? exprs[0]! : call('coalesce', type, ...exprs)
}

const iif: Special = {
  min: 2,
  max: 100,
  bind: (context, args, name) => {
    const results = args.filter((_, i) => i % 2 === 1 || i === args.length - 1)
    const { exprs, type } = unifyAll(context, results, `return from one ${name}()`)
    const branches = args.map((arg, i) => {
      const isCondition = i % 2 === 0 && i < args.length - 1
      return isCondition ? expectBoolean(arg, `${name}()`) : exprs[Math.floor(i / 2)]!
    })
    return call('case', type, ...branches)
  },
}

const ofOneType =
  (fn: FunctionName): Special['bind'] =>
  (context, args, name) => {
    const { exprs } = unifyAll(context, args, 'compare')
    for (const { type } of exprs) {
      if (type === 'json' || type === 'vector') throw queryError(`${name}() takes values with an order.`)
    }
    return bindFunction(fn, exprs, name)
  }

function abs(context: BindContext, args: readonly Expr[]): Expr {
  const first = args[0]!
  const open = first.type === 'null' || (first.type === 'any' && first.op === 'param')
  const arg = open ? expectNumber(context, first, 'abs()') : first
  if (arg.type === 'any') return call('abs', 'any', arg)
  if (!isNumeric(arg.type)) throw queryError(`abs() takes a number; ${describe(arg)} is none.`)
  return call('abs', arg.type, arg)
}

function modulo(context: BindContext, args: readonly Expr[], name: string): Expr {
  const [a, b] = unify(context, args[0]!, args[1]!, 'divide')
  if (isNumeric(a.type)) return divided(context, 'modulo', a, b)
  return divided(context, 'modulo', expectNumber(context, a, `${name}()`), expectNumber(context, b, `${name}()`))
}

/** `//` and DIV: the whole part of the quotient. */
export function integerDivision(context: BindContext, left: Expr, right: Expr): Expr {
  const [a, b] = unify(context, left, right, 'divide')
  if (isIntegral(a.type)) return call('divide', a.type, a, b)
  const quotient = call('divide', a.type === 'decimal' ? 'decimal' : 'real', number(a), number(b))
  return bindFunction('trunc', [quotient])
}

const number = (expr: Expr): Expr => (expr.type === 'decimal' ? expr : expectType(expr, 'real', '//'))

const now: Special = { min: 0, max: 1, bind: context => context.generate('now', 'timestamp') }
const statementTime: Special = { min: 0, max: 1, bind: context => context.generate('statementTime', 'timestamp') }

/** What was written before the statement, by whoever uses the database in this process. */
const written = (kind: 'changes' | 'totalChanges' | 'lastKey'): Special => ({
  min: 0,
  max: 0,
  bind: context => context.generate(kind, 'integer'),
})

const swapped =
  (fn: FunctionName): Special['bind'] =>
  (_, [needle, text, ...rest], name) =>
    bindFunction(fn, [text!, needle!, ...rest], name)

/** MySQL replaces all that matches, and disregards case where no flags say otherwise. */
const regexp =
  (fn: FunctionName, flagsAt: number, flags: string): Special['bind'] =>
  (context, args, name) => {
    const bare = context.dialect === 'mysql' && args.length === flagsAt
    return bindFunction(fn, bare ? [...args, constant('text', flags)] : args, name)
  }

/** MySQL has another function of that name. */
const format: Special['bind'] = (_, args, name) => {
  if (!isNumeric(args[0]!.type)) return bindFunction('format', args, name)
  const wanted = "Write printf('%,.2f', x) for FORMAT(x, 2)."
  throw queryError(`${name}() takes a text with directives first, not ${describe(args[0]!)}.`, wanted)
}

/** An element of an array, counted from 1; beyond its ends there is none. */
function element(context: BindContext, args: readonly Expr[], name: string): Expr {
  const [array, given] = args as [Expr, Expr]
  const position = expectType(given, 'integer', `${name}()`)
  const isThere = call('greater', 'boolean', position, constant('integer', 0n))
  const index = call('subtract', 'integer', context.repeat(position), constant('integer', 1n))
  return bindFunction('json_member_value', [array, call('case', 'integer', isThere, index)], name)
}

const SPECIAL: Readonly<Record<string, Special>> = {
  lower: { min: 1, max: 1, bind: text('lower') },
  lcase: { min: 1, max: 1, bind: text('lower') },
  upper: { min: 1, max: 1, bind: text('upper') },
  ucase: { min: 1, max: 1, bind: text('upper') },
  length,
  char_length: length,
  character_length: length,
  contains: { min: 2, max: 2, bind: search('contains') },
  starts_with: { min: 2, max: 2, bind: search('startsWith') },
  ends_with: { min: 2, max: 2, bind: search('endsWith') },
  array_element: { min: 2, max: 2, bind: element },
  position: { min: 2, max: 2, bind: swapped('instr') },
  locate: { min: 2, max: 3, bind: swapped('instr') },
  space: { min: 1, max: 1, bind: (_, args, name) => bindFunction('repeat', [constant('text', ' '), args[0]!], name) },
  abs: { min: 1, max: 1, bind: abs },
  mod: { min: 2, max: 2, bind: modulo },
  div: { min: 2, max: 2, bind: (context, args) => integerDivision(context, args[0]!, args[1]!) },
  coalesce: { min: 1, max: 100, bind: coalesce },
  ifnull: { min: 2, max: 2, bind: coalesce },
  nvl: { min: 2, max: 2, bind: coalesce },
  nullif: {
    min: 2,
    max: 2,
    bind: (context, args) => {
      const [a, b] = comparable(context, args[0]!, args[1]!)
      // Where they are compared as classes, or folded for a collation, what comes back is the value as it was.
      const isOther = meetAsClasses(context, args[0]!, args[1]!) || collationOf(args[0]!, args[1]!) !== 'binary'
      const value = isOther ? args[0]! : a
      return call('case', value.type, call('equal', 'boolean', a, b), constant(value.type, null), context.repeat(value))
    },
  },
  iif,
  if: iif,
  greatest: { min: 1, max: 100, bind: ofOneType('greatest') },
  least: { min: 1, max: 100, bind: ofOneType('least') },
  /** With one argument they are aggregates. */
  max: { min: 2, max: 100, bind: ofOneType('max_of') },
  min: { min: 2, max: 100, bind: ofOneType('min_of') },
  regexp_like: { min: 2, max: 3, bind: regexp('regexp_like', 2, 'i') },
  regexp_replace: { min: 3, max: 4, bind: regexp('regexp_replace', 3, 'gi') },
  format: { min: 1, max: Infinity, bind: format },
  printf: { min: 1, max: Infinity, bind: format },
  likely: { min: 1, max: 1, bind: (_, args) => args[0]! },
  unlikely: { min: 1, max: 1, bind: (_, args) => args[0]! },
  likelihood: { min: 2, max: 2, bind: (_, args) => args[0]! },
  changes: written('changes'),
  row_count: written('changes'),
  total_changes: written('totalChanges'),
  last_insert_rowid: written('lastKey'),
  last_insert_id: written('lastKey'),
  lastval: written('lastKey'),
  now,
  current_timestamp: now,
  transaction_timestamp: now,
  statement_timestamp: statementTime,
  clock_timestamp: statementTime,
  localtimestamp: now,
  utc_timestamp: now,
  sysdate: statementTime,
}

/** The call as an expression, or `undefined` when the name is none of these. */
export function bindSpecial(context: BindContext, name: string, args: readonly Expr[]): Expr | undefined {
  if (!Object.hasOwn(SPECIAL, name)) return undefined
  const special = SPECIAL[name]!
  expectCount(name, args, special.min, special.max)
  return special.bind(context, args, name)
}

export const specialNames: readonly string[] = Object.keys(SPECIAL)

/** An operator over integers. */
export function bitOperator(operator: '&' | '|' | '<<' | '>>', left: Expr, right: Expr): Expr {
  const fn = { '&': 'bit_and_of', '|': 'bit_or_of', '<<': 'shift_left', '>>': 'shift_right' } as const
  return bindFunction(fn[operator], [left, right], operator)
}

export function tryCast(operand: Expr, type: Expr['type']): Expr {
  return operand.type === type ? operand : call('tryCast', type, operand)
}
