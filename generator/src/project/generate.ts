import { relative, sep } from 'node:path'
import { emit } from '../emit/emit.js'
import { loadSchema } from '../load/load-schema.js'
import type { Problem } from '../load/problem.js'
import { applyChanges } from '../write/apply.js'
import { unifiedDiff } from '../write/diff.js'
import { planWrite, type WritePlan } from '../write/plan.js'
import { loadProject, type Project, type ProjectOptions } from './config.js'

/** What is wrong with a schema, if anything. */
export interface ValidateResult {
  /** No problem is an error. */
  readonly ok: boolean
  readonly problems: readonly Problem[]
  readonly schema: string
  /** Absent when there is an error. */
  readonly contractHash?: string
}

/** What generating wrote and removed. */
export interface GenerateResult extends ValidateResult {
  readonly out: string
  /** Paths below `out`. */
  readonly written: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: number
}

/** Whether generated files are what the schema gives rise to. */
export interface CheckResult extends ValidateResult {
  readonly out: string
  /** Is there anything that `generate` would change? `ok` is false then. */
  readonly stale: readonly { readonly path: string; readonly state: 'missing' | 'changed' | 'extra' }[]
  /** A unified diff of all of it. */
  readonly diff: string
}

/** Checks the schema and writes nothing. */
export async function validate(options: ProjectOptions): Promise<ValidateResult> {
  const project = await loadProject(options)
  const { problems, contractHash } = await loadSchema(project.schema)
  return { ok: contractHash !== undefined, problems, schema: project.schema, ...hashed(contractHash) }
}

/** Writes the client, changed files only, and removes files of earlier runs that are no longer wanted. With an error it writes nothing. */
export async function generate(options: ProjectOptions): Promise<GenerateResult> {
  return generateProject(await loadProject(options)).then(({ result }) => result)
}

/** As `generate`, and tells which files it read. */
export async function generateProject(
  project: Project,
): Promise<{ readonly result: GenerateResult; readonly files: readonly string[] }> {
  const { plan, ...planned } = await planProject(project)
  const { schema, out } = project
  const files = [...project.configFiles, ...planned.files]
  const { problems, contractHash } = planned
  if (plan === undefined) {
    return { result: { ok: false, problems, schema, out, written: [], removed: [], unchanged: 0 }, files }
  }
  applyChanges(out, plan.changes)
  const written = plan.changes.filter(change => change.after !== undefined).map(change => change.path)
  const removed = plan.changes.filter(change => change.after === undefined).map(change => change.path)
  const { unchanged } = plan
  return { result: { ok: true, problems, schema, out, written, removed, unchanged, ...hashed(contractHash) }, files }
}

/** Says whether what is on disk is what `generate` would write, and writes nothing. */
export async function check(options: ProjectOptions): Promise<CheckResult> {
  const project = await loadProject(options)
  const { problems, contractHash, plan } = await planProject(project)
  const { schema, out } = project
  if (plan === undefined) return { ok: false, problems, schema, out, stale: [], diff: '' }
  const stale = plan.changes.map(({ path, before, after }) => {
    const state =
      before === undefined ? ('missing' as const) : after === undefined ? ('extra' as const) : ('changed' as const)
    return { path, state }
  })
  const shown = relativePath(project.cwd, out)
  const diff = plan.changes.map(change => unifiedDiff(shown, change)).join('')
  return { ok: stale.length === 0, problems, schema, out, stale, diff, ...hashed(contractHash) }
}

interface Planned {
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly contractHash: string | undefined
  /** Absent when the schema has an error. */
  readonly plan: WritePlan | undefined
}

async function planProject(project: Project): Promise<Planned> {
  const { contract, contractHash, problems, files } = await loadSchema(project.schema)
  if (contract === undefined || contractHash === undefined)
    return { problems, files, contractHash: undefined, plan: undefined }
  const source = relativePath(project.out, project.schema)
  const emitted = emit(contract, contractHash, { source, importExtension: project.importExtension })
  return { problems, files, contractHash, plan: await planWrite(project.out, emitted, source) }
}

function hashed(contractHash: string | undefined): { readonly contractHash?: string } {
  return contractHash === undefined ? {} : { contractHash }
}

/** With `/` on every system, so that output is the same on all of them. */
function relativePath(from: string, to: string): string {
  return relative(from, to).split(sep).join('/') || '.'
}
