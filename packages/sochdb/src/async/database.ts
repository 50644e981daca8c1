import { Database } from '../database/index.js'
import type { CachePlace } from '../cache/index.js'
import type { NamespaceConfig, NamespaceOptions } from '../database/index.js'
import { checkPath, nativeHandle, verificationOfStore } from '../engine/index.js'
import type {
  BackupResult,
  CompactionStats,
  DatabaseConfig,
  DatabaseOptions,
  DatabaseStats,
  PerformanceMetrics,
  SnapshotOptions,
  StorageStats,
  VerifyResult,
} from '../engine/index.js'
import { brand, errorFromNative } from '../errors/index.js'
import { inner } from './keys.js'
import { graphReading, graphWriting } from '../graph/index.js'
import { defineAsyncCaches } from './cache.js'
import type { AsyncCacheVerbs } from './cache.js'
import { AsyncGraph, defineAsyncGraphs } from './graph.js'
import type { AsyncGraphPlace, AsyncGraphsReading, AsyncGraphsWriting } from './graph.js'
import { AsyncNamespaceImpl } from './namespace.js'
import type { AsyncNamespace } from './namespace.js'
import { maintain } from './maintenance.js'
import { native } from './native.js'
import type { LongOptions } from './operation.js'
import { AsyncRecovery } from './recovery.js'
import { AsyncRootImpl } from './root.js'
import type { AsyncRoot } from './root.js'
import { AsyncSnapshotImpl } from './snapshot.js'
import type { AsyncSnapshot } from './snapshot.js'
import { checkFunction } from './transaction.js'
import { call, defineVerbs, describing, reading, writing } from './verbs.js'
import type { DescribingVerb, Promised, ReadingVerb, WritingVerb } from './verbs.js'

/**
 * An open database whose methods return promises: the methods of `Database`, under the same names. What takes long, or waits for the
 * disk, runs on threads of the engine; a key that is in memory is answered at once, one on the disk by those threads.
 *
 * Writes that wait for the disk at the same time share its syncs: `await Promise.all(…)` over many `put`s is the fast way.
 *
 * @example
 * await using db = await AsyncDatabase.open('./data', { syncMode: 'full' })
 * await db.put('user:1', 'Alice')
 * for await (const [key, value] of db.scanPrefix('user:')) console.log(key.toString(), value.toString())
 */
export interface AsyncDatabase
  extends
    AsyncRoot,
    AsyncCacheVerbs,
    AsyncGraphsReading,
    AsyncGraphsWriting,
    Promised<Database, DescribingVerb | ReadingVerb | WritingVerb> {
  readonly path: string
  readonly isOpen: boolean
  /** The same database, synchronously. */
  readonly database: Database
  createNamespace(name: string | NamespaceConfig, options?: NamespaceOptions): Promise<AsyncNamespace>
  /** @throws NamespaceNotFoundError when there is none of this name */
  namespace(name: string): Promise<AsyncNamespace>
  getOrCreateNamespace(name: string, options?: NamespaceOptions): Promise<AsyncNamespace>
  /** The graph of a namespace, `default` where none is named. */
  graph(namespace?: string): AsyncGraph
  /** Runs a function with a namespace; resolves to what it returns. */
  useNamespace<T>(name: string, fn: (ns: AsyncNamespace) => T | PromiseLike<T>): Promise<T>
  /** Makes everything committed so far durable, whatever `syncMode` is. */
  sync(): Promise<void>
  stats(): Promise<DatabaseStats>
  storageStats(): Promise<StorageStats>
  compactionStats(): Promise<CompactionStats>
  performanceMetrics(): Promise<PerformanceMetrics>
  /** The database as it is now, or was at a moment, for reading; close it when you are done. */
  snapshot(options?: SnapshotOptions): Promise<AsyncSnapshot>
  /** Writes what is in memory into tables and merges all tables. Progress is in bytes. */
  compact(options?: LongOptions): Promise<void>
  /** Merges the tables of one level, 0 to 6, into the next. */
  compactLevel(level: number, options?: LongOptions): Promise<void>
  /** Copies the store as it is now into a new or an empty directory, and checks the copy. Progress is in bytes. */
  backup(path: string, options?: LongOptions): Promise<BackupResult>
  /** Reads everything on disk and compares every checksum. Progress is in bytes. */
  verify(options?: LongOptions): Promise<VerifyResult>
  config(): Promise<DatabaseConfig>
  /** Checkpoints, the log, and what opening had to recover. */
  recovery(): AsyncRecovery
  /**
   * Waits for the operations that were begun, aborts open transactions, and lets go of the store. Harmless when closed.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
class AsyncDatabaseImpl extends AsyncRootImpl<Database> implements AsyncDatabase {
  static {
    brand(this, 'AsyncDatabase')
    defineVerbs(this, [...describing, ...reading], (self, name, args) =>
      self.enqueue(() => call(self[inner], name, args)),
    )
    defineVerbs(this, writing, (self, name, args) => self.write(transaction => call(transaction, name, args)))
    defineAsyncGraphs(this, [...graphReading, ...graphWriting])
    defineAsyncCaches(this)
  }
  override readonly [inner]: Database

  constructor(database: Database) {
    super()
    this[inner] = database
  }

  get path(): string {
    return this[inner].path
  }

  get isOpen(): boolean {
    return this[inner].isOpen
  }

  get database(): Database {
    return this[inner]
  }

  async createNamespace(config: string | NamespaceConfig, options?: NamespaceOptions): Promise<AsyncNamespace> {
    await this.write(transaction => void transaction.createNamespace(config, options))
    return this.namespace(typeof config === 'string' ? config : config.name)
  }

  namespace(name: string): Promise<AsyncNamespace> {
    return this.enqueue(() => new AsyncNamespaceImpl(this[inner].namespace(name)))
  }

  async getOrCreateNamespace(name: string, options?: NamespaceOptions): Promise<AsyncNamespace> {
    await this.write(transaction => void transaction.getOrCreateNamespace(name, options))
    return this.namespace(name)
  }

  async useNamespace<T>(name: string, fn: (ns: AsyncNamespace) => T | PromiseLike<T>): Promise<T> {
    checkFunction(fn, 'useNamespace')
    return fn(await this.namespace(name))
  }

  /** @internal */
  get caches(): CachePlace {
    return this[inner].caches
  }

  graph(namespace = 'default'): AsyncGraph {
    return new AsyncGraph(this.graphPlace(namespace))
  }

  /** @internal */
  graphPlace(namespace: unknown): AsyncGraphPlace {
    return {
      place: () => this[inner].graphPlace(namespace),
      enqueue: action => this.enqueue(action),
      create: () => this.getOrCreateNamespace(namespace as string),
    }
  }

  async sync(): Promise<void> {
    try {
      await native.asyncSync(this[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  stats(): Promise<DatabaseStats> {
    return this.enqueue(() => this[inner].stats())
  }

  storageStats(): Promise<StorageStats> {
    return this.enqueue(() => this[inner].storageStats())
  }

  compactionStats(): Promise<CompactionStats> {
    return this.enqueue(() => this[inner].compactionStats())
  }

  performanceMetrics(): Promise<PerformanceMetrics> {
    return this.enqueue(() => this[inner].performanceMetrics())
  }

  override snapshot(options?: SnapshotOptions): Promise<AsyncSnapshot> {
    return this.enqueue(() => new AsyncSnapshotImpl(this[inner].snapshot(options)))
  }

  async compact(options?: LongOptions): Promise<void> {
    await maintain(this[inner], 'compact', undefined, options, 'compact')
  }

  async compactLevel(level: number, options?: LongOptions): Promise<void> {
    await maintain(this[inner], 'compactLevel', level, options, 'compactLevel')
  }

  async backup(path: string, options?: LongOptions): Promise<BackupResult> {
    const report = await maintain(this[inner], 'backup', checkPath(path, 'db.backup'), options, 'backup')
    return { ...report, path }
  }

  async verify(options?: LongOptions): Promise<VerifyResult> {
    return verificationOfStore(await maintain(this[inner], 'verify', undefined, options, 'verify'))
  }

  config(): Promise<DatabaseConfig> {
    return this.enqueue(() => this[inner].config())
  }

  recovery(): AsyncRecovery {
    return new AsyncRecovery(this[inner])
  }

  close(): Promise<void> {
    return this[inner].closeBy(native.asyncClose)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
interface AsyncDatabaseImpl
  extends
    AsyncCacheVerbs,
    AsyncGraphsReading,
    AsyncGraphsWriting,
    Promised<Database, DescribingVerb | ReadingVerb | WritingVerb> {}

const faces = new WeakMap<Database, AsyncDatabase>()

/** The one async face of a database. */
export function asyncOf(database: Database): AsyncDatabase {
  let face = faces.get(database)
  if (face === undefined) faces.set(database, (face = new AsyncDatabaseImpl(database)))
  return face
}

/** Opens a database whose methods return promises; opening and recovering run on threads of the engine. */
export const AsyncDatabase: {
  open(path: string, options?: DatabaseOptions): Promise<AsyncDatabase>
  [Symbol.hasInstance](value: unknown): value is AsyncDatabase
} = Object.freeze({
  async open(path: string, options?: DatabaseOptions): Promise<AsyncDatabase> {
    return asyncOf((await Database.openBy(path, options, native.asyncOpen)) as Database)
  },
  [Symbol.hasInstance]: (value: unknown): value is AsyncDatabase => value instanceof AsyncDatabaseImpl,
})
