/** The ledger put right: for stores that are as migrations leave them, and do not know it. */
import type { Contract } from '@sochdb/schema/contract'
import type { Database } from '../database/index.js'
import { driftIn, stateOf } from './state.js'
import { expectOneHead, readSnapshot, type Migration } from './folder.js'
import { writeContract, writeLedger, type AppliedMigration } from './ledger.js'
import { listed, refusal } from './problem.js'

/**
 * Says that the store stands where this migration leaves it, and has all that it rests on. The store is compared with the
 * migration's schema first.
 *
 * @throws MigrationError when it is something else: nothing is written then
 */
export function resolveAt(database: Database, directory: string, id: string): readonly string[] {
  const { migrations, ledger } = stateOf(database, directory)
  const migration = migrations.find(one => one.id === id)
  if (migration === undefined) {
    throw refusal('state', `There is no migration ${id} in ${directory}.`, 'See `npx sochdb migrate status`.', { id })
  }
  const contract = readSnapshot(directory, migration.to)
  expectAs(database, contract, `migration ${id}`)
  const kept = new Map(ledger.applied.map(entry => [entry.id, entry]))
  const applied = ancestors(migrations, migration).map(one => kept.get(one.id) ?? adopted(one))
  database.transaction(transaction => {
    writeContract(transaction, { hash: migration.to, contract })
    writeLedger(transaction, { version: 1, applied, moves: ledger.moves })
  })
  return applied.map(entry => entry.id)
}

/**
 * Takes a store that a client made from a schema among those that migrations look after: its schema has to be that of a migration.
 *
 * @throws MigrationError when no migration leaves such a store
 */
export function adopt(database: Database, directory: string): readonly string[] {
  const { migrations, ledger, stored } = stateOf(database, directory)
  expectOneHead(migrations)
  if (ledger.applied.length > 0) {
    throw refusal(
      'state',
      `The store has migrations already: ${listed(ledger.applied.map(({ id }) => id))}.`,
      'There is nothing to adopt. `npx sochdb migrate deploy` applies the others.',
    )
  }
  const migration = migrations.findLast(({ to }) => to === stored?.hash)
  if (migration !== undefined) return resolveAt(database, directory, migration.id)
  throw refusal(
    'drift',
    stored === undefined
      ? 'The store has no schema: there is nothing to adopt.'
      : `No migration leaves a store with the schema ${stored.hash.slice(0, 12)}, which this one has.`,
    stored === undefined
      ? 'Run `npx sochdb migrate deploy`.'
      : 'Check out the schema that the store was made from, make a migration of it with `npx sochdb migrate dev`, and adopt again.',
    { stored: stored?.hash },
  )
}

function expectAs(database: Database, contract: Contract, what: string): void {
  const drift = driftIn(database, contract, { version: 1, applied: [], moves: [] })
  if (drift.length === 0) return
  throw refusal(
    'drift',
    `The store is not as ${what} leaves it: ${listed(drift)}.`,
    'Name the migration that it stands at, or mend the difference first.',
    { drift },
  )
}

const adopted = ({ id, from, to, operations }: Migration): AppliedMigration => {
  return { id, from, to, operations, appliedAt: new Date().toISOString(), durationMs: 0, adopted: true }
}

function ancestors(migrations: readonly Migration[], of: Migration): readonly Migration[] {
  const wanted = new Set([of.id])
  for (const migration of [...migrations].reverse()) {
    if (wanted.has(migration.id)) for (const parent of migration.parents) wanted.add(parent)
  }
  return migrations.filter(({ id }) => wanted.has(id))
}
