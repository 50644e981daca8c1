/** What a declaration must look like before anything of it is written. */
import { configConflict, invalid } from '../problem.js'
import { isColumnTypeName, isKeyType } from '../types.js'
import { valueOfDefault } from '../values.js'
import type { CollectionEntry, ColumnDefault } from './entries.js'
import { foldName } from './store.js'
import type { CollectionSpec, ColumnSpec, IndexSpec, TableSpec } from './specs.js'

export const MAX_NAME_BYTES = 255
export const MAX_COLUMNS = 1000
export const MAX_KEY_COLUMNS = 32
export const MAX_INDEXES = 64
export const MAX_DIMENSION = 16_384

const POLICIES = ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly']
const METRICS = ['cosine', 'euclidean', 'dotProduct']
const QUANTIZATIONS = ['none', 'scalar', 'pq', 'binary']

/** Any text without control characters can be a name: it never meets a parser on its way to the catalog. */
export function checkName(what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length === 0) {
    throw invalid(`The name of ${what} must be a non-empty string.`)
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw invalid(`The name of ${what} is longer than ${MAX_NAME_BYTES} bytes: "${name.slice(0, 40)}…".`)
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name)) {
    throw invalid(`The name of ${what} holds a control character or half of a surrogate pair: ${JSON.stringify(name)}.`)
  }
}

export function checkTable(spec: TableSpec): void {
  checkName('a table', spec.name)
  const of = `Table "${spec.name}"`
  if (spec.columns.length === 0) throw invalid(`${of} has no columns.`)
  if (spec.columns.length > MAX_COLUMNS) {
    throw invalid(`${of} has ${spec.columns.length} columns; ${MAX_COLUMNS} is the most.`)
  }
  const names = new Map<string, ColumnSpec>()
  for (const column of spec.columns) {
    checkColumn(spec.name, column)
    if (names.has(foldName(column.name))) {
      throw invalid(`${of} declares the column "${column.name}" twice; names compare without case.`)
    }
    names.set(foldName(column.name), column)
  }
  if (spec.columns.filter(column => column.identity).length > 1) {
    throw invalid(`${of} has two columns that number its rows; one is the most.`)
  }
  if (spec.primaryKey.length === 0) {
    throw invalid(`${of} has no primary key.`, 'Name at least one column whose value identifies a row.')
  }
  checkKeyColumns(`The primary key of table "${spec.name}"`, spec.primaryKey, names)
  if (spec.indexPolicy !== undefined && !POLICIES.includes(spec.indexPolicy)) {
    throw invalid(`${of}: indexPolicy takes ${POLICIES.join(', ')}; this one is ${JSON.stringify(spec.indexPolicy)}.`)
  }
  if ((spec.indexes?.length ?? 0) > MAX_INDEXES) {
    throw invalid(`${of} has ${spec.indexes!.length} indexes; ${MAX_INDEXES} is the most.`)
  }
  const indexNames = new Set<string>()
  for (const index of spec.indexes ?? []) {
    checkIndex(spec.name, index, names)
    if (indexNames.has(foldName(index.name))) throw invalid(`${of} declares the index "${index.name}" twice.`)
    indexNames.add(foldName(index.name))
  }
}

function checkColumn(table: string, column: ColumnSpec): void {
  checkName(`a column of table "${table}"`, column.name)
  const of = `Column "${table}"."${column.name}"`
  if (!isColumnTypeName(column.type)) throw invalid(`${of} has an unknown type: ${JSON.stringify(column.type)}.`)
  if (column.dimension !== undefined && column.type !== 'vector') {
    throw invalid(`${of} has a dimension, and its type is ${column.type}; only vectors have one.`)
  }
  if (column.type === 'vector' && column.dimension !== undefined) {
    checkInteger(`${of}: dimension`, column.dimension, 1, MAX_DIMENSION)
  }
  if (column.enum !== undefined && column.type !== 'text') {
    throw invalid(`${of} has a closed set of values, and its type is ${column.type}; only text can have one.`)
  }
  if (column.identity && column.type !== 'integer' && column.type !== 'bigint') {
    throw invalid(`${of} is ${column.type}; only a column of integers numbers its rows.`)
  }
  if (column.generated && (column.default ?? column.identity)) {
    throw invalid(`${of} is generated: it has no default.`)
  }
  if (column.onUpdateNow && column.type !== 'timestamp') {
    throw invalid(`${of} is ${column.type}; only a timestamp becomes the time of the update.`)
  }
  if (column.default) checkDefault(of, column, column.default)
}

function checkDefault(of: string, column: ColumnSpec, value: ColumnDefault): void {
  switch (value.kind) {
    case 'uuid7':
      if (column.type !== 'uuid' && column.type !== 'text') {
        throw invalid(`${of}: the default uuid7 is for uuid and text columns; this one is ${column.type}.`)
      }
      return
    case 'now':
      if (column.type !== 'timestamp' && column.type !== 'text') {
        throw invalid(`${of}: the default now is for timestamp and text columns; this one is ${column.type}.`)
      }
      return
    case 'expression':
      return
    case 'value':
      if (valueOfDefault(value.value, column.type) === undefined) {
        throw invalid(`${of}: the default ${JSON.stringify(value.value)} is no ${column.type}.`)
      }
      if (value.value === null && !column.nullable && column.type !== 'json') {
        throw invalid(`${of}: the default is null, and the column takes no null.`)
      }
      return
    default:
      throw invalid(`${of}: unknown default ${JSON.stringify(value)}.`)
  }
}

export function checkIndex(table: string, index: IndexSpec, columns: ReadonlyMap<string, ColumnSpec>): void {
  checkName(`an index of table "${table}"`, index.name)
  if (index.columns.length === 0) throw invalid(`Index "${index.name}" of table "${table}" has no columns.`)
  checkKeyColumns(
    `Index "${index.name}" of table "${table}"`,
    index.columns.map(c => c.column),
    columns,
  )
}

function checkKeyColumns(of: string, names: readonly string[], columns: ReadonlyMap<string, ColumnSpec>): void {
  if (names.length > MAX_KEY_COLUMNS)
    throw invalid(`${of} has ${names.length} columns; ${MAX_KEY_COLUMNS} is the most.`)
  const seen = new Set<string>()
  for (const name of names) {
    const column = columns.get(foldName(name))
    if (!column) throw invalid(`${of} names the column "${name}", which the table does not have.`)
    if (seen.has(foldName(name))) throw invalid(`${of} names the column "${name}" twice.`)
    seen.add(foldName(name))
    if (!isKeyType(column.type)) {
      throw invalid(`${of} names the column "${name}" of type ${column.type}, which has no order to look it up by.`)
    }
  }
}

function checkInteger(what: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${what} must be a whole number from ${min} to ${max}; this one is ${JSON.stringify(value)}.`)
  }
}

export function checkCollection(spec: CollectionSpec): void {
  checkName('a collection', spec.name)
  const of = `Collection "${spec.name}"`
  checkInteger(`${of}: dimension`, spec.dimension, 1, MAX_DIMENSION)
  if (spec.metric !== undefined && !METRICS.includes(spec.metric)) {
    throw invalid(`${of}: metric takes ${METRICS.join(', ')}; this one is ${JSON.stringify(spec.metric)}.`)
  }
  if (spec.quantization !== undefined && !QUANTIZATIONS.includes(spec.quantization)) {
    throw invalid(
      `${of}: quantization takes ${QUANTIZATIONS.join(', ')}; this one is ${JSON.stringify(spec.quantization)}.`,
    )
  }
  if (spec.m !== undefined) checkInteger(`${of}: m`, spec.m, 2, 64)
  if (spec.efConstruction !== undefined) checkInteger(`${of}: efConstruction`, spec.efConstruction, 4, 4_000)
  if (spec.efSearch !== undefined) checkInteger(`${of}: efSearch`, spec.efSearch, 1, 10_000)
  if (spec.pqNumSubvectors !== undefined) {
    checkInteger(`${of}: pqNumSubvectors`, spec.pqNumSubvectors, 1, spec.dimension)
  }
  if (spec.pqNumCentroids !== undefined) checkInteger(`${of}: pqNumCentroids`, spec.pqNumCentroids, 2, 256)
  for (const option of ['pqNumSubvectors', 'pqNumCentroids'] as const) {
    if (spec[option] === undefined || spec.quantization === 'pq') continue
    throw invalid(`${of}: ${option} means something with quantization 'pq' only; leave it out.`)
  }
  checkFields(`${of}: contentField`, fieldsOf(spec.contentField))
  checkFields(`${of}: indexed`, spec.indexed ?? [])
}

function checkFields(what: string, fields: readonly string[]): void {
  const seen = new Set<string>()
  for (const field of fields) {
    checkName(`a field (${what})`, field)
    if (seen.has(field)) throw invalid(`${what} names "${field}" twice.`)
    seen.add(field)
  }
}

export function fieldsOf(contentField: CollectionSpec['contentField']): readonly string[] {
  if (contentField === undefined) return []
  if (typeof contentField === 'string') return [contentField]
  return isFieldList(contentField) ? contentField : Object.keys(contentField)
}

const isFieldList = (
  contentField: readonly string[] | Readonly<Record<string, number>>,
): contentField is readonly string[] => Array.isArray(contentField)

/** What the catalog keeps of a keyword index: in whatever way it was said, the same. */
export function textOf(spec: CollectionSpec): Pick<CollectionEntry, 'contentField' | 'contentWeights' | 'text'> {
  const { contentField: given, text: { stemming = 'none', stopWords = false } = {} } = spec
  const fields = [...fieldsOf(given)].sort()
  const weights =
    typeof given === 'object' && !isFieldList(given) ? fields.map(field => given[field]!) : fields.map(() => 1)
  const words = stopWords === true || stopWords === 'english' ? ('english' as const) : stopWords
  const hasWords = words !== false && words.length > 0
  const text = {
    ...(stemming === 'none' ? {} : { stemming }),
    ...(hasWords ? { stopWords: words === 'english' ? words : [...new Set(words)].sort() } : {}),
  }
  return {
    contentField: fields,
    ...(weights.every(weight => weight === 1) ? {} : { contentWeights: weights }),
    ...(Object.keys(text).length === 0 ? {} : { text }),
  }
}

/** A collection's configuration is fixed: asking for it again with another one is an error that names the difference. */
export function checkSameConfiguration(
  existing: CollectionEntry,
  asked: Omit<CollectionEntry, 'id' | 'generation'>,
): void {
  const compared = new Set([...Object.keys(asked), ...Object.keys(existing)])
  for (const option of compared) {
    if (option === 'name' || option === 'id' || option === 'generation') continue
    const held = JSON.stringify(existing[option as keyof CollectionEntry])
    const value = JSON.stringify(asked[option as keyof typeof asked])
    if (held === value) continue
    throw configConflict(
      `Collection "${existing.name}" exists with ${option} ${held ?? 'left out'}; this one asks for ${value ?? 'none'}.`,
      'Open it with the configuration it has, or create another collection.',
      { collection: existing.name, option },
    )
  }
}
