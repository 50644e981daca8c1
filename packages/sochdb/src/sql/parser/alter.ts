/** ALTER TABLE. */
import type { AlterAction, AlterTable } from '../ast/ddl.js'
import { columnDefinition, startsTableConstraint, stored, tableConstraint } from './columns.js'
import type { Cursor } from './cursor.js'
import { cascade, ifExists, ifNotExists, mysqlOption, option, startsMysqlOption } from './ddl.js'
import { expression } from './expressions.js'
import { typeOfColumn } from './types.js'
import { isName } from './words.js'
import { tableName } from './writes.js'

export function alterTable(c: Cursor): AlterTable {
  const at = c.at
  ++c.pos
  if (c.peek() !== 'table' && isName(c.peek()))
    c.refuse(`ALTER ${c.source().toUpperCase()}`, 'Drop it and create it anew.')
  c.expect('table')
  const absent = ifExists(c)
  if (c.peek() === 'only' && isName(c.ahead(1))) ++c.pos
  const table = tableName(c)
  const actions: AlterAction[] = []
  do actions.push(...action(c))
  while (c.accept(','))
  return { kind: 'alterTable', table, ifExists: absent, actions, at }
}

function action(c: Cursor): AlterAction[] {
  switch (c.peek()) {
    case 'add':
      return add(c)
    case 'drop':
      return [drop(c)]
    case 'rename':
      return [rename(c)]
    case 'alter':
      return [alterColumn(c)]
    case 'modify': {
      ++c.pos
      c.accept('column')
      const definition = columnDefinition(c)
      refusePlace(c)
      return [{ kind: 'replaceColumn', column: definition.name, definition }]
    }
    case 'change': {
      ++c.pos
      c.accept('column')
      const column = c.name('a column name')
      const definition = columnDefinition(c)
      refusePlace(c)
      return [{ kind: 'replaceColumn', column, definition }]
    }
    case 'set':
      ++c.pos
      c.expect('(')
      return [{ kind: 'setOptions', options: c.list(() => option(c), true) }]
  }
  if (startsMysqlOption(c)) return [{ kind: 'setOptions', options: [mysqlOption(c)] }]
  c.is('add')
  c.is('drop')
  c.is('rename')
  c.is('alter')
  return c.fail()
}

function refusePlace(c: Cursor): void {
  if (c.peek() === 'first' || c.peek() === 'after') c.refuse(c.peek().toUpperCase(), 'Columns are added at the end.')
}

function add(c: Cursor): AlterAction[] {
  ++c.pos
  if (startsTableConstraint(c)) return [{ kind: 'addConstraint', constraint: tableConstraint(c) }]
  c.accept('column')
  const absent = ifNotExists(c)
  if (c.accept('(')) {
    return c.list((): AlterAction => {
      if (startsTableConstraint(c)) return { kind: 'addConstraint', constraint: tableConstraint(c) }
      return { kind: 'addColumn', column: columnDefinition(c), ifNotExists: absent }
    }, true)
  }
  const column = columnDefinition(c)
  refusePlace(c)
  return [{ kind: 'addColumn', column, ifNotExists: absent }]
}

function drop(c: Cursor): AlterAction {
  ++c.pos
  const named = isName(c.ahead(1)) || c.ahead(1) === 'foreign'
  if (c.accept('constraint')) {
    const absent = ifExists(c)
    const name = c.name('a constraint name')
    cascade(c)
    return { kind: 'dropConstraint', name, ifExists: absent }
  }
  if (c.acceptPair('primary', 'key')) return { kind: 'dropConstraint', name: 'primary', ifExists: false }
  if (
    c.acceptPair('foreign', 'key') ||
    (named && (c.acceptOneOf('index', 'key') ?? (c.accept('check') ? 'check' : undefined)))
  ) {
    const absent = ifExists(c)
    return { kind: 'dropConstraint', name: c.name('a constraint name'), ifExists: absent }
  }
  c.accept('column')
  const absent = ifExists(c)
  const column = c.name('a column name')
  return { kind: 'dropColumn', column, ifExists: absent, cascade: cascade(c) }
}

function rename(c: Cursor): AlterAction {
  ++c.pos
  if (c.acceptOneOf('to', 'as')) return { kind: 'renameTable', to: tableName(c) }
  if (c.peek() === 'constraint') c.refuse('RENAME CONSTRAINT', 'Drop it and add it anew.')
  if ((c.peek() === 'index' || c.peek() === 'key') && c.ahead(1) !== 'to') {
    ++c.pos
    const name = c.name('an index name')
    c.expect('to')
    return { kind: 'renameIndex', name, to: c.name('an index name') }
  }
  if (c.peek() === 'column' && c.ahead(1) !== 'to') ++c.pos
  const column = c.name('a column name')
  // MySQL's `RENAME t2`.
  if (c.peek() !== 'to') return { kind: 'renameTable', to: column }
  ++c.pos
  return { kind: 'renameColumn', column, to: c.name('a column name') }
}

function alterColumn(c: Cursor): AlterAction {
  ++c.pos
  c.accept('column')
  const column = c.name('a column name')
  if (c.accept('drop')) {
    if (c.accept('default')) return { kind: 'setDefault', column, default: undefined }
    if (c.acceptPair('not', 'null')) return { kind: 'dropNotNull', column }
    return c.refuse(`ALTER COLUMN … DROP ${c.source().toUpperCase()}`)
  }
  if (c.accept('type')) return setType(c, column)
  c.expect('set')
  if (c.accept('default')) {
    const start = c.at
    return { kind: 'setDefault', column, default: stored(c, start, expression(c)) }
  }
  if (c.acceptPair('not', 'null')) return { kind: 'setNotNull', column }
  if (c.acceptPair('data', 'type')) return setType(c, column)
  return c.fail()
}

function setType(c: Cursor, column: string): AlterAction {
  const { type } = typeOfColumn(c)
  if (type === undefined) return c.fail('a type')
  if (c.accept('collate')) c.refuse('COLLATE in ALTER COLUMN')
  if (!c.accept('using')) return { kind: 'setType', column, type, using: undefined }
  const start = c.at
  return { kind: 'setType', column, type, using: stored(c, start, expression(c)) }
}
