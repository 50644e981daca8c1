/** Pulling: what the catalog says comes back as declarations, for schemas of all kinds; nothing is written. */
import { contractHash, type Contract } from '@sochdb/schema'
import { storeModel } from '@sochdb/schema/diff'
import { Database } from '../src/database/index.js'
import { catalogShape, differences } from '../src/migrate/catalog-shape.js'
import { createDeclared, shapeOfContract } from '../src/migrate/expected.js'
import { readContract, writeContract } from '../src/migrate/ledger.js'
import { pullStore } from '../src/pull/index.js'
import { Worlds } from './migrate/worlds.js'

function withStore<T>(contract: Contract, use: (database: Database) => T): T {
  const database = Database.open(':memory:')
  try {
    database.transaction(transaction => createDeclared(transaction, contract))
    return use(database)
  } finally {
    database.close()
  }
}

/** Without indexes that do what others do: schemas have none. */
function lean(contract: Contract): Contract {
  const tables = Object.entries(contract.tables).map(([key, table]) => {
    const shapes = new Set([JSON.stringify([true, table.primaryKey.map(column => ({ column, desc: false })), null])])
    const indexes = table.indexes.filter(({ unique, columns, where }) => {
      if (unique && columns.some(({ desc }) => desc)) return false
      const shape = JSON.stringify([unique, columns.map(({ column, desc }) => ({ column, desc })), where ?? null])
      return shapes.size < shapes.add(shape).size
    })
    return [key, { ...table, indexes: indexes.sort((a, b) => (a.name < b.name ? -1 : 1)) }] as const
  })
  return { ...contract, tables: Object.fromEntries(tables) }
}

const seeds = Array.from({ length: 40 }, (_, i) => i + 1)

test.each(seeds)('a store without a contract is pulled as a schema of the same store (seed %i)', seed => {
  const contract = lean(new Worlds(seed).contract())
  withStore(contract, database => {
    const pulled = pullStore(database)
    expect(pulled.remarks).toEqual([])
    expect(differences(shapeOfContract(pulled.contract), database.transaction(catalogShape))).toEqual([])
    // Caches are made by their first entry: a store without entries has none.
    const { caches: _, ...model } = storeModel(contract)
    expect(storeModel(pulled.contract)).toMatchObject(withoutListOrder(model))
  })
})

/** A content field may be written as a list of one. */
function withoutListOrder(model: Pick<ReturnType<typeof storeModel>, 'tables' | 'collections'>): object {
  const collections = Object.entries(model.collections).map(([name, { contentField: _, text: __, ...rest }]) => [
    name,
    rest,
  ])
  return { tables: model.tables, collections: Object.fromEntries(collections) as object }
}

test.each(seeds)('a store with a contract is pulled as that contract (seed %i)', seed => {
  const contract = lean(new Worlds(seed).contract())
  withStore(contract, database => {
    database.transaction(transaction => writeContract(transaction, { hash: contractHash(contract), contract }))
    const version = database.transaction(readContract)
    expect(pullStore(database)).toEqual({ contract, remarks: [] })
    expect(database.transaction(readContract)).toEqual(version)
  })
})
