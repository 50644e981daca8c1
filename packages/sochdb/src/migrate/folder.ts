/**
 * Migrations on disk:
 *
 *     migrations/
 *       20260301120000_add_users/
 *         migration.json    id, parents, hashes of the contracts before and after, hash of the operations
 *         ops.json          the operations: what is done, and all that is done
 *         data.js           the migration's own code, where one of the operations runs it
 *       snapshots/
 *         <hash>.json       the contracts
 *
 * No file lists the migrations: branches that add one each do not meet in it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Contract } from '@sochdb/schema/contract'
import {
  canonicalJson,
  classOf,
  contractHash,
  describeOperation,
  isOperation,
  postChecksOf,
  preChecksOf,
  undoOf,
} from '@sochdb/schema/diff'
import type { Check, Operation, OperationClass } from '@sochdb/schema/diff'
import { refusal } from './problem.js'

/** An operation with what is known of it. */
export interface Step {
  readonly says: string
  readonly class: OperationClass
  readonly operation: Operation
  readonly undo: Operation
  readonly before: readonly Check[]
  readonly after: readonly Check[]
}

export interface Migration {
  readonly id: string
  readonly parents: readonly string[]
  /** Hash of the contract it starts from; null: an empty store. */
  readonly from: string | null
  readonly to: string
  /** SHA-256 of the steps as canonical JSON. */
  readonly operations: string
  readonly steps: readonly Step[]
  /** Its folder. */
  readonly path: string
}

export const stepOf = (operation: Operation): Step => ({
  says: describeOperation(operation),
  class: classOf(operation),
  operation,
  undo: undoOf(operation),
  before: preChecksOf(operation),
  after: postChecksOf(operation),
})

const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')

export interface NewMigration {
  readonly id: string
  readonly parents: readonly string[]
  readonly before: Contract | undefined
  readonly after: Contract
  readonly operations: readonly Operation[]
}

/** Writes a migration and the contracts on both of its ends. Returns its folder. */
export function writeMigration(directory: string, { id, parents, before, after, operations }: NewMigration): string {
  const steps = operations.map(stepOf)
  const path = join(directory, id)
  mkdirSync(path, { recursive: true })
  writeJson(join(path, 'ops.json'), { version: 1, steps })
  if (steps.some(step => step.operation.kind === 'data')) writeFileSync(join(path, 'data.js'), dataTemplate)
  if (before !== undefined) writeSnapshot(directory, before)
  writeSnapshot(directory, after)
  // Last: without it nobody applies the migration.
  const [from, to] = [before === undefined ? null : contractHash(before), contractHash(after)]
  writeJson(join(path, 'migration.json'), { version: 1, id, parents, from, to, operations: hashOf(steps) })
  return path
}

const dataTemplate = `// Runs inside of the migration's transaction, so only its synchronous methods are of use here:
// tx.execute(sql, params), tx.get, tx.put, tx.collection(name), …

/** @param {import('sochdb').Transaction} tx */
export function up(tx) {}

/** Takes it back, for \`migrate down\`. @param {import('sochdb').Transaction} tx */
export function down(tx) {}
`

export function writeSnapshot(directory: string, contract: Contract): void {
  const file = join(directory, 'snapshots', `${contractHash(contract)}.json`)
  if (existsSync(file)) return
  mkdirSync(join(directory, 'snapshots'), { recursive: true })
  writeJson(file, contract)
}

function writeJson(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

/** @throws MigrationError when there is none, or it is not what its name says */
export function readSnapshot(directory: string, hash: string): Contract {
  const file = join(directory, 'snapshots', `${hash}.json`)
  if (!existsSync(file)) throw broken(`There is no contract at ${file}.`, 'Bring the file back from version control.')
  const contract = readJson(file) as Contract
  if (contractHash(contract) !== hash) {
    throw broken(`The contract at ${file} is not the one its name says.`, 'Bring the file back from version control.')
  }
  return contract
}

/** All migrations, each behind its parents. Without a folder there are none. */
export function readMigrations(directory: string): readonly Migration[] {
  if (!existsSync(directory)) return []
  const names = readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && isMigration(directory, entry.name))
    .map(entry => entry.name)
  return inOrder(names.sort().map(name => readMigration(directory, name)))
}

function isMigration(directory: string, name: string): boolean {
  const path = join(directory, name)
  if (existsSync(join(path, 'migration.json'))) return true
  if (!existsSync(join(path, 'ops.json'))) return false
  throw broken(
    `${path} has operations, and no migration.json: it was lost, or never written.`,
    'Bring the file back from version control. If nobody has applied the migration, delete the folder and make it again.',
  )
}

function readMigration(directory: string, name: string): Migration {
  const path = join(directory, name)
  const file = join(path, 'migration.json')
  const { version, id, parents, from, to, operations } = readJson(file) as Record<string, unknown>
  const wellFormed =
    version === 1 &&
    id === name &&
    Array.isArray(parents) &&
    parents.every(parent => typeof parent === 'string') &&
    (from === null || typeof from === 'string') &&
    typeof to === 'string' &&
    typeof operations === 'string'
  if (!wellFormed) {
    throw broken(`${file} is no migration of version 1 named "${name}".`, 'Bring the file back from version control.')
  }
  const { steps } = readJson(join(path, 'ops.json')) as { readonly steps: readonly Step[] }
  if (hashOf(steps) !== operations) {
    throw broken(
      `${join(path, 'ops.json')} is not what migration.json says it is: one of them was edited.`,
      'Bring the file back from version control. To change what a migration does that nobody has applied, delete its folder and make it again.',
      { migration: id },
    )
  }
  const unknown = steps.find(step => !isOperation(step.operation))
  if (unknown !== undefined) {
    throw broken(
      `Migration ${id} has an operation that this version of SochDB does not know: ${unknown.says}.`,
      'Deploy with the version that the migration was made with, or a newer one.',
      { migration: id },
    )
  }
  return { id: name, parents, from, to, operations, steps, path }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw broken(`${file} cannot be read: ${(error as Error).message}`, 'Bring the file back from version control.')
  }
}

const broken = (message: string, remediation: string, details?: Readonly<Record<string, unknown>>) =>
  refusal('folder', message, remediation, details)

function inOrder(all: readonly Migration[]): readonly Migration[] {
  const ids = new Set(all.map(({ id }) => id))
  const result: Migration[] = []
  const done = new Set<string>()
  let left = [...all]
  while (left.length > 0) {
    const next = left.find(({ parents }) => parents.every(parent => done.has(parent)))
    if (next === undefined) {
      const [first] = left
      const missing = first!.parents.find(parent => !ids.has(parent))
      throw broken(
        missing === undefined
          ? `The migrations ${left.map(({ id }) => id).join(', ')} are each other's parents.`
          : `Migration ${first!.id} follows ${missing}, which is not there.`,
        'Bring the folder back from version control.',
      )
    }
    result.push(next)
    done.add(next.id)
    left = left.filter(one => one !== next)
  }
  return result
}

/** The migrations that no other one follows. */
export function headsOf(migrations: readonly Migration[]): readonly Migration[] {
  const followed = new Set(migrations.flatMap(({ parents }) => parents))
  return migrations.filter(({ id }) => !followed.has(id))
}

export function expectOneHead(migrations: readonly Migration[]): void {
  const heads = headsOf(migrations).map(({ id }) => id)
  if (heads.length < 2) return
  throw refusal(
    'heads',
    `The migrations end in ${String(heads.length)} heads: ${heads.join(', ')}. They were made on branches of which neither knew the other.`,
    'Run `npx sochdb migrate check` to see whether they can be joined, and `npx sochdb migrate dev` to join them.',
    { heads },
  )
}
