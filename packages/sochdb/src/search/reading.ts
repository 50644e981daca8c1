/** Reading documents: on the thread that asks, and by promise on the engine's. */
import { pack } from '../bytes/packer.js'
import { checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import { timestampOf } from '../engine/maintenance.js'
import { ValidationError } from '../errors/index.js'
import { MAX_EXPECTED } from './access.js'
import type { CollectionAccess } from './access.js'
import { checkId, checkIds } from './documents.js'
import { compileFilter } from './filter.js'
import type { MetadataFilter } from './filter.js'
import { describeValue } from './metadata.js'
import type { Metadata } from './metadata.js'
import { search as native } from './native.js'
import { checkList, checkSearch } from './request.js'
import type { CheckedSearch, ListOptions, ReadOptions, SearchManyOptions, SearchRequest } from './request.js'
import { SearchResults, toDocument } from './results.js'
import type { ListedDocument, StoredDocument } from './results.js'
import { bytesOf, readDocuments, readMany } from './slab.js'
import type { Documents, Layout, Read } from './slab.js'
import { toVector } from './vectors.js'
import { checkKeywords, prepareWords } from './words.js'
import type { KeywordRequest } from './words.js'
import { MAX_IDS_BYTES } from './writing.js'

const anything = (): undefined => undefined
const listChecks = {
  after: anything,
  limit: anything,
  filter: anything,
  includeMetadata: anything,
  includeVectors: anything,
  asOf: anything,
  timeoutMs: anything,
}
const manyChecks = { timeoutMs: whole(0, MAX_TIMEOUT_MS), asOf: anything }
const MAX_SEARCHES = 100_000

/** The time of a read by id, or of a count. */
function timeOf(options: ReadOptions | undefined, place: string): bigint | undefined {
  if (options === undefined) return undefined
  const { asOf } = checkOptions(options, { asOf: anything }, place) as ReadOptions
  return asOf === undefined ? undefined : timestampOf(asOf, place)
}

export function getDocument(
  access: CollectionAccess,
  id: string,
  options: ReadOptions | undefined,
): StoredDocument | undefined {
  checkId(id, 'id')
  const documents = access.past(timeOf(options, 'get'), then => then.get(id))
  return documents.id(0) === '' ? undefined : (toDocument(documents, 0) as StoredDocument)
}

export function getDocuments(
  access: CollectionAccess,
  ids: readonly string[],
  options: ReadOptions | undefined,
): (StoredDocument | undefined)[] {
  const wanted = checkIds(ids)
  const expected = bytesOf(Math.min(wanted.length, MAX_EXPECTED), access.entry.dimension)
  const asOf = timeOf(options, 'getMany')
  const documents = pack(
    MAX_IDS_BYTES,
    packer => wanted.forEach((id, i) => packer.addKey(checkId(id, `ids[${i}]`))),
    packed =>
      access.past(asOf, then =>
        then.read(expected, 'plain', (buffer, offset) =>
          native.vectorGetMany(then.through, then.handle, packed, buffer, offset),
        ),
      ),
  )
  return wanted.map((_, i) => (documents.id(i) === '' ? undefined : (toDocument(documents, i) as StoredDocument)))
}

export function countDocuments(
  access: CollectionAccess,
  filter: MetadataFilter | undefined,
  options: ReadOptions | undefined,
): number {
  const compiled = compileFilter(filter)
  return access.past(timeOf(options, 'count'), then =>
    then.query(() => native.vectorCount(then.through, then.handle, compiled, 0)),
  )
}

export function countDocumentsBy(
  access: CollectionAccess,
  filter: MetadataFilter | undefined,
  options: ReadOptions | undefined,
  operation: number,
  timeoutMs: number,
): Promise<number> {
  const compiled = compileFilter(filter)
  return access.pastBy(timeOf(options, 'count'), then =>
    then.fetch(
      count => count,
      () => native.asyncVectorCount(then.through, then.handle, compiled, timeoutMs, operation),
    ),
  )
}

const toList = (documents: Documents): ListedDocument[] =>
  Array.from({ length: documents.count }, (_, i) => toDocument(documents, i))

/** The bytes that a list will probably take. */
const listedBytes = (limit: number): number => bytesOf(Math.min(limit, MAX_EXPECTED), 0)

export function listDocuments(access: CollectionAccess, options: ListOptions | undefined): ListedDocument[] {
  const { after, limit, what, filter, timeoutMs, asOf } = checkList(checkOptions(options, listChecks, 'list'))
  return access.past(asOf, then =>
    toList(
      then.read(listedBytes(limit), 'plain', (buffer, offset) =>
        native.vectorList(then.through, then.handle, after, limit, what, filter, timeoutMs, buffer, offset),
      ),
    ),
  )
}

export function listDocumentsBy(
  access: CollectionAccess,
  options: ListOptions | undefined,
  operation: number,
): Promise<ListedDocument[]> {
  const { after, limit, what, filter, timeoutMs, asOf } = checkList(checkOptions(options, listChecks, 'list'))
  return access.pastBy(asOf, then =>
    then.fetch(
      results => toList(fetched(results, listedBytes(limit), 'plain')),
      () => native.asyncVectorList(then.through, then.handle, after, limit, what, filter, timeoutMs, operation),
    ),
  )
}

const fetched = (results: number, expected: number, layout: Layout): Documents =>
  readDocuments(results, expected, layout, (buffer, offset) => native.vectorFetch<string>(results, buffer, offset))

export function searchDocuments(access: CollectionAccess, request: SearchRequest): SearchResults<Metadata | undefined> {
  return searchChecked(access, checkSearch(request, 'search'))
}

export function searchKeywords(access: CollectionAccess, request: KeywordRequest): SearchResults {
  return searchChecked(access, checkKeywords(request)) as SearchResults
}

function searchChecked(access: CollectionAccess, checked: CheckedSearch): SearchResults<Metadata | undefined> {
  const search = prepare(access, checked)
  return access.past(checked.asOf, then => {
    const { through, handle } = then
    const documents = then.read(search.expected, search.layout, (buffer, offset) =>
      search.layout === 'listed'
        ? native.textSearch(through, handle, ...search.args, checked.timeoutMs, buffer, offset)
        : native.vectorSearch(through, handle, ...search.args, checked.timeoutMs, buffer, offset),
    )
    return new SearchResults(documents, search.known)
  })
}

export function searchDocumentsBy(
  access: CollectionAccess,
  request: SearchRequest,
  operation: number,
): Promise<SearchResults> {
  const checked = checkSearch(request, 'search')
  const search = prepare(access, checked)
  return access.pastBy(checked.asOf, then =>
    then.fetch(
      results => new SearchResults(fetched(results, search.expected, search.layout), search.known),
      () =>
        search.layout === 'listed'
          ? native.asyncTextSearch(then.through, then.handle, ...search.args, checked.timeoutMs, operation)
          : native.asyncVectorSearch(then.through, then.handle, ...search.args, checked.timeoutMs, operation),
    ),
  )
}

/** The arguments of a search up to its shape, and what its results have to know. */
function prepare(access: CollectionAccess, checked: CheckedSearch) {
  if (checked.words !== undefined) {
    const { args, known, expected } = prepareWords(checked, access.handle, access.entry)
    return { layout: 'listed', args, known, expected } as const
  }
  const { k, efSearch, what, minScore, filter, shape } = checked
  const vector = toVector(checked.vector, access.entry, 'vector')
  const args = [vector, k, efSearch, what, minScore, filter, shape] as const
  return {
    layout: 'scored',
    args,
    known: undefined,
    expected: bytesOf(Math.min(checked.hits, MAX_EXPECTED), 0),
  } as const
}

/** Many searches, ready for one call. */
function prepareMany(access: CollectionAccess, requests: unknown, options: SearchManyOptions | undefined) {
  const { timeoutMs = 0, asOf } = checkOptions(options, manyChecks, 'searchMany') as SearchManyOptions
  if (!Array.isArray(requests) || requests.length > MAX_SEARCHES) {
    const what = Array.isArray(requests) ? `${requests.length} of them` : describeValue(requests)
    throw new ValidationError(
      `searchMany takes an array of what search takes, at most ${MAX_SEARCHES} requests; this is ${what}.`,
      { details: { argument: 'requests' } },
    )
  }
  const searches = requests.map((request: unknown, i) => {
    const place = `searchMany, in requests[${i}],`
    const checked = checkSearch(request, place)
    if (checked.asOf !== undefined || checked.timeoutMs !== 0) {
      const option = checked.asOf !== undefined ? 'asOf' : 'timeoutMs'
      throw new ValidationError(
        `Option "${option}" of ${place} is one for all: give it to searchMany, after the requests.`,
        {
          details: { option },
        },
      )
    }
    return prepare(access, checked)
  })
  return {
    searches,
    args: searches.map(({ args }) => args),
    expected: searches.reduce((bytes, search) => bytes + search.expected, 0),
    timeoutMs,
    asOf: asOf === undefined ? undefined : timestampOf(asOf, 'searchMany'),
  }
}

type PreparedMany = ReturnType<typeof prepareMany>

function toManyResults(
  { searches, expected }: PreparedMany,
  handle: number,
  read: Read<readonly string[]>,
): SearchResults[] {
  const layouts = searches.map(({ layout }) => layout)
  return readMany(handle, expected, layouts, read).map(
    (documents, i) => new SearchResults(documents, searches[i]!.known),
  )
}

export function searchMany(
  access: CollectionAccess,
  requests: readonly SearchRequest[],
  options: SearchManyOptions | undefined,
): SearchResults[] {
  const many = prepareMany(access, requests, options)
  return access.past(many.asOf, then =>
    then.query(() =>
      toManyResults(many, then.handle, (buffer, offset) =>
        native.searchMany(then.through, then.handle, many.args, many.timeoutMs, buffer, offset),
      ),
    ),
  )
}

/** That the target is open, and has the collection: for work on its index alone, which would find nothing to do. */
export function requireThere(access: CollectionAccess): void {
  searchMany(access, [], undefined)
}

export function searchManyBy(
  access: CollectionAccess,
  requests: readonly SearchRequest[],
  options: SearchManyOptions | undefined,
  operation: number,
): Promise<SearchResults[]> {
  const many = prepareMany(access, requests, options)
  return access.pastBy(many.asOf, then =>
    then.fetch(
      results =>
        toManyResults(many, results, (buffer, offset) =>
          native.vectorFetch<readonly string[]>(results, buffer, offset),
        ),
      () => native.asyncSearchMany(then.through, then.handle, many.args, many.timeoutMs, operation),
    ),
  )
}
