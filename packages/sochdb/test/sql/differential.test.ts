/**
 * The same random statements here and in SQLite, over the same rows: what comes back must be the same. And with the optimizer off:
 * it may change how rows are found, never which.
 */
import sqlite from 'node-sqlite3-wasm'
import { Database } from '../../src/index.js'
import { createTable } from '../../src/sql/catalog/index.js'
import { compile } from '../../src/sql/plan/compile.js'
import { catalogSnapshot } from '../../src/sql/catalog/index.js'
import { NativeStatement } from '../../src/sql/result/index.js'
import { catalogStore, executeStatement } from '../../src/sql/session.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { DEFAULT_NAMESPACE_ID } from '../../src/engine/index.js'
import { insert, p, printStatement } from './support.js'
import { Random, StatementMaker, TEXTS } from './random.js'

type Cells = (string | number | null)[]

const real = (name: string, nullable: boolean) => ({ name, type: 'real', nullable }) as const
const integer = (name: string, nullable: boolean) => ({ name, type: 'integer', nullable }) as const
const text = (name: string, nullable: boolean) => ({ name, type: 'text', nullable }) as const
const on = (name: string, unique: boolean, ...columns: string[]) => ({
  name,
  unique,
  columns: columns.map(column => ({ column: column.replace('-', ''), desc: column.startsWith('-') })),
})

const TABLES = [
  {
    name: 't',
    columns: [integer('id', false), integer('a', true), integer('b', false), real('x', true), text('s', true)],
    primaryKey: ['id'],
    indexes: [on('t_a', false, 'a'), on('t_b_x', false, 'b', '-x'), on('t_s', false, '-s', 'a')],
  },
  {
    name: 'u',
    columns: [integer('k', false), integer('n', false), text('s', true)],
    primaryKey: ['k', 'n'],
    indexes: [on('u_n', false, 'n'), on('u_s_n', true, 's', 'n', 'k')],
  },
]

let db: Database
let peer: sqlite.Database

beforeAll(() => {
  db = Database.open(':memory:')
  peer = new sqlite.Database(':memory:')
  db.transaction(transaction => {
    for (const spec of TABLES) createTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, spec)
  })
  peer.exec('create table t (id integer primary key, a integer, b integer not null, x real, s text) strict')
  peer.exec('create table u (k integer not null, n integer not null, s text, primary key (k, n)) strict')
  const random = new Random(7)
  const maybe = <T>(value: T) => (random.chance(0.2) ? null : value)
  const t = Array.from({ length: 60 }, (_, i): Cells => [
    i,
    maybe(random.below(10)),
    random.below(6),
    maybe(random.below(40) / 4),
    maybe(random.pick(TEXTS)),
  ])
  const u = Array.from({ length: 40 }, (_, i): Cells => [i >> 2, i & 3, maybe(random.pick(TEXTS))])
  load('t', ['id', 'a', 'b', 'x', 's'], t)
  load('u', ['k', 'n', 's'], u)
})

afterAll(() => {
  db.close()
  peer.close()
})

function load(table: string, columns: string[], rows: Cells[]): void {
  const cells = rows.map((row, i) => row.map((_, j) => p(i * row.length + j)))
  const { rowsAffected } = executeStatement(db, insert(table, columns, cells), rows.flat())
  expect(rowsAffected).toBe(rows.length)
  for (const row of rows) peer.run(`insert into ${table} values (${row.map(() => '?').join(', ')})`, row)
}

/** Positional rows, so that equal names do not hide columns. */
function unnamed<S extends Statement>(statement: S): S {
  if (statement.kind !== 'select') return statement
  return {
    ...statement,
    columns: statement.columns.map((item, i) => (item.kind === 'expression' ? { ...item, alias: `c${i}` } : item)),
  }
}

const cell = (value: unknown) => (Object.is(value, -0) ? 0 : typeof value === 'bigint' ? Number(value) : value)
const cells = (rows: readonly object[]) => rows.map(row => Object.values(row).map(cell))
const sorted = (rows: unknown[][]) => rows.map(row => JSON.stringify(row)).sort()

function ours(statement: Statement, values: readonly unknown[]): unknown[][] {
  return cells(executeStatement(db, statement, values).rows)
}

function unoptimized(statement: Statement, values: readonly unknown[]): unknown[][] {
  const catalog = catalogSnapshot(catalogStore(db), DEFAULT_NAMESPACE_ID, 0n)
  const types = new Map(
    values.flatMap((v, i) => (typeof v === 'number' && !Number.isInteger(v) ? [[i, 'real'] as const] : [])),
  )
  const plan = compile(statement, catalog, { optimize: false, parameterTypes: types })
  return cells(new NativeStatement(plan).all(db, db, values))
}

function theirs(statement: Statement, values: readonly unknown[]): unknown[][] {
  const sql = printStatement(statement).replace(/\$(\d+)/g, '?$1')
  return cells(peer.all(sql, values as Cells) as object[])
}

const BLOCKS = 20
const PER_BLOCK = 100

test.each(Array.from({ length: BLOCKS }, (_, block) => block))('queries of block %i give what SQLite gives', block => {
  for (let i = 0; i < PER_BLOCK; ++i) {
    const seed = 1 + block * PER_BLOCK + i
    const { statement, values, ordered } = new StatementMaker(new Random(seed)).select()
    const named = unnamed(statement)
    const shown = `seed ${seed}: ${printStatement(named)} ${JSON.stringify(values)}`
    const expected = theirs(named, values)
    const actual = ours(named, values)
    const plain = unoptimized(named, values)
    // With ties in an order that does not end in a key, SQLite's choice is its own; our orders end in keys of all tables.
    const isCut = named.limit !== undefined && named.distinct
    if (ordered && !named.distinct) {
      expect({ shown, rows: actual }).toEqual({ shown, rows: expected })
      expect({ shown, rows: plain }).toEqual({ shown, rows: expected })
    } else if (!isCut) {
      expect({ shown, rows: sorted(actual) }).toEqual({ shown, rows: sorted(expected) })
      expect({ shown, rows: sorted(plain) }).toEqual({ shown, rows: sorted(expected) })
    } else {
      expect({ shown, rows: actual.length }).toEqual({ shown, rows: expected.length })
    }
  }
})
