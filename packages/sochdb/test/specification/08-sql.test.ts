import { SQLQueryResult, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  // Creating Tables
  db.executeSql(`
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT UNIQUE,
        age INTEGER,
        created_at TEXT DEFAULT CURRENT_TIMESTAMP
    )
  `)
  db.executeSql(`
    CREATE TABLE posts (
        id INTEGER PRIMARY KEY,
        user_id INTEGER REFERENCES users(id),
        title TEXT NOT NULL,
        content TEXT,
        likes INTEGER DEFAULT 0
    )
  `)
})
afterEach(() => db.close())

function insertUsers(): void {
  db.executeSql(`
    INSERT INTO users (id, name, email, age)
    VALUES (1, 'Alice', 'alice@example.com', 30)
  `)
  db.executeSql('INSERT INTO users (id, name, email, age) VALUES (?, ?, ?, ?)', [2, 'Bob', 'bob@example.com', 25])
}

describe('8 SQL Operations', () => {
  test('Creating Tables', () => {
    expect(db.listTables()).toEqual(['posts', 'users'])
    db.executeSql("INSERT INTO users (name) VALUES ('Eve')")
    db.executeSql("INSERT INTO posts (user_id, title) VALUES (1, 'Hello')")
    const [user] = db.executeSql<{ created_at: string }>('SELECT created_at FROM users').rows
    expect(user?.created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    expect(db.executeSql('SELECT likes FROM posts').rows).toEqual([{ likes: 0 }])
  })

  test('CRUD Operations', () => {
    insertUsers()
    const result = db.executeSql<{ id: number; name: string }>('SELECT * FROM users WHERE age > 25')
    expect(result.rows.map(({ id, name }) => ({ id, name }))).toEqual([{ id: 1, name: 'Alice' }])

    db.executeSql("UPDATE users SET email = 'alice.new@example.com' WHERE id = 1")
    expect(db.executeSql('SELECT email FROM users WHERE id = 1').rows).toEqual([{ email: 'alice.new@example.com' }])

    db.executeSql('DELETE FROM users WHERE id = 2')
    expect(db.executeSql('SELECT id FROM users').rows).toEqual([{ id: 1 }])
  })

  test('CRUD Operations: a parameter is never part of the text', () => {
    const name = "x'); DROP TABLE users; --"
    db.executeSql('INSERT INTO users (id, name) VALUES (?, ?)', [3, name])
    expect(db.executeSql('SELECT name FROM users').rows).toEqual([{ name }])
  })

  test('Upsert (Insert or Update)', () => {
    insertUsers()
    db.executeSql(`
      INSERT INTO users (id, name, email) VALUES (1, 'Alicia', 'alicia@example.com')
      ON CONFLICT (id) DO UPDATE SET
          name = excluded.name,
          email = excluded.email
    `)
    expect(db.executeSql('SELECT name, email, age FROM users WHERE id = 1').rows).toEqual([
      { name: 'Alicia', email: 'alicia@example.com', age: 30 },
    ])
  })

  test('Query Results', () => {
    insertUsers()
    const result = db.executeSql<{ id: number; name: string }>('SELECT id, name FROM users')
    expect(result).toBeInstanceOf(SQLQueryResult)
    expect(result.columns).toEqual(['id', 'name'])
    expect(result.rows).toHaveLength(2)
    expect(result.executionTimeMs).toBeGreaterThanOrEqual(0)
    expect(result.rows.map(row => `ID: ${row.id}, Name: ${row.name}`)).toEqual([
      'ID: 1, Name: Alice',
      'ID: 2, Name: Bob',
    ])

    expect(result.toColumns()).toEqual({ id: [1, 2], name: ['Alice', 'Bob'] })
    const table = result.toArrow() as { readonly numRows: number }
    expect(table.numRows).toBe(2)
    expect(JSON.parse(JSON.stringify(result))).toEqual([
      { id: 1, name: 'Alice' },
      { id: 2, name: 'Bob' },
    ])
  })

  test('Index Management', () => {
    db.executeSql('CREATE INDEX idx_users_age ON users(age)')
    db.executeSql('CREATE UNIQUE INDEX idx_users_email ON users(email)')
    const described = db.listIndexes('users').map(({ name, unique }) => [name, unique])
    expect(described).toContainEqual(['idx_users_age', false])
    expect(described).toContainEqual(['idx_users_email', true])

    db.executeSql('DROP INDEX IF EXISTS idx_users_email')
    db.executeSql('DROP INDEX IF EXISTS idx_users_email')
    expect(db.listIndexes('users').map(({ name }) => name)).not.toContain('idx_users_email')
  })

  test('Prepared Statements', () => {
    db.executeSql("ALTER TABLE users ADD COLUMN status TEXT DEFAULT 'active'")
    insertUsers()
    const statement = db.prepare('SELECT name FROM users WHERE age > ? AND status = ?')
    expect(statement.execute([25, 'active']).rows).toEqual([{ name: 'Alice' }])
    expect(statement.execute([50, 'active']).rows).toEqual([])
    statement.close()
    expect(() => statement.execute([25, 'active'])).toThrow()
  })

  test.each([
    ['PostgreSQL style', "INSERT INTO pairs VALUES (1, 'again') ON CONFLICT DO NOTHING"],
    ['MySQL style', "INSERT IGNORE INTO pairs VALUES (1, 'again')"],
    ['SQLite style', "INSERT OR IGNORE INTO pairs VALUES (1, 'again')"],
  ])('Dialect Support: %s', (_, statement) => {
    db.executeSql('CREATE TABLE pairs (id INTEGER PRIMARY KEY, name TEXT)')
    db.executeSql("INSERT INTO pairs VALUES (1, 'Alice')")
    expect(db.executeSql(statement).rowsAffected).toBe(0)
    expect(db.executeSql('SELECT name FROM pairs').rows).toEqual([{ name: 'Alice' }])
  })
})
