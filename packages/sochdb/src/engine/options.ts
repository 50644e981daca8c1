import { ValidationError } from '../errors/index.js'
import { boolean, callable, checkOptions, MAX_TIMEOUT_MS, oneOf, whole } from './check.js'
import type { Check } from './check.js'
import type { CompressionType, IndexPolicy, LogLevel, SyncMode } from './constants.js'

export interface LogEntry {
  readonly level: Exclude<LogLevel, 'off'>
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * How a database is opened. Unknown options, wrong types and values out of range are `ValidationError`s; so are values that
 * this version cannot honour, which the comments name.
 */
export interface DatabaseOptions {
  /** Whether commits are logged. Without the log, only a clean `close` makes them durable. Default true. */
  readonly walEnabled?: boolean
  /** When a commit is acknowledged (`SyncMode`). Default `normal`. */
  readonly syncMode?: SyncMode
  /** Whether commits that wait for the disk at the same time share one sync. Default true. */
  readonly groupCommit?: boolean
  /** Transactions that are open longer are aborted at their next use; 0: never. Default 0. */
  readonly transactionTimeoutMs?: number
  /** The most that one transaction may write, in bytes. From 64 KiB to 1 GiB; default 256 MiB. */
  readonly maxTransactionBytes?: number
  /** Refuses writes, and does not create the store. The store is held as by any other opening. Default false. */
  readonly readOnly?: boolean
  /** Where log entries go. Default: standard error. */
  readonly logger?: (entry: LogEntry) => void
  /** The least severe entries that are logged. Default: the environment's SOCHDB_LOG_LEVEL, or `warn`. */
  readonly logLevel?: LogLevel
  /** `none`, the default: data is kept uncompressed. `lz4` and `zstd` are rejected in this version. */
  readonly compression?: CompressionType
  /** Rejected in this version, which does not compress. */
  readonly compressionLevel?: number
  /** false, the default. true is rejected in this version. */
  readonly walCompression?: boolean
  /** `balanced`, the default. Other policies are rejected in this version. */
  readonly indexPolicy?: IndexPolicy
  /** Rejected in this version, whose memtables are not flushed to tables on disk. */
  readonly memtableSizeBytes?: number
  /** Rejected in this version, which has no blocks to cache. */
  readonly blockCacheSizeBytes?: number
  /** Rejected in this version, which does not compact. */
  readonly compactionThreads?: number
  /** Rejected in this version, which does not flush. */
  readonly flushThreads?: number
  /** Rejected in this version, which keeps no history for `asOf`. */
  readonly retentionMs?: number
}

/** What a database was opened with, defaults filled in. */
export interface DatabaseConfig {
  readonly path: string
  readonly walEnabled: boolean
  readonly syncMode: SyncMode
  readonly groupCommit: boolean
  readonly transactionTimeoutMs: number
  readonly maxTransactionBytes: number
  readonly readOnly: boolean
  readonly compression: 'none'
  readonly walCompression: false
  readonly indexPolicy: 'balanced'
  readonly logLevel: LogLevel
}

const KIB = 1024
const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug']

/** An option whose machinery is not part of this version: no value of it could be honoured, so none is taken. */
const notYet =
  (why: string): Check =>
  () =>
    `no value in this version, which ${why}`
const only =
  (value: unknown, why: string): Check =>
  given =>
    given === value
      ? undefined
      : `only ${typeof value === 'string' ? `'${value}'` : String(value)} in this version, which ${why}`

const checks: Readonly<Record<keyof DatabaseOptions, Check>> = {
  walEnabled: boolean,
  syncMode: oneOf('full', 'normal', 'off'),
  groupCommit: boolean,
  transactionTimeoutMs: whole(0, MAX_TIMEOUT_MS),
  maxTransactionBytes: whole(64 * KIB, 1024 * KIB * KIB),
  readOnly: boolean,
  logger: callable,
  logLevel: oneOf(...LEVELS),
  compression: only('none', 'keeps data uncompressed'),
  compressionLevel: notYet('keeps data uncompressed'),
  walCompression: only(false, 'keeps its log uncompressed'),
  indexPolicy: only('balanced', 'lays all data out alike'),
  memtableSizeBytes: notYet('does not flush memtables to tables on disk'),
  blockCacheSizeBytes: notYet('has no blocks on disk to cache'),
  compactionThreads: notYet('does not compact'),
  flushThreads: notYet('does not flush'),
  retentionMs: notYet('keeps no history for asOf'),
}

function logLevelFromEnvironment(): LogLevel {
  const level = process.env['SOCHDB_LOG_LEVEL']?.toLowerCase()
  if (level === undefined || level === '') return 'warn'
  if (LEVELS.includes(level as LogLevel)) return level as LogLevel
  throw new ValidationError(`SOCHDB_LOG_LEVEL is "${level}"; it takes ${LEVELS.join(', ')}.`, {
    details: { option: 'SOCHDB_LOG_LEVEL' },
  })
}

export function checkDatabaseOptions(
  path: unknown,
  options: unknown,
): { readonly config: DatabaseConfig; readonly logger: DatabaseOptions['logger'] } {
  if (typeof path !== 'string' || path === '') {
    throw new ValidationError("Database.open takes the path of a directory, or ':memory:'.", {
      details: { argument: 'path' },
    })
  }
  const given = checkOptions(options, checks, 'Database.open') as DatabaseOptions
  const config: DatabaseConfig = Object.freeze({
    path,
    walEnabled: given.walEnabled ?? true,
    syncMode: given.syncMode ?? 'normal',
    groupCommit: given.groupCommit ?? true,
    transactionTimeoutMs: given.transactionTimeoutMs ?? 0,
    maxTransactionBytes: given.maxTransactionBytes ?? 256 * KIB * KIB,
    readOnly: given.readOnly ?? false,
    compression: 'none',
    walCompression: false,
    indexPolicy: 'balanced',
    logLevel: given.logLevel ?? logLevelFromEnvironment(),
  })
  return { config, logger: given.logger }
}
