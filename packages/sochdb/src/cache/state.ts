/**
 * What a process knows of a cache beside what the store says: counts and uses that are not written yet, feedback, and the ledger of a
 * bounded one. Nothing of it is needed to find an entry.
 */
import type { Namespace, Transaction } from '../engine/index.js'
import { Learning } from './adaptive/learning.js'
import type { Observation } from './adaptive/learning.js'
import { addCounters, isZero, noCounters, readCounters } from './counters.js'
import type { Counters } from './counters.js'
import { contentOf, keys } from './layout.js'
import type { CacheRecord, Entry, EntryNote } from './layout.js'
import { evictionOf, isBounded, Ledger } from './ledger.js'
import type { Use } from './ledger.js'
import { isDue, listDue, readRecord, removeEntry } from './store.js'
import { foldTally } from './tally.js'

/** What is written together, a second at most after it came up. */
interface Batch {
  counters: Counters
  readonly uses: Map<string, Use>
  readonly observations: Map<string, { readonly version: string; readonly seen: Observation[] }>
  readonly removed: Set<string>
}

const newBatch = (): Batch => ({
  counters: noCounters(),
  uses: new Map(),
  observations: new Map(),
  removed: new Set(),
})

const isEmpty = ({ counters, uses, observations, removed }: Batch): boolean =>
  isZero(counters) && uses.size === 0 && observations.size === 0 && removed.size === 0

/** Entries that one put removes at most, because their time is over or there are too many. The rest goes a second later. */
export const MAX_DUE = 16
export const MAX_EVICTED = 64
const MAX_PENDING = 10_000
/** Changes of the tally that a put adds up. Fewer wait for a second. */
const MANY_CHANGES = 64
/** A ledger that may be wrong is read again, but no more often than that: it is as much work as the cache has entries. */
const RELOAD_MS = 1000

interface Unsettled {
  readonly transaction: WeakRef<Transaction>
  readonly content: string
  readonly places: Set<string>
}

export class CacheState {
  #pending = newBatch()
  #flushing: Batch | undefined
  /** As the store has them. */
  #counters: Counters | undefined
  #ledger: Ledger | undefined
  /** Somebody else changed the cache: what the ledger names is not there. */
  #isSuspect = false
  #loadedAt = 0
  #unsettled: Unsettled[] = []
  /** Writes since the tally was added up, about. */
  #changes = 0
  readonly learning: Learning

  constructor(
    readonly newest: Namespace,
    readonly name: string,
    readonly id: string,
  ) {
    this.learning = new Learning(newest)
  }

  /** Nothing is left to do. */
  get isIdle(): boolean {
    return !this.hasWaiting && !this.hasChanged
  }

  /** Something waits to be written, or for a transaction to end. */
  get hasWaiting(): boolean {
    return !isEmpty(this.#pending) || this.#unsettled.length > 0
  }

  count(counter: keyof Counters, by = 1): void {
    this.#pending.counters[counter] += by
  }

  /** An entry was found. */
  used(record: CacheRecord, place: string, entry: Entry, at: number): void {
    const { counters, uses } = this.#pending
    counters.tokensSaved += entry.tokens ?? 0
    counters.costSaved += entry.cost ?? 0
    if (!isBounded(record.config)) return
    uses.set(place, { at, uses: (uses.get(place)?.uses ?? 0) + 1 })
    if (this.#ledger?.content === contentOf(record)) this.#ledger.touch(place)
  }

  observe(content: string, place: string, version: string, observation: Observation): void {
    this.learning.add(content, place, version, observation)
    const key = keys.feedback(content, place)
    const { observations } = this.#pending
    const held = observations.get(key)
    if (held?.version === version) held.seen.push(observation)
    else observations.set(key, { version, seen: [observation] })
  }

  /** The counters, with what is not written yet. */
  totals(): Counters {
    if (this.#flushing === undefined || this.#counters === undefined)
      this.#counters = readCounters(this.newest, this.id)
    return addCounters(addCounters(this.#counters, this.#pending.counters), this.#flushing?.counters ?? {})
  }

  /** Writes what waits, as a part of a transaction. `flushed` or `notFlushed` has to follow. */
  flush(transaction: Transaction): void {
    const batch = this.#pending
    this.#flushing = batch
    this.#pending = newBatch()
    const record = readRecord(transaction, this.name)
    if (record?.id !== this.id) return
    const content = contentOf(record)
    if (!isZero(batch.counters)) {
      this.#counters = readCounters(transaction, this.id)
      transaction.put(keys.counters(this.id), JSON.stringify(addCounters(this.#counters, batch.counters)))
    }
    for (const [place, { at, uses }] of batch.uses) {
      const key = keys.use(content, place)
      const before = transaction.getString(key)
      const known = before === undefined ? 0 : (JSON.parse(before) as Use).uses
      transaction.put(key, JSON.stringify({ at, uses: known + uses }))
    }
    for (const [key, { version, seen }] of batch.observations) this.learning.append(transaction, key, version, seen)
    for (const place of batch.removed) {
      if (transaction.exists(keys.note(content, place))) continue
      transaction.delete(keys.use(content, place))
      transaction.delete(keys.feedback(content, place))
    }
  }

  flushed(): void {
    this.#flushing = undefined
    this.#counters = undefined
  }

  /** What could not be written waits again. */
  notFlushed(): void {
    const batch = this.#flushing
    if (batch === undefined) return
    this.#flushing = undefined
    this.#counters = undefined
    const later = this.#pending
    later.counters = addCounters(batch.counters, later.counters)
    for (const [place, use] of batch.uses) {
      const newer = later.uses.get(place)
      later.uses.set(place, newer === undefined ? use : { at: newer.at, uses: use.uses + newer.uses })
    }
    for (const [key, { version, seen }] of batch.observations) {
      const newer = later.observations.get(key)
      if (newer === undefined) later.observations.set(key, { version, seen })
      else if (newer.version === version) newer.seen.unshift(...seen)
    }
    for (const place of batch.removed) later.removed.add(place)
  }

  // How much it holds ------------------------------------------------------------------------------------------------

  /** Entries were written or removed. */
  changed(): void {
    this.#changes++
  }

  get hasChanged(): boolean {
    return this.#changes > 0
  }

  /** Adds up what changed, as a part of a transaction. What fails is added up after the next change: it is not lost. */
  fold(transaction: Transaction): void {
    this.#changes = 0
    const record = readRecord(transaction, this.name)
    if (record?.id === this.id && foldTally(transaction, contentOf(record))) this.changed()
  }

  /** The same, where nobody else writes meanwhile, once in many writes. */
  foldMany(transaction: Transaction, record: CacheRecord): void {
    if (this.#changes < MANY_CHANGES) return
    this.#changes = 0
    if (foldTally(transaction, contentOf(record))) this.changed()
  }

  // What it holds ----------------------------------------------------------------------------------------------------

  /** The ledger of a bounded cache; undefined: it is not bounded. */
  ledger(record: CacheRecord): Ledger | undefined {
    if (!isBounded(record.config)) return (this.#ledger = undefined)
    const content = contentOf(record)
    const eviction = evictionOf(record.config)
    const isOther = this.#ledger?.content !== content || this.#ledger.eviction !== eviction
    if (isOther || (this.#isSuspect && performance.now() - this.#loadedAt >= RELOAD_MS)) {
      this.#isSuspect = false
      this.#loadedAt = performance.now()
      this.#ledger = Ledger.load(this.newest, content, eviction, this.#pending.uses)
    }
    return this.#ledger
  }

  /** What the ledger says may be wrong. */
  forgetLedger(): void {
    this.#ledger = undefined
  }

  removed(places: Iterable<string>): void {
    for (const place of places) {
      this.#ledger?.remove(place)
      if (this.#pending.removed.size < MAX_PENDING) this.#pending.removed.add(place)
    }
  }

  /** An open transaction wrote at these places: what became of it is looked up when it has ended. */
  expect(transaction: Transaction, content: string, places: Iterable<string>): void {
    let held = this.#unsettled.find(one => one.content === content && one.transaction.deref() === transaction)
    if (held === undefined) {
      held = { transaction: new WeakRef(transaction), content, places: new Set() }
      this.#unsettled.push(held)
    }
    for (const place of places) held.places.add(place)
  }

  /** Looks up what transactions that have ended did. */
  settle(): void {
    const open = this.#unsettled.filter(({ transaction }) => transaction.deref()?.isOpen === true)
    const ended = this.#unsettled.filter(one => !open.includes(one))
    this.#unsettled = open
    for (const { content, places } of ended) {
      this.lookUp(content, places)
      this.changed()
    }
  }

  /** Brings the ledger up to the store, for some places. */
  lookUp(content: string, places: Iterable<string>): void {
    const gone: string[] = []
    for (const place of places) {
      const text = this.newest.getString(keys.note(content, place))
      if (text === undefined) gone.push(place)
      else if (this.#ledger?.content === content) this.#ledger.bring(place, JSON.parse(text) as EntryNote)
    }
    this.removed(gone)
  }

  /**
   * What has to go: what is due, and what is too much. What it names is out of the ledger.
   *
   * @param spared was put just now
   */
  planRoom(record: CacheRecord, spared?: string, most = MAX_EVICTED): RoomPlan {
    const content = contentOf(record)
    const due = listDue(this.newest, content, MAX_DUE)
    const ledger = this.ledger(record)
    for (const place of due) if (place !== spared) ledger?.remove(place)
    const tooMuch: string[] = []
    while (ledger?.isOver(record.config) === true && tooMuch.length < most) {
      const place = ledger.takeVictim(spared)
      if (place === undefined) break
      tooMuch.push(place)
    }
    return { content, due, tooMuch, hasMore: due.length === MAX_DUE || ledger?.isOver(record.config) === true }
  }

  /** Removes it, as a part of a transaction. */
  makeRoom(transaction: Transaction, { content, due, tooMuch, hasMore }: RoomPlan): Room {
    const evicted = tooMuch.filter(place => removeEntry(transaction, content, place))
    if (evicted.length < tooMuch.length) this.#isSuspect = true
    return {
      due: due.filter(place => isDue(transaction, content, place) && removeEntry(transaction, content, place)),
      evicted,
      hasMore,
    }
  }

  madeRoom({ due, evicted }: Room): void {
    if (due.length + evicted.length > 0) this.changed()
    this.count('expired', due.length)
    this.count('evictions', evicted.length)
    this.removed([...due, ...evicted])
  }
}

/** Places, by why they have to go. */
export interface RoomPlan {
  readonly content: string
  readonly due: readonly string[]
  readonly tooMuch: readonly string[]
  readonly hasMore: boolean
}

/** What became of a plan. */
export interface Room {
  readonly due: readonly string[]
  readonly evicted: readonly string[]
  readonly hasMore: boolean
}
