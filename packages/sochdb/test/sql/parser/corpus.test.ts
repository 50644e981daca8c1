/** Every statement of the corpus parses; prints as text that parses to the same tree; and has a structural key. */
import sqlite from 'node-sqlite3-wasm'
import { printStatement, shapeOf } from '../../../src/sql/ast/index.js'
import type { DataStatement, Statement } from '../../../src/sql/ast/nodes.js'
import { parseStatement } from '../../../src/sql/parser/index.js'
import type { Dialect } from '../../../src/sql/parser/index.js'
import { MYSQL, POSTGRES, SQLITE, SQLITE_SCHEMA } from './corpus.js'
import { bare } from './bare.js'

const DATA = new Set(['select', 'values', 'setOperation', 'insert', 'update', 'delete'])
const isData = (s: Statement): s is DataStatement => DATA.has(s.kind)

const CORPORA: readonly [Dialect, readonly string[]][] = [
  ['sqlite', SQLITE],
  ['postgres', POSTGRES],
  ['mysql', MYSQL],
]

test('the corpus has its size', () => {
  expect(SQLITE.length + POSTGRES.length + MYSQL.length).toBeGreaterThanOrEqual(380)
})

describe.each(CORPORA)('%s', (dialect, statements) => {
  test.each(statements)('%s', text => {
    const { statement } = parseStatement(text, { dialect })
    const printed = printStatement(statement)
    expect([printed, bare(parseStatement(printed).statement)]).toEqual([printed, bare(statement)])
    if (isData(statement)) {
      // The text of a column is part of the key, and differs in what is printed.
      const again = parseStatement(printed).statement as DataStatement
      expect(shapeOf(bare(again) as DataStatement)).toEqual(shapeOf(bare(statement) as DataStatement))
    }
  })
})

test('`auto` takes what is SQLite, as SQLite does', () => {
  for (const text of SQLITE) {
    expect([text, bare(parseStatement(text).statement)]).toEqual([
      text,
      bare(parseStatement(text, { dialect: 'sqlite' }).statement),
    ])
  }
})

test('trees that differ have different keys', () => {
  const seen = new Map<string, string>()
  for (const [dialect, statements] of CORPORA) {
    for (const text of statements) {
      const { statement } = parseStatement(text, { dialect })
      if (!isData(statement)) continue
      const { key } = shapeOf(statement)
      const tree = JSON.stringify(bare(statement))
      expect([text, seen.get(key) ?? tree]).toEqual([text, tree])
      seen.set(key, tree)
    }
  }
})

test('the text of unnamed columns is part of the key', () => {
  const key = (text: string): string => shapeOf(parseStatement(text).statement).key
  expect(key('select a+1 from t')).not.toBe(key('select a + 1 from t'))
  expect(key('select a+1 as x from t')).toBe(key('select a + 1 as x from t'))
})

test('SQLite prepares its part of the corpus', () => {
  const db = new sqlite.Database(':memory:')
  try {
    db.exec(SQLITE_SCHEMA)
    for (const text of SQLITE) {
      const problem = (() => {
        try {
          db.prepare(text).finalize()
          return undefined
        } catch (error) {
          return String(error)
        }
      })()
      expect([text, problem]).toEqual([text, undefined])
    }
  } finally {
    db.close()
  }
})
