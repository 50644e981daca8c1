/**
 * When a commit is acknowledged: `full` after it is durable, `normal` after the operating system has it (it survives the
 * death of the process, not a power loss), `off` at once (a crash may lose the last tenth of a second).
 */
export const SyncMode = Object.freeze({ FULL: 'full', NORMAL: 'normal', OFF: 'off' } as const)
export type SyncMode = (typeof SyncMode)[keyof typeof SyncMode]

/** What a transaction is protected from; see `docs/` for what each level allows. */
export const IsolationLevel = Object.freeze({
  SERIALIZABLE: 'serializable',
  SNAPSHOT: 'snapshot',
  READ_COMMITTED: 'readCommitted',
} as const)
export type IsolationLevel = (typeof IsolationLevel)[keyof typeof IsolationLevel]

export const CompressionType = Object.freeze({ NONE: 'none', LZ4: 'lz4', ZSTD: 'zstd' } as const)
export type CompressionType = (typeof CompressionType)[keyof typeof CompressionType]

/** How the data of a table or key range is laid out and compacted. */
export type IndexPolicy = 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'

export const LogLevel = Object.freeze({
  OFF: 'off',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
} as const)
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel]

/** The numbers of native/base/types.h. */
export const SYNC_MODE_NUMBER: Readonly<Record<SyncMode, number>> = Object.freeze({ off: 0, normal: 1, full: 2 })
export const ISOLATION_NUMBER: Readonly<Record<IsolationLevel, number>> = Object.freeze({
  serializable: 0,
  snapshot: 1,
  readCommitted: 2,
})

/** The id of the namespace `default`, which always exists: what `db.X` means. */
export const DEFAULT_NAMESPACE_ID = 1
