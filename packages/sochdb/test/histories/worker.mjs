// A thread that runs random list-append transactions on a store which other threads share, several of them open at any moment, and
// sends what it saw. workerData: { path, thread, seed, level, transactions, keys, syncMode }
import { parentPort, workerData } from 'node:worker_threads'

import { Database, TransactionConflictError } from 'sochdb'

const { path, thread, seed, level, transactions, keys, syncMode } = workerData
const OPEN_AT_ONCE = 3

// xorshift32: the same choices for the same seed, as far as the other threads allow.
let state = (seed * 2654435761 + thread * 40503 + 1) >>> 0
function below(n) {
  state ^= state << 13
  state >>>= 0
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  return state % n
}

const db = Database.open(path, { syncMode })
const history = []
const open = []
let made = 0
let value = 0

function begin() {
  const name = `t${thread}.${made++}`
  open.push({
    name,
    began: process.hrtime.bigint(),
    txn: db.beginTransaction({ isolation: level }),
    operations: [],
    left: 1 + below(5),
  })
}

function read(client, key) {
  const text = client.txn.getString(key)
  return text === undefined || text === '' ? [] : text.split(' ').map(Number)
}

function step(client) {
  const key = `list${below(keys)}`
  if (below(2) === 0) {
    client.operations.push({ kind: 'read', key, values: read(client, key) })
    return
  }
  // An append is a read and a write, in this transaction. Numbers are unique over threads.
  const values = read(client, key)
  const next = ++value * 100 + thread
  client.operations.push({ kind: 'read', key, values }, { kind: 'append', key, value: next })
  client.txn.put(key, [...values, next].join(' '))
}

function finish(client) {
  let committed = false
  if (below(12) === 0) {
    client.txn.abort()
  } else {
    try {
      client.txn.commit()
      committed = true
    } catch (error) {
      if (!(error instanceof TransactionConflictError)) throw error
    }
  }
  history.push({
    name: client.name,
    level,
    committed,
    began: String(client.began),
    ended: String(process.hrtime.bigint()),
    operations: client.operations,
  })
}

while (made < transactions || open.length > 0) {
  if (made < transactions && open.length < OPEN_AT_ONCE) begin()
  const index = below(open.length)
  const client = open[index]
  if (client.left-- > 0) {
    step(client)
  } else {
    finish(client)
    open.splice(index, 1)
  }
}
db.close()
parentPort.postMessage(history)
