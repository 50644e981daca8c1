/** What stays and what goes: time, tags, bounds; and values that are made when they are missing. */
import { Database, TransactionError, ValidationError } from 'sochdb'
import type { Cache, CacheOptions } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'
import { at, keysOf, testClock } from './support.js'

const directory = temporaryDirectory()
const clock = testClock()
const open = (path = ':memory:'): Database => Database.open(path, { logLevel: 'off' })
const angles = new Map<string, number>()
const embed = (text: string): number[] => at(angles.get(text) ?? 7 * (text.codePointAt(0)! - 97))
const cacheOf = (db: Database, options: CacheOptions = {}): Cache => db.cache('answers', { embed, ...options })
const put = (cache: Cache, key: string, more: object = {}): void =>
  cache.put({ key, value: `about ${key}`, embedding: embed(key), ...more })
const find = (cache: Cache, key: string): unknown => cache.get({ key })?.value

describe('time', () => {
  test('an entry is there until its time is over, and from then on in no read', () => {
    using db = open()
    const cache = cacheOf(db, { ttlSeconds: 60 })
    put(cache, 'a')
    put(cache, 'b', { ttlSeconds: 120 })
    put(cache, 'c', { ttlSeconds: 0 })
    clock.pass(59.999)
    expect(keysOf(cache)).toEqual(['a', 'b', 'c'])
    clock.pass(0.001)
    expect([find(cache, 'a'), cache.get({ queryEmbedding: embed('a'), threshold: 0.999 })]).toEqual([
      undefined,
      undefined,
    ])
    expect(keysOf(cache)).toEqual(['b', 'c'])
    expect(cache.stats()).toMatchObject({ count: 2, expired: 0 })
    put(cache, 'd')
    expect(cache.stats()).toMatchObject({ count: 3, expired: 1 })
    clock.pass(1e9)
    expect(keysOf(cache)).toEqual(['c'])
  })

  test('what is stale is given as such, until that is over too', () => {
    using db = open()
    const cache = cacheOf(db, { ttlSeconds: 60, staleSeconds: 30 })
    put(cache, 'a')
    expect(cache.get({ key: 'a' })).toMatchObject({ stale: false })
    clock.pass(60)
    expect(cache.get({ queryEmbedding: embed('a') })).toMatchObject({ stale: true, value: 'about a' })
    expect(cache.stats()).toMatchObject({ hits: 2, staleHits: 1 })
    clock.pass(30)
    expect(cache.get({ key: 'a' })).toBeUndefined()
  })
})

describe('tags', () => {
  test('all entries of a tag go at once, in every scope', () => {
    using db = open()
    const cache = cacheOf(db)
    put(cache, 'a', { tags: ['x', 'y'] })
    put(cache, 'b', { tags: ['y'], scope: { tenant: 1 } })
    put(cache, 'c', { tags: ['z', 'z'] })
    expect(cache.get({ key: 'a' })?.tags).toEqual(['x', 'y'])
    const undone = (): void =>
      db.transaction(txn => {
        expect(txn.cache('answers').invalidate('y')).toBe(2)
        throw new Error('undo')
      })
    expect(undone).toThrow('undo')
    expect(cache.invalidate(['y', 'nothing'])).toBe(2)
    expect(keysOf(cache)).toEqual(['c'])
    expect(cache.get({ queryEmbedding: embed('b'), scope: { tenant: 1 } })).toBeUndefined()
    expect(cache.invalidate('z')).toBe(1)
    expect(cache.stats().count).toBe(0)
    expect(() => cache.invalidate('')).toThrow(ValidationError)
  })
})

describe('bounds', () => {
  test('the least recently used goes first, and is remembered after reopening', () => {
    const path = directory('lru')
    {
      using db = open(path)
      const cache = cacheOf(db, { maxEntries: 3 })
      for (const key of 'abc') {
        put(cache, key)
        clock.pass(1)
      }
      find(cache, 'a')
      clock.pass(1)
      put(cache, 'd')
      expect(keysOf(cache)).toEqual(['a', 'c', 'd'])
      clock.pass(1)
      find(cache, 'c')
    }
    using db = open(path)
    const cache = cacheOf(db)
    put(cache, 'e')
    expect(keysOf(cache)).toEqual(['c', 'd', 'e'])
    put(cache, 'f')
    expect(keysOf(cache)).toEqual(['c', 'e', 'f'])
    expect(cache.stats()).toMatchObject({ evictions: 3, count: 3 })
  })

  test('bytes are bounded, and what could never fit is refused', () => {
    using db = open()
    const cache = cacheOf(db, { maxBytes: 3000 })
    for (const key of 'abcdef') put(cache, key, { value: 'x'.repeat(900) })
    expect(keysOf(cache)).toEqual(['d', 'e', 'f'])
    expect(cache.stats().sizeBytes).toBeLessThanOrEqual(3000)
    expect(() => put(cache, 'g', { value: 'x'.repeat(4000) })).toThrow('holds at most 3000')
    put(cache, 'h', { value: 'x'.repeat(2900) })
    expect(keysOf(cache)).toEqual(['h'])
    cache.configure({ maxBytes: null })
    put(cache, 'a', { value: 'x'.repeat(9000) })
    expect(keysOf(cache)).toEqual(['a', 'h'])
  })

  test('lfu keeps what is asked for often from what comes once', () => {
    using db = open()
    const cache = cacheOf(db, { maxEntries: 20, evict: 'lfu' })
    for (let i = 0; i < 10; i++) put(cache, `often ${i}`)
    for (let n = 0; n < 6; n++) for (let i = 0; i < 10; i++) find(cache, `often ${i}`)
    for (let i = 0; i < 100; i++) put(cache, `once ${i}`)
    expect(keysOf(cache).filter(key => key.startsWith('often'))).toHaveLength(10)
    expect(cache.stats()).toMatchObject({ count: 20, evictions: 90 })
    for (let n = 0; n < 15; n++) for (let i = 95; i < 100; i++) find(cache, `once ${i}`)
    expect(find(cache, 'once 99')).toBeDefined()
  })

  test('by cost, what saves least for its size goes first', () => {
    using db = open()
    const cache = cacheOf(db, { maxEntries: 3, evict: 'cost' })
    put(cache, 'dear', { cost: 100 })
    put(cache, 'cheap', { cost: 1 })
    put(cache, 'large', { cost: 3, value: 'x'.repeat(10_000) })
    put(cache, 'new', { cost: 2 })
    expect(keysOf(cache)).toEqual(['cheap', 'dear', 'new'])
    for (let i = 0; i < 10; i++) find(cache, 'cheap')
    put(cache, 'newer', { cost: 2 })
    expect(keysOf(cache)).toEqual(['cheap', 'dear', 'newer'])
    // What was dear once and is not used goes in the end.
    for (let i = 0; i < 300; i++) put(cache, `next ${i}`, { cost: 50 })
    expect(find(cache, 'dear')).toBeUndefined()
  })

  test('one put removes a bounded number; the rest follows', () => {
    using db = open()
    const cache = cacheOf(db)
    for (let i = 0; i < 200; i++) put(cache, `k${i}`)
    cache.configure({ maxEntries: 10 })
    put(cache, 'last')
    expect(cache.stats().count).toBe(201 - 64)
    for (let i = 0; i < 3; i++) put(cache, 'last')
    expect(cache.stats()).toMatchObject({ count: 10, evictions: 191 })
  })

  test('what transactions put counts when they have committed', () => {
    using db = open()
    const cache = cacheOf(db, { maxEntries: 2 })
    put(cache, 'a')
    const txn = db.beginTransaction()
    for (const key of 'xyz') txn.cachePut({ cacheName: 'answers', key, value: 1, embedding: [1, 0] })
    txn.abort()
    put(cache, 'b')
    expect(keysOf(cache)).toEqual(['a', 'b'])
    db.transaction(inner => put(inner.cache('answers'), 'c'))
    put(cache, 'd')
    expect(keysOf(cache)).toHaveLength(2)
    cache.delete({ key: 'd' })
    cache.clear()
    for (const key of 'efg') put(cache, key)
    expect(keysOf(cache)).toEqual(['f', 'g'])
  })
})

describe('wrap', () => {
  test('makes what is missing, once for all who ask the same, and finds it in other words', async () => {
    using db = open()
    const cache = cacheOf(db)
    let calls = 0
    const make = async (): Promise<string> => {
      await new Promise(resolve => setImmediate(resolve))
      return `call ${++calls}`
    }
    const all = await Promise.all([
      cache.wrap('a', make),
      cache.wrap(' a', make),
      db.cache('answers', { embed }).wrap('a', make),
    ])
    expect(all).toEqual(['call 1', 'call 1', 'call 1'])
    expect(await cache.wrap('a', make)).toBe('call 1')
    expect(await cache.wrap({ key: 'b', threshold: 0.9 }, make)).toBe('call 1') // 7° away
    expect(await cache.wrap({ key: 'a', scope: { tenant: 1 } }, make)).toBe('call 2')
    expect(await cache.wrap({ key: 'z', embedding: at(170), tags: ['t'] }, make)).toBe('call 3')
    expect(cache.invalidate('t')).toBe(1)
    expect(cache.stats()).toMatchObject({ exactHits: 1, semanticHits: 1, misses: 3 })
  })

  test('what fails is heard by all and not cached', async () => {
    using db = open()
    const cache = cacheOf(db)
    const fail = (): never => {
      throw new Error('no model')
    }
    await expect(Promise.all([cache.wrap('a', fail), cache.wrap('a', fail)])).rejects.toThrow('no model')
    expect(await cache.wrap('a', () => 1)).toBe(1)
    await expect(cache.wrap('b', 5 as never)).rejects.toThrow(ValidationError)
    await expect(db.cache('answers').wrap('c', () => 1)).rejects.toThrow('needs an embedding')
    await expect(
      db
        .beginTransaction()
        .cache('answers')
        .wrap('a', () => 1),
    ).rejects.toThrow(TransactionError)
  })

  test('who stops waiting stops alone; when nobody waits, the call hears of it', async () => {
    using db = open()
    const cache = cacheOf(db)
    const first = new AbortController()
    const second = new AbortController()
    let release = (): void => undefined
    let told: AbortSignal | undefined
    const make = async ({ signal }: { signal: AbortSignal }): Promise<string> => {
      told = signal
      await new Promise<void>(resolve => (release = resolve))
      return 'made'
    }
    const one = cache.wrap({ key: 'a', signal: first.signal }, make)
    const two = cache.wrap({ key: 'a', signal: second.signal }, make)
    await new Promise(resolve => setImmediate(resolve))
    first.abort(new Error('gone'))
    await expect(one).rejects.toThrow('gone')
    expect(told?.aborted).toBe(false)
    release()
    expect(await two).toBe('made')
    const alone = cache.wrap({ key: 'q', signal: AbortSignal.abort(new Error('never')) }, make)
    await expect(alone).rejects.toThrow('never')
    const last = new AbortController()
    const three = cache.wrap({ key: 'z', embedding: at(170), signal: last.signal }, make)
    await new Promise(resolve => setImmediate(resolve))
    last.abort(new Error('all gone'))
    await expect(three).rejects.toThrow('all gone')
    expect(told?.aborted).toBe(true)
    release()
    await new Promise(resolve => setImmediate(resolve))
    expect(find(cache, 'z')).toBeUndefined()
  })

  test('what is stale is given, and made anew behind it, once', async () => {
    using db = open()
    const errors: unknown[] = []
    const cache = cacheOf(db, { ttlSeconds: 60, staleSeconds: 600, onRefreshError: error => errors.push(error) })
    let calls = 0
    const make = (): string => `call ${++calls}`
    await cache.wrap('a', make)
    clock.pass(60)
    const broken = (): never => {
      throw new Error('down')
    }
    expect(await cache.wrap('a', broken)).toBe('call 1')
    await new Promise(resolve => setImmediate(resolve))
    expect(errors).toEqual([new Error('down')])
    expect(await Promise.all([cache.wrap('a', make), cache.wrap('a', make)])).toEqual(['call 1', 'call 1'])
    await new Promise(resolve => setImmediate(resolve))
    expect(await cache.wrap('a', make)).toBe('call 2')
    expect(calls).toBe(2)
  })
})
