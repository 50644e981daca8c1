/** The transaction that applications use: the engine's, with the verbs of every layer above it. */
import { Transaction as EngineTransaction } from '../engine/index.js'
import type { NamespaceIdentity } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { createCollection, deleteCollection, listCollections, openCollection } from '../search/index.js'
import type { Collection, CollectionConfig } from '../search/index.js'
import { Graph, graphReading, graphWriting } from '../graph/index.js'
import type { GraphPlace, GraphReading, GraphWriting, OfNamespaces } from '../graph/index.js'
import type { CachePlace } from '../cache/index.js'
import { defineCacheVerbs, transactionCaches } from './caches.js'
import type { CacheVerbs } from './caches.js'
import { defineNamespacedVerbs, placeOf } from './graphs.js'
import type { Database } from './database.js'
import type { Snapshot } from './snapshot.js'
import type {
  CopyRequest,
  DeleteNamespaceOptions,
  NamespaceChange,
  NamespaceConfig,
  NamespaceOptions,
} from './namespace-options.js'
import * as namespaces from './namespaces.js'
import type { NamespaceInfo } from './namespaces.js'
import { defineTableVerbs } from './statements.js'
import type { TableVerbs } from './statements.js'

/**
 * A transaction: it sees the commits up to its `startTs` and its own writes, and its writes become visible all at once, when
 * it commits, or never. Every data method of the database is here too.
 *
 * There are two kinds. `db.transaction(fn)` runs a synchronous function alone: nothing else writes meanwhile, so it never
 * conflicts. `db.beginTransaction()` runs beside others, and `commit` throws a `TransactionConflictError` when one of them
 * got in the way. An open transaction that is garbage is aborted, some time.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs of graphs are defined on the prototype
export class Transaction extends EngineTransaction {
  static {
    brand(this, 'Transaction')
    defineNamespacedVerbs(this, [...graphReading, ...graphWriting])
    defineCacheVerbs(this)
    defineTableVerbs(this)
  }

  /** Runs a synchronous function as a part that rolls back alone when it throws. */
  override transaction<T>(fn: (txn: Transaction) => T): T {
    return super.transaction(fn as never)
  }

  /** Alias of `transaction`. */
  override withTransaction<T>(fn: (txn: Transaction) => T): T {
    return this.transaction(fn)
  }

  /** Creates a collection: for this transaction at once, for all others when it commits. See `Database.createCollection`. */
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

  /** @throws CollectionNotFoundError when there is none of this name */
  deleteCollection(name: string): void {
    deleteCollection(this, name)
  }

  /**
   * Creates a namespace: for this transaction at once, for all others when it commits. Returns this transaction, seen through
   * it. See `Database.createNamespace`.
   */
  createNamespace(name: string | NamespaceConfig, options?: NamespaceOptions): Transaction {
    return this.#through(namespaces.create(this, name, options))
  }

  /**
   * The same transaction, seen through a namespace: its data methods read and write what is that one's, and all commit
   * together. What was opened through a namespace reaches no other.
   *
   * @throws NamespaceNotFoundError when the transaction sees none of this name
   *
   * @example
   * db.transaction(txn => {
   *   txn.namespace('billing').increment('invoices')
   *   txn.namespace('tenant_123').put('last-invoice', 'today')
   * })
   */
  namespace(name: string): Transaction {
    return this.#through(namespaces.find(this, name))
  }

  /** The namespace of a name; created where there is none. See `namespace`. */
  getOrCreateNamespace(name: string, options?: NamespaceOptions): Transaction {
    namespaces.checkNewNamespace(name, options)
    const found = namespaces.lookUp(this, name)
    return found === undefined ? this.createNamespace(name, options) : this.#through(found)
  }

  /** Whether there is a namespace of this name, as the transaction sees it. */
  namespaceExists(name: string): boolean {
    return namespaces.lookUp(this, name) !== undefined
  }

  /** The names of all namespaces, `default` included, sorted by their bytes. */
  listNamespaces(): string[] {
    return namespaces.list(this)
  }

  /** See `Database.namespaceInfo`. */
  namespaceInfo(name: string): NamespaceInfo {
    return namespaces.describe(this, namespaces.find(this, name), this.namespace(name))
  }

  /** See `Database.updateNamespace`. */
  updateNamespace(name: string, change: NamespaceChange): void {
    namespaces.update(this, name, change)
  }

  /** See `Database.deleteNamespace`; what is put into the namespace until the commit is a conflict. */
  deleteNamespace(name: string, options?: DeleteNamespaceOptions): void {
    namespaces.drop(this, name, options)
  }

  /** Runs a function with the transaction seen through a namespace; returns what it returns. */
  useNamespace<T>(name: string, fn: (ns: Transaction) => T): T {
    namespaces.checkCallback(fn)
    return fn(this.namespace(name))
  }

  /** See `Database.copyBetweenNamespaces`. */
  copyBetweenNamespaces(request: CopyRequest): number {
    return namespaces.copy(this, request)
  }

  #through(identity: NamespaceIdentity): Transaction {
    return namespaces.attempt(this, () => this.through(identity))
  }
  /** @internal */
  get caches(): CachePlace {
    return transactionCaches(this)
  }

  /** The graph of a namespace, as this transaction sees it; what is written to it is part of this transaction. */
  graph(namespace?: string): Graph {
    return new Graph(this.graphPlace(namespace ?? this.boundTo?.name ?? 'default'))
  }

  /** @internal */
  graphPlace(namespace: unknown): GraphPlace {
    const past = (asOf: bigint): Snapshot =>
      (this.database as Database).snapshot({ asOf: asOf < this.startTs ? asOf : this.startTs })
    return placeOf(this, namespace, past)
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Transaction extends CacheVerbs, TableVerbs, OfNamespaces<GraphReading & GraphWriting> {}
