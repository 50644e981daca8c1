import { brand, DatabaseError, ErrorCode, errorFromNative, TransactionError, ValidationError } from '../errors/index.js'
import { checkOptions, MAX_TIMEOUT_MS, oneOf, whole } from './check.js'
import { DEFAULT_NAMESPACE_ID, ISOLATION_NUMBER } from './constants.js'
import type { IsolationLevel } from './constants.js'
import type { Database } from './database.js'
import { CLOSED, nativeHandle } from './handle.js'
import { KeyStore } from './keys.js'
import { isSameNamespace, openNamespace } from './namespace-identity.js'
import type { NamespaceIdentity } from './namespace-identity.js'
import { native } from './native.js'

/** What a transaction is protected from, and how long it may take. */
export interface TransactionOptions {
  /** Default `serializable`. */
  readonly isolation?: IsolationLevel
  /** The most time it may take, and wait for its turn to write, in milliseconds. Default: the database's. */
  readonly timeoutMs?: number
}

/** A place in a transaction to go back to. Either method ends it. */
export interface Savepoint {
  /** Undoes what the transaction wrote since. */
  rollback(): void
  /** Keeps what the transaction wrote since, as part of it. */
  release(): void
}

const beginChecks = {
  isolation: oneOf('serializable', 'snapshot', 'readCommitted'),
  timeoutMs: whole(1, MAX_TIMEOUT_MS),
}
const closureChecks = {
  ...beginChecks,
  maxRetries: () => 'no value: a synchronous transaction is alone while it runs, so it cannot conflict',
}

/** Where the addon puts a new transaction's number and start timestamp. */
const info = new BigUint64Array(2)

const abandoned = new FinalizationRegistry<number>(handle => native.abort(handle))

type State = 'open' | 'committed' | 'aborted'

/** A transaction that was begun, whatever namespaces it is seen through. */
export class BegunTransaction {
  handle: number
  state: State = 'open'
  readonly id: number
  readonly startTs: bigint
  readonly isolation: IsolationLevel
  readonly views = new Map<number, Transaction>()

  constructor(
    readonly database: Database,
    options: unknown,
    readonly isClosure: boolean,
  ) {
    const place = isClosure ? 'db.transaction' : 'db.beginTransaction'
    const given: TransactionOptions =
      options === undefined ? {} : checkOptions(options, isClosure ? closureChecks : beginChecks, place)
    this.isolation = given.isolation ?? 'serializable'
    const isolation = ISOLATION_NUMBER[this.isolation]
    try {
      this.handle = native.begin(database[nativeHandle], isolation, isClosure, given.timeoutMs ?? 0, info.buffer)
    } catch (error) {
      throw errorFromNative(error, 'transaction')
    }
    this.id = Number(info[0])
    this.startTs = info[1] as bigint
    if (!isClosure) abandoned.register(this, this.handle, this)
  }

  get isOpen(): boolean {
    return this.handle !== CLOSED
  }

  finish(state: State): void {
    if (!this.isClosure) abandoned.unregister(this)
    if (this.isOpen) this.state = state
    this.handle = CLOSED
  }
}

/**
 * A transaction: it sees the commits up to its `startTs` and its own writes, and its writes become visible all at once, when
 * it commits, or never. Every data method of the database is here too.
 *
 * There are two kinds. `db.transaction(fn)` runs a synchronous function alone: nothing else writes meanwhile, so it never
 * conflicts. `db.beginTransaction()` runs beside others, and `commit` throws a `TransactionConflictError` when one of them
 * got in the way. An open transaction that is garbage is aborted, some time.
 */
export class Transaction extends KeyStore {
  static {
    brand(this, 'Transaction')
  }
  readonly #begun: BegunTransaction
  readonly #namespace: NamespaceIdentity | undefined
  /** Unique while the database is open. */
  readonly id: number
  /** It sees the commits up to this timestamp (`readCommitted`: its first statement does). */
  readonly startTs: bigint
  readonly isolation: IsolationLevel

  /** @internal Applications call `db.transaction(fn)` or `db.beginTransaction()`. */
  constructor(begun: BegunTransaction, namespace?: NamespaceIdentity) {
    super()
    this.#begun = begun
    this.#namespace = namespace
    this.id = begun.id
    this.startTs = begun.startTs
    this.isolation = begun.isolation
    this[nativeHandle] = namespace === undefined ? begun.handle : openNamespace(begun.handle, namespace, this)
  }

  /** The database it belongs to. */
  get database(): Database {
    return this.#begun.database
  }

  get isOpen(): boolean {
    return this.#begun.isOpen
  }

  /**
   * Makes its writes visible and, as far as `syncMode` promises, durable; returns the timestamp. A transaction that only
   * read always commits. Whatever happens, the transaction is finished.
   *
   * @throws TransactionConflictError when another transaction got in the way: run it again from its beginning
   */
  commit(): bigint {
    if (this.#begun.isClosure && this.isOpen) {
      throw new TransactionError('db.transaction(fn) commits when fn returns.', {
        remediation: 'Return from the function to commit; throw, or call txn.abort(), to undo.',
      })
    }
    return this.#commit()
  }

  /** Undoes all it wrote. Harmless when finished. */
  abort(): void {
    if (!this.isOpen) return
    native.abort(this.#begun.handle)
    this.#finish('aborted')
  }

  [Symbol.dispose](): void {
    this.abort()
  }

  /** Marks this place; see `Savepoint`. */
  savepoint(): Savepoint {
    const { handle } = this.#begun
    const use = (method: (transaction: number, savepoint: number) => void, savepoint: number): void => {
      try {
        method(handle, savepoint)
      } catch (error) {
        throw this.explain(error)
      }
    }
    try {
      const savepoint = native.setSavepoint(handle)
      return {
        rollback: () => use(native.rollbackTo, savepoint),
        release: () => use(native.releaseSavepoint, savepoint),
      }
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** Runs a synchronous function as a part that rolls back alone when it throws. */
  transaction<T>(fn: (txn: Transaction) => T): T {
    checkFunction(fn, 'txn.transaction')
    const savepoint = this.savepoint()
    let result: T
    try {
      result = fn(this)
      rejectPromise(result, 'txn.transaction')
    } catch (error) {
      if (this.isOpen) savepoint.rollback()
      throw error
    }
    if (this.isOpen) savepoint.release()
    return result
  }

  /** Alias of `transaction`. */
  withTransaction<T>(fn: (txn: Transaction) => T): T {
    return this.transaction(fn)
  }

  /** @internal */
  get maxBatchBytes(): number {
    return this.database.maxBatchBytes
  }

  /** @internal */
  override get namespaceId(): number {
    return this.#namespace?.id ?? DEFAULT_NAMESPACE_ID
  }

  /** Nothing else is written while it is open: what it reads and writes conflicts with nothing. @internal */
  get runsAlone(): boolean {
    return this.#begun.isClosure
  }

  /** The namespace it was opened through, where it was. @internal */
  get boundTo(): NamespaceIdentity | undefined {
    return this.#namespace
  }

  /** The same transaction, seen through a namespace. @internal */
  through(namespace: NamespaceIdentity): this {
    const { views } = this.#begun
    const held = views.get(namespace.id)
    if (held?.boundTo !== undefined && isSameNamespace(held.boundTo, namespace)) return held as this
    const view = new (this.constructor as typeof Transaction)(this.#begun, namespace)
    views.set(namespace.id, view)
    return view as this
  }

  /** The same object through whatever namespace it is seen. @internal */
  get whole(): object {
    return this.#begun
  }

  /** What `commit` commits, through whatever namespace it is seen. @internal */
  get handleToCommit(): number {
    return this.#begun.handle
  }

  /** Its commit ran elsewhere, and this is what came of it. @internal */
  settle(state: 'committed' | 'aborted'): void {
    this.#finish(state)
  }

  /** Runs the function of `db.transaction` and commits. @internal */
  run<T>(fn: (txn: this) => T): T {
    let result: T
    try {
      result = fn(this)
      rejectPromise(result, 'db.transaction')
    } catch (error) {
      this.abort()
      throw error
    }
    if (this.isOpen) this.#commit()
    return result
  }

  #commit(): bigint {
    try {
      const timestamp = native.commit(this.#begun.handle)
      this.#finish('committed')
      return timestamp
    } catch (error) {
      const explained = this.explain(error)
      // Refused inside a synchronous transaction: it is still open. Anything else has ended it.
      if (!(explained instanceof TransactionError) || explained.details['use'] !== 'txn') this.#finish('aborted')
      throw explained
    }
  }

  #finish(state: State): void {
    this.#begun.finish(state)
    this[nativeHandle] = CLOSED
  }

  /** @internal */
  override explain(error: unknown): unknown {
    const explained = errorFromNative(error, 'transaction')
    const isClosed = explained instanceof DatabaseError && explained.code === ErrorCode.DATABASE_CLOSED
    if (!isClosed && !(explained instanceof TransactionError)) return explained
    if (!isClosed && this.isOpen && this.database.isOpen) return explained
    const { state } = this.#begun
    const what = this.isOpen ? 'ended when its database was closed' : `is ${state} already`
    return new TransactionError(`The transaction ${what}.`, {
      details: { state },
      remediation: 'Begin another transaction.',
    })
  }
}

export function isTransaction(target: unknown): target is Transaction {
  return target instanceof Transaction
}

export function checkFunction(fn: unknown, place: string): void {
  if (typeof fn === 'function') return
  throw new ValidationError(`${place} takes a function.`, { details: { argument: 'fn' } })
}

/** A synchronous transaction ends when its function returns; what a promise would still do comes too late. */
function rejectPromise(result: unknown, place: string): void {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return
  if (typeof (result as { then?: unknown }).then !== 'function') return
  // Its continuation will find the transaction finished; that failure is this one, and has been reported.
  Promise.resolve(result).catch(() => undefined)
  throw new TransactionError(`The function given to ${place} returned a promise. It was rolled back.`, {
    remediation: 'Await before or after it, or use beginTransaction() and commit().',
  })
}
