import { CollectionNotFoundError, TransactionConflictError, TransactionError } from 'sochdb'
import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { createCollection, deleteCollection, listCollections, openCollection } from '../../src/search/index.js'
import type { Collection } from '../../src/search/index.js'
import { thrownBy } from '../support/temporary.js'
import { idsOf, nearest, randomNumbers, randomVector } from './support/vectors.js'

let db: Database
let docs: Collection
beforeEach(() => {
  db = openTestDatabase()
  docs = createCollection(db, { name: 'docs', dimension: 3, indexed: ['lang'] })
})
afterEach(() => db.close())

const near = (collection: Collection, filter?: Record<string, string>) =>
  idsOf(collection.search({ vector: [1, 0, 0], k: 100, ...(filter === undefined ? {} : { filter }) }))

describe('documents and keys in one transaction', () => {
  test('they commit together', () => {
    db.transaction(txn => {
      txn.put('key', 'value')
      openCollection(txn, 'docs').insert({ id: 'a', vector: [1, 0, 0] })
      expect(near(docs)).toEqual([])
      expect(db.get('key')).toBeUndefined()
    })
    expect(near(docs)).toEqual(['a'])
    expect(db.getString('key')).toBe('value')
  })

  test('they abort together', () => {
    docs.insert({ id: 'kept', vector: [1, 0, 0], metadata: { lang: 'en' } })
    const stop = new Error('stop')
    const fail = () =>
      db.transaction(txn => {
        txn.put('key', 'value')
        const inside = openCollection(txn, 'docs')
        inside.insertBatch({
          ids: ['a', 'kept'],
          vectors: [
            [1, 0, 0],
            [0, 1, 0],
          ],
          metadata: [{ lang: 'en' }, {}],
        })
        inside.delete('kept')
        expect(near(inside)).toEqual(['a'])
        throw stop
      })
    expect(fail).toThrow(stop)
    expect(near(docs)).toEqual(['kept'])
    expect(near(docs, { lang: 'en' })).toEqual(['kept'])
    expect(docs.get('kept')?.vector).toEqual(Float32Array.of(1, 0, 0))
    expect(db.get('key')).toBeUndefined()
  })

  test('a batch that fails leaves the transaction as it was, and usable', () => {
    db.transaction(txn => {
      txn.put('key', 'value')
      const inside = openCollection(txn, 'docs')
      inside.insert({ id: 'a', vector: [1, 0, 0] })
      const vectors = Array.from({ length: 2000 }, (_, i) => [1, i === 1999 ? NaN : 0, 0])
      const ids = vectors.map((_, i) => `batch-${i}`)
      expect(() => inside.insertBatch({ ids, vectors })).toThrow(/finite/)
      expect(near(inside)).toEqual(['a'])
      inside.insert({ id: 'b', vector: [1, 0, 0] })
    })
    expect(near(docs)).toEqual(['a', 'b'])
    expect(db.getString('key')).toBe('value')
  })

  test('a savepoint takes back documents too', () => {
    db.transaction(txn => {
      const inside = openCollection(txn, 'docs')
      inside.insert({ id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } })
      const savepoint = txn.savepoint()
      inside.insert({ id: 'b', vector: [1, 0, 0], metadata: { lang: 'en' } })
      inside.update('a', { metadata: { lang: 'de' } })
      expect(near(inside, { lang: 'en' })).toEqual(['b'])
      savepoint.rollback()
      expect(near(inside, { lang: 'en' })).toEqual(['a'])
    })
    expect(near(docs)).toEqual(['a'])
  })

  test('inside a synchronous transaction the collection of the database refuses to write', () => {
    db.transaction(() => {
      for (const call of [
        () => docs.insert({ id: 'a', vector: [1, 0, 0] }),
        () => docs.insertBatch({ ids: ['a'], vectors: [[1, 0, 0]] }),
        () => docs.update('a', { metadata: {} }),
        () => docs.delete('a'),
        () => createCollection(db, { name: 'x', dimension: 2 }),
      ]) {
        const error = thrownBy(call)
        expect(error).toBeInstanceOf(TransactionError)
        expect(error.message).toContain('txn')
      }
    })
    expect(docs.count()).toBe(0)
  })
})

describe('what a transaction sees', () => {
  test('its own inserts, replacements and deletes, in every read', () => {
    docs.insertBatch({
      ids: ['a', 'b', 'c'],
      vectors: [
        [1, 0, 0],
        [1, 0.1, 0],
        [1, 0.2, 0],
      ],
      metadata: [{ lang: 'en' }, { lang: 'en' }, { lang: 'de' }],
    })
    const txn = db.beginTransaction()
    const inside = openCollection(txn, 'docs')
    inside.delete('a')
    inside.insert({ id: 'b', vector: [1, 5, 0], metadata: { lang: 'de' } })
    inside.insert({ id: 'd', vector: [1, 0.01, 0], metadata: { lang: 'en' } })
    expect(near(inside)).toEqual(['d', 'c', 'b'])
    expect(near(inside, { lang: 'en' })).toEqual(['d'])
    expect(near(inside, { lang: 'de' })).toEqual(['c', 'b'])
    expect([inside.count(), inside.count({ lang: 'de' })]).toEqual([3, 2])
    expect(idsOf(inside.list())).toEqual(['b', 'c', 'd'])
    expect(inside.get('a')).toBeUndefined()
    expect(inside.getMany(['a', 'd']).map(document => document?.id)).toEqual([undefined, 'd'])
    expect(near(docs)).toEqual(['a', 'b', 'c'])
    txn.commit()
    expect(near(docs)).toEqual(['d', 'c', 'b'])
  })

  test('nothing of what others commit meanwhile', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    const txn = db.beginTransaction({ isolation: 'snapshot' })
    const inside = openCollection(txn, 'docs')
    expect(near(inside)).toEqual(['a'])
    docs.insert({ id: 'b', vector: [1, 0, 0] })
    docs.delete('a')
    expect(near(inside)).toEqual(['a'])
    expect(inside.count()).toBe(1)
    txn.commit()
  })

  test('readCommitted sees at every call what is committed by then', () => {
    const txn = db.beginTransaction({ isolation: 'readCommitted' })
    const inside = openCollection(txn, 'docs')
    expect(inside.count()).toBe(0)
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    expect(near(inside)).toEqual(['a'])
    txn.abort()
  })

  test('a search that another commit would have changed is a conflict', () => {
    const txn = db.beginTransaction()
    expect(openCollection(txn, 'docs').search({ vector: [1, 0, 0] }).length).toBe(0)
    txn.put('decision', 'there was none')
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    expect(() => txn.commit()).toThrow(TransactionConflictError)
    expect(db.get('decision')).toBeUndefined()
  })

  test('two that insert different documents do not get in each other’s way', () => {
    const first = db.beginTransaction()
    const second = db.beginTransaction()
    openCollection(first, 'docs').insert({ id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } })
    openCollection(second, 'docs').insert({ id: 'b', vector: [1, 0, 0], metadata: { lang: 'en' } })
    first.commit()
    second.commit()
    expect(near(docs, { lang: 'en' })).toEqual(['a', 'b'])
  })
})

describe('what a snapshot sees', () => {
  test('exactly its moment, whatever is inserted, replaced and deleted afterwards', () => {
    const random = randomNumbers(21)
    const state = new Map<string, Float32Array>()
    const kept: { seen: Collection; expected: Map<string, Float32Array>; close: () => void }[] = []
    for (let step = 0; step < 600; step++) {
      const id = `d${Math.floor(random() * 60)}`
      if (random() < 0.3) {
        expect(docs.delete(id)).toBe(state.delete(id))
      } else {
        const vector = randomVector(3, random)
        docs.insert({ id, vector })
        state.set(id, vector)
      }
      if (step % 60 !== 0) continue
      const snapshot = db.snapshot()
      kept.push({ seen: openCollection(snapshot, 'docs'), expected: new Map(state), close: () => snapshot.close() })
    }
    for (const { seen, expected, close } of kept) {
      const query = randomVector(3, random)
      const candidates = Array.from(expected, ([id, vector]) => ({ id, vector }))
      expect(idsOf(seen.search({ vector: query, k: 10 }))).toEqual(nearest('cosine', query, candidates, 10))
      expect(seen.count()).toBe(expected.size)
      expect(idsOf(seen.list({ limit: 1000 }))).toEqual([...expected.keys()].sort())
      close()
    }
  })

  test('a snapshot taken before the collection was first opened is searched in its rows', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } })
    using snapshot = db.snapshot()
    docs.insert({ id: 'b', vector: [1, 0, 0], metadata: { lang: 'en' } })
    deleteCollection(db, 'docs')
    createCollection(db, { name: 'docs', dimension: 2 })
    const seen = openCollection(snapshot, 'docs')
    expect(seen.dimension).toBe(3)
    expect(near(seen, { lang: 'en' })).toEqual(['a'])
    expect(seen.count()).toBe(1)
  })
})

describe('collections that come and go', () => {
  const all = (collection: Collection) => [
    () => collection.insert({ id: 'a', vector: [1, 0, 0] }),
    () => collection.insertBatch({ ids: ['a'], vectors: [[1, 0, 0]] }),
    () => collection.update('a', { metadata: {} }),
    () => collection.delete('a'),
    () => collection.get('a'),
    () => collection.getMany(['a']),
    () => collection.count(),
    () => collection.list(),
    () => collection.info(),
    () => collection.search({ vector: [1, 0, 0] }),
  ]

  test('every method of one that was deleted is a CollectionNotFoundError', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    deleteCollection(db, 'docs')
    for (const call of all(docs))
      expect(thrownBy(call)).toMatchObject({ name: 'CollectionNotFoundError', collection: 'docs' })
    expect(listCollections(db)).toEqual([])
  })

  test('one of the same name and configuration is another one, and empty', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    deleteCollection(db, 'docs')
    const again = createCollection(db, { name: 'docs', dimension: 3, indexed: ['lang'] })
    expect(again.count()).toBe(0)
    for (const call of all(docs)) expect(thrownBy(call)).toBeInstanceOf(CollectionNotFoundError)
    again.insert({ id: 'b', vector: [1, 0, 0] })
    expect(near(again)).toEqual(['b'])
    expect(near(openCollection(db, 'docs'))).toEqual(['b'])
  })

  test('a deletion that is rolled back deletes nothing', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    const txn = db.beginTransaction()
    const inside = openCollection(txn, 'docs')
    deleteCollection(txn, 'docs')
    for (const call of all(inside)) expect(thrownBy(call)).toBeInstanceOf(CollectionNotFoundError)
    expect(near(docs)).toEqual(['a'])
    txn.abort()
    expect(near(docs)).toEqual(['a'])
    docs.insert({ id: 'b', vector: [1, 0, 0] })
    expect(near(openCollection(db, 'docs'))).toEqual(['a', 'b'])
  })

  test('one that a transaction makes is its own until it commits', () => {
    const txn = db.beginTransaction()
    const inside = createCollection(txn, { name: 'new', dimension: 2 })
    inside.insertBatch({
      ids: ['a', 'b'],
      vectors: [
        [1, 0],
        [0, 1],
      ],
      metadata: [{ x: 1 }, { x: 2 }],
    })
    expect(idsOf(inside.search({ vector: [1, 0.1] }))).toEqual(['a', 'b'])
    expect(idsOf(inside.search({ vector: [1, 0.1], filter: { x: 2 } }))).toEqual(['b'])
    expect([inside.count(), openCollection(txn, 'new').count()]).toEqual([2, 2])
    expect(() => openCollection(db, 'new')).toThrow(CollectionNotFoundError)
    txn.commit()
    expect(idsOf(openCollection(db, 'new').search({ vector: [1, 0.1] }))).toEqual(['a', 'b'])
  })

  test('one that a transaction made and rolled back leaves nothing to its successor', () => {
    for (const dimension of [2, 4, 2]) {
      const txn = db.beginTransaction()
      const inside = createCollection(txn, { name: 'new', dimension })
      inside.insert({ id: 'a', vector: new Float32Array(dimension).fill(1) })
      txn.abort()
      expect(listCollections(db)).toEqual(['docs'])
    }
    const created = createCollection(db, { name: 'new', dimension: 5 })
    expect(created.count()).toBe(0)
    created.insert({ id: 'b', vector: [1, 2, 3, 4, 5] })
    expect(idsOf(created.search({ vector: [1, 2, 3, 4, 5] }))).toEqual(['b'])
  })

  test('within one transaction one can be deleted and made anew', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    db.transaction(txn => {
      deleteCollection(txn, 'docs')
      const inside = createCollection(txn, { name: 'docs', dimension: 2 })
      inside.insert({ id: 'b', vector: [1, 0] })
      expect(idsOf(inside.search({ vector: [1, 0] }))).toEqual(['b'])
    })
    expect(() => docs.count()).toThrow(CollectionNotFoundError)
    expect(idsOf(openCollection(db, 'docs').search({ vector: [1, 0] }))).toEqual(['b'])
  })

  test('to write to one while it is deleted is a conflict', () => {
    const txn = db.beginTransaction({ isolation: 'snapshot' })
    openCollection(txn, 'docs').insert({ id: 'a', vector: [1, 0, 0] })
    deleteCollection(db, 'docs')
    expect(() => txn.commit()).toThrow(TransactionConflictError)
  })

  test('two that make one of the same name: one of them conflicts', () => {
    const first = db.beginTransaction()
    const second = db.beginTransaction()
    createCollection(first, { name: 'new', dimension: 2 }).insert({ id: 'a', vector: [1, 0] })
    createCollection(second, { name: 'new', dimension: 3 }).insert({ id: 'b', vector: [1, 0, 0] })
    first.commit()
    expect(() => second.commit()).toThrow(TransactionConflictError)
    const created = openCollection(db, 'new')
    expect(created.dimension).toBe(2)
    expect(idsOf(created.search({ vector: [1, 0] }))).toEqual(['a'])
  })

  test('a collection of another database is not mistaken for one of this', () => {
    using other = openTestDatabase()
    const theirs = createCollection(other, { name: 'docs', dimension: 3, indexed: ['lang'] })
    theirs.insert({ id: 'theirs', vector: [1, 0, 0] })
    docs.insert({ id: 'ours', vector: [1, 0, 0] })
    expect([near(docs), near(theirs)]).toEqual([['ours'], ['theirs']])
  })
})
