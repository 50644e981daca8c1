/** Queries over the JSON objects under a key prefix. */
import { CompareOp, Database, QueryError, ValidationError } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let names = 0

const ORDERS = [
  { status: 'pending', amount: 150, at: { city: 'Oslo' }, paid: false },
  { status: 'pending', amount: 50.5, at: { city: 'Rome' }, paid: true },
  { status: 'completed', amount: 300, at: { city: 'Oslo' }, paid: true },
  { status: 'completed', amount: 'much', at: null },
  { status: null, amount: 1e3, note: '50% off' },
  { amount: 7 },
]

function filled(): Database {
  const db = Database.open(directory(`query-${++names}`), { logLevel: 'off', syncMode: 'off' })
  ORDERS.forEach((order, i) => db.put(`orders/${i}`, JSON.stringify(order)))
  db.put('orders/8', 'not JSON')
  db.put('orders/9', '[1,2]')
  db.put('other/1', '{"status":"pending","amount":1}')
  return db
}

const keysOf = (rows: readonly [Buffer, Buffer][]): string[] => rows.map(([key]) => key.toString())
const numbersOf = (rows: readonly [Buffer, Buffer][]): number[] => rows.map(([key]) => Number(key.toString().slice(7)))

test('without conditions, everything under the prefix in key order, with limit and offset', () => {
  using db = filled()
  expect(keysOf(db.query('orders/').execute())).toHaveLength(8)
  expect(numbersOf(db.query('orders/').offset(6).execute())).toEqual([8, 9])
  expect(numbersOf(db.query('orders/').limit(2).offset(1).execute())).toEqual([1, 2])
  expect(db.query('orders/').limit(0).execute()).toEqual([])
  const [[key, value]] = db.query('orders/').limit(1).execute() as [[Buffer, Buffer]]
  expect([key.toString(), JSON.parse(value.toString())]).toEqual(['orders/0', ORDERS[0]])
  expect(db.query('nothing/').execute()).toEqual([])
})

test.each([
  ['status', CompareOp.EQ, 'pending', [0, 1]],
  ['status', CompareOp.NE, 'pending', [2, 3]],
  ['status', CompareOp.EQ, null, [4, 5]],
  ['status', CompareOp.NE, null, [0, 1, 2, 3]],
  ['amount', CompareOp.GT, 100, [0, 2, 4]],
  ['amount', CompareOp.GTE, 150n, [0, 2, 4]],
  ['amount', CompareOp.LT, 50.5, [5]],
  ['amount', CompareOp.LTE, 50.5, [1, 5]],
  ['amount', CompareOp.EQ, 'much', [3]],
  ['amount', CompareOp.GT, 'a', [3]],
  ['amount', CompareOp.IN, [7, 'much', 1000], [3, 4, 5]],
  ['amount', CompareOp.NOT_IN, [7, 1000], [0, 1, 2]],
  ['status', CompareOp.IN, [null, 'pending'], [0, 1, 4, 5]],
  ['status', CompareOp.IN, [], []],
  ['status', CompareOp.LIKE, 'PEND%', [0, 1]],
  ['note', CompareOp.CONTAINS, '% o', [4]],
  ['status', CompareOp.STARTS_WITH, 'comp', [2, 3]],
  ['at.city', CompareOp.EQ, 'Oslo', [0, 2]],
  ['paid', CompareOp.EQ, true, [1, 2]],
  ['paid', CompareOp.EQ, 1, []],
  ['missing', CompareOp.EQ, 'x', []],
] as const)('where %s %s %j', (field, operator, value, expected) => {
  using db = filled()
  expect(numbersOf(db.query('orders/').where(field, operator, value).execute())).toEqual(expected)
})

test('conditions add up, and each call gives a new query', () => {
  using db = filled()
  const pending = db.query('orders/').where('status', CompareOp.EQ, 'pending')
  expect(numbersOf(pending.where('amount', CompareOp.GT, 100).execute())).toEqual([0])
  expect(numbersOf(pending.execute())).toEqual([0, 1])
})

test('order: numbers before text, NULLs last, by several members', () => {
  using db = filled()
  expect(numbersOf(db.query('orders/').orderBy('amount').execute())).toEqual([5, 1, 0, 2, 4, 3])
  expect(numbersOf(db.query('orders/').orderBy('amount', { descending: true }).limit(2).execute())).toEqual([3, 4])
  expect(numbersOf(db.query('orders/').orderBy('status').orderBy('amount').execute())).toEqual([2, 3, 1, 0, 5, 4])
})

test('select gives objects, with values as JSON has them', () => {
  using db = filled()
  expect(db.query('orders/').select(['status', 'amount', 'at']).limit(2).execute()).toEqual([
    { status: 'pending', amount: 150, at: { city: 'Oslo' } },
    { status: 'pending', amount: 50.5, at: { city: 'Rome' } },
  ])
  expect(db.query('orders/').select(['at.city']).where('at.city', CompareOp.NE, null).execute()).toEqual([
    { 'at.city': 'Oslo' },
    { 'at.city': 'Rome' },
    { 'at.city': 'Oslo' },
  ])
})

test('aggregates of all that match, and by group', () => {
  using db = filled()
  const orders = db.query('orders/')
  expect(orders.count()).toBe(8)
  expect(orders.where('status', CompareOp.EQ, 'completed').count()).toBe(2)
  expect(orders.limit(1).count()).toBe(8)
  expect(orders.sum('amount')).toBe(1507.5)
  expect(orders.avg('amount')).toBe(1507.5 / 5)
  expect(orders.min('amount')).toBe(7)
  expect(orders.max('amount')).toBe('much')
  expect(orders.sum('status')).toBeNull()
  expect(
    orders
      .select(['status', 'COUNT(*)', 'SUM(amount)'])
      .groupBy('status')
      .orderBy('SUM(amount)', { descending: true })
      .execute(),
  ).toEqual([
    { status: null, 'COUNT(*)': 2, 'SUM(amount)': 1007 },
    { status: 'completed', 'COUNT(*)': 2, 'SUM(amount)': 300 },
    { status: 'pending', 'COUNT(*)': 2, 'SUM(amount)': 200.5 },
  ])
  expect(orders.select(['max(amount)']).where('status', CompareOp.EQ, 'pending').execute()).toEqual([
    { 'max(amount)': 150 },
  ])
})

test('a transaction sees its own writes, a namespace its own keys', () => {
  using db = filled()
  db.transaction(txn => {
    txn.put('orders/7', '{"amount":1}')
    expect(txn.query('orders/').where('amount', CompareOp.LT, 10).count()).toBe(2)
    expect(db.query('orders/').where('amount', CompareOp.LT, 10).count()).toBe(1)
  })
  const ns = db.createNamespace('tenant')
  ns.put('orders/1', '{"amount":5}')
  expect(ns.query('orders/').count()).toBe(1)
  expect(keysOf(ns.query('').execute())).toEqual(['orders/1'])
  expect(db.query('orders/').where('amount', CompareOp.EQ, 5).count()).toBe(0)
})

test('by promise', async () => {
  await using db = filled().async
  const pending = db.query('orders/').where('status', CompareOp.EQ, 'pending')
  expect(await pending.count()).toBe(2)
  expect(await pending.select(['amount']).execute()).toEqual([{ amount: 150 }, { amount: 50.5 }])
  expect(await db.transaction(txn => txn.query('orders/').max('amount'))).toBe('much')
  const ns = await db.createNamespace('tenant')
  await ns.put('a', '{"n":1}')
  expect(await ns.query('').sum('n')).toBe(1)
})

test('what makes no sense is said', () => {
  using db = filled()
  const orders = db.query('orders/')
  expect(thrownBy(() => orders.where('a', '=' as never, 1))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => orders.where('a', CompareOp.IN, 1))).toMatchObject({
    message: 'IN takes an array of values; this is a number.',
  })
  expect(thrownBy(() => orders.where('a', CompareOp.LIKE, 1))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => orders.where('a', CompareOp.EQ, NaN))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => orders.limit(-1))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => orders.select(['amount']).groupBy('status').execute())).toBeInstanceOf(QueryError)
  expect(thrownBy(() => orders.groupBy('status').count())).toBeInstanceOf(QueryError)
})
