/** Aggregates: what they give, and of which type; arrays, and sums of bytes. */
import { createHash } from 'node:crypto'

import { Database } from 'sochdb'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  db.execute('CREATE TABLE t (g TEXT, j JSON, n INTEGER)')
  db.execute(
    "INSERT INTO t VALUES ('int', '[1]', 1), ('int', '[2]', 2), ('real', '[1]', 3), ('real', '[0.5]', 4), ('text', '[\"2\"]', 5)",
  )
})
afterAll(() => db.close())

const one = (sql: string, values: readonly unknown[] = []): unknown =>
  Object.values(db.execute<Record<string, unknown>>(sql, values).rows[0]!)[0]
const typeOf = (expression: string, from: string, values: readonly unknown[] = []) =>
  one(`SELECT typeof(${expression}) FROM ${from}`, values)

describe('a sum of values that bring their types along', () => {
  test('is an integer while they are', () => {
    expect(one("SELECT sum(j ->> 0) FROM t WHERE g = 'int'")).toBe(3)
    expect(typeOf('sum(j ->> 0)', "t WHERE g = 'int'")).toBe('integer')
    expect(typeOf('sum(CASE WHEN n > 1 THEN ? ELSE ? END)', 't', [1, 2])).toBe('integer')
    expect(typeOf('sum((SELECT ?))', 't', [7])).toBe('integer')
    expect(one("SELECT sum(value) FROM json_each('[true, 2]')")).toBe(3)
    expect(one(`SELECT sum(value ->> 'a') FROM json_each('[{"a":1},{"a":2}]')`)).toBe(3)
  })

  test('goes into columns of integers', () => {
    db.execute('CREATE TABLE sums (n INTEGER)')
    db.execute('INSERT INTO sums SELECT sum(CASE WHEN n > 1 THEN ? ELSE ? END) FROM t', [1, 2])
    expect(db.execute('SELECT n FROM sums').rows).toEqual([{ n: 6 }])
    expect(() =>
      db.execute('INSERT INTO sums SELECT sum(CASE WHEN n > 1 THEN ? ELSE ? END) FROM t', [0.25, 2]),
    ).toThrow(/integer/)
    db.execute('DROP TABLE sums')
  })

  test('is exact over integers, real beside fractions, and reads texts that spell numbers', () => {
    expect(one("SELECT sum(j ->> 0) FROM t WHERE g = 'real'")).toBe(1.5)
    expect(one('SELECT sum(j ->> 0) FROM t')).toBe(6.5)
    expect(one('SELECT sum(j ->> 0) OVER (ORDER BY n) FROM t ORDER BY n DESC LIMIT 1')).toBe(6.5)
    expect(() => one(`SELECT sum(value) FROM json_each('["twelve"]')`)).toThrow(/twelve/)
    expect(() => one('SELECT sum(CASE WHEN n > 1 THEN ? END) FROM t', [new Uint8Array(1)])).toThrow(
      /sum\(\) takes numbers/,
    )
  })
})

describe('median()', () => {
  test('is the middle, or halfway between the two in the middle', () => {
    expect(one('SELECT median(n) FROM t')).toBe(3)
    expect(one('SELECT median(value) FROM generate_series(1, 10)')).toBe(5.5)
    expect(one('SELECT median(DISTINCT value / 4) FROM generate_series(0, 11)')).toBe(1)
    expect(one('SELECT median(value) FROM generate_series(1, 5000)')).toBe(2500.5)
    expect(one("SELECT median(CAST(x AS DECIMAL)) FROM (SELECT '0.1' AS x UNION ALL SELECT '0.3')")).toBeCloseTo(0.2)
    expect(one('SELECT median(?)', [1e308])).toBe(1e308)
  })

  test('passes over NULLs, and is NULL of nothing', () => {
    expect(one('SELECT median(CASE WHEN n > 3 THEN n END) FROM t')).toBe(4.5)
    expect(one('SELECT median(n) FROM t WHERE n > 100')).toBeNull()
    expect(one('SELECT median(n) FILTER (WHERE n < 3) FROM t')).toBe(1.5)
  })

  test('of groups and over windows', () => {
    expect(db.execute('SELECT g, median(n) AS m FROM t GROUP BY g ORDER BY g').rows).toEqual([
      { g: 'int', m: 1.5 },
      { g: 'real', m: 3.5 },
      { g: 'text', m: 5 },
    ])
    const over = 'SELECT median(value) OVER (ORDER BY value ROWS 2 PRECEDING) AS m FROM generate_series(1, 5)'
    expect(db.execute<{ m: number }>(over).rows.map(({ m }) => m)).toEqual([1, 1.5, 2, 3, 4])
    const running = 'SELECT median(value) OVER (ORDER BY value) AS m FROM generate_series(1, 5)'
    expect(db.execute<{ m: number }>(running).rows.map(({ m }) => m)).toEqual([1, 1.5, 2, 2.5, 3])
  })

  test('of what is no number is refused', () => {
    expect(() => one('SELECT median(g) FROM t')).toThrow(/median\(\) takes numbers/)
  })
})

test('what PostgreSQL and MySQL make of JSON is NULL of no rows, what SQLite makes is empty', () => {
  for (const call of [
    'json_agg(n)',
    'jsonb_agg(n)',
    'array_agg(n)',
    'json_arrayagg(n)',
    'json_object_agg(g, n)',
    'json_objectagg(g, n)',
  ]) {
    expect(one(`SELECT ${call} FROM t WHERE n > 1e9`)).toBeNull()
    expect(one(`SELECT ${call} FILTER (WHERE n > 1e9) FROM t`)).toBeNull()
  }
  expect(one('SELECT json_group_array(n) FROM t WHERE n > 1e9')).toEqual([])
  expect(one('SELECT json_group_object(g, n) FROM t WHERE n > 1e9')).toEqual({})
  expect(one("SELECT coalesce(json_agg(n), '[]') FROM t WHERE n > 1e9")).toEqual([])
  expect(one('SELECT json_agg(NULL) FROM t WHERE n = 5')).toEqual([null])
  expect(
    one('SELECT json_agg(n) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS v FROM t ORDER BY n LIMIT 1'),
  ).toBeNull()
})

test('arrays are JSON: array_agg() makes one, unnest() takes it apart', () => {
  expect(one('SELECT array_agg(n ORDER BY n DESC) FROM t')).toEqual([5, 4, 3, 2, 1])
  expect(one('SELECT array_agg(DISTINCT g) FROM t')).toEqual(['int', 'real', 'text'])
  const rows = (sql: string, values: readonly unknown[] = [], dialect: 'auto' | 'postgres' = 'auto') =>
    db.execute<Record<string, unknown>>(sql, values, { dialect }).rows
  expect(rows('SELECT * FROM unnest(?)', [['a', null, 2]])).toEqual([{ unnest: 'a' }, { unnest: null }, { unnest: 2 }])
  expect(rows('SELECT * FROM unnest(ARRAY[1, 2])')).toEqual([{ unnest: 1 }, { unnest: 2 }])
  expect(rows('SELECT x FROM unnest(ARRAY[1, 2]) AS x', [], 'postgres')).toEqual([{ x: 1 }, { x: 2 }])
  expect(rows('SELECT d.n, e.unnest AS v FROM (SELECT 7 AS n) AS d, unnest(ARRAY[d.n, 8]) AS e')).toEqual([
    { n: 7, v: 7 },
    { n: 7, v: 8 },
  ])
  expect(one('SELECT ARRAY[1, ARRAY[]]')).toEqual([1, []])
  expect(rows('SELECT * FROM unnest(NULL)')).toEqual([])
  expect(rows('SELECT count(*) AS n FROM unnest(?)', [Array.from({ length: 3000 }, (_, i) => i)])).toEqual([
    { n: 3000 },
  ])
  expect(() => rows('SELECT * FROM unnest(?)', [{ a: 1 }])).toThrow(/no JSON array/)
})

test('md5() is that of the bytes', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const text = 'ü'.repeat(length).slice(0, length)
    const sum = createHash('md5').update(text).digest('hex')
    expect(one('SELECT md5(?)', [text])).toBe(sum)
    expect(one('SELECT md5(?)', [Buffer.from(text)])).toBe(sum)
  }
  expect(one('SELECT md5(NULL)')).toBeNull()
})
