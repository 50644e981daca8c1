/**
 * `@sochdb/generator` as the command sees it. It is a development dependency of a project, found from the directory the command
 * runs in: this package does not depend on it, nor on the TypeScript compiler behind it.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface ProjectOptions {
  readonly cwd: string
  readonly config?: string | undefined
  readonly schema?: string | undefined
  readonly out?: string | undefined
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
