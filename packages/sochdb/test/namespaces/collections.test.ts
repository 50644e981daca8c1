import {
  CollectionConfigError,
  CollectionNotFoundError,
  Database,
  NamespaceNotFoundError,
  TransactionConflictError,
} from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
  for (const name of ['a', 'b']) db.createNamespace(name)
})
afterEach(() => db.close())

const ids = (hits: Iterable<{ readonly id: string }>) => Array.from(hits, ({ id }) => id)

test('collections of one name in two namespaces are two, with configurations of their own', () => {
  const [a, b] = [db.namespace('a'), db.namespace('b')]
  a.createCollection({ name: 'docs', dimension: 2 }).insert({ id: 'x', vector: [1, 0], metadata: { of: 'a' } })
  b.createCollection({ name: 'docs', dimension: 3 }).insert({ id: 'x', vector: [0, 0, 1], metadata: { of: 'b' } })
  db.createCollection({ name: 'docs', dimension: 4 })
  expect(a.collection('docs').get('x')?.metadata).toEqual({ of: 'a' })
  expect(b.getCollection('docs').dimension).toBe(3)
  expect(db.collection('docs').count()).toBe(0)
  expect(() => a.createCollection({ name: 'docs', dimension: 5 })).toThrow(CollectionConfigError)
  b.deleteCollection('docs')
  expect(() => b.collection('docs')).toThrow(CollectionNotFoundError)
  expect(a.collection('docs').count()).toBe(1)
})

test('searches, counts and filters find what is in the namespace alone', () => {
  for (const name of ['a', 'b']) {
    const collection = db.namespace(name).createCollection({ name: 'docs', dimension: 2, indexed: ['lang'] })
    for (let i = 0; i < 50; i++) collection.insert({ id: `${name}${i}`, vector: [i, 1], metadata: { lang: 'en' } })
  }
  const found = db
    .namespace('a')
    .collection('docs')
    .search({ vector: [1, 1], k: 100, filter: { lang: 'en' } })
  expect(found.length).toBe(50)
  expect(ids(found).every(id => id.startsWith('a'))).toBe(true)
  expect(db.namespace('b').collection('docs').count({ lang: 'en' })).toBe(50)
})

test('lists and info are of the namespace', () => {
  db.namespace('a').createCollection({ name: 'one', dimension: 2 })
  db.namespace('a').createCollection({ name: 'two', dimension: 2 })
  db.createCollection({ name: 'three', dimension: 2 })
  expect(db.namespace('a').listCollections()).toEqual(['one', 'two'])
  expect(db.namespace('b').listCollections()).toEqual([])
  expect(db.listCollections()).toEqual(['three'])
  expect(db.namespaceInfo('a').collectionCount).toBe(2)
  db.namespace('a')
    .collection('one')
    .insert({ id: 'x', vector: [1, 2] })
  expect(db.namespaceInfo('a').sizeBytes).toBeGreaterThan(8)
})

test('a transaction creates, fills and searches a collection in its namespace', () => {
  db.transaction(txn => {
    const collection = txn.namespace('a').createCollection({ name: 'docs', dimension: 2 })
    collection.insert({ id: 'x', vector: [1, 0] })
    expect(ids(collection.search({ vector: [1, 0], k: 5 }))).toEqual(['x'])
    expect(() => txn.collection('docs')).toThrow(CollectionNotFoundError)
  })
  const collection = db.namespace('a').collection('docs')
  db.namespace('a').transaction(txn => {
    txn.collection('docs').insert({ id: 'y', vector: [0, 1] })
    txn.put('documents', '2')
  })
  expect(collection.count()).toBe(2)
  using snapshot = db.namespace('a').snapshot()
  collection.delete('x')
  expect(snapshot.collection('docs').count()).toBe(2)
  expect(snapshot.listCollections()).toEqual(['docs'])
  expect(collection.update('y', { metadata: { seen: true } })).toBe(true)
  expect(collection.info()).toMatchObject({ name: 'docs', count: 1 })
})

test('deleting a namespace takes its collections along, for whoever holds them too', () => {
  const ns = db.namespace('a')
  const collection = ns.createCollection({ name: 'docs', dimension: 2 })
  collection.insert({ id: 'x', vector: [1, 0] })
  const txn = db.beginTransaction()
  txn
    .namespace('a')
    .collection('docs')
    .insert({ id: 'y', vector: [0, 1] })
  using snapshot = db.snapshot()
  db.deleteNamespace('a', { force: true })
  for (const call of [
    () => collection.get('x'),
    () => collection.search({ vector: [1, 0], k: 1 }),
    () => collection.insert({ id: 'z', vector: [1, 1] }),
    () => ns.collection('docs'),
    () => ns.deleteCollection('docs'),
  ]) {
    expect(call).toThrow(NamespaceNotFoundError)
  }
  expect(() => txn.commit()).toThrow(TransactionConflictError)
  expect(snapshot.namespace('a').collection('docs').count()).toBe(1)
  const fresh = db.createNamespace('a').createCollection({ name: 'docs', dimension: 2 })
  expect(fresh.count()).toBe(0)
  expect(ids(fresh.search({ vector: [1, 0], k: 5 }))).toEqual([])
})

test('they survive reopening', () => {
  const path = directory('reopened')
  const first = Database.open(path)
  first
    .createNamespace('a')
    .createCollection({ name: 'docs', dimension: 2 })
    .insert({ id: 'x', vector: [1, 0] })
  first.close()
  using second = Database.open(path)
  expect(
    ids(
      second
        .namespace('a')
        .collection('docs')
        .search({ vector: [1, 0], k: 5 }),
    ),
  ).toEqual(['x'])
  expect(second.listCollections()).toEqual([])
})
