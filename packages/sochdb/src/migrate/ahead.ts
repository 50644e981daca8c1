/**
 * What takes long and can be done ahead of a migration's transaction: indexes of tables that have many rows, and collections that are
 * built anew. Meanwhile the store is as it was, and the process does other things between the steps.
 */
import { setImmediate } from 'node:timers/promises'
import type { Operation, StoreModel } from '@sochdb/schema/diff'
import type { Database } from '../database/index.js'
import { buildAhead, dropAhead } from '../sql/ddl/build-ahead.js'
import { DdlContext } from '../sql/ddl/context.js'
import { Limits } from '../sql/ddl/limits.js'
import { quoteName } from '../sql/ast/quote.js'
import { dropRebuilds, rebuildAhead } from './collections.js'
import type { Step } from './folder.js'
import type { MigrateProgress } from './options.js'
import { runChecks } from './run-checks.js'
import { collectionSpecOf } from './specs.js'

/** A step of a migration, with its place among those of the migration. */
export interface PlacedStep {
  readonly migration: string
  readonly step: Step
  readonly index: number
  readonly total: number
}

export const placed = (migrations: readonly { readonly id: string; readonly steps: readonly Step[] }[]): PlacedStep[] =>
  migrations.flatMap(({ id, steps }) =>
    steps.map((step, index) => ({ migration: id, step, index, total: steps.length })),
  )

export interface Ahead {
  /** Whether the operation's index waits to be taken. */
  has(operation: Operation): boolean
  /** Takes away what was not taken. */
  drop(): void
}

export const nothingAhead: Ahead = Object.freeze({ has: () => false, drop: () => undefined })

/**
 * Does ahead what can be done ahead of these steps.
 *
 * @throws MigrationError, UniqueConstraintError for rows that stand in the way, and the signal's reason: nothing is left then
 */
export async function doAhead(
  database: Database,
  before: StoreModel,
  steps: readonly PlacedStep[],
  onProgress: (progress: MigrateProgress) => void,
  signal: AbortSignal | undefined,
  onError: (at: PlacedStep, error: unknown) => unknown,
): Promise<Ahead> {
  const begun: Operation[] = []
  const built = new Set<Operation>()
  const drop = (): void => {
    if (begun.length === 0 || !database.isOpen) return
    database.transaction(transaction => {
      const context = new DdlContext(transaction)
      for (const operation of begun) if (operation.kind === 'addIndex') dropAhead(context, operation.index)
      dropRebuilds(transaction)
    })
  }
  const operations = steps.map(({ step }) => step.operation)
  try {
    for (const at of steps) {
      const work = workOf(database, before, operations, at.step, signal)
      if (work === undefined) continue
      begun.push(at.step.operation)
      try {
        if (await run(work, at, onProgress, signal)) built.add(at.step.operation)
      } catch (error) {
        throw signal?.aborted ? error : onError(at, error)
      }
    }
  } catch (error) {
    drop()
    throw error
  }
  return { has: operation => built.has(operation), drop }
}

type Work = Generator<{ readonly done: number; readonly total: number }, boolean, void>

async function run(
  work: Work,
  { migration, step, index, total }: PlacedStep,
  onProgress: (progress: MigrateProgress) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (;;) {
    signal?.throwIfAborted()
    const { done, value } = work.next()
    if (done) return value
    onProgress({ migration, says: step.says, done: index, total, rows: value })
    // Others have their turn, and so has what aborts.
    await setImmediate()
  }
}

function workOf(
  database: Database,
  before: StoreModel,
  operations: readonly Operation[],
  step: Step,
  signal: AbortSignal | undefined,
): Work | undefined {
  const { operation } = step
  if (operation.kind === 'addIndex' && isIndexable(before, operations, operation))
    return indexWork(database, before, step, operation, signal)
  if (operation.kind !== 'changeCollection' || step.class !== 'rebuild') return undefined
  // Under the name it has now, and with nothing else done to it.
  const { name } = operation.after
  if (before.collections[name] === undefined || operations.some(other => isOfCollection(other, operation, name)))
    return undefined
  return rebuildAhead(database, collectionSpecOf(operation.after))
}

const isOfCollection = (other: Operation, than: Operation, name: string): boolean =>
  other !== than &&
  ((other.kind === 'changeCollection' && other.after.name === name) ||
    (other.kind === 'renameCollection' && (other.from === name || other.to === name)) ||
    ((other.kind === 'dropCollection' || other.kind === 'createCollection') && other.collection.name === name))

type AddIndex = Extract<Operation, { kind: 'addIndex' | 'dropIndex' }>

/** Whether its table and its columns are there now, and stay as they are up to the operation. */
function isIndexable(before: StoreModel, operations: readonly Operation[], add: AddIndex): boolean {
  const { table, index } = add
  const columns = before.tables[table]?.columns
  if (columns === undefined) return false
  if (!index.columns.every(part => columns.some(({ name }) => name === part.column))) return false
  // Code of the migration may make the rows what the index needs.
  const sofar = operations.slice(0, operations.indexOf(add))
  if (sofar.some(({ kind }) => kind === 'data')) return false
  return !operations.some(operation => isInTheWay(operation, table, index.where !== undefined))
}

function isInTheWay(operation: Operation, table: string, hasCondition: boolean): boolean {
  switch (operation.kind) {
    case 'dropTable':
    case 'createTable':
      return operation.table.name === table
    case 'renameTable':
      return operation.from === table || operation.to === table
    case 'dropColumn':
    case 'renameColumn':
    case 'changeColumn':
    case 'changePrimaryKey':
      return operation.table === table
    case 'addColumn':
      // A condition may name it; values for rows that are there are written with all of the row.
      return operation.table === table && (hasCondition || operation.fill !== undefined)
    default:
      return false
  }
}

function* indexWork(
  database: Database,
  before: StoreModel,
  step: Step,
  { table, index }: AddIndex,
  signal: AbortSignal | undefined,
): Work {
  const total = database.transaction(transaction => {
    runChecks(transaction, before, step.before)
    return Number(transaction.execute(`select count(*) as n from ${quoteName(table)}`).rows[0]!['n'])
  })
  const limits = new Limits(signal === undefined ? {} : { signal })
  const work = buildAhead(database, table, index, limits)
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    yield { done: value.rows, total: Math.max(value.rows, total) }
  }
}
