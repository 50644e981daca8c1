/**
 * GreedyDual-Size-Frequency: what saves least for its size goes first. Every eviction raises the level from which new priorities
 * count, so that what is not used any more goes in the end, whatever it once saved.
 */
import type { EvictionPolicy, Weighed } from './policy.js'

interface Ranked {
  readonly place: string
  readonly weighed: Weighed
  readonly uses: number
  readonly priority: number
}

export class CostPolicy implements EvictionPolicy {
  readonly #ranked = new Map<string, Ranked>()
  /** A heap; elements that are not in `#ranked` any more are left where they are, and skipped. */
  #heap: Ranked[] = []
  #level = 0

  add(place: string, weighed: Weighed, uses: number): void {
    this.#rank(place, weighed, uses + 1)
  }

  remove(place: string): void {
    this.#ranked.delete(place)
  }

  touch(place: string): void {
    const held = this.#ranked.get(place)
    if (held !== undefined) this.#rank(place, held.weighed, held.uses + 1)
  }

  victim(spared: string | undefined): string | undefined {
    let aside: Ranked | undefined
    let least = this.#pop()
    if (least?.place === spared && this.#ranked.size > 1) {
      aside = least
      least = this.#pop()
    }
    if (aside !== undefined) this.#push(aside)
    if (least === undefined) return undefined
    this.#level = Math.max(this.#level, least.priority)
    this.#push(least) // until it is removed
    return least.place
  }

  #rank(place: string, weighed: Weighed, uses: number): void {
    const priority = this.#level + (uses * Math.max(weighed.worth, Number.MIN_VALUE)) / Math.max(1, weighed.size)
    const ranked = { place, weighed, uses, priority }
    this.#ranked.set(place, ranked)
    this.#push(ranked)
    if (this.#heap.length > 64 + 2 * this.#ranked.size) this.#rebuild()
  }

  #rebuild(): void {
    this.#heap = [...this.#ranked.values()].sort((a, b) => a.priority - b.priority)
  }

  #push(ranked: Ranked): void {
    const heap = this.#heap
    let at = heap.push(ranked) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.priority <= ranked.priority) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = ranked
  }

  /** The least one that still counts. */
  #pop(): Ranked | undefined {
    for (;;) {
      const heap = this.#heap
      const top = heap[0]
      if (top === undefined) return undefined
      const last = heap.pop()!
      if (heap.length > 0) this.#sink(last)
      if (this.#ranked.get(top.place) === top) return top
    }
  }

  #sink(ranked: Ranked): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.priority < heap[child]!.priority) child++
      if (heap[child]!.priority >= ranked.priority) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = ranked
  }
}
