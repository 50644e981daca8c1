/** Index policies of tables: a table that moves loses nothing, whoever writes to it meanwhile. */
import { Database, QueryError, TransactionConflictError, ValidationError } from '../../src/index.js'
import type { IndexPolicy } from '../../src/index.js'
import { createTable, getTable } from '../../src/sql/catalog/index.js'
import { catalogStore, executeStatement } from '../../src/sql/session.js'
import type { StatementTarget } from '../../src/sql/session.js'
import { moveTable } from '../../src/sql/policy.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { DEFAULT_NAMESPACE_ID } from '../../src/engine/index.js'
import { all, asc, c, eq, insert, p, remove, select, update, users } from './support.js'

const POLICIES: readonly IndexPolicy[] = ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly']

let db: Database
const run = (statement: Statement, values: readonly unknown[] = [], target: StatementTarget = db) =>
  executeStatement(target, statement, values)
const add = insert('users', ['orgId', 'email', 'age'], [[p(0), p(1), p(2)]])
const byEmail = select({ from: 'users', where: eq(c('email'), p(0)) })
const everything = select({ from: 'users', columns: [all()], orderBy: [asc(c('email'))] })
const emails = (target: StatementTarget = db) => run(everything, [], target).rows.map(row => String(row['email']))
const entry = () => getTable(catalogStore(db), DEFAULT_NAMESPACE_ID, 'users')!.entry

beforeEach(() => {
  db = Database.open(':memory:')
  db.transaction(transaction => createTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, users))
})
afterEach(() => db.close())

test.each(POLICIES)('a table made %s holds rows, finds them by index, and keeps them unique', policy => {
  db.transaction(txn =>
    createTable(catalogStore(txn), DEFAULT_NAMESPACE_ID, {
      ...users,
      name: 'others',
      indexes: users.indexes!.map(index => ({ ...index, name: `other_${index.name}` })),
      indexPolicy: policy,
    }),
  )
  expect(db.getTableIndexPolicy('others')).toBe(policy)
  const put = insert('others', ['orgId', 'email', 'age'], [[p(0), p(1), p(2)]])
  run(put, [1, 'a@x', 1])
  expect(() => run(put, [1, 'a@x', 2])).toThrow()
  expect(run(select({ from: 'others', where: eq(c('email'), p(0)) }), ['a@x']).rows).toHaveLength(1)
})

test('a table with data goes through all policies and loses nothing', () => {
  for (let i = 0; i < 3000; i++) run(add, [1, `u${i}@x`, i])
  const before = emails()
  for (const policy of ['writeOptimized', 'appendOnly', 'scanOptimized', 'balanced'] as const) {
    db.setTableIndexPolicy('users', policy)
    expect(db.getTableIndexPolicy('users')).toBe(policy)
    expect(entry().movingTo).toBeUndefined()
    expect(entry().leaving).toBeUndefined()
    expect(emails()).toEqual(before)
    expect(run(byEmail, ['u77@x']).rows).toMatchObject([{ age: 77 }])
    expect(() => run(add, [1, 'u77@x', 1])).toThrow(/u77|email/i)
  }
})

test('writes between any two steps of a move are in the table when it has moved', () => {
  for (let i = 0; i < 500; i++) run(add, [1, `u${String(i).padStart(4, '0')}@x`, i])
  const model = new Set(emails())
  let step = 0
  for (const policy of ['appendOnly', 'balanced'] as const) {
    for (const _ of moveTable(db, 'users', policy)) {
      const name = `n${step++}@x`
      run(add, [1, name, step])
      model.add(name)
      const gone = `u${String(step).padStart(4, '0')}@x`
      run(remove('users', eq(c('email'), p(0))), [gone])
      model.delete(gone)
      run(update('users', { age: p(1) }, eq(c('email'), p(0))), ['u0400@x', 1000 + step])
      expect(emails()).toEqual([...model].sort())
      expect(run(byEmail, ['u0400@x']).rows).toMatchObject([{ age: 1000 + step }])
    }
    expect(emails()).toEqual([...model].sort())
  }
})

test('a move that was stopped goes on, or goes elsewhere, by being asked for again', () => {
  for (let i = 0; i < 2000; i++) run(add, [1, `u${i}@x`, i])
  const before = emails()
  for (const stopAfter of [1, 2, 3]) {
    const moving = moveTable(db, 'users', 'scanOptimized')
    for (let i = 0; i < stopAfter; i++) moving.next()
    expect(emails()).toEqual(before)
    db.setTableIndexPolicy('users', stopAfter === 2 ? 'writeOptimized' : 'balanced')
    expect(emails()).toEqual(before)
    expect(entry().leaving).toBeUndefined()
  }
  db.setTableIndexPolicy('users', 'scanOptimized')
  expect(emails()).toEqual(before)
})

test('a snapshot from before a move still reads the table, and a transaction from before it conflicts or commits whole', () => {
  for (let i = 0; i < 200; i++) run(add, [1, `u${i}@x`, i])
  const before = emails()
  const old = db.beginTransaction()
  expect(emails(old)).toEqual(before)
  run(add, [1, 'late@x', 1], old)
  db.setTableIndexPolicy('users', 'appendOnly')
  expect(emails(old)).toEqual([...before, 'late@x'].sort())
  expect(() => old.commit()).toThrow(TransactionConflictError)
  expect(emails()).toEqual(before)
})

test('what is left behind is empty', () => {
  for (let i = 0; i < 300; i++) run(add, [1, `u${i}@x`, i])
  db.setTableIndexPolicy('users', 'appendOnly')
  run(remove('users'))
  db.setTableIndexPolicy('users', 'balanced')
  expect(emails()).toEqual([])
})

test('names, spellings and numbers of policies', () => {
  for (const [given, is] of [
    ['append_only', 'appendOnly'],
    ['WRITE_OPTIMIZED', 'writeOptimized'],
    [Database.INDEX_SCAN_OPTIMIZED, 'scanOptimized'],
    [Database.INDEX_BALANCED, 'balanced'],
  ] as const) {
    db.setTableIndexPolicy('users', given)
    expect(db.getTableIndexPolicy('users')).toBe(is)
  }
  expect(() => db.setTableIndexPolicy('users', 'fast')).toThrow(ValidationError)
  expect(() => db.setTableIndexPolicy('users', 4)).toThrow(/from 0 to 3/)
  expect(() => db.setTableIndexPolicy('nobody', 'balanced')).toThrow(QueryError)
  expect(() => db.getTableIndexPolicy('nobody')).toThrow(/no table "nobody"/)
})
