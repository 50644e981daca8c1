/** FROM: tables, table functions, derived tables and joins. */
import type { Join, Query, TableExpression } from '../ast/nodes.js'
import type { Expression } from '../ast/expressions.js'
import { AST_DEPTH_MAX } from '../ast/walk.js'
import { callArguments } from './arguments.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { continuedQuery, continuesQuery, query, startsQuery } from './select.js'
import { isBareAlias, isName } from './words.js'

/** Tables with commas and joins between them, from left to right. */
export function from(c: Cursor): TableExpression {
  let left = joins(c, tableOperand(c))
  while (c.accept(',')) {
    left = { kind: 'join', join: 'cross', left, right: tableOperand(c), on: undefined }
    grow(c)
    left = joins(c, left)
  }
  return left
}

function grow(c: Cursor): void {
  if (c.depth + ++c.peak > AST_DEPTH_MAX) c.tooDeep()
}

/** The joins behind `left`. */
export function joins(c: Cursor, left: TableExpression): TableExpression {
  for (;;) {
    const natural = c.peek() === 'natural' && c.accept('natural')
    const join = joinKind(c, natural)
    if (join === undefined) return left
    const right = tableOperand(c)
    let on: Expression | undefined
    let using: string[] | undefined
    if (c.is('on') && !startsConflict(c)) {
      ++c.pos
      on = expression(c)
    } else if (c.accept('using')) using = c.names()
    else if ((join === 'left' || join === 'right' || join === 'full') && !natural && c.dialect === 'postgres') c.fail()
    left = {
      kind: 'join',
      join,
      left,
      right,
      on,
      ...(using && { using }),
      ...(natural && { natural }),
    }
    grow(c)
  }
}

/** `INSERT … SELECT … FROM a JOIN b ON CONFLICT`: belongs to the INSERT. */
function startsConflict(c: Cursor): boolean {
  const next = c.ahead(1)
  const third = c.ahead(2)
  return (
    (next === 'conflict' && (third === 'do' || third === '(' || third === 'on')) ||
    (next === 'duplicate' && third === 'key')
  )
}

/** The words of a join up to JOIN; `undefined`: there is none. */
function joinKind(c: Cursor, natural: boolean): Join['join'] | undefined {
  const kind = c.peek()
  switch (kind) {
    case 'join':
    case 'straight_join':
      ++c.pos
      return 'inner'
    case 'inner':
    case 'cross': {
      ++c.pos
      c.expect('join')
      return kind
    }
    case 'left':
    case 'right':
    case 'full': {
      ++c.pos
      c.accept('outer')
      c.expect('join')
      return kind
    }
  }
  return natural ? c.fail('JOIN') : undefined
}

function tableOperand(c: Cursor): TableExpression {
  if (c.peek() === '(') {
    const content = tableParentheses(c)
    return content.query ? derived(c, content.query, false) : content.table
  }
  if (c.peek() === 'lateral' && (c.ahead(1) === '(' || isName(c.ahead(1)))) {
    ++c.pos
    if (c.peek() !== '(') return named(c)
    c.enter()
    ++c.pos
    const inner = query(c)
    c.expect(')')
    --c.depth
    return derived(c, inner, true)
  }
  return named(c)
}

/** In parentheses: a query, or tables and joins; which shows behind all opening parentheses. */
function tableParentheses(
  c: Cursor,
): { query: Query; table?: undefined } | { query?: undefined; table: TableExpression } {
  c.enter()
  c.expect('(')
  const content = tableContent(c)
  c.expect(')')
  --c.depth
  return content
}

function tableContent(c: Cursor): ReturnType<typeof tableParentheses> {
  if (startsQuery(c)) return { query: query(c) }
  if (c.peek() !== '(') return { table: from(c) }
  const inner = tableParentheses(c)
  if (inner.query) {
    if (c.peek() === ')') return inner
    if (continuesQuery(c)) return { query: continuedQuery(c, inner.query) }
  }
  let left = joins(c, inner.query ? derived(c, inner.query, false) : inner.table)
  while (c.accept(',')) {
    left = { kind: 'join', join: 'cross', left, right: tableOperand(c), on: undefined }
    grow(c)
    left = joins(c, left)
  }
  return { table: left }
}

interface TableAlias {
  readonly alias: string | undefined
  readonly columns: readonly string[] | undefined
}

/** `[AS] alias [(a, b)]`. */
function tableAlias(c: Cursor): TableAlias {
  let alias: string | undefined
  if (c.accept('as'))
    alias = c.peek() === '#string' && c.dialect !== 'postgres' ? c.source().slice(1, -1) : c.name('an alias')
  else if (isBareAlias(c.peek()) && !startsHint(c)) return { alias: c.name(), columns: aliasColumns(c) }
  else return { alias: undefined, columns: undefined }
  if (c.tokenBefore() === '#string') return { alias, columns: undefined }
  return { alias, columns: aliasColumns(c) }
}

function aliasColumns(c: Cursor): readonly string[] | undefined {
  return c.peek() === '(' ? c.names() : undefined
}

/** `INDEXED BY i`, `USE INDEX (i)`: they change no result. */
function startsHint(c: Cursor): boolean {
  return c.peek() === 'indexed' && c.ahead(1) === 'by'
}

export function skipIndexHint(c: Cursor): void {
  if (c.acceptPair('not', 'indexed')) return
  if (c.acceptPair('indexed', 'by')) {
    c.name('an index')
    return
  }
  while (
    (c.peek() === 'use' || c.peek() === 'force' || c.peek() === 'ignore') &&
    (c.ahead(1) === 'index' || c.ahead(1) === 'key')
  ) {
    c.pos += 2
    if (c.accept('for') && !c.accept('join') && !c.acceptPair('order', 'by') && !c.acceptPair('group', 'by')) c.fail()
    c.expect('(')
    if (!c.accept(')')) c.list(() => c.label('an index'), true)
  }
}

function derived(c: Cursor, inner: Query, lateral: boolean): TableExpression {
  const { alias, columns } = tableAlias(c)
  return { kind: 'subquery', query: inner, alias, ...(columns && { columns }), ...(lateral && { lateral }) }
}

function named(c: Cursor): TableExpression {
  const at = c.at
  if (c.peek() === 'only' && (isName(c.ahead(1)) || c.ahead(1) === '(')) ++c.pos
  let name = c.name('a table name')
  let schema: string | undefined
  if (c.accept('.')) {
    schema = name
    name = c.label('a table name')
    if (c.accept('.')) {
      schema = name
      name = c.label('a table name')
    }
  }
  if (c.peek() === '(') return tableFunction(c, name, at)
  skipIndexHint(c)
  const { alias, columns } = tableAlias(c)
  skipIndexHint(c)
  if (schema === undefined && columns === undefined) return { kind: 'table', name, alias, at }
  return { kind: 'table', ...(schema !== undefined && { schema }), name, alias, ...(columns && { columns }), at }
}

function tableFunction(c: Cursor, name: string, at: number): TableExpression {
  ++c.pos
  const args = c.is(')') ? [] : callArguments(c, name.toLowerCase())
  c.expect(')')
  if (c.peek() === 'with' && c.isAheadText('ordinality')) c.refuse('WITH ORDINALITY', 'Use row_number() OVER ().')
  const { alias, columns } = tableAlias(c)
  return { kind: 'function', name: name.toLowerCase(), arguments: args, alias, ...(columns && { columns }), at }
}
