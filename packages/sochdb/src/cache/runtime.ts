/** The caches of an open database, and what is done for them a little later: counts are written, what is due is removed. */
import type { Database, Namespace, Transaction } from '../engine/index.js'
import { native } from '../engine/index.js'
import { CacheState } from './state.js'
import { readRecord, removeGarbage } from './store.js'

const FLUSH_MS = 1000
const MAX_GARBAGE = 2000
const MAX_NAMES = 1000

const asyncCommit = (transaction: Transaction): Promise<bigint> =>
  (native as unknown as { asyncCommit(handle: number): Promise<bigint> }).asyncCommit(transaction.handleToCommit)

export class CacheRuntime {
  readonly #states = new Map<string, CacheState>()
  /** Misses of caches that are not there yet. */
  readonly #early = new Map<string, number>()
  readonly #namespaces = new Map<number, Namespace>()
  /** Calls that are under way, by what they are for. */
  readonly flights = new Map<string, unknown>()
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> | undefined

  constructor(readonly database: Database) {}

  /** The state of a cache that exists. */
  state(newest: Namespace, name: string, id: string): CacheState {
    const key = keyOf(newest, name)
    let state = this.#states.get(key)
    if (state?.id !== id) {
      this.#states.set(key, (state = new CacheState(newest, name, id)))
      state.count('misses', this.#early.get(key) ?? 0)
      this.#early.delete(key)
      if (!this.#namespaces.has(newest.namespaceId)) this.schedule() // what was cleared before may still lie there
      this.#namespaces.set(newest.namespaceId, newest)
    }
    return state
  }

  /** A look-up in a cache that does not exist. */
  missedEarly(newest: Namespace, name: string): void {
    const key = keyOf(newest, name)
    if (this.#early.size < MAX_NAMES || this.#early.has(key)) this.#early.set(key, (this.#early.get(key) ?? 0) + 1)
  }

  earlyMisses(newest: Namespace, name: string): number {
    return this.#early.get(keyOf(newest, name)) ?? 0
  }

  schedule(): void {
    if (this.#timer !== undefined || this.database.config().readOnly) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.tick()
    }, FLUSH_MS)
    this.#timer.unref()
  }

  /** Does what waits, by transactions of its own; what fails waits again. */
  tick(): Promise<void> {
    this.#ticking ??= this.#work().finally(() => (this.#ticking = undefined))
    return this.#ticking
  }

  async #work(): Promise<void> {
    let again = false
    for (const [namespaceId, newest] of this.#namespaces) {
      if (!this.database.isOpen) return
      if (!isLive(newest)) {
        this.#forget(namespaceId)
        continue
      }
      again = (await this.#workOn(newest)) || again
    }
    if (again) this.schedule()
  }

  async #workOn(newest: Namespace): Promise<boolean> {
    const states = this.#statesOf(newest)
    let again = false
    for (const state of states) {
      state.settle()
      again = (await this.#makeRoom(state)) || again
    }
    const changed = states.filter(state => state.hasChanged)
    if (changed.length > 0) {
      // It rewrites what it reads, and what others say meanwhile stands at keys of their own: nothing else needs validation.
      const isFolded = await attempt(
        newest,
        transaction => changed.forEach(state => state.fold(transaction)),
        'snapshot',
      )
      if (isFolded === undefined) changed.forEach(state => state.changed())
    }
    const dirty = states.filter(state => state.hasWaiting)
    if (dirty.length > 0) {
      const isWritten = await attempt(newest, transaction => dirty.forEach(state => state.flush(transaction)))
      for (const state of dirty) {
        if (isWritten === undefined) state.notFlushed()
        else state.flushed()
      }
    }
    again ||= states.some(state => !state.isIdle)
    let more = false
    await attempt(newest, transaction => (more = removeGarbage(transaction, MAX_GARBAGE)))
    return again || more
  }

  async #makeRoom(state: CacheState): Promise<boolean> {
    const record = readRecord(state.newest, state.name)
    if (record?.id !== state.id) return false
    const plan = state.planRoom(record)
    if (plan.due.length + plan.tooMuch.length === 0) return false
    const done = await attempt(state.newest, transaction => state.makeRoom(transaction, plan))
    if (done === undefined) state.forgetLedger()
    else state.madeRoom(done.result)
    return done?.result.hasMore === true
  }

  /** Writes what waits, on this thread: the database is about to be closed. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.database.config().readOnly) return
    for (const newest of this.#namespaces.values()) {
      const dirty = this.#statesOf(newest).filter(state => !state.isIdle)
      if (dirty.length === 0) continue
      try {
        newest.transaction(transaction => {
          for (const state of dirty) {
            state.flush(transaction)
            state.fold(transaction)
          }
        })
        for (const state of dirty) state.flushed()
      } catch {
        // Counts of the last second are lost, which rule 37 allows; closing has to go on.
      }
    }
  }

  #statesOf(newest: Namespace): CacheState[] {
    return [...this.#states.values()].filter(state => state.newest === newest)
  }

  #forget(namespaceId: number): void {
    this.#namespaces.delete(namespaceId)
    for (const [key, state] of this.#states) if (state.newest.namespaceId === namespaceId) this.#states.delete(key)
  }
}

const isLive = (newest: Namespace): boolean => newest.isLive

const keyOf = (newest: Namespace, name: string): string => `${newest.namespaceId}\n${name}`

/** Runs a transaction whose commit waits elsewhere; undefined: it did not come to be. */
async function attempt<T>(
  newest: Namespace,
  body: (transaction: Transaction) => T,
  isolation: 'serializable' | 'snapshot' = 'serializable',
): Promise<{ readonly result: T } | undefined> {
  let transaction: Transaction | undefined
  try {
    transaction = newest.beginTransaction({ isolation })
    const result = body(transaction)
    try {
      await asyncCommit(transaction)
    } catch {
      transaction.settle('aborted')
      return undefined
    }
    transaction.settle('committed')
    return { result }
  } catch {
    // A conflict, a namespace that was deleted, a database that was closed: what waits is tried again, or has lost its place.
    if (transaction?.isOpen === true && newest.database.isOpen) transaction.abort()
    return undefined
  }
}

const runtimes = new WeakMap<Database, CacheRuntime>()

export function runtimeOf(database: Database): CacheRuntime {
  let runtime = runtimes.get(database)
  if (runtime === undefined) runtimes.set(database, (runtime = new CacheRuntime(database)))
  return runtime
}

/** Writes what caches have counted. A database calls it before it is closed. */
export function closeCaches(database: Database): void {
  runtimes.get(database)?.close()
}
