/** What DDL takes. A collection of a schema's contract is one as it stands; a table becomes one by the schema package's `storeTable`. */
import type { ColumnTypeName } from '../types.js'
import type { ColumnDefault, IndexPolicyName } from './entries.js'

export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnTypeName
  readonly nullable: boolean
  readonly default?: ColumnDefault
  readonly enum?: readonly string[]
  readonly references?: {
    readonly table: string
    readonly column: string
    readonly onDelete: string
    readonly onUpdate?: string
  }
  readonly dimension?: number
  /** The table's counter fills it where a row has no value. */
  readonly identity?: 'default'
  readonly generated?: { readonly expression: string; readonly stored: boolean }
  /** An update that does not set it makes it the time of the statement. */
  readonly onUpdateNow?: true
  /** The type as it was declared, where that says more than `type`. */
  readonly declaredType?: string
}

export interface IndexSpec {
  readonly name: string
  readonly columns: readonly { readonly column: string; readonly desc: boolean }[]
  readonly unique: boolean
  /** Only rows for which it is true have an entry. */
  readonly where?: string
}

export interface ForeignKeySpec {
  readonly columns: readonly string[]
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate?: string
}

export interface TableSpec {
  readonly name: string
  readonly columns: readonly ColumnSpec[]
  readonly primaryKey: readonly string[]
  readonly indexes?: readonly IndexSpec[]
  readonly checks?: readonly { readonly name: string; readonly expression: string }[]
  /** Of several columns; those of one may stand with the column. */
  readonly foreignKeys?: readonly ForeignKeySpec[]
  /** Default `balanced`. */
  readonly indexPolicy?: IndexPolicyName
}

/** How text becomes terms. Defaults: words as they are. */
export interface TextSpec {
  readonly stemming?: 'english' | 'none'
  readonly stopWords?: boolean | 'english' | readonly string[]
}

/** Defaults: cosine, m 16, efConstruction 100, efSearch 50, no quantization, no keyword index. */
export interface CollectionSpec {
  readonly name: string
  readonly dimension: number
  readonly metric?: 'cosine' | 'euclidean' | 'dotProduct'
  readonly m?: number
  readonly efConstruction?: number
  readonly efSearch?: number
  readonly quantization?: 'none' | 'scalar' | 'pq' | 'binary'
  readonly enableHybridSearch?: boolean
  /** A field, fields, or fields with their weights. */
  readonly contentField?: string | readonly string[] | Readonly<Record<string, number>>
  readonly text?: TextSpec
  readonly indexed?: readonly string[]
  readonly pqNumSubvectors?: number
  readonly pqNumCentroids?: number
}
