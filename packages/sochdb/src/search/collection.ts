import { pack } from '../bytes/packer.js'
import { nativeHandle, Snapshot } from '../engine/index.js'
import { callable, checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import { brand, errorFromNative, isNativeError, NativeCode } from '../errors/index.js'
import type { CollectionEntry } from '../sql/catalog/index.js'
import type { DistanceMetric } from './config.js'
import { checkBatch, checkId, checkIds, checkMembers, packDocuments, vectorsOf } from './documents.js'
import type { DocumentBatch, DocumentChange, NewDocument } from './documents.js'
import { compileFilter } from './filter.js'
import type { MetadataFilter } from './filter.js'
import { encodeMetadata } from './metadata.js'
import type { Metadata } from './metadata.js'
import { search as native } from './native.js'
import { collectionNotFound } from './opened.js'
import type { CollectionTarget, Opened } from './opened.js'
import { checkList, checkSearch } from './request.js'
import type { ListOptions, SearchRequest } from './request.js'
import { bytesOf, readDocuments, SearchResults, toDocument } from './results.js'
import type { Documents, ListedDocument, Read, StoredDocument } from './results.js'
import { toVector } from './vectors.js'

/** What a collection is and holds, measured now. */
export interface CollectionInfo {
  readonly name: string
  readonly dimension: number
  readonly metric: DistanceMetric
  readonly m: number
  readonly efConstruction: number
  readonly efSearch: number
  readonly quantization: 'none'
  readonly indexed: readonly string[]
  /** Documents, as the database, transaction or snapshot sees them. */
  readonly count: number
  /** Memory of the vector index. */
  readonly indexSizeBytes: number
  /** Vectors in the index's graph; the others are compared with one by one until it has them. */
  readonly linkedVectors: number
  readonly unlinkedVectors: number
  /** Replaced and deleted vectors that the index still holds. */
  readonly deadVectors: number
}

export interface OptimizeOptions {
  /** Called from time to time with the vectors that are linked, and all there are. */
  readonly onProgress?: (linked: number, total: number) => void
  /** Stop waiting after so many milliseconds. Default 0: never. */
  readonly timeoutMs?: number
}

type ShiftedParameters<F extends (...args: never[]) => unknown> = F extends (
  first: never,
  ...rest: infer Rest
) => unknown
  ? Rest
  : never

const MAX_IDS_BYTES = 256 * 1024 * 1024
/** Documents that are written in one call of the addon, and the values of their vectors. */
const MAX_CHUNK = 1024
const MAX_CHUNK_FLOATS = 1024 * 1024
const PROGRESS_MS = 50
/** What a hit takes beside its numbers is in a string; lists of many documents begin with room for so many. */
const MAX_EXPECTED = 10_000

const optimizeChecks = { onProgress: callable, timeoutMs: whole(0, MAX_TIMEOUT_MS) }
const anything = (): undefined => undefined
const listChecks = {
  after: anything,
  limit: anything,
  filter: anything,
  includeMetadata: anything,
  includeVectors: anything,
  timeoutMs: anything,
}

/**
 * Documents with a vector each, and the search for the nearest. It is used through what it was opened on: the database (every
 * call for itself), a transaction (which sees its own writes), or a snapshot (to read).
 *
 * Writes commit or abort with the keys and rows of their transaction; searches see exactly what their transaction or snapshot
 * sees. Every method throws CollectionNotFoundError once the collection was deleted, or replaced by another of its name.
 *
 * @example
 * const chunks = db.createCollection({ name: 'chunks', dimension: 384 })
 * chunks.insert({ id: 'a', vector, metadata: { lang: 'en' } })
 * for (const { id, score } of chunks.search({ vector, k: 5, filter: { lang: 'en' } })) console.log(id, score)
 */
export class Collection {
  static {
    brand(this, 'Collection')
  }
  readonly #target: CollectionTarget
  readonly #opened: Opened // kept, so that its handle stays open
  readonly #entry: CollectionEntry
  readonly #handle: number

  /** @internal Applications call `db.collection(name)`. */
  constructor(target: CollectionTarget, opened: Opened) {
    this.#target = target
    this.#opened = opened
    this.#entry = opened.entry
    this.#handle = this.#opened.handle
  }

  get name(): string {
    return this.#entry.name
  }

  get dimension(): number {
    return this.#entry.dimension
  }

  get metric(): DistanceMetric {
    return this.#entry.metric
  }

  /**
   * Stores a document; one with the same id is replaced.
   *
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  insert(document: NewDocument): void {
    checkMembers(document, 'document')
    const id = checkId(document.id, 'id')
    const vector = toVector(document.vector, this, 'vector')
    const metadata = encodeMetadata(document.metadata, id)
    this.#write(this.#target, handle => native.vectorPut(handle, this.#handle, id, vector, metadata))
  }

  /** Alias of `insert`. */
  upsert(document: NewDocument): void {
    this.insert(document)
  }

  /**
   * Stores many documents, all or none; an id that comes twice keeps the later one. Returns how many.
   *
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  insertBatch(batch: DocumentBatch): number {
    const checked = checkBatch(batch, this)
    const { onProgress } = checked
    const total = checked.ids.length
    const chunk = Math.max(1, Math.min(MAX_CHUNK, Math.floor(MAX_CHUNK_FLOATS / this.dimension)))
    const putChunk = (target: CollectionTarget, from: number): number => {
      const to = Math.min(total, from + chunk)
      const vectors = vectorsOf(checked, this, from, to)
      pack(
        target instanceof Snapshot ? MAX_IDS_BYTES : target.maxBatchBytes,
        packer => packDocuments(packer, checked, from, to),
        documents => this.#write(target, handle => native.vectorPutMany(handle, this.#handle, documents, vectors)),
      )
      return to
    }
    if (total <= chunk && onProgress === undefined) {
      putChunk(this.#target, 0)
      return total
    }
    this.#atomically(target => {
      for (let done = 0; done < total;) {
        done = putChunk(target, done)
        onProgress?.(done, total)
      }
    })
    return total
  }

  /** The document with this id. */
  get(id: string): StoredDocument | undefined {
    const documents = this.#get(this.#target, checkId(id, 'id'))
    return documents.id(0) === '' ? undefined : (toDocument(documents, 0) as StoredDocument)
  }

  /** The documents with these ids, in their order, undefined where there is none; all from one snapshot. */
  getMany(ids: readonly string[]): (StoredDocument | undefined)[] {
    const wanted = checkIds(ids)
    const documents = pack(
      MAX_IDS_BYTES,
      packer => wanted.forEach((id, i) => packer.addKey(checkId(id, `ids[${i}]`))),
      packed =>
        this.#read(bytesOf(Math.min(wanted.length, MAX_EXPECTED), this.dimension), false, (buffer, offset) =>
          native.vectorGetMany(this.#target[nativeHandle], this.#handle, packed, buffer, offset),
        ),
    )
    return wanted.map((_, i) => (documents.id(i) === '' ? undefined : (toDocument(documents, i) as StoredDocument)))
  }

  /**
   * Changes a document's vector, its metadata, or both. False: there is no such document.
   *
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  update(id: string, change: DocumentChange): boolean {
    checkId(id, 'id')
    checkMembers(change, 'change')
    const { vector: newVector, metadata: newMetadata } = change
    const given = newVector === undefined ? undefined : toVector(newVector, this, 'vector')
    const patch = newMetadata === undefined ? {} : (JSON.parse(encodeMetadata(newMetadata, id)) as Metadata)
    return this.#atomically(target => {
      const stored = this.#get(target, id)
      if (stored.id(0) === '') return false
      const merged = JSON.stringify({ ...(JSON.parse(stored.metadataText(0)) as Metadata), ...patch })
      const vector = given ?? stored.vector(0)!
      this.#write(target, handle => native.vectorPut(handle, this.#handle, id, vector, merged))
      return true
    })
  }

  /** Deletes a document. False: there was none. */
  delete(id: string): boolean {
    checkId(id, 'id')
    return this.#write(this.#target, handle => native.vectorDelete(handle, this.#handle, id))
  }

  /** How many documents there are, or pass a filter. */
  count(filter?: MetadataFilter): number {
    const compiled = compileFilter(filter)
    return this.#query(() => native.vectorCount(this.#target[nativeHandle], this.#handle, compiled, 0))
  }

  /** Documents in the order of their ids (by bytes). The next page begins `after` the last id of this one. */
  list(options?: ListOptions): ListedDocument[] {
    const { after, limit, what, filter, timeoutMs } = checkList(checkOptions(options, listChecks, 'list'))
    const documents = this.#read(bytesOf(Math.min(limit, MAX_EXPECTED), 0), false, (buffer, offset) =>
      native.vectorList(
        this.#target[nativeHandle],
        this.#handle,
        after,
        limit,
        what,
        filter,
        timeoutMs,
        buffer,
        offset,
      ),
    )
    return Array.from({ length: documents.count }, (_, i) => toDocument(documents, i))
  }

  /**
   * The `k` nearest documents, nearest first, equally near ones by id.
   *
   * @throws DimensionMismatchError when the vector is of another length than the collection's
   * @throws ValidationError for an option that is unknown, wrong, or not available in this version
   */
  search(request: SearchRequest & { readonly includeMetadata: false }): SearchResults<undefined>
  search(request: SearchRequest): SearchResults
  search(request: SearchRequest): SearchResults<Metadata | undefined> {
    const { vector, k, efSearch, what, minScore, filter, timeoutMs } = checkSearch(request, 'search')
    const query = toVector(vector, this, 'vector')
    const documents = this.#read(bytesOf(Math.min(k, MAX_EXPECTED), 0), true, (buffer, offset) =>
      native.vectorSearch(
        this.#target[nativeHandle],
        this.#handle,
        query,
        k,
        efSearch,
        what,
        minScore,
        filter,
        timeoutMs,
        buffer,
        offset,
      ),
    )
    return new SearchResults(documents)
  }

  /** `search` with the collection's defaults. */
  vectorSearch(request: Pick<SearchRequest, 'vector' | 'k' | 'filter'>): SearchResults {
    checkMembers(request, 'vectorSearch')
    return this.search(request)
  }

  info(): CollectionInfo {
    const { name, dimension, metric, m, efConstruction, efSearch, indexed } = this.#entry
    const count = this.count()
    const stats = this.#query(() => native.collectionStats(this.#handle))
    return {
      name,
      dimension,
      metric,
      m,
      efConstruction,
      efSearch,
      quantization: 'none',
      indexed: indexed.map(({ field }) => field),
      count,
      indexSizeBytes: stats.memoryBytes,
      linkedVectors: stats.linked,
      unlinkedVectors: stats.unlinked,
      deadVectors: stats.dead,
    }
  }

  /**
   * Waits until the vectors that were committed are in the index's graph: it is built in the background, and until then searches
   * compare with the others one by one. Blocks. False: `timeoutMs` ran out.
   */
  optimize(options?: OptimizeOptions): boolean {
    const checked = checkOptions(options, optimizeChecks, 'optimize') as OptimizeOptions
    const { onProgress, timeoutMs = 0 } = checked
    if (onProgress === undefined) return this.#query(() => native.collectionOptimize(this.#handle, timeoutMs))
    const end = timeoutMs === 0 ? Infinity : performance.now() + timeoutMs
    for (;;) {
      const slice = Math.max(1, Math.min(PROGRESS_MS, Math.ceil(end - performance.now())))
      const done = this.#query(() => native.collectionOptimize(this.#handle, slice))
      const { linked, unlinked } = this.#query(() => native.collectionStats(this.#handle))
      onProgress(linked, linked + unlinked)
      if (done || performance.now() >= end) return done
    }
  }

  /** `search` on the engine's threads. @internal */
  searchBy(request: SearchRequest, operation: number): Promise<SearchResults> {
    const { vector, k, efSearch, what, minScore, filter, timeoutMs } = checkSearch(request, 'search')
    const query = toVector(vector, this, 'vector')
    const target = this.#target[nativeHandle]
    return this.#fetch(
      bytesOf(Math.min(k, MAX_EXPECTED), 0),
      true,
      documents => new SearchResults(documents),
      () =>
        native.asyncVectorSearch(
          target,
          this.#handle,
          query,
          k,
          efSearch,
          what,
          minScore,
          filter,
          timeoutMs,
          operation,
        ),
    )
  }

  /** `list` on the engine's threads. @internal */
  listBy(options: ListOptions | undefined, operation: number): Promise<ListedDocument[]> {
    const { after, limit, what, filter, timeoutMs } = checkList(checkOptions(options, listChecks, 'list'))
    const target = this.#target[nativeHandle]
    const read = (documents: Documents): ListedDocument[] =>
      Array.from({ length: documents.count }, (_, i) => toDocument(documents, i))
    return this.#fetch(bytesOf(Math.min(limit, MAX_EXPECTED), 0), false, read, () =>
      native.asyncVectorList(target, this.#handle, after, limit, what, filter, timeoutMs, operation),
    )
  }

  /** `count` on the engine's threads. @internal */
  async countBy(filter: MetadataFilter | undefined, operation: number): Promise<number> {
    const compiled = compileFilter(filter)
    try {
      return await native.asyncVectorCount(this.#target[nativeHandle], this.#handle, compiled, 0, operation)
    } catch (error) {
      throw this.#explain(error, this.#target, true)
    }
  }

  /** `optimize` on the engine's threads. Throws what the addon throws. @internal */
  optimizeBy(...args: ShiftedParameters<typeof native.asyncCollectionOptimize>): Promise<boolean> {
    return native.asyncCollectionOptimize(this.#handle, ...args)
  }

  async #fetch<T>(
    expected: number,
    scored: boolean,
    use: (documents: Documents) => T,
    read: () => Promise<number>,
  ): Promise<T> {
    try {
      const results = await read()
      return use(
        readDocuments(results, expected, scored, (buffer, offset) => native.vectorFetch(results, buffer, offset)),
      )
    } catch (error) {
      throw this.#explain(error, this.#target, true)
    }
  }

  #get(target: CollectionTarget, id: string): Documents {
    return this.#read(bytesOf(1, this.dimension), false, (buffer, offset) =>
      native.vectorGet(target[nativeHandle], this.#handle, id, buffer, offset),
    )
  }

  #read(expected: number, scored: boolean, read: Read): Documents {
    try {
      return readDocuments(this.#handle, expected, scored, read)
    } catch (error) {
      throw this.#explain(error, this.#target, true)
    }
  }

  #query<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw this.#explain(error, this.#target, true)
    }
  }

  #write<T>(target: CollectionTarget, action: (handle: number) => T): T {
    try {
      return action(target[nativeHandle])
    } catch (error) {
      throw this.#explain(error, target, false)
    }
  }

  #explain(error: unknown, target: CollectionTarget, isQuery: boolean): unknown {
    if (isNativeError(error)) {
      if (error.nativeCode === NativeCode.SCHEMA_CHANGED) {
        return collectionNotFound(this.name, 'was deleted, or replaced by another of its name')
      }
      if (error.nativeCode === NativeCode.TIMEOUT && isQuery) return errorFromNative(error, 'query')
    }
    return target.explain(error)
  }

  /** Runs several calls as a whole: in a transaction of their own, or as a part of the one that is open. */
  #atomically<T>(body: (target: CollectionTarget) => T): T {
    const target = this.#target
    if (target instanceof Snapshot) return body(target) // and the engine refuses to write
    return target.transaction(body)
  }
}
