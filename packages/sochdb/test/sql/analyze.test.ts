/** EXPLAIN ANALYZE: statements that run, and say what each operator of them did. */
import { Database, UniqueConstraintError } from 'sochdb'

let db: Database
beforeEach(() => {
  db = Database.open(':memory:')
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, g INTEGER, s TEXT UNIQUE)')
  db.execute("INSERT INTO t SELECT value, value % 3, 'x' || value FROM generate_series(1, 10)")
})
afterEach(() => db.close())

type Target = Pick<Database, 'execute'>
const lines = (sql: string, values: readonly unknown[] = [], target: Target = db): string[] =>
  target.execute<{ plan: string }>(sql, values).rows.map(row => row.plan)

/** The plan with rows and loops, times left out. */
const counted = (sql: string, values?: readonly unknown[], target?: Target): string[] => {
  const all = lines(sql, values, target)
  expect(all.at(-1)).toMatch(/^total \d+\.\d{3} ms$/)
  return all.slice(0, -1).map(line => {
    expect(line).toMatch(/ time=\d+\.\d{3} ms\)$/)
    return line.replace(/ time=.*$/, ')')
  })
}

test('rows and loops of every operator', () => {
  expect(counted('EXPLAIN ANALYZE SELECT g, count(*) FROM t WHERE id > 4 GROUP BY g')).toEqual([
    'aggregate count(*) by t.g (rows=3 loops=1)',
    '  scan t by primary key (id > 4) [g] (rows=6 loops=1)',
  ])
  expect(counted('EXPLAIN (ANALYZE, VERBOSE) SELECT 1 UNION ALL SELECT 2')).toEqual([
    'union all (rows=2 loops=1)',
    '  project 1 (rows=1 loops=1)',
    '    values 1 row (rows=1 loops=1)',
    '  project 2 (rows=1 loops=1)',
    '    values 1 row (rows=1 loops=1)',
  ])
})

test('a point read, and what finds nothing', () => {
  expect(counted('EXPLAIN ANALYZE SELECT * FROM t WHERE id = ?', [3])).toEqual([
    'scan t by primary key (id = $1) [id, g, s] (rows=1 loops=1)',
  ])
  expect(counted('EXPLAIN ANALYZE SELECT * FROM t WHERE id = ?', [33])).toEqual([
    'scan t by primary key (id = $1) [id, g, s] (rows=0 loops=1)',
  ])
})

test('a subquery runs as often as its slots differ', () => {
  expect(counted('EXPLAIN ANALYZE SELECT id, (SELECT count(*) FROM t b WHERE b.g = a.g) FROM t a').slice(1)).toEqual([
    '  apply scalar (@0 = a.g) (rows=10 loops=1)',
    '    scan t as a by primary key [id, g] (rows=10 loops=1)',
    '    aggregate count(*) (rows=3 loops=3)',
    '      filter b.g = @0 (rows=10 loops=3)',
    '        scan t as b by primary key [g] (rows=30 loops=3)',
  ])
})

test('writes write', () => {
  expect(counted('EXPLAIN ANALYZE UPDATE t SET g = g + 10 WHERE id < 4 RETURNING id')).toEqual([
    'update t set g = t.g + 10 returning t.id (rows=3 loops=1)',
    '  scan t by primary key (id < 4) [id, g, s] (rows=3 loops=1)',
  ])
  expect(db.execute('EXPLAIN ANALYZE DELETE FROM t WHERE g >= 10').rowsAffected).toBe(3)
  expect(counted("EXPLAIN ANALYZE INSERT INTO t VALUES (100, 1, 'y')")[0]).toBe(
    'insert into t (id, g, s) (rows=1 loops=1)',
  )
  expect(db.execute('SELECT count(*) AS n, max(id) AS m FROM t').rows).toEqual([{ n: 8, m: 100 }])
  expect(() => db.execute("EXPLAIN ANALYZE INSERT INTO t VALUES (9, 1, 'z'), (4, 1, 'z')")).toThrow(
    UniqueConstraintError,
  )
  expect(() => db.execute("EXPLAIN ANALYZE INSERT INTO t VALUES (200, 1, 'z'), (4, 1, 'w')")).toThrow(
    UniqueConstraintError,
  )
  expect(db.execute('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 8 }])
})

test('in a transaction, it is a part of that', () => {
  const txn = db.beginTransaction()
  expect(counted('EXPLAIN ANALYZE DELETE FROM t', [], txn)[0]).toBe('delete from t (rows=10 loops=1)')
  expect(txn.execute('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 0 }])
  txn.abort()
  expect(db.execute('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 10 }])
})

test('the same statement is planned again where it runs for its rows', () => {
  const sql = 'SELECT id FROM t WHERE id = 3'
  expect(lines(`EXPLAIN ANALYZE ${sql}`)).toHaveLength(2)
  expect(db.execute(sql).rows).toEqual([{ id: 3 }])
  expect(lines(`EXPLAIN ANALYZE ${sql}`)).toHaveLength(2)
  expect([...db.iterate(`EXPLAIN ANALYZE ${sql}`)]).toHaveLength(2)
})

test('more operators than rows fit in a batch', () => {
  const arms = Array.from({ length: 700 }, (_, i) => `SELECT ${i}`).join(' UNION ALL ')
  const all = counted(`EXPLAIN ANALYZE ${arms}`)
  expect(all).toHaveLength(1401)
  expect(all[0]).toBe('union all (rows=700 loops=1)')
  expect(all.at(-1)).toBe('    values 1 row (rows=1 loops=1)')
})

test('by promise, on a thread of the engine', async () => {
  const { rows, columns } = await db.async.execute<{ plan: string }>('EXPLAIN ANALYZE SELECT * FROM t WHERE id > 7')
  expect(columns).toEqual(['plan'])
  expect(rows[0]!.plan).toMatch(/^scan t by primary key \(id > 7\) .* \(rows=3 loops=1 time=/)
  const iterated: unknown[] = []
  for await (const row of db.async.iterate('EXPLAIN ANALYZE DELETE FROM t WHERE id > 7')) iterated.push(row)
  expect(iterated).toHaveLength(3)
  expect(db.execute('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 7 }])
})
