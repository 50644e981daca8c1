/** What is written behind the caller's back: by whom, when, and in nobody's way. */
import { Database } from 'sochdb'

import { runtimeOf } from '../../src/cache/runtime.js'
import { servicesOf } from '../../src/database/index.js'
import { temporaryDirectory } from '../support/temporary.js'
import { at, keysOf, put, testClock } from './support.js'

const directory = temporaryDirectory()
const clock = testClock()

test('counts are written without closing, and add up over the openings of a store', async () => {
  const path = directory('counts')
  using one = Database.open(path, { logLevel: 'off' })
  using two = Database.open(path, { logLevel: 'off' })
  put(one, 'a', 0)
  for (let i = 0; i < 3; i++) one.cacheGet({ cacheName: 'answers', key: 'a' })
  two.cacheGet({ cacheName: 'answers', key: 'b' })
  expect(two.cacheStats('answers')).toMatchObject({ hits: 0, misses: 1 })
  await runtimeOf(one).tick()
  expect(two.cacheStats('answers')).toMatchObject({ hits: 3, misses: 1 })
  await runtimeOf(two).tick()
  await runtimeOf(two).tick()
  expect(one.cacheStats('answers')).toMatchObject({ hits: 3, misses: 1 })
})

test('a flush conflicts with no transaction that puts, deletes or asks', async () => {
  using db = Database.open(':memory:')
  db.cache('answers', { maxEntries: 10, maxErrorRate: 0.1 })
  for (const isolation of ['serializable', 'snapshot', 'readCommitted'] as const) {
    put(db, 'a', 0)
    put(db, 'b', 90)
    const txn = db.beginTransaction({ isolation })
    txn.cacheStats('answers')
    txn.cacheGet({ cacheName: 'answers', key: 'a' })
    txn.cachePut({ cacheName: 'answers', key: 'a', value: 2, embedding: at(0) })
    txn.cacheDelete('answers', { key: 'b' })
    const cache = db.cache('answers')
    cache.get({ key: 'a' })
    cache.get({ key: 'b' })
    const { candidate, hit } = cache.lookup({ queryEmbedding: at(1) })
    cache.feedback((candidate ?? hit)!.hitId, true)
    await runtimeOf(db).tick()
    expect(txn.commit()).toBeGreaterThan(0n)
    expect(keysOf(cache)).toEqual(['a'])
  }
})

test('what is due goes later too, and of what was cleared nothing stays', async () => {
  using db = Database.open(':memory:')
  for (let i = 0; i < 20; i++) put(db, `k${i}`, i, { ttlSeconds: 5, tags: ['t'], scope: { n: i % 3 } })
  clock.pass(6)
  await runtimeOf(db).tick()
  await runtimeOf(db).tick()
  expect(db.cacheStats('answers')).toMatchObject({ count: 0, expired: 20 })
  for (let i = 0; i < 20; i++) put(db, `k${i}`, i, { ttlSeconds: 500, tags: ['t'] })
  db.cacheClear('answers')
  await runtimeOf(db).tick()
  await runtimeOf(db).tick()
  const left = Array.from(servicesOf(db).scan(), ([key]) => key.toString().slice(0, 2))
  expect(left).toEqual(['n/', 's/', 'z/'])
  expect(servicesOf(db).listCollections()).toEqual([])
})

test('two openings keep one bound', () => {
  const path = directory('bound')
  using one = Database.open(path, { syncMode: 'off', logLevel: 'off' })
  using two = Database.open(path, { syncMode: 'off', logLevel: 'off' })
  one.cache('answers', { maxEntries: 10 })
  for (let i = 0; i < 30; i++) {
    put(one, `a${i}`, i)
    put(two, `b${i}`, i)
  }
  // Each has bounded what it knew of; what it did not know it reads when it notices.
  const { now } = performance
  performance.now = () => now.call(performance) + 10_000
  for (let i = 0; i < 3; i++) {
    put(one, `c${i}`, i)
    put(two, `d${i}`, i)
  }
  performance.now = now
  expect(one.cacheStats('answers').count).toBeLessThanOrEqual(12)
})
