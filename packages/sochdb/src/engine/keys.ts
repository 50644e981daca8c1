/**
 * Reading and writing keys: what a database, a namespace, a transaction and a snapshot have in common.
 */
import { addPairs, checkIterable, pack } from '../bytes/packer.js'
import { copyKey, describe } from '../bytes/bytes.js'
import type { Bytes } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'
import { boolean, checkOptions, whole } from './check.js'
import { DEFAULT_NAMESPACE_ID } from './constants.js'
import { CLOSED, nativeHandle } from './handle.js'
import { native } from './native.js'
import { BatchScan, Scan } from './scan.js'
import type { BatchedScanOptions, ScanOptions, ScanRequest } from './scan.js'
import { readBatch, readValue } from './slab.js'

/** How long a key stays. */
export interface PutOptions {
  /** The key is gone this many seconds after the write (fractions allowed). 0 or absent: it stays. */
  readonly ttlSeconds?: number
}

/** The most that keys of one `getBatch` may take, packed. */
const MAX_BATCH_KEYS_BYTES = 256 * 1024 * 1024
const MAX_TTL_SECONDS = 1e11
const MIN_PREFIX_BYTES = 2
const MAX_BATCH_SIZE = 100_000
const DEFAULT_BATCH_SIZE = 1000

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

export const putChecks = {
  ttlSeconds: (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= MAX_TTL_SECONDS
      ? undefined
      : `a number of seconds from 0 to ${MAX_TTL_SECONDS}`,
}
const scanChecks = { reverse: boolean, limit: whole(0, Number.MAX_SAFE_INTEGER), keysOnly: boolean }
const batchedChecks = { ...scanChecks, batchSize: whole(1, MAX_BATCH_SIZE) }

/** The time to live in milliseconds; 0 is for ever. */
export function ttlOf(options: PutOptions | undefined, place: string): number {
  if (options === undefined) return 0
  return ((checkOptions(options, putChecks, place)['ttlSeconds'] as number | undefined) ?? 0) * 1000
}

export function checkPrefix(prefix: Bytes, method: string): Buffer {
  const start = copyKey(prefix, 'prefix')
  if (start.length >= MIN_PREFIX_BYTES) return start
  throw new ValidationError(
    `A prefix of ${start.length} bytes could match the whole database; ${method} takes at least ${MIN_PREFIX_BYTES}.`,
    {
      details: { argument: 'prefix' },
      remediation: 'Use a longer prefix, or scanPrefixUnchecked when a large scan is what you want.',
    },
  )
}

export function checkPath(path: unknown): asserts path is string {
  if (typeof path === 'string') return
  throw new ValidationError(`path must be a string; this one is ${describe(path)}.`, { details: { argument: 'path' } })
}

/** What `increment` adds, as a bigint of 64 bits. */
export function checkStep(by: unknown): bigint {
  const isWhole = typeof by === 'bigint' || Number.isSafeInteger(by)
  const step = isWhole ? BigInt(by as bigint | number) : 0n
  if (isWhole && step >= INT64_MIN && step <= INT64_MAX) return step
  const given = typeof by === 'number' || typeof by === 'bigint' ? String(by) : describe(by)
  throw new ValidationError(`by must be a safe integer, or a bigint from -2^63 to 2^63 - 1; this one is ${given}.`, {
    details: { argument: 'by' },
  })
}

export abstract class KeyReader {
  [nativeHandle]: number = CLOSED

  /** The public error for what the addon threw. @internal */
  abstract explain(error: unknown): unknown

  /** The id of the namespace whose keys these are. @internal */
  get namespaceId(): number {
    return DEFAULT_NAMESPACE_ID
  }

  /**
   * The value of a key, or undefined where there is none; an empty value is a value.
   *
   * The Buffer is yours to read for as long as you like, and never changes. It may be a view of memory that other values
   * share, so copy what you keep for long, and do not hand on its `.buffer`.
   */
  get(key: Bytes): Buffer | undefined {
    try {
      return readValue(this[nativeHandle], key)
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** The value of a key as text; bytes that are not UTF-8 become U+FFFD. Faster than `get` for text. */
  getString(key: Bytes): string | undefined {
    try {
      return native.getString(this[nativeHandle], key)
    } catch (error) {
      throw this.explain(error)
    }
  }

  exists(key: Bytes): boolean {
    try {
      return native.exists(this[nativeHandle], key)
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** The values of several keys, in their order, undefined where there is none; all from one snapshot. */
  getBatch(keys: Iterable<Bytes>): (Buffer | undefined)[] {
    let count = 0
    try {
      return pack(
        MAX_BATCH_KEYS_BYTES,
        packer => {
          for (const key of checkIterable(keys, 'keys', 'an iterable of keys')) {
            packer.addKey(key)
            count++
          }
        },
        packed => readBatch(this[nativeHandle], packed, count),
      )
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** Alias of `getBatch`. */
  getMany(keys: Iterable<Bytes>): (Buffer | undefined)[] {
    return this.getBatch(keys)
  }

  /** The value at a path. A path is the key of that name: `getPath('a/b')` is `get('a/b')`. */
  getPath(path: string): Buffer | undefined {
    checkPath(path)
    return this.get(path)
  }

  /**
   * The names directly below a path, sorted by their bytes, each once: of `users/alice/name` and `users/bob`, `listPath('users')`
   * and `listPath('users/')` are `['alice', 'bob']`. The empty path lists what all others begin with. Keys below a child are
   * jumped over, so its cost grows with the children alone. Bytes that are not UTF-8 become U+FFFD.
   *
   * @throws DatabaseError (`LIMIT_EXCEEDED`) when there are more than a million
   */
  listPath(path: string): string[] {
    checkPath(path)
    try {
      return native.listChildren(this[nativeHandle], path === '' || path.endsWith('/') ? path : `${path}/`)
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** All rows whose key starts with a prefix of any length, as `scanPrefix`; without one, all there are. */
  scan(prefix: Bytes = '', options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    return this.scanPrefixUnchecked(prefix, options)
  }

  /**
   * All rows whose key starts with a prefix, in key order. Lazy: the snapshot it reads is taken when iteration begins, and
   * released when it ends.
   *
   * @throws ValidationError when the prefix is shorter than 2 bytes; see `scanPrefixUnchecked`
   */
  scanPrefix(prefix: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    const start = checkPrefix(prefix, 'scanPrefix')
    return new Scan(this, { start, end: undefined, options: checkOptions(options, scanChecks, 'a scan') })
  }

  /** As `scanPrefix`, with any prefix; the empty one matches every key. */
  scanPrefixUnchecked(prefix: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    const start = copyKey(prefix, 'prefix')
    return new Scan(this, { start, end: undefined, options: checkOptions(options, scanChecks, 'a scan') })
  }

  /** All rows with start <= key < end, in key order; an empty `end` is open. Lazy, as `scanPrefix` is. */
  scanRange(start: Bytes, end: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    return new Scan(this, {
      start: copyKey(start, 'start'),
      end: copyKey(end, 'end'),
      options: checkOptions(options, scanChecks, 'a scan'),
    })
  }

  /** As `scanPrefix`, with `batchSize` rows fetched at once from the first: for scans that are known to be long. */
  scanBatched(prefix: Bytes, options?: BatchedScanOptions): Iterable<[Buffer, Buffer]> {
    return new Scan(this, this.#batched(checkPrefix(prefix, 'scanBatched'), options))
  }

  /**
   * As `scanPrefix`, in arrays of `batchSize` rows; the last one may have fewer.
   *
   * @example
   * for (const rows of db.scanStream('logs/', { batchSize: 10_000 })) upload(rows)
   */
  scanStream(prefix: Bytes, options?: BatchedScanOptions): Iterable<[Buffer, Buffer][]> {
    return new BatchScan(this, this.#batched(checkPrefix(prefix, 'scanStream'), options))
  }

  #batched(start: Buffer, options: BatchedScanOptions | undefined): ScanRequest {
    const checked = checkOptions(options, batchedChecks, 'a scan')
    return { start, end: undefined, options: { batchSize: DEFAULT_BATCH_SIZE, ...checked } }
  }
}

export abstract class KeyStore extends KeyReader {
  /** The most that one batch may write, in bytes. @internal */
  abstract readonly maxBatchBytes: number

  /** Writes a key. With `ttlSeconds` it expires that long from now. */
  put(key: Bytes, value: Bytes, options?: PutOptions): void {
    try {
      const ttlMs = ttlOf(options, 'put')
      if (ttlMs === 0) native.put(this[nativeHandle], key, value)
      else native.putWithTtl(this[nativeHandle], key, value, ttlMs)
    } catch (error) {
      throw this.explain(error)
    }
  }

  /**
   * Writes a key that has no value yet; false where it has one, which stays.
   *
   * Atomic: of several that try at once, one succeeds. In a transaction the answer holds until the commit, or that is a
   * conflict.
   *
   * @example
   * if (db.putIfAbsent('lock:import', worker, { ttlSeconds: 30 })) runImport()
   */
  putIfAbsent(key: Bytes, value: Bytes, options?: PutOptions): boolean {
    return this.#compareAndSet('putIfAbsent', key, undefined, value, options)
  }

  /**
   * Writes a key whose value is `expected`, or which has none when that is undefined; false where it is another. Atomic, as
   * `putIfAbsent` is.
   */
  compareAndSet(key: Bytes, expected: Bytes | undefined, value: Bytes, options?: PutOptions): boolean {
    return this.#compareAndSet('compareAndSet', key, expected, value, options)
  }

  /**
   * Adds to a number and returns the new one. The value is kept as decimal text, from -2^63 to 2^63 - 1; a key without a value
   * counts as 0. A counter that exists keeps its expiry: `ttlSeconds` is for one that is made.
   *
   * Atomic: none is lost, however many count at once. In a transaction two that count the same key conflict.
   *
   * @param by a safe integer or a bigint; default 1
   * @throws ValidationError when the value is no such number, or would not be one afterwards (`details.reason`); it stays as
   * it was
   *
   * @example
   * if (db.increment(`requests:${user}`, 1, { ttlSeconds: 60 }) > 100n) throw new Error('Too many requests')
   */
  increment(key: Bytes, by: bigint | number = 1, options?: PutOptions): bigint {
    try {
      return native.increment(this[nativeHandle], key, checkStep(by), ttlOf(options, 'increment'))
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** Deletes a key, whether it exists or not: it reads nothing. */
  delete(key: Bytes): void {
    try {
      native.remove(this[nativeHandle], key)
    } catch (error) {
      throw this.explain(error)
    }
  }

  /** Writes all pairs, or none. A key that comes twice keeps the later value. `ttlSeconds` is for each of them. */
  putBatch(entries: Iterable<readonly [Bytes, Bytes]>, options?: PutOptions): void {
    this.#write(packer => addPairs(packer, entries), ttlOf(options, 'putBatch'))
  }

  /** Deletes all keys, or none. */
  deleteBatch(keys: Iterable<Bytes>): void {
    this.#write(packer => {
      for (const key of checkIterable(keys, 'keys', 'an iterable of keys')) packer.addDelete(key)
    }, 0)
  }

  /** Writes the value at a path: the key of that name. */
  putPath(path: string, value: Bytes, options?: PutOptions): void {
    checkPath(path)
    this.put(path, value, options)
  }

  /** Deletes the value at a path; what lies below it stays. */
  deletePath(path: string): void {
    checkPath(path)
    this.delete(path)
  }

  #compareAndSet(
    method: string,
    key: Bytes,
    expected: Bytes | undefined,
    value: Bytes,
    options: PutOptions | undefined,
  ): boolean {
    try {
      return native.compareAndSet(this[nativeHandle], key, expected, value, ttlOf(options, method))
    } catch (error) {
      throw this.explain(error)
    }
  }

  #write(fill: Parameters<typeof pack>[1], ttlMs: number): void {
    try {
      pack(this.maxBatchBytes, fill, packed => native.writeBatch(this[nativeHandle], packed, ttlMs))
    } catch (error) {
      throw this.explain(error)
    }
  }
}
