/** Caches by promise: embeddings are compared on threads of the engine, writes wait for the disk there. */
import {
  CacheCore,
  checkCacheName,
  checkCacheOptions,
  checkConfig,
  checkGet,
  checkNamed,
  checkPut,
  checkScope,
  runElsewhere,
  wrapBy,
} from '../cache/index.js'
import type {
  CacheConfig,
  CacheEntryInput,
  CacheFunctions,
  CacheGetRequest,
  CacheHit,
  CacheKey,
  CacheListEntry,
  CacheListOptions,
  CacheLookup,
  CacheOptions,
  CachePlace,
  CachePutRequest,
  CacheQuery,
  CacheScope,
  CacheStats,
  WrapFunction,
  WrapRequest,
} from '../cache/index.js'
import type { Transaction } from '../database/index.js'
import type { Transaction as EngineTransaction } from '../engine/index.js'
import { servicesOf } from '../database/index.js'
import { brand, TransactionError } from '../errors/index.js'
import { toEmbedding } from '../cache/check.js'

/** What a cache is read through. */
export interface ReadingHost {
  readonly caches: CachePlace
  enqueue<T>(action: () => T | Promise<T>): Promise<T>
}

/** What a cache is used through. */
export interface CacheHost extends ReadingHost {
  /** Of a database: runs `body` on a transaction and commits it. */
  write?<T>(body: (transaction: Transaction) => T): Promise<T>
}

type Body<T> = (transaction: EngineTransaction) => T

/** A cache, by promise, for reading. See `CacheReader`. */
export class AsyncCacheReader {
  static {
    brand(this, 'AsyncCacheReader')
  }
  readonly #host: ReadingHost
  readonly #core: CacheCore
  readonly #functions: CacheFunctions

  /** @internal Applications call `snapshot.cache(name)`. */
  constructor(host: ReadingHost, core: CacheCore, functions: CacheFunctions = {}) {
    this.#host = host
    this.#core = core
    this.#functions = functions
  }

  /** The name of the cache. */
  get name(): string {
    return this.#core.name
  }

  /** @internal What has to be done before anything is read. */
  ready(): Promise<void> | undefined {
    return undefined
  }

  async get<Value = unknown>(query: CacheQuery): Promise<CacheHit<Value> | undefined> {
    return (await this.lookup(query)).hit as CacheHit<Value> | undefined
  }

  async lookup(query: CacheQuery): Promise<CacheLookup> {
    const checked = checkGet(query, this.name, 'cacheGet')
    await this.ready()
    const { verify, embed } = this.#functions
    const core = this.#core
    return this.#host.enqueue(() =>
      runElsewhere(core.lookUp(checked, { verifies: verify !== undefined, embeds: embed !== undefined }), {
        search: ({ collection, request }) => collection.searchBy(request, 0) as never,
        verify: (text, candidate) => verify?.(text, candidate) ?? true,
        embed: async key => toEmbedding(await embed!(key), 'what embed gave'),
      }),
    )
  }

  async stats(): Promise<CacheStats> {
    return this.#read(() => this.#core.stats())
  }

  async list(options?: CacheListOptions): Promise<CacheListEntry[]> {
    return this.#read(() => this.#core.list(options))
  }

  async config(): Promise<CacheConfig> {
    return this.#read(() => this.#core.config())
  }

  async #read<T>(action: () => T): Promise<T> {
    await this.ready()
    return this.#host.enqueue(action)
  }
}

/** A cache, by promise. See `Cache`. */
export class AsyncCache extends AsyncCacheReader {
  static {
    brand(this, 'AsyncCache')
  }
  readonly #host: CacheHost
  readonly #core: CacheCore
  readonly #functions: CacheFunctions
  /** What it is opened with is kept before anything else is done. */
  readonly #ready: Promise<void> | undefined

  /** @internal Applications call `db.cache(name)`. */
  constructor(host: CacheHost, name: unknown, options?: CacheOptions) {
    const core = new CacheCore(host.caches, checkCacheName(name))
    const { config, functions } = checkCacheOptions(options)
    super(host, core, functions)
    this.#host = host
    this.#core = core
    this.#functions = functions
    if (Object.keys(config).length > 0) {
      this.#ready = this.#configure(config)
      this.#ready.catch(() => undefined) // whoever calls a method hears of it
    }
  }

  /** @internal */
  override ready(): Promise<void> | undefined {
    return this.#ready
  }

  async put(entry: CacheEntryInput): Promise<void> {
    const checked = checkPut(entry, this.name, 'cachePut')
    await this.#ready
    await this.#put(checked)
  }

  async #put(checked: ReturnType<typeof checkPut>): Promise<void> {
    const core = this.#core
    const { record, place } = await this.#write(transaction => {
      const written = core.put(transaction, checked)
      if (this.#host.write === undefined) core.expect(transaction, written.record, [written.place])
      return written
    })
    if (this.#host.write === undefined) return
    core.account(record, [place])
    await this.#makeRoom()
  }

  /** Removes what is too much after a put. Puts beside it do so too: each takes other entries out of the ledger. */
  async #makeRoom(): Promise<void> {
    const core = this.#core
    while (core.isOver()) {
      const planned = core.planRoom()
      if (planned === undefined || planned.plan.tooMuch.length === 0) return
      try {
        core.committed(core.record(), await this.#write(planned.carryOut))
      } catch (error) {
        core.failed()
        throw error
      }
    }
  }

  async delete(key: CacheKey): Promise<boolean> {
    return (await this.#remove(transaction => this.#core.delete(transaction, key))) > 0
  }

  async invalidate(tags: string | readonly string[]): Promise<number> {
    return this.#remove(transaction => this.#core.invalidate(transaction, tags))
  }

  async clear(options?: { readonly scope?: CacheScope }): Promise<void> {
    const scope = checkScope(options, this.name, 'cacheClear')
    await this.#remove(transaction => this.#core.clear(transaction, scope))
  }

  async configure(config: CacheConfig): Promise<void> {
    const checked = checkConfig(config, 'configure')
    await this.#ready
    await this.#configure(checked)
  }

  /** See `Cache.wrap`. */
  async wrap<Value = unknown>(request: string | WrapRequest, fn: WrapFunction<Value>): Promise<Value> {
    if (this.#host.write === undefined) {
      throw new TransactionError('wrap waits for its function, and no transaction should.', {
        remediation: 'Call it on a cache of the database or of a namespace.',
      })
    }
    await this.#ready
    const core = this.#core
    const functions = this.#functions
    const { verify, embed } = functions
    return wrapBy(
      {
        name: this.name,
        functions,
        flights: core.runtime.flights,
        flightName: `${core.place.target().namespaceId} ${this.name}`,
        lookUp: query => core.lookUp(query, { verifies: verify !== undefined, embeds: embed !== undefined }),
        search: ({ collection, request: search }) => collection.searchBy(search, 0) as never,
        put: checked => this.#put(checked),
        feedback: (hitId, ok) => this.feedback(hitId, ok),
      },
      request,
      fn,
    )
  }

  async feedback(hitId: string, ok: boolean): Promise<boolean> {
    await this.#ready
    const said = await this.#host.enqueue(() => this.#core.feedback(hitId, ok))
    if (said === false) return false
    const { bad } = said
    if (bad !== undefined) await this.#remove(transaction => this.#core.removePlace(transaction, bad))
    return true
  }

  async #configure(config: CacheConfig): Promise<void> {
    const isNeeded = await this.#host.enqueue(() => this.#core.needsConfig(config))
    if (!isNeeded) return
    await this.#write(transaction => this.#core.configure(transaction, config))
    this.#core.runtime.schedule()
  }

  async #remove(body: Body<string[]>): Promise<number> {
    await this.#ready
    const core = this.#core
    const record = core.record()
    const places = await this.#write(transaction => {
      const removed = body(transaction)
      if (this.#host.write === undefined) core.expect(transaction, record, removed)
      return removed
    })
    if (this.#host.write !== undefined) core.account(record, places)
    return places.length
  }

  #write<T>(body: Body<T>): Promise<T> {
    const host = this.#host
    if (host.write !== undefined) return host.write(transaction => body(servicesOf(transaction)))
    return host.enqueue(() => host.caches.write(transaction => body(transaction)))
  }
}

/** The verbs of caches that read, by promise. */
export interface AsyncCacheReadingVerbs {
  /** See `CacheReader.get`. */
  cacheGet<Value = unknown>(request: CacheGetRequest): Promise<CacheHit<Value> | undefined>
  /** See `CacheReader.stats`. */
  cacheStats(cacheName: string): Promise<CacheStats>
}

/** The verbs of caches, by promise. */
export interface AsyncCacheVerbs extends AsyncCacheReadingVerbs {
  cachePut(request: CachePutRequest): Promise<void>
  cacheDelete(cacheName: string, key: CacheKey): Promise<boolean>
  cacheClear(cacheName: string, options?: { readonly scope?: CacheScope }): Promise<void>
  /** A cache, by promise; it is configured where options are given. */
  cache(name: string, options?: CacheOptions): AsyncCache
}

const reading = {
  async cacheGet(this: ReadingHost, request: CacheGetRequest): Promise<CacheHit | undefined> {
    const { name, rest } = checkNamed(request, 'cacheGet')
    return readerOf(this, name).get(rest)
  },
  async cacheStats(this: ReadingHost, cacheName: string): Promise<CacheStats> {
    return readerOf(this, cacheName).stats()
  },
}

const readerOf = (host: ReadingHost, name: unknown): AsyncCacheReader =>
  new AsyncCacheReader(host, new CacheCore(host.caches, checkCacheName(name)))

const verbs = {
  ...reading,
  async cachePut(this: CacheHost, request: CachePutRequest): Promise<void> {
    const { name, rest } = checkNamed(request, 'cachePut')
    return new AsyncCache(this, name).put(rest as unknown as CacheEntryInput)
  },
  async cacheDelete(this: CacheHost, cacheName: string, key: CacheKey): Promise<boolean> {
    return new AsyncCache(this, cacheName).delete(key)
  },
  async cacheClear(this: CacheHost, cacheName: string, options?: { readonly scope?: CacheScope }): Promise<void> {
    return new AsyncCache(this, cacheName).clear(options)
  },
  cache(this: CacheHost, name: string, options?: CacheOptions): AsyncCache {
    return new AsyncCache(this, name, options)
  },
}

const snapshotVerbs = {
  ...reading,
  cache(this: ReadingHost, name: string): AsyncCacheReader {
    return readerOf(this, name)
  },
}

function define(target: { readonly prototype: object }, of: object): void {
  for (const [name, value] of Object.entries(of)) {
    Object.defineProperty(target.prototype, name, { value: value as unknown, writable: true, configurable: true })
  }
}

/** Defines the verbs on the prototype of a class. */
export const defineAsyncCaches = (target: { readonly prototype: CacheHost }): void => define(target, verbs)

/** Those that read. */
export const defineAsyncCacheReading = (target: { readonly prototype: ReadingHost }): void =>
  define(target, snapshotVerbs)
