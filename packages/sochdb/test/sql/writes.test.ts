/** Writes from other tables and queries, upserts and RETURNING: against SQLite over random statements, and what SQLite has not. */
import sqlite from 'node-sqlite3-wasm'
import { Database, QueryError } from '../../src/index.js'
import { failure } from './ddl-support.js'
import { Random } from './random.js'

const SCHEMA = [
  'create table t (id integer primary key, a integer, b integer not null default 7, s text)',
  'create table u (k integer primary key, t integer, n integer)',
  'create unique index t_s on t (s) where a > 2',
  'create unique index t_ab on t (a, b)',
  'create index u_t on u (t)',
]

class WriteMaker {
  constructor(readonly random: Random) {}

  #row(): string {
    const { random } = this
    const number = (n: number) => (random.chance(0.15) ? 'null' : String(random.below(n)))
    const text = random.pick(["'x'", "'y'", "'z'", 'null'])
    return `(${random.below(12)}, ${number(9)}, ${random.below(6)}, ${text})`
  }

  #source(): string {
    const { random } = this
    const rows = `values ${Array.from({ length: 1 + random.below(3) }, () => this.#row()).join(', ')}`
    return random.pick([
      rows,
      rows,
      "select k + 6, n, t, 'u' || k from u where n is not null order by k",
      'select id + 1, a, b + 1, s from t where b < 4 order by id desc',
      'select coalesce(max(id), 0) + 1, min(a), count(*), null from t',
      'with q as (select * from u where n > 3) select k, n, 5, null from q where true order by k',
    ])
  }

  #conflict(): string {
    const { random } = this
    const set = random.pick([
      'set a = excluded.a + 1',
      'set b = t.b + excluded.b, s = excluded.s',
      'set (a, b) = (excluded.b, excluded.id)',
      'set b = b + 1 where t.b < 9',
    ])
    const target = random.pick(['(id)', '(a, b)', '(b, a)', '(s) where a > 2'])
    return random.pick([
      '',
      'on conflict do nothing',
      `on conflict ${target} do nothing`,
      `on conflict ${target} do update ${set}`,
    ])
  }

  #where(): string {
    return this.random.pick([
      '',
      `where id = ${this.random.below(12)}`,
      'where b < 5',
      'where exists (select 1 from u where u.t = t.id and n > 4)',
      'where id in (select t from u)',
      'where a > (select avg(n) from u)',
    ])
  }

  /** Of rows that trade places, both databases look at keys in the order of ids: subqueries might give another one. */
  #inOrder(): string {
    return this.random.pick(['', `where id = ${this.random.below(12)}`, 'where b < 5'])
  }

  statement(): string {
    const { random } = this
    const returning = random.pick(['', 'returning *', 'returning id, a + b as c, s is null as d'])
    switch (random.below(6)) {
      case 0:
      case 1: {
        const source = this.#source()
        const word = random.pick(['insert', 'insert', 'insert or ignore', 'insert or replace'])
        const conflict = word === 'insert' ? this.#conflict() : ''
        // SQLite reads ON behind a table as that of a join.
        const between = source.startsWith('values') || /where true|order by|from t$/.test(source) ? '' : 'where true'
        const fixed = / from t$/.test(source) && conflict !== '' ? `${source} where true` : source
        return `${word} into t ${fixed} ${between} ${conflict} ${returning}`
      }
      case 2:
        // At most one row of the other table for each.
        return random.pick([
          `update t set a = n, b = k from u where u.k = t.id and n > ${random.below(6)} ${returning}`,
          `update t set b = q.c from (select t, count(*) as c from u group by t) as q where q.t = t.id ${returning}`,
          `update t set a = v.column2 from (values (1, 50), (3, 51), (7, 52)) as v where v.column1 = t.id ${returning}`,
          `update t set s = 'j' || u.k || w.k from u join u as w on w.k = u.k + 1 where u.k = t.id ${returning}`,
        ])
      case 3:
        return random.pick([
          `update t set (a, b) = (select max(n), count(*) from u where u.t = t.id) ${this.#where()} ${returning}`,
          `update t set (b, s) = (select k, 's' || n from u where k = t.id + 1) where id in (select k - 1 from u) ${returning}`,
          `update t set (a, b) = (b, coalesce(a, 0)) ${this.#inOrder()} ${returning}`,
          `with m as (select max(n) as top from u) update t set a = (select top from m) ${this.#where()} ${returning}`,
        ])
      case 4:
        return `update t set b = b + ${1 + random.below(3)}, a = a + b ${this.#inOrder()} ${returning}`
      default:
        return `delete from t ${this.#where()} ${returning}`
    }
  }
}

const sorted = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(Object.values(row as object))).sort()

/** The rows that a statement gave back, or what kind of constraint it broke. */
function outcome(body: () => readonly unknown[]): unknown {
  try {
    return sorted(body())
  } catch (error) {
    const text = `${(error as Error).name} ${(error as Error).message}`
    return /unique/i.test(text) ? 'UNIQUE' : /not ?null/i.test(text) ? 'NOT NULL' : text
  }
}

/**
 * What SQLite gives. It looks at unique keys row by row, we when all rows are written: an UPDATE that it refuses runs again without
 * keys, and what comes out must then fit them.
 */
function theirs(peer: InstanceType<typeof sqlite.Database>, sql: string): readonly unknown[] {
  try {
    return peer.all(sql)
  } catch (error) {
    if (!/update t set/.test(sql) || !/unique/i.test((error as Error).message)) throw error
  }
  peer.exec('alter table t rename to kept')
  peer.exec(SCHEMA[0]!.replace(/,\s*unique\s*\([^)]*\)/i, '').replace(/primary key/i, ''))
  peer.exec('insert into t select * from kept')
  const rows = peer.all(sql)
  peer.exec('create table became as select * from t')
  peer.exec('drop table t')
  peer.exec('alter table kept rename to t')
  try {
    peer.exec('begin; delete from t; insert into t select * from became; commit')
    return rows
  } catch (error) {
    peer.exec('rollback')
    throw error
  } finally {
    peer.exec('drop table became')
  }
}

test.each(Array.from({ length: 12 }, (_, block) => block))('random writes of block %i', block => {
  const db = Database.open(':memory:')
  const peer = new sqlite.Database(':memory:')
  for (const each of SCHEMA) {
    db.execute(each)
    peer.exec(each)
  }
  const numbers = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value)
  const ours = (sql: string) =>
    db
      .execute(sql, undefined, { dialect: 'sqlite' })
      .rows.map(row => Object.fromEntries(Object.entries(row as object).map(([k, v]) => [k, numbers(v)])))
  for (let k = 0; k < 10; ++k) {
    const row = `insert into u values (${k}, ${(k * 7) % 10}, ${k % 4 === 0 ? 'null' : (k * 5) % 8})`
    db.execute(row)
    peer.exec(row)
  }
  const random = new Random(block + 1)
  let written = 0
  for (let i = 0; i < 60; ++i) {
    const sql = new WriteMaker(random).statement()
    const expected = outcome(() => theirs(peer, sql))
    expect({ i, sql, outcome: outcome(() => ours(sql)) }).toEqual({ i, sql, outcome: expected })
    const state = 'select * from t order by id'
    expect({ i, sql, state: sorted(ours(state)) }).toEqual({ i, sql, state: sorted(peer.all(state)) })
    if (Array.isArray(expected)) ++written
  }
  expect(written).toBeGreaterThan(20)
  db.close()
  peer.close()
})

describe('what SQLite has not', () => {
  let db: Database
  const run = (sql: string, params?: unknown[]) => {
    const { rows, rowsAffected } = db.execute(sql, params)
    return [rowsAffected, ...rows.map(row => Object.values(row as object))]
  }
  beforeEach(() => {
    db = Database.open(':memory:')
    for (const each of SCHEMA) db.execute(each)
    run("insert into t values (1, 1, 1, 'x'), (2, 2, 2, 'y'), (3, 3, 3, null)")
    run('insert into u values (1, 1, 10), (2, 1, 20), (3, 2, 30), (4, 9, 40)')
  })
  afterEach(() => db.close())

  test('DELETE … USING', () => {
    expect(run('delete from u using t where t.id = u.t and t.b < 2 returning k, t.s')).toEqual([2, [1, 'x'], [2, 'x']])
    expect(run('delete from t using u as v where v.t = t.id returning t.id, v.n')).toEqual([1, [2, 30]])
    expect(run('select id from t order by id')).toEqual([0, [1], [3]])
    expect(run('delete u from u join t on t.id = u.k')).toEqual([1])
  })

  test('a row that several rows ask for is written once', () => {
    expect(run('update t set b = b + 1 from u where u.t = t.id returning t.id, t.b')).toEqual([2, [1, 2], [2, 3]])
    expect(run('delete from t using u where u.n > 0 and t.id < 3 returning t.id')).toEqual([2, [1], [2]])
  })

  test('RETURNING sees the tables beside, and new values', () => {
    expect(run('update t as z set a = n from u where u.k = z.id + 2 returning z.*, n, u.k')).toEqual([
      2,
      [1, 30, 1, 'x', 30, 3],
      [2, 40, 2, 'y', 40, 4],
    ])
    expect(run('update t set a = a + 1 where id = 3 returning a, (select count(*) from u where n > a) as c')).toEqual([
      1,
      [4, 4],
    ])
    expect(run('delete from t where id = 3 returning id, (select max(n) from u) as m')).toEqual([1, [3, 40]])
    expect(run('update t set b = ? from u where u.k = ? and t.id = u.k returning t.id, b', [9, 2])).toEqual([1, [2, 9]])
  })

  test('UPDATE … JOIN, SET with DEFAULT, ORDER BY and LIMIT', () => {
    expect(run('update t join u on u.k = t.id set t.a = u.n where u.n < 30')).toEqual([2])
    expect(run('update t set (a, b) = (5, default) where id = 1 returning a, b')).toEqual([1, [5, 7]])
    expect(run('delete from t order by id desc limit 1 returning id')).toEqual([1, [3]])
    expect(run('update t set b = 0 order by id limit 1 returning id')).toEqual([1, [1]])
  })

  test('SET of a row takes one row, in SQLite the first', () => {
    const sql = 'update t set (a, b) = (select n, k from u where u.t = t.id) where id = 1 returning a'
    expect(failure(() => run(sql))).toMatch(/more than one row/)
    expect(db.execute(sql, undefined, { dialect: 'sqlite' }).rows).toEqual([{ a: 10 }])
    const scalar = 'select (select n from u where u.t = t.id order by k desc) as n from t where id = 1'
    expect(failure(() => run(scalar))).toMatch(/more than one row/)
    expect(db.execute(scalar, undefined, { dialect: 'sqlite' }).rows).toEqual([{ n: 20 }])
    expect(failure(() => run('update t set (a, b) = (select 1)'))).toMatch(/takes 2 values; the query selects 1/)
    run('create table g (id integer primary key, d integer generated always as (id * 2) stored)')
    expect(failure(() => run('update g set (d) = (select 1)'))).toMatch(/Column "d" is generated/)
  })

  test('ON CONFLICT says which rows a partial index has', () => {
    const insert = (target: string) =>
      `insert into t values (9, 8, 8, 'q') on conflict ${target} do update set b = 99 returning id, b`
    run("update t set a = 8, s = 'q' where id = 3")
    expect(run(insert('(s) where a > 2'))).toEqual([1, [3, 99]])
    expect(run(insert('(s) where b > 1 and a > 2'))).toEqual([1, [3, 99]])
    const where =
      'QueryError: ON CONFLICT (s) names no unique key of table "t" that has all of its rows (line 1, column 1).'
    for (const target of ['(s)', '(s) where a > 1', '(s) where b > 2'])
      expect(failure(() => run(insert(target)))).toContain(where)
    expect(() => run(insert('(b)'))).toThrow(QueryError)
  })
})

// A statement that is one row by its key runs without operators; a condition that always holds sends it the other way.
describe('an upsert of one row does the same on either way', () => {
  const DDL = [
    `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER CHECK (a < 90), b INTEGER NOT NULL, s TEXT UNIQUE,
      ab INTEGER GENERATED ALWAYS AS (a + b) STORED)`,
    'CREATE INDEX t_a ON t (a)',
  ]
  const sets = ['a = excluded.a', 'a = excluded.b, b = t.a', 'b = NULL', 'a = ?, s = excluded.s', 'a = 100', "s = 'x'"]
  const targets = ['(id)', '(s)']

  test.each([...targets.keys()])('by key %p', target => {
    using point = Database.open(':memory:')
    using general = Database.open(':memory:')
    for (const ddl of DDL) for (const db of [point, general]) db.execute(ddl)
    const random = new Random(target + 1)
    for (let i = 0; i < 400; i++) {
      const set = random.pick(sets)
      const values: unknown[] = [
        random.below(6),
        random.pick([1, 2, 3, null, 95]),
        random.below(5),
        random.pick(['x', 'y', 'z', null]),
      ]
      if (set.includes('?')) values.push(random.below(9))
      const sql = `INSERT INTO t (id, a, b, s) VALUES (?, ?, ?, ?) ON CONFLICT ${targets[target]!} DO UPDATE SET ${set}`
      const outcome = (db: Database, where: string): unknown => {
        try {
          const { rows, rowsAffected } = db.execute(`${sql} ${where} RETURNING id, a, b, s`, values)
          return { rows, rowsAffected }
        } catch (error) {
          return failure(() => {
            throw error
          })
        }
      }
      expect(outcome(point, '')).toEqual(outcome(general, 'WHERE t.id = t.id'))
      if (i % 20 === 0) {
        const all = 'SELECT * FROM t ORDER BY id'
        expect(point.execute(all).rows).toEqual(general.execute(all).rows)
        const byIndex = 'SELECT id FROM t WHERE a = 2 ORDER BY id'
        expect(point.execute(byIndex).rows).toEqual(general.execute(byIndex).rows)
      }
    }
    expect(point.execute('SELECT count(*) AS n FROM t').rows).not.toEqual([{ n: 0 }])
  })
})

test('a row found by its key is the row that a scan finds, whatever is in it', () => {
  using db = Database.open(':memory:')
  db.execute(`CREATE TABLE v (id INTEGER PRIMARY KEY, k TEXT UNIQUE, i INTEGER, g BIGINT, r REAL, t TEXT, b BLOB, y BOOLEAN,
    at TIMESTAMP, j JSON, d DECIMAL(20, 5), u UUID, e VECTOR(2))`)
  const insert = db.prepare('INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const uuid = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
  const rows: unknown[][] = [
    [null, null, null, null, null, null, null, null, null, null, null],
    [1, 1n, 1.5, 'a', Buffer.from([1]), true, new Date(5), { a: 1 }, '1.5', uuid, [1, 2]],
    [-(2 ** 31), -1n, -0.0, '', Buffer.alloc(0), false, new Date(-5), [], '-1', null, null],
    [2 ** 31, 2n ** 62n, 1e300, 'Zoë 🎉', null, null, null, 'é', null, uuid, [0.5, -1]],
    [2 ** 53 - 1, null, null, 'x'.repeat(100_000), null, true, null, null, null, null, null],
    [2n ** 62n, null, 0, null, Buffer.alloc(70_000, 7), null, null, null, '12345.00001', null, null],
    [5, null, null, 'ü'.repeat(70_000), null, null, null, 'y'.repeat(70_000), null, null, null],
  ]
  rows.forEach((row, id) => insert.run([id, `k${id}`, ...row]))
  const scan = db.prepare('SELECT * FROM v WHERE id + 0 = ?')
  const byKey = db.prepare('SELECT * FROM v WHERE id = ?')
  const byIndex = db.prepare('SELECT * FROM v WHERE k = ?')
  rows.forEach((_, id) => {
    const expected = scan.get([id])
    expect(expected).toBeDefined()
    expect(byKey.get([id])).toEqual(expected)
    expect(byKey.all([id])).toEqual([expected])
    expect(byIndex.get([`k${id}`])).toEqual(expected)
    db.transaction(txn => expect(txn.prepare('SELECT * FROM v WHERE k = ?').get([`k${id}`])).toEqual(expected))
  })
})
