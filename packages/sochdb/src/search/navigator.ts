/** The learned navigator of a collection: behind the database's option `learnedNavigator`, and used where it passes its acceptance checks. */
import { boolean, checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { Snapshot } from '../engine/index.js'
import { ErrorCode, SochDBError, ValidationError } from '../errors/index.js'
import type { CollectionAccess } from './access.js'
import { describeValue } from './metadata.js'
import { search as native } from './native.js'
import { databaseOf } from './opened.js'
import type { CollectionTarget } from './opened.js'
import { requireThere } from './reading.js'
import { copyVector } from './vectors.js'
import type { VectorInput } from './vectors.js'

/** How a navigator is trained. Unknown options, wrong types and values out of range are `ValidationError`s. */
export interface NavigatorOptions {
  /** It leads searches for up to so many documents: 1 to 100, and to the collection's `efSearch`; default 10. */
  readonly k?: number
  /**
   * Vectors as they will be asked for, 100 to 10000: half of them to learn from, half to decide. Default: vectors of the collection,
   * which is good where queries are like what is stored.
   */
  readonly queries?: readonly VectorInput[]
  /** How many of the collection's vectors are taken where there are no `queries`: 100 to 10000, default 1000. */
  readonly sample?: number
  /** It is refused where it finds less than this part of the nearest, 0 to 1, whatever HNSW finds. Default: none. */
  readonly minRecall?: number
  /**
   * Whether it is refused where its searches are not faster than HNSW's. Default true. Without it, what it finds for the hardest queries
   * may be worth some time.
   */
  readonly checkTime?: boolean
  /** The same collection, queries and seed give the same navigator. 0 to 4294967295, default 0. */
  readonly seed?: number
  /** Give up after so many milliseconds, with a QueryTimeoutError. Default 0: never. */
  readonly timeoutMs?: number
}

/** What was measured on queries that were not learned from, for the navigator and for HNSW at the collection's `efSearch`. */
export interface NavigatorMeasures {
  /** How many they were. */
  readonly queries: number
  /** The part of the k nearest that was found, in the mean. */
  readonly recall: number
  readonly hnswRecall: number
  /** The same for the twentieth of the queries for which least was found. */
  readonly worstRecall: number
  readonly hnswWorstRecall: number
  /** Vectors that a search compares with the query, in the mean. */
  readonly distances: number
  readonly hnswDistances: number
}

/** One check that a learned navigator has to pass before it is used, with what was measured. */
export interface NavigatorCheck {
  /** `recall`, `worstRecall` and `minRecall` are at least the limit, `distances` and `time`, microseconds a search, at most. */
  readonly check: 'recall' | 'worstRecall' | 'distances' | 'time' | 'minRecall'
  readonly passed: boolean
  readonly measured: number
  readonly limit: number
}

/** What came of a training. */
export interface NavigatorTraining extends NavigatorMeasures {
  /** Whether all checks passed, and searches are led from now on. Otherwise the collection has no navigator. */
  readonly accepted: boolean
  readonly checks: readonly NavigatorCheck[]
  readonly k: number
}

/** How a collection's navigator does; all but the state only where there is one. */
export interface NavigatorInfo extends Partial<NavigatorMeasures> {
  /**
   * Suspended, HNSW alone searches: by changes, because a quarter as many vectors have come or gone as it was trained on; by queries,
   * because a fifth of the last some hundred was unlike those of the training. Training anew ends that.
   */
  readonly state: 'none' | 'active' | 'suspendedByChanges' | 'suspendedByQueries'
  /** It leads searches for up to so many documents. */
  readonly k?: number
  readonly trainedVectors?: number
  /** Vectors that have come and gone since. */
  readonly changedVectors?: number
  /** Searches that it has begun since the collection was opened. */
  readonly searches?: number
  /** Of these, those that HNSW did over, because the query was unlike those of the training. */
  readonly fallbacks?: number
}

const MAX_K = 100
const MIN_QUERIES = 100
const MAX_QUERIES = 10_000
const MAX_SEED = 2 ** 32 - 1
const SAMPLE_DEFAULT = 1000
const K_DEFAULT = 10

const part: Check = value =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1'

export const navigatorChecks = {
  k: whole(1, MAX_K),
  queries: ((value: unknown) => (Array.isArray(value) ? undefined : 'an array of vectors')) satisfies Check,
  sample: whole(MIN_QUERIES, MAX_QUERIES),
  minRecall: part,
  checkTime: boolean,
  seed: whole(0, MAX_SEED),
  timeoutMs: whole(0, MAX_TIMEOUT_MS),
}

/** The arguments of a training as the addon takes them. @internal */
export function navigatorArguments(
  access: CollectionAccess,
  checked: NavigatorOptions,
): [number, number, number, number, Float32Array | undefined, number, number, boolean] {
  requireGate(access.target)
  requireThere(access)
  const { k = K_DEFAULT, sample = SAMPLE_DEFAULT, minRecall = 0, seed = 0, checkTime = true } = checked
  return [access.through, access.handle, k, sample, packQueries(access, checked.queries), minRecall, seed, checkTime]
}

/** Trains a navigator, and uses it where it passes its checks. */
export function trainNavigator(access: CollectionAccess, options: NavigatorOptions | undefined): NavigatorTraining {
  const checked = checkOptions(options, navigatorChecks, 'trainNavigator') as NavigatorOptions
  const given = navigatorArguments(access, checked)
  return access.query(() => native.collectionTrainNavigator(...given, checked.timeoutMs ?? 0))
}

/** Lets go of the navigator, if there is one: HNSW alone searches. */
export function dropNavigator(access: CollectionAccess): void {
  requireGate(access.target)
  access.write((through, handle) => {
    native.collectionDropNavigator(through, handle)
  })
}

/** What `info` says of it. @internal */
export function describeNavigator(access: CollectionAccess): { readonly navigator?: NavigatorInfo } {
  if (!isOpenGate(access.target)) return {}
  return { navigator: access.query(() => native.collectionNavigator(access.through, access.handle)) }
}

const isOpenGate = (target: CollectionTarget): boolean =>
  !(target instanceof Snapshot) && databaseOf(target).config().learnedNavigator

function requireGate(target: CollectionTarget): void {
  // A snapshot only reads, and the engine says so.
  if (target instanceof Snapshot || isOpenGate(target)) return
  throw new SochDBError('The learned navigator is experimental, and this database was opened without it.', {
    code: ErrorCode.UNSUPPORTED,
    details: { option: 'learnedNavigator' },
    remediation: 'Open the database with { learnedNavigator: true }; without it HNSW searches.',
  })
}

function packQueries(access: CollectionAccess, queries: unknown): Float32Array | undefined {
  if (queries === undefined) return undefined
  const list = queries as readonly unknown[]
  if (list.length < MIN_QUERIES || list.length > MAX_QUERIES) {
    throw new ValidationError(`trainNavigator takes ${MIN_QUERIES} to ${MAX_QUERIES} queries, not ${list.length}.`, {
      details: { option: 'queries', expected: `${MIN_QUERIES} to ${MAX_QUERIES}`, actual: describeValue(list.length) },
    })
  }
  const { dimension } = access.entry
  const packed = new Float32Array(list.length * dimension)
  list.forEach((query, i) => {
    copyVector(query, access.entry, `queries[${i}]`, packed, i * dimension)
  })
  return packed
}
