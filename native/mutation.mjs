/**
 * Are the tests any good? Breaks the engine in one place at a time, in a copy, and expects some test to fail.
 *
 * What is broken: every sync of a file or directory, found by pattern, so that new ones are covered as they are written; and every
 * step that validates, listed in mutations.mjs.
 *
 *   node native/mutation.mjs                      everything, some twenty seconds each
 *   node native/mutation.mjs --minutes=10         as many as fit, in an order that --seed decides
 *   node native/mutation.mjs --only=validator     those whose file or description contains this, or one of several: a,b
 *   node native/mutation.mjs --skip=N             not the first N of them, which another run has tried
 *   node native/mutation.mjs --quick              asks only the tests of the folder that is broken: a survivor needs a second look
 *   node native/mutation.mjs --tests=crash_test   asks these tests alone
 *   node native/mutation.mjs --ci                 the few that CI has time for
 *   node native/mutation.mjs --joined             from what `make test JOINED=1` has built, as --ci; otherwise file by file
 *   node native/mutation.mjs --list
 *
 * Ends with "N passed, N failed": a mutation that no test notices has failed, and so has one whose place is gone.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { listed, tidying } from './mutations.mjs'

const root = dirname(fileURLToPath(import.meta.url))
const scratch = join(process.env.SOCHDB_MUTATION_DIR ?? join(tmpdir(), 'sochdb-mutation'), 'native')
const option = (name, fallback) => {
  const given = process.argv.find(argument => argument.startsWith(`--${name}=`))
  return given === undefined ? fallback : given.slice(name.length + 3)
}
const flag = name => process.argv.includes(`--${name}`)

const joined = flag('ci') || flag('joined')
const built = join('build', joined ? 'test-none-joined' : 'test-none')
const out = join(scratch, built)
const binary = join(out, 'sochdb_test')

/** Which tests are asked first, by the file or the folder that is broken; then those that are quick and see most, then all. */
const NEAREST = {
  'engine/repair.cc': 'engine_repair',
  'engine/sealed_file.cc': 'vector_checkpoint,navigator',
  'engine/store_format.cc': 'engine_open,crash_test',
  'env/env.cc': 'engine_open,crash_test,posix_env',
  wal: 'wal_,blob_store',
  sst: 'sst_',
  lsm: 'lsm_',
  mem: 'memtable,commit_ring,isolation',
  txn: 'txn_,isolation,serial_checker,adya,unpublished,commit_ring',
  engine: 'engine_',
  env: 'posix_env,engine_open',
}
const QUICK =
  'wal_,crash_test,fault_test,isolation,serial_checker,bit_flip,engine_open,adya,blob_store,fail_nth,lsm_,sst_'

// --- what is broken

/** Where the parenthesis that opens at `at` is closed. */
function closing(text, at) {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i
  }
  return -1
}

function sourcesIn(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? sourcesIn(path) : /\.(cc|h)$/.test(entry.name) ? [path] : []
  })
}

/** Every call of Sync or SyncDir on something, replaced by a success. */
function syncs() {
  const mutations = []
  for (const file of ['wal', 'sst', 'lsm', 'txn', 'engine', 'env'].flatMap(sourcesIn)) {
    const text = readFileSync(join(root, file), 'utf8')
    // A receiver (x, x->y, (*x), x(), …), then the call. Comments do not call.
    const pattern = /(?:[A-Za-z_]\w*(?:\(\))?(?:->|\.))+(Sync|SyncDir)\(/g
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const lineStart = text.lastIndexOf('\n', match.index) + 1
      if (text.slice(lineStart, match.index).includes('//')) continue
      if (tidying.some(sync => sync.file === file && text.slice(0, match.index).endsWith(sync.after))) continue
      const end = closing(text, match.index + match[0].length - 1)
      const line = text.slice(0, match.index).split('\n').length
      mutations.push({
        file,
        what: `line ${line}: ${text.slice(match.index, end + 1)} does nothing`,
        apply: source => source.slice(0, match.index) + 'Status()' + source.slice(end + 1),
      })
    }
  }
  return mutations
}

function validations() {
  return listed.map(({ file, find, replace, what, ci, tests }) => ({
    file,
    what,
    ci,
    tests,
    apply(source) {
      const parts = source.split(find)
      return parts.length === 2 ? parts.join(replace) : undefined
    },
  }))
}

// --- the copy

/** Copies what differs. A file that a run before this one has broken and mended keeps its time, so that it is compiled again. */
function copy(from, to) {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (['build', 'node_modules'].includes(entry.name)) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copy(source, target)
    else if (!existsSync(target)) cpSync(source, target, { preserveTimestamps: true })
    else if (!readFileSync(source).equals(readFileSync(target))) cpSync(source, target)
  }
}

function prepare() {
  copy(root, scratch)
  if (!existsSync(join(scratch, 'node_modules')) && existsSync(join(root, 'node_modules'))) {
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
  }
  // What `make test` has built needs no second build.
  const whole = join(root, built)
  if (existsSync(whole) && !existsSync(out)) cpSync(whole, out, { recursive: true, preserveTimestamps: true })
}

const make = () =>
  spawnSync('make', ['-C', scratch, '-j2', 'build', 'WARNINGS=-w', `OUT=${built}`, `JOINED=${joined ? 1 : 0}`], {
    encoding: 'utf8',
  })

/** Whether the tests pass. */
function testsPass(filter, timeoutSeconds) {
  const result = spawnSync(binary, ['--stop', '--jobs=2', ...(filter === undefined ? [] : [`--filter=${filter}`])], {
    cwd: scratch,
    encoding: 'utf8',
    timeout: timeoutSeconds * 1000,
    killSignal: 'SIGKILL',
  })
  const failed = /FAILED (.*)/.exec(result.stderr ?? '')
  const how =
    failed?.[1] ?? (result.error === undefined ? (result.stderr ?? '').trim().split('\n').at(-1) : 'took too long')
  return { pass: result.status === 0, how }
}

/** What noticed the mutation; undefined when nothing did. */
function tryOut(mutation) {
  const path = join(scratch, mutation.file)
  const source = readFileSync(path, 'utf8')
  const mutated = mutation.apply(source)
  if (mutated === undefined) return { stale: true }
  writeFileSync(path, mutated)
  try {
    const built = make()
    if (built.status !== 0) return { noticed: 'the compiler' }
    const nearest = option('tests') ?? mutation.tests ?? NEAREST[mutation.file] ?? NEAREST[mutation.file.split('/')[0]]
    for (const filter of flag('quick') || option('tests') !== undefined ? [nearest] : [nearest, QUICK, undefined]) {
      const { pass, how } = testsPass(filter, filter === undefined ? 1800 : flag('quick') ? 150 : 600)
      if (!pass) return { noticed: how }
    }
    return {}
  } finally {
    writeFileSync(path, source)
  }
}

function shuffled(list, seed) {
  const order = list.map((item, i) => ({ item, at: (Math.imul(i + 1, 2654435761) ^ Math.imul(seed, 40503)) >>> 0 }))
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item)
}

// --- the run

const all = [...syncs(), ...validations()]
const only = option('only')
let chosen = all.filter(
  ({ file, what }) => only === undefined || only.split(',').some(part => `${file} ${what}`.includes(part)),
)
if (flag('ci')) chosen = chosen.filter(({ ci }) => ci === true)
chosen = chosen.slice(Number(option('skip', '0')))
if (option('minutes') !== undefined) chosen = shuffled(chosen, Number(option('seed', '1')))
if (flag('list')) {
  for (const { file, what } of chosen) console.log(`${file}: ${what}`)
  process.exit(0)
}

prepare()
const base = make()
if (base.status !== 0) {
  console.error(`The engine does not build as it is.\n${base.stderr.split('\n').slice(-20).join('\n')}`)
  process.exit(1)
}
const deadline = Date.now() + Number(option('minutes', '100000')) * 60_000
let passed = 0
let failed = 0
for (const mutation of chosen) {
  if (Date.now() > deadline) break
  const started = Date.now()
  const { noticed, stale } = tryOut(mutation)
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  const verdict = stale
    ? 'STALE    its place is gone'
    : noticed === undefined
      ? 'SURVIVED no test fails'
      : `noticed  by ${noticed}`
  console.log(`${mutation.file}: ${mutation.what}\n    ${verdict} (${seconds} s)`)
  if (noticed === undefined) failed++
  else passed++
}
if (!flag('keep')) rmSync(dirname(scratch), { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
