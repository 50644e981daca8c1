/**
 * Collections by promise. Writes are made on a transaction, whose commit waits on the engine's threads; searches, counts, lists
 * and waiting for the index run there.
 *
 * A write that is aborted before its commit begins leaves nothing: the transaction goes, or its part of the one that is open.
 */
import { checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import { brand, errorFromNative, TransactionTimeoutError } from '../errors/index.js'
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
  write?<T>(body: (transaction: Transaction) => T | Promise<T>, options?: OperationOptions): Promise<T>
}

/** How documents are read that are known by id, or counted. */
export interface AsyncReadOptions extends ReadOptions, OperationOptions {}

/** What documents are listed. */
export interface AsyncListOptions extends ListOptions {
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The methods of `Collection`, each returning a promise. */
export interface AsyncCollectionMethods {
  insert(document: NewDocument, options?: OperationOptions): Promise<void>
  upsert(document: NewDocument, options?: OperationOptions): Promise<void>
  insertMulti(document: ChunkedDocument, options?: OperationOptions): Promise<void>
  /**
   * As `Collection.insertBatch`. With a `signal` or a time limit it is written in parts, a turn of the event loop each, and can be stopped
   * between them, which leaves nothing: what the batch holds has to stay as it is until the promise has settled.
   */
  insertBatch(batch: DocumentBatch, options?: OperationOptions): Promise<number>
  get(id: string, options?: AsyncReadOptions): Promise<StoredDocument | undefined>
  getMany(ids: readonly string[], options?: AsyncReadOptions): Promise<(StoredDocument | undefined)[]>
  update(id: string, change: DocumentChange, options?: OperationOptions): Promise<boolean>
  delete(id: string, options?: OperationOptions): Promise<boolean>
  deleteWhere(filter: MetadataFilter, options?: OperationOptions): Promise<number>
  count(filter?: MetadataFilter, options?: AsyncReadOptions): Promise<number>
  list(options?: AsyncListOptions): Promise<ListedDocument[]>
  search(request: SearchRequest, options?: OperationOptions): Promise<SearchResults>
  vectorSearch(
    request: Pick<SearchRequest, 'vector' | 'k' | 'filter'>,
    options?: OperationOptions,
  ): Promise<SearchResults>
  keywordSearch(request: KeywordRequest, options?: OperationOptions): Promise<SearchResults>
  hybridSearch(request: HybridRequest, options?: OperationOptions): Promise<SearchResults>
  searchMany(requests: readonly SearchRequest[], options?: AsyncSearchManyOptions): Promise<SearchResults[]>
  info(options?: OperationOptions): Promise<CollectionInfo>
  /** Waits until the vectors that were committed are in the index's graph. False: `timeoutMs` ran out. */
  optimize(options?: LongOptions): Promise<boolean>
  /** As `Collection.trainNavigator`. Progress is in steps of its own. */
  trainNavigator(options?: AsyncNavigatorOptions): Promise<NavigatorTraining>
  dropNavigator(options?: OperationOptions): Promise<void>
}

/** How a navigator is trained, and stopped. */
export type AsyncNavigatorOptions = NavigatorOptions & LongOptions

/** A collection, by promise: `Collection`'s methods, which take `signal` and `timeoutMs` too. Long reads run on the engine's threads. */
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
type Verbs = Partial<Record<MethodName, number>>

/** What the synchronous ones do at once, on a transaction; how many arguments stand before the options. */
const writes = { insert: 1, upsert: 1, insertMulti: 1, update: 2, delete: 1 } as const satisfies Verbs
/** The same, on what the collection was opened on. */
const pointReads = { get: 1, getMany: 1 } as const satisfies Verbs
const rest = [
  'insertBatch',
  'deleteWhere',
  'info',
  'dropNavigator',
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
    defineVerbs(this, Object.keys(pointReads), async (self, name, args) => {
      const before = pointReads[name as keyof typeof pointReads]
      const { operation, rest } = splitOptions(args[before], name)
      return self.#inTurn(operation, () => call(self.#collection, name, [...args.slice(0, before), rest]))
    })
    defineVerbs(this, Object.keys(writes), async (self, name, args) => {
      const before = writes[name as keyof typeof writes]
      const operation = checkOperation(args[before], name)
      return self.#write(operation, collection => call(collection, name, args.slice(0, before)))
    })
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

  async insertBatch(batch: DocumentBatch, options?: OperationOptions): Promise<number> {
    const operation = checkOperation(options, 'insertBatch')
    if (operation?.signal === undefined && operation?.timeoutMs === undefined) {
      return this.#write(operation, collection => collection.insertBatch(batch))
    }
    const proceed = limitOf(operation, 'insertBatch')
    return this.#write(operation, collection => collection.insertBatchBy(batch, proceed))
  }

  async deleteWhere(filter: MetadataFilter, options?: OperationOptions): Promise<number> {
    const operation = checkOperation(options, 'deleteWhere')
    return this.#write(operation, collection => collection.deleteWhereBy(filter, operation?.timeoutMs ?? 0))
  }

  async count(filter?: MetadataFilter, options?: AsyncReadOptions): Promise<number> {
    const { operation, rest } = splitOptions(options, 'count')
    return this.#read(operation, (...how) => this.#collection.countBy(filter, rest as ReadOptions, ...how))
  }

  async list(options?: AsyncListOptions): Promise<ListedDocument[]> {
    if (options?.signal === undefined) return this.#host.enqueue(() => this.#collection.listBy(options, 0))
    const { signal, ...rest } = options
    return this.#read(checkOperation({ signal }, 'list'), number => this.#collection.listBy(rest, number))
  }

  async info(options?: OperationOptions): Promise<CollectionInfo> {
    return this.#inTurn(checkOperation(options, 'info'), () => this.#collection.info())
  }

  async dropNavigator(options?: OperationOptions): Promise<void> {
    return this.#inTurn(checkOperation(options, 'dropNavigator'), () => this.#collection.dropNavigator())
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

  #read<T>(
    operation: OperationOptions | undefined,
    begin: (operation: number, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    return operate(
      operation,
      (...how) => this.#host.enqueue(() => begin(...how)),
      error => errorFromNative(error, 'query'),
    )
  }

  /** What is done at once, when its turn has come. */
  #inTurn<T>(operation: OperationOptions | undefined, action: () => T | Promise<T>): Promise<T> {
    operation?.signal?.throwIfAborted()
    return this.#host.enqueue(() => {
      operation?.signal?.throwIfAborted()
      return action()
    })
  }

  #write<T>(operation: OperationOptions | undefined, action: (collection: Collection) => T | Promise<T>): Promise<T> {
    const host = this.#host
    if (host.write === undefined) return this.#inTurn(operation, () => action(this.#collection))
    const { name } = this
    return host.write(transaction => action(transaction.collection(name)), operation)
  }
}

/** Options that say how an operation is stopped, and those that are the synchronous method's. */
function splitOptions(options: unknown, place: string) {
  if (typeof options !== 'object' || options === null) return { operation: undefined, rest: options as undefined }
  const { signal, timeoutMs, ...rest } = options as Record<string, unknown>
  const operation = checkOperation({ signal, timeoutMs }, place)
  return { operation, rest: rest as object }
}

/** Throws when the operation is to be stopped. */
function limitOf({ signal, timeoutMs = Infinity }: OperationOptions, place: string): () => void {
  const end = performance.now() + timeoutMs
  return () => {
    signal?.throwIfAborted()
    if (performance.now() < end) return
    throw new TransactionTimeoutError(`${place} was not done within ${timeoutMs} ms; nothing of it is written.`, {
      details: { timeoutMs },
      remediation: 'Raise timeoutMs, or write fewer documents at a time.',
    })
  }
}

const withTime = (request: SearchRequest, timeoutMs: number | undefined): SearchRequest =>
  timeoutMs === undefined ? request : { ...request, timeoutMs }

class Opening extends Promise<AsyncCollection> {
  static {
    defineVerbs(this, [...Object.keys(pointReads), ...Object.keys(writes), ...rest], (self, name, args) =>
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
