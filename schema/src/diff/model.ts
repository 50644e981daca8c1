/**
 * What a contract comes to in a store: tables, collections, caches by the names they have there. Two contracts with the same
 * model differ in what clients do alone, and a store goes from one to the other without being touched.
 */
import type {
  CacheContract,
  CollectionContract,
  ColumnContract,
  Contract,
  ForeignKeyAction,
  IndexContract,
  TableContract,
} from '../contract/contract.js'

/** A column as the store has it: the contract's, without what clients alone know. */
export type StoreColumn = Omit<ColumnContract, 'schema' | 'references' | 'renamedFrom'>

export interface StoreForeignKey {
  readonly columns: readonly string[]
  readonly table: string
  readonly targetColumns: readonly string[]
  readonly onDelete: ForeignKeyAction
}

export interface StoreCheck {
  readonly name: string
  readonly expression: string
}

export interface StoreTable {
  readonly name: string
  /** A set: columns keep the order in which a store got them. */
  readonly columns: readonly StoreColumn[]
  readonly primaryKey: readonly string[]
  readonly indexes: readonly IndexContract[]
  readonly checks: readonly StoreCheck[]
  readonly foreignKeys: readonly StoreForeignKey[]
  readonly indexPolicy: TableContract['indexPolicy']
}

/** A collection as the store has it: documents are checked by clients. */
export type StoreCollection = Omit<CollectionContract, 'metadata'>

/** What of a cache decides whether its entries can stay. */
export interface StoreCache {
  readonly name: string
  readonly dimension: number
}

/** By their names in the store. */
export interface StoreModel {
  readonly tables: Readonly<Record<string, StoreTable>>
  readonly collections: Readonly<Record<string, StoreCollection>>
  readonly caches: Readonly<Record<string, StoreCache>>
}

export const emptyModel: StoreModel = Object.freeze({ tables: {}, collections: {}, caches: {} })

/** Who has to do with a member of the contract: the store, or clients alone. A member that is new does not compile until it stands here. */
type Side = 'store' | 'client'

const columnSides = {
  name: 'store',
  type: 'store',
  nullable: 'store',
  default: 'store',
  enum: 'store',
  schema: 'client',
  references: 'store',
  dimension: 'store',
  renamedFrom: 'client',
} as const satisfies Record<keyof Required<ColumnContract>, Side>

const tableSides = {
  name: 'store',
  columns: 'store',
  primaryKey: 'store',
  indexes: 'store',
  checks: 'store',
  indexPolicy: 'store',
  softDelete: 'client',
  tenant: 'client',
} as const satisfies Record<keyof Required<TableContract>, Side>

const collectionSides = {
  name: 'store',
  dimension: 'store',
  metric: 'store',
  m: 'store',
  efConstruction: 'store',
  efSearch: 'store',
  quantization: 'store',
  pqNumSubvectors: 'store',
  pqNumCentroids: 'store',
  enableHybridSearch: 'store',
  contentField: 'store',
  text: 'store',
  metadata: 'client',
  indexed: 'store',
} as const satisfies Record<keyof Required<CollectionContract>, Side>

const cacheSides = {
  name: 'store',
  dimension: 'store',
  threshold: 'client',
  ttlSeconds: 'client',
  maxEntries: 'client',
  maxBytes: 'client',
  evict: 'client',
  scope: 'client',
  value: 'client',
} as const satisfies Record<keyof Required<CacheContract>, Side>

/** Sections whose declarations change nothing in a store when they come, change or go. */
const contractSides = {
  version: 'client',
  tables: 'store',
  relations: 'client',
  collections: 'store',
  nodes: 'client',
  edges: 'client',
  caches: 'store',
  kv: 'client',
} as const satisfies Record<keyof Required<Contract>, Side>

/** A contract with a member that this version does not know: made by a newer one. */
export class UnknownContractError extends Error {
  override readonly name = 'UnknownContractError'
}

/**
 * What a store made from the contract holds.
 *
 * @throws UnknownContractError for a contract that says more than this version understands
 */
export function storeModel(contract: Contract): StoreModel {
  expectKnown('The contract', contract, contractSides)
  const tables = Object.entries(contract.tables).map(([key, table]) => storeTable(contract, key, table))
  const collections = Object.entries(contract.collections).map(([key, { metadata: _, ...collection }]) => {
    expectKnown(`Collection "${key}"`, collection, collectionSides)
    return collection
  })
  const caches = Object.entries(contract.caches).map(([key, cache]) => {
    expectKnown(`Cache "${key}"`, cache, cacheSides)
    return { name: cache.name, dimension: cache.dimension }
  })
  return { tables: byName(tables), collections: byName(collections), caches: byName(caches) }
}

function storeTable(contract: Contract, key: string, table: TableContract): StoreTable {
  expectKnown(`Table "${key}"`, table, tableSides)
  const columns = table.columns.map(({ schema: _, references: __, renamedFrom: ___, ...column }): StoreColumn => {
    expectKnown(`Column "${key}"."${column.name}"`, column, columnSides)
    return column
  })
  const foreignKeys = table.columns.flatMap(({ name, references }): StoreForeignKey[] => {
    if (references === undefined) return []
    const target = contract.tables[references.table]?.name ?? references.table
    return [{ columns: [name], table: target, targetColumns: [references.column], onDelete: references.onDelete }]
  })
  const { name, primaryKey, indexes, checks, indexPolicy } = table
  return { name, columns, primaryKey, indexes, checks, foreignKeys, indexPolicy }
}

function expectKnown(what: string, value: object, sides: Readonly<Record<string, Side>>): void {
  const unknown = Object.keys(value).find(member => !Object.hasOwn(sides, member))
  if (unknown === undefined) return
  throw new UnknownContractError(
    `${what} says "${unknown}", which this version of SochDB does not know. Use the version that wrote the contract, or a newer one.`,
  )
}

export function byName<Item extends { readonly name: string }>(items: Iterable<Item>): Record<string, Item> {
  return Object.fromEntries([...items].sort((a, b) => (a.name < b.name ? -1 : 1)).map(item => [item.name, item]))
}
