/** `migrateDown`: takes the newest migrations back. What they dropped comes back empty. */
import { applyOperation, storeModel, sameModel, emptyModel, type StoreModel } from '@sochdb/schema/diff'
import type { Database, Transaction } from '../database/index.js'
import { ValidationError } from '../errors/index.js'
import { doAhead, placed } from './ahead.js'
import { exclusively } from './exclusively.js'
import { shapeOfContract } from './expected.js'
import { readSnapshot, stepOf, type Migration, type Step } from './folder.js'
import { readContract, readLedger, writeContract, writeLedger } from './ledger.js'
import { expectAllowed, expectShape, failedAt, finishMoves, loadData, makeBackup, runSteps } from './migrate.js'
import { checkOptions, databaseOf, type Interruptible, type MigrateOptions, type MigrateResult } from './options.js'
import { pendingMoves } from './policies.js'
import { refusal } from './problem.js'
import { expectConsistent, stateOf } from './state.js'

/** How many of the newest migrations are taken back. */
export interface MigrateDownOptions extends MigrateOptions {
  /** How many. Default 1. */
  readonly steps?: number
}

/**
 * Takes the newest migrations back, all of them in one transaction. Undoing what added a column or a table destroys what was
 * written there since, so it takes `allow: 'destructive'`.
 *
 * @throws MigrationError: nothing is done then
 */
export async function migrateDown(
  target: Database | { readonly database: Database },
  options: MigrateDownOptions,
): Promise<MigrateResult> {
  const { signal } = checkOptions(options, 'migrateDown')
  return migrateBack(databaseOf(target), options, work => work(signal))
}

/** `interruptible`: around what goes on for long, and can end before it is done. */
export function migrateBack(
  database: Database,
  options: MigrateDownOptions,
  interruptible: Interruptible,
): Promise<MigrateResult> {
  return exclusively(database, () => takeBack(database, options, interruptible))
}

async function takeBack(
  database: Database,
  options: MigrateDownOptions,
  interruptible: Interruptible,
): Promise<MigrateResult> {
  const { dir, allow, steps: count = 1, onProgress = () => undefined } = options
  if (!Number.isInteger(count) || count < 1) throw new ValidationError('migrateDown: steps is a whole number from 1.')
  finishMoves(database, onProgress)
  const state = stateOf(database, dir)
  expectConsistent(database, state)
  const { applied } = state.ledger
  if (applied.length < count) {
    throw refusal('state', `The store has ${String(applied.length)} migrations.`, 'Take back as many at most.')
  }
  const newest = applied
    .slice(-count)
    .reverse()
    .map(({ id }) => state.migrations.find(migration => migration.id === id)!)
  const undone = newest.map(migration => ({ ...migration, steps: migration.steps.map(undo).reverse() }))
  expectAllowed(undone, allow)
  const code = new Map(await Promise.all(undone.map(async ({ id, path }) => [id, await loadData(path)] as const)))
  const from = newest.at(-1)!.from
  const contract = from === null ? undefined : readSnapshot(dir, from)
  const model = modelAfter(storeModel(state.stored!.contract), undone)
  if (!sameModel(model, contract === undefined ? emptyModel : storeModel(contract))) {
    throw refusal(
      'state',
      `Migration ${newest.at(-1)!.id} was one of several branches: taken back alone it leaves no schema that was ever there.`,
      'Take back all migrations up to where the branches began.',
    )
  }
  const isDestructive = undone.some(({ steps }) => steps.some(step => step.class === 'destructive'))
  const backup = makeBackup(database, options, newest, isDestructive)
  const expected = shapeOfContract(contract)
  const before = storeModel(state.stored!.contract)
  const ahead = await interruptible(signal => doAhead(database, before, placed(undone), onProgress, signal, failedAt))
  const run = (transaction: Transaction): MigrateResult['applied'] => {
    let current = storeModel(readContract(transaction)!.contract)
    const results = undone.map(({ id, steps }) => {
      const started = performance.now()
      current = runSteps(transaction, id, steps, current, code.get(id), onProgress, ahead)
      return { id, steps: steps.length, durationMs: Math.round(performance.now() - started) }
    })
    const moves = pendingMoves(transaction, current)
    expectShape(transaction, newest.at(-1)!.id, expected, moves)
    writeContract(transaction, contract === undefined ? undefined : { hash: from!, contract })
    const ledger = readLedger(transaction)
    writeLedger(transaction, { version: 1, applied: ledger.applied.slice(0, -count), moves })
    return results
  }
  let done: MigrateResult['applied']
  try {
    done = database.transaction(run)
  } finally {
    ahead.drop()
  }
  finishMoves(database, onProgress)
  return { applied: done, contract: from, ...(backup === undefined ? {} : { backup }) }
}

/** The checks of an undo are those of the operation that it is. */
const undo = (step: Step): Step => stepOf(step.undo)

function modelAfter(before: StoreModel, migrations: readonly Pick<Migration, 'steps'>[]): StoreModel {
  let model = before
  for (const { steps } of migrations) for (const { operation } of steps) model = applyOperation(model, operation)
  return model
}
