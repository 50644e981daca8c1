/**
 * The schema language of SochDB: what `sochdb.schema.ts` is written in, and the contract it stands for.
 *
 * @module @sochdb/schema
 */
export { cachePolicy, type CacheDeclaration, type CacheOptions } from './caches/cache-policy.js'
export { col } from './columns/col.js'
export type { CodecOptions, Column, GeneratedOptions, ReferenceOptions } from './columns/column.js'
export { collection, type CollectionDeclaration, type CollectionOptions } from './collections/collection.js'
export type * from './contract/contract.js'
export { contractHash } from './contract/hash.js'
export { SchemaError, toContract } from './contract/to-contract.js'
export { canonicalJson } from './core/json.js'
export {
  defineSchema,
  isSchema,
  type AnyTable,
  type Casing,
  type Schema,
  type SchemaDefinition,
} from './define/define-schema.js'
export {
  edge,
  node,
  type EdgeDeclaration,
  type EdgeOptions,
  type NodeDeclaration,
  type NodeOptions,
} from './graph/graph.js'
export { kv, type KvDeclaration, type KvOptions } from './kv/kv.js'
export { many, manyToMany, one, type Relation, type ThroughOptions } from './relations/relation.js'
export {
  table,
  type AnyColumn,
  type CallSite,
  type ForeignKeyOptions,
  type IndexOptions,
  type IndexPolicy,
  type Table,
} from './tables/table.js'
export { formatDiagnostic, type Diagnostic, type PathSegment } from './validate/diagnostic.js'
export { validateSchema } from './validate/validate-schema.js'
