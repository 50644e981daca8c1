/**
 * Scans by promise: batches are read on the engine's threads, and become rows here.
 *
 * Where nothing else may come between (a database), the next batch is read while the rows of the last one are used:
 * at most one ahead.
 */
import { nativeHandle } from '../engine/index.js'
import type { ScanOptions } from '../engine/index.js'
import { CLOSED } from '../engine/handle.js'
import { native } from './native.js'
import type { NativeBatch } from './native.js'
import { operate } from './operation.js'
import { take, unpackRows } from './packed.js'

const REVERSE = 1
const KEYS_ONLY = 2
const PREFIX = 4

const FIRST_ROWS = 64
const DEFAULT_ROWS = 1000
const BATCH_BYTES = 128 * 1024
/** With a batch size of the caller's own: as many rows as were asked for, unless they are this large. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024
export const MAX_BATCH_ROWS = 100_000

/** Which rows a scan yields, and what ends it. */
export interface AsyncScanOptions extends ScanOptions {
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal
}

/** A scan that yields its rows in batches. */
export interface BatchOptions extends AsyncScanOptions {
  /** Rows that are read at a time, from 1 to 100 000. Default 1000. */
  readonly batchSize?: number
}

/** What a scan reads from. */
export interface AsyncScanSource {
  readonly [nativeHandle]: number
  explain(error: unknown): unknown
  /** Runs an operation in its turn. */
  enqueue<T>(action: () => T | Promise<T>): Promise<T>
  /** Whether batches may be read ahead. */
  readonly readsAhead: boolean
}

export interface AsyncScanRequest {
  readonly start: Buffer
  /** undefined: `start` is a prefix. Empty: to the last key. */
  readonly end: Buffer | undefined
  readonly options: BatchOptions
}

/** Cursors of iterations that were dropped half-way, without `return`. */
const abandoned = new FinalizationRegistry<{ cursor: number }>(({ cursor }) => native.asyncScanClose(cursor))

/** The batches of one iteration. */
class Batches {
  readonly #source: AsyncScanSource
  readonly #request: AsyncScanRequest
  /** Apart from this object, so that it outlives it for as long as the cursor has to be closed. */
  readonly held = { cursor: CLOSED }
  #remaining: number
  #started = false
  #ahead: Promise<NativeBatch> | undefined
  #rows: number

  constructor(source: AsyncScanSource, request: AsyncScanRequest) {
    this.#source = source
    this.#request = request
    this.#remaining = request.options.limit ?? Infinity
    this.#rows = request.options.batchSize ?? FIRST_ROWS
  }

  /** The next rows; undefined at the end. */
  async next(): Promise<[Buffer, Buffer][] | undefined> {
    this.#request.options.signal?.throwIfAborted()
    if (this.#ahead === undefined) {
      if (this.#remaining <= 0) return undefined
      this.#ahead = this.#read()
    }
    const batch = await this.#ahead
    this.#ahead = undefined
    this.#remaining -= batch.rows
    const rows = unpackRows(take(batch), batch.rows)
    if (batch.done) this.held.cursor = CLOSED
    if (batch.done) this.#remaining = 0
    this.#rows = this.#request.options.batchSize ?? DEFAULT_ROWS
    if (this.#remaining > 0 && this.#source.readsAhead) {
      this.#ahead = this.#read()
      this.#ahead.catch(() => undefined) // `next` reports it
    }
    return rows.length === 0 && batch.done ? undefined : rows
  }

  async close(): Promise<void> {
    this.#remaining = 0
    const ahead = this.#ahead
    this.#ahead = undefined
    const { cursor } = this.held
    this.held.cursor = CLOSED
    if (cursor === CLOSED) {
      if (ahead !== undefined) await ahead.then(take, () => undefined)
      return
    }
    // Cancels what is being read ahead.
    if (this.#source.readsAhead) native.asyncScanClose(cursor)
    else await this.#source.enqueue(() => native.asyncScanClose(cursor))
    if (ahead !== undefined) await ahead.then(take, () => undefined)
  }

  #read(): Promise<NativeBatch> {
    const rows = Math.min(this.#rows, this.#remaining)
    const bytes = this.#request.options.batchSize === undefined ? BATCH_BYTES : MAX_BATCH_BYTES
    return operate(
      this.#request.options.signal === undefined ? undefined : { signal: this.#request.options.signal },
      number =>
        this.#source.enqueue(() => {
          if (!this.#started) this.#open()
          return native.asyncScanNext(this.held.cursor, rows, bytes, rows === this.#remaining, number, 0)
        }),
      error => this.#source.explain(error),
    )
  }

  #open(): void {
    const { start, end, options } = this.#request
    const flags =
      (options.reverse === true ? REVERSE : 0) |
      (options.keysOnly === true ? KEYS_ONLY : 0) |
      (end === undefined ? PREFIX : 0)
    this.#started = true
    this.held.cursor = native.asyncScan(this.#source[nativeHandle], start, end ?? '', flags)
  }
}

async function* rowsOf(batches: Batches): AsyncGenerator<[Buffer, Buffer], void, undefined> {
  try {
    for (;;) {
      const rows = await batches.next()
      if (rows === undefined) return
      for (const row of rows) yield row
    }
  } finally {
    await batches.close()
  }
}

async function* arraysOf(batches: Batches): AsyncGenerator<[Buffer, Buffer][], void, undefined> {
  try {
    for (;;) {
      const rows = await batches.next()
      if (rows === undefined) return
      if (rows.length > 0) yield rows
    }
  } finally {
    await batches.close()
  }
}

/** Something to iterate over, any number of times; each time scans again. */
class Scan<T> implements AsyncIterable<T> {
  readonly #begin: () => AsyncGenerator<T, void, undefined>

  constructor(begin: () => AsyncGenerator<T, void, undefined>) {
    this.#begin = begin
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return this.#begin()
  }
}

function iterate<T>(
  source: AsyncScanSource,
  request: AsyncScanRequest,
  over: (batches: Batches) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const batches = new Batches(source, request)
  const generator = over(batches)
  abandoned.register(generator, batches.held)
  return generator
}

/** The rows of a key range, in key order. */
export const scanRows = (source: AsyncScanSource, request: AsyncScanRequest): AsyncIterable<[Buffer, Buffer]> =>
  new Scan(() => iterate(source, request, rowsOf))

/** The same in arrays, each of `batchSize` rows but the last. */
export const scanArrays = (source: AsyncScanSource, request: AsyncScanRequest): AsyncIterable<[Buffer, Buffer][]> =>
  new Scan(() => iterate(source, request, arraysOf))
