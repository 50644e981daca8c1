/** What a collection is and holds, and waiting for its index. */
import { callable, checkOptions, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import type { CollectionAccess } from './access.js'
import type { DistanceMetric, QuantizationType } from './config.js'
import { search as native } from './native.js'
import { describeNavigator } from './navigator.js'
import type { NavigatorInfo } from './navigator.js'
import { requireThere } from './reading.js'

/** What a collection is and holds, measured now. */
export interface CollectionInfo {
  readonly name: string
  readonly dimension: number
  readonly metric: DistanceMetric
  readonly m: number
  readonly efConstruction: number
  readonly efSearch: number
  readonly quantization: QuantizationType
  /** With quantization `pq` only. */
  readonly pqNumSubvectors?: number
  readonly pqNumCentroids?: number
  readonly enableHybridSearch: boolean
  /** The fields that are searched by words. */
  readonly contentField: readonly string[]
  readonly indexed: readonly string[]
  /** Documents, as the database, transaction or snapshot sees them. */
  readonly count: number
  /** Memory of the vector index. */
  readonly indexSizeBytes: number
  /** Of these bytes, those of vectors and their codes; links, versions and ids are the rest. */
  readonly vectorSizeBytes: number
  /** Vectors that lie in a file beside the store's, which the system holds in memory as far as there is room. */
  readonly mappedSizeBytes: number
  /** Vectors in the index's graph; the others are compared with one by one until it has them. */
  readonly linkedVectors: number
  readonly unlinkedVectors: number
  /** Replaced and deleted vectors that the index still holds: until a fifth is dead, and no snapshot sees them. */
  readonly deadVectors: number
  /** Such vectors that it has let go since it was opened. New vectors take their places. */
  readonly reclaimedVectors: number
  /** Where the database was opened with `learnedNavigator`. */
  readonly navigator?: NavigatorInfo
}

/** How long `optimize` waits, and who hears how far it is. */
export interface OptimizeOptions {
  /** Called from time to time with the vectors that are linked, and all there are. */
  readonly onProgress?: (linked: number, total: number) => void
  /** Stop waiting after so many milliseconds. Default 0: never. */
  readonly timeoutMs?: number
}

export type ShiftedParameters<F extends (...args: never[]) => unknown> = F extends (
  first: never,
  ...rest: infer Rest
) => unknown
  ? Rest
  : never

const PROGRESS_MS = 50

const optimizeChecks = { onProgress: callable, timeoutMs: whole(0, MAX_TIMEOUT_MS) }

/** @param count documents, as the target sees them */
export function describeCollection(access: CollectionAccess, count: number): CollectionInfo {
  const { name, dimension, metric, m, efConstruction, efSearch, quantization, indexed } = access.entry
  const { pqNumSubvectors, pqNumCentroids, enableHybridSearch, contentField } = access.entry
  const stats = access.query(() => native.collectionStats(access.handle))
  return {
    name,
    dimension,
    metric,
    m,
    efConstruction,
    efSearch,
    quantization,
    ...(pqNumSubvectors === undefined ? {} : { pqNumSubvectors }),
    ...(pqNumCentroids === undefined ? {} : { pqNumCentroids }),
    enableHybridSearch,
    contentField,
    indexed: indexed.map(({ field }) => field),
    count,
    indexSizeBytes: stats.memoryBytes,
    vectorSizeBytes: stats.vectorBytes,
    mappedSizeBytes: stats.mappedBytes,
    linkedVectors: stats.linked,
    unlinkedVectors: stats.unlinked,
    deadVectors: stats.dead,
    reclaimedVectors: stats.reclaimed,
    ...describeNavigator(access),
  }
}

/** Waits until every vector is linked, and what no snapshot sees is out of the index. False: the time ran out. */
export function optimizeCollection(access: CollectionAccess, options: OptimizeOptions | undefined): boolean {
  const checked = checkOptions(options, optimizeChecks, 'optimize') as OptimizeOptions
  const { onProgress, timeoutMs = 0 } = checked
  requireThere(access)
  if (onProgress === undefined) return access.query(() => native.collectionOptimize(access.handle, timeoutMs))
  const end = timeoutMs === 0 ? Infinity : performance.now() + timeoutMs
  for (;;) {
    const slice = Math.max(1, Math.min(PROGRESS_MS, Math.ceil(end - performance.now())))
    const done = access.query(() => native.collectionOptimize(access.handle, slice))
    const { linked, unlinked } = access.query(() => native.collectionStats(access.handle))
    onProgress(linked, linked + unlinked)
    requireThere(access)
    if (done || performance.now() >= end) return done
  }
}

/** The same by promise. */
export async function optimizeCollectionBy(
  access: CollectionAccess,
  how: ShiftedParameters<typeof native.asyncCollectionOptimize>,
): Promise<boolean> {
  requireThere(access)
  return access.fetch(
    done => {
      requireThere(access) // for who waited meanwhile
      return done
    },
    () => native.asyncCollectionOptimize(access.handle, ...how),
  )
}
