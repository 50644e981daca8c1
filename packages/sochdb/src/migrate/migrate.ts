/** `migrate`: what `sochdb migrate deploy` does, in the process that holds the store. */
import { pathToFileURL } from 'node:url'
import { existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Contract } from '@sochdb/schema/contract'
import { applyOperation, OperationConflictError, sameModel, storeModel, emptyModel } from '@sochdb/schema/diff'
import type { StoreModel } from '@sochdb/schema/diff'
import type { Database, Transaction } from '../database/index.js'
import type { MigrationError } from '../errors/index.js'
import { doAhead, nothingAhead, placed, type Ahead, type PlacedStep } from './ahead.js'
import { applyToStore, type DataSteps } from './apply.js'
import type { CatalogShape } from './catalog-shape.js'
import { driftOf, shapeOfContract } from './expected.js'
import { exclusively } from './exclusively.js'
import { readSnapshot, type Migration, type Step } from './folder.js'
import { readContract, readLedger, writeContract, writeLedger, type Ledger } from './ledger.js'
import { dropRebuilds } from './collections.js'
import {
  checkOptions,
  databaseOf,
  type Interruptible,
  type MigrateOptions,
  type MigrateProgress,
  type MigrateResult,
} from './options.js'
import { move, pendingMoves } from './policies.js'
import { listed, refusal } from './problem.js'
import { countBefore, runChecks } from './run-checks.js'
import { expectConsistent, stateOf } from './state.js'

/**
 * Applies the migrations of a folder that the store does not have yet. Each is one transaction with its checks and its entry in the
 * store's ledger: it happens as a whole, or the store is as it was before it. Migrations that were applied stay when a later one
 * fails.
 *
 * Indexes of large tables, and collections that are built anew, are built ahead of that transaction, step by step: the process goes on
 * meanwhile, and the store is as it was until all of it is there.
 *
 * @example
 * const db = Database.open('./app.soch')
 * await migrate(db, { dir: './sochdb/migrations' })
 *
 * @throws MigrationError, with `reason`: `heads`, `drift`, `permission`, `folder`, `check`
 * @throws what the engine throws for rows that break something new, or for a full disk
 */
export async function migrate(
  target: Database | { readonly database: Database },
  options: MigrateOptions,
): Promise<MigrateResult> {
  const { dir, allow, onProgress = () => undefined, signal } = checkOptions(options, 'migrate')
  return migrateTo(databaseOf(target), { ...options, dir, allow, onProgress }, work => work(signal))
}

/** `interruptible`: around what goes on for long, and can end before it is done. */
export function migrateTo(
  database: Database,
  options: MigrateOptions,
  interruptible: Interruptible,
): Promise<MigrateResult> {
  return exclusively(database, () => applyPending(database, options, interruptible))
}

async function applyPending(
  database: Database,
  options: MigrateOptions,
  interruptible: Interruptible,
): Promise<MigrateResult> {
  const { dir, allow, onProgress = () => undefined } = options
  finishMoves(database, onProgress)
  const state = stateOf(database, dir)
  expectConsistent(database, state)
  const groups = groupsOf(dir, state.stored?.contract, state.pending)
  expectAllowed(
    state.pending.map(({ id, steps }) => ({ id, steps })),
    allow,
  )
  const code = new Map<string, DataSteps | undefined>()
  for (const { id, path } of state.pending) code.set(id, await loadData(path))
  const isDestructive = state.pending.some(({ steps }) => steps.some(step => step.class === 'destructive'))
  const backup = makeBackup(database, options, state.pending, isDestructive)
  const applied: MigrateResult['applied'][number][] = []
  for (const group of groups) {
    const ahead = await interruptible(signal => prepare(database, group, onProgress, signal))
    try {
      applied.push(...runGroup(database, group, code, onProgress, ahead))
    } finally {
      ahead.drop()
    }
    finishMoves(database, onProgress)
  }
  const contract = database.transaction(readContract)?.hash ?? null
  return { applied, contract, ...(backup === undefined ? {} : { backup }) }
}

/** Migrations that have to be applied together: those of a branch up to what joins it. */
interface Group {
  readonly migrations: readonly Migration[]
  readonly before: StoreModel
  readonly contract: Contract
}

function groupsOf(directory: string, stored: Contract | undefined, pending: readonly Migration[]): Group[] {
  const groups: Group[] = []
  let before = stored === undefined ? emptyModel : storeModel(stored)
  let model = before
  let open: Migration[] = []
  for (const migration of pending) {
    for (const { operation } of migration.steps) model = fitting(migration, model, operation)
    open.push(migration)
    const contract = readSnapshot(directory, migration.to)
    if (!sameModel(model, storeModel(contract))) continue
    groups.push({ migrations: open, before, contract })
    before = model = storeModel(contract)
    open = []
  }
  const [first] = open
  if (first === undefined) return groups
  throw refusal(
    'folder',
    `The operations of migration ${first.id} do not lead to the schema it names.`,
    'Bring its files back from version control, or make it again.',
    { migration: first.id },
  )
}

function fitting(migration: Migration, model: StoreModel, operation: Step['operation']): StoreModel {
  try {
    return applyOperation(model, operation)
  } catch (error) {
    if (!(error instanceof OperationConflictError)) throw error
    throw refusal(
      'heads',
      `Migration ${migration.id} does not fit what the store will be then. ${error.message}`,
      'It was made on a branch that another one has overtaken: delete its folder, and make it again with `npx sochdb migrate dev`.',
      { migration: migration.id },
      error,
    )
  }
}

export function expectAllowed(
  migrations: readonly { readonly id: string; readonly steps: readonly Step[] }[],
  allow: MigrateOptions['allow'],
): void {
  if (allow === 'destructive') return
  const lines = migrations.flatMap(({ id, steps }) =>
    steps.filter(step => step.class === 'destructive').map(step => `${step.says} (${id})`),
  )
  if (lines.length === 0) return
  throw refusal(
    'permission',
    `This would destroy data: ${listed(lines, 10)}. Nothing was done.`,
    "Allow it with `--allow destructive`, or `allow: 'destructive'`, once you are sure.",
    { operations: lines },
  )
}

/** The code of a migration; again when the file has changed. */
export async function loadData(path: string): Promise<DataSteps | undefined> {
  const file = join(path, 'data.js')
  if (!existsSync(file)) return undefined
  const version = createHash('sha256').update(readFileSync(file)).digest('hex')
  return (await import(`${pathToFileURL(file).href}?${version}`)) as DataSteps
}

export function makeBackup(
  database: Database,
  { backup }: MigrateOptions,
  pending: readonly { readonly id: string }[],
  isDestructive: boolean,
): string | undefined {
  const [first] = pending
  if (first === undefined || backup === false || database.path === ':memory:') return undefined
  if (backup === undefined && !isDestructive) return undefined
  const path = backup ?? freePath(`${database.path}.before-${first.id}`)
  database.backup(path)
  return path
}

function freePath(base: string): string {
  for (let i = 1; ; ++i) {
    const path = i === 1 ? base : `${base}-${String(i)}`
    if (!existsSync(path)) return path
  }
}

async function prepare(
  database: Database,
  { migrations, before }: Group,
  onProgress: (progress: MigrateProgress) => void,
  signal: AbortSignal | undefined,
): Promise<Ahead> {
  signal?.throwIfAborted()
  return doAhead(database, before, placed(migrations), onProgress, signal, failedAt)
}

function runGroup(
  database: Database,
  { migrations, before, contract }: Group,
  code: ReadonlyMap<string, DataSteps | undefined>,
  onProgress: (progress: MigrateProgress) => void,
  ahead: Ahead,
): { id: string; steps: number; durationMs: number }[] {
  const expected = shapeOfContract(contract)
  return database.transaction(
    transaction => {
      const ledger = readLedger(transaction)
      // Somebody else in this process was faster.
      if (ledger.applied.some(({ id }) => id === migrations[0]!.id)) return []
      let model = before
      const done = migrations.map(migration => {
        const started = performance.now()
        model = runSteps(transaction, migration.id, migration.steps, model, code.get(migration.id), onProgress, ahead)
        return { id: migration.id, steps: migration.steps.length, durationMs: Math.round(performance.now() - started) }
      })
      const moves = pendingMoves(transaction, model)
      expectShape(transaction, migrations.at(-1)!.id, expected, moves)
      writeContract(transaction, { hash: migrations.at(-1)!.to, contract })
      const appliedAt = new Date().toISOString()
      const entries = migrations.map(({ id, from, to, operations }, i) => {
        return { id, from, to, operations, appliedAt, durationMs: done[i]!.durationMs }
      })
      writeLedger(transaction, { version: 1, applied: [...ledger.applied, ...entries], moves } satisfies Ledger)
      return done
    },
    { timeoutMs: WAIT_MS },
  )
}

/** For the writer, which another migration may hold. */
const WAIT_MS = 60_000

/** Runs steps with their checks; the model as it is then. */
export function runSteps(
  transaction: Transaction,
  migration: string,
  steps: readonly Step[],
  before: StoreModel,
  data: DataSteps | undefined,
  onProgress: (progress: MigrateProgress) => void,
  ahead: Ahead = nothingAhead,
): StoreModel {
  let model = before
  steps.forEach((step, i) => {
    onProgress({ migration, says: step.says, done: i, total: steps.length })
    try {
      const isBuilt = ahead.has(step.operation)
      // An index that is filled has kept rows apart ever since.
      if (!isBuilt) runChecks(transaction, model, step.before)
      const counts = countBefore(transaction, step.after)
      applyToStore(transaction, model, step.operation, data, isBuilt)
      model = applyOperation(model, step.operation)
      runChecks(transaction, model, step.after, counts)
    } catch (error) {
      throw failed(migration, step, error)
    }
  })
  onProgress({ migration, says: 'commit', done: steps.length, total: steps.length })
  return model
}

export const failedAt = ({ migration, step }: PlacedStep, error: unknown): unknown => failed(migration, step, error)

function failed(migration: string, step: Step, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const message = `Migration ${migration} could not ${step.says}: ${/[.!?]$/.test(error.message) ? error.message : `${error.message}.`} Nothing of the migration was done.`
  const { remediation, reason, details } = error as Partial<MigrationError>
  return refusal(
    reason ?? 'check',
    message,
    remediation ?? 'Mend what the message says, and deploy again.',
    { migration, operation: step.operation, ...details },
    error,
  )
}

/** The last check of a migration: the catalog is what the contract says. */
export function expectShape(
  transaction: Transaction,
  migration: string,
  expected: CatalogShape,
  moves: Ledger['moves'],
): void {
  const lines = driftOf(transaction, expected, moves)
  if (lines.length === 0) return
  throw refusal(
    'check',
    `Migration ${migration} did not lead to its schema: ${listed(lines)}. Nothing of it was done.`,
    'This is a mistake in SochDB: please report it with the migration.',
    { migration, drift: lines },
  )
}

/**
 * Ends the moves to other index policies that a migration began, in this process or in one that was killed, and takes away what was built
 * for one that never happened.
 */
export function finishMoves(database: Database, onProgress: (progress: MigrateProgress) => void): void {
  database.transaction(dropRebuilds)
  const { applied, moves } = database.transaction(readLedger)
  for (const pending of moves) {
    const says = `move "${pending.table}" to index policy ${pending.policy}`
    const migration = applied.at(-1)?.id ?? ''
    move(database, pending, done => onProgress({ migration, says, done: 0, total: 1, rows: { done } }))
  }
  if (moves.length === 0) return
  database.transaction(transaction => writeLedger(transaction, { ...readLedger(transaction), moves: [] }))
}
