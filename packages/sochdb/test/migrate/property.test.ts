import type { Contract } from '@sochdb/schema/contract'
import { applyOperation, diffContracts, storeModel, undoOf, type Operation } from '@sochdb/schema/diff'
import { Database } from '../../src/database/index.js'
import { bootstrap } from '../../src/client/bootstrap.js'
import type { ClientDefinition } from '../../src/client/types.js'
import { applyToStore } from '../../src/migrate/apply.js'
import { catalogShape, differences, type CatalogShape } from '../../src/migrate/catalog-shape.js'
import { move, pendingMoves } from '../../src/migrate/policies.js'
import { fill, Worlds } from './worlds.js'

const ROWS = 5

const create = (database: Database, contract: Contract): void =>
  bootstrap(database, { contract, contractHash: 'x' } as unknown as ClientDefinition)

function shapeOfFresh(contract: Contract): CatalogShape {
  using scope = opened()
  create(scope.database, contract)
  return scope.database.transaction(catalogShape)
}

function opened(): { readonly database: Database; [Symbol.dispose](): void } {
  const database = Database.open(':memory:')
  return { database, [Symbol.dispose]: () => database.close() }
}

function run(database: Database, from: Contract, operations: readonly Operation[]): void {
  const moves = database.transaction(transaction => {
    let model = storeModel(from)
    for (const operation of operations) {
      applyToStore(transaction, model, operation, undefined)
      model = applyOperation(model, operation)
    }
    return pendingMoves(transaction, model)
  })
  for (const pending of moves) move(database, pending)
}

/** The values of columns that both contracts have, by the former names; a column's type may have changed. */
function valuesOf(database: Database, before: Contract, after: Contract, names: Names): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const table of Object.values(before.tables)) {
    const there = Object.values(after.tables).find(({ name }) => name === names.table(table.name))
    if (there === undefined) continue
    for (const { name } of table.columns) {
      const column = there.columns.find(other => other.name === names.column(table.name, name))
      if (column === undefined) continue
      const key = names.column(table.name, table.primaryKey[0]!)!
      const { rows } = database.execute(`select ${column.name} as v from ${there.name} order by ${key}`)
      result[`${table.name}.${name}`] = rows.map(({ v }) =>
        v instanceof Buffer || v instanceof Uint8Array ? [...v] : typeof v === 'object' ? v : String(v),
      )
    }
  }
  for (const { name } of Object.values(before.collections)) {
    const there = names.collection(name)
    if (!Object.values(after.collections).some(other => other.name === there)) continue
    result[`collection ${name}`] = database.collection(there!).list({ includeVectors: true })
  }
  return result
}

interface Names {
  table(name: string): string | undefined
  column(table: string, name: string): string | undefined
  collection(name: string): string | undefined
}

const same: Names = { table: name => name, column: (_, name) => name, collection: name => name }

describe('a store that operations carried from one contract to another', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i + 1))(
    'is as if it had been made from it, and kept its data (seed %i)',
    seed => {
      const worlds = new Worlds(seed)
      const before = worlds.contract()
      const { contract: after, hints } = worlds.change(before)
      const { operations, questions } = diffContracts(before, after, hints)
      expect(questions).toEqual([])
      const renames = hints.renames!
      const named = (to: string | null | undefined, name: string) => (to === undefined ? name : (to ?? undefined))
      const names: Names = {
        table: name => named(renames.tables![name], name),
        column: (table, name) => named(renames.columns![`${table}.${name}`], name),
        collection: name => named(renames.collections![name], name),
      }
      using scope = opened()
      const { database } = scope
      create(database, before)
      fill(database, before, ROWS)
      const was = valuesOf(database, before, before, same)
      run(database, before, operations)
      expect(differences(shapeOfFresh(after), database.transaction(catalogShape))).toEqual([])
      const is = valuesOf(database, before, after, names)
      for (const [column, values] of Object.entries(is)) expect({ [column]: values }).toEqual({ [column]: was[column] })

      // The rows of a table that is gone do not come back, and other rows may still name them.
      if (operations.some(({ kind }) => kind === 'dropTable')) return
      run(database, after, operations.map(undoOf).reverse())
      expect(differences(shapeOfFresh(before), database.transaction(catalogShape))).toEqual([])
    },
  )
})
