/** What an async database and an async namespace have in common: everything that begins something of its own. */
import type { Bytes } from '../bytes/bytes.js'
import type { Database, Namespace, Transaction } from '../database/index.js'
import { checkOptions } from '../engine/check.js'
import { indexPolicyName } from '../engine/index.js'
import type { IndexPolicy, TransactionOptions } from '../engine/index.js'
import type { CollectionConfig } from '../search/index.js'
import { moveTable } from '../sql/policy.js'
import { createAsyncCollection, openAsyncCollection } from './collection.js'
import type { AsyncCollection, CollectionPromise } from './collection.js'
import { AsyncStore, inner } from './keys.js'
import type { AsyncKeyStore } from './keys.js'
import { isPromise } from './lane.js'
import { longChecks } from './operation.js'
import type { LongOptions, OperationOptions } from './operation.js'
import type { Change } from './packed.js'
import { runWithRetries } from './retry.js'
import type { AsyncTransactionOptions } from './retry.js'
import { AsyncSnapshotImpl } from './snapshot.js'
import type { AsyncSnapshot } from './snapshot.js'
import { defineAsyncTables } from './statements.js'
import type { AsyncTableVerbs } from './statements.js'
import { AsyncTransactionImpl, checkFunction } from './transaction.js'
import type { AsyncTransaction } from './transaction.js'
import { watchChanges } from './watch.js'
import type { WatchOptions } from './watch.js'

/** The methods that `AsyncDatabase` and `AsyncNamespace` share. */
export interface AsyncRoot extends AsyncKeyStore, AsyncTableVerbs {
  /**
   * Runs a function as one transaction: commits when its promise resolves, undoes everything when it rejects. After a conflict it runs
   * again, up to `maxRetries` times, so it should do nothing that cannot be done twice. It does not keep others from
   * writing.
   *
   * @throws TransactionConflictError when it still conflicts after `maxRetries`
   * @throws TransactionTimeoutError when it has not committed within `timeoutMs`
   *
   * @example
   * await db.transaction(async txn => {
   *   const n = Number((await txn.getString('counter')) ?? 0)
   *   await txn.put('counter', String(n + 1))
   * })
   */
  transaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>, options?: AsyncTransactionOptions): Promise<T>
  /** Alias of `transaction`. */
  withTransaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>, options?: AsyncTransactionOptions): Promise<T>
  /** Begins a transaction that runs beside others; `commit()` or `abort()` it. */
  beginTransaction(options?: TransactionOptions): Promise<AsyncTransaction>
  /** What is there now, for reading; close it when you are done. */
  snapshot(): Promise<AsyncSnapshot>
  /** Creates a collection of vectors. When there is one of this name with the same configuration, it is that one. */
  createCollection(config: CollectionConfig): Promise<AsyncCollection>
  /** A collection that exists: await it, or call its methods at once. */
  collection(name: string): CollectionPromise
  /** Alias of `collection`. */
  getCollection(name: string): CollectionPromise
  /** The changes that are committed from now on under a prefix; see `Database.watch`. */
  watch(prefix: Bytes, options?: WatchOptions): AsyncIterableIterator<Change>
  /** See `Database.setTableIndexPolicy`. Progress is in rows and index entries, of a total that is not known (0). */
  setTableIndexPolicy(table: string, policy: IndexPolicy | (string & {}) | number, options?: LongOptions): Promise<void>
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export abstract class AsyncRootImpl<Sync extends Database | Namespace> extends AsyncStore<Sync> implements AsyncRoot {
  static {
    defineAsyncTables(this)
  }
  readonly readsAhead = true

  /** Any number of operations at once. */
  enqueue<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      const result = action()
      return isPromise(result) ? result : Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async transaction<T>(
    fn: (txn: AsyncTransaction) => T | PromiseLike<T>,
    options?: AsyncTransactionOptions,
  ): Promise<T> {
    checkFunction(fn, 'transaction')
    return runWithRetries(given => this.#begin(given), fn, options)
  }

  withTransaction<T>(fn: (txn: AsyncTransaction) => T | PromiseLike<T>, options?: AsyncTransactionOptions): Promise<T> {
    return this.transaction(fn, options)
  }

  beginTransaction(options?: TransactionOptions): Promise<AsyncTransaction> {
    return this.enqueue(() => this.#begin(options))
  }

  #begin(options: TransactionOptions | undefined): AsyncTransactionImpl {
    return new AsyncTransactionImpl(this[inner].beginTransaction(options))
  }

  /** Runs a verb of the synchronous transaction, and commits. @internal */
  write<T>(body: (transaction: Transaction) => T | Promise<T>, options?: OperationOptions): Promise<T> {
    return runWithRetries(
      given => this.#begin(given),
      txn => (txn as AsyncTransactionImpl).enqueue(() => body((txn as AsyncTransactionImpl)[inner])),
      options,
    )
  }

  snapshot(): Promise<AsyncSnapshot> {
    return this.enqueue(() => new AsyncSnapshotImpl(this[inner].snapshot()))
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

  watch(prefix: Bytes, options?: WatchOptions): AsyncIterableIterator<Change> {
    return watchChanges(this, prefix, options)
  }

  async setTableIndexPolicy(
    table: string,
    policy: IndexPolicy | (string & {}) | number,
    options?: LongOptions,
  ): Promise<void> {
    const { signal, onProgress } = checkOptions(options, longChecks, 'setTableIndexPolicy') as LongOptions
    for (const { copied, deleted } of moveTable(this[inner], table, indexPolicyName(policy))) {
      onProgress?.(copied + deleted, 0)
      // Every chunk is a turn of the event loop.
      await new Promise(resolve => setImmediate(resolve))
      signal?.throwIfAborted()
    }
  }
}
export interface AsyncRootImpl<Sync extends Database | Namespace> extends AsyncTableVerbs {
  readonly [inner]: Sync
}

/** Runs synchronous work in a transaction that is committed, and tried again after a conflict, by promise. @internal */
export function writeBy<T>(on: AsyncRoot, body: (transaction: Transaction) => T): Promise<T> {
  return (on as AsyncRootImpl<Database | Namespace>).write(body)
}
