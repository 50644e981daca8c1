/**
 * Scans: rows come from the engine in packed batches (native/binding/slab.h) and become Buffers one by one.
 *
 * A scan is lazy and can be iterated again: each iteration opens a cursor, which reads one snapshot and is closed when the
 * iteration ends, breaks or throws. The first batch is small, so that a short scan is cheap. The rows of a batch share
 * memory: one that is kept keeps its batch (at most 128 KiB, unless the row itself is larger).
 */
import { FastBuffer } from '../bytes/bytes.js'
import { nativeHandle } from './handle.js'
import { native } from './native.js'
import { claimSlab, ownSpace, slabSpace } from './slab.js'
import type { Space } from './slab.js'

const REVERSE = 1
const KEYS_ONLY = 2
const PREFIX = 4

const FIRST_BATCH_BYTES = 4 * 1024
const BATCH_GROWTH = 8
const MAX_BATCH_BYTES = 128 * 1024
const FIRST_BATCH_ROWS = 32
const MAX_BATCH_ROWS = 1000
/** Batches of a size that was asked for: what is set aside for each row, and the most for all. */
const ROW_ESTIMATE_BYTES = 128
const MAX_SIZED_BATCH_BYTES = 1024 * 1024

const STATE_UNIT = 2 ** 32
const STATE_MORE = 0
const STATE_DONE = 1

/** Which rows a scan yields, and in which direction. */
export interface ScanOptions {
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean
  /** The most rows to return. Default: all. */
  readonly limit?: number
  /** Leaves values out: each row's value is an empty Buffer. Default false. */
  readonly keysOnly?: boolean
}

/** A scan whose rows come from the engine in batches. */
export interface BatchedScanOptions extends ScanOptions {
  /** Rows that come from the engine at once; 1 to 100,000. Default 1000. */
  readonly batchSize?: number
}

/** What a scan reads from: an open database, transaction or snapshot. */
export interface ScanSource {
  readonly [nativeHandle]: number
  /** The public error for what the addon threw. */
  explain(error: unknown): unknown
}

export interface ScanRequest {
  readonly start: Buffer
  /** undefined: `start` is a prefix. Empty: to the last key. */
  readonly end: Buffer | undefined
  readonly options: BatchedScanOptions
}

/** The rows of a key range, in key order, as `[key, value]`. Iterating again scans again. */
export class Scan implements Iterable<[Buffer, Buffer]> {
  readonly #source: ScanSource
  readonly #request: ScanRequest

  constructor(source: ScanSource, request: ScanRequest) {
    this.#source = source
    this.#request = request
  }

  [Symbol.iterator](): ScanIterator {
    return new ScanIterator(this.#source, this.#request)
  }
}

/** The rows of a key range, `batchSize` at a time; the last batch may have fewer. Iterating again scans again. */
export class BatchScan implements Iterable<[Buffer, Buffer][]> {
  readonly #source: ScanSource
  readonly #request: ScanRequest

  constructor(source: ScanSource, request: ScanRequest) {
    this.#source = source
    this.#request = request
  }

  *[Symbol.iterator](): Generator<[Buffer, Buffer][], void, undefined> {
    const rows = new ScanIterator(this.#source, this.#request)
    const size = this.#request.options.batchSize ?? MAX_BATCH_ROWS
    try {
      for (;;) {
        const batch: [Buffer, Buffer][] = []
        while (batch.length < size) {
          const { done, value } = rows.next()
          if (done === true) break
          batch.push(value)
        }
        if (batch.length > 0) yield batch
        if (batch.length < size) return
      }
    } finally {
      rows.return()
    }
  }
}

/** Cursors of iterations that were dropped half-way, without `return`. */
const abandoned = new FinalizationRegistry<number>(cursor => native.scanClose(cursor))

const NOTHING: Space = { buffer: new ArrayBuffer(0), words: new Uint32Array(0), offset: 0 }
const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

export class ScanIterator implements IterableIterator<[Buffer, Buffer]> {
  readonly #source: ScanSource
  readonly #request: ScanRequest
  #cursor = 0
  #started = false
  #isRegistered = false
  #remaining: number
  #space = NOTHING
  #at = 0
  #end = 0
  /** The size of batches that was asked for; otherwise they begin small and grow. */
  readonly #batchSize: number | undefined
  #batchBytes = FIRST_BATCH_BYTES

  constructor(source: ScanSource, request: ScanRequest) {
    this.#source = source
    this.#request = request
    this.#remaining = request.options.limit ?? Infinity
    this.#batchSize = request.options.batchSize
    if (this.#batchSize !== undefined) {
      this.#batchBytes = Math.min(
        Math.max(this.#batchSize * ROW_ESTIMATE_BYTES, FIRST_BATCH_BYTES),
        MAX_SIZED_BATCH_BYTES,
      )
    }
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<[Buffer, Buffer], undefined> {
    if (this.#at >= this.#end && !this.#fill()) return END
    const { buffer, words } = this.#space
    const word = this.#at >>> 2
    const keyLength = words[word] as number
    const valueLength = words[word + 1] as number
    const key = new FastBuffer(buffer, this.#at + 8, keyLength)
    const value = new FastBuffer(buffer, this.#at + 8 + keyLength, valueLength)
    this.#at += (8 + keyLength + valueLength + 3) & ~3
    return { done: false, value: [key, value] }
  }

  return(): IteratorReturnResult<undefined> {
    this.#started = true
    this.#at = this.#end = 0
    this.#remaining = 0
    this.#close()
    return END
  }

  [Symbol.dispose](): void {
    this.return()
  }

  /** Reads the next batch; false at the end. */
  #fill(): boolean {
    if (this.#remaining <= 0) {
      this.#close()
      return false
    }
    try {
      if (!this.#started) this.#open()
      return this.#cursor !== 0 && this.#read()
    } catch (error) {
      this.return()
      throw this.#source.explain(error)
    }
  }

  #open(): void {
    const { start, end, options } = this.#request
    const flags =
      (options.reverse === true ? REVERSE : 0) |
      (options.keysOnly === true ? KEYS_ONLY : 0) |
      (end === undefined ? PREFIX : 0)
    this.#started = true
    this.#cursor = native.scan(this.#source[nativeHandle], start, end ?? '', flags)
  }

  /** The first batch goes into the slab, so that a short scan allocates nothing. */
  #read(): boolean {
    let inSlab = this.#batchBytes === FIRST_BATCH_BYTES
    const most = this.#batchSize ?? (inSlab ? FIRST_BATCH_ROWS : MAX_BATCH_ROWS)
    const rows = Math.min(this.#remaining, most)
    const isLast = rows === this.#remaining
    let space = inSlab ? slabSpace(FIRST_BATCH_BYTES) : ownSpace(this.#batchBytes)
    for (;;) {
      const result = native.scanNext(this.#cursor, space.buffer, space.offset, rows, isLast)
      const state = Math.floor(result / STATE_UNIT)
      const bytes = result - state * STATE_UNIT
      if (state === STATE_MORE || state === STATE_DONE) {
        if (inSlab) claimSlab(bytes)
        this.#take(space, bytes, state === STATE_DONE)
        return bytes > 0
      }
      space = ownSpace(bytes) // the next row alone is larger
      inSlab = false
    }
  }

  #take(space: Space, bytes: number, done: boolean): void {
    this.#space = space
    this.#at = space.offset
    this.#end = space.offset + bytes
    if (this.#batchSize === undefined) this.#batchBytes = Math.min(this.#batchBytes * BATCH_GROWTH, MAX_BATCH_BYTES)
    if (done) {
      this.#forget()
      return
    }
    if (this.#remaining !== Infinity) this.#remaining -= this.#countRows()
    if (!this.#isRegistered) {
      abandoned.register(this, this.#cursor, this)
      this.#isRegistered = true
    }
  }

  #countRows(): number {
    let rows = 0
    for (let at = this.#at; at < this.#end; rows++) {
      const keyLength = this.#space.words[at >>> 2] as number
      const valueLength = this.#space.words[(at >>> 2) + 1] as number
      at += (8 + keyLength + valueLength + 3) & ~3
    }
    return rows
  }

  #close(): void {
    if (this.#cursor === 0) return
    native.scanClose(this.#cursor)
    this.#forget()
  }

  #forget(): void {
    this.#cursor = 0
    if (this.#isRegistered) abandoned.unregister(this)
    this.#isRegistered = false
  }
}
