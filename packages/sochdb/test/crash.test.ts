import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { Database } from 'sochdb'
import type { SyncMode } from 'sochdb'

import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory()
const program = join(dirname(fileURLToPath(import.meta.url)), 'support', 'crash-child.cjs')
const ROWS = 5

/** Runs the child until it has acknowledged `acknowledgements` commits, kills it, and returns the last number it printed. */
async function runAndKill(path: string, syncMode: SyncMode, acknowledgements: number): Promise<number> {
  const child = spawn(process.execPath, [program, path, syncMode, String(ROWS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let last = 0
  let count = 0
  for await (const line of createInterface(child.stdout)) {
    last = Number(line)
    if (++count === acknowledgements) child.kill('SIGKILL')
  }
  await closed
  return last
}

/** Every batch up to `last` is there, whole; nothing is there of a later one. */
function expectWholeBatches(db: Database): number {
  const last = Number(db.getString('last') ?? 0)
  const rows = [...db.scanPrefixUnchecked('')].filter(([key]) => key.toString() !== 'last')
  expect(rows).toHaveLength(last * ROWS)
  for (const [key, value] of rows) {
    const n = Number(key.toString().split(':')[0])
    expect(n).toBeLessThanOrEqual(last)
    expect(value.toString()).toBe(String(n))
  }
  return last
}

test.each<[SyncMode, number[]]>([
  ['full', [1, 3, 10]],
  ['normal', [1, 7, 60, 400]],
])('with syncMode %s, SIGKILL loses no acknowledged commit and leaves none in part', async (syncMode, rounds) => {
  const path = directory(`killed-${syncMode}`)
  let before = 0
  for (const acknowledgements of rounds) {
    const acknowledged = await runAndKill(path, syncMode, acknowledgements)
    const db = Database.open(path, { logLevel: 'off' })
    const last = expectWholeBatches(db)
    expect(last).toBeGreaterThanOrEqual(acknowledged)
    expect(acknowledged).toBeGreaterThanOrEqual(before + acknowledgements)
    expect(db.recovery().needsRecovery()).toBe(true)
    expect(db.recovery().recover().status).toBe('recovered')
    expect(db.recovery().verifyWal().isValid).toBe(true)
    before = last
    db.close()
  }
})

test('with syncMode off, what is left after SIGKILL is a prefix of whole commits', async () => {
  const path = directory('killed-off')
  await runAndKill(path, 'off', 500)
  const db = Database.open(path, { logLevel: 'off' })
  expectWholeBatches(db)
  db.close()
})
