import { errorFromNative } from '../errors/index.js'
import type { Database } from './database.js'
import { nativeHandle } from './handle.js'
import { checkpointOf, maintain, truncationOf } from './maintenance.js'
import type { CheckpointResult, TruncateResult } from './maintenance.js'
import { native } from './native.js'

/** What opening the store found and did. */
export interface RecoveryReport {
  /** `clean`: the previous shutdown was; `recovered`: it was not, and the log was replayed. */
  readonly status: 'clean' | 'recovered'
  /** Transactions that were read back from the log. */
  readonly replayedEntries: number
  /** Bytes of an unfinished write that were cut from the end of the log, and where it ends since. */
  readonly tornBytes: number
  readonly tornLsn: bigint | undefined
  /** Where the log goes on. */
  readonly endLsn: bigint
}

/** A record of the log whose checksum is not that of its bytes: where it is, and both checksums (CRC-32C). */
export interface ChecksumError {
  readonly lsn: bigint
  readonly expected: number
  readonly actual: number
  readonly file: string
  readonly offset: number
}

/** What reading the whole log found. */
export interface WalVerification {
  readonly isValid: boolean
  /** Transactions in the log: those that are whole, and those that are damaged. */
  readonly totalEntries: number
  readonly validEntries: number
  readonly corruptedEntries: number
  readonly lastValidLsn: bigint
  readonly checksumErrors: readonly ChecksumError[]
}

/** How large the log is, in bytes and transactions, and which LSNs it spans. */
export interface WalStatistics {
  readonly totalSizeBytes: number
  /** Of the segment that is written to; the rest is archived. */
  readonly activeSizeBytes: number
  readonly archivedSizeBytes: number
  readonly entryCount: number
  readonly oldestEntryLsn: bigint
  readonly newestEntryLsn: bigint
}

/** The log of an open database, and how opening it went: `db.recovery()`. */
export class Recovery {
  readonly #database: Database

  /** @internal */
  constructor(database: Database) {
    this.#database = database
  }

  /** Whether the previous shutdown was unclean. Opening has recovered the store already. */
  needsRecovery(): boolean {
    return this.#call(handle => !native.recoveryReport(handle).wasClean)
  }

  /** The report of the recovery that opening the store did. */
  recover(): RecoveryReport {
    const report = this.#call(native.recoveryReport)
    return {
      status: report.wasClean ? 'clean' : 'recovered',
      replayedEntries: report.replayedEntries,
      tornBytes: report.tornBytes,
      tornLsn: report.torn ? report.tornLsn : undefined,
      endLsn: report.endLsn,
    }
  }

  /** Reads the whole log and reports every record whose checksum is wrong. Blocks while it reads. */
  verifyWal(): WalVerification {
    return verificationOf(this.#call(native.verifyWal))
  }

  /** How large the log is, in bytes and transactions, and which LSNs it spans. */
  walStats(): WalStatistics {
    const stats = this.#call(native.walStats)
    return {
      totalSizeBytes: stats.totalSizeBytes,
      activeSizeBytes: stats.activeSizeBytes,
      archivedSizeBytes: stats.totalSizeBytes - stats.activeSizeBytes,
      entryCount: stats.entryCount,
      oldestEntryLsn: stats.oldestEntryLsn,
      newestEntryLsn: stats.newestEntryLsn,
    }
  }

  /** Writes what is in memory into tables, durably: the log below is not needed any more. Blocks until it is done. */
  checkpoint(): CheckpointResult {
    return checkpointOf(maintain(this.#database[nativeHandle], 'checkpoint'))
  }

  /**
   * Lets go of the log below an LSN. Files of the log go as a whole.
   *
   * @throws ValidationError beyond the last checkpoint: what lies there is needed after a crash
   */
  truncateWal(upToLsn: bigint): TruncateResult {
    return truncationOf(maintain(this.#database[nativeHandle], 'truncateWal', upToLsn))
  }

  #call<T>(read: (database: number) => T): T {
    try {
      return read(this.#database[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }
}

/** What the addon's report says. */
export function verificationOf(report: ReturnType<typeof native.verifyWal>): WalVerification {
  return {
    isValid: report.errors.length === 0,
    totalEntries: report.entries + report.errors.length,
    validEntries: report.entries,
    corruptedEntries: report.errors.length,
    lastValidLsn: report.endLsn,
    checksumErrors: report.errors,
  }
}
