/** Statements given as text: what goes in, what comes out, by call and by promise. */
import type { AsyncDatabase } from 'sochdb'
import { Database, PreparedSql, QueryError, QuerySyntaxError, SqlResult, TransactionError } from 'sochdb'

import { createTable } from '../../src/sql/catalog/index.js'
import { catalogStore } from '../../src/sql/session.js'
import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let names = 0

function opened(): Database {
  const db = Database.open(directory(`execute-${++names}`), { logLevel: 'off', syncMode: 'off' })
  db.transaction(txn =>
    createTable(catalogStore(txn), 1, {
      name: 'users',
      columns: [
        { name: 'id', type: 'integer', nullable: false },
        { name: 'name', type: 'text', nullable: false },
        { name: 'age', type: 'integer', nullable: true },
        { name: 'joined', type: 'timestamp', nullable: true },
      ],
      primaryKey: ['id'],
      indexes: [{ name: 'users_age', unique: false, columns: [{ column: 'age', desc: true }] }],
    }),
  )
  return db
}

const INSERT = 'INSERT INTO users (id, name, age) VALUES (?, ?, ?)'
function filled(): Database {
  const db = opened()
  for (const row of [
    [1, 'Alice', 30],
    [2, 'Bob', 25],
    [3, 'Cleo', null],
  ]) {
    db.execute(INSERT, row)
  }
  return db
}

test('a result has columns, rows, rows affected and a time, and can be iterated', () => {
  using db = filled()
  const result = db.execute('SELECT name, age FROM users WHERE id < ? ORDER BY id', [3])
  expect(result).toBeInstanceOf(SqlResult)
  expect(result.columns).toEqual(['name', 'age'])
  expect([...result]).toEqual([
    { name: 'Alice', age: 30 },
    { name: 'Bob', age: 25 },
  ])
  expect(result.rowsAffected).toBe(0)
  expect(result.executionTimeMs).toBeGreaterThan(0)
  expect(result.toColumns()).toEqual({ name: ['Alice', 'Bob'], age: [30, 25] })
  expect(db.executeSql('UPDATE users SET age = age + 1 WHERE age IS NOT NULL').rowsAffected).toBe(2)
  expect(db.execute('DELETE FROM users WHERE id = 3 RETURNING name')).toMatchObject({
    rows: [{ name: 'Cleo' }],
    rowsAffected: 1,
  })
})

test('JSON has times as ISO-8601 and no bigints', () => {
  using db = filled()
  db.execute('UPDATE users SET joined = ? WHERE id = 1', [new Date('2026-01-02T03:04:05Z')])
  const result = db.execute('SELECT id, joined FROM users WHERE id = 1')
  expect(JSON.parse(JSON.stringify(result))).toEqual([{ id: 1, joined: '2026-01-02T03:04:05.000Z' }])
})

test('parameters come by position or by name', () => {
  using db = filled()
  expect(db.execute('SELECT name FROM users WHERE id = $1', [2]).rows).toEqual([{ name: 'Bob' }])
  expect(db.execute('SELECT name FROM users WHERE id = :id OR age = :age', { age: 30, id: 2 }).rows).toHaveLength(2)
  expect(thrownBy(() => db.execute('SELECT name FROM users WHERE id = :id', {}))).toMatchObject({
    message: 'Parameter "id" has no value.',
  })
  expect(thrownBy(() => db.execute('SELECT name FROM users WHERE id = :id', { id: 1, di: 2 }))).toMatchObject({
    message: 'The statement has no parameter "di". It has: id.',
  })
  expect(thrownBy(() => db.execute('SELECT name FROM users WHERE id = ?', []))).toBeInstanceOf(QueryError)
  expect(thrownBy(() => db.execute('SELECT 1', 'x' as never))).toMatchObject({ name: 'ValidationError' })
})

test('errors of the text say where', () => {
  using db = filled()
  const error = thrownBy(() => db.execute('SELECT *\nFROM users WHER id = 1'))
  expect(error).toBeInstanceOf(QuerySyntaxError)
  expect(error).toMatchObject({ details: { line: 2 } })
  expect(thrownBy(() => db.execute('SELECT nmae FROM users'))).toMatchObject({
    message: expect.stringContaining('Did you mean "name"?') as string,
  })
  expect(thrownBy(() => db.execute('SELECT 1', [], { dialet: 'mysql' } as never))).toMatchObject({
    message: 'execute has no option "dialet". It takes: dialect, timeoutMs, signal.',
  })
})

test('prepared statements run many times, and not when they are closed', () => {
  using db = filled()
  const older = db.prepare<{ name: string }>('SELECT name FROM users WHERE age > ? ORDER BY age')
  expect(older).toBeInstanceOf(PreparedSql)
  expect(older.execute([26]).rows).toEqual([{ name: 'Alice' }])
  expect(older.execute([20]).rows).toEqual([{ name: 'Bob' }, { name: 'Alice' }])
  expect([...older.iterate([20])]).toHaveLength(2)
  older.close()
  expect(thrownBy(() => older.execute([20]))).toMatchObject({ message: 'The prepared statement is closed.' })
})

test('a prepared statement gives its first row, all rows, or the number it wrote', () => {
  using db = filled()
  const byAge = db.prepare<{ name: string }>('SELECT name FROM users WHERE age > ? ORDER BY age')
  expect(byAge.get([20])).toEqual({ name: 'Bob' })
  expect(byAge.get([99])).toBeUndefined()
  expect(byAge.all([20])).toEqual([{ name: 'Bob' }, { name: 'Alice' }])
  expect(byAge.run([20])).toBe(0)
  const insert = db.prepare<{ id: number }>('INSERT INTO users (id, name, age) VALUES (:id, :name, :age) RETURNING id')
  expect(insert.get({ id: 10, name: 'n', age: 50 })).toEqual({ id: 10 })
  expect(insert.all({ id: 11, name: 'm', age: 50 })).toEqual([{ id: 11 }])
  expect(insert.run({ id: 12, name: 'l', age: 50 })).toBe(1)
  expect(thrownBy(() => insert.run({ id: 12, name: 'l', age: 50 }))).toMatchObject({ name: 'UniqueConstraintError' })
  expect(thrownBy(() => byAge.get([1, 2]))).toMatchObject({ name: 'QueryError' })
  expect(db.prepare('CREATE TABLE other (id INTEGER PRIMARY KEY)').run()).toBe(0)
  expect(db.prepare('PRAGMA table_info(other)').get()).toMatchObject({ name: 'id' })
  // The plan is made again where the schema has changed.
  db.execute('ALTER TABLE users RENAME COLUMN name TO title')
  expect(thrownBy(() => byAge.get([20]))).toMatchObject({ name: 'QueryError' })
  db.execute('ALTER TABLE users RENAME COLUMN title TO name')
  expect(byAge.get([20])).toEqual({ name: 'Bob' })
  expect(db.transaction(txn => txn.prepare('DELETE FROM users WHERE age = ?').run([50]))).toBe(3)
  byAge.close()
  for (const run of [() => byAge.get([1]), () => byAge.all([1]), () => byAge.run([1])])
    expect(thrownBy(run)).toMatchObject({ message: 'The prepared statement is closed.' })
})

test('the first row of a long result is all that is taken of it', () => {
  using db = filled()
  for (let i = 10; i < 5000; i++) db.execute(INSERT, [i, `n${i}`, i])
  expect(db.prepare('SELECT id FROM users ORDER BY id').get()).toEqual({ id: 1 })
  expect(db.prepare('UPDATE users SET age = 1 WHERE id > 9 RETURNING id').get()).toEqual({ id: 10 })
  expect(db.prepare('SELECT count(*) AS n FROM users WHERE age = 1').get()).toEqual({ n: 4990 })
})

test('an insert of many rows is one statement, whichever way its values come', () => {
  using db = filled()
  const many = db.prepare('INSERT INTO users (id, name, age) VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)')
  expect(many.execute([10, 'a', 1, 11, 'b', null, 12, 'c', 3])).toMatchObject({
    rows: [],
    columns: [],
    rowsAffected: 3,
  })
  expect(many.run([20, 'a', 1, 21, 'b', 2, 22, 'c', 3])).toBe(3)
  expect(thrownBy(() => many.run([30, 'a', 1, 31, 'b', 2, 10, 'c', 3]))).toMatchObject({
    name: 'UniqueConstraintError',
  })
  expect(thrownBy(() => many.run([30, 'a', 1, 31, 'b', 2]))).toMatchObject({
    message: 'The statement has 9 parameters; 6 values were passed.',
  })
  expect(thrownBy(() => many.run([30, 'a', 1, 31, 'b', undefined, 32, 'c', 3]))).toMatchObject({
    message: 'Parameter 6 is undefined. Pass null for NULL.',
  })
  expect(db.execute('SELECT id, age FROM users WHERE id BETWEEN 11 AND 20 OR id >= 30 ORDER BY id').rows).toEqual([
    { id: 11, age: null },
    { id: 12, age: 3 },
    { id: 20, age: 1 },
  ])
  const ignoring = db.prepare('INSERT INTO users (id, name, age) VALUES (?, ?, ?), (?, ?, ?) ON CONFLICT DO NOTHING')
  expect(ignoring.run([10, 'x', 1, 40, 'y', 2])).toBe(1)
})

test('values that run statements of their own when they are read do no harm', () => {
  using db = filled()
  const find = db.prepare<{ name: string }>('SELECT name FROM users WHERE id = ? AND name <> ?')
  let reads = 0
  const nasty = new Proxy([1, 'nobody'], {
    get(values, key, receiver) {
      if (key === '0' || key === '1') {
        reads++
        expect(db.prepare('SELECT name FROM users WHERE id = ?').all([2])).toEqual([{ name: 'Bob' }])
      }
      return Reflect.get(values, key, receiver) as unknown
    },
  })
  expect(find.get(nasty)).toEqual({ name: 'Alice' })
  expect(reads).toBeGreaterThan(1)
})

test('rows are read as they are asked for', () => {
  using db = filled()
  for (let i = 10; i < 5000; i++) db.execute(INSERT, [i, `n${i}`, i])
  const seen: unknown[] = []
  for (const row of db.iterate<{ id: number }>('SELECT id FROM users ORDER BY id')) {
    seen.push(row.id)
    if (seen.length === 1500) break
  }
  expect(seen.slice(0, 4)).toEqual([1, 2, 3, 10])
  expect([...db.iterate('SELECT id FROM users')]).toHaveLength(4993)
  const rows = db.iterate<{ id: number }>('SELECT id FROM users ORDER BY id')
  expect(rows[Symbol.iterator]()).toBe(rows)
  expect(rows.next()).toEqual({ done: false, value: { id: 1 } })
  expect(rows.return!()).toEqual({ done: true, value: undefined })
  expect(rows.next()).toEqual({ done: true, value: undefined })
})

test('a transaction sees its own statements, and has savepoints by name', () => {
  using db = filled()
  db.transaction(txn => {
    txn.execute('SAVEPOINT a')
    txn.execute(INSERT, [10, 'x', 1])
    txn.execute('ROLLBACK TO a')
    txn.execute(INSERT, [11, 'y', 1])
    txn.execute('RELEASE a')
    expect(txn.execute('SELECT id FROM users WHERE id > 9').rows).toEqual([{ id: 11 }])
    expect(db.execute('SELECT id FROM users WHERE id > 9').rows).toEqual([])
    expect(thrownBy(() => txn.execute('ROLLBACK TO b'))).toBeInstanceOf(TransactionError)
  })
  expect(db.execute('SELECT id FROM users WHERE id > 9').rows).toEqual([{ id: 11 }])
  expect(thrownBy(() => db.execute('BEGIN'))).toMatchObject({
    remediation: expect.stringContaining('db.transaction') as string,
  })
})

test('tables can be asked about', () => {
  using db = filled()
  expect(db.listTables()).toEqual(['users'])
  expect(db.getTableSchema('USERS')).toMatchObject({ name: 'users', primaryKey: ['id'], indexPolicy: 'balanced' })
  expect(db.listIndexes('users')).toMatchObject([{ name: 'users_age', columns: [{ name: 'age', descending: true }] }])
  expect(db.execute('PRAGMA table_info(users)').rows[0]).toMatchObject({ name: 'id', notnull: 1, pk: 1 })
  expect(db.execute('SHOW TABLES').rows).toEqual([{ name: 'users' }])
  expect(db.execute('EXPLAIN SELECT * FROM users WHERE id = 1').rows.length).toBeGreaterThan(0)
  expect(thrownBy(() => db.getTableSchema('user'))).toBeInstanceOf(QueryError)
})

describe('by promise', () => {
  test('statements run, in and outside of transactions', async () => {
    await using db = filled().async
    await expect(db.execute('SELECT name FROM users WHERE id = ?', [1])).resolves.toMatchObject({
      rows: [{ name: 'Alice' }],
    })
    const id = await db.transaction(async txn => {
      const [row] = (await txn.execute<{ n: number }>('SELECT count(*) AS n FROM users')).rows
      await txn.execute(INSERT, [row!.n + 1, 'Dora', 40])
      return row!.n + 1
    })
    expect((await db.execute('SELECT name FROM users WHERE id = ?', [id])).rows).toEqual([{ name: 'Dora' }])
    expect((await db.execute('DELETE FROM users WHERE id = 4')).rowsAffected).toBe(1)
    await expect(db.execute('SELEC 1')).rejects.toBeInstanceOf(QuerySyntaxError)
    await expect(db.execute(INSERT, [1, 'again', 1])).rejects.toMatchObject({ name: 'UniqueConstraintError' })
    const prepared = await db.prepare('SELECT id FROM users WHERE age > ?')
    expect((await prepared.execute([26])).rows).toEqual([{ id: 1 }])
    expect(await db.listTables()).toEqual(['users'])
  })

  test('rows stream, and a loop that is left ends what runs', async () => {
    await using db: AsyncDatabase = filled().async
    await db.transaction(async txn => {
      for (let i = 10; i < 20_000; i++) await txn.execute(INSERT, [i, `name ${i}`.repeat(4), i])
    })
    let seen = 0
    for await (const row of db.iterate<{ id: number }>('SELECT * FROM users ORDER BY id')) {
      seen++
      if (row.id > 15_000) break
    }
    expect(seen).toBe(14_995)
    seen = 0
    for await (const _ of db.iterate('SELECT * FROM users')) seen++
    expect(seen).toBe(19_993)
  })

  test('a signal and a time limit stop a statement that runs', async () => {
    await using db = filled().async
    await db.transaction(async txn => {
      for (let i = 10; i < 3000; i++) await txn.execute(INSERT, [i, 'n', i])
    })
    const slow = 'SELECT count(*) FROM users a, users b WHERE a.age + b.age = -1'
    const abort = new AbortController()
    const running = db.execute(slow, [], { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(db.execute(slow, [], { timeoutMs: 1 })).rejects.toMatchObject({ name: 'QueryTimeoutError' })
  })
})

test('a dialect decides what words mean, and whether there are booleans', () => {
  using db = filled()
  const sql = 'SELECT 1 = 1 AS yes, age FROM users ORDER BY age LIMIT 1'
  expect(db.execute(sql).rows).toEqual([{ yes: true, age: null }])
  expect(db.execute(sql, [], { dialect: 'mysql' }).rows).toEqual([{ yes: 1, age: null }])
  expect(db.execute(sql, [], { dialect: 'sqlite' }).rows).toEqual([{ yes: 1, age: null }])
  expect(db.execute(sql, [], { dialect: 'postgres' }).rows).toEqual([{ yes: true, age: 25 }])
  expect(db.execute('EXPLAIN SELECT 1', [], { dialect: 'mysql' }).rows).toHaveLength(2)
})

test('a statement that needs more memory than it may use fails, and says what to do', () => {
  using db = Database.open(directory('memory'), { logLevel: 'off', syncMode: 'off', queryMemoryBytes: 8 * 1024 * 1024 })
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)')
  for (let i = 0; i < 6000; i++) db.execute('INSERT INTO t VALUES (?, ?)', [i, `${i}`.padEnd(1000)])
  const error = thrownBy(() => db.execute('SELECT * FROM t ORDER BY s'))
  expect(error).toMatchObject({ message: expect.stringContaining('queryMemoryBytes') as string })
  expect(db.execute('SELECT * FROM t ORDER BY s LIMIT 3').rows).toHaveLength(3)
})
