import { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  db.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)')
  db.execute('CREATE TABLE logs (at INTEGER PRIMARY KEY, line TEXT)')
  db.execute('CREATE TABLE old_table (id INTEGER)')
})
afterEach(() => db.close())

describe('9 Table Management & Index Policies', () => {
  test('Table Information', () => {
    const schema = db.getTableSchema('users')
    expect(schema.columns.map(({ name }) => name)).toEqual(['id', 'name', 'email'])
    expect(schema.primaryKey).toEqual(['id'])
    expect(schema.indexes.map(({ columns, unique }) => [columns, unique])).toEqual([
      [[{ name: 'email', descending: false }], true],
    ])

    expect(db.listTables()).toEqual(['logs', 'old_table', 'users'])
    db.execute('DROP TABLE IF EXISTS old_table')
    db.execute('DROP TABLE IF EXISTS old_table')
    expect(db.listTables()).toEqual(['logs', 'users'])
  })

  test('Index Policies', () => {
    expect([
      Database.INDEX_WRITE_OPTIMIZED,
      Database.INDEX_BALANCED,
      Database.INDEX_SCAN_OPTIMIZED,
      Database.INDEX_APPEND_ONLY,
    ]).toEqual([0, 1, 2, 3])
    db.execute("INSERT INTO users VALUES (1, 'Alice', 'a@example.com')")
    expect(db.getTableIndexPolicy('users')).toBe('balanced')

    db.setTableIndexPolicy('logs', Database.INDEX_APPEND_ONLY)
    expect(db.getTableIndexPolicy('logs')).toBe('appendOnly')

    db.setTableIndexPolicy('users', 'scan_optimized')
    expect(db.getTableIndexPolicy('users')).toBe('scanOptimized')
    expect(db.execute('SELECT * FROM users').rows).toEqual([{ id: 1, name: 'Alice', email: 'a@example.com' }])
  })

  test('Policy Selection Guide', () => {
    const policies = ['write_optimized', 'balanced', 'scan_optimized', 'append_only'].map(policy => {
      db.setTableIndexPolicy('logs', policy)
      return db.getTableIndexPolicy('logs')
    })
    expect(policies).toEqual(['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly'])
  })
})
