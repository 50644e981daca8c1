/** What a process meets whose disk, directory or permissions are not as it would like: clear errors, and nothing lost that was said to be there. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Database } from 'sochdb'
import { CorruptionError, DatabaseError, ErrorCode, SochDBError, ValidationError } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import { contents, damage, filesOf, fill, keyOf, noise, openQuiet, until, valueOf } from '../storage/support.js'

const directory = temporaryDirectory()
let names = 0
const fresh = (): string => directory(`store-${++names}`)
const here = dirname(fileURLToPath(import.meta.url))
const child = join(here, 'child.mjs')
const MIB = 1024 * 1024

/** Somebody without rights, as root is refused nothing. */
const NOBODY = '65534'
const isRoot = process.getuid?.() === 0

interface Described {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly remediation: string
  readonly details: Readonly<Record<string, unknown>>
}
interface Outcome {
  readonly value?: unknown
  readonly error?: Described
}

/** Runs child.mjs, with a program before it where one is given; what it printed. */
async function run<T>(
  args: readonly string[],
  { before = [], env = {} }: { before?: string[]; env?: Record<string, string> } = {},
): Promise<T> {
  const [program = '', ...rest] = [...before, process.execPath, child, ...args]
  const running = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  running.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  const [code, signal] = (await once(running, 'close')) as [number | null, string | null]
  if (code !== 0) throw new Error(`The child ended with ${String(code ?? signal)}: ${text}`)
  return JSON.parse(text) as T
}

/** Whether a process may have a file system of its own here: else the test has no small disk. */
const hasNamespaces =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0

;(hasNamespaces ? test : test.skip)(
  'a disk that is full: the commit fails, reads go on, nothing is lost, and writing resumes',
  async () => {
    const path = fresh()
    mkdirSync(path)
    const mount = `mount -t tmpfs -o size=32m tmpfs '${path}' && exec "$@"`
    interface Report {
      readonly errors: Readonly<Record<string, Described>>
      readonly filled: number
      readonly readable: number
      readonly scanned: number
      readonly traces: readonly string[]
      readonly added: number
      readonly closed: Outcome
      readonly kept: number
      readonly all: number
      readonly isValid: boolean
    }
    const report = await run<Report>(['full-disk', path], { before: ['unshare', '-rm', 'sh', '-c', mount, 'sh'] })
    expect(Object.keys(report.errors)).toEqual(['put', 'batch', 'transaction'])
    for (const error of Object.values(report.errors)) {
      expect(error).toMatchObject({ name: 'DiskFullError', code: 'DISK_FULL' })
      expect(error.message).toMatch(/[Nn]o space|full/)
      expect(error.remediation).not.toBe('')
    }
    expect(report.filled).toBeGreaterThan(100)
    expect(report).toMatchObject({ readable: report.filled, scanned: report.filled, traces: [] })
    expect(report.added).toBeGreaterThanOrEqual(51)
    const all = report.filled + report.added
    expect(report).toMatchObject({ closed: { value: null }, kept: all, all, isValid: true })
  },
  120_000,
)

/** The C compiler that builds the addon. */
const compiler = process.env['CC'] ?? 'cc'
const hasCompiler = process.platform === 'linux' && spawnSync(compiler, ['--version']).status === 0

;(hasCompiler ? test : test.skip)(
  'a sync that fails: nothing of the commit is seen, and the database is read-only until it is opened again',
  async () => {
    const library = directory('failing-sync.so')
    execFileSync(compiler, ['-shared', '-fPIC', '-o', library, join(here, 'failing-sync.c'), '-ldl'])
    const file = directory('syncs-fail')
    interface Report {
      readonly failed: Described
      readonly later: Described
      readonly byPromise: Described
      readonly reads: Readonly<Record<string, string | null>>
      readonly closed: Outcome
      readonly after: Readonly<Record<string, string | null>>
      readonly writes: Outcome
    }
    const env = { LD_PRELOAD: library, FAILING_SYNC: file }
    const report = await run<Report>(['failing-sync', fresh(), file], { env })
    expect(report.failed).toMatchObject({ name: 'DatabaseError', code: 'IO_ERROR', details: { errno: 5 } })
    expect(report.failed.message).toMatch(/sync/)
    for (const error of [report.later, report.byPromise]) {
      expect(error).toMatchObject({ name: 'DatabaseError', code: 'READ_ONLY' })
      expect(error.message).toMatch(/read-only since .*sync/s)
      expect(error.message).toMatch(/close and open/)
    }
    expect(report.reads).toEqual({ before: '1', during: null })
    expect(report.closed.error).toMatchObject({ name: 'DatabaseError' })
    expect(report.after).toEqual({ before: '1', later: null })
    expect(report.writes).toEqual({ value: null })
  },
)

describe('corruption', () => {
  test('of a block is told with file, offset, what was expected and what is there', () => {
    const db = openQuiet(fresh(), { compression: 'none' })
    fill(db, 2000)
    db.compact()
    const path = db.path
    db.close()
    const [table] = filesOf(path, '.sst')
    damage(table!, 20_000)
    const again = openQuiet(path)
    const errors: Error[] = []
    for (let i = 0; i < 2000; i++) {
      try {
        expect(again.getString(keyOf(i))).toBe(valueOf(i))
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error
        errors.push(error)
      }
    }
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.length).toBeLessThan(500) // of one block
    for (const error of errors) {
      const { file, offset, expected, actual } = (error as CorruptionError).details
      expect(file).toBe(table)
      expect(offset).toBeGreaterThanOrEqual(0)
      expect(offset).toBeLessThanOrEqual(20_000)
      expect(expected).not.toBe(actual)
    }
    expect(() => contents(again)).toThrow(CorruptionError)
    again.put('still', 'written')
    expect(again.getString('still')).toBe('written')
    again.close()
  })

  test('of a large value in a file of its own, too', () => {
    const db = openQuiet(fresh())
    db.put('large', noise(2 * MIB))
    db.put('other', '1')
    const [blob] = filesOf(db.path, '.blob')
    damage(blob!, MIB)
    const error = thrownBy(() => db.get('large')) as unknown as CorruptionError
    expect(error).toBeInstanceOf(CorruptionError)
    expect(error.details).toMatchObject({ file: blob })
    expect(Object.keys(error.details)).toEqual(expect.arrayContaining(['offset', 'expected', 'actual']))
    expect(db.getString('other')).toBe('1')
    rmSync(blob!)
    expect(thrownBy(() => db.get('large'))).toBeInstanceOf(CorruptionError)
    db.close()
  })

  test('of the log, where it had been acknowledged, keeps the store closed', () => {
    const path = fresh()
    const db = openQuiet(path, { syncMode: 'full' })
    for (let i = 0; i < 100; i++) db.put(keyOf(i), valueOf(i))
    const copy = fresh()
    cpSync(path, copy, { recursive: true })
    db.close()
    const [log] = filesOf(copy, '.wal')
    damage(log!, 2000)
    const error = thrownBy(() => openQuiet(copy)) as unknown as CorruptionError
    expect(error).toBeInstanceOf(CorruptionError)
    const { file, offset, expected, actual } = error.details
    expect(file).toBe(log)
    expect(offset).toBeGreaterThan(0)
    expect(offset).toBeLessThanOrEqual(2000)
    expect(expected).toBeDefined()
    expect(expected).not.toBe(actual)
    expect(error.message).toMatch(/restore a backup or repair/)
    expect(() => openQuiet(copy)).toThrow(CorruptionError) // it was left as it is
  })
})

test('a store of a newer format is refused, and left as it is', () => {
  const path = fresh()
  openQuiet(path).close()
  const format = join(path, 'FORMAT')
  const bytes = readFileSync(format)
  bytes.writeUInt32LE(bytes.readUInt32LE(12) + 1, 12)
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(12)), 8)
  writeFileSync(format, bytes)
  const error = thrownBy(() => openQuiet(path))
  expect(error).toBeInstanceOf(DatabaseError)
  expect(error).toMatchObject({ code: ErrorCode.FORMAT_VERSION })
  expect(error.message).toMatch(/newer/)
  expect(readFileSync(format).equals(bytes)).toBe(true)
})

/** As native/base/crc32c.h has it. */
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

describe('a directory that is deleted while the store is open', () => {
  test('ends writing with an error that says so; reading and closing do not crash', async () => {
    const path = fresh()
    const db = openQuiet(path, { memtableSizeBytes: 64 * 1024 })
    fill(db, 2000)
    db.compact()
    db.put('large', noise(2 * MIB))
    rmSync(path, { recursive: true })
    for (const read of [() => db.getString(keyOf(1)), () => db.get('large'), () => contents(db), () => db.verify()]) {
      try {
        read()
      } catch (error) {
        expect(error).toBeInstanceOf(SochDBError)
      }
    }
    let error: unknown
    until('a write is refused', () => {
      try {
        db.put('k', noise(10_000))
        return false
      } catch (caught) {
        error = caught
        return true
      }
    })
    expect(error).toBeInstanceOf(DatabaseError)
    expect((error as Error).message).toMatch(/deleted|No such file/)
    await expect(db.async.put('k', 'v')).rejects.toBeInstanceOf(DatabaseError)
    expect(() => db.recovery().checkpoint()).toThrow(SochDBError)
    expect(thrownBy(() => db.close())).toBeInstanceOf(SochDBError)
    expect(db.isOpen).toBe(false)
    const again = openQuiet(path)
    expect(contents(again).size).toBe(0)
    again.close()
  })

  test('also where nothing needs a new file: the background looks', () => {
    const path = fresh()
    const db = openQuiet(path)
    db.put('a', '1')
    rmSync(path, { recursive: true })
    let error: unknown
    until('a write is refused', () => {
      try {
        db.put('a', '2')
        return false
      } catch (caught) {
        error = caught
        return true
      }
    })
    expect(error).toMatchObject({ code: ErrorCode.READ_ONLY })
    expect((error as Error).message).toMatch(/directory of the store was deleted/)
    expect(db.getString('a')).toBeDefined()
    expect(() => db.close()).toThrow(DatabaseError)
  })

  test('is not shared with who opens the path again', () => {
    const path = fresh()
    const db = openQuiet(path)
    rmSync(path, { recursive: true })
    const error = thrownBy(() => openQuiet(path))
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error.message).toMatch(/deleted or replaced/)
    expect(() => db.close()).toThrow()
    openQuiet(path).close()
  })
})

describe('paths that can hold no store', () => {
  test('a file says that it is one', () => {
    const file = directory('a-file')
    writeFileSync(file, 'text')
    for (const options of [{}, { readOnly: true }]) {
      const error = thrownBy(() => openQuiet(file, options))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(/is a file. A store is a directory/)
    }
    const below = thrownBy(() => openQuiet(join(file, 'store')))
    expect(below).toBeInstanceOf(DatabaseError)
    expect(below.message).toContain(file)
    expect(readFileSync(file, 'utf8')).toBe('text')
  })

  test('a directory with other things in it is left alone', () => {
    const path = fresh()
    mkdirSync(path)
    writeFileSync(join(path, 'notes.txt'), 'mine')
    const error = thrownBy(() => openQuiet(path))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(/notes\.txt/)
    expect(existsSync(join(path, 'FORMAT'))).toBe(false)
  })

  test('reading what is not there makes nothing', () => {
    const path = fresh()
    const error = thrownBy(() => openQuiet(path, { readOnly: true }))
    expect(error).toMatchObject({ code: ErrorCode.NOT_FOUND })
    expect(error.message).toMatch(/no store.*readOnly/)
    expect(existsSync(path)).toBe(false)
  })
})

test('a directory that may not be written to opens for reading, its log included, and says what is missing for more', async () => {
  const path = fresh()
  const db = openQuiet(path)
  fill(db, 500)
  db.put('key', '1')
  db.recovery().checkpoint()
  db.put('logged', 'yes')
  db.sync()
  const copy = fresh()
  cpSync(path, copy, { recursive: true })
  db.close()
  for (const file of [copy, ...filesOf(copy)]) chmodSync(file, file === copy ? 0o555 : 0o444)
  for (const name of ['wal', 'tables', 'blobs']) chmodSync(join(copy, name), 0o555)
  chmodSync(dirname(copy), 0o755)
  if (isRoot) for (const file of filesOf(copy)) chownSync(file, 0, 0)
  interface Report {
    readonly toWrite: Described
    readonly toMake: Described
    readonly byPromise: Described
    readonly value: string
    readonly logged: string | null
    readonly rows: number
    readonly write: Described
    readonly isValid: boolean
    readonly closed: Outcome
    readonly inspection: Outcome
  }
  const report = await run<Report>(['no-permission', copy], isRoot ? { env: { SOCHDB_TEST_UID: NOBODY } } : {})
  for (const error of [report.toWrite, report.toMake, report.byPromise]) {
    expect(error).toMatchObject({ name: 'DatabaseError', code: 'IO_ERROR', details: { errno: 13 } })
    expect(error.message).toMatch(/[Pp]ermission denied/)
    expect(error.message).toContain(copy)
    expect(error.remediation).toMatch(/permissions/)
  }
  expect(report).toMatchObject({ value: '1', logged: 'yes', rows: 502, isValid: true, closed: { value: null } })
  expect(report.write).toMatchObject({ name: 'DatabaseError', code: 'READ_ONLY' })
  expect(report.inspection).toMatchObject({ value: { isStore: true, wasClean: false } })
  for (const name of ['', 'wal', 'tables', 'blobs']) chmodSync(join(copy, name), 0o755)
})

describe('ten thousand iterators at once', () => {
  const COUNT = 10_000
  const ROWS = 100
  let db: Database
  beforeEach(() => {
    db = openQuiet(fresh())
    for (let i = 0; i < ROWS; i++) db.put(keyOf(i), valueOf(i))
    db.compact()
  })
  afterEach(() => db.close())

  const sources = [
    ['of a database', () => ({ source: db, end: () => undefined })],
    [
      'of one transaction',
      () => {
        const txn = db.beginTransaction()
        txn.put(keyOf(ROWS), 'own')
        return { source: txn, end: () => txn.abort() }
      },
    ],
    [
      'of one snapshot',
      () => {
        const snapshot = db.snapshot()
        return { source: snapshot, end: () => snapshot.close() }
      },
    ],
  ] as const

  test.each(sources)('%s stand apart, in bounded memory, and are gone when they are closed', (_name, begin) => {
    const { source, end } = begin()
    const iterators: Iterator<[Buffer, Buffer]>[] = []
    const before = process.memoryUsage().rss
    for (let i = 0; i < COUNT; i++) {
      // One row at a time: each is at a place of its own.
      const iterator = source.scanBatched('key:', { batchSize: 1 })[Symbol.iterator]()
      expect(iterator.next().value?.[0].toString()).toBe(keyOf(0))
      iterators.push(iterator)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(COUNT * 32 * 1024)
    expect(db.stats().activeSnapshots).toBeGreaterThanOrEqual(COUNT)
    iterators.forEach((iterator, i) => {
      for (let n = 0; n < i % 3; n++) iterator.next()
    })
    iterators.forEach((iterator, i) => {
      if (i % 100 === 0) expect(iterator.next().value?.[0].toString()).toBe(keyOf((i % 3) + 1))
    })
    // In an order of their own: those in the middle first.
    for (let i = 0; i < COUNT; i++) iterators[(i * 7919) % COUNT]?.return?.()
    expect(db.stats().activeSnapshots).toBeLessThanOrEqual(1)
    end()
    expect(db.stats().activeSnapshots).toBe(0)
  })

  test('end with the transaction that they are of', () => {
    const txn = db.beginTransaction()
    const iterators = Array.from({ length: COUNT }, () => txn.scanBatched('key:', { batchSize: 1 })[Symbol.iterator]())
    for (const iterator of iterators) iterator.next()
    txn.abort()
    expect(db.stats().activeSnapshots).toBe(0)
    expect(() => iterators[17]?.next()).toThrow(SochDBError)
  })
})

test('a snapshot that stays open under heavy overwriting costs one version a key, in memory and on disk', () => {
  const KEYS = 300
  const memtableSizeBytes = 64 * 1024
  const db = openQuiet(fresh(), { retentionMs: 0, memtableSizeBytes, syncMode: 'off' })
  const put = (round: number): void => {
    for (let i = 0; i < KEYS; i++) db.put(keyOf(i), noise(500).fill(`${round}:`, 0, 8))
  }
  put(0)
  const entries = (): number => db.storageStats().levelStats.reduce((sum, level) => sum + level.entries, 0)
  const bytes = (): number => db.storageStats().levelStats.reduce((sum, level) => sum + level.sizeBytes, 0)
  db.compact()
  const one = bytes()
  const snapshot = db.snapshot()
  for (let round = 1; round <= 60; round++) {
    put(round)
    // What waits to be flushed is bounded; what waits to be compacted too (the runs at which writes stop).
    expect(db.stats().memoryBytes).toBeLessThan(8 * memtableSizeBytes)
    expect(bytes()).toBeLessThan(one * 2 + 48 * 3 * memtableSizeBytes)
  }
  db.compact()
  expect(entries()).toBe(2 * KEYS)
  expect(bytes()).toBeLessThan(2.2 * one)
  for (let i = 0; i < KEYS; i++) {
    expect(snapshot.get(keyOf(i))?.toString('latin1', 0, 2)).toBe('0:')
    expect(db.get(keyOf(i))?.toString('latin1', 0, 3)).toBe('60:')
  }
  expect(db.stats().snapshotBytes).toBe(KEYS * (keyOf(0).length + 4 + 500))
  snapshot.close()
  put(61)
  db.compact()
  expect(entries()).toBe(KEYS)
  db.close()
})
