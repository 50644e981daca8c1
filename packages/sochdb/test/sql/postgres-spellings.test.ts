/** What PostgreSQL's users write: arrays as parameters, operators of JSON; and the time that a transaction has. */
import { Database, QueryError, QuerySyntaxError } from 'sochdb'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, u UUID, d TIMESTAMP, m DECIMAL, j JSON)')
  const insert = 'INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)'
  db.execute(insert, [
    1,
    'a',
    '00000000-0000-4000-8000-000000000001',
    new Date(1000),
    '1.50',
    { a: 1, b: [1, { c: 'x' }] },
  ])
  db.execute(insert, [2, 'b', '00000000-0000-4000-8000-000000000002', new Date(2000), '2', ['x', 'y']])
  db.execute(insert, [3, null, null, null, null, null])
})
afterAll(() => db.close())
const ids = (where: string, values: readonly unknown[] = [], dialect: 'auto' | 'postgres' = 'postgres') =>
  db.execute<{ id: number }>(`SELECT id FROM t WHERE ${where} ORDER BY id`, values, { dialect }).rows.map(row => row.id)
const value = (expression: string, dialect: 'auto' | 'postgres' | 'sqlite' = 'auto') =>
  db.execute<{ x: unknown }>(`SELECT ${expression} AS x FROM t WHERE id = 1`, [], { dialect }).rows[0]!.x

test('an array for a parameter, of what the operand is', () => {
  expect(ids('id = ANY($1)', [[1, 3, 9]])).toEqual([1, 3])
  expect(ids('id = ANY($1::int[])', [[2]])).toEqual([2])
  expect(ids('id <> ALL($1)', [[1, 3]])).toEqual([2])
  expect(ids('id = SOME(?)', [[2, 2]], 'auto')).toEqual([2])
  expect(ids('s = ANY($1)', [['a', 'q']])).toEqual([1])
  expect(ids('u = ANY($1)', [['00000000-0000-4000-8000-000000000002']])).toEqual([2])
  expect(ids('d = ANY($1)', [[new Date(1000)]])).toEqual([1])
  expect(ids('m = ANY($1)', [['1.5']])).toEqual([1])
  expect(ids('id > ANY($1)', [[1, 2]])).toEqual([2, 3])
  expect(ids('id = ANY($1)', [[]])).toEqual([])
  expect(ids('id <> ALL($1)', [[]])).toEqual([1, 2, 3])
  expect(ids('id = ANY($1) AND s = $2', [[1, 2], 'b'])).toEqual([2])
  expect(ids('id = ANY(ARRAY[$1, $2])', [1, 2])).toEqual([1, 2])
})

test('BETWEEN SYMMETRIC takes its bounds in either order', () => {
  expect(ids('id BETWEEN SYMMETRIC 3 AND 2')).toEqual([2, 3])
  expect(ids('id BETWEEN SYMMETRIC $1 AND $2', [1, 2])).toEqual([1, 2])
  expect(ids('id NOT BETWEEN SYMMETRIC $1 AND $2 AND id < 9', [3, 2])).toEqual([1])
  expect(ids('id BETWEEN ASYMMETRIC 3 AND 2')).toEqual([])
  expect(value('1 BETWEEN SYMMETRIC NULL AND 0')).toBeNull()
})

test('literals with a type in front', () => {
  expect(value("INT '5' + 1")).toBe(6)
  expect(value("BOOL 'true'")).toBe(true)
  expect(value("TEXT 'x' || 'y'", 'postgres')).toBe('xy')
  expect(() => value("INT '5'", 'sqlite')).toThrow(QueryError)
})

test('the operators of JSON', () => {
  expect(ids(`j @> '{"a": 1}'`)).toEqual([1])
  expect(ids(`'["y"]' <@ j`)).toEqual([2])
  expect(ids("j ? 'a'")).toEqual([1])
  expect(ids('j ? $1', ['x'])).toEqual([2])
  expect(ids("j ? 'a' AND id = ?", [1], 'auto')).toEqual([1])
  expect(ids("j ? 'c'")).toEqual([])
  expect(value("j #> '{b,1}'")).toEqual({ c: 'x' })
  expect(value("j #>> '{b,1,c}'")).toBe('x')
  expect(value("j #>> '{b,1}'")).toBe('{"c":"x"}')
  expect(() => value('j #> s')).toThrow(QueryError)
  expect(() => db.execute('SELECT 1 ? 2', [], { dialect: 'sqlite' })).toThrow(QuerySyntaxError)
})

test('->> gives the text of objects and arrays, and in PostgreSQL of everything', () => {
  expect(value("j ->> 'b'")).toBe('[1,{"c":"x"}]')
  expect(value("j -> 'b'")).toEqual([1, { c: 'x' }])
  expect(value("j ->> 'a'")).toBe(1)
  expect(value("j ->> 'a'", 'sqlite')).toBe(1)
  expect(value("j ->> 'a'", 'postgres')).toBe('1')
})

test('a subquery of several rows for a value is an error of the query', () => {
  expect(() => db.execute('SELECT (SELECT id FROM t)')).toThrow(QueryError)
  expect(() => db.execute('SELECT (SELECT id FROM t)')).toThrow(/more than one row/)
})

describe('the time', () => {
  const later = async (before: unknown): Promise<void> => {
    while (Date.now() <= Number(before)) await new Promise(resolve => setTimeout(resolve, 1))
  }
  const time = (target: Pick<Database, 'execute'>, call: string) =>
    target.execute<{ t: Date }>(`SELECT ${call} AS t`).rows[0]!.t

  test('is that of the transaction, or else of the statement', async () => {
    const txn = db.beginTransaction()
    const first = time(txn, 'now()')
    await later(first)
    expect(time(txn, 'CURRENT_TIMESTAMP')).toEqual(first)
    expect(Number(time(txn, 'statement_timestamp()'))).toBeGreaterThan(Number(first))
    expect(Number(time(db, 'now()'))).toBeGreaterThan(Number(first))
    txn.abort()
    const next = time(db, 'now()')
    await later(next)
    expect(Number(time(db, 'now()'))).toBeGreaterThan(Number(next))
  })

  test('goes for what columns take by themselves, and for transactions by promise', async () => {
    db.execute('CREATE TABLE e (id INTEGER PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)')
    const txn = await db.async.beginTransaction()
    const { rows } = await txn.execute<{ at: Date }>('INSERT INTO e (id) VALUES (1) RETURNING at')
    await later(rows[0]!.at)
    await txn.execute('INSERT INTO e (id) VALUES (2)')
    await txn.commit()
    expect(db.execute('SELECT count(DISTINCT at) AS n FROM e').rows).toEqual([{ n: 1 }])
  })
})
