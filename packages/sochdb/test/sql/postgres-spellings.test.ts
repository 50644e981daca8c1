/** What PostgreSQL's users write: arrays as parameters, operators of JSON; and the time that a transaction has. */
import { CheckError, Database, QueryError, QuerySyntaxError, SochDBError } from 'sochdb'

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

test('keys that JSON has: one of some, or all of them', () => {
  expect(ids("j ?| ARRAY['a', 'q']")).toEqual([1])
  expect(ids("j ?| '{q, y}'")).toEqual([2])
  expect(ids("j ?| '{q, \"y\"}'::text[] OR j ?| ARRAY['b']::text[]")).toEqual([1, 2])
  expect(ids('j ?| $1', [['a', 'x']])).toEqual([1, 2])
  expect(ids('j ?& $1 AND id < $2', [['a', 'b'], 9])).toEqual([1])
  expect(ids('j ?& ? AND id = ?', [['x', 'y'], 2], 'auto')).toEqual([2])
  expect(ids("j ?& '{a, q}'")).toEqual([])
  expect(ids("j ?& '{}'")).toEqual([1, 2])
  expect(ids("j ?| '{}'")).toEqual([])
  expect(ids('j ?& ARRAY[NULL, $1]', ['a'])).toEqual([1])
  expect(ids(`'"s\\"t"' ?| ARRAY['s"t'] AND id = 1`)).toEqual([1])
  expect(value(`jsonb_exists_all('{"a\\n": 1, "b": 2}', '["b", "a\\n"]')`)).toBe(true)
  expect(() => ids('j ?| s')).toThrow(/JSON/i)
  expect(() => ids(`j ?| '{"a": 1}'::json`)).toThrow(/array of texts/)
  // Elsewhere `?|` is a parameter and an operator of bits.
  expect(db.execute('SELECT ?|1 AS x, 6&?&2 AS y', [4, 3], { dialect: 'sqlite' }).rows).toEqual([{ x: 5, y: 2 }])
  expect(db.execute('SELECT ?|1 AS x, ? || ? AS y', [4, 'a', 'b']).rows).toEqual([{ x: 5, y: 'ab' }])
})

test('LIKE as an operator', () => {
  expect(value("'Abc' ~~ 'a%'", 'postgres')).toBe(false)
  expect(value("'Abc' ~~* 'a%'", 'postgres')).toBe(true)
  expect(value("'Abc' !~~ 'a%'", 'postgres')).toBe(true)
  expect(value("'Abc' !~~* 'a%'", 'postgres')).toBe(false)
  expect(value("'Abc' ~~ 'a%'")).toBe(true)
  expect(value("'a' || 'bc' ~~ 'ab_' AND true", 'postgres')).toBe(true)
  expect(value('~~5')).toBe(5)
  expect(value('3 & ~~5', 'sqlite')).toBe(1)
})

test('members of JSON and elements of arrays by their subscripts', () => {
  expect(value("j['b']", 'postgres')).toEqual([1, { c: 'x' }])
  expect(value("j['b'][1]['c']", 'postgres')).toBe('x')
  expect(value("j['b'][-2]", 'postgres')).toBe(1)
  expect(value("j['b'][9]", 'postgres')).toBeNull()
  expect(value("(j['b'])[0]", 'postgres')).toBe(1)
  expect(value("t.j['a']::int + 1", 'postgres')).toBe(2)
  expect(ids('j[$1] IS NOT NULL', ['a'])).toEqual([1])
  expect(value('ARRAY[10, 20][1]', 'postgres')).toBe(10)
  expect(value('(ARRAY[10, 20])[1 + 1]', 'postgres')).toBe(20)
  expect(value('-(ARRAY[10, 20])[2] + 1', 'postgres')).toBe(-19)
  expect(value('ARRAY[10, 20][0]', 'postgres')).toBeNull()
  expect(value('ARRAY[10, 20][-1]', 'postgres')).toBeNull()
  expect(value('(SELECT (array_agg(id ORDER BY id DESC))[1] FROM t)', 'postgres')).toBe(3)
  expect(() => value("j['b'", 'postgres')).toThrow(QuerySyntaxError)
  expect(() => value(`j${'[0]'.repeat(1500)}`, 'postgres')).toThrow(/nests deeper/)
  // Elsewhere brackets quote names.
  expect(db.execute('SELECT id [x] FROM t WHERE id = 1').rows).toEqual([{ x: 1 }])
})

test('slices of arrays, as PostgreSQL cuts them', () => {
  for (const [slice, elements] of [
    ['[2:3]', [20, 30]],
    ['[:2]', [10, 20]],
    ['[2:]', [20, 30]],
    ['[:]', [10, 20, 30]],
    ['[ : 1 + 1]', [10, 20]],
    ['[1 + 1 : 2 + 1]', [20, 30]],
    ['[-5:1]', [10]],
    ['[0:9223372036854775807]', undefined],
    ['[3: 9223372036854775807]', [30]],
    ['[-9223372036854775807: 1]', [10]],
    ['[3:1]', []],
    ['[7:9]', []],
    ['[NULL:2]', null],
    ['[1: NULL]', null],
  ] as const) {
    if (elements === undefined) {
      expect(() => value(`(ARRAY[10, 20, 30])${slice}`, 'postgres')).toThrow(/touches the colon/)
    } else expect([slice, value(`(ARRAY[10, 20, 30])${slice}`, 'postgres')]).toEqual([slice, elements])
  }
  expect(value('(ARRAY[10, 20, 30][2:])[1]', 'postgres')).toBe(20)
  expect(value(`ARRAY['a', NULL, 1.5][1:2]`, 'postgres')).toEqual(['a', null])
  expect(value('(SELECT (array_agg(id ORDER BY id DESC))[1:2] FROM t)', 'postgres')).toEqual([3, 2])
  expect(value('(SELECT (array_agg(id))[1:2] FROM t WHERE false)', 'postgres')).toBeNull()
  expect(value("array_slice(j['b'], 2, 2)", 'postgres')).toEqual([{ c: 'x' }])
  expect(value('array_slice(json_array(1, 2, 3), 2)')).toEqual([2, 3])
  expect(value("array_slice(json_object('a', 1), 1)")).toBeNull()
  const bounds = 'SELECT (ARRAY[10, 20, 30])[$1: $2] AS x'
  expect(db.execute(bounds, [2, 2], { dialect: 'postgres' }).rows).toEqual([{ x: [20] }])
  expect(db.execute(bounds, [null, 2], { dialect: 'postgres' }).rows).toEqual([{ x: null }])
  expect(() => value("j['b'][0:1]", 'postgres')).toThrow(/slice of JSON is not supported/)
  expect(() => value('ARRAY[1, 2][1:2][1]', 'postgres')).toThrow(/subscript behind a slice is not supported/)
  expect(() => value('(ARRAY[1, 2])[1:id]', 'postgres')).toThrow(/touches the colon/)
  expect(value('(ARRAY[1, 2])[1: id]', 'postgres')).toEqual([1])
  expect(() => value('(ARRAY[1, 2])[1:2', 'postgres')).toThrow(SochDBError)
  expect(() => value("(ARRAY[1, 2])['x':2]", 'postgres')).toThrow(QueryError)
})

test('a field of a row, and of JSON', () => {
  expect(db.execute('SELECT (t).id, (t).s FROM t WHERE (t).id = 1').rows).toEqual([{ id: 1, s: 'a' }])
  expect(db.execute('SELECT (t).* FROM t AS t WHERE id = 2').columns).toEqual(['id', 's', 'u', 'd', 'm', 'j'])
  expect(value('(j).b', 'postgres')).toEqual([1, { c: 'x' }])
  expect(value("(t.j).b[1]['c']", 'postgres')).toBe('x')
  expect(value('(j -> $$b$$ -> 1).c')).toBe('x')
  expect(value('(SELECT (t).s)')).toBe('a')
  expect(ids('(j).a = 1')).toEqual([1])
  expect(() => db.execute('SELECT (t).q FROM t')).toThrow(/Table "t" has no column "q"/)
  expect(() => db.execute('SELECT (x).q FROM t')).toThrow(/There is no column "x".*line 1, column 9/)
  expect(() => db.execute('SELECT t.j.b.c FROM t')).toThrow(QuerySyntaxError)
  db.execute('CREATE TABLE f (id INTEGER PRIMARY KEY, doc JSON, CHECK ((doc).n > 0))')
  db.execute('ALTER TABLE f RENAME COLUMN doc TO body')
  expect(db.execute(`INSERT INTO f VALUES (1, '{"n": 1}')`).rowsAffected).toBe(1)
  expect(() => db.execute(`INSERT INTO f VALUES (2, '{"n": 0}')`)).toThrow(CheckError)
})

test('arguments by their names', () => {
  expect(value("regexp_replace('aXbx', pattern => 'x', flags => 'gi', replacement => '-')")).toBe('a-b-')
  expect(value("lpad('7', fill := '0', length := 3)", 'postgres')).toBe('007')
  expect(db.execute('SELECT value FROM generate_series(stop => ?, start => ?)', [3, 2]).rows).toEqual([
    { value: 2 },
    { value: 3 },
  ])
  expect(() => value("lpad('7', lenght => 3)")).toThrow(/column 18: .*no parameter "lenght". Did you mean "length"\?/)
  expect(() => value("lpad('7', string => 'a')")).toThrow(/"string" of lpad\(\) is given twice/)
  expect(() => value("lpad(string => '7', 3)")).toThrow(/without a name follows/)
  expect(() => value("lpad('7', fill => '0')")).toThrow(/without its parameter "length"/)
  expect(() => value('abs(x => 1)')).toThrow(/Calling abs\(\) with names is not supported/)
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
