/**
 * What a database measured, in the shapes that applications read. Every number comes from the engine (native/engine/stats.h);
 * docs/internals/statistics.md says from where. Counts are since the store was opened in this process, by whoever shares it.
 */

/** As the addon gives them. */
export interface NativeLatency {
  readonly count: number
  readonly sumNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly maxNs: number
}

export interface NativeStatistics {
  readonly transactions: {
    readonly active: number
    readonly committed: number
    readonly aborted: number
    readonly conflicts: number
    readonly snapshots: number
    readonly oldestSnapshot: bigint
    readonly snapshotAgeMs: number
    readonly snapshotBytes: number
    readonly historyFloor: bigint
  }
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly keyCount: number
  readonly uptimeMs: number
  readonly checkpointLsn: bigint
  readonly checkpointAtMs: number
  readonly storage: {
    readonly logicalBytes: number
    readonly storedBytes: number
    readonly tableFiles: number
    readonly indexBytes: number
    readonly indexMemoryBytes: number
    readonly blobFiles: number
    readonly blobBytes: number
    readonly manifestBytes: number
    readonly obsoleteFiles: number
    readonly obsoleteBytes: number
    readonly memtableBytes: number
    readonly waitingMemtables: number
    readonly levels: readonly LevelStatistics[]
  }
  readonly cache: {
    readonly capacityBytes: number
    readonly usedBytes: number
    readonly blocks: number
    readonly hits: number
    readonly misses: number
    readonly evictions: number
  }
  readonly graphCache: {
    readonly capacityBytes: number
    readonly usedBytes: number
    readonly entries: number
    readonly hits: number
    readonly misses: number
    readonly evictions: number
  }
  readonly wal: {
    readonly totalBytes: number
    readonly activeBytes: number
    readonly segments: number
    readonly spareSegments: number
    readonly recycledSegments: number
    readonly entries: number
    readonly syncs: number
    readonly compressedEntries: number
    readonly compressionSavedBytes: number
    readonly oldestLsn: bigint
    readonly newestLsn: bigint
  }
  readonly maintenance: {
    readonly flushes: number
    readonly flushedBytes: number
    readonly flushMicros: number
    readonly compactions: number
    readonly moves: number
    readonly runningCompactions: number
    readonly pendingCompactions: number
    readonly pendingBytes: number
    readonly readBytes: number
    readonly writtenBytes: number
    readonly compactionMicros: number
    readonly versionsRead: number
    readonly versionsKept: number
    readonly supersededDropped: number
    readonly deletesDropped: number
    readonly expiredDropped: number
    readonly deadDropped: number
    readonly operandsFolded: number
    readonly flushFailures: number
    readonly compactionFailures: number
    readonly damagedTables: number
    readonly backgroundError: string
    readonly delayedWrites: number
    readonly delayedMicros: number
    readonly stoppedWrites: number
    readonly stoppedMicros: number
    readonly stallTimeouts: number
  }
  readonly get: NativeLatency
  readonly put: NativeLatency
  readonly commit: NativeLatency
  readonly scan: NativeLatency
  readonly sync: NativeLatency
}

/** `db.stats()`. */
export interface DatabaseStats {
  readonly activeTransactions: number
  readonly committedTransactions: number
  readonly abortedTransactions: number
  readonly conflicts: number
  /** conflicts / (commits + aborts); 0 when there was neither. */
  readonly conflictRate: number
  /** Keys that were looked up and rows that scans stepped over. */
  readonly totalReads: number
  readonly totalWrites: number
  /** Bytes of keys and values handed out, and applied. */
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Hits of the block cache / lookups in it; 0 when there was none. Reads that memory answers do not count. */
  readonly cacheHitRate: number
  /** The same of what graphs keep in memory: nodes, and the edges of a node in one direction. */
  readonly graphCacheHitRate: number
  /**
   * Keys in memory and in tables, each table counted by itself: what was deleted, or lies in several tables, counts until
   * compaction has merged it. Exact after `compact()`.
   */
  readonly keyCount: number
  /** Bytes of keys and values in tables, uncompressed, and of what is still in memory. */
  readonly totalDataBytes: number
  /** Memory of what is not yet in tables. */
  readonly memoryBytes: number
  readonly activeSnapshots: number
  /** The timestamp of the oldest open snapshot or transaction; undefined when there is none. */
  readonly oldestSnapshot: bigint | undefined
  /** For how long the one that was opened first has been open; undefined when there is none. */
  readonly oldestSnapshotAgeMs: number | undefined
  /**
   * About how many bytes of keys and values in tables are there for open snapshots and transactions alone: neither the newest state
   * nor `retentionMs` asks for them. Flushes and compactions count them as they meet them.
   */
  readonly snapshotBytes: number
  /** Reads as of an earlier moment are refused. */
  readonly historyFloor: bigint
  readonly walBytes: number
  readonly walSyncs: number
  readonly uptimeMs: number
}

/** One level of `db.storageStats()`, over all trees. */
export interface LevelStatistics {
  readonly level: number
  readonly files: number
  /** Sorted runs: a read looks into each. */
  readonly runs: number
  readonly sizeBytes: number
  /** Of keys and values, uncompressed. */
  readonly rawBytes: number
  /** Versions of keys, deletes among them. */
  readonly entries: number
  readonly deletes: number
}

/** `db.storageStats()`: what lies on disk and in memory now. */
export interface StorageStats {
  /** Of data blocks and large values on disk. */
  readonly dataSizeBytes: number
  /** Of indexes and filters on disk. */
  readonly indexSizeBytes: number
  readonly walSizeBytes: number
  /** Bytes of keys and values in tables / bytes of the tables on disk; 1 while there are none. */
  readonly compressionRatio: number
  readonly sstFileCount: number
  readonly levelStats: readonly LevelStatistics[]
  /** Values above 1 MiB, each in a file of its own. */
  readonly blobFileCount: number
  readonly blobSizeBytes: number
  /** Files that were replaced and are kept for those who still read them. */
  readonly obsoleteFileCount: number
  readonly obsoleteSizeBytes: number
  /** Memory of what is not yet in tables. */
  readonly memtableSizeBytes: number
  /** Memory of the indexes and filters of the tables that were used since the store was opened. */
  readonly indexMemoryBytes: number
  readonly blockCacheCapacityBytes: number
  readonly blockCacheSizeBytes: number
  /** Nodes and edges that walks have met: the most they may take, and what they take. */
  readonly graphCacheCapacityBytes: number
  readonly graphCacheSizeBytes: number
}

/** `db.compactionStats()`. */
export interface CompactionStats {
  /** Compactions that are due and have not begun. */
  readonly pendingCompactions: number
  /** About how many bytes they would rewrite. */
  readonly pendingBytes: number
  readonly runningCompactions: number
  readonly completedCompactions: number
  /** Files that changed their level without being rewritten. */
  readonly movedFiles: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly compactionMs: number
  readonly flushes: number
  readonly flushedBytes: number
  readonly flushMs: number
  /** Bytes written by flushes and compactions / bytes of keys and values written by the application. */
  readonly writeAmplification: number
  /** Versions that compaction dropped, by why. */
  readonly dropped: {
    readonly superseded: number
    readonly deletes: number
    readonly expired: number
    /** Of namespaces and other containers that were deleted whole. */
    readonly dead: number
  }
  /** Writes that waited for flushes and compactions to catch up. */
  readonly delayedWrites: number
  readonly delayedMs: number
  readonly stoppedWrites: number
  readonly stoppedMs: number
  /** Flushes and compactions that failed; they are tried again. */
  readonly failures: number
  /** Tables that compaction could not read: `verify()` tells what is wrong with them. */
  readonly damagedTables: number
  /** The last failure in the background that has not been got over. */
  readonly error: string | undefined
}

/** Percentiles of one kind of operation, in microseconds, right within about 6 %; 0 while nothing was measured. */
export interface LatencyMetrics {
  /** How many were timed: of reads, writes and scan steps a sample. */
  readonly samples: number
  readonly meanUs: number
  readonly p50Us: number
  readonly p90Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
}

/** `db.performanceMetrics()`. */
export interface PerformanceMetrics {
  readonly readLatencyP50Us: number
  readonly readLatencyP99Us: number
  readonly writeLatencyP50Us: number
  readonly writeLatencyP99Us: number
  /** Since the last call on this object, or since the store was opened. */
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  readonly read: LatencyMetrics
  /** Single puts and deletes outside of transactions. */
  readonly write: LatencyMetrics
  readonly commit: LatencyMetrics
  /** One step of a cursor. */
  readonly scan: LatencyMetrics
  /** Making the log durable. */
  readonly sync: LatencyMetrics
}

const rate = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

export function databaseStats(n: NativeStatistics): DatabaseStats {
  const { transactions, cache, graphCache, storage } = n
  return {
    activeTransactions: transactions.active,
    committedTransactions: transactions.committed,
    abortedTransactions: transactions.aborted,
    conflicts: transactions.conflicts,
    conflictRate: rate(transactions.conflicts, transactions.committed + transactions.aborted),
    totalReads: n.reads,
    totalWrites: n.writes,
    bytesRead: n.bytesRead,
    bytesWritten: n.bytesWritten,
    cacheHitRate: rate(cache.hits, cache.hits + cache.misses),
    graphCacheHitRate: rate(graphCache.hits, graphCache.hits + graphCache.misses),
    keyCount: n.keyCount,
    totalDataBytes: storage.logicalBytes + storage.memtableBytes + storage.blobBytes,
    memoryBytes: storage.memtableBytes,
    activeSnapshots: transactions.snapshots,
    oldestSnapshot: transactions.oldestSnapshot === 0n ? undefined : transactions.oldestSnapshot,
    oldestSnapshotAgeMs: transactions.snapshots === 0 ? undefined : transactions.snapshotAgeMs,
    snapshotBytes: transactions.snapshotBytes,
    historyFloor: transactions.historyFloor,
    walBytes: n.wal.totalBytes,
    walSyncs: n.wal.syncs,
    uptimeMs: n.uptimeMs,
  }
}

export function storageStats({ storage, wal, cache, graphCache }: NativeStatistics): StorageStats {
  return {
    dataSizeBytes: storage.storedBytes - storage.indexBytes + storage.blobBytes,
    indexSizeBytes: storage.indexBytes,
    walSizeBytes: wal.totalBytes,
    compressionRatio: storage.storedBytes === 0 ? 1 : storage.logicalBytes / storage.storedBytes,
    sstFileCount: storage.tableFiles,
    levelStats: storage.levels,
    blobFileCount: storage.blobFiles,
    blobSizeBytes: storage.blobBytes,
    obsoleteFileCount: storage.obsoleteFiles,
    obsoleteSizeBytes: storage.obsoleteBytes,
    memtableSizeBytes: storage.memtableBytes,
    indexMemoryBytes: storage.indexMemoryBytes,
    blockCacheCapacityBytes: cache.capacityBytes,
    blockCacheSizeBytes: cache.usedBytes,
    graphCacheCapacityBytes: graphCache.capacityBytes,
    graphCacheSizeBytes: graphCache.usedBytes,
  }
}

export function compactionStats({ maintenance: m, bytesWritten }: NativeStatistics): CompactionStats {
  return {
    pendingCompactions: m.pendingCompactions,
    pendingBytes: m.pendingBytes,
    runningCompactions: m.runningCompactions,
    completedCompactions: m.compactions,
    movedFiles: m.moves,
    bytesRead: m.readBytes,
    bytesWritten: m.writtenBytes,
    compactionMs: m.compactionMicros / 1000,
    flushes: m.flushes,
    flushedBytes: m.flushedBytes,
    flushMs: m.flushMicros / 1000,
    writeAmplification: rate(m.flushedBytes + m.writtenBytes, bytesWritten),
    dropped: {
      superseded: m.supersededDropped,
      deletes: m.deletesDropped,
      expired: m.expiredDropped,
      dead: m.deadDropped,
    },
    delayedWrites: m.delayedWrites,
    delayedMs: m.delayedMicros / 1000,
    stoppedWrites: m.stoppedWrites,
    stoppedMs: m.stoppedMicros / 1000,
    failures: m.flushFailures + m.compactionFailures,
    damagedTables: m.damagedTables,
    error: m.backgroundError === '' ? undefined : m.backgroundError,
  }
}

function latency({ count, sumNs, p50Ns, p90Ns, p99Ns, p999Ns, maxNs }: NativeLatency): LatencyMetrics {
  return {
    samples: count,
    meanUs: rate(sumNs, count) / 1000,
    p50Us: p50Ns / 1000,
    p90Us: p90Ns / 1000,
    p99Us: p99Ns / 1000,
    p999Us: p999Ns / 1000,
    maxUs: maxNs / 1000,
  }
}

/** @param before what was measured at the last call: throughput counts from there */
export function performanceMetrics(n: NativeStatistics, before: NativeStatistics | undefined): PerformanceMetrics {
  const seconds = (n.uptimeMs - (before?.uptimeMs ?? 0)) / 1000
  const read = latency(n.get)
  const write = latency(n.put)
  return {
    readLatencyP50Us: read.p50Us,
    readLatencyP99Us: read.p99Us,
    writeLatencyP50Us: write.p50Us,
    writeLatencyP99Us: write.p99Us,
    readsPerSecond: rate(n.reads - (before?.reads ?? 0), seconds),
    writesPerSecond: rate(n.writes - (before?.writes ?? 0), seconds),
    read,
    write,
    commit: latency(n.commit),
    scan: latency(n.scan),
    sync: latency(n.sync),
  }
}
