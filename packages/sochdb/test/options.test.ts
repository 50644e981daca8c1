import { Database, IsolationLevel, SyncMode, ValidationError } from 'sochdb'
import type { LogEntry } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory, thrownBy } from './support/temporary.js'

const directory = temporaryDirectory()

/** An option with values that are honoured, and values that are refused. */
const options: Readonly<Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  walEnabled: { good: [true, false], bad: [1, 'true', null] },
  syncMode: { good: ['full', 'normal', 'off'], bad: ['FULL', 'fast', 1, null, ['full']] },
  groupCommit: { good: [true, false], bad: [0, 'no'] },
  transactionTimeoutMs: { good: [0, 1, 60_000], bad: [-1, 1.5, NaN, Infinity, '5', 5n, 3e9] },
  maxTransactionBytes: { good: [65_536, 2 ** 30], bad: [0, 65_535, 2 ** 31, '1mb'] },
  readOnly: { good: [true, false], bad: ['yes', 1] },
  logger: { good: [(entry: unknown) => void entry], bad: [{}, 'stderr', null] },
  logLevel: { good: ['off', 'error', 'warn', 'info', 'debug'], bad: ['verbose', 3] },
  compression: { good: ['none', 'lz4', 'zstd'], bad: ['gzip', true, 1] },
  compressionLevel: { good: [0, 3, 22], bad: [-1, 23, 1.5, '3'] },
  walCompression: { good: [false, true, 'none', 'lz4', 'zstd'], bad: ['no', 1, null] },
  indexPolicy: {
    good: ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly', 'APPEND_ONLY', 0, 3],
    bad: ['fast', 4, -1, null],
  },
  memtableSizeBytes: { good: [65_536, 2 ** 30], bad: [0, 65_535, '64mb', 2 ** 35] },
  blockCacheSizeBytes: { good: [0, 1_000_000], bad: [-1, 0.5, '1'] },
  graphCacheSizeBytes: { good: [0, 1_000_000], bad: [-1, 0.5, '1'] },
  compactionThreads: { good: [1, 16], bad: [0, 17, '1'] },
  flushThreads: { good: [1, 2], bad: [0, 17] },
  retentionMs: { good: [0, 1000, 1e12], bad: [-1, 1.5, Infinity, '1d'] },
  queryMemoryBytes: { good: [2 ** 20, 2 ** 30], bad: [0, 1000, '1gb', 2 ** 40] },
  learnedNavigator: { good: [true, false], bad: ['yes', 1, null] },
}

describe.each(Object.entries(options))('%s', (name, { good, bad }) => {
  test('takes what it says', () => {
    const logger = () => undefined
    for (const value of [...good, undefined]) Database.open(':memory:', { logger, [name]: value }).close()
  })

  test('refuses everything else by name, and says what it takes', () => {
    for (const value of bad) {
      const error = thrownBy(() => Database.open(':memory:', { [name]: value } as never))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(new RegExp(`^Option "${name}" of Database.open takes .+; this is .+\\.$`))
      expect(error.details).toMatchObject({ option: name })
    }
  })
})

test('an unknown option is refused, and the known ones are listed', () => {
  const error = thrownBy(() => Database.open(':memory:', { synMode: 'full' } as never))
  expect(error).toBeInstanceOf(ValidationError)
  expect(error.message).toMatch(/no option "synMode".*syncMode/)
  for (const bad of [null, 5, 'full', [], new Uint8Array(1), () => undefined]) {
    expect(() => Database.open(':memory:', bad as never)).toThrow(ValidationError)
  }
})

test('a refused option leaves no store behind', () => {
  const path = directory('refused')
  expect(() => Database.open(path, { compression: 'gzip' as never })).toThrow(/'none', 'lz4', 'zstd'/)
  expect(() => Database.open(path, { readOnly: true })).toThrow()
})

test('config() tells what is in effect, and cannot be changed', () => {
  const db = openTestDatabase({ syncMode: 'off', transactionTimeoutMs: 5000 })
  expect(db.config()).toEqual({
    path: ':memory:',
    walEnabled: true,
    syncMode: 'off',
    groupCommit: true,
    transactionTimeoutMs: 5000,
    maxTransactionBytes: 256 * 1024 * 1024,
    readOnly: false,
    compression: 'lz4',
    compressionLevel: 0,
    walCompression: 'none',
    indexPolicy: 'balanced',
    memtableSizeBytes: 64 * 1024 * 1024,
    blockCacheSizeBytes: 256 * 1024 * 1024,
    graphCacheSizeBytes: 64 * 1024 * 1024,
    compactionThreads: 1,
    flushThreads: 1,
    retentionMs: 24 * 3600 * 1000,
    queryMemoryBytes: 256 * 1024 * 1024,
    learnedNavigator: false,
    logLevel: 'off',
  })
  expect(Object.isFrozen(db.config())).toBe(true)
  db.close()
})

test('the constant objects are frozen, and their values are what options take', () => {
  expect(SyncMode).toEqual({ FULL: 'full', NORMAL: 'normal', OFF: 'off' })
  expect(IsolationLevel.READ_COMMITTED).toBe('readCommitted')
  expect(Object.isFrozen(SyncMode) && Object.isFrozen(IsolationLevel)).toBe(true)
  openTestDatabase({ syncMode: SyncMode.FULL }).close()
})

test('each mode of syncing keeps what was written over a clean close', () => {
  for (const syncMode of Object.values(SyncMode)) {
    for (const walEnabled of [true, false]) {
      const path = directory(`sync-${syncMode}-${String(walEnabled)}`)
      const first = Database.open(path, { syncMode, walEnabled, logLevel: 'off' })
      first.put('a', '1')
      first.putBatch([['b', '2']])
      first.delete('a')
      first.close()
      const second = Database.open(path, { syncMode, walEnabled, logLevel: 'off' })
      expect([...second.scanPrefixUnchecked('')].map(([key]) => key.toString())).toEqual(['b'])
      second.close()
    }
  }
})

test('the logger gets entries at its level and above; one that throws breaks nothing', () => {
  const entries: LogEntry[] = []
  const log = (level: 'info' | 'debug') =>
    Database.open(':memory:', { logger: entry => entries.push(entry), logLevel: level })
  log('info').close()
  expect(entries.map(entry => entry.message)).toEqual(['opened'])
  log('debug').close()
  expect(entries.map(entry => entry.level)).toEqual(['info', 'info', 'debug'])
  Database.open(':memory:', {
    logLevel: 'debug',
    logger: () => {
      throw new Error('mine')
    },
  }).close()
})

test('SOCHDB_LOG_LEVEL sets the level; a wrong one is an error', () => {
  const before = process.env['SOCHDB_LOG_LEVEL']
  try {
    process.env['SOCHDB_LOG_LEVEL'] = 'ERROR'
    const db = Database.open(':memory:')
    expect(db.config().logLevel).toBe('error')
    db.close()
    process.env['SOCHDB_LOG_LEVEL'] = 'loud'
    expect(() => Database.open(':memory:')).toThrow(
      /SOCHDB_LOG_LEVEL is "loud"; it takes off, error, warn, info, debug/,
    )
  } finally {
    if (before === undefined) delete process.env['SOCHDB_LOG_LEVEL']
    else process.env['SOCHDB_LOG_LEVEL'] = before
  }
})
