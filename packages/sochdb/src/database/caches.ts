/** Which cache a verb means, and the verbs of caches: `cachePut` and its like, on databases, namespaces, transactions and snapshots. */
import { checkNamed, openCache, openCacheReader } from '../cache/index.js'
import type {
  Cache,
  CacheGetRequest,
  CacheHit,
  CacheKey,
  CacheOptions,
  CachePlace,
  CachePutRequest,
  CacheReader,
  CacheScope,
  CacheStats,
} from '../cache/index.js'
import type { Namespace as EngineNamespace, Transaction as EngineTransaction } from '../engine/index.js'
import type { Database } from './database.js'
import type { Namespace } from './namespace.js'
import { newestServicesOf, servicesOf } from './services.js'
import type { Snapshot } from './snapshot.js'
import type { Transaction } from './transaction.js'

export interface CacheReadingVerbs {
  /** See `CacheReader.get`. */
  cacheGet<Value = unknown>(request: CacheGetRequest): CacheHit<Value> | undefined
  /** See `CacheReader.stats`. */
  cacheStats(cacheName: string): CacheStats
}

export interface CacheVerbs extends CacheReadingVerbs {
  /** See `Cache.put`. */
  cachePut(request: CachePutRequest): void
  /** Deletes the entry of a key. False: there was none. */
  cacheDelete(cacheName: string, key: CacheKey): boolean
  /** Deletes all entries of a cache, or those of a scope. */
  cacheClear(cacheName: string, options?: { readonly scope?: CacheScope }): void
  /** A cache, which is configured where options are given. See `Cache`. */
  cache(name: string, options?: CacheOptions): Cache
}

export function rootCaches(root: Database | Namespace, database: Database): CachePlace {
  let held: EngineNamespace | undefined
  const services = (): EngineNamespace => (held ??= servicesOf(root))
  return { kind: 'root', database, target: services, newest: services, write: body => services().transaction(body) }
}

export function transactionCaches(transaction: Transaction): CachePlace {
  return {
    kind: 'transaction',
    database: transaction.database,
    target: () => servicesOf(transaction),
    newest: () => newestServicesOf(transaction),
    write: body => (servicesOf(transaction) as EngineTransaction).transaction(body),
  }
}

export function snapshotCaches(snapshot: Snapshot, database: Database): CachePlace {
  return {
    kind: 'snapshot',
    database,
    target: () => servicesOf(snapshot),
    newest: () => undefined,
    write: () => {
      throw new TypeError('A snapshot is for reading.')
    },
  }
}

interface WithCaches {
  /** @internal */
  readonly caches: CachePlace
}

// Functions: classes define their verbs with these while the modules, which import each other, are being loaded.
function readingVerbs() {
  return {
    cacheGet(this: WithCaches, request: CacheGetRequest): CacheHit | undefined {
      const { name, rest } = checkNamed(request, 'cacheGet')
      return openCacheReader(this.caches, name).get(rest)
    },
    cacheStats(this: WithCaches, cacheName: string): CacheStats {
      return openCacheReader(this.caches, cacheName).stats()
    },
  }
}

function writingVerbs() {
  return {
    cachePut(this: WithCaches, request: CachePutRequest): void {
      const { name, rest } = checkNamed(request, 'cachePut')
      openCache(this.caches, name).put(rest as unknown as CachePutRequest)
    },
    cacheDelete(this: WithCaches, cacheName: string, key: CacheKey): boolean {
      return openCache(this.caches, cacheName).delete(key)
    },
    cacheClear(this: WithCaches, cacheName: string, options?: { readonly scope?: CacheScope }): void {
      openCache(this.caches, cacheName).clear(options)
    },
    cache(this: WithCaches, name: string, options?: CacheOptions): Cache {
      return openCache(this.caches, name, options)
    },
  }
}

function snapshotVerbs() {
  return {
    ...readingVerbs(),
    cache(this: WithCaches, name: string): CacheReader {
      return openCacheReader(this.caches, name)
    },
  }
}

/** Defines the verbs on the prototype of a class. */
export function defineCacheVerbs(target: { readonly prototype: WithCaches }, reads: 'only' | 'too' = 'too'): void {
  const verbs = reads === 'only' ? snapshotVerbs() : { ...readingVerbs(), ...writingVerbs() }
  for (const [name, value] of Object.entries(verbs)) {
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true })
  }
}
