/** How a store stands to a folder of migrations. */
import { diffContracts, describeOperation } from '@sochdb/schema/diff'
import type { Contract } from '@sochdb/schema/contract'
import type { Database } from '../database/index.js'
import { driftOf, shapeOfContract } from './expected.js'
import { expectOneHead, readMigrations, type Migration } from './folder.js'
import { readContract, readLedger, type Ledger, type StoredContract } from './ledger.js'
import { listed, refusal } from './problem.js'

export interface MigrationState {
  readonly stored: StoredContract | undefined
  readonly ledger: Ledger
  readonly migrations: readonly Migration[]
  readonly pending: readonly Migration[]
}

export function stateOf(database: Database, directory: string): MigrationState {
  const migrations = readMigrations(directory)
  const { stored, ledger } = database.transaction(transaction => {
    return { stored: readContract(transaction), ledger: readLedger(transaction) }
  })
  const applied = new Set(ledger.applied.map(({ id }) => id))
  return { stored, ledger, migrations, pending: migrations.filter(({ id }) => !applied.has(id)) }
}

/** What is wrong with it, if anything: the store and the folder tell different stories. */
export function expectConsistent(database: Database, state: MigrationState): void {
  const { stored, ledger, migrations } = state
  expectOneHead(migrations)
  for (const { id, operations } of ledger.applied) {
    const migration = migrations.find(one => one.id === id)
    if (migration === undefined) {
      throw refusal(
        'drift',
        `The store has migration ${id}, and the folder has not: the store is further than these files.`,
        'Deploy the version of the application that the store belongs to, or bring the folder of the migration back.',
        { migration: id },
      )
    }
    if (migration.operations === operations) continue
    throw refusal(
      'folder',
      `Migration ${id} was changed after the store had it.`,
      'Bring its files back from version control, and make another migration for what is to change.',
      { migration: id },
    )
  }
  expectContract(stored, ledger, migrations)
  if (stored === undefined) return
  const drift = driftIn(database, stored.contract, ledger)
  if (drift.length === 0) return
  throw refusal(
    'drift',
    `The store is not what its schema says: ${listed(drift)}. It was changed by something other than migrations.`,
    'Undo that change, or make it a part of the schema: run `npx sochdb db pull` to see the store as a schema.',
    { drift },
  )
}

/** How the catalog differs from the contract. */
export function driftIn(database: Database, contract: Contract, ledger: Ledger): string[] {
  const expected = shapeOfContract(contract)
  return database.transaction(transaction => driftOf(transaction, expected, ledger.moves))
}

function expectContract(stored: StoredContract | undefined, ledger: Ledger, migrations: readonly Migration[]): void {
  const last = ledger.applied.at(-1)
  if (last === undefined) {
    if (stored === undefined) return
    const known = migrations.find(({ to }) => to === stored.hash)
    throw refusal(
      'drift',
      `The store was made from a schema (${short(stored.hash)}), and no migration is known to it.`,
      known === undefined
        ? 'Make a migration of that schema with `npx sochdb migrate dev`, and run `npx sochdb migrate adopt`.'
        : `It is as migration ${known.id} leaves it: run \`npx sochdb migrate adopt\`.`,
      { stored: stored.hash },
    )
  }
  if (stored?.hash === last.to) return
  throw refusal(
    'drift',
    `The store has the schema ${stored === undefined ? 'of nothing' : short(stored.hash)}, and migration ${last.id} left ${short(last.to)}.`,
    'Run `npx sochdb migrate resolve` with the migration that the store stands at.',
    { stored: stored?.hash, expected: last.to },
  )
}

export const short = (hash: string): string => hash.slice(0, 12)

/** What leads from one contract to the other, in words. */
export function contractDifferences(before: Contract | undefined, after: Contract): string[] {
  return diffContracts(before, after).operations.map(describeOperation)
}
