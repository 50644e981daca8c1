import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { AsyncDatabase, DatabaseError, DatabaseLockedError, ErrorCode, SochDBError } from 'sochdb'
import type { CompressionType, Database, DatabaseOptions, IndexPolicy } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import {
  contents,
  crash,
  fill,
  imageOf,
  keyOf,
  momentThatPassed,
  noise,
  openQuiet,
  repeatUntil,
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
  const db = openQuiet(path, options)
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

describe('compression', () => {
  function tablesWith(options: DatabaseOptions): { readonly ratio: number; readonly rows: Map<string, string> } {
    const db = memory(options)
    // Rows that differ, of words that return: a stronger codec finds more in them.
    const words = Array.from({ length: 200 }, (_, i) => noise(4).toString('hex') + String(i))
    for (let i = 0; i < 3000; i++) {
      db.put(keyOf(i), Array.from({ length: 12 }, (_, j) => words[(i * 31 + j * j * 17) % 200]!).join(' '))
    }
    db.compact()
    return { ratio: db.storageStats().compressionRatio, rows: contents(db) }
  }
  const zstd = (): boolean => {
    try {
      openQuiet(':memory:', { compression: 'zstd' }).close()
      return true
    } catch {
      return false
    }
  }

  test('lz4 makes tables smaller than none does; both give back what was written', () => {
    const none = tablesWith({ compression: 'none' })
    const lz4 = tablesWith({ compression: 'lz4' })
    expect(none.ratio).toBeLessThan(1.2)
    expect(lz4.ratio).toBeGreaterThan(none.ratio * 1.3)
    expect(lz4.rows.size).toBe(3000)
  })

  test('lz4 is what none was given means', () => {
    expect(memory().config().compression).toBe('lz4')
    expect(tablesWith({}).ratio).toBeGreaterThan(tablesWith({ compression: 'none' }).ratio * 1.3)
  })

  test('zstd makes tables smaller than lz4 does, a higher level no larger; without it the error says what is missing', () => {
    if (!zstd()) {
      const error = thrownBy(() => openQuiet(':memory:', { compression: 'zstd' }))
      expect(error).toBeInstanceOf(SochDBError)
      expect(error.message).toMatch(/zstd/)
      return
    }
    const fast = tablesWith({ compression: 'zstd', compressionLevel: 1 })
    const small = tablesWith({ compression: 'zstd', compressionLevel: 19 })
    expect(fast.ratio).toBeGreaterThan(tablesWith({ compression: 'lz4' }).ratio)
    expect(small.ratio).toBeGreaterThanOrEqual(fast.ratio)
    expect(small.rows.size).toBe(3000)
  })

  test('may be another one at every opening: tables tell how they were written', () => {
    const path = fresh()
    const codecs: CompressionType[] = ['none', 'lz4', ...(zstd() ? (['zstd'] as const) : [])]
    codecs.forEach((compression, generation) => {
      const db = openQuiet(path, { compression })
      fill(db, 500 * (3 - generation), generation)
      db.close()
    })
    const rows = contentsAt(path)
    expect(rows.size).toBe(1500)
    expect(rows.get(keyOf(1))).toBe(valueOf(1, codecs.length - 1))
  })
})

describe('walCompression', () => {
  const logged = (walCompression: NonNullable<DatabaseOptions['walCompression']>): Database => {
    const db = open({ walCompression })
    fill(db, 3000)
    db.sync()
    return db
  }

  test('makes the log smaller; true is lz4', () => {
    const plain = logged(false).storageStats().walSizeBytes
    const compressed = logged('lz4').storageStats().walSizeBytes
    expect(compressed).toBeLessThan(plain / 2)
    expect(logged(true).storageStats().walSizeBytes).toBe(compressed)
    expect(memory({ walCompression: true }).config().walCompression).toBe('lz4')
    expect(memory().config().walCompression).toBe('none')
  })

  test('the log replays, whatever the next opening says', () => {
    const db = logged('lz4')
    const replayed = open({ walCompression: false }, crash(db, fresh()))
    expect(replayed.recovery().recover().replayedEntries).toBeGreaterThan(0)
    expect(contents(replayed)).toEqual(contents(db))
    expect(db.recovery().verifyWal().isValid).toBe(true)
  })
})

describe('memtableSizeBytes', () => {
  test('when it is full, it is flushed; a larger one is not', () => {
    const small = memory({ memtableSizeBytes: SMALL_MEMTABLE })
    const large = memory({ memtableSizeBytes: 64 * MIB })
    for (const db of [small, large]) fill(db, 3000)
    until('the small one is flushed', () => small.compactionStats().flushes > 2)
    expect(large.compactionStats().flushes).toBe(0)
    expect(large.storageStats().sstFileCount).toBe(0)
    expect(contents(small)).toEqual(contents(large))
  })

  test('bounds what is in memory, whatever is written', () => {
    const db = memory({ memtableSizeBytes: SMALL_MEMTABLE, syncMode: 'off' })
    let most = 0
    for (let i = 0; i < 1000; i++) {
      db.put(keyOf(i), noise(4000))
      if (i % 10 === 0) most = Math.max(most, db.storageStats().memtableSizeBytes)
    }
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(16 * SMALL_MEMTABLE)
  })
})

describe('blockCacheSizeBytes', () => {
  function read(blockCacheSizeBytes: number): Database {
    const db = memory({ blockCacheSizeBytes, compression: 'none', memtableSizeBytes: 16 * MIB })
    for (let i = 0; i < 4000; i++) db.put(keyOf(i), noise(1000))
    db.compact()
    for (let round = 0; round < 2; round++) for (let i = 0; i < 4000; i += 3) db.get(keyOf(i))
    return db
  }

  test('is never exceeded', () => {
    const { blockCacheSizeBytes, blockCacheCapacityBytes } = read(MIB).storageStats()
    expect(blockCacheCapacityBytes).toBe(MIB)
    expect(blockCacheSizeBytes).toBeGreaterThan(MIB / 4)
    expect(blockCacheSizeBytes).toBeLessThanOrEqual(MIB)
  })

  test('0 keeps nothing, and reads go on', () => {
    const db = read(0)
    expect(db.storageStats().blockCacheSizeBytes).toBe(0)
    expect(db.stats().cacheHitRate).toBe(0)
    expect(db.get(keyOf(7))).toHaveLength(1000)
  })

  test('where everything fits, reading again finds it there', () => {
    expect(read(64 * MIB).stats().cacheHitRate).toBeGreaterThan(0.4)
  })
})

describe('retentionMs', () => {
  const versionsAfter = (retentionMs: number): number => {
    const db = memory({ retentionMs })
    for (let generation = 0; generation < 5; generation++) fill(db, 200, generation)
    momentThatPassed()
    db.put('last', '1')
    db.compact()
    return db.storageStats().levelStats.reduce((sum, { entries }) => sum + entries, 0)
  }

  test('0 lets compaction keep one version of a key; a day keeps them all', () => {
    expect(versionsAfter(0)).toBeLessThanOrEqual(202)
    expect(versionsAfter(24 * 3600 * 1000)).toBeGreaterThanOrEqual(1001)
  })
})

describe('threads', () => {
  test('config() tells them, and several do the same work as one', () => {
    const rows = [1, 4].map(threads => {
      const db = memory({ compactionThreads: threads, flushThreads: threads, memtableSizeBytes: SMALL_MEMTABLE })
      expect(db.config()).toMatchObject({ compactionThreads: threads, flushThreads: threads })
      for (let generation = 0; generation < 4; generation++) fill(db, 3000, generation)
      db.compact()
      expect(db.compactionStats().failures).toBe(0)
      expect(db.verify().isValid).toBe(true)
      return contents(db)
    })
    expect(rows[1]).toEqual(rows[0])
  })
})

describe('indexPolicy', () => {
  /** Makes `count` runs of tables over the same keys. */
  function flushes(db: Database, count: number): void {
    for (let generation = 0; generation < count; generation++) {
      fill(db, 300, generation)
      db.recovery().checkpoint()
    }
  }
  const runs = (db: Database): number => db.storageStats().levelStats.reduce((sum, level) => sum + level.runs, 0)

  test('decides how many runs of tables are left to read: scans merge fewer than writes cost', () => {
    const lazy = open({ indexPolicy: 'writeOptimized' })
    const eager = open({ indexPolicy: 'scanOptimized' })
    for (const db of [lazy, eager]) flushes(db, 3)
    until('nothing is to be merged', () => runs(eager) <= 2 && eager.compactionStats().runningCompactions === 0)
    expect(runs(lazy)).toBe(3)
    expect(contents(lazy)).toEqual(contents(eager))
  })

  test('another one at the next opening merges what is there, and keeps the data', () => {
    const path = fresh()
    const db = openQuiet(path, { indexPolicy: 'writeOptimized' })
    flushes(db, 3)
    const before = contents(db)
    expect(runs(db)).toBe(3)
    db.close()
    const again = open({ indexPolicy: 'scanOptimized' }, path)
    until('runs are merged', () => runs(again) <= 2)
    expect(contents(again)).toEqual(before)
    expect(again.verify().isValid).toBe(true)
  })

  test('is kept by the store: an opening that gives none changes none', () => {
    const path = fresh()
    openQuiet(path, { indexPolicy: 'scanOptimized' }).close()
    const db = open({}, path)
    expect(db.config().indexPolicy).toBe('scanOptimized')
    flushes(db, 3)
    until('runs are merged as scanOptimized does', () => runs(db) <= 2)
  })

  test.each<IndexPolicy>(['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly'])('%s drops nothing', policy => {
    const db = memory({ indexPolicy: policy, memtableSizeBytes: SMALL_MEMTABLE })
    expect(db.config().indexPolicy).toBe(policy)
    for (let generation = 0; generation < 5; generation++) fill(db, 1500, generation)
    for (let i = 0; i < 100; i++) db.delete(keyOf(i))
    const check = (): void => {
      const rows = contents(db)
      expect(rows.size).toBe(1400)
      expect(rows.get(keyOf(100))).toBe(valueOf(100, 4))
    }
    check()
    db.compact()
    check()
  })
})

describe('readOnly', () => {
  test('alone it sees everything, refuses writes, and changes nothing on disk', () => {
    const db = open()
    fill(db, 500)
    db.recovery().checkpoint()
    db.put('logged', 'yes')
    db.sync()
    const path = crash(db, fresh())
    const before = imageOf(path)
    const reader = openQuiet(path, { readOnly: true })
    expect(reader.getString('logged')).toBe('yes')
    expect(contents(reader)).toEqual(contents(db))
    expect(reader.verify().isValid).toBe(true)
    for (const write of [
      () => reader.put('a', '1'),
      () => reader.delete('logged'),
      () => reader.transaction(txn => txn.put('a', '1')),
      () => reader.createNamespace('other'),
      () => reader.compact(),
    ]) {
      const error = thrownBy(write)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(error).toMatchObject({ code: ErrorCode.READ_ONLY })
    }
    reader.close()
    expect([...imageOf(path)].filter(([file]) => !file.endsWith('LOCK'))).toEqual(
      [...before].filter(([file]) => !file.endsWith('LOCK')),
    )
  })

  test('makes no store where there is none', () => {
    const path = fresh()
    expect(() => openQuiet(path, { readOnly: true })).toThrow(DatabaseError)
    expect(existsSync(path)).toBe(false)
  })

  test('beside another process it sees what that one has put into tables, and does not disturb it', async () => {
    const path = fresh()
    const holder = await startWritingProcess(path)
    try {
      const locked = thrownBy(() => openQuiet(path))
      expect(locked).toBeInstanceOf(DatabaseLockedError)
      expect(locked).toMatchObject({ pid: holder.pid, code: ErrorCode.DATABASE_LOCKED })
      const early = openQuiet(path, { readOnly: true })
      expect(early.getString('flushed')).toBe('yes')
      expect(early.getString('logged')).toBeUndefined()
      await holder.flush()
      early.close()
      const late = openQuiet(path, { readOnly: true })
      expect(late.getString('logged')).toBe('yes')
      late.close()
    } finally {
      await holder.end()
    }
    const db = open({}, path)
    expect(db.recovery().needsRecovery()).toBe(false)
    expect([...contents(db).keys()]).toEqual(['flushed', 'logged'])
  })
})

describe('durability', () => {
  test('walEnabled: false is durable at a checkpoint, at sync and at close, and not before', () => {
    const db = open({ walEnabled: false })
    db.put('a', '1')
    expect(contentsAt(crash(db, fresh())).size).toBe(0)
    db.recovery().checkpoint()
    db.put('b', '1')
    expect([...contentsAt(crash(db, fresh())).keys()]).toEqual(['a'])
    db.sync()
    db.put('c', '1')
    expect([...contentsAt(crash(db, fresh())).keys()]).toEqual(['a', 'b'])
    db.close()
    expect([...contentsAt(db.path).keys()]).toEqual(['a', 'b', 'c'])
  })

  test('walEnabled: false logs nothing', () => {
    const db = open({ walEnabled: false })
    const before = db.recovery().walStats().entryCount
    fill(db, 1000)
    expect(db.recovery().walStats().entryCount).toBe(before)
  })

  test('syncMode full syncs for every commit; normal and off do not', () => {
    const syncs = (['full', 'normal', 'off'] as const).map(syncMode => {
      const db = open({ syncMode })
      const before = db.stats().walSyncs
      for (let i = 0; i < 20; i++) db.put(keyOf(i), '1')
      return db.stats().walSyncs - before
    })
    expect(syncs[0]).toBeGreaterThanOrEqual(20)
    expect(syncs[1]).toBeLessThan(20)
    expect(syncs[2]).toBeLessThan(20)
  })

  test('groupCommit shares syncs among commits that wait together; without it each has its own', async () => {
    const syncs: number[] = []
    for (const groupCommit of [true, false]) {
      const db = await AsyncDatabase.open(fresh(), { syncMode: 'full', groupCommit, logLevel: 'off' })
      const before = (await db.stats()).walSyncs
      await Promise.all(Array.from({ length: 64 }, (_, i) => db.put(keyOf(i), '1')))
      syncs.push((await db.stats()).walSyncs - before)
      await db.close()
    }
    expect(syncs[0]).toBeGreaterThan(0)
    expect(syncs[0]).toBeLessThan(64)
    expect(syncs[1]).toBeGreaterThanOrEqual(64)
  })
})

describe('limits of transactions', () => {
  test('maxTransactionBytes refuses a transaction that writes more, and nothing of it is seen', () => {
    const db = memory({ maxTransactionBytes: 64 * 1024 })
    const error = thrownBy(() =>
      db.transaction(txn => {
        for (let i = 0; i < 100; i++) txn.put(keyOf(i), noise(1000))
      }),
    )
    expect(error).toBeInstanceOf(SochDBError)
    expect(error.message).toMatch(/maxTransactionBytes/)
    expect(contents(db).size).toBe(0)
    db.put('a', '1')
  })

  test('transactionTimeoutMs ends a transaction that is open longer', () => {
    const db = memory({ transactionTimeoutMs: 1 })
    const txn = db.beginTransaction()
    repeatUntil('its time has passed', momentThatPassed, () => {
      try {
        txn.get('a')
        return false
      } catch (error) {
        expect((error as Error).message).toMatch(/transactionTimeoutMs|time/)
        return true
      }
    })
    expect(db.stats().activeTransactions).toBe(0)
    db.put('a', '1')
  })
})

describe('one process', () => {
  test('its threads share a store, its statistics and its tables', async () => {
    const path = fresh()
    const db = open({}, path)
    const support = join(dirname(fileURLToPath(import.meta.url)), '..', 'support')
    const worker = new Worker(join(support, 'counter-worker.cjs'), { workerData: { path, task: 'count', times: 50 } })
    await once(worker, 'exit')
    expect(db.getString('n')).toBe('50')
    expect(db.stats().totalWrites).toBeGreaterThanOrEqual(50)
    db.compact()
    const second = open({}, path)
    expect(second.getString('n')).toBe('50')
    expect(second.storageStats().sstFileCount).toBe(db.storageStats().sstFileCount)
  })
})
