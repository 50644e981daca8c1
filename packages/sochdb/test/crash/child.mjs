// Works on a store until it is killed, and tells on standard output what it is about to commit and what has been acknowledged.
//
//   node child.mjs <path> <sync mode> <seed> <round>
//
// A line per step, each written at once:
//   "try 17 put a=17/12 del b"   transaction 17 is about to be committed: a value of 12 bytes, a deletion
//   "ok 17"                      it was acknowledged
//   "no 17"                      it was refused: nothing of it may be seen
// Kinds of transaction, by seed: a closure, one that validates, single puts and deletes, batches, large values in files of their own,
// values over several log records, and now and then the store is closed and opened.
import { writeSync } from 'node:fs'

import { Database, TransactionConflictError } from 'sochdb'

const [, , path, syncMode, seed, round] = process.argv
const KEYS = 40
const LARGE = 1024 * 1024 + 100

let state = (Number(seed) * 2654435761 + Number(round) * 40503 + 1) >>> 0
function below(n) {
  state ^= state << 13
  state >>>= 0
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  return state % n
}

let db = Database.open(path, { syncMode, logLevel: 'off' })
/** The parent may be slower than we are: a full pipe is tried again. */
function say(line) {
  for (;;) {
    try {
      return writeSync(1, `${line}\n`)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

/** What transaction n writes: a value says who wrote it, and how long it is. */
function writesOf(n) {
  const count = 1 + below(6)
  const writes = new Map()
  for (let i = 0; i < count; i++) {
    const key = `k${below(KEYS)}`
    if (below(5) === 0) writes.set(key, undefined)
    else writes.set(key, { n, bytes: below(60) === 0 ? LARGE : below(10) === 0 ? 9000 : 12 })
  }
  return writes
}
const valueOf = ({ n, bytes }) => `${n}:`.padEnd(bytes, String(n % 10))
const apply = (target, writes) => {
  for (const [key, value] of writes) {
    if (value === undefined) target.delete(key)
    else target.put(key, valueOf(value))
  }
}
const show = writes =>
  [...writes]
    .map(([key, value]) => (value === undefined ? `del ${key}` : `put ${key}=${value.n}/${value.bytes}`))
    .join(' ')

function commit(n) {
  const kind = below(4)
  const all = writesOf(n)
  const writes = kind === 0 ? new Map([[...all][0]]) : all
  say(`try ${n} ${show(writes)}`)
  if (kind === 0) return apply(db, writes)
  if (kind === 1) return db.transaction(txn => apply(txn, writes))
  const txn = db.beginTransaction({ isolation: kind === 2 ? 'serializable' : 'snapshot' })
  txn.get(`k${below(KEYS)}`)
  apply(txn, writes)
  txn.commit()
}

for (let n = Number(round) * 1_000_000; ; n++) {
  try {
    commit(n)
    say(`ok ${n}`)
  } catch (error) {
    if (!(error instanceof TransactionConflictError)) throw error
    say(`no ${n}`)
  }
  if (below(400) === 0) {
    db.close()
    db = Database.open(path, { syncMode, logLevel: 'off' })
  }
}
