/** What the addon gives for indexes that belong to no database (native/binding/standalone_*.cc). */
import type { NativeProgress, Payload } from '../async/native.js'
import { native as addon } from '../engine/index.js'

/** Ids are little-endian u64. */
export interface NativeIndexes {
  vectorIndexCreate(
    dimension: number,
    metric: number,
    m: number,
    efConstruction: number,
    efSearch: number,
    maxElements: number,
  ): number
  vectorIndexClose(index: number): void
  /** The number of vectors that were inserted. */
  vectorIndexInsert(
    index: number,
    ids: Uint8Array,
    vectors: Float32Array,
    threads: number,
    skipRefused: boolean,
  ): number
  vectorIndexDelete(index: number, id: bigint): boolean
  /** Writes id u64 and distance f64 of each, as far as there is room; the number of them. */
  vectorIndexSearch(index: number, query: Float32Array, k: number, efSearch: number, buffer: ArrayBuffer): number
  vectorIndexSize(index: number): number
  vectorIndexInfo(index: number): NativeIndexInfo
  vectorIndexSave(index: number, path: string): void
  vectorIndexLoad(path: string): number
  vectorIndexImport(path: string, dimension: number, metric: number, efSearch: number, maxElements: number): number

  asyncVectorIndexSearch(
    index: number,
    query: Float32Array,
    k: number,
    efSearch: number,
    timeoutMs: number,
    operation: number,
  ): Promise<Payload>
  asyncVectorIndexInsert(
    index: number,
    ids: Uint8Array,
    vectors: Float32Array,
    threads: number,
    skipRefused: boolean,
    timeoutMs: number,
    operation: number,
    progress: NativeProgress | undefined,
  ): Promise<number>
  asyncVectorIndexSave(index: number, path: string, timeoutMs: number, operation: number): Promise<void>
  asyncVectorIndexLoad(path: string, timeoutMs: number, operation: number): Promise<number>
  asyncVectorIndexImport(
    path: string,
    dimension: number,
    metric: number,
    efSearch: number,
    maxElements: number,
    timeoutMs: number,
    operation: number,
  ): Promise<number>
}

export interface NativeIndexInfo {
  readonly dimension: number
  readonly metric: number
  readonly m: number
  readonly efConstruction: number
  readonly efSearch: number
  /** 0: as many as there is memory for. */
  readonly maxElements: number
  readonly memoryBytes: number
}

export const indexes = addon as unknown as NativeIndexes
