/**
 * Collections by promise. Writes are made on a transaction, whose commit waits on the engine's threads; searches, counts, lists
 * and waiting for the index run there.
 */
import { checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import { brand, errorFromNative } from '../errors/index.js'
import type { Database, Namespace, Snapshot, Transaction } from '../database/index.js'
import type {
  ChunkedDocument,
  Collection,
  CollectionConfig,
  CollectionInfo,
  DistanceMetric,
  DocumentBatch,
  DocumentChange,
  HybridRequest,
  KeywordRequest,
  ListedDocument,
  ListOptions,
  MetadataFilter,
  NavigatorOptions,
  NavigatorTraining,
  NewDocument,
  ReadOptions,
  SearchManyOptions,
  SearchRequest,
  SearchResults,
  StoredDocument,
} from '../search/index.js'
import { checkHybrid, checkMembers, navigatorChecks, openCollectionInBackground, toSearch } from '../search/index.js'
import { checkOperation, inner } from './keys.js'
import { longChecks, operate, operateLong, signalCheck } from './operation.js'
import type { LongOptions, OperationOptions } from './operation.js'
import { call, defineVerbs } from './verbs.js'

/** What a collection is used through. */
export interface CollectionHost {
  readonly [inner]: Database | Namespace | Transaction | Snapshot
  enqueue<T>(action: () => T | Promise<T>): Promise<T>
  /** Of a database: runs `body` on a transaction and commits it. */
  write?<T>(body: (transaction: Transaction) => T): Promise<T>
}

/** The methods of `Collection`, each returning a promise. */
export interface AsyncCollectionMethods {
  insert(document: NewDocument): Promise<void>
  upsert(document: NewDocument): Promise<void>
  insertMulti(document: ChunkedDocument): Promise<void>
  insertBatch(batch: DocumentBatch): Promise<number>
  get(id: string, options?: ReadOptions): Promise<StoredDocument | undefined>
  getMany(ids: readonly string[], options?: ReadOptions): Promise<(StoredDocument | undefined)[]>
  update(id: string, change: DocumentChange): Promise<boolean>
  delete(id: string): Promise<boolean>
  deleteWhere(filter: MetadataFilter): Promise<number>
  count(filter?: MetadataFilter, options?: ReadOptions): Promise<number>
  list(options?: ListOptions): Promise<ListedDocument[]>
  search(request: SearchRequest, options?: OperationOptions): Promise<SearchResults>
  vectorSearch(
    request: Pick<SearchRequest, 'vector' | 'k' | 'filter'>,
    options?: OperationOptions,
  ): Promise<SearchResults>
  keywordSearch(request: KeywordRequest, options?: OperationOptions): Promise<SearchResults>
  hybridSearch(request: HybridRequest, options?: OperationOptions): Promise<SearchResults>
  searchMany(requests: readonly SearchRequest[], options?: AsyncSearchManyOptions): Promise<SearchResults[]>
  info(): Promise<CollectionInfo>
  /** Waits until the vectors that were committed are in the index's graph. False: `timeoutMs` ran out. */
  optimize(options?: LongOptions): Promise<boolean>
  /** As `Collection.trainNavigator`. Progress is in steps of its own. */
  trainNavigator(options?: AsyncNavigatorOptions): Promise<NavigatorTraining>
  dropNavigator(): Promise<void>
}

/** How a navigator is trained, and stopped. */
export type AsyncNavigatorOptions = NavigatorOptions & LongOptions

/**
 * A collection, by promise: `Collection`'s methods, which run on the engine's threads. Those that read take `signal` and
 * `timeoutMs` too.
 */
export interface AsyncCollection extends AsyncCollectionMethods {
  readonly name: string
  readonly dimension: number
  readonly metric: DistanceMetric
}

/** What the searches of `searchMany` have in common. */
export interface AsyncSearchManyOptions extends SearchManyOptions {
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** A collection on its way: await it, or call its methods at once. */
export interface CollectionPromise extends Promise<AsyncCollection>, AsyncCollectionMethods {}

const trainChecks = { ...navigatorChecks, ...longChecks }
const manyChecks = { signal: signalCheck, timeoutMs: whole(0, MAX_TIMEOUT_MS), asOf: () => undefined }

type MethodName = keyof AsyncCollectionMethods

/** Of these, the synchronous ones change the collection. */
const writes = [
  'insert',
  'upsert',
  'insertMulti',
  'insertBatch',
  'update',
  'delete',
  'deleteWhere',
] as const satisfies readonly MethodName[]
const pointReads = ['get', 'getMany', 'info', 'dropNavigator'] as const satisfies readonly MethodName[]
const rest = [
  'count',
  'list',
  'search',
  'vectorSearch',
  'keywordSearch',
  'hybridSearch',
  'searchMany',
  'optimize',
  'trainNavigator',
] as const satisfies readonly MethodName[]

class AsyncCollectionImpl {
  static {
    brand(this, 'AsyncCollection')
    defineVerbs(this, pointReads, (self, name, args) => self.#host.enqueue(() => call(self.#collection, name, args)))
    defineVerbs(this, writes, (self, name, args) => self.#write(collection => call(collection, name, args)))
  }
  readonly #host: CollectionHost
  readonly #collection: Collection

  constructor(host: CollectionHost, collection: Collection) {
    this.#host = host
    this.#collection = collection
  }

  get name(): string {
    return this.#collection.name
  }

  get dimension(): number {
    return this.#collection.dimension
  }

  get metric(): DistanceMetric {
    return this.#collection.metric
  }

  count(filter?: MetadataFilter, options?: ReadOptions): Promise<number> {
    return this.#host.enqueue(() => this.#collection.countBy(filter, options, 0))
  }

  list(options?: ListOptions): Promise<ListedDocument[]> {
    return this.#host.enqueue(() => this.#collection.listBy(options, 0))
  }

  async search(request: SearchRequest, options?: OperationOptions): Promise<SearchResults> {
    const checked = checkOperation(options, 'search')
    return operate(
      checked,
      number => this.#host.enqueue(() => this.#collection.searchBy(withTime(request, checked?.timeoutMs), number)),
      error => errorFromNative(error, 'query'),
    )
  }

  async vectorSearch(
    request: Pick<SearchRequest, 'vector' | 'k' | 'filter'>,
    options?: OperationOptions,
  ): Promise<SearchResults> {
    checkMembers(request, 'vectorSearch')
    return this.search(request, options)
  }

  async keywordSearch(request: KeywordRequest, options?: OperationOptions): Promise<SearchResults> {
    return this.search(toSearch(request), options)
  }

  async hybridSearch(request: HybridRequest, options?: OperationOptions): Promise<SearchResults> {
    return this.search(checkHybrid(request), options)
  }

  async searchMany(requests: readonly SearchRequest[], options?: AsyncSearchManyOptions): Promise<SearchResults[]> {
    const { signal, ...rest } = checkOptions(options, manyChecks, 'searchMany') as AsyncSearchManyOptions
    return operate(
      signal === undefined ? undefined : { signal },
      number => this.#host.enqueue(() => this.#collection.searchManyBy(requests, rest, number)),
      error => errorFromNative(error, 'query'),
    )
  }

  async optimize(options?: LongOptions): Promise<boolean> {
    const checked = checkOptions(options, longChecks, 'optimize') as LongOptions
    return operateLong(checked, (...how) => this.#host.enqueue(() => this.#collection.optimizeBy(...how)))
  }

  async trainNavigator(options?: AsyncNavigatorOptions): Promise<NavigatorTraining> {
    const { signal, timeoutMs, onProgress, ...how } = checkOptions(
      options,
      trainChecks,
      'trainNavigator',
    ) as AsyncNavigatorOptions
    const long = { ...(signal && { signal }), ...(timeoutMs && { timeoutMs }), ...(onProgress && { onProgress }) }
    return operateLong(long, (...by) => this.#host.enqueue(() => this.#collection.trainNavigatorBy(how, ...by)))
  }

  #write<T>(action: (collection: Collection) => T): Promise<T> {
    const host = this.#host
    if (host.write === undefined) return host.enqueue(() => action(this.#collection))
    const { name } = this
    return host.write(transaction => action(transaction.collection(name)))
  }
}

const withTime = (request: SearchRequest, timeoutMs: number | undefined): SearchRequest =>
  timeoutMs === undefined ? request : { ...request, timeoutMs }

class Opening extends Promise<AsyncCollection> {
  static {
    defineVerbs(this, [...pointReads, ...writes, ...rest], (self, name, args) =>
      self.then(collection => call(collection, name, args)),
    )
  }
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }
}

/** Opens a collection as what it is opened on sees it. */
export function openAsyncCollection(host: CollectionHost, name: string): CollectionPromise {
  const opening = new Opening((resolve, reject) => {
    host
      .enqueue(() => openCollectionInBackground(host[inner], name))
      .then(collection => resolve(new AsyncCollectionImpl(host, collection) as unknown as AsyncCollection), reject)
  })
  opening.catch(() => undefined) // whoever calls a method, or awaits, hears of it
  return opening as unknown as CollectionPromise
}

export async function createAsyncCollection(host: CollectionHost, config: CollectionConfig): Promise<AsyncCollection> {
  const create = (target: Transaction): string => target.createCollection(config).name
  const name = await (host.write === undefined
    ? host.enqueue(() => create(host[inner] as Transaction))
    : host.write(create))
  return openAsyncCollection(host, name)
}
