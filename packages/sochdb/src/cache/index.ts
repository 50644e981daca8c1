export { Cache, CacheReader, openCache, openCacheReader } from './cache.js'
export type { CacheOptions } from './cache.js'
export { checkCacheName, checkCacheOptions, checkConfig, checkGet, checkNamed, checkPut, checkScope } from './check.js'
export { setCacheClock } from './clock.js'
export { CacheCore } from './core.js'
export type { CachePlace } from './core.js'
export { CacheHit } from './hit.js'
export { runElsewhere } from './lookup.js'
export { closeCaches } from './runtime.js'
export type {
  CacheCandidate,
  CacheConfig,
  CacheEntryInput,
  CacheEviction,
  CacheGetRequest,
  CacheGuards,
  CacheKey,
  CacheListEntry,
  CacheListOptions,
  CacheLookup,
  CachePutRequest,
  CacheQuery,
  CacheScope,
  CacheStats,
} from './types.js'
export { wrap as wrapBy } from './wrap.js'
export type { CacheFunctions, WrapFunction, WrapRequest } from './wrap.js'
