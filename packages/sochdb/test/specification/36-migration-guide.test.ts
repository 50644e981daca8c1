import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('36 Migration Guide', () => {
  test('From v0.2.x to v0.3.x', () => {
    db.putBatch([
      ['users/a', '1'],
      ['users/b', '2'],
      ['users0', '3'],
    ])
    const keysOf = (rows: Iterable<[Buffer, Buffer]>) => Array.from(rows, ([key]) => key.toString())
    expect(keysOf(db.scanPrefix('users/'))).toEqual(['users/a', 'users/b'])
    expect(keysOf(db.scanRange('users/', 'users0'))).toEqual(['users/a', 'users/b'])

    db.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)')
    db.execute("INSERT INTO users VALUES (1, 'Alice')")
    const { columns, rows } = db.execute('SELECT * FROM users')
    expect(columns).toEqual(['id', 'name'])
    expect(rows).toEqual([{ id: 1, name: 'Alice' }])
  })

  test('From Redis', () => {
    db.put('key', 'value')
    expect(db.getString('key')).toBe('value')
    db.put('session:123', 'data', { ttlSeconds: 3600 })
    expect(db.exists('session:123')).toBe(true)
  })

  test('From Pinecone/Weaviate', () => {
    db.createCollection({ name: 'vectors', dimension: 2 })
    const collection = db.namespace('default').collection('vectors')
    collection.insert({ id: 'a', vector: [1, 0], metadata: { genre: 'drama' } })
    const [best] = collection.vectorSearch({ vector: [1, 0.1], k: 10 })
    expect(best).toMatchObject({ id: 'a', metadata: { genre: 'drama' } })
  })
})
