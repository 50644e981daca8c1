'use strict'
// A thread that does random asynchronous work on a store until it is told to stop, or ended from outside, in the middle of it.
// Everything may fail with an error; nothing may crash, hang or settle twice.
const { workerData, parentPort } = require('node:worker_threads')
const { native, openArguments } = require('./native.cjs')

const { path, seed, rounds } = workerData

let state = seed >>> 0
const random = n => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * n)
}
const pack = count => {
  const records = Buffer.alloc(count * 16)
  for (let i = 0; i < count; i++) {
    records.writeUInt32LE(4, i * 16)
    records.writeUInt32LE(4, i * 16 + 4)
    records.writeUInt32LE(random(1000), i * 16 + 8)
    records.writeUInt32LE(random(1000), i * 16 + 12)
  }
  return records
}
const info = new ArrayBuffer(16)
let operation = 0

function act(database, handles, pending) {
  const number = ++operation
  const transactions = handles.transactions
  const any = list => list[random(list.length)] ?? 0
  const target = random(2) === 0 ? database : any([...transactions, ...handles.snapshots])
  const actions = [
    () => pending.push(native.asyncPut(target, `k${random(50)}`, 'v'.repeat(random(300)), 0, number, 0)),
    () => pending.push(native.asyncRemove(target, `k${random(50)}`, number, 0)),
    () => pending.push(native.asyncIncrement(target, `n${random(3)}`, 1n, 0, number, 0)),
    () => pending.push(native.asyncCompareAndSet(target, 'cas', undefined, 'x', 0, number, 0)),
    () => pending.push(native.asyncWriteBatch(target, pack(random(2000)), 0, number, random(3))),
    () => pending.push(native.asyncGetBatch(target, Buffer.alloc(0), number, 0)),
    () => handles.cursors.push(native.asyncScan(target, 'k', '', random(8))),
    () =>
      pending.push(native.asyncScanNext(any(handles.cursors), 1 + random(500), 1024 + random(5000), false, number, 0)),
    () => native.asyncScanClose(any(handles.cursors)),
    () => transactions.push(native.begin(database, random(3), false, random(2) * 50, info)),
    () => pending.push(native.asyncCommit(any(transactions))),
    () => native.abort(any(transactions)),
    () => native.put(any(transactions), 'k1', 'sync'),
    () => handles.snapshots.push(native.snapshot(database)),
    () => native.snapshotClose(any(handles.snapshots)),
    () => handles.watches.push(native.watch(database, 'k', 1 + random(100))),
    () => pending.push(native.watchNext(any(handles.watches))),
    () => native.watchClose(any(handles.watches)),
    () => pending.push(native.asyncVerifyWal(database, number, 0, () => {})),
    () => pending.push(native.asyncSync(database)),
    () => native.asyncCancel(number - random(20)),
    () => native.asyncTake(random(100), new ArrayBuffer(64)),
  ]
  try {
    any(actions)()
  } catch (error) {
    if (typeof error.nativeCode !== 'number') throw error
  }
}

async function main() {
  for (let round = 0; round < rounds; round++) {
    const database = await native.asyncOpen(...openArguments(path, ['full', 'normal', 'off'][seed % 3]))
    const handles = { transactions: [], snapshots: [], cursors: [], watches: [] }
    const pending = []
    const push = pending.push.bind(pending)
    pending.push = promise => {
      promise.catch(() => {}) // looked at in the end
      return push(promise)
    }
    const steps = 50 + random(150)
    for (let i = 0; i < steps; i++) {
      act(database, handles, pending)
      if (random(10) === 0) await new Promise(resolve => setImmediate(resolve))
    }
    if (random(2) === 0) native.close(database)
    else await native.asyncClose(database)
    for (const watch of handles.watches) native.watchClose(watch)
    // Everything settles, one way or the other.
    for (const outcome of await Promise.allSettled(pending)) {
      if (outcome.status === 'rejected' && typeof outcome.reason.nativeCode !== 'number') throw outcome.reason
    }
    parentPort?.postMessage(round)
  }
}

main().then(
  () => parentPort?.postMessage('done'),
  error => {
    throw error
  },
)
