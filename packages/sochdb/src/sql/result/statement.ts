/**
 * A plan that runs: encoded parameters in, rows out. Prepared once per database it runs on; any number of rows come in batches,
 * and all of them have left the engine before the caller sees the first, so that no user code runs inside a statement.
 */
import type { Database, Namespace, Transaction } from '../../engine/index.js'
import { nativeHandle } from '../../engine/handle.js'
import { native } from '../../engine/native.js'
import { errorFromNative } from '../../errors/index.js'
import { checkVectors, encodeRows, ExchangeWriter, type ParameterType, type VectorParameter } from './encode.js'
import { Exchange } from './exchange.js'
import { makeRowFactory, type ResultColumn, type Row, type RowFactory } from './factory.js'
import { rowsOfPayload } from './blocks.js'
import type { NativeExec, RowsPayload } from './native.js'

/** What statements run on. */
export type StatementTarget = Database | Transaction

/** The same, or one of its namespaces, which has no tables: for plans over keys. */
export type RunTarget = StatementTarget | Namespace

/** What the binder makes of a statement, as far as running it goes. */
export interface RunnablePlan {
  readonly words: Int32Array
  readonly constants: Uint8Array
  /** Columns of the rows it yields. */
  readonly columns: readonly ResultColumn[]
  /** One per parameter, in order. */
  readonly parameterTypes: readonly ParameterType[]
  readonly vectors?: readonly VectorParameter[]
}

export interface RunOptions {
  /** 0: no limit. */
  readonly timeoutMs?: number
}

const exec = native as unknown as NativeExec

/** One exchange for this thread, made when the first statement runs. */
let shared: { readonly exchange: Exchange; readonly writer: ExchangeWriter } | undefined

function channel(): { readonly exchange: Exchange; readonly writer: ExchangeWriter } {
  if (shared !== undefined) return shared
  const exchange = new Exchange(exec)
  return (shared = { exchange, writer: new ExchangeWriter(exchange) })
}

export class NativeStatement {
  readonly plan: RunnablePlan
  readonly #factory: RowFactory
  readonly #hasVectors: boolean
  /** Native statements belong to a database handle. */
  readonly #prepared = new WeakMap<Database, number>()
  /** Where it ran last: nearly always where it runs next. */
  #lastDatabase: Database | undefined
  #lastHandle = 0

  constructor(plan: RunnablePlan) {
    this.plan = plan
    this.#factory = makeRowFactory(plan.columns)
    this.#hasVectors = plan.vectors !== undefined && plan.vectors.length > 0
  }

  /** Every row. */
  all(target: RunTarget, database: Database, values: readonly unknown[], options: RunOptions = {}): Row[] {
    const rows: Row[] = []
    this.#run(target, database, values, options, rows)
    return rows
  }

  /** The first row. */
  get(target: RunTarget, database: Database, values: readonly unknown[]): Row | undefined {
    return this.all(target, database, values)[0]
  }

  /** Rows affected. */
  run(target: RunTarget, database: Database, values: readonly unknown[], options: RunOptions = {}): number {
    return this.#run(target, database, values, options, [])
  }

  /** Rows and how many were affected. */
  execute(
    target: RunTarget,
    database: Database,
    values: readonly unknown[],
    options: RunOptions = {},
  ): { rows: Row[]; rowsAffected: number } {
    const rows: Row[] = []
    const rowsAffected = this.#run(target, database, values, options, rows)
    return { rows, rowsAffected }
  }

  /** Once per row of values, all or none; rows affected. */
  runMany(
    target: RunTarget,
    database: Database,
    valuesOfRows: readonly (readonly unknown[])[],
    options: RunOptions = {},
  ): number {
    if (this.#hasVectors) for (const values of valuesOfRows) checkVectors(this.plan.vectors!, values)
    const parameters = encodeRows(this.plan.parameterTypes, valuesOfRows)
    const { exchange: buffer } = channel()
    try {
      const text = exec.statementRunMany(
        target[nativeHandle],
        this.#handle(database),
        buffer.id,
        parameters,
        valuesOfRows.length,
        options.timeoutMs ?? 0,
      )
      return this.#drain(buffer, text, [])
    } catch (error) {
      throw errorFromNative(error, 'query')
    }
  }

  /** Rows batch by batch, as they are asked for; what is not read when it is closed is never read. */
  *batches(
    target: RunTarget,
    database: Database,
    values: readonly unknown[],
    options: RunOptions = {},
  ): Generator<Row[], void> {
    if (this.#hasVectors) checkVectors(this.plan.vectors!, values)
    const { exchange: buffer, writer } = channel()
    const parameters = writer.encode(buffer.views.u8, this.plan.parameterTypes, values)
    let open = 0
    try {
      let text = explained(() =>
        exec.statementRun(target[nativeHandle], this.#handle(database), buffer.id, parameters, options.timeoutMs ?? 0),
      )
      for (;;) {
        const { views } = buffer
        const rows = views.i32[0]!
        const more = views.i32[1] === 1
        open = more ? views.f64[2]! : 0
        const batch: Row[] = []
        if (rows > 0) this.#factory(views, text ?? '', rows, batch)
        if (rows < 0) buffer.grow(views.i32[6]!)
        // Other statements may run while the caller has the batch: the exchange is free.
        if (batch.length > 0) yield batch
        if (!more) return
        text = explained(() => exec.rowsNext(open, buffer.id))
      }
    } finally {
      if (open !== 0) exec.rowsClose(open)
    }
  }

  /** Begins to run on a thread of the engine; the first rows, and the handle of what is left. */
  begin(
    target: RunTarget,
    database: Database,
    values: readonly unknown[],
    operation: number,
    timeoutMs: number,
  ): Promise<RowsPayload> {
    if (this.#hasVectors) checkVectors(this.plan.vectors!, values)
    const parameters = encodeRows(this.plan.parameterTypes, [values])
    return exec.asyncStatementRun(target[nativeHandle], this.#handle(database), parameters, 1, operation, timeoutMs)
  }

  next(rows: number, operation: number, timeoutMs: number): Promise<RowsPayload> {
    return exec.asyncRowsNext(rows, operation, timeoutMs)
  }

  /** Appends the rows of a payload. */
  take(payload: RowsPayload, out: Row[]): void {
    rowsOfPayload(exec, payload, this.#factory, out)
  }

  #run(target: RunTarget, database: Database, values: readonly unknown[], options: RunOptions, out: Row[]): number {
    if (this.#hasVectors) checkVectors(this.plan.vectors!, values)
    const { exchange: buffer, writer } = channel()
    const bytes = writer.encode(buffer.views.u8, this.plan.parameterTypes, values)
    try {
      const statement = this.#handle(database)
      const text = exec.statementRun(target[nativeHandle], statement, buffer.id, bytes, options.timeoutMs ?? 0)
      return this.#drain(buffer, text, out)
    } catch (error) {
      throw errorFromNative(error, 'query')
    }
  }

  /** Takes batch after batch out of the exchange; returns the rows affected. */
  #drain(buffer: Exchange, text: string | undefined, out: Row[]): number {
    for (;;) {
      const { views } = buffer
      const rows = views.i32[0]!
      const more = views.i32[1] === 1
      const handle = views.f64[2]!
      const rowsAffected = views.f64[1]!
      try {
        if (rows > 0) this.#factory(views, text ?? '', rows, out)
        if (!more) return rowsAffected
        if (rows < 0) buffer.grow(views.i32[6]!)
      } catch (error) {
        exec.rowsClose(handle)
        throw error
      }
      text = exec.rowsNext(handle, buffer.id)
    }
  }

  /** Its native half. @internal */
  handleOn(database: Database): number {
    return this.#handle(database)
  }

  #handle(database: Database): number {
    if (database === this.#lastDatabase) return this.#lastHandle
    let handle = this.#prepared.get(database)
    if (handle === undefined) {
      handle = exec.statementPrepare(database[nativeHandle], this.plan.words, this.plan.constants)
      this.#prepared.set(database, handle)
      finalizer.register(this, handle)
    }
    this.#lastDatabase = database
    this.#lastHandle = handle
    return handle
  }
}

/** Statements that fell out of a plan cache give their native half back. Closing one of a closed database does nothing. */
const finalizer = new FinalizationRegistry<number>(handle => {
  exec.statementClose(handle)
})

function explained<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw errorFromNative(error, 'query')
  }
}
