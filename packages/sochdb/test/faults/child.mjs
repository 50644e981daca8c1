// What a process meets whose disk or permissions are not as it would like: node child.mjs <what> <path> [a file]. It does what
// its first argument says, and prints what came of it as JSON.
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { AsyncDatabase, Database, ErrorCode, RecoveryManager } from 'sochdb'

const [, , what, path, file] = process.argv
const nap = new Int32Array(new SharedArrayBuffer(4))

function outcome(action) {
  try {
    return { value: action() ?? null }
  } catch (error) {
    return { error: describe(error) }
  }
}
const describe = error => ({
  name: error.name,
  code: Object.keys(ErrorCode).find(name => ErrorCode[name] === error.code),
  message: error.message,
  remediation: error.remediation,
  details: error.details,
})
const bytesOf = n => Buffer.alloc(16 * 1024, randomBytes(4096)).fill(`${n}:`, 0, 8)
const numberOf = value => Number(value.toString('latin1', 0, 8).split(':')[0])

/** Puts rows until it fails, at most `most`; the error. */
function fill(db, from, most = 10_000) {
  for (let n = from; n < from + most; n++) {
    const { error } = outcome(() => db.put(`k${n}`, bytesOf(n)))
    if (error !== undefined) return { rows: n, error }
  }
  return { rows: from + most }
}

/** How many of the rows are as they were put. */
function sound(db, rows) {
  let count = 0
  for (let n = 0; n < rows; n++) {
    const value = db.get(`k${n}`)
    if (value !== undefined && numberOf(value) === n) count++
  }
  return count
}

const works = {
  // The directory is on a small disk of its own, on which a ballast makes room later.
  'full-disk'() {
    const ballast = join(path, 'ballast')
    const store = join(path, 'store')
    writeFileSync(ballast, Buffer.alloc(12 * 1024 * 1024))
    const options = { syncMode: 'full', memtableSizeBytes: 256 * 1024, logLevel: 'off' }
    let db = Database.open(store, options)
    const full = fill(db, 0)
    const again = outcome(() => db.put('again', bytesOf(0))).error
    const batch = outcome(() => db.putBatch(Array.from({ length: 20 }, (_, i) => [`b${i}`, bytesOf(i)]))).error
    const txn = outcome(() => db.transaction(inner => inner.put('t', bytesOf(0)))).error
    const readable = sound(db, full.rows)
    const scanned = [...db.scan('k')].length
    const traces = ['again', 'b0', 't'].filter(key => db.exists(key))
    unlinkSync(ballast)
    let resumed = outcome(() => db.put(`k${full.rows}`, bytesOf(full.rows)))
    for (let i = 0; i < 2000 && resumed.error !== undefined; i++) {
      Atomics.wait(nap, 0, 0, 5)
      resumed = outcome(() => db.put(`k${full.rows}`, bytesOf(full.rows)))
    }
    const more = fill(db, full.rows + 1, 50)
    const closed = outcome(() => db.close())
    db = Database.open(store, options)
    const kept = sound(db, more.rows)
    const isValid = db.verify().isValid
    db.close()
    return { full, again, batch, txn, readable, scanned, traces, resumed, more, closed, kept, isValid }
  },

  // `file` makes syncs fail while it is there (failing-sync.c).
  async 'failing-sync'() {
    const options = { syncMode: 'full', logLevel: 'off' }
    let db = Database.open(path, options)
    db.put('before', '1')
    writeFileSync(file, '')
    const failed = outcome(() => db.put('during', '1')).error
    rmSync(file)
    const later = outcome(() => db.put('later', '1')).error
    const byPromise = await db.async.put('later', '1').then(
      () => undefined,
      error => describe(error),
    )
    const reads = { before: db.getString('before'), during: db.getString('during') ?? null }
    const closed = outcome(() => db.close())
    db = Database.open(path, options)
    const after = { before: db.getString('before'), later: db.getString('later') ?? null }
    const writes = outcome(() => db.put('again', '1'))
    db.close()
    return { failed, later, byPromise, reads, closed, after, writes }
  },

  // As somebody who may not write to it.
  async 'no-permission'() {
    const toWrite = outcome(() => Database.open(path, { logLevel: 'off' })).error
    const toMake = outcome(() => Database.open(join(path, 'new'), { logLevel: 'off' })).error
    const byPromise = await AsyncDatabase.open(path).then(
      () => undefined,
      error => describe(error),
    )
    const db = Database.open(path, { readOnly: true, logLevel: 'off' })
    const value = db.getString('key')
    const logged = db.getString('logged') ?? null
    const rows = [...db.scan()].length
    const write = outcome(() => db.put('key', '2')).error
    const isValid = db.verify().isValid
    const closed = outcome(() => db.close())
    const inspection = outcome(() => {
      const { isStore, wasClean, refusal } = RecoveryManager.forPath(path).inspect()
      return { isStore, wasClean, refusal }
    })
    return { toWrite, toMake, byPromise, value, logged, rows, write, isValid, closed, inspection }
  },
}

mkdirSync(path, { recursive: true })
const result = await works[what]()
process.stdout.write(JSON.stringify(result))
