/** A contract as a schema file: the inverse of loading one. */
import { canonicalJson } from '../core/json.js'
import type {
  CacheContract,
  CodecContract,
  CollectionContract,
  Contract,
  EdgeContract,
  ForeignKeyAction,
  JsonSchema,
  KvContract,
  NodeContract,
  RelationContract,
} from '../contract/contract.js'
import { collectionDefaults } from '../contract/to-contract.js'
import { casingOf, tableText } from './table-text.js'
import { zodText } from './zod-text.js'

export interface PrintedSchema {
  /** TypeScript that works, and that a formatter should see before people do. */
  readonly text: string
  /** What the text says otherwise than the contract, for people. */
  readonly remarks: readonly string[]
}

export function printSchema(contract: Contract): PrintedSchema {
  const printer = new Printer()
  const variables = new Map<string, string>()
  const taken = new Set(reserved)
  const named = (section: string, key: string, suffix: string): string => {
    let name = key
    for (let i = 1; taken.has(name); ++i) name = `${key}${suffix}${i === 1 ? '' : String(i)}`
    taken.add(name)
    variables.set(`${section}.${key}`, name)
    return name
  }
  const casing = casingOf(contract)
  const tables = Object.entries(contract.tables).map(
    ([key, table]) => `const ${named('tables', key, 'Table')} = ${tableText(printer, table, casing)}\n`,
  )
  const list = (section: string): string =>
    Object.keys(contract.tables)
      .map(key => property(key, variables.get(`${section}.${key}`)!))
      .join(', ')
  const parts: string[] = []
  if (casing !== undefined) parts.push(`casing: '${casing}'`)
  if (tables.length > 0) parts.push(`tables: { ${list('tables')} }`)
  const section = <Value>(name: string, values: Readonly<Record<string, Value>>, print: (value: Value) => string) => {
    const members = Object.entries(values).map(([key, value]) => `${propertyName(key)}: ${print(value)},\n`)
    if (members.length > 0) parts.push(`${name}: {\n${members.join('')}}`)
  }
  section('relations', nonEmpty(contract.relations), relations => {
    const members = Object.entries(relations).map(([key, one]) => `${propertyName(key)}: ${relation(printer, one)}`)
    return `{ ${members.join(', ')} }`
  })
  section('collections', contract.collections, collection => collectionText(printer, collection))
  const graph = graphText(printer, contract)
  if (graph !== undefined) parts.push(graph)
  section('caches', contract.caches, cache => cacheText(printer, cache))
  section('kv', contract.kv, kv => kvText(printer, kv))
  const body = `${tables.join('\n')}\nexport default defineSchema({\n${parts.map(part => `${part},\n`).join('')}})\n`
  const imports = `import { ${[...printer.used, 'defineSchema'].sort().join(', ')} } from '@sochdb/schema'\n`
  const zod = printer.usesZod ? `import { z } from 'zod'\n` : ''
  return { text: `${imports}${zod}\n${body}`, remarks: printer.remarks }
}

/** Names that a file uses already, and that no variable can have. */
const reserved = [
  ...['cachePolicy', 'col', 'collection', 'defineSchema', 'edge', 'kv', 'many', 'manyToMany', 'node', 'one', 'table'],
  ...['z', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do'],
  ...['else', 'enum', 'export', 'extends', 'false', 'finally', 'for', 'function', 'if', 'implements', 'import', 'in'],
  ...['instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected', 'public', 'return', 'static'],
  ...['super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield'],
  ...['arguments', 'eval', 'undefined', 'Infinity', 'NaN', 'Date', 'Buffer', 'Float32Array', 'RegExp', 'async', 'of'],
]

/** What a text needs, and what it leaves unsaid. */
export class Printer {
  readonly used = new Set<string>()
  readonly remarks: string[] = []
  usesZod = false

  use(name: string): string {
    this.used.add(name)
    return name
  }

  /** `what`: whose schema it is. */
  zod(what: string, schema: JsonSchema): string {
    const { text, exact } = zodText(schema)
    this.usesZod = true
    if (!exact) {
      this.remarks.push(
        `${what}: its zod schema is not to be had again as it was; the next migration declares it anew.`,
      )
    }
    return text
  }
}

export const quote = (text: string): string => JSON.stringify(text)
const propertyName = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key))
const property = (key: string, value: string): string => (key === value ? key : `${propertyName(key)}: ${value}`)

/** `{ a: 1 }` of the members that there are; nothing when there are none. */
export function options(members: Readonly<Record<string, string | undefined>>): string {
  const texts = Object.entries(members).flatMap(([key, text]) => (text === undefined ? [] : [`${key}: ${text}`]))
  return texts.length === 0 ? '' : `{ ${texts.join(', ')} }`
}

export function actions(onDelete: ForeignKeyAction, onUpdate: ForeignKeyAction | undefined): Record<string, string> {
  return {
    ...(onDelete === 'noAction' ? {} : { onDelete: quote(onDelete) }),
    ...(onUpdate === undefined ? {} : { onUpdate: quote(onUpdate) }),
  }
}

export const codecText = ({ module, name, type }: CodecContract): string =>
  options({ module: quote(module), name: quote(name), type: quote(type) })

function nonEmpty<Value extends object>(record: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => Object.keys(value).length > 0))
}

function relation(printer: Printer, one: RelationContract): string {
  switch (one.kind) {
    case 'one':
      return `${printer.use('one')}(${quote(one.table)}, ${quote(one.column)})`
    case 'many':
      return `${printer.use('many')}(${quote(`${one.table}.${one.column}`)})`
    case 'manyToMany': {
      const { table, through, from, to } = one
      const between = options({ through: quote(through), from: quote(from), to: quote(to) })
      return `${printer.use('manyToMany')}(${quote(table)}, ${between})`
    }
  }
}

const unless = <Value>(value: Value, standard: Value): string | undefined =>
  value === standard || value === undefined ? undefined : JSON.stringify(value)

function collectionText(printer: Printer, contract: CollectionContract): string {
  const { name, dimension, metadata, indexed, contentField, enableHybridSearch } = contract
  const members = options({
    dimension: String(dimension),
    metric: unless<string>(contract.metric, collectionDefaults.metric),
    m: unless(contract.m, collectionDefaults.m),
    efConstruction: unless(contract.efConstruction, collectionDefaults.efConstruction),
    efSearch: unless(contract.efSearch, collectionDefaults.efSearch),
    quantization: unless<string>(contract.quantization, collectionDefaults.quantization),
    pqNumSubvectors: unless(contract.pqNumSubvectors, undefined),
    pqNumCentroids: unless(contract.pqNumCentroids, undefined),
    enableHybridSearch: unless(enableHybridSearch, contentField !== undefined),
    contentField: unless(contentField, undefined),
    text: unless(contract.text, undefined),
    metadata: printer.zod(`Collection "${name}"`, metadata),
    indexed: indexed.length === 0 ? undefined : JSON.stringify(indexed),
  })
  return `${printer.use('collection')}(${quote(name)}, ${members})`
}

const isEmptyObject = (schema: JsonSchema): boolean =>
  canonicalJson(schema) === canonicalJson({ type: 'object', properties: {} })

function graphText(printer: Printer, { nodes, edges }: Contract): string | undefined {
  const members = <Value>(name: string, values: Readonly<Record<string, Value>>, print: (value: Value) => string) => {
    const lines = Object.entries(values).map(([key, value]) => `${propertyName(key)}: ${print(value)},\n`)
    return lines.length === 0 ? [] : [`${name}: {\n${lines.join('')}},\n`]
  }
  const parts = [
    ...members('nodes', nodes, one => nodeText(printer, one)),
    ...members('edges', edges, one => edgeText(printer, one)),
  ]
  return parts.length === 0 ? undefined : `graph: {\n${parts.join('')}}`
}

const indexedText = (indexed: readonly string[] | undefined): string | undefined =>
  indexed === undefined ? undefined : JSON.stringify(indexed)

function nodeText(printer: Printer, { name, properties, indexed }: NodeContract): string {
  const more = options({ indexed: indexedText(indexed) })
  const parts = [quote(name), printer.zod(`Node "${name}"`, properties), ...(more === '' ? [] : [more])]
  return `${printer.use('node')}(${parts.join(', ')})`
}

function edgeText(printer: Printer, edge: EdgeContract): string {
  const { name, from, to, properties, indexed, temporal, open, rule } = edge
  const more = options({
    indexed: indexedText(indexed),
    temporal: unless(temporal, false),
    open: unless(open, false),
    rule: unless(rule, undefined),
  })
  const parts = [name, from, to].map(quote)
  if (!isEmptyObject(properties) || more !== '') parts.push(printer.zod(`Edge "${name}"`, properties))
  if (more !== '') parts.push(more)
  return `${printer.use('edge')}(${parts.join(', ')})`
}

function cacheText(printer: Printer, cache: CacheContract): string {
  const { name, dimension, threshold, ttlSeconds, maxEntries, maxBytes, evict, scope, value } = cache
  const members = options({
    dimension: String(dimension),
    threshold: String(threshold),
    ttlSeconds: unless(ttlSeconds, 0),
    maxEntries: unless(maxEntries, undefined),
    maxBytes: unless(maxBytes, undefined),
    evict: unless<string>(evict, 'lru'),
    scope: isEmptyObject(scope) ? undefined : printer.zod(`Cache "${name}"`, scope),
    value: printer.zod(`Cache "${name}"`, value),
  })
  return `${printer.use('cachePolicy')}(${quote(name)}, ${members})`
}

function kvText(printer: Printer, { name, key, value, ttlSeconds }: KvContract): string {
  const members = options({
    key: printer.zod(`Key space "${name}"`, key),
    value: printer.zod(`Key space "${name}"`, value),
    ttlSeconds: unless(ttlSeconds, 0),
  })
  return `${printer.use('kv')}(${quote(name)}, ${members})`
}
