import { checkpointOf, nativeHandle, truncationOf, verificationOf } from '../engine/index.js'
import type {
  CheckpointResult,
  Database,
  RecoveryReport,
  TruncateResult,
  WalStatistics,
  WalVerification,
} from '../engine/index.js'
import { checkOptions } from '../engine/check.js'
import { maintain } from './maintenance.js'
import { native } from './native.js'
import { longChecks, operateLong } from './operation.js'
import type { LongOptions } from './operation.js'

/** The log of an open database, and how opening it went: `db.recovery()`. */
export class AsyncRecovery {
  readonly #database: Database

  /** @internal */
  constructor(database: Database) {
    this.#database = database
  }

  /** Whether the previous shutdown was unclean. Opening has recovered the store already. */
  async needsRecovery(): Promise<boolean> {
    return this.#database.recovery().needsRecovery()
  }

  /** The report of the recovery that opening the store did. */
  async recover(): Promise<RecoveryReport> {
    return this.#database.recovery().recover()
  }

  /** Reads the whole log and reports every record whose checksum is wrong. Progress is in bytes. */
  async verifyWal(options?: LongOptions): Promise<WalVerification> {
    const checked = checkOptions(options, longChecks, 'verifyWal') as LongOptions
    return verificationOf(
      await operateLong(
        checked,
        (operation, timeoutMs, progress) =>
          native.asyncVerifyWal(this.#database[nativeHandle], operation, timeoutMs, progress),
        'database',
      ),
    )
  }

  /** Writes what is in memory into tables, durably: the log below is not needed any more. */
  async checkpoint(options?: LongOptions): Promise<CheckpointResult> {
    return checkpointOf(await maintain(this.#database, 'checkpoint', undefined, options, 'checkpoint'))
  }

  /** Lets go of the log below an LSN. @throws ValidationError beyond the last checkpoint */
  async truncateWal(upToLsn: bigint): Promise<TruncateResult> {
    return truncationOf(await maintain(this.#database, 'truncateWal', upToLsn, undefined, 'truncateWal'))
  }

  /** How large the log is, in bytes and transactions, and which LSNs it spans. */
  async walStats(): Promise<WalStatistics> {
    return this.#database.recovery().walStats()
  }
}
