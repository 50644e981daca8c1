/**
 * What the addon gives for collections (native/binding/vector_*.cc). Handles are whole numbers; `target` is a database, a
 * transaction or a snapshot.
 *
 * Reads leave their numbers in `buffer` from `offset` on (results.ts) and return the string of ids and metadata; a number
 * when the buffer is too small: the bytes that are needed, for `vectorFetch`.
 */
import { native } from '../engine/index.js'

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
  ): number
  collectionClose(collection: number): void
  /** Lets go of the index of a collection that was dropped. */
  collectionForget(collection: number): void
  /** Whether every vector is linked; false when the time, in milliseconds, ran out (0: no limit). */
  collectionOptimize(collection: number, timeoutMs: number): boolean
  collectionStats(collection: number): IndexStats

  vectorPut(target: number, collection: number, id: string, vector: Float32Array, metadata: string): void
  vectorPutMany(target: number, collection: number, documents: Uint8Array, vectors: Float32Array): void
  vectorDelete(target: number, collection: number, id: string): boolean

  vectorGet(target: number, collection: number, id: string, buffer: ArrayBuffer, offset: number): string | number
  vectorGetMany(
    target: number,
    collection: number,
    ids: Uint8Array,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number
  vectorFetch(collection: number, buffer: ArrayBuffer, offset: number): string | number
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
  /** efSearch 0: the collection's; minScore NaN: none. */
  vectorSearch(
    target: number,
    collection: number,
    vector: Float32Array,
    k: number,
    efSearch: number,
    what: number,
    minScore: number,
    filter: string | undefined,
    timeoutMs: number,
    buffer: ArrayBuffer,
    offset: number,
  ): string | number
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
    timeoutMs: number,
    operation: number,
  ): Promise<number>
}

/** What the index of a collection measured. */
export interface IndexStats {
  readonly live: number
  readonly dead: number
  readonly linked: number
  readonly unlinked: number
  readonly memoryBytes: number
}

/** The bits of `what`. */
export const WITH_METADATA = 1
export const WITH_VECTORS = 2
export const EXACT = 4

export const search = native as unknown as NativeSearch & NativeAsyncSearch
