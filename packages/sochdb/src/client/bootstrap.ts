/** The first thing a client does with a store: create what its contract declares, or see that the store was made from the same one. */
import type { Contract } from '@sochdb/schema/contract'
import { storeTable } from '@sochdb/schema/store'
import type { Database, Transaction } from '../database/index.js'
import { DatabaseError } from '../errors/index.js'
import { declareGraph } from '../migrate/graph.js'
import { declareReferences } from '../sql/ddl/references.js'
import { catalogStore } from '../sql/session.js'
import { createCollection, createTable, getMetadata, setMetadata } from '../sql/catalog/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import type { ClientDefinition } from './types.js'

const METADATA_NAME = 'contract'

/** What the store keeps: the contract itself, so that a later version can tell what changed. */
interface StoredContract {
  readonly hash: string
  readonly contract: Contract
}

/**
 * @throws DatabaseError when the store was made from another contract; nothing is changed then.
 */
export function bootstrap(database: Database, { contract, contractHash }: ClientDefinition): void {
  const stored = database.transaction(transaction => read(transaction))
  if (stored === undefined) database.transaction(transaction => create(transaction, contract, contractHash))
  else if (stored.hash !== contractHash) throw mismatch(stored, contract, contractHash)
}

const read = (transaction: Transaction): StoredContract | undefined =>
  getMetadata(catalogStore(transaction), DEFAULT_NAMESPACE_ID, METADATA_NAME) as StoredContract | undefined

function create(transaction: Transaction, contract: Contract, hash: string): void {
  // Another thread may have been first.
  if (read(transaction) !== undefined) return
  const store = catalogStore(transaction)
  const tables = Object.values(contract.tables).map(table => storeTable(contract, table))
  for (const table of tables) createTable(store, DEFAULT_NAMESPACE_ID, table)
  declareReferences(transaction, tables)
  for (const collection of Object.values(contract.collections))
    createCollection(store, DEFAULT_NAMESPACE_ID, collection)
  declareGraph(transaction, undefined, contract)
  setMetadata(store, DEFAULT_NAMESPACE_ID, METADATA_NAME, { hash, contract } satisfies StoredContract)
}

function mismatch(stored: StoredContract, contract: Contract, hash: string): DatabaseError {
  const differences = [
    ...changed('table', stored.contract.tables, contract.tables),
    ...changed('collection', stored.contract.collections, contract.collections),
    ...changed('node', stored.contract.nodes, contract.nodes),
    ...changed('edge', stored.contract.edges, contract.edges),
    ...changed('cache', stored.contract.caches, contract.caches),
    ...changed('key space', stored.contract.kv, contract.kv),
  ]
  const what = differences.length === 0 ? 'relations' : differences.slice(0, 5).join(', ')
  return new DatabaseError(
    `The store was made from another schema (${stored.hash.slice(0, 12)}; this client: ${hash.slice(0, 12)}). Different: ${what}.`,
    {
      details: { stored: stored.hash, client: hash, differences },
      remediation:
        'If the store is older, run `npx sochdb migrate deploy`, or `migrate(db, { dir })` before the client is used. If the client is older, run `npx sochdb generate`, or deploy the version of the application that the store belongs to.',
    },
  )
}

function changed(
  kind: string,
  before: Readonly<Record<string, object>>,
  after: Readonly<Record<string, object>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap(name => {
    if (before[name] === undefined) return [`${kind} "${name}" is new`]
    if (after[name] === undefined) return [`${kind} "${name}" is gone`]
    return JSON.stringify(before[name]) === JSON.stringify(after[name]) ? [] : [`${kind} "${name}" changed`]
  })
}
