/** What searches and lists are asked for, checked. */
import { ValidationError } from '../errors/index.js'
import { MAX_TIMEOUT_MS } from '../engine/check.js'
import { compileFilter } from './filter.js'
import type { MetadataFilter } from './filter.js'
import { describeValue } from './metadata.js'
import { EXACT, WITH_METADATA, WITH_VECTORS } from './native.js'
import type { VectorInput } from './vectors.js'

/** What a search looks for. */
export interface SearchRequest {
  readonly vector: VectorInput
  /** Hits at most: 1 to 100000, default 10. */
  readonly k?: number
  /** Only documents that pass, before `k` is cut. */
  readonly filter?: MetadataFilter
  /** Only hits with at least this `score`. */
  readonly minScore?: number
  /** Candidates looked at: 1 to 100000. More is slower and finds more. Default: the collection's. */
  readonly efSearch?: number
  /** Compare with every vector instead of asking the graph. Default false. */
  readonly exact?: boolean
  /** Default true. Without, `metadata` of hits is undefined. */
  readonly includeMetadata?: boolean
  /** Default false. */
  readonly includeVectors?: boolean
  /** Give up after so many milliseconds, with a QueryTimeoutError. Default 0: never. */
  readonly timeoutMs?: number
}

/** What documents are listed. */
export interface ListOptions {
  /** Documents whose id is above this one, by bytes. */
  readonly after?: string
  /** Documents at most: 0 to 100000, default 100. */
  readonly limit?: number
  readonly filter?: MetadataFilter
  /** Default true. */
  readonly includeMetadata?: boolean
  /** Default false. */
  readonly includeVectors?: boolean
  readonly timeoutMs?: number
}

export interface CheckedSearch {
  vector: unknown
  k: number
  efSearch: number
  what: number
  minScore: number
  filter: string | undefined
  timeoutMs: number
}

export interface CheckedList {
  after: string
  limit: number
  what: number
  filter: string | undefined
  timeoutMs: number
}

export const MAX_K = 100_000
const MAX_LISTED = 100_000
const K_DEFAULT = 10
const LIMIT_DEFAULT = 100

/** Members of a search request that the specification has and this version does not. */
const notAvailable: Readonly<Record<string, string>> = Object.freeze({
  textQuery: 'has no keyword search',
  alpha: 'has no keyword search',
  rrfK: 'has no keyword search',
  aggregate: 'keeps one vector for each document',
  groupBy: 'does not group hits',
  asOf: 'keeps no history',
  explain: 'does not explain searches',
})

/**
 * Checks a request, member by member: this runs for every search, so it allocates one object and nothing else.
 *
 * @param place as it reads in a message: `search`
 */
export function checkSearch(request: unknown, place: string): CheckedSearch {
  if (typeof request !== 'object' || request === null || Array.isArray(request) || ArrayBuffer.isView(request)) {
    throw bad(`${place} takes an object with a vector; this one is ${describeValue(request)}.`, 'request')
  }
  const checked: CheckedSearch = {
    vector: undefined,
    k: K_DEFAULT,
    efSearch: 0,
    what: WITH_METADATA,
    minScore: NaN,
    filter: undefined,
    timeoutMs: 0,
  }
  for (const name of Object.keys(request)) {
    const value = (request as Record<string, unknown>)[name]
    if (value !== undefined) setMember(checked, name, value, place)
    else if (!isMember(name)) throw unknownMember(place, name)
  }
  if (checked.vector === undefined) throw bad(`${place} needs a vector.`, 'vector')
  return checked
}

function setMember(checked: CheckedSearch, name: string, value: unknown, place: string): void {
  switch (name) {
    case 'vector':
      checked.vector = value
      return
    case 'k':
      checked.k = whole(value, 1, MAX_K, name, place)
      return
    case 'efSearch':
      checked.efSearch = whole(value, 1, MAX_K, name, place)
      return
    case 'minScore':
      if (typeof value !== 'number' || Number.isNaN(value)) throw wrong(name, place, 'a number', value)
      checked.minScore = value
      return
    case 'filter':
      checked.filter = compileFilter(value)
      return
    case 'timeoutMs':
      checked.timeoutMs = whole(value, 0, MAX_TIMEOUT_MS, name, place)
      return
    case 'exact':
      checked.what = withBit(checked.what, EXACT, value, name, place)
      return
    case 'includeMetadata':
      checked.what = withBit(checked.what, WITH_METADATA, value, name, place)
      return
    case 'includeVectors':
      checked.what = withBit(checked.what, WITH_VECTORS, value, name, place)
      return
    case 'includeScores':
      if (value === true) return
      throw bad(`Option "includeScores" of ${place} takes only true: hits always have their scores.`, name)
    default:
      throw unknownMember(place, name)
  }
}

const searchMembers =
  'vector, k, filter, minScore, efSearch, exact, includeMetadata, includeVectors, includeScores, timeoutMs'
const isMember = (name: string): boolean => searchMembers.split(', ').includes(name)

function unknownMember(place: string, name: string): ValidationError {
  if (Object.hasOwn(notAvailable, name)) {
    return bad(`Option "${name}" of ${place} is not available in this version, which ${notAvailable[name]!}.`, name)
  }
  return bad(`${place} has no option "${name}". It takes: ${searchMembers}.`, name)
}

/** Checks the options of a list; `check` has refused unknown ones. */
export function checkList(options: Readonly<Record<string, unknown>>): CheckedList {
  const place = 'list'
  const { after = '', limit = LIMIT_DEFAULT, timeoutMs = 0, includeMetadata = true, includeVectors = false } = options
  if (typeof after !== 'string') throw wrong('after', place, 'an id', after)
  const what = withBit(0, WITH_METADATA, includeMetadata, 'includeMetadata', place)
  return {
    after,
    limit: whole(limit, 0, MAX_LISTED, 'limit', place),
    what: withBit(what, WITH_VECTORS, includeVectors, 'includeVectors', place),
    filter: compileFilter(options['filter']),
    timeoutMs: whole(timeoutMs, 0, MAX_TIMEOUT_MS, 'timeoutMs', place),
  }
}

function withBit(bits: number, bit: number, value: unknown, name: string, place: string): number {
  if (typeof value !== 'boolean') throw wrong(name, place, 'true or false', value)
  return value ? bits | bit : bits & ~bit
}

function whole(value: unknown, min: number, max: number, name: string, place: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw wrong(name, place, `a whole number from ${min} to ${max}`, value)
}

function wrong(name: string, place: string, wanted: string, value: unknown): ValidationError {
  const shown = typeof value === 'number' ? String(value) : describeValue(value)
  return bad(`Option "${name}" of ${place} takes ${wanted}; this is ${shown}.`, name)
}

function bad(message: string, option: string): ValidationError {
  return new ValidationError(message, { details: { option } })
}
