/** What a handle does, whether its caller waits or not: everything but the order in which it happens. */
import type { Database, Namespace, Transaction } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import { checkKey, checkList, checkTags } from './check.js'
import type { CheckedGet, CheckedPut } from './check.js'
import { now } from './clock.js'
import { noCounters, readCounters } from './counters.js'
import type { Counters } from './counters.js'
import { readHitId } from './hit.js'
import { contentOf, idOf, keys, partOf, placeOf } from './layout.js'
import type { CacheRecord, Entry } from './layout.js'
import { isBounded } from './ledger.js'
import { lookUp } from './lookup.js'
import type { Steps } from './lookup.js'
import { runtimeOf } from './runtime.js'
import type { CacheRuntime } from './runtime.js'
import type { CacheState, Room, RoomPlan } from './state.js'
import {
  changeConfig,
  clearAll,
  differs,
  ensureRecord,
  readEntry,
  readRecord,
  removeEntry,
  removeScope,
  removeTagged,
  sizeOf,
  writeEntry,
} from './store.js'
import type { CacheTarget, Written } from './store.js'
import { countEntries, readTally } from './tally.js'
import type { CacheConfig, CacheListEntry, CacheListOptions, CacheStats } from './types.js'

/** Where a cache lies: the services half of a namespace, as what it is used on sees it. */
export interface CachePlace {
  readonly kind: 'root' | 'transaction' | 'snapshot'
  readonly database: Database
  target(): CacheTarget
  /** The newest state; undefined: it is not counted what is found. */
  newest(): Namespace | undefined
  /** Runs a transaction; where the cache is used on one, a part of that. */
  write<T>(body: (transaction: Transaction) => T): T
}

const MISS = { hit: undefined, outcome: 'miss', candidate: undefined } as const

export class CacheCore {
  constructor(
    readonly place: CachePlace,
    readonly name: string,
  ) {}

  get runtime(): CacheRuntime {
    return runtimeOf(this.place.database)
  }

  record(): CacheRecord | undefined {
    return readRecord(this.place.target(), this.name)
  }

  state(record: CacheRecord): CacheState | undefined {
    const newest = this.place.newest()
    return newest === undefined ? undefined : this.runtime.state(newest, this.name, record.id)
  }

  // Reading ----------------------------------------------------------------------------------------------------------

  lookUp(query: CheckedGet, how: { readonly verifies: boolean; readonly embeds: boolean }): Steps {
    const { place, name } = this
    const target = place.target()
    const record = readRecord(target, name)
    if (record === undefined) return this.#missedEarly()
    const state = this.state(record)
    this.runtime.schedule()
    return lookUp({ target, name, record, state, ...how }, query)
  }

  // eslint-disable-next-line require-yield -- a look-up that ends before its first step
  *#missedEarly(): Steps {
    const newest = this.place.newest()
    if (newest !== undefined) this.runtime.missedEarly(newest, this.name)
    return MISS
  }

  stats(): CacheStats {
    const target = this.place.target()
    const record = readRecord(target, this.name)
    const newest = this.place.newest()
    if (record === undefined) {
      const early = newest === undefined ? 0 : this.runtime.earlyMisses(newest, this.name)
      return describe({ ...noCounters(), misses: early }, 0, 0)
    }
    // What folds sums up beside a transaction must not be a conflict with it.
    const tallied = this.place.kind === 'transaction' ? countEntries : readTally
    const { count, bytes } = tallied(target, contentOf(record))
    return describe(this.state(record)?.totals() ?? readCounters(target, record.id), count, bytes)
  }

  list(options: CacheListOptions | undefined): CacheListEntry[] {
    const { scope, limit, after } = checkList(options, this.name)
    const target = this.place.target()
    const record = readRecord(target, this.name)
    if (record === undefined || limit === 0) return []
    const content = contentOf(record)
    const prefix = `${keys.entries(content, partOf(scope))}/`
    const start = after === undefined ? prefix : `${keys.entry(content, placeOf(partOf(scope), idOf(after)))}\0`
    const listed: CacheListEntry[] = []
    for (const [, value] of target.scanRange(start, `${prefix.slice(0, -1)}0`)) {
      const entry = JSON.parse(value.toString()) as Entry
      if (entry.gone !== undefined && entry.gone <= now()) continue
      listed.push(toListed(entry))
      if (listed.length === limit) break
    }
    return listed
  }

  config(): CacheConfig {
    return this.record()?.config ?? {}
  }

  // Writing, as parts of a transaction -------------------------------------------------------------------------------

  needsConfig(config: CacheConfig): boolean {
    return Object.keys(config).length > 0 && differs(this.record(), config)
  }

  configure(transaction: Transaction, config: CacheConfig): void {
    changeConfig(transaction, this.name, config)
  }

  put(transaction: Transaction, checked: CheckedPut): Written {
    const { maxBytes } = ensureRecord(transaction, this.name).config
    const size = sizeOf(checked)
    if (typeof maxBytes === 'number' && size > maxBytes) {
      throw new ValidationError(
        `The entry takes ${size} bytes, and cache "${this.name}" holds at most ${maxBytes} in all.`,
        { details: { cache: this.name, size, maxBytes }, remediation: 'Raise maxBytes, or store less.' },
      )
    }
    return writeEntry(transaction, this.name, checked)
  }

  delete(transaction: Transaction, given: unknown): string[] {
    const { key, scope } = checkKey(given, this.name, 'cacheDelete')
    return this.#inContent(transaction, content => {
      const place = placeOf(partOf(scope), idOf(key))
      return removeEntry(transaction, content, place) ? [place] : []
    })
  }

  invalidate(transaction: Transaction, tags: unknown): string[] {
    const checked = checkTags(tags)
    return this.#inContent(transaction, content => removeTagged(transaction, content, checked))
  }

  /** scope: undefined for all of them. */
  clear(transaction: Transaction, scope: string | undefined): string[] {
    const record = readRecord(transaction, this.name)
    if (record === undefined) return []
    if (scope !== undefined) return removeScope(transaction, contentOf(record), partOf(scope))
    clearAll(transaction, this.name, record)
    return []
  }

  removePlace(transaction: Transaction, place: string): string[] {
    return this.#inContent(transaction, content => (removeEntry(transaction, content, place) ? [place] : []))
  }

  #inContent(transaction: Transaction, body: (content: string) => string[]): string[] {
    const record = readRecord(transaction, this.name)
    return record === undefined ? [] : body(contentOf(record))
  }

  /** Makes room beside a write, where nobody else writes meanwhile. */
  roomFor(transaction: Transaction, written: Written): Room | undefined {
    const state = this.state(written.record)
    if (state === undefined) return undefined
    try {
      state.settle()
      state.ledger(written.record)?.set(written.place, written.note)
      const room = state.makeRoom(transaction, state.planRoom(written.record, written.place))
      state.changed()
      state.foldMany(transaction, written.record)
      return room
    } catch (error) {
      state.forgetLedger()
      throw error
    }
  }

  /** Whether there is more than there may be, as far as is known. */
  isOver(): boolean {
    const record = this.record()
    if (record === undefined || !isBounded(record.config)) return false
    return this.state(record)?.ledger(record)?.isOver(record.config) === true
  }

  /** What has to go after writes, beside others who make room too: each plan names other entries. */
  planRoom(): { readonly plan: RoomPlan; readonly carryOut: (transaction: Transaction) => Room } | undefined {
    const record = this.record()
    const state = record && this.state(record)
    if (record === undefined || state === undefined) return undefined
    const plan = state.planRoom(record)
    return { plan, carryOut: transaction => state.makeRoom(transaction, plan) }
  }

  // What follows a write ---------------------------------------------------------------------------------------------

  /** After a write that is committed, with its room made. */
  committed(record: CacheRecord | undefined, room?: Room): void {
    if (record === undefined) return
    const state = this.state(record)
    if (room !== undefined) state?.madeRoom(room)
    if (room?.hasMore === true || state?.isIdle === false) this.runtime.schedule()
  }

  /** After a write that is committed, and has yet to be accounted for. */
  account(record: CacheRecord | undefined, places: readonly string[]): void {
    if (record === undefined) return
    const state = this.state(record)
    state?.settle()
    state?.lookUp(contentOf(record), places)
    state?.changed()
    this.runtime.schedule()
  }

  /** After a write on a transaction that is open. */
  expect(transaction: Transaction, record: CacheRecord | undefined, places: readonly string[]): void {
    if (record === undefined || places.length === 0) return
    this.state(record)?.expect(transaction, contentOf(record), places)
    this.runtime.schedule()
  }

  /** A write failed that was accounted for already. */
  failed(): void {
    const record = this.record()
    if (record !== undefined) this.state(record)?.forgetLedger()
  }

  // Feedback ---------------------------------------------------------------------------------------------------------

  /** False: what was found is not there any more. Else the place of an entry that has to be deleted, or nothing. */
  feedback(hitId: unknown, ok: unknown): { readonly bad?: string } | false {
    const said = typeof hitId === 'string' ? readHitId(hitId) : undefined
    const wrong = (argument: string, what: string): ValidationError =>
      new ValidationError(`${argument} of feedback must be ${what}.`, { details: { argument } })
    if (said === undefined) throw wrong('hitId', 'that of a hit')
    if (typeof ok !== 'boolean') throw wrong('ok', 'true or false')
    const record = this.record()
    if (record === undefined || contentOf(record) !== said.content) return false
    const place = placeOf(said.part, said.id)
    if (readEntry(this.place.target(), said.content, place)?.version !== said.version) return false
    if (said.kind === 'exact') return ok ? {} : { bad: place }
    this.state(record)?.observe(said.content, place, said.version, [said.score, ok ? 1 : 0])
    this.runtime.schedule()
    return {}
  }
}

const toListed = (entry: Entry): CacheListEntry => ({
  key: entry.said ?? entry.key,
  value: entry.value,
  metadata: entry.metadata ?? {},
  tags: entry.tags ?? [],
  createdAt: new Date(entry.created),
  expiresAt: entry.expires === undefined ? undefined : new Date(entry.expires),
  sizeBytes: entry.size,
})

function describe(counters: Counters, count: number, sizeBytes: number): CacheStats {
  const { exactHits, semanticHits, misses, ...rest } = counters
  const hits = exactHits + semanticHits
  const asked = hits + misses
  return { count, hits, misses, hitRate: asked === 0 ? 0 : hits / asked, sizeBytes, exactHits, semanticHits, ...rest }
}
