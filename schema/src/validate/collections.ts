import type { CollectionNode } from '../collections/collection.js'
import { describe } from '../core/brand.js'
import { fieldsOf, topTypes } from '../core/json-schema.js'
import type { SchemaNode } from '../define/define-schema.js'
import { suggest, type Report } from './diagnostic.js'
import { checkDimension } from './tables.js'
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
  'enableHybridSearch',
  'contentField',
  'metadata',
  'indexed',
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
  const what = `The metadata of collection "${name}"`
  const metadata = checkZodOfType(report, [...at, 'metadata'], what, options.metadata, 'object')
  const fields = metadata === undefined ? undefined : fieldsOf(metadata)
  if (fields === undefined) return
  checkIndexed(report, [...at, 'indexed'], name, options.indexed ?? [], fields)
  const { contentField = [] } = options
  for (const field of typeof contentField === 'string' ? [contentField] : contentField) {
    if (Object.hasOwn(fields, field)) continue
    const message = `contentField names "${field}", which is no field of the metadata.`
    report.error([...at, 'contentField'], 'content_field_unknown', message, suggest(field, Object.keys(fields)))
  }
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
