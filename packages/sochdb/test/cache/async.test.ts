import { AsyncDatabase, DimensionMismatchError, ValidationError } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'
import { at, testClock } from './support.js'

const directory = temporaryDirectory()
testClock()

test('the verbs of a database, a namespace and a transaction', async () => {
  await using db = await AsyncDatabase.open(':memory:')
  const ns = await db.createNamespace('tenant')
  for (const on of [db, ns]) {
    expect(await on.cacheStats('answers')).toMatchObject({ count: 0 })
    await on.cachePut({ cacheName: 'answers', key: 'a', value: { n: 1 }, embedding: at(0), scope: { user: 1 } })
    const query = { cacheName: 'answers', queryEmbedding: at(10), scope: { user: 1 } }
    expect(await on.cacheGet(query)).toEqual({
      key: 'a',
      value: { n: 1 },
      score: expect.closeTo(0.985, 2) as number,
      metadata: {},
    })
    expect(await on.cacheGet({ ...query, scope: {} })).toBeUndefined()
    expect(await on.cacheDelete('answers', { key: 'a', scope: { user: 1 } })).toBe(true)
    expect(await on.cacheStats('answers')).toMatchObject({ count: 0, hits: 1, misses: 1 })
    await expect(on.cacheGet({ cacheName: 'answers', queryEmbedding: [1] })).rejects.toThrow(DimensionMismatchError)
    await expect(on.cachePut({ cacheName: '', key: 'a', value: 1, embedding: at(0) })).rejects.toThrow(ValidationError)
  }
  const txn = await db.beginTransaction()
  await txn.cachePut({ cacheName: 'answers', key: 'b', value: 2, embedding: at(0) })
  expect((await txn.cacheGet({ cacheName: 'answers', queryEmbedding: at(0) }))?.value).toBe(2)
  expect(await db.cacheGet({ cacheName: 'answers', key: 'b' })).toBeUndefined()
  await expect(txn.cache('answers').wrap({ key: 'b', embedding: at(0) }, () => 1)).rejects.toThrow('no transaction')
  await txn.abort()
  expect(await db.cacheGet({ cacheName: 'answers', key: 'b' })).toBeUndefined()
})

test('puts beside each other keep the bounds, and none is lost', async () => {
  await using db = await AsyncDatabase.open(directory('bounds'))
  const cache = db.cache('answers', { maxEntries: 20 })
  await Promise.all(Array.from({ length: 100 }, (_, i) => cache.put({ key: `k${i}`, value: i, embedding: at(i) })))
  expect(await cache.stats()).toMatchObject({ count: 20, evictions: 80 })
  const unbounded = db.cache('more')
  await Promise.all(Array.from({ length: 50 }, (_, i) => unbounded.put({ key: `k${i}`, value: i, embedding: at(i) })))
  expect((await unbounded.stats()).count).toBe(50)
  expect(await unbounded.list({ limit: 2 })).toMatchObject([{ key: 'k0' }, { key: 'k1' }])
})

test('a handle embeds, verifies, wraps, invalidates and learns by promise', async () => {
  await using db = await AsyncDatabase.open(':memory:')
  const embed = async (text: string): Promise<number[]> => Promise.resolve(at(text.length))
  const cache = db.cache('answers', { embed, threshold: 0.9, maxErrorRate: 0.2 })
  let calls = 0
  const make = (): string => `call ${++calls}`
  expect(await Promise.all([cache.wrap({ key: 'abc', tags: ['t'] }, make), cache.wrap('abc', make)])).toEqual([
    'call 1',
    'call 1',
  ])
  const { candidate, outcome } = await cache.lookup({ key: 'abcd' })
  expect(outcome).toBe('explored')
  for (let i = 0; i < 30; i++) expect(await cache.feedback(candidate!.hitId, true)).toBe(true)
  expect((await cache.get({ key: 'abcde' }))?.value).toBe('call 1')
  expect(await cache.config()).toEqual({ threshold: 0.9, maxErrorRate: 0.2 })
  expect(await cache.invalidate('t')).toBe(1)
  await cache.put({ key: 'abc', value: 1, embedding: at(0) })
  await cache.clear()
  expect(await cache.get({ key: 'abc' })).toBeUndefined()
  await cache.configure({ maxErrorRate: null })
  expect(await cache.config()).toEqual({ threshold: 0.9 })
  await expect(
    db.cache('answers', { maxEntries: 5, dimension: 7 }).put({ key: 'a', value: 1, embedding: at(0) }),
  ).rejects.toThrow(DimensionMismatchError)
})
