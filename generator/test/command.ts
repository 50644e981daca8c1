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
  /** Interrupts the command when this appears in what it says. */
  readonly interruptAt?: string
}

/** `sochdb migrate dev …`, words parted by spaces. */
export async function sochdb(
  project: TestProject,
  line: string,
  { installed = true, env = {}, interruptAt }: RunOptions = {},
): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const interrupted = new Set<() => void>()
  const output = (name: 'stdout' | 'stderr') => ({
    write: (part: string) => {
      text[name] += part
      if (interruptAt !== undefined && part.includes(interruptAt)) for (const onInterrupt of interrupted) onInterrupt()
    },
  })
  const terminal = {
    cwd: project.directory,
    env,
    stdout: output('stdout'),
    stderr: output('stderr'),
    signal: new AbortController().signal,
    interrupts: (onInterrupt: () => void) => {
      interrupted.add(onInterrupt)
      return () => void interrupted.delete(onInterrupt)
    },
  }
  const argv = line.split(' ').filter(word => word !== '')
  const code = await run(argv, terminal, () => Promise.resolve(installed ? module : undefined))
  return { code, ...text }
}
