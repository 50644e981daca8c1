/** Looking after a store: what the addon's maintenance work takes and returns, in the shapes that applications read. */
import { native } from './native.js'
import { errorFromNative, ValidationError } from '../errors/index.js'
import type { WalVerification } from './recovery.js'

/** A checkpoint: everything committed before it is in tables, and the log below it is not needed any more. */
export interface CheckpointResult {
  readonly checkpointLsn: bigint
  /** The newest commit that it covers. */
  readonly timestamp: bigint
  readonly durationMs: number
}

/** What truncating the log let go of. */
export interface TruncateResult {
  /** The log begins here now: at or below what was asked for, since its files go as a whole. */
  readonly upToLsn: bigint
  readonly bytesFreed: number
}

/** A backup: a store of its own, that opens like any other. */
export interface BackupResult {
  readonly path: string
  readonly tables: number
  /** Values above 1 MiB, each a file of its own. */
  readonly blobs: number
  readonly bytes: number
  readonly lsn: bigint
  /** The newest commit in it. */
  readonly timestamp: bigint
}

/** Something on disk that is not what was written there. */
export interface StoreFault {
  readonly part: 'format' | 'log' | 'manifest' | 'table' | 'blob' | 'derived'
  readonly file: string
  readonly offset: number
  readonly expected: string
  readonly actual: string
}

/** What reading all of a store and comparing its checksums found. */
export interface VerifyResult {
  readonly isValid: boolean
  /** At most 10,000. */
  readonly faults: readonly StoreFault[]
  readonly moreFaults: boolean
  readonly tables: number
  readonly blobs: number
  /** That were read. */
  readonly bytes: number
}

/** What a closed store looks like from outside. */
export interface StoreInspection {
  readonly isStore: boolean
  /** The process that has it open; undefined: none has. While one has, the fields that follow are undefined: they change. */
  readonly holderPid: number | undefined
  readonly formatVersion: number | undefined
  readonly wasClean: boolean | undefined
  readonly tables: number | undefined
  readonly tableBytes: number | undefined
  readonly wal: WalVerification | undefined
  /** Why it would not open: it is held, or damaged. undefined: it would, as far as can be told without reading every block. */
  readonly refusal: string | undefined
}

/** Something that a repair could not keep. Versions of keys from `fromKey` through `throughKey`, as stored, may be missing. */
export interface RepairLoss {
  readonly part: 'table' | 'log' | 'manifest' | 'blob' | 'format'
  readonly file: string
  readonly offset: number
  /** At most; 0: not known. */
  readonly entries: number
  readonly fromKey: Buffer
  readonly throughKey: Buffer
  readonly reason: string
}

/** What a repair did, and what it could not keep. `sound`: there was nothing to repair. */
export interface RepairResult {
  readonly status: 'sound' | 'repaired'
  readonly losses: readonly RepairLoss[]
  readonly moreLosses: boolean
  /** Where the originals of what was replaced are now. Nothing is thrown away. */
  readonly moved: readonly string[]
  readonly tablesKept: number
  readonly tablesRewritten: number
  readonly tablesLost: number
  readonly logEntriesKept: number
  readonly logBytesLost: number
}

/** What the addon returns, by the kind of work. */
export interface NativeOutcomes {
  flush: undefined
  compact: undefined
  compactLevel: undefined
  checkpoint: { readonly lsn: bigint; readonly timestamp: bigint; readonly micros: number }
  truncateWal: { readonly uptoLsn: bigint; readonly bytesFreed: number }
  backup: Omit<BackupResult, 'path'>
  verify: Omit<VerifyResult, 'isValid' | 'moreFaults'> & { readonly truncated: boolean }
}
export type MaintenanceKind = keyof NativeOutcomes

type NativeVerifyReport = ReturnType<typeof native.verifyWal>

export interface NativeStoreOutcomes {
  inspect: {
    readonly isStore: boolean
    readonly locked: boolean
    readonly holderPid: number
    readonly formatVersion: number
    readonly wasClean: boolean
    readonly tables: number
    readonly tableBytes: number
    readonly wal: NativeVerifyReport
    readonly refusal: string
  }
  verify: NativeOutcomes['verify'] & { readonly wal: NativeVerifyReport }
  repair: Omit<RepairResult, 'status' | 'losses' | 'moreLosses'> & {
    readonly changed: boolean
    readonly lossesTruncated: boolean
    readonly losses: readonly (Omit<RepairLoss, 'fromKey' | 'throughKey'> & {
      readonly fromKey: string
      readonly throughKey: string
    })[]
  }
}

export const checkpointOf = ({ lsn, timestamp, micros }: NativeOutcomes['checkpoint']): CheckpointResult => ({
  checkpointLsn: lsn,
  timestamp,
  durationMs: micros / 1000,
})

export const truncationOf = ({ uptoLsn, bytesFreed }: NativeOutcomes['truncateWal']): TruncateResult => ({
  upToLsn: uptoLsn,
  bytesFreed,
})

export const verificationOfStore = ({
  faults,
  truncated,
  tables,
  blobs,
  bytes,
}: NativeOutcomes['verify']): VerifyResult => ({
  isValid: faults.length === 0,
  faults,
  moreFaults: truncated,
  tables,
  blobs,
  bytes,
})

export function repairOf(report: NativeStoreOutcomes['repair']): RepairResult {
  const { changed, lossesTruncated, losses, moved, tablesKept, tablesRewritten, tablesLost } = report
  return {
    status: changed ? 'repaired' : 'sound',
    losses: losses.map(loss => ({
      ...loss,
      fromKey: Buffer.from(loss.fromKey, 'latin1'),
      throughKey: Buffer.from(loss.throughKey, 'latin1'),
    })),
    moreLosses: lossesTruncated,
    moved,
    tablesKept,
    tablesRewritten,
    tablesLost,
    logEntriesKept: report.logEntriesKept,
    logBytesLost: report.logBytesLost,
  }
}

/** Runs maintenance work on the calling thread. */
export function maintain<K extends MaintenanceKind>(database: number, kind: K, argument?: unknown): NativeOutcomes[K] {
  try {
    return native.maintain(database, kind, argument) as NativeOutcomes[K]
  } catch (error) {
    throw errorFromNative(error)
  }
}

/** @throws ValidationError for what is no path */
export function checkPath(path: unknown, place: string): string {
  if (typeof path === 'string' && path !== '') return path
  throw new ValidationError(`${place} takes the path of a directory.`, { details: { argument: 'path' } })
}

/** A moment as the engine's timestamp: every commit up to and including it. */
export type AsOf = bigint | number | string | Date

/**
 * Takes an HLC timestamp (bigint), milliseconds since the epoch, an ISO-8601 string or a Date.
 *
 * @throws ValidationError for anything else, and for moments before 1970
 */
export function timestampOf(asOf: AsOf, place: string): bigint {
  if (typeof asOf === 'bigint') {
    if (asOf >= 0n && asOf < 1n << 64n) return asOf
  } else {
    const ms = asOf instanceof Date ? asOf.getTime() : typeof asOf === 'string' ? Date.parse(asOf) : asOf
    // The last timestamp of that millisecond: 48 bits of milliseconds, 16 of a counter.
    if (typeof ms === 'number' && ms >= 0 && ms < 2 ** 48) return (BigInt(Math.floor(ms)) << 16n) | 0xffffn
  }
  throw new ValidationError(
    `asOf of ${place} takes a timestamp (bigint), milliseconds since 1970, an ISO-8601 string or a Date; this is ${String(asOf).slice(0, 60)}.`,
    { details: { option: 'asOf' } },
  )
}
