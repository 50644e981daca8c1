/** The database that applications open: the engine's, with the verbs of every layer above it. */
import { asyncOf, watchChanges } from '../async/index.js'
import type { AsyncDatabase, Change, WatchOptions } from '../async/index.js'
import type { Bytes } from '../bytes/bytes.js'
import { Database as EngineDatabase, indexPolicyName } from '../engine/index.js'
import type {
  BegunTransaction,
  DatabaseOptions,
  NamespaceIdentity,
  SnapshotOptions,
  TakenSnapshot,
  TransactionOptions,
  IndexPolicy,
} from '../engine/index.js'
import { brand } from '../errors/index.js'
import { createCollection, deleteCollection, forgetDropped, listCollections, openCollection } from '../search/index.js'
import type { Collection, CollectionConfig } from '../search/index.js'
import { closeCaches } from '../cache/index.js'
import type { CachePlace } from '../cache/index.js'
import { Graph, graphReading, graphWriting } from '../graph/index.js'
import type { GraphPlace, GraphReading, GraphWriting, OfNamespaces } from '../graph/index.js'
import { defineCacheVerbs, rootCaches } from './caches.js'
import type { CacheVerbs } from './caches.js'
import { defineNamespacedVerbs, placeOf } from './graphs.js'
import { moveTable } from '../sql/policy.js'
import { Namespace } from './namespace.js'
import type {
  CopyRequest,
  DeleteNamespaceOptions,
  NamespaceChange,
  NamespaceConfig,
  NamespaceOptions,
} from './namespace-options.js'
import * as namespaces from './namespaces.js'
import type { NamespaceInfo } from './namespaces.js'
import { Snapshot } from './snapshot.js'
import { Transaction } from './transaction.js'
import { defineTableVerbs } from './statements.js'
import type { TableVerbs } from './statements.js'
import { dropAbandonedIndexes } from '../sql/ddl/index.js'

/** After an unclean shutdown, indexes that were being built stay in nobody's way. */
function opened(database: Database, options: DatabaseOptions | undefined): Database {
  if (options?.readOnly !== true && database.recovery().needsRecovery()) {
    dropAbandonedIndexes(database, namespaces.ids(database))
  }
  return database
}

/** The most namespaces that are kept open by name. */
const MAX_CACHED = 4096

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
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs of graphs are defined on the prototype
export class Database extends EngineDatabase {
  static {
    brand(this, 'Database')
    defineNamespacedVerbs(this, [...graphReading, ...graphWriting])
    defineCacheVerbs(this)
    defineTableVerbs(this)
  }

  /** The index policies by number. */
  static readonly INDEX_WRITE_OPTIMIZED = 0
  static readonly INDEX_BALANCED = 1
  static readonly INDEX_SCAN_OPTIMIZED = 2
  static readonly INDEX_APPEND_ONLY = 3
  readonly #namespaces = new Map<string, Namespace>()

  /**
   * Opens the store in a directory, which is created where it is missing; `':memory:'` is a new store that lives in memory
   * alone. After an unclean shutdown, opening recovers.
   *
   * @throws ValidationError for an option that is unknown, wrong, or not part of this version
   * @throws DatabaseLockedError when another process holds the store (`pid`)
   * @throws CorruptionError when what is on disk is not what was written
   */
  static override open(path: string, options?: DatabaseOptions): Database {
    // The engine makes an instance of the class that it is called on.
    return opened(super.open(path, options) as Database, options)
  }

  /** `open`, its work done elsewhere. @internal */
  static override async openBy(
    path: string,
    options: DatabaseOptions | undefined,
    begin: Parameters<typeof EngineDatabase.openBy>[2],
  ): Promise<Database> {
    return opened((await super.openBy(path, options, begin)) as Database, options)
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
  override transaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return super.transaction(fn as never, options)
  }

  /** Alias of `transaction`. */
  override withTransaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return this.transaction(fn, options)
  }

  /** Begins a transaction that runs beside others; `commit()` or `abort()` it. */
  override beginTransaction(options?: TransactionOptions): Transaction {
    return super.beginTransaction(options) as Transaction
  }

  /** The database as it is now, for reading; close it when you are done. */
  override snapshot(options?: SnapshotOptions): Snapshot {
    return super.snapshot(options) as Snapshot
  }

  /** The same database by promise: its work runs on threads of the engine, and closing either closes both. */
  get async(): AsyncDatabase {
    return asyncOf(this)
  }

  /**
   * The changes that are committed from now on to keys that start with `prefix`, in commit order. It ends with `break`, with
   * `close` and with `signal`.
   *
   * @throws DatabaseError (while iterating) when more changes wait than `bufferSize`
   *
   * @example
   * for await (const { key, value } of db.watch('user:')) console.log(key.toString(), value?.toString())
   */
  watch(prefix: Bytes, options?: WatchOptions): AsyncIterableIterator<Change> {
    return watchChanges(this, prefix, options)
  }

  /**
   * Creates a collection of vectors. When there is one of this name with the same configuration, it is that one.
   *
   * @throws ValidationError for a member that is unknown, wrong, or not available in this version
   * @throws CollectionConfigError when it exists with another configuration
   */
  createCollection(config: CollectionConfig): Collection {
    return createCollection(this, config)
  }

  /** @throws CollectionNotFoundError when there is none of this name */
  collection(name: string): Collection {
    return openCollection(this, name)
  }

  /** Alias of `collection`. */
  getCollection(name: string): Collection {
    return this.collection(name)
  }

  /** The names of all collections, in order. */
  listCollections(): string[] {
    return listCollections(this)
  }

  /**
   * Deletes a collection and all of its documents. Snapshots taken before still see it.
   *
   * @throws CollectionNotFoundError when there is none of this name
   */
  deleteCollection(name: string): void {
    deleteCollection(this, name)
  }

  /**
   * Creates a namespace: keys and collections of its own, which nothing outside reaches. Its configuration may also be one
   * object.
   *
   * @param name 1 to 256 characters: an ASCII letter or digit, then letters, digits, `_`, `-` and `.`; case matters
   * @throws NamespaceExistsError when there is one of this name
   *
   * @example
   * const ns = db.createNamespace('tenant_123', { displayName: 'Acme Corp', labels: { tier: 'premium' } })
   */
  createNamespace(name: string | NamespaceConfig, options?: NamespaceOptions): Namespace {
    return this.#open(super.transaction(txn => namespaces.create(txn as Transaction, name, options)))
  }

  /**
   * A namespace that exists.
   *
   * @throws NamespaceNotFoundError when there is none of this name
   */
  namespace(name: string): Namespace {
    const held = this.#namespaces.get(name)
    return held?.isLive === true ? held : this.#open(namespaces.find(this, name))
  }

  /** The namespace of a name; created, with these options, where there is none. */
  getOrCreateNamespace(name: string, options?: NamespaceOptions): Namespace {
    namespaces.checkNewNamespace(name, options)
    if (this.namespaceExists(name)) return this.namespace(name)
    return this.#open(
      super.transaction(
        txn => namespaces.lookUp(txn as Transaction, name) ?? namespaces.create(txn as Transaction, name, options),
      ),
    )
  }

  /** Whether there is a namespace of this name. */
  namespaceExists(name: string): boolean {
    return namespaces.lookUp(this, name) !== undefined
  }

  /** The names of all namespaces, `default` included, sorted by their bytes. */
  listNamespaces(): string[] {
    return namespaces.list(this)
  }

  /**
   * What a namespace is, and holds: measured by walking all of it at one snapshot, so its cost grows with the namespace.
   * Blocks.
   *
   * @throws NamespaceNotFoundError when there is none of this name
   */
  namespaceInfo(name: string): NamespaceInfo {
    using snapshot = this.snapshot()
    return snapshot.namespaceInfo(name)
  }

  /**
   * Changes how a namespace is described. Labels that are given replace all there were.
   *
   * @throws NamespaceNotFoundError when there is none of this name
   */
  updateNamespace(name: string, change: NamespaceChange): void {
    this.transaction(txn => txn.updateNamespace(name, change))
  }

  /**
   * Deletes a namespace. With `force` it may hold any number of keys: that changes the catalog alone, and what it held goes when
   * the store is compacted. Snapshots taken before still see it; transactions that wrote to it conflict.
   *
   * @throws NamespaceNotFoundError when there is none of this name
   * @throws NamespaceAccessError for `default`, and for one that holds something, without `force` (`NAMESPACE_NOT_EMPTY`)
   */
  deleteNamespace(name: string, options?: DeleteNamespaceOptions): void {
    this.transaction(txn => txn.deleteNamespace(name, options))
    this.#namespaces.delete(name)
    forgetDropped(this)
  }

  /**
   * Runs a function with a namespace; returns what it returns. Nothing is ambient: what the function does not do through `ns`
   * is done where it would be anyway.
   *
   * @example
   * db.useNamespace('tenant_123', ns => ns.put('config/key', 'value'))
   */
  useNamespace<T>(name: string, fn: (ns: Namespace) => T): T {
    namespaces.checkCallback(fn)
    return fn(this.namespace(name))
  }

  /**
   * Copies the keys of a namespace that start with a prefix (by default all of them) to another, with the time they still live,
   * over those of the same name. All or none, in one transaction; returns how many.
   *
   * @throws NamespaceNotFoundError when one of them does not exist
   * @throws DatabaseError (`LIMIT_EXCEEDED`) when they take more than `maxTransactionBytes`: copy prefix by prefix then
   */
  copyBetweenNamespaces(request: CopyRequest): number {
    return namespaces.copy(this, request)
  }

  /**
   * Lays a table out in another way, its data with it. Others can read and write it meanwhile: this call returns when all is
   * copied, and what was left behind is deleted. Where it was stopped halfway, asking again goes on.
   *
   * @param policy a name, the specification's spelling of it (`'write_optimized'`), or a number: `Database.INDEX_APPEND_ONLY`
   * @throws QueryError when there is no such table
   *
   * @example
   * db.setTableIndexPolicy('events', 'appendOnly')
   */
  setTableIndexPolicy(table: string, policy: IndexPolicy | (string & {}) | number): void {
    const steps = moveTable(this, table, indexPolicyName(policy))
    while (!steps.next().done);
  }

  #open(identity: NamespaceIdentity): Namespace {
    const namespace = namespaces.attempt(this, () => new Namespace(this, identity))
    if (this.#namespaces.size >= MAX_CACHED) this.#namespaces.clear()
    this.#namespaces.set(identity.name, namespace)
    return namespace
  }

  protected override wrapSnapshot(taken: TakenSnapshot, namespace: NamespaceIdentity | undefined): Snapshot {
    return new Snapshot(taken, namespace)
  }

  protected override wrapTransaction(begun: BegunTransaction, namespace: NamespaceIdentity | undefined): Transaction {
    return new Transaction(begun, namespace)
  }
  #caches: CachePlace | undefined

  /** @internal */
  get caches(): CachePlace {
    return (this.#caches ??= rootCaches(this, this))
  }

  override close(): void {
    if (this.isOpen) closeCaches(this)
    super.close()
  }

  /** @internal */
  override async closeBy(begin: (handle: number) => Promise<void>): Promise<void> {
    if (this.isOpen) closeCaches(this)
    return super.closeBy(begin)
  }

  /** The graph of a namespace. Its namespace is created when something is written to it, and empty before. */
  graph(namespace = 'default'): Graph {
    return new Graph(this.graphPlace(namespace))
  }

  /** @internal */
  graphPlace(namespace: unknown): GraphPlace {
    return placeOf(this, namespace, asOf => this.snapshot({ asOf }))
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Database extends CacheVerbs, TableVerbs, OfNamespaces<GraphReading & GraphWriting> {}

/** Opens a database. Every opening recovers where that is needed; the name says so. */
export function openWithRecovery(path: string, options?: DatabaseOptions): Database {
  return Database.open(path, options)
}
