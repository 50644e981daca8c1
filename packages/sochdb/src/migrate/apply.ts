/** What operations do to a store, in the caller's transaction. */
import type { Operation, StoreModel } from '@sochdb/schema/diff'
import type { Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { catalogStore } from '../sql/session.js'
import { createCollection, createTable, dropCollection } from '../sql/catalog/index.js'
import { takeBuilt } from '../sql/ddl/build-ahead.js'
import { DdlContext } from '../sql/ddl/context.js'
import { dropTables } from '../sql/ddl/drop.js'
import { settleForeignKeys } from '../sql/ddl/hold.js'
import * as steps from '../sql/ddl/spec-steps.js'
import { createTableIndex } from '../sql/schema.js'
import { rebuildCollection, renameCollection } from './collections.js'
import { collectionSpecOf, columnSpecOf, tableSpecOf } from './specs.js'

/** Code of a migration over its rows: `data.js`. It runs inside of the migration's transaction, so it cannot wait for anything. */
export interface DataSteps {
  readonly up?: (transaction: Transaction) => unknown
  readonly down?: (transaction: Transaction) => unknown
}

/**
 * Applies an operation. `model`: the store before it. Moves to other index policies are not among what it does: they take
 * transactions of their own. `isBuilt`: an index was filled ahead, and is only to be taken.
 *
 * @throws QueryError, CheckError, UniqueConstraintError, …: the transaction is to be aborted then
 */
export function applyToStore(
  transaction: Transaction,
  model: StoreModel,
  operation: Operation,
  data: DataSteps | undefined,
  isBuilt = false,
): void {
  const context = new DdlContext(transaction)
  settleForeignKeys(transaction)
  switch (operation.kind) {
    case 'createTable':
      createTable(context.store, DEFAULT_NAMESPACE_ID, tableSpecOf(operation.table))
      // Checks that do not fit are errors here.
      context.save(context.require(operation.table.name).entry)
      return
    case 'dropTable':
      return dropTables(context, dropStatement(operation.table.name))
    case 'renameTable':
      return steps.renameDeclaredTable(context, operation.from, operation.to)
    case 'addColumn':
      return steps.addDeclaredColumn(context, operation.table, columnSpecOf(operation.column), operation.fill)
    case 'dropColumn':
      return steps.dropDeclaredColumn(context, operation.table, operation.column.name)
    case 'renameColumn':
      return steps.renameDeclaredColumn(context, operation.table, operation.from, operation.to)
    case 'changeColumn': {
      const { table, before, after, using } = operation
      return steps.changeDeclaredColumn(context, table, before.name, columnSpecOf(after), using)
    }
    case 'changePrimaryKey': {
      const columns = model.tables[operation.table]!.columns.map(columnSpecOf)
      return steps.changeDeclaredKey(context, operation.table, operation.after, columns)
    }
    case 'addIndex':
      if (isBuilt && takeBuilt(context, operation.table, operation.index)) return
      createTableIndex(transaction, operation.table, operation.index)
      return
    case 'dropIndex':
      return steps.dropDeclaredIndex(context, operation.table, operation.index.name)
    case 'renameIndex':
      return steps.renameDeclaredIndex(context, operation.table, operation.from, operation.to)
    case 'addCheck':
      return steps.addDeclaredCheck(context, operation.table, operation.check)
    case 'dropCheck':
      return steps.dropDeclaredCheck(context, operation.table, operation.check.name)
    case 'addForeignKey':
      return steps.addDeclaredKey(context, operation.table, operation.key)
    case 'dropForeignKey':
      return steps.dropDeclaredKey(context, operation.table, operation.key)
    case 'createCollection':
      createCollection(catalogStore(transaction), DEFAULT_NAMESPACE_ID, collectionSpecOf(operation.collection))
      return
    case 'dropCollection':
      dropCollection(catalogStore(transaction), DEFAULT_NAMESPACE_ID, operation.collection.name)
      return
    case 'renameCollection':
      return renameCollection(transaction, operation.from, operation.to)
    case 'changeCollection':
      return rebuildCollection(transaction, collectionSpecOf(operation.after))
    case 'dropCache':
      return transaction.cacheClear(operation.cache.name)
    case 'data':
      return runData(transaction, operation.direction, data)
    case 'setIndexPolicy':
    case 'createCache':
    case 'declare':
      return
  }
}

const dropStatement = (table: string) => ({
  kind: 'dropTable' as const,
  tables: [table],
  ifExists: false,
  cascade: false,
})

function runData(transaction: Transaction, direction: 'up' | 'down', data: DataSteps | undefined): void {
  const result: unknown = data?.[direction]?.(transaction)
  if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
    throw new TypeError(
      `"${direction}" of data.js returned a promise. It runs inside of the migration's transaction: use its synchronous methods.`,
    )
  }
}
