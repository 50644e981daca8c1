import { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('4 Core Key-Value Operations', () => {
  test('Basic Operations', () => {
    db.put('user:1', 'Alice')
    db.put('user:2', 'Bob')

    expect(db.get('user:1')).toEqual(Buffer.from('Alice'))
    expect(db.exists('user:1')).toBe(true)

    db.delete('user:1')
    expect(db.get('user:1')).toBeUndefined()
    expect(db.exists('user:1')).toBe(false)
    expect(db.getString('user:2')).toBe('Bob')
  })

  test('Path-Based Keys (Hierarchical)', () => {
    db.putPath('users/alice/name', 'Alice Smith')
    db.putPath('users/alice/email', 'alice@example.com')
    db.putPath('users/bob/name', 'Bob Jones')

    expect(db.getPath('users/alice/name')).toEqual(Buffer.from('Alice Smith'))
    expect(db.listPath('users/')).toEqual(['alice', 'bob'])
    expect(db.listPath('users/alice')).toEqual(['email', 'name'])

    db.deletePath('users/alice/email')
    expect(db.listPath('users/alice')).toEqual(['name'])
    expect(db.getString('users/alice/name')).toBe('Alice Smith')
  })

  test('With TTL (Time-To-Live)', () => {
    db.put('session:abc123', 'user_data', { ttlSeconds: 3600 })
    db.put('permanent_key', 'value', { ttlSeconds: 0 })
    db.put('short', 'value', { ttlSeconds: 1e-9 })

    expect(db.getString('session:abc123')).toBe('user_data')
    expect(db.getString('permanent_key')).toBe('value')
    // Expiry is counted in milliseconds: at the next one it is gone, from every read.
    while (db.exists('short'));
    expect(db.get('short')).toBeUndefined()
    expect(db.getBatch(['short'])).toEqual([undefined])
    expect([...db.scanPrefix('short')]).toEqual([])
  })

  test('Batch Operations', () => {
    db.putBatch([
      ['key1', 'value1'],
      ['key2', 'value2'],
      ['key3', 'value3'],
    ])

    const values = db.getBatch(['key1', 'key2', 'key3', 'missing'])
    expect(values).toEqual([...['value1', 'value2', 'value3'].map(value => Buffer.from(value)), undefined])

    db.deleteBatch(['key1', 'key2', 'key3'])
    expect(db.getBatch(['key1', 'key2', 'key3'])).toEqual([undefined, undefined, undefined])
  })

  test('Context Manager', () => {
    let left: Database
    {
      using opened = Database.open(directory('my_db'))
      opened.put('key', 'value')
      left = opened
    }
    expect(left.isOpen).toBe(false)
  })
})
