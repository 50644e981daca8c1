/** The transaction that applications use: the engine's, with the verbs of every layer above it. */
import { Transaction as EngineTransaction } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { createCollection, deleteCollection, listCollections, openCollection } from '../search/index.js'
import type { Collection, CollectionConfig } from '../search/index.js'

/**
 * A transaction: it sees the commits up to its `startTs` and its own writes, and its writes become visible all at once, when
 * it commits, or never. Every data method of the database is here too.
 *
 * There are two kinds. `db.transaction(fn)` runs a synchronous function alone: nothing else writes meanwhile, so it never
 * conflicts. `db.beginTransaction()` runs beside others, and `commit` throws a `TransactionConflictError` when one of them
 * got in the way. An open transaction that is garbage is aborted, some time.
 */
export class Transaction extends EngineTransaction {
  static {
    brand(this, 'Transaction')
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
}
