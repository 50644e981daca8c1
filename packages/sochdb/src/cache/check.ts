/** Checking what caches are asked for: all of it, before anything is read or written. */
import { isFloat32Array } from 'node:util/types'

import { describe } from '../bytes/bytes.js'
import { callable, checkOptions, oneOf, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { DimensionMismatchError, ValidationError } from '../errors/index.js'
import { encodeMetadata } from '../search/index.js'
import type { Metadata } from '../search/index.js'
import { keyText, scopeText } from './scope.js'
import type { CacheConfig, CacheGuards } from './types.js'

const MAX_NAME_BYTES = 255
const MAX_DIMENSION = 16_384
const MAX_SECONDS = 1e11
const MAX_TAGS = 64
const MAX_TAG_LENGTH = 1024
const MAX_LISTED = 10_000
const ENTRY = { kind: 'Cache entry', member: 'entry', depth: 0 }

const any: Check = () => undefined
const from =
  (least: number, most: number, unit: string): Check =>
  value =>
    typeof value === 'number' && value >= least && value <= most ? undefined : `${unit} from ${least} to ${most}`
const seconds = from(0, MAX_SECONDS, 'a number of seconds')
const amount: Check = value =>
  typeof value === 'number' && value >= 0 && Number.isFinite(value) ? undefined : 'a number, 0 or above'
const similarity = from(-1, 1, 'a cosine similarity')
const texts: Check = value =>
  Array.isArray(value) &&
  value.length <= MAX_TAGS &&
  value.every(tag => typeof tag === 'string' && tag !== '' && tag.length <= MAX_TAG_LENGTH)
    ? undefined
    : `an array of at most ${MAX_TAGS} strings of 1 to ${MAX_TAG_LENGTH} characters`
const orNull =
  (check: Check): Check =>
  value =>
    value === null ? undefined : check(value)

export interface CheckedPut {
  readonly key: string
  /** As it was given. */
  readonly said: string
  readonly scope: string
  readonly embedding: Float32Array
  readonly value: unknown
  readonly metadata: Metadata | undefined
  /** Of value and metadata as JSON. */
  readonly jsonBytes: number
  readonly ttlSeconds: number | undefined
  readonly staleSeconds: number | undefined
  readonly tags: readonly string[]
  readonly tokens: number | undefined
  readonly cost: number | undefined
}

export interface CheckedGet {
  readonly key: string | undefined
  readonly embedding: Float32Array | undefined
  readonly threshold: number | undefined
  readonly scope: string
}

/** @param name of a cache: 1 to 255 bytes without control characters */
export function checkCacheName(name: unknown): string {
  const wrong = (what: string): ValidationError =>
    new ValidationError(`The name of a cache ${what}.`, { details: { argument: 'cacheName' } })
  if (typeof name !== 'string' || name === '') throw wrong('must be a string that is not empty')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw wrong(`is at most ${MAX_NAME_BYTES} bytes long`)
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name)) {
    throw wrong('holds a control character or half of a surrogate pair')
  }
  return name
}

/** Takes `cacheName` out of a request. */
export function checkNamed(request: unknown, place: string): { name: string; rest: Record<string, unknown> } {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new ValidationError(`${place} takes an object with cacheName; this one is ${describe(request)}.`)
  }
  const { cacheName, ...rest } = request as Record<string, unknown>
  return { name: checkCacheName(cacheName), rest }
}

/** Numbers that are finite, as 32-bit floats of their own. */
export function toEmbedding(value: unknown, argument: string): Float32Array {
  const isList =
    typeof value === 'object' && value !== null && typeof (value as { length?: unknown }).length === 'number'
  const wrong = (what: string): ValidationError =>
    new ValidationError(`${argument} must be a Float32Array or an array of 1 to ${MAX_DIMENSION} numbers; ${what}.`, {
      details: { argument },
    })
  if (!isList) throw wrong(`this one is ${describe(value)}`)
  const given = value as ArrayLike<unknown>
  const { length } = given
  if (length < 1 || length > MAX_DIMENSION) throw wrong(`this one has ${length} values`)
  const vector = isFloat32Array(given) ? given.slice() : new Float32Array(length)
  for (let i = 0; i < length; i++) {
    const number = given[i]
    vector[i] = typeof number === 'number' ? number : NaN
    if (!Number.isFinite(vector[i]))
      throw wrong(`value ${i} is ${typeof number === 'number' ? number : describe(number)}`)
  }
  return vector
}

export function checkDimension(
  name: string,
  dimension: number | undefined,
  vector: Float32Array,
  argument: string,
): void {
  if (dimension === undefined || vector.length === dimension) return
  throw new DimensionMismatchError(
    `Cache "${name}" holds ${dimension}-dimensional embeddings; ${argument} has ${vector.length} values. ` +
      'Embed with the model that filled it, or use another cache.',
    {
      expected: dimension,
      actual: vector.length,
      details: { cache: name, expected: dimension, actual: vector.length, argument },
    },
  )
}

const putChecks = {
  key: any,
  value: any,
  embedding: any,
  ttlSeconds: seconds,
  staleSeconds: seconds,
  metadata: any,
  scope: any,
  tags: texts,
  tokens: amount,
  cost: amount,
}

export function checkPut(entry: unknown, name: string, place: string): CheckedPut {
  const given = checkOptions(entry ?? null, putChecks, place) as Partial<Record<keyof typeof putChecks, never>>
  const key = keyText(given.key)
  const embedding = toEmbedding(given.embedding, 'embedding')
  const { metadata, ttlSeconds, staleSeconds, tags, tokens, cost } = given as {
    metadata?: Metadata
    ttlSeconds?: number
    staleSeconds?: number
    tags?: string[]
    tokens?: number
    cost?: number
  }
  if (given.value === undefined) {
    throw new ValidationError(`${place} needs a value: anything that JSON can say.`, { details: { argument: 'value' } })
  }
  const written = encodeMetadata({ value: given.value, metadata: metadata ?? {} }, key, ENTRY)
  if (metadata !== undefined) encodeMetadata(metadata, key, { ...ENTRY, member: 'metadata' })
  const saved = (member: 'tokens' | 'cost'): number | undefined => {
    const said = metadata?.[member]
    return typeof said === 'number' && said >= 0 ? said : undefined
  }
  return {
    key,
    said: given.key as unknown as string,
    scope: scopeText(given.scope, name),
    embedding,
    value: given.value,
    metadata,
    jsonBytes: Buffer.byteLength(written),
    ttlSeconds,
    staleSeconds,
    tags: [...new Set(tags)],
    tokens: tokens ?? saved('tokens'),
    cost: cost ?? saved('cost'),
  }
}

const getChecks = { key: any, queryEmbedding: any, threshold: similarity, scope: any }

export function checkGet(query: unknown, name: string, place: string): CheckedGet {
  const { key, queryEmbedding, threshold, scope } = checkOptions(query ?? null, getChecks, place)
  if (key === undefined && queryEmbedding === undefined) {
    throw new ValidationError(`${place} needs a queryEmbedding, a key, or both.`, {
      details: { argument: 'queryEmbedding' },
    })
  }
  return {
    key: key === undefined ? undefined : keyText(key),
    embedding: queryEmbedding === undefined ? undefined : toEmbedding(queryEmbedding, 'queryEmbedding'),
    threshold: threshold as number | undefined,
    scope: scopeText(scope, name),
  }
}

export function checkKey(given: unknown, name: string, place: string): { key: string; scope: string } {
  const { key, scope } = checkOptions(given ?? null, { key: any, scope: any }, place)
  return { key: keyText(key), scope: scopeText(scope, name) }
}

/** The scope of what takes nothing else; undefined: all of them. */
export function checkScope(given: unknown, name: string, place: string): string | undefined {
  const { scope } = checkOptions(given, { scope: any }, place)
  return scope === undefined ? undefined : scopeText(scope, name)
}

export function checkTags(tags: unknown): readonly string[] {
  const wanted = texts(typeof tags === 'string' ? [tags] : tags)
  if (wanted === undefined) return typeof tags === 'string' ? [tags] : (tags as string[])
  throw new ValidationError(`invalidate takes a tag, or ${wanted}; this is ${describe(tags)}.`, {
    details: { argument: 'tags' },
  })
}

export function checkList(given: unknown, name: string): { scope: string; limit: number; after: string | undefined } {
  const checks = { scope: any, limit: whole(0, MAX_LISTED), after: any }
  const { scope, limit = 100, after } = checkOptions(given, checks, 'list')
  return {
    scope: scopeText(scope, name),
    limit: limit as number,
    after: after === undefined ? undefined : keyText(after),
  }
}

const isGuards: Check = value => {
  if (typeof value === 'boolean') return undefined
  const names: readonly (keyof CacheGuards)[] = ['numbers', 'negation', 'names', 'words']
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isFine =
    isRecord &&
    Object.entries(value).every(
      ([guard, on]) => names.includes(guard as keyof CacheGuards) && (typeof on === 'boolean' || on === undefined),
    )
  return isFine ? undefined : 'true, false, or an object with numbers, negation, names and words'
}

const configChecks: Readonly<Record<keyof CacheConfig, Check>> = {
  dimension: orNull(whole(1, MAX_DIMENSION)),
  threshold: orNull(similarity),
  ttlSeconds: orNull(seconds),
  staleSeconds: orNull(seconds),
  maxEntries: orNull(whole(1, Number.MAX_SAFE_INTEGER)),
  maxBytes: orNull(whole(1, Number.MAX_SAFE_INTEGER)),
  evict: orNull(oneOf('lru', 'lfu', 'cost')),
  guards: orNull(isGuards),
  maxErrorRate: orNull(value =>
    typeof value === 'number' && value > 0 && value < 1 ? undefined : 'a number above 0 and below 1',
  ),
}

export const functionChecks = { verify: callable, embed: callable, isSame: callable, onRefreshError: callable }

export function checkConfig(config: unknown, place: string): CacheConfig {
  return checkOptions(config, configChecks, place)
}

/** The kept part of the options of `cache(name, options)`, and the functions, which are the handle's own. */
export function checkCacheOptions(options: unknown): { config: CacheConfig; functions: Record<string, unknown> } {
  const checked = checkOptions(options, { ...configChecks, ...functionChecks }, 'cache')
  const isFunction = (name: string): boolean => Object.hasOwn(functionChecks, name)
  const pick = (wanted: boolean): Record<string, unknown> =>
    Object.fromEntries(Object.entries(checked).filter(([name]) => isFunction(name) === wanted))
  return { config: pick(false), functions: pick(true) }
}
