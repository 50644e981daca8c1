/** Collations: columns and expressions that compare texts as SQLite does. */
import sqlite from 'node-sqlite3-wasm'
import { Database, QueryError, UniqueConstraintError } from 'sochdb'

import { Random } from './random.js'

const peer = new sqlite.Database(':memory:')
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => {
  db.close()
  peer.close()
})

const both = (sql: string): void => {
  db.execute(sql)
  peer.exec(sql)
}
const plain = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value)
const ours = (sql: string) => db.execute<Record<string, unknown>>(sql).rows.map(row => Object.values(row).map(plain))
const theirs = (sql: string) => peer.all(sql).map(row => Object.values(row).map(plain))
const sorted = (rows: readonly unknown[][]) => rows.map(row => JSON.stringify(row)).sort()

beforeAll(() => {
  both('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b TEXT COLLATE RTRIM, c TEXT, n INTEGER)')
  const random = new Random(7)
  const words = ['a', 'A', 'ab', 'Ab', 'AB', 'aB', 'b', 'B ', 'b ', 'b  ', 'ä', 'ö', '', ' ', 'z_', 'Z[']
  const word = () => (random.chance(0.1) ? 'NULL' : `'${words[random.below(words.length)]!}'`)
  for (let id = 1; id <= 60; ++id)
    both(`INSERT INTO t VALUES (${id}, ${word()}, ${word()}, ${word()}, ${random.below(9)})`)
})

const QUERIES = [
  "SELECT id FROM t WHERE a = 'AB'",
  "SELECT id FROM t WHERE 'AB' = a",
  "SELECT id FROM t WHERE a = 'AB' COLLATE BINARY",
  "SELECT id FROM t WHERE c = 'AB' COLLATE NOCASE",
  "SELECT id FROM t WHERE c COLLATE NOCASE = 'ab'",
  "SELECT id FROM t WHERE b = 'b'",
  "SELECT id FROM t WHERE b <> 'B'",
  'SELECT id FROM t WHERE a = c',
  'SELECT id FROM t WHERE c = a',
  'SELECT id FROM t WHERE c = b',
  'SELECT id FROM t WHERE a = b',
  'SELECT id FROM t WHERE c = a COLLATE BINARY',
  'SELECT id FROM t WHERE a IS c',
  "SELECT id FROM t WHERE a > 'AB'",
  "SELECT id FROM t WHERE a BETWEEN 'a' AND 'AZ'",
  "SELECT id FROM t WHERE a IN ('AB', 'B')",
  "SELECT id FROM t WHERE a NOT IN ('AB', 'B')",
  "SELECT id FROM t WHERE c IN ('AB', a)",
  "SELECT id FROM t WHERE a || '' = 'AB'",
  "SELECT id FROM t WHERE lower(a) = 'AB'",
  'SELECT id FROM t WHERE a IN (SELECT c FROM t)',
  'SELECT id FROM t WHERE c IN (SELECT a FROM t)',
  'SELECT id FROM t x WHERE EXISTS (SELECT 1 FROM t y WHERE y.a = x.c AND y.id < x.id)',
  "SELECT id FROM t WHERE (a, b) = ('AB', 'b')",
  "SELECT id, CASE a WHEN 'AB' THEN 1 ELSE 0 END, nullif(a, 'ab') IS NULL FROM t",
  'SELECT x.id, y.id AS other FROM t x JOIN t y ON x.a = y.a',
  'SELECT x.id, y.id AS other FROM t x JOIN t y USING (a)',
  'SELECT x.id, y.id AS other FROM t x LEFT JOIN t y ON x.c = y.a AND y.id > x.id',
  "SELECT * FROM (SELECT a AS q FROM t) WHERE q = 'AB'",
  "WITH s AS (SELECT a AS q FROM t) SELECT count(*) FROM s WHERE q = 'AB'",
  'SELECT a COLLATE NOCASE, id FROM t WHERE id < 9',
  'SELECT count(DISTINCT a), count(DISTINCT b), count(DISTINCT c), count(a) FROM t',
  'SELECT sum(n) FROM t GROUP BY a',
  'SELECT sum(n), count(*) FROM t GROUP BY a, b',
  "SELECT sum(n) FROM t GROUP BY a HAVING a > 'AB'",
  'SELECT lower(min(a)), lower(max(a)), rtrim(min(b)), rtrim(max(b)) FROM t',
  'SELECT lower(a) FROM (SELECT DISTINCT a FROM t)',
  'SELECT count(*) FROM (SELECT DISTINCT a, b FROM t)',
  'SELECT count(*) FROM (SELECT a FROM t UNION SELECT c FROM t)',
  'SELECT id, count(*) OVER (PARTITION BY a) FROM t',
  'SELECT id, rank() OVER (ORDER BY a) FROM t',
]
const ORDERED = [
  'SELECT id FROM t ORDER BY a, id',
  'SELECT id FROM t ORDER BY a DESC, b, c, id',
  'SELECT id FROM t ORDER BY c COLLATE NOCASE, id',
  'SELECT id FROM t ORDER BY a COLLATE BINARY, id',
  'SELECT id, a AS q FROM t ORDER BY q, id DESC',
  'SELECT lower(a), sum(n) FROM t GROUP BY a ORDER BY a',
  'SELECT lower(a) AS l FROM (SELECT DISTINCT a FROM t ORDER BY a)',
  "SELECT id FROM t WHERE a > 'A' ORDER BY a, id LIMIT 5",
]

describe.each(['without indexes', 'with indexes'])('%s', which => {
  beforeAll(() => {
    if (which === 'without indexes') return
    both('CREATE INDEX t_a ON t (a)')
    both('CREATE INDEX t_b ON t (b, c COLLATE NOCASE)')
    both('CREATE INDEX t_c ON t (c, n)')
  })
  test.each(QUERIES)('%s', sql => expect(sorted(ours(sql))).toEqual(sorted(theirs(sql))))
  test.each(ORDERED)('%s', sql => expect(ours(sql)).toEqual(theirs(sql)))
})

test('an index has the column as it compares', () => {
  const plan = (sql: string) => db.execute<{ plan: string }>(`EXPLAIN ${sql}`).rows[0]!.plan
  expect(plan("SELECT id FROM t WHERE a = 'AB'")).toBe("scan t by t_a (nocase(a) = 'ab') [id]")
  expect(plan("SELECT id FROM t WHERE a = 'AB' COLLATE BINARY")).not.toMatch(/t_a/)
})

test('values stay as they are', () => {
  expect(db.execute("SELECT 'Ab' COLLATE NOCASE AS x, 'b ' COLLATE RTRIM AS y").rows).toEqual([{ x: 'Ab', y: 'b ' }])
  expect(ours("SELECT DISTINCT x FROM (SELECT 'Q' COLLATE NOCASE AS x UNION ALL SELECT 'q') ORDER BY x")).toHaveLength(
    1,
  )
})

describe('unique keys', () => {
  const outcome = (target: { exec(sql: string): unknown }, sql: string): string => {
    try {
      target.exec(sql)
      return 'done'
    } catch {
      return 'refused'
    }
  }
  test.each(['a TEXT COLLATE NOCASE UNIQUE', 'a TEXT COLLATE NOCASE PRIMARY KEY', 'a TEXT COLLATE RTRIM UNIQUE'])(
    '%s',
    column => {
      both('DROP TABLE IF EXISTS u')
      both(`CREATE TABLE u (${column}, v INTEGER)`)
      for (const sql of [
        "INSERT INTO u VALUES ('A', 1)",
        "INSERT INTO u VALUES ('a', 2)",
        "INSERT INTO u VALUES ('A ', 3)",
        "INSERT OR IGNORE INTO u VALUES ('a', 4)",
        "INSERT INTO u VALUES ('a', 5) ON CONFLICT (a) DO UPDATE SET v = excluded.v",
        "INSERT OR REPLACE INTO u VALUES ('a', 6)",
        "UPDATE u SET a = 'b' WHERE a = 'A'",
        "INSERT INTO u VALUES ('B', 7)",
        "UPDATE u SET a = 'B' WHERE a = 'b'",
      ]) {
        expect({ sql, done: outcome({ exec: s => db.execute(s) }, sql) }).toEqual({ sql, done: outcome(peer, sql) })
        expect({ sql, rows: sorted(ours('SELECT * FROM u')) }).toEqual({ sql, rows: sorted(theirs('SELECT * FROM u')) })
      }
    },
  )

  test('the message names the column, and a renamed one keeps its key', () => {
    db.execute('CREATE TABLE r (a TEXT COLLATE NOCASE PRIMARY KEY, v INTEGER)')
    db.execute("INSERT INTO r VALUES ('A', 1)")
    expect(() => db.execute("INSERT INTO r VALUES ('a', 1)")).toThrow(UniqueConstraintError)
    expect(() => db.execute("INSERT INTO r VALUES ('a', 1)")).toThrow('A row of r with the same a already exists.')
    db.execute('ALTER TABLE r RENAME COLUMN a TO "k k"')
    db.execute('INSERT INTO r VALUES (\'a\', 2) ON CONFLICT ("k k") DO UPDATE SET v = 2')
    expect(ours('SELECT * FROM r')).toEqual([['A', 2]])
  })
})

test('what there is not', () => {
  expect(() => db.execute("SELECT 'a' COLLATE german")).toThrow(/There is no collation "german"/)
  expect(() => db.execute('CREATE TABLE q (a TEXT COLLATE german)')).toThrow(QueryError)
  expect(() => db.execute('SELECT group_concat(DISTINCT a) FROM t')).toThrow(/not supported/)
  expect(() => db.execute('SELECT min(a) OVER () FROM t')).toThrow(/not supported/)
})
