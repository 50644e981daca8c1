import { brand, DatabaseError, ErrorCode, errorFromNative } from '../errors/index.js'
import type { Database } from './database.js'
import { CLOSED, nativeHandle } from './handle.js'
import { KeyReader } from './keys.js'
import { native } from './native.js'

const abandoned = new FinalizationRegistry<number>(handle => native.snapshotClose(handle))

/**
 * The database as it was at one moment: later writes do not show. Close it when you are done: while it is open, the versions
 * it sees are kept.
 *
 * @example
 * using snapshot = db.snapshot()
 * const [a, b] = snapshot.getBatch(['a', 'b'])
 */
export class Snapshot extends KeyReader {
  static {
    brand(this, 'Snapshot')
  }
  readonly #database: Database
  /** What it sees: all commits up to this timestamp. */
  readonly timestamp: bigint

  /** @internal Applications call `db.snapshot()`. */
  constructor(database: Database) {
    super()
    this.#database = database
    this[nativeHandle] = native.snapshot(database[nativeHandle])
    this.timestamp = native.snapshotTimestamp(this[nativeHandle])
    abandoned.register(this, this[nativeHandle], this)
  }

  /** Lets go of what only this snapshot sees. Harmless when closed. */
  close(): void {
    native.snapshotClose(this[nativeHandle])
    this[nativeHandle] = CLOSED
    abandoned.unregister(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  override explain(error: unknown): unknown {
    if (this[nativeHandle] !== CLOSED && this.#database.isOpen) return errorFromNative(error)
    const explained = errorFromNative(error)
    if (!(explained instanceof DatabaseError) || explained.code !== ErrorCode.DATABASE_CLOSED) return explained
    return new DatabaseError(
      this.#database.isOpen ? 'The snapshot is closed.' : 'The snapshot ended when its database was closed.',
      { code: ErrorCode.DATABASE_CLOSED, remediation: 'Take another snapshot.' },
    )
  }
}
