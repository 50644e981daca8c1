/** What a store knows of its contract and of the migrations that made it so: documents of the catalog, written with what they tell of. */
import type { Contract } from '@sochdb/schema/contract'
import type { Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import { catalogStore } from '../sql/session.js'
import { getMetadata, setMetadata } from '../sql/catalog/index.js'
import { declareGraph } from './graph.js'
import type { PendingMove } from './policies.js'

export interface StoredContract {
  readonly hash: string
  readonly contract: Contract
}

export interface AppliedMigration {
  readonly id: string
  readonly from: string | null
  readonly to: string
  /** Hash of its operations. */
  readonly operations: string
  /** ISO 8601. */
  readonly appliedAt: string
  readonly durationMs: number
  /** It was not run here: the store was so already. */
  readonly adopted?: true
}

export interface Ledger {
  readonly version: 1
  /** In the order in which they were applied. */
  readonly applied: readonly AppliedMigration[]
  /** Moves to other index policies that the last migration began. */
  readonly moves: readonly PendingMove[]
}

const CONTRACT = 'contract'
const MIGRATIONS = 'migrations'
const none: Ledger = Object.freeze({ version: 1, applied: [], moves: [] })

export function readContract(transaction: Transaction): StoredContract | undefined {
  return getMetadata(catalogStore(transaction), DEFAULT_NAMESPACE_ID, CONTRACT) as StoredContract | undefined
}

/** The store belongs to this contract from now on, and its graph is what that says. */
export function writeContract(transaction: Transaction, stored: StoredContract | undefined): void {
  declareGraph(transaction, readContract(transaction)?.contract, stored?.contract)
  setMetadata(catalogStore(transaction), DEFAULT_NAMESPACE_ID, CONTRACT, stored)
}

export function readLedger(transaction: Transaction): Ledger {
  return (getMetadata(catalogStore(transaction), DEFAULT_NAMESPACE_ID, MIGRATIONS) as Ledger | undefined) ?? none
}

export function writeLedger(transaction: Transaction, ledger: Ledger): void {
  setMetadata(catalogStore(transaction), DEFAULT_NAMESPACE_ID, MIGRATIONS, ledger)
}
