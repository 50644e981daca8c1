/** What callers can get wrong about caches: each is refused by an error that says what, and nothing is written. */
import { AsyncDatabase, Database, DimensionMismatchError, InvalidMetadataError, ValidationError } from 'sochdb'

import { runtimeOf } from '../../src/cache/runtime.js'
import { servicesOf } from '../../src/database/index.js'
import { at } from './support.js'

const good = { cacheName: 'answers', key: 'a', value: 1, embedding: at(0) }
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

type Bad = readonly [what: string, bad: object, error: typeof ValidationError, message: RegExp]

const badPuts: readonly Bad[] = [
  ['no name', { cacheName: undefined }, ValidationError, /name of a cache/],
  ['an empty name', { cacheName: '' }, ValidationError, /not empty/],
  ['a name with a control character', { cacheName: 'a\u0000b' }, ValidationError, /control character/],
  ['a name that is too long', { cacheName: 'x'.repeat(256) }, ValidationError, /255 bytes/],
  ['an empty key', { key: '' }, ValidationError, /key/],
  ['a key that is no text', { key: 5 }, ValidationError, /key/],
  ['no embedding', { embedding: undefined }, ValidationError, /embedding/],
  ['an embedding without values', { embedding: [] }, ValidationError, /embedding/],
  ['NaN in an embedding', { embedding: [1, NaN] }, ValidationError, /value 1 is NaN/],
  ['Infinity in an embedding', { embedding: [Infinity, 0] }, ValidationError, /value 0 is Infinity/],
  ['more than a 32-bit float holds', { embedding: [1e39, 0] }, ValidationError, /value 0/],
  ['text in an embedding', { embedding: ['1', 0] }, ValidationError, /value 0/],
  ['another dimension', { embedding: [1, 0, 0] }, DimensionMismatchError as never, /2-dimensional.*3 values/],
  ['no value', { value: undefined }, ValidationError, /needs a value/],
  ['a value that JSON cannot say', { value: 5n }, InvalidMetadataError as never, /value/],
  ['a value that holds itself', { value: cyclic }, InvalidMetadataError as never, /refers to itself/],
  ['NaN for a value', { value: NaN }, InvalidMetadataError as never, /NaN/],
  ['a life of less than nothing', { ttlSeconds: -1 }, ValidationError, /ttlSeconds/],
  ['a life of NaN', { ttlSeconds: NaN }, ValidationError, /ttlSeconds/],
  ['tags that are no list', { tags: 'a' }, ValidationError, /tags/],
  ['an empty tag', { tags: [''] }, ValidationError, /tags/],
  ['costs below nothing', { cost: -1 }, ValidationError, /cost/],
  ['a scope that is no object', { scope: 'acme' }, ValidationError, /scope/],
  ['a member that there is not', { ttl: 5 }, ValidationError, /ttl/],
]

const badGets: readonly Bad[] = [
  ['a threshold above 1', { threshold: 1.01 }, ValidationError, /threshold/],
  ['a threshold below -1', { threshold: -1.01 }, ValidationError, /threshold/],
  ['a threshold of NaN', { threshold: NaN }, ValidationError, /threshold/],
  ['a threshold that is text', { threshold: '0.9' }, ValidationError, /threshold/],
  [
    'neither key nor embedding',
    { key: undefined, queryEmbedding: undefined },
    ValidationError,
    /needs a queryEmbedding/,
  ],
  ['an empty key', { key: '' }, ValidationError, /key/],
  ['NaN in an embedding', { queryEmbedding: [NaN, 0] }, ValidationError, /value 0 is NaN/],
  ['another dimension', { queryEmbedding: [1] }, DimensionMismatchError as never, /2-dimensional.*1 value/],
  ['an empty name', { cacheName: '' }, ValidationError, /not empty/],
  ['a member that there is not', { limit: 5 }, ValidationError, /limit/],
]

const badConfigs: readonly (readonly [what: string, bad: object, message: RegExp])[] = [
  ['a threshold above 1', { threshold: 1.5 }, /threshold/],
  ['a threshold below -1', { threshold: -2 }, /threshold/],
  ['a threshold of NaN', { threshold: NaN }, /threshold/],
  ['no dimension at all', { dimension: 0 }, /dimension/],
  ['half a dimension', { dimension: 1.5 }, /dimension/],
  ['room for nothing', { maxEntries: 0 }, /maxEntries/],
  ['less than no bytes', { maxBytes: -1 }, /maxBytes/],
  ['an eviction that there is not', { evict: 'fifo' }, /evict/],
  ['errors always', { maxErrorRate: 1 }, /maxErrorRate/],
  ['a function that is none', { embed: 5 }, /embed/],
  ['an option that there is not', { size: 5 }, /size/],
]

describe('of a put', () => {
  test.each(badPuts)('%s', async (_what, bad, error, message) => {
    using db = Database.open(':memory:')
    db.cachePut({ ...good, key: 'first' })
    await runtimeOf(db).tick() // nothing is left to write later
    const before = Array.from(servicesOf(db).scan(), ([key, value]) => `${key.toString()} ${value.toString()}`)
    const put = (): void => db.cachePut({ ...good, ...bad } as never)
    expect(put).toThrow(error)
    expect(put).toThrow(message)
    const txn = db.beginTransaction()
    expect(() => txn.cachePut({ ...good, ...bad } as never)).toThrow(error)
    txn.commit()
    await expect(db.async.cachePut({ ...good, ...bad } as never)).rejects.toThrow(error)
    const after = Array.from(servicesOf(db).scan(), ([key, value]) => `${key.toString()} ${value.toString()}`)
    expect(after).toEqual(before)
  })
})

describe('of a look-up', () => {
  test.each(badGets)('%s', async (_what, bad, error, message) => {
    using db = Database.open(':memory:')
    db.cachePut(good)
    const ask = { cacheName: 'answers', key: 'b', queryEmbedding: at(0), ...bad }
    expect(() => db.cacheGet(ask as never)).toThrow(error)
    expect(() => db.cacheGet(ask as never)).toThrow(message)
    await expect(db.async.cacheGet(ask as never)).rejects.toThrow(error)
  })

  test.each([-1, 0, 1])('a threshold of %d is one', threshold => {
    using db = Database.open(':memory:')
    db.cachePut(good)
    expect(db.cacheGet({ cacheName: 'answers', queryEmbedding: at(0), threshold })?.value).toBe(1)
  })
})

test.each(badConfigs)('of a configuration: %s', (_what, bad, message) => {
  using db = Database.open(':memory:')
  expect(() => db.cache('answers', bad as never)).toThrow(ValidationError)
  expect(() => db.cache('answers', bad as never)).toThrow(message)
  expect(Array.from(servicesOf(db).scan())).toEqual([])
})

test('a cache that there is not is empty, wherever it is read, and reading makes none', async () => {
  const empty = { count: 0, hits: 0, sizeBytes: 0 }
  using db = Database.open(':memory:')
  const query = { cacheName: 'nothing', key: 'a', queryEmbedding: at(0) }
  using snapshot = db.snapshot()
  for (const on of [db, db.createNamespace('tenant'), snapshot]) {
    expect(on.cacheGet(query)).toBeUndefined()
    expect(on.cacheStats('nothing')).toMatchObject(empty)
    expect(on.cache('nothing').list()).toEqual([])
    expect(on.cache('nothing').config()).toEqual({})
  }
  const txn = db.beginTransaction()
  expect(txn.cacheGet(query)).toBeUndefined()
  expect(txn.cacheStats('nothing')).toMatchObject(empty)
  expect(txn.cacheDelete('nothing', { key: 'a' })).toBe(false)
  expect(txn.cache('nothing').invalidate('t')).toBe(0)
  txn.commit()
  expect(db.cacheDelete('nothing', { key: 'a' })).toBe(false)
  db.cacheClear('nothing')
  const there = await db.async.snapshot()
  for (const on of [db.async, there]) {
    expect(await on.cacheGet(query)).toBeUndefined()
    expect(await on.cacheStats('nothing')).toMatchObject(empty)
    expect(await on.cache('nothing').list()).toEqual([])
  }
  await there.close()
  expect(Array.from(servicesOf(db).scan())).toEqual([])
})

test('a snapshot has the verbs that read, by promise too, and sees what there was', async () => {
  await using db = await AsyncDatabase.open(':memory:')
  const ns = await db.createNamespace('tenant')
  await db.cachePut(good)
  await ns.cachePut({ ...good, key: 'n', value: 2 })
  await using before = await db.snapshot()
  await db.cachePut({ ...good, value: 'newer' })
  await db.cachePut({ ...good, key: 'b', embedding: at(90) })
  expect((await before.cacheGet({ cacheName: 'answers', key: 'a' }))?.value).toBe(1)
  expect((await before.cacheGet({ cacheName: 'answers', queryEmbedding: at(1) }))?.value).toBe(1)
  expect(await before.cacheGet({ cacheName: 'answers', queryEmbedding: at(90) })).toBeUndefined()
  expect(await before.cacheStats('answers')).toMatchObject({ count: 1 })
  const cache = before.cache('answers')
  expect(cache.name).toBe('answers')
  expect((await cache.list()).map(({ key }) => key)).toEqual(['a'])
  expect((await cache.lookup({ key: 'a' })).outcome).toBe('exact')
  expect((await (await before.namespace('tenant')).cacheGet({ cacheName: 'answers', key: 'n' }))?.value).toBe(2)
  expect(before).not.toHaveProperty('cachePut')
  await expect(before.cacheGet({ cacheName: '', key: 'a' })).rejects.toThrow(ValidationError)
  expect(() => before.cache('')).toThrow(ValidationError)
})
