/** Queries inside queries give what SQLite gives, optimized and as they were written. */
import { isDeepStrictEqual } from 'node:util'
import sqlite from 'node-sqlite3-wasm'
import { Database } from '../../src/index.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { catalogSnapshot } from '../../src/sql/catalog/index.js'
import { createTable } from '../../src/sql/catalog/index.js'
import { parseStatement } from '../../src/sql/parser/index.js'
import { compile, explain } from '../../src/sql/plan/compile.js'
import { NativeStatement } from '../../src/sql/result/index.js'
import { catalogStore, executeStatement } from '../../src/sql/session.js'
import { DEFAULT_NAMESPACE_ID } from '../../src/engine/index.js'
import { NestedMaker } from './nested-maker.js'
import { Random } from './random.js'

const integer = (name: string, nullable: boolean) => ({ name, type: 'integer', nullable }) as const
const on = (name: string, ...columns: string[]) => ({
  name,
  unique: false,
  columns: columns.map(column => ({ column, desc: false })),
})
const TABLES = [
  {
    name: 't',
    columns: [integer('id', false), integer('a', true), integer('b', false)],
    primaryKey: ['id'],
    indexes: [on('t_a', 'a'), on('t_b_a', 'b', 'a')],
  },
  { name: 'u', columns: [integer('k', false), integer('n', true)], primaryKey: ['k'], indexes: [on('u_n', 'n')] },
]

let db: Database
let peer: sqlite.Database

beforeAll(() => {
  db = Database.open(':memory:')
  peer = new sqlite.Database(':memory:')
  db.transaction(transaction => {
    for (const spec of TABLES) createTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, spec)
  })
  peer.exec('create table t (id integer primary key, a integer, b integer not null) strict')
  peer.exec('create table u (k integer primary key, n integer) strict')
  const random = new Random(3)
  const cell = (value: number) => (random.chance(0.2) ? null : value)
  for (let i = 0; i < 12; ++i)
    both('insert into t (id, a, b) values (?, ?, ?)', [i, cell(random.below(8)), random.below(5)])
  for (let i = 0; i < 9; ++i) both('insert into u (k, n) values (?, ?)', [i, cell(random.below(8))])
})

afterAll(() => {
  db.close()
  peer.close()
})

function both(sql: string, values: (number | null)[] = []): void {
  executeStatement(db, parse(sql), values)
  peer.run(sql, values)
}

const parse = (sql: string) => parseStatement(sql).statement as Statement
const cell = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
const cells = (rows: readonly object[]) => rows.map(row => Object.values(row).map(cell))
const sorted = (rows: unknown[][]) => rows.map(row => JSON.stringify(row)).sort()
const catalog = () => catalogSnapshot(catalogStore(db), DEFAULT_NAMESPACE_ID, 0n)

function run(sql: string, optimize: boolean): unknown[][] {
  return cells(new NativeStatement(compile(parse(sql), catalog(), { optimize })).all(db, db, []))
}

/**
 * Results have columns c0, c1, …, so that equal names hide none. MATERIALIZED keeps SQLite (3.53) from flattening a UNION ALL with a
 * right or full join in one branch, where it loses the condition of another one.
 */
const named = (sql: string, width: number) =>
  `with r(${Array.from({ length: width }, (_, i) => `c${i}`).join(', ')}) as materialized (${sql}) select * from r`

function expectSame(sql: string, view: (rows: unknown[][]) => unknown): void {
  const expected = view(cells(peer.all(sql) as object[]))
  for (const optimize of [true, false]) {
    let actual: unknown
    try {
      actual = view(run(sql, optimize))
    } catch (error) {
      actual = String(error)
    }
    if (isDeepStrictEqual(actual, expected)) continue
    const plan = explain(parse(sql), catalog(), { optimize })
    expect({ sql, plan, actual }).toEqual({ sql, plan, actual: expected })
  }
}

const ORDERED: readonly string[] = [
  'select id from t where a is not null union select k from u order by 1',
  'select id, a from t union all select k, n from u order by 1, 2 limit 5 offset 2',
  'with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select i from n order by i',
  'with recursive n(i) as (select 1 union select (i * 3) % 7 from n) select i from n order by i',
  'with recursive f(x, y) as (select 0, 1 union all select y, x + y from f limit 12) select * from f',
  'select k, n from (select * from u order by n desc, k) limit 3',
  'select * from (values (3, 4), (1, null), (2, 0)) order by 1',
  'select t.id, u.k from t full join u on t.a = u.n order by 1, 2',
  'select id, (select count(*) from u where n < t.a and exists (select 1 from t as x where x.a = u.k and x.b < t.b)) as c from t order by id',
  'select id from t where (a, b) in (select n, k from u) order by id',
  'select id from t where (a, b) > (3, 2) order by id',
  'select id from t where a not in (select n from u where n is not null) order by id',
  'select id from t where a not in (select n from u) order by id',
  'select id from t order by (select max(k) from u where n = t.a), id',
  'select b, count(*) as c from t group by b having count(*) > (select min(k) from u) order by b',
  'select sum(c) as s from (select b, count(*) as c from t group by b) where b > 1',
  'select * from (select id as k, b from t) natural join u order by k',
  'select id from t limit (select min(n) from u)',
]

test('a condition beside a branch with a right join stays', () => {
  const sql = `select n from u as x where n is (select max(k) from u where x.k <= x.k)
    union all select q.a from t as p full join t as q on p.b = q.b where p.b = 77`
  for (const optimize of [true, false]) expect(run(sql, optimize)).toEqual([])
})

test.each(ORDERED)('%s', sql => expectSame(sql, rows => rows))

test.each(Array.from({ length: 20 }, (_, block) => block))('random queries of block %i', block => {
  for (let i = 0; i < 50; ++i) {
    const random = new Random(1 + block * 50 + i)
    const width = 1 + random.below(3)
    expectSame(named(new NestedMaker(random).query(width, [], 2), width), sorted)
  }
})
