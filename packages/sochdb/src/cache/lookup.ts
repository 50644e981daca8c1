/**
 * Looking up: an entry of the same key, else the nearest that is near enough and that nothing speaks against. Written once, as steps:
 * who runs them says whether searches and verifiers are waited for.
 */
import type { Collection, SearchRequest, SearchResults } from '../search/index.js'
import type { CheckedGet } from './check.js'
import { checkDimension } from './check.js'
import { now } from './clock.js'
import { refuses } from './guards/index.js'
import { CacheHit } from './hit.js'
import { contentOf, idOf, partOf, placeOf } from './layout.js'
import type { CacheRecord, Entry } from './layout.js'
import type { CacheState } from './state.js'
import { openPart, readEntry } from './store.js'
import type { CacheTarget } from './store.js'
import type { CacheCandidate, CacheLookup } from './types.js'

/** What a look-up waits for. */
export type Step =
  | { readonly kind: 'embed'; readonly key: string }
  | { readonly kind: 'search'; readonly collection: Collection; readonly request: SearchRequest }
  | { readonly kind: 'verify'; readonly query: string | undefined; readonly candidate: CacheCandidate }

export type Steps = Generator<Step, CacheLookup, SearchResults<undefined> | Float32Array | boolean>

export interface LookUpFrom {
  readonly target: CacheTarget
  readonly name: string
  readonly record: CacheRecord
  /** Undefined: nothing is counted. */
  readonly state: CacheState | undefined
  readonly verifies: boolean
  /** A key without an embedding is embedded, where an entry of the same key does not answer already. */
  readonly embeds: boolean
}

const DEFAULT_THRESHOLD = 0.85
const LEARNING_THRESHOLD = 0.5
/** Candidates that are looked at first; four times as many each time that all of them were refused. */
const FIRST_CANDIDATES = 4
const MAX_CANDIDATES = 1024
/** Candidates that guards and verifiers are asked about, at most. */
const MAX_ASKED = 64
const MISS: CacheLookup = { hit: undefined, outcome: 'miss', candidate: undefined }

export function* lookUp(from: LookUpFrom, query: CheckedGet): Steps {
  const { target, name, record, state } = from
  const check = (embedding: Float32Array): void => checkDimension(name, record.dimension, embedding, 'queryEmbedding')
  if (query.embedding !== undefined) check(query.embedding)
  const content = contentOf(record)
  const part = partOf(query.scope)
  const at = now()
  if (query.key !== undefined) {
    const id = idOf(query.key)
    const entry = readEntry(target, content, placeOf(part, id))
    if (entry?.key === query.key && isThere(entry, at)) {
      return found(from, entry, 1, { content, part, id, kind: 'exact' }, at)
    }
  }
  let { embedding } = query
  if (embedding === undefined && from.embeds && query.key !== undefined) {
    embedding = (yield { kind: 'embed', key: query.key }) as Float32Array
    check(embedding)
  }
  const result = embedding === undefined ? MISS : yield* nearest(from, { ...query, embedding }, { content, part, at })
  if (result.hit === undefined) {
    state?.count('misses')
    if (result.outcome === 'explored') state?.count('explorations')
  }
  return result
}

const isThere = (entry: Entry, at: number): boolean => entry.gone === undefined || at < entry.gone
const isStale = (entry: Entry, at: number): boolean => entry.expires !== undefined && at >= entry.expires

interface Where {
  readonly content: string
  readonly part: string
  readonly at: number
}

function* nearest(from: LookUpFrom, query: CheckedGet, { content, part, at }: Where): Steps {
  const { target, record, state } = from
  const collection = openPart(target, content, part)
  if (collection === undefined) return MISS
  const { maxErrorRate, threshold, guards } = record.config
  const least =
    query.threshold ?? threshold ?? (typeof maxErrorRate === 'number' ? LEARNING_THRESHOLD : DEFAULT_THRESHOLD)
  let refused: CacheLookup['outcome'] = 'miss'
  let asked = 0
  for (let k = FIRST_CANDIDATES, start = 0; k <= MAX_CANDIDATES; start = k, k *= 4) {
    const results = (yield {
      kind: 'search',
      collection,
      request: { vector: query.embedding!, k, minScore: least, includeMetadata: false, ...wider(k) },
    }) as SearchResults<undefined>
    for (let i = start; i < results.length; i++) {
      const { id, score: given } = results.at(i)!
      const entry = readEntry(target, content, placeOf(part, id))
      if (entry === undefined || !isThere(entry, at)) continue
      if (++asked > MAX_ASKED) return { ...MISS, outcome: refused }
      if (query.key !== undefined && refuses(guards ?? true, query.key, entry.key)) {
        state?.count('guardRejections')
        refused = 'guard'
        continue
      }
      const score = Math.min(1, given)
      if (from.verifies && (yield verification(query.key, entry, score)) !== true) {
        state?.count('verifierRejections')
        refused = 'verifier'
        continue
      }
      const place = { content, part, id, kind: 'semantic' } as const
      if (typeof maxErrorRate === 'number' && !allows(state, place, entry, score, maxErrorRate)) {
        return { hit: undefined, outcome: 'explored', candidate: new CacheHit(entry, score, isStale(entry, at), place) }
      }
      return found(from, entry, score, place, at)
    }
    if (results.length < k) break
  }
  return { ...MISS, outcome: refused }
}

/** More candidates than the collection's default need a wider search. */
const wider = (k: number): { efSearch?: number } => (k > FIRST_CANDIDATES ? { efSearch: 2 * k } : {})

const verification = (query: string | undefined, { key, value, metadata = {} }: Entry, score: number): Step => ({
  kind: 'verify',
  query,
  candidate: { key, value, score, metadata },
})

/** A look-up that counts nothing knows nothing either: it gives what it is sure of. */
const allows = (
  state: CacheState | undefined,
  { content, part, id }: { content: string; part: string; id: string },
  { version }: Entry,
  score: number,
  maxErrorRate: number,
): boolean => state?.learning.allows(content, placeOf(part, id), version, score, maxErrorRate) ?? false

function found(
  { record, state }: LookUpFrom,
  entry: Entry,
  score: number,
  place: ConstructorParameters<typeof CacheHit>[3],
  at: number,
): CacheLookup {
  const stale = isStale(entry, at)
  if (state !== undefined) {
    state.count(place.kind === 'exact' ? 'exactHits' : 'semanticHits')
    if (stale) state.count('staleHits')
    state.used(record, placeOf(place.part, place.id), entry, at)
  }
  return { hit: new CacheHit(entry, score, stale, place), outcome: place.kind, candidate: undefined }
}

/** What a look-up's steps are made with, on this thread. */
export interface Here {
  verify(query: string | undefined, candidate: CacheCandidate): boolean
}

/** Runs a look-up on this thread. */
export function runHere(steps: Steps, here: Here): CacheLookup {
  let next = steps.next()
  while (next.done !== true) {
    const step = next.value
    if (step.kind === 'embed') throw new TypeError('A look-up on this thread does not embed.')
    next = steps.next(step.kind === 'search' ? searchHere(step) : here.verify(step.query, step.candidate))
  }
  return next.value
}

export const searchHere = ({ collection, request }: Step & { kind: 'search' }): SearchResults<undefined> =>
  collection.search(request) as unknown as SearchResults<undefined>

/** The same by promise. */
export interface Elsewhere {
  search(step: Step & { kind: 'search' }): SearchResults<undefined> | Promise<SearchResults<undefined>>
  verify(query: string | undefined, candidate: CacheCandidate): boolean | PromiseLike<boolean>
  embed(key: string): Promise<Float32Array>
}

export async function runElsewhere(steps: Steps, elsewhere: Elsewhere): Promise<CacheLookup> {
  let next = steps.next()
  while (next.done !== true) {
    const step = next.value
    if (step.kind === 'embed') next = steps.next(await elsewhere.embed(step.key))
    else if (step.kind === 'search') next = steps.next(await elsewhere.search(step))
    else next = steps.next(await elsewhere.verify(step.query, step.candidate))
  }
  return next.value
}
