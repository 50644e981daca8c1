import { errorFromNative } from '../errors/index.js'
import { Database } from './database.js'
import { checkPath, repairOf, verificationOfStore } from './maintenance.js'
import type {
  CheckpointResult,
  NativeStoreOutcomes,
  RepairResult,
  StoreInspection,
  TruncateResult,
  VerifyResult,
} from './maintenance.js'
import { native } from './native.js'
import { verificationOf } from './recovery.js'
import type { WalStatistics, WalVerification } from './recovery.js'

/**
 * A store that is closed, among them one that `Database.open` refuses: what it is, what is wrong with it, and repairing it. Every
 * call takes the store's lock, works on the calling thread, and gives it back.
 *
 * @example
 * const manager = RecoveryManager.forPath('./data')
 * if (!manager.verify().isValid) console.log(manager.recover().losses)
 */
export class RecoveryManager {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** The store in a directory. Nothing is opened or changed by this call. */
  static forPath(path: string): RecoveryManager {
    return new RecoveryManager(checkPath(path, 'RecoveryManager.forPath'))
  }

  /** What the store looks like; changes nothing. */
  inspect(): StoreInspection {
    return inspectionOf(this.#run('inspect'))
  }

  /**
   * Whether the last shutdown was unclean, or opening would be refused for damage. A store that a process has open was recovered when
   * that opened it: false.
   */
  needsRecovery(): boolean {
    const { isStore, holderPid, wasClean, refusal } = this.inspect()
    return isStore && holderPid === undefined && (wasClean === false || refusal !== undefined)
  }

  /**
   * Makes the store open again with everything in it that is sound, and says what could not be kept. What is replaced is kept in the
   * directory `lost` beside the data. A sound store is left as it is.
   *
   * @throws DatabaseLockedError while a process has it open
   */
  recover(): RepairResult {
    return repairOf(this.#run('repair'))
  }

  /** Reads everything and compares every checksum; changes nothing. */
  verify(): VerifyResult {
    return verificationOfStore(this.#run('verify'))
  }

  /** The part of `verify` that is the log. */
  verifyWal(): WalVerification {
    return verificationOf(this.#run('verify').wal)
  }

  /** Opens the store, makes a checkpoint, and closes it. */
  checkpoint(): CheckpointResult {
    return this.#open(database => database.recovery().checkpoint())
  }

  /** Opens the store to look at its log, and closes it. */
  walStats(): WalStatistics {
    return this.#open(database => database.recovery().walStats())
  }

  /** Opens the store, lets go of the log below an LSN, and closes it. */
  truncateWal(upToLsn: bigint): TruncateResult {
    return this.#open(database => database.recovery().truncateWal(upToLsn))
  }

  #open<T>(work: (database: Database) => T): T {
    const database = Database.open(this.path)
    try {
      return work(database)
    } finally {
      database.close()
    }
  }

  #run<K extends keyof NativeStoreOutcomes>(kind: K): NativeStoreOutcomes[K] {
    try {
      return native.maintainStore(this.path, kind) as NativeStoreOutcomes[K]
    } catch (error) {
      throw errorFromNative(error)
    }
  }
}

function inspectionOf(found: NativeStoreOutcomes['inspect']): StoreInspection {
  const { isStore, locked } = found
  const known = <T>(value: T): T | undefined => (locked ? undefined : value)
  return {
    isStore,
    holderPid: locked ? found.holderPid : undefined,
    formatVersion: found.formatVersion === 0 ? undefined : found.formatVersion,
    wasClean: known(found.wasClean),
    tables: known(found.tables),
    tableBytes: known(found.tableBytes),
    wal: known(verificationOf(found.wal)),
    refusal: found.refusal === '' ? undefined : found.refusal,
  }
}
