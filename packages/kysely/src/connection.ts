import type { AbortableOperationOptions, CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { CheckError, NotNullError, TransactionError, UniqueConstraintError } from 'sochdb'
import type { Row, Statement, StatementGuard, TransactionStatement } from 'sochdb/internal'
import type { Executor, Outcome, Place, Root, Scope } from './executor.js'
import type { Printer } from './query-compiler.js'
import { Runnable, runnableOf } from './statement.js'
import type { StatementCache } from './statement-cache.js'
import type { Target } from './target.js'

export type Lane = (query: CompiledQuery, printer: Printer, cache: StatementCache) => Runnable

/** Any number of connections is one database: a connection is where a transaction is kept. */
export class SochdbConnection implements DatabaseConnection {
  readonly #root: Root
  readonly #printer: Printer
  readonly #cache: StatementCache
  readonly #lane: Lane
  readonly #guard: StatementGuard | undefined
  #scope: Scope | undefined
  #isReadOnly = false
  /** Open savepoints by name, the newest last: SQL allows a name to be used again. */
  readonly #savepoints: { readonly name: string; readonly place: Place }[] = []
  /** Stops the statements that run now. */
  #running: AbortController | undefined

  constructor(
    root: Root,
    printer: Printer,
    cache: StatementCache,
    lane: Lane = runnableOf,
    guard: StatementGuard | undefined = undefined,
  ) {
    this.#guard = guard
    this.#root = root
    this.#printer = printer
    this.#cache = cache
    this.#lane = lane
  }

  /** Stops the statement that runs on a thread of the engine; nothing of it remains. One that runs on this thread has ended by now. */
  async cancelQuery(): Promise<void> {
    this.#running?.abort()
  }

  async executeQuery<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>> {
    if (!isOrRollback(query)) return this.#execute(query, options)
    try {
      return await this.#execute(query, options)
    } catch (error) {
      // Without a transaction nothing is left to undo; with one it ends here, and what follows is on its own, as in SQLite.
      if (CONSTRAINTS.some(kind => error instanceof kind)) await this.#end()?.rollback()
      throw error
    }
  }

  async #execute<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>> {
    const runnable = this.#admit(query)
    if (isOfTransactions(runnable.statement)) {
      await this.#transact(runnable.statement)
      return { rows: [] }
    }
    const executor = this.#executor
    const insert = runnable.insertsOne
    const key = insert && executor.integerKey(insert.table)
    const runs = insert && key !== undefined ? runnable.returning(insert, key, this.#cache) : runnable
    // Kysely stops a statement through `cancelQuery`, or leaves it to run when its signal is aborted, as it was told to.
    const run = (): Outcome | Promise<Outcome> =>
      options?.signal === undefined ? executor.execute(runs, undefined) : this.#stoppable(executor, runs)
    const made = this.#guard?.log.isActive === true ? this.#heard(runs, run) : run()
    const outcome = made instanceof Promise ? await made : made
    if (runs !== runnable) return inserted(outcome, key!)
    const rows = outcome.rows as R[]
    return isCounted(runnable) ? { rows, numAffectedRows: BigInt(outcome.rowsAffected) } : { rows }
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
    options?: AbortableOperationOptions,
  ): AsyncIterableIterator<QueryResult<R>> {
    const runnable = this.#admit(query)
    const size = chunkSize >= 1 ? chunkSize : 100
    const started = performance.now()
    let rows: Row[] = []
    let count = 0
    let problem: unknown
    try {
      for await (const row of this.#executor.iterate(runnable, options?.signal)) {
        count++
        rows.push(row)
        if (rows.length < size) continue
        yield { rows: rows as R[] }
        rows = []
      }
      if (rows.length > 0) yield { rows: rows as R[] }
    } catch (error) {
      problem = error
      throw error
    } finally {
      // Also where the loop over it ends before its rows do.
      const log = this.#guard?.log
      if (log?.isActive === true) {
        log.tell(runnable.statement, runnable.values, performance.now() - started, count, problem)
      }
    }
  }

  /** What its statements run on where no transaction is open. */
  get target(): Target {
    return this.#root.target
  }

  get isInTransaction(): boolean {
    return this.#scope !== undefined
  }

  /** Undoes what a BEGIN without an end did: nobody has this connection any more. */
  async release(): Promise<void> {
    const scope = this.#end()
    if (scope === undefined) return
    await scope.rollback()
    throw new TransactionError('A transaction was begun by a statement, and not ended: it was rolled back.', {
      remediation: 'Use db.transaction() or db.startTransaction(), or keep one connection with db.connection().',
    })
  }

  get #executor(): Executor {
    return this.#scope ?? this.#root
  }

  #admit(query: CompiledQuery): Runnable {
    const runnable = this.#guarded(this.#lane(query, this.#printer, this.#cache))
    if (this.#isReadOnly && runnable.isWrite) {
      throw new TransactionError('The transaction is read only.', {
        remediation: 'Begin it without setAccessMode("read only") to write in it.',
      })
    }
    return runnable
  }

  /** What the client of this connection may run. */
  #guarded(given: Runnable): Runnable {
    if (this.#guard === undefined) return given
    const { statement, values } = this.#guard.apply(given)
    if (statement === given.statement) return given
    const whole = given.whole
    const applied = whole === given ? { statement, values } : this.#guard.apply(whole)
    return new Runnable(applied.statement, applied.values, this.#cache.get(applied.statement, applied.values.length))
  }

  /** Runs a statement, and tells who listens. */
  async #heard(query: Runnable, run: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    const { log } = this.#guard!
    const { statement, values } = query
    const started = performance.now()
    try {
      const made = run()
      const outcome = made instanceof Promise ? await made : made
      log.tell(statement, values, performance.now() - started, Math.max(outcome.rows.length, outcome.rowsAffected))
      return outcome
    } catch (error) {
      log.tell(statement, values, performance.now() - started, 0, error)
      throw error
    }
  }

  async #stoppable(executor: Executor, query: Runnable): Promise<Outcome> {
    const running = (this.#running = new AbortController())
    try {
      return await executor.execute(query, running.signal)
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }

  /** Transactions come as statements, as Kysely's other dialects run them: loggers see them. */
  async #transact(statement: TransactionStatement): Promise<void> {
    switch (statement.kind) {
      case 'begin':
        if (this.#scope !== undefined) {
          throw new TransactionError('This connection has a transaction already: use a savepoint in it.')
        }
        this.#scope = await this.#root.begin(statement.isolation)
        this.#isReadOnly = statement.readOnly
        return
      case 'commit':
        await this.#end()?.commit()
        return
      case 'rollback':
        // Kysely rolls back after a commit that failed, too: there is nothing left to undo then.
        if (statement.to === undefined) await this.#end()?.rollback()
        else await this.#rollbackTo(statement.to)
        return
      case 'savepoint':
        await this.#savepoint(statement.name)
        return
      case 'release': {
        const at = this.#find(statement.name)
        await this.#savepoints[at]!.place.release()
        this.#savepoints.length = at
      }
    }
  }

  async #savepoint(name: string): Promise<void> {
    if (this.#scope === undefined) throw new TransactionError('A savepoint needs a transaction: begin one first.')
    this.#savepoints.push({ name, place: await this.#scope.savepoint() })
  }

  async #rollbackTo(name: string): Promise<void> {
    const at = this.#find(name)
    await this.#savepoints[at]!.place.rollback()
    // Rolling back ends the engine's savepoint; SQL's stays, for another try.
    this.#savepoints.length = at
    await this.#savepoint(name)
  }

  #end(): Scope | undefined {
    const scope = this.#scope
    this.#scope = undefined
    this.#isReadOnly = false
    this.#savepoints.length = 0
    return scope
  }

  #find(name: string): number {
    const at = this.#savepoints.findLastIndex(entry => entry.name === name)
    if (at < 0) throw new TransactionError(`There is no savepoint "${name}" in this transaction.`)
    return at
  }
}

/** What OR ROLLBACK answers to: as in SQLite, foreign keys are not among them. */
const CONSTRAINTS = [UniqueConstraintError, NotNullError, CheckError] as const

function isOrRollback({ query }: CompiledQuery): boolean {
  return query.kind === 'InsertQueryNode' && query.orAction?.action === 'rollback'
}

function isOfTransactions(statement: Statement): statement is TransactionStatement {
  switch (statement.kind) {
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
      return true
    default:
      return false
  }
}

const isCounted = ({ statement: { kind } }: Runnable): boolean =>
  kind === 'insert' || kind === 'update' || kind === 'delete'

/** Of an INSERT that nobody asked for rows: the key came with RETURNING, and is not a row of its result. */
function inserted<R>({ rows, rowsAffected }: Outcome, key: string): QueryResult<R> {
  const id = rows[0]?.[key] as number | bigint | null | undefined
  const result = { rows: [], numAffectedRows: BigInt(rowsAffected) }
  return id === undefined || id === null ? result : { ...result, insertId: BigInt(id) }
}
