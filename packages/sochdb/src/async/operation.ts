/** Operations that can be stopped: by an AbortSignal, by a time limit. */
import { callable, MAX_TIMEOUT_MS, whole } from '../engine/check.js'
import { ErrorCode, errorFromNative, isNativeError, NativeCode, SochDBError } from '../errors/index.js'
import type { ErrorContext } from '../errors/index.js'
import { native } from './native.js'
import type { NativeProgress } from './native.js'

/** How an operation is stopped before it has done its work. */
export interface OperationOptions {
  /**
   * Rejects with the signal's reason. A write that is aborted before it began leaves nothing; one that has begun is finished, and
   * the promise says what became of it.
   */
  readonly signal?: AbortSignal
  /** The most time it may take, waiting for its turn included, in milliseconds. Default: none. */
  readonly timeoutMs?: number
}

/** What work that takes long is told: what ends it, and who hears how far it is. */
export interface LongOptions extends OperationOptions {
  /** Called from time to time with how much is done, and how much there is; the unit depends on the work. */
  readonly onProgress?: (completed: number, total: number) => void
}

export const signalCheck = (value: unknown): string | undefined =>
  typeof AbortSignal === 'function' && value instanceof AbortSignal ? undefined : 'an AbortSignal'
export const operationChecks = { signal: signalCheck, timeoutMs: whole(1, MAX_TIMEOUT_MS) }
export const longChecks = { ...operationChecks, onProgress: callable }

/** Whether the engine stopped because it was asked to; results that are read elsewhere come with errors that are explained already. */
const wasCancelled = (error: unknown): boolean =>
  isNativeError(error)
    ? error.nativeCode === NativeCode.CANCELLED
    : error instanceof SochDBError && error.code === ErrorCode.QUERY_CANCELLED

/** What a signal stops. */
const stopped = new WeakMap<AbortSignal, Set<() => void>>()

function stopAll(this: AbortSignal): void {
  for (const cancel of [...(stopped.get(this) ?? [])]) cancel()
}

/** One listener for each signal, however many operations it stops: Node warns of the eleventh as of a leak. */
function listen(signal: AbortSignal | undefined, cancel: () => void): void {
  if (signal === undefined) return
  const cancels = stopped.get(signal) ?? new Set()
  if (cancels.size === 0) signal.addEventListener('abort', stopAll)
  stopped.set(signal, cancels.add(cancel))
}

function unlisten(signal: AbortSignal | undefined, cancel: () => void): void {
  const cancels = signal && stopped.get(signal)
  if (cancels?.delete(cancel) === true && cancels.size === 0) signal!.removeEventListener('abort', stopAll)
}

/**
 * Runs an operation under a signal. `begin` gets the number by which it is cancelled (0: it will not be) and the time limit.
 *
 * @param explain the public error for what the addon threw
 */
export async function operate<T>(
  options: OperationOptions | undefined,
  begin: (operation: number, timeoutMs: number) => Promise<T>,
  explain: (error: unknown) => unknown,
): Promise<T> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const number = signal === undefined ? 0 : native.asyncNumber()
  const cancel = (): void => native.asyncCancel(number)
  try {
    const result = begin(number, options?.timeoutMs ?? 0)
    listen(signal, cancel)
    return await result
  } catch (error) {
    if (signal?.aborted === true && wasCancelled(error)) throw signal.reason
    throw explain(error)
  } finally {
    unlisten(signal, cancel)
  }
}

/**
 * The same for long work, which reports its progress. What `onProgress` throws cancels the work, and is what the promise rejects
 * with.
 */
export async function operateLong<T>(
  options: LongOptions,
  begin: (operation: number, timeoutMs: number, progress: NativeProgress | undefined) => Promise<T>,
  context: ErrorContext = 'query',
): Promise<T> {
  const { signal, timeoutMs = 0, onProgress } = options
  signal?.throwIfAborted()
  const number = native.asyncNumber()
  const cancel = (): void => native.asyncCancel(number)
  let thrown: { readonly error: unknown } | undefined
  const progress: NativeProgress = (completed, total) => {
    try {
      if (thrown === undefined) onProgress?.(completed, total)
    } catch (error) {
      thrown = { error }
      cancel()
    }
  }
  try {
    const result = begin(number, timeoutMs, onProgress === undefined ? undefined : progress)
    listen(signal, cancel)
    const value = await result
    if (thrown !== undefined) throw thrown.error
    return value
  } catch (error) {
    if (thrown !== undefined) throw thrown.error
    if (signal?.aborted === true && wasCancelled(error)) throw signal.reason
    throw errorFromNative(error, context)
  } finally {
    unlisten(signal, cancel)
  }
}
