/**
 * What the addon gives for collections (native/binding/vector_*.cc). Handles are whole numbers; `target` is a database, a
 * transaction or a snapshot.
 *
 * Reads leave their numbers in `buffer` from `offset` on (results.ts) and return the string of ids and metadata; a number
 * when the buffer is too small: the bytes that are needed, for `vectorFetch`.
 */
import { native } from '../engine/index.js'
import type { NavigatorInfo, NavigatorTraining } from './navigator.js'

interface NativeSearch {
  /** `entry` is the collection's document in the catalog: every operation looks whether it is still there. */
  collectionOpen(
    target: number,
    key: Uint8Array,
    entry: Uint8Array,
    namespaceId: number,
    collectionId: number,
    dimension: number,
    metric: number,
    m: number,
    efConstruction: number,
    efSearch: number,
    indexed: Uint8Array,
    /** JSON: fields as arrays of number, path and weight; whether English is stemmed; stop words. */
    text: string | undefined,
    quantization: number,
    pqNumSubvectors: number,
    pqNumCentroids: number,
    /** Whether searches ask the learned navigator, where there is one. */
    learnedNavigator: boolean,
  ): number
  collectionClose(collection: number): void
  /** Lets go of the index of a collection that was dropped. */
  collectionForget(collection: number): void
  /** Whether every vector is linked; false when the time, in milliseconds, ran out (0: no limit). */
  collectionOptimize(collection: number, timeoutMs: number): boolean
  collectionStats(collection: number): IndexStats

  /** Trains a navigator, and uses it where it is accepted. queries: vectors end to end; undefined: stored ones. */
  collectionTrainNavigator(
    target: number,
    collection: number,
    k: number,
    sample: number,
    queries: Float32Array | undefined,
    minRecall: number,
    seed: number,
    checkTime: boolean,
    timeoutMs: number,
  ): NavigatorTraining
  collectionDropNavigator(target: number, collection: number): void
  collectionNavigator(target: number, collection: number): NavigatorInfo

  vectorPut(target: number, collection: number, id: string, vector: Float32Array, metadata: string): void
  /** texts: a JSON array, a string for each of the vectors, which stand end to end. */
  vectorPutChunks(
    target: number,
    collection: number,
    id: string,
    vectors: Float32Array,
    metadata: string,
    texts: string | undefined,
    aggregate: number,
  ): void
  vectorPutMany(target: number, collection: number, documents: Uint8Array, vectors: Float32Array, first: number): void
  vectorDelete(target: number, collection: number, id: string): boolean
  vectorDeleteWhere(target: number, collection: number, filter: string, timeoutMs: number): number

  vectorGet(target: number, collection: number, id: string, buffer: ArrayBuffer, offset: number): string | number
  vectorGetMany(
    target: number,
    collection: number,
    ids: Uint8Array,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number
  /** What the last read left, because it did not fit; of `searchMany` an array of strings. */
  vectorFetch<T extends string | object>(collection: number, buffer: ArrayBuffer, offset: number): T | number
  vectorCount(target: number, collection: number, filter: string | undefined, timeoutMs: number): number
  vectorList(
    target: number,
    collection: number,
    after: string,
    limit: number,
    what: number,
    filter: string | undefined,
    timeoutMs: number,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number
  /** efSearch 0: the collection's; minScore NaN: none; shape: JSON of group path, hits of a group, lambda, fetch, aggregate. */
  vectorSearch(
    target: number,
    collection: number,
    vector: Float32Array,
    k: number,
    efSearch: number,
    what: number,
    minScore: number,
    filter: string | undefined,
    shape: string | undefined,
    timeoutMs: number,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number

  /** By words, and by a vector where there is one. efSearch 0: the collection's; minScore NaN: none. */
  textSearch(
    target: number,
    collection: number,
    words: string,
    vector: Float32Array | undefined,
    k: number,
    efSearch: number,
    what: number,
    minScore: number,
    filter: string | undefined,
    alpha: number,
    rrfK: number,
    shape: string | undefined,
    timeoutMs: number,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number
  /** Searches of one snapshot: of each the arguments of `vectorSearch` or `textSearch` from the third up to `shape`. */
  searchMany(
    target: number,
    collection: number,
    requests: readonly (readonly unknown[])[],
    timeoutMs: number,
    buffer: ArrayBuffer,
    offset: number,
  ): readonly string[] | number

  /** The best part of a text, marked; undefined when the words match nothing in it. */
  textHighlight(
    collection: number,
    words: string,
    text: string,
    maxLength: number,
    before: string,
    after: string,
  ): string | undefined
  /** What posting lists may take in memory. */
  textCacheLimit(collection: number, bytes: number): void
}

/**
 * The same by promise: the work is done by threads of the engine. Reads resolve to results for `vectorFetch`, which frees them.
 * `operation` is a number by which it can be cancelled, 0: it will not be.
 */
interface NativeAsyncSearch {
  asyncCollectionOpen(...args: Parameters<NativeSearch['collectionOpen']>): Promise<number>
  /** `progress` gets the vectors that are linked, and all there are. */
  asyncCollectionOptimize(
    collection: number,
    operation: number,
    timeoutMs: number,
    progress: ((linked: number, total: number) => void) | undefined,
  ): Promise<boolean>
  /** `progress` gets the part of the work that is done, and all there is. */
  asyncCollectionTrainNavigator(
    target: number,
    collection: number,
    k: number,
    sample: number,
    queries: Float32Array | undefined,
    minRecall: number,
    seed: number,
    checkTime: boolean,
    operation: number,
    timeoutMs: number,
    progress: ((done: number, total: number) => void) | undefined,
  ): Promise<NavigatorTraining>
  asyncVectorCount(
    target: number,
    collection: number,
    filter: string | undefined,
    timeoutMs: number,
    operation: number,
  ): Promise<number>
  asyncVectorList(
    target: number,
    collection: number,
    after: string,
    limit: number,
    what: number,
    filter: string | undefined,
    timeoutMs: number,
    operation: number,
  ): Promise<number>
  asyncVectorSearch(
    target: number,
    collection: number,
    vector: Float32Array,
    k: number,
    efSearch: number,
    what: number,
    minScore: number,
    filter: string | undefined,
    shape: string | undefined,
    timeoutMs: number,
    operation: number,
  ): Promise<number>
  asyncSearchMany(
    target: number,
    collection: number,
    requests: readonly (readonly unknown[])[],
    timeoutMs: number,
    operation: number,
  ): Promise<number>
  asyncTextSearch(
    target: number,
    collection: number,
    words: string,
    vector: Float32Array | undefined,
    k: number,
    efSearch: number,
    what: number,
    minScore: number,
    filter: string | undefined,
    alpha: number,
    rrfK: number,
    shape: string | undefined,
    timeoutMs: number,
    operation: number,
  ): Promise<number>
}

/** What the index of a collection measured. */
export interface IndexStats {
  readonly live: number
  readonly dead: number
  readonly reclaimed: number
  readonly linked: number
  readonly unlinked: number
  readonly memoryBytes: number
  readonly vectorBytes: number
  readonly mappedBytes: number
}

/** The bits of `what`. */
export const WITH_METADATA = 1
export const WITH_VECTORS = 2
export const EXACT = 4
export const EXPLAIN = 8

export const search = native as unknown as NativeSearch & NativeAsyncSearch
