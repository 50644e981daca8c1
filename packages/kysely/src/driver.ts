import { CompiledQuery, type DatabaseConnection, type Driver, type TransactionSettings } from 'kysely'
import { SochdbConnection, type Lane } from './connection.js'
import { rootOf, type Root } from './executor.js'
import type { Printer } from './query-compiler.js'
import { StatementCache } from './statement-cache.js'
import { guardOf, type TargetOption } from './target.js'

const IDLE_MAX = 64

/** A transaction of Kysely's is an optimistic one: a conflict is raised at commit, as `TransactionConflictError`. */
export class SochdbDriver implements Driver {
  readonly #target: TargetOption
  readonly #printer: Printer
  readonly #lane: Lane | undefined
  readonly #cache = new StatementCache()
  #root: Root | undefined
  /**
   * Connections that nobody has, to be given out again: Kysely remembers each one it ever saw. Only of targets that run statements by
   * call: elsewhere one may have been left to run.
   */
  readonly #idle: SochdbConnection[] = []

  /** `lane`: how queries become statements, for tests. */
  constructor(target: TargetOption, printer: Printer, lane?: Lane) {
    this.#target = target
    this.#printer = printer
    this.#lane = lane
  }

  async init(): Promise<void> {
    this.#root = rootOf(typeof this.#target === 'function' ? await this.#target() : this.#target)
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#root === undefined) await this.init()
    return new SochdbConnection(this.#root!, this.#printer, this.#cache, this.#lane, guardOf(this.#target))
  }

  async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel, accessMode }: TransactionSettings,
  ): Promise<void> {
    const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
    await run(connection, `begin${level}${accessMode === undefined ? '' : ` ${accessMode}`}`)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await run(connection, 'commit')
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await run(connection, 'rollback')
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `savepoint ${quoted(name)}`)
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `rollback to ${quoted(name)}`)
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `release ${quoted(name)}`)
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (!(connection instanceof SochdbConnection)) return
    if (connection.isInTransaction) await connection.release()
    if (this.#root?.isSynchronous === true && this.#idle.length < IDLE_MAX) this.#idle.push(connection)
  }

  /** The database belongs to whoever opened it. */
  async destroy(): Promise<void> {}
}

async function run(connection: DatabaseConnection, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement))
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
