/** changes(), total_changes() and last_insert_rowid(). */
import { Database, UniqueConstraintError } from 'sochdb'

let db: Database
beforeEach(() => {
  db = Database.open(':memory:')
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER)')
  db.execute('CREATE TABLE w (k TEXT PRIMARY KEY)')
  db.execute('CREATE TABLE c (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t (id) ON DELETE CASCADE)')
})
afterEach(() => db.close())

const counts = (on: Pick<Database, 'execute'> = db) =>
  Object.values(
    on.execute<Record<string, number>>('SELECT changes() AS a, total_changes() AS b, last_insert_rowid() AS c')
      .rows[0]!,
  )

test('begin at zero, and tell of the newest statement', () => {
  expect(counts()).toEqual([0, 0, 0])
  db.execute("INSERT INTO t (id, k) VALUES (7, 'a')")
  expect(counts()).toEqual([1, 1, 7])
  db.execute("INSERT INTO t (k) VALUES ('b'), ('c')")
  expect(counts()).toEqual([2, 3, 9])
  db.execute('SELECT * FROM t')
  expect(counts()).toEqual([2, 3, 9])
  db.execute('UPDATE t SET n = 1')
  expect(counts()).toEqual([3, 6, 9])
  db.execute('UPDATE t SET n = 1 WHERE id = 1000')
  expect(counts()).toEqual([0, 6, 9])
  db.execute('DELETE FROM t WHERE id = 7')
  expect(counts()).toEqual([1, 7, 9])
})

test('count what was asked for: no conflicts that are ignored, and nothing that foreign keys did', () => {
  db.execute("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)")
  db.execute('INSERT INTO c (t) VALUES (1), (1), (2)')
  const [, total] = counts()
  db.execute("INSERT OR IGNORE INTO t VALUES (3, 'a', 0)")
  expect(counts()).toEqual([0, total, 3])
  db.execute("INSERT INTO t (k) VALUES ('a') ON CONFLICT (k) DO UPDATE SET n = 9")
  expect(counts()).toEqual([1, total! + 1, 3])
  db.execute('DELETE FROM t WHERE id = 1')
  expect(counts()).toEqual([1, total! + 2, 3])
  db.execute("INSERT INTO w VALUES ('x')")
  expect(counts()).toEqual([1, total! + 3, 3])
})

test('a statement that fails changes none of them', () => {
  db.execute("INSERT INTO t VALUES (1, 'a', 1)")
  expect(() => db.execute("INSERT INTO t VALUES (5, 'b', 1), (6, 'a', 2)")).toThrow(UniqueConstraintError)
  expect(counts()).toEqual([1, 1, 1])
})

test('are those of before the statement, the same for all of its rows', () => {
  db.execute("INSERT INTO t VALUES (4, 'a', 1)")
  db.execute('INSERT INTO c (id, t) VALUES (20, last_insert_rowid()), (21, last_insert_rowid())')
  expect(db.execute('SELECT t FROM c').rows).toEqual([{ t: 4 }, { t: 4 }])
  expect(db.execute('DELETE FROM c RETURNING changes() AS n').rows).toEqual([{ n: 2 }, { n: 2 }])
})

test('with statements that run many times, prepared ones, transactions, and by promise', async () => {
  const insert = db.prepare('INSERT INTO t (k) VALUES (?)')
  for (const k of ['a', 'b', 'c']) insert.run([k])
  expect(counts()).toEqual([1, 3, 3])
  db.transaction(transaction => {
    transaction.execute("INSERT INTO t (k) VALUES ('d')")
    expect(counts(transaction)).toEqual([1, 4, 4])
  })
  await db.async.execute("INSERT INTO t (k) VALUES ('e'), ('f')")
  expect((await db.async.execute('SELECT changes() AS n')).rows).toEqual([{ n: 2 }])
  expect(counts()).toEqual([2, 6, 6])
})

test('have names in every dialect', () => {
  db.execute("INSERT INTO t VALUES (-5, 'a', 1)")
  expect(db.execute('SELECT row_count() AS a, last_insert_id() AS b', [], { dialect: 'mysql' }).rows).toEqual([
    { a: 1, b: -5 },
  ])
  expect(db.execute('SELECT lastval() AS b', [], { dialect: 'postgres' }).rows).toEqual([{ b: -5 }])
  expect(() => db.execute('SELECT last_insert_id(3)')).toThrow(/takes 0 arguments/)
})
