/** Searches by words, or by words and a vector, on their way into the engine. */
import { ValidationError } from '../errors/index.js'
import type { CollectionEntry } from '../sql/catalog/index.js'
import { highlighter } from './highlight.js'
import { WITH_METADATA } from './native.js'
import { finishSearch, nothingAsked, setMember } from './request.js'
import type { CheckedSearch, SearchRequest } from './request.js'
import type { WordsOfSearch } from './results.js'
import { bytesOf } from './slab.js'
import { toVector } from './vectors.js'

/** What `keywordSearch` looks for: the words, and what `search` takes with them. */
export interface KeywordRequest extends Pick<
  SearchRequest,
  | 'k'
  | 'filter'
  | 'minScore'
  | 'groupBy'
  | 'highlight'
  | 'asOf'
  | 'explain'
  | 'includeMetadata'
  | 'includeVectors'
  | 'timeoutMs'
> {
  /** As the `textQuery` of a search. */
  readonly query: string
}

/** What `hybridSearch` looks for. */
export interface HybridRequest extends SearchRequest {
  readonly vector: NonNullable<SearchRequest['vector']>
  readonly textQuery: string
}

const keywordMembers: ReadonlySet<string> = new Set([
  'query',
  'k',
  'filter',
  'minScore',
  'groupBy',
  'highlight',
  'asOf',
  'explain',
  'includeMetadata',
  'includeVectors',
  'timeoutMs',
])
const ALPHA_DEFAULT = 0.5
const RRF_K_DEFAULT = 60
const LISTED_BYTES = 12
const MAX_EXPECTED = 10_000

function unknownMember(name: string): ValidationError {
  const message = `keywordSearch has no option "${name}". It takes: ${[...keywordMembers].join(', ')}.`
  return new ValidationError(message, { details: { option: name } })
}

function checkQuery(query: unknown): void {
  if (typeof query === 'string') return
  throw new ValidationError('Option "query" of keywordSearch takes a string.', { details: { option: 'query' } })
}

function checkRequest(request: unknown): asserts request is KeywordRequest {
  if (typeof request === 'object' && request !== null && !Array.isArray(request)) return
  throw new ValidationError('keywordSearch takes an object with a query.', { details: { argument: 'request' } })
}

/** Checks a keyword request; like `checkSearch` it allocates one object. */
export function checkKeywords(request: unknown): CheckedSearch {
  checkRequest(request)
  const checked = nothingAsked()
  for (const name of Object.keys(request)) {
    if (!keywordMembers.has(name)) throw unknownMember(name)
    const value = (request as unknown as Record<string, unknown>)[name]
    if (value !== undefined && name !== 'query') setMember(checked, name, value, 'search')
  }
  checkQuery(request.query)
  checked.words = request.query
  return finishSearch(checked, 'search')
}

/** A keyword request as `search` takes it. */
export function toSearch(request: unknown): SearchRequest {
  checkRequest(request)
  const unknown = Object.keys(request).find(name => !keywordMembers.has(name))
  if (unknown !== undefined) throw unknownMember(unknown)
  const { query, ...rest } = request
  checkQuery(query)
  return { ...rest, textQuery: query }
}

/** That a hybrid search has both. */
export function checkHybrid(request: unknown): SearchRequest {
  for (const option of ['vector', 'textQuery'] as const) {
    if ((request as Partial<HybridRequest> | undefined)?.[option] !== undefined) continue
    throw new ValidationError(`hybridSearch needs a vector and a textQuery; there is no ${option}.`, {
      details: { option },
    })
  }
  return request as SearchRequest
}

/** The arguments of `textSearch` from the words up to the shape, and what the results have to know. */
export function prepareWords(checked: CheckedSearch, handle: number, entry: CollectionEntry) {
  const { words = '', k, efSearch, minScore, filter, alpha, rrfK, highlight } = checked
  if (!entry.enableHybridSearch) {
    throw new ValidationError(
      `Collection "${entry.name}" has no keyword search: it was created without the option "contentField".`,
      { details: { option: 'textQuery', collection: entry.name } },
    )
  }
  const isHybrid = checked.vector !== undefined
  const vector = isHybrid ? toVector(checked.vector, entry, 'vector') : undefined
  const what = highlight === undefined ? checked.what : checked.what | WITH_METADATA
  const known: WordsOfSearch = {
    isHybrid,
    highlight: highlight && highlighter(handle, words, entry, highlight),
    hidesMetadata: what !== checked.what,
  }
  const listed = isHybrid ? 2 * Math.max(100, 4 * Math.min(k, MAX_EXPECTED)) : 0
  const args = [
    words,
    vector,
    k,
    efSearch,
    what,
    minScore,
    filter,
    Number.isNaN(alpha) ? ALPHA_DEFAULT : alpha,
    Number.isNaN(rrfK) ? RRF_K_DEFAULT : rrfK,
    checked.shape,
  ] as const
  return { args, known, expected: bytesOf(Math.min(checked.hits, MAX_EXPECTED), 0) + 24 + listed * LISTED_BYTES }
}
