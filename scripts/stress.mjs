/**
 * Looks for what the short runs of CI miss: the simulated world with ever new seeds, processes that are killed, histories of
 * threads, fuzzers, and mutations of the engine, in turn, until the time is over.
 *
 *   pnpm stress --minutes=60            everything
 *   pnpm stress --hours=8 --only=simulation,kill
 *   pnpm stress --minutes=5 --seed=1000 --san=asan
 *
 * What fails is printed with its seed and the command that repeats it, and the rest goes on. Ends with "N passed, N failed".
 */
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const native = join(root, 'native')

const option = (name, fallback) => {
  const given = process.argv.find(argument => argument.startsWith(`--${name}=`))
  return given === undefined ? fallback : given.slice(name.length + 3)
}

const minutes =
  Number(option('hours', '0')) * 60 + Number(option('minutes', option('hours') === undefined ? '30' : '0'))
const sanitizer = option('san', 'none')
const only = option('only')?.split(',')
let started = Date.now()
let deadline = Infinity
// Short runs visit everything, too, each for a shorter time.
const share = Math.min(1, minutes / 30)
const scaled = (whole, least) => String(Math.max(least, Math.round(whole * share)))
let seed = Number(option('seed', String(Math.floor(Date.now() / 1000) % 1_000_000)))
let passed = 0
let failed = 0

const elapsed = () => {
  const seconds = Math.floor((Date.now() - started) / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(4)}:${String(seconds % 60).padStart(2, '0')}`
}
const say = text => console.log(`${elapsed()}  ${text}`)

let running
const end = () => {
  if (running !== undefined) process.kill(-running, 'SIGKILL')
}
process.on('SIGINT', () => {
  end()
  process.exit(1)
})

/** Runs a command to its end, or to the end of the time; prints its output only when it fails. */
function run(name, command, args, env = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, so that all of it can be ended
    })
    running = child.pid
    let output = ''
    const keep = chunk => {
      output = (output + chunk).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let stopped = false
    const timer = setTimeout(
      () => {
        stopped = true
        end()
      },
      Math.max(1000, deadline - Date.now() + 60_000),
    )
    child.on('close', code => {
      clearTimeout(timer)
      running = undefined
      if (code === 0) passed++
      else if (!stopped) {
        failed++
        const assignments = Object.entries(env).map(([key, value]) => `${key}=${value} `)
        say(
          `FAILED ${name}\n    ${assignments.join('')}${command} ${args.join(' ')}\n${output.split('\n').slice(-30).join('\n')}`,
        )
      }
      resolve(code === 0 || stopped)
    })
  })
}

const jest = (name, path, env) =>
  run(name, process.execPath, ['--experimental-vm-modules', join('node_modules', 'jest', 'bin', 'jest.js'), path], env)

const testBinary = join('native', 'build', `test-${sanitizer}-joined`, 'sochdb_test')

/** The tests that take a seed: each round some of them with another one, and when all have had their turn with many. */
const SIMULATION = [
  '/crash_test,buggify,determinism',
  'serial_checker,adya,isolation',
  'model_test,lsm_store,engine_lsm_crash',
  'fault_test,fail_nth',
  'wal_,lsm_',
  'engine_,unpublished,vector_index',
  'exhaustive',
  'bit_flip,fuzz_replay,memtable_concurrency',
]

const stages = {
  async simulation(round) {
    const filter = SIMULATION[round % SIMULATION.length]
    const many = Math.floor(round / SIMULATION.length) % 2 === 1
    const args = ['--jobs=2', `--seed=${seed}`, `--filter=${filter}`, ...(many ? ['--seeds=60'] : [])]
    await run(`simulation, seed ${seed}: ${filter}`, testBinary, args)
  },
  async kill() {
    await jest(`kill -9, seed ${seed}`, 'packages/sochdb/test/crash/', {
      SOCHDB_KILL_SEED: String(seed),
      SOCHDB_KILL_ROUNDS: scaled(12, 3),
    })
  },
  async histories() {
    await jest(`list-append, seed ${seed}`, 'packages/sochdb/test/histories/', {
      SOCHDB_HISTORY_SEED: String(seed),
      SOCHDB_HISTORY_TRANSACTIONS: scaled(3000, 500),
    })
  },
  async fuzz(round) {
    const target = targets[round % targets.length]
    await run(`fuzzer ${target}`, 'make', [
      '-C',
      'native',
      '-f',
      'fuzz.mk',
      'fuzz',
      `TARGET=${target}`,
      `SECONDS=${scaled(60, 10)}`,
    ])
  },
  async mutation() {
    const args = ['--joined', '--keep', `--minutes=${scaled(4, 1)}`, `--seed=${seed}`]
    await run(`mutations, seed ${seed}`, process.execPath, ['native/mutation.mjs', ...args])
  },
}

const hasClang = ['clang++-14', 'clang++'].some(name => spawnSync(name, ['--version']).status === 0)
const targets = spawnSync('make', ['-s', '-C', native, '-f', 'fuzz.mk', 'targets'], { encoding: 'utf8' })
  .stdout.split(/\s+/)
  .filter(Boolean)
const chosen = Object.keys(stages).filter(
  name => (only === undefined || only.includes(name)) && (name !== 'fuzz' || hasClang),
)
if (chosen.length === 0) {
  console.error(`--only takes some of ${Object.keys(stages).join(', ')}.`)
  process.exit(2)
}

say(`for ${minutes} minutes from seed ${seed}: ${chosen.join(', ')}${hasClang ? '' : ' (no clang++, so no fuzzers)'}`)

function build(what, args) {
  const made = spawnSync('make', ['-C', native, '-j2', 'build', ...args], { encoding: 'utf8' })
  if (made.status === 0) return
  console.error(`${what} do not build.\n${(made.stderr ?? '').split('\n').slice(-20).join('\n')}`)
  process.exit(1)
}
if (chosen.includes('simulation')) build('The tests', [`SAN=${sanitizer}`, 'JOINED=1'])
if (chosen.includes('fuzz')) build('The fuzzers', ['-f', 'fuzz.mk'])
// What is killed and what writes histories is the published package.
if (chosen.includes('kill') || chosen.includes('histories')) {
  for (const args of [['native/build.mjs'], ['node_modules/typescript/bin/tsc', '-b']]) {
    if (spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1)
  }
}
say('everything is built: the clock starts')
started = Date.now()
deadline = started + minutes * 60_000
for (let round = 0; Date.now() < deadline; round++, seed++) {
  for (const name of chosen) {
    if (Date.now() >= deadline) break
    // What takes minutes gets every fourth turn, as long as there is something else.
    if (name === 'mutation' && chosen.length > 1 && round % 4 !== 3) continue
    await stages[name](round)
  }
  say(`seed ${seed}: ${passed} passed, ${failed} failed`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
