/**
 * Expressions: precedence climbing over the operators of precedence.ts. What grows to the left (`a + b + c`) grows in a loop; what
 * nests is counted, so that no tree is higher than AST_DEPTH_MAX and no text exhausts the stack.
 */
import type { BinaryOperator, ComparisonOperator, Expression } from '../ast/expressions.js'
import { AST_DEPTH_MAX } from '../ast/walk.js'
import { callOf } from './calls.js'
import type { Cursor } from './cursor.js'
import { isArray, primary } from './primary.js'
import { parenthesized, query, startsQuery } from './select.js'
import { PRECEDENCES } from './precedence.js'
import type { Precedences } from './precedence.js'
import { typeOfOperand } from './types.js'
import { isName } from './words.js'

/** Longer chains of `||` become balanced trees: they are associative. */
const CONCAT_BALANCE_MIN = 64

/**
 * An expression whose operators all bind at least as strongly as `least`. `first`: its leftmost operand, read already; `peak` knows
 * how high that is.
 */
export function expression(c: Cursor, least = 0, first?: Expression): Expression {
  const saved = c.peak
  const rules = PRECEDENCES[c.dialect]
  c.enter()
  c.peak = 0
  const inParentheses = c.peek() === '('
  let left = first ?? prefix(c, rules)
  if (!first && (c.peek() === '[' || c.peek() === '.')) left = subscripts(c, left, inParentheses)
  let height = (first ? saved : c.peak) + 1
  for (;;) {
    const precedence = infixPrecedence(c, rules)
    if (precedence < least) break
    c.peak = 0
    left = infix(c, rules, left, precedence, height)
    height = Math.max(height, c.peak) + 1
    if (c.depth + height > AST_DEPTH_MAX) c.tooDeep()
  }
  --c.depth
  c.peak = Math.max(saved, height)
  return left
}

/** The precedence of the operator at this token, -1 where there is none. */
function infixPrecedence(c: Cursor, rules: Precedences): number {
  const type = c.peek()
  const precedence = rules.infix.get(type)
  if (precedence === undefined) return -1
  switch (type) {
    case 'not':
      switch (c.ahead(1)) {
        case 'null':
          return rules.matching
        case 'in':
        case 'like':
        case 'ilike':
        case 'glob':
        case 'regexp':
        case 'rlike':
        case 'between':
        case 'similar':
        case 'match':
          return rules.matching
      }
      return -1
    case 'at':
      return c.ahead(1) === 'time' && c.ahead(2) === 'zone' ? precedence : -1
    case 'collate':
      return c.clauses.noCollate ? -1 : precedence
    case 'xor':
      return c.dialect === 'mysql' ? precedence : -1
    case 'similar':
      return c.ahead(1) === 'to' ? precedence : -1
    // What stands behind an operand is no parameter.
    case '#parameter':
      return c.source() === '?' && (c.dialect === 'postgres' || c.dialect === 'auto') ? precedence : -1
    case 'div':
    case 'mod':
    case 'match':
      return startsOperand(c.ahead(1)) ? precedence : -1
  }
  return precedence
}

function startsOperand(type: string): boolean {
  return type === '(' || type === '#number' || type === '#string' || type === '#parameter' || isName(type)
}

function prefix(c: Cursor, rules: Precedences): Expression {
  const at = c.at
  switch (c.peek()) {
    case 'not': {
      ++c.pos
      const plain = c.is('exists')
      const operand = expression(c, rules.not)
      if (plain && operand.kind === 'exists' && !operand.negated) return { ...operand, negated: true, at }
      return { kind: 'not', operand, at }
    }
    case '-':
      ++c.pos
      if (c.peek() === '#number' && bindsLooser(c.ahead(1))) return primary(c, true)
      return { kind: 'negate', operand: expression(c, rules.unary), at }
    case '+':
      ++c.pos
      return expression(c, rules.unary)
    case '~':
      ++c.pos
      return { kind: 'bitNot', operand: expression(c, rules.unary), at }
    case '~~': {
      // The complement of a complement, where no operand stands in front.
      ++c.pos
      const operand: Expression = { kind: 'bitNot', operand: expression(c, rules.unary), at: at + 1 }
      return { kind: 'bitNot', operand, at }
    }
    case '!':
      ++c.pos
      return { kind: 'not', operand: expression(c, rules.unary), at }
    case '(':
      return group(c)
  }
  return primary(c, false)
}

/** Behind an operand: `x[1]`, where brackets do not quote names, and behind a parenthesis `(x).name`. */
function subscripts(c: Cursor, operand: Expression, fields: boolean): Expression {
  let of = operand
  let height = c.peak
  let isSliced = false
  for (;;) {
    const at = c.at
    c.peak = 0
    if (fields && c.peek() === '.') {
      ++c.pos
      of = { kind: 'field', operand: of, name: c.label('a field'), at }
    } else if (c.peek() === '[') {
      // Behind a slice PostgreSQL takes every subscript for one of another dimension.
      if (isSliced) c.refuse('A subscript behind a slice', 'Put the slice in parentheses: (x[1:2])[1].', at)
      ++c.pos
      const bounds = subscript(c)
      c.expect(']')
      if (bounds.length > 1) {
        if (!isArray(of)) c.refuse('A slice of JSON', 'Call array_slice(x, first, last), which counts from 1.', at)
        of = callOf('array_slice', [of, ...bounds.filter(bound => bound !== undefined)], at)
        isSliced = true
      } else of = isArray(of) ? callOf('array_element', [of, bounds[0]!], at) : binary('->', of, bounds[0]!, at)
    } else break
    height = Math.max(height, c.peak) + 1
    if (c.depth + height > AST_DEPTH_MAX) c.tooDeep()
  }
  c.peak = height
  return of
}

/** An index, or first and last of a slice: no last is the end. */
function subscript(c: Cursor): readonly (Expression | undefined)[] {
  const at = c.at
  const opens = c.peek() === ':' || (c.peek() === '#parameter' && WHOLE_BOUND.test(c.source()))
  const first: Expression = opens ? { kind: 'literal', value: 1, at } : expression(c)
  if (c.accept(':')) return [first, c.peek() === ']' ? undefined : expression(c)]
  if (c.peek() !== '#parameter' || !c.source().startsWith(':')) return [first]
  // The lexer takes a colon and what touches it for a parameter.
  const last = c.source().slice(1)
  if (!WHOLE_BOUND.test(c.source()) || c.ahead(1) !== ']') {
    c.refuse('A slice whose last bound touches the colon', `Put a space between them: [1: ${last}].`)
  }
  const place = c.at + 1
  ++c.pos
  return [first, { kind: 'literal', value: Number(last), at: place }]
}

/** Few enough digits to be an exact number. */
const WHOLE_BOUND = /^:\d{1,15}$/

/** Whether this, behind a number, leaves its minus sign to the number. */
const bindsLooser = (type: string): boolean => type !== '::'

/** `(a)`, `(a, b)`, `(SELECT …)`. */
function group(c: Cursor): Expression {
  const at = c.at
  const content = parenthesized(c)
  if (content.query) return { kind: 'subquery', query: content.query, at }
  if (content.items.length === 1) return content.items[0]!
  return { kind: 'row', items: content.items, at }
}

function infix(c: Cursor, rules: Precedences, left: Expression, precedence: number, height: number): Expression {
  const operator = c.peek()
  const at = c.at
  switch (operator) {
    case 'and':
    case '&&':
      return chain(c, 'and', left, precedence)
    case 'or':
      return chain(c, 'or', left, precedence)
    case '||':
      return rules.pipesAreOr ? chain(c, 'or', left, precedence) : concatenation(c, left, precedence, height)
    case 'xor': {
      ++c.pos
      const right = expression(c, precedence + 1)
      const negated = (operand: Expression): Expression => ({ kind: 'not', operand, at })
      return { kind: 'binary', operator: '<>', left: negated(left), right: negated(right), at }
    }
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
      ++c.pos
      if ((c.peek() === 'any' || c.peek() === 'all' || c.peek() === 'some') && c.ahead(1) === '(') {
        return quantified(c, left, operator, at)
      }
      return binary(operator, left, expression(c, precedence + 1), at)
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&':
    case '|':
    case '<<':
    case '>>':
    case '->':
    case '->>':
      ++c.pos
      return binary(operator, left, expression(c, precedence + 1), at)
    case '#parameter':
      ++c.pos
      // `?|` and `?&` are two tokens that touch.
      if (c.lastEnd === c.at && (c.peek() === '|' || c.peek() === '&')) {
        const name = c.peek() === '|' ? 'json_has_any_key' : 'json_has_all_keys'
        ++c.pos
        return callOf(name, [left, keys(expression(c, precedence + 1))], at)
      }
      return callOf('json_has_key', [left, expression(c, precedence + 1)], at)
    case '@>':
    case '<@':
    case '#>':
    case '#>>':
      ++c.pos
      return jsonOperator(c, operator, left, expression(c, precedence + 1), at)
    case '<=>':
      ++c.pos
      return binary('is', left, expression(c, precedence + 1), at)
    case 'div':
      ++c.pos
      return binary('//', left, expression(c, precedence + 1), at)
    case 'mod':
      ++c.pos
      return binary('%', left, expression(c, precedence + 1), at)
    case '^': {
      if (c.dialect === 'mysql') c.refuse('The operator ^ (XOR of bits)')
      ++c.pos
      const args = [left, expression(c, precedence + 1)]
      return { kind: 'call', name: 'power', arguments: args, distinct: false, filter: undefined, at }
    }
    case 'is':
      return isSomething(c, left, precedence)
    case 'isnull':
    case 'notnull':
      ++c.pos
      return { kind: 'isNull', operand: left, negated: operator === 'notnull', at }
    case '::': {
      ++c.pos
      return { kind: 'cast', operand: left, type: typeOfOperand(c), at }
    }
    case 'collate':
      ++c.pos
      return { kind: 'collate', operand: left, collation: collationName(c), at }
    case 'at': {
      c.pos += 3
      const args = [expression(c, precedence + 1), left]
      return { kind: 'call', name: 'timezone', arguments: args, distinct: false, filter: undefined, at }
    }
    default:
      return matching(c, left, precedence, at)
  }
}

function binary(operator: BinaryOperator, left: Expression, right: Expression, at: number): Expression {
  return { kind: 'binary', operator, left, right, at }
}

/** PostgreSQL's operators of JSON, as calls. */
function jsonOperator(c: Cursor, operator: string, left: Expression, right: Expression, at: number): Expression {
  if (operator === '@>') return callOf('json_contains', [left, right], at)
  if (operator === '<@') return callOf('json_contains', [right, left], at)
  const path = namesIn(right)
  if (!path) return c.refuse(`${operator} with a path that is no literal`, 'Use json_extract_path(x, a, b).', at)
  const found = callOf('json_extract_path', [left, ...path], at)
  return operator === '#>' ? found : binary('->>', found, { kind: 'literal', value: '$' }, at)
}

/** The texts of a literal `'{a, b}'`. */
function namesIn(e: Expression): Expression[] | undefined {
  const text = e.kind === 'literal' && typeof e.value === 'string' ? /^\{(.*)\}$/.exec(e.value.trim()) : null
  if (!text) return undefined
  if (text[1]!.trim() === '') return []
  return text[1]!.split(',').map(name => ({ kind: 'literal', value: name.trim().replace(/^"(.*)"$/, '$1'), at: e.at }))
}

/** Keys as a JSON array: an array of texts, which a cast may say. */
function keys(e: Expression): Expression {
  const given = e.kind === 'cast' && e.type.endsWith(']') ? e.operand : e
  const names = namesIn(given)
  return names ? callOf('json_array', names, given.at ?? 0) : given
}

function chain(c: Cursor, kind: 'and' | 'or', left: Expression, precedence: number): Expression {
  const at = c.at
  const operands = [left]
  const goesOn = (): boolean =>
    kind === 'and'
      ? c.peek() === 'and' || c.peek() === '&&'
      : c.peek() === 'or' || (c.peek() === '||' && precedence === 10)
  while (goesOn()) {
    ++c.pos
    operands.push(expression(c, precedence + 1))
  }
  return { kind, operands, at }
}

/** `height`: of the left operand, which a chain puts at its bottom. */
function concatenation(c: Cursor, left: Expression, precedence: number, height: number): Expression {
  const at = c.at
  const operands = [left]
  while (c.accept('||')) {
    c.peak = 0
    operands.push(expression(c, precedence + 1))
    height = Math.max(height, c.peak)
  }
  c.peak = height
  if (operands.length > CONCAT_BALANCE_MIN) {
    c.peak += Math.ceil(Math.log2(operands.length))
    return balanced(operands, 0, operands.length, at)
  }
  c.peak += operands.length - 2
  return operands.reduce((a, b) => binary('||', a, b, at))
}

function balanced(operands: readonly Expression[], from: number, to: number, at: number): Expression {
  if (to - from === 1) return operands[from]!
  const middle = (from + to) >> 1
  return binary('||', balanced(operands, from, middle, at), balanced(operands, middle, to, at), at)
}

/** IS [NOT] NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM x, x. */
function isSomething(c: Cursor, operand: Expression, precedence: number): Expression {
  const at = c.at
  ++c.pos
  const negated = c.accept('not')
  switch (c.peek()) {
    case 'null':
    case 'unknown':
      ++c.pos
      return { kind: 'isNull', operand, negated, at }
    case 'true':
    case 'false': {
      const truth = c.peek() === 'true'
      ++c.pos
      return { kind: 'isTruth', operand, truth, negated, at }
    }
    case 'distinct':
      if (c.ahead(1) !== 'from') break
      c.pos += 2
      return binary(negated ? 'is' : 'is not', operand, expression(c, precedence + 1), at)
  }
  return binary(negated ? 'is not' : 'is', operand, expression(c, precedence + 1), at)
}

/** `BETWEEN SYMMETRIC` takes its bounds in either order, as PostgreSQL expands it. */
function between(c: Cursor, operand: Expression, precedence: number, negated: boolean, at: number): Expression {
  const isSymmetric = c.acceptOneOf('symmetric') !== undefined
  if (!isSymmetric) c.acceptText('asymmetric')
  const low = expression(c, precedence + 1)
  c.expect('and')
  const high = expression(c, precedence + 1)
  if (!isSymmetric) return { kind: 'between', operand, low, high, negated, at }
  const ways: readonly Expression[] = [
    { kind: 'between', operand, low, high, negated: false, at },
    { kind: 'between', operand, low: high, high: low, negated: false, at },
  ]
  const either: Expression = { kind: 'or', operands: ways, at }
  return negated ? { kind: 'not', operand: either, at } : either
}

/** IN, BETWEEN, LIKE and its kin, with and without NOT. */
function matching(c: Cursor, operand: Expression, precedence: number, at: number): Expression {
  const negated = c.accept('not')
  const operator = c.peek()
  ++c.pos
  switch (operator) {
    case 'null':
      return { kind: 'isNull', operand, negated: true, at }
    case 'in':
      return inList(c, operand, negated, at)
    case 'between':
      return between(c, operand, precedence, negated, at)
    case 'like':
    case 'ilike': {
      const exact = c.peek() === 'binary' && startsOperand(c.ahead(1)) && c.accept('binary')
      const caseSensitive = exact || (operator === 'like' && c.dialect === 'postgres')
      const pattern = expression(c, precedence + 1)
      const escape = c.accept('escape') ? expression(c, precedence + 1) : undefined
      return { kind: 'like', operand, pattern, escape, caseSensitive, negated, at }
    }
    case 'glob':
      return { kind: 'glob', operand, pattern: expression(c, precedence + 1), caseSensitive: true, negated, at }
    case 'regexp':
    case 'rlike': {
      const exact = c.peek() === 'binary' && startsOperand(c.ahead(1)) && c.accept('binary')
      const caseSensitive = exact || c.dialect !== 'mysql'
      return { kind: 'regexp', operand, pattern: expression(c, precedence + 1), caseSensitive, negated, at }
    }
    case '~~':
    case '~~*':
    case '!~~':
    case '!~~*': {
      const caseSensitive = !operator.endsWith('*') && c.dialect === 'postgres'
      const pattern = expression(c, precedence + 1)
      return {
        kind: 'like',
        operand,
        pattern,
        escape: undefined,
        caseSensitive,
        negated: operator.startsWith('!'),
        at,
      }
    }
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const caseSensitive = !operator.endsWith('*')
      const pattern = expression(c, precedence + 1)
      return { kind: 'regexp', operand, pattern, caseSensitive, negated: operator.startsWith('!'), at }
    }
    case 'similar':
      return c.refuse('SIMILAR TO', 'Use LIKE or REGEXP.', at)
    case 'match':
      return c.refuse('MATCH', 'Use keyword_search(…) in FROM.', at)
  }
  --c.pos
  return c.fail('an operator')
}

function inList(c: Cursor, operand: Expression, negated: boolean, at: number): Expression {
  if (isName(c.peek())) {
    // SQLite's `x IN table`.
    const tableAt = c.at
    let name = c.name('a table name')
    let schema: string | undefined
    if (c.accept('.')) {
      schema = name
      name = c.label('a table name')
    }
    const from = {
      kind: 'table' as const,
      ...(schema === undefined ? {} : { schema }),
      name,
      alias: undefined,
      at: tableAt,
    }
    return {
      kind: 'inQuery',
      operand,
      query: { ...EMPTY_SELECT, columns: [{ kind: 'all', table: undefined }], from },
      negated,
      at,
    }
  }
  if (!c.is('(')) c.fail()
  if (c.ahead(1) === ')') {
    c.pos += 2
    return { kind: 'in', operand, list: [], negated, at }
  }
  const { query: inner, items } = parenthesized(c)
  if (inner) return { kind: 'inQuery', operand, query: inner, negated, at }
  return { kind: 'in', operand, list: items, negated, at }
}

export const EMPTY_SELECT = {
  kind: 'select',
  distinct: false,
  columns: [],
  from: undefined,
  where: undefined,
  groupBy: [],
  having: undefined,
  orderBy: [],
  limit: undefined,
  offset: undefined,
} as const

/** `= ANY (…)`, with the comparison read. */
function quantified(c: Cursor, operand: Expression, operator: ComparisonOperator, at: number): Expression {
  const quantifier = c.peek() === 'all' ? 'all' : 'any'
  c.pos += 2
  let over: Extract<Expression, { kind: 'quantified' }>['over']
  if (startsQuery(c)) over = query(c)
  else if (c.is('array') && c.ahead(1) === '[') {
    c.pos += 2
    const items = c.is(']') ? [] : c.list(() => expression(c))
    c.expect(']')
    // `ARRAY[…]::text[]`: what the items are is said by what they are compared with.
    if (c.accept('::')) typeOfOperand(c)
    over = { kind: 'list', items }
  } else {
    let item = expression(c)
    if (item.kind === 'cast' && item.type.endsWith(']')) item = item.operand
    over = item.kind === 'parameter' ? { kind: 'array', array: item } : { kind: 'list', items: [item] }
  }
  c.expect(')')
  return { kind: 'quantified', operand, operator, quantifier, over, at }
}

/** Of COLLATE: a name, perhaps of a schema, or a string as MySQL has it. */
export function collationName(c: Cursor): string {
  if (c.peek() === '#string') {
    const name = c.source().slice(1, -1)
    ++c.pos
    return name
  }
  let name = c.name('a collation')
  while (c.accept('.')) name = c.label('a collation')
  return name === '' ? c.fail('a collation') : name
}
