/** How a collection is made. */
import { ValidationError } from '../errors/index.js'
import { checkOptions, oneOf, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import type { CollectionSpec } from '../sql/catalog/index.js'
import { describeValue } from './metadata.js'

/** How near two vectors are; see `SearchHit`. */
export const DistanceMetric = Object.freeze({
  COSINE: 'cosine',
  EUCLIDEAN: 'euclidean',
  DOT_PRODUCT: 'dotProduct',
} as const)
export type DistanceMetric = (typeof DistanceMetric)[keyof typeof DistanceMetric]

/** How vectors are kept. This version keeps them as they are given. */
export const QuantizationType = Object.freeze({ NONE: 'none', SCALAR: 'scalar', PQ: 'pq', BINARY: 'binary' } as const)
export type QuantizationType = (typeof QuantizationType)[keyof typeof QuantizationType]

/**
 * What a collection is; fixed when it is created. Unknown members, wrong types and values out of range are
 * `ValidationError`s; so is what this version does not have.
 */
export interface CollectionConfig {
  /** At most 255 bytes; names that differ in case alone are one name. */
  readonly name: string
  /** Values of each vector: 1 to 16384. */
  readonly dimension: number
  /** Default `cosine`. */
  readonly metric?: DistanceMetric
  /** Neighbours of each vector in the graph: 2 to 64, default 16. More finds more and takes more memory. */
  readonly m?: number
  /** Candidates looked at when a vector is linked: 4 to 4000, default 100. */
  readonly efConstruction?: number
  /** Candidates a search looks at unless it says otherwise: 1 to 10000, default 50. */
  readonly efSearch?: number
  /** Metadata fields that filters mostly ask for: they have an index of their own. At most 64; dotted names reach nested fields. */
  readonly indexed?: readonly string[]
  /** `none`, the default. Others are rejected in this version. */
  readonly quantization?: QuantizationType
  /** false, the default. true is rejected in this version. */
  readonly enableHybridSearch?: boolean
  /** Rejected in this version, which has no keyword search. */
  readonly contentField?: string | readonly string[]
  /** Rejected in this version. */
  readonly pqNumSubvectors?: number
  /** Rejected in this version. */
  readonly pqNumCentroids?: number
}

const MAX_DIMENSION = 16_384
const MAX_INDEXED = 64
const MAX_PATH_BYTES = 1024

const only =
  (value: unknown, why: string): Check =>
  given =>
    given === value
      ? undefined
      : `only ${JSON.stringify(value)}: others are not available in this version, which ${why}`
const never =
  (why: string): Check =>
  () =>
    `no value: it is not available in this version, which ${why}`

const isName: Check = value => (typeof value === 'string' ? undefined : 'a string')

const checks: Readonly<Record<keyof CollectionConfig, Check>> = {
  name: isName,
  dimension: whole(1, MAX_DIMENSION),
  metric: oneOf('cosine', 'euclidean', 'dotProduct'),
  m: whole(2, 64),
  efConstruction: whole(4, 4000),
  efSearch: whole(1, 10_000),
  indexed: value => (Array.isArray(value) && value.every(isPath) ? undefined : 'an array of names of metadata fields'),
  quantization: only('none', 'keeps vectors as they are given'),
  enableHybridSearch: only(false, 'has no keyword search'),
  contentField: never('has no keyword search'),
  pqNumSubvectors: never('keeps vectors as they are given'),
  pqNumCentroids: never('keeps vectors as they are given'),
}

function isPath(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    Buffer.byteLength(value) <= MAX_PATH_BYTES &&
    value.split('.').every(part => part !== '')
  )
}

/** The configuration with its defaults filled in, as the catalog takes it. */
export function checkConfig(config: unknown): CollectionSpec {
  if (typeof config !== 'object' || config === null) {
    throw new ValidationError(
      `createCollection takes an object with name and dimension; this one is ${describeValue(config)}.`,
    )
  }
  const given = checkOptions(config, checks, 'createCollection') as Partial<CollectionConfig>
  const { name, dimension, indexed = [] } = given
  if (name === undefined || dimension === undefined) {
    const option = name === undefined ? 'name' : 'dimension'
    throw new ValidationError(`createCollection needs the option "${option}".`, { details: { option } })
  }
  if (indexed.length > MAX_INDEXED) {
    throw new ValidationError(`Option "indexed" of createCollection takes at most ${MAX_INDEXED} fields.`, {
      details: { option: 'indexed' },
    })
  }
  return {
    name,
    dimension,
    metric: given.metric ?? 'cosine',
    m: given.m ?? 16,
    efConstruction: given.efConstruction ?? 100,
    efSearch: given.efSearch ?? 50,
    quantization: 'none',
    enableHybridSearch: false,
    // In whatever order they are given, they are the same configuration.
    indexed: [...indexed].sort(),
  }
}
