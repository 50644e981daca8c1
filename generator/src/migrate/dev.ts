/** Migrations out of a schema: what changed since the last one. */
import { contractHash, type Contract } from '@sochdb/schema'
import {
  applyOperations,
  checkHints,
  classOf,
  conflictOf,
  describeOperation,
  diffContracts,
  emptyModel,
  HintError,
  storeModel,
  UnsupportedChangeError,
  type Hints,
  type Operation,
  type Question,
  type StoreModel,
} from '@sochdb/schema/diff'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { headsOf, readMigrations, readSnapshot, writeMigration, type Migration } from 'sochdb/internal'
import { loadSchema } from '../load/load-schema.js'
import { ProjectError, type Problem } from '../load/problem.js'
import { loadProject, type ProjectOptions } from '../project/config.js'

/** Of which project, and what the user says of changes that can be read in two ways. */
export interface MigrationRequest extends ProjectOptions {
  /** A JSON file of hints, from `cwd`. */
  readonly hints?: string | undefined
}

/** What a new migration is called, and what comes with it. */
export interface DevRequest extends MigrationRequest {
  /** Default: what its first operation does. */
  readonly name?: string | undefined
  /** With a `data.js`, which an operation of its own runs at the end. */
  readonly data?: boolean
  /** The time in its id. Default: now. */
  readonly now?: Date
}

/** A schema that is invalid, or that leaves open what was renamed. */
export interface OpenQuestions {
  readonly ok: false
  readonly problems: readonly Problem[]
  readonly questions: readonly Question[]
}

/** One step of a migration: in words, how dangerous it is, and as data. */
export interface PlannedStep {
  readonly says: string
  readonly class: string
  readonly operation: Operation
}

/** What changed in the schema since the last migration. */
export interface DiffResult {
  readonly ok: true
  readonly problems: readonly Problem[]
  /** Hashes of the contracts on both ends; null: an empty store. */
  readonly from: string | null
  readonly to: string
  readonly steps: readonly PlannedStep[]
}

/** The migration that was written for what changed in the schema. */
export interface DevResult extends DiffResult {
  /** The migration that was written; absent where nothing had changed. */
  readonly id?: string
  readonly path?: string
}

/** What brings a store to the schema without a migration. */
export interface PushPlan extends DiffResult {
  readonly contract: Contract
  readonly operations: readonly Operation[]
}

interface Planned extends DiffResult {
  readonly contract: Contract
  readonly operations: readonly Operation[]
  readonly heads: readonly Migration[]
  readonly before: Contract | undefined
  readonly directory: string
}

/** What the schema says that the last migration does not. Writes nothing. */
export async function diffMigrations(options: MigrationRequest): Promise<DiffResult | OpenQuestions> {
  const planned = await plan(options)
  return planned.ok ? publicPart(planned) : planned
}

const publicPart = ({ problems, from, to, steps }: Planned): DiffResult => ({ ok: true, problems, from, to, steps })

/** Writes the migration that leads from the last one to the schema; two branches it joins. Without a difference it writes nothing. */
export async function writeDevMigration(options: DevRequest): Promise<DevResult | OpenQuestions> {
  const planned = await plan(options)
  if (!planned.ok) return planned
  const { contract, before, heads, directory } = planned
  const result = publicPart(planned)
  const hasData = options.data === true
  if (planned.from === planned.to && heads.length < 2 && !hasData) return result
  const operations: readonly Operation[] = hasData
    ? [...planned.operations, { kind: 'data', direction: 'up' }]
    : planned.operations
  const id = `${freeStamp(directory, options.now ?? new Date())}_${slug(options.name ?? nameOf(planned))}`
  const parents = heads.map(head => head.id)
  const path = writeMigration(directory, { id, parents, before, after: contract, operations })
  return { ...result, steps: operations.map(stepOf), id, path }
}

/** What leads from the contract of a store to the schema, whatever the migrations say. */
export async function planPush(
  options: MigrationRequest,
  stored: Contract | undefined,
): Promise<PushPlan | OpenQuestions> {
  const project = await loadProject(options)
  const { contract, problems } = await loadSchema(project.schema)
  if (contract === undefined) return { ok: false, problems, questions: [] }
  const { operations, questions } = differences(stored, contract, hintsOf(options))
  if (questions.length > 0) return { ok: false, problems, questions }
  const from = stored === undefined ? null : contractHash(stored)
  const steps = operations.map(stepOf)
  return { ok: true, problems, from, to: contractHash(contract), steps, contract, operations }
}

const stepOf = (operation: Operation): PlannedStep => {
  return { says: describeOperation(operation), class: classOf(operation), operation }
}

async function plan(options: MigrationRequest): Promise<Planned | OpenQuestions> {
  const project = await loadProject(options)
  const directory = project.migrations
  const migrations = readMigrations(directory)
  const heads = headsOf(migrations)
  const { contract, problems } = await loadSchema(project.schema)
  if (contract === undefined) return { ok: false, problems, questions: [] }
  const [head] = heads
  const before = head === undefined ? undefined : readSnapshot(directory, head.to)
  const from = heads.length < 2 ? undefined : joined(directory, migrations, heads)
  const { operations, questions } = differences(before, contract, hintsOf(options), from)
  if (questions.length > 0) return { ok: false, problems, questions }
  const steps = operations.map(stepOf)
  const to = contractHash(contract)
  return { ok: true, problems, from: head?.to ?? null, to, steps, contract, operations, heads, before, directory }
}

function differences(before: Contract | undefined, after: Contract, hints: Hints, from?: StoreModel) {
  try {
    return diffContracts(before, after, hints, from)
  } catch (error) {
    if (error instanceof HintError) throw new ProjectError('hints_invalid', error.message)
    if (error instanceof UnsupportedChangeError) throw new ProjectError('change_unsupported', error.message)
    throw error
  }
}

function hintsOf({ cwd, hints }: MigrationRequest): Hints {
  if (hints === undefined) return {}
  const file = resolve(cwd, hints)
  if (!existsSync(file)) throw new ProjectError('hints_not_found', `There is no file of hints at ${file}.`)
  try {
    return checkHints(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new ProjectError('hints_invalid', `${file}: ${(error as Error).message}`)
  }
}

/** `20260301120000`, UTC: names sort as migrations were made, those of one second too, and after a clock was set back. */
function freeStamp(directory: string, now: Date): string {
  const names = existsSync(directory) ? readdirSync(directory) : []
  const times = names.map(name => timeOf(name.slice(0, 14))).filter(time => !Number.isNaN(time))
  const newest = Math.max(0, ...times)
  return stampOf(now > new Date(newest + 999) ? now : new Date(newest + 1000))
}

const stampOf = (time: Date): string => time.toISOString().replace(/\D/g, '').slice(0, 14)

const timeOf = (stamp: string): number =>
  Date.parse(stamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'))

function nameOf({ steps, heads }: Planned): string {
  if (heads.length > 1) return 'join'
  if (heads.length === 0) return 'init'
  return steps[0]?.says ?? 'schema'
}

/** What any file system can hold. */
function slug(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return words === '' ? 'migration' : words.slice(0, 60).replace(/_+$/, '')
}

/** Whether the files of the migrations fit together. */
export interface MigrationCheck {
  /** One head at most. */
  readonly ok: boolean
  readonly migrations: number
  readonly heads: readonly string[]
  /** Of each two heads, why they cannot be joined as they are. */
  readonly conflicts: readonly { readonly heads: readonly [string, string]; readonly reason: string }[]
}

/** Reads all files, and says whether branches have met. */
export async function checkMigrations(options: ProjectOptions): Promise<MigrationCheck> {
  const { migrations: directory } = await loadProject(options)
  const migrations = readMigrations(directory)
  for (const { to } of migrations) readSnapshot(directory, to)
  const heads = headsOf(migrations)
  const conflicts = conflictsOf(directory, migrations, heads)
  return { ok: heads.length < 2, migrations: migrations.length, heads: heads.map(({ id }) => id), conflicts }
}

function conflictsOf(
  directory: string,
  migrations: readonly Migration[],
  heads: readonly Migration[],
): MigrationCheck['conflicts'] {
  const conflicts: MigrationCheck['conflicts'][number][] = []
  heads.forEach((one, i) => {
    for (const other of heads.slice(i + 1)) {
      const [a, b] = [lineage(migrations, one), lineage(migrations, other)]
      const common = a.filter(migration => b.includes(migration))
      const base = common.at(-1)
      const model = base === undefined ? emptyModel : storeModel(readSnapshot(directory, base.to))
      const branch = (line: readonly Migration[]) =>
        line.filter(migration => !common.includes(migration)).flatMap(operationsOf)
      const reason = conflictOf(model, branch(a), branch(b))
      if (reason !== undefined) conflicts.push({ heads: [one.id, other.id], reason })
    }
  })
  return conflicts
}

const operationsOf = ({ steps }: Migration): readonly Operation[] => steps.map(step => step.operation)

/** A migration and all that it rests on, in their order. */
function lineage(migrations: readonly Migration[], of: Migration): readonly Migration[] {
  const wanted = new Set([of.id])
  for (const migration of [...migrations].reverse()) {
    if (wanted.has(migration.id)) for (const parent of migration.parents) wanted.add(parent)
  }
  return migrations.filter(({ id }) => wanted.has(id))
}

/** What all heads together make of an empty store. */
function joined(directory: string, migrations: readonly Migration[], heads: readonly Migration[]): StoreModel {
  const [conflict] = conflictsOf(directory, migrations, heads)
  if (conflict !== undefined) {
    throw new ProjectError(
      'branches_conflict',
      `The migrations ${conflict.heads.join(' and ')} do not go together: ${conflict.reason}`,
      'Delete the one that nobody has applied, and run migrate dev again.',
    )
  }
  return applyOperations(emptyModel, migrations.flatMap(operationsOf))
}
