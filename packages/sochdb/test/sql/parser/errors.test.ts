import { ErrorCode, QueryError, QuerySyntaxError } from '../../../src/errors/index.js'
import { parseExpression, parseScript, parseStatement, SQL_LENGTH_MAX } from '../../../src/sql/parser/index.js'
import type { Dialect } from '../../../src/sql/parser/index.js'

function errorOf(text: string, dialect?: Dialect): QueryError {
  try {
    parseStatement(text, { dialect })
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`parses: ${text}`)
}

describe('a syntax error', () => {
  test.each([
    ['selct 1', 'Syntax error at line 1, column 1: a statement does not begin with "selct". Did you mean "SELECT"?'],
    [
      'UPDAET t set a = 1',
      'Syntax error at line 1, column 1: a statement does not begin with "UPDAET". Did you mean "UPDATE"?',
    ],
    ['banana', 'Syntax error at line 1, column 1: a statement does not begin with "banana".'],
    ['', 'Syntax error at line 1, column 1: there is no statement.'],
    [' ; ;', 'Syntax error at line 1, column 5: there is no statement.'],
    ['select 1; select 2', 'Syntax error at line 1, column 11: there is more than one statement.'],
    ['select', 'Syntax error at line 1, column 7: the text ends; expected DISTINCT, ALL, "*" or an expression.'],
    ['select a from', 'Syntax error at line 1, column 14: the text ends; expected a table name.'],
    ['select *\nform t', 'Syntax error at line 2, column 1: unexpected "form". Did you mean "FROM"?'],
    ['select a form t', 'Syntax error at line 1, column 15: unexpected "t". Did you mean "FROM"?'],
    ['select (1 + 2', 'Syntax error at line 1, column 14: the text ends; expected "," or ")".'],
    ['select a from t where', 'Syntax error at line 1, column 22: the text ends; expected an expression.'],
    ['select a from t gruop by a', 'Syntax error at line 1, column 23: unexpected "by". Did you mean "GROUP"?'],
    ['insert into t (a b) values (1)', 'Syntax error at line 1, column 18: unexpected "b"; expected ".", "," or ")".'],
    [
      'insert ito t values (1)',
      'Syntax error at line 1, column 12: unexpected "t"; expected ".", OVERRIDING, DEFAULT VALUES, INTO, VALUES or a query. Did you mean "INTO"?',
    ],
    [
      'update t a = 1',
      'Syntax error at line 1, column 12: unexpected "="; expected NOT INDEXED, INDEXED BY, "," or SET.',
    ],
    ['delete t where a = 1', 'Syntax error at line 1, column 8: unexpected "t"; expected FROM.'],
    [
      'create tabel t (a int)',
      'Syntax error at line 1, column 8: unexpected "tabel"; expected OR REPLACE, TEMP, TEMPORARY, TABLE, INDEX or VIEW. Did you mean "TABLE"?',
    ],
    ['select case a end', 'Syntax error at line 1, column 15: unexpected "end"; expected WHEN.'],
    ["select 'abc", 'Syntax error at line 1, column 8: the string is not closed.'],
    ['select "abc', 'Syntax error at line 1, column 8: the quoted name is not closed.'],
    ['select /* abc', 'Syntax error at line 1, column 8: the comment is not closed.'],
    ['select 12abc', 'Syntax error at line 1, column 8: the number is malformed: a letter follows it.'],
    ['select 0x', 'Syntax error at line 1, column 8: the number is malformed.'],
    [
      "select x'abc'",
      "Syntax error at line 1, column 8: a blob is an even number of hexadecimal digits, as in x'00ff'.",
    ],
    ['select \\', 'Syntax error at line 1, column 8: the character "\\" has no meaning here.'],
    ['select \u0001', 'Syntax error at line 1, column 8: the character with the code 1 has no meaning here.'],
    ['select ?0', 'Syntax error at line 1, column 8: parameters are numbered from 1.'],
    ['select $65536', 'Syntax error at line 1, column 8: a statement has at most 65535 parameters.'],
    ['select max(*)', 'Syntax error at line 1, column 12: max(*) means nothing: only count takes a star.'],
    ['select 1 limit 1 union select 2', 'Syntax error at line 1, column 18: UNION cannot follow ORDER BY or LIMIT.'],
    ['update t set (a, b) = (1, 2, 3)', 'Syntax error at line 1, column 32: 2 columns are set to 3 values.'],
    ['select a from t where a in 5', 'Syntax error at line 1, column 28: unexpected "5"; expected "(".'],
  ])('%j', (text, message) => {
    const error = errorOf(text)
    expect(error).toBeInstanceOf(QuerySyntaxError)
    expect([error.message, error.code]).toEqual([message, ErrorCode.QUERY_SYNTAX])
  })

  test('says where it is, in UTF-16 units and in lines and columns', () => {
    const error = errorOf("select '💡',\n  'ü' +\n  from t") as QuerySyntaxError
    expect(error.position).toBe(23)
    expect(error.details).toMatchObject({ line: 3, column: 3, token: 'from', expected: ['an expression'] })
  })

  test('of a script counts from its beginning', () => {
    expect(() => parseScript('select 1;\nselect 2;\n\nselct 3')).toThrow('line 4, column 1')
  })

  test('shows a long token in part', () => {
    expect(errorOf(`select 1 '${'x'.repeat(200)}' 5`).message.length).toBeLessThan(200)
    expect(errorOf(`insert into t values (1) ${'y'.repeat(200)}`).message.length).toBeLessThan(250)
  })
})

describe('what others have is refused by name', () => {
  test.each([
    ['select a from t group by rollup (a)', 'GROUP BY … ROLLUP is not supported (line 1, column 26).'],
    ['select a from t group by cube (a, b)', 'GROUP BY … CUBE is not supported'],
    ['select a from t group by grouping sets ((a), ())', 'GROUP BY … GROUPING SETS is not supported'],
    ['select a from t group by a with rollup', 'GROUP BY … WITH ROLLUP is not supported'],
    ['select a into b from t', 'SELECT … INTO is not supported'],
    ['insert or fail into t values (1), (2)', 'OR FAIL for several rows is not supported (line 1, column 11).'],
    ['insert or fail into t select 1', 'OR FAIL for several rows is not supported'],
    ['insert or rollback into t values (1)', 'OR ROLLBACK is not supported'],
    ['insert into t values (1) on conflict (lower(a)) do nothing', 'ON CONFLICT of an expression is not supported'],
    ['insert or ignore into t values (1) on conflict do nothing', 'ON CONFLICT beside OR or IGNORE'],
    ['insert into other.t values (1)', 'The schema "other" is not supported (line 1, column 13).'],
    ['update a left join b on a.x = b.x set a.y = 1', 'A LEFT JOIN among the tables to be written'],
    ['update a, b set a.x = 1, b.y = 2', 'UPDATE of several tables'],
    ['delete a, b from a join b on a.x = b.x', 'DELETE from several tables'],
    ['with x as (delete from t returning *) select * from x', 'DELETE in WITH is not supported'],
    ['select a similar to b from t', 'SIMILAR TO is not supported'],
    ['select array(select 1)', 'ARRAY of a query is not supported'],
    ['select a from t fetch first 2 rows with ties', 'FETCH … WITH TIES is not supported'],
    ['select @@version', 'A system variable is not supported'],
    ['create trigger x after insert on t begin select 1; end', 'CREATE TRIGGER is not supported'],
    ['create virtual table x using fts5 (a)', 'CREATE VIRTUAL is not supported'],
    ['create table t (a int) inherits (u)', 'INHERITS is not supported'],
    ['create table t (a int unique on conflict replace)', 'ON CONFLICT REPLACE of a constraint is not supported'],
    ['create index i on t using gin (a)', 'An index USING gin is not supported'],
    ['merge into t using u on 1 when matched then delete', 'MERGE is not supported'],
    ['attach database x as y', 'ATTACH is not supported'],
    ['commit and chain', 'AND CHAIN is not supported'],
  ])('%s', (text, message) => {
    const error = errorOf(text)
    expect(error.message).toContain(message)
    expect(error.code).toBe(ErrorCode.UNSUPPORTED)
    expect(error.details).toMatchObject({ line: 1, position: expect.any(Number) as number })
  })
})

describe('bounds', () => {
  const deep: readonly [string, (n: number) => string][] = [
    ['parentheses', n => `select ${'('.repeat(n)}1${')'.repeat(n)}`],
    ['subqueries', n => `select ${'(select '.repeat(n)}1${')'.repeat(n)}`],
    ['derived tables', n => `select * from ${'(select * from '.repeat(n)}t${')'.repeat(n)}`],
    ['tables in parentheses', n => `select * from ${'('.repeat(n)}t${')'.repeat(n)}`],
    ['not', n => `select ${'not '.repeat(n)}1`],
    ['minus', n => `select ${'- '.repeat(n)}a`],
    ['case', n => `select ${'case when 1 then '.repeat(n)}1${' end'.repeat(n)}`],
    ['calls', n => `select ${'f('.repeat(n)}1${')'.repeat(n)}`],
    ['in', n => `select ${'a in ('.repeat(n)}1${')'.repeat(n)}`],
    ['plus', n => `select 1${' + 1'.repeat(n)}`],
    ['plus in parentheses', n => `select ${'('.repeat(n)}1${' + 1)'.repeat(n)}`],
    ['union', n => `select 1${' union select 1'.repeat(n)}`],
    ['joins', n => `select * from t${' join t'.repeat(n)}`],
    ['commas', n => `select * from t${', t'.repeat(n)}`],
    ['with', n => `${'with a as ('.repeat(n)}select 1${') select 1'.repeat(n)}`],
    ['casts', n => `select a${'::int'.repeat(n)}`],
    ['explain', n => `${'explain '.repeat(n)}select 1`],
  ]

  test.each(deep)('%s may nest, up to a limit', (name, make) => {
    if (name !== 'explain') expect(() => parseStatement(make(250))).not.toThrow()
    for (const depth of [1001, 20_000]) {
      const error = errorOf(make(depth))
      if (name !== 'explain') expect(error.message).toContain('nests deeper than 1000 levels')
    }
  })

  test('long chains of AND, OR and || and many rows are no depth', () => {
    const and = parseExpression(`a = 1${' and b = 2'.repeat(50_000)}`)
    expect(and.kind === 'and' && and.operands.length).toBe(50_001)
    const or = parseExpression(`a = 1${' or b = 2'.repeat(50_000)}`)
    expect(or.kind === 'or' && or.operands.length).toBe(50_001)
    let height = 0
    for (let e = parseExpression(`a${" || 'x'".repeat(50_000)}`); e.kind === 'binary'; e = e.left) ++height
    expect(height).toBeGreaterThan(10)
    expect(height).toBeLessThan(20)
    const { statement } = parseStatement(
      `insert into t values ${Array.from({ length: 100_000 }, (_, i) => `(${i}, 'x')`).join(',')}`,
    )
    expect(statement.kind === 'insert' && statement.rows.length).toBe(100_000)
  })

  test('a text has a longest length', () => {
    expect(() => parseStatement(`select '${'x'.repeat(SQL_LENGTH_MAX - 9)}'`)).not.toThrow()
    expect(() => parseStatement(`select '${'x'.repeat(SQL_LENGTH_MAX - 8)}'`)).toThrow(/longer than 4194304 characters/)
  })

  test('what could be searched for again and again is not', () => {
    expect(() => parseStatement(`select ${'$a$b '.repeat(200_000)}`)).toThrow(QuerySyntaxError)
    expect(() => parseStatement('/* '.repeat(1_000_000), { dialect: 'postgres' })).toThrow(/not closed/)
    expect(() => parseStatement(`select ${'('.repeat(1_000_000)}`)).toThrow(/deeper/)
    expect(() => parseStatement(`select ${'9'.repeat(1_000_000)}`)).not.toThrow()
  })
})
