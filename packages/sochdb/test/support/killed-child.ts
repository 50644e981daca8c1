import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const support = dirname(fileURLToPath(import.meta.url))

/** Runs a program of this folder on a store, kills it after so many lines, and returns the number that its last line is. */
export async function killAfterLines(program: string, path: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [join(support, program), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let last = 0
  let count = 0
  for await (const line of createInterface(child.stdout)) {
    last = Number(line)
    if (++count === lines) child.kill('SIGKILL')
  }
  await closed
  expect(count).toBeGreaterThanOrEqual(lines)
  return last
}
