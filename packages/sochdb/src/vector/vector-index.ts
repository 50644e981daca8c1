import { availableParallelism } from 'node:os'

import { checkOptions, oneOf, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { nativeHandle } from '../engine/handle.js'
import { allocate } from '../engine/slab.js'
import { describe } from '../bytes/bytes.js'
import { brand, DimensionMismatchError, errorFromNative, ValidationError } from '../errors/index.js'
import { DistanceMetric } from '../search/index.js'
import { AsyncVectorIndex } from './async.js'
import { flatten, packIds, toFloats, toId, unpackMatches } from './batch.js'
import type { VectorId, VectorMatch } from './batch.js'
import { indexes } from './native.js'
import type { NativeIndexInfo } from './native.js'
import type { Numbers } from './sums.js'

/** What a `VectorIndex` is made of. */
export interface VectorIndexConfig {
  /** Values of each vector: 1 to 16384. */
  readonly dimension: number
  /** Default `cosine`. */
  readonly metric?: DistanceMetric
  /** Neighbours of each vector in the graph: 2 to 64, default 16. More finds more and takes more memory. */
  readonly m?: number
  /** Candidates looked at when a vector is linked: 4 to 4000, default 100. */
  readonly efConstruction?: number
  /** Candidates a search looks at unless it says otherwise: 1 to 10000, default 50. */
  readonly efSearch?: number
  /** The most vectors that there may be. Default: as many as there is memory for. */
  readonly maxElements?: number
}

/** How many vectors a search finds, and how hard it looks. */
export interface VectorSearchOptions {
  /** How many vectors to find at most; default 10. */
  readonly k?: number
  /** Candidates looked at: 1 to 10000, at least `k` are; default the index's. More finds more and takes longer. */
  readonly efSearch?: number
}

/** What a file of hnswlib does not say. */
export interface HnswlibImportOptions {
  /** Values of each vector: 1 to 16384. */
  readonly dimension: number
  /** What the index was made for, in our words or in hnswlib's. */
  readonly metric: DistanceMetric | 'l2' | 'ip'
  /** As of `VectorIndexConfig`. */
  readonly efSearch?: number
  /** As of `VectorIndexConfig`; what hnswlib allocated does not count. */
  readonly maxElements?: number
}

/** How many vectors went into the index, and how many were refused. */
export interface InsertResult {
  readonly inserted: number
  readonly failed: number
}

/** Ids: numbers and bigints, or a typed array of them. */
export type VectorIds = ArrayLike<number> | ArrayLike<bigint> | readonly VectorId[]
/** Vectors: all values one after the other in one Float32Array, or an array of vectors. */
export type VectorBatch = Float32Array | readonly Numbers[]

const MOST_ELEMENTS = 2 ** 31
const DEFAULTS = { metric: DistanceMetric.COSINE, m: 16, efConstruction: 100, efSearch: 50, maxElements: 0 } as const
/** The addon's numbers (native/index/vector/metric.h). */
const METRICS = [DistanceMetric.COSINE, DistanceMetric.DOT_PRODUCT, DistanceMetric.EUCLIDEAN] as const

const configChecks = {
  dimension: whole(1, 16_384),
  metric: oneOf(...METRICS),
  m: whole(2, 64),
  efConstruction: whole(4, 4000),
  efSearch: whole(1, 10_000),
  maxElements: whole(1, MOST_ELEMENTS),
}
const importChecks = {
  dimension: configChecks.dimension,
  metric: oneOf(...METRICS, 'l2', 'ip'),
  efSearch: configChecks.efSearch,
  maxElements: configChecks.maxElements,
}
export const searchChecks = { k: whole(1, MOST_ELEMENTS), efSearch: whole(1, 10_000) }

/** Threads that link the vectors of one batch. */
export const THREADS = Math.min(16, availableParallelism())

const MATCH_BYTES = 16
const SCRATCH_MATCHES = 256
/** Where the matches of a small search go before they are objects. */
const scratch = new ArrayBuffer(MATCH_BYTES * SCRATCH_MATCHES)

const finalizer = new FinalizationRegistry<number>(handle => indexes.vectorIndexClose(handle))

/** Runs what calls the addon, with the errors of this package. */
function call<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw errorFromNative(error)
  }
}

/** A handle in place of a configuration: what is open in the addon already. */
class Opened {
  constructor(readonly handle: number) {}
}

/** The index behind a handle of the addon. */
export const openIndex = (handle: number): VectorIndex => new VectorIndex(new Opened(handle) as never)

function create(config: unknown): number {
  const checked = checkOptions(config, configChecks, 'VectorIndex') as Partial<VectorIndexConfig>
  const { dimension, metric, m, efConstruction, efSearch, maxElements } = { ...DEFAULTS, ...checked }
  if (dimension === undefined) {
    throw new ValidationError(
      'VectorIndex takes an object with the dimension of its vectors: a whole number from 1 to 16384.',
      {
        details: { option: 'dimension' },
      },
    )
  }
  const number = METRICS.indexOf(metric)
  return call(() => indexes.vectorIndexCreate(dimension, number, m, efConstruction, efSearch, maxElements))
}

export const packBatch = (ids: unknown, vectors: unknown, dimension: number): [Uint8Array, Float32Array] => {
  const packed = packIds(ids)
  return [packed, flatten(vectors, packed.length / 8, dimension)]
}

/** The arguments of the addon's import. */
export function readImport(
  path: unknown,
  options: unknown,
  place: string,
  more: Readonly<Record<string, Check>> = {},
): [path: string, dimension: number, metric: number, efSearch: number, maxElements: number] {
  const checked = checkOptions(options, { ...importChecks, ...more }, place) as Partial<HnswlibImportOptions>
  const { dimension, metric, efSearch = DEFAULTS.efSearch, maxElements = 0 } = checked
  if (dimension === undefined || metric === undefined) {
    throw new ValidationError(`${place} takes the dimension and the metric of the index: its file does not say.`, {
      details: { option: dimension === undefined ? 'dimension' : 'metric' },
    })
  }
  const ours = metric === 'l2' ? DistanceMetric.EUCLIDEAN : metric === 'ip' ? DistanceMetric.DOT_PRODUCT : metric
  return [checkPath(path), dimension, METRICS.indexOf(ours), efSearch, maxElements]
}

/** The public error for what an import threw. */
export function explainImport(error: unknown): unknown {
  const explained = errorFromNative(error)
  if (!(explained instanceof ValidationError)) return explained
  const { expected, actual } = explained.details as Record<string, unknown>
  if (typeof expected !== 'number' || typeof actual !== 'number') return explained
  return new DimensionMismatchError(explained.message, {
    expected,
    actual,
    remediation: 'Give the dimension that the index was made with.',
    details: explained.details,
  })
}

function callImport<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw explainImport(error)
  }
}

/** efSearch 0: the index's own. */
export function readSearch(
  options: object | undefined,
  place: string,
  checks: Readonly<Record<string, Check>> = searchChecks,
): { readonly k: number; readonly efSearch: number } {
  const { k = 10, efSearch = 0 } = checkOptions(options, checks, place) as VectorSearchOptions
  return { k, efSearch }
}

export function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  throw new ValidationError(
    `path must be the name of a file; this one is ${typeof path === 'string' ? `'${path}'` : describe(path)}.`,
    { details: { argument: 'path' } },
  )
}

/**
 * Nearest neighbours by numeric id, in memory, without a database: a graph (HNSW) over vectors, which `save` writes to a file.
 *
 * What is inserted by one call is found from then on, by every search. Closed, its memory is given back at once; an index that
 * nobody holds any more is closed by the garbage collector.
 */
export class VectorIndex {
  static {
    brand(this, 'VectorIndex')
  }
  readonly #info: NativeIndexInfo
  #async: AsyncVectorIndex | undefined

  readonly [nativeHandle]: number

  /** @throws ValidationError for unknown options, wrong types and values out of range */
  constructor(config: VectorIndexConfig) {
    const handle = config instanceof Opened ? config.handle : create(config)
    this[nativeHandle] = handle
    finalizer.register(this, handle, this)
    this.#info = indexes.vectorIndexInfo(handle)
  }

  /**
   * Reads a file that `save` wrote.
   *
   * @throws CorruptionError when the file is damaged, or something else
   * @throws DatabaseError when it cannot be read
   */
  static load(path: string): VectorIndex {
    checkPath(path)
    return openIndex(call(() => indexes.vectorIndexLoad(path)))
  }

  /**
   * Reads a file that hnswlib wrote (`HierarchicalNSW.writeIndex` of hnswlib-node), graph and deletions included. Distances are ours from
   * then on: of `l2` the root, of `ip` without the 1.
   *
   * @throws CorruptionError when the file is damaged, or something else, as far as it tells: it has no checksums
   * @throws DimensionMismatchError when it holds vectors of another length
   * @throws ValidationError for `cosine` when its vectors are not of length 1
   */
  static importHnswlib(path: string, options: HnswlibImportOptions): VectorIndex {
    const file = readImport(path, options, 'VectorIndex.importHnswlib')
    return openIndex(callImport(() => indexes.vectorIndexImport(...file)))
  }

  /** Values of each vector. */
  get dimension(): number {
    return this.#info.dimension
  }
  /** How near two vectors are. */
  get metric(): DistanceMetric {
    return METRICS[this.#info.metric] as DistanceMetric
  }
  /** Neighbours of each vector in the graph. */
  get m(): number {
    return this.#info.m
  }
  /** Candidates looked at when a vector is linked. */
  get efConstruction(): number {
    return this.#info.efConstruction
  }
  /** Candidates a search looks at unless it says otherwise. */
  get efSearch(): number {
    return this.#info.efSearch
  }
  /** undefined: as many as there is memory for. */
  get maxElements(): number | undefined {
    return this.#info.maxElements === 0 ? undefined : this.#info.maxElements
  }
  /** How many vectors there are. */
  get size(): number {
    return call(() => indexes.vectorIndexSize(this[nativeHandle]))
  }
  /** The memory that vectors and graph take, in bytes. */
  get memoryBytes(): number {
    return call(() => indexes.vectorIndexInfo(this[nativeHandle])).memoryBytes
  }
  /** The same index, by promise: the work is done by other threads. */
  get async(): AsyncVectorIndex {
    return (this.#async ??= new AsyncVectorIndex(this))
  }

  /**
   * Inserts a vector, or replaces the one that has this id.
   *
   * @throws DimensionMismatchError for a vector of another length
   * @throws ValidationError for NaN, infinities, and ids that are none
   * @throws DatabaseError (LIMIT_EXCEEDED) when the index is full
   */
  insert(id: VectorId, vector: Numbers): void {
    const ids = packIds([id])
    const values = toFloats(vector, this.dimension, 'vector')
    call(() => indexes.vectorIndexInsert(this[nativeHandle], ids, values, 1, false))
  }

  /**
   * Inserts or replaces many vectors: all, or none where one is refused. Where an id is given twice, its last vector stays. The same
   * batches in the same order make the same graph.
   *
   * @returns how many were inserted
   * @throws as `insert`; the message names the vector
   */
  insertBatch(ids: VectorIds, vectors: VectorBatch): number {
    const [packed, values] = packBatch(ids, vectors, this.dimension)
    return call(() => indexes.vectorIndexInsert(this[nativeHandle], packed, values, 1, false))
  }

  /**
   * The same on all processors, and leaving out what is refused: vectors that hold NaN or infinities, and those for which there is no
   * room (`maxElements`). It is the fastest with one Float32Array that holds all vectors.
   */
  insertBatchFast(ids: VectorIds, vectors: VectorBatch): InsertResult {
    const [packed, values] = packBatch(ids, vectors, this.dimension)
    const inserted = call(() => indexes.vectorIndexInsert(this[nativeHandle], packed, values, THREADS, true))
    return { inserted, failed: packed.length / 8 - inserted }
  }

  /** Removes a vector: whether there was one of this id. */
  delete(id: VectorId): boolean {
    const number = toId(id, 'id')
    return call(() => indexes.vectorIndexDelete(this[nativeHandle], number))
  }

  /**
   * The vectors nearest to the query, nearest first, equally near ones by id. Of an index of up to 2000 vectors exactly those; of a
   * larger one nearly always: `efSearch` says how hard to look.
   *
   * @returns pairs `[id, distance]`: lower is nearer
   * @throws DimensionMismatchError for a query of another length
   * @throws ValidationError for NaN, infinities and options out of range
   */
  search(query: Numbers, options?: VectorSearchOptions): VectorMatch[] {
    const { k, efSearch } = readSearch(options, 'VectorIndex.search')
    const values = toFloats(query, this.dimension, 'query')
    const room = k <= SCRATCH_MATCHES ? scratch : allocate(MATCH_BYTES * Math.min(k, this.size))
    const count = call(() => indexes.vectorIndexSearch(this[nativeHandle], values, k, efSearch, room))
    return unpackMatches(room, count)
  }

  /**
   * Writes the index to a file, which `load` reads. Whatever happens meanwhile, the file is the old one or the new one. Searches go on;
   * writers wait.
   *
   * @throws DatabaseError when it cannot be written
   */
  save(path: string): void {
    checkPath(path)
    call(() => indexes.vectorIndexSave(this[nativeHandle], path))
  }

  /** Gives the memory back. Harmless when closed; everything else throws afterwards. */
  close(): void {
    finalizer.unregister(this)
    indexes.vectorIndexClose(this[nativeHandle])
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
