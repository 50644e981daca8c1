/** Arguments of calls, with PostgreSQL's notation by name: `regexp_replace(s, 'a', 'b', flags => 'g')`. */
import type { Expression } from '../ast/expressions.js'
import { didYouMean } from '../problem.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { isWord } from './words.js'

const SERIES = 'start stop step'
const JSON_ROWS = 'json path'

/** What the arguments of functions are called, in their order. */
const PARAMETERS: Readonly<Record<string, string>> = {
  regexp_like: 'string pattern flags',
  regexp_replace: 'string pattern replacement flags',
  regexp_substr: 'string pattern start n flags',
  regexp_instr: 'string pattern start n',
  regexp_count: 'string pattern start flags',
  make_timestamp: 'year month mday hour min sec',
  date_trunc: 'field source',
  date_part: 'field source',
  age: 'end start',
  replace: 'string from to',
  translate: 'string from to',
  lpad: 'string length fill',
  rpad: 'string length fill',
  left: 'string n',
  right: 'string n',
  repeat: 'string number',
  strpos: 'string substring',
  split_part: 'string delimiter n',
  to_char: 'value format',
  encode: 'bytes format',
  decode: 'string format',
  generate_series: SERIES,
  json_each: JSON_ROWS,
  json_tree: JSON_ROWS,
  unnest: 'array',
}

/** What stands between the parentheses of a call, in the order of its parameters; at the first argument. */
export function callArguments(c: Cursor, name: string): Expression[] {
  const named: { readonly name: string; readonly value: Expression; readonly pos: number }[] = []
  const args = c.list(() => {
    const { pos } = c
    if (isWord(c.peek()) && (c.ahead(1) === '=>' || c.ahead(1) === ':=')) {
      const parameter = c.label('a parameter').toLowerCase()
      ++c.pos
      named.push({ name: parameter, value: expression(c), pos })
    } else if (named.length > 0) c.problem('An argument without a name follows one with a name.', 'Give it its name.')
    return named.at(-1)?.value ?? expression(c)
  })
  if (named.length === 0) return args
  const placed: (Expression | undefined)[] = args.slice(0, args.length - named.length)
  const parameters = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name]!.split(' ') : undefined
  for (const { name: parameter, value, pos } of named) {
    const place = parameters?.indexOf(parameter) ?? -1
    if (place < 0 || placed[place]) {
      c.pos = pos
      if (!parameters) c.refuse(`Calling ${name}() with names`, 'Write its arguments in their order.')
      if (place >= 0) c.problem(`The parameter "${parameter}" of ${name}() is given twice.`)
      const others = didYouMean(parameter, parameters) || ` There are ${parameters.join(', ')}.`
      c.problem(`${name}() has no parameter "${parameter}".${others}`)
    }
    placed[place] = value
  }
  return Array.from(placed, (value, i) => {
    return value ?? c.problem(`${name}() is called without its parameter "${parameters![i]!}".`, 'Give it, too.')
  })
}
