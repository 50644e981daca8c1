import { Database } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

describe('1 Quick Start', () => {
  test('store, retrieve, two keys in a transaction, clean up', () => {
    const db = Database.open(directory('my_database'))

    db.put('hello', 'world')
    expect(db.get('hello')).toEqual(Buffer.from('world'))

    db.transaction(txn => {
      txn.put('key1', 'value1')
      txn.put('key2', 'value2')
    })
    expect(db.getString('key1')).toBe('value1')
    expect(db.getString('key2')).toBe('value2')

    db.delete('hello')
    expect(db.get('hello')).toBeUndefined()
    db.close()
  })

  test('a transaction rolls back when its function throws', () => {
    using db = Database.open(directory('rolled-back'))
    expect(() =>
      db.transaction(txn => {
        txn.put('key1', 'value1')
        throw new Error('changed my mind')
      }),
    ).toThrow('changed my mind')
    expect(db.exists('key1')).toBe(false)
  })
})

describe('3 Architecture Overview', () => {
  test('Embedded Mode (Default)', () => {
    const path = directory('mydb')
    {
      using db = Database.open(path)
      db.put('key', 'value')
      expect(db.getString('key')).toBe('value')
    }
    using again = Database.open(path)
    expect(again.getString('key')).toBe('value')
  })
})
