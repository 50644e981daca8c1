import { ValidationError } from '../errors/index.js'
import { boolean, callable, checkOptions, MAX_TIMEOUT_MS, oneOf, whole } from './check.js'
import type { Check } from './check.js'
import { INDEX_POLICY_NUMBER, indexPolicyName } from './constants.js'
import type { CompressionType, IndexPolicy, LogLevel, SyncMode } from './constants.js'

/** What a `logger` is called with. */
export interface LogEntry {
  readonly level: Exclude<LogLevel, 'off'>
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** How a database is opened. Unknown options, wrong types and values out of range are `ValidationError`s. */
export interface DatabaseOptions {
  /**
   * Whether commits are logged. Without the log, only a clean `close`, `sync` and `recovery().checkpoint()` make them durable,
   * all together. Default true.
   */
  readonly walEnabled?: boolean
  /** When a commit is acknowledged (`SyncMode`). Default `normal`. */
  readonly syncMode?: SyncMode
  /** Whether commits that wait for the disk at the same time share one sync. Default true. */
  readonly groupCommit?: boolean
  /** Transactions that are open longer are aborted at their next use; 0: never. Default 0. */
  readonly transactionTimeoutMs?: number
  /** The most that one transaction may write, in bytes. From 64 KiB to 1 GiB; default 256 MiB. */
  readonly maxTransactionBytes?: number
  /**
   * Refuses writes, creates nothing and changes nothing on disk. Beside another process that has the store open it sees what that
   * one's last flush or checkpoint has put into tables; otherwise everything. Default false.
   */
  readonly readOnly?: boolean
  /** Where log entries go. Default: standard error. */
  readonly logger?: (entry: LogEntry) => void
  /** The least severe entries that are logged. Default: the environment's SOCHDB_LOG_LEVEL, or `warn`. */
  readonly logLevel?: LogLevel
  /** How blocks of tables on disk are compressed. `zstd` needs the sources of the package zstd-napi where the addon is built; released addons have it. Default `lz4`. */
  readonly compression?: CompressionType
  /** Of `zstd`: 1 (fast) to 22 (small); other codecs have none. 0, the default: the codec's own. */
  readonly compressionLevel?: number
  /** Whether payloads of the log are compressed: false, true (`lz4`) or a codec. Default false. */
  readonly walCompression?: boolean | CompressionType
  /** How keys (not tables) are laid out and compacted. Kept by the store; another one rebuilds in the background. Default: the store's, `balanced` for a new one. */
  readonly indexPolicy?: IndexPolicy
  /** What is written is kept in memory up to this before it goes to tables on disk. From 64 KiB to 16 GiB; default 64 MiB. */
  readonly memtableSizeBytes?: number
  /** Memory for uncompressed blocks of tables and the columns that scans decode from them; 0: none. To 1 TiB; default 256 MiB. */
  readonly blockCacheSizeBytes?: number
  /** Memory for nodes and edges that walks have met; 0: none. To 1 TiB; default 64 MiB. */
  readonly graphCacheSizeBytes?: number
  /** Threads that merge tables in the background. From 1 to 16; default 1. */
  readonly compactionThreads?: number
  /** Threads that write memory to tables in the background. From 1 to 16; default 1. */
  readonly flushThreads?: number
  /** How far back reads `asOf` a time reach; older versions that no open snapshot needs are dropped. Default 24 hours. */
  readonly retentionMs?: number
  /** Memory that one SQL statement may use for sorts, groups and joins; beyond it fails. From 1 MiB to 64 GiB; default 256 MiB. */
  readonly queryMemoryBytes?: number
  /** Experimental: whether collections may have a learned navigator (`trainNavigator`). Default false. */
  readonly learnedNavigator?: boolean
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
  readonly compression: CompressionType
  readonly compressionLevel: number
  readonly walCompression: CompressionType
  readonly indexPolicy: IndexPolicy
  readonly memtableSizeBytes: number
  readonly blockCacheSizeBytes: number
  readonly graphCacheSizeBytes: number
  readonly compactionThreads: number
  readonly flushThreads: number
  readonly retentionMs: number
  readonly queryMemoryBytes: number
  readonly learnedNavigator: boolean
  readonly logLevel: LogLevel
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug']
const MAX_THREADS = 16
const MAX_RETENTION_MS = 100 * 366 * 24 * 3600 * 1000

const codec = oneOf('none', 'lz4', 'zstd')
const codecOrBoolean: Check = value =>
  typeof value === 'boolean' || codec(value) === undefined ? undefined : `true, false, ${codec(undefined)}`
const policy: Check = value => {
  try {
    indexPolicyName(value)
    return undefined
  } catch {
    return `${Object.keys(INDEX_POLICY_NUMBER)
      .map(name => `'${name}'`)
      .join(', ')}, or its number from 0 to 3`
  }
}

const checks: Readonly<Record<keyof DatabaseOptions, Check>> = {
  walEnabled: boolean,
  syncMode: oneOf('full', 'normal', 'off'),
  groupCommit: boolean,
  transactionTimeoutMs: whole(0, MAX_TIMEOUT_MS),
  maxTransactionBytes: whole(64 * KIB, GIB),
  readOnly: boolean,
  logger: callable,
  logLevel: oneOf(...LEVELS),
  compression: codec,
  compressionLevel: whole(0, 22),
  walCompression: codecOrBoolean,
  indexPolicy: policy,
  memtableSizeBytes: whole(64 * KIB, 16 * GIB),
  blockCacheSizeBytes: whole(0, 1024 * GIB),
  graphCacheSizeBytes: whole(0, 1024 * GIB),
  compactionThreads: whole(1, MAX_THREADS),
  flushThreads: whole(1, MAX_THREADS),
  retentionMs: whole(0, MAX_RETENTION_MS),
  queryMemoryBytes: whole(MIB, 64 * GIB),
  learnedNavigator: boolean,
}

function logLevelFromEnvironment(): LogLevel {
  const level = process.env['SOCHDB_LOG_LEVEL']?.toLowerCase()
  if (level === undefined || level === '') return 'warn'
  if (LEVELS.includes(level as LogLevel)) return level as LogLevel
  throw new ValidationError(`SOCHDB_LOG_LEVEL is "${level}"; it takes ${LEVELS.join(', ')}.`, {
    details: { option: 'SOCHDB_LOG_LEVEL' },
  })
}

const walCodec = (given: boolean | CompressionType | undefined): CompressionType =>
  given === true ? 'lz4' : given === false || given === undefined ? 'none' : given

/** What an opening asks for: everything but the policy of keys, which is the store's own unless `indexPolicy` names one. */
export interface OpenRequest {
  readonly config: Omit<DatabaseConfig, 'indexPolicy'>
  readonly indexPolicy: IndexPolicy | undefined
  readonly logger: DatabaseOptions['logger']
}

export function checkDatabaseOptions(path: unknown, options: unknown): OpenRequest {
  if (typeof path !== 'string' || path === '') {
    throw new ValidationError("Database.open takes the path of a directory, or ':memory:'.", {
      details: { argument: 'path' },
    })
  }
  const given = checkOptions(options, checks, 'Database.open') as DatabaseOptions
  const config: OpenRequest['config'] = {
    path,
    walEnabled: given.walEnabled ?? true,
    syncMode: given.syncMode ?? 'normal',
    groupCommit: given.groupCommit ?? true,
    transactionTimeoutMs: given.transactionTimeoutMs ?? 0,
    maxTransactionBytes: given.maxTransactionBytes ?? 256 * MIB,
    readOnly: given.readOnly ?? false,
    compression: given.compression ?? 'lz4',
    compressionLevel: given.compressionLevel ?? 0,
    walCompression: walCodec(given.walCompression),
    memtableSizeBytes: given.memtableSizeBytes ?? 64 * MIB,
    blockCacheSizeBytes: given.blockCacheSizeBytes ?? 256 * MIB,
    graphCacheSizeBytes: given.graphCacheSizeBytes ?? 64 * MIB,
    compactionThreads: given.compactionThreads ?? 1,
    flushThreads: given.flushThreads ?? 1,
    retentionMs: given.retentionMs ?? 24 * 3600 * 1000,
    queryMemoryBytes: given.queryMemoryBytes ?? 256 * MIB,
    learnedNavigator: given.learnedNavigator ?? false,
    logLevel: given.logLevel ?? logLevelFromEnvironment(),
  }
  const indexPolicy = given.indexPolicy === undefined ? undefined : indexPolicyName(given.indexPolicy)
  return { config, indexPolicy, logger: given.logger }
}
