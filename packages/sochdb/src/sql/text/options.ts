/** How a statement given as text is read and run. */
import { MAX_TIMEOUT_MS, oneOf, whole } from '../../engine/check.js'
import { checkOptions } from '../../engine/check.js'
import type { Dialect } from '../parser/index.js'

/** How a statement is read, and how long it may take. */
export interface ExecuteOptions {
  /** Where dialects mean different things by the same words. Default `auto`: the canonical core (docs/sql.md). */
  readonly dialect?: Dialect
  /** The most time it may take, in milliseconds; a QueryTimeoutError then, and nothing of it remains. Default: none. */
  readonly timeoutMs?: number
  /** Aborted before the statement begins, its reason is thrown; on an AsyncDatabase it stops one that runs. */
  readonly signal?: AbortSignal
}

const signalCheck = (value: unknown): string | undefined =>
  typeof AbortSignal === 'function' && value instanceof AbortSignal ? undefined : 'an AbortSignal'

const checks = {
  dialect: oneOf('auto', 'sqlite', 'postgres', 'mysql'),
  timeoutMs: whole(1, MAX_TIMEOUT_MS),
  signal: signalCheck,
}
const NONE: ExecuteOptions = Object.freeze({})

/** Errors: ValidationError for an option that is unknown or wrong. */
export function checkExecuteOptions(options: unknown, place: string): ExecuteOptions {
  if (options === undefined) return NONE
  const checked = checkOptions(options, checks, place) as ExecuteOptions
  checked.signal?.throwIfAborted()
  return checked
}
