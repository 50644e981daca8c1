import { CollectionNotFoundError, Database, SochDBError } from 'sochdb'
import type { Collection } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
const vector = [1, 0]

function build(path: string): { db: Database; docs: Collection; times: bigint[] } {
  const db = Database.open(path)
  const docs = db.createCollection({ name: 'docs', dimension: 2, contentField: 'text' })
  const times: bigint[] = []
  const commit = (id: string, at: number[] | undefined, text: string): void => {
    const txn = db.beginTransaction()
    const inside = txn.collection('docs')
    if (at === undefined) inside.delete(id)
    else inside.insert({ id, vector: at, metadata: { text } })
    times.push(txn.commit())
  }
  commit('a', [1, 0], 'apple')
  commit('b', [0.9, 0.1], 'apple banana')
  commit('a', [0, 1], 'cherry')
  commit('b', undefined, '')
  return { db, docs, times }
}

const ids = (hits: Iterable<{ id: string }>): string[] => Array.from(hits, ({ id }) => id)

function check(docs: Collection, times: bigint[]): void {
  const [first, second, third, fourth] = times
  const nearest = (asOf: bigint) => ids(docs.search({ vector, asOf }))
  expect([first, second, third, fourth].map(at => nearest(at!))).toEqual([['a'], ['a', 'b'], ['b', 'a'], ['a']])
  expect(nearest(second! - 1n)).toEqual(['a'])
  expect(ids(docs.keywordSearch({ query: 'apple', asOf: second! }))).toEqual(['a', 'b'])
  expect(ids(docs.keywordSearch({ query: 'apple', asOf: third! }))).toEqual(['b'])
  expect(ids(docs.hybridSearch({ vector, textQuery: 'banana', alpha: 0, asOf: third! }))).toEqual(['b'])
  expect(docs.count(undefined, { asOf: second! })).toBe(2)
  expect(docs.count({ text: 'cherry' }, { asOf: second! })).toBe(0)
  expect(docs.count({ text: 'cherry' }, { asOf: third! })).toBe(1)
  expect(ids(docs.list({ asOf: first! }))).toEqual(['a'])
  expect(docs.get('a', { asOf: second! })?.metadata).toEqual({ text: 'apple' })
  expect(docs.get('b', { asOf: first! })).toBeUndefined()
  expect(docs.getMany(['b', 'a'], { asOf: third! }).map(each => each?.metadata)).toEqual([
    { text: 'apple banana' },
    { text: 'cherry' },
  ])
  expect(docs.searchMany([{ vector }, { textQuery: 'apple' }], { asOf: second! }).map(ids)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
  expect(docs.search({ vector }).length).toBe(1)
}

test('every read finds what there was, from the index and, after opening again, from the rows', () => {
  const path = directory('time')
  const { db, docs, times } = build(path)
  check(docs, times)
  expect(docs.search({ vector, asOf: times[1]!, explain: true }).explanation?.plan).toBe('exact')
  db.close()
  using again = Database.open(path)
  const opened = again.collection('docs')
  check(opened, times)
  expect(opened.search({ vector, asOf: times[1]!, explain: true }).explanation?.plan).toBe('rows')
})

test('dates and strings are times; the future is an error', () => {
  const { db, docs } = build(':memory:')
  const now = Date.now()
  while (Date.now() === now);
  docs.insert({ id: 'later', vector })
  for (const asOf of [now, new Date(now), new Date(now).toISOString()]) {
    expect(ids(docs.search({ vector, asOf }))).toEqual(['a'])
  }
  expect(() => docs.search({ vector, asOf: Date.now() + 60_000 })).toThrow(/lies ahead/)
  db.close()
})

test('a transaction reads the past without its own writes, and no later than it began', () => {
  const { db, docs, times } = build(':memory:')
  const txn = db.beginTransaction()
  const inside = txn.collection('docs')
  inside.insert({ id: 'own', vector })
  docs.insert({ id: 'later', vector })
  expect(ids(inside.search({ vector, asOf: times[1]! }))).toEqual(['a', 'b'])
  expect(ids(inside.search({ vector, asOf: Date.now() + 60_000 }))).toEqual(['a'])
  expect(ids(inside.search({ vector }))).toEqual(['own', 'a'])
  txn.abort()
  using snapshot = db.snapshot({ asOf: times[1]! })
  const then = snapshot.collection('docs')
  expect(ids(then.search({ vector, asOf: times[3]! }))).toEqual(['a', 'b'])
  expect(ids(then.list({ asOf: times[0]! }))).toEqual(['a'])
  db.close()
})

test('by promise it is the same, and snapshots are let go', async () => {
  const { db, times } = build(':memory:')
  const later = db.async.collection('docs')
  const asOf = times[1]!
  expect(ids(await later.search({ vector, asOf }))).toEqual(['a', 'b'])
  expect(ids(await later.keywordSearch({ query: 'apple', asOf }))).toEqual(['a', 'b'])
  expect(await later.count({ text: 'apple' }, { asOf })).toBe(1)
  expect(ids(await later.list({ asOf }))).toEqual(['a', 'b'])
  expect((await later.get('b', { asOf }))?.id).toBe('b')
  expect((await later.getMany(['b'], { asOf }))[0]?.id).toBe('b')
  expect((await later.searchMany([{ vector }], { asOf })).map(ids)).toEqual([['a', 'b']])
  expect(db.stats().activeSnapshots).toBe(0)
  db.close()
})

test('before the collection, and before what is kept', () => {
  const { db, docs, times } = build(':memory:')
  db.deleteCollection('docs')
  const renewed = db.createCollection({ name: 'docs', dimension: 3 })
  const before = thrownBy(() => renewed.search({ vector: [1, 0, 0], asOf: times[0]! }))
  expect(before).toBeInstanceOf(CollectionNotFoundError)
  expect(before.message).toMatch(/did not exist at that time/)
  expect(() => docs.count()).toThrow(/deleted, or replaced/)
  expect(ids(docs.search({ vector, asOf: times[0]! }))).toEqual(['a'])
  const tooOld = thrownBy(() => renewed.count(undefined, { asOf: new Date('2001-01-01') }))
  expect(tooOld).toBeInstanceOf(SochDBError)
  expect(tooOld.message).toMatch(/history of that moment is gone.*retentionMs/s)
  db.close()
})
