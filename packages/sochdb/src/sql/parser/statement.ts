/** Statements, by their first word. */
import type { DataStatement, Statement } from '../ast/nodes.js'
import { didYouMean } from '../problem.js'
import type { Cursor } from './cursor.js'
import { createStatement, dropStatement, truncate } from './ddl.js'
import { alterTable } from './alter.js'
import { query, queryAfterWith, withClause } from './select.js'
import {
  analyze,
  begin,
  commit,
  describe,
  explain,
  pragma,
  reindex,
  release,
  reset,
  rollback,
  savepoint,
  setStatement,
  show,
  vacuum,
} from './utility.js'
import { deleteFrom, insert, update } from './writes.js'

const RULES: ReadonlyMap<string, (c: Cursor) => Statement> = new Map<string, (c: Cursor) => Statement>([
  ['create', createStatement],
  ['drop', dropStatement],
  ['alter', alterTable],
  ['truncate', truncate],
  ['begin', begin],
  ['start', begin],
  ['commit', commit],
  ['end', commit],
  ['rollback', rollback],
  ['abort', rollback],
  ['savepoint', savepoint],
  ['release', release],
  ['explain', explain],
  ['describe', describe],
  ['desc', describe],
  ['pragma', pragma],
  ['show', show],
  ['analyze', analyze],
  ['analyse', analyze],
  ['vacuum', vacuum],
  ['optimize', vacuum],
  ['reindex', reindex],
  ['set', setStatement],
  ['reset', reset],
])

/** What others have, and what to do instead. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['merge', 'Use INSERT … ON CONFLICT.'],
  ['copy', 'Use INSERT with many rows.'],
  ['load', 'Use INSERT with many rows.'],
  ['attach', 'Open the other database beside this one.'],
  ['detach', 'Close the database that was opened beside this one.'],
  ['use', 'A database has namespaces instead: use(…) of the connection.'],
  ['grant', 'Access is given where a database is served.'],
  ['revoke', 'Access is given where a database is served.'],
  ['call', 'Call a function in SELECT.'],
  ['do', 'Write the code in JavaScript.'],
  ['prepare', 'Use prepare(…) of the connection.'],
  ['execute', 'Use prepare(…) of the connection.'],
  ['deallocate', 'Use prepare(…) of the connection.'],
  ['declare', 'Iterate over the result.'],
  ['fetch', 'Iterate over the result.'],
  ['lock', 'Use a serializable transaction.'],
  ['unlock', 'Use a serializable transaction.'],
  ['comment', 'Write it into the schema file.'],
  ['notify', 'Use watch(…) of the connection.'],
])

export function dataStatement(c: Cursor): DataStatement | undefined {
  switch (c.peek()) {
    case 'select':
    case 'values':
    case '(':
    case 'table':
      return query(c)
    case 'insert':
      return insert(c, undefined)
    case 'replace':
      return insert(c, undefined)
    case 'update':
      return update(c, undefined)
    case 'delete':
      return deleteFrom(c, undefined)
    case 'with': {
      c.enter()
      const tables = withClause(c)
      --c.depth
      switch (c.peek()) {
        case 'insert':
        case 'replace':
          return insert(c, tables)
        case 'update':
          return update(c, tables)
        case 'delete':
          return deleteFrom(c, tables)
      }
      return queryAfterWith(c, tables)
    }
  }
  return undefined
}

export function statement(c: Cursor): Statement {
  const data = dataStatement(c)
  if (data) return data
  const rule = RULES.get(c.peek())
  if (rule) return rule(c)
  const instead = REFUSED.get(c.peek())
  if (instead !== undefined) c.refuse(`${c.peek().toUpperCase()}`, instead)
  if (c.peek() === '#error' || c.peek() === '#end') c.fail('a statement')
  const word = c.source()
  const hint = /^\w+$/.test(word) ? didYouMean(word, LEADING) : ''
  c.problem(`A statement does not begin with ${JSON.stringify(word.slice(0, 40))}.${upperHint(hint)}`)
}

const LEADING = [...RULES.keys(), 'select', 'values', 'insert', 'replace', 'update', 'delete', 'with']

const upperHint = (hint: string): string => hint.replace(/"(.*)"/, (_, word: string) => `"${word.toUpperCase()}"`)
