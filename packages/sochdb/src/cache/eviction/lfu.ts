/**
 * W-TinyLFU: new entries stand in a small window, by recency; what leaves it stays only where it was asked for more often than what
 * would have to go for it. The main part is segmented: entries that are used again are protected from those that never were.
 */
import { RecencyList } from './lru.js'
import type { EvictionPolicy, Weighed } from './policy.js'
import { FrequencySketch } from './sketch.js'

const WINDOW_SHARE = 0.01
const PROTECTED_SHARE = 0.8

export class TinyLfuPolicy implements EvictionPolicy {
  readonly #window = new RecencyList()
  readonly #probation = new RecencyList()
  readonly #protected = new RecencyList()
  readonly #sketch = new FrequencySketch(64)

  get #size(): number {
    return this.#window.size + this.#probation.size + this.#protected.size
  }

  add(place: string, _weighed: Weighed, uses: number): void {
    this.#sketch.ensure(this.#size + 1)
    this.#sketch.add(place, 1 + Math.min(uses, 14))
    if (this.#probation.has(place) || this.#protected.has(place)) this.#use(place)
    else this.#window.use(place)
    this.#trim()
  }

  remove(place: string): void {
    if (!this.#window.delete(place) && !this.#probation.delete(place)) this.#protected.delete(place)
  }

  touch(place: string): void {
    this.#sketch.add(place)
    this.#use(place)
  }

  #use(place: string): void {
    if (this.#window.has(place)) this.#window.use(place)
    else if (this.#protected.has(place)) this.#protected.use(place)
    else if (this.#probation.delete(place)) {
      this.#protected.use(place)
      const most = Math.max(1, Math.floor(PROTECTED_SHARE * (this.#size - this.#window.size)))
      if (this.#protected.size > most) {
        const demoted = this.#protected.oldest(place)
        if (demoted !== undefined && this.#protected.delete(demoted)) this.#probation.use(demoted)
      }
    }
  }

  /** While nothing has to go, whatever leaves the window stays: the main part is not full. */
  #trim(): void {
    while (this.#window.size > this.#windowSize + 1) {
      const oldest = this.#window.oldest()!
      this.#window.delete(oldest)
      this.#probation.use(oldest)
    }
  }

  get #windowSize(): number {
    return Math.max(1, Math.floor(WINDOW_SHARE * this.#size))
  }

  victim(spared: string | undefined): string | undefined {
    const victim = this.#probation.oldest(spared) ?? this.#protected.oldest(spared)
    const candidate = this.#window.size > this.#windowSize ? this.#window.oldest(spared) : undefined
    if (candidate === undefined) return victim ?? this.#window.oldest(spared) ?? this.#window.oldest()
    if (victim === undefined) return candidate
    if (this.#sketch.estimate(candidate) <= this.#sketch.estimate(victim)) return candidate
    this.#window.delete(candidate)
    this.#probation.use(candidate)
    return victim
  }
}
