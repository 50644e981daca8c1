/**
 * Kysely's own tests for SQLite, run on this dialect. The package on npm has none, so its repository is cloned; with
 * `--source` a checkout that is there already is read. Everything else (Kysely itself, and what its tests are run with) comes from
 * the package registry, into a folder that is removed afterwards. scripts/kysely-suite/expected.json names the tests that cannot
 * pass, and why: any other failure, and one of these that passes, is an error.
 *
 *   pnpm build && node scripts/kysely-suite.mjs
 *   node scripts/kysely-suite.mjs --source=../kysely     the tests of a checkout
 *   node scripts/kysely-suite.mjs --lane=text            every query by way of SQL text; `async`: on an AsyncDatabase
 *   node scripts/kysely-suite.mjs --keep                 leaves the folder, and says where it is
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import typescript from 'typescript'

const REPOSITORY = 'https://github.com/kysely-org/kysely'
/** What the tests import beside Kysely and drivers. The last one is a name that Kysely gives to lodash.merge. */
const TOOLS = {
  chai: '^6.3.0',
  'chai-as-promised': '^8.0.2',
  mocha: '^11.7.5',
  pathe: '^2.0.3',
  'prototype-pollution-vulnerable-lodash.merge-dont-upgrade': 'npm:lodash.merge@^4.6.1',
  sinon: '^22.1.0',
  tsx: '^4.23.15',
}
/** Drivers of other databases, which the tests import without using them for SQLite. */
const DRIVERS = ['@electric-sql/pglite', 'better-sqlite3', 'mysql2', 'pg', 'pg-cursor', 'tarn', 'tedious']

const scripts = dirname(fileURLToPath(import.meta.url))
const root = join(scripts, '..')
const option = name => process.argv.find(argument => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const lane = option('lane') ?? 'tree'

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options })
  if (status === 0) return
  throw new Error(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}.`)
}

/** The published package, as the repository has it installed. */
const published = dirname(dirname(createRequire(import.meta.url).resolve('kysely')))
const { version, exports } = JSON.parse(readFileSync(join(published, 'package.json'), 'utf8'))

function sourceOf(work) {
  const given = option('source')
  if (given !== undefined) return resolve(given)
  const target = join(work, 'source')
  run('git', ['clone', '--quiet', '--depth=1', `--branch=v${version}`, REPOSITORY, target])
  return target
}

/** Kysely as it was published, but for SqliteDialect: that is ours, and every test that asks for SQLite gets it. */
function layOut(work) {
  cpSync(join(published, 'dist'), join(work, 'dist'), { recursive: true })
  renameSync(join(work, 'dist', 'index.js'), join(work, 'dist', 'published.js'))
  cpSync(join(scripts, 'kysely-suite', 'dialect.mjs'), join(work, 'dialect.mjs'))
  writeFileSync(
    join(work, 'dist', 'index.js'),
    "export * from './published.js'\nexport { SqliteDialect } from '../dialect.mjs'\n",
  )
  const manifest = { name: 'kysely', version, private: true, type: 'module', exports, dependencies: TOOLS }
  writeFileSync(join(work, 'package.json'), JSON.stringify(manifest))
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'], { cwd: work })
  const modules = join(work, 'node_modules')
  mkdirSync(join(modules, '@sochdb'), { recursive: true })
  symlinkSync(join(root, 'packages', 'sochdb'), join(modules, 'sochdb'))
  symlinkSync(join(root, 'packages', 'kysely'), join(modules, '@sochdb', 'kysely'))
}

/** The tests as JavaScript, where the tests of Kysely's own build are: their imports lead to dist/. */
function compile(source, target) {
  const names = new Map(DRIVERS.map(driver => [driver, new Set()]))
  for (const name of readdirSync(source, { recursive: true })) {
    if (!name.endsWith('.ts')) continue
    const { outputText } = typescript.transpileModule(readFileSync(join(source, name), 'utf8'), {
      compilerOptions: { target: 'es2022', module: 'esnext', esModuleInterop: true },
    })
    for (const [, list, driver] of outputText.matchAll(/^import \{([^}]*)\} from '([^']+)'/gm)) {
      for (const each of list.split(',')) names.get(driver)?.add(each.trim().split(' ')[0])
    }
    const file = join(target, name.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, outputText)
  }
  return names
}

/** What tests of all databases watch, whether it is called or not. */
const WATCHED = {
  Connection: ['beginTransaction', 'commitTransaction', 'rollbackTransaction', 'saveTransaction'],
  PGlite: ['transaction'],
}

/** Modules that have what is imported from the drivers, as classes that do nothing. */
function standIns(modules, names) {
  for (const [driver, exported] of names) {
    const folder = join(modules, driver)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: driver, type: 'module', main: 'index.js' }))
    const classes = [...exported]
      .filter(name => name !== 'default')
      .map(name => `export class ${name} { ${(WATCHED[name] ?? []).map(method => `${method}() {}`).join(' ')} }\n`)
    writeFileSync(join(folder, 'index.js'), `export default class {}\n${classes.join('')}`)
  }
}

/** What mocha says of all tests. */
function results(work) {
  const output = join(work, 'result.json')
  const { error } = spawnSync(
    process.execPath,
    [
      join(work, 'node_modules', 'mocha', 'bin', 'mocha.js'),
      ...['--exit', '--timeout=20000', '--reporter=json', `--reporter-option=output=${output}`],
      'test/node/dist/**/*.test.js',
    ],
    {
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 600_000,
      env: { ...process.env, DIALECTS: 'sqlite', SOCHDB_LANE: lane },
    },
  )
  if (error || !existsSync(output)) throw new Error(`The tests did not run to their end. ${error?.message ?? ''}`)
  return JSON.parse(readFileSync(output, 'utf8'))
}

/** Says what passed, and what is not as expected. */
function judge({ stats, passes, failures }) {
  const expected = JSON.parse(readFileSync(join(scripts, 'kysely-suite', 'expected.json'), 'utf8'))
  const reasons = new Map(
    expected.flatMap(({ why, lanes, tests }) =>
      (lanes ?? [lane]).includes(lane) ? tests.map(test => [test, why]) : [],
    ),
  )
  const passed = new Set(passes.map(test => test.fullTitle))
  const surprises = failures.filter(test => !reasons.has(test.fullTitle))
  const mended = [...reasons.keys()].filter(test => passed.has(test))
  const share = (100 * stats.passes) / (stats.passes + stats.failures)
  console.log(
    `Kysely ${version}, lane ${lane}: ${stats.passes} passed, ${stats.failures} failed (${share.toFixed(2)} % pass)`,
  )
  for (const { fullTitle } of failures) console.log(`  ${fullTitle}: ${reasons.get(fullTitle) ?? 'NOT EXPECTED'}`)
  for (const { fullTitle, err } of surprises)
    console.error(`\nNot expected to fail: ${fullTitle}\n${err.stack ?? err.message}`)
  for (const test of mended)
    console.error(`\nPasses, though scripts/kysely-suite/expected.json says it cannot: ${test}`)
  return surprises.length + mended.length === 0
}

const work = mkdtempSync(join(tmpdir(), 'kysely-suite-'))
try {
  if (!existsSync(join(root, 'packages', 'kysely', 'dist')))
    throw new Error('There is no build: run `pnpm build` first.')
  layOut(work)
  const names = compile(join(sourceOf(work), 'test', 'node', 'src'), join(work, 'test', 'node', 'dist'))
  standIns(join(work, 'node_modules'), names)
  process.exitCode = judge(results(work)) ? 0 : 1
} finally {
  if (process.argv.includes('--keep')) console.log(work)
  else rmSync(work, { recursive: true, force: true })
}
