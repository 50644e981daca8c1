/** Statements on a real database: what a user of the session sees. */
import {
  Database,
  NotNullError,
  QueryError,
  TransactionConflictError,
  UniqueConstraintError,
  ValidationError,
} from '../../src/index.js'
import { createTable, dropTable } from '../../src/sql/catalog/index.js'
import type { TableSpec } from '../../src/sql/catalog/index.js'
import { createTableIndex, describeTables } from '../../src/sql/schema.js'
import { catalogStore, executeStatement, explainStatement, PreparedStatement } from '../../src/sql/session.js'
import type { StatementTarget } from '../../src/sql/session.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { DEFAULT_NAMESPACE_ID } from '../../src/engine/index.js'
import {
  all,
  and,
  as,
  asc,
  bin,
  c,
  desc,
  documents,
  eq,
  fn,
  inList,
  insert,
  isNull,
  join,
  lit,
  p,
  remove,
  select,
  table,
  tags,
  update,
  users,
} from './support.js'

let db: Database
const create = (target: Parameters<typeof catalogStore>[0], spec: TableSpec) =>
  createTable(catalogStore(target), DEFAULT_NAMESPACE_ID, spec)
const run = (statement: Statement, values: readonly unknown[] = [], target: StatementTarget = db) =>
  executeStatement(target, statement, values)
const rows = (statement: Statement, values: readonly unknown[] = [], target: StatementTarget = db) =>
  run(statement, values, target).rows

const addUser = insert('users', ['orgId', 'email', 'age'], [[p(0), p(1), p(2)]], { returning: [all()] })
const byEmail = select({ from: 'users', where: eq(c('email'), p(0)) })

beforeEach(() => {
  db = Database.open(':memory:')
  db.transaction(transaction => [users, documents, tags].map(spec => create(transaction, spec)))
})
afterEach(() => db.close())

describe('rows', () => {
  test('come back as what they were put in as, defaults filled in', () => {
    const before = Date.now()
    const [row] = rows(addUser, [1, 'a@b.co', 30])
    expect(row).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as unknown,
      orgId: 1,
      email: 'a@b.co',
      name: null,
      age: 30,
      credits: 0n,
      score: null,
      active: true,
      createdAt: expect.any(Date) as unknown,
      profile: null,
      balance: null,
    })
    expect((row!['createdAt'] as Date).getTime()).toBeGreaterThanOrEqual(before)
    expect(rows(byEmail, ['a@b.co'])).toEqual([row])
    expect(rows(byEmail, ['b@b.co'])).toEqual([])
  })

  test('of every type', () => {
    const values = {
      id: '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b',
      orgId: 2 ** 53 - 1,
      email: 'grüß 🙂',
      name: '',
      age: -1,
      credits: 2n ** 63n - 1n,
      score: -0.5,
      active: false,
      createdAt: new Date(0),
      profile: { a: [1, { b: null }] },
      balance: '1234567890123456789.5',
    }
    const columns = Object.keys(values)
    const [row] = rows(
      insert('users', columns, [columns.map((_, i) => p(i))], { returning: [all()] }),
      Object.values(values),
    )
    expect(row).toEqual(values)
  })

  test('a default of one row is made for that row', () => {
    const two = insert(
      'users',
      ['id', 'orgId', 'email'],
      [
        [undefined, p(0), p(1)],
        [p(2), p(3), p(4)],
      ],
      { returning: [c('id')].map(e => as(e, 'id')) },
    )
    const given = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
    const ids = rows(two, [1, 'a', given, 1, 'b']).map(row => row['id'])
    expect(ids[1]).toBe(given)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('many are inserted as one statement: all or none', () => {
    const many = (count: number) =>
      insert(
        'documents',
        ['id', 'ownerId', 'title'],
        Array.from({ length: count }, (_, i) => [p(3 * i), p(3 * i + 1), p(3 * i + 2)]),
      )
    const owner = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
    expect(run(many(500), Array.from({ length: 500 }, (_, i) => [i, owner, `t${i}`]).flat()).rowsAffected).toBe(500)
    expect(() => run(many(3), [1000, owner, 'x', 1001, owner, 'y', 5, owner, 'z'])).toThrow(UniqueConstraintError)
    expect(rows(select({ columns: [as(fn('count'), 'n')], from: 'documents' }))).toEqual([{ n: 500 }])
  })
})

describe('constraints', () => {
  test('a unique key is kept, and the error names it', () => {
    run(addUser, [1, 'a@b.co', 30])
    expect(() => run(addUser, [1, 'a@b.co', 31])).toThrow(UniqueConstraintError)
    expect(rows(select({ columns: [as(fn('count'), 'n')], from: 'users' }))).toEqual([{ n: 1 }])
  })

  test('NOT NULL is kept, whether the column is given or left out', () => {
    expect(() => run(addUser, [1, null, 30])).toThrow(NotNullError)
    expect(() => run(insert('users', ['email'], [[p(0)]]), ['x'])).toThrow(NotNullError)
  })

  test('a conflict is nothing, an update, or an error, as asked', () => {
    const upsert = insert('tags', ['documentId', 'tag', 'weight'], [[p(0), p(1), p(2)]], {
      onConflict: {
        target: ['documentId', 'tag'],
        action: 'update',
        set: [{ column: 'weight', value: bin(c('excluded.weight'), '+', c('weight')) }],
        where: undefined,
      },
      returning: [as(c('weight'), 'w')],
    })
    expect(rows(upsert, [1, 'a', 2])).toEqual([{ w: 2 }])
    expect(rows(upsert, [1, 'a', 3])).toEqual([{ w: 5 }])
    const ignore = { target: [], action: 'nothing', set: [], where: undefined } as const
    expect(
      run(insert('tags', ['documentId', 'tag'], [[p(0), p(1)]], { onConflict: ignore }), [1, 'a']).rowsAffected,
    ).toBe(0)
    const replace = { ...ignore, action: 'replace' } as const
    run(insert('tags', ['documentId', 'tag'], [[p(0), p(1)]], { onConflict: replace }), [1, 'a'])
    expect(rows(select({ from: 'tags' }))).toEqual([{ documentId: 1, tag: 'a', weight: null }])
  })
})

describe('updates and deletes', () => {
  beforeEach(() => {
    for (let i = 0; i < 10; ++i) run(addUser, [i % 3, `u${i}`, i])
  })

  test('touch what matches, and say how many', () => {
    expect(run(update('users', { age: bin(c('age'), '+', p(0)) }, eq(c('orgId'), p(1))), [100, 1]).rowsAffected).toBe(3)
    expect(
      rows(select({ columns: [c('age')], from: 'users', where: eq(c('orgId'), lit(1)), orderBy: [asc(c('age'))] })),
    ).toEqual([{ age: 101 }, { age: 104 }, { age: 107 }])
    expect(run(remove('users', bin(c('age'), '>', lit(100)))).rowsAffected).toBe(3)
    expect(run(remove('users', eq(lit(1), lit(2)))).rowsAffected).toBe(0)
    expect(run(remove('users')).rowsAffected).toBe(7)
  })

  test('an update that moves rows along its own index sees each row once', () => {
    expect(run(update('users', { age: bin(c('age'), '+', lit(5)) }, bin(c('age'), '>=', lit(0)))).rowsAffected).toBe(10)
    expect(rows(select({ columns: [as(fn('max', c('age')), 'm')], from: 'users' }))).toEqual([{ m: 14 }])
  })

  test('return rows as they are stored, deleted ones as they were', () => {
    const changed = update('users', { name: fn('upper', c('email')) }, eq(c('email'), p(0)), {
      returning: [as(c('name'), 'name')],
    })
    expect(rows(changed, ['u3'])).toEqual([{ name: 'U3' }])
    expect(rows(remove('users', eq(c('email'), p(0)), { returning: [as(c('name'), 'was')] }), ['u3'])).toEqual([
      { was: 'U3' },
    ])
  })
})

describe('values', () => {
  test('too many, too few, of the wrong type: refused', () => {
    expect(() => run(byEmail, [])).toThrow('The statement has 1 parameter; 0 values were passed.')
    expect(() => run(byEmail, ['a', 'b'])).toThrow('The statement has 1 parameter; 2 values were passed.')
    expect(() => run(addUser, ['x', 'a@b.co', 1])).toThrow(ValidationError)
    expect(() => run(addUser, [1.5, 'a@b.co', 1])).toThrow(ValidationError)
  })

  test('a fraction is compared as one, though the column holds integers', () => {
    for (const age of [1, 2, 3]) run(addUser, [1, `u${age}`, age])
    const older = select({
      columns: [c('age')],
      from: 'users',
      where: bin(c('age'), '>', p(0)),
      orderBy: [asc(c('age'))],
    })
    expect(rows(older, [2]).map(row => row['age'])).toEqual([3])
    expect(rows(older, [1.5]).map(row => row['age'])).toEqual([2, 3])
    expect(rows(older, [null])).toEqual([])
  })

  test('a bare parameter is what its value is', () => {
    const bare = select({ columns: [as(p(0), 'v')] })
    const date = new Date(5)
    for (const value of [1, 1.5, 'x', true, null, date]) expect(rows(bare, [value])).toEqual([{ v: value }])
    expect(rows(bare, [2n ** 60n])).toEqual([{ v: 2n ** 60n }])
  })

  test('lists, joins, groups and orders', () => {
    const ids = ['a', 'b', 'c'].map((email, i) => rows(addUser, [i, email, i])[0]!['id'])
    for (let i = 0; i < 6; ++i)
      run(insert('documents', ['id', 'ownerId', 'title', 'size'], [[p(0), p(1), p(2), p(3)]]), [
        i,
        ids[i % 2],
        `d${i}`,
        i * 10,
      ])
    const from = join(table('users'), table('documents'), eq(c('documents.ownerId'), c('users.id')), 'left')
    const counts = select({
      columns: [c('email'), as(fn('count', c('documents.id')), 'n'), as(fn('sum', c('size')), 's')],
      from,
      groupBy: [c('users.id')],
      orderBy: [asc(c('email'))],
    })
    expect(rows(counts)).toEqual([
      { email: 'a', n: 3, s: 60 },
      { email: 'b', n: 3, s: 90 },
      { email: 'c', n: 0, s: null },
    ])
    const listed = select({
      columns: [c('title')],
      from: 'documents',
      where: inList(c('id'), [p(0), p(1), p(2)]),
      orderBy: [desc(c('id'))],
    })
    expect(rows(listed, [1, 4, 99])).toEqual([{ title: 'd4' }, { title: 'd1' }])
    const without = select({ columns: [c('email')], from, where: isNull(c('documents.id')) })
    expect(rows(without)).toEqual([{ email: 'c' }])
  })
})

describe('transactions', () => {
  test('see their own writes, and nobody else does before they commit', () => {
    const transaction = db.beginTransaction()
    run(addUser, [1, 'a@b.co', 30], transaction)
    expect(rows(byEmail, ['a@b.co'], transaction)).toHaveLength(1)
    expect(rows(byEmail, ['a@b.co'])).toEqual([])
    transaction.commit()
    expect(rows(byEmail, ['a@b.co'])).toHaveLength(1)
  })

  test('a failed statement leaves nothing behind in its transaction', () => {
    db.transaction(transaction => {
      run(addUser, [1, 'a', 30], transaction)
      const two = insert(
        'users',
        ['orgId', 'email'],
        [
          [p(0), p(1)],
          [p(2), p(3)],
        ],
      )
      expect(() => run(two, [1, 'b', 1, 'a'], transaction)).toThrow(UniqueConstraintError)
    })
    expect(rows(select({ columns: [c('email')], from: 'users' }))).toEqual([{ email: 'a' }])
  })

  test('what a serializable transaction read by an index must not have changed when it commits', () => {
    const one = db.beginTransaction()
    const count = select({ columns: [as(fn('count'), 'n')], from: 'users', where: eq(c('orgId'), p(0)) })
    expect(rows(count, [7], one)).toEqual([{ n: 0 }])
    run(addUser, [7, 'phantom', 1])
    run(addUser, [8, 'other', 1], one)
    expect(() => one.commit()).toThrow(TransactionConflictError)
  })
})

describe('schema changes', () => {
  const narrow: TableSpec = { ...tags, name: 'n' }
  const wide: TableSpec = { ...narrow, columns: [...tags.columns, { name: 'note', type: 'text', nullable: true }] }
  const every = select({ from: 'n' })

  test('a prepared statement follows them', () => {
    db.transaction(transaction => create(transaction, narrow))
    const prepared = new PreparedStatement(every)
    const add = new PreparedStatement(insert('n', ['documentId', 'tag'], [[p(0), p(1)]]))
    expect(add.run(db, [1, 'a'])).toBe(1)
    expect(prepared.all(db, [])).toEqual([{ documentId: 1, tag: 'a', weight: null }])
    db.transaction(transaction => {
      dropTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, 'n')
      create(transaction, wide)
    })
    expect(prepared.all(db, [])).toEqual([])
    expect(
      add.runMany(db, [
        [1, 'a'],
        [2, 'b'],
      ]),
    ).toBe(2)
    expect(prepared.get(db, [])).toEqual({ documentId: 1, tag: 'a', weight: null, note: null })
    db.transaction(transaction => dropTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, 'n'))
    expect(() => prepared.all(db, [])).toThrow('There is no table "n".')
  })

  test('a transaction sees its own at once, the others when it commits', () => {
    const transaction = db.beginTransaction()
    create(transaction, narrow)
    run(insert('n', ['documentId', 'tag'], [[p(0), p(1)]]), [1, 'a'], transaction)
    expect(rows(every, [], transaction)).toHaveLength(1)
    dropTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, 'n')
    create(transaction, wide)
    expect(rows(every, [], transaction)).toEqual([])
    expect(() => rows(every)).toThrow(QueryError)
    transaction.commit()
    expect(rows(every)).toEqual([])
    expect(run(every).columns.map(column => column.name)).toEqual(['documentId', 'tag', 'weight', 'note'])
  })

  test('DDL that is rolled back never was', () => {
    expect(() =>
      db.transaction(transaction => {
        create(transaction, narrow)
        run(insert('n', ['documentId', 'tag'], [[p(0), p(1)]]), [1, 'a'], transaction)
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(() => rows(every)).toThrow('There is no table "n".')
    expect(describeTables(db).map(description => description.name)).toEqual(['documents', 'tags', 'users'])
  })

  test('an older transaction keeps the schema it began with', () => {
    db.transaction(transaction => create(transaction, narrow))
    run(insert('n', ['documentId', 'tag'], [[p(0), p(1)]]), [1, 'a'])
    const old = db.beginTransaction({ isolation: 'snapshot' })
    db.transaction(transaction => {
      dropTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, 'n')
      create(transaction, wide)
    })
    expect(rows(every)).toEqual([])
    expect(rows(every, [], old)).toEqual([{ documentId: 1, tag: 'a', weight: null }])
    expect(rows(every)).toEqual([])
    old.abort()
  })

  test('an index on rows that are there answers for them, or is refused by them', () => {
    for (const [i, name] of ['x', 'y', 'x'].entries()) run(addUser, [i, `${name}${i}`, 5])
    run(update('users', { name: lit('same') }))
    const spec = { name: 'users_name', unique: false, columns: [{ column: 'name', desc: false }] }
    const byName = select({
      columns: [c('email')],
      from: 'users',
      where: eq(c('name'), p(0)),
      orderBy: [asc(c('email'))],
    })
    const before = rows(select({ from: 'users', orderBy: [asc(c('id'))] }))
    expect(() =>
      db.transaction(transaction => createTableIndex(transaction, 'users', { ...spec, unique: true })),
    ).toThrow(UniqueConstraintError)
    expect(rows(select({ from: 'users', orderBy: [asc(c('id'))] }))).toEqual(before)
    db.transaction(transaction => createTableIndex(transaction, 'users', spec))
    expect(explainStatement(db, byName)).toContain('by users_name')
    expect(rows(byName, ['same'])).toEqual([{ email: 'x0' }, { email: 'x2' }, { email: 'y1' }])
    expect(rows(select({ from: 'users', orderBy: [asc(c('id'))] }))).toEqual(before)
    expect(
      describeTables(db)
        .find(d => d.name === 'users')!
        .indexes.map(index => index.name),
    ).toContain('users_name')
  })
})

test('a plan is found again by the shape of its statement', () => {
  const statement = () => select({ from: 'users', where: and(eq(c('orgId'), p(0)), eq(c('age'), p(1))) })
  for (let i = 0; i < 3; ++i) expect(rows(statement(), [1, i])).toEqual([])
})
