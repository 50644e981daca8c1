'use strict'
// Calls every function of the addon with garbage, stale handles and live ones: node fuzz-child.cjs <seed> <calls>
// Ends with status 0 when it is still alive and the engine still works.
const { native } = require('./native.cjs')

const seed = Number(process.argv[2])
const calls = Number(process.argv[3])

let state = seed >>> 0 || 1
/** xorshift32: the same calls for the same seed. */
const random = n => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  return state % n
}
const pick = list => list[random(list.length)]

const detached = () => {
  const array = new Uint8Array(64)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}
const shrunk = () => {
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
  const array = new Uint8Array(buffer)
  buffer.resize(random(64))
  return array
}
const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('trap')
    },
    has: () => {
      throw new Error('trap')
    },
  },
)
const bytes = n => Uint8Array.from({ length: n }, () => random(256))

const garbage = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => pick([0, -0, 1, 2, 3, 7, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, 255, 1000]),
  () => pick([0n, 1n, -1n, 2n ** 64n]),
  () =>
    pick([
      '',
      'a',
      'key',
      'ä',
      '\u0000',
      '\ud800',
      'k'.repeat(600),
      'k'.repeat(70_000),
      ':memory:',
      'constructor',
      '__proto__',
    ]),
  () => Symbol('s'),
  () => () => {
    throw new Error('called')
  },
  () => ({}),
  () => [],
  () => [1, 'a', null],
  () => throwing,
  () => new Proxy(new Uint8Array(8), {}),
  () => new Date(),
  () => Promise.resolve(),
  () => new Map([[1, 2]]),
  () => bytes(random(40)),
  () => Buffer.from(bytes(random(40))),
  () => new Uint8Array(0),
  () => new Uint8Array(200_000),
  () => new Uint8Array(new SharedArrayBuffer(32)),
  () => new Uint8Array(new SharedArrayBuffer(100_000)),
  () => new Uint8ClampedArray(8),
  () => new Int32Array(bytes(8)),
  () => new Float32Array([1, 2, NaN]),
  () => new Float64Array(3),
  () => new BigUint64Array(2),
  () => new DataView(new ArrayBuffer(16)),
  () => new ArrayBuffer(0),
  () => new ArrayBuffer(16),
  () => new ArrayBuffer(4096),
  () => new SharedArrayBuffer(16),
  detached,
  () => detached().buffer,
  shrunk,
  () => shrunk().buffer,
  () => new Proxy([], {}),
  () => Object.create(Uint8Array.prototype),
  () => Object.create(ArrayBuffer.prototype),
  () => globalThis,
]

/** Handles that were returned; many are stale by now. */
const handles = []
const remember = value => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 1e6) {
    handles.push(value)
    if (handles.length > 200) handles.splice(random(handles.length), 1)
  }
}
const argument = () => (handles.length > 0 && random(3) === 0 ? pick(handles) : pick(garbage)())

const id = () => Buffer.of(random(99), 0, 0, 0, 0, 0, 0, 0)
const point = () => Float32Array.of(random(9), random(9))

/** Calls that work, so that garbage meets open transactions, cursors and data. */
// Memtables, cache, compression and its level, of the log, policy, threads, retention, memory of statements: small, so that tables are made.
const storage = [65_536, 1 << 20, 1, 0, 0, 1, 1, 1, 1000, 1 << 24, 1 << 20]
const sensible = [
  () => native.open(':memory:', false, random(3), random(4) !== 0, true, 0, 1 << 20, ...storage),
  () => native.begin(pick(handles), random(3), random(8) === 0, random(2) * 1000, new ArrayBuffer(16)),
  () => native.snapshot(pick(handles)),
  () => native.scan(pick(handles), 'a', '', random(8)),
  () => native.scanNext(pick(handles), new ArrayBuffer(random(300)), random(20) * 4, 1 + random(10), random(2) === 0),
  () => native.put(pick(handles), `a${random(50)}`, 'v'.repeat(random(100))),
  () => native.get(pick(handles), `a${random(50)}`, new ArrayBuffer(random(100)), random(50)),
  () => native.compareAndSet(pick(handles), `a${random(50)}`, pick([undefined, 'v', '']), 'w', random(2) * 1000),
  () => native.increment(pick(handles), `n${random(5)}`, BigInt(random(100)), 0),
  () => native.listChildren(pick(handles), pick(['', 'a/', 'n'])),
  () => native.namespaceOpen(pick(handles), 1 + random(3), 'n', Buffer.from('key'), Buffer.from('entry')),
  () => native.namespaceCopy(pick(handles), pick(handles), 'a'),
  () => native.namespaceClose(pick(handles)),
  () => native.commit(pick(handles)),
  () => native.abort(pick(handles)),
  () => native.setSavepoint(pick(handles)),
  () => random(20) === 0 && native.close(pick(handles)),
  () => native.vectorIndexCreate(2, random(3), 4, 20, 10, random(2) * 50),
  () => native.vectorIndexInsert(pick(handles), id(), point(), 1 + random(3), random(2) === 0),
  () => native.vectorIndexSearch(pick(handles), point(), 1 + random(50), random(20), new ArrayBuffer(random(300))),
]

/** Asynchronous ones too: some of their promises settle between two calls, some in the end. */
const asynchronous = [
  () => native.asyncOpen(':memory:', false, random(3), random(4) !== 0, true, 0, 1 << 20),
  () => native.asyncPut(pick(handles), `a${random(50)}`, 'v'.repeat(random(100)), 0, random(50), random(10)),
  () =>
    native.asyncScanNext(
      native.asyncScan(pick(handles), 'a', '', random(8)),
      1 + random(10),
      2000,
      false,
      random(9),
      0,
    ),
  () => native.asyncGetBatch(pick(handles), new Uint8Array(0), 0, 0),
  () => native.asyncCommit(pick(handles)),
  () => native.watchNext(native.watch(pick(handles), 'a', 10)),
  () => random(10) === 0 && native.asyncClose(pick(handles)),
  () => native.asyncVectorIndexInsert(pick(handles), id(), point(), 2, false, random(10), 1 + random(50), undefined),
  () => native.asyncVectorIndexSearch(pick(handles), point(), 1 + random(50), 0, random(10), random(50)),
  () => random(10) === 0 && native.vectorIndexClose(pick(handles)),
]
const settled = value => {
  if (!(value instanceof Promise)) return remember(value)
  value.then(remember, error => {
    if (!(error instanceof Error) || error.nativeCode === 20) throw error
  })
}

const functions = Object.entries(native).filter(([, value]) => typeof value === 'function')
const receivers = [undefined, null, 5, {}, native, throwing]
async function main() {
  for (let i = 0; i < calls; i++) {
    try {
      if (random(4) === 0) {
        settled(pick(random(3) === 0 ? asynchronous : sensible)())
      } else {
        const [name, fn] = pick(functions)
        const args = Array.from({ length: random(9) }, argument)
        // A store is opened under names that make none on disk.
        if ((name === 'open' || name === 'asyncOpen') && typeof args[0] === 'string') args[0] = ':memory:'
        if (name.endsWith('IndexSave')) args[1] = '/dev/null/none' // nothing is written
        settled(Reflect.apply(fn, pick(receivers), args))
      }
    } catch (error) {
      if (!(error instanceof Error)) throw new Error('Something that is no Error was thrown.', { cause: error })
      if (error.nativeCode === 20) throw error
    }
    if (random(30) === 0) await new Promise(resolve => setImmediate(resolve))
  }

  // Whatever happened, a new store works.
  const database = native.open(':memory:', false, 1, true, true, 0, 1 << 20, ...storage)
  native.put(database, 'a', '1')
  if (native.getString(database, 'a') !== '1') throw new Error('The engine does not work any more.')
  process.stdout.write('alive\n')
  process.exit() // what was parked may never settle: stale watches
}

main()
