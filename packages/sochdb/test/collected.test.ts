/** What is dropped without being closed is closed when it is collected: a net below, not a way of working. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory } from './support/temporary.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const directory = temporaryDirectory()

/** Collects garbage until the condition holds; each round lets finalizers run. */
async function collectUntil(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !condition(); round++) {
    collect()
    await new Promise(setImmediate)
  }
  expect(condition()).toBe(true)
}

test('transactions, snapshots and iterations that were dropped hold nothing', async () => {
  const db = openTestDatabase()
  db.putBatch(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 'v'] as const))
  const drop = () => {
    db.beginTransaction().put('a', '1')
    db.snapshot().get('a')
    db.scanPrefixUnchecked('k')[Symbol.iterator]().next()
  }
  const idle = db.stats()
  drop()
  expect(db.stats().activeSnapshots).toBeGreaterThan(idle.activeSnapshots)
  await collectUntil(() => {
    const { activeTransactions, activeSnapshots } = db.stats()
    return activeTransactions === 0 && activeSnapshots === idle.activeSnapshots
  })
  expect(db.exists('a')).toBe(false)
  db.close()
})

test('a database that was dropped lets go of its store', async () => {
  const path = directory('dropped')
  const drop = () => Database.open(path, { syncMode: 'off' }).put('a', '1')
  drop()
  // Opening with other options is refused as long as the store is held.
  const isFree = () => {
    try {
      Database.open(path, { syncMode: 'full' }).close()
      return true
    } catch {
      return false
    }
  }
  expect(isFree()).toBe(false)
  await collectUntil(isFree)
  const again = Database.open(path)
  expect(again.getString('a')).toBe('1')
  expect(again.recovery().needsRecovery()).toBe(false)
  again.close()
})

test('a transaction keeps its database alive', async () => {
  const path = directory('kept')
  const begin = () => {
    const txn = Database.open(path).beginTransaction()
    txn.put('a', '1')
    return txn
  }
  const txn = begin()
  for (let round = 0; round < 10; round++) {
    collect()
    await new Promise(setImmediate)
  }
  expect(txn.commit()).toBeGreaterThan(txn.startTs)
  txn.database.close()
})
