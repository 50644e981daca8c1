/**
 * Compiled statements by key, bounded in number and in what they weigh. What leaves is the oldest that was not asked for since it was
 * last looked at for that: a look-up moves nothing.
 */
export class PlanCache<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly weight: number; used: boolean }>()
  #weight = 0

  constructor(
    readonly maxEntries: number,
    /** Of all entries together; one that weighs more than a quarter of it is not kept. */
    readonly maxWeight: number,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    entry.used = true
    return entry.value
  }

  set(key: string, value: T, weight: number): void {
    this.delete(key)
    if (weight > this.maxWeight / 4) return
    this.#entries.set(key, { value, weight, used: false })
    this.#weight += weight
    // Entries put back at the end come around again, unused by then: this ends.
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.maxEntries && this.#weight <= this.maxWeight) break
      this.#entries.delete(oldest)
      if (entry.used) {
        entry.used = false
        this.#entries.set(oldest, entry)
      } else this.#weight -= entry.weight
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }
}
