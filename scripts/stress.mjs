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
import { existsSync } from 'node:fs'
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
const started = Date.now()
const deadline = started + minutes * 60_000
let seed = Number(option('seed', String(Math.floor(Date.now() / 1000) % 1_000_000)))
let passed = 0
let failed = 0

const elapsed = () => {
  const seconds = Math.floor((Date.now() - started) / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(4)}:${String(seconds % 60).padStart(2, '0')}`
}
const say = text => console.log(`${elapsed()}  ${text}`)

/** Runs a command to its end, or to the end of the time; prints its output only when it fails. */
function run(name, command, args, env = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
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
        child.kill('SIGKILL')
      },
      Math.max(1000, deadline - Date.now() + 60_000),
    )
    child.on('close', code => {
      clearTimeout(timer)
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

const testBinary = join('native', 'build', `test-${sanitizer}`, 'sochdb_test')

/** The tests that take a seed: each round with another one, every fourth with many. */
const SIMULATION = [
  'crash_test,exhaustive,fault_test,fail_nth',
  'serial_checker,adya,isolation,determinism',
  'model_test,wal_crash,lsm_,engine_',
  'bit_flip,fuzz_replay,memtable_concurrency',
]

const stages = {
  async simulation(round) {
    const filter = SIMULATION[round % SIMULATION.length]
    const args = [`--seed=${seed}`, `--filter=${filter}`, ...(round % 4 === 3 ? ['--seeds=60'] : [])]
    await run(`simulation, seed ${seed}: ${filter}`, testBinary, args)
  },
  async kill() {
    await jest(`kill -9, seed ${seed}`, 'packages/sochdb/test/crash/', {
      SOCHDB_KILL_SEED: String(seed),
      SOCHDB_KILL_ROUNDS: '12',
    })
  },
  async histories() {
    await jest(`list-append, seed ${seed}`, 'packages/sochdb/test/histories/', {
      SOCHDB_HISTORY_SEED: String(seed),
      SOCHDB_HISTORY_TRANSACTIONS: '3000',
    })
  },
  async fuzz(round) {
    const target = targets[round % targets.length]
    await run(`fuzzer ${target}`, 'make', ['-C', 'native', '-f', 'fuzz.mk', 'fuzz', `TARGET=${target}`, 'SECONDS=60'])
  },
  async mutation() {
    await run(`mutations, seed ${seed}`, process.execPath, ['native/mutation.mjs', '--minutes=4', `--seed=${seed}`])
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

say(`for ${minutes} minutes from seed ${seed}: ${chosen.join(', ')}`)
const build = spawnSync('make', ['-C', native, '-j2', 'build', `SAN=${sanitizer}`], { encoding: 'utf8' })
if (build.status !== 0 || !existsSync(join(root, testBinary))) {
  console.error(`The tests do not build.\n${(build.stderr ?? '').split('\n').slice(-20).join('\n')}`)
  process.exit(1)
}
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
