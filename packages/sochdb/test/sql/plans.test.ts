/** Plans of typical statements, as text: what is opened, in which order, and what is left to filter or sort. */
import { explain } from '../../src/sql/plan/compile.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
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
  isNull,
  join,
  lit,
  not,
  or,
  p,
  remove,
  sampleCatalog,
  select,
  snapshotOf,
  table,
  update,
} from './support.js'

const catalog = snapshotOf(sampleCatalog())
const plan = (statement: Statement) => explain(statement, catalog)

const owned = join(table('users'), table('documents'), eq(c('documents.ownerId'), c('users.id')))

describe('access paths', () => {
  test('a primary key is one point read, columns in the order selected', () => {
    expect(plan(select({ columns: [c('email'), c('id')], from: 'users', where: eq(c('id'), p(0)) }))).toBe(
      'scan users by primary key (id = $1) [email, id]',
    )
  })

  test('a unique key is one point read, and needs no limit of one', () => {
    expect(plan(select({ columns: [c('id')], from: 'users', where: eq(p(0), c('email')), limit: lit(1) }))).toBe(
      'scan users by users_email (email = $1) [id]',
    )
    expect(plan(select({ columns: [c('id')], from: 'users', where: eq(c('email'), p(0)), limit: p(1) }))).toBe(
      'limit $2\n  scan users by users_email (email = $1) [id]',
    )
  })

  test('an equality prefix with a range is one range of the index', () => {
    const where = and(eq(c('orgId'), p(0)), bin(c('createdAt'), '>=', p(1)), bin(c('createdAt'), '<', p(2)))
    expect(plan(select({ columns: [c('id')], from: 'users', where }))).toBe(
      'scan users by users_org_created (orgId = $1, createdAt >= $2, createdAt < $3) [id]',
    )
  })

  test('an upper bound alone is a range, from which NULLs are absent', () => {
    expect(plan(select({ columns: [c('age')], from: 'users', where: bin(c('age'), '<', lit(18)) }))).toBe(
      'scan users by users_age (age < 18) [age]',
    )
  })

  test('IN on a key is a batch of keys; OR of equalities is IN', () => {
    expect(plan(select({ columns: [c('id')], from: 'users', where: inList(c('id'), [p(0), p(1)]) }))).toBe(
      'scan users by primary key (id in ($1, $2)) [id]',
    )
    expect(plan(select({ columns: [c('id')], from: 'users', where: or(eq(c('id'), p(0)), eq(c('id'), p(1))) }))).toBe(
      'scan users by primary key (id in ($1, $2)) [id]',
    )
    const where = and(inList(c('documentId'), [lit(1), lit(2)]), inList(c('tag'), [lit('a'), lit('b')]))
    expect(plan(select({ columns: [c('weight')], from: 'tags', where }))).toBe(
      "scan tags by primary key ((documentId, tag) in ((1, 'a'), (1, 'b'), (2, 'a'), (2, 'b'))) [weight]",
    )
  })

  test('what no key answers is a scan with a filter, of the columns used', () => {
    expect(plan(select({ columns: [c('id')], from: 'users', where: bin(c('score'), '>', lit(0.5)) }))).toBe(
      'project users.id\n  filter users.score > 0.5\n    scan users by primary key [id, score]',
    )
  })

  test('a comparison in another type of number does not use the key', () => {
    expect(plan(select({ columns: [c('age')], from: 'users', where: bin(c('age'), '<', lit(1.5)) }))).toBe(
      'filter cast(users.age as real) < 1.5\n  scan users by primary key [age]',
    )
  })

  test('a condition that cannot hold reads nothing', () => {
    expect(plan(select({ columns: [c('id')], from: 'users', where: and(eq(c('id'), p(0)), eq(lit(1), lit(2))) }))).toBe(
      'limit 0\n  scan users by primary key [id]',
    )
    expect(plan(select({ columns: [c('id')], from: 'users', where: isNull(c('email')) }))).toBe(
      'limit 0\n  scan users by primary key [id]',
    )
  })
})

describe('order', () => {
  test('an index in the order asked for needs no sort, forwards or backwards', () => {
    const where = eq(c('orgId'), p(0))
    const columns = [c('id')]
    expect(plan(select({ columns, from: 'users', where, orderBy: [desc(c('createdAt'))], limit: lit(20) }))).toBe(
      'project users.id\n  limit 20\n    scan users by users_org_created (orgId = $1) [id, createdAt]',
    )
    expect(plan(select({ columns, from: 'users', where, orderBy: [asc(c('createdAt'))], limit: lit(20) }))).toBe(
      'project users.id\n  limit 20\n    scan users by users_org_created (orgId = $1) backwards [id, createdAt]',
    )
  })

  test('ties are broken by the primary key as the index does', () => {
    const orderBy = [desc(c('age')), desc(c('id'))]
    expect(plan(select({ columns: [c('id')], from: 'users', orderBy, limit: lit(5) }))).toBe(
      'project users.id\n  limit 5\n    scan users by users_age backwards [id, age]',
    )
  })

  test('columns fixed by equalities do not matter for the order', () => {
    const where = eq(c('orgId'), lit(1))
    const orderBy = [asc(c('orgId')), desc(c('createdAt'))]
    expect(plan(select({ columns: [c('createdAt')], from: 'users', where, orderBy }))).toContain(
      'scan users by users_org_created (orgId = 1)',
    )
  })

  test('another order is a sort with its limit', () => {
    expect(
      plan(select({ columns: [c('id')], from: 'users', orderBy: [asc(c('name'))], limit: p(0), offset: p(1) })),
    ).toBe('project users.id\n  sort users.name limit $1 offset $2\n    scan users by primary key [id, name]')
  })

  test('NULLs where the index does not have them are a sort', () => {
    const orderBy = [{ expression: c('age'), descending: false, nulls: 'last' } as const]
    expect(plan(select({ columns: [c('age')], from: 'users', orderBy, limit: lit(3) }))).toBe(
      'sort users.age nulls last limit 3\n  scan users by primary key [age]',
    )
  })

  test('max and min read one row where an index has the order', () => {
    expect(plan(select({ columns: [fn('max', c('age'))], from: 'users' }))).toBe(
      'aggregate max(users.age)\n  limit 1\n    scan users by users_age backwards [age]',
    )
    // NULLs come first: the least age is the first behind them.
    expect(plan(select({ columns: [fn('min', c('age'))], from: 'users' }))).toContain('age >= -9223372036854775808')
  })
})

describe('joins', () => {
  test('the part with a key starts, the other is found by its index', () => {
    const columns = [c('users.email'), c('documents.title')]
    expect(plan(select({ columns, from: owned, where: eq(c('users.id'), p(0)) }))).toBe(
      [
        'project users.email, documents.title',
        '  index join documents by documents_owner (ownerId = users.id) [title]',
        '    scan users by primary key (id = $1) [email, id]',
      ].join('\n'),
    )
    expect(plan(select({ columns, from: owned, where: eq(c('documents.id'), p(0)) }))).toBe(
      [
        'project users.email, documents.title',
        '  index join users by primary key (id = documents.ownerId) [email]',
        '    scan documents by primary key (id = $1) [title, ownerId]',
      ].join('\n'),
    )
  })

  test('predicates of one side move below the join', () => {
    const where = and(bin(c('documents.size'), '>', lit(10)), eq(c('users.email'), p(0)))
    expect(plan(select({ columns: [c('title')], from: owned, where }))).toBe(
      [
        'project documents.title',
        '  index join documents by documents_owner (ownerId = users.id) and documents.size > 10 [title, size]',
        '    scan users by users_email (email = $1) [id]',
      ].join('\n'),
    )
  })

  test('a left join keeps what ON says of its right side with the join', () => {
    const on = and(eq(c('documents.ownerId'), c('users.id')), bin(c('documents.size'), '>', lit(10)))
    const from = join(table('users'), table('documents'), on, 'left')
    expect(plan(select({ columns: [c('email'), c('title')], from, where: eq(c('users.id'), p(0)) }))).toBe(
      [
        'project users.email, documents.title',
        '  left index join documents by documents_owner (ownerId = users.id) and documents.size > 10 [title, size]',
        '    scan users by primary key (id = $1) [email, id]',
      ].join('\n'),
    )
  })

  test('what WHERE says of the right side stays above a left join, unless it discards the missing rows anyway', () => {
    const from = join(table('users'), table('documents'), eq(c('documents.ownerId'), c('users.id')), 'left')
    const missing = and(eq(c('users.id'), p(0)), isNull(c('documents.id')))
    expect(plan(select({ columns: [c('email')], from, where: missing }))).toContain('filter documents.id is null\n')
    expect(plan(select({ columns: [c('email')], from, where: missing }))).toContain('left index join')
    const present = and(eq(c('users.id'), p(0)), eq(c('documents.title'), p(1)))
    expect(plan(select({ columns: [c('email')], from, where: present }))).not.toContain('left')
  })

  test('a join without a key is a loop', () => {
    const from = join(table('users'), table('tags'), eq(c('users.name'), c('tags.tag')))
    expect(plan(select({ columns: [c('email'), c('tag')], from }))).toContain('loop join on users.name = tags.tag')
  })

  test('a limit in the order of an index walks it, and joins as it goes', () => {
    const columns = [c('email'), c('title')]
    const orderBy = [desc(c('users.age'))]
    expect(plan(select({ columns, from: owned, orderBy, limit: lit(10) }))).toBe(
      [
        'project users.email, documents.title',
        '  limit 10',
        '    index join documents by documents_owner (ownerId = users.id) [title]',
        '      scan users by users_age backwards [email, age, id]',
      ].join('\n'),
    )
  })

  test('an order that goes on into another table is a sort, even where the first has one row', () => {
    const orderBy = [asc(c('users.name')), asc(c('documents.title'))]
    expect(plan(select({ columns: [c('title')], from: owned, where: eq(c('users.id'), p(0)), orderBy }))).toContain(
      'sort users.name, documents.title\n',
    )
  })

  test('one table may appear twice', () => {
    const from = join(table('users', 'a'), table('users', 'b'), eq(c('a.id'), c('b.id')))
    expect(plan(select({ columns: [c('b.email')], from, where: eq(c('a.email'), p(0)) }))).toBe(
      [
        'project b.email',
        '  index join users as b by primary key (id = a.id) [email]',
        '    scan users as a by users_email (email = $1) [id]',
      ].join('\n'),
    )
  })
})

describe('grouping', () => {
  test('groups and aggregates are computed over the columns they use', () => {
    const statement = select({
      columns: [c('orgId'), as(fn('count'), 'n'), fn('sum', c('age'))],
      from: 'users',
      where: c('active'),
      groupBy: [c('orgId')],
      having: bin(fn('count'), '>', lit(1)),
      orderBy: [desc(c('n'))],
      limit: lit(3),
    })
    expect(plan(statement)).toBe(
      [
        'sort count(*) desc limit 3',
        '  filter count(*) > 1',
        '    aggregate count(*), sum(users.age) by users.orgId',
        '      filter users.active',
        '        scan users by primary key [orgId, age, active]',
      ].join('\n'),
    )
  })

  test('counting rows reads no column', () => {
    expect(plan(select({ columns: [fn('count')], from: 'users' }))).toBe(
      'aggregate count(*)\n  scan users by primary key []',
    )
  })

  test('DISTINCT is sorted by what it yields', () => {
    const statement = select({ columns: [c('name')], from: 'users', distinct: true, orderBy: [asc(c('name'))] })
    expect(plan(statement)).toBe(
      'sort name\n  distinct\n    project users.name\n      scan users by primary key [name]',
    )
  })
})

describe('writes', () => {
  test('an insert makes the values that are new for every row, behind those of the caller', () => {
    expect(plan(insert('users', ['orgId', 'email'], [[p(0), p(1)]]))).toBe(
      'insert into users (orgId, email, id, createdAt)\n  values 1 row',
    )
  })

  test('an upsert names its key', () => {
    const onConflict = {
      target: ['email'],
      action: 'update',
      set: [{ column: 'age', value: bin(c('excluded.age'), '+', c('users.age')) }],
      where: bin(c('age'), '<', lit(100)),
    } as const
    expect(
      plan(insert('users', ['orgId', 'email', 'age'], [[p(0), p(1), p(2)]], { onConflict, returning: [all()] })),
    ).toMatch(
      'on conflict with users_email update age = excluded.age + users.age where users.age < 100 returning users.id, users.orgId',
    )
  })

  test('updates and deletes read whole rows by the best key', () => {
    expect(plan(update('documents', { size: bin(c('size'), '+', lit(1)) }, eq(c('id'), p(0))))).toBe(
      'update documents set size = documents.size + 1\n  scan documents by primary key (id = $1) [id, ownerId, title, size]',
    )
    expect(plan(remove('documents', and(eq(c('ownerId'), p(0)), not(eq(c('size'), lit(0))))))).toBe(
      [
        'delete from documents',
        '  filter documents.size <> 0',
        '    scan documents by documents_owner (ownerId = $1) [id, ownerId, title, size]',
      ].join('\n'),
    )
  })
})

test('without the optimizer everything is read, joined and filtered as written', () => {
  const statement = select({ columns: [c('title')], from: owned, where: eq(c('users.id'), p(0)), limit: lit(1) })
  expect(explain(statement, catalog, { optimize: false })).toBe(
    [
      'project documents.title',
      '  limit 1',
      '    filter users.id = $1',
      '      loop join on documents.ownerId = users.id',
      '        scan users by primary key [id]',
      '        scan documents by primary key [title, ownerId]',
    ].join('\n'),
  )
})
