import { compile } from '../../src/sql/plan/compile.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { QueryError } from '../../src/errors/index.js'
import {
  all,
  and,
  as,
  asc,
  bin,
  c,
  desc,
  eq,
  fn,
  inList,
  insert,
  join,
  lit,
  p,
  remove,
  sampleCatalog,
  select,
  snapshotOf,
  table,
  update,
} from './support.js'

const catalog = snapshotOf(sampleCatalog())
const bound = (statement: Statement) => compile(statement, catalog)
const refusal = (statement: Statement): string => {
  try {
    bound(statement)
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
  throw new Error('The statement was not refused.')
}
const where = (e: Parameters<typeof and>[0]) => select({ columns: [c('id')], from: 'users', where: e })

describe('names', () => {
  test('compare without case and come back as declared', () => {
    const plan = bound(select({ columns: [c('EMAIL'), c('Users.orgid')], from: 'USERS' }))
    expect(plan.columns.map(column => column.name)).toEqual(['email', 'orgId'])
  })

  test('a star is every column in order of declaration', () => {
    expect(bound(select({ from: 'documents' })).columns.map(column => column.name)).toEqual([
      'id',
      'ownerId',
      'title',
      'size',
    ])
    const both = join(table('documents', 'd'), table('tags'), eq(c('d.id'), c('documentId')))
    expect(bound(select({ columns: [all('tags'), c('d.id')], from: both })).columns.map(column => column.name)).toEqual(
      ['documentId', 'tag', 'weight', 'id'],
    )
  })

  test('an unknown table or column is named, with what is near', () => {
    expect(refusal(select({ from: 'user' }))).toBe('There is no table "user". Did you mean "users"?')
    expect(refusal(where(eq(c('emial'), p(0))))).toBe('There is no column "emial". Did you mean "email"?')
    expect(refusal(where(eq(c('users.nmae'), p(0))))).toBe('Table "users" has no column "nmae". Did you mean "name"?')
    expect(refusal(where(eq(c('documents.id'), p(0))))).toBe('The statement has no table "documents".')
    expect(refusal(select({ columns: [c('users.id')], from: table('users', 'u') }))).toBe(
      'The statement has no table "users". It is called "u" here.',
    )
    expect(refusal(select({ columns: [c('x')] }))).toBe('There is no column "x". No table can be referred to here.')
  })

  test('a column of two tables is ambiguous', () => {
    const from = join(table('users'), table('documents'), eq(c('documents.ownerId'), c('users.id')))
    expect(refusal(select({ columns: [c('id')], from }))).toBe(
      'Column "id" is ambiguous: "users" and "documents" both have one.',
    )
    expect(refusal(select({ from: join(table('users'), table('users'), lit(true)) }))).toBe(
      '"users" names two tables of the statement.',
    )
  })

  test('an expression without a name is called as it is written', () => {
    const columns = [fn('count'), fn('sum', c('age')), bin(c('age'), '+', lit(1)), as(lit(1), 'one')]
    const names = bound(select({ columns, from: 'users', groupBy: [c('age')] })).columns.map(column => column.name)
    expect(names).toEqual(['count(*)', 'sum(age)', 'age + 1', 'one'])
  })
})

describe('types', () => {
  test('parameters take the type of what they stand beside', () => {
    const plan = bound(
      where(and(eq(c('id'), p(0)), bin(p(1), '<', c('createdAt')), eq(c('credits'), p(2)), inList(c('score'), [p(3)]))),
    )
    expect(plan.parameterTypes).toEqual(['uuid', 'timestamp', 'bigint', 'real'])
  })

  test('a parameter in two places of different types is left open', () => {
    expect(bound(where(and(eq(c('age'), p(0)), eq(c('name'), p(0))))).parameterTypes).toEqual(['any'])
  })

  test('an integer assumed from a column gives way to a fraction', () => {
    const statement = where(bin(c('age'), '<', p(0)))
    expect(bound(statement).flexible).toEqual([{ index: 0, kind: 'number' }])
    expect(compile(statement, catalog, { parameterTypes: new Map([[0, 'real']]) }).parameterTypes).toEqual(['real'])
    // What is stored must be an integer, whatever the value is.
    const write = update('users', { age: p(0) })
    expect(compile(write, catalog, { parameterTypes: new Map([[0, 'real']]) }).parameterTypes).toEqual(['integer'])
  })

  test('literals adapt to the column where nothing is lost', () => {
    expect(() => bound(where(eq(c('age'), lit('12'))))).not.toThrow()
    expect(() => bound(where(eq(c('createdAt'), lit('2026-01-31T12:00:00Z'))))).not.toThrow()
    expect(() => bound(where(eq(c('active'), lit(1))))).not.toThrow()
    expect(() => bound(where(eq(c('balance'), lit(1.5))))).not.toThrow()
    expect(refusal(where(eq(c('age'), lit('x'))))).toBe('Cannot compare "users.age" (integer) and \'x\' (text).')
    expect(refusal(where(eq(c('id'), lit('not-a-uuid'))))).toBe(
      'Cannot compare "users.id" (uuid) and \'not-a-uuid\' (text).',
    )
  })

  test('columns of unlike types do not meet', () => {
    expect(refusal(where(eq(c('age'), c('name'))))).toBe(
      'Cannot compare "users.age" (integer) and "users.name" (text).',
    )
    expect(refusal(where(eq(c('id'), c('email'))))).toContain('Cannot compare')
    expect(() => bound(where(and(eq(c('age'), c('credits')), eq(c('age'), c('score')))))).not.toThrow()
  })

  test('results have the types of their expressions', () => {
    const columns = [
      bin(c('age'), '+', c('credits')),
      bin(c('age'), '*', c('score')),
      bin(c('email'), '||', c('age')),
      { kind: 'case', branches: [{ when: c('active'), then: lit(1) }], otherwise: lit(2.5) } as const,
      fn('coalesce', c('name'), lit('')),
      { kind: 'cast', operand: c('age'), type: 'varchar(10)' } as const,
    ]
    expect(bound(select({ columns, from: 'users' })).columns.map(column => [column.type, column.nullable])).toEqual([
      ['bigint', true],
      ['real', true],
      ['text', true],
      ['real', false],
      ['text', false],
      ['text', true],
    ])
  })

  test('the missing side of a left join can be NULL', () => {
    const from = join(table('users'), table('documents'), eq(c('documents.ownerId'), c('users.id')), 'left')
    const plan = bound(select({ columns: [c('users.id'), c('title')], from }))
    expect(plan.columns.map(column => column.nullable)).toEqual([false, true])
  })

  test('operators say what they take', () => {
    expect(refusal(where(fn('contains', c('age'), lit('x'))))).toBe(
      'contains() takes text; "users.age" (integer) is none.',
    )
    expect(refusal(where(bin(c('name'), '+', c('email'))))).toBe('+ takes numbers; "users.name" (text) is none.')
    expect(refusal(where(c('name')))).toBe('WHERE takes boolean; "users.name" (text) is none.')
    expect(refusal(where(fn('lenght', c('name'))))).toBe('There is no function "lenght". Did you mean "length"?')
    expect(refusal(where(fn('lower')))).toBe('lower() takes 1 argument; this call has 0.')
  })
})

describe('grouping', () => {
  const grouped = (column: ReturnType<typeof c>) =>
    select({ columns: [column, fn('count')], from: 'users', groupBy: [c('orgId')] })

  test('a bare column beside an aggregate is refused unless the groups fix it', () => {
    expect(refusal(grouped(c('name')))).toBe(
      'Column "users.name" in the select list is neither grouped nor aggregated.',
    )
    expect(() => bound(select({ columns: [c('name'), fn('count')], from: 'users', groupBy: [c('id')] }))).not.toThrow()
  })

  test('groups are found again inside expressions', () => {
    const e = fn('lower', c('name'))
    const statement = select({
      columns: [bin(e, '||', lit('!')), fn('count')],
      from: 'users',
      groupBy: [e],
      orderBy: [asc(e)],
    })
    expect(() => bound(statement)).not.toThrow()
  })

  test('groups may be output columns, by alias or position', () => {
    const columns = [as(fn('lower', c('name')), 'who'), fn('count')]
    expect(() => bound(select({ columns, from: 'users', groupBy: [c('who')], orderBy: [desc(lit(2))] }))).not.toThrow()
    expect(() => bound(select({ columns, from: 'users', groupBy: [lit(1)] }))).not.toThrow()
    expect(refusal(select({ columns, from: 'users', groupBy: [lit(3)] }))).toBe(
      'GROUP BY 3 names no column: the statement selects 2.',
    )
  })

  test('aggregates stand only where groups exist', () => {
    expect(refusal(where(bin(fn('count'), '>', lit(1))))).toBe('count() is an aggregate and cannot stand in WHERE.')
    expect(refusal(select({ columns: [fn('sum', fn('max', c('age')))], from: 'users' }))).toBe(
      'sum() holds another aggregate.',
    )
    expect(refusal(select({ columns: [fn('sum', c('name'))], from: 'users' }))).toBe(
      'sum() takes numbers; "users.name" (text) is none.',
    )
    expect(refusal(update('users', { age: fn('max', c('age')) }))).toBe(
      'max() is an aggregate and cannot stand in SET.',
    )
  })

  test('DISTINCT is ordered only by what it selects', () => {
    expect(refusal(select({ columns: [c('name')], from: 'users', distinct: true, orderBy: [asc(c('age'))] }))).toBe(
      'With DISTINCT, ORDER BY takes only what is selected.',
    )
  })
})

describe('writes', () => {
  test('values made anew are parameters behind those of the caller, for each row', () => {
    const plan = bound(
      insert(
        'users',
        ['orgId', 'email'],
        [
          [p(0), p(1)],
          [p(2), p(3)],
        ],
      ),
    )
    expect(plan.parameterCount).toBe(4)
    expect(plan.generated).toEqual([
      { index: 4, kind: 'uuid7' },
      { index: 5, kind: 'now' },
      { index: 6, kind: 'uuid7' },
      { index: 7, kind: 'now' },
    ])
    expect(plan.parameterTypes).toEqual([
      'integer',
      'text',
      'integer',
      'text',
      'uuid',
      'timestamp',
      'uuid',
      'timestamp',
    ])
  })

  test('a default asked for in one row of several is made for that row', () => {
    const plan = bound(
      insert(
        'users',
        ['id', 'orgId', 'email', 'credits'],
        [
          [p(0), p(1), p(2), p(3)],
          [undefined, p(4), p(5), undefined],
        ],
      ),
    )
    expect(plan.generated.map(g => g.kind)).toEqual(['now', 'uuid7', 'now'])
  })

  test('mistakes are told apart', () => {
    expect(refusal(insert('users', ['orgId', 'ORGID'], [[p(0), p(1)]]))).toBe('INSERT names the column "ORGID" twice.')
    expect(refusal(insert('users', ['orgId', 'email'], [[p(0)]]))).toBe(
      'Row 1 of the INSERT into "users" has 1 values for 2 columns.',
    )
    expect(refusal(insert('users', ['age'], [[lit('x')]]))).toBe('Column "age" takes integer; \'x\' is none.')
    expect(refusal(update('users', { age: c('score') }))).toBe(
      'Column "age" takes integer; "users.score" (real) is none.',
    )
    expect(refusal(insert('users', ['age'], [[c('age')]]))).toBe(
      'There is no column "age". No table can be referred to here.',
    )
    const onConflict = { target: ['name'], action: 'nothing', set: [], where: undefined } as const
    expect(refusal(insert('users', ['orgId'], [[p(0)]], { onConflict }))).toBe(
      'ON CONFLICT (name) names no unique key of table "users".',
    )
    expect(refusal(remove('nothing'))).toBe('There is no table "nothing".')
  })

  test('integers go into reals and decimals, not the other way', () => {
    expect(() => bound(update('users', { score: c('age'), balance: c('credits') }))).not.toThrow()
    expect(() => bound(update('users', { credits: bin(c('credits'), '+', p(0)) }))).not.toThrow()
  })
})

describe('limits', () => {
  test('a chain of conditions may be long, a nest of them not deep', () => {
    let chain = eq(c('age'), lit(0))
    for (let i = 1; i < 900; ++i) chain = { kind: 'or', operands: [chain, bin(c('age'), '>', lit(i))] }
    expect(() => bound(where(chain))).not.toThrow()
    let nest = c('age')
    for (let i = 0; i < 200; ++i) nest = bin(nest, '+', lit(i))
    expect(refusal(where(bin(nest, '>', lit(0))))).toBe('An expression nests deeper than 120 levels.')
    for (let i = 0; i < 100_000; ++i) nest = { kind: 'negate', operand: nest }
    expect(refusal(where(bin(nest, '>', lit(0))))).toBe('The statement nests deeper than 1000 levels.')
  })

  test('LIMIT takes no negative number and no column', () => {
    expect(refusal(select({ from: 'users', limit: lit(-1) }))).toBe('LIMIT must not be negative; this one is -1.')
    expect(refusal(select({ from: 'users', limit: c('age') }))).toContain('There is no column "age".')
  })

  test('a statement too large for a plan is refused', () => {
    const list = Array.from({ length: 400_000 }, (_, i) => p(i))
    expect(refusal(where(inList(c('score'), list)))).toBe('The statement is too large.')
  })
})
