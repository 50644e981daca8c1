/** One cache of a contract: scopes and values checked against their schemas, the rest is the cache's own. */
import type { CacheContract, JsonSchema } from '@sochdb/schema/contract'
import { completerFor, type Completer } from '@sochdb/schema/validator'
import type {
  Cache,
  CacheConfig,
  CacheEntryInput,
  CacheHit,
  CacheQuery,
  CacheStats,
  WrapRequest,
} from '../cache/index.js'
import type { WrapFunction } from '../cache/index.js'
import { ValidationError } from '../errors/index.js'
import { describe, isPlainObject } from './check.js'
import { owned, refusal, type Owner } from './tenants.js'
import type { ClientOptions, QueryTarget } from './types.js'

type Fields = Record<string, unknown>

/** Members that are not the scope's. */
const ownMembers = [
  'embedding',
  'threshold',
  'ttlSeconds',
  'staleSeconds',
  'metadata',
  'tags',
  'tokens',
  'cost',
  'signal',
  'value',
]

/** `SyncTypedCache` of cache-types.ts, whose type parameters the generated code supplies. */
export class PolicyCache {
  readonly #contract: CacheContract
  readonly #target: QueryTarget
  readonly #embed: ClientOptions['embed']
  readonly #owner: Owner | undefined
  readonly #completers = new Map<JsonSchema, Completer>()

  /** `owner`: whose client this is; its member of every scope is that, and answers of others are not there. */
  constructor(contract: CacheContract, target: QueryTarget, embed: ClientOptions['embed'], owner?: Owner) {
    this.#owner = owner
    this.#contract = contract
    this.#target = target
    this.#embed = embed
  }

  async wrap(ask: unknown, fn: WrapFunction<unknown>): Promise<unknown> {
    const request = this.#request(ask, 'wrap') as unknown as WrapRequest
    const made: WrapFunction<unknown> = async context => this.#value(await fn(context))
    return this.#configured().wrap(request, typeof fn === 'function' ? made : fn)
  }

  get(ask: unknown): CacheHit | undefined {
    return this.#cache().get(this.#query(ask))
  }

  /** The same, with the prompt embedded where that is not given. */
  async getEmbedded(ask: unknown): Promise<CacheHit | undefined> {
    const query = this.#query(ask)
    const isEmbedded = query.queryEmbedding !== undefined || this.#embed === undefined
    if (isEmbedded || query.key === undefined) return this.#cache().get(query)
    return this.#cache().get({ ...query, queryEmbedding: await this.#embed(query.key) })
  }

  put(answer: unknown): void {
    const entry = this.#request(answer, 'put')
    this.#configured().put({ ...entry, value: this.#value(entry['value']) } as unknown as CacheEntryInput)
  }

  delete(key: unknown): boolean {
    return this.#cache().delete(this.#request(key, 'delete') as { key: string })
  }

  invalidate(tags: string | readonly string[]): number {
    this.#refuseWhole('invalidate')
    return this.#cache().invalidate(tags)
  }

  clear(): void {
    this.#refuseWhole('clear')
    this.#cache().clear()
  }

  stats(): CacheStats {
    this.#refuseWhole('stats')
    return this.#cache().stats()
  }

  feedback(hitId: string, ok: boolean): boolean {
    this.#refuseWhole('feedback')
    return this.#cache().feedback(hitId, ok)
  }

  /** These know no scopes. */
  #refuseWhole(method: string): void {
    if (this.#owner === undefined) return
    throw refusal(`${method} of cache "${this.#contract.name}"`, 'Delete answers one by one')
  }

  #cache(): Cache {
    return this.#target().cache(this.#contract.name, this.#embed === undefined ? {} : { embed: this.#embed })
  }

  /** What is written to works as the contract says. */
  #configured(): Cache {
    const { dimension, threshold, ttlSeconds, maxEntries = null, maxBytes = null, evict } = this.#contract
    const config: CacheConfig = { dimension, threshold, ttlSeconds, maxEntries, maxBytes, evict }
    const cache = this.#cache()
    cache.configure(config)
    return cache
  }

  #query(ask: unknown): CacheQuery {
    const { embedding, ...query } = this.#request(ask, 'get')
    const threshold = query['threshold'] ?? this.#contract.threshold
    return { ...query, threshold, ...(embedding === undefined ? {} : { queryEmbedding: embedding }) } as CacheQuery
  }

  /** The prompt as the key, what is the cache's own, and what is left as the scope. */
  #request(ask: unknown, method: string): Fields {
    if (!isPlainObject(ask)) {
      throw new ValidationError(
        `${method} of cache "${this.#contract.name}" takes an object with prompt, not ${describe(ask)}.`,
      )
    }
    const { prompt, ...rest } = ask as Fields
    const isOwn = ([name]: [string, unknown]): boolean => ownMembers.includes(name)
    const members = Object.entries(rest)
    const given = Object.fromEntries(members.filter(member => !isOwn(member)))
    const scope = this.#owner === undefined ? given : owned(given, this.#owner, this.#contract.name)
    this.#checkScope(scope)
    return {
      ...Object.fromEntries(members.filter(isOwn)),
      key: prompt,
      scope: this.#complete(this.#contract.scope, scope, 'scope'),
    }
  }

  /** A scope with a member too many is a mistake, which would find nobody's answers, or everybody's. */
  #checkScope(scope: Fields): void {
    const { properties = {}, additionalProperties = false } = this.#contract.scope as {
      readonly properties?: object
      readonly additionalProperties?: unknown
    }
    const stray = Object.keys(scope).find(name => !Object.hasOwn(properties, name))
    if (stray === undefined || additionalProperties !== false) return
    throw new ValidationError(`The scope of cache "${this.#contract.name}" has no member "${stray}".`, {
      details: { argument: stray },
    })
  }

  #value(value: unknown): unknown {
    return this.#complete(this.#contract.value, value, 'value')
  }

  #complete(schema: JsonSchema, given: unknown, what: string): unknown {
    let complete = this.#completers.get(schema)
    if (complete === undefined) this.#completers.set(schema, (complete = completerFor(schema)))
    const result = complete(given)
    if (result.ok) return result.value
    throw new ValidationError(`The ${what} of an answer in cache "${this.#contract.name}": ${result.problem}.`, {
      details: { argument: what },
    })
  }
}

export const cacheMethods = ['wrap', 'get', 'put', 'delete', 'invalidate', 'clear', 'stats', 'feedback'] as const

/** The cache by promise: `get` embeds what it is asked. */
export const embeddingFace = (cache: PolicyCache): PolicyCache =>
  new Proxy(cache, {
    get: (inner, name) => {
      const method = name === 'get' ? inner.getEmbedded : (Reflect.get(inner, name) as unknown)
      return typeof method === 'function' ? method.bind(inner) : method
    },
  })
