/** Reading and writing keys by promise: what an async database, transaction and snapshot have in common. */
import { copyKey, FastBuffer } from '../bytes/bytes.js'
import type { Bytes } from '../bytes/bytes.js'
import { addPairs, checkIterable, pack } from '../bytes/packer.js'
import type { Packer } from '../bytes/packer.js'
import { boolean, checkOptions, whole } from '../engine/check.js'
import { checkPath, checkPrefix, checkStep, putChecks, ttlOf } from '../engine/keys.js'
import { native as sync, nativeHandle } from '../engine/index.js'
import { readCachedValue } from '../engine/slab.js'
import type { KeyReader, KeyStore, PutOptions } from '../engine/index.js'
import { native } from './native.js'
import { operate, operationChecks, signalCheck } from './operation.js'
import type { OperationOptions } from './operation.js'
import { take, unpackValues } from './packed.js'
import { MAX_BATCH_ROWS, scanArrays, scanRows } from './scan.js'
import type { AsyncScanOptions, AsyncScanSource, BatchOptions } from './scan.js'

/** How long a key stays, and what ends the write before it begins. */
export interface AsyncPutOptions extends PutOptions, OperationOptions {}

/** Reading keys: the methods of a database, a transaction and a snapshot, each returning a promise or an async iterable. */
export interface AsyncKeyReader {
  /** The value of a key, or undefined where there is none; an empty value is a value. */
  get(key: Bytes): Promise<Buffer | undefined>
  /** The value of a key as text; bytes that are not UTF-8 become U+FFFD. */
  getString(key: Bytes): Promise<string | undefined>
  /** Whether the key has a value that has not expired. */
  exists(key: Bytes): Promise<boolean>
  /** The values of several keys, in their order, undefined where there is none; all from one snapshot. */
  getBatch(keys: Iterable<Bytes>, options?: OperationOptions): Promise<(Buffer | undefined)[]>
  /** Alias of `getBatch`. */
  getMany(keys: Iterable<Bytes>, options?: OperationOptions): Promise<(Buffer | undefined)[]>
  /** The value at a path. A path is the key of that name. */
  getPath(path: string): Promise<Buffer | undefined>
  /** The names directly below a path, sorted by their bytes, each once. */
  listPath(path: string): Promise<string[]>
  /** All rows whose key starts with a prefix of any length, as `scanPrefix`; without one, all there are. */
  scan(prefix?: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]>
  /**
   * All rows whose key starts with a prefix, in key order. Lazy: the snapshot it reads is taken when iteration begins, and released
   * when it ends, breaks or throws.
   *
   * @throws ValidationError when the prefix is shorter than 2 bytes; see `scanPrefixUnchecked`
   */
  scanPrefix(prefix: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]>
  /** As `scanPrefix`, with any prefix; the empty one matches every key. */
  scanPrefixUnchecked(prefix: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]>
  /** All rows with start <= key < end, in key order; an empty `end` is open. */
  scanRange(start: Bytes, end: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]>
  /** As `scanPrefix`, reading `batchSize` rows at a time. */
  scanBatched(prefix: Bytes, options?: BatchOptions): AsyncIterable<[Buffer, Buffer]>
  /** As `scanBatched`, in arrays of `batchSize` rows. */
  scanStream(prefix: Bytes, options?: BatchOptions): AsyncIterable<[Buffer, Buffer][]>
}

/** Writing keys by promise. */
export interface AsyncKeyStore extends AsyncKeyReader {
  /** Writes a key. With `ttlSeconds` it expires that long from now. */
  put(key: Bytes, value: Bytes, options?: AsyncPutOptions): Promise<void>
  /** Writes a key that has no value yet; false where it has one, which stays. Atomic. */
  putIfAbsent(key: Bytes, value: Bytes, options?: AsyncPutOptions): Promise<boolean>
  /** Writes a key whose value is `expected`, or which has none when that is undefined; false where it is another. Atomic. */
  compareAndSet(key: Bytes, expected: Bytes | undefined, value: Bytes, options?: AsyncPutOptions): Promise<boolean>
  /** Adds to a number, kept as decimal text, and returns the new one. Atomic. `by`: default 1. */
  increment(key: Bytes, by?: bigint | number, options?: AsyncPutOptions): Promise<bigint>
  /** Deletes a key, whether it exists or not: it reads nothing. */
  delete(key: Bytes, options?: OperationOptions): Promise<void>
  /** Writes all pairs, or none. A key that comes twice keeps the later value. `ttlSeconds` is for each of them. */
  putBatch(entries: Iterable<readonly [Bytes, Bytes]>, options?: AsyncPutOptions): Promise<void>
  /** Deletes all keys, or none. */
  deleteBatch(keys: Iterable<Bytes>, options?: OperationOptions): Promise<void>
  /** Writes the value at a path: the key of that name. */
  putPath(path: string, value: Bytes, options?: AsyncPutOptions): Promise<void>
  /** Deletes the value at a path; what lies below it stays. */
  deletePath(path: string, options?: OperationOptions): Promise<void>
}

/** Where an async object keeps the synchronous one that it stands for. @internal */
export const inner: unique symbol = Symbol('inner')

const MAX_BATCH_KEYS_BYTES = 256 * 1024 * 1024

const scanChecks = {
  reverse: boolean,
  limit: whole(0, Number.MAX_SAFE_INTEGER),
  keysOnly: boolean,
  signal: signalCheck,
}
const batchChecks = { ...scanChecks, batchSize: whole(1, MAX_BATCH_ROWS) }

export const checkOperation = (options: unknown, place: string): OperationOptions | undefined =>
  options === undefined ? undefined : checkOptions(options, operationChecks, place)

export abstract class AsyncReader<Sync extends KeyReader> implements AsyncKeyReader, AsyncScanSource {
  abstract readonly [inner]: Sync
  /** @internal */
  abstract readonly readsAhead: boolean

  /** Runs an operation in its turn. @internal */
  abstract enqueue<T>(action: () => T | Promise<T>): Promise<T>

  /** @internal */
  get [nativeHandle](): number {
    return this[inner][nativeHandle]
  }

  /** The public error for what the addon threw. @internal */
  explain(error: unknown): unknown {
    return this[inner].explain(error)
  }

  get(key: Bytes): Promise<Buffer | undefined> {
    return this.#read(
      target => readCachedValue(target, key),
      async target => {
        const payload = await native.asyncGet(target, key, 0)
        return payload === undefined ? undefined : new FastBuffer(take(payload), 0, payload.bytes)
      },
    )
  }

  getString(key: Bytes): Promise<string | undefined> {
    return this.#read(
      target => sync.getStringCached(target, key),
      target => native.asyncGet(target, key, 1),
    )
  }

  exists(key: Bytes): Promise<boolean> {
    return this.#read(
      target => sync.existsCached(target, key),
      target => native.asyncGet(target, key, 2),
    )
  }

  /** What is in memory is answered at once; what would have to be read from the disk, by a thread of the engine. */
  #read<T>(cached: (target: number) => T | null, elsewhere: (target: number) => Promise<T>): Promise<T> {
    return this.enqueue(() => {
      try {
        const target = this[nativeHandle]
        const value = cached(target)
        return value === null ? this.#explained(elsewhere(target)) : value
      } catch (error) {
        throw this.explain(error)
      }
    })
  }

  async #explained<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (error) {
      throw this.explain(error)
    }
  }

  async getBatch(keys: Iterable<Bytes>, options?: OperationOptions): Promise<(Buffer | undefined)[]> {
    const checked = checkOperation(options, 'getBatch')
    const copied = Array.from(checkIterable(keys, 'keys', 'an iterable of keys'))
    const payload = await this.operate(checked, (operation, timeoutMs) =>
      pack(
        MAX_BATCH_KEYS_BYTES,
        packer => copied.forEach(key => packer.addKey(key)),
        packed => native.asyncGetBatch(this[nativeHandle], packed, operation, timeoutMs),
      ),
    )
    return unpackValues(take(payload), copied.length)
  }

  getMany(keys: Iterable<Bytes>, options?: OperationOptions): Promise<(Buffer | undefined)[]> {
    return this.getBatch(keys, options)
  }

  async getPath(path: string): Promise<Buffer | undefined> {
    checkPath(path)
    return this.get(path)
  }

  async listPath(path: string): Promise<string[]> {
    checkPath(path)
    const directory = path === '' || path.endsWith('/') ? path : `${path}/`
    return this.#explained(this.enqueue(() => native.asyncListChildren(this[nativeHandle], directory)))
  }

  scan(prefix: Bytes = '', options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]> {
    return this.scanPrefixUnchecked(prefix, options)
  }

  scanPrefix(prefix: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]> {
    return this.#rows(checkPrefix(prefix, 'scanPrefix'), undefined, checkOptions(options, scanChecks, 'a scan'))
  }

  scanPrefixUnchecked(prefix: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]> {
    return this.#rows(copyKey(prefix, 'prefix'), undefined, checkOptions(options, scanChecks, 'a scan'))
  }

  scanRange(start: Bytes, end: Bytes, options?: AsyncScanOptions): AsyncIterable<[Buffer, Buffer]> {
    return this.#rows(copyKey(start, 'start'), copyKey(end, 'end'), checkOptions(options, scanChecks, 'a scan'))
  }

  scanBatched(prefix: Bytes, options?: BatchOptions): AsyncIterable<[Buffer, Buffer]> {
    return this.#rows(checkPrefix(prefix, 'scanBatched'), undefined, checkOptions(options, batchChecks, 'scanBatched'))
  }

  scanStream(prefix: Bytes, options?: BatchOptions): AsyncIterable<[Buffer, Buffer][]> {
    const start = checkPrefix(prefix, 'scanStream')
    const checked: BatchOptions = { batchSize: 1000, ...checkOptions(options, batchChecks, 'scanStream') }
    return scanArrays(this, { start, end: undefined, options: checked })
  }

  #rows(start: Buffer, end: Buffer | undefined, options: BatchOptions): AsyncIterable<[Buffer, Buffer]> {
    return scanRows(this, { start, end, options })
  }

  /** An operation of the engine's threads, in its turn and under its signal. */
  protected operate<T>(
    options: OperationOptions | undefined,
    begin: (operation: number, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    return operate(
      options,
      (operation, timeoutMs) => this.enqueue(() => begin(operation, timeoutMs)),
      error => this.explain(error),
    )
  }
}

const asyncPutChecks = { ...operationChecks, ...putChecks }

/** The options of a write, and its time to live in milliseconds. */
export function checkPut(options: unknown, place: string): readonly [OperationOptions | undefined, number] {
  if (options === undefined) return [undefined, 0]
  const { ttlSeconds, ...operation } = checkOptions(options, asyncPutChecks, place) as AsyncPutOptions
  return [operation, ttlOf(ttlSeconds === undefined ? undefined : { ttlSeconds }, place)]
}

export abstract class AsyncStore<Sync extends KeyStore> extends AsyncReader<Sync> implements AsyncKeyStore {
  async put(key: Bytes, value: Bytes, options?: AsyncPutOptions): Promise<void> {
    const [operation, ttlMs] = checkPut(options, 'put')
    return this.operate(operation, (number, timeoutMs) =>
      native.asyncPut(this[nativeHandle], key, value, ttlMs, number, timeoutMs),
    )
  }

  putIfAbsent(key: Bytes, value: Bytes, options?: AsyncPutOptions): Promise<boolean> {
    return this.#compareAndSet('putIfAbsent', key, undefined, value, options)
  }

  compareAndSet(key: Bytes, expected: Bytes | undefined, value: Bytes, options?: AsyncPutOptions): Promise<boolean> {
    return this.#compareAndSet('compareAndSet', key, expected, value, options)
  }

  async increment(key: Bytes, by: bigint | number = 1, options?: AsyncPutOptions): Promise<bigint> {
    const [operation, ttlMs] = checkPut(options, 'increment')
    const step = checkStep(by)
    return this.operate(operation, (number, timeoutMs) =>
      native.asyncIncrement(this[nativeHandle], key, step, ttlMs, number, timeoutMs),
    )
  }

  async delete(key: Bytes, options?: OperationOptions): Promise<void> {
    return this.operate(checkOperation(options, 'delete'), (number, timeoutMs) =>
      native.asyncRemove(this[nativeHandle], key, number, timeoutMs),
    )
  }

  putBatch(entries: Iterable<readonly [Bytes, Bytes]>, options?: AsyncPutOptions): Promise<void> {
    return this.#write('putBatch', packer => addPairs(packer, entries), options)
  }

  deleteBatch(keys: Iterable<Bytes>, options?: OperationOptions): Promise<void> {
    const fill = (packer: Packer): void => {
      for (const key of checkIterable(keys, 'keys', 'an iterable of keys')) packer.addDelete(key)
    }
    return this.#write('deleteBatch', fill, checkOperation(options, 'deleteBatch'))
  }

  async putPath(path: string, value: Bytes, options?: AsyncPutOptions): Promise<void> {
    checkPath(path)
    return this.put(path, value, options)
  }

  async deletePath(path: string, options?: OperationOptions): Promise<void> {
    checkPath(path)
    return this.delete(path, options)
  }

  async #compareAndSet(
    place: string,
    key: Bytes,
    expected: Bytes | undefined,
    value: Bytes,
    options: AsyncPutOptions | undefined,
  ): Promise<boolean> {
    const [operation, ttlMs] = checkPut(options, place)
    return this.operate(operation, (number, timeoutMs) =>
      native.asyncCompareAndSet(this[nativeHandle], key, expected, value, ttlMs, number, timeoutMs),
    )
  }

  /** Packs at once, so that the caller may reuse its arrays; writes in its turn. */
  async #write(place: string, fill: (packer: Packer) => void, options: unknown): Promise<void> {
    const [operation, ttlMs] = checkPut(options, place)
    await pack(this[inner].maxBatchBytes, fill, packed => {
      const records = this.readsAhead ? packed : Uint8Array.prototype.slice.call(packed)
      return this.operate(operation, (number, timeoutMs) =>
        native.asyncWriteBatch(this[nativeHandle], records, ttlMs, number, timeoutMs),
      )
    })
  }
}
