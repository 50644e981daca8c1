/** Statistics are what a count of all entries gives, whoever wrote, whatever was undone, and however it ended. */
import { Database } from 'sochdb'

import { runtimeOf } from '../../src/cache/runtime.js'
import { countEntries } from '../../src/cache/tally.js'
import { contentOf } from '../../src/cache/layout.js'
import { readRecord } from '../../src/cache/store.js'
import { servicesOf } from '../../src/database/index.js'
import { random } from '../support/random.js'
import { temporaryDirectory } from '../support/temporary.js'
import { at, put, testClock } from './support.js'

const directory = temporaryDirectory()
const clock = testClock()

function expectCounted(db: Database, name = 'answers'): number {
  const { count, sizeBytes } = db.cacheStats(name)
  const counted = countEntries(servicesOf(db), contentOf(readRecord(servicesOf(db), name)!))
  expect({ count, bytes: sizeBytes }).toEqual(counted)
  using snapshot = db.snapshot()
  expect(snapshot.cacheStats(name)).toMatchObject({ count, sizeBytes })
  return count
}

const changesOf = (db: Database): number => Array.from(servicesOf(db).scan('d/')).length

test.each([1, 2, 3])('random writes, undone ones, expiry, eviction and reopening: seed %d', async seed => {
  const { below } = random(seed)
  const path = directory(`tally-${seed}`)
  let db = Database.open(path, { syncMode: 'off', logLevel: 'off' })
  db.cache('answers', seed === 2 ? { maxEntries: 15 } : {})
  put(db, 'first', 0)
  for (let step = 0; step < 150; step++) {
    clock.pass(0.1)
    const scope = { n: below(3) }
    switch (below(9)) {
      case 0:
        db.cacheDelete('answers', { key: `k${below(30)}`, scope })
        break
      case 1:
        db.cache('answers').invalidate('t')
        break
      case 2:
        if (below(4) === 0) db.cacheClear('answers', below(2) === 0 ? {} : { scope })
        break
      case 3: {
        const txn = db.beginTransaction()
        for (let i = 0; i < 3; i++)
          txn.cachePut({ cacheName: 'answers', key: `k${below(30)}`, value: i, embedding: at(i), scope })
        const inside = txn.cacheStats('answers')
        expect(inside.count).toBeGreaterThan(0)
        if (below(2) === 0) txn.commit()
        else txn.abort()
        break
      }
      case 4:
        await db.async.cachePut({ cacheName: 'answers', key: `k${below(30)}`, value: 'async', embedding: at(1), scope })
        break
      case 5:
        if (below(3) === 0) await runtimeOf(db).tick()
        break
      case 6:
        if (below(6) === 0) {
          db.close()
          db = Database.open(path, { syncMode: 'off', logLevel: 'off' })
        }
        break
      default:
        put(db, `k${below(30)}`, below(360), {
          scope,
          value: 'x'.repeat(below(50)),
          ttlSeconds: below(3) === 0 ? 1 + below(5) : 0,
          tags: below(4) === 0 ? ['t'] : [],
        })
    }
    expectCounted(db)
  }
  db.close()
})

test('what transactions said is added up, by puts that write alone and by the timer', async () => {
  using db = Database.open(':memory:')
  put(db, 'first', 0)
  const beside = (key: string): void => {
    const txn = db.beginTransaction()
    txn.cachePut({ cacheName: 'answers', key, value: 1, embedding: at(0) })
    txn.commit()
  }
  for (let i = 0; i < 100; i++) beside(`t${i}`)
  expect(expectCounted(db)).toBe(101)
  for (let i = 0; i < 70; i++) put(db, `k${i}`, i)
  expect(changesOf(db)).toBe(0)
  expect(expectCounted(db)).toBe(171)
  beside('last')
  await runtimeOf(db).tick()
  expect(changesOf(db)).toBe(0)
  expect(expectCounted(db)).toBe(172)
  db.transaction(txn => txn.cacheClear('answers'))
  expect(db.cacheStats('answers')).toMatchObject({ count: 0, sizeBytes: 0 })
})

test('two puts beside each other do not conflict over the count, nor does adding up with either', async () => {
  using db = Database.open(':memory:')
  put(db, 'a', 0)
  const [one, two] = [db.beginTransaction(), db.beginTransaction()]
  one.cachePut({ cacheName: 'answers', key: 'b', value: 1, embedding: at(1) })
  two.cachePut({ cacheName: 'answers', key: 'c', value: 1, embedding: at(2) })
  await runtimeOf(db).tick()
  one.commit()
  await runtimeOf(db).tick()
  two.commit()
  expect(expectCounted(db)).toBe(3)
})

test('a cache of a version that kept no sum is counted, and has one after its next write', async () => {
  using db = Database.open(':memory:')
  for (let i = 0; i < 5; i++) put(db, `k${i}`, i, { ttlSeconds: 10 + i })
  await runtimeOf(db).tick()
  const services = servicesOf(db)
  services.deleteBatch(Array.from(services.scan('z/'), ([key]) => key))
  for (const [key] of services.scan('x/')) services.put(key, '')
  expect(expectCounted(db)).toBe(5)
  put(db, 'another', 50)
  expect(expectCounted(db)).toBe(6)
  await runtimeOf(db).tick()
  expect(Array.from(services.scan('z/'))).toHaveLength(1)
  expect(expectCounted(db)).toBe(6)
  clock.pass(11.5)
  expect(expectCounted(db)).toBe(4)
})
