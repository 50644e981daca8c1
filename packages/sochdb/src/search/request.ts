/** What searches and lists are asked for, checked. */
import { ValidationError } from '../errors/index.js'
import { checkOptions, MAX_TIMEOUT_MS } from '../engine/check.js'
import { timestampOf } from '../engine/maintenance.js'
import type { AsOf } from '../engine/maintenance.js'
import { aggregateNumber } from './chunks.js'
import type { Aggregate } from './documents.js'
import { compileFilter } from './filter.js'
import type { MetadataFilter } from './filter.js'
import { checkHighlight } from './highlight.js'
import type { HighlightOptions } from './highlight.js'
import { describeValue } from './metadata.js'
import { EXACT, EXPLAIN, WITH_METADATA, WITH_VECTORS } from './native.js'
import type { VectorInput } from './vectors.js'

/** What a search looks for: what is near a vector, what has words, or both (docs/collections.md has the rules). */
export interface SearchRequest {
  /** Needed unless there is a `textQuery`. */
  readonly vector?: VectorInput
  /** Words, `"phrases"`, `beginnings*`, `+needed` and `-unwanted` ones. At most 64 KiB. Needs a collection with `contentField`. */
  readonly textQuery?: string
  /** With both: how much the vector counts, from 0 (the words alone) to 1 (the vector alone). Default 0.5. */
  readonly alpha?: number
  /** With both: the greater, the less the first places of each list stand out. 0 or above, default 60. */
  readonly rrfK?: number
  /** With words: hits get `highlights`. Default false. */
  readonly highlight?: boolean | HighlightOptions
  /** Hits at most: 1 to 100000, default 10. */
  readonly k?: number
  /** Only documents that pass, before `k` is cut. */
  readonly filter?: MetadataFilter
  /** Only hits with at least this `score`; with a vector and words, with at least this similarity to the vector. */
  readonly minScore?: number
  /** Candidates looked at: 1 to 100000. More is slower and finds more. Default: the collection's. */
  readonly efSearch?: number
  /** Compare with every vector instead of asking the graph. Default false. */
  readonly exact?: boolean
  /**
   * The best hits for each value of a metadata field: `k` groups, the one with the best hit first, of each its best `limit` (1 to
   * 100000, default 1). A document is in a group for every element of an array, and in none where the field is missing. The
   * 100000 best documents are looked at, at most.
   */
  readonly groupBy?: string | { readonly field: string; readonly limit?: number }
  /**
   * Maximal marginal relevance: of the `fetch` nearest (up to 10000, default 4 * k and at least 20) the `k` that add most, one after the other:
   * `lambda` * score - (1 - `lambda`) * the greatest score between the document and one before it. `lambda` is 0 to 1,
   * default 0.5. With a vector alone.
   */
  readonly mmr?: boolean | { readonly lambda?: number; readonly fetch?: number }
  /**
   * How near documents in chunks are: as their nearest vector (`max`), as all of them in the mean, or as their `first`. Default: what each
   * document says. With a vector.
   */
  readonly aggregate?: Aggregate
  /** What a search would have found at that time, as far back as the database's `retentionMs`. */
  readonly asOf?: AsOf
  /** The results tell how the search went about it: `results.explanation`. Default false. */
  readonly explain?: boolean
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
  /** What there was at that time. */
  readonly asOf?: AsOf
  readonly timeoutMs?: number
}

/** How documents are read that are known by id, or counted. */
export interface ReadOptions {
  /** What there was at that time, as far back as the database's `retentionMs`. */
  readonly asOf?: AsOf
}

/** What the searches of `searchMany` have in common. */
export interface SearchManyOptions extends ReadOptions {
  /** Give up on all of them after so many milliseconds, with a QueryTimeoutError. Default 0: never. */
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
  words: string | undefined
  /** NaN: not given. */
  alpha: number
  rrfK: number
  highlight: HighlightOptions | undefined
  asOf: bigint | undefined
  group: { readonly path: readonly string[]; readonly limit: number } | undefined
  mmr: { readonly lambda: number; readonly fetch: number | undefined } | undefined
  aggregate: number | undefined
  /** `group`, `mmr` and `aggregate` as the addon takes them. */
  shape: string | undefined
  /** Hits at most. */
  hits: number
}

export interface CheckedList {
  after: string
  limit: number
  what: number
  filter: string | undefined
  timeoutMs: number
  asOf: bigint | undefined
}

export const MAX_K = 100_000
const MAX_LISTED = 100_000
const MAX_DIVERSE = 10_000
const LEAST_FETCHED = 20
const MAX_PATH_BYTES = 1024
const K_DEFAULT = 10
const LIMIT_DEFAULT = 100

/**
 * Checks a request, member by member: this runs for every search, so it allocates one object and nothing else.
 *
 * @param place as it reads in a message: `search`
 */
export function checkSearch(request: unknown, place: string): CheckedSearch {
  if (typeof request !== 'object' || request === null || Array.isArray(request) || ArrayBuffer.isView(request)) {
    throw bad(`${place} takes an object with what to look for; this one is ${describeValue(request)}.`, 'request')
  }
  const checked = nothingAsked()
  for (const name of Object.keys(request)) {
    const value = (request as Record<string, unknown>)[name]
    if (value !== undefined) setMember(checked, name, value, place)
    else if (!isMember(name)) throw unknownMember(place, name)
  }
  return finishSearch(checked, place)
}

/** A request before its members are looked at. */
export function nothingAsked(): CheckedSearch {
  return {
    vector: undefined,
    k: K_DEFAULT,
    efSearch: 0,
    what: WITH_METADATA,
    minScore: NaN,
    filter: undefined,
    timeoutMs: 0,
    words: undefined,
    alpha: NaN,
    rrfK: NaN,
    highlight: undefined,
    asOf: undefined,
    group: undefined,
    mmr: undefined,
    aggregate: undefined,
    shape: undefined,
    hits: K_DEFAULT,
  }
}

/** That the members fit each other, and what follows from them. */
export function finishSearch(checked: CheckedSearch, place: string): CheckedSearch {
  checkTogether(checked, place)
  checked.hits = checked.k
  if (checked.group !== undefined || checked.mmr !== undefined || checked.aggregate !== undefined)
    checkShape(checked, place)
  return checked
}

/** That what belongs to vectors stands beside one, and what belongs to words beside some. */
function checkTogether(checked: CheckedSearch, place: string): void {
  const { vector, words } = checked
  if (vector !== undefined && words !== undefined) return
  if (vector === undefined && words === undefined) throw bad(`${place} needs a vector, or a textQuery.`, 'vector')
  const alone = (option: string, needed: string): ValidationError =>
    bad(`Option "${option}" of ${place} goes with ${needed}, which is not there.`, option)
  const other = vector === undefined ? 'a vector' : 'a textQuery'
  if (!Number.isNaN(checked.alpha)) throw alone('alpha', other)
  if (!Number.isNaN(checked.rrfK)) throw alone('rrfK', other)
  if (words === undefined) {
    if (checked.highlight !== undefined) throw alone('highlight', other)
    return
  }
  if (checked.efSearch !== 0) throw alone('efSearch', other)
  if ((checked.what & EXACT) !== 0) throw alone('exact', other)
  if (checked.aggregate !== undefined) throw alone('aggregate', other)
}

export function setMember(checked: CheckedSearch, name: string, value: unknown, place: string): void {
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
    case 'textQuery':
      if (typeof value !== 'string') throw wrong(name, place, 'a string', value)
      checked.words = value
      return
    case 'alpha':
      checked.alpha = between(value, 0, 1, 'a number from 0 to 1', name, place)
      return
    case 'rrfK':
      checked.rrfK = between(value, 0, Number.MAX_VALUE, 'a number, 0 or above', name, place)
      return
    case 'highlight':
      checked.highlight = checkHighlight(value, place)
      return
    case 'timeoutMs':
      checked.timeoutMs = whole(value, 0, MAX_TIMEOUT_MS, name, place)
      return
    case 'groupBy':
      checked.group = groupOf(value, place)
      return
    case 'mmr':
      checked.mmr = mmrOf(value, place)
      return
    case 'aggregate':
      checked.aggregate = aggregateNumber(value, place)
      return
    case 'asOf':
      checked.asOf = timestampOf(value as AsOf, place)
      return
    case 'explain':
      checked.what = withBit(checked.what, EXPLAIN, value, name, place)
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
  'vector, textQuery, k, filter, alpha, rrfK, minScore, efSearch, exact, groupBy, mmr, aggregate, asOf, explain, highlight, ' +
  'includeMetadata, includeVectors, includeScores, timeoutMs'
const searchMemberNames: ReadonlySet<string> = new Set(searchMembers.split(', '))
const isMember = (name: string): boolean => searchMemberNames.has(name)

function unknownMember(place: string, name: string): ValidationError {
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
    asOf: options['asOf'] === undefined ? undefined : timestampOf(options['asOf'] as AsOf, place),
  }
}

/** That groups and mmr fit the rest, and both as the addon takes them. */
function checkShape(checked: CheckedSearch, place: string): void {
  const { k, group, mmr, aggregate } = checked
  if (group !== undefined && mmr !== undefined) throw bad(`${place} takes groupBy or mmr, not both.`, 'mmr')
  if (mmr !== undefined && checked.words !== undefined) {
    throw bad(`Option "mmr" of ${place} goes with a vector alone: it compares by vectors.`, 'mmr')
  }
  if (mmr !== undefined && k > MAX_DIVERSE) {
    throw bad(`Option "k" of ${place} is at most ${MAX_DIVERSE} with mmr; this is ${k}.`, 'k')
  }
  if (mmr?.fetch !== undefined && mmr.fetch < k) {
    throw bad(`Option "mmr" of ${place} has to fetch at least k (${k}) documents; this is ${mmr.fetch}.`, 'mmr')
  }
  checked.hits = k * (group?.limit ?? 1)
  if (checked.hits > MAX_K) {
    throw bad(`Option "groupBy" of ${place} brings at most ${MAX_K} hits: k times limit is ${checked.hits}.`, 'groupBy')
  }
  const fetch = mmr?.fetch ?? Math.min(MAX_DIVERSE, Math.max(LEAST_FETCHED, 4 * k))
  checked.shape = JSON.stringify([
    group?.path ?? null,
    group?.limit ?? 1,
    mmr?.lambda ?? null,
    fetch,
    aggregate ?? null,
  ])
}

function groupOf(value: unknown, place: string): CheckedSearch['group'] {
  const wanted = 'the name of a metadata field, or an object with field and limit'
  const given = typeof value === 'string' ? { field: value } : value
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('groupBy', place, wanted, value)
  const { field, limit = 1 } = checkOptions(given, { field: isAny, limit: isAny }, `${place}, in "groupBy",`)
  if (typeof field !== 'string' || Buffer.byteLength(field) > MAX_PATH_BYTES || field.split('.').includes('')) {
    throw wrong('groupBy', place, wanted, field)
  }
  return { path: field.split('.'), limit: whole(limit, 1, MAX_K, 'limit', `${place}, in "groupBy",`) }
}

function mmrOf(value: unknown, place: string): CheckedSearch['mmr'] {
  if (value === false) return undefined
  if (typeof value === 'object' ? value === null || Array.isArray(value) : value !== true) {
    throw wrong('mmr', place, 'true, false, or an object with lambda and fetch', value)
  }
  const options = value === true ? {} : value
  const inside = `${place}, in "mmr",`
  const { lambda = 0.5, fetch } = checkOptions(options, { lambda: isAny, fetch: isAny }, inside)
  return {
    lambda: between(lambda, 0, 1, 'a number from 0 to 1', 'lambda', inside),
    fetch: fetch === undefined ? undefined : whole(fetch, 1, MAX_DIVERSE, 'fetch', inside),
  }
}

const isAny = (): undefined => undefined

function withBit(bits: number, bit: number, value: unknown, name: string, place: string): number {
  if (typeof value !== 'boolean') throw wrong(name, place, 'true or false', value)
  return value ? bits | bit : bits & ~bit
}

function whole(value: unknown, min: number, max: number, name: string, place: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw wrong(name, place, `a whole number from ${min} to ${max}`, value)
}

function between(value: unknown, min: number, max: number, wanted: string, name: string, place: string): number {
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw wrong(name, place, wanted, value)
}

function wrong(name: string, place: string, wanted: string, value: unknown): ValidationError {
  const shown = typeof value === 'number' ? String(value) : describeValue(value)
  return bad(`Option "${name}" of ${place} takes ${wanted}; this is ${shown}.`, name)
}

function bad(message: string, option: string): ValidationError {
  return new ValidationError(message, { details: { option } })
}
