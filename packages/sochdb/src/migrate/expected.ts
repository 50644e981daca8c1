/** The catalog of a store that is made from a contract, and of nothing else. */
import type { Contract } from '@sochdb/schema/contract'
import { applyOperation, diffContracts, emptyModel, type StoreModel } from '@sochdb/schema/diff'
import { Database, type Transaction } from '../database/index.js'
import { applyToStore } from './apply.js'
import { catalogShape, differences, type CatalogShape } from './catalog-shape.js'

/** Creates what a contract declares in an empty store. */
export function createDeclared(transaction: Transaction, contract: Contract): void {
  let model: StoreModel = emptyModel
  for (const operation of diffContracts(undefined, contract).operations) {
    applyToStore(transaction, model, operation, undefined)
    model = applyOperation(model, operation)
  }
}

export function shapeOfContract(contract: Contract | undefined): CatalogShape {
  const database = Database.open(':memory:')
  try {
    return database.transaction(transaction => {
      if (contract !== undefined) createDeclared(transaction, contract)
      return catalogShape(transaction)
    })
  } finally {
    database.close()
  }
}

/**
 * How a store is other than the contract says: a line for each part. Tables and collections that no contract ever knew are not
 * counted: they belong to whoever made them by hand.
 *
 * `moving`: tables that are on their way to another index policy.
 */
export function driftOf(
  transaction: Transaction,
  expected: CatalogShape,
  moving: readonly { readonly table: string }[] = [],
): string[] {
  const actual = catalogShape(transaction)
  const tables = Object.entries(actual.tables).flatMap(([name, shape]) => {
    const wanted = expected.tables[name]
    if (wanted === undefined) return []
    const moves = moving.some(({ table }) => table === name)
    return [[name, moves ? { ...shape, indexPolicy: wanted.indexPolicy } : shape] as const]
  })
  const collections = Object.entries(actual.collections).filter(([name]) => name in expected.collections)
  return differences(expected, { tables: Object.fromEntries(tables), collections: Object.fromEntries(collections) })
}
