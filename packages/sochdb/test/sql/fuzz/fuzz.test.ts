/**
 * Random schemas, rows, queries and writes here and in SQLite. `pnpm fuzz:sql` runs many more of them, and writes what fails as files
 * of regressions/, which are run again here.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failures, firstDifference, fromText, toText } from './fuzz.js'

const directory = join(dirname(fileURLToPath(import.meta.url)), '..', 'regressions')
const seed = Number(process.env['SOCHDB_SQL_FUZZ_SEED'] ?? 1)
const statements = Number(process.env['SOCHDB_SQL_FUZZ_STATEMENTS'] ?? 1500)
const isLong = process.env['SOCHDB_SQL_FUZZ_STATEMENTS'] !== undefined
/** Enough to see what is wrong; the rest is likely to be the same. */
const FAILURES_MAX = Number(process.env['SOCHDB_SQL_FUZZ_FAILURES'] ?? 1)

const files = readdirSync(directory).filter(name => name.endsWith('.sql'))

test.each(files)('%s gives what it gives in SQLite', async name => {
  const script = fromText(readFileSync(join(directory, name), 'utf8'))
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
      process.stdout.write(`${done} statements, seed ${at}\n`)
    }
    for await (const { kind, seed: at, script, ours, theirs } of failures(seed, statements, tell)) {
      const text = `# Seed ${at}: ${kind}.\n${toText(script)}\n`
      if (found.has(kind)) continue
      found.set(kind, `${text}# ours ${JSON.stringify(ours)}\n# theirs ${JSON.stringify(theirs)}`)
      if (isLong) {
        mkdirSync(directory, { recursive: true })
        writeFileSync(join(directory, `seed-${at}.sql`), text)
        process.stdout.write(`${found.get(kind)!}\n`)
      }
      if (found.size >= FAILURES_MAX) break
    }
    expect([...found.values()].join('\n\n')).toBe('')
  },
  isLong ? 24 * 3600_000 : 120_000,
)
