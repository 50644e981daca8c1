/** Statements that mean harm: each ends, with an error that says what was too much, and the database goes on. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Database, ErrorCode, SochDBError } from '../../src/index.js'
import type { ExecuteOptions } from '../../src/index.js'

const MIB = 1024 * 1024
let db: Database
beforeAll(() => {
  db = Database.open(':memory:', { queryMemoryBytes: 16 * MIB })
  db.execute('create table t (id integer primary key, a integer, s text)')
  db.execute("insert into t select value, value % 10, 'x' || value from generate_series(1, 300)")
})
afterAll(() => db.close())

/** The error of a statement, or `undefined`; whatever it is, the next statement runs, in the same transaction too. */
function errorOf(sql: string, params: readonly unknown[] = [], options: ExecuteOptions = {}): SochDBError | undefined {
  let found: unknown
  db.transaction(txn => {
    txn.execute("insert into t values (-1, 0, 'before')")
    try {
      txn.execute(sql, params, options)
    } catch (error) {
      found = error
    }
    expect(txn.execute('select s from t where id = -1').rows).toEqual([{ s: 'before' }])
    txn.execute('delete from t where id = -1')
  })
  expect(db.execute('select count(*) as n from t').rows).toEqual([{ n: 300 }])
  if (found !== undefined && !(found instanceof SochDBError)) throw found
  return found
}

const around = (open: string, inner: string, close: string) => (depth: number) =>
  open.repeat(depth) + inner + close.repeat(depth)

const NESTED: Readonly<Record<string, (depth: number) => string>> = {
  parentheses: depth => `select ${around('(', '1', ')')(depth)}`,
  NOT: depth => `select ${'not '.repeat(depth)}1`,
  minus: depth => `select ${'- '.repeat(depth)}a from t`,
  CASE: depth => `select ${around('case when 1 then ', '1', ' end')(depth)}`,
  'CASE of a value': depth => `select ${around('case ', 'a', ' when 1 then 1 when 2 then 3 end')(depth)} from t`,
  BETWEEN: depth => `select a${' between 0 and 1'.repeat(depth)} from t`,
  NULLIF: depth => `select ${around('nullif(', 'a', ', 0)')(depth)} from t`,
  'values as subqueries': depth => `select ${around('(select ', '1', ')')(depth)}`,
  'tables as subqueries': depth => `select * from ${around('(select * from ', 't', ')')(depth)}`,
  EXISTS: depth => `select ${around('exists (select 1 where ', '1', ')')(depth)}`,
  IN: depth => `select ${around('1 in (select 1 where ', '1 = 1', ')')(depth)}`,
  'a chain of ||': depth => `select s${" || 'a'".repeat(depth)} from t`,
  'a chain of +': depth => `select a${' + 1'.repeat(depth)} from t`,
  'AND and OR': depth => `select ${around('1 and (0 or ', '1', ')')(depth)}`,
  casts: depth => `select 1${'::integer'.repeat(depth)}`,
  json: depth => `select ${around('json_array(', '1', ')')(depth)}`,
  'text of JSON': depth => `select json('${around('[', '', ']')(depth)}')`,
  joins: depth => `select 1 from t t0${steps(depth, i => ` join t t${i + 1} on t${i}.id = t${i + 1}.id`)} limit 1`,
  'left joins': depth =>
    `select 1 from t t0${steps(depth, i => ` left join t t${i + 1} on t${i}.id = t${i + 1}.a`)} limit 1`,
  'tables in FROM': depth => `select 1 from t${steps(depth, i => `, t as t${i}`)} limit 1`,
  unions: depth => `select 1${' union all select 1'.repeat(depth)}`,
  'common tables in one another': depth => around('with a as (', 'select 1', ') select * from a')(depth),
  'common tables over one another': depth =>
    `with c0 as (select 1)${steps(depth, i => `, c${i + 1} as (select * from c${i})`)} select * from c${depth}`,
  'conditions of CHECK': depth => `create table z (a integer check (${around('(', 'a', ')')(depth)}))`,
  'groups of a pattern': depth => `select 'a' regexp '${around('(', 'a', ')')(depth)}'`,
}
function steps(count: number, make: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => make(i)).join('')
}

describe.each([30, 950, 5000])('%i deep', depth => {
  test.each(Object.keys(NESTED))('%s', name => {
    const error = errorOf(NESTED[name]!(depth))
    // What is too deep says so; that a statement runs is as good.
    if (error)
      expect(error.message).toMatch(
        /nests? (deeper|too deep)|too large|too many|more than|at most|is the most|malformed/,
      )
    db.execute('drop table if exists z')
  })
})

test('the sides of a comparison do not double at each level: it is refused before it is planned', () => {
  for (const name of ['CASE of a value', 'BETWEEN', 'NULLIF']) {
    expect(errorOf(NESTED[name]!(60))?.message).toMatch(/grows too large/)
  }
})

test.each<[string, string]>([
  ['a text of 10 MB', `select length('${'x'.repeat(10_000_000)}')`],
  ['100,000 parameters', `select ${Array.from({ length: 100_000 }, () => '?').join(', ')}`],
  ['a parameter of a large number', 'select ?99999999'],
  ['2,000 columns', `create table w (${Array.from({ length: 2000 }, (_, i) => `c${i} integer`).join(', ')})`],
  ['a limit beyond 64 bits', 'select id from t limit 99999999999999999999'],
  ['repetitions of repetitions', "select 'a' regexp '((a{1,1000}){1,1000}){1,1000}'"],
  ['a class 100,000 times', `select 'a' regexp '${'[a-z]'.repeat(100_000)}'`],
])('%s is refused at once', (_, sql) => {
  expect(errorOf(sql)).toBeInstanceOf(SochDBError)
})

test.each<[string, string]>([
  ['huge limits', 'select id from t limit 9223372036854775807 offset 9223372036854775807'],
  ['a pattern that backtracks elsewhere', "select repeat('a', 20000) || 'b' regexp '(a*)*c'"],
  ['LIKE with many wildcards', "select repeat('a', 20000) like '%a%a%a%a%a%a%a%a%b'"],
  ['GLOB with many wildcards', "select repeat('a', 20000) glob '*a*a*a*a*a*a*a*b'"],
])('%s run', (_, sql) => {
  expect(errorOf(sql)).toBeUndefined()
})

test.each<[string, string]>([
  ['a recursion', 'with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n'],
  ['a series', 'select count(*) from generate_series(1, 9223372036854775807)'],
  ['a cross join', 'select count(*) from t a, t b, t c, t d, t e'],
  ['a subquery for each row', 'select (select count(*) from t x, t y, t z where x.id <> y.id + a.id) from t a'],
  ['a write', 'delete from t where (select count(*) from t a, t b, t c, t d) > 5'],
])('%s without end ends with its time', (_, sql) => {
  expect(errorOf(sql, [], { timeoutMs: 50 })?.code).toBe(ErrorCode.QUERY_TIMEOUT)
})

test.each([
  'select count(*) from t a, t b, t c, t d, t e',
  'with recursive n(x) as (select 1 union all select x from n) select count(*) from n',
])('by promise, a signal ends it: %s', async sql => {
  const controller = new AbortController()
  const running = db.async.execute(sql, [], { signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(running).rejects.toThrow(/abort/i)
  expect((await db.async.execute('select 1 as one')).rows).toEqual([{ one: 1 }])
})

/** Each row is about 100 kB. */
const WIDE = "(select repeat('a', 100000) || id as x from t)"
test.each<[string, string]>([
  ['sort', `select x from ${WIDE} order by x`],
  ['groups', `select x, count(*) from ${WIDE} group by x`],
  ['distinct', `select distinct x from ${WIDE}`],
  ['hash join', `select count(*) from ${WIDE} a join ${WIDE} b on a.x = b.x`],
  ['union', `select x from ${WIDE} union select 'b'`],
  ['window', `select x, row_number() over (order by x) from ${WIDE}`],
  ['materialized table', `with m as materialized (select * from ${WIDE}) select max(a.x || b.x) from m a, m b`],
  ['IN', `select 1 where 'b' in (select x from ${WIDE})`],
  ['group_concat', `select length(group_concat(x)) from ${WIDE}`],
  ['json_group_array', `select length(json_group_array(x)) from ${WIDE}`],
  ['RETURNING', "update t set a = 1 returning repeat('a', 100000)"],
  ['recursion', "with recursive n(x) as (select 'a' union all select x || x from n) select max(length(x)) from n"],
  ['recursion of different rows', 'with recursive n(x) as (select 1 union select x + 1 from n) select count(*) from n'],
  ['repeat', "select length(repeat('a', 536870911))"],
  ['zeroblob', 'select length(zeroblob(536870911))'],
  ['lpad', "select length(lpad('a', 536870911, 'b'))"],
  ['replace', "select length(replace(repeat('a', 10000), 'a', repeat('b', 10000)))"],
  ['hex', "select length(hex(hex(repeat('a', 8000000))))"],
  ['json', `select count(*) from json_each('[' || repeat('1,', 5000000) || '1]')`],
  ['json_extract', `select json_extract('[' || repeat('1,', 5000000) || '1]', '$[3]')`],
])('more memory than a statement has: %s', (_, sql) => {
  const error = errorOf(sql)
  expect(error?.code).toBe(ErrorCode.LIMIT_EXCEEDED)
  expect(error?.message).toMatch(/needs more than the 16777216 bytes .*queryMemoryBytes/)
})

test('more than any value holds: the function is named', () => {
  for (const call of [
    "repeat('a', 9223372036854775807)",
    'zeroblob(9223372036854775807)',
    "rpad('a', 600000000, 'b')",
  ]) {
    expect(errorOf(`select length(${call})`)?.message).toMatch(/^\w+\(\) would yield more than 512 MiB/)
  }
})

test('a result that the heap does not hold is refused, and the process lives', () => {
  const child = join(dirname(fileURLToPath(import.meta.url)), '..', 'support', 'result-child.mjs')
  const run = spawnSync(process.execPath, ['--max-old-space-size=128', child], { encoding: 'utf8' })
  const { status, signal, stderr } = run
  const lines = run.stdout.trim().split('\n')
  const shown = { status, signal, stderr, lines }
  expect(shown).toEqual({
    status: 0,
    signal: null,
    stderr: '',
    lines: [expect.any(String), expect.any(String), '2000 rows'],
  })
  for (const line of lines.slice(0, 2)) {
    expect(line).toMatch(/^7008 The rows of the result are larger than the \d+ MiB that fit into memory at once\./)
  }
})

test.each([
  ['a select list', 'select ', ''],
  ['a row of VALUES', 'values (', ')'],
  ['a row of an insert', 'insert into t values (', ')'],
])('%s of a million columns is not read to its end', (_, before, after) => {
  const error = errorOf(`${before}${Array.from({ length: 1_000_000 }, () => '1').join(',')}${after}`)
  expect(error?.message).toMatch(/line 1, column 4\d\d\d: a row has at most 2000 columns/)
})

test('statements that are refused for the memory they want did not take it', () => {
  const child = join(dirname(fileURLToPath(import.meta.url)), '..', 'support', 'memory-child.mjs')
  const { stdout, stderr } = spawnSync(process.execPath, [child], { encoding: 'utf8' })
  expect(stderr).toBe('')
  const { grown, refused } = JSON.parse(stdout) as { grown: number; refused: string[] }
  expect(refused.length).toBeGreaterThan(10)
  for (const message of refused) expect(message).toContain('queryMemoryBytes')
  // Each would take 24 MiB at the least, and most of them hundreds; they may have 8.
  expect(grown).toBeLessThan(64)
})

test('a result has as many columns as a row may have', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `c${String(i)}`)
  using wide = Database.open(':memory:')
  const sql = `select ${names.map((name, i) => `${i % 2 === 0 ? String(i) : `'${String(i)}'`} as ${name}`).join(', ')}`
  const expected = Object.fromEntries(names.map((name, i) => [name, i % 2 === 0 ? i : String(i)]))
  expect(wide.execute(sql).rows).toEqual([expected])
  expect((await wide.async.execute(sql)).rows).toEqual([expected])
  expect([...wide.iterate(`${sql} from generate_series(1, 3)`)]).toEqual([expected, expected, expected])
})
