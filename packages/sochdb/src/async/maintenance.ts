/** Looking after a store by promise: on threads of the engine, with progress in bytes, and stopped by a signal. */
import { nativeHandle } from '../engine/index.js'
import type { Database, NativeOutcomes } from '../engine/index.js'
import { checkOptions } from '../engine/check.js'
import { native } from './native.js'
import { longChecks, operateLong } from './operation.js'
import type { LongOptions } from './operation.js'

/** @param place what the options belong to, as it reads in a message */
export function maintain<K extends keyof NativeOutcomes>(
  database: Database,
  kind: K,
  argument: unknown,
  options: LongOptions | undefined,
  place: string,
): Promise<NativeOutcomes[K]> {
  const checked = checkOptions(options, longChecks, place) as LongOptions
  return operateLong(
    checked,
    (operation, timeoutMs, progress) =>
      native.asyncMaintain(database[nativeHandle], kind, argument, operation, timeoutMs, progress) as Promise<
        NativeOutcomes[K]
      >,
    'database',
  )
}
