/** Calls of the date functions: what 'now' is, which fields are whole numbers, what + and - do with an interval. */
import { queryError } from '../../problem.js'
import { cast, constant } from '../expr.js'
import type { Expr } from '../expr.js'
import type { BindContext } from '../scope.js'
import { bindFunction, expectCount } from './arguments.js'
import type { FunctionName } from './registry.js'

/** Where the point in time stands among the arguments; without it, or as 'now', it is that of the statement. */
const MOMENT_AT: Readonly<Record<string, number>> = {
  date: 0,
  time: 0,
  datetime: 0,
  julianday: 0,
  unixepoch: 0,
  unix_timestamp: 0,
  strftime: 1,
  date_part: 1,
  date_trunc: 1,
  date_format: 0,
  datediff: 0,
  age: 0,
  last_day: 0,
}

const FRACTIONAL: ReadonlySet<string> = new Set([
  'second',
  'seconds',
  'epoch',
  'julian',
  'milliseconds',
  'millisecond',
  'microseconds',
  'microsecond',
])

const FIELD_FUNCTIONS: Readonly<Record<string, string>> = {
  year: 'year',
  month: 'month',
  day: 'day',
  dayofmonth: 'day',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
  quarter: 'quarter',
  week: 'week',
  weekofyear: 'week',
  dayofyear: 'doy',
}

const isNow = (expr: Expr) =>
  expr.op === 'const' && typeof expr.value === 'string' && expr.value.toLowerCase() === 'now'

/** The call, or `undefined` when the name is none of these. */
export function bindMoment(context: BindContext, name: string, args: readonly Expr[]): Expr | undefined {
  const now = () => context.generate('now', 'timestamp')
  if (name === 'current_date' || name === 'curdate') return noArguments(name, args, () => bindFunction('date', [now()]))
  if (name === 'current_time' || name === 'curtime' || name === 'localtime')
    return noArguments(name, args, () => bindFunction('time', [now()]))
  if (Object.hasOwn(FIELD_FUNCTIONS, name)) {
    expectCount(name, args, 1, 1)
    return part(FIELD_FUNCTIONS[name]!, args[0]!, name)
  }
  if (name === 'extract' || name === 'date_part') {
    expectCount(name, args, 2, 2)
    const [field, moment] = args as [Expr, Expr]
    if (field.op === 'const' && typeof field.value === 'string') return part(field.value, atNow(context, moment), name)
    return bindFunction('date_part', [field, moment], name)
  }
  const at = Object.hasOwn(MOMENT_AT, name) ? MOMENT_AT[name]! : undefined
  if (at === undefined) return undefined
  const complete = args.length === at ? [...args, now()] : args.map((arg, i) => (i >= at ? atNow(context, arg) : arg))
  return bindFunction(name === 'unix_timestamp' ? 'unixepoch' : (name as FunctionName), complete, name)
}

function noArguments(name: string, args: readonly Expr[], bind: () => Expr): Expr {
  expectCount(name, args, 0, 1)
  return bind()
}

function atNow(context: BindContext, expr: Expr): Expr {
  return isNow(expr) ? context.generate('now', 'timestamp') : expr
}

function part(field: string, moment: Expr, name: string): Expr {
  const value = bindFunction('date_part', [constant('text', field), moment], name)
  return FRACTIONAL.has(field.toLowerCase()) ? value : cast(value, 'integer')
}

/** `moment + INTERVAL '…'`, and `-`. */
export function bindInterval(operator: '+' | '-', moment: Expr, interval: string): Expr {
  if (moment.type !== 'timestamp' && moment.type !== 'text' && moment.type !== 'any') {
    throw queryError(`${operator} INTERVAL takes a timestamp.`, undefined, { type: moment.type })
  }
  const fn = operator === '+' ? 'add_interval' : 'subtract_interval'
  return bindFunction(fn, [moment, constant('text', interval)], `${operator} INTERVAL`)
}

export const momentNames: readonly string[] = [
  'current_date',
  'current_time',
  'extract',
  ...Object.keys(MOMENT_AT),
  ...Object.keys(FIELD_FUNCTIONS),
]
