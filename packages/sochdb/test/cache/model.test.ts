/** Random operations on a cache and on a plain model of it, with a clock that moves, transactions that are undone, and reopening. */
import { Database } from 'sochdb'
import type { Cache } from 'sochdb'

import { random } from '../support/random.js'
import { temporaryDirectory } from '../support/temporary.js'
import { at, testClock } from './support.js'

const directory = temporaryDirectory()
const clock = testClock()
const scopes = [undefined, { tenant: 'a' }, { tenant: 'b', n: 1 }]

interface Modelled {
  readonly key: string
  readonly scope: number
  readonly value: number
  readonly angle: number
  readonly gone: number
  readonly tags: readonly string[]
  /** When it was last put or found, in the order of operations. */
  used: number
}

test.each([1, 2, 3, 4])('seed %d', seed => {
  const { below, pick } = random(seed)
  const maxEntries = seed % 2 === 0 ? 12 : undefined
  const path = directory(`model-${seed}`)
  let db = Database.open(path, { syncMode: 'off', logLevel: 'off' })
  let cache = db.cache('c', maxEntries === undefined ? {} : { maxEntries })
  let model: Modelled[] = []
  let serial = 0
  let hits = 0
  let misses = 0
  const live = (): Modelled[] => model.filter(({ gone }) => gone > clock.now)
  const put = (target: Cache, entries: Modelled[]): Modelled[] => {
    serial++
    clock.pass(0.001)
    const value = serial
    const scope = below(scopes.length)
    const ttl = below(3) === 0 ? 1 + below(20) : 0
    const tags = below(2) === 0 ? [pick(['x', 'y'])] : []
    const entry = {
      key: `k${below(20)}`,
      scope,
      value,
      angle: below(360),
      gone: ttl === 0 ? Infinity : clock.now + ttl * 1000,
      tags,
      used: serial,
    }
    target.put({
      key: entry.key,
      value,
      embedding: at(entry.angle),
      ttlSeconds: ttl,
      tags,
      ...(scopes[scope] && { scope: scopes[scope] }),
    })
    return [...entries.filter(({ key, scope: of }) => key !== entry.key || of !== scope), entry]
  }
  const evict = (): void => {
    model = live()
    if (maxEntries === undefined) return
    model.sort((a, b) => a.used - b.used)
    model = model.slice(-maxEntries)
  }
  const scopeOf = (scope: number): object => (scopes[scope] === undefined ? {} : { scope: scopes[scope] })

  for (let step = 1; step <= 250; step++) {
    clock.pass(0.001) // so that the order of use is that of time, also after reopening
    const scope = below(scopes.length)
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        model = put(cache, model)
        evict()
        break
      case 3: {
        const key = `k${below(20)}`
        const expected = live().find(entry => entry.key === key && entry.scope === scope)
        expect(cache.get({ key, ...scopeOf(scope) })?.value).toBe(expected?.value)
        if (expected === undefined) misses++
        else {
          expected.used = ++serial
          hits++
        }
        break
      }
      case 4:
      case 5: {
        const angle = below(360)
        const distance = (entry: Modelled): number => Math.abs(((entry.angle - angle + 540) % 360) - 180)
        const inReach = live().filter(entry => entry.scope === scope && distance(entry) < 31.7) // 0.85
        const nearest = Math.min(...inReach.map(distance))
        const hit = cache.get({ queryEmbedding: at(angle), ...scopeOf(scope) })
        const found = inReach.find(({ value }) => value === hit?.value)
        expect(found === undefined ? Infinity : distance(found)).toBeCloseTo(nearest, 3)
        if (found === undefined) misses++
        else {
          found.used = ++serial
          hits++
        }
        break
      }
      case 6: {
        const key = `k${below(20)}`
        const isThere = model.some(entry => entry.key === key && entry.scope === scope && entry.gone > clock.now)
        const isDeleted = cache.delete({ key, ...scopeOf(scope) })
        if (isThere) expect(isDeleted).toBe(true)
        model = model.filter(entry => entry.key !== key || entry.scope !== scope)
        break
      }
      case 7: {
        const tag = pick(['x', 'y'])
        if (below(3) === 0) {
          cache.invalidate(tag)
          model = model.filter(({ tags }) => !tags.includes(tag))
        } else clock.pass(below(8))
        break
      }
      case 8: {
        // A transaction of several puts and a deletion, which commits or not.
        const commits = below(2) === 0
        const txn = db.beginTransaction()
        let inside = put(txn.cache('c'), put(txn.cache('c'), model))
        txn.cache('c').delete({ key: 'k1' })
        inside = inside.filter(({ key, scope: of }) => key !== 'k1' || of !== 0)
        if (!commits) txn.abort()
        else {
          txn.commit()
          model = inside
          // The next put brings it within the bounds.
          model = put(cache, model)
          evict()
        }
        break
      }
      default:
        if (below(6) === 0) {
          if (below(2) === 0) {
            cache.clear()
            model = []
          }
          db.close()
          db = Database.open(path, { syncMode: 'off', logLevel: 'off' })
          cache = db.cache('c')
        }
    }
    const listed = scopes.flatMap((_, i) =>
      cache.list({ limit: 1000, ...scopeOf(i) }).map(({ key, value }) => [i, key, value]),
    )
    const expected = live().map(({ key, scope: of, value }) => [of, key, value])
    expect(listed.map(String).sort()).toEqual(expected.map(String).sort())
  }
  const { count, hits: counted, misses: missed } = cache.stats()
  expect({ count, counted, missed }).toEqual({ count: live().length, counted: hits, missed: misses })
  db.close()
})
