/** The database that applications open: the engine's, with the verbs of every layer above it. */
import { Database as EngineDatabase } from '../engine/index.js'
import type { DatabaseOptions, TransactionOptions } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { createCollection, deleteCollection, listCollections, openCollection } from '../search/index.js'
import type { Collection, CollectionConfig } from '../search/index.js'
import { Snapshot } from './snapshot.js'
import { Transaction } from './transaction.js'

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
export class Database extends EngineDatabase {
  static {
    brand(this, 'Database')
  }

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
    return super.open(path, options) as Database
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
  override snapshot(): Snapshot {
    return super.snapshot() as Snapshot
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

  protected override newSnapshot(): Snapshot {
    return new Snapshot(this)
  }

  protected override newTransaction(options: TransactionOptions | undefined, isClosure: boolean): Transaction {
    return new Transaction(this, options, isClosure)
  }
}

/** Opens a database. Every opening recovers where that is needed; the name says so. */
export function openWithRecovery(path: string, options?: DatabaseOptions): Database {
  return Database.open(path, options)
}
