/**
 * Committed changes as they happen. The addon keeps what was committed since the last call (native/binding/async_watch.cc); here
 * they come out one by one.
 */
import type { Bytes } from '../bytes/bytes.js'
import { CLOSED } from '../engine/handle.js'
import { checkOptions, whole } from '../engine/check.js'
import { nativeHandle } from '../engine/index.js'
import { isNativeError, NativeCode } from '../errors/index.js'
import { native } from './native.js'
import { signalCheck } from './operation.js'
import { take, unpackChanges } from './packed.js'
import type { Change } from './packed.js'

/** How far a consumer of changes may lag behind, and what ends the watch. */
export interface WatchOptions {
  /** Changes that may wait to be consumed. From 1 to 1 048 576; default 65 536. Beyond, or beyond 64 MiB, the watch fails. */
  readonly bufferSize?: number
  /** Ends the iteration. */
  readonly signal?: AbortSignal
}

const DEFAULT_BUFFER = 65_536
const checks = { bufferSize: whole(1, 1 << 20), signal: signalCheck }
const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

interface WatchSource {
  readonly [nativeHandle]: number
  /** The public error for what the addon threw. */
  explain(error: unknown): unknown
}

/** Watches that were dropped without `return`. */
const abandoned = new FinalizationRegistry<number>(handle => native.watchClose(handle))

/**
 * The changes that are committed from now on to keys that start with `prefix`, in commit order.
 *
 * @param source the database, or a namespace of one
 */
export function watchChanges(
  source: WatchSource,
  prefix: Bytes,
  options: WatchOptions | undefined,
): AsyncIterableIterator<Change> {
  const { bufferSize = DEFAULT_BUFFER, signal } = checkOptions(options, checks, 'watch') as WatchOptions
  try {
    return new Watch(source, native.watch(source[nativeHandle], prefix, bufferSize), signal)
  } catch (error) {
    throw source.explain(error)
  }
}

class Watch implements AsyncIterableIterator<Change> {
  /** Held, so that a database nobody else holds stays open. */
  readonly #source: WatchSource
  #handle: number
  #ready: Change[] = []
  #at = 0
  #tail: Promise<unknown> = Promise.resolve()
  readonly #signal: AbortSignal | undefined
  readonly #abort: () => void

  constructor(source: WatchSource, handle: number, signal: AbortSignal | undefined) {
    this.#source = source
    this.#handle = handle
    this.#signal = signal
    const self = new WeakRef(this) // so that the signal does not keep a watch that was dropped
    this.#abort = () => {
      const watch = self.deref()
      if (watch !== undefined) watch.#close()
    }
    abandoned.register(this, handle, this)
    signal?.addEventListener('abort', this.#abort, { once: true })
    if (signal?.aborted === true) this.#close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Change, undefined>> {
    const next = this.#tail.then(() => this.#next())
    this.#tail = next.catch(() => undefined)
    return next
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#close()
    return Promise.resolve(END)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #next(): Promise<IteratorResult<Change, undefined>> {
    while (this.#handle !== CLOSED) {
      const change = this.#ready[this.#at]
      if (change !== undefined) {
        this.#at++
        return { done: false, value: change }
      }
      await this.#read()
    }
    return END
  }

  async #read(): Promise<void> {
    try {
      const batch = await native.watchNext(this.#handle)
      const buffer = take(batch)
      this.#ready = unpackChanges(buffer, batch.changes)
      this.#at = 0
      if (batch.ended) this.#close()
    } catch (error) {
      this.#close()
      if (isNativeError(error) && error.nativeCode === NativeCode.CLOSED) return // the database was closed
      throw this.#source.explain(error)
    }
  }

  #close(): void {
    if (this.#handle === CLOSED) return
    native.watchClose(this.#handle)
    this.#handle = CLOSED
    this.#ready = []
    this.#signal?.removeEventListener('abort', this.#abort)
    abandoned.unregister(this)
  }
}
