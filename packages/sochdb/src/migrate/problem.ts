import { MigrationError } from '../errors/index.js'
import type { MigrationReason } from '../errors/errors.js'

/** What happened, and what to do about it. */
export function refusal(
  reason: MigrationReason,
  message: string,
  remediation: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): MigrationError {
  return new MigrationError(message, { reason, remediation, details, ...(cause === undefined ? {} : { cause }) })
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(lines: readonly string[], most = 5): string {
  if (lines.length > most) return `${lines.slice(0, most).join('; ')}; and ${String(lines.length - most)} more`
  return lines.join('; ')
}
