/**
 * From the engine's codes (native/base/status.h) to the error classes of the public API.
 */
import { ErrorCode } from './error-code.js'
import {
  CheckError,
  CorruptionError,
  DatabaseError,
  DatabaseLockedError,
  DiskFullError,
  ForeignKeyError,
  NamespaceNotFoundError,
  NotNullError,
  QueryError,
  QueryTimeoutError,
  SochDBError,
  TransactionConflictError,
  TransactionError,
  TransactionTimeoutError,
  UniqueConstraintError,
  ValidationError,
} from './errors.js'

/** The numbers of `enum class Code`; they never change. */
export const NativeCode = Object.freeze({
  NOT_FOUND: 1,
  INVALID_ARGUMENT: 2,
  CONFLICT: 3,
  TIMEOUT: 4,
  CANCELLED: 5,
  CORRUPTION: 6,
  IO_ERROR: 7,
  DISK_FULL: 8,
  LOCKED: 9,
  READ_ONLY: 10,
  CLOSED: 11,
  TRANSACTION: 12,
  LIMIT: 13,
  SCHEMA_CHANGED: 14,
  UNIQUE: 15,
  FOREIGN_KEY: 16,
  NOT_NULL: 17,
  CHECK: 18,
  UNSUPPORTED: 19,
  INTERNAL: 20,
  OUT_OF_MEMORY: 21,
  FORMAT_VERSION: 22,
} as const)

/** What a native function throws. */
export interface NativeError {
  readonly nativeCode: number
  readonly message: string
  readonly details?: Readonly<Record<string, string>>
}

/** What was going on, where one native code stands for different classes: running out of time, mostly. */
export type ErrorContext = 'database' | 'transaction' | 'query'

export function isNativeError(error: unknown): error is NativeError {
  return (
    typeof error === 'object' && error !== null && typeof (error as { nativeCode?: unknown }).nativeCode === 'number'
  )
}

const numeric = new Set([
  'pid',
  'offset',
  'errno',
  'limit',
  'bytes',
  'expected',
  'actual',
  'lsn',
  'timeoutMs',
  'waitedMs',
  'waitingBytes',
  'waitingMemtables',
  'runs',
])

/** Details come as strings; those that count something become numbers where they are exact. Errors go into JSON: no bigints. */
function readDetails(details: Readonly<Record<string, string>> | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details ?? {}).map(([name, value]) => [
      name,
      numeric.has(name) && /^\d{1,15}$/.test(value) ? Number(value) : value,
    ]),
  )
}

type Details = Record<string, unknown>
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const constraint = (details: Details) => ({
  details,
  table: text(details['table']),
  constraint: text(details['constraint'] ?? details['index']),
})

/** One entry for each code whose class depends on nothing else. */
const byCode: Readonly<Record<number, (message: string, details: Details) => SochDBError>> = {
  [NativeCode.NOT_FOUND]: (m, details) => {
    const namespace = text(details['namespace'])
    return namespace === undefined
      ? new DatabaseError(m, { code: ErrorCode.NOT_FOUND, details, remediation: 'Check the path or the name.' })
      : new NamespaceNotFoundError(m, { details, namespace })
  },
  [NativeCode.INVALID_ARGUMENT]: (m, details) =>
    // A function of SQL that cannot compute what it was given says which it is; so does a part of a statement.
    'function' in details || 'clause' in details ? new QueryError(m, { details }) : new ValidationError(m, { details }),
  [NativeCode.CONFLICT]: (m, details) => new TransactionConflictError(m, { details }),
  [NativeCode.CANCELLED]: (m, details) =>
    new QueryError(m, { code: ErrorCode.QUERY_CANCELLED, details, remediation: 'It was asked for: nothing to do.' }),
  [NativeCode.CORRUPTION]: (m, details) => new CorruptionError(m, { details }),
  [NativeCode.IO_ERROR]: (m, details) =>
    new DatabaseError(m, {
      code: ErrorCode.IO_ERROR,
      details,
      remediation: 'Check the path, its permissions and the disk.',
    }),
  [NativeCode.DISK_FULL]: (m, details) => new DiskFullError(m, { details }),
  [NativeCode.LOCKED]: (m, details) => {
    const pid = details['pid']
    return new DatabaseLockedError(m, { details, pid: typeof pid === 'number' ? pid : undefined })
  },
  [NativeCode.READ_ONLY]: (m, details) =>
    new DatabaseError(m, {
      code: ErrorCode.READ_ONLY,
      details,
      remediation: 'Open the database again, without readOnly, to write.',
    }),
  [NativeCode.CLOSED]: (m, details) =>
    new DatabaseError(m, { code: ErrorCode.DATABASE_CLOSED, details, remediation: 'Open it again.' }),
  [NativeCode.TRANSACTION]: (m, details) => new TransactionError(m, { details }),
  [NativeCode.LIMIT]: (m, details) =>
    new DatabaseError(m, {
      code: ErrorCode.LIMIT_EXCEEDED,
      details,
      remediation:
        details['limit'] === 'retentionMs'
          ? 'Name a later moment, or open the database with a larger retentionMs for what is written from then on.'
          : 'Do it in smaller parts, or raise the limit.',
    }),
  [NativeCode.SCHEMA_CHANGED]: (m, details) =>
    new QueryError(m, {
      code: ErrorCode.SCHEMA_CHANGED,
      details,
      remediation: 'Run the statement again.',
      retryable: true,
    }),
  [NativeCode.UNIQUE]: (m, details) => new UniqueConstraintError(m, constraint(details)),
  [NativeCode.FOREIGN_KEY]: (m, details) => new ForeignKeyError(m, constraint(details)),
  [NativeCode.NOT_NULL]: (m, details) =>
    new NotNullError(m, { ...constraint(details), column: text(details['column']) }),
  [NativeCode.CHECK]: (m, details) => new CheckError(m, constraint(details)),
  [NativeCode.UNSUPPORTED]: (m, details) =>
    new SochDBError(m, { code: ErrorCode.UNSUPPORTED, details, remediation: 'Do it another way; see the message.' }),
  [NativeCode.OUT_OF_MEMORY]: (m, details) =>
    new DatabaseError(m, {
      code: ErrorCode.OUT_OF_MEMORY,
      details,
      remediation: 'Give the process more memory, or do it in smaller parts.',
    }),
  [NativeCode.FORMAT_VERSION]: (m, details) =>
    new DatabaseError(m, {
      code: ErrorCode.FORMAT_VERSION,
      details,
      remediation: 'Open the store with the version of SochDB that wrote it, or a newer one.',
    }),
}

/** For writes that waited in vain for flushes or compactions (native/engine/write_throttle.h). */
const WAIT_FOR_COMPACTION =
  'Wait a little and do it again. Where it happens often: fewer writers at a time, a larger memtableSizeBytes, indexPolicy writeOptimized, or a larger timeoutMs.'

/** The public error for what a native function threw; anything else comes back as it is. */
export function errorFromNative(error: unknown, context: ErrorContext = 'database'): unknown {
  if (!isNativeError(error)) return error
  const details = readDetails(error.details)
  if (error.nativeCode === NativeCode.TIMEOUT) {
    const options = { details, ...(details['stall'] !== undefined && { remediation: WAIT_FOR_COMPACTION }) }
    return context === 'query'
      ? new QueryTimeoutError(error.message, options)
      : new TransactionTimeoutError(error.message, options)
  }
  const make = byCode[error.nativeCode]
  return make === undefined ? new SochDBError(error.message, { details }) : make(error.message, details)
}
