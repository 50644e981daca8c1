import type { LogLevel } from './constants.js'
import type { DatabaseOptions, LogEntry } from './options.js'

const SEVERITY: Readonly<Record<LogLevel, number>> = { off: 0, error: 1, warn: 2, info: 3, debug: 4 }

export type Log = (level: LogEntry['level'], message: string, details?: Readonly<Record<string, unknown>>) => void

/** One line on standard error. */
function write(entry: LogEntry): void {
  const details = Object.entries(entry.details).map(([name, value]) => ` ${name}=${String(value)}`)
  process.stderr.write(`sochdb ${entry.level}: ${entry.message}${details.join('')}\n`)
}

/** Passes entries that are severe enough on. A logger that throws is not allowed to break the database. */
export function createLog(level: LogLevel, logger: DatabaseOptions['logger']): Log {
  const limit = SEVERITY[level]
  return (entryLevel, message, details = {}) => {
    if (SEVERITY[entryLevel] > limit) return
    try {
      ;(logger ?? write)({ level: entryLevel, message, details })
    } catch {
      // There is nobody to tell.
    }
  }
}
