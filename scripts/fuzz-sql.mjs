/**
 * Random SQL here and in SQLite, for as long as you like: schemas, rows, queries, writes, changes of the schema and transactions; and
 * random queries of Kysely's builder, by both lanes of the dialect. What differs is made small, printed, and written to
 * packages/sochdb/test/sql/regressions and packages/kysely/test/fuzz/regressions, whose files the tests run again.
 *
 *   pnpm fuzz:sql                                     100000 statements, half of them Kysely's
 *   pnpm fuzz:sql --statements=1000000 --seed=7       more of them, from another seed
 *   pnpm fuzz:sql --failures=20                       goes on until that many kinds of failure were found
 */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const option = (name, fallback) => {
  const given = process.argv.find(argument => argument.startsWith(`--${name}=`))
  return given === undefined ? fallback : given.slice(name.length + 3)
}

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    join('node_modules', 'jest', 'bin', 'jest.js'),
    'packages/sochdb/test/sql/fuzz/',
    'packages/kysely/test/fuzz/',
  ],
  {
    cwd: join(dirname(fileURLToPath(import.meta.url)), '..'),
    stdio: 'inherit',
    env: {
      ...process.env,
      SOCHDB_SQL_FUZZ_STATEMENTS: String(Math.ceil(Number(option('statements', '100000')) / 2)),
      SOCHDB_SQL_FUZZ_SEED: option('seed', '1'),
      SOCHDB_SQL_FUZZ_FAILURES: option('failures', '5'),
    },
  },
)
process.exit(status ?? 1)
