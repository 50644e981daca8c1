/** Queries: SELECT, VALUES, set operations, WITH, and what may stand around them in parentheses. */
import type { Expression } from '../ast/expressions.js'
import type {
  CommonTable,
  OrderItem,
  Query,
  QueryTail,
  SelectItem,
  SelectStatement,
  TableExpression,
  WindowDefinition,
  WithClause,
} from '../ast/nodes.js'
import { AST_DEPTH_MAX } from '../ast/walk.js'
import { windowDefinition } from './calls.js'
import type { Cursor } from './cursor.js'
import { EMPTY_SELECT, expression } from './expressions.js'
import { from } from './from.js'
import { string } from './primary.js'
import { isBareAlias, isWord } from './words.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function startsQuery(c: Cursor): boolean {
  switch (c.peek()) {
    case 'select':
    case 'values':
      return true
    case 'with':
      return true
    case 'table':
      return isWord(c.ahead(1))
  }
  return false
}

/** What is in parentheses: a query, or expressions. Which of them shows only behind all opening parentheses. */
export interface Parenthesized {
  readonly query: Query | undefined
  readonly items: Expression[]
}

export function parenthesized(c: Cursor): Parenthesized {
  c.enter()
  c.expect('(')
  const { noCollate } = c.clauses
  c.clauses.noCollate = false
  const content = contentOf(c)
  c.clauses.noCollate = noCollate
  c.expect(')')
  --c.depth
  return content
}

function contentOf(c: Cursor): Parenthesized {
  if (startsQuery(c)) return { query: query(c), items: [] }
  if (c.peek() !== '(') return { query: undefined, items: c.list(() => expression(c)) }
  const at = c.at
  const inner = parenthesized(c)
  if (inner.query) {
    if (c.peek() === ')') return inner
    if (continuesQuery(c)) return { query: tail(c, setOperations(c, inner.query, 0), undefined), items: [] }
  }
  const first: Expression = inner.query
    ? { kind: 'subquery', query: inner.query, at }
    : inner.items.length === 1
      ? inner.items[0]!
      : { kind: 'row', items: inner.items, at }
  const items = [expression(c, 0, first)]
  while (c.accept(',')) items.push(expression(c))
  return { query: undefined, items }
}

/** Whether a query that stood in parentheses goes on behind them. */
export function continuesQuery(c: Cursor): boolean {
  switch (c.peek()) {
    case 'union':
    case 'intersect':
    case 'except':
    case 'limit':
    case 'fetch':
      return true
    case 'order':
      return c.ahead(1) === 'by'
  }
  return false
}

/** A query that went on: its set operations and its tail. */
export function continuedQuery(c: Cursor, left: Query): Query {
  return tail(c, setOperations(c, left, 0), undefined)
}

export function query(c: Cursor): Query {
  c.enter()
  const withTables = c.is('with') ? withClause(c) : undefined
  const result = queryAfterWith(c, withTables)
  --c.depth
  return result
}

/** A query whose WITH is read. */
export function queryAfterWith(c: Cursor, withTables: WithClause | undefined): Query {
  const result = tail(c, setOperations(c, operand(c), 0), withTables)
  ++c.peak
  return result
}

/** UNION, INTERSECT, EXCEPT behind `left`. SQLite, and `auto`, know no precedence among them. */
export function setOperations(c: Cursor, left: Query, least: number): Query {
  for (;;) {
    const operator = c.is('union') ? 'union' : c.is('intersect') ? 'intersect' : c.is('except') ? 'except' : undefined
    if (operator === undefined) return left
    const precedence = setPrecedence(c, operator)
    if (precedence < least) return left
    ++c.pos
    const all = c.accept('all')
    if (!all) c.accept('distinct')
    const right = setOperations(c, operand(c), precedence + 1)
    left = { kind: 'setOperation', operator, all, left, right, orderBy: [], limit: undefined, offset: undefined }
    if (c.depth + ++c.peak > AST_DEPTH_MAX) c.tooDeep()
  }
}

function setPrecedence(c: Cursor, operator: string): number {
  return operator === 'intersect' && (c.dialect === 'postgres' || c.dialect === 'mysql') ? 1 : 0
}

function operand(c: Cursor): Query {
  switch (c.peek()) {
    case 'select':
      return select(c)
    case 'values':
      ++c.pos
      return valuesQuery(c.list(() => row(c)))
    case 'table': {
      ++c.pos
      const at = c.at
      let name = c.name('a table name')
      const schema = c.accept('.') ? name : undefined
      if (schema !== undefined) name = c.label('a table name')
      const table = { kind: 'table' as const, ...(schema !== undefined && { schema }), name, alias: undefined, at }
      return { ...EMPTY_SELECT, columns: [{ kind: 'all', table: undefined }], from: table }
    }
    case '(': {
      c.enter()
      ++c.pos
      const inner = query(c)
      c.expect(')')
      --c.depth
      return inner
    }
  }
  return c.fail('a query')
}

export function valuesQuery(rows: readonly (readonly Expression[])[]): Query {
  return { kind: 'values', rows, orderBy: [], limit: undefined, offset: undefined }
}

/** `(1, 2)`, MySQL's `ROW(1, 2)`. */
function row(c: Cursor): readonly Expression[] {
  c.accept('row')
  c.expect('(')
  return c.rowOf(() => expression(c), true)
}

/** ORDER BY, LIMIT, OFFSET, FETCH, FOR UPDATE behind a query; with the WITH in front of it. */
function tail(c: Cursor, inner: Query, withTables: WithClause | undefined): Query {
  const orderBy = c.is('order') && c.acceptPair('order', 'by') ? orderItems(c) : undefined
  const limits = limitClause(c)
  locking(c)
  if (c.peek() === 'union' || c.peek() === 'intersect' || c.peek() === 'except') {
    c.problem(
      `${c.peek().toUpperCase()} cannot follow ORDER BY or LIMIT.`,
      'Put them behind the last query, or the query in front into parentheses.',
    )
  }
  if (orderBy === undefined && limits === undefined && withTables === undefined) return inner
  const taken =
    (inner.with !== undefined && withTables !== undefined) ||
    ((orderBy !== undefined || limits !== undefined) &&
      (inner.orderBy.length > 0 || inner.limit !== undefined || inner.offset !== undefined))
  const result: Mutable<Query> = taken
    ? {
        ...EMPTY_SELECT,
        columns: [{ kind: 'all', table: undefined }],
        from: { kind: 'subquery', query: inner, alias: undefined },
      }
    : inner
  if (taken) ++c.peak
  if (withTables) result.with = withTables
  if (orderBy) result.orderBy = orderBy
  if (limits) {
    result.limit = limits.limit
    result.offset = limits.offset
  }
  return result
}

export function orderItems(c: Cursor): OrderItem[] {
  return c.list(() => orderItem(c))
}

function orderItem(c: Cursor): OrderItem {
  const item = expression(c)
  const descending = c.accept('desc')
  if (!descending) c.accept('asc')
  if (c.peek() === 'using') c.refuse('ORDER BY … USING', 'Write ASC or DESC.')
  return { expression: item, descending, nulls: nullsOrder(c) }
}

export function nullsOrder(c: Cursor): 'first' | 'last' | undefined {
  if (c.acceptPair('nulls', 'first')) return 'first'
  return c.acceptPair('nulls', 'last') ? 'last' : undefined
}

type Limits = Pick<QueryTail, 'limit' | 'offset'>

/** LIMIT and OFFSET in either order, `LIMIT offset, count`, FETCH FIRST. */
export function limitClause(c: Cursor): Limits | undefined {
  let limit: Expression | undefined
  let offset: Expression | undefined
  let seen = false
  for (;;) {
    if (limit === undefined && c.accept('limit')) {
      if (!c.accept('all')) {
        limit = expression(c)
        if (c.accept(',')) {
          offset = limit
          limit = expression(c)
        }
      }
    } else if (offset === undefined && c.accept('offset')) {
      offset = expression(c)
      if (!c.accept('rows')) c.accept('row')
    } else if (limit === undefined && c.peek() === 'fetch' && c.accept('fetch')) {
      if (!c.accept('first')) c.expect('next')
      limit = c.peek() === 'row' || c.peek() === 'rows' ? { kind: 'literal', value: 1, at: c.at } : expression(c)
      if (!c.accept('rows')) c.expect('row')
      if (c.acceptPair('with', 'ties')) c.refuse('FETCH … WITH TIES', 'Use rank() in a subquery.')
      c.expect('only')
    } else break
    seen = true
  }
  return seen ? { limit, offset } : undefined
}

/** FOR UPDATE and its kin: conflicts show when the transaction commits, so that there is nothing to lock. */
function locking(c: Cursor): void {
  if (c.peek() === 'lock' && c.ahead(1) === 'in') {
    c.pos += 2
    if (!c.acceptPair('share', 'mode')) c.fail()
    return
  }
  while (c.peek() === 'for' && ['update', 'share', 'no', 'key'].includes(c.ahead(1))) {
    ++c.pos
    if (c.acceptPair('no', 'key') || !c.acceptPair('key', 'share')) c.acceptOneOf('update', 'share')
    if (c.accept('of')) c.list(() => c.name('a table name'))
    if (!c.accept('nowait')) c.acceptPair('skip', 'locked')
  }
}

// --- SELECT ---

function select(c: Cursor): SelectStatement {
  ++c.pos
  let distinct = false
  let distinctOn: Expression[] | undefined
  if (c.accept('distinct')) {
    if (c.peek() === 'on' && c.ahead(1) === '(') {
      c.pos += 2
      distinctOn = c.list(() => expression(c), true)
    } else distinct = true
  } else if (c.peek() === 'distinctrow' && c.accept('distinctrow')) distinct = true
  else c.accept('all')
  // PostgreSQL: EXISTS (SELECT FROM t).
  const columns = c.peek() === 'from' ? [] : selectItems(c)
  if (c.peek() === 'into') c.refuse('SELECT … INTO', 'Use CREATE TABLE … AS SELECT, or INSERT … SELECT.')
  const tables: TableExpression | undefined = c.accept('from') ? from(c) : undefined
  const where = c.accept('where') ? expression(c) : undefined
  const groupBy = c.acceptPair('group', 'by') ? groupItems(c) : []
  const having = c.accept('having') ? expression(c) : undefined
  const windows = c.peek() === 'window' && c.accept('window') ? c.list(() => namedWindow(c)) : undefined
  const result: SelectStatement = {
    kind: 'select',
    with: undefined,
    distinct,
    distinctOn,
    columns,
    from: tables,
    where,
    groupBy,
    having,
    windows,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
  return result
}

function namedWindow(c: Cursor): { name: string; window: WindowDefinition } {
  const name = c.name('a window name')
  c.expect('as')
  return { name, window: windowDefinition(c) }
}

function groupItems(c: Cursor): Expression[] {
  const items = c.list(() => {
    const next = c.ahead(1)
    if ((c.peek() === 'rollup' || c.peek() === 'cube') && next === '(') refuseGrouping(c, c.peek().toUpperCase())
    if (c.peek() === 'grouping' && next === 'sets') refuseGrouping(c, 'GROUPING SETS')
    return expression(c)
  })
  if (c.peek() === 'with' && c.ahead(1) === 'rollup') refuseGrouping(c, 'WITH ROLLUP')
  return items
}

function refuseGrouping(c: Cursor, what: string): never {
  c.refuse(`GROUP BY … ${what}`, 'Write one SELECT for each grouping, joined by UNION ALL.')
}

export function selectItems(c: Cursor): SelectItem[] {
  return c.rowOf(() => selectItem(c))
}

/** Longer expressions do not name their column: kept at each level of nested queries, their text would be quadratic. */
const NAME_LENGTH_MAX = 1000

function selectItem(c: Cursor): SelectItem {
  if (c.accept('*')) return { kind: 'all', table: undefined }
  if (c.ahead(1) === '.' && isWord(c.peek())) {
    if (c.ahead(2) === '*') {
      const table = c.name('a table name')
      c.pos += 2
      return { kind: 'all', table }
    }
    if (c.ahead(3) === '.' && c.ahead(4) === '*') {
      c.pos += 2
      const table = c.label('a table name')
      c.pos += 2
      return { kind: 'all', table }
    }
  }
  if (c.peek() === '(' && c.ahead(2) === ')' && c.ahead(3) === '.' && c.ahead(4) === '*') {
    ++c.pos
    const table = c.name('a table name')
    c.pos += 3
    return { kind: 'all', table }
  }
  const start = c.at
  const item = expression(c)
  const end = c.lastEnd
  const alias = selectAlias(c)
  if (alias !== undefined || item.kind === 'column' || item.kind === 'field')
    return { kind: 'expression', expression: item, alias }
  const text = end - start <= NAME_LENGTH_MAX ? c.text.slice(start, end) : undefined
  return { kind: 'expression', expression: item, alias, text }
}

function selectAlias(c: Cursor): string | undefined {
  if (c.accept('as')) return c.peek() === '#string' ? string(c) : c.label('an alias')
  if (isBareAlias(c.peek())) return c.name()
  return c.peek() === '#string' && c.dialect !== 'postgres' ? string(c) : undefined
}

// --- WITH ---

export function withClause(c: Cursor): WithClause {
  c.expect('with')
  const recursive = c.peek() === 'recursive' && c.ahead(1) !== 'as' && c.ahead(1) !== '(' && c.accept('recursive')
  return { recursive, tables: c.list(() => commonTable(c)) }
}

function commonTable(c: Cursor): CommonTable {
  const at = c.at
  const name = c.name('a table name')
  const columns = c.is('(') ? c.names() : undefined
  c.expect('as')
  let materialized: boolean | undefined
  if (c.accept('materialized')) materialized = true
  else if (c.acceptPair('not', 'materialized')) materialized = false
  c.expect('(')
  if (c.peek() === 'insert' || c.peek() === 'update' || c.peek() === 'delete' || c.peek() === 'replace') {
    c.refuse(`${c.peek().toUpperCase()} in WITH`, 'Write it as a statement of its own, in one transaction.')
  }
  const inner = query(c)
  c.expect(')')
  return { name, columns, query: inner, ...(materialized !== undefined && { materialized }), at }
}
