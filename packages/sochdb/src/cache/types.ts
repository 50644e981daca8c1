/** What applications give to caches and get from them. */
import type { Metadata, VectorInput } from '../search/index.js'
import type { CacheHit } from './hit.js'

/** Anything JSON can say. */
export type CacheValue = unknown

/**
 * Whose entry it is: tenant, model, version of the prompt. Entries are found in their own scope alone; scopes are equal when their
 * JSON is, whatever the order of the members. Default `{}`.
 */
export type CacheScope = Readonly<Record<string, unknown>>

/** An entry to be stored. */
export interface CacheEntryInput {
  /** The text that the value answers. At most 1 MiB; blanks around it do not count. */
  readonly key: string
  readonly value: CacheValue
  /** Of the key. Its length is the same for all entries of a cache. */
  readonly embedding: VectorInput
  /** The entry expires that long from now. 0: never. Default: the cache's. */
  readonly ttlSeconds?: number
  /** So long after it expired it is still given, as `stale`. Default: the cache's, or 0. */
  readonly staleSeconds?: number
  /** A JSON object. */
  readonly metadata?: Metadata
  readonly scope?: CacheScope
  /** Names by which entries are invalidated together. At most 64. */
  readonly tags?: readonly string[]
  /** What a hit saves. Default: `metadata.tokens`, where that is a number. */
  readonly tokens?: number
  /** What a hit saves, in a unit of yours. Default: `metadata.cost`, where that is a number. */
  readonly cost?: number
}

/** An entry for the cache of this name. */
export interface CachePutRequest extends CacheEntryInput {
  readonly cacheName: string
}

/** What is looked for: an entry of this key, or the nearest to this embedding. At least one of them. */
export interface CacheQuery {
  /** The text itself: an entry of the same key is found first, and guards compare the texts of others. */
  readonly key?: string
  readonly queryEmbedding?: VectorInput
  /** The least cosine similarity, from -1 to 1. Default: the cache's, or 0.85. */
  readonly threshold?: number
  readonly scope?: CacheScope
}

/** A look-up in the cache of this name. */
export interface CacheGetRequest extends CacheQuery {
  readonly cacheName: string
}

/** An entry by its key, in its scope. */
export interface CacheKey {
  readonly key: string
  readonly scope?: CacheScope
}

/** Which texts are too different to answer each other, whatever their vectors say. */
export interface CacheGuards {
  /** Numbers, amounts with their units, and dates differ. Default true. */
  readonly numbers?: boolean
  /** One is negated and the other is not, or they ask for opposites. Default true. */
  readonly negation?: boolean
  /** Names, quoted words or identifiers differ. Default true. */
  readonly names?: boolean
  /**
   * They are the same but for one word, of which the two are no forms: "safe for cats", "safe for dogs". Refuses a synonym in the
   * same place too. Default false.
   */
  readonly words?: boolean
}

/**
 * Which entries go first when a bound is reached: the least recently used, the least often used, or those that save least for
 * their size.
 */
export type CacheEviction = 'lru' | 'lfu' | 'cost'

/** How a cache works; kept with it. In `configure`, null takes a member back to its default. */
export interface CacheConfig {
  /** Values of each embedding. Default: as many as the first entry has. */
  readonly dimension?: number | null
  /** The least cosine similarity of a hit, from -1 to 1. Default 0.85; with `maxErrorRate` 0.5. */
  readonly threshold?: number | null
  /** Default 0: entries do not expire. */
  readonly ttlSeconds?: number | null
  /** Default 0: what has expired is gone. */
  readonly staleSeconds?: number | null
  /** Default: no bound. */
  readonly maxEntries?: number | null
  /** Of keys, values, metadata and embeddings. Default: no bound. */
  readonly maxBytes?: number | null
  /**
   * What goes first where there are too many: `lru`, the default, the least recently used; `lfu` the least often used (W-TinyLFU);
   * `cost` what saves least for its size (GDSF, by `cost`, else `tokens`).
   */
  readonly evict?: CacheEviction | null
  /** Default: all of them but `words`, where a look-up has a key. */
  readonly guards?: boolean | CacheGuards | null
  /**
   * Learns from `feedback`, for each entry, how near a question has to be: a look-up is a hit where it is wrong with at most this
   * probability, as far as is known. Above 0, below 1. Default: not; `threshold` decides.
   */
  readonly maxErrorRate?: number | null
}

/** What a hit could be, in the eyes of `verify`. */
export interface CacheCandidate {
  readonly key: string
  readonly value: CacheValue
  readonly score: number
  readonly metadata: Metadata
}

/** Entries in order; the next page begins `after` the last of this one. */
export interface CacheListOptions {
  readonly scope?: CacheScope
  /** Default 100, at most 10000. */
  readonly limit?: number
  /** The key after which to begin. */
  readonly after?: string
}

/** An entry, as `list` gives it. `expiresAt` is undefined where it does not expire. */
export interface CacheListEntry {
  readonly key: string
  readonly value: CacheValue
  readonly metadata: Metadata
  readonly tags: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
  readonly sizeBytes: number
}

/** How a look-up ended, and why. */
export interface CacheLookup {
  readonly hit: CacheHit | undefined
  /**
   * `exact` and `semantic`: it is a hit. `miss`: nothing was near enough. `guard`, `verifier`: all that was near enough was refused
   * by them. `explored`: with `maxErrorRate`, too little is known of the candidate; feedback tells more.
   */
  readonly outcome: 'exact' | 'semantic' | 'miss' | 'guard' | 'verifier' | 'explored'
  /** What was nearest, where it is no hit but `explored`. Its `hitId` takes feedback. */
  readonly candidate: CacheHit | undefined
}

/** What a cache holds and did; all of it survives a restart. */
export interface CacheStats {
  /** Entries that can be found now. */
  readonly count: number
  readonly hits: number
  readonly misses: number
  /** hits / (hits + misses); 0 when there was none. */
  readonly hitRate: number
  /** Bytes of keys, values, metadata and embeddings. */
  readonly sizeBytes: number
  readonly exactHits: number
  readonly semanticHits: number
  /** Of the hits, those that had expired. */
  readonly staleHits: number
  /** Candidates that guards refused. */
  readonly guardRejections: number
  readonly verifierRejections: number
  /** Misses to learn from, with `maxErrorRate`. */
  readonly explorations: number
  readonly evictions: number
  /** Entries that were removed because their time was over. */
  readonly expired: number
  readonly tokensSaved: number
  readonly costSaved: number
}
