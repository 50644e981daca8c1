import { errorFromNative } from '../errors/index.js'
import type { Database } from './database.js'
import { nativeHandle } from './handle.js'
import { KeyStore } from './keys.js'
import { openNamespace } from './namespace-identity.js'
import type { NamespaceIdentity } from './namespace-identity.js'
import { native } from './native.js'
import type { Snapshot } from './snapshot.js'
import { checkFunction } from './transaction.js'
import type { Transaction, TransactionOptions } from './transaction.js'

/** One namespace of a database. */
export class Namespace extends KeyStore {
  readonly #database: Database
  readonly #identity: NamespaceIdentity

  /** @internal Applications call `db.namespace(name)`. */
  constructor(database: Database, identity: NamespaceIdentity) {
    super()
    this.#database = database
    this.#identity = identity
    this[nativeHandle] = openNamespace(database[nativeHandle], identity, this)
  }

  get name(): string {
    return this.#identity.name
  }

  /** The database it belongs to. */
  get database(): Database {
    return this.#database
  }

  /** @internal */
  override get namespaceId(): number {
    return this.#identity.id
  }

  /** @internal */
  get identity(): NamespaceIdentity {
    return this.#identity
  }

  /** Whether it is still there: it was not deleted, and its database is open. @internal */
  get isLive(): boolean {
    return this.#database.isOpen && native.namespaceIsLive(this[nativeHandle])
  }

  /**
   * Runs a synchronous function as one transaction, as `db.transaction` does; what it reads and writes through `txn` is this
   * namespace's.
   */
  transaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    checkFunction(fn, 'ns.transaction')
    return this.#database.newTransaction(options, true, this.#identity).run(fn)
  }

  /** Alias of `transaction`. */
  withTransaction<T>(fn: (txn: Transaction) => T, options?: TransactionOptions): T {
    return this.transaction(fn, options)
  }

  /** Begins a transaction in this namespace that runs beside others; `commit()` or `abort()` it. */
  beginTransaction(options?: TransactionOptions): Transaction {
    return this.#database.newTransaction(options, false, this.#identity)
  }

  /** The namespace as it is now, for reading; close it when you are done. */
  snapshot(): Snapshot {
    try {
      return this.#database.newSnapshot(this.#identity)
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /** @internal */
  get maxBatchBytes(): number {
    return this.#database.maxBatchBytes
  }

  /** @internal */
  override explain(error: unknown): unknown {
    return errorFromNative(error)
  }
}
