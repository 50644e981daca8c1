import { CompareOp, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  const put = (key: string, row: object) => db.put(key, JSON.stringify(row))
  put('users/alice', { name: 'Alice', email: 'alice@example.com', active: true, role: 'admin' })
  put('users/bob', { name: 'Bob', email: 'bob@example.com', active: false, role: 'member' })
  put('users/carol', { name: 'Carol', active: true, role: 'member' })
  for (let i = 0; i < 30; i++) {
    const status = i % 3 === 0 ? 'completed' : 'pending'
    put(`orders/${String(i).padStart(2, '0')}`, { status, amount: i * 10, created_at: `2026-01-${10 + i}` })
  }
})
afterEach(() => db.close())

describe('6 Query Builder', () => {
  test('Basic Query', () => {
    const results = db.query('users/').limit(2).execute()
    const shown = []
    for (const [key, value] of results)
      shown.push(`${key.toString()}: ${(JSON.parse(value.toString()) as { name: string }).name}`)
    expect(shown).toEqual(['users/alice: Alice', 'users/bob: Bob'])
  })

  test('Filtered Query', () => {
    const results = db
      .query('orders/')
      .where('status', CompareOp.EQ, 'pending')
      .where('amount', CompareOp.GT, 100)
      .orderBy('created_at', { descending: true })
      .limit(50)
      .offset(10)
      .execute()
    const expected = Array.from({ length: 30 }, (_, i) => i)
      .filter(i => i % 3 !== 0 && i * 10 > 100)
      .reverse()
      .slice(10)
    expect(results.map(([key]) => key.toString())).toEqual(expected.map(i => `orders/${String(i).padStart(2, '0')}`))
    expect(results.length).toBeGreaterThan(0)
  })

  test('Column Selection', () => {
    const results = db.query('users/').select(['name', 'email']).where('active', CompareOp.EQ, true).execute()
    expect(results).toEqual([
      { name: 'Alice', email: 'alice@example.com' },
      { name: 'Carol', email: null },
    ])
  })

  test('Aggregate Queries', () => {
    expect(db.query('orders/').where('status', CompareOp.EQ, 'completed').count()).toBe(10)
    expect(db.query('orders/').sum('amount')).toBe(4350)
    const results = db
      .query('orders/')
      .select(['status', 'COUNT(*)', 'SUM(amount)'])
      .groupBy('status')
      .orderBy('status')
    expect(results.execute()).toEqual([
      { status: 'completed', 'COUNT(*)': 10, 'SUM(amount)': 1350 },
      { status: 'pending', 'COUNT(*)': 20, 'SUM(amount)': 3000 },
    ])
  })

  test('Query in Transaction', () => {
    const admins = db.transaction(txn => {
      txn.put('users/dave', JSON.stringify({ name: 'Dave', role: 'admin' }))
      return txn.query('users/').where('role', CompareOp.EQ, 'admin').execute()
    })
    expect(admins.map(([key]) => key.toString())).toEqual(['users/alice', 'users/dave'])
  })
})
