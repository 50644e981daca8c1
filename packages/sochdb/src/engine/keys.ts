/**
 * Reading and writing keys: what a database, a transaction and a snapshot have in common.
 */
import { addPairs, checkIterable, pack } from '../bytes/packer.js'
import { copyKey } from '../bytes/bytes.js'
import type { Bytes } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'
import { boolean, checkOptions, whole } from './check.js'
import { CLOSED, nativeHandle } from './handle.js'
import { native } from './native.js'
import { Scan } from './scan.js'
import type { ScanOptions } from './scan.js'
import { readBatch, readValue } from './slab.js'

export interface PutOptions {
  /** The key is gone this many seconds after the write (fractions allowed). 0 or absent: it stays. */
  readonly ttlSeconds?: number
}

/** The most that keys of one `getBatch` may take, packed. */
const MAX_BATCH_KEYS_BYTES = 256 * 1024 * 1024
const MAX_TTL_SECONDS = 1e11
const MIN_PREFIX_BYTES = 2

const putChecks = {
  ttlSeconds: (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= MAX_TTL_SECONDS
      ? undefined
      : `a number of seconds from 0 to ${MAX_TTL_SECONDS}`,
}
const scanChecks = { reverse: boolean, limit: whole(0, Number.MAX_SAFE_INTEGER), keysOnly: boolean }

export abstract class KeyReader {
  [nativeHandle]: number = CLOSED

  /** The public error for what the addon threw. @internal */
  abstract explain(error: unknown): unknown

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

  /**
   * All rows whose key starts with a prefix, in key order. Lazy: the snapshot it reads is taken when iteration begins, and
   * released when it ends.
   *
   * @throws ValidationError when the prefix is shorter than 2 bytes; see `scanPrefixUnchecked`
   */
  scanPrefix(prefix: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    const start = copyKey(prefix, 'prefix')
    if (start.length < MIN_PREFIX_BYTES) {
      throw new ValidationError(
        `A prefix of ${start.length} bytes could match the whole database; scanPrefix takes at least ${MIN_PREFIX_BYTES}.`,
        {
          details: { argument: 'prefix' },
          remediation: 'Use a longer prefix, or scanPrefixUnchecked when a large scan is what you want.',
        },
      )
    }
    return this.#scan(start, undefined, options)
  }

  /** As `scanPrefix`, with any prefix; the empty one matches every key. */
  scanPrefixUnchecked(prefix: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    return this.#scan(copyKey(prefix, 'prefix'), undefined, options)
  }

  /** All rows with start <= key < end, in key order; an empty `end` is open. Lazy, as `scanPrefix` is. */
  scanRange(start: Bytes, end: Bytes, options?: ScanOptions): Iterable<[Buffer, Buffer]> {
    return this.#scan(copyKey(start, 'start'), copyKey(end, 'end'), options)
  }

  #scan(start: Buffer, end: Buffer | undefined, options: ScanOptions | undefined): Scan {
    return new Scan(this, { start, end, options: checkOptions(options, scanChecks, 'a scan') })
  }
}

export abstract class KeyStore extends KeyReader {
  /** The most that one batch may write, in bytes. @internal */
  abstract readonly maxBatchBytes: number

  /** Writes a key. With `ttlSeconds` it expires that long from now. */
  put(key: Bytes, value: Bytes, options?: PutOptions): void {
    try {
      const ttlSeconds = options === undefined ? undefined : checkOptions(options, putChecks, 'put')['ttlSeconds']
      if (ttlSeconds === undefined || ttlSeconds === 0) native.put(this[nativeHandle], key, value)
      else native.putWithTtl(this[nativeHandle], key, value, (ttlSeconds as number) * 1000)
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

  /** Writes all pairs, or none. A key that comes twice keeps the later value. */
  putBatch(entries: Iterable<readonly [Bytes, Bytes]>): void {
    this.#write(packer => addPairs(packer, entries))
  }

  /** Deletes all keys, or none. */
  deleteBatch(keys: Iterable<Bytes>): void {
    this.#write(packer => {
      for (const key of checkIterable(keys, 'keys', 'an iterable of keys')) packer.addDelete(key)
    })
  }

  #write(fill: Parameters<typeof pack>[1]): void {
    try {
      pack(this.maxBatchBytes, fill, packed => native.writeBatch(this[nativeHandle], packed))
    } catch (error) {
      throw this.explain(error)
    }
  }
}
