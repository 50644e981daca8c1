/** INSERT, REPLACE, UPDATE and DELETE in the spellings of all dialects. */
import type { Expression } from '../ast/expressions.js'
import type {
  Assignment,
  DeleteStatement,
  InsertStatement,
  OnConflict,
  OrderItem,
  Query,
  SelectItem,
  TableExpression,
  UpdateStatement,
  WithClause,
} from '../ast/nodes.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { from, skipIndexHint } from './from.js'
import { mergeTables, targetOfMany } from './multi.js'
import { upsert } from './upsert.js'
import {
  continuedQuery,
  continuesQuery,
  limitClause,
  orderItems,
  parenthesized,
  query,
  selectItems,
  startsQuery,
  valuesQuery,
} from './select.js'
import { isBareAlias } from './words.js'

/** The one schema that tables are written in. */
const SCHEMAS = new Set(['main', 'public'])

/** A table to be written to or defined, which has no schema of its own. */
export function tableName(c: Cursor): string {
  const at = c.at
  const name = c.name('a table name')
  if (!c.accept('.')) return name
  if (!SCHEMAS.has(name.toLowerCase())) {
    c.refuse(`The schema "${name}"`, 'Write the table without a schema: there is one per namespace.', at)
  }
  return c.label('a table name')
}

// --- INSERT ---

/** At INSERT or REPLACE. */
export function insert(c: Cursor, withTables: WithClause | undefined): InsertStatement {
  const at = c.at
  let action: OnConflict['action'] | undefined
  let orFailAt: number | undefined
  if (c.accept('replace')) action = 'replace'
  else {
    ++c.pos
    if (c.accept('or')) {
      orFailAt = c.peek() === 'fail' ? c.at : undefined
      if (orFailAt === undefined) action = conflictWord(c)
      else ++c.pos
    }
  }
  while (c.peek() === 'low_priority' || c.peek() === 'high_priority' || c.peek() === 'delayed') ++c.pos
  if (
    action === undefined &&
    c.peek() === 'ignore' &&
    (c.ahead(1) === 'into' || c.dialect === 'mysql' || isBareAlias(c.ahead(1)))
  ) {
    ++c.pos
    action = 'ignore'
  }
  const into = c.accept('into')
  if (!into && c.dialect !== 'mysql' && c.dialect !== 'auto') c.fail()
  const table = tableName(c)
  const bare = isBareAlias(c.peek()) && c.peek() !== 'value' && c.peek() !== 'overriding'
  // MySQL's INSERT without INTO has no alias; a misspelled INTO would be taken for the table.
  const alias = into && (c.accept('as') || bare) ? c.name('an alias') : undefined
  let columns = insertColumns(c)
  if (c.accept('overriding')) {
    if (!c.accept('user') && !c.acceptText('system')) c.fail('SYSTEM')
    c.expect('value')
  }
  let rows: readonly (readonly (Expression | undefined)[])[] = []
  let source: Query | undefined
  if (c.acceptPair('default', 'values')) rows = [[]]
  else if (c.peek() === 'set' && c.accept('set')) {
    const set = assignments(c, true)
    columns = set.map(({ column }) => column)
    rows = [set.map(({ value }) => (value.kind === 'default' ? undefined : value))]
  } else if (c.peek() === 'values' || c.peek() === 'value') {
    ++c.pos
    rows = insertRows(c)
    if (continuesQuery(c)) {
      source = continuedQuery(
        c,
        valuesQuery(rows.map(row => row.map(value => value ?? c.problem('DEFAULT stands in VALUES alone.')))),
      )
      rows = []
    }
  } else if (startsQuery(c) || c.peek() === '(') source = query(c)
  else {
    if (!into) c.is('into')
    c.is('values')
    c.fail('a query')
  }
  // It keeps the rows before the one that failed: there are none before a single one.
  if (orFailAt !== undefined && rows.length !== 1)
    c.refuse('OR FAIL for several rows', 'Leave it out, or insert them one by one.', orFailAt)
  const [onConflict, ...moreConflicts] = upsert(c, action, columns)
  const returning = returningClause(c)
  return {
    kind: 'insert',
    ...(withTables && { with: withTables }),
    table,
    ...(alias !== undefined && { alias }),
    columns,
    rows,
    ...(source && { query: source }),
    onConflict,
    ...(moreConflicts.length > 0 && { moreConflicts }),
    returning,
    at,
  }
}

/** `(a, b)` in front of VALUES; a parenthesis may as well begin a query. */
function insertColumns(c: Cursor): string[] | undefined {
  if (c.peek() !== '(') return undefined
  let next = 1
  while (c.ahead(next) === '(') ++next
  const first = c.ahead(next)
  if (first === 'select' || first === 'with' || (first === 'values' && c.ahead(next + 1) === '(')) return undefined
  ++c.pos
  if (c.accept(')')) return []
  return c.list(() => {
    let name = c.name('a column name')
    if (c.accept('.')) name = c.label('a column name')
    return name
  }, true)
}

function conflictWord(c: Cursor): 'ignore' | 'replace' | undefined {
  const word = c.peek()
  switch (word) {
    case 'ignore':
    case 'replace':
      ++c.pos
      return word
    case 'abort':
      ++c.pos
      return undefined
    case 'fail':
    case 'rollback':
      return c.refuse(`OR ${c.peek().toUpperCase()}`, 'Without it a statement that fails leaves nothing behind.')
  }
  return c.fail('IGNORE, REPLACE or ABORT')
}

function insertRows(c: Cursor): (Expression | undefined)[][] {
  return c.list(() => {
    if (c.peek() === 'row') ++c.pos
    c.expect('(')
    if (c.peek() === ')' && c.accept(')')) return []
    return c.rowOf(() => (isDefault(c) ? undefined : expression(c)), true)
  })
}

/** DEFAULT alone; is read then. */
function isDefault(c: Cursor): boolean {
  if (c.peek() !== 'default') return false
  if (c.ahead(1) === '(') c.refuse('DEFAULT(column)', 'Write DEFAULT in the place of the column itself.')
  ++c.pos
  return true
}

// --- SET ---

interface SetClause {
  readonly set: Assignment[]
  readonly rows: { columns: readonly string[]; query: Query }[]
  /** The tables that were named in front of columns, in lower case. */
  readonly tables: Set<string>
}

/** `a = 1, t.b = DEFAULT`, and rows: `(a, b) = (1, 2)`. */
export function setClause(c: Cursor): SetClause {
  const clause: SetClause = { set: [], rows: [], tables: new Set() }
  c.list(() => {
    if (c.peek() === '(') setRow(c, clause)
    else {
      const at = c.at
      let column = c.name('a column name')
      if (c.accept('.')) {
        clause.tables.add(column.toLowerCase())
        column = c.label('a column name')
        if (c.accept('.')) {
          clause.tables.clear()
          clause.tables.add(column.toLowerCase())
          column = c.label('a column name')
        }
      }
      if (!c.accept(':=')) c.expect('=')
      clause.set.push({ column, value: newValue(c), at })
    }
  })
  return clause
}

/** Without rows of a query, and, if `plain`, without other tables. */
export function assignments(c: Cursor, plain: boolean): Assignment[] {
  const at = c.at
  const { set, rows, tables } = setClause(c)
  if (rows.length > 0) c.refuse('SET (…) = (SELECT …) here', 'Write one subquery for each column.', at)
  if (plain && tables.size > 1) c.refuse('SET of several tables', undefined, at)
  return set
}

function newValue(c: Cursor): Expression {
  const at = c.at
  return isDefault(c) ? { kind: 'default', at } : expression(c)
}

function setRow(c: Cursor, clause: SetClause): void {
  const at = c.at
  const columns = c.names()
  c.expect('=')
  const plain = !c.accept('row')
  if (plain && c.peek() !== '(') {
    // PostgreSQL: `SET (a) = 1` is `SET a = 1`.
    if (columns.length !== 1) c.fail('a row')
    clause.set.push({ column: columns[0]!, value: newValue(c), at })
    return
  }
  const values = rowValues(c)
  if ('query' in values) {
    clause.rows.push({ columns, query: values.query })
    return
  }
  if (values.items.length !== columns.length) {
    c.problem(`${columns.length} columns are set to ${values.items.length} values.`)
  }
  columns.forEach((column, i) => clause.set.push({ column, value: values.items[i]!, at }))
}

function rowValues(c: Cursor): { items: Expression[] } | { query: Query } {
  if (c.ahead(1) !== 'default' && !hasDefault(c)) {
    const { query: inner, items } = parenthesized(c)
    return inner ? { query: inner } : { items }
  }
  c.expect('(')
  return { items: c.list(() => newValue(c), true) }
}

/** Whether DEFAULT stands behind a comma of this row, outside of further parentheses. */
function hasDefault(c: Cursor): boolean {
  let depth = 0
  for (let i = 0; ; ++i) {
    const type = c.ahead(i)
    if (type === '(') ++depth
    else if (type === ')' && --depth === 0) return false
    else if (type === '#end') return false
    else if (type === 'default' && depth === 1) return true
  }
}

// --- UPDATE ---

export function update(c: Cursor, withTables: WithClause | undefined): UpdateStatement {
  const at = c.at
  ++c.pos
  let conflict: 'ignore' | 'replace' | undefined
  if (c.accept('or')) conflict = conflictWord(c)
  if (c.peek() === 'low_priority') ++c.pos
  if (c.peek() === 'ignore' && c.ahead(1) !== 'set' && c.ahead(1) !== 'as') {
    ++c.pos
    conflict = 'ignore'
  }
  const tablesAt = c.at
  const tables = from(c)
  c.expect('set')
  const { set, rows, tables: named } = setClause(c)
  const other = c.accept('from') ? from(c) : undefined
  const where = whereClause(c)
  const { target, rest, condition } = targetOfMany(c, tables, named, tablesAt)
  const source = rest && other ? crossJoin(rest, other) : (rest ?? other)
  const returning = returningClause(c)
  const { orderBy, limit, offset } = writeTail(c)
  return {
    kind: 'update',
    ...(withTables && { with: withTables }),
    table: target.name,
    alias: target.alias,
    set,
    ...(rows.length > 0 && { setRows: rows }),
    ...(source && { from: source }),
    where: mergeConditions(condition, where),
    ...(orderBy && { orderBy }),
    ...(limit && { limit }),
    ...(offset && { offset }),
    ...(conflict && { conflict }),
    returning: returning.length > 0 ? returning : returningClause(c),
    at,
  }
}

export function crossJoin(left: TableExpression, right: TableExpression): TableExpression {
  return { kind: 'join', join: 'cross', left, right, on: undefined }
}

export function mergeConditions(a: Expression | undefined, b: Expression | undefined): Expression | undefined {
  return a && b ? { kind: 'and', operands: [a, b], at: b.at } : (a ?? b)
}

function whereClause(c: Cursor): Expression | undefined {
  if (!c.accept('where')) return undefined
  if (c.peek() === 'current' && c.ahead(1) === 'of') c.refuse('WHERE CURRENT OF', 'Name the row by its primary key.')
  return expression(c)
}

function writeTail(c: Cursor): {
  orderBy: OrderItem[] | undefined
  limit: Expression | undefined
  offset: Expression | undefined
} {
  const orderBy = c.acceptPair('order', 'by') ? orderItems(c) : undefined
  const limits = limitClause(c)
  return { orderBy, limit: limits?.limit, offset: limits?.offset }
}

export function returningClause(c: Cursor): SelectItem[] {
  return c.accept('returning') ? selectItems(c) : []
}

// --- DELETE ---

export function deleteFrom(c: Cursor, withTables: WithClause | undefined): DeleteStatement {
  const at = c.at
  ++c.pos
  while (c.peek() === 'low_priority' || c.peek() === 'quick' || (c.peek() === 'ignore' && c.ahead(1) === 'from'))
    ++c.pos
  const { table, alias, using, condition } =
    c.peek() === 'from' || c.dialect === 'sqlite' ? deleteOne(c) : deleteNamed(c)
  const where = whereClause(c)
  const returning = returningClause(c)
  const { orderBy, limit, offset } = writeTail(c)
  return {
    kind: 'delete',
    ...(withTables && { with: withTables }),
    table,
    alias,
    ...(using && { using }),
    where: mergeConditions(condition, where),
    ...(orderBy && { orderBy }),
    ...(limit && { limit }),
    ...(offset && { offset }),
    returning: returning.length > 0 ? returning : returningClause(c),
    at,
  }
}

interface DeleteTarget {
  readonly table: string
  readonly alias: string | undefined
  readonly using: TableExpression | undefined
  readonly condition?: Expression | undefined
}

/** `DELETE FROM t [alias] [USING …]`. */
function deleteOne(c: Cursor): DeleteTarget {
  c.expect('from')
  if (c.peek() === 'only' && isBareAlias(c.ahead(1))) ++c.pos
  const at = c.at
  const table = tableName(c)
  skipIndexHint(c)
  const alias = c.accept('as') ? c.name('an alias') : isBareAlias(c.peek()) ? c.name() : undefined
  skipIndexHint(c)
  if (c.peek() === ',') c.refuse('DELETE from several tables', 'Write one DELETE for each, in one transaction.')
  if (!c.accept('using')) return { table, alias, using: undefined }
  const tables = from(c)
  if (c.dialect === 'mysql') {
    const merged = mergeTables(c, tables, new Set([(alias ?? table).toLowerCase()]), at)
    return { table: merged.target.name, alias: merged.target.alias, using: merged.rest, condition: merged.condition }
  }
  return { table, alias, using: tables }
}

/** MySQL's `DELETE t FROM t JOIN u ON …`. */
function deleteNamed(c: Cursor): DeleteTarget {
  const at = c.at
  if (!c.is('from') && c.ahead(1) !== 'from' && c.ahead(1) !== '.' && c.ahead(1) !== ',') c.fail()
  const name = tableName(c)
  if (c.accept('.')) c.expect('*')
  if (c.peek() === ',') c.refuse('DELETE from several tables', 'Write one DELETE for each, in one transaction.')
  c.expect('from')
  const merged = mergeTables(c, from(c), new Set([name.toLowerCase()]), at)
  return { table: merged.target.name, alias: merged.target.alias, using: merged.rest, condition: merged.condition }
}
