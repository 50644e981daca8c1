/** UPDATE of unique keys: rows that change places, and what is done about those in the way. */
import sqlite from 'node-sqlite3-wasm'
import { Database, ForeignKeyError, NotNullError, UniqueConstraintError } from 'sochdb'

import { Random } from './random.js'

let db: Database
beforeEach(() => (db = Database.open(':memory:')))
afterEach(() => db.close())
const rows = (sql: string): unknown[][] => db.execute<Record<string, unknown>>(sql).rows.map(row => Object.values(row))

describe('keys are checked when all rows are written', () => {
  test.each(['ASC', 'DESC'])('a primary key that moves on by one, and back (%s)', order => {
    db.execute('CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)')
    db.execute("INSERT INTO t SELECT value, 'v' || value FROM generate_series(1, 3000)")
    for (const by of ['+ 1', '- 1', '+ 1500', '- 1500']) {
      expect(db.execute(`UPDATE t SET k = k ${by} WHERE k > 0 ORDER BY k ${order}`).rowsAffected).toBe(3000)
    }
    expect(rows("SELECT count(*), min(k), max(k), count(*) FILTER (WHERE v = 'v' || k) FROM t")).toEqual([
      [3000, 1, 3000, 3000],
    ])
  })

  test('two rows that change places, and a ring', () => {
    db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER)')
    db.execute("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, NULL, 4)")
    db.execute("UPDATE t SET k = CASE k WHEN 'a' THEN 'b' ELSE 'a' END WHERE k IN ('a', 'b')")
    expect(rows('SELECT id, k FROM t ORDER BY id')).toEqual([
      [1, 'b'],
      [2, 'a'],
      [3, 'c'],
      [4, null],
    ])
    db.execute("UPDATE t SET k = CASE k WHEN 'a' THEN 'b' WHEN 'b' THEN 'c' ELSE 'a' END WHERE k IS NOT NULL")
    expect(rows('SELECT id, k FROM t ORDER BY k')).toEqual([
      [4, null],
      [3, 'a'],
      [2, 'b'],
      [1, 'c'],
    ])
    expect(rows("SELECT id FROM t WHERE k = 'b'")).toEqual([[2]])
    db.execute('UPDATE t SET id = 5 - id')
    expect(rows('SELECT id, k FROM t ORDER BY id')).toEqual([
      [1, null],
      [2, 'a'],
      [3, 'b'],
      [4, 'c'],
    ])
  })

  test('keys of several columns, descending and partial ones', () => {
    db.execute(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, live BOOLEAN DEFAULT TRUE, UNIQUE (a, b))',
    )
    db.execute('CREATE UNIQUE INDEX t_b ON t (b DESC) WHERE live')
    db.execute('INSERT INTO t (id, a, b) SELECT value, value % 2, value FROM generate_series(1, 6)')
    db.execute('UPDATE t SET a = 1 - a, b = 7 - b')
    expect(rows('SELECT a, b FROM t ORDER BY id')).toEqual([
      [0, 6],
      [1, 5],
      [0, 4],
      [1, 3],
      [0, 2],
      [1, 1],
    ])
    expect(rows('SELECT id FROM t WHERE live AND b = 6')).toEqual([[1]])
  })

  test('what is in the way in the end is an error, and nothing remains', () => {
    db.execute('CREATE TABLE t (k INTEGER PRIMARY KEY, u INTEGER UNIQUE)')
    db.execute('INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)')
    expect(() => db.execute('UPDATE t SET k = k + 1 WHERE k < 3')).toThrow(UniqueConstraintError)
    expect(() => db.execute('UPDATE t SET u = 40')).toThrow(/same u already exists/)
    expect(() => db.execute('UPDATE t SET k = k + 1, u = u / 20 * 20')).toThrow(UniqueConstraintError)
    expect(rows('SELECT * FROM t')).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ])
  })

  test('RETURNING keeps the order, and counts each row once', () => {
    db.execute('CREATE TABLE t (k INTEGER PRIMARY KEY)')
    db.execute('INSERT INTO t SELECT value FROM generate_series(1, 4)')
    const { rows: returned, rowsAffected } = db.execute('UPDATE t SET k = k + 1 RETURNING k')
    expect(returned).toEqual([{ k: 2 }, { k: 3 }, { k: 4 }, { k: 5 }])
    expect(rowsAffected).toBe(4)
  })

  test('rows that name the keys go with them', () => {
    db.execute('CREATE TABLE p (id INTEGER PRIMARY KEY)')
    db.execute('CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON UPDATE CASCADE)')
    db.execute('INSERT INTO p VALUES (1), (2), (3)')
    db.execute('INSERT INTO c VALUES (10, 1), (20, 2), (30, 3), (40, NULL), (21, 2)')
    db.execute('UPDATE p SET id = id + 1')
    expect(rows('SELECT * FROM c ORDER BY id')).toEqual([
      [10, 2],
      [20, 3],
      [21, 3],
      [30, 4],
      [40, null],
    ])
    db.execute('UPDATE p SET id = 6 - id')
    expect(rows('SELECT * FROM c ORDER BY id')).toEqual([
      [10, 4],
      [20, 3],
      [21, 3],
      [30, 2],
      [40, null],
    ])
  })

  test('rows of the same table that name each other', () => {
    db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t (id) ON UPDATE CASCADE)')
    db.execute('INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2), (4, 2)')
    db.execute('UPDATE t SET id = id + 1')
    expect(rows('SELECT * FROM t ORDER BY id')).toEqual([
      [2, null],
      [3, 2],
      [4, 3],
      [5, 3],
    ])
  })

  test('without an action, keys that are there again in the end may be named', () => {
    db.execute('CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT)')
    db.execute('CREATE TABLE c (p INTEGER REFERENCES p (id))')
    db.execute("INSERT INTO p VALUES (1, 'a'), (2, 'b')")
    db.execute('INSERT INTO c VALUES (1), (2)')
    db.execute('UPDATE p SET id = 3 - id')
    expect(rows('SELECT v FROM c JOIN p ON p.id = c.p ORDER BY c.p')).toEqual([['b'], ['a']])
    expect(() => db.execute('UPDATE p SET id = id + 1')).toThrow(ForeignKeyError)
  })
})

describe('UPDATE OR …', () => {
  beforeEach(() => {
    db.execute(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, s TEXT NOT NULL DEFAULT 'd', n INTEGER CHECK (n < 100))",
    )
    db.execute("INSERT INTO t VALUES (1, 1, 'a', 1), (2, 2, 'b', 2), (3, 3, 'c', 3)")
  })

  test('IGNORE leaves out rows that break a constraint', () => {
    expect(db.execute('UPDATE OR IGNORE t SET k = k + 1').rowsAffected).toBe(1)
    expect(rows('SELECT id, k FROM t')).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ])
    expect(db.execute('UPDATE OR IGNORE t SET s = CASE WHEN id = 2 THEN NULL ELSE s END').rowsAffected).toBe(2)
    expect(db.execute('UPDATE IGNORE t SET n = n * 40').rowsAffected).toBe(2)
    expect(rows('SELECT n FROM t')).toEqual([[40], [80], [3]])
  })

  test('REPLACE deletes rows in the way', () => {
    expect(db.execute('UPDATE OR REPLACE t SET k = k + 1').rowsAffected).toBe(2)
    expect(rows('SELECT id, k FROM t')).toEqual([
      [1, 2],
      [3, 4],
    ])
    const text = 'UPDATE OR REPLACE t SET s = NULL RETURNING s'
    expect(() => db.execute(text)).toThrow(NotNullError)
    expect(db.execute(text, [], { dialect: 'sqlite' }).rows).toEqual([{ s: 'd' }, { s: 'd' }])
    expect(() => db.execute('UPDATE OR REPLACE t SET n = 1000')).toThrow(/CHECK|check/)
  })

  test('REPLACE deletes what names the rows in the way, where it is told to', () => {
    db.execute('CREATE TABLE c (t INTEGER REFERENCES t (id) ON DELETE CASCADE)')
    db.execute('INSERT INTO c VALUES (1), (2), (3)')
    db.execute('UPDATE OR REPLACE t SET k = 3 WHERE id = 1')
    expect(rows('SELECT t FROM c ORDER BY t')).toEqual([[1], [2]])
  })

  test('ABORT is what happens anyway; FAIL and ROLLBACK are refused', () => {
    expect(() => db.execute('UPDATE OR ABORT t SET s = NULL')).toThrow(NotNullError)
    expect(() => db.execute('UPDATE OR FAIL t SET s = NULL')).toThrow(/OR FAIL is not supported/)
    expect(() => db.execute('UPDATE OR ROLLBACK t SET s = NULL')).toThrow(/OR ROLLBACK is not supported/)
  })

  test('OR REPLACE takes the default for a NULL in SQLite', () => {
    db.execute("INSERT OR REPLACE INTO t (id, k, s) SELECT id, k, nullif(s, 'b') FROM t WHERE id = 2", [], {
      dialect: 'sqlite',
    })
    expect(rows('SELECT s FROM t ORDER BY id')).toEqual([['a'], ['d'], ['c']])
    expect(() => db.execute('REPLACE INTO t (id, k, s) VALUES (1, 9, NULL)')).toThrow(NotNullError)
  })
})

test('random updates do what SQLite does', () => {
  const peer = new sqlite.Database(':memory:')
  const create =
    'CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, a INTEGER, b INTEGER NOT NULL DEFAULT 7, UNIQUE (a, b))'
  const random = new Random(20)
  const under = (n: number) => random.below(n)
  for (let round = 0; round < 150; ++round) {
    for (const target of [db, peer]) {
      if (target === db) db.execute('DROP TABLE IF EXISTS t')
      else peer.exec('DROP TABLE IF EXISTS t')
    }
    db.execute(create)
    peer.exec(create)
    const run = (sql: string): [unknown, unknown] => {
      const all = 'SELECT * FROM t ORDER BY id'
      let ours: unknown
      let theirs: unknown
      try {
        db.execute(sql, [], { dialect: 'sqlite' })
        ours = rows(all)
      } catch {
        ours = 'error'
      }
      try {
        peer.exec(sql)
        theirs = peer.all(all).map(row => Object.values(row))
      } catch {
        theirs = 'error'
      }
      return [ours, theirs]
    }
    const many = 2 + under(8)
    for (let i = 1; i <= many; ++i) run(`INSERT OR IGNORE INTO t VALUES (${i}, ${under(12)}, ${under(4)}, ${under(4)})`)
    const column = ['k', 'a', 'b'][under(3)]!
    const value = [`${column} + 1`, `${under(6)}`, `nullif(${column}, ${under(4)})`, `${column} % 3`, `9 - ${column}`][
      under(5)
    ]!
    const or = ['OR IGNORE', 'OR REPLACE'][under(2)]!
    const where = ['', ` WHERE k + 0 > ${under(8)}`, ` WHERE a + 0 = ${under(4)}`][under(3)]!
    const sql = `UPDATE ${or} t SET ${column} = ${value}${where}`
    const [ours, theirs] = run(sql)
    expect({ round, sql, rows: ours }).toEqual({ round, sql, rows: theirs })
  }
  peer.close()
})
