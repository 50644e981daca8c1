/** Running statements by call and by promise, behind one face. */
import type {
  AsyncDatabase,
  AsyncNamespace,
  AsyncTransaction,
  Database,
  IsolationLevel,
  Namespace,
  Savepoint,
  Transaction,
} from 'sochdb'
import {
  executeAsync,
  executeText,
  integerKeyOf,
  isTransaction,
  iterateAsync,
  iterateText,
  sqlTargetOf,
} from 'sochdb/internal'
import type { AsyncSqlTarget, Row } from 'sochdb/internal'
import type { Runnable } from './statement.js'
import { isAsyncTransaction, isSynchronous, type Target } from './target.js'

export interface Outcome {
  readonly rows: readonly Row[]
  readonly rowsAffected: number
}

export interface Executor {
  execute(query: Runnable, signal: AbortSignal | undefined): Outcome | Promise<Outcome>
  /** The rows as they are asked for. */
  iterate(query: Runnable, signal: AbortSignal | undefined): Iterable<Row> | AsyncIterable<Row>
  /** See `integerKeyOf`. */
  integerKey(table: string): string | undefined
}

export interface Place {
  rollback(): void | Promise<void>
  release(): void | Promise<void>
}

/** A transaction, or a part of one that was handed in. */
export interface Scope extends Executor {
  commit(): unknown
  rollback(): unknown
  savepoint(): Place | Promise<Place>
}

export interface Root extends Executor {
  /** Whether a statement has ended when its call returns. */
  readonly isSynchronous: boolean
  readonly target: Target
  begin(isolation: IsolationLevel | undefined): Promise<Scope>
}

export function rootOf(target: Target): Root {
  if (isSynchronous(target)) return new SyncRoot(target)
  return new AsyncRoot(target)
}

class SyncExecutor implements Executor {
  constructor(readonly target: Database | Namespace | Transaction) {}

  execute(query: Runnable, signal: AbortSignal | undefined): Outcome {
    const { batch } = query
    if (batch !== undefined) return { rows: [], rowsAffected: query.text.prepared.runMany(this.target, batch) }
    if (query.isData) return query.text.prepared.execute(this.target, query.values)
    return executeText(this.target, query.text, query.values, signal === undefined ? {} : { signal })
  }

  iterate(query: Runnable, signal: AbortSignal | undefined): Iterable<Row> {
    const { text, values } = query.whole
    return iterateText<Row>(this.target, text, values, signal === undefined ? {} : { signal })
  }

  integerKey(table: string): string | undefined {
    return integerKeyOf(this.target, table)
  }
}

class SyncRoot extends SyncExecutor implements Root {
  readonly isSynchronous = true

  async begin(isolation: IsolationLevel | undefined): Promise<Scope> {
    const { target } = this
    if (isTransaction(target)) return new SyncNested(target, target.savepoint())
    return new SyncScope(target.beginTransaction(isolation === undefined ? {} : { isolation }))
  }
}

class SyncScope extends SyncExecutor implements Scope {
  constructor(protected readonly transaction: Transaction) {
    super(transaction)
  }

  commit(): void {
    this.transaction.commit()
  }

  rollback(): void {
    this.transaction.abort()
  }

  savepoint(): Place {
    return this.transaction.savepoint()
  }
}

/** Over a transaction that belongs to somebody else: a savepoint of it. */
class SyncNested extends SyncScope {
  readonly #savepoint: Savepoint

  constructor(transaction: Transaction, savepoint: Savepoint) {
    super(transaction)
    this.#savepoint = savepoint
  }

  override commit(): void {
    this.#savepoint.release()
  }

  override rollback(): void {
    this.#savepoint.rollback()
  }
}

class AsyncExecutor implements Executor {
  readonly #sql: AsyncSqlTarget

  constructor(target: AsyncDatabase | AsyncNamespace | AsyncTransaction) {
    this.#sql = sqlTargetOf(target)
  }

  execute(query: Runnable, signal: AbortSignal | undefined): Promise<Outcome> {
    const { text, values } = query.whole
    return executeAsync(this.#sql, text, values, signal === undefined ? {} : { signal })
  }

  iterate(query: Runnable, signal: AbortSignal | undefined): AsyncIterable<Row> {
    const { text, values } = query.whole
    return iterateAsync<Row>(this.#sql, text, values, signal === undefined ? {} : { signal })
  }

  integerKey(table: string): string | undefined {
    return integerKeyOf(this.#sql.statements, table)
  }
}

class AsyncRoot extends AsyncExecutor implements Root {
  readonly isSynchronous = false

  constructor(readonly target: AsyncDatabase | AsyncNamespace | AsyncTransaction) {
    super(target)
  }

  async begin(isolation: IsolationLevel | undefined): Promise<Scope> {
    const { target } = this
    if (isAsyncTransaction(target)) return new AsyncNested(target, await target.savepoint())
    return new AsyncScope(await target.beginTransaction(isolation === undefined ? {} : { isolation }))
  }
}

class AsyncScope extends AsyncExecutor implements Scope {
  constructor(protected readonly transaction: AsyncTransaction) {
    super(transaction)
  }

  commit(): Promise<unknown> {
    return this.transaction.commit()
  }

  rollback(): Promise<void> {
    return this.transaction.abort()
  }

  savepoint(): Promise<Place> {
    return this.transaction.savepoint()
  }
}

class AsyncNested extends AsyncScope {
  readonly #savepoint: Place

  constructor(transaction: AsyncTransaction, savepoint: Place) {
    super(transaction)
    this.#savepoint = savepoint
  }

  override async commit(): Promise<void> {
    await this.#savepoint.release()
  }

  override async rollback(): Promise<void> {
    await this.#savepoint.rollback()
  }
}
