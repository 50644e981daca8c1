/**
 * The addon's functions, raw: what `sochdb` is built on, and nobody else should call.
 *
 * Handles are whole numbers. Every function checks its arguments and throws an Error with `nativeCode` (base/status.h),
 * `message` and `details`; `sochdb` turns it into one of its error classes. Buffers to write into are allocated by the
 * caller (binding/slab.h).
 */
declare namespace native {
  /** Of the package that the addon was built for: the loader takes no other. */
  const version: string

  type Bytes = string | Uint8Array

  /** What every function throws. */
  interface NativeError extends Error {
    readonly nativeCode: number
    readonly details?: Readonly<Record<string, string>>
  }

  interface WalStats {
    readonly totalSizeBytes: number
    readonly activeSizeBytes: number
    readonly segments: number
    readonly entryCount: number
    readonly oldestEntryLsn: bigint
    readonly newestEntryLsn: bigint
    readonly syncs: number
  }

  interface WalReport {
    readonly entries: number
    readonly records: number
    readonly bytes: number
    readonly oldestLsn: bigint
    readonly endLsn: bigint
    readonly lastCommitTs: bigint
    readonly torn: boolean
    readonly tornLsn: bigint
    readonly tornBytes: number
  }

  interface RecoveryReport extends WalReport {
    readonly wasClean: boolean
    readonly replayedEntries: number
  }

  interface ChecksumError {
    readonly lsn: bigint
    readonly expected: number
    readonly actual: number
    readonly file: string
    readonly offset: number
  }

  interface VerifyReport extends WalReport {
    readonly errors: readonly ChecksumError[]
  }

  interface NamespaceSize {
    readonly keyCount: number
    readonly sizeBytes: number
  }

  // --- database ---
  function open(
    path: string,
    readOnly: boolean,
    syncMode: number,
    walEnabled: boolean,
    groupCommit: boolean,
    transactionTimeoutMs: number,
    maxTransactionBytes: number,
    memtableSizeBytes: number,
    blockCacheSizeBytes: number,
    compression: number,
    compressionLevel: number,
    walCompression: number,
    indexPolicy: number,
    compactionThreads: number,
    flushThreads: number,
    retentionMs: number,
    queryMemoryBytes: number,
    graphCacheSizeBytes: number,
  ): number
  function close(database: number): void
  function sync(database: number): void
  /** Maintenance work by name; what it takes and returns is in sochdb/src/engine/maintenance.ts. */
  function maintain(database: number, kind: string, argument: unknown): unknown
  /** The same for a store that nobody has open. */
  function maintainStore(path: string, kind: string): unknown
  /** A snapshot of the commits up to a timestamp. */
  function snapshotAt(database: number, timestamp: bigint): number
  /** All that the engine measured: sochdb/src/engine/statistics.ts has its shape. */
  function statistics(database: number): object
  /** The number of the index policy of its keys. */
  function keysPolicy(database: number): number
  function walStats(database: number): WalStats
  function recoveryReport(database: number): RecoveryReport
  function verifyWal(database: number): VerifyReport

  // --- keys: `target` is a database, a transaction or (to read) a snapshot, or one of them seen through a namespace ---
  /** The length of the value, written at `offset`; -1 when there is none; -2 - length when it does not fit. */
  function get(target: number, key: Bytes, buffer: ArrayBuffer, offset: number): number
  function getString(target: number, key: Bytes): string | undefined
  function exists(target: number, key: Bytes): boolean
  /** The same from memory alone; what would have to wait for the disk is -(2^53 - 1) for get, null for the others. */
  function getCached(target: number, key: Bytes, buffer: ArrayBuffer, offset: number): number
  function getStringCached(target: number, key: Bytes): string | undefined | null
  function existsCached(target: number, key: Bytes): boolean | null
  /** Packed keys in, packed values out; the bytes they take. More than `buffer` holds: come again with a larger one. */
  function getBatch(target: number, keys: Uint8Array, buffer: ArrayBuffer): number
  function put(target: number, key: Bytes, value: Bytes): void
  /** ttlMs 0: it stays. The same below. */
  function putWithTtl(target: number, key: Bytes, value: Bytes, ttlMs: number): void
  function remove(target: number, key: Bytes): void
  /** Writes where the value is `expected` (undefined: where there is none); whether it did. */
  function compareAndSet(target: number, key: Bytes, expected: Bytes | undefined, value: Bytes, ttlMs: number): boolean
  /** The new value. `ttlMs` is for a counter that is made; one that exists keeps its expiry. */
  function increment(target: number, key: Bytes, by: bigint, ttlMs: number): bigint
  /** `ttlMs` is for every put among the records. */
  function writeBatch(target: number, records: Uint8Array, ttlMs: number): void
  /** The names below a directory, which is empty or ends in '/'. */
  function listChildren(target: number, directory: string): string[]
  function scan(target: number, start: Bytes, end: Bytes, flags: number): number
  /**
   * state * 2^32 + bytes; state 0: there is more, 1: the end, 2: nothing was written, `bytes` are needed. With `isLast`,
   * `rows` rows are the end too.
   */
  function scanNext(cursor: number, buffer: ArrayBuffer, offset: number, rows: number, isLast: boolean): number
  function scanClose(cursor: number): void

  // --- namespaces ---
  /** The target seen through a namespace, which lives while the catalog holds exactly this entry. Closed with the target. */
  function namespaceOpen(target: number, id: number, name: string, key: Uint8Array, entry: Uint8Array): number
  function namespaceClose(namespace: number): void
  /** Whether it is still there. */
  function namespaceIsLive(namespace: number): boolean
  function namespaceSize(target: number): NamespaceSize
  function namespaceIsEmpty(target: number): boolean
  /** Takes a transaction's namespace out of the catalog, with all that is declared in it. */
  function namespaceDrop(namespace: number): void
  function namespaceCopy(from: number, to: number, prefix: Bytes): number

  // --- transactions, snapshots ---
  /** Writes the transaction's number and its start timestamp as two u64 into `info`. */
  function begin(database: number, isolation: number, takeWriter: boolean, timeoutMs: number, info: ArrayBuffer): number
  function commit(transaction: number): bigint
  function abort(transaction: number): void
  function setSavepoint(transaction: number): number
  function rollbackTo(transaction: number, savepoint: number): void
  function releaseSavepoint(transaction: number, savepoint: number): void
  function snapshot(database: number): number
  function snapshotTimestamp(snapshot: number): bigint
  function snapshotClose(snapshot: number): void
}

export = native
