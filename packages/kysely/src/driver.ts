import type { DatabaseConnection, Driver, TransactionSettings } from 'kysely'
import { TransactionError } from 'sochdb'
import { SochdbConnection, type Lane } from './connection.js'
import { rootOf, type Root } from './executor.js'
import type { Printer } from './query-compiler.js'
import { resolveTarget, type TargetOption } from './target.js'

/** A transaction of Kysely's is an optimistic one: a conflict is raised at commit, as `TransactionConflictError`. */
export class SochdbDriver implements Driver {
  readonly #target: TargetOption
  readonly #printer: Printer
  readonly #lane: Lane | undefined
  #root: Root | undefined

  /** `lane`: how queries become statements, for tests. */
  constructor(target: TargetOption, printer: Printer, lane?: Lane) {
    this.#target = target
    this.#printer = printer
    this.#lane = lane
  }

  async init(): Promise<void> {
    this.#root = rootOf(await resolveTarget(this.#target))
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#root === undefined) await this.init()
    return new SochdbConnection(this.#root!, this.#printer, this.#lane)
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await ours(connection).begin(settings)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).rollback()
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await ours(connection).savepoint(name)
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await ours(connection).rollbackTo(name)
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await ours(connection).release(name)
  }

  async releaseConnection(): Promise<void> {}

  /** The database belongs to whoever opened it. */
  async destroy(): Promise<void> {}
}

function ours(connection: DatabaseConnection): SochdbConnection {
  if (connection instanceof SochdbConnection) return connection
  throw new TransactionError('This connection was not made by the SochDB driver.')
}
