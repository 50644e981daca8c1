import type { z } from 'zod'
import { Declaration } from '../core/brand.js'

/** What a cache of the client does. */
export interface CacheOptions {
  /** Components of every embedding. */
  readonly dimension: number
  /** Lowest cosine similarity that counts as a hit, over 0 and up to 1. Default: 0.85. */
  readonly threshold?: number
  /** Life of an entry; 0 or absent: no end. */
  readonly ttlSeconds?: number
  readonly maxEntries?: number
  readonly maxBytes?: number
  /** What goes first when the cache is full. Default: `lru`. */
  readonly evict?: 'lru' | 'lfu' | 'cost'
  /** What entries are kept apart by: an object schema. Default: nothing. */
  readonly scope?: z.ZodType
  /** The member of the scope that says whose an answer is: `$for({ tenant })` fills it, and sees no others. */
  readonly tenant?: string
  readonly value: z.ZodType
}

export interface CacheNode {
  readonly name: string
  readonly options: CacheOptions
}

/** A semantic cache. Comes from `cachePolicy`. */
export class CacheDeclaration extends Declaration<CacheNode> {
  readonly #node: CacheNode

  constructor(node: CacheNode) {
    super('cache')
    this.#node = Object.freeze(node)
  }

  override toNode(): CacheNode {
    return this.#node
  }
}

/** @example cachePolicy('answers', { dimension: 768, threshold: 0.93, value: z.object({ text: z.string() }) }) */
export function cachePolicy(name: string, options: CacheOptions): CacheDeclaration {
  return new CacheDeclaration({ name, options: Object.freeze({ ...options }) })
}
