import fc from 'fast-check'

import { ValidationError } from 'sochdb'
import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

test('a path is the key of that name', () => {
  db.putPath('users/alice/name', 'Alice Smith')
  expect(db.getString('users/alice/name')).toBe('Alice Smith')
  db.put('users/bob', 'Bob')
  expect(db.getPath('users/bob')?.toString()).toBe('Bob')
  db.deletePath('users/alice/name')
  expect(db.exists('users/alice/name')).toBe(false)
})

test('listPath gives the immediate children, sorted, each once', () => {
  db.putBatch(
    ['users/alice/name', 'users/alice/email', 'users/bob/name', 'users/zoe', 'usersx/no'].map(key => [key, '1']),
  )
  expect(db.listPath('users')).toEqual(['alice', 'bob', 'zoe'])
  expect(db.listPath('users/')).toEqual(['alice', 'bob', 'zoe'])
  expect(db.listPath('users/alice')).toEqual(['email', 'name'])
  expect(db.listPath('')).toEqual(['users', 'usersx'])
  expect(db.listPath('nothing')).toEqual([])
})

test('a child that is both a value and a directory comes once, whatever sorts between the two', () => {
  db.putBatch(['d/a', 'd/a-b/x', 'd/a/x', 'd/a b', 'd/a/y/z'].map(key => [key, '1']))
  expect(db.listPath('d')).toEqual(['a', 'a b', 'a-b'])
})

test('a key that ends in the slash is the directory itself, and two slashes have an empty name between them', () => {
  db.putBatch(['d/', 'd//x', '/root'].map(key => [key, '1']))
  expect(db.listPath('d')).toEqual([''])
  expect(db.listPath('d//')).toEqual(['x'])
  expect(db.listPath('')).toEqual(['', 'd'])
})

test('it reads no more than a key of each child', () => {
  const entries: [string, string][] = []
  for (const user of ['a', 'b', 'c']) for (let i = 0; i < 20_000; i++) entries.push([`users/${user}/${i}`, 'x'])
  db.putBatch(entries)
  const txn = db.beginTransaction()
  expect(txn.listPath('users')).toEqual(['a', 'b', 'c'])
  txn.abort()
  const started = performance.now()
  for (let i = 0; i < 1000; i++) db.listPath('users')
  const seeking = performance.now() - started
  const scanned = performance.now()
  for (let i = 0; i < 10; i++) for (const row of db.scanPrefix('users/', { keysOnly: true })) void row
  expect(seeking / 1000).toBeLessThan((performance.now() - scanned) / 10)
})

test('inside a transaction it sees own writes and deletes', () => {
  db.putPath('p/old', '1')
  db.transaction(txn => {
    txn.putPath('p/new/x', '1')
    txn.deletePath('p/old')
    expect(txn.listPath('p')).toEqual(['new'])
    expect(db.listPath('p')).toEqual(['old'])
  })
})

test('paths are strings', () => {
  for (const bad of [undefined, null, 5, Buffer.from('a'), {}]) {
    for (const call of ['getPath', 'listPath', 'deletePath'] as const) {
      expect(() => db[call](bad as never)).toThrow(ValidationError)
    }
    expect(() => db.putPath(bad as never, 'x')).toThrow(ValidationError)
  }
})

test('any set of paths lists as splitting its keys at slashes does', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '0', 'ä', '\u{10000}', '\uffff'), maxLength: 3 })
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
  fc.assert(
    fc.property(fc.array(path, { maxLength: 30 }), path, (paths, asked) => {
      using store = openTestDatabase()
      store.putBatch(paths.map(key => [key, '1'] as const))
      const base = asked === '' || asked.endsWith('/') ? asked : `${asked}/`
      const names = paths
        .filter(key => key.startsWith(base) && key !== base)
        .map(key => key.slice(base.length).split('/')[0]!)
      const expected = [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(store.listPath(asked)).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})
