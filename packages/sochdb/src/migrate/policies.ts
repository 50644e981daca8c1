/** Moves of tables to other index policies: they take many transactions, so they follow the one that changes everything else. */
import type { StoreModel } from '@sochdb/schema/diff'
import type { Database, Transaction } from '../database/index.js'
import type { IndexPolicy } from '../engine/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { catalogStore } from '../sql/session.js'
import { getTable } from '../sql/catalog/index.js'
import { moveTable } from '../sql/policy.js'

export interface PendingMove {
  readonly table: string
  readonly policy: IndexPolicy
}

/** The tables whose rows do not lie yet where the model wants them. */
export function pendingMoves(transaction: Transaction, model: StoreModel): PendingMove[] {
  const store = catalogStore(transaction)
  return Object.values(model.tables)
    .filter(({ name, indexPolicy }) => getTable(store, DEFAULT_NAMESPACE_ID, name)?.entry.policy !== indexPolicy)
    .map(({ name, indexPolicy }) => ({ table: name, policy: indexPolicy }))
}

/** `onMoved`: called after each step with the entries copied so far. */
export function move(database: Database, { table, policy }: PendingMove, onMoved?: (entries: number) => void): void {
  for (const { copied } of moveTable(database, table, policy)) onMoved?.(copied)
}
