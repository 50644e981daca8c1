/**
 * Random queries of Kysely's builder, by both lanes and in SQLite. `pnpm fuzz:sql` runs many more of them, and writes what fails as
 * files of regressions/, which are run again here.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failures, firstDifference, fromJson, toJson, toText } from './fuzz.js'
import { counts } from './lanes.js'

const directory = join(dirname(fileURLToPath(import.meta.url)), 'regressions')
const seed = Number(process.env['SOCHDB_SQL_FUZZ_SEED'] ?? 1)
const statements = Number(process.env['SOCHDB_SQL_FUZZ_STATEMENTS'] ?? 300)
const isLong = process.env['SOCHDB_SQL_FUZZ_STATEMENTS'] !== undefined
/** Enough to see what is wrong; the rest is likely to be the same. */
const FAILURES_MAX = Number(process.env['SOCHDB_SQL_FUZZ_FAILURES'] ?? 1)

const files = readdirSync(directory).filter(name => name.endsWith('.jsonl'))

test.each(files)('%s gives what it gives in SQLite', async name => {
  const script = fromJson(readFileSync(join(directory, name), 'utf8'))
  expect(script.length).toBeGreaterThan(0)
  expect(await firstDifference(script)).toBeUndefined()
})

test(
  `${statements} statements from seed ${seed} give what they give in SQLite`,
  async () => {
    const found = new Map<string, string>()
    let told = 0
    const tell = (done: number, at: number): void => {
      if (!isLong || done - told < 5000) return
      told = done
      process.stdout.write(`${done} statements of Kysely, seed ${at}\n`)
    }
    for await (const { kind, seed: at, script, ours, theirs } of failures(seed, statements, tell)) {
      if (found.has(kind)) continue
      found.set(
        kind,
        `# Seed ${at}: ${kind}.\n${toText(script)}\n# ours ${JSON.stringify(ours)}\n# theirs ${JSON.stringify(theirs)}`,
      )
      if (isLong) {
        writeFileSync(join(directory, `seed-${at}.jsonl`), `# Seed ${at}: ${kind}.\n${toJson(script)}`)
        process.stdout.write(`${found.get(kind)!}\n`)
      }
      if (found.size >= FAILURES_MAX) break
    }
    expect([...found.values()].join('\n\n')).toBe('')
    // Most of them test the lane of trees, not the lane of text twice.
    expect(counts.trees / counts.queries).toBeGreaterThan(0.5)
    expect(counts.answered / counts.queries).toBeGreaterThan(0.5)
  },
  isLong ? 24 * 3600_000 : 120_000,
)
