/**
 * Phantoms: statements over ranges, aggregates first, while another transaction changes what they would find. Whatever changes an
 * answer has to be a conflict where transactions are serializable, whichever operators gave the answer.
 */
import { Database } from '../../src/index.js'
import type { IsolationLevel, Transaction } from '../../src/index.js'
import { commitAll, LEVELS } from './isolation-support.js'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  db.execute('create table reading (id integer primary key, station integer, value integer, label text)')
  db.execute('create index reading_station on reading (station, value)')
  db.execute('create index reading_label on reading (lower(label)) where value > 0')
  db.execute('create table station (id integer primary key, name text)')
  db.execute('create table seen (n integer primary key autoincrement, x text)')
  db.execute(`insert into station values (1, 'north'), (2, 'south'), (3, 'empty')`)
})
beforeEach(() => refill())
afterAll(() => db.close())

function refill(): void {
  db.transaction(transaction => {
    transaction.execute('delete from reading')
    transaction.execute(`insert into reading (id, station, value, label) values
      (10, 1, 5, 'a'), (20, 1, 7, 'b'), (30, 2, 1, 'C'), (40, 2, 9, 'c'), (50, 2, 9, null)`)
  })
}

/** Each gives rows of one column, x. */
const QUERIES: Readonly<Record<string, string>> = {
  'count of a range of keys': 'select count(*) as x from reading where id between 10 and 30',
  'count of everything': 'select count(*) as x from reading',
  'count of an index range': 'select count(*) as x from reading where station = 1',
  'count of an empty index range': 'select count(*) as x from reading where station = 3',
  'sum over an index range': 'select sum(value) as x from reading where station = 1 and value between 4 and 8',
  'sum over a scan': 'select sum(value) as x from reading where value + 0 > 4',
  'average by group': 'select avg(value) as x from reading group by station order by 1',
  HAVING: 'select station as x from reading group by station having count(*) > 2',
  'least of an index': 'select min(value) as x from reading where station = 2',
  'greatest of an index': 'select max(value) as x from reading where station = 2',
  'greatest key': 'select max(id) as x from reading',
  FILTER: `select count(*) filter (where value > 6) as x from reading`,
  'a partial index on an expression': `select count(*) as x from reading where lower(label) = 'c' and value > 0`,
  'a limit': 'select id as x from reading where station = 2 order by value, id limit 1',
  'a limit from the end': 'select id as x from reading where station = 2 order by value desc, id desc limit 1',
  'an offset': 'select id as x from reading order by id limit 1 offset 2',
  'EXISTS of nothing': 'select exists (select 1 from reading where station = 3) as x',
  'NOT EXISTS in a join':
    'select s.name as x from station s where not exists (select 1 from reading r where r.station = s.id) order by 1',
  'a correlated count':
    'select (select count(*) from reading r where r.station = s.id) as x from station s order by s.id',
  'a left join':
    'select count(r.id) as x from station s left join reading r on r.station = s.id and r.value > 6 group by s.id order by s.id',
  'a join that hashes':
    'select sum(r.value) as x from station s join reading r on r.station + 0 = s.id + 0 group by s.id order by s.id',
  DISTINCT: 'select distinct station as x from reading order by 1',
  IN: 'select name as x from station where id in (select station from reading where value >= 7) order by 1',
  'NOT IN':
    'select name as x from station where id not in (select station from reading where value >= 7 and station is not null) order by 1',
  EXCEPT: 'select id as x from station except select station from reading order by 1',
  'a window': 'select row_number() over (order by value, id) + id as x from reading order by id',
  'a CTE that recurs':
    'with recursive w (x) as (select min(id) from reading union all select (select min(id) from reading where id > w.x) from w where w.x is not null) select count(*) as x from w',
  'OR over two indexes': 'select count(*) as x from reading where id = 10 or station = 3',
  concatenation: `select group_concat(label) as x from (select label from reading where station = 2 and label is not null order by id) d`,
}

/** What another does meanwhile. */
const CHANGES: readonly string[] = [
  `insert into reading values (15, 1, 6, 'x')`,
  `insert into reading values (5, 3, 100, 'C'), (6, 2, 0, 'd')`,
  `insert into reading values (60, 2, 11, 'c')`,
  'insert into reading select id + 100, station, value + 1, label from reading where station = 1',
  'delete from reading where id = 10',
  'delete from reading where station = 2 and value > 5',
  'update reading set value = 6 where id = 20',
  'update reading set value = value + 10 where value + 0 > 6',
  'update reading set station = 3 where id = 40',
  'update reading set station = 1 where id = 30',
  'update reading set id = 35, value = 0 where id = 10',
  `update reading set label = 'C' where id = 50`,
  `insert into reading values (20, 3, 70, 'c') on conflict (id) do update set station = 3, label = excluded.label`,
  `replace into reading values (30, 2, 2, 'q')`,
]

/** How a transaction asks: as it is, or on the way to another table. */
const ASKING: Readonly<Record<string, (transaction: Transaction, text: string) => string>> = {
  SELECT: (transaction, text) =>
    JSON.stringify(transaction.execute<{ x: unknown }>(text).rows.map(({ x }) => String(x))),
  'INSERT … SELECT … RETURNING': (transaction, text) =>
    JSON.stringify(
      transaction
        .execute<{ x: string }>(`insert into seen (x) select cast(x as text) from (${text}) q returning x`)
        .rows.map(({ x }) => String(x)),
    ),
  iterate: (transaction, text) =>
    JSON.stringify([...transaction.iterate<{ x: unknown }>(text)].map(({ x }) => String(x))),
}

describe.each(Object.entries(ASKING))('answers of %s', (_, ask) => {
  test.each(Object.entries(QUERIES))('%s', (_name, text) => {
    let changed = 0
    for (const change of CHANGES) {
      for (const isolation of LEVELS) {
        refill()
        const transaction = db.beginTransaction({ isolation })
        const before = ask(transaction, text)
        transaction.execute(`insert into seen (x) values ('so that it writes')`)
        db.execute(change)
        const now = db.beginTransaction()
        const after = ask(now, text)
        now.abort()
        expect(ask(transaction, text)).toBe(isolation === 'readCommitted' ? after : before)
        const [committed] = commitAll(transaction)
        if (isolation !== 'serializable') expect(committed).toBe(true)
        else if (before !== after) expect(committed).toBe(false)
        if (before !== after) changed++
      }
    }
    expect(changed).toBeGreaterThanOrEqual(3)
  })
})

/** Writes by a predicate; a row that meets it comes from elsewhere. Serially, one of the two would have seen the other. */
const WRITES: readonly [text: string, comes: string, left: string][] = [
  [
    'delete from reading where station = 1',
    `insert into reading values (12, 1, 3, 'n')`,
    'select count(*) as n from reading where station = 1',
  ],
  [
    'update reading set value = 0 where value > 6',
    `insert into reading values (60, 3, 50, 'n')`,
    'select count(*) as n from reading where value > 6',
  ],
  [
    'update reading set value = 0 where id > 40',
    `insert into reading values (60, 3, 50, 'n')`,
    'select count(*) as n from reading where id > 40 and value > 0',
  ],
  [
    'delete from reading where station = (select max(id) from station)',
    `insert into reading values (60, 3, 50, 'n')`,
    'select count(*) as n from reading where station = 3',
  ],
]

describe.each(LEVELS)('at %s', isolation => {
  test.each(WRITES)('%s misses a row that comes meanwhile, unless serializable', (text, comes, left) => {
    const transaction = db.beginTransaction({ isolation })
    transaction.execute(text)
    transaction.execute(`insert into seen (x) values ('so that it writes')`)
    db.execute(comes)
    expect(commitAll(transaction)).toEqual([isolation !== 'serializable'])
    expect(db.execute<{ n: number }>(left).rows[0]!.n > 0).toBe(true)
  })

  test('a limit on the sum of a group', () => {
    const add = (id: number) => {
      const transaction = db.beginTransaction({ isolation })
      const { sum } = transaction.execute<{ sum: number }>('select sum(value) as sum from reading where station = 1')
        .rows[0]!
      if (sum + 8 <= 20) transaction.execute(`insert into reading values (?, 1, 8, null)`, [id])
      return transaction
    }
    const committed = commitAll(add(61), add(62))
    expect(committed).toEqual([true, isolation !== 'serializable'])
    const { sum } = db.execute<{ sum: number }>('select sum(value) as sum from reading where station = 1').rows[0]!
    expect(sum > 20).toBe(isolation !== 'serializable')
  })

  test('each counts what the other inserts', () => {
    const one = db.beginTransaction({ isolation })
    const other = db.beginTransaction({ isolation })
    one.execute(`insert into reading select 61, 3, count(*), null from reading where station = 2`)
    other.execute(`insert into reading select 62, 2, count(*), null from reading where station = 3`)
    expect(commitAll(one, other)).toEqual([true, isolation !== 'serializable'])
  })

  test('the answer of a read-only transaction among writers (Fekete)', () => {
    db.execute('update reading set value = 0 where id in (10, 20)')
    const value = (transaction: Transaction, id: number) =>
      transaction.execute<{ value: number }>('select value from reading where id = ?', [id]).rows[0]!.value
    const withdraw = db.beginTransaction({ isolation })
    const fee = value(withdraw, 10) + value(withdraw, 20) < 10 ? 1 : 0
    const deposit = db.beginTransaction({ isolation })
    deposit.execute('update reading set value = value + 20 where id = 20')
    expect(commitAll(deposit)).toEqual([true])
    const report = db.beginTransaction({ isolation })
    expect([value(report, 10), value(report, 20)]).toEqual([0, 20])
    expect(commitAll(report)).toEqual([true])
    withdraw.execute('update reading set value = ? where id = 10', [-10 - fee])
    expect(commitAll(withdraw)).toEqual([isolation !== 'serializable'])
  })
})

test('what was read before a savepoint was rolled back, or by a statement that failed, stays read', () => {
  for (const read of ['rolled back', 'failed'] as const) {
    refill()
    const transaction = db.beginTransaction()
    const savepoint = transaction.savepoint()
    if (read === 'rolled back') transaction.execute('update reading set value = 0 where station = 3')
    else
      expect(() =>
        transaction.execute('insert into reading select 10, 1, count(*), null from reading where station = 3'),
      ).toThrow()
    savepoint.rollback()
    transaction.execute(`insert into seen (x) values ('so that it writes')`)
    db.execute(`insert into reading values (70, 3, 1, null)`)
    expect(commitAll(transaction)).toEqual([false])
  }
})

test.each<[IsolationLevel, boolean]>([
  ['readCommitted', true],
  ['snapshot', true],
  ['serializable', false],
])('a row that goes and comes back the same is a write all the same (%s)', (isolation, committed) => {
  const transaction = db.beginTransaction({ isolation })
  transaction.execute('select * from reading where id = 10')
  transaction.execute(`insert into seen (x) values ('so that it writes')`)
  db.execute('delete from reading where id = 10')
  db.execute(`insert into reading values (10, 1, 5, 'a')`)
  expect(commitAll(transaction)).toEqual([committed])
})

test('serializable: a change outside of the range that was read is no conflict', () => {
  const apart: readonly [string, string][] = [
    ['count of a range of keys', `insert into reading values (60, 1, 6, 'x')`],
    ['count of an index range', `update reading set value = 4 where id = 30`],
    ['sum over an index range', `insert into reading values (60, 1, 100, 'x')`],
    ['a limit', `insert into reading values (60, 2, 100, 'x')`],
    ['a limit from the end', `insert into reading values (60, 2, 0, 'x')`],
    ['EXISTS of nothing', `insert into reading values (60, 1, 100, 'x')`],
  ]
  for (const [query, change] of apart) {
    refill()
    const transaction = db.beginTransaction()
    transaction.execute(QUERIES[query]!)
    transaction.execute(`insert into seen (x) values ('so that it writes')`)
    db.execute(change)
    expect([query, ...commitAll(transaction)]).toEqual([query, true])
  }
})
