/** The snapshot that applications use: the engine's, with the verbs of every layer above it that read. */
import { Snapshot as EngineSnapshot } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { listCollections, openCollection } from '../search/index.js'
import type { Collection } from '../search/index.js'
import { GraphReader, graphReading } from '../graph/index.js'
import type { GraphPlace, GraphReading, OfNamespaces } from '../graph/index.js'
import type { CachePlace, CacheReader } from '../cache/index.js'
import { defineCacheVerbs, snapshotCaches } from './caches.js'
import type { CacheReadingVerbs } from './caches.js'
import { defineNamespacedVerbs, placeOf } from './graphs.js'
import type { Database } from './database.js'
import * as namespaces from './namespaces.js'
import { defineTableVerbs } from './statements.js'
import type { TableVerbs } from './statements.js'
import type { NamespaceInfo } from './namespaces.js'

/**
 * The database as it was at one moment: later writes do not show. Close it when you are done: while it is open, the versions
 * it sees are kept.
 *
 * @example
 * using snapshot = db.snapshot()
 * const [a, b] = snapshot.getBatch(['a', 'b'])
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs of graphs are defined on the prototype
export class Snapshot extends EngineSnapshot {
  static {
    brand(this, 'Snapshot')
    defineNamespacedVerbs(this, graphReading)
    defineCacheVerbs(this, 'only')
    defineTableVerbs(this)
  }

  /** @throws CollectionNotFoundError when the snapshot sees none of this name */
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
   * The same snapshot, seen through a namespace: its methods read what is that one's. Closing either closes both.
   *
   * @throws NamespaceNotFoundError when the snapshot sees none of this name
   */
  namespace(name: string): Snapshot {
    return namespaces.attempt(this, () => this.through(namespaces.find(this, name)))
  }

  /** Whether there was a namespace of this name. */
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

  /** Runs a function with the snapshot seen through a namespace; returns what it returns. */
  useNamespace<T>(name: string, fn: (ns: Snapshot) => T): T {
    namespaces.checkCallback(fn)
    return fn(this.namespace(name))
  }
  /** @internal */
  get caches(): CachePlace {
    return snapshotCaches(this, this.database as Database)
  }

  /** The graph of a namespace, as this snapshot sees it. */
  graph(namespace?: string): GraphReader {
    return new GraphReader(this.graphPlace(namespace ?? this.boundTo?.name ?? 'default'))
  }

  /** @internal */
  graphPlace(namespace: unknown): GraphPlace {
    const past = (asOf: bigint): Snapshot => {
      try {
        return this.before(asOf) as Snapshot
      } catch (error) {
        throw this.explain(error)
      }
    }
    return placeOf(this, namespace, past)
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Snapshot extends CacheReadingVerbs, TableVerbs, OfNamespaces<GraphReading> {
  /** A cache, for reading: what is found is not counted. */
  cache(name: string): CacheReader
}
