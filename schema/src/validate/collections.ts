import type { CollectionNode } from '../collections/collection.js'
import { describe } from '../core/brand.js'
import type { JsonSchema } from '../contract/contract.js'
import { fieldsOf, topTypes } from '../core/json-schema.js'
import type { SchemaNode } from '../define/define-schema.js'
import { suggest, type Report } from './diagnostic.js'
import { checkDimension, dimensionMax } from './columns.js'
import { checkZodOfType } from './zod-schemas.js'

const metrics = ['cosine', 'euclidean', 'dotProduct']
const quantizations = ['none', 'scalar', 'pq', 'binary']
const known = [
  'dimension',
  'metric',
  'm',
  'efConstruction',
  'efSearch',
  'quantization',
  'pqNumSubvectors',
  'pqNumCentroids',
  'enableHybridSearch',
  'contentField',
  'text',
  'metadata',
  'indexed',
  'tenant',
]

export function checkCollections(report: Report, schema: SchemaNode): void {
  for (const [key, node] of Object.entries(schema.collections)) checkCollection(report, ['collections', key], node)
}

function checkCollection(report: Report, at: readonly string[], { name, options }: CollectionNode): void {
  checkKnownOptions(report, at, options, known)
  checkDimension(report, [...at, 'dimension'], `Collection "${name}"`, options.dimension)
  checkChoice(report, [...at, 'metric'], 'metric', options.metric, metrics)
  checkChoice(report, [...at, 'quantization'], 'quantization', options.quantization, quantizations)
  checkRange(report, [...at, 'm'], 'm', options.m, 2, 64)
  checkRange(report, [...at, 'efConstruction'], 'efConstruction', options.efConstruction, 4, 4_000)
  checkRange(report, [...at, 'efSearch'], 'efSearch', options.efSearch, 1, 10_000)
  checkProductCodes(report, at, options)
  const what = `The metadata of collection "${name}"`
  const metadata = checkZodOfType(report, [...at, 'metadata'], what, options.metadata, 'object')
  const fields = metadata === undefined ? undefined : fieldsOf(metadata)
  if (fields === undefined) return
  checkIndexed(report, [...at, 'indexed'], name, options.indexed ?? [], fields)
  checkTenantField(report, [...at, 'tenant'], `metadata of collection "${name}"`, options.tenant, fields)
  if (options.enableHybridSearch === true && options.contentField === undefined) {
    const message = `Collection "${name}" asks for keyword search, and names no contentField: there is no text to search.`
    report.error(
      [...at, 'enableHybridSearch'],
      'content_field_missing',
      message,
      'Name the field whose text is searched.',
    )
  }
  if (options.enableHybridSearch === false && options.contentField !== undefined) {
    const message = `Collection "${name}" names a contentField, and switches keyword search off.`
    report.error([...at, 'contentField'], 'content_field_unused', message, 'Leave one of the two out.')
  }
  checkContent(report, at, name, options, Object.keys(fields))
}

/** What product quantization is told, which no other is. */
function checkProductCodes(report: Report, at: readonly string[], options: CollectionNode['options']): void {
  const { dimension, quantization } = options
  const parts = Number.isInteger(dimension) && dimension >= 1 ? Math.min(dimension, dimensionMax) : dimensionMax
  checkRange(report, [...at, 'pqNumSubvectors'], 'pqNumSubvectors', options.pqNumSubvectors, 1, parts)
  checkRange(report, [...at, 'pqNumCentroids'], 'pqNumCentroids', options.pqNumCentroids, 2, 256)
  for (const option of ['pqNumSubvectors', 'pqNumCentroids'] as const) {
    if (options[option] === undefined || quantization === 'pq') continue
    const message = `${option} means something with the quantization pq only; this one is ${quantization ?? 'none'}.`
    report.error([...at, option], 'option_unused', message, "Leave it out, or set quantization: 'pq'.")
  }
}

const maxWeight = 1_000_000
const maxStopWords = 10_000

/** Which text is searched by words, and how. */
function checkContent(
  report: Report,
  at: readonly string[],
  name: string,
  { contentField = [], text }: CollectionNode['options'],
  fields: readonly string[],
): void {
  const isList = typeof contentField === 'string' || Array.isArray(contentField)
  const content = typeof contentField === 'string' ? [contentField] : isList ? contentField : Object.keys(contentField)
  for (const field of content as readonly string[]) {
    if (fields.includes(field)) continue
    const message = `contentField names "${field}", which is no field of the metadata.`
    report.error([...at, 'contentField'], 'content_field_unknown', message, suggest(field, fields))
  }
  for (const [field, weight] of isList ? [] : Object.entries(contentField as Readonly<Record<string, unknown>>)) {
    if (typeof weight === 'number' && weight > 0 && weight <= maxWeight) continue
    const message = `The weight of "${field}" is a number above 0, up to ${maxWeight}; got ${describe(weight)}.`
    report.error([...at, 'contentField', field], 'option_invalid', message)
  }
  if (text === undefined) return
  if (content.length === 0) {
    const message = `Collection "${name}" says how text is searched, and names no contentField.`
    report.error([...at, 'text'], 'content_field_missing', message, 'Name the field whose text is searched.')
  }
  if (typeof text !== 'object' || text === null || Array.isArray(text)) {
    report.error([...at, 'text'], 'option_invalid', `text is an object; got ${describe(text)}.`)
    return
  }
  checkKnownOptions(report, [...at, 'text'], text, ['stemming', 'stopWords'])
  checkChoice(report, [...at, 'text', 'stemming'], 'stemming', text.stemming, ['english', 'none'])
  const { stopWords } = text
  const isWord = (word: unknown): boolean => typeof word === 'string' && word !== '' && word.length <= 255
  if (typeof stopWords === 'boolean' || stopWords === undefined || stopWords === 'english') return
  if (Array.isArray(stopWords) && stopWords.length <= maxStopWords && stopWords.every(isWord)) return
  const message = `stopWords is true, false, 'english' or an array of at most ${maxStopWords} words; got ${describe(stopWords)}.`
  report.error([...at, 'text', 'stopWords'], 'option_invalid', message)
}

const indexable = new Set(['string', 'number', 'integer', 'boolean', 'null', 'array'])

function checkIndexed(
  report: Report,
  at: readonly string[],
  name: string,
  indexed: readonly string[],
  fields: NonNullable<ReturnType<typeof fieldsOf>>,
): void {
  const seen = new Set<string>()
  for (const field of indexed) {
    if (!Object.hasOwn(fields, field)) {
      const message = `Collection "${name}" indexes "${field}", which is no field of its metadata.`
      report.error(at, 'indexed_unknown_field', message, suggest(field, Object.keys(fields)))
    } else if (seen.has(field)) report.error(at, 'indexed_duplicate_field', `Field "${field}" is indexed twice.`)
    else if (![...topTypes(fields[field]!)].every(type => indexable.has(type))) {
      report.error(
        at,
        'indexed_type',
        `Field "${field}" is an object, which cannot be indexed.`,
        'Index fields of plain values.',
      )
    }
    seen.add(field)
  }
}

/** What says whose something is: a field that is there, of one text or number. */
export function checkTenantField(
  report: Report,
  at: readonly string[],
  what: string,
  tenant: unknown,
  fields: Readonly<Record<string, JsonSchema>>,
): void {
  if (tenant === undefined) return
  const field = typeof tenant === 'string' && Object.hasOwn(fields, tenant) ? fields[tenant]! : undefined
  if (field === undefined) {
    const message = `tenant names ${describe(tenant)}, which is no field of the ${what}.`
    report.error(at, 'tenant_unknown_field', message, suggest(tenant, Object.keys(fields)))
    return
  }
  const types = [...topTypes(field)]
  const isPlain = types.length > 0 && types.every(type => type === 'string' || type === 'number' || type === 'integer')
  if (isPlain && !('default' in field)) return
  const message = `tenant names "${String(tenant)}"; it takes a text or a number that is never null and has no default.`
  report.error(at, 'tenant_field', message, 'What belongs to a tenant says to which.')
}

/** A misspelt option would otherwise be an option left out. */
export function checkKnownOptions(
  report: Report,
  at: readonly string[],
  options: object,
  names: readonly string[],
): void {
  for (const key of Object.keys(options)) {
    if (!names.includes(key))
      report.error([...at, key], 'option_unknown', `There is no option "${key}".`, suggest(key, names))
  }
}

export function checkChoice(
  report: Report,
  at: readonly string[],
  what: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value === undefined || choices.includes(value as string)) return
  report.error(at, 'option_invalid', `${what} is one of ${choices.join(', ')}; got ${describe(value)}.`)
}

/** A whole number within bounds, where it is given. */
export function checkRange(
  report: Report,
  at: readonly string[],
  what: string,
  value: unknown,
  min: number,
  max: number,
): void {
  if (value === undefined) return
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return
  report.error(at, 'option_invalid', `${what} is a whole number from ${min} to ${max}; got ${describe(value)}.`)
}
