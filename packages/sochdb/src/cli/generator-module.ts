/**
 * `@sochdb/generator` as the command sees it. It is a development dependency of a project, found from the directory the command
 * runs in: this package does not depend on it, nor on the TypeScript compiler behind it.
 */
import type { Contract } from '@sochdb/schema/contract'
import type { Operation } from '@sochdb/schema/diff'
import type { Pulled, SqliteObject } from '../pull/index.js'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface ProjectOptions {
  readonly cwd: string
  readonly config?: string | undefined
  readonly schema?: string | undefined
  readonly out?: string | undefined
  readonly migrations?: string | undefined
  readonly database?: string | undefined
}

/** The paths of a project that migrations work on. */
export interface ProjectPlaces {
  readonly migrations: string
  readonly database: string | undefined
}

export interface MigrationRequest extends ProjectOptions {
  /** A file of hints. */
  readonly hints?: string | undefined
}

/** A schema that is invalid, or that leaves open what was renamed. */
export interface OpenQuestions {
  readonly ok: false
  readonly problems: readonly Problem[]
  readonly questions: readonly { readonly of: string; readonly name: string; readonly candidates: readonly string[] }[]
}

export interface PlannedStep {
  readonly says: string
  readonly class: string
}

export interface DiffResult {
  readonly ok: true
  readonly problems: readonly Problem[]
  /** Hashes of the contracts on both ends; null: an empty store. */
  readonly from: string | null
  readonly to: string
  readonly steps: readonly PlannedStep[]
}

export interface DevResult extends DiffResult {
  /** The migration that was written; absent where nothing had changed. */
  readonly id?: string
  readonly path?: string
}

export interface PushPlan extends DiffResult {
  readonly contract: Contract
  readonly operations: readonly Operation[]
}

export interface MigrationCheck {
  readonly ok: boolean
  readonly migrations: number
  readonly heads: readonly string[]
  /** Of each two heads, why they cannot be joined as they are. */
  readonly conflicts: readonly { readonly heads: readonly [string, string]; readonly reason: string }[]
}

export interface Problem {
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
  readonly path?: string
  readonly location?: { readonly file: string; readonly line: number; readonly column: number; readonly frame: string }
}

export interface ValidateResult {
  readonly ok: boolean
  readonly problems: readonly Problem[]
  readonly schema: string
  readonly contractHash?: string
}

export interface GenerateResult extends ValidateResult {
  readonly out: string
  readonly written: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: number
}

export interface CheckResult extends ValidateResult {
  readonly out: string
  readonly stale: readonly { readonly path: string; readonly state: 'missing' | 'changed' | 'extra' }[]
  readonly diff: string
}

/** The generator's error for a project that is not as a command needs it; recognised by its name. */
export interface ProjectError extends Error {
  readonly code: string
  readonly hint: string | undefined
}

export interface GeneratorModule {
  validate(options: ProjectOptions): Promise<ValidateResult>
  generate(options: ProjectOptions): Promise<GenerateResult>
  loadProject(options: ProjectOptions): Promise<ProjectPlaces & { readonly schema: string; readonly seed: string }>
  writeDevMigration(
    options: MigrationRequest & { readonly name?: string | undefined; readonly data?: boolean; readonly now?: Date },
  ): Promise<DevResult | OpenQuestions>
  diffMigrations(options: MigrationRequest): Promise<DiffResult | OpenQuestions>
  checkMigrations(options: ProjectOptions): Promise<MigrationCheck>
  planPush(options: MigrationRequest, stored: Contract | undefined): Promise<PushPlan | OpenQuestions>
  readSqlite(file: string, cwd: string): Promise<readonly SqliteObject[]>
  printPulled(pulled: Pulled, source: string): Promise<{ readonly text: string; readonly remarks: readonly string[] }>
  loadSeed(options: ProjectOptions): Promise<(database: unknown) => unknown>
  check(options: ProjectOptions): Promise<CheckResult>
  watch(options: ProjectOptions, onEvent: (event: GenerateResult | ProjectError) => void): { close(): Promise<void> }
}

export type LoadGenerator = (cwd: string) => Promise<GeneratorModule | undefined>

/** The generator installed where the command runs; `undefined` when there is none. */
export async function loadGenerator(cwd: string): Promise<GeneratorModule | undefined> {
  let path: string
  try {
    path = createRequire(join(cwd, 'sochdb.config.js')).resolve('@sochdb/generator')
  } catch {
    return undefined
  }
  return (await import(pathToFileURL(path).href)) as GeneratorModule
}

export function isProjectError(error: unknown): error is ProjectError {
  return error instanceof Error && error.name === 'ProjectError'
}
