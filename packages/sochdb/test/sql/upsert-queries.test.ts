/** Subqueries in ON CONFLICT DO UPDATE and in RETURNING; several ON CONFLICT clauses. */
import sqlite from 'node-sqlite3-wasm'
import { Database, QueryError, UniqueConstraintError } from 'sochdb'

import { Random } from './random.js'

let db: Database
beforeEach(() => {
  db = Database.open(':memory:')
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER DEFAULT 0)')
  db.execute('CREATE TABLE u (g TEXT, v INTEGER)')
  db.execute("INSERT INTO t (id, k, n) VALUES (1, 'a', 10), (2, 'b', 20)")
  db.execute("INSERT INTO u VALUES ('a', 1), ('a', 2), ('b', 5), ('z', 100)")
})
afterEach(() => db.close())
const rows = (sql: string, values: readonly unknown[] = []): unknown[][] =>
  db.execute<Record<string, unknown>>(sql, values).rows.map(row => Object.values(row))
const all = () => rows('SELECT * FROM t ORDER BY id')

describe('ON CONFLICT DO UPDATE', () => {
  test('takes values of queries that look at no row, at the row that is there, and at the proposed one', () => {
    db.execute('INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = (SELECT max(v) FROM u)')
    expect(all()[0]).toEqual([1, 'a', 100])
    db.execute(
      'INSERT INTO t (id) VALUES (1), (2) ON CONFLICT (id) DO UPDATE SET n = (SELECT sum(v) FROM u WHERE g = t.k)',
    )
    expect(all()).toEqual([
      [1, 'a', 3],
      [2, 'b', 5],
    ])
    db.execute(
      "INSERT INTO t (id, k) VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET n = n + (SELECT sum(v) FROM u WHERE g = excluded.k), k = k || '!'",
    )
    expect(all()[0]).toEqual([1, 'a!', 103])
  })

  test('asks queries which rows to update', () => {
    const upsert = (g: string) =>
      db.execute(
        'INSERT INTO t (id) VALUES (1), (2) ON CONFLICT (id) DO UPDATE SET n = 7 WHERE EXISTS (SELECT 1 FROM u WHERE g = t.k AND g = ?) RETURNING id',
        [g],
      ).rows
    expect(upsert('q')).toEqual([])
    expect(upsert('b')).toEqual([{ id: 2 }])
    expect(
      db.execute('INSERT INTO t (id) VALUES (1) ON CONFLICT DO UPDATE SET n = 8 WHERE t.id IN (SELECT 2)').rowsAffected,
    ).toBe(0)
    expect(all()).toEqual([
      [1, 'a', 10],
      [2, 'b', 7],
    ])
  })

  test('sees what the statement has written so far', () => {
    db.execute(
      'INSERT INTO t (id) VALUES (1), (3), (2), (4) ON CONFLICT (id) DO UPDATE SET n = (SELECT count(*) FROM t)',
    )
    expect(all().map(([id, , n]) => [id, n])).toEqual([
      [1, 2],
      [2, 3],
      [3, 0],
      [4, 0],
    ])
  })

  test('a query that yields more than one row is refused, and nothing remains', () => {
    const sql = 'INSERT INTO t (id) VALUES (9), (1) ON CONFLICT (id) DO UPDATE SET n = (SELECT v FROM u)'
    expect(() => db.execute(sql)).toThrow(QueryError)
    expect(all()).toHaveLength(2)
  })

  test('with parameters, prepared and many times', () => {
    const statement = db.prepare(
      'INSERT INTO t (id, n) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET n = excluded.n + (SELECT count(*) FROM u WHERE v > ?)',
    )
    statement.execute([1, 1000, 1])
    statement.execute([5, 50, 1])
    statement.execute([1, 2000, 50])
    expect(all().map(([id, , n]) => [id, n])).toEqual([
      [1, 2001],
      [2, 20],
      [5, 50],
    ])
  })
})

describe('queries in RETURNING', () => {
  test('see what an INSERT wrote, and what was there before an UPDATE or a DELETE', () => {
    db.execute('CREATE TABLE c (t INTEGER REFERENCES t (id) ON DELETE CASCADE ON UPDATE CASCADE)')
    db.execute('INSERT INTO c VALUES (1), (1), (2)')
    const both = '(SELECT count(*) FROM t x) AS t, (SELECT count(*) FROM c WHERE c.t = t.id) AS c'
    expect(rows(`INSERT INTO t (id) VALUES (3), (4) RETURNING id, ${both}`)).toEqual([
      [3, 4, 0],
      [4, 4, 0],
    ])
    expect(rows(`UPDATE t SET id = 30 WHERE id = 2 RETURNING id, ${both}`)).toEqual([[30, 4, 0]])
    expect(rows('SELECT t FROM c WHERE t > 2')).toEqual([[30]])
    expect(rows(`DELETE FROM t WHERE id <> 3 RETURNING id, ${both}`)).toEqual([
      [1, 4, 2],
      [4, 4, 0],
      [30, 4, 1],
    ])
    expect(rows('SELECT count(*) FROM c')).toEqual([[0]])
  })

  test('runs queries over the rows as they are stored', () => {
    expect(
      rows("INSERT INTO t (k) VALUES ('z'), ('q'), ('a!') RETURNING id, (SELECT sum(v) FROM u WHERE g = t.k) AS s, n"),
    ).toEqual([
      [3, 100, 0],
      [4, null, 0],
      [5, null, 0],
    ])
    expect(
      rows(
        'INSERT INTO t (id) VALUES (50) RETURNING EXISTS (SELECT 1 FROM t x WHERE x.id = t.id), id IN (SELECT v FROM u)',
      ),
    ).toEqual([[true, false]])
  })

  test('of many rows, in their order', () => {
    const sql =
      'INSERT INTO t (id, n) SELECT value, value % 3 FROM generate_series(100, 3099) RETURNING id, (SELECT count(*) FROM u WHERE v > t.n) AS c'
    const returned = rows(sql)
    expect(returned).toHaveLength(3000)
    expect(returned).toEqual(Array.from({ length: 3000 }, (_, i) => [i + 100, [4, 3, 2][(i + 100) % 3]]))
  })

  test('of updated rows too, beside what DO UPDATE asks', () => {
    const sql =
      'INSERT INTO t (id) VALUES (2), (8) ON CONFLICT (id) DO UPDATE SET n = (SELECT max(v) FROM u) RETURNING id, n, (SELECT min(v) FROM u WHERE g = t.k)'
    expect(rows(sql)).toEqual([
      [2, 100, 5],
      [8, 0, null],
    ])
  })

  test('its operators are in the plan', () => {
    const plan = rows(
      'EXPLAIN ANALYZE INSERT INTO t (id) VALUES (1), (7) ON CONFLICT (id) DO UPDATE SET n = (SELECT max(v) FROM u) RETURNING (SELECT min(v) FROM u)',
    )
    const loops = plan.map(([line]) => /^(\s*\S+ \S+).*(rows=\d+ loops=\d+)/.exec(String(line))?.slice(1).join(' '))
    expect(loops.slice(0, 4)).toEqual([
      'insert into rows=2 loops=1',
      '  values 2 rows=2 loops=1',
      '  apply scalar rows=1 loops=1',
      '    rows of rows=1 loops=1',
    ])
    expect(loops.filter(line => line?.startsWith('  apply'))).toEqual([
      '  apply scalar rows=1 loops=1',
      '  apply scalar rows=2 loops=1',
    ])
  })
})

describe('several ON CONFLICT clauses', () => {
  const two = 'ON CONFLICT (id) DO UPDATE SET n = -1 ON CONFLICT (k) DO UPDATE SET n = excluded.n * 2'
  test('the first whose key is taken counts', () => {
    expect(db.execute(`INSERT INTO t VALUES (1, 'new', 5), (9, 'b', 6), (10, 'c', 7) ${two}`).rowsAffected).toBe(3)
    expect(all()).toEqual([
      [1, 'a', -1],
      [2, 'b', 12],
      [10, 'c', 7],
    ])
    db.execute(`INSERT INTO t VALUES (1, 'b', 5) ${two}`)
    expect(all()[1]).toEqual([2, 'b', 12])
  })

  test('the last one may mean every key; what none means is an error', () => {
    db.execute(
      "INSERT INTO t VALUES (1, 'x', 1), (9, 'a', 2) ON CONFLICT (id) DO UPDATE SET n = 99 ON CONFLICT DO NOTHING",
    )
    expect(all()).toEqual([
      [1, 'a', 99],
      [2, 'b', 20],
    ])
    db.execute('CREATE UNIQUE INDEX t_n ON t (n)')
    expect(() => db.execute(`INSERT INTO t VALUES (9, 'q', 99) ${two}`)).toThrow(UniqueConstraintError)
    expect(() => db.execute('INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING ON CONFLICT (k) DO NOTHING')).toThrow(
      /without a target/,
    )
  })

  test('random ones do what SQLite does', () => {
    const peer = new sqlite.Database(':memory:')
    const create = 'CREATE TABLE r (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b INTEGER UNIQUE, n INTEGER)'
    db.execute(create)
    peer.exec(create)
    const random = new Random(3)
    const clause = (target: string) => {
      const sets = [
        'n = n + 1',
        'n = excluded.n',
        'b = excluded.b',
        'n = (SELECT count(*) FROM r x WHERE x.n < r.n)',
        'a = a + 10',
      ]
      const action = random.chance(0.3) ? 'NOTHING' : `UPDATE SET ${sets[random.below(sets.length)]!}`
      const where = action !== 'NOTHING' && random.chance(0.3) ? ` WHERE r.n < (SELECT avg(n) FROM r)` : ''
      return `ON CONFLICT ${target}DO ${action}${where}`
    }
    for (let i = 0; i < 400; ++i) {
      const targets = ['(id) ', '(a) ', '(b) ']
      const chosen = Array.from(
        { length: 1 + random.below(3) },
        () => targets.splice(random.below(targets.length), 1)[0]!,
      )
      const values = `(${random.below(12)}, ${random.below(14)}, ${random.below(14)}, ${i})`
      const sql = `INSERT INTO r VALUES ${values} ${chosen.map(clause).join(' ')}`
      const outcome = (run: () => void): string => {
        try {
          run()
          return 'done'
        } catch {
          return 'error'
        }
      }
      const ours = outcome(() => db.execute(sql))
      const theirs = outcome(() => peer.exec(sql))
      expect({ i, sql, outcome: ours }).toEqual({ i, sql, outcome: theirs })
      expect({ i, sql, rows: rows('SELECT * FROM r ORDER BY id') }).toEqual({
        i,
        sql,
        rows: peer.all('SELECT * FROM r ORDER BY id').map(row => Object.values(row)),
      })
    }
    peer.close()
  })
})
