import { AsyncDatabase, Cache, Database, DimensionMismatchError, SochDBError, ValidationError } from 'sochdb'
import type { CacheHit } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import { at, keysOf, put, testClock } from './support.js'

const directory = temporaryDirectory()
const clock = testClock()
const open = (path = ':memory:'): Database => Database.open(path, { logLevel: 'off' })
const get = (db: Pick<Database, 'cacheGet'>, degrees: number, more: object = {}): CacheHit | undefined =>
  db.cacheGet({ cacheName: 'answers', queryEmbedding: at(degrees), ...more })

describe('the examples of the specification', () => {
  const embedding = (seed: number): number[] => Array.from({ length: 384 }, (_, i) => Math.sin(seed + i))

  test('storing and looking up', () => {
    using db = open()
    db.cachePut({
      cacheName: 'llm_responses',
      key: 'What is Python?',
      value: 'Python is a high-level programming language...',
      embedding: embedding(1),
      ttlSeconds: 3600,
      metadata: { model: 'claude-3', tokens: 150 },
    })
    const cached = db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: embedding(1.02), threshold: 0.85 })
    expect(cached).toEqual({
      key: 'What is Python?',
      value: 'Python is a high-level programming language...',
      score: expect.closeTo(Math.cos(0.02), 2) as number,
      metadata: { model: 'claude-3', tokens: 150 },
    })
    expect(Object.keys(cached!)).toEqual(['key', 'value', 'score', 'metadata'])
  })

  test('management', () => {
    using db = open()
    db.cachePut({ cacheName: 'llm_responses', key: 'What is Python?', value: 'A language', embedding: embedding(1) })
    expect(db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: embedding(1) })?.value).toBe('A language')
    expect(db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: embedding(3) })).toBeUndefined()
    expect(db.cacheStats('llm_responses')).toMatchObject({ count: 1, hits: 1, misses: 1, hitRate: 0.5 })
    expect(db.cacheStats('llm_responses').sizeBytes).toBeGreaterThan(4 * 384)
    expect(db.cacheDelete('llm_responses', { key: 'What is Python?' })).toBe(true)
    expect(db.cacheDelete('llm_responses', { key: 'What is Python?' })).toBe(false)
    db.cachePut({ cacheName: 'llm_responses', key: 'What is Python?', value: 'A language', embedding: embedding(1) })
    db.cacheClear('llm_responses')
    expect(db.cacheStats('llm_responses')).toMatchObject({ count: 0, sizeBytes: 0, hits: 1, misses: 1 })
    expect(db.cacheGet({ cacheName: 'llm_responses', key: 'What is Python?' })).toBeUndefined()
  })

  test('the full usage pattern', () => {
    using db = open()
    let calls = 0
    const answer = (query: string, seed: number): unknown => {
      const queryEmbedding = embedding(seed)
      const cached = db.cacheGet({ cacheName: 'llm_responses', queryEmbedding, threshold: 0.9 })
      if (cached) return cached.value
      const value = `answer ${++calls}`
      db.cachePut({ cacheName: 'llm_responses', key: query, value, embedding: queryEmbedding, ttlSeconds: 86_400 })
      return value
    }
    expect(answer('What is Python?', 1)).toBe('answer 1')
    expect(answer('What is Python, then?', 1.01)).toBe('answer 1')
    expect(answer('What is a python?', 3)).toBe('answer 2')
  })
})

describe('looking up', () => {
  test('the same key comes before what is nearer, whatever the threshold', () => {
    using db = open()
    put(db, 'a', 0)
    put(db, 'b', 40)
    const hit = get(db, 1, { key: ' b ', threshold: 1 })
    expect(hit).toMatchObject({ key: 'b', score: 1, kind: 'exact' })
    expect(get(db, 1)).toMatchObject({ key: 'a', kind: 'semantic' })
    expect(db.cacheGet({ cacheName: 'answers', key: 'c' })).toBeUndefined()
  })

  test('the nearest at or above the threshold is found', () => {
    using db = open()
    put(db, 'a', 0)
    put(db, 'b', 20)
    expect(get(db, 12)?.key).toBe('b')
    expect(get(db, 50)?.key).toBe('b') // cos 30° = 0.866
    expect(get(db, 53)).toBeUndefined()
    expect(get(db, 53, { threshold: 0.8 })?.key).toBe('b')
    db.cache('answers', { threshold: 0.995 })
    expect(get(db, 12)).toBeUndefined()
    expect(get(db, 200, { threshold: -1 })?.key).toBe('a')
  })

  test('a put replaces what the key had', () => {
    using db = open()
    put(db, 'a', 0, { tags: ['x'], ttlSeconds: 10 })
    put(db, 'a', 90, { value: 'new' })
    expect(get(db, 0)).toBeUndefined()
    expect(get(db, 90)?.value).toBe('new')
    expect(db.cache('answers').invalidate('x')).toBe(0)
    clock.pass(11)
    expect(db.cacheStats('answers').count).toBe(1)
  })

  test('expired entries keep nobody from finding others behind them', () => {
    using db = open()
    for (let i = 0; i < 30; i++) put(db, `short ${i}`, 0, { ttlSeconds: 5 })
    put(db, 'long', 10)
    clock.pass(5)
    expect(get(db, 0)?.key).toBe('long')
    expect(db.cacheStats('answers').count).toBe(1)
  })

  test('values are JSON, whatever keys say', () => {
    using db = open()
    const value = { text: 'Größe\0', list: [1, null, { a: [] }], no: false }
    const key = '../../e/%00\n"answers"/🙂' + 'long '.repeat(2000)
    db.cachePut({ cacheName: 'n/:s/x', key, value, embedding: [1, 0] })
    expect(db.cacheGet({ cacheName: 'n/:s/x', key: ` ${key}` })).toMatchObject({ value, key })
    expect(db.cacheGet({ cacheName: 'n/', key })).toBeUndefined()
    const big = 'x'.repeat(3_000_000)
    db.cachePut({ cacheName: 'big', key: 'big', value: big, embedding: [1, 0] })
    expect(db.cacheGet({ cacheName: 'big', queryEmbedding: [1, 0] })?.value).toBe(big)
  })
})

describe('isolation', () => {
  test('scopes never answer each other, and are equal when their JSON is', () => {
    using db = open()
    const scopes = [
      undefined,
      { tenant: 'a' },
      { tenant: 'b' },
      { tenant: 'a', model: 'm' },
      { tenant: 'a', n: [1, { x: 1 }] },
    ]
    scopes.forEach((scope, i) => put(db, 'q', 0, { value: i, ...(scope && { scope }) }))
    scopes.forEach((scope, i) => {
      expect(get(db, 0, { ...(scope && { scope }) })?.value).toBe(i)
      expect(get(db, 0, { key: 'q', ...(scope && { scope }) })?.value).toBe(i)
    })
    expect(get(db, 0, { scope: { model: 'm', tenant: 'a' } })?.value).toBe(3)
    expect(get(db, 0, { scope: {} })?.value).toBe(0)
    expect(get(db, 0, { key: 'q', scope: { tenant: 'c' } })).toBeUndefined()
    expect(db.cacheDelete('answers', { key: 'q', scope: { tenant: 'a' } })).toBe(true)
    expect(get(db, 0, { scope: { tenant: 'b' } })?.value).toBe(2)
    db.cacheClear('answers', { scope: { tenant: 'b' } })
    expect(get(db, 0, { scope: { tenant: 'b' } })).toBeUndefined()
    expect(db.cacheStats('answers').count).toBe(3)
  })

  test('namespaces have caches of their own, which go with them', () => {
    using db = open()
    const ns = db.createNamespace('tenant')
    put(db, 'q', 0)
    expect(get(ns, 0)).toBeUndefined()
    ns.cachePut({ cacheName: 'answers', key: 'q', value: 'theirs', embedding: at(0) })
    expect(get(ns, 0)?.value).toBe('theirs')
    expect(get(db, 0)?.value).toBe('about q')
    expect(ns.listCollections()).toEqual([])
    expect(Array.from(ns.scan())).toEqual([])
    db.deleteNamespace('tenant', { force: true })
    expect(() => get(ns, 0)).toThrow(SochDBError)
    expect(get(db.createNamespace('tenant'), 0)).toBeUndefined()
  })
})

describe('transactions and snapshots', () => {
  test('what is put commits or is undone with the rest, and is seen inside', () => {
    using db = open()
    put(db, 'a', 0)
    expect(() =>
      db.transaction(txn => {
        txn.put('k', 'v')
        txn.cachePut({ cacheName: 'answers', key: 'b', value: 1, embedding: at(90) })
        txn.cacheDelete('answers', { key: 'a' })
        expect(get(txn, 90)?.key).toBe('b')
        expect(txn.cacheStats('answers').count).toBe(1)
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(keysOf(db.cache('answers'))).toEqual(['a'])
    const txn = db.beginTransaction()
    txn.cache('fresh', { threshold: 0.5 }).put({ key: 'b', value: 1, embedding: at(90) })
    expect(db.cacheGet({ cacheName: 'fresh', key: 'b' })).toBeUndefined()
    txn.commit()
    expect(db.cacheGet({ cacheName: 'fresh', queryEmbedding: at(45) })?.key).toBe('b')
  })

  test('a snapshot finds what there was, and counts nothing', () => {
    using db = open()
    put(db, 'a', 0)
    using snapshot = db.snapshot()
    db.cacheClear('answers')
    expect(get(snapshot, 0)?.key).toBe('a')
    expect(snapshot.cacheStats('answers')).toMatchObject({ count: 1, hits: 0 })
    expect(db.cacheStats('answers')).toMatchObject({ count: 0, hits: 0 })
    expect(snapshot.cache('answers').list()).toHaveLength(1)
  })

  test('counting is in nobody’s way', () => {
    using db = open()
    put(db, 'a', 0)
    db.cache('answers', { maxEntries: 10 })
    const txn = db.beginTransaction()
    expect(get(txn, 0)?.key).toBe('a')
    txn.cacheStats('answers')
    for (let i = 0; i < 5; i++) get(db, 0)
    txn.put('k', 'v')
    expect(txn.commit()).toBeGreaterThan(0n)
  })
})

describe('what is not there', () => {
  test('an absent cache is empty, and reading it writes nothing', async () => {
    using db = open()
    expect(get(db, 0)).toBeUndefined()
    expect(db.cacheStats('answers')).toMatchObject({ count: 0, hits: 0, misses: 1, hitRate: 0, sizeBytes: 0 })
    expect(db.cacheDelete('answers', { key: 'a' })).toBe(false)
    db.cacheClear('answers')
    const cache = db.cache('answers')
    expect(cache).toBeInstanceOf(Cache)
    expect([cache.list(), cache.config(), cache.invalidate(['x'])]).toEqual([[], {}, 0])
    expect(await db.async.cacheGet({ cacheName: 'answers', key: 'a' })).toBeUndefined()
    expect(db.stats()).toMatchObject({ totalWrites: 0, keyCount: 0 })
    put(db, 'a', 0)
    get(db, 0)
    expect(db.cacheStats('answers')).toMatchObject({ hits: 1, misses: 2 })
  })
})

describe('bad input', () => {
  const bad: [string, (db: Database) => unknown][] = [
    ['no name', db => db.cachePut({ key: 'a', value: 1, embedding: [1] } as never)],
    ['an empty name', db => db.cache('')],
    ['a name with a control character', db => db.cache('a\u0001')],
    ['a name of 300 bytes', db => db.cache('a'.repeat(300))],
    ['an empty key', db => put(db, '', 0)],
    ['a blank key', db => put(db, '  ', 0)],
    ['a key that is no text', db => put(db, 'a\ud800', 0)],
    ['a key that is a number', db => put(db, 5 as never, 0)],
    ['no value', db => put(db, 'a', 0, { value: undefined })],
    ['a value that is no JSON', db => put(db, 'a', 0, { value: { when: new Date() } })],
    ['metadata that is a list', db => put(db, 'a', 0, { metadata: [] })],
    ['a scope that is a string', db => put(db, 'a', 0, { scope: 'tenant' })],
    ['an empty embedding', db => put(db, 'a', 0, { embedding: [] })],
    ['no embedding', db => put(db, 'a', 0, { embedding: undefined })],
    ['an embedding with NaN', db => put(db, 'a', 0, { embedding: [1, NaN] })],
    ['an embedding with Infinity', db => put(db, 'a', 0, { embedding: Float32Array.of(1, Infinity) })],
    ['an embedding of text', db => put(db, 'a', 0, { embedding: ['1', '2'] })],
    ['a negative ttl', db => put(db, 'a', 0, { ttlSeconds: -1 })],
    ['a ttl that is NaN', db => put(db, 'a', 0, { ttlSeconds: NaN })],
    ['a negative staleSeconds', db => put(db, 'a', 0, { staleSeconds: -1 })],
    ['an empty tag', db => put(db, 'a', 0, { tags: [''] })],
    ['tags that are a string', db => put(db, 'a', 0, { tags: 'x' })],
    ['negative tokens', db => put(db, 'a', 0, { tokens: -1 })],
    ['an unknown option', db => put(db, 'a', 0, { ttl: 5 })],
    ['nothing to look for', db => db.cacheGet({ cacheName: 'answers' })],
    ['a threshold above 1', db => get(db, 0, { threshold: 1.01 })],
    ['a threshold below -1', db => get(db, 0, { threshold: -1.01 })],
    ['a threshold that is NaN', db => get(db, 0, { threshold: NaN })],
    ['a query with NaN', db => db.cacheGet({ cacheName: 'answers', queryEmbedding: [NaN, 1] })],
    ['a delete without a key', db => db.cacheDelete('answers', {} as never)],
    ['maxEntries of 0', db => db.cache('answers', { maxEntries: 0 })],
    ['an eviction there is not', db => db.cache('answers', { evict: 'fifo' as never })],
    ['a configured threshold above 1', db => db.cache('answers', { threshold: 2 })],
    ['a maxErrorRate of 0', db => db.cache('answers', { maxErrorRate: 0 })],
    ['a guard there is not', db => db.cache('answers', { guards: { colours: true } as never })],
    ['a verifier that is no function', db => db.cache('answers', { verify: true as never })],
    ['feedback on nothing', db => db.cache('answers').feedback('abc', true)],
    ['feedback that says nothing', db => db.cache('answers').feedback(get(db, 5)?.hitId ?? '', 1 as never)],
  ]

  test.each(bad)('%s is a ValidationError, and nothing is written', (_, action) => {
    using db = open()
    const error = thrownBy(() => action(db))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).not.toMatch(/\[object|NaN to/)
    expect(keysOf(db.cache('answers'))).toEqual([])
  })

  test('embeddings of another length are refused, by puts and look-ups', () => {
    using db = open()
    put(db, 'a', 0)
    for (const action of [
      () => put(db, 'b', 0, { embedding: [1, 0, 0] }),
      () => db.cacheGet({ cacheName: 'answers', queryEmbedding: [1, 0, 0] }),
      () => put(db, 'b', 0, { embedding: [1, 0, 0], scope: { tenant: 'x' } }),
    ]) {
      const error = thrownBy(action)
      expect(error).toBeInstanceOf(DimensionMismatchError)
      expect(error).toMatchObject({
        expected: 2,
        actual: 3,
        message: expect.stringContaining('Cache "answers"') as string,
      })
    }
    expect(keysOf(db.cache('answers'))).toEqual(['a'])
    db.cacheClear('answers')
    put(db, 'b', 0, { embedding: [1, 0, 0] })
    expect(
      thrownBy(() => db.cache('fixed', { dimension: 3 }).put({ key: 'a', value: 1, embedding: [1] })),
    ).toBeInstanceOf(DimensionMismatchError)
  })
})

describe('reopening', () => {
  test('entries, counts and configuration are there again', () => {
    const path = directory('reopened')
    {
      using db = open(path)
      db.cache('answers', { threshold: 0.9, maxEntries: 100 })
      put(db, 'a', 0, { scope: { tenant: 'x' }, tokens: 100, cost: 0.5 })
      get(db, 5, { scope: { tenant: 'x' } })
      get(db, 0, { key: 'a', scope: { tenant: 'x' } })
      get(db, 60, { scope: { tenant: 'x' } })
    }
    using db = open(path)
    const expected = { count: 1, hits: 2, exactHits: 1, semanticHits: 1, misses: 1, tokensSaved: 200, costSaved: 1 }
    expect(db.cacheStats('answers')).toMatchObject(expected)
    expect(get(db, 5, { scope: { tenant: 'x' } })?.value).toBe('about a')
    expect(db.cache('answers').config()).toEqual({ threshold: 0.9, maxEntries: 100 })
    expect(db.cacheStats('answers').hitRate).toBeCloseTo(3 / 4)
  })

  test('an asynchronous close writes the counts too', async () => {
    const path = directory('closed')
    const db = await AsyncDatabase.open(path)
    await db.cachePut({ cacheName: 'answers', key: 'a', value: 1, embedding: at(0) })
    await db.cacheGet({ cacheName: 'answers', queryEmbedding: at(0) })
    await db.close()
    using again = open(path)
    expect(again.cacheStats('answers')).toMatchObject({ hits: 1, misses: 0, count: 1 })
  })
})
