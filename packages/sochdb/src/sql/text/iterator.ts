/** Rows one by one out of batches. A generator that delegates to each batch takes three times as long for a row. */

/** What iterators inherit from: helpers and `Symbol.dispose`, where the platform has them. */
const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object

/** Begins at the first row that is asked for; leaving the loop ends the batches. */
export class RowIterator<T> implements IterableIterator<T> {
  static {
    Object.setPrototypeOf(this.prototype, IteratorPrototype)
  }
  readonly #batches: Generator<readonly T[], void>
  #batch: readonly T[] = []
  #at = 0

  constructor(batches: Generator<readonly T[], void>) {
    this.#batches = batches
  }

  next(): IteratorResult<T> {
    while (this.#at === this.#batch.length) {
      const next = this.#batches.next()
      this.#at = 0
      if (next.done === true) {
        this.#batch = []
        return { done: true, value: undefined }
      }
      this.#batch = next.value
    }
    return { done: false, value: this.#batch[this.#at++]! }
  }

  return(value?: unknown): IteratorResult<T> {
    this.#batch = []
    this.#at = 0
    this.#batches.return()
    return { done: true, value }
  }

  [Symbol.iterator](): this {
    return this
  }
}
