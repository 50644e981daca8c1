/** The command line in the test's own process: what it prints, and what it exits with. */
import * as generator from '@sochdb/generator'
import type { GeneratorModule } from '../../packages/sochdb/src/cli/generator-module.js'
import { run } from '../../packages/sochdb/src/cli/run.js'
import type { TestProject } from './project.js'

const module: GeneratorModule = generator

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Whether `@sochdb/generator` is there. Default: it is. */
  readonly installed?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** `sochdb migrate dev …`, words parted by spaces. */
export async function sochdb(
  project: TestProject,
  line: string,
  { installed = true, env = {}, signal = new AbortController().signal }: RunOptions = {},
): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({ write: (part: string) => void (text[name] += part) })
  const terminal = { cwd: project.directory, env, stdout: output('stdout'), stderr: output('stderr'), signal }
  const argv = line.split(' ').filter(word => word !== '')
  const code = await run(argv, terminal, () => Promise.resolve(installed ? module : undefined))
  return { code, ...text }
}
