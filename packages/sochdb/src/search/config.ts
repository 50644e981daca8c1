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

/** How vectors are kept in memory; see `CollectionConfig.quantization`. */
export const QuantizationType = Object.freeze({ NONE: 'none', SCALAR: 'scalar', PQ: 'pq', BINARY: 'binary' } as const)
export type QuantizationType = (typeof QuantizationType)[keyof typeof QuantizationType]

/** How text becomes words to be searched: always in lower case, at the word boundaries of Unicode. */
export interface TextOptions {
  /** `'english'`: words are searched by their stems, so that "connected" finds "connection". Default `'none'`. */
  readonly stemming?: 'english' | 'none'
  /** Words that are not searched: true or `'english'` for those of English, or a list of your own. Default false. */
  readonly stopWords?: boolean | 'english' | readonly string[]
}

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
  /**
   * How vectors are kept in memory. With `none`, the default, as they are, and in bytes beside it where searches are faster so. With the
   * others only codes are in memory: `scalar` keeps a byte of each value, `pq` a byte of each group of values
   * (`pqNumSubvectors`), `binary` a bit of each value. Codes lead a search; what it finds is compared and scored by the vectors
   * themselves, which are read from a file. `pq` and `binary` find less at the same `efSearch`.
   */
  readonly quantization?: QuantizationType
  /** Whether the text of `contentField` is searched by words. Default: true where that is given. */
  readonly enableHybridSearch?: boolean
  /**
   * Metadata fields whose text `keywordSearch` and `hybridSearch` look at: one, several, or several with their weights in the
   * score (above 0, up to 1000000). At most 64; dotted names reach nested fields. Strings are searched, and strings in arrays.
   */
  readonly contentField?: string | readonly string[] | Readonly<Record<string, number>>
  /** How text becomes words to be searched. Needs `contentField`. */
  readonly text?: TextOptions
  /** With quantization `pq`: into how many parts a vector is cut, 1 to `dimension`. Default: one for eight values. */
  readonly pqNumSubvectors?: number
  /** With quantization `pq`: of how many values each part is one, 2 to 256, default 256. */
  readonly pqNumCentroids?: number
}

const MAX_DIMENSION = 16_384
const MAX_INDEXED = 64
const MAX_PATH_BYTES = 1024
const MAX_WEIGHT = 1e6
const MAX_STOP_WORDS = 10_000
const MAX_STOP_WORD = 255

const isName: Check = value => (typeof value === 'string' ? undefined : 'a string')

const checks: Readonly<Record<keyof CollectionConfig, Check>> = {
  name: isName,
  dimension: whole(1, MAX_DIMENSION),
  metric: oneOf('cosine', 'euclidean', 'dotProduct'),
  m: whole(2, 64),
  efConstruction: whole(4, 4000),
  efSearch: whole(1, 10_000),
  indexed: value => (Array.isArray(value) && value.every(isPath) ? undefined : 'an array of names of metadata fields'),
  quantization: oneOf('none', 'scalar', 'pq', 'binary'),
  enableHybridSearch: value => (typeof value === 'boolean' ? undefined : 'true or false'),
  contentField: isContent,
  text: value => (typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object'),
  pqNumSubvectors: whole(1, MAX_DIMENSION),
  pqNumCentroids: whole(2, 256),
}

function isPath(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    Buffer.byteLength(value) <= MAX_PATH_BYTES &&
    value.split('.').every(part => part !== '')
  )
}

function checkCount(option: string, fields: number): void {
  if (fields <= MAX_INDEXED) return
  throw new ValidationError(`Option "${option}" of createCollection takes at most ${MAX_INDEXED} fields.`, {
    details: { option },
  })
}

function isContent(value: unknown): string | undefined {
  const wanted =
    'the name of a metadata field, an array of such, or an object with a weight (above 0, up to 1000000) for each'
  if (isPath(value)) return undefined
  if (Array.isArray(value)) return value.length > 0 && value.every(isPath) ? undefined : wanted
  if (typeof value !== 'object' || value === null) return wanted
  const entries = Object.entries(value)
  const isWeighted = ([field, weight]: [string, unknown]): boolean =>
    isPath(field) && typeof weight === 'number' && weight > 0 && weight <= MAX_WEIGHT
  return entries.length > 0 && entries.every(isWeighted) ? undefined : wanted
}

const textChecks: Readonly<Record<keyof TextOptions, Check>> = {
  stemming: oneOf('english', 'none'),
  stopWords: value =>
    typeof value === 'boolean' || value === 'english' || isStopWords(value)
      ? undefined
      : "true, false, 'english' or an array of at most 10000 words",
}

const isStopWords = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= MAX_STOP_WORDS &&
  value.every(word => typeof word === 'string' && word !== '' && word.length <= MAX_STOP_WORD)

/** That the options of keyword search fit together. */
function checkText(
  given: Partial<CollectionConfig>,
): Pick<CollectionSpec, 'enableHybridSearch' | 'contentField' | 'text'> {
  const { enableHybridSearch, contentField, text } = given
  const isEnabled = enableHybridSearch ?? contentField !== undefined
  const refuse = (option: string, why: string): ValidationError =>
    new ValidationError(`Option "${option}" of createCollection ${why}`, { details: { option } })
  if (text !== undefined) checkOptions(text, textChecks, 'createCollection, in "text",')
  if (isEnabled && contentField === undefined) {
    throw refuse('enableHybridSearch', 'needs "contentField": the metadata field whose text is to be searched.')
  }
  if (!isEnabled && contentField !== undefined) {
    throw refuse('contentField', 'is of no use with enableHybridSearch: false. Leave one of them out.')
  }
  if (!isEnabled && text !== undefined) throw refuse('text', 'needs "contentField": it says how that is searched.')
  return {
    enableHybridSearch: isEnabled,
    ...(contentField === undefined ? {} : { contentField }),
    ...(text === undefined ? {} : { text }),
  }
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
  checkCount('indexed', indexed.length)
  if (typeof given.contentField === 'object') checkCount('contentField', Object.keys(given.contentField).length)
  return {
    name,
    dimension,
    metric: given.metric ?? 'cosine',
    m: given.m ?? 16,
    efConstruction: given.efConstruction ?? 100,
    efSearch: given.efSearch ?? 50,
    quantization: given.quantization ?? 'none',
    ...(given.pqNumSubvectors === undefined ? {} : { pqNumSubvectors: given.pqNumSubvectors }),
    ...(given.pqNumCentroids === undefined ? {} : { pqNumCentroids: given.pqNumCentroids }),
    ...checkText(given),
    // In whatever order they are given, they are the same configuration.
    indexed: [...indexed].sort(),
  }
}
