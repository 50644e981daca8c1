import { Database } from 'sochdb'

import { contentOf } from '../../src/cache/layout.js'
import { readRecord } from '../../src/cache/store.js'
import { countEntries } from '../../src/cache/tally.js'
import { servicesOf } from '../../src/database/index.js'
import { killAfterLines } from '../support/killed-child.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const at = (i: number): number[] => [Math.cos(i), Math.sin(i)]

test('SIGKILL at any moment leaves whole entries, and all that were acknowledged', async () => {
  const path = directory('killed')
  for (const acknowledgements of [1, 60, 150]) {
    const acknowledged = await killAfterLines('cache-child.mjs', path, acknowledgements)
    using db = Database.open(path, { logLevel: 'off' })
    const last = Number(db.getString('last'))
    expect(last).toBeGreaterThanOrEqual(acknowledged)
    // Entries that were put with a key of the database are there as often as that says, by key, by vector and by tag.
    for (const name of ['paired', 'answers']) {
      const record = readRecord(servicesOf(db), name)
      if (record === undefined) continue
      const { count, sizeBytes } = db.cacheStats(name)
      expect({ count, bytes: sizeBytes }).toEqual(countEntries(servicesOf(db), contentOf(record)))
    }
    const paired = db.cache('paired')
    expect(paired.stats().count).toBe(last)
    for (let i = Math.max(1, last - 40); i <= last; i++) {
      const scope = { n: i % 2 }
      expect(paired.get({ key: `k${i}`, scope })?.value).toBe(i)
      expect(paired.get({ queryEmbedding: at(i), scope, threshold: 0.999_999 })).toBeDefined()
    }
    expect(
      db.transaction(txn => [0, 1, 2].map(n => txn.cache('paired').invalidate(`t${n}`)).reduce((a, b) => a + b)),
    ).toBe(last)
    expect(paired.stats()).toMatchObject({ count: 0, sizeBytes: 0 })
    for (let i = 1; i <= last; i++)
      paired.put({ key: `k${i}`, value: i, embedding: at(i), tags: ['t0'], scope: { n: i % 2 } })
    const bounded = db.cache('answers')
    const { count: held } = bounded.stats()
    expect(held).toBeLessThanOrEqual(50)
    expect(bounded.list({ limit: 100 })).toHaveLength(held)
    for (const { key, value } of bounded.list({ limit: 100 })) {
      expect(bounded.get({ queryEmbedding: at(value as number), threshold: 0.9999 })).toBeDefined()
      expect(key).toBe(`k${String(value)}`)
    }
  }
})
