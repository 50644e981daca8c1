'use strict'
// A thread that works on a store which the main thread has open too; workerData says what it does.
const { workerData, parentPort } = require('node:worker_threads')
const { native, open, beginWriter } = require('./native.cjs')

const { path, task, times, gate } = workerData
const database = open(path)

const tasks = {
  /** Adds one to a counter, many times, each in a transaction that holds the writer. */
  count() {
    for (let i = 0; i < times; i++) {
      const transaction = beginWriter(database)
      native.put(transaction, 'n', String(Number(native.getString(transaction, 'n') ?? 0) + 1))
      native.commit(transaction)
    }
    native.close(database)
  },
  /** Takes the writer, says so, and holds it until the gate opens or the thread is ended. */
  hold() {
    const transaction = beginWriter(database)
    native.put(transaction, 'held', 'never committed')
    parentPort.postMessage('holding')
    if (gate !== undefined) Atomics.wait(new Int32Array(gate), 0, 0)
    // Neither commits nor closes: the end of the thread has to.
  },
}

tasks[task]()
parentPort.postMessage('done')
