/**
 * How often something was asked for, roughly, in little memory: a count-min sketch of four rows of 4-bit counters. When as many uses
 * were counted as ten for each entry it is made for, all counters are halved: what was popular long ago is forgotten.
 */
const ROWS = 4
const MAX_COUNT = 15
const SAMPLE = 10
const SEEDS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f]

export class FrequencySketch {
  /** A byte holds two counters. */
  #table: Uint8Array
  #width: number
  #counted = 0

  constructor(entries: number) {
    this.#width = widthFor(entries)
    this.#table = new Uint8Array((ROWS * this.#width) / 2)
  }

  /** Makes room for more entries. A row of twice the width begins as two copies of itself: estimates stay what they were. */
  ensure(entries: number): void {
    while (widthFor(entries) > this.#width) {
      const bytes = this.#width / 2
      const table = new Uint8Array(2 * ROWS * bytes)
      for (let row = 0; row < ROWS; row++) {
        const counters = this.#table.subarray(row * bytes, (row + 1) * bytes)
        table.set(counters, 2 * row * bytes)
        table.set(counters, (2 * row + 1) * bytes)
      }
      this.#table = table
      this.#width *= 2
    }
  }

  add(place: string, times = 1): void {
    const hash = hashOf(place)
    for (let row = 0; row < ROWS; row++) {
      const at = this.#indexOf(hash, row)
      this.#set(at, Math.min(MAX_COUNT, this.#get(at) + times))
    }
    this.#counted += times
    if (this.#counted >= SAMPLE * this.#width) this.#age()
  }

  estimate(place: string): number {
    const hash = hashOf(place)
    let least = MAX_COUNT
    for (let row = 0; row < ROWS; row++) least = Math.min(least, this.#get(this.#indexOf(hash, row)))
    return least
  }

  #age(): void {
    const table = this.#table
    for (let i = 0; i < table.length; i++) table[i] = (table[i]! >> 1) & 0x77
    this.#counted >>= 1
  }

  #indexOf(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (hash >>> 15), SEEDS[row]!)
    mixed ^= mixed >>> 13
    return row * this.#width + ((mixed >>> 0) & (this.#width - 1))
  }

  #get(at: number): number {
    return (this.#table[at >> 1]! >> ((at & 1) * 4)) & MAX_COUNT
  }

  #set(at: number, count: number): void {
    const shift = (at & 1) * 4
    this.#table[at >> 1] = (this.#table[at >> 1]! & ~(MAX_COUNT << shift)) | (count << shift)
  }
}

/** A power of two, at least twice the entries. */
const widthFor = (entries: number): number => 2 ** Math.ceil(Math.log2(Math.max(64, 2 * entries)))

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
