/** Statements that change the schema, on tables with and without rows, alone and in transactions. */
import {
  CheckError,
  Database,
  ForeignKeyError,
  NotNullError,
  QueryError,
  UniqueConstraintError,
  ValidationError,
} from '../../src/index.js'
import { describeTables } from '../../src/sql/schema.js'
import { explainStatement } from '../../src/sql/session.js'
import { parseStatement } from '../../src/sql/parser/index.js'
import { failure, rows, sql } from './ddl-support.js'

let db: Database
const run = (text: string, ...values: unknown[]) => sql(db, text, ...values)
const all = (text: string, ...values: unknown[]) => rows(db, text, ...values)
const tables = () => describeTables(db).map(t => t.name)
const plan = (text: string) => explainStatement(db, parseStatement(text).statement)

beforeEach(() => (db = Database.open(':memory:')))
afterEach(() => db.close())

describe('CREATE TABLE', () => {
  test('keeps what it declares, and enforces it', () => {
    run(`create table users (
      id integer primary key,
      email varchar(100) not null unique,
      age integer check (age >= 0),
      kind enum('a', 'b') default 'a',
      created timestamp default current_timestamp,
      token uuid default (gen_random_uuid()),
      upper_email text generated always as (upper(email)) stored,
      constraint adult check (age is null or age < 200)
    )`)
    run(`insert into users (email, age) values ('x@y', 3), ('z@y', null)`)
    expect(all('select id, email, age, kind, upper_email from users order by id')).toEqual([
      [1, 'x@y', 3, 'a', 'X@Y'],
      [2, 'z@y', null, 'a', 'Z@Y'],
    ])
    const tokens = all('select token, created from users')
    expect(tokens[0]![0]).not.toBe(tokens[1]![0])
    expect(tokens[0]![1]).toBeInstanceOf(Date)
    expect(() => run(`insert into users (email) values ('x@y')`)).toThrow(UniqueConstraintError)
    expect(() => run(`insert into users (email) values (null)`)).toThrow(NotNullError)
    const broken = failure(() => run(`insert into users (email, age) values ('n', -1)`))
    expect(broken).toBe('CheckError: A row of users breaks the check users_age_check.')
    expect(() => run(`update users set age = 300`)).toThrow(CheckError)
    expect(() => run(`update users set kind = 'c'`)).toThrow(CheckError)
    expect(() => run(`insert into users (email, upper_email) values ('q', 'Q')`)).toThrow(/generated/)
    expect(() => run(`update users set upper_email = 'q'`)).toThrow(/generated/)
    run(`update users set email = 'new' where id = 1`)
    expect(all('select upper_email from users where id = 1')).toEqual([['NEW']])
  })

  test('tables without a primary key number their rows unseen', () => {
    run('create table log (line text)')
    run(`insert into log values ('a'), ('b')`)
    run(`insert into log values ('a')`)
    expect(all('select * from log')).toEqual([['a'], ['b'], ['a']])
    expect(all('select rowid, line from log where rowid = 3')).toEqual([[3, 'a']])
    expect(run('delete from log where line = $1 returning rowid', 'b')).toEqual([{ rowid: 2 }])
  })

  test('numbers: values that rows bring along move the counter, always refuses them', () => {
    run('create table a (id serial primary key, x integer)')
    run('insert into a (id, x) values (10, 0)')
    expect(all('insert into a (x) values (1), (2) returning id')).toEqual([[11], [12]])
    expect(() =>
      db.transaction(t => {
        rows(t, 'insert into a (x) values (3)')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(all('insert into a (x) values (4) returning id')[0]![0]).toBeGreaterThan(12)
    run('create table b (id integer generated always as identity primary key, x integer)')
    expect(all('insert into b (id, x) values (default, 1) returning id')).toEqual([[1]])
    expect(() => run('insert into b (id, x) values (7, 1)')).toThrow(/GENERATED ALWAYS/)
  })

  test('is undone with its transaction, rows and indexes with it', () => {
    expect(() =>
      db.transaction(t => {
        sql(t, 'create table t (id integer primary key, a text)')
        sql(t, 'create index t_a on t (a)')
        sql(t, `insert into t values (1, 'x')`)
        expect(rows(t, 'select a from t')).toEqual([['x']])
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(tables()).toEqual([])
    run('create table t (id integer primary key)')
    expect(all('select * from t')).toEqual([])
  })

  test('names that are taken, IF NOT EXISTS, and what makes no sense', () => {
    run('create table t (id integer primary key)')
    expect(() => run('create table T (id integer primary key)')).toThrow(QueryError)
    run('create table if not exists t (other text)')
    expect(() => run('create table u (a integer, A integer)')).toThrow(/twice/)
    expect(() => run('create table u (a nonsense)')).toThrow(/unknown type/)
    expect(() => run('create table u (a integer check (b > 1))')).toThrow(/no column "b"/)
    expect(() => run('create table u (a integer check (a > random()))')).toThrow(/row alone/)
    expect(() => run('create table u (a integer, b integer as (c), c integer as (b))')).toThrow(/from each other/)
    expect(() => run('create table u (a integer references nowhere)')).toThrow(/no table "nowhere"/)
    expect(() => run('create table u (a text references t)')).toThrow(ValidationError)
    expect(tables()).toEqual(['t'])
  })
})

describe('indexes', () => {
  beforeEach(() => {
    run('create table t (id integer primary key, a integer, b text, gone boolean)')
    run(`insert into t values (1, 5, 'Ann', false), (2, 6, 'bob', true), (3, 5, 'ANN', true), (4, null, null, null)`)
  })

  test('on tables with rows are used, and follow', () => {
    run('create index t_a on t (a desc)')
    expect(plan('select id from t where a = 5')).toContain('t_a')
    expect(all('select id from t where a = 5 order by id')).toEqual([[1], [3]])
    run('update t set a = 7 where id = 1')
    expect(all('select id from t where a = 5')).toEqual([[3]])
    run('drop index t_a')
    expect(plan('select id from t where a = 5')).not.toContain('t_a')
    expect(() => run('drop index t_a')).toThrow(QueryError)
    run('drop index if exists t_a')
  })

  test('over an expression, found by it', () => {
    run('create index t_lower on t (lower(b))')
    expect(plan(`select id from t where lower(b) = 'ann'`)).toContain('t_lower')
    expect(all(`select id from t where lower(b) = 'ann' order by id`)).toEqual([[1], [3]])
    expect(() => run('create unique index t_one on t (lower(b))')).toThrow(UniqueConstraintError)
    expect(plan(`select id from t where lower(b) = 'ann'`)).not.toContain('t_one')
    run(`create unique index t_one on t (lower(b)) where id > 1`)
    expect(() => run(`insert into t values (9, 1, 'BOB', null)`)).toThrow(UniqueConstraintError)
    run(`insert into t values (0, 1, 'BOB', null)`)
  })

  test('of some rows: read where the statement is about them', () => {
    run('create index t_gone on t (a) where gone = true')
    expect(plan('select id from t where a = 5 and gone = true')).toContain('t_gone')
    expect(plan('select id from t where a = 5')).not.toContain('t_gone')
    expect(all('select id from t where a = 5 and gone = true')).toEqual([[3]])
    run('update t set gone = true where id = 1')
    expect(all('select id from t where a = 5 and gone = true order by id')).toEqual([[1], [3]])
  })

  test('unique with NULLS NOT DISTINCT', () => {
    run('create unique index t_nulls on t (a) nulls not distinct where id > 3')
    expect(() => run('insert into t (id) values (5)')).toThrow(UniqueConstraintError)
  })

  test('a row in the way: nothing has changed', () => {
    expect(() => run('create unique index t_u on t (a)')).toThrow(UniqueConstraintError)
    run('delete from t where id = 3')
    run('create unique index t_u on t (a)')
    expect(() => run('insert into t (id, a) values (8, 6)')).toThrow(UniqueConstraintError)
  })

  test('of a large table are built in steps, whatever is written meanwhile', () => {
    const cells = Array.from({ length: 12_000 }, (_, i) => `(${i + 10}, ${i})`)
    for (let at = 0; at < cells.length; at += 3000) {
      run(`insert into t (id, a) values ${cells.slice(at, at + 3000).join(', ')}`)
    }
    run('create index t_a on t (a)')
    expect(plan('select id from t where a = 11999')).toContain('t_a')
    expect(all('select id from t where a = 11999')).toEqual([[12_009]])
    expect(all('select count(*) from t where a >= 6000')).toEqual([[6000]])
    run('update t set a = 1 where id = 12009')
    expect(() => run('create unique index t_u on t (a)')).toThrow(UniqueConstraintError)
    expect(describeTables(db)[0]!.indexes.map(i => i.name)).toEqual(['t_a'])
    run(`insert into t (id, a) values (99999, 1)`)
  })
})

describe('ALTER TABLE', () => {
  beforeEach(() => {
    run('create table t (id integer primary key, a integer, b text)')
    run(`insert into t values (1, 5, 'x'), (2, 6, '7'), (3, null, null)`)
  })

  test('adds columns: rows that are there have the default of then', () => {
    run(`alter table t add column c integer not null default 9`)
    expect(all('select c from t')).toEqual([[9], [9], [9]])
    run('alter table t alter column c set default 10')
    run('insert into t (id) values (4)')
    expect(all('select c from t order by id')).toEqual([[9], [9], [9], [10]])
    run('alter table t add column d integer generated always as (a * 2)')
    expect(all('select d from t order by id')).toEqual([[10], [12], [null], [null]])
    run('alter table t add column e uuid default (uuid7()) unique')
    expect(new Set(all('select e from t').map(([e]) => e)).size).toBe(4)
    expect(() => run('alter table t add column f integer not null')).toThrow(/has no default/)
    expect(() => run('alter table t add column f integer default 1 unique')).toThrow(UniqueConstraintError)
    expect(() => run('alter table t add column f integer check (f > 1) default 1')).toThrow(CheckError)
    expect(() => run('alter table t add column a integer')).toThrow(/already/)
    run('alter table t add column if not exists a integer')
    expect(all('select * from t where id = 1')[0]).toHaveLength(6)
  })

  test('drops columns that nothing uses', () => {
    run('create index t_a on t (a)')
    expect(failure(() => run('alter table t drop column a'))).toContain('used by the index "t_a"')
    run('alter table t drop column b')
    expect(all('select * from t where id = 1')).toEqual([[1, 5]])
    run('alter table t drop column a cascade')
    expect(all('select * from t')).toEqual([[1], [2], [3]])
    expect(() => run('alter table t drop column id')).toThrow(/primary key/)
    run('alter table t add column b integer')
    expect(all('select b from t where id = 1')).toEqual([[null]])
  })

  test('renames columns and tables: texts follow', () => {
    run('alter table t add constraint small check (t.a < 100)')
    run('create index t_sum on t (a + 1) where a is not null')
    run('create table kid (id integer primary key, t integer references t (id) on delete cascade)')
    run('insert into kid values (1, 2)')
    run('alter table t rename column a to amount')
    run('alter table t rename to things')
    run('alter table things rename column id to number')
    expect(() => run('update things set amount = 100')).toThrow(CheckError)
    expect(plan('select number from things where amount + 1 = 6 and amount is not null')).toContain('t_sum')
    expect(all('select number from things where amount + 1 = 6 and amount is not null')).toEqual([[1]])
    expect(() => run('insert into kid values (2, 9)')).toThrow(ForeignKeyError)
    run('delete from things where number = 2')
    expect(all('select * from kid')).toEqual([])
    expect(() => run('select * from t')).toThrow(/no table "t"/)
    run('alter table things rename index t_sum to other')
    expect(
      describeTables(db)
        .find(t => t.name === 'things')!
        .indexes.map(i => i.name),
    ).toEqual(['other'])
  })

  test('changes types, when every value fits', () => {
    expect(failure(() => run('alter table t alter column b type integer'))).toContain(
      'holds values that are no integer',
    )
    run(`alter table t alter column b type integer using length(b)`)
    expect(all('select b from t order by id')).toEqual([[1], [1], [null]])
    run('create index t_b on t (b)')
    run('alter table t alter column b type real')
    run('insert into t values (4, 1, 1.5)')
    expect(all('select id from t where b = 1.5')).toEqual([[4]])
    expect(failure(() => run('alter table t alter column b type integer'))).toContain(
      'holds values that are no integer',
    )
    run('delete from t where id = 4')
    run('alter table t alter column b type bigint')
    expect(all('select b from t where id = 1')).toEqual([[1n]])
    expect(all('select count(*) from t')).toEqual([[3]])
  })

  test('NOT NULL and constraints look at the rows first', () => {
    expect(() => run('alter table t alter column a set not null')).toThrow(NotNullError)
    run('update t set a = 0 where a is null')
    run('alter table t alter column a set not null')
    expect(() => run('insert into t (id) values (9)')).toThrow(NotNullError)
    run('alter table t alter column a drop not null')
    run('insert into t (id) values (9)')
    expect(() => run('alter table t add constraint c check (a > 5)')).toThrow(CheckError)
    run('alter table t add constraint c check (a >= 0)')
    expect(() => run('insert into t values (10, -1, null)')).toThrow(CheckError)
    run('alter table t drop constraint c')
    run('insert into t values (10, -1, null)')
    run('alter table t add constraint u unique (a)')
    expect(() => run('insert into t values (11, -1, null)')).toThrow(UniqueConstraintError)
    expect(() => run('drop index u')).toThrow(/UNIQUE constraint/)
    run('alter table t drop constraint u')
    expect(() => run('alter table t drop constraint u')).toThrow(QueryError)
    expect(() => run('alter table t add constraint f foreign key (a) references t (id)')).toThrow(ForeignKeyError)
  })

  test('is undone with its transaction', () => {
    expect(() =>
      db.transaction(t => {
        sql(t, 'alter table t add column c integer default 1')
        sql(t, 'alter table t alter column a type text')
        sql(t, 'alter table t rename to u')
        sql(t, `insert into u values (4, 'text', 'b', 2)`)
        expect(rows(t, 'select a, c from u where id in (1, 4) order by id')).toEqual([
          ['5', 1],
          ['text', 2],
        ])
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(all('select * from t where id = 1')).toEqual([[1, 5, 'x']])
  })
})

describe('dropping', () => {
  test('tables that others refer to stay, unless they go too', () => {
    run('create table p (id integer primary key)')
    run('create table c (id integer primary key, p integer references p)')
    run('insert into p values (1)')
    run('insert into c values (1, 1)')
    expect(failure(() => run('drop table p'))).toContain('foreign key "c_p_fkey"')
    expect(failure(() => run('truncate table p'))).toContain('foreign key "c_p_fkey"')
    run('truncate table p, c')
    expect(all('select * from c')).toEqual([])
    run('drop table p cascade')
    run('insert into c values (1, 77)')
    run('drop table c')
    run('drop table if exists c')
    expect(() => run('drop table c')).toThrow(QueryError)
    expect(tables()).toEqual([])
  })

  test('two tables that refer to each other go together', () => {
    run('create table p (id integer primary key, c integer)')
    run('create table c (id integer primary key, p integer references p)')
    run('alter table p add constraint back foreign key (c) references c (id)')
    run('drop table p, c')
    expect(tables()).toEqual([])
  })
})
