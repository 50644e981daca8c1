import type { CompiledQuery } from 'kysely'
import { type DatabaseConnection, type Driver, type QueryResult, type TransactionSettings } from 'kysely'
import {
  TransactionError,
  ValidationError,
  type Database,
  type IsolationLevel,
  type Savepoint,
  type Transaction,
} from 'sochdb'
import { executeStatement, isTransaction } from 'sochdb/internal'
import { lower } from './lowering/lower.js'

/** What statements run on. */
export type Target = Database | Transaction

export const resolveTarget = (target: Target | (() => Target)): Target =>
  typeof target === 'function' ? target() : target

const isolationLevels: Readonly<Record<NonNullable<TransactionSettings['isolationLevel']>, IsolationLevel>> = {
  serializable: 'serializable',
  snapshot: 'snapshot',
  'repeatable read': 'snapshot',
  'read committed': 'readCommitted',
  // Nothing here ever reads what is not committed; the standard allows a stronger level.
  'read uncommitted': 'readCommitted',
}

/**
 * Statements run on the calling thread, so any number of connections is one database. A transaction of Kysely's is an optimistic
 * one: a conflict is raised at commit, as `TransactionConflictError`.
 */
export class SochdbDriver implements Driver {
  readonly #target: Target | (() => Target)

  constructor(target: Target | (() => Target)) {
    this.#target = target
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new SochdbConnection(resolveTarget(this.#target))
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    ours(connection).begin(settings)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    ours(connection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    ours(connection).rollback()
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    ours(connection).savepoint(name)
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    ours(connection).rollbackTo(name)
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    ours(connection).release(name)
  }

  async releaseConnection(): Promise<void> {}

  /** The database belongs to whoever opened it. */
  async destroy(): Promise<void> {}
}

/** Where Kysely's transaction stands: a transaction of the engine or, over a transaction that was handed in, a savepoint of it. */
type Scope =
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  | { readonly kind: 'nested'; readonly transaction: Transaction; readonly savepoint: Savepoint }

class SochdbConnection implements DatabaseConnection {
  readonly #target: Target
  #scope: Scope | undefined
  /** Open savepoints by name, the newest last: SQL allows a name to be used again. */
  readonly #savepoints: { readonly name: string; readonly savepoint: Savepoint }[] = []

  constructor(target: Target) {
    this.#target = target
  }

  begin(settings: TransactionSettings): void {
    if (this.#scope !== undefined)
      throw new TransactionError('This connection has a transaction already: use a savepoint in it.')
    if (settings.accessMode === 'read only') {
      throw new ValidationError(
        'Transactions have no access mode "read only": one that only reads never conflicts as it is.',
      )
    }
    if (isTransaction(this.#target)) {
      this.#scope = { kind: 'nested', transaction: this.#target, savepoint: this.#target.savepoint() }
    } else {
      const isolation =
        settings.isolationLevel === undefined ? {} : { isolation: isolationLevels[settings.isolationLevel] }
      this.#scope = { kind: 'transaction', transaction: this.#target.beginTransaction(isolation) }
    }
  }

  commit(): void {
    const scope = this.#end()
    if (scope.kind === 'nested') scope.savepoint.release()
    else scope.transaction.commit()
  }

  rollback(): void {
    const scope = this.#end()
    if (scope.kind === 'nested') scope.savepoint.rollback()
    else scope.transaction.abort()
  }

  savepoint(name: string): void {
    this.#savepoints.push({ name, savepoint: this.#transaction().savepoint() })
  }

  rollbackTo(name: string): void {
    const at = this.#find(name)
    this.#savepoints[at]!.savepoint.rollback()
    // Rolling back ends the engine's savepoint; SQL's stays, for another try.
    this.#savepoints.length = at
    this.savepoint(name)
  }

  release(name: string): void {
    const at = this.#find(name)
    this.#savepoints[at]!.savepoint.release()
    this.#savepoints.length = at
  }

  async executeQuery<R>(compiledQuery: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, parameters } = lower(compiledQuery.query)
    const result = executeStatement(this.#scope?.transaction ?? this.#target, statement, parameters)
    const rows = result.rows as R[]
    return statement.kind === 'select' ? { rows } : { rows, numAffectedRows: BigInt(result.rowsAffected) }
  }

  async *streamQuery<R>(compiledQuery: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    const { rows } = await this.executeQuery<R>(compiledQuery)
    for (let at = 0; at < rows.length; at += chunkSize) yield { rows: rows.slice(at, at + chunkSize) }
  }

  #transaction(): Transaction {
    if (this.#scope === undefined) throw new TransactionError('A savepoint needs a transaction: begin one first.')
    return this.#scope.transaction
  }

  #end(): Scope {
    const scope = this.#scope
    if (scope === undefined) throw new TransactionError('There is no transaction to end on this connection.')
    this.#scope = undefined
    this.#savepoints.length = 0
    return scope
  }

  #find(name: string): number {
    const at = this.#savepoints.findLastIndex(entry => entry.name === name)
    if (at < 0) throw new TransactionError(`There is no savepoint "${name}" in this transaction.`)
    return at
  }
}

function ours(connection: DatabaseConnection): SochdbConnection {
  if (connection instanceof SochdbConnection) return connection
  throw new TransactionError('This connection was not made by the SochDB driver.')
}
