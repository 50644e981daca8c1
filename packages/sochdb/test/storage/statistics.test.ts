import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { TransactionConflictError } from 'sochdb'
import type {
  CompactionStats,
  Database,
  DatabaseOptions,
  DatabaseStats,
  LatencyMetrics,
  PerformanceMetrics,
  StorageStats,
  WalStatistics,
} from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import { damage, filesOf, fill, keyOf, noise, openQuiet, repeatUntil, SMALL_MEMTABLE, until } from './support.js'

const directory = temporaryDirectory()
const MIB = 1024 * 1024

let open: Database[] = []
afterEach(() => {
  for (const db of open) {
    try {
      db.close()
    } catch {
      // Some tests leave stores that cannot be closed cleanly.
    }
  }
  open = []
})
let stores = 0

function memory(options?: DatabaseOptions): Database {
  return track(openQuiet(':memory:', { memtableSizeBytes: SMALL_MEMTABLE, ...options }))
}
function onDisk(options?: DatabaseOptions): Database {
  return track(openQuiet(directory(`store-${++stores}`), { memtableSizeBytes: SMALL_MEMTABLE, ...options }))
}
function track(db: Database): Database {
  open.push(db)
  return db
}

/** For every field, what is promised of it, and work that moves it. */
type Moves<T> = { readonly [Field in keyof T]-?: readonly [promise: string, work: () => void] }

function everyField<T extends object>(name: string, report: (db: Database) => T, moves: Moves<T>): void {
  describe(name, () => {
    for (const [field, [promise, work]] of Object.entries<Moves<T>[keyof T]>(moves)) test(`${field} ${promise}`, work)

    test('has no other fields than these', () => {
      expect(Object.keys(report(memory())).sort()).toEqual(Object.keys(moves).sort())
    })
  })
}

/** Two transactions that read what the other writes: the second is refused. */
function conflict(db: Database): void {
  const first = db.beginTransaction()
  const second = db.beginTransaction()
  for (const txn of [first, second]) {
    txn.get('disputed')
    txn.put('disputed', '1')
  }
  first.commit()
  expect(thrownBy(() => second.commit())).toBeInstanceOf(TransactionConflictError)
}

everyField<DatabaseStats>('stats()', db => db.stats(), {
  activeTransactions: [
    'counts transactions that are open',
    () => {
      const db = memory()
      const [first, second] = [db.beginTransaction(), db.beginTransaction()]
      expect(db.stats().activeTransactions).toBe(2)
      first.abort()
      second.put('a', '1')
      second.commit()
      expect(db.stats().activeTransactions).toBe(0)
    },
  ],
  committedTransactions: [
    'counts commits: of transactions, of batches, of single writes',
    () => {
      const db = memory()
      const before = db.stats().committedTransactions
      db.put('a', '1')
      db.putBatch([
        ['b', '2'],
        ['c', '3'],
      ])
      db.transaction(txn => txn.put('d', '4'))
      expect(db.stats().committedTransactions).toBe(before + 3)
    },
  ],
  abortedTransactions: [
    'counts what was aborted, or ended by an error',
    () => {
      const db = memory()
      db.beginTransaction().abort()
      thrownBy(() =>
        db.transaction(() => {
          throw new Error('mine')
        }),
      )
      expect(db.stats().abortedTransactions).toBe(2)
    },
  ],
  conflicts: [
    'counts commits that were refused',
    () => {
      const db = memory()
      conflict(db)
      conflict(db)
      expect(db.stats().conflicts).toBe(2)
    },
  ],
  conflictRate: [
    'is conflicts / (commits + aborts), and 0 when there was neither',
    () => {
      expect(memory().stats().conflictRate).toBe(0)
      const db = memory()
      conflict(db)
      const { conflicts, committedTransactions, abortedTransactions, conflictRate } = db.stats()
      expect(conflictRate).toBeGreaterThan(0)
      expect(conflictRate).toBeLessThan(1)
      expect(conflictRate).toBe(conflicts / (committedTransactions + abortedTransactions))
    },
  ],
  totalReads: [
    'counts keys that were looked up, missing ones among them, and rows of scans',
    () => {
      const db = memory()
      fill(db, 100)
      const before = db.stats().totalReads
      db.get(keyOf(1))
      db.get('missing')
      expect(db.stats().totalReads).toBe(before + 2)
      expect(Array.from(db.scanPrefix('key:'))).toHaveLength(100)
      expect(db.stats().totalReads).toBeGreaterThanOrEqual(before + 102)
    },
  ],
  totalWrites: [
    'counts every key that was written or deleted',
    () => {
      const db = memory()
      const before = db.stats().totalWrites
      fill(db, 10)
      db.delete(keyOf(1))
      expect(db.stats().totalWrites).toBe(before + 11)
    },
  ],
  bytesRead: [
    'counts keys and values that were handed out',
    () => {
      const db = memory()
      db.put('large', noise(10_000))
      const before = db.stats().bytesRead
      db.get('large')
      const once = db.stats().bytesRead
      expect(once - before).toBeGreaterThanOrEqual(10_000)
      Array.from(db.scanPrefix('large'))
      expect(db.stats().bytesRead - once).toBeGreaterThanOrEqual(10_000)
    },
  ],
  bytesWritten: [
    'counts keys and values that were written',
    () => {
      const db = memory()
      const before = db.stats().bytesWritten
      db.put('large', noise(10_000))
      const written = db.stats().bytesWritten - before
      expect(written).toBeGreaterThanOrEqual(10_005)
      expect(written).toBeLessThan(11_000)
    },
  ],
  cacheHitRate: [
    'rises when a block is read again, and is 0 before',
    () => {
      const db = memory()
      fill(db, 100)
      expect(db.stats().cacheHitRate).toBe(0)
      db.compact()
      db.get(keyOf(1))
      const cold = db.stats().cacheHitRate
      for (let i = 0; i < 50; i++) db.get(keyOf(1))
      const warm = db.stats().cacheHitRate
      expect(warm).toBeGreaterThan(cold)
      expect(warm).toBeLessThanOrEqual(1)
    },
  ],
  graphCacheHitRate: [
    'rises when what was walked is walked again, and is 0 before',
    () => {
      const db = memory()
      db.addEdge('default', 'a', 'to', 'b')
      expect(db.stats().graphCacheHitRate).toBe(0)
      db.getNeighbors({ nodeId: 'a' })
      const cold = db.stats().graphCacheHitRate
      for (let i = 0; i < 50; i++) db.getNeighbors({ nodeId: 'a' })
      expect(db.stats().graphCacheHitRate).toBeGreaterThan(cold)
      expect(db.stats().graphCacheHitRate).toBeLessThanOrEqual(1)
    },
  ],
  keyCount: [
    'is exact after compact()',
    () => {
      const db = memory({ retentionMs: 0 })
      fill(db, 3000)
      fill(db, 3000, 1)
      for (let i = 0; i < 1000; i++) db.delete(keyOf(i))
      db.compact()
      expect(db.stats().keyCount).toBe(2000)
    },
  ],
  totalDataBytes: [
    'is about keys and values, in memory, in tables, and in files of their own',
    () => {
      const db = memory({ memtableSizeBytes: 16 * MIB })
      const before = db.stats().totalDataBytes
      db.put('a', noise(100_000))
      expect(db.stats().totalDataBytes - before).toBeGreaterThanOrEqual(100_000)
      db.compact()
      expect(db.stats().totalDataBytes).toBeGreaterThanOrEqual(100_000)
      expect(db.stats().totalDataBytes).toBeLessThan(120_000)
      db.put('b', noise(2 * MIB))
      expect(db.stats().totalDataBytes).toBeGreaterThanOrEqual(2 * MIB + 100_000)
    },
  ],
  memoryBytes: [
    'is what is not yet in tables',
    () => {
      const db = memory({ memtableSizeBytes: MIB })
      fill(db, 1000)
      expect(db.stats().memoryBytes).toBeGreaterThan(100_000)
      db.compact()
      expect(db.stats().memoryBytes).toBeLessThan(10_000)
    },
  ],
  activeSnapshots: [
    'counts snapshots that are open',
    () => {
      const db = memory()
      const before = db.stats().activeSnapshots
      const snapshot = db.snapshot()
      expect(db.stats().activeSnapshots).toBe(before + 1)
      snapshot.close()
      expect(db.stats().activeSnapshots).toBe(before)
    },
  ],
  oldestSnapshot: [
    'is the timestamp of the one that was taken first',
    () => {
      const db = memory()
      db.put('a', '1')
      expect(db.stats().oldestSnapshot).toBeUndefined()
      const first = db.snapshot()
      db.put('a', '2')
      const second = db.snapshot()
      expect(db.stats().oldestSnapshot).toBe(first.timestamp)
      first.close()
      expect(db.stats().oldestSnapshot).toBe(second.timestamp)
      second.close()
    },
  ],
  oldestSnapshotAgeMs: [
    'is the age of the one that was opened first, whatever moment it reads',
    () => {
      const db = memory({ retentionMs: 0 })
      db.put('a', '1')
      expect(db.stats().oldestSnapshotAgeMs).toBeUndefined()
      const first = db.snapshot()
      until('time passes', () => db.stats().oldestSnapshotAgeMs! >= 20)
      const second = db.snapshot() // of the same moment: nothing was written since
      const age = db.stats().oldestSnapshotAgeMs!
      expect(age).toBeGreaterThanOrEqual(20)
      first.close()
      expect(db.stats().oldestSnapshotAgeMs).toBeLessThan(age)
      until('time passes', () => db.stats().oldestSnapshotAgeMs! > 0)
      second.close()
      expect(db.stats().oldestSnapshotAgeMs).toBeUndefined()
    },
  ],
  snapshotBytes: [
    'is what compaction met that snapshots alone keep',
    () => {
      const db = memory({ retentionMs: 0 })
      const row = keyOf(0).length + 4 + 1000 // with the namespace's id
      const overwrite = (): void => {
        for (let i = 0; i < 100; i++) db.put(keyOf(i), noise(1000))
        db.compact()
      }
      overwrite()
      expect(db.stats().snapshotBytes).toBe(0)
      const snapshot = db.snapshot()
      expect(db.stats().snapshotBytes).toBe(0)
      overwrite()
      expect(db.stats().snapshotBytes).toBe(100 * row)
      overwrite() // the versions in between are nobody's
      expect(db.stats().snapshotBytes).toBe(100 * row)
      const later = db.snapshot()
      overwrite()
      expect(db.stats().snapshotBytes).toBe(200 * row)
      snapshot.close()
      later.close()
      expect(db.stats().snapshotBytes).toBe(0)
      db.compact()
      expect(db.stats().totalDataBytes).toBeLessThan(110 * row)
    },
  ],
  historyFloor: [
    'moves on with time, and reads below it are refused',
    () => {
      const db = memory({ retentionMs: 1 })
      db.put('a', '1')
      db.compact()
      const before = db.stats().historyFloor
      repeatUntil(
        'the floor rises',
        () => {
          db.put('a', '2')
          db.compact()
        },
        () => db.stats().historyFloor > before,
      )
      expect(() => db.snapshot({ asOf: before - 1n })).toThrow(/retentionMs/)
    },
  ],
  walBytes: [
    'grows with what is logged',
    () => {
      const db = memory()
      const before = db.stats().walBytes
      db.put('a', noise(10_000))
      db.sync()
      expect(db.stats().walBytes - before).toBeGreaterThanOrEqual(10_000)
    },
  ],
  walSyncs: [
    'counts syncs of the log',
    () => {
      const db = memory()
      const before = db.stats().walSyncs
      db.put('a', '1')
      db.sync()
      db.put('a', '2')
      db.sync()
      expect(db.stats().walSyncs).toBeGreaterThanOrEqual(before + 2)
    },
  ],
  uptimeMs: [
    'grows',
    () => {
      const db = memory()
      const before = db.stats().uptimeMs
      until('time passes', () => db.stats().uptimeMs > before)
    },
  ],
})

everyField<StorageStats>('storageStats()', db => db.storageStats(), {
  dataSizeBytes: [
    'is the blocks of tables, and large values',
    () => {
      const db = memory({ memtableSizeBytes: 16 * MIB })
      expect(db.storageStats().dataSizeBytes).toBe(0)
      db.put('a', noise(500_000))
      db.compact()
      expect(db.storageStats().dataSizeBytes).toBeGreaterThanOrEqual(490_000)
      db.put('b', noise(2 * MIB))
      expect(db.storageStats().dataSizeBytes).toBeGreaterThanOrEqual(2 * MIB + 490_000)
    },
  ],
  indexSizeBytes: [
    'is what tables spend on finding things: less than the data',
    () => {
      const db = memory()
      expect(db.storageStats().indexSizeBytes).toBe(0)
      fill(db, 5000)
      db.compact()
      const { indexSizeBytes, dataSizeBytes } = db.storageStats()
      expect(indexSizeBytes).toBeGreaterThan(0)
      expect(indexSizeBytes).toBeLessThan(dataSizeBytes)
    },
  ],
  indexMemoryBytes: [
    'is what open tables keep in memory to find things',
    () => {
      const db = memory()
      expect(db.storageStats().indexMemoryBytes).toBe(0)
      fill(db, 5000)
      db.compact()
      expect(db.storageStats().indexMemoryBytes).toBeGreaterThan(0)
    },
  ],
  walSizeBytes: [
    'grows with what is logged',
    () => {
      const db = memory()
      const before = db.storageStats().walSizeBytes
      db.put('a', noise(10_000))
      db.sync()
      expect(db.storageStats().walSizeBytes - before).toBeGreaterThanOrEqual(10_000)
    },
  ],
  compressionRatio: [
    'is keys and values / bytes on disk: 1 without tables, high for text, low for noise',
    () => {
      const text = memory()
      expect(text.storageStats().compressionRatio).toBe(1)
      fill(text, 3000)
      text.compact()
      expect(text.storageStats().compressionRatio).toBeGreaterThan(3)
      const random = memory()
      for (let i = 0; i < 300; i++) random.put(keyOf(i), noise(1000))
      random.compact()
      expect(random.storageStats().compressionRatio).toBeLessThan(1.1)
      expect(random.storageStats().compressionRatio).toBeGreaterThan(0.8)
    },
  ],
  sstFileCount: [
    'counts tables',
    () => {
      const db = memory()
      expect(db.storageStats().sstFileCount).toBe(0)
      db.put('a', '1')
      db.recovery().checkpoint()
      const one = db.storageStats().sstFileCount
      expect(one).toBeGreaterThan(0)
      db.put('b', '1')
      db.recovery().checkpoint()
      expect(db.storageStats().sstFileCount).toBeGreaterThan(one)
    },
  ],
  levelStats: [
    'has the seven levels; flushes arrive at the first, deletes and sizes are counted',
    () => {
      const db = memory()
      fill(db, 100)
      db.delete(keyOf(1))
      db.recovery().checkpoint()
      const levels = db.storageStats().levelStats
      expect(levels.map(({ level }) => level)).toEqual([0, 1, 2, 3, 4, 5, 6])
      const [first] = levels
      expect(first).toMatchObject({ entries: 101, deletes: 1 })
      expect(first!.files).toBeGreaterThanOrEqual(1)
      expect(first!.runs).toBeGreaterThanOrEqual(1)
      expect(first!.sizeBytes).toBeGreaterThan(0)
      expect(first!.rawBytes).toBeGreaterThan(first!.sizeBytes)
      db.compact()
      const after = db.storageStats()
      expect(after.levelStats[0]!.files).toBe(0)
      expect(after.levelStats.reduce((sum, { files }) => sum + files, 0)).toBe(after.sstFileCount)
    },
  ],
  blobFileCount: [
    'counts values above 1 MiB, and forgets them when they are gone',
    () => {
      const db = memory({ retentionMs: 0 })
      expect(db.storageStats().blobFileCount).toBe(0)
      db.put('a', noise(MIB + 1))
      db.put('b', noise(MIB + 1))
      expect(db.storageStats().blobFileCount).toBe(2)
      db.delete('a')
      db.compact()
      until('a blob is deleted', () => db.storageStats().blobFileCount === 1)
    },
  ],
  blobSizeBytes: [
    'is how much they take',
    () => {
      const db = memory()
      expect(db.storageStats().blobSizeBytes).toBe(0)
      db.put('a', noise(2 * MIB))
      expect(db.storageStats().blobSizeBytes).toBeGreaterThanOrEqual(2 * MIB)
      expect(db.storageStats().blobSizeBytes).toBeLessThan(2 * MIB + 65_536)
    },
  ],
  obsoleteFileCount: [
    'counts tables that were replaced while a scan reads them',
    () => {
      const db = memory()
      withReaderOfOldTables(db, () => expect(db.storageStats().obsoleteFileCount).toBeGreaterThan(0))
      until('they are deleted', () => db.storageStats().obsoleteFileCount === 0)
    },
  ],
  obsoleteSizeBytes: [
    'is how much they take',
    () => {
      const db = memory()
      withReaderOfOldTables(db, () => expect(db.storageStats().obsoleteSizeBytes).toBeGreaterThan(1000))
      until('they are deleted', () => db.storageStats().obsoleteSizeBytes === 0)
    },
  ],
  memtableSizeBytes: [
    'is what is not yet in tables',
    () => {
      const db = memory({ memtableSizeBytes: MIB })
      fill(db, 1000)
      expect(db.storageStats().memtableSizeBytes).toBeGreaterThan(100_000)
      db.recovery().checkpoint()
      expect(db.storageStats().memtableSizeBytes).toBeLessThan(10_000)
    },
  ],
  blockCacheCapacityBytes: [
    'is the option',
    () => {
      expect(memory({ blockCacheSizeBytes: 3 * MIB }).storageStats().blockCacheCapacityBytes).toBe(3 * MIB)
    },
  ],
  blockCacheSizeBytes: [
    'grows as blocks are read',
    () => {
      const db = memory()
      fill(db, 3000)
      db.compact()
      const before = db.storageStats().blockCacheSizeBytes
      expect(Array.from(db.scan())).toHaveLength(3000)
      for (let i = 0; i < 3000; i += 10) db.get(keyOf(i))
      expect(db.storageStats().blockCacheSizeBytes).toBeGreaterThan(before)
    },
  ],
  graphCacheCapacityBytes: [
    'is the option',
    () => {
      expect(memory({ graphCacheSizeBytes: 3 * MIB }).storageStats().graphCacheCapacityBytes).toBe(3 * MIB)
    },
  ],
  graphCacheSizeBytes: [
    'grows as nodes are walked, up to the option',
    () => {
      const sizes = [0, MIB / 4, 64 * MIB].map(graphCacheSizeBytes => {
        const db = memory({ graphCacheSizeBytes })
        for (let i = 0; i < 3000; i++) db.addEdge('default', `node ${i}`, 'to', `node ${i + 1}`)
        expect(db.traverse({ startNode: 'node 0', maxDepth: 3000 }).nodes).toHaveLength(3001)
        return db.storageStats().graphCacheSizeBytes
      })
      expect(sizes[0]).toBe(0)
      expect(sizes[1]).toBeGreaterThan(0)
      expect(sizes[1]).toBeLessThanOrEqual(MIB / 4)
      expect(sizes[2]).toBeGreaterThan(MIB / 4)
    },
  ],
})

/** Compacts while a scan stands in the tables that compaction replaces; the scan ends with this call. */
function withReaderOfOldTables(db: Database, look: () => void): void {
  fill(db, 5000)
  db.recovery().checkpoint()
  const rows = db.scanBatched('key:', { batchSize: 10 })[Symbol.iterator]()
  expect(rows.next().done).toBe(false)
  fill(db, 5000, 1)
  db.compact()
  look()
  let left = 1
  while (rows.next().done !== true) left++
  expect(left).toBe(5000)
}

/** Writes until the background has work: small memtables, and a policy that merges much. */
function press(what: string, probe: (stats: CompactionStats) => boolean): Database {
  const db = memory({ indexPolicy: 'scanOptimized', syncMode: 'off', compression: 'none' })
  repeatUntil(
    what,
    round => db.put(keyOf((round * 7919) % 20_000), noise(round % 64 === 0 ? 30_000 : 2000)),
    () => probe(db.compactionStats()),
  )
  return db
}

function compacted(): Database {
  const db = onDisk()
  fill(db, 2000)
  fill(db, 2000, 1)
  db.compact()
  return db
}

everyField<CompactionStats>('compactionStats()', db => db.compactionStats(), {
  pendingCompactions: [
    'tells what is due while writes go faster than merging, and ends at 0',
    () => {
      const db = press('compactions are due', stats => stats.pendingCompactions > 0)
      until('nothing is due', () => db.compactionStats().pendingCompactions === 0)
    },
  ],
  pendingBytes: [
    'tells how much that is',
    () => {
      const db = press('bytes are due', stats => stats.pendingBytes > 0)
      until('nothing is due', () => db.compactionStats().pendingBytes === 0)
    },
  ],
  runningCompactions: [
    'tells what is under way, and ends at 0',
    () => {
      const db = press('a compaction runs', stats => stats.runningCompactions > 0)
      until('none runs', () => db.compactionStats().runningCompactions === 0)
    },
  ],
  completedCompactions: [
    'counts those that are done',
    () => {
      expect(memory().compactionStats().completedCompactions).toBe(0)
      expect(compacted().compactionStats().completedCompactions).toBeGreaterThan(0)
    },
  ],
  movedFiles: [
    'counts tables that need no rewriting',
    () => {
      const db = memory({
        memtableSizeBytes: 64 * MIB,
        indexPolicy: 'appendOnly',
        syncMode: 'off',
        compression: 'none',
      })
      for (let i = 0; i < 40; i++) db.put(keyOf(i), noise(512 * 1024))
      db.recovery().checkpoint()
      db.compactLevel(0)
      expect(db.compactionStats().movedFiles).toBeGreaterThan(0)
    },
  ],
  bytesRead: ['counts what compaction read', () => expect(compacted().compactionStats().bytesRead).toBeGreaterThan(0)],
  bytesWritten: [
    'counts what compaction wrote',
    () => expect(compacted().compactionStats().bytesWritten).toBeGreaterThan(0),
  ],
  compactionMs: ['is the time it took', () => expect(compacted().compactionStats().compactionMs).toBeGreaterThan(0)],
  flushes: [
    'counts memtables that became tables',
    () => {
      const db = memory()
      expect(db.compactionStats().flushes).toBe(0)
      db.put('a', '1')
      db.recovery().checkpoint()
      expect(db.compactionStats().flushes).toBeGreaterThan(0)
    },
  ],
  flushedBytes: ['counts what that wrote', () => expect(compacted().compactionStats().flushedBytes).toBeGreaterThan(0)],
  flushMs: ['is the time that took', () => expect(compacted().compactionStats().flushMs).toBeGreaterThan(0)],
  writeAmplification: [
    'is bytes of tables written / bytes of keys and values written: above 1 for noise that was merged',
    () => {
      const db = memory()
      expect(db.compactionStats().writeAmplification).toBe(0)
      for (let i = 0; i < 200; i++) db.put(keyOf(i), noise(1000))
      db.compact()
      for (let i = 0; i < 200; i++) db.put(keyOf(i), noise(1000))
      db.compact()
      const { writeAmplification, flushedBytes, bytesWritten } = db.compactionStats()
      expect(writeAmplification).toBeGreaterThan(1)
      expect(writeAmplification).toBeCloseTo((flushedBytes + bytesWritten) / db.stats().bytesWritten, 6)
    },
  ],
  dropped: [
    'counts versions that were let go: overwritten, deleted, expired',
    () => {
      const db = memory({ retentionMs: 0 })
      fill(db, 100)
      db.recovery().checkpoint()
      fill(db, 100, 1)
      db.compact()
      expect(db.compactionStats().dropped.superseded).toBeGreaterThanOrEqual(100)

      db.deleteBatch(Array.from({ length: 100 }, (_, i) => keyOf(i)))
      db.compact()
      expect(db.compactionStats().dropped.deletes).toBeGreaterThanOrEqual(100)

      for (let i = 0; i < 10; i++) db.put(keyOf(i), 'short-lived', { ttlSeconds: 0.001 })
      db.recovery().checkpoint()
      until('they expire', () => Array.from(db.scan()).length === 0)
      repeatUntil(
        'expired versions are dropped',
        () => {
          db.put('other', '1')
          db.compact()
        },
        () => db.compactionStats().dropped.expired >= 10,
      )
    },
  ],
  delayedWrites: [
    'counts writes that were slowed down',
    () => void press('writes are delayed', stats => stats.delayedWrites > 0),
  ],
  delayedMs: ['is how long, in sum', () => void press('writes are delayed', stats => stats.delayedMs > 0)],
  stoppedWrites: ['counts writes that had to wait', () => void press('writes wait', stats => stats.stoppedWrites > 0)],
  stoppedMs: ['is how long, in sum', () => void press('writes wait', stats => stats.stoppedMs > 0)],
  failures: [
    'counts flushes and compactions that failed',
    () => {
      const db = onDisk({ memtableSizeBytes: MIB })
      db.put('a', '1')
      rmSync(join(db.path, 'tables'), { recursive: true })
      thrownBy(() => db.recovery().checkpoint())
      expect(db.compactionStats().failures).toBeGreaterThan(0)
    },
  ],
  damagedTables: [
    'counts tables that could not be read',
    () => expect(withDamagedTable().compactionStats().damagedTables).toBeGreaterThan(0),
  ],
  error: [
    'is why, and undefined when all is well',
    () => {
      expect(memory().compactionStats().error).toBeUndefined()
      expect(withDamagedTable().compactionStats().error).toMatch(/\.sst/)
    },
  ],
})

test('dropped.dead counts versions of namespaces that were deleted', () => {
  const db = memory({ retentionMs: 0 })
  const namespace = db.createNamespace('doomed')
  for (let i = 0; i < 50; i++) namespace.put(keyOf(i), '1')
  db.compact()
  db.deleteNamespace('doomed', { force: true })
  repeatUntil(
    'its versions are dropped',
    () => {
      db.put('other', '1')
      db.compact()
    },
    () => db.compactionStats().dropped.dead >= 50,
  )
})

/** A store whose compaction has met a damaged table. */
function withDamagedTable(): Database {
  const db = onDisk({ blockCacheSizeBytes: 0 })
  fill(db, 2000)
  db.compact()
  damage(filesOf(db.path, '.sst')[0]!, 100)
  fill(db, 2000, 1)
  thrownBy(() => db.compact())
  until('the damage is known', () => db.compactionStats().damagedTables > 0)
  return db
}

/** Enough of everything for samples of each kind; in memory and in tables. */
function busy(): Database {
  const db = memory({ memtableSizeBytes: MIB })
  for (let i = 0; i < 5000; i++) db.put(keyOf(i), 'value')
  for (let i = 0; i < 5000; i++) db.get(keyOf(i))
  for (let i = 0; i < 50; i++) db.transaction(txn => txn.put(keyOf(i), 'again'))
  for (let i = 0; i < 5; i++) expect(Array.from(db.scanPrefix('key:'))).toHaveLength(5000)
  db.sync()
  return db
}

function latencies(kind: 'read' | 'write' | 'commit' | 'scan' | 'sync'): readonly [string, () => void] {
  return [
    'has samples, and percentiles in order',
    () => {
      const none: LatencyMetrics = memory().performanceMetrics()[kind]
      expect(Object.keys(none)).toEqual(['samples', 'meanUs', 'p50Us', 'p90Us', 'p99Us', 'p999Us', 'maxUs'])
      const measured = busy().performanceMetrics()[kind]
      expect(measured.samples).toBeGreaterThan(none.samples)
      const { meanUs, p50Us, p90Us, p99Us, p999Us, maxUs } = measured
      for (const value of [meanUs, p50Us, p90Us, p99Us, p999Us, maxUs]) expect(value).toBeGreaterThan(0)
      expect([p50Us, p90Us, p99Us, p999Us]).toEqual([p50Us, p90Us, p99Us, p999Us].sort((a, b) => a - b))
      expect(meanUs).toBeLessThanOrEqual(maxUs)
    },
  ]
}

const equals = (field: keyof PerformanceMetrics, of: (metrics: PerformanceMetrics) => number) =>
  [
    'is that of the samples',
    () => {
      const metrics = busy().performanceMetrics()
      expect(metrics[field]).toBeGreaterThan(0)
      expect(metrics[field]).toBe(of(metrics))
    },
  ] as const

everyField<PerformanceMetrics>('performanceMetrics()', db => db.performanceMetrics(), {
  readLatencyP50Us: equals('readLatencyP50Us', ({ read }) => read.p50Us),
  readLatencyP99Us: equals('readLatencyP99Us', ({ read }) => read.p99Us),
  writeLatencyP50Us: equals('writeLatencyP50Us', ({ write }) => write.p50Us),
  writeLatencyP99Us: equals('writeLatencyP99Us', ({ write }) => write.p99Us),
  readsPerSecond: [
    'counts from the last call on',
    () => {
      const db = busy()
      expect(db.performanceMetrics().readsPerSecond).toBeGreaterThan(0)
      const { uptimeMs } = db.stats()
      until('time passes', () => db.stats().uptimeMs > uptimeMs + 1)
      expect(db.performanceMetrics().readsPerSecond).toBe(0)
    },
  ],
  writesPerSecond: [
    'counts from the last call on',
    () => {
      const db = busy()
      expect(db.performanceMetrics().writesPerSecond).toBeGreaterThan(0)
      const { uptimeMs } = db.stats()
      until('time passes', () => db.stats().uptimeMs > uptimeMs + 1)
      expect(db.performanceMetrics().writesPerSecond).toBe(0)
    },
  ],
  read: latencies('read'),
  write: latencies('write'),
  commit: latencies('commit'),
  scan: latencies('scan'),
  sync: latencies('sync'),
})

/** More than one file of the log is long: they have 64 MiB. */
function longLog(): Database {
  const db = memory({ memtableSizeBytes: 256 * MIB, syncMode: 'off' })
  const value = noise(1000 * 1024)
  for (let i = 0; i < 72; i++) db.put(keyOf(i), value)
  db.sync()
  return db
}

everyField<WalStatistics>('recovery().walStats()', db => db.recovery().walStats(), {
  totalSizeBytes: [
    'grows with what is logged',
    () => {
      const db = memory()
      const before = db.recovery().walStats().totalSizeBytes
      db.put('a', noise(10_000))
      db.sync()
      expect(db.recovery().walStats().totalSizeBytes - before).toBeGreaterThanOrEqual(10_000)
    },
  ],
  activeSizeBytes: [
    'is the file that is written to',
    () => {
      const db = memory()
      const before = db.recovery().walStats().activeSizeBytes
      db.put('a', noise(10_000))
      db.sync()
      expect(db.recovery().walStats().activeSizeBytes - before).toBeGreaterThanOrEqual(10_000)
    },
  ],
  archivedSizeBytes: [
    'is the files before it, which a checkpoint makes superfluous',
    () => {
      const db = longLog()
      const { archivedSizeBytes, activeSizeBytes, totalSizeBytes } = db.recovery().walStats()
      expect(archivedSizeBytes).toBeGreaterThan(32 * MIB)
      expect(archivedSizeBytes + activeSizeBytes).toBe(totalSizeBytes)
      const { checkpointLsn } = db.recovery().checkpoint()
      db.recovery().truncateWal(checkpointLsn)
      expect(db.recovery().walStats().archivedSizeBytes).toBe(0)
    },
  ],
  entryCount: [
    'counts what was logged',
    () => {
      const db = memory()
      const before = db.recovery().walStats().entryCount
      db.put('a', '1')
      db.put('b', '1')
      expect(db.recovery().walStats().entryCount).toBe(before + 2)
    },
  ],
  oldestEntryLsn: [
    'rises when the log is let go of',
    () => {
      const db = longLog()
      const before = db.recovery().walStats().oldestEntryLsn
      const { checkpointLsn } = db.recovery().checkpoint()
      db.recovery().truncateWal(checkpointLsn)
      const { oldestEntryLsn, newestEntryLsn } = db.recovery().walStats()
      expect(oldestEntryLsn).toBeGreaterThan(before)
      expect(oldestEntryLsn).toBeLessThanOrEqual(newestEntryLsn)
    },
  ],
  newestEntryLsn: [
    'rises with every commit',
    () => {
      const db = memory()
      const before = db.recovery().walStats().newestEntryLsn
      db.put('a', '1')
      expect(db.recovery().walStats().newestEntryLsn).toBeGreaterThan(before)
    },
  ],
})
