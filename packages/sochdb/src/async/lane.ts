/**
 * A lane: actions that run one after the other, in the order in which they were asked for. A transaction or a snapshot has one,
 * as the engine serves each of them one thread at a time.
 *
 * An action that is short runs at once, on this thread, when nothing is under way before it.
 */
export class Lane {
  #tail: Promise<unknown> | undefined
  /** Whoever uses it is being ended: what comes now is refused. */
  isEnding = false

  run<T>(action: () => T | Promise<T>): Promise<T> {
    const { promise, settled } = this.#tail === undefined ? start(action) : after(this.#tail, action)
    if (settled !== undefined) {
      this.#tail = settled
      void settled.then(() => {
        if (this.#tail === settled) this.#tail = undefined
      })
    }
    return promise
  }

  /** When everything that was asked for so far is done. */
  async idle(): Promise<void> {
    await this.#tail
  }
}

/** Also a promise of another realm, such as the addon's in a `vm` context. */
export const isPromise = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

interface Started<T> {
  readonly promise: Promise<T>
  /** Resolves when the action is done, well or not; absent where it is done already. */
  readonly settled?: Promise<void>
}

const ignore = (): void => undefined
const same = <T>(value: T): T => value

function start<T>(action: () => T | Promise<T>): Started<T> {
  try {
    const result = action()
    return isPromise(result) ? follow(result) : { promise: Promise.resolve(result) }
  } catch (error) {
    return { promise: Promise.reject(error as Error) }
  }
}

const after = <T>(tail: Promise<unknown>, action: () => T | Promise<T>): Started<T> => follow(tail.then(action))

/** The promise given out is another than the one that is waited for here: a failure nobody looks at is reported as such. */
const follow = <T>(result: Promise<T>): Started<T> => ({
  promise: result.then(same),
  settled: result.then(ignore, ignore),
})
