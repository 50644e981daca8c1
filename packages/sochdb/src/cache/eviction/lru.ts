import type { EvictionPolicy } from './policy.js'

/** Places in the order in which they were used, the longest ago first. A Map keeps the order of insertion. */
export class RecencyList {
  readonly #places = new Map<string, undefined>()

  get size(): number {
    return this.#places.size
  }

  has(place: string): boolean {
    return this.#places.has(place)
  }

  /** Makes it the most recent one. */
  use(place: string): void {
    this.#places.delete(place)
    this.#places.set(place, undefined)
  }

  delete(place: string): boolean {
    return this.#places.delete(place)
  }

  oldest(spared?: string): string | undefined {
    for (const place of this.#places.keys()) if (place !== spared) return place
    return undefined
  }
}

/** The least recently used goes first. */
export class LruPolicy implements EvictionPolicy {
  readonly #list = new RecencyList()

  add(place: string): void {
    this.#list.use(place)
  }

  remove(place: string): void {
    this.#list.delete(place)
  }

  touch(place: string): void {
    if (this.#list.has(place)) this.#list.use(place)
  }

  victim(spared: string | undefined): string | undefined {
    return this.#list.oldest(spared) ?? this.#list.oldest()
  }
}
