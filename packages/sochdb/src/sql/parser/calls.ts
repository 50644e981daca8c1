/** Columns, calls of functions, and windows. */
import type { Expression } from '../ast/expressions.js'
import type { FrameBound, OrderItem, WindowDefinition, WindowFrame } from '../ast/nodes.js'
import { callArguments } from './arguments.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { string } from './primary.js'
import { orderItems } from './select.js'
import { isName } from './words.js'

export function callOf(name: string, args: readonly Expression[], at: number): Expression {
  return { kind: 'call', name, arguments: args, distinct: false, filter: undefined, at }
}

/** `a`, `t.a`, `s.t.a`, `f(…)`. */
export function columnOrCall(c: Cursor): Expression {
  const at = c.at
  const first = c.name('an expression')
  if (c.peek() === '(') return call(c, first.toLowerCase(), at)
  if (c.peek() !== '.') return column(c, undefined, first, at)
  ++c.pos
  const second = c.label('a column name')
  if (c.peek() === '(') {
    if (!FUNCTION_SCHEMAS.has(first.toLowerCase())) c.refuse(`The schema "${first}" of a function`, undefined, at)
    return call(c, second.toLowerCase(), at)
  }
  if (!c.accept('.')) return column(c, first, second, at)
  // Of `schema.table.column` the table is enough: one query has no two of the same name.
  return column(c, second, c.label('a column name'), at)
}

const FUNCTION_SCHEMAS = new Set(['pg_catalog', 'main', 'public', 'sys', 'information_schema'])

/** A column; of the proposed row, where MySQL gave that another name. */
function column(c: Cursor, table: string | undefined, name: string, at: number): Expression {
  const { proposed } = c.clauses
  if (proposed) {
    const renamed = proposed.columns.get(name.toLowerCase())
    if (table === undefined && renamed !== undefined) return { kind: 'column', table: 'excluded', name: renamed, at }
    if (table !== undefined && table.toLowerCase() === proposed.alias) {
      return { kind: 'column', table: 'excluded', name: renamed ?? name, at }
    }
  }
  return { kind: 'column', table, name, at }
}

/** At the parenthesis behind a function's name. */
export function call(c: Cursor, name: string, at: number): Expression {
  c.expect('(')
  const { noCollate } = c.clauses
  c.clauses.noCollate = false
  const distinct = c.accept('distinct')
  if (!distinct) c.accept('all')
  let args: Expression[] = []
  if (c.peek() === '*') {
    if (name !== 'count') c.problem(`${name}(*) means nothing: only count takes a star.`)
    ++c.pos
  } else if (!c.is(')')) args = callArguments(c, name)
  let orderBy = c.acceptPair('order', 'by') ? orderItems(c) : undefined
  if (c.accept('separator')) args.push({ kind: 'literal', at: c.at, value: string(c) })
  let ignoreNulls = nullTreatment(c)
  c.expect(')')
  c.clauses.noCollate = noCollate
  if (c.peek() === 'within' && c.ahead(1) === 'group') {
    c.pos += 2
    c.expect('(')
    if (!c.acceptPair('order', 'by')) c.fail()
    orderBy = orderItems(c)
    c.expect(')')
  }
  let filter: Expression | undefined
  if (c.peek() === 'filter' && c.ahead(1) === '(') {
    c.pos += 2
    c.expect('where')
    filter = expression(c)
    c.expect(')')
  }
  ignoreNulls ??= nullTreatment(c)
  const over = c.peek() === 'over' && (c.ahead(1) === '(' || isName(c.ahead(1))) ? overClause(c) : undefined
  if (orderBy === undefined && over === undefined && ignoreNulls === undefined) {
    return { kind: 'call', name, arguments: args, distinct, filter, at }
  }
  return {
    kind: 'call',
    name,
    arguments: args,
    distinct,
    filter,
    ...(orderBy && { orderBy }),
    ...(over && { over }),
    ...(ignoreNulls && { ignoreNulls }),
    at,
  }
}

function nullTreatment(c: Cursor): boolean | undefined {
  if (c.ahead(1) !== 'nulls' || (c.peek() !== 'ignore' && c.peek() !== 'respect')) return undefined
  const ignore = c.peek() === 'ignore'
  c.pos += 2
  return ignore
}

function overClause(c: Cursor): WindowDefinition {
  ++c.pos
  if (c.peek() === '(') return windowDefinition(c)
  return { base: c.name('a window'), partitionBy: [], orderBy: [], frame: undefined }
}

/** `(base PARTITION BY … ORDER BY … frame)`. */
export function windowDefinition(c: Cursor): WindowDefinition {
  c.expect('(')
  const clause = c.ahead(1) === 'by' && (c.peek() === 'partition' || c.peek() === 'order')
  const base = isName(c.peek()) && !clause && !startsFrame(c) ? c.name('a window') : undefined
  const partitionBy = c.acceptPair('partition', 'by') ? c.list(() => expression(c)) : []
  const orderBy: readonly OrderItem[] = c.acceptPair('order', 'by') ? orderItems(c) : []
  const frame = startsFrame(c) ? windowFrame(c) : undefined
  c.expect(')')
  return base === undefined ? { partitionBy, orderBy, frame } : { base, partitionBy, orderBy, frame }
}

function startsFrame(c: Cursor): boolean {
  const mode = c.is('rows') || c.is('range') || c.is('groups')
  return mode && c.ahead(1) !== ')' && c.ahead(1) !== 'order' && c.ahead(1) !== 'partition'
}

function windowFrame(c: Cursor): WindowFrame {
  const mode = c.acceptOneOf('rows', 'range', 'groups')!
  const between = c.accept('between')
  const startAt = c.at
  const start = frameBound(c)
  if (between) c.expect('and')
  const end: FrameBound = between ? frameBound(c) : { kind: 'currentRow' }
  if (start.kind === 'unboundedFollowing' || end.kind === 'unboundedPreceding' || ORDER[start.kind] > ORDER[end.kind]) {
    c.refuse(`A frame from ${c.since(startAt).replace(/\s+and\s+/i, ' to ')}`, 'Let it begin before it ends.', startAt)
  }
  return { mode, start, end, exclude: exclusion(c) }
}

const ORDER = { unboundedPreceding: 0, preceding: 1, currentRow: 2, following: 3, unboundedFollowing: 4 } as const

function exclusion(c: Cursor): WindowFrame['exclude'] {
  if (!c.accept('exclude')) return 'none'
  if (c.acceptPair('current', 'row')) return 'current'
  if (c.accept('group')) return 'group'
  if (c.accept('ties')) return 'ties'
  if (!c.acceptPair('no', 'others')) c.fail()
  return 'none'
}

function frameBound(c: Cursor): FrameBound {
  if (c.acceptPair('unbounded', 'preceding')) return { kind: 'unboundedPreceding' }
  if (c.acceptPair('unbounded', 'following')) return { kind: 'unboundedFollowing' }
  if (c.acceptPair('current', 'row')) return { kind: 'currentRow' }
  const offset = expression(c, 60)
  if (c.accept('preceding')) return { kind: 'preceding', offset }
  c.expect('following')
  return { kind: 'following', offset }
}
