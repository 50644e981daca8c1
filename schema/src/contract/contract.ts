/**
 * The contract: what a schema file declares, as data. Canonical (sorted keys, no undefined), so that its hash names a schema;
 * the generator emits from it, the client creates and checks stores with it, migrations compare two of them.
 */

/** Types of columns as the contract names them; the engine's numbers stand in `sochdb`'s `sql/types.ts`. */
export type ColumnTypeName =
  'boolean' | 'integer' | 'bigint' | 'real' | 'text' | 'blob' | 'decimal' | 'timestamp' | 'json' | 'uuid' | 'vector'

/** JSON Schema, as `z.toJSONSchema` prints it. */
export type JsonSchema = { readonly [key: string]: unknown }

/** What fills a column that an insert leaves out. `uuid7` and `now` are made anew for every row. */
export type DefaultContract =
  | { readonly kind: 'uuid7' }
  | { readonly kind: 'now' }
  /** bigint and timestamp as decimal text of the integer, blob as base64, all others as JSON. */
  | { readonly kind: 'value'; readonly value: string | number | boolean | null | object }

export interface ColumnContract {
  readonly name: string
  readonly type: ColumnTypeName
  readonly nullable: boolean
  readonly default?: DefaultContract
  /** Closed set of values of a text column. */
  readonly enum?: readonly string[]
  /** What a value must satisfy beyond its type: checked by the client on write. */
  readonly schema?: JsonSchema
  readonly references?: { readonly table: string; readonly column: string; readonly onDelete: ForeignKeyAction }
  readonly dimension?: number
  readonly renamedFrom?: string
}

export type ForeignKeyAction = 'restrict' | 'cascade' | 'setNull' | 'noAction'

export interface IndexContract {
  readonly name: string
  readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  readonly unique: boolean
}

export interface TableContract {
  readonly name: string
  /** In order of declaration: part of the contract. */
  readonly columns: readonly ColumnContract[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexContract[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly indexPolicy: 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'
  readonly softDelete?: string
  readonly tenant?: string
}

/** `one`: `column` of this table holds the primary key of `table`. `many`: `column` of `table` holds this table's primary key. */
export type RelationContract =
  | { readonly kind: 'one'; readonly table: string; readonly column: string }
  | { readonly kind: 'many'; readonly table: string; readonly column: string }

export interface CollectionContract {
  readonly name: string
  readonly dimension: number
  readonly metric: 'cosine' | 'euclidean' | 'dotProduct'
  readonly m: number
  readonly efConstruction: number
  readonly efSearch: number
  readonly quantization: 'none' | 'scalar' | 'pq' | 'binary'
  /** With quantization `pq`, where the schema says so. */
  readonly pqNumSubvectors?: number
  readonly pqNumCentroids?: number
  readonly enableHybridSearch: boolean
  readonly contentField?: string | readonly string[] | Readonly<Record<string, number>>
  readonly text?: {
    readonly stemming?: 'english' | 'none'
    readonly stopWords?: boolean | 'english' | readonly string[]
  }
  readonly metadata: JsonSchema
  readonly indexed: readonly string[]
}

export interface NodeContract {
  readonly name: string
  readonly properties: JsonSchema
}

export interface EdgeContract {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly properties: JsonSchema
  readonly temporal: boolean
  readonly open: boolean
}

export interface CacheContract {
  readonly name: string
  readonly dimension: number
  readonly threshold: number
  readonly ttlSeconds: number
  readonly maxEntries?: number
  readonly maxBytes?: number
  readonly evict: 'lru' | 'lfu' | 'cost'
  readonly scope: JsonSchema
  readonly value: JsonSchema
}

export interface KvContract {
  readonly name: string
  readonly key: JsonSchema
  readonly value: JsonSchema
  readonly ttlSeconds: number
}

/** Records are keyed by the property name on the client (`db.users`), which is also the name in the store unless `name` says otherwise. */
export interface Contract {
  readonly version: 1
  readonly tables: Readonly<Record<string, TableContract>>
  readonly relations: Readonly<Record<string, Readonly<Record<string, RelationContract>>>>
  readonly collections: Readonly<Record<string, CollectionContract>>
  readonly nodes: Readonly<Record<string, NodeContract>>
  readonly edges: Readonly<Record<string, EdgeContract>>
  readonly caches: Readonly<Record<string, CacheContract>>
  readonly kv: Readonly<Record<string, KvContract>>
}
