import { brand } from '../errors/index.js'
import { CollectionAccess } from './access.js'
import type { DistanceMetric } from './config.js'
import { checkId, checkMembers } from './documents.js'
import type { ChunkedDocument, DocumentBatch, DocumentChange, NewDocument } from './documents.js'
import { requireFilter } from './filter.js'
import type { MetadataFilter } from './filter.js'
import { describeCollection, optimizeCollection, optimizeCollectionBy } from './info.js'
import type { CollectionInfo, OptimizeOptions, ShiftedParameters } from './info.js'
import { encodeMetadata } from './metadata.js'
import type { Metadata } from './metadata.js'
import { search as native } from './native.js'
import { dropNavigator, navigatorArguments, trainNavigator } from './navigator.js'
import type { NavigatorOptions, NavigatorTraining } from './navigator.js'
import type { CollectionTarget, Opened } from './opened.js'
import * as reading from './reading.js'
import type { ListOptions, ReadOptions, SearchManyOptions, SearchRequest } from './request.js'
import type { ListedDocument, SearchResults, StoredDocument } from './results.js'
import { toVector } from './vectors.js'
import { checkHybrid } from './words.js'
import type { HybridRequest, KeywordRequest } from './words.js'
import { changeDocument, insertChunks, insertDocuments, insertDocumentsBy } from './writing.js'

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
  readonly #access: CollectionAccess

  /** @internal Applications call `db.collection(name)`. */
  constructor(target: CollectionTarget, opened: Opened) {
    this.#access = new CollectionAccess(target, opened)
  }

  /** The name it was created with. */
  get name(): string {
    return this.#access.entry.name
  }

  /** Values of each vector. */
  get dimension(): number {
    return this.#access.entry.dimension
  }

  /** How near two vectors are. */
  get metric(): DistanceMetric {
    return this.#access.entry.metric
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
    this.#access.write((through, handle) => native.vectorPut(through, handle, id, vector, metadata))
  }

  /**
   * Stores a document in chunks: of several vectors, each of which is searched. A document with the same id is replaced.
   *
   * @example books.insertMulti({ id: 'b1', vectors: [v1, v2], chunkTexts: ['Chapter one …', 'Chapter two …'] })
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  insertMulti(document: ChunkedDocument): void {
    insertChunks(this.#access, document)
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
    return insertDocuments(this.#access, batch)
  }

  /** The document with this id. */
  get(id: string, options?: ReadOptions): StoredDocument | undefined {
    return reading.getDocument(this.#access, id, options)
  }

  /** The documents with these ids, in their order, undefined where there is none; all from one snapshot. */
  getMany(ids: readonly string[], options?: ReadOptions): (StoredDocument | undefined)[] {
    return reading.getDocuments(this.#access, ids, options)
  }

  /**
   * Changes a document's vector or vectors, its metadata, or both. False: there is no such document.
   *
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  update(id: string, change: DocumentChange): boolean {
    return changeDocument(this.#access, id, change)
  }

  /** Deletes a document. False: there was none. */
  delete(id: string): boolean {
    checkId(id, 'id')
    return this.#access.write((through, handle) => native.vectorDelete(through, handle, id))
  }

  /**
   * Deletes the documents that pass a filter, all or none; `{}` passes all. Returns how many they were.
   *
   * @throws ValidationError without a filter: nothing is deleted
   */
  deleteWhere(filter: MetadataFilter): number {
    return this.deleteWhereBy(filter, 0)
  }

  /** How many documents there are, or pass a filter. */
  count(filter?: MetadataFilter, options?: ReadOptions): number {
    return reading.countDocuments(this.#access, filter, options)
  }

  /** Documents in the order of their ids (by bytes). The next page begins `after` the last id of this one. */
  list(options?: ListOptions): ListedDocument[] {
    return reading.listDocuments(this.#access, options)
  }

  /**
   * The `k` documents that are nearest to a vector, fit words best, or both, best first, equally good ones by id.
   *
   * @throws DimensionMismatchError when the vector is of another length than the collection's
   * @throws ValidationError for an option that is unknown, wrong, or not available in this version
   */
  search(request: SearchRequest & { readonly includeMetadata: false }): SearchResults<undefined>
  search(request: SearchRequest): SearchResults
  search(request: SearchRequest): SearchResults<Metadata | undefined> {
    return reading.searchDocuments(this.#access, request)
  }

  /** `search` with the collection's defaults. */
  vectorSearch(request: Pick<SearchRequest, 'vector' | 'k' | 'filter'>): SearchResults {
    checkMembers(request, 'vectorSearch')
    return this.search(request)
  }

  /**
   * The `k` documents that fit words best (BM25). The collection needs a `contentField`.
   *
   * @example articles.keywordSearch({ query: 'machine learning', k: 5 })
   * @throws ValidationError for an option that is unknown or wrong, and where the collection has no `contentField`
   */
  keywordSearch(request: KeywordRequest): SearchResults {
    return reading.searchKeywords(this.#access, request)
  }

  /**
   * The `k` documents that stand best in two lists: of those near the vector, and of those that fit the words.
   *
   * @example articles.hybridSearch({ vector, textQuery: 'machine learning', k: 5, alpha: 0.7 })
   * @throws DimensionMismatchError, ValidationError as `search`
   */
  hybridSearch(request: HybridRequest): SearchResults {
    return this.search(checkHybrid(request))
  }

  /**
   * Many searches at once, all of one snapshot: their results, in the order of the requests.
   *
   * @example const [first, second] = articles.searchMany([{ vector: a, k: 5 }, { vector: b, k: 5 }])
   * @throws DimensionMismatchError, ValidationError as `search`, for the first request that is wrong: none is run
   */
  searchMany(requests: readonly SearchRequest[], options?: SearchManyOptions): SearchResults[] {
    return reading.searchMany(this.#access, requests, options)
  }

  /** Its configuration, and what it holds and takes, measured now. */
  info(): CollectionInfo {
    return describeCollection(this.#access, this.count())
  }

  /**
   * Waits until the vectors that were committed are in the index's graph: it is built in the background, and until then searches
   * compare with the others one by one. Blocks. False: `timeoutMs` ran out.
   */
  optimize(options?: OptimizeOptions): boolean {
    return optimizeCollection(this.#access, options)
  }

  /**
   * Experimental, with the database's option `learnedNavigator`: learns from the collection's vectors, or from `queries`, how far each
   * search has to go, so that easy ones end sooner and hard ones find more. It is used from then on if it passes its checks: on queries it
   * did not learn from it has to find what HNSW finds, in the mean and for the worst of them, with fewer distances. Otherwise
   * the collection has none, and the result says which check refused it. Waits as `optimize`, and blocks.
   *
   * @throws SochDBError (`UNSUPPORTED`) without the option
   * @throws ValidationError for wrong options, and where there is no graph: up to 2000 vectors, or documents in chunks
   */
  trainNavigator(options?: NavigatorOptions): NavigatorTraining {
    return trainNavigator(this.#access, options)
  }

  /** Lets go of the learned navigator. Harmless where there is none. */
  dropNavigator(): void {
    dropNavigator(this.#access)
  }

  /** `trainNavigator` on the engine's threads. @internal */
  trainNavigatorBy(
    options: NavigatorOptions,
    ...how: [operation: number, timeoutMs: number, progress: ((done: number, total: number) => void) | undefined]
  ): Promise<NavigatorTraining> {
    const given = navigatorArguments(this.#access, options)
    return this.#access.fetch(
      training => training,
      () => native.asyncCollectionTrainNavigator(...given, ...how),
    )
  }

  /** `insertBatch` in turns. @internal */
  insertBatchBy(batch: DocumentBatch, proceed: () => void): Promise<number> {
    return insertDocumentsBy(this.#access, batch, proceed)
  }

  /** `deleteWhere` with a time limit, 0 for none. @internal */
  deleteWhereBy(filter: MetadataFilter, timeoutMs: number): number {
    const compiled = requireFilter(filter, 'deleteWhere')
    return this.#access.write((through, handle) => native.vectorDeleteWhere(through, handle, compiled, timeoutMs))
  }

  /** `search` on the engine's threads. @internal */
  searchBy(request: SearchRequest, operation: number): Promise<SearchResults> {
    return reading.searchDocumentsBy(this.#access, request, operation)
  }

  /** `list` on the engine's threads. @internal */
  listBy(options: ListOptions | undefined, operation: number): Promise<ListedDocument[]> {
    return reading.listDocumentsBy(this.#access, options, operation)
  }

  /** `count` on the engine's threads. @internal */
  countBy(
    filter: MetadataFilter | undefined,
    options: ReadOptions | undefined,
    operation: number,
    timeoutMs: number,
  ): Promise<number> {
    return reading.countDocumentsBy(this.#access, filter, options, operation, timeoutMs)
  }

  /** `searchMany` on the engine's threads. @internal */
  searchManyBy(
    requests: readonly SearchRequest[],
    options: SearchManyOptions | undefined,
    operation: number,
  ): Promise<SearchResults[]> {
    return reading.searchManyBy(this.#access, requests, options, operation)
  }

  /** What posting lists in memory may take. @internal */
  limitTextCache(bytes: number): void {
    native.textCacheLimit(this.#access.handle, bytes)
  }

  /** `optimize` on the engine's threads. @internal */
  optimizeBy(...how: ShiftedParameters<typeof native.asyncCollectionOptimize>): Promise<boolean> {
    return optimizeCollectionBy(this.#access, how)
  }
}
