/** The namespace that applications use: the engine's, with the verbs of every layer above it. */
import { indexPolicyName, Namespace as EngineNamespace } from '../engine/index.js'
import type { IndexPolicy, TransactionOptions } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { createCollection, deleteCollection, listCollections, openCollection } from '../search/index.js'
import type { Collection, CollectionConfig } from '../search/index.js'
import { defineGraphVerbs, Graph, graphReading, graphWriting, runPlan } from '../graph/index.js'
import type { GraphPlace, GraphReading, GraphWriting } from '../graph/index.js'
import type { CachePlace } from '../cache/index.js'
import { defineCacheVerbs, rootCaches } from './caches.js'
import type { CacheVerbs } from './caches.js'
import { placeOf } from './graphs.js'
import { moveTable } from '../sql/policy.js'
import type { Database } from './database.js'
import type { NamespaceInfo } from './namespaces.js'
import type { Snapshot } from './snapshot.js'
import { defineTableVerbs } from './statements.js'
import type { TableVerbs } from './statements.js'
import type { Transaction } from './transaction.js'

/**
 * One namespace of a database: the same methods for keys, scans, transactions, tables and collections, on what is its own alone. Keys
 * are the caller's, without any prefix, and no key reaches another namespace.
 *
 * Once the namespace was deleted, every method throws NamespaceNotFoundError, also when another of its name was created since.
 *
 * @example
 * const ns = db.createNamespace('tenant_123', { displayName: 'Acme Corp', labels: { tier: 'premium' } })
 * ns.put('users/alice', 'data')
 * for (const [key, value] of ns.scan('users/')) console.log(key.toString(), value.toString())
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs of graphs are defined on the prototype
export class Namespace extends EngineNamespace {
  static {
    brand(this, 'Namespace')
    defineGraphVerbs(this, [...graphReading, ...graphWriting], (self, plan) => runPlan(self.#graph, plan()))
    defineCacheVerbs(this)
    defineTableVerbs(this)
  }

  /** The database it belongs to. */
  override get database(): Database {
    return super.database as Database
  }

  /**
   * Runs a synchronous function as one transaction, as `db.transaction` does; what it reads and writes through `txn` is this
   * namespace's.
   */
  override transaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return super.transaction(fn as never, options)
  }

  /** Alias of `transaction`. */
  override withTransaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return this.transaction(fn, options)
  }

  /** Begins a transaction in this namespace that runs beside others; `commit()` or `abort()` it. */
  override beginTransaction(options?: TransactionOptions): Transaction {
    return super.beginTransaction(options) as Transaction
  }

  /** The namespace as it is now, for reading; close it when you are done. */
  override snapshot(): Snapshot {
    return super.snapshot() as Snapshot
  }

  /** See `Database.namespaceInfo`. */
  info(): NamespaceInfo {
    using snapshot = this.snapshot()
    return snapshot.namespaceInfo(this.name)
  }

  /** Creates a collection in this namespace; see `Database.createCollection`. */
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

  /** The names of the collections of this namespace, in order. */
  listCollections(): string[] {
    return listCollections(this)
  }

  /** @throws CollectionNotFoundError when there is none of this name */
  deleteCollection(name: string): void {
    deleteCollection(this, name)
  }

  /** Lays a table of this namespace out in another way; see `Database.setTableIndexPolicy`. */
  setTableIndexPolicy(table: string, policy: IndexPolicy | (string & {}) | number): void {
    const steps = moveTable(this, table, indexPolicyName(policy))
    while (!steps.next().done);
  }
  #caches: CachePlace | undefined

  /** @internal */
  get caches(): CachePlace {
    return (this.#caches ??= rootCaches(this, this.database))
  }

  /** The graph of this namespace. */
  graph(): Graph {
    return new Graph(this.#graph)
  }

  get #graph(): GraphPlace {
    const past = (asOf: bigint): Snapshot => this.database.snapshot({ asOf })
    return {
      reader: () => this,
      writer: () => this,
      past: asOf => placeOf(this.database, this.name, past).past(asOf),
    }
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Namespace extends CacheVerbs, TableVerbs, GraphReading, GraphWriting {}
