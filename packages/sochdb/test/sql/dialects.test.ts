/** The same words in three dialects, where those mean different things. */
import sqlite from 'node-sqlite3-wasm'
import { Database } from '../../src/index.js'
import { failure } from './ddl-support.js'
import { Random } from './random.js'

type Dialect = 'auto' | 'sqlite' | 'postgres' | 'mysql'

let db: Database
let peer: sqlite.Database

const SETUP = [
  'create table t (id integer primary key, a integer, r real, s text, b boolean)',
  "insert into t values (1, 7, 1.5, '7', true), (2, 0, null, 'x', false), (3, null, -2, '1.5', null), (4, 7, 0, null, true)",
]

beforeAll(() => {
  db = Database.open(':memory:')
  peer = new sqlite.Database(':memory:')
  for (const text of SETUP) {
    db.execute(text)
    peer.exec(text)
  }
})
afterAll(() => {
  db.close()
  peer.close()
})

const rows = (dialect: Dialect, text: string, params?: readonly unknown[]): unknown[][] =>
  db.execute(text, params, { dialect }).rows.map(row => Object.values(row as object))
const theirs = (sql: string) => peer.all(sql).map(row => Object.values(row as object))
const value = (dialect: Dialect, text: string, params?: readonly unknown[]): unknown =>
  rows(dialect, text, params)[0]![0]
const of = (text: string, params?: readonly unknown[]) =>
  (['auto', 'sqlite', 'postgres', 'mysql'] as const).map(dialect => value(dialect, text, params))

describe('division', () => {
  test('of integers has a fraction in MySQL alone', () => {
    expect(of('select 7 / 2')).toEqual([3, 3, 3, 3.5])
    expect(of('select a / 2 from t where id = 1')).toEqual([3, 3, 3, 3.5])
    expect(of('select -7 / 2')).toEqual([-3, -3, -3, -3.5])
    expect(of('select 7 / 2.0')).toEqual([3.5, 3.5, 3.5, 3.5])
    expect(of('select a / 2.0 from t where id = 1')).toEqual([3.5, 3.5, 3.5, 3.5])
    expect(value('mysql', 'select 7 div 2')).toBe(3)
    expect(of('select 7 % 4')).toEqual([3, 3, 3, 3])
  })

  test.each(['1 / 0', '1 % 0', 'a / (a - 7)', 'a % (id - 1)', '1.5 / 0', 'r / (a - 7)', 'mod(a, a - 7)', '? / 0'])(
    'by zero, %s, is NULL, and in PostgreSQL an error',
    text => {
      const sql = `select ${text} from t where id = 1`
      const params = text.includes('?') ? [3] : []
      for (const dialect of ['auto', 'sqlite', 'mysql'] as const) expect(value(dialect, sql, params)).toBeNull()
      expect(failure(() => rows('postgres', sql, params))).toMatch(/division by zero/)
    },
  )

  test('of nothing, and of rows that are not looked at, is none by zero', () => {
    expect(value('postgres', 'select null / 0')).toBeNull()
    expect(value('postgres', 'select a / 0 from t where id = 3')).toBeNull()
    expect(value('postgres', 'select 1 / a from t where id = 3')).toBeNull()
    expect(rows('postgres', 'select case when a <> 0 then 14 / a end from t order by id')).toEqual([
      [2],
      [null],
      [null],
      [2],
    ])
    expect(value('postgres', 'select sum(14 / a) from t where a <> 0')).toBe(4)
    expect(value('postgres', 'select max(a) / min(id) from t')).toBe(7)
  })
})

describe('truth values', () => {
  test('are 1 and 0 in results of MySQL and SQLite', () => {
    expect(of('select 1 < 2')).toEqual([true, 1, true, 1])
    expect(of('select b from t where id = 2')).toEqual([false, 0, false, 0])
    expect(rows('sqlite', 'select distinct b from t order by b desc')).toEqual([[1], [0], [null]])
    expect(rows('mysql', 'select true union select false order by 1')).toEqual([[0], [1]])
    expect(rows('sqlite', 'values (true), (1 > 2)')).toEqual([[1], [0]])
    expect(rows('sqlite', 'update t set b = b where id < 3 returning b')).toEqual([[1], [0]])
  })

  test('are numbers there', () => {
    expect(value('sqlite', 'select sum(a > 3) from t')).toBe(2)
    expect(value('mysql', 'select (a > 3) + 1 from t where id = 1')).toBe(2)
    expect(value('mysql', 'select count(*) from t where b = a - 6')).toBe(2)
    expect(value('sqlite', 'select count(*) from t where b = 1')).toBe(2)
    expect(failure(() => rows('postgres', 'select sum(a > 3) from t'))).toMatch(/takes numbers/)
  })
})

describe('order and case', () => {
  test('NULLs are the largest values of PostgreSQL', () => {
    const sql = 'select a from t order by a, id'
    expect(rows('auto', sql)).toEqual([[null], [0], [7], [7]])
    expect(rows('postgres', sql)).toEqual([[0], [7], [7], [null]])
    expect(rows('postgres', 'select a from t order by a desc, id')).toEqual([[null], [7], [7], [0]])
  })

  test('LIKE minds the case in PostgreSQL', () => {
    expect(of("select 'A' like 'a'")).toEqual([true, 1, false, 1])
    expect(value('postgres', "select 'A' ilike 'a'")).toBe(true)
  })

  test('|| is OR in MySQL', () => {
    expect(of('select 1 || 0')).toEqual(['10', '10', '10', 1])
  })
})

describe('text against numbers', () => {
  test.each(['auto', 'postgres', 'mysql'] as const)('is refused in %s', dialect => {
    expect(failure(() => rows(dialect, 'select id from t where a = s'))).toMatch(/Cannot compare/)
    expect(value(dialect, "select a = '7' from t where id = 1")).toBeTruthy()
  })

  test('is ordered as SQLite does', () => {
    const operands = ['a', 'r', 's', '7', "'7'", "'x'", '1.5', "'1.5'", "'07'", 'a + 0', "s || ''", 'cast(s as text)']
    const operators = ['=', '<', '>=', '<>', 'is', 'is not']
    for (const x of operands) {
      for (const y of operands) {
        const columns = operators.map((operator, i) => `${x} ${operator} ${y} as c${i}`).join(', ')
        const sql = `select id, ${columns} from t order by id`
        expect({ sql, rows: rows('sqlite', sql) }).toEqual({ sql, rows: theirs(sql) })
      }
    }
  })

  test.each([
    "select id from t where a in ('7', 'x', 0) order by id",
    'select id from t where s in (7, 1.5) order by id',
    'select id from t where s between 1 and 8 order by id',
    'select id from t where a in (select s from t) order by id',
    'select x.id as i, y.id as j from t as x join t as y on x.a = y.s order by 1, 2',
    "select coalesce(a, 'none') as c from t order by id",
    "select case when a > 0 then a else 'none' end as c from t order by id",
    'select a as c from t union select s from t order by 1',
  ])('%s', sql => {
    expect(rows('sqlite', sql)).toEqual(theirs(sql))
  })
})

describe('a column beside GROUP BY', () => {
  const GROUPED = 'select a, id from t group by a order by a'

  test('that is not grouped is refused, but of SQLite', () => {
    for (const dialect of ['auto', 'postgres', 'mysql'] as const) {
      expect(failure(() => rows(dialect, GROUPED))).toMatch(/neither grouped nor aggregated/)
    }
    const found = rows('sqlite', GROUPED)
    expect(found.map(([a]) => a)).toEqual([null, 0, 7])
    expect([1, 4]).toContain(found[2]![1])
  })

  test('comes from one row, NULLs too', () => {
    const found = rows('sqlite', 'select id, a, r, s, b from t group by id > 0')
    expect(found).toEqual([[1, 7, 1.5, '7', 1]])
    expect(rows('sqlite', 'select count(*), r, s from t where id > 1')).toEqual([[3, null, 'x']])
  })

  test('comes from the row of the only min() or max()', () => {
    for (const dialect of ['auto', 'sqlite'] as const) {
      expect(rows(dialect, 'select max(id), s, r from t')).toEqual([[4, null, 0]])
      expect(rows(dialect, 'select a, min(r), id from t where r is not null group by a order by a')).toEqual([
        [null, -2, 3],
        [7, 0, 4],
      ])
      expect(rows(dialect, 'select id from t group by a > 0 having max(r) > 1')).toEqual([[1]])
    }
    for (const dialect of ['postgres', 'mysql'] as const) {
      expect(failure(() => rows(dialect, 'select max(id), s from t'))).toMatch(/neither grouped nor aggregated/)
    }
    expect(failure(() => rows('auto', 'select max(id), min(id), s from t'))).toMatch(/neither grouped nor aggregated/)
  })

  test('as in SQLite, over random rows', () => {
    const random = new Random(5)
    const text = 'create table g (id integer primary key, k integer, x integer, y integer, z text)'
    db.execute(text)
    peer.exec(text)
    const maybe = (v: unknown) => (random.chance(0.25) ? null : v)
    // The keys of x are all different, so that an extreme has one row.
    for (let i = 0; i < 60; ++i) {
      const values = [i, maybe(random.below(7)), (i * 37) % 61, maybe(random.below(9)), maybe(`t${random.below(9)}`)]
      db.execute('insert into g values (?, ?, ?, ?, ?)', values)
      peer.run('insert into g values (?, ?, ?, ?, ?)', values as (number | string | null)[])
    }
    for (const extreme of ['min(x)', 'max(x)', 'max(-x)', 'min(x) + count(*)', 'max(x), sum(y), count(z)']) {
      const sql = `select k, ${extreme}, y, z, y + 1 as w, z || k as v from g group by k order by k`
      expect(rows('sqlite', sql)).toEqual(theirs(sql))
    }
  })
})

test("MySQL's ranges of integers are integers", () => {
  db.execute('create table ranges (a int unsigned primary key, b bigint unsigned, c tinyint(1) unsigned)')
  expect(db.getTableSchema('ranges').columns.map(c => c.type)).toEqual(['integer', 'bigint', 'integer'])
  expect(rows('mysql', "select cast('5' as signed), convert('7', unsigned), cast(1.5 as int signed)")).toEqual([
    [5, 7, 1],
  ])
})
