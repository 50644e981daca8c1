/** Errors of statements that parse, and do not fit the schema: they say where. */
import { Database, QueryError } from '../../src/index.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { parseStatement } from '../../src/sql/parser/index.js'
import { executeStatement } from '../../src/sql/session.js'

let db: Database

beforeAll(() => {
  db = Database.open(':memory:')
  db.execute('create table t (id integer primary key, a integer, s text, g integer generated always as (a + 1) stored)')
  db.execute('create view v as select id, a from t where a > 0')
})
afterAll(() => db.close())

function error(sql: string): QueryError {
  try {
    db.execute(sql)
  } catch (caught) {
    if (caught instanceof QueryError) return caught
    throw caught
  }
  throw new Error(`${sql} does not fail`)
}

/** The place is where the text says `^`, which is taken out of it. */
test.each([
  'select ^nope from t',
  'select id,\n  a + ^nope\nfrom t',
  '  \n-- of a table\nselect * from\n  ^tt',
  'select id from t where a = 1 and ^x.b = 2',
  'select id from t order by lower(s), ^nope',
  'select id from t join t as u on u.id = ^w.id',
  'select id from t where id in (select ^q from t)',
  'with c as (select ^z from t) select * from c',
  'update t set a = 1, ^nope = 2',
  'update t set a = ^nope + 1',
  'update t set ^g = 2',
  'delete from t where ^nope = 1',
  'insert into t (id, a) values (1, ^b)',
  'select ^nofunction(a) from t',
  'select ^vv.a from v',
  'explain select ^nope from t',
  'select case when a > 1 then ^nope end from t',
])('%s', marked => {
  const position = marked.indexOf('^')
  const before = marked.slice(0, position).split('\n')
  const [line, column] = [before.length, before.at(-1)!.length + 1]
  const { message, details } = error(marked.replace('^', ''))
  expect({ message, details }).toEqual({
    message: expect.stringContaining(` (line ${line}, column ${column})`),
    details: expect.objectContaining({ line, column, position }),
  })
})

test('the place stands behind what happened, in front of what to do', () => {
  expect(error('select idd from t').message).toBe('There is no column "idd" (line 1, column 8). Did you mean "id"?')
  expect(error('select "a. b" from t').message).toMatch(/^There is no column "a\. b" \(line 1, column 8\)\./)
  expect(error('select idd from t').details).toMatchObject({ line: 1, column: 8, columnName: 'idd' })
})

test('an error inside a view belongs where the view is named', () => {
  const members = Array.from({ length: 60 }, () => 'select count(*) as n from t').join(' union all ')
  db.execute(`create view many as ${members}`)
  const uses = Array.from({ length: 40 }, (_, i) => `many as m${i}`).join(', ')
  const { message } = error(`select 1\nfrom ${uses}`)
  expect(message).toMatch(/more than 2000 queries.* \(line 2, column \d+\)\./)
})

test.each([
  'create table u (\n  id integer primary key,\n  ^x nonsense)',
  'create table ^t (a integer)',
  'alter table ^nope add x integer',
  'alter table t add column ^a integer',
  'alter table t drop column ^id',
  'alter table t rename a to ^id',
  'create index i on t (^nope)',
  'create unique index i on t (a) where\n ^nope > 1',
  'drop index ^nope',
  'create table u (id integer primary key, x integer references ^nope (id))',
  'create table u (id integer, check (^y > 1))',
])('of a change of the schema: %s', marked => {
  const position = marked.indexOf('^')
  const before = marked.slice(0, position).split('\n')
  const [line, column] = [before.length, before.at(-1)!.length + 1]
  const { message, details } = error(marked.replace('^', ''))
  expect({ message, details }).toEqual({
    message: expect.stringContaining(` (line ${line}, column ${column})`),
    details: expect.objectContaining({ line, column, position }),
  })
})

test('trees without a text have no places', () => {
  const { statement } = parseStatement('select nope from t')
  try {
    executeStatement(db, statement as Statement, [])
    throw new Error('it ran')
  } catch (caught) {
    expect((caught as QueryError).message).toBe('There is no column "nope".')
    expect((caught as QueryError).details).toEqual({ columnName: 'nope' })
  }
})
