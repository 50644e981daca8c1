/** Queries of one index, timed; peers answer by call or by promise. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eachOf, eachOfAsync } from './measure.mjs'

/** Queries a second: the best of some windows. */
export async function queriesPerSecond(index, inputs, search) {
  const each = index.isAsync ? await eachOfAsync(inputs, search, 5) : eachOf(inputs, search, 5)
  return 1e6 / each
}

export async function allOf(inputs, search) {
  const found = []
  for (const input of inputs) found.push(await search(input))
  return found
}

export async function milliseconds(body) {
  const started = performance.now()
  await body()
  return performance.now() - started
}

/** Runs a workload in a directory of its own, and prints what it measured as the last line. */
export async function report(body) {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-'))
  try {
    console.log(JSON.stringify(await body(dir)))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
