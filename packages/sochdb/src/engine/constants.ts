import { describe } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'

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

/** How blocks of tables are compressed: `lz4`, the default, is fast, `zstd` smaller and slower. */
export const CompressionType = Object.freeze({ NONE: 'none', LZ4: 'lz4', ZSTD: 'zstd' } as const)
export type CompressionType = (typeof CompressionType)[keyof typeof CompressionType]

/**
 * How the data of a table, or of the keys, is laid out and compacted: `writeOptimized` rewrites the least, `balanced` is for points read
 * and written, `scanOptimized` for ranges, `appendOnly` for keys that arrive in ascending order. No policy drops data.
 */
export type IndexPolicy = 'writeOptimized' | 'balanced' | 'scanOptimized' | 'appendOnly'

/** The numbers of native/lsm/index_policy.h, which are those of the API too. */
export const INDEX_POLICY_NUMBER: Readonly<Record<IndexPolicy, number>> = Object.freeze({
  writeOptimized: 0,
  balanced: 1,
  scanOptimized: 2,
  appendOnly: 3,
})

/** By number. */
export const INDEX_POLICIES: readonly IndexPolicy[] = Object.freeze(Object.keys(INDEX_POLICY_NUMBER) as IndexPolicy[])

/**
 * A policy by its name (`writeOptimized`), the specification's spelling (`write_optimized`, in any case), or number (0 to 3).
 *
 * @throws ValidationError for anything else
 */
export function indexPolicyName(policy: unknown): IndexPolicy {
  const names = INDEX_POLICIES
  const folded = typeof policy === 'string' ? policy.toLowerCase().replaceAll('_', '') : undefined
  const found = names.find(name => INDEX_POLICY_NUMBER[name] === policy || name.toLowerCase() === folded)
  if (found !== undefined) return found
  const takes = names.map(name => `'${name}'`).join(', ')
  throw new ValidationError(`An index policy is ${takes}, or its number from 0 to 3; this is ${describe(policy)}.`, {
    details: { option: 'indexPolicy' },
  })
}

/** From which level on entries are logged. Default `warn`. */
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

/** The numbers of native/codec/compression.h. */
export const COMPRESSION_NUMBER: Readonly<Record<CompressionType, number>> = Object.freeze({ none: 0, lz4: 1, zstd: 2 })

/** The id of the namespace `default`, which always exists: what `db.X` means. */
export const DEFAULT_NAMESPACE_ID = 1
