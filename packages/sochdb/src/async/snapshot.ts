import { brand } from '../errors/index.js'
import type { Snapshot } from '../database/index.js'
import type { CachePlace } from '../cache/index.js'
import { defineAsyncCacheReading } from './cache.js'
import type { AsyncCacheReader, AsyncCacheReadingVerbs } from './cache.js'
import { openAsyncCollection } from './collection.js'
import type { CollectionPromise } from './collection.js'
import { graphReading } from '../graph/index.js'
import { AsyncGraphReader, defineAsyncGraphs } from './graph.js'
import type { AsyncGraphPlace, AsyncGraphsReading } from './graph.js'
import { AsyncReader, inner } from './keys.js'
import type { AsyncKeyReader } from './keys.js'
import { Lane } from './lane.js'
import { defineAsyncTables } from './statements.js'
import type { AsyncTableVerbs } from './statements.js'
import { call, defineVerbs, describing, reading } from './verbs.js'
import type { DescribingVerb, Promised, ReadingVerb } from './verbs.js'

/**
 * The database as it was at one moment: later writes do not show. Close it when you are done: while it is open, the versions it
 * sees are kept. Its operations run one after the other.
 *
 * @example
 * await using snapshot = await db.snapshot()
 * const [a, b] = await snapshot.getBatch(['a', 'b'])
 */
export interface AsyncSnapshot
  extends
    AsyncKeyReader,
    AsyncTableVerbs,
    AsyncCacheReadingVerbs,
    AsyncGraphsReading,
    Promised<Snapshot, DescribingVerb | ReadingVerb> {
  /** What it sees: all commits up to this timestamp. */
  readonly timestamp: bigint
  collection(name: string): CollectionPromise
  getCollection(name: string): CollectionPromise
  /** The same snapshot, seen through a namespace. Closing either closes both. */
  namespace(name: string): Promise<AsyncSnapshot>
  /** A cache, for reading: what is found is not counted. */
  cache(name: string): AsyncCacheReader
  /** The graph of a namespace, by default the one it is seen through. */
  graph(namespace?: string): AsyncGraphReader
  useNamespace<T>(name: string, fn: (ns: AsyncSnapshot) => T | PromiseLike<T>): Promise<T>
  /** Lets go of what only this snapshot sees, when the operations before it are done. Harmless when closed. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class AsyncSnapshotImpl extends AsyncReader<Snapshot> implements AsyncSnapshot {
  static {
    brand(this, 'AsyncSnapshot')
    defineVerbs(this, [...describing, ...reading], (self, name, args) =>
      self.enqueue(() => call(self[inner], name, args)),
    )
    defineAsyncGraphs(this, graphReading)
    defineAsyncTables(this)
    defineAsyncCacheReading(this)
  }
  readonly [inner]: Snapshot
  readonly readsAhead = false
  readonly #lane: Lane

  /** `lane`: of the same snapshot, seen through another namespace. */
  constructor(snapshot: Snapshot, lane = new Lane()) {
    super()
    this[inner] = snapshot
    this.#lane = lane
  }

  get timestamp(): bigint {
    return this[inner].timestamp
  }

  enqueue<T>(action: () => T | Promise<T>): Promise<T> {
    return this.#lane.run(action)
  }

  /** @internal */
  get caches(): CachePlace {
    return this[inner].caches
  }

  collection(name: string): CollectionPromise {
    return openAsyncCollection(this, name)
  }

  getCollection(name: string): CollectionPromise {
    return this.collection(name)
  }

  namespace(name: string): Promise<AsyncSnapshot> {
    return this.enqueue(() => new AsyncSnapshotImpl(this[inner].namespace(name), this.#lane))
  }

  async useNamespace<T>(name: string, fn: (ns: AsyncSnapshot) => T | PromiseLike<T>): Promise<T> {
    return fn(await this.namespace(name))
  }

  graph(namespace?: string): AsyncGraphReader {
    return new AsyncGraphReader(this.graphPlace(namespace ?? this[inner].boundTo?.name ?? 'default'))
  }

  /** @internal */
  graphPlace(namespace: unknown): AsyncGraphPlace {
    return { place: () => this[inner].graphPlace(namespace), enqueue: action => this.enqueue(action) }
  }

  close(): Promise<void> {
    return this.enqueue(() => this[inner].close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface AsyncSnapshotImpl
  extends
    AsyncTableVerbs,
    AsyncCacheReadingVerbs,
    AsyncGraphsReading,
    Promised<Snapshot, DescribingVerb | ReadingVerb> {
  cache(name: string): AsyncCacheReader
}
