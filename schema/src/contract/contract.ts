/**
 * The contract: what a schema file declares, as data. Canonical (sorted keys, no undefined), so that its hash names a schema;
 * the generator emits from it, the client creates and checks stores with it, migrations compare two of them.
 */

/** Types of columns as the contract names them; the engine's numbers stand in `sochdb`'s `sql/types.ts`. */
export type ColumnTypeName =
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'real'
  | 'text'
  | 'blob'
  | 'decimal'
  | 'timestamp'
  /** A day without a time, kept as text: `2026-03-01`. */
  | 'date'
  | 'json'
  | 'uuid'
  | 'vector'

/** JSON Schema, as `z.toJSONSchema` prints it. */
export type JsonSchema = { readonly [key: string]: unknown }

/**
 * What fills a column that an insert leaves out. All but values are made anew for every row: `uuid7` and `now` by the engine or the
 * client, `cuid2` and `ulid` by the client alone, `autoincrement` by the table's counter.
 */
export type DefaultContract =
  | { readonly kind: 'uuid7' }
  | { readonly kind: 'now' }
  | { readonly kind: 'cuid2' }
  | { readonly kind: 'ulid' }
  | { readonly kind: 'autoincrement' }
  /** bigint and timestamp as decimal text of the integer, blob as base64, all others as JSON. */
  | { readonly kind: 'value'; readonly value: string | number | boolean | null | object }

/** Code that stands between a column and the application: the generated client imports it, the contract names it. */
export interface CodecContract {
  /** Where it is exported: a package, or a path from the schema file that begins with `./` or `../`. */
  readonly module: string
  /** The name of the export: an object with `encode` and `decode`. */
  readonly name: string
  /** The name of the type that the application sees, which the module exports as well. */
  readonly type: string
}

/** A column, as the contract has it. */
export interface ColumnContract {
  /** The property of rows. Keys, indexes, references and relations say this name. */
  readonly name: string
  /** The name in the store, where it is another. SQL texts (checks, generated columns, conditions of indexes) say that name. */
  readonly column?: string
  readonly type: ColumnTypeName
  /** The column is an array of this type, kept as JSON: `type` is `json`, and `schema` says what the elements are. */
  readonly items?: ColumnTypeName
  readonly nullable: boolean
  readonly default?: DefaultContract
  /** An update that does not set the column makes it the time of the statement. */
  readonly updatedAt?: true
  /** Computed by the engine out of the row's other columns, as SQL; no insert or update sets it. */
  readonly generated?: { readonly expression: string; readonly stored: boolean }
  /** Of a decimal: digits at most, and those behind the point. */
  readonly precision?: number
  readonly scale?: number
  readonly codec?: CodecContract
  /** Closed set of values of a text column. */
  readonly enum?: readonly string[]
  /** What a value must satisfy beyond its type: checked by the client on write. */
  readonly schema?: JsonSchema
  readonly references?: {
    /** The key of a table in the contract. */
    readonly table: string
    readonly column: string
    readonly onDelete: ForeignKeyAction
    /** Absent: `noAction`. */
    readonly onUpdate?: ForeignKeyAction
  }
  readonly dimension?: number
  readonly renamedFrom?: string
}

/** What happens to rows that refer to one that is deleted, or whose key changes. */
export type ForeignKeyAction = 'restrict' | 'cascade' | 'setNull' | 'setDefault' | 'noAction'

/** A reference of several columns together. */
export interface ForeignKeyContract {
  readonly columns: readonly string[]
  /** The key of a table in the contract, and its columns, in the order of `columns`. */
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyAction
  /** Absent: `noAction`. */
  readonly onUpdate?: ForeignKeyAction
}

/** An index, or a unique key, as the contract has it. */
export interface IndexContract {
  readonly name: string
  readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  readonly unique: boolean
  /** A condition, as SQL: only rows that meet it are in the index, and kept apart by it. */
  readonly where?: string
}

/** A table, as the contract has it. */
export interface TableContract {
  readonly name: string
  /** In order of declaration: part of the contract. */
  readonly columns: readonly ColumnContract[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexContract[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly foreignKeys?: readonly ForeignKeyContract[]
  readonly indexPolicy: 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'
  /** The nullable timestamp that deleting sets. */
  readonly softDelete?: string
  /** The column that says whose a row is. */
  readonly tenant?: string
  /** The name in the store that the table had before. */
  readonly renamedFrom?: string
}

/**
 * `one`: `column` of this table holds the primary key of `table`. `many`: `column` of `table` holds this table's primary key.
 * `manyToMany`: rows of `through` hold this table's primary key in `from` and that of `table` in `to`.
 */
export type RelationContract =
  | { readonly kind: 'one'; readonly table: string; readonly column: string }
  | { readonly kind: 'many'; readonly table: string; readonly column: string }
  | {
      readonly kind: 'manyToMany'
      readonly table: string
      readonly through: string
      readonly from: string
      readonly to: string
    }

/** A collection, as the contract has it: all defaults filled in. */
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
  /** The field of the metadata that says whose a document is. */
  readonly tenant?: string
}

/** A type of node, as the contract has it. */
export interface NodeContract {
  readonly name: string
  readonly properties: JsonSchema
  /** Properties that nodes are found by. Absent: none. */
  readonly indexed?: readonly string[]
}

/** A type of edge, as the contract has it. `from` and `to` are types of nodes. */
export interface EdgeContract {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly properties: JsonSchema
  /** Properties that edges are found by. Absent: none. */
  readonly indexed?: readonly string[]
  readonly temporal: boolean
  readonly open: boolean
  /** Which intervals must not overlap. Absent: all may. */
  readonly rule?: 'oncePerEdge' | 'oncePerNode'
}

/** A cache, as the contract has it. */
export interface CacheContract {
  readonly name: string
  readonly dimension: number
  readonly threshold: number
  readonly ttlSeconds: number
  readonly maxEntries?: number
  readonly maxBytes?: number
  readonly evict: 'lru' | 'lfu' | 'cost'
  readonly scope: JsonSchema
  /** The member of the scope that says whose an answer is. */
  readonly tenant?: string
  readonly value: JsonSchema
}

/** A key space, as the contract has it. `ttlSeconds` 0: entries stay. */
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
