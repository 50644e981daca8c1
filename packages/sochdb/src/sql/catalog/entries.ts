/**
 * The documents of the catalog. They are on disk: a field is only ever added, with a meaning for its absence.
 * Ids of tables, columns, indexes and collections are never used again for another one.
 */
import type { ColumnTypeName } from '../types.js'

export type IndexPolicyName = 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'

/**
 * What fills a column that an insert leaves out. `uuid7` and `now` are made anew for every row. Values are written as in the
 * contract of a schema: bigint and timestamp as the decimal text of the integer, blob as base64, all others as JSON.
 */
export type ColumnDefault =
  | { readonly kind: 'uuid7' }
  | { readonly kind: 'now' }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null | object }
  /** Of the text of an expression without columns: computed anew for every row. */
  | { readonly kind: 'expression'; readonly expression: string }

export interface ColumnEntry {
  readonly id: number
  readonly name: string
  readonly type: ColumnTypeName
  readonly notNull: boolean
  readonly default?: ColumnDefault
  /** The column is gone from the table, its place in stored rows is not. */
  readonly dropped?: true
  readonly dimension?: number
  readonly enum?: readonly string[]
  readonly references?: { readonly table: string; readonly column: string; readonly onDelete: string }
  /** Computed from the other columns of the row when it is written, and stored. `stored`: as it was declared. */
  readonly generated?: { readonly expression: string; readonly stored: boolean }
  /** The table's counter fills it where a row has no value. `always`: a row may not bring one along. */
  readonly identity?: 'default' | 'always'
  /** `nocase`; as binary when it is not there. */
  readonly collation?: string
  /** The type as it was declared, where that says more than {@link type}. */
  readonly declaredType?: string
  /** No statement sees it but by its name: the number of a row in a table without a primary key. */
  readonly hidden?: true
  /** An update that does not set it makes it the time of the statement. */
  readonly onUpdateNow?: true
  /** Rows may be older than the column, and read its default. */
  readonly added?: true
}

export interface IndexKeyColumn {
  /** Position in {@link TableEntry.columns}; -1 for an expression. */
  readonly column: number
  readonly descending: boolean
  readonly expression?: string
}

export interface IndexEntry {
  readonly id: number
  readonly name: string
  readonly unique: boolean
  readonly columns: readonly IndexKeyColumn[]
  /** Only rows for which it is true have an entry. */
  readonly where?: string
  readonly nullsNotDistinct?: true
  /** It is being filled, by the process of that name: writes maintain it, nothing reads it. */
  readonly building?: string
  /** It was made by a constraint, and goes with it. */
  readonly constraint?: true
}

export type ForeignKeyActionName = 'noAction' | 'restrict' | 'cascade' | 'setNull' | 'setDefault'

export interface ForeignKeyEntry {
  readonly name: string
  /** Positions in {@link TableEntry.columns}. */
  readonly columns: readonly number[]
  /** The table they refer to, which may be this one, and the names of its columns. */
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyActionName
  readonly onUpdate: ForeignKeyActionName
  readonly deferrable?: true
  readonly initiallyDeferred?: true
}

/** A query under a name. */
export interface ViewEntry {
  readonly kind: 'view'
  readonly name: string
  /** Names of its columns; as the query calls them when there are none. */
  readonly columns?: readonly string[]
  readonly text: string
}

export interface TableEntry {
  readonly id: number
  readonly name: string
  /** Rows carry the number they were written under: a change of columns counts it up. */
  readonly schemaVersion: number
  /** A new one empties the table without touching its rows. */
  readonly generation: number
  /** In storage order: dropped ones keep their places, new ones are appended. */
  readonly columns: readonly ColumnEntry[]
  /** Positions in {@link columns}. */
  readonly primaryKey: readonly number[]
  readonly indexes: readonly IndexEntry[]
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  readonly foreignKeys?: readonly ForeignKeyEntry[]
  /** Tables, folded, that have foreign keys to this one, itself included: a change of those changes this entry. */
  readonly referencedBy?: readonly string[]
  /** Decides in which trees rows and index entries lie. */
  readonly policy: IndexPolicyName
  /** The table is being copied into the trees of this policy: writes go to both, reads to those of {@link policy}. */
  readonly movingTo?: IndexPolicyName
  /** The trees of this policy hold what a move has left behind. */
  readonly leaving?: IndexPolicyName
  readonly nextColumnId: number
  readonly nextIndexId: number
}

export interface CollectionEntry {
  readonly id: number
  readonly name: string
  readonly generation: number
  readonly dimension: number
  readonly metric: 'cosine' | 'euclidean' | 'dotProduct'
  readonly m: number
  readonly efConstruction: number
  readonly efSearch: number
  readonly quantization: 'none' | 'scalar' | 'pq' | 'binary'
  readonly enableHybridSearch: boolean
  /** Metadata fields whose text keyword searches read; empty: none. */
  readonly contentField: readonly string[]
  /** One for each of these fields; absent: they are all 1. */
  readonly contentWeights?: readonly number[]
  /** Absent: words as they are. */
  readonly text?: { readonly stemming?: 'english'; readonly stopWords?: 'english' | readonly string[] }
  /** Metadata fields with an index of their own; the id stands in its keys. */
  readonly indexed: readonly { readonly id: number; readonly field: string }[]
  readonly pqNumSubvectors?: number
  readonly pqNumCentroids?: number
}

/** A table of the catalog as one transaction sees it. */
export interface CatalogTable {
  readonly entry: TableEntry
  readonly key: Uint8Array
  /** Commit timestamp of the entry; 0n when this transaction wrote it. Plans carry it, and are bound again when it moves. */
  readonly version: bigint
}

/** The positions of the columns that statements see. */
export function liveColumns(table: TableEntry): number[] {
  const positions: number[] = []
  table.columns.forEach((column, position) => {
    if (!column.dropped && !column.hidden) positions.push(position)
  })
  return positions
}
