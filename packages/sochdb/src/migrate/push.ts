/** `db push`: a store brought to a schema without a migration. */
import type { Contract } from '@sochdb/schema/contract'
import { contractHash, emptyModel, storeModel, type Operation } from '@sochdb/schema/diff'
import type { Database } from '../database/index.js'
import { shapeOfContract } from './expected.js'
import { stepOf } from './folder.js'
import { readContract, readLedger, writeContract, writeLedger } from './ledger.js'
import { expectAllowed, expectShape, finishMoves, runSteps } from './migrate.js'
import type { MigrateOptions } from './options.js'
import { pendingMoves } from './policies.js'
import { refusal } from './problem.js'

/**
 * Applies operations that lead from the store's contract to this one, with their checks, in one transaction.
 *
 * @throws MigrationError for a store that has migrations, and as `migrate`
 */
export function push(
  database: Database,
  contract: Contract,
  operations: readonly Operation[],
  { allow, onProgress = () => undefined }: Pick<MigrateOptions, 'allow' | 'onProgress'>,
): void {
  const name = 'push'
  const steps = operations.map(stepOf)
  expectAllowed([{ id: name, steps }], allow)
  finishMoves(database, onProgress)
  const expected = shapeOfContract(contract)
  database.transaction(transaction => {
    const ledger = readLedger(transaction)
    if (ledger.applied.length > 0) {
      throw refusal(
        'state',
        'The store has migrations: a schema that is pushed would be drift to them.',
        'Use `npx sochdb migrate dev`.',
      )
    }
    const stored = readContract(transaction)
    const before = stored === undefined ? emptyModel : storeModel(stored.contract)
    const model = runSteps(transaction, name, steps, before, undefined, onProgress)
    const moves = pendingMoves(transaction, model)
    expectShape(transaction, name, expected, moves)
    writeContract(transaction, { hash: contractHash(contract), contract })
    writeLedger(transaction, { ...ledger, moves })
  })
  finishMoves(database, onProgress)
}
