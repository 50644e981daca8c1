/** Puts into a bounded cache, deletes and looks up until it is killed; says after each round that it was committed. */
import { writeSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { Database } from 'sochdb'

const db = Database.open(process.argv[2], { syncMode: 'normal', logLevel: 'off' })
const cache = db.cache('answers', { maxEntries: 50 })
const at = i => [Math.cos(i), Math.sin(i)]
// It stops at a limit and waits: a parent that the machine keeps from reading must not find more than it can check.
const first = Number(db.getString('last') ?? 0) + 1
for (let i = first; i < first + 400; i++) {
  db.transaction(txn => {
    txn.put('last', String(i))
    txn.cachePut({
      cacheName: 'paired',
      key: `k${i}`,
      value: i,
      embedding: at(i),
      tags: [`t${i % 3}`],
      scope: { n: i % 2 },
    })
  })
  cache.put({ key: `k${i}`, value: i, embedding: at(i), ttlSeconds: 3600 })
  cache.get({ key: `k${i - 1}` })
  if (i % 10 === 0) cache.delete({ key: `k${i}` })
  writeSync(1, `${i}\n`)
}
setInterval(() => {}, 60_000)
