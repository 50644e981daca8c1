/**
 * The same random statements here and in SQLite, over the same rows: what comes back must be the same. And with the optimizer off:
 * it may change how rows are found, never which.
 */
import { isDeepStrictEqual } from 'node:util'
import sqlite from 'node-sqlite3-wasm'
import { Database, NotNullError, UniqueConstraintError } from '../../src/index.js'
import { createTable } from '../../src/sql/catalog/index.js'
import { compile } from '../../src/sql/plan/compile.js'
import { catalogSnapshot } from '../../src/sql/catalog/index.js'
import { NativeStatement } from '../../src/sql/result/index.js'
import { catalogStore, executeStatement, explainStatement } from '../../src/sql/session.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { DEFAULT_NAMESPACE_ID } from '../../src/engine/index.js'
import { asc, bin, c, desc, insert, lit, p, printStatement, select } from './support.js'
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
  {
    name: 'v',
    columns: [integer('id', false), integer('code', true), integer('w', false), text('s', true)],
    primaryKey: ['id'],
    indexes: [on('v_code', true, 'code'), on('v_w', false, '-w', 's')],
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
  peer.exec('create table v (id integer primary key, code integer unique, w integer not null, s text) strict')
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
  const sql = printStatement(statement)
    .replace(/\$(\d+)/g, '?$1')
    .replaceAll(' ilike ', ' like ')
  return cells(peer.all(sql, values as Cells) as object[])
}

function expectSame(shown: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect({ shown, actual }).toEqual({ shown: '', actual: expected })
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
    // Orders end in the keys of all tables, so that there are no ties; a DISTINCT has them, and which rows a limit cuts is open.
    const isExact = ordered && !named.distinct
    const isCut = named.limit !== undefined && named.distinct
    const view = (rows: unknown[][]) => (isExact ? rows : isCut ? rows.length : sorted(rows))
    expectSame(shown, view(actual), view(expected))
    expectSame(`unoptimized, ${shown}`, view(plain), view(expected))
  }
})

/** What a write did: the rows it returned or how many it touched; or that it broke a constraint, of several any one. */
function outcome(body: () => unknown): unknown {
  try {
    return body()
  } catch (error) {
    const isOurs = error instanceof UniqueConstraintError || error instanceof NotNullError
    if (isOurs || /(UNIQUE|NOT NULL) constraint/.test(String(error))) return 'refused'
    throw error
  }
}

test('writes do what they do in SQLite, and leave every index with the rows of its table', () => {
  const whole = select({ from: 'v', orderBy: [asc(c('id'))] })
  const byCode = select({
    columns: [c('id')],
    from: 'v',
    where: bin(c('code'), '>=', lit(-1)),
    orderBy: [asc(c('code'))],
  })
  const byW = select({ columns: [c('id')], from: 'v', orderBy: [desc(c('w')), asc(c('s')), asc(c('id'))] })
  expect(explainStatement(db, byCode)).toContain('v_code')
  expect(explainStatement(db, { ...byW, limit: lit(5) })).toContain('v_w')
  for (let seed = 1; seed <= 1500; ++seed) {
    const { statement, values } = new StatementMaker(new Random(seed)).write()
    const shown = `seed ${seed}: ${printStatement(statement)} ${JSON.stringify(values)}`
    const sql = printStatement(statement)
      .replace(/\$(\d+)/g, '?$1')
      .replaceAll(' ilike ', ' like ')
    const returns = 'returning' in statement && statement.returning.length > 0
    const expected = outcome(() =>
      returns ? sorted(cells(peer.all(sql, values as Cells) as object[])) : peer.run(sql, values as Cells).changes,
    )
    const actual = outcome(() => {
      const result = executeStatement(db, statement, values)
      return returns ? sorted(cells(result.rows)) : result.rowsAffected
    })
    expectSame(shown, actual, expected)
    if (seed % 10 !== 0) continue
    for (const query of [whole, byCode, { ...byW, limit: lit(1000) }]) {
      expectSame(`after ${shown}`, ours(query, []), theirs(query, []))
    }
  }
})
