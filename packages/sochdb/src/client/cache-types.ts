/** Caches of a generated client: the members of a scope stand beside the prompt. */
import type { CacheHit, CacheStats, WrapFunction } from '../cache/index.js'
import type { Metadata } from '../search/index.js'
import type { VectorInput } from './types.js'

/** What is asked. */
export interface CacheAsk {
  readonly prompt: string
  /** Default: what `embed` of createClient gives for the prompt. */
  readonly embedding?: VectorInput
  /** The least cosine similarity. Default: that of the schema. */
  readonly threshold?: number
}

/** How an answer is kept. */
export interface CacheKeeping {
  readonly ttlSeconds?: number
  readonly staleSeconds?: number
  readonly metadata?: Metadata
  readonly tags?: readonly string[]
  readonly tokens?: number
  readonly cost?: number
}

/** What `wrap` looks up, and how what it makes is kept. */
export interface CacheWrapping extends CacheAsk, CacheKeeping {
  /** Stops this caller's waiting. */
  readonly signal?: AbortSignal
}

/** An answer to keep, with the prompt it is to and its embedding. */
export interface CacheAnswer<Input> extends CacheKeeping {
  readonly prompt: string
  readonly embedding: VectorInput
  readonly value: Input
}

/** A cache, asynchronously. `Input` is a value as it is stored: what has a default may be left out. */
export interface TypedCache<Scope extends object, Value, Input = Value> {
  /** The cached value, or what `fn` gives, which is stored; see `Cache.wrap`. */
  wrap(ask: CacheWrapping & Scope, fn: WrapFunction<Input>): Promise<Value>
  /** The answer to a prompt, by the same words or by meaning; `undefined` where there is none. */
  get(ask: CacheAsk & Scope): Promise<CacheHit<Value> | undefined>
  /** Keeps an answer; one to the same prompt in the same scope is replaced. */
  put(answer: CacheAnswer<Input> & Scope): Promise<void>
  /** False: there was none. */
  delete(key: { readonly prompt: string } & Scope): Promise<boolean>
  /** Deletes the answers that have one of the tags, in all scopes; how many they were. */
  invalidate(tags: string | readonly string[]): Promise<number>
  /** Deletes all entries, in all scopes. */
  clear(): Promise<void>
  /** Entries, hits, misses and sizes. */
  stats(): Promise<CacheStats>
  /** Says whether a hit was right: thresholds learn from it, a wrong exact answer is deleted. False: the entry is gone. */
  feedback(hitId: string, ok: boolean): Promise<boolean>
}

/** The same on the calling thread, but for `wrap`. Without an embedding, `get` finds the same prompt alone. */
export interface SyncTypedCache<Scope extends object, Value, Input = Value> {
  wrap(ask: CacheWrapping & Scope, fn: WrapFunction<Input>): Promise<Value>
  get(ask: CacheAsk & Scope): CacheHit<Value> | undefined
  put(answer: CacheAnswer<Input> & Scope): void
  delete(key: { readonly prompt: string } & Scope): boolean
  invalidate(tags: string | readonly string[]): number
  clear(): void
  stats(): CacheStats
  feedback(hitId: string, ok: boolean): boolean
}
