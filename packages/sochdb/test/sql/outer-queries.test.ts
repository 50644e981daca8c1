/** Subqueries in the ON of outer joins that look at both sides: the same rows as in SQLite. */
import sqlite from 'node-sqlite3-wasm'
import { Database } from 'sochdb'

const schema = [
  'CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER, s TEXT)',
  'CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER, a INTEGER)',
  'CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)',
  'CREATE INDEX b_a ON b (a)',
  "INSERT INTO a VALUES (1, 1, 'p'), (2, 2, 'q'), (3, NULL, 'r'), (4, 4, NULL)",
  'INSERT INTO b VALUES (1, 1, 1), (2, 2, 1), (3, 2, 2), (4, NULL, 3), (5, 9, NULL)',
  'INSERT INTO c VALUES (1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 1, 1)',
]
const queries = [
  'SELECT a.id, b.id FROM a LEFT JOIN b ON NOT EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id)',
  'SELECT a.id, b.id FROM a LEFT JOIN b ON a.id = b.a AND EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id)',
  'SELECT a.id, b.id FROM a LEFT JOIN b ON b.a = a.id AND b.x > (SELECT count(*) FROM c WHERE c.a = a.id OR c.b = b.id)',
  'SELECT a.id, b.id FROM a RIGHT JOIN b ON b.x IN (SELECT c.a FROM c WHERE c.b <> a.id AND c.id <> b.id)',
  'SELECT a.id, b.id FROM a LEFT JOIN b ON a.x IN (SELECT c.a FROM c WHERE c.b = b.id) AND a.s < (SELECT max(a2.s) FROM a a2)',
  'SELECT a.id, b.id, c.id FROM a LEFT JOIN b ON b.a = a.id LEFT JOIN c ON EXISTS (SELECT 1 FROM b b2 WHERE b2.x = c.a AND b2.id = b.id AND b2.a = a.id)',
  'SELECT a.id, b.id FROM a LEFT JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id) WHERE b.id IS NULL',
  'SELECT a.id, d.n FROM a LEFT JOIN (SELECT a AS k, count(*) AS n FROM b GROUP BY a) d ON (SELECT count(*) FROM c WHERE c.a = a.id AND d.n > 0) = d.k',
  'SELECT a.id, b.id FROM a FULL JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id)',
  'SELECT a.id, b.id FROM a FULL JOIN b ON NOT EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id)',
  'SELECT a.id, b.id FROM a FULL JOIN b ON b.a = a.id AND b.x > (SELECT count(*) FROM c WHERE c.a = a.id OR c.b = b.id)',
  'SELECT a.id, b.id FROM a FULL JOIN b ON a.x IN (SELECT c.a FROM c WHERE c.b = b.id) OR b.x IN (SELECT c.b FROM c WHERE c.a = a.id)',
  'SELECT a.id, b.id FROM a FULL JOIN b ON a.id = b.a AND EXISTS (SELECT 1 FROM c WHERE c.b = b.id AND c.a = a.x) AND a.s < (SELECT max(s) FROM a)',
  'SELECT a.id, b.id, c.id FROM a FULL JOIN b ON b.a = a.id FULL JOIN c ON EXISTS (SELECT 1 FROM b b2 WHERE b2.x = c.a AND b2.id = b.id)',
  'SELECT a.id, d.k, d.n FROM a FULL JOIN (SELECT a AS k, count(*) AS n FROM b GROUP BY a) d ON (SELECT count(*) FROM c WHERE c.a = a.id AND d.n > 0) = d.k',
  'SELECT a.id, b.id FROM a FULL JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND c.b = b.id) WHERE a.id IS NULL OR b.id IS NULL',
  'SELECT a.id, (SELECT count(*) FROM b FULL JOIN c ON EXISTS (SELECT 1 FROM a a2 WHERE a2.id = b.a AND a2.id = c.a AND a2.id >= a.id)) AS n FROM a',
  'SELECT count(*) FROM a RIGHT JOIN b ON b.a = a.id AND (SELECT count(*) FROM c WHERE c.a = a.id AND c.b = b.id) = 0',
  'SELECT count(*) FROM a LEFT JOIN b ON (SELECT c.id FROM c WHERE c.a = a.id AND c.b = b.id) IS NOT NULL',
]

test.each(queries)('%s', sql => {
  using db = Database.open(':memory:')
  const peer = new sqlite.Database(':memory:')
  for (const statement of schema) {
    db.execute(statement)
    peer.exec(statement)
  }
  const view = (rows: readonly object[]) => rows.map(row => JSON.stringify(Object.values(row))).sort()
  const shown = sql.replace(/^SELECT (.*?) FROM/, (_, list: string) => {
    return `SELECT ${list
      .split(', ')
      .map((item, i) => `${item} AS c${i}`)
      .join(', ')} FROM`
  })
  const theirs = view(peer.all(shown) as object[])
  expect(theirs.length).toBeGreaterThan(0)
  expect(view(db.execute<object>(shown).rows)).toEqual(theirs)
  peer.close()
})

test('lateral joins and order', () => {
  using db = Database.open(':memory:')
  for (const statement of schema) db.execute(statement)
  const sql = `
    SELECT a.id, l.id AS b FROM a
    LEFT JOIN LATERAL (SELECT * FROM b WHERE b.a = a.id) AS l
    ON EXISTS (SELECT 1 FROM c WHERE c.b = l.id AND c.a = a.id)
    ORDER BY a.id DESC, l.id LIMIT 4`
  expect(db.execute(sql).rows).toEqual([
    { id: 4, b: null },
    { id: 3, b: 4 },
    { id: 2, b: 3 },
    { id: 1, b: 1 },
  ])
})

test('more pairs than a batch holds; equalities are looked at first', () => {
  using db = Database.open(':memory:')
  db.execute('CREATE TABLE l (id INTEGER PRIMARY KEY, k INTEGER)')
  db.execute('CREATE TABLE r (id INTEGER PRIMARY KEY, k INTEGER)')
  db.execute('CREATE TABLE hits (l INTEGER, r INTEGER, PRIMARY KEY (l, r))')
  db.execute('INSERT INTO l SELECT value, value % 3 FROM generate_series(1, 300)')
  db.execute('INSERT INTO r SELECT value, value % 3 FROM generate_series(200, 400)')
  db.execute('INSERT INTO hits SELECT l.id, r.id FROM l JOIN r ON l.id + r.id = 450')
  const count = (on: string) =>
    db.execute<object>(`SELECT count(*) AS n, count(l.id) AS l, count(r.id) AS r FROM l FULL JOIN r ON ${on}`).rows
  const exists = 'EXISTS (SELECT 1 FROM hits WHERE hits.l = l.id AND hits.r = r.id)'
  expect(count(exists)).toEqual(count('l.id + r.id = 450'))
  expect(count(`l.k = r.k AND ${exists}`)).toEqual(count('l.k = r.k AND l.id + r.id = 450'))
  expect(count(`NOT ${exists}`)).toEqual(count('l.id + r.id <> 450'))
  const plan = db.execute<{ plan: string }>(`EXPLAIN ANALYZE SELECT * FROM l FULL JOIN r ON l.k = r.k AND ${exists}`)
  expect(plan.rows.some(row => /^ *rows of #0 .*rows=20100 /.test(row.plan))).toBe(true)
})

test('min() and max() read one entry of an index that has them in order', () => {
  using db = Database.open(':memory:')
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT, r REAL, b BLOB, g INTEGER)')
  db.execute(
    `INSERT INTO t SELECT value, CASE WHEN value % 3 > 0 THEN value - 500 END, CASE WHEN value % 3 > 0 THEN 'x' || value END,
       CASE WHEN value % 3 > 0 THEN -value / 4.0 END, CASE WHEN value > 5 THEN CAST('b' || value AS BLOB) END, value % 2
     FROM generate_series(1, 1000)`,
  )
  const columns = ['n', 's', 'r', 'b', 'id']
  const ask = () => {
    const each = columns.flatMap(c => [`min(${c})`, `max(${c})`, `min(${c}) + count(*)`].map(f => [c, f] as const))
    const wheres = ['', ' WHERE n > 100', ' WHERE g = 1', ' WHERE n < -490', ' WHERE id < 0', ' WHERE n IS NULL']
    return each.flatMap(([c, f]) =>
      f.includes('+') && (c === 's' || c === 'b')
        ? []
        : wheres.map(w => db.execute(`SELECT ${f} AS x FROM t${w}`).rows),
    )
  }
  const before = ask()
  for (const c of ['n', 's', 'r', 'b']) db.execute(`CREATE INDEX t_${c} ON t (${c})`)
  db.execute('CREATE INDEX t_gn ON t (g, n)')
  expect(ask()).toEqual(before)
  const plan = (sql: string) =>
    db
      .execute<{ plan: string }>(`EXPLAIN ${sql}`)
      .rows.map(row => row.plan)
      .join('\n')
  for (const sql of ['min(n)', 'max(n)', 'min(s)', 'max(s)', 'min(r)', 'max(r)', 'min(id)', 'max(b)']) {
    expect(plan(`SELECT ${sql} FROM t`)).toMatch(/limit 1/)
  }
  expect(plan('SELECT min(n) FROM t WHERE g = 1')).toMatch(/limit 1[^]*t_gn/)
  const read = db.execute<{ plan: string }>('EXPLAIN ANALYZE SELECT min(n) AS x FROM t').rows.map(row => row.plan)
  expect(read.find(line => line.includes('t_n'))).toMatch(/rows=1 /)
})
