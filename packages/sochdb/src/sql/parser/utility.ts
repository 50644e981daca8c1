/** Transactions, EXPLAIN, PRAGMA, SHOW, SET and upkeep. */
import type {
  ExplainStatement,
  MaintenanceStatement,
  PragmaStatement,
  ShowStatement,
  TransactionStatement,
} from '../ast/ddl.js'
import type { Statement } from '../ast/nodes.js'
import type { Cursor } from './cursor.js'
import { decodeString } from './literals.js'
import { string } from './primary.js'
import { dataStatement } from './statement.js'
import { isName, isWord } from './words.js'
import { tableName } from './writes.js'

// --- transactions ---

type Begin = Extract<TransactionStatement, { kind: 'begin' }>

/** BEGIN, START TRANSACTION. */
export function begin(c: Cursor): TransactionStatement {
  const at = c.at
  if (c.accept('start')) c.expect('transaction')
  else {
    ++c.pos
    // How SQLite takes its lock: there is none to take.
    if (!c.acceptOneOf('deferred', 'immediate', 'exclusive')) c.acceptText('concurrent')
    c.acceptOneOf('transaction', 'work')
  }
  let wanted = false
  if (c.acceptPair('with', 'consistent')) {
    c.expect('snapshot')
    wanted = c.accept(',')
  }
  return { kind: 'begin', ...transactionModes(c, wanted), at }
}

/** `wanted`: one at the least, behind a comma. */
function transactionModes(c: Cursor, wanted = false): Pick<Begin, 'isolation' | 'readOnly'> {
  let isolation: Begin['isolation']
  let readOnly = false
  for (let isOpen = wanted; ; isOpen = c.accept(',')) {
    if (c.acceptPair('isolation', 'level')) isolation = isolationLevel(c)
    else if (c.acceptPair('read', 'only')) readOnly = true
    else if (!c.acceptPair('read', 'write') && !c.acceptPair('not', 'deferrable') && !c.accept('deferrable')) {
      if (isOpen) c.fail('ISOLATION LEVEL')
      break
    }
  }
  return { isolation, readOnly }
}

function isolationLevel(c: Cursor): NonNullable<Begin['isolation']> {
  if (c.accept('serializable')) return 'serializable'
  if (c.acceptPair('repeatable', 'read') || c.accept('snapshot')) return 'snapshot'
  // PostgreSQL too gives no less than READ COMMITTED.
  if (c.acceptPair('read', 'committed') || c.acceptPair('read', 'uncommitted')) return 'readCommitted'
  return c.fail()
}

/** COMMIT, END. */
export function commit(c: Cursor): TransactionStatement {
  const at = c.at
  ++c.pos
  c.acceptOneOf('transaction', 'work')
  noChain(c)
  return { kind: 'commit', at }
}

/** ROLLBACK, ABORT; ROLLBACK TO. */
export function rollback(c: Cursor): TransactionStatement {
  const at = c.at
  const abort = c.peek() === 'abort'
  ++c.pos
  c.acceptOneOf('transaction', 'work')
  if (!abort && c.accept('to')) {
    if (c.peek() === 'savepoint' && isName(c.ahead(1))) ++c.pos
    return { kind: 'rollback', to: c.name('a savepoint'), at }
  }
  noChain(c)
  return { kind: 'rollback', to: undefined, at }
}

function noChain(c: Cursor): void {
  if (!c.accept('and')) return
  if (c.peek() === 'chain') c.refuse('AND CHAIN', 'Begin the next transaction with BEGIN.')
  c.expect('no')
  c.expect('chain')
}

export function savepoint(c: Cursor): TransactionStatement {
  const at = c.at
  ++c.pos
  return { kind: 'savepoint', name: c.name('a savepoint'), at }
}

export function release(c: Cursor): TransactionStatement {
  const at = c.at
  ++c.pos
  if (c.peek() === 'savepoint' && isName(c.ahead(1))) ++c.pos
  return { kind: 'release', name: c.name('a savepoint'), at }
}

// --- EXPLAIN ---

export function explain(c: Cursor): ExplainStatement {
  const at = c.at
  ++c.pos
  let analyze = false
  if (c.accept('query')) c.expect('plan')
  else if (c.peek() === '(' && isWord(c.ahead(1)) && !['select', 'with', 'values'].includes(c.ahead(1))) {
    ++c.pos
    analyze = explainOptions(c)
  } else {
    analyze = c.acceptOneOf('analyze', 'analyse') !== undefined
    c.accept('verbose')
    if (c.accept('format')) {
      c.expect('=')
      c.label('a format')
    }
  }
  const statement = dataStatement(c)
  if (!statement) c.fail('a query, INSERT, UPDATE or DELETE')
  return { kind: 'explain', analyze, statement, at }
}

/** `(ANALYZE, FORMAT JSON)`: whether ANALYZE is among them. */
function explainOptions(c: Cursor): boolean {
  let analyze = false
  c.list(() => {
    const name = c.label('an option').toLowerCase()
    const value = isWord(c.peek()) || c.peek() === '#number' ? c.source().toLowerCase() : undefined
    if (value !== undefined) ++c.pos
    if (name === 'analyze' || name === 'analyse') analyze = value === undefined || ['true', 'on', '1'].includes(value)
  }, true)
  return analyze
}

// --- what asks and sets ---

export function pragma(c: Cursor): PragmaStatement {
  const at = c.at
  ++c.pos
  let name = c.name('the name of a pragma')
  if (c.accept('.')) name = c.label('the name of a pragma')
  name = name.toLowerCase()
  if (c.accept('=')) return { kind: 'pragma', name, argument: pragmaValue(c), assigned: true, at }
  if (!c.accept('(')) return { kind: 'pragma', name, argument: undefined, assigned: false, at }
  const argument = pragmaValue(c)
  c.expect(')')
  return { kind: 'pragma', name, argument, assigned: false, at }
}

function pragmaValue(c: Cursor): string | number {
  const sign = c.accept('-') ? -1 : 1
  if (sign === 1) c.accept('+')
  if (c.peek() === '#number') {
    const value = sign * Number(c.source().replaceAll('_', ''))
    ++c.pos
    return value === 0 ? 0 : value
  }
  if (c.peek() === '#string') {
    const value = decodeString(c.source(), c.dialect)
    ++c.pos
    return value
  }
  return c.label('a value')
}

export function show(c: Cursor): ShowStatement {
  const at = c.at
  ++c.pos
  const of = (what: ShowStatement['what'], name: string | undefined): ShowStatement => ({
    kind: 'show',
    what,
    name,
    at,
  })
  if (c.peek() === 'full' && (c.ahead(1) === 'tables' || c.ahead(1) === 'columns' || c.ahead(1) === 'fields')) ++c.pos
  if (c.accept('tables')) {
    if (c.acceptOneOf('from', 'in')) c.name('a database')
    if (c.peek() === 'like' || c.peek() === 'where') c.refuse(`SHOW TABLES ${c.peek().toUpperCase()}`, TABLES_HINT)
    return of('tables', undefined)
  }
  if (c.acceptOneOf('columns', 'fields')) return of('columns', showTable(c))
  if (c.acceptOneOf('index', 'indexes', 'keys')) return of('indexes', showTable(c))
  if (c.acceptPair('create', 'table')) return of('createTable', tableName(c))
  if (c.acceptOneOf('variables')) {
    if (!c.accept('like')) return of('variable', undefined)
    return of('variable', string(c))
  }
  if (c.acceptPair('transaction', 'isolation')) {
    c.expect('level')
    return of('variable', 'transaction_isolation')
  }
  if (c.accept('all')) return of('variable', undefined)
  let name = c.label('TABLES, COLUMNS, INDEX or a variable')
  while (c.accept('.')) name += `.${c.label('a variable')}`
  return of('variable', name)
}

const TABLES_HINT = 'Query information_schema.tables.'

function showTable(c: Cursor): string {
  if (!c.accept('from')) c.expect('in')
  const name = tableName(c)
  if (c.acceptOneOf('from', 'in')) c.name('a database')
  return name
}

/** DESCRIBE t; MySQL writes EXPLAIN so too. */
export function describe(c: Cursor): Statement {
  const at = c.at
  const explained = c.ahead(1)
  if (['select', 'insert', 'update', 'delete', 'with', 'replace', 'values', '('].includes(explained)) return explain(c)
  ++c.pos
  if (c.peek() === 'table' && isName(c.ahead(1))) ++c.pos
  return { kind: 'show', what: 'columns', name: tableName(c), at }
}

/** `SET x = y`, `SET LOCAL x TO y`, `SET NAMES utf8`, `SET TRANSACTION …`. */
export function setStatement(c: Cursor): MaintenanceStatement {
  const at = c.at
  ++c.pos
  const of = (name: string, value: string | undefined): MaintenanceStatement => {
    return { kind: 'maintenance', what: 'set', name, value, at }
  }
  const next = c.ahead(1)
  if ((c.peek() === 'session' || c.peek() === 'local' || c.peek() === 'global') && isWord(next) && next !== 'to')
    ++c.pos
  if (c.acceptText('characteristics')) {
    c.expect('as')
    if (!c.is('transaction')) c.fail()
  }
  if (c.peek() === 'transaction' && isWord(c.ahead(1))) {
    ++c.pos
    const start = c.at
    transactionModes(c)
    return of('transaction', c.since(start).toLowerCase())
  }
  if (c.peek() === 'names' && c.ahead(1) !== '=' && c.ahead(1) !== 'to') {
    ++c.pos
    return of('names', settingValue(c))
  }
  if (c.acceptPair('time', 'zone')) return of('timezone', settingValue(c))
  if (c.acceptPair('character', 'set')) return of('charset', settingValue(c))
  if (c.accept('@@')) {
    if ((c.peek() === 'session' || c.peek() === 'global') && c.ahead(1) === '.') c.pos += 2
  }
  let name: string
  if (c.peek() === '#parameter') {
    name = c.source().toLowerCase()
    ++c.pos
  } else name = c.label('the name of a setting').toLowerCase()
  while (c.accept('.')) name += `.${c.label('the name of a setting').toLowerCase()}`
  if (!c.accept('=') && !c.accept(':=')) c.expect('to')
  return of(name, settingValue(c))
}

/** As written, but for the quotes of a string: settings have no expressions here. */
function settingValue(c: Cursor): string {
  if (c.peek() === '#string' && (c.ahead(1) === '#end' || c.ahead(1) === ';')) return string(c)
  const start = c.at
  while (c.peek() !== '#end' && c.peek() !== ';' && c.peek() !== '#error') ++c.pos
  if (c.peek() === '#error' || c.lastEnd <= start) c.fail('a value')
  return c.since(start)
}

export function reset(c: Cursor): MaintenanceStatement {
  const at = c.at
  ++c.pos
  let name = c.label('the name of a setting').toLowerCase()
  while (c.accept('.')) name += `.${c.label('the name of a setting').toLowerCase()}`
  return { kind: 'maintenance', what: 'set', name, value: undefined, at }
}

// --- upkeep ---

export function analyze(c: Cursor): MaintenanceStatement {
  const at = c.at
  ++c.pos
  c.accept('verbose')
  if (c.peek() === 'table' && isName(c.ahead(1))) ++c.pos
  return { kind: 'maintenance', what: 'analyze', name: optionalTable(c), value: undefined, at }
}

/** VACUUM; MySQL's OPTIMIZE TABLE. */
export function vacuum(c: Cursor): MaintenanceStatement {
  const at = c.at
  if (c.accept('optimize')) c.expect('table')
  else {
    ++c.pos
    if (c.accept('(')) c.list(() => c.label('an option'), true)
    while (c.peek() === 'full' || c.peek() === 'verbose' || c.peek() === 'analyze' || c.isText('freeze')) ++c.pos
  }
  const name = optionalTable(c)
  if (c.peek() === 'into') c.refuse('VACUUM INTO', 'Use backup(…) of the database.')
  return { kind: 'maintenance', what: 'vacuum', name, value: undefined, at }
}

export function reindex(c: Cursor): MaintenanceStatement {
  const at = c.at
  ++c.pos
  if ((c.peek() === 'table' || c.peek() === 'index' || c.peek() === 'database') && isName(c.ahead(1))) ++c.pos
  return { kind: 'maintenance', what: 'reindex', name: optionalTable(c), value: undefined, at }
}

function optionalTable(c: Cursor): string | undefined {
  if (!isName(c.peek())) return undefined
  const name = tableName(c)
  if (c.peek() === '(') c.names()
  return name
}
