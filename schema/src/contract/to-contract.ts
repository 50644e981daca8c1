import type { CacheNode } from '../caches/cache-policy.js'
import type { CollectionNode } from '../collections/collection.js'
import type { ColumnNode, DefaultNode, ReferenceNode } from '../columns/column.js'
import { sortKeys } from '../core/json.js'
import { toJsonSchema } from '../core/json-schema.js'
import type { Casing, Schema, SchemaNode } from '../define/define-schema.js'
import type { EdgeNode, GraphNodeNode } from '../graph/graph.js'
import type { KvNode } from '../kv/kv.js'
import type { RelationNode } from '../relations/relation.js'
import type { ForeignKeyNode, IndexNode, TableNode } from '../tables/table.js'
import { allIndexes, indexName, primaryKeyOf, splitTarget, storedName } from '../tables/parts.js'
import { formatDiagnostic, type Diagnostic } from '../validate/diagnostic.js'
import { validateSchema } from '../validate/validate-schema.js'
import type {
  CacheContract,
  CollectionContract,
  ColumnContract,
  Contract,
  DefaultContract,
  EdgeContract,
  ForeignKeyContract,
  IndexContract,
  JsonSchema,
  KvContract,
  NodeContract,
  RelationContract,
  TableContract,
} from './contract.js'

/** A schema that does not hold together, with everything that is wrong with it. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'))
    this.diagnostics = diagnostics
  }
}

/**
 * The contract of a schema: canonical, so that equal schemas have equal contracts and equal hashes.
 *
 * @throws SchemaError when `validateSchema` finds an error; warnings do not stop it.
 */
export function toContract(schema: Schema): Contract {
  const errors = validateSchema(schema).filter(diagnostic => diagnostic.severity === 'error')
  if (errors.length > 0) throw new SchemaError(errors)
  return sortKeys(contractOf(schema.toNode())) as Contract
}

function contractOf(schema: SchemaNode): Contract {
  return {
    version: 1,
    tables: mapValues(schema.tables, table => tableContract(schema, table)),
    relations: mapValues(schema.relations, relations => mapValues(relations, relationContract)),
    collections: mapValues(schema.collections, collectionContract),
    nodes: mapValues(schema.nodes, nodeContract),
    edges: mapValues(schema.edges, edgeContract),
    caches: mapValues(schema.caches, cacheContract),
    kv: mapValues(schema.kv, kvContract),
  }
}

function tableContract(schema: SchemaNode, table: TableNode): TableContract {
  const indexes = allIndexes(table).map(index => indexContract(table.name, index))
  return {
    name: table.name,
    columns: Object.entries(table.columns).map(([name, column]) => columnContract(name, column, schema.casing)),
    primaryKey: primaryKeyOf(table),
    indexes: indexes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    checks: table.checks
      .map(({ name, expression }) => ({ name, expression }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(table.foreignKeys.length === 0
      ? {}
      : { foreignKeys: table.foreignKeys.map(key => foreignKeyContract(schema, key)) }),
    indexPolicy: table.indexPolicy,
    ...optional('renamedFrom', table.renamedFrom),
    ...optional('softDelete', table.softDelete),
    ...optional('tenant', table.tenant),
  }
}

function indexContract(table: string, index: IndexNode): IndexContract {
  const { columns, unique, where } = index
  return { name: indexName(table, index), columns, unique, ...optional('where', where) }
}

function foreignKeyContract(schema: SchemaNode, key: ForeignKeyNode): ForeignKeyContract {
  const { columns, table, targetColumns, onDelete, onUpdate } = key
  return {
    columns,
    table,
    targetColumns: targetColumns.length === 0 ? primaryKeyOf(schema.tables[table]!) : targetColumns,
    onDelete,
    ...(onUpdate === 'noAction' ? {} : { onUpdate }),
  }
}

function columnContract(name: string, column: ColumnNode, casing: Casing | undefined): ColumnContract {
  const stored = storedName(name, column, casing)
  return {
    name,
    ...(stored === name ? {} : { column: stored }),
    type: column.type,
    ...optional('items', column.items?.type),
    nullable: column.nullable,
    ...(column.default === undefined ? {} : { default: defaultContract(column, column.default) }),
    ...optional('enum', column.enum),
    ...(column.updatedAt ? { updatedAt: true } : {}),
    ...optional('generated', column.generated),
    ...optional('precision', column.precision),
    ...optional('scale', column.scale),
    ...optional('codec', column.codec),
    ...(column.schema === undefined ? {} : { schema: jsonSchemaOf(column.schema) }),
    ...(column.references === undefined ? {} : { references: referenceContract(column.references) }),
    ...optional('dimension', column.dimension),
    ...optional('renamedFrom', column.renamedFrom),
  }
}

function referenceContract({ target, onDelete, onUpdate }: ReferenceNode): NonNullable<ColumnContract['references']> {
  return { ...splitTarget(target)!, onDelete, ...(onUpdate === 'noAction' ? {} : { onUpdate }) }
}

function defaultContract(column: ColumnNode, node: DefaultNode): DefaultContract {
  if (node.kind !== 'value') return { kind: node.kind }
  const { value } = node
  if (value === null) return { kind: 'value', value }
  switch (column.type) {
    case 'bigint':
      return { kind: 'value', value: String(value) }
    case 'timestamp':
      return { kind: 'value', value: String((value as Date).getTime()) }
    case 'blob':
      return { kind: 'value', value: Buffer.from(value as Uint8Array).toString('base64') }
    case 'vector':
      return { kind: 'value', value: Array.from(value as ArrayLike<number>, Math.fround) }
    default:
      return { kind: 'value', value: value as string | number | boolean | object }
  }
}

function relationContract(relation: RelationNode): RelationContract {
  if (relation.kind === 'one') return { kind: 'one', table: relation.table, column: relation.column }
  if (relation.kind === 'manyToMany') return { ...relation }
  return { kind: 'many', ...splitTarget(relation.target)! }
}

/** What a collection is when its options do not say. */
export const collectionDefaults = Object.freeze({
  metric: 'cosine',
  m: 16,
  efConstruction: 100,
  efSearch: 50,
  quantization: 'none',
})

function collectionContract({ name, options }: CollectionNode): CollectionContract {
  const { contentField } = options
  return {
    name,
    dimension: options.dimension,
    metric: options.metric ?? 'cosine',
    m: options.m ?? collectionDefaults.m,
    efConstruction: options.efConstruction ?? collectionDefaults.efConstruction,
    efSearch: options.efSearch ?? collectionDefaults.efSearch,
    quantization: options.quantization ?? 'none',
    ...optional('pqNumSubvectors', options.pqNumSubvectors),
    ...optional('pqNumCentroids', options.pqNumCentroids),
    enableHybridSearch: options.enableHybridSearch ?? contentField !== undefined,
    ...optional('contentField', contentField),
    ...optional('text', options.text),
    metadata: jsonSchemaOf(options.metadata),
    // Every search of a tenant filters by it.
    indexed: [
      ...new Set([...(options.indexed ?? []), ...(options.tenant === undefined ? [] : [options.tenant])]),
    ].sort(),
    ...optional('tenant', options.tenant),
  }
}

function nodeContract(node: GraphNodeNode): NodeContract {
  return { name: node.name, properties: jsonSchemaOf(node.properties), ...indexedOf(node.indexed) }
}

function indexedOf(indexed: readonly string[]): { readonly indexed?: readonly string[] } {
  return indexed.length === 0 ? {} : { indexed: [...indexed].sort() }
}

function edgeContract(edge: EdgeNode): EdgeContract {
  const { name, from, to, properties, temporal, open, rule } = edge
  return {
    name,
    from,
    to,
    properties: properties === undefined ? emptyObject : jsonSchemaOf(properties),
    ...indexedOf(edge.indexed),
    temporal,
    open,
    ...optional('rule', rule === 'any' ? undefined : rule),
  }
}

function cacheContract({ name, options }: CacheNode): CacheContract {
  return {
    name,
    dimension: options.dimension,
    threshold: options.threshold ?? 0.85,
    ttlSeconds: options.ttlSeconds ?? 0,
    ...optional('maxEntries', options.maxEntries),
    ...optional('maxBytes', options.maxBytes),
    evict: options.evict ?? 'lru',
    scope: options.scope === undefined ? emptyObject : jsonSchemaOf(options.scope),
    ...optional('tenant', options.tenant),
    value: jsonSchemaOf(options.value),
  }
}

function kvContract({ name, options }: KvNode): KvContract {
  const { key, value, ttlSeconds = 0 } = options
  return { name, key: jsonSchemaOf(key), value: jsonSchemaOf(value), ttlSeconds }
}

const emptyObject: JsonSchema = Object.freeze({ type: 'object', properties: {} })

function jsonSchemaOf(schema: unknown): JsonSchema {
  const result = toJsonSchema(schema)
  if (!result.ok) throw new TypeError(result.reason)
  return result.schema
}

function mapValues<In, Out>(record: Readonly<Record<string, In>>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}

/** `{ key: value }`, or nothing where there is no value: a contract has no undefined. */
function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value }
}
