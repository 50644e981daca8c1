/** Running a function as a transaction, again when it conflicts. */
import { MAX_TIMEOUT_MS, checkOptions, oneOf, whole } from '../engine/check.js'
import type { TransactionOptions } from '../engine/index.js'
import { TransactionConflictError, TransactionTimeoutError } from '../errors/index.js'
import { signalCheck } from './operation.js'
import type { AsyncTransaction } from './transaction.js'

/** How a transaction by promise runs, and how often again. */
export interface AsyncTransactionOptions extends TransactionOptions {
  /** How often the function is run again after a conflict. From 0 to 1000; default 10. */
  readonly maxRetries?: number
  /** Aborts, and rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

const DEFAULT_RETRIES = 10
const FIRST_DELAY_MS = 1
const MAX_DELAY_MS = 100

const beginChecks = {
  isolation: oneOf('serializable', 'snapshot', 'readCommitted'),
  timeoutMs: whole(1, MAX_TIMEOUT_MS),
}
const retryChecks = { ...beginChecks, maxRetries: whole(0, 1000), signal: signalCheck }

/**
 * @param begin begins a transaction that may take so many milliseconds
 */
export async function runWithRetries<T>(
  begin: (options: TransactionOptions) => AsyncTransaction,
  fn: (txn: AsyncTransaction) => T | PromiseLike<T>,
  options: unknown,
): Promise<T> {
  const checked = checkOptions(options, retryChecks, 'db.transaction') as AsyncTransactionOptions
  const { isolation, maxRetries = DEFAULT_RETRIES, timeoutMs, signal } = checked
  const end = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    const left = Math.ceil(end - performance.now())
    if (left <= 0) throw tooLong(timeoutMs as number, attempt)
    const txn = begin({ ...(isolation && { isolation }), ...(timeoutMs === undefined ? {} : { timeoutMs: left }) })
    try {
      return await runOnce(txn, fn, signal)
    } catch (error) {
      await txn.abort()
      if (!(error instanceof TransactionConflictError) || attempt >= maxRetries) throw error
    }
    await delay(Math.random() * Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS), signal)
  }
}

async function runOnce<T>(
  txn: AsyncTransaction,
  fn: (txn: AsyncTransaction) => T | PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return commitAfter(txn, await fn(txn))
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    Promise.resolve(fn(txn))
      .then(result => {
        signal.removeEventListener('abort', abort) // from here on the commit decides
        return signal.aborted ? result : commitAfter(txn, result)
      })
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

async function commitAfter<T>(txn: AsyncTransaction, result: T): Promise<T> {
  if (txn.isOpen) await txn.commit()
  return result
}

const tooLong = (timeoutMs: number, attempts: number): TransactionTimeoutError =>
  new TransactionTimeoutError(`The transaction did not commit within ${timeoutMs} ms, in ${attempts} attempts.`, {
    details: { timeoutMs, attempts },
    remediation: 'Raise timeoutMs, or let fewer transactions change the same keys at the same time.',
  })

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
