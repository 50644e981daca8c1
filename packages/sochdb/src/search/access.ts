/**
 * An open collection as one target sees it: runs the addon's calls, gives their results room, and explains their errors.
 */
import { isTransaction, nativeHandle, Snapshot } from '../engine/index.js'
import { errorFromNative, isNativeError, NativeCode } from '../errors/index.js'
import type { CollectionEntry } from '../sql/catalog/index.js'
import { search as native } from './native.js'
import { collectionNotFound, databaseOf } from './opened.js'
import type { CollectionTarget, Opened } from './opened.js'
import { bytesOf, readDocuments } from './slab.js'
import type { Documents, Layout, Read } from './slab.js'

/** What a hit takes beside its numbers is in a string; lists of many documents begin with room for so many. */
export const MAX_EXPECTED = 10_000

export class CollectionAccess {
  readonly entry: CollectionEntry
  /** The collection's. */
  readonly handle: number
  readonly #opened: Opened // kept, so that its handle stays open

  /** @param isPast the target is a snapshot of an earlier time */
  constructor(
    readonly target: CollectionTarget,
    opened: Opened,
    private readonly isPast = false,
  ) {
    this.#opened = opened
    this.entry = opened.entry
    this.handle = opened.handle
  }

  /** The target's handle. */
  get through(): number {
    return this.target[nativeHandle]
  }

  /** The same collection through another target. */
  on(target: CollectionTarget, isPast = false): CollectionAccess {
    return new CollectionAccess(target, this.#opened, isPast)
  }

  /** Runs a read and gives its results room. */
  read(expected: number, layout: Layout, read: Read<string>): Documents {
    return this.query(() => readDocuments(this.handle, expected, layout, read))
  }

  /** The same for a read by promise: `use` gets its results, to read them from. */
  async fetch<T, R = number>(use: (results: R) => T, read: () => Promise<R>): Promise<T> {
    try {
      return use(await read())
    } catch (error) {
      throw this.explain(error, true)
    }
  }

  query<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw this.explain(error, true)
    }
  }

  write<T>(action: (through: number, handle: number) => T): T {
    try {
      return action(this.through, this.handle)
    } catch (error) {
      throw this.explain(error, false)
    }
  }

  get(id: string): Documents {
    return this.read(bytesOf(1, this.entry.dimension), 'plain', (buffer, offset) =>
      native.vectorGet(this.through, this.handle, id, buffer, offset),
    )
  }

  /** Reads the collection as it was at a time: as its target saw it, where that sees no later. */
  past<T>(asOf: bigint | undefined, read: (access: CollectionAccess) => T): T {
    if (asOf === undefined) return read(this)
    const snapshot = this.#takeSnapshot(asOf)
    try {
      return read(this.on(snapshot, true))
    } finally {
      snapshot.close()
    }
  }

  /** The same by promise. */
  async pastBy<T>(asOf: bigint | undefined, read: (access: CollectionAccess) => Promise<T>): Promise<T> {
    if (asOf === undefined) return read(this)
    const snapshot = this.#takeSnapshot(asOf)
    try {
      return await read(this.on(snapshot, true))
    } finally {
      snapshot.close()
    }
  }

  #takeSnapshot(asOf: bigint): Snapshot {
    const { target } = this
    try {
      if (target instanceof Snapshot) return target.before(asOf)
      const latest = isTransaction(target) ? target.startTs : asOf
      return databaseOf(target).newSnapshot(undefined, asOf < latest ? asOf : latest)
    } catch (error) {
      throw target.explain(error)
    }
  }

  explain(error: unknown, isQuery: boolean): unknown {
    if (isNativeError(error)) {
      if (error.nativeCode === NativeCode.SCHEMA_CHANGED) {
        const why = this.isPast ? 'did not exist at that time' : 'was deleted, or replaced by another of its name'
        return collectionNotFound(this.entry.name, why)
      }
      if (error.nativeCode === NativeCode.TIMEOUT && isQuery) return errorFromNative(error, 'query')
    }
    return this.target.explain(error)
  }

  /** Runs several calls as a whole: in a transaction of their own, or as a part of the one that is open. */
  atomically<T>(body: (access: CollectionAccess) => T): T {
    const { target } = this
    if (target instanceof Snapshot) return body(this) // and the engine refuses to write
    return target.transaction(transaction => body(this.on(transaction)))
  }

  /** The same by promise, as a part of the transaction that is open. */
  async atomicallyBy<T>(body: (access: CollectionAccess) => Promise<T>): Promise<T> {
    const { target } = this
    if (!isTransaction(target)) return body(this) // a snapshot, which the engine refuses to write to
    const savepoint = target.savepoint()
    try {
      const result = await body(this)
      savepoint.release()
      return result
    } catch (error) {
      try {
        if (target.isOpen) savepoint.rollback()
      } catch {
        target.abort() // it cannot go back to where it was: its time is over, as a rule
      }
      throw error
    }
  }
}
