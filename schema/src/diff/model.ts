/**
 * What a contract comes to in a store: tables, collections, caches by the names they have there. Two contracts with the same
 * model differ in what clients do alone, and a store goes from one to the other without being touched.
 */
import type {
  CacheContract,
  CollectionContract,
  ColumnContract,
  Contract,
  TableContract,
} from '../contract/contract.js'
import { storeTable as fromContract, type StoreTable } from '../contract/store.js'

export type { StoreColumn, StoreForeignKey, StoreTable } from '../contract/store.js'

export type StoreCheck = StoreTable['checks'][number]

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
  column: 'store',
  type: 'store',
  items: 'client',
  nullable: 'store',
  default: 'store',
  updatedAt: 'store',
  generated: 'store',
  precision: 'store',
  scale: 'store',
  codec: 'client',
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
  foreignKeys: 'store',
  indexPolicy: 'store',
  softDelete: 'client',
  tenant: 'client',
  renamedFrom: 'client',
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
  tenant: 'client',
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
  tenant: 'client',
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
  const collections = Object.entries(contract.collections).map(([key, { metadata: _, tenant: __, ...collection }]) => {
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
  for (const column of table.columns) expectKnown(`Column "${key}"."${column.name}"`, column, columnSides)
  return fromContract(contract, table)
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
