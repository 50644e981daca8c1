import { brand, TransactionError, ValidationError } from '../errors/index.js'
import { checkCacheName, checkCacheOptions, checkConfig, checkGet, checkPut, checkScope } from './check.js'
import type { CheckedPut } from './check.js'
import { CacheCore } from './core.js'
import type { CachePlace } from './core.js'
import type { CacheHit } from './hit.js'
import { runHere, searchHere } from './lookup.js'
import type { CacheRecord } from './layout.js'
import type {
  CacheCandidate,
  CacheConfig,
  CacheEntryInput,
  CacheKey,
  CacheListEntry,
  CacheListOptions,
  CacheLookup,
  CacheQuery,
  CacheScope,
  CacheStats,
} from './types.js'
import { wrap } from './wrap.js'
import type { CacheFunctions, WrapFunction, WrapRequest } from './wrap.js'

/** How a cache works, and what its handle knows. The configuration is kept with the cache, the functions with the handle. */
export interface CacheOptions extends CacheConfig, CacheFunctions {}

/** A cache of one namespace, for reading. */
export class CacheReader {
  static {
    brand(this, 'CacheReader')
  }
  readonly #core: CacheCore
  readonly #functions: CacheFunctions

  /** @internal Applications call `db.cache(name)`. */
  constructor(core: CacheCore, functions: CacheFunctions = {}) {
    this.#core = core
    this.#functions = functions
  }

  /** The name of the cache. */
  get name(): string {
    return this.#core.name
  }

  /**
   * The entry of the same key, else the nearest that is near enough and that no guard refuses; undefined: there is none.
   *
   * @throws DimensionMismatchError, ValidationError
   *
   * @example
   * const hit = answers.get({ key: question, queryEmbedding: embed(question), scope: { tenant } })
   */
  get<Value = unknown>(query: CacheQuery): CacheHit<Value> | undefined {
    return this.lookup(query).hit as CacheHit<Value> | undefined
  }

  /** As `get`, and tells how it ended. */
  lookup(query: CacheQuery): CacheLookup {
    const checked = checkGet(query, this.name, 'cacheGet')
    const { verify } = this.#functions
    return runHere(this.#core.lookUp(checked, { verifies: verify !== undefined, embeds: false }), {
      verify: (text, candidate) => verifyHere(verify!, text, candidate),
    })
  }

  /** What it holds and did. */
  stats(): CacheStats {
    return this.#core.stats()
  }

  /** The entries of a scope in the order of their keys, those with keys above 1000 characters first. */
  list(options?: CacheListOptions): CacheListEntry[] {
    return this.#core.list(options)
  }

  /** What it was configured with. */
  config(): CacheConfig {
    return this.#core.config()
  }
}

function verifyHere(
  verify: NonNullable<CacheFunctions['verify']>,
  query: string | undefined,
  candidate: CacheCandidate,
): boolean {
  const answer = verify(query, candidate)
  if (typeof answer === 'boolean') return answer
  if (typeof answer === 'object' && answer !== null) Promise.resolve(answer).catch(() => undefined)
  throw new ValidationError(
    'verify has to return true or false here; by promise it goes with wrap, and with db.async.',
    {
      details: { argument: 'verify' },
    },
  )
}

/**
 * A semantic cache: answers, found by what was asked, in other words too. What is in a scope is found in that scope alone.
 *
 * It needs no creating: it is there with its first entry, and empty before.
 *
 * @example
 * const answers = db.cache('answers', { threshold: 0.9, ttlSeconds: 86_400, maxEntries: 50_000, embed })
 * const text = await answers.wrap({ key: question, scope: { tenant } }, () => askModel(question))
 */
export class Cache extends CacheReader {
  static {
    brand(this, 'Cache')
  }
  readonly #core: CacheCore
  readonly #functions: CacheFunctions

  /** @internal Applications call `db.cache(name)`. */
  constructor(core: CacheCore, functions: CacheFunctions = {}) {
    super(core, functions)
    this.#core = core
    this.#functions = functions
  }

  /**
   * Stores an entry; the one of the same key in the same scope is replaced.
   *
   * @throws DimensionMismatchError, InvalidMetadataError, ValidationError: nothing is written
   */
  put(entry: CacheEntryInput): void {
    this.#put(checkPut(entry, this.name, 'cachePut'))
  }

  #put(checked: CheckedPut): void {
    const core = this.#core
    const { place } = core
    if (place.kind === 'transaction') {
      place.write(transaction => {
        const { record, place: at } = core.put(transaction, checked)
        core.expect(transaction, record, [at])
      })
      return
    }
    try {
      const { record, room } = place.write(transaction => {
        const written = core.put(transaction, checked)
        return { record: written.record, room: core.roomFor(transaction, written) }
      })
      core.committed(record, room)
    } catch (error) {
      core.failed()
      throw error
    }
  }

  /** Deletes the entry of a key. False: there was none. */
  delete(key: CacheKey): boolean {
    return this.#remove((core, transaction) => core.delete(transaction, key)) > 0
  }

  /** Deletes the entries that have one of the tags, in all scopes. Returns how many they were. */
  invalidate(tags: string | readonly string[]): number {
    return this.#remove((core, transaction) => core.invalidate(transaction, tags))
  }

  /** Deletes all entries, or those of a scope. Counts and configuration stay. */
  clear(options?: { readonly scope?: CacheScope }): void {
    const scope = checkScope(options, this.name, 'cacheClear')
    this.#remove((core, transaction) => core.clear(transaction, scope))
  }

  #remove(body: (core: CacheCore, transaction: Parameters<CacheCore['clear']>[0]) => string[]): number {
    const core = this.#core
    const record = core.record()
    if (record === undefined) {
      // Arguments are checked all the same.
      return core.place.write(transaction => body(core, transaction)).length
    }
    return core.place.write(transaction => this.#removed(transaction, record, body(core, transaction)))
  }

  #removed(transaction: Parameters<CacheCore['clear']>[0], record: CacheRecord, places: string[]): number {
    // Whether it was committed is looked up afterwards, as for any other transaction.
    this.#core.expect(transaction, record, places)
    if (places.length === 0) this.#core.runtime.schedule()
    return places.length
  }

  /** Changes how it works; members that are left out stay, null takes one back to its default. */
  configure(config: CacheConfig): void {
    const checked = checkConfig(config, 'configure')
    const core = this.#core
    if (!core.needsConfig(checked)) return
    core.place.write(transaction => core.configure(transaction, checked))
    core.runtime.schedule()
  }

  /**
   * The value that is cached for a key, in these words or in others; where there is none, what `fn` gives, which is stored. Callers
   * that ask the same at the same time share one call. What is stale is given, and made anew in the background. What `fn` throws
   * is not cached.
   *
   * @example
   * const text = await answers.wrap({ key: question, scope: { tenant } }, () => askModel(question))
   */
  async wrap<Value = unknown>(request: string | WrapRequest, fn: WrapFunction<Value>): Promise<Value> {
    const core = this.#core
    if (core.place.kind === 'transaction') {
      throw new TransactionError('wrap waits for its function, and no transaction should.', {
        remediation: 'Call it on a cache of the database or of a namespace.',
      })
    }
    const functions = this.#functions
    const { verify, embed } = functions
    return wrap(
      {
        name: this.name,
        functions,
        flights: core.runtime.flights,
        flightName: `${core.place.target().namespaceId} ${this.name}`,
        lookUp: query => core.lookUp(query, { verifies: verify !== undefined, embeds: embed !== undefined }),
        search: searchHere,
        put: checked => this.#put(checked),
        feedback: (hitId, ok) => this.feedback(hitId, ok),
      },
      request,
      fn,
    )
  }

  /**
   * Tells whether what was found was right: with `maxErrorRate`, the next look-ups near that entry go by it. An entry whose answer
   * to its own key was wrong is deleted. False: the entry is not there any more.
   */
  feedback(hitId: string, ok: boolean): boolean {
    const core = this.#core
    const said = core.feedback(hitId, ok)
    if (said === false) return false
    const { bad } = said
    if (bad !== undefined) this.#remove((_, transaction) => core.removePlace(transaction, bad))
    return true
  }
}

/** Opens a cache, and configures it where that is asked for. */
export function openCache(place: CachePlace, name: unknown, options?: CacheOptions): Cache {
  const core = new CacheCore(place, checkCacheName(name))
  const { config, functions } = checkCacheOptions(options)
  const cache = new Cache(core, functions)
  if (Object.keys(config).length > 0) cache.configure(config)
  return cache
}

export function openCacheReader(place: CachePlace, name: unknown): CacheReader {
  return new CacheReader(new CacheCore(place, checkCacheName(name)))
}
