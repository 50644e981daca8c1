/** What ends a change of the schema before it is done: asked between its steps. */
import { performance } from 'node:perf_hooks'

import { QueryTimeoutError } from '../../errors/index.js'

export class Limits {
  readonly #end: number
  readonly #signal: AbortSignal | undefined

  constructor({ timeoutMs, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) {
    this.#end = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs
    this.#signal = signal
  }

  /** Errors: the signal's reason once it is aborted; QueryTimeoutError when the time is over. */
  check(): void {
    this.#signal?.throwIfAborted()
    if (performance.now() > this.#end) throw new QueryTimeoutError('The operation ran past its time limit.')
  }
}

export const NO_LIMITS = new Limits()
