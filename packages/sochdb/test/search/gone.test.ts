/** Collections whose database is closed, or that were deleted, while somebody holds them. */
import { CollectionNotFoundError, DatabaseError, ErrorCode } from 'sochdb'
import type { AsyncCollection, Collection, Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { rejection } from '../conformance/faces.js'
import { thrownBy } from '../support/temporary.js'

const vector = [1, 0]
type Anyone = Collection | AsyncCollection

const calls: Record<string, (docs: Anyone) => unknown> = {
  insert: docs => docs.insert({ id: 'a', vector }),
  upsert: docs => docs.upsert({ id: 'a', vector }),
  insertMulti: docs => docs.insertMulti({ id: 'a', vectors: [vector, vector] }),
  insertBatch: docs => docs.insertBatch({ ids: ['a'], vectors: [vector] }),
  update: docs => docs.update('a', { metadata: {} }),
  delete: docs => docs.delete('a'),
  deleteWhere: docs => docs.deleteWhere({}),
  get: docs => docs.get('a'),
  getMany: docs => docs.getMany(['a']),
  count: docs => docs.count(),
  list: docs => docs.list(),
  search: docs => docs.search({ vector }),
  vectorSearch: docs => docs.vectorSearch({ vector }),
  keywordSearch: docs => docs.keywordSearch({ query: 'a' }),
  hybridSearch: docs => docs.hybridSearch({ vector, textQuery: 'a' }),
  searchMany: docs => docs.searchMany([{ vector }]),
  'searchMany of nothing': docs => docs.searchMany([]),
  info: docs => docs.info(),
  optimize: docs => docs.optimize(),
  'optimize with progress': docs => docs.optimize({ onProgress: () => undefined }),
  trainNavigator: docs => docs.trainNavigator(),
  dropNavigator: docs => docs.dropNavigator(),
}

let db: Database
let docs: Collection
let later: AsyncCollection
beforeEach(async () => {
  db = openTestDatabase({ learnedNavigator: true })
  docs = db.createCollection({ name: 'docs', dimension: 2, contentField: 'text' })
  docs.insert({ id: 'a', vector, metadata: { text: 'a' } })
  later = await db.async.collection('docs')
})
afterEach(() => db.close())

test.each(Object.entries(calls))('of a closed database: %s', async (_, call) => {
  const results = docs.search({ vector })
  db.close()
  expect(thrownBy(() => call(docs))).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
  const error = await rejection(Promise.resolve(call(later)))
  expect(error).toBeInstanceOf(DatabaseError)
  expect(error).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
  expect(results.at(0)).toMatchObject({ id: 'a', score: 1, metadata: { text: 'a' } })
})

test.each(Object.entries(calls))('of a collection that was deleted, and made again: %s', async (_, call) => {
  db.deleteCollection('docs')
  expect(thrownBy(() => call(docs))).toBeInstanceOf(CollectionNotFoundError)
  expect(await rejection(Promise.resolve(call(later)))).toBeInstanceOf(CollectionNotFoundError)
  db.createCollection({ name: 'docs', dimension: 2, contentField: 'text' })
  expect(thrownBy(() => call(docs))).toBeInstanceOf(CollectionNotFoundError)
  expect(db.collection('docs').count()).toBe(0)
})

test('deleted while its index is waited for, and while a listener is told how far it is', async () => {
  const progress = (): void => {
    if (db.listCollections().includes('docs')) db.deleteCollection('docs')
  }
  expect(thrownBy(() => docs.optimize({ onProgress: progress }))).toBeInstanceOf(CollectionNotFoundError)
  db.createCollection({ name: 'other', dimension: 2 })
  const waiting = db.async.collection('other').then(other => {
    const done = other.optimize()
    db.deleteCollection('other')
    return done
  })
  expect(await rejection(waiting)).toBeInstanceOf(CollectionNotFoundError)
})

test('searches that run while their collection is deleted find it, or say that it is gone', async () => {
  const count = 3000
  docs.insertBatch({
    ids: Array.from({ length: count }, (_, i) => `d${i}`),
    vectors: Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i)),
  })
  const running = Array.from({ length: 20 }, () => later.search({ vector, k: 1000, exact: true }))
  db.deleteCollection('docs')
  for (const settled of await Promise.allSettled(running)) {
    if (settled.status === 'fulfilled') expect(settled.value.length).toBe(1000)
    else expect(settled.reason).toBeInstanceOf(CollectionNotFoundError)
  }
})
