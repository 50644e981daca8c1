import type { IsolationLevel } from '../engine/index.js'
import type { Bytes } from '../bytes/bytes.js'
import type { CachePlace } from '../cache/index.js'
import type { CollectionConfig } from '../search/index.js'
import type { NamespaceConfig, NamespaceOptions, Transaction } from '../database/index.js'
import { brand, TransactionError, ValidationError } from '../errors/index.js'
import { createAsyncCollection, openAsyncCollection } from './collection.js'
import type { AsyncCollection, CollectionPromise } from './collection.js'
import { graphReading, graphWriting } from '../graph/index.js'
import { defineAsyncCaches } from './cache.js'
import type { AsyncCacheVerbs } from './cache.js'
import { AsyncGraph, defineAsyncGraphs } from './graph.js'
import type { AsyncGraphPlace, AsyncGraphsReading, AsyncGraphsWriting } from './graph.js'
import { AsyncStore, checkOperation, checkPut, inner } from './keys.js'
import type { AsyncKeyStore, AsyncPutOptions } from './keys.js'
import { Lane } from './lane.js'
import { native } from './native.js'
import type { OperationOptions } from './operation.js'
import { defineAsyncTables } from './statements.js'
import type { AsyncTableVerbs } from './statements.js'
import { call, defineVerbs, describing, reading, writing } from './verbs.js'
import type { DescribingVerb, Promised, ReadingVerb, WritingVerb } from './verbs.js'

/** A place in a transaction to go back to. Either method ends it. */
export interface AsyncSavepoint {
  /** Undoes what the transaction wrote since. */
  rollback(): Promise<void>
  /** Keeps what the transaction wrote since, as part of it. */
  release(): Promise<void>
}

/**
 * A transaction: it sees the commits up to its `startTs` and its own writes, and its writes become visible all at once, when it
 * commits, or never. It runs beside others and holds nothing that they wait for; where one of them got in the way, `commit`
 * rejects with a `TransactionConflictError`, which `db.transaction(fn)` answers by running the function again.
 *
 * Its operations run one after the other, in the order in which they were called, awaited or not.
 */
export interface AsyncTransaction
  extends
    AsyncKeyStore,
    AsyncCacheVerbs,
    AsyncTableVerbs,
    AsyncGraphsReading,
    AsyncGraphsWriting,
    Promised<Transaction, DescribingVerb | ReadingVerb | WritingVerb> {
  /** Unique while the database is open. */
  readonly id: number
  /** It sees the commits up to this timestamp (`readCommitted`: its first statement does). */
  readonly startTs: bigint
  readonly isolation: IsolationLevel
  readonly isOpen: boolean
  /** Makes its writes visible and, as far as `syncMode` promises, durable. The transaction is finished whatever happens. */
  commit(): Promise<bigint>
  /** Undoes all it wrote, when the operation that runs is done; those that wait for it reject. Harmless when finished. */
  abort(): Promise<void>
  /** Marks this place. */
  savepoint(): Promise<AsyncSavepoint>
  /** Runs a function as a part that rolls back alone when it throws or rejects. */
  transaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>): Promise<T>
  /** Alias of `transaction`. */
  withTransaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>): Promise<T>
  createCollection(config: CollectionConfig): Promise<AsyncCollection>
  collection(name: string): CollectionPromise
  getCollection(name: string): CollectionPromise
  /** Creates a namespace, for all others when it commits; the transaction, seen through it. */
  createNamespace(name: string | NamespaceConfig, options?: NamespaceOptions): Promise<AsyncTransaction>
  /** The same transaction, seen through a namespace: what it reads and writes is that one's, and all commits together. */
  namespace(name: string): Promise<AsyncTransaction>
  getOrCreateNamespace(name: string, options?: NamespaceOptions): Promise<AsyncTransaction>
  /** The graph of a namespace, by default the one it is seen through. */
  graph(namespace?: string): AsyncGraph
  useNamespace<T>(name: string, fn: (ns: AsyncTransaction) => T | PromiseLike<T>): Promise<T>
  /** Aborts unless committed. */
  [Symbol.asyncDispose](): Promise<void>
}

const finished = (): TransactionError =>
  new TransactionError('The transaction is being aborted.', { remediation: 'Begin another transaction.' })

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class AsyncTransactionImpl extends AsyncStore<Transaction> implements AsyncTransaction {
  static {
    brand(this, 'AsyncTransaction')
    defineVerbs(this, [...describing, ...reading, ...writing], (self, name, args) =>
      self.enqueue(() => call(self[inner], name, args)),
    )
    defineAsyncGraphs(this, [...graphReading, ...graphWriting])
    defineAsyncCaches(this)
    defineAsyncTables(this)
  }
  readonly [inner]: Transaction
  readonly readsAhead = false
  readonly #lane: Lane

  /** `lane`: of the same transaction, seen through another namespace. */
  constructor(transaction: Transaction, lane = new Lane()) {
    super()
    this[inner] = transaction
    this.#lane = lane
  }

  get id(): number {
    return this[inner].id
  }

  get startTs(): bigint {
    return this[inner].startTs
  }

  get isolation(): IsolationLevel {
    return this[inner].isolation
  }

  get isOpen(): boolean {
    return this[inner].isOpen && !this.#lane.isEnding
  }

  enqueue<T>(action: () => T | Promise<T>): Promise<T> {
    return this.#lane.run(() => {
      if (this.#lane.isEnding && this[inner].isOpen) throw finished()
      return action()
    })
  }

  // Single writes touch nothing but the transaction's own memory: they need no thread.

  override async put(key: Bytes, value: Bytes, options?: AsyncPutOptions): Promise<void> {
    const [operation] = checkPut(options, 'put')
    return this.enqueue(() => {
      operation?.signal?.throwIfAborted()
      const ttlSeconds = options?.ttlSeconds
      this[inner].put(key, value, ttlSeconds === undefined ? undefined : { ttlSeconds })
    })
  }

  override async delete(key: Bytes, options?: OperationOptions): Promise<void> {
    const signal = checkOperation(options, 'delete')?.signal
    return this.enqueue(() => {
      signal?.throwIfAborted()
      this[inner].delete(key)
    })
  }

  commit(): Promise<bigint> {
    return this.enqueue(async () => {
      const transaction = this[inner]
      try {
        const timestamp = await native.asyncCommit(transaction.handleToCommit)
        transaction.settle('committed')
        return timestamp
      } catch (error) {
        const explained = this.explain(error)
        transaction.settle('aborted')
        throw explained
      }
    })
  }

  abort(): Promise<void> {
    this.#lane.isEnding = true
    return this.#lane.run(() => this[inner].abort())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort()
  }

  savepoint(): Promise<AsyncSavepoint> {
    return this.enqueue(() => {
      const savepoint = this[inner].savepoint()
      return {
        rollback: () => this.enqueue(() => savepoint.rollback()),
        release: () => this.enqueue(() => savepoint.release()),
      }
    })
  }

  async transaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>): Promise<T> {
    checkFunction(fn, 'txn.transaction')
    const savepoint = await this.savepoint()
    let result: T
    try {
      result = await fn(this)
    } catch (error) {
      if (this.isOpen) await savepoint.rollback()
      throw error
    }
    if (this.isOpen) await savepoint.release()
    return result
  }

  withTransaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>): Promise<T> {
    return this.transaction(fn)
  }

  createCollection(config: CollectionConfig): Promise<AsyncCollection> {
    return createAsyncCollection(this, config)
  }

  collection(name: string): CollectionPromise {
    return openAsyncCollection(this, name)
  }

  getCollection(name: string): CollectionPromise {
    return this.collection(name)
  }

  createNamespace(name: string | NamespaceConfig, options?: NamespaceOptions): Promise<AsyncTransaction> {
    return this.#through(transaction => transaction.createNamespace(name, options))
  }

  namespace(name: string): Promise<AsyncTransaction> {
    return this.#through(transaction => transaction.namespace(name))
  }

  getOrCreateNamespace(name: string, options?: NamespaceOptions): Promise<AsyncTransaction> {
    return this.#through(transaction => transaction.getOrCreateNamespace(name, options))
  }

  async useNamespace<T>(name: string, fn: (ns: AsyncTransaction) => T | PromiseLike<T>): Promise<T> {
    checkFunction(fn, 'useNamespace')
    return fn(await this.namespace(name))
  }

  /** @internal */
  get caches(): CachePlace {
    return this[inner].caches
  }

  graph(namespace?: string): AsyncGraph {
    return new AsyncGraph(this.graphPlace(namespace ?? this[inner].boundTo?.name ?? 'default'))
  }

  /** @internal */
  graphPlace(namespace: unknown): AsyncGraphPlace {
    return { place: () => this[inner].graphPlace(namespace), enqueue: action => this.enqueue(action) }
  }

  #through(view: (transaction: Transaction) => Transaction): Promise<AsyncTransaction> {
    return this.enqueue(() => new AsyncTransactionImpl(view(this[inner]), this.#lane))
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface AsyncTransactionImpl
  extends
    AsyncCacheVerbs,
    AsyncTableVerbs,
    AsyncGraphsReading,
    AsyncGraphsWriting,
    Promised<Transaction, DescribingVerb | ReadingVerb | WritingVerb> {}

export function checkFunction(fn: unknown, place: string): void {
  if (typeof fn === 'function') return
  throw new ValidationError(`${place} takes a function.`, { details: { argument: 'fn' } })
}
