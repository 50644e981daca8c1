import { longChecks, operate, operateLong, operationChecks } from '../async/operation.js'
import type { LongOptions, OperationOptions } from '../async/operation.js'
import { take } from '../async/packed.js'
import { checkOptions } from '../engine/check.js'
import { nativeHandle } from '../engine/handle.js'
import { brand, errorFromNative } from '../errors/index.js'
import { packIds, toFloats, unpackMatches } from './batch.js'
import type { VectorId, VectorMatch } from './batch.js'
import { indexes } from './native.js'
import type { Numbers } from './sums.js'
import {
  checkPath,
  explainImport,
  openIndex,
  packBatch,
  readImport,
  readSearch,
  searchChecks,
  THREADS,
} from './vector-index.js'
import type {
  HnswlibImportOptions,
  InsertResult,
  VectorBatch,
  VectorIds,
  VectorIndex,
  VectorSearchOptions,
} from './vector-index.js'

/**
 * A `VectorIndex` by promise: threads of the engine do the work, the event loop goes on. Arguments are copied during the call.
 * `index.async` is this face of an index, `asyncIndex.index` the other.
 */
export class AsyncVectorIndex {
  static {
    brand(this, 'AsyncVectorIndex')
  }
  readonly index: VectorIndex

  /** @internal */
  constructor(index: VectorIndex) {
    this.index = index
  }

  /**
   * Reads a file that `save` wrote.
   *
   * @throws CorruptionError when the file is damaged, or something else
   * @throws DatabaseError when it cannot be read
   */
  static async load(path: string, options?: OperationOptions): Promise<AsyncVectorIndex> {
    checkPath(path)
    checkOptions(options, operationChecks, 'AsyncVectorIndex.load')
    const handle = await operate(
      options,
      (operation, timeoutMs) => indexes.asyncVectorIndexLoad(path, timeoutMs, operation),
      errorFromNative,
    )
    return openIndex(handle).async
  }

  /** As `VectorIndex.importHnswlib`. */
  static async importHnswlib(
    path: string,
    options: HnswlibImportOptions & OperationOptions,
  ): Promise<AsyncVectorIndex> {
    const file = readImport(path, options, 'AsyncVectorIndex.importHnswlib', operationChecks)
    const handle = await operate(
      options,
      (operation, timeoutMs) => indexes.asyncVectorIndexImport(...file, timeoutMs, operation),
      explainImport,
    )
    return openIndex(handle).async
  }

  /** Values of each vector. */
  get dimension(): number {
    return this.index.dimension
  }
  /** How many vectors there are. */
  get size(): number {
    return this.index.size
  }

  /** As `VectorIndex.insert`. */
  async insert(id: VectorId, vector: Numbers, options?: OperationOptions): Promise<void> {
    checkOptions(options, operationChecks, 'AsyncVectorIndex.insert')
    await this.#insert(packIds([id]), toFloats(vector, this.dimension, 'vector'), 1, false, options)
  }

  /** As `VectorIndex.insertBatch`. Cancelled, it leaves nothing. `onProgress` counts vectors. */
  async insertBatch(ids: VectorIds, vectors: VectorBatch, options?: LongOptions): Promise<number> {
    checkOptions(options, longChecks, 'AsyncVectorIndex.insertBatch')
    const [packed, values] = packBatch(ids, vectors, this.dimension)
    return this.#insert(packed, values, 1, false, options)
  }

  /** As `VectorIndex.insertBatchFast`. Cancelled, it leaves nothing. `onProgress` counts vectors. */
  async insertBatchFast(ids: VectorIds, vectors: VectorBatch, options?: LongOptions): Promise<InsertResult> {
    checkOptions(options, longChecks, 'AsyncVectorIndex.insertBatchFast')
    const [packed, values] = packBatch(ids, vectors, this.dimension)
    const inserted = await this.#insert(packed, values, THREADS, true, options)
    return { inserted, failed: packed.length / 8 - inserted }
  }

  #insert(ids: Uint8Array, vectors: Float32Array, threads: number, skip: boolean, options: LongOptions = {}) {
    return operateLong(
      options,
      (operation, timeoutMs, progress) =>
        indexes.asyncVectorIndexInsert(
          this.index[nativeHandle],
          ids,
          vectors,
          threads,
          skip,
          timeoutMs,
          operation,
          progress,
        ),
      'database',
    )
  }

  /** As `VectorIndex.search`. */
  async search(query: Numbers, options?: VectorSearchOptions & OperationOptions): Promise<VectorMatch[]> {
    const { k, efSearch } = readSearch(options, 'AsyncVectorIndex.search', { ...searchChecks, ...operationChecks })
    const values = toFloats(query, this.dimension, 'query')
    const payload = await operate(
      options,
      (operation, timeoutMs) =>
        indexes.asyncVectorIndexSearch(this.index[nativeHandle], values, k, efSearch, timeoutMs, operation),
      error => errorFromNative(error, 'query'),
    )
    return unpackMatches(take(payload), payload.bytes / 16)
  }

  /** As `VectorIndex.delete`, which takes no time. */
  async delete(id: VectorId): Promise<boolean> {
    return this.index.delete(id)
  }

  /** As `VectorIndex.save`. */
  async save(path: string, options?: OperationOptions): Promise<void> {
    checkPath(path)
    checkOptions(options, operationChecks, 'AsyncVectorIndex.save')
    await operate(
      options,
      (operation, timeoutMs) => indexes.asyncVectorIndexSave(this.index[nativeHandle], path, timeoutMs, operation),
      errorFromNative,
    )
  }

  /** As `VectorIndex.close`; what has not ended by then is cancelled. */
  async close(): Promise<void> {
    this.index.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
