import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  AsyncDatabase,
  CorruptionError,
  DatabaseError,
  DatabaseLockedError,
  ErrorCode,
  openWithRecovery,
  RecoveryManager,
  SochDBError,
  ValidationError,
} from 'sochdb'
import type { Database, DatabaseOptions, Snapshot, StoreFault } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import {
  contents,
  crash,
  damage,
  filesOf,
  fill,
  imageOf,
  keyOf,
  momentThatPassed,
  noise,
  openQuiet,
  SMALL_MEMTABLE,
  startWritingProcess,
  until,
  valueOf,
} from './support.js'

const directory = temporaryDirectory()
const MIB = 1024 * 1024

let names = 0
const fresh = (): string => directory(`store-${++names}`)
const opened: Database[] = []
afterEach(() => {
  for (const db of opened.splice(0)) db.close()
})
function open(options?: DatabaseOptions, path = fresh()): Database {
  const db = openQuiet(path, { memtableSizeBytes: SMALL_MEMTABLE, ...options })
  opened.push(db)
  return db
}
const memory = (options?: DatabaseOptions): Database => open(options, ':memory:')

/** Opens the store, and closes it again. */
function contentsAt(path: string): Map<string, string> {
  const db = openQuiet(path)
  try {
    return contents(db)
  } finally {
    db.close()
  }
}

describe('compact', () => {
  test('keeps what there is, and nothing else', () => {
    const db = open({ retentionMs: 0 })
    fill(db, 3000)
    fill(db, 2000, 1)
    for (let i = 0; i < 500; i++) db.delete(keyOf(i))
    const before = contents(db)
    db.compact()
    expect(contents(db)).toEqual(before)
    const levels = db.storageStats().levelStats
    expect(levels.reduce((sum, level) => sum + level.entries, 0)).toBe(2500)
    expect(levels.reduce((sum, level) => sum + level.deletes, 0)).toBe(0)
  })

  test('of an empty store is harmless, and so is doing it again', () => {
    const db = open()
    db.compact()
    db.put('a', '1')
    db.compact()
    db.compact()
    expect(db.getString('a')).toBe('1')
  })

  test('frees the space on disk of what was deleted', () => {
    const db = open({ retentionMs: 0, memtableSizeBytes: 16 * MIB })
    for (let i = 0; i < 20; i++) db.put(keyOf(i), noise(100_000))
    db.put('large', noise(2 * MIB))
    db.compact()
    for (let i = 0; i < 20; i++) db.delete(keyOf(i))
    db.delete('large')
    db.compact()
    const bytes = (ending: string): number =>
      filesOf(db.path, ending).reduce((sum, file) => sum + statSync(file).size, 0)
    until('tables are deleted', () => bytes('.sst') < 10_000)
    until('large values are deleted', () => bytes('.blob') === 0)
  })

  test('an open snapshot keeps what it sees', () => {
    const db = open({ retentionMs: 0 })
    fill(db, 1000)
    const snapshot = db.snapshot()
    fill(db, 1000, 1)
    for (let i = 0; i < 100; i++) db.delete(keyOf(i))
    db.compact()
    expect(snapshot.getString(keyOf(5))).toBe(valueOf(5))
    expect(contents(snapshot).size).toBe(1000)
    expect(contents(db).size).toBe(900)
    snapshot.close()
  })

  test('a database that reads only refuses it', () => {
    const path = fresh()
    openQuiet(path).close()
    const db = open({ readOnly: true }, path)
    expect(() => db.compact()).toThrow(DatabaseError)
    expect(() => db.recovery().checkpoint()).toThrow(/read/i)
  })
})

describe('compactLevel', () => {
  test('takes every level, and keeps what there is', () => {
    const db = open()
    fill(db, 3000)
    db.recovery().checkpoint()
    const before = contents(db)
    for (let level = 0; level <= 6; level++) db.compactLevel(level)
    expect(db.storageStats().levelStats[0]).toMatchObject({ files: 0, runs: 0 })
    expect(contents(db)).toEqual(before)
  })

  test('refuses what is no level, and says which there are', () => {
    const db = memory()
    for (const level of [-1, 7, 0.5, NaN, '0', null, undefined, 0n]) {
      const error = thrownBy(() => db.compactLevel(level as number))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(/0 to 6/)
    }
  })
})

describe('checkpoint', () => {
  test('after one, a crash has nothing to replay', () => {
    const db = open({ memtableSizeBytes: 16 * MIB })
    fill(db, 1000)
    db.sync()
    const replayed = openQuiet(crash(db, fresh()))
    expect(replayed.recovery().recover()).toMatchObject({ status: 'recovered' })
    expect(replayed.recovery().recover().replayedEntries).toBeGreaterThan(0)
    replayed.close()

    const { checkpointLsn, timestamp, durationMs } = db.recovery().checkpoint()
    expect(checkpointLsn).toBe(db.recovery().walStats().newestEntryLsn)
    expect(db.snapshot().timestamp).toBe(timestamp)
    expect(durationMs).toBeGreaterThan(0)
    const after = openQuiet(crash(db, fresh()))
    expect(after.recovery().recover().replayedEntries).toBe(0)
    expect(contents(after)).toEqual(contents(db))
    after.close()
  })

  test('LSNs never go back, over checkpoints and openings', () => {
    const path = fresh()
    let last = -1n
    for (let round = 0; round < 4; round++) {
      const db = openQuiet(path)
      db.put(`round ${round}`, '1')
      const { checkpointLsn } = db.recovery().checkpoint()
      expect(checkpointLsn).toBeGreaterThan(last)
      last = checkpointLsn
      db.close()
    }
  })
})

describe('truncateWal', () => {
  test('refuses to pass the last checkpoint, and changes nothing', () => {
    const db = memory()
    db.put('a', '1')
    expect(() => db.recovery().truncateWal(1n << 40n)).toThrow(/no checkpoint yet/)
    const { checkpointLsn } = db.recovery().checkpoint()
    db.put('b', '1')
    const before = db.recovery().walStats()
    const error = thrownBy(() => db.recovery().truncateWal(checkpointLsn + 1n))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toContain(`LSN ${checkpointLsn}`)
    expect(error.details).toEqual({ checkpointLsn: String(checkpointLsn), upToLsn: String(checkpointLsn + 1n) })
    expect(db.recovery().walStats()).toEqual(before)
  })

  test('frees what little a checkpoint leaves of the log, and says how much', () => {
    const db = open({ memtableSizeBytes: 256 * MIB, syncMode: 'off' })
    const value = noise(1000 * 1024)
    for (let i = 0; i < 71; i++) db.put(keyOf(i), value)
    db.recovery().checkpoint()
    expect(db.recovery().walStats().totalSizeBytes).toBe(0)
    db.put(keyOf(71), value)
    const { checkpointLsn } = db.recovery().checkpoint()
    const before = db.recovery().walStats()
    expect(before.totalSizeBytes).toBeLessThan(2 * MIB)
    const { upToLsn, bytesFreed } = db.recovery().truncateWal(checkpointLsn)
    const after = db.recovery().walStats()
    expect(bytesFreed).toBe(before.totalSizeBytes - after.totalSizeBytes)
    expect(bytesFreed).toBeGreaterThan(0)
    expect(upToLsn).toBeLessThanOrEqual(checkpointLsn)
    expect(upToLsn).toBe(after.oldestEntryLsn)
    expect(db.recovery().verifyWal().isValid).toBe(true)
    const path = crash(db, fresh())
    expect(contentsAt(path).size).toBe(72)
  })

  test('takes LSNs, and nothing else', () => {
    const db = memory()
    for (const lsn of [1, '1', undefined, null, -1n, 1n << 64n]) {
      expect(() => db.recovery().truncateWal(lsn as bigint)).toThrow(ValidationError)
    }
  })
})

describe('backup', () => {
  test('opens like any store, with everything in it', () => {
    const db = open()
    fill(db, 2000)
    db.delete(keyOf(7))
    db.put('large', noise(2 * MIB))
    db.createNamespace('other').put('there', 'too')
    const path = fresh()
    const report = db.backup(path)
    expect(report).toMatchObject({ path, blobs: 1 })
    expect(report.tables).toBeGreaterThan(0)
    expect(report.bytes).toBeGreaterThan(2 * MIB)
    expect(report.timestamp).toBe(db.snapshot().timestamp)

    const copy = open({}, path)
    expect(copy.recovery().recover()).toMatchObject({ status: 'clean', replayedEntries: 0 })
    expect(contents(copy)).toEqual(contents(db))
    expect(copy.namespace('other').getString('there')).toBe('too')
    expect(copy.verify().isValid).toBe(true)
  })

  test('is a store of its own: neither sees what is written to the other', () => {
    const db = open()
    db.put('shared', '1')
    const path = fresh()
    db.backup(path)
    const copy = open({}, path)
    copy.put('copy', '1')
    db.put('original', '1')
    expect([...contents(copy).keys()]).toEqual(['copy', 'shared'])
    expect([...contents(db).keys()]).toEqual(['original', 'shared'])
    const second = fresh()
    copy.backup(second)
    expect([...contentsAt(second).keys()]).toEqual(['copy', 'shared'])
  })

  test('goes into an empty directory, and makes one that is missing', () => {
    const db = open()
    db.put('a', '1')
    const empty = fresh()
    mkdirSync(empty)
    db.backup(empty)
    expect(contentsAt(empty).size).toBe(1)
    const deep = join(fresh(), 'in', 'there')
    db.backup(deep)
    expect(contentsAt(deep).size).toBe(1)
  })

  test('refuses a directory that holds something, a file, and what is no path; nothing is changed', () => {
    const db = open()
    db.put('a', '1')
    const full = fresh()
    mkdirSync(full)
    writeFileSync(join(full, 'mine'), 'precious')
    expect(() => db.backup(full)).toThrow(ValidationError)
    expect(readdirSync(full)).toEqual(['mine'])
    const file = fresh()
    writeFileSync(file, 'precious')
    expect(() => db.backup(file)).toThrow(ValidationError)
    expect(readFileSync(file, 'utf8')).toBe('precious')
    expect(() => db.backup(db.path)).toThrow(ValidationError)
    for (const path of ['', 5, undefined, null, 'a\0b']) {
      expect(() => db.backup(path as string)).toThrow(ValidationError)
    }
    expect(db.verify().isValid).toBe(true)
  })

  test('leaves nothing when a table cannot be read', () => {
    const db = open()
    fill(db, 2000)
    db.compact()
    damage(filesOf(db.path, '.sst')[0]!, 200)
    const path = fresh()
    expect(() => db.backup(path)).toThrow(CorruptionError)
    expect(existsSync(path)).toBe(false)
  })

  test('has whole transactions, whatever is written meanwhile', async () => {
    const db = await AsyncDatabase.open(fresh(), {
      memtableSizeBytes: SMALL_MEMTABLE,
      logLevel: 'off',
      syncMode: 'off',
    })
    fill(db.database, 2000)
    const path = fresh()
    let done = false
    const backup = db.backup(path).finally(() => (done = true))
    let round = 0
    while (!done) {
      round++
      await db.transaction(async txn => {
        await txn.put('left', String(round))
        await txn.put(keyOf(round % 2000), valueOf(round, 9))
        await txn.put('right', String(round))
      })
    }
    await backup
    await db.close()
    const copy = contentsAt(path)
    expect(copy.get('left')).toBe(copy.get('right'))
    expect(copy.size).toBeGreaterThanOrEqual(2000)
  })

  test('of a store in memory is a store on disk, or is refused; never neither', () => {
    const db = memory()
    db.put('a', '1')
    const path = fresh()
    try {
      db.backup(path)
    } catch (error) {
      expect(error).toBeInstanceOf(SochDBError)
      expect((error as SochDBError).message).toMatch(/in memory cannot be backed up/)
      expect(existsSync(path)).toBe(false)
      return
    }
    expect(contentsAt(path)).toEqual(new Map([['a', '1']]))
  })
})

/** A closed store: rows in several tables, a large value, and rows that only the log has. */
function closedStore(): string {
  const db = openQuiet(fresh(), { memtableSizeBytes: 16 * MIB })
  fill(db, 5000)
  db.put('large', noise(2 * MIB))
  db.compact()
  fill(db, 500, 1)
  db.sync()
  const path = crash(db, fresh())
  db.close()
  return path
}

const within = (fault: StoreFault): number => statSync(fault.file).size - fault.offset

describe('verify', () => {
  test('a sound store has no faults; everything was read', () => {
    const db = open()
    fill(db, 3000)
    db.put('large', noise(2 * MIB))
    db.compact()
    const result = db.verify()
    expect(result).toMatchObject({ isValid: true, faults: [], moreFaults: false, blobs: 1 })
    expect(result.tables).toBe(db.storageStats().sstFileCount)
    expect(result.bytes).toBeGreaterThan(2 * MIB)
  })

  test('names the table and the place of a flipped bit, and reads on', () => {
    const db = open()
    fill(db, 5000)
    db.compact()
    const [table] = filesOf(db.path, '.sst')
    const size = statSync(table!).size
    damage(table!, 100)
    damage(table!, Math.floor(size / 2))
    const { isValid, faults } = db.verify()
    expect(isValid).toBe(false)
    expect(faults.length).toBeGreaterThanOrEqual(2)
    for (const fault of faults) {
      expect(fault).toMatchObject({ part: 'table', file: table })
      expect(within(fault)).toBeGreaterThan(0)
      expect(fault.expected).not.toBe(fault.actual)
    }
    expect(faults[0]!.offset).toBeLessThanOrEqual(100)
    expect(faults[1]!.offset).toBeGreaterThan(100)
  })

  test('names the place in the log', () => {
    const db = open({ memtableSizeBytes: 16 * MIB })
    for (let i = 0; i < 1000; i++) db.put(keyOf(i), valueOf(i))
    db.sync()
    expect(db.recovery().verifyWal()).toMatchObject({ isValid: true, corruptedEntries: 0, checksumErrors: [] })
    const [log] = filesOf(db.path, '.wal')
    const { totalSizeBytes } = db.recovery().walStats()
    const at = Math.floor(totalSizeBytes / 2)
    damage(log!, at)
    const { faults } = db.verify()
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ part: 'log', file: log })
    expect(Math.abs(faults[0]!.offset - at)).toBeLessThan(64 * 1024)
    const wal = db.recovery().verifyWal()
    expect(wal).toMatchObject({ isValid: false, corruptedEntries: 1 })
    expect(wal.checksumErrors[0]).toMatchObject({ file: log, offset: faults[0]!.offset })
    expect(wal.validEntries).toBeLessThan(wal.totalEntries)
  })

  test.each([
    ['table', '.sst', 100],
    ['blob', '.blob', 1_000_000],
    ['log', '.wal', 1000],
  ])('finds a flipped bit in a closed store: in a %s', (part, ending, offset) => {
    const path = closedStore()
    const [file] = filesOf(path, ending)
    expect(RecoveryManager.forPath(path).verify()).toMatchObject({ isValid: true, faults: [] })
    damage(file!, part === 'log' ? statSync(file!).size - offset : offset)
    const before = imageOf(path)
    const result = RecoveryManager.forPath(path).verify()
    if (part !== 'log') expect(result.isValid).toBe(false)
    for (const fault of result.faults) expect(fault).toMatchObject({ part, file })
    expect(imageOf(path)).toEqual(before)
  })

  test('finds a flipped bit in every file of a store that was closed cleanly', () => {
    const db = openQuiet(fresh())
    fill(db, 1000)
    db.put('large', noise(2 * MIB))
    db.compact()
    fill(db, 100, 1)
    db.close()
    for (const file of filesOf(db.path).filter(name => !name.endsWith('LOCK'))) {
      const path = fresh()
      crash(db, path)
      damage(file.replace(db.path, path), Math.floor(statSync(file).size / 3))
      const { faults } = RecoveryManager.forPath(path).verify()
      expect({ file: file.slice(db.path.length), faults: faults.length > 0 }).toMatchObject({ faults: true })
    }
  })
})

describe('RecoveryManager', () => {
  test('looks at a store without changing it', () => {
    const path = closedStore()
    const before = imageOf(path)
    const manager = RecoveryManager.forPath(path)
    expect(manager.inspect()).toMatchObject({
      isStore: true,
      holderPid: undefined,
      refusal: undefined,
      wasClean: false,
    })
    expect(manager.inspect().tables).toBeGreaterThan(0)
    expect(manager.inspect().tableBytes).toBeGreaterThan(0)
    expect(manager.inspect().formatVersion).toBeGreaterThan(0)
    expect(manager.needsRecovery()).toBe(true)
    expect(manager.verifyWal().isValid).toBe(true)
    expect(imageOf(path)).toEqual(before)
    openQuiet(path).close()
    expect(manager.needsRecovery()).toBe(false)
    expect(manager.inspect().wasClean).toBe(true)
  })

  test('of a directory that holds no store says so; of none at all, too', () => {
    const path = fresh()
    expect(thrownBy(() => RecoveryManager.forPath(path).inspect())).toMatchObject({ code: ErrorCode.NOT_FOUND })
    mkdirSync(path)
    expect(RecoveryManager.forPath(path).inspect()).toMatchObject({ isStore: false })
    expect(RecoveryManager.forPath(path).needsRecovery()).toBe(false)
    for (const bad of ['', 5, undefined]) expect(() => RecoveryManager.forPath(bad as string)).toThrow(ValidationError)
  })

  test('leaves a sound store as it is', () => {
    const path = closedStore()
    openQuiet(path).close()
    const before = imageOf(path)
    expect(RecoveryManager.forPath(path).recover()).toMatchObject({ status: 'sound', losses: [], moved: [] })
    expect(imageOf(path)).toEqual(before)
  })

  test('recovers a store with a damaged table: the rest is kept, the loss is told, the original stays', () => {
    const path = closedStore()
    const whole = contentsAt(path)
    const [table] = filesOf(path, '.sst')
    const original = readFileSync(table!)
    damage(table!, Math.floor(original.length / 2))
    const manager = RecoveryManager.forPath(path)
    const report = manager.recover()
    expect(report.status).toBe('repaired')
    expect(report.tablesRewritten).toBe(1)
    expect(report.tablesLost).toBe(0)
    const loss = report.losses.find(({ part }) => part === 'table')!
    expect(loss.file).toBe(table)
    expect(loss.reason).not.toBe('')
    expect(Buffer.compare(loss.fromKey, loss.throughKey)).toBeLessThanOrEqual(0)
    expect(report.moved.length).toBeGreaterThan(0)
    expect(report.moved.some(file => existsSync(file) && statSync(file).size === original.length)).toBe(true)

    expect(manager.verify()).toMatchObject({ isValid: true, faults: [] })
    const kept = contentsAt(path)
    expect(kept.size).toBeLessThan(whole.size)
    expect(kept.size).toBeGreaterThan(whole.size / 2)
    for (const [key, value] of kept) {
      if (whole.get(key) !== value) expect(value).toBe(valueOf(Number(key.slice(4))))
    }
    expect(manager.recover().status).toBe('sound')
  })

  test('recovers a store with a damaged log that does not open', () => {
    const db = openQuiet(fresh(), { memtableSizeBytes: 16 * MIB })
    for (let i = 0; i < 1000; i++) db.put(keyOf(i), valueOf(i))
    db.sync()
    const { totalSizeBytes } = db.recovery().walStats()
    // What is written behind a sync tells that all before it was durable: damage there is no torn tail.
    db.put('behind', '1')
    db.sync()
    const path = crash(db, fresh())
    db.close()
    const [log] = filesOf(path, '.wal')
    damage(log!, Math.floor(totalSizeBytes / 2))
    const refused = thrownBy(() => openQuiet(path))
    expect(refused).toBeInstanceOf(CorruptionError)
    expect(refused.details).toMatchObject({ file: log })
    const manager = RecoveryManager.forPath(path)
    expect(manager.needsRecovery()).toBe(true)
    expect(manager.inspect().refusal).toMatch(/\.wal/)

    const report = manager.recover()
    expect(report).toMatchObject({ status: 'repaired' })
    expect(report.logBytesLost).toBeGreaterThan(0)
    expect(report.logEntriesKept).toBeGreaterThan(900)
    expect(report.losses.some(({ part, file }) => part === 'log' && file === log)).toBe(true)
    const kept = contentsAt(path)
    expect(kept.size).toBeGreaterThan(900)
    expect(kept.size).toBeLessThan(1001)
    expect(kept.get('behind')).toBe('1')
    kept.delete('behind')
    for (const [key, value] of kept) expect(value).toBe(valueOf(Number(key.slice(4))))
  })

  test('while another process has the store open, it says which, and touches nothing', async () => {
    const path = fresh()
    const holder = await startWritingProcess(path)
    try {
      const manager = RecoveryManager.forPath(path)
      expect(manager.inspect()).toMatchObject({
        isStore: true,
        holderPid: holder.pid,
        wasClean: undefined,
        tables: undefined,
        tableBytes: undefined,
        wal: undefined,
        refusal: expect.stringContaining(String(holder.pid)) as string,
      })
      expect(manager.needsRecovery()).toBe(false)
      for (const work of [
        () => manager.recover(),
        () => manager.verify(),
        () => manager.checkpoint(),
        () => manager.walStats(),
      ]) {
        const error = thrownBy(work)
        expect(error).toBeInstanceOf(DatabaseLockedError)
        expect(error).toMatchObject({ pid: holder.pid })
      }
    } finally {
      await holder.end()
    }
    expect(RecoveryManager.forPath(path).verify().isValid).toBe(true)
    expect(RecoveryManager.forPath(path).recover().status).toBe('sound')
  })

  test('this process, too, has to close the store first', () => {
    const db = open()
    const error = thrownBy(() => RecoveryManager.forPath(db.path).recover())
    expect(error).toBeInstanceOf(DatabaseLockedError)
    expect(error).toMatchObject({ pid: process.pid })
  })

  test('makes a checkpoint, reads and truncates the log of a closed store', () => {
    const path = closedStore()
    const manager = RecoveryManager.forPath(path)
    const { checkpointLsn } = manager.checkpoint()
    expect(manager.walStats().newestEntryLsn).toBeGreaterThanOrEqual(checkpointLsn)
    expect(manager.truncateWal(checkpointLsn).upToLsn).toBeLessThanOrEqual(checkpointLsn)
    expect(() => manager.truncateWal(1n << 60n)).toThrow(ValidationError)
    expect(contentsAt(path).size).toBe(5001)
  })
})

describe('opening again', () => {
  test('after a clean close with data in tables there is nothing to do', () => {
    const path = fresh()
    const db = openQuiet(path, { memtableSizeBytes: SMALL_MEMTABLE })
    fill(db, 3000)
    const before = contents(db)
    db.close()
    for (let i = 0; i < 3; i++) {
      const again = openWithRecovery(path, { logLevel: 'off' })
      expect(again.recovery().needsRecovery()).toBe(false)
      expect(again.recovery().recover()).toMatchObject({ status: 'clean', tornBytes: 0, tornLsn: undefined })
      expect(contents(again)).toEqual(before)
      again.close()
    }
  })

  test('openWithRecovery replays what a crash left, once', () => {
    const path = closedStore()
    const db = openWithRecovery(path, { logLevel: 'off' })
    expect(db.recovery().needsRecovery()).toBe(true)
    expect(db.recovery().recover().replayedEntries).toBeGreaterThan(0)
    expect(db.getString(keyOf(5))).toBe(valueOf(5, 1))
    db.close()
    const again = openWithRecovery(path)
    expect(again.recovery().needsRecovery()).toBe(false)
    again.close()
  })

  test('a crash amid flushes and compactions loses nothing that was synced', () => {
    const db = open({ syncMode: 'full' })
    for (let generation = 0; generation < 4; generation++) fill(db, 1500, generation)
    db.sync()
    const before = contents(db)
    db.recovery().checkpoint()
    const path = crash(db, fresh())
    expect(contentsAt(path)).toEqual(before)
  })
})

describe('snapshot({ asOf })', () => {
  /** A key with a history: what it was, and when. */
  function history(db: Database): { readonly first: number; readonly second: number } {
    db.put('a', 'first')
    db.put('gone', 'still there')
    const first = momentThatPassed()
    db.put('a', 'second')
    db.delete('gone')
    const second = momentThatPassed()
    db.put('a', 'third')
    return { first, second }
  }
  const at = (db: Database, asOf: number | bigint | string | Date, key = 'a'): string | undefined => {
    const snapshot = db.snapshot({ asOf })
    try {
      return snapshot.getString(key)
    } finally {
      snapshot.close()
    }
  }

  test.each(['in memory', 'after a flush', 'after compaction', 'after a reopening'])('sees the past: %s', where => {
    const path = fresh()
    let db = open({}, path)
    const { first, second } = history(db)
    const timestamp = db.snapshot().timestamp
    if (where === 'after a flush') db.recovery().checkpoint()
    if (where === 'after compaction') db.compact()
    if (where === 'after a reopening') {
      db.compact()
      db.close()
      db = open({}, path)
    }
    for (const asOf of [first, new Date(first), new Date(first).toISOString(), (BigInt(first) << 16n) | 0xffffn]) {
      expect(at(db, asOf)).toBe('first')
      expect(at(db, asOf, 'gone')).toBe('still there')
    }
    expect(at(db, second)).toBe('second')
    expect(at(db, second, 'gone')).toBeUndefined()
    expect(at(db, timestamp)).toBe('third')
    expect(at(db, Date.now())).toBe('third')
    expect(at(db, first - 1000)).toBeUndefined()
  })

  test('a snapshot of the past scans what was there', () => {
    const db = open()
    fill(db, 1000)
    const moment = momentThatPassed()
    fill(db, 1000, 1)
    for (let i = 0; i < 500; i++) db.delete(keyOf(i))
    db.compact()
    const snapshot = db.snapshot({ asOf: moment })
    expect(contents(snapshot).size).toBe(1000)
    expect(snapshot.getString(keyOf(3))).toBe(valueOf(3))
    snapshot.close()
  })

  test('what has expired since is there as of then', () => {
    const db = open()
    db.put('session', 'alive', { ttlSeconds: 0.2 })
    const moment = momentThatPassed()
    expect(at(db, moment, 'session')).toBe('alive')
    until('it expires', () => db.get('session') === undefined)
    db.compact()
    expect(at(db, moment, 'session')).toBe('alive')
    expect(at(db, Date.now(), 'session')).toBeUndefined()
  })

  /** Puts a key and reads as of that commit. Without retention its millisecond may be over by then: another one has to be made. */
  function asOfPut(db: Database, key: string, value: string): Snapshot {
    for (let left = 10_000; ; left--) {
      db.put(key, value)
      const present = db.snapshot()
      const { timestamp } = present
      present.close()
      try {
        return db.snapshot({ asOf: timestamp })
      } catch (error) {
        if (left === 0 || (error as DatabaseError).details['limit'] !== 'retentionMs') throw error
      }
    }
  }

  test('it reads the same for as long as it is open', () => {
    const db = open({ retentionMs: 0 })
    const now = asOfPut(db, 'a', '1')
    momentThatPassed()
    db.put('a', '2')
    db.compact()
    expect(now.getString('a')).toBe('1')
    now.close()
  })

  test('beyond retention it is refused, with the earliest moment that can be read', () => {
    const db = open({ retentionMs: 1 })
    history(db)
    const moment = momentThatPassed() - 60_000
    db.compact()
    const error = thrownBy(() => db.snapshot({ asOf: moment }))
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error.message).toMatch(/retentionMs/)
    expect(error.details).toMatchObject({ limit: 'retentionMs' })
    expect(BigInt((error.details as { earliest: string }).earliest)).toBeGreaterThan(BigInt(moment) << 16n)
    expect(error.remediation).toMatch(/retention|later|earliest/i)
  })

  test('the future is refused, and so is what is no moment', () => {
    const db = memory()
    db.put('a', '1')
    expect(() => db.snapshot({ asOf: Date.now() + 60_000 })).toThrow(/ahead/)
    for (const asOf of ['yesterday', NaN, -1, Infinity, -1n, 1n << 64n, new Date(NaN), {}, null, true]) {
      expect(() => db.snapshot({ asOf: asOf as number })).toThrow(ValidationError)
    }
    expect(() => db.snapshot({ as_of: 1 } as never)).toThrow(/no option "as_of"/)
    expect(db.stats().activeSnapshots).toBe(0)
  })

  test('works by promise, too', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const { first } = history(db.database)
    const snapshot = await db.snapshot({ asOf: new Date(first) })
    expect(await snapshot.getString('a')).toBe('first')
    await snapshot.close()
    await expect(db.snapshot({ asOf: 'never' })).rejects.toThrow(ValidationError)
    await db.close()
  })
})
