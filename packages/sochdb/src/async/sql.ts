/** SQL by promise: statements run on threads of the engine, their rows come in blocks, and either can be stopped. */
import { performance } from 'node:perf_hooks'

import { ErrorCode, brand, errorFromNative, QueryError } from '../errors/index.js'
import { isTransaction } from '../engine/transaction.js'
import { resultOf } from '../sql/session.js'
import type { Row, StatementTarget } from '../sql/session.js'
import type { RowsPayload } from '../sql/result/native.js'
import { ResultSize } from '../sql/result/size.js'
import { executeText, runIndexBuild, sqlText, SqlResult, valuesOf } from '../sql/text/index.js'
import type { ExecuteOptions, SqlParameters, SqlText } from '../sql/text/index.js'
import { native } from '../engine/native.js'
import type { NativeExec } from '../sql/result/native.js'
import type { AsyncDatabase } from './database.js'
import type { AsyncNamespace } from './namespace.js'
import type { AsyncSnapshot } from './snapshot.js'
import { inner } from './keys.js'
import { operate } from './operation.js'
import type { AsyncTransaction } from './transaction.js'

const exec = native as unknown as NativeExec
const BIND_ATTEMPTS = 5

/** Whatever plans run on, one after the other where that is what it asks for. */
export interface AsyncSqlTarget {
  readonly statements: StatementTarget
  enqueue<T>(action: () => T | Promise<T>): Promise<T>
}

/** A prepared statement whose executions are promises. See `Database.prepare`. */
export class AsyncPreparedSql<T = Row> {
  static {
    brand(this, 'AsyncPreparedSql')
  }
  readonly #target: AsyncSqlTarget
  readonly #text: SqlText
  readonly #options: ExecuteOptions
  #isOpen = true

  constructor(target: AsyncSqlTarget, text: SqlText, options: ExecuteOptions) {
    this.#target = target
    this.#text = text
    this.#options = options
  }

  /** The text it was made of. */
  get sql(): string {
    return this.#text.parsed.text
  }

  async execute(params?: SqlParameters): Promise<SqlResult<T>> {
    this.#check()
    return executeAsync<T>(this.#target, this.#text, params, this.#options)
  }

  /** The first row, or `undefined`. */
  async get(params?: SqlParameters): Promise<T | undefined> {
    return (await this.execute(params)).rows[0]
  }

  /** Every row, and nothing about them. */
  async all(params?: SqlParameters): Promise<T[]> {
    return (await this.execute(params)).rows
  }

  /** Runs it; the rows inserted, updated or deleted. */
  async run(params?: SqlParameters): Promise<number> {
    return (await this.execute(params)).rowsAffected
  }

  /** The rows as they are asked for. */
  iterate(params?: SqlParameters): AsyncIterableIterator<T> {
    this.#check()
    return iterateAsync<T>(this.#target, this.#text, params, this.#options)
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false
  }

  #check(): void {
    if (!this.#isOpen) throw new QueryError('The prepared statement is closed.', { remediation: 'Prepare it again.' })
  }
}

export async function executeAsync<T = Row>(
  target: AsyncSqlTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): Promise<SqlResult<T>> {
  const started = performance.now()
  if (!text.isData && !text.analyzes) {
    return target.enqueue(async () => {
      const isBuild = text.parsed.statement.kind === 'createIndex' && !isTransaction(target.statements)
      if (!isBuild) return executeText<T>(target.statements, text, params, options)
      valuesOf(text.parsed, params)
      await runIndexBuild(target.statements, text, options)
      return new SqlResult<T>([], [], [], 0, performance.now() - started)
    })
  }
  const rows: Row[] = []
  const run = new AsyncRun(target, text, params, options)
  try {
    const size = new ResultSize()
    while (!run.isDone) await run.advance(rows, size)
  } finally {
    await run.close()
  }
  const { columns, names, rows: shown, rowsAffected } = resultOf(run.plan, rows, run.rowsAffected)
  return new SqlResult<T>(columns, names, shown as T[], rowsAffected, performance.now() - started)
}

export async function* iterateAsync<T = Row>(
  target: AsyncSqlTarget,
  text: SqlText,
  params: SqlParameters | undefined,
  options: ExecuteOptions,
): AsyncGenerator<T, void, undefined> {
  if (!text.isData) {
    yield* (await executeAsync<T>(target, text, params, options)).rows
    return
  }
  const run = new AsyncRun(target, text, params, options)
  abandoned.register(run, run.held)
  try {
    while (!run.isDone) {
      const rows: Row[] = []
      await run.advance(rows)
      yield* rows as T[]
    }
  } finally {
    await run.close()
  }
}

/** What of a result is left in the engine when nobody reads on. */
interface Held {
  rows: number
}

const abandoned = new FinalizationRegistry<Held>(held => {
  if (held.rows !== 0) exec.asyncRowsClose(held.rows)
})

/** One execution: its first rows by a statement's handle, the others by that of the result. */
class AsyncRun {
  readonly held: Held = { rows: 0 }
  readonly #target: AsyncSqlTarget
  readonly #text: SqlText
  readonly #options: ExecuteOptions
  readonly #values: readonly unknown[]
  readonly #deadline: number
  #runnable: ReturnType<SqlText['prepared']['runnable']> | undefined
  #isDone = false
  rowsAffected = 0

  constructor(target: AsyncSqlTarget, text: SqlText, params: SqlParameters | undefined, options: ExecuteOptions) {
    this.#target = target
    this.#text = text
    this.#options = options
    this.#values = valuesOf(text.parsed, params)
    this.#deadline = options.timeoutMs === undefined ? 0 : performance.now() + options.timeoutMs
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get plan() {
    return this.#runnable!.plan
  }

  /** Appends the next rows. */
  async advance(out: Row[], size?: ResultSize): Promise<void> {
    for (let attempt = 1; ; ++attempt) {
      try {
        const payload = await this.#step(attempt > 1)
        this.#isDone = payload.done
        this.held.rows = payload.rows
        if (payload.done && this.#runnable!.plan.isWrite) this.rowsAffected = payload.rowsAffected
        this.#runnable!.native.take(payload, out, size)
        return
      } catch (error) {
        const moved = error instanceof QueryError && error.code === ErrorCode.SCHEMA_CHANGED
        if (this.held.rows !== 0 || !moved || attempt === BIND_ATTEMPTS) throw error
      }
    }
  }

  #step(afresh: boolean): Promise<RowsPayload> {
    const { signal } = this.#options
    const timeoutMs = this.#deadline === 0 ? 0 : Math.max(1, Math.ceil(this.#deadline - performance.now()))
    return operate(
      signal === undefined ? undefined : { signal },
      number =>
        this.#target.enqueue(() => {
          if (this.held.rows !== 0) return this.#runnable!.native.next(this.held.rows, number, timeoutMs)
          const { statements } = this.#target
          const runnable = (this.#runnable = this.#text.prepared.runnable(statements, this.#values, afresh))
          return runnable.native.begin(statements, runnable.database, runnable.values, number, timeoutMs)
        }),
      error => errorFromNative(error, 'query'),
    )
  }

  async close(): Promise<void> {
    const { rows } = this.held
    if (rows === 0) return
    this.held.rows = 0
    await this.#target.enqueue(() => exec.asyncRowsClose(rows))
  }
}

/** All rows of a plan that needs no catalog. */
export async function runToEnd(target: AsyncSqlTarget, prepare: () => Prepared): Promise<Row[]> {
  const rows: Row[] = []
  let left = 0
  try {
    const { statements } = target
    const { database, native: statement, values } = prepare()
    let payload = await target.enqueue(() => statement.begin(statements, database, values, 0, 0))
    for (;;) {
      left = payload.rows
      statement.take(payload, rows)
      if (payload.done) return rows
      payload = await target.enqueue(() => statement.next(left, 0, 0))
    }
  } catch (error) {
    if (left !== 0) exec.asyncRowsClose(left)
    throw errorFromNative(error, 'query')
  }
}

type Prepared = Pick<ReturnType<SqlText['prepared']['runnable']>, 'database' | 'native' | 'values'>

export const prepareAsync = <T>(target: AsyncSqlTarget, sql: string, options: ExecuteOptions): AsyncPreparedSql<T> =>
  new AsyncPreparedSql<T>(target, sqlText(sql, options.dialect), options)

/** What statements of an asynchronous database, or of what was opened on it, run on. */
export function sqlTargetOf(target: AsyncDatabase | AsyncNamespace | AsyncTransaction | AsyncSnapshot): AsyncSqlTarget {
  const impl = target as unknown as Enqueueing
  return { statements: impl[inner], enqueue: action => impl.enqueue(action) }
}

interface Enqueueing {
  readonly [inner]: StatementTarget
  enqueue<T>(action: () => T | Promise<T>): Promise<T>
}
