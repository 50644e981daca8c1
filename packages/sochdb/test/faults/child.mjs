// What a process meets whose disk or permissions are not as it would like: node child.mjs <what> <path> [a file]. It does what
// its first argument says, and prints what came of it as JSON. SOCHDB_TEST_UID: whom to be, once everything is loaded, as that
// user may have no access to Node's own files.
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
const numberOf = key => Number(key.slice(1))
const valueNumber = value => (value === undefined ? undefined : Number(value.toString('latin1', 0, 8).split(':')[0]))

/** Calls until it gives something. */
function until(probe, napMs) {
  for (let i = 0; i < 20_000; i++) {
    const value = probe()
    if (value !== undefined) return value
    if (napMs > 0) Atomics.wait(nap, 0, 0, napMs)
  }
  throw new Error('Tried in vain.')
}

const works = {
  // The directory is on a small disk of its own, on which a ballast makes room later. In the background room may come and go, as
  // what is logged becomes tables: so each kind of write goes on until it has met the full disk.
  'full-disk'() {
    const ballast = join(path, 'ballast')
    const store = join(path, 'store')
    writeFileSync(ballast, Buffer.alloc(12 * 1024 * 1024))
    const options = { syncMode: 'full', memtableSizeBytes: 256 * 1024, logLevel: 'off' }
    let db = Database.open(store, options)
    const there = new Map() // what was acknowledged
    const traces = [] // of what was refused
    let next = 0
    const write = act => {
      const keys = Array.from({ length: 5 }, () => `k${next++}`)
      const { error } = outcome(() => act(keys))
      for (const key of keys) {
        if (error === undefined) there.set(key, numberOf(key))
        else if (db.exists(key)) traces.push(key)
      }
      return error
    }
    const row = key => [key, bytesOf(numberOf(key))]
    const kinds = {
      put: keys => {
        keys.length = 1
        db.put(...row(keys[0]))
      },
      batch: keys => db.putBatch(keys.map(row)),
      transaction: keys => db.transaction(txn => keys.forEach(key => txn.put(...row(key)))),
    }
    const errors = Object.fromEntries(Object.entries(kinds).map(([kind, act]) => [kind, until(() => write(act), 0)]))
    const filled = there.size
    const sound = () => [...there].filter(([key, n]) => valueNumber(db.get(key)) === n).length
    const report = { errors, filled, readable: sound(), scanned: [...db.scan('k')].length, traces }
    unlinkSync(ballast)
    for (let i = 0; i <= 50; i++) until(() => (write(kinds.put) === undefined ? true : undefined), 2)
    report.added = there.size - filled
    report.closed = outcome(() => db.close())
    db = Database.open(store, options)
    report.kept = sound()
    report.all = [...db.scan('k')].length
    report.isValid = db.verify().isValid
    db.close()
    return report
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
const user = process.env['SOCHDB_TEST_UID']
if (user !== undefined) {
  process.setgroups([])
  process.setgid(Number(user))
  process.setuid(Number(user))
}
const result = await works[what]()
process.stdout.write(JSON.stringify(result))
