/**
 * What a bounded cache holds, in memory: the sizes, and the order in which entries go. Derived from the notes and uses of its entries,
 * and read again from there whenever it may be wrong.
 */
import type { Namespace } from '../engine/index.js'
import { CostPolicy } from './eviction/cost.js'
import { TinyLfuPolicy } from './eviction/lfu.js'
import { LruPolicy } from './eviction/lru.js'
import type { EvictionPolicy } from './eviction/policy.js'
import { keys } from './layout.js'
import type { EntryNote } from './layout.js'
import type { CacheConfig, CacheEviction } from './types.js'

/** When an entry was last found, and how often. */
export interface Use {
  readonly at: number
  readonly uses: number
}

const policies: Readonly<Record<CacheEviction, () => EvictionPolicy>> = {
  lru: () => new LruPolicy(),
  lfu: () => new TinyLfuPolicy(),
  cost: () => new CostPolicy(),
}

export const isBounded = ({ maxEntries, maxBytes }: CacheConfig): boolean =>
  typeof maxEntries === 'number' || typeof maxBytes === 'number'
export const evictionOf = (config: CacheConfig): CacheEviction => config.evict ?? 'lru'

export class Ledger {
  readonly eviction: CacheEviction
  readonly #notes = new Map<string, EntryNote>()
  readonly #policy: EvictionPolicy
  #bytes = 0

  private constructor(
    readonly content: string,
    eviction: CacheEviction,
  ) {
    this.eviction = eviction
    this.#policy = policies[eviction]()
  }

  /** Reads what there is; `fresh`: uses that are not written yet. */
  static load(newest: Namespace, content: string, eviction: CacheEviction, fresh: ReadonlyMap<string, Use>): Ledger {
    const ledger = new Ledger(content, eviction)
    const uses = new Map<string, Use>()
    for (const [place, use] of read(newest, keys.uses(content))) uses.set(place, use as Use)
    const held = Array.from(read(newest, keys.notes(content)), ([place, value]) => {
      const note = value as EntryNote
      const known = uses.get(place)
      const newer = fresh.get(place)
      const at = newer?.at ?? known?.at ?? 0
      return { place, note, at: Math.max(at, note.created), uses: (known?.uses ?? 0) + (newer?.uses ?? 0) }
    })
    held.sort((a, b) => a.at - b.at)
    for (const { place, note, uses: count } of held) ledger.set(place, note, count)
    return ledger
  }

  get count(): number {
    return this.#notes.size
  }

  get bytes(): number {
    return this.#bytes
  }

  set(place: string, note: EntryNote, uses = 0): void {
    this.#bytes += note.size - (this.#notes.get(place)?.size ?? 0)
    this.#notes.set(place, note)
    this.#policy.add(place, note, uses)
  }

  /** As `set`, unless that is what it was: what was not written again was not used. */
  bring(place: string, note: EntryNote): void {
    const held = this.#notes.get(place)
    if (held?.created !== note.created || held.size !== note.size || held.gone !== note.gone) this.set(place, note)
  }

  remove(place: string): void {
    const note = this.#notes.get(place)
    if (note === undefined) return
    this.#bytes -= note.size
    this.#notes.delete(place)
    this.#policy.remove(place)
  }

  touch(place: string): void {
    if (this.#notes.has(place)) this.#policy.touch(place)
  }

  isOver({ maxEntries, maxBytes }: CacheConfig): boolean {
    return this.#notes.size > (maxEntries ?? Infinity) || this.#bytes > (maxBytes ?? Infinity)
  }

  /** Takes out what goes next. */
  takeVictim(spared?: string): string | undefined {
    const place = this.#policy.victim(spared)
    if (place !== undefined) this.remove(place)
    return place
  }
}

function* read(newest: Namespace, prefix: string): Generator<[string, unknown]> {
  for (const rows of newest.scanStream(prefix, { batchSize: 5000 })) {
    for (const [key, value] of rows) yield [key.toString().slice(prefix.length), JSON.parse(value.toString())]
  }
}
