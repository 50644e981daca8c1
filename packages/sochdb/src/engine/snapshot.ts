import { brand, DatabaseError, ErrorCode, errorFromNative } from '../errors/index.js'
import { DEFAULT_NAMESPACE_ID } from './constants.js'
import type { Database } from './database.js'
import { CLOSED, nativeHandle } from './handle.js'
import { KeyReader } from './keys.js'
import { openNamespace } from './namespace-identity.js'
import type { NamespaceIdentity } from './namespace-identity.js'
import { native } from './native.js'

/** A snapshot that was taken, whatever namespaces it is seen through. */
export class TakenSnapshot {
  handle: number
  readonly timestamp: bigint
  readonly views = new Map<number, Snapshot>()

  /** @param asOf of the newest commit that it sees; undefined: all there are */
  constructor(
    readonly database: Database,
    asOf?: bigint,
  ) {
    const of = database[nativeHandle]
    this.handle = asOf === undefined ? native.snapshot(of) : native.snapshotAt(of, asOf)
    this.timestamp = native.snapshotTimestamp(this.handle)
    abandoned.register(this, this.handle, this)
  }

  close(): void {
    native.snapshotClose(this.handle)
    this.handle = CLOSED
    abandoned.unregister(this)
  }
}

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
  readonly #taken: TakenSnapshot
  readonly #namespace: NamespaceIdentity | undefined

  /** @internal Applications call `db.snapshot()`. */
  constructor(taken: TakenSnapshot, namespace?: NamespaceIdentity) {
    super()
    this.#taken = taken
    this.#namespace = namespace
    this[nativeHandle] = namespace === undefined ? taken.handle : openNamespace(taken.handle, namespace, this)
  }

  /** What it sees: all commits up to this timestamp. */
  get timestamp(): bigint {
    return this.#taken.timestamp
  }

  /** The database it is of. @internal */
  get database(): Database {
    return this.#taken.database
  }

  /** Lets go of what only this snapshot sees, whatever namespace it is seen through. Harmless when closed. */
  close(): void {
    this.#taken.close()
    this[nativeHandle] = CLOSED
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  override get namespaceId(): number {
    return this.#namespace?.id ?? DEFAULT_NAMESPACE_ID
  }

  /** The namespace it was opened through, where it was. @internal */
  get boundTo(): NamespaceIdentity | undefined {
    return this.#namespace
  }

  /** The same snapshot, seen through a namespace. @internal */
  through(namespace: NamespaceIdentity): this {
    const { views } = this.#taken
    const held = views.get(namespace.id)
    if (held !== undefined) return held as this
    const view = new (this.constructor as typeof Snapshot)(this.#taken, namespace)
    views.set(namespace.id, view)
    return view as this
  }

  /** What this snapshot's database was at a time, where that is before this snapshot. Close it. @internal */
  before(asOf: bigint): Snapshot {
    const { database, timestamp } = this.#taken
    return database.newSnapshot(undefined, asOf < timestamp ? asOf : timestamp)
  }

  /** @internal */
  override explain(error: unknown): unknown {
    const explained = errorFromNative(error)
    const { handle, database } = this.#taken
    if (handle !== CLOSED && database.isOpen) return explained
    if (!(explained instanceof DatabaseError) || explained.code !== ErrorCode.DATABASE_CLOSED) return explained
    return new DatabaseError(
      database.isOpen ? 'The snapshot is closed.' : 'The snapshot ended when its database was closed.',
      { code: ErrorCode.DATABASE_CLOSED, remediation: 'Take another snapshot.' },
    )
  }
}
