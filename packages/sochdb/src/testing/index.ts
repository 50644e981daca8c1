/**
 * What tests of applications need: a store in memory, a clock for caches.
 *
 * @module sochdb/testing
 */
import { Database } from '../database/index.js'
import type { DatabaseOptions } from '../engine/index.js'

/** A fresh database in memory, for one test. Close it, or let `using` do so. */
export function openTestDatabase(options?: DatabaseOptions): Database {
  return Database.open(':memory:', { logLevel: 'off', ...options })
}

/** Lets the caches of this process go by a clock of the test's own: milliseconds since 1970. undefined: by the system's again. */
export { setCacheClock } from '../cache/index.js'
