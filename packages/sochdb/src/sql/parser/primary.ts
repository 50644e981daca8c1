/** Operands: literals, parameters, names, and what the grammar writes in words. */
import type { Expression } from '../ast/expressions.js'
import { call, callOf, columnOrCall } from './calls.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { decodeBlob, decodeString, numberLiteral } from './literals.js'
import { parenthesized, query } from './select.js'
import { typeOfCast, typeOfOperand } from './types.js'
import { isName } from './words.js'

/** `negative`: a minus sign stands in front of this number. */
export function primary(c: Cursor, negative: boolean): Expression {
  const at = c.at
  switch (c.peek()) {
    case '#number': {
      const literal = numberLiteral(c.source(), negative, at)
      ++c.pos
      return literal
    }
    case '#string':
      return { kind: 'literal', value: string(c), at }
    case '#blob': {
      const value = decodeBlob(c.source())
      ++c.pos
      return { kind: 'literal', value, at }
    }
    case '#parameter':
      return { kind: 'parameter', index: c.parameter(), at }
    case 'null':
      ++c.pos
      return { kind: 'literal', value: null, at }
    case 'true':
    case 'false': {
      const value = c.peek() === 'true'
      ++c.pos
      return { kind: 'literal', value, at }
    }
    case 'case':
      return caseExpression(c)
    case 'exists':
      if (c.ahead(1) !== '(') break
      c.pos += 2
      return exists(c, at)
    case '@@':
      return c.refuse('A system variable', 'Use PRAGMA or SHOW.')
    case '{':
      return c.refuse('An escape of ODBC', 'Write the expression without the braces.')
  }
  return (c.ahead(1) === '(' ? callInWords(c) : undefined) ?? wordAlone(c) ?? columnOrCall(c)
}

/** The value of a string; of several beside each other, as MySQL and PostgreSQL have it. */
export function string(c: Cursor): string {
  if (!c.is('#string')) c.fail()
  let value = decodeString(c.source(), c.dialect)
  ++c.pos
  while (c.peek() === '#string' && joins(c)) {
    value += decodeString(c.source(), c.dialect)
    ++c.pos
  }
  return value
}

function joins(c: Cursor): boolean {
  if (c.dialect === 'mysql') return true
  return c.dialect === 'postgres' && c.text.slice(c.lastEnd, c.at).includes('\n')
}

function caseExpression(c: Cursor): Expression {
  const at = c.at
  ++c.pos
  const operand = c.is('when') ? undefined : expression(c)
  const branches: { when: Expression; then: Expression }[] = []
  if (!c.is('when')) c.fail()
  while (c.accept('when')) {
    const when = expression(c)
    c.expect('then')
    branches.push({ when, then: expression(c) })
  }
  const otherwise = c.accept('else') ? expression(c) : undefined
  c.expect('end')
  return operand === undefined
    ? { kind: 'case', branches, otherwise, at }
    : { kind: 'case', operand, branches, otherwise, at }
}

function exists(c: Cursor, at: number): Expression {
  const inner = query(c)
  c.expect(')')
  return { kind: 'exists', query: inner, negated: false, at }
}

/** What looks like a call and has words among its arguments; at the word in front of the parenthesis. */
function callInWords(c: Cursor): Expression | undefined {
  const at = c.at
  const name = c.peek()
  switch (name) {
    case 'cast':
    case 'try_cast': {
      c.pos += 2
      const operand = expression(c)
      if (!c.accept('as')) c.expect(',')
      const type = typeOfCast(c)
      c.expect(')')
      return name === 'cast' ? { kind: 'cast', operand, type, at } : { kind: 'cast', operand, type, tolerant: true, at }
    }
    case 'convert': {
      c.pos += 2
      const operand = expression(c)
      let type = 'text'
      if (c.accept('using')) c.label('a character set')
      else {
        c.expect(',')
        type = typeOfCast(c)
      }
      c.expect(')')
      return { kind: 'cast', operand, type, at }
    }
    case 'row':
      ++c.pos
      return { kind: 'row', items: parenthesized(c).items, at }
    case 'values':
      return proposedValue(c)
    case 'extract': {
      if (c.ahead(3) !== 'from') return undefined
      c.pos += 2
      const field = c.peek() === '#string' ? string(c) : c.label('a field of a date').toLowerCase()
      c.expect('from')
      const value = expression(c)
      c.expect(')')
      return callOf('extract', [{ kind: 'literal', value: field, at }, value], at)
    }
    case 'substring':
    case 'substr':
      return callWithWords(c, ['from', 'for'])
    case 'overlay':
      return callWithWords(c, ['placing', 'from', 'for'])
    case 'position': {
      c.pos += 2
      // Above IN, which stands between the arguments.
      const args = [expression(c, 60)]
      if (!c.accept('in')) c.expect(',')
      args.push(expression(c))
      c.expect(')')
      return callOf('position', args, at)
    }
    case 'trim':
      return trim(c)
  }
  return undefined
}

/** `substring(x FROM 1 FOR 2)`: the words are commas. */
function callWithWords(c: Cursor, words: readonly string[]): Expression {
  const at = c.at
  const name = c.source().toLowerCase()
  c.pos += 2
  if (c.peek() === ')' || c.peek() === '*' || c.peek() === 'distinct' || c.peek() === 'all') {
    --c.pos
    return call(c, name, at)
  }
  const args = [expression(c)]
  // `substring(x FOR 2)` begins at 1.
  if (c.peek() === 'for') args.push({ kind: 'literal', value: 1, at })
  while (words.some(word => c.accept(word)) || c.accept(',')) args.push(expression(c))
  c.expect(')')
  return callOf(name, args, at)
}

/** `trim([LEADING | TRAILING | BOTH] [chars] FROM x)`. */
function trim(c: Cursor): Expression {
  const at = c.at
  c.pos += 2
  const side = c.acceptOneOf('leading', 'trailing', 'both')
  const name = side === 'leading' ? 'ltrim' : side === 'trailing' ? 'rtrim' : 'trim'
  if (c.accept('from')) {
    const args = [expression(c)]
    c.expect(')')
    return callOf(name, args, at)
  }
  const args = [expression(c)]
  if (c.accept('from')) args.unshift(expression(c))
  else while (c.accept(',')) args.push(expression(c))
  c.expect(')')
  return callOf(name, args, at)
}

/** MySQL's `VALUES(a)` in ON DUPLICATE KEY UPDATE. */
function proposedValue(c: Cursor): Expression {
  const at = c.at
  if (!c.clauses.proposed) c.fail('an expression')
  c.pos += 2
  const name = c.name('a column name')
  c.expect(')')
  return { kind: 'column', table: 'excluded', name, at }
}

const WORD_CALLS = new Set(
  `current_timestamp current_date current_time localtime localtimestamp current_user session_user current_role
  current_catalog current_schema`.match(/\S+/g),
)

/** Those that are no words of the grammar. */
const TYPES = new Set('smallint int integer bigint numeric decimal real bool boolean text'.split(' '))

/** Calls without parentheses, and literals with a type in front of them. */
function wordAlone(c: Cursor): Expression | undefined {
  const at = c.at
  const type = c.peek()
  const next = c.ahead(1)
  if (WORD_CALLS.has(type) && next !== '.') {
    ++c.pos
    if (c.peek() !== '(') return callOf(type, [], at)
    ++c.pos
    // A precision: times have one here.
    if (c.peek() === '#number') ++c.pos
    c.expect(')')
    return callOf(type, [], at)
  }
  switch (type) {
    case 'interval':
      return interval(c)
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'datetime':
    case 'json':
    case 'jsonb':
    case 'uuid':
    case 'bytea': {
      const typed = next === '#string' || ((next === 'with' || next === 'without') && c.ahead(4) === '#string')
      if (!typed || c.dialect === 'sqlite') return undefined
      return typedLiteral(c, at)
    }
    case '#name':
      // In MySQL a column of that name may have a string for an alias.
      if (next !== '#string' || c.dialect === 'sqlite' || c.dialect === 'mysql') return undefined
      return TYPES.has(c.source().toLowerCase()) ? typedLiteral(c, at) : undefined
    case 'array':
      if (next === '(') c.refuse('ARRAY of a query', 'Use (SELECT json_group_array(…) FROM …): arrays are JSON.')
      return next === '[' ? array(c) : undefined
    case 'binary':
      if (c.dialect !== 'mysql' || !(isName(next) || next === '#string' || next === '(')) return undefined
      ++c.pos
      return { kind: 'collate', operand: expression(c, 110), collation: 'binary', at }
  }
  return undefined
}

/** `INT '5'`, `TIMESTAMP WITH TIME ZONE '…'`. */
function typedLiteral(c: Cursor, at: number): Expression {
  const type = typeOfOperand(c)
  return { kind: 'cast', operand: { kind: 'literal', value: string(c), at: c.at }, type, at }
}

const ARRAYS = new WeakSet<Expression>()

/** What PostgreSQL has as an array, whose elements are counted from 1: those of JSON are from 0. */
export function isArray(e: Expression): boolean {
  return ARRAYS.has(e) || (e.kind === 'call' && (e.name === 'array_agg' || e.name === 'array_slice'))
}

/** `ARRAY[a, b]`: a JSON array. */
function array(c: Cursor): Expression {
  const at = c.at
  c.pos += 2
  const items = c.is(']') ? [] : c.list(() => expression(c))
  c.expect(']')
  const made = callOf('json_array', items, at)
  ARRAYS.add(made)
  return made
}

/** `INTERVAL '1 day'`, `INTERVAL '1' DAY`, `INTERVAL 1 DAY`. */
function interval(c: Cursor): Expression | undefined {
  const at = c.at
  const sign = c.ahead(1) === '-' ? 1 : 0
  const type = c.ahead(1 + sign)
  const value = type === '#string' || type === '#number'
  if (!value && (type === '#parameter' || (type === '(' && c.dialect === 'mysql')) && c.dialect !== 'sqlite') {
    c.refuse('An INTERVAL of anything but a literal', 'Write the interval as a literal.')
  }
  if (!value || c.dialect === 'sqlite') return undefined
  c.pos += 1 + sign
  let text = sign === 1 ? '-' : ''
  if (type === '#string') text += string(c)
  else {
    text += c.source()
    ++c.pos
  }
  const unit = UNITS.has(c.source().toLowerCase()) ? c.label().toLowerCase() : undefined
  if (unit === undefined && type === '#number') c.fail('a unit such as DAY')
  return { kind: 'interval', text: unit === undefined ? text : `${text} ${unit}`, at }
}

const UNITS = new Set('microsecond second minute hour day week month quarter year'.split(' '))
