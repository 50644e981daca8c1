import { brand, errorFromNative } from '../errors/index.js'
import { COMPRESSION_NUMBER, INDEX_POLICIES, INDEX_POLICY_NUMBER, SYNC_MODE_NUMBER } from './constants.js'
import type { IndexPolicy } from './constants.js'
import { CLOSED, nativeHandle } from './handle.js'
import { KeyStore } from './keys.js'
import { createLog } from './logger.js'
import type { Log } from './logger.js'
import type { NamespaceIdentity } from './namespace-identity.js'
import { checkOptions } from './check.js'
import { checkPath, maintain, timestampOf, verificationOfStore } from './maintenance.js'
import type { AsOf, BackupResult, VerifyResult } from './maintenance.js'
import { native } from './native.js'
import { checkDatabaseOptions } from './options.js'
import type { DatabaseConfig, DatabaseOptions, OpenRequest } from './options.js'
import { Recovery } from './recovery.js'
import { Snapshot, TakenSnapshot } from './snapshot.js'
import { BegunTransaction, checkFunction, Transaction } from './transaction.js'
import { compactionStats, databaseStats, performanceMetrics, storageStats } from './statistics.js'
import type {
  CompactionStats,
  DatabaseStats,
  NativeStatistics,
  PerformanceMetrics,
  StorageStats,
} from './statistics.js'
import type { TransactionOptions } from './transaction.js'

/** Which moment a snapshot shows. */
export interface SnapshotOptions {
  /**
   * The moment to see: a timestamp (bigint), milliseconds since 1970, an ISO-8601 string or a Date, as far back as `retentionMs`.
   * Default: now.
   */
  readonly asOf?: AsOf
}

type OpenArguments = Parameters<typeof native.open>

const openArguments = ({ config, indexPolicy }: OpenRequest): OpenArguments => [
  config.path,
  config.readOnly,
  SYNC_MODE_NUMBER[config.syncMode],
  config.walEnabled,
  config.groupCommit,
  config.transactionTimeoutMs,
  config.maxTransactionBytes,
  config.memtableSizeBytes,
  config.blockCacheSizeBytes,
  COMPRESSION_NUMBER[config.compression],
  config.compressionLevel,
  COMPRESSION_NUMBER[config.walCompression],
  indexPolicy === undefined ? INDEX_POLICIES.length : INDEX_POLICY_NUMBER[indexPolicy],
  config.compactionThreads,
  config.flushThreads,
  config.retentionMs,
  config.queryMemoryBytes,
  config.graphCacheSizeBytes,
]

/** Databases that were dropped without `close`. What closing them says has nobody to hear it: the log recovers. */
const abandoned = new FinalizationRegistry<number>(handle => {
  try {
    native.close(handle)
  } catch {
    // See above.
  }
})

/**
 * An open database. It works on the calling thread, and every method returns when the work is done.
 *
 * One process at a time holds a store; openings of one path in one process, worker threads included, share it.
 *
 * @example
 * using db = Database.open('./data')
 * db.put('user:1', 'Alice')
 * db.getString('user:1') // 'Alice'
 */
export class Database extends KeyStore {
  static {
    brand(this, 'Database')
  }
  readonly #config: DatabaseConfig
  readonly #log: Log
  #measured: NativeStatistics | undefined

  /** `handle`: of a store that is open already. */
  protected constructor(request: OpenRequest, log: Log, handle = native.open(...openArguments(request))) {
    super()
    this.#config = Object.freeze({
      ...request.config,
      indexPolicy: INDEX_POLICIES[native.keysPolicy(handle)] as IndexPolicy,
    })
    this.#log = log
    this[nativeHandle] = handle
    abandoned.register(this, this[nativeHandle], this)
  }

  /**
   * Opens the store in a directory, which is created where it is missing; `':memory:'` is a new store that lives in memory
   * alone. After an unclean shutdown, opening recovers.
   *
   * @throws ValidationError for an option that is unknown, wrong, or not part of this version
   * @throws DatabaseLockedError when another process holds the store (`pid`)
   * @throws CorruptionError when what is on disk is not what was written
   */
  static open(path: string, options?: DatabaseOptions): Database {
    const request = checkDatabaseOptions(path, options)
    const log = createLog(request.config.logLevel, request.logger)
    try {
      const database = new this(request, log)
      database.#logRecovery()
      return database
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /**
   * `open`, its work done elsewhere: `begin` takes the addon's arguments and resolves to the handle. @internal
   */
  static async openBy(
    path: string,
    options: DatabaseOptions | undefined,
    begin: (...args: OpenArguments) => Promise<number>,
  ): Promise<Database> {
    const request = checkDatabaseOptions(path, options)
    const log = createLog(request.config.logLevel, request.logger)
    try {
      const database = new this(request, log, await begin(...openArguments(request)))
      database.#logRecovery()
      return database
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /** `close`, its work done elsewhere: `begin` takes the handle. @internal */
  async closeBy(begin: (handle: number) => Promise<void>): Promise<void> {
    if (!this.isOpen) return
    const handle = this[nativeHandle]
    this[nativeHandle] = CLOSED
    abandoned.unregister(this)
    try {
      await begin(handle)
    } catch (error) {
      throw errorFromNative(error)
    }
    this.#log('debug', 'closed', { path: this.path })
  }

  get path(): string {
    return this.#config.path
  }

  get isOpen(): boolean {
    return this[nativeHandle] !== CLOSED
  }

  /**
   * Runs a synchronous function as one transaction: commits when it returns, undoes everything when it throws. It is alone
   * while it runs, so it never conflicts; inside, write through `txn`.
   *
   * @throws TransactionError when the function returns a promise, or writes through the database
   * @throws TransactionTimeoutError when its turn to write does not come within `timeoutMs` (default 5 s)
   *
   * @example
   * db.transaction(txn => txn.put('counter', String(Number(txn.getString('counter') ?? 0) + 1)))
   */
  transaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    checkFunction(fn, 'db.transaction')
    return this.newTransaction(options, true).run(fn)
  }

  /** Alias of `transaction`. */
  withTransaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return this.transaction(fn, options)
  }

  /** Begins a transaction that runs beside others; `commit()` or `abort()` it. */
  beginTransaction(options?: TransactionOptions): Transaction {
    return this.newTransaction(options, false)
  }

  /** Takes a snapshot, seen through a namespace where one is given. Throws what the addon throws. @internal */
  newSnapshot(namespace?: NamespaceIdentity, asOf?: bigint): Snapshot {
    const taken = new TakenSnapshot(this, asOf)
    try {
      return this.wrapSnapshot(taken, namespace)
    } catch (error) {
      taken.close()
      throw error
    }
  }

  /** Begins a transaction, seen through a namespace where one is given. @internal */
  newTransaction(
    options: TransactionOptions | undefined,
    isClosure: boolean,
    namespace?: NamespaceIdentity,
  ): Transaction {
    const begun = new BegunTransaction(this, options, isClosure)
    try {
      return this.wrapTransaction(begun, namespace)
    } catch (error) {
      native.abort(begun.handle)
      begun.finish('aborted')
      throw errorFromNative(error, 'transaction')
    }
  }

  /** Makes the snapshots of this class of database. */
  protected wrapSnapshot(taken: TakenSnapshot, namespace: NamespaceIdentity | undefined): Snapshot {
    return new Snapshot(taken, namespace)
  }

  /** Makes the transactions of this class of database. */
  protected wrapTransaction(begun: BegunTransaction, namespace: NamespaceIdentity | undefined): Transaction {
    return new Transaction(begun, namespace)
  }

  /** The database as it is now, for reading; close it when you are done. */
  snapshot(options?: SnapshotOptions): Snapshot {
    const { asOf } = checkOptions(options, { asOf: () => undefined }, 'db.snapshot') as SnapshotOptions
    const timestamp = asOf === undefined ? undefined : timestampOf(asOf, 'db.snapshot')
    try {
      return this.newSnapshot(undefined, timestamp)
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /** Makes everything committed so far durable, whatever `syncMode` is. Blocks until it is. */
  sync(): void {
    try {
      native.sync(this[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /** What the database did and holds, all of it measured. */
  stats(): DatabaseStats {
    return databaseStats(this.#measure())
  }

  /** What lies on disk and in memory. */
  storageStats(): StorageStats {
    return storageStats(this.#measure())
  }

  /** What flushes and compactions did, and have yet to do. */
  compactionStats(): CompactionStats {
    return compactionStats(this.#measure())
  }

  /** How long operations took, and how many there were a second. */
  performanceMetrics(): PerformanceMetrics {
    const now = this.#measure()
    const metrics = performanceMetrics(now, this.#measured)
    this.#measured = now
    return metrics
  }

  #measure(): NativeStatistics {
    try {
      return native.statistics(this[nativeHandle]) as NativeStatistics
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /** What it was opened with, defaults filled in. */
  config(): DatabaseConfig {
    return this.#config
  }

  /**
   * Writes what is in memory into tables and merges all tables, so that nothing superfluous is left. Blocks until it is done;
   * others can read and write meanwhile.
   */
  compact(): void {
    maintain(this[nativeHandle], 'compact')
  }

  /** Merges the tables of one level, 0 to 6, into the next. Blocks until it is done. */
  compactLevel(level: number): void {
    maintain(this[nativeHandle], 'compactLevel', level)
  }

  /**
   * Copies the store as it is now into a new or an empty directory, while it is in use, and checks the copy. Blocks until it is
   * done. The copy opens like any store.
   *
   * @throws ValidationError when the directory holds something; DiskFullError when the copy does not fit. Nothing is left of it then.
   */
  backup(path: string): BackupResult {
    return { ...maintain(this[nativeHandle], 'backup', checkPath(path, 'db.backup')), path }
  }

  /** Reads everything on disk and compares every checksum; goes on past faults, and lists them. Blocks until it is done. */
  verify(): VerifyResult {
    return verificationOfStore(maintain(this[nativeHandle], 'verify'))
  }

  recovery(): Recovery {
    return new Recovery(this)
  }

  /**
   * Aborts what is open on this database and lets go of the store; the last to let go closes it cleanly. Harmless when
   * closed.
   */
  close(): void {
    if (!this.isOpen) return
    const handle = this[nativeHandle]
    this[nativeHandle] = CLOSED
    abandoned.unregister(this)
    try {
      native.close(handle)
    } catch (error) {
      throw errorFromNative(error)
    }
    this.#log('debug', 'closed', { path: this.path })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  get maxBatchBytes(): number {
    return this.#config.maxTransactionBytes
  }

  /** @internal */
  override explain(error: unknown): unknown {
    return errorFromNative(error)
  }

  #logRecovery(): void {
    const report = native.recoveryReport(this[nativeHandle])
    const { path } = this
    if (report.torn) {
      this.#log('warn', 'An unfinished write was cut from the end of the log.', {
        path,
        lsn: report.tornLsn,
        bytes: report.tornBytes,
      })
    }
    this.#log('info', report.wasClean ? 'opened' : 'opened and recovered', { path, entries: report.replayedEntries })
  }
}
