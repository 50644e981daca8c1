/**
 * A plan that runs: encoded parameters in, rows out. Prepared once per database it runs on; any number of rows come in batches,
 * and all of them have left the engine before the caller sees the first, so that no user code runs inside a statement.
 */
import type { Database, Namespace, Snapshot, Transaction } from '../../engine/index.js'
import { nativeHandle } from '../../engine/handle.js'
import { native } from '../../engine/native.js'
import { errorFromNative } from '../../errors/index.js'
import {
  checkVectors,
  encodeFlat,
  encodeRows,
  ExchangeWriter,
  type ParameterType,
  type VectorParameter,
} from './encode.js'
import { Exchange } from './exchange.js'
import { makeRowFactory, type ResultColumn, type Row, type RowFactory } from './factory.js'
import { rowsOfPayload } from './blocks.js'
import type { NativeExec, RowsPayload } from './native.js'
import { ResultSize } from './size.js'

/** What statements run on. Each is seen through one namespace, whose tables it has: `namespaceId`. */
export type StatementTarget = Database | Namespace | Transaction | Snapshot

/** The database that a target belongs to, or is. */
export function databaseOf(target: StatementTarget): Database {
  return 'database' in target ? target.database : target
}

/** What the binder makes of a statement, as far as running it goes. */
export interface RunnablePlan {
  readonly words: Int32Array
  readonly constants: Uint8Array
  /** Columns of the rows it yields. */
  readonly columns: readonly ResultColumn[]
  /** One per parameter, in order. */
  readonly parameterTypes: readonly ParameterType[]
  readonly vectors?: readonly VectorParameter[]
  readonly isWrite?: boolean
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
  all(target: StatementTarget, database: Database, values: readonly unknown[], options?: RunOptions): Row[] {
    const rows: Row[] = []
    this.#drain(this.#start(target, database, values, options), rows)
    return rows
  }

  /** The first row. A write is run to its end; what a read would give behind the first rows is left. */
  get(target: StatementTarget, database: Database, values: readonly unknown[], options?: RunOptions): Row | undefined {
    const text = this.#start(target, database, values, options)
    const { views } = shared!.exchange
    const { i32 } = views
    if (i32[1] === 0) return i32[0] === 0 ? undefined : this.#factory.one(views, text ?? '')
    if (this.plan.isWrite === false && i32[0]! > 0) {
      exec.rowsClose(views.f64[2]!)
      return this.#factory.one(views, text ?? '')
    }
    const rows: Row[] = []
    this.#drain(text, rows)
    return rows[0]
  }

  /** Rows affected. */
  run(target: StatementTarget, database: Database, values: readonly unknown[], options?: RunOptions): number {
    const text = this.#start(target, database, values, options)
    const { i32, f64 } = shared!.exchange.views
    return i32[1] === 0 ? f64[1]! : this.#drain(text, [])
  }

  /** Rows and how many were affected. */
  execute(
    target: StatementTarget,
    database: Database,
    values: readonly unknown[],
    options?: RunOptions,
  ): { rows: Row[]; rowsAffected: number } {
    const rows: Row[] = []
    const rowsAffected = this.#drain(this.#start(target, database, values, options), rows)
    return { rows, rowsAffected }
  }

  /** Once per row of values, all or none; rows affected. */
  runMany(
    target: StatementTarget,
    database: Database,
    valuesOfRows: readonly (readonly unknown[])[],
    options?: RunOptions,
  ): number {
    if (this.#hasVectors) for (const values of valuesOfRows) checkVectors(this.plan.vectors!, values)
    const parameters = encodeRows(this.plan.parameterTypes, valuesOfRows)
    return this.#runEncoded(target, database, parameters, valuesOfRows.length, options)
  }

  /** The same with the values of all rows in one array, each row's behind those of the row before. */
  runFlat(target: StatementTarget, database: Database, values: readonly unknown[], options?: RunOptions): number {
    const { parameterTypes, vectors } = this.plan
    const rows = values.length / parameterTypes.length
    if (this.#hasVectors) for (let i = 0; i < rows; i++) checkVectors(vectors!, values, i * parameterTypes.length)
    return this.#runEncoded(target, database, encodeFlat(parameterTypes, values), rows, options)
  }

  #runEncoded(
    target: StatementTarget,
    database: Database,
    parameters: Uint8Array,
    rows: number,
    options: RunOptions | undefined,
  ): number {
    const { exchange } = channel()
    let text: string | undefined
    try {
      text = exec.statementRunMany(
        target[nativeHandle],
        this.#handle(database),
        exchange.id,
        parameters,
        rows,
        options?.timeoutMs ?? 0,
      )
    } catch (error) {
      throw errorFromNative(error, 'query')
    }
    return this.#drain(text, [])
  }

  /** Rows batch by batch, as they are asked for; what is not read when it is closed is never read. */
  *batches(
    target: StatementTarget,
    database: Database,
    values: readonly unknown[],
    options: RunOptions = {},
  ): Generator<Row[], void> {
    let text = this.#start(target, database, values, options)
    const buffer = shared!.exchange
    let open = 0
    try {
      for (;;) {
        const { views } = buffer
        const rows = views.i32[0]!
        const more = views.i32[1] === 1
        open = more ? views.f64[2]! : 0
        const batch: Row[] = []
        if (rows > 0) this.#factory.many(views, text ?? '', rows, batch)
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
    target: StatementTarget,
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
  take(payload: RowsPayload, out: Row[], size?: ResultSize): void {
    size?.add(0, 0, payload.bytes)
    rowsOfPayload(exec, payload, this.#factory, out)
  }

  /** Runs it, and leaves its first rows in the exchange; their string. */
  #start(
    target: StatementTarget,
    database: Database,
    values: readonly unknown[],
    options: RunOptions | undefined,
  ): string | undefined {
    if (this.#hasVectors) checkVectors(this.plan.vectors!, values)
    const { exchange, writer } = shared ?? channel()
    const bytes = writer.encode(exchange, this.plan.parameterTypes, values)
    const { i32, f64 } = exchange.views
    try {
      const statement = database === this.#lastDatabase ? this.#lastHandle : this.#handle(database)
      i32[0] = bytes
      f64[1] = options?.timeoutMs ?? 0
      return exec.statementRun(target[nativeHandle], statement, exchange.id)
    } catch (error) {
      throw errorFromNative(error, 'query')
    }
  }

  /** Takes batch after batch out of the exchange; returns the rows affected. */
  #drain(first: string | undefined, out: Row[]): number {
    const buffer = shared!.exchange
    let text = first
    let size: ResultSize | undefined
    for (;;) {
      const { views } = buffer
      const rows = views.i32[0]!
      const more = views.i32[1] === 1
      const handle = views.f64[2]!
      const rowsAffected = views.f64[1]!
      try {
        if (rows > 0) this.#factory.many(views, text ?? '', rows, out)
        if (!more) return rowsAffected
        // Of what comes in one piece there is no more to come.
        size ??= new ResultSize()
        size.add(Math.max(rows, 0), this.plan.columns.length, text?.length ?? 0)
        if (rows < 0) buffer.grow(views.i32[6]!)
      } catch (error) {
        exec.rowsClose(handle)
        throw error
      }
      text = explained(() => exec.rowsNext(handle, buffer.id))
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
