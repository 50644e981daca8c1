/**
 * Checking options: every one is honoured or rejected, by a ValidationError that names it and says what it takes.
 */
import { describe } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'

/** What is wrong with a value: what the option takes; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined

export const oneOf =
  (...allowed: readonly string[]): Check =>
  value =>
    allowed.includes(value as string) ? undefined : allowed.map(word => `'${word}'`).join(', ')

export const boolean: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')

export const whole =
  (min: number, max: number): Check =>
  value =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max}`

export const callable: Check = value => (typeof value === 'function' ? undefined : 'a function')

/** The longest time that may be given, in milliseconds: a month. */
export const MAX_TIMEOUT_MS = 31 * 24 * 3600 * 1000

const shown = (value: unknown): string =>
  typeof value === 'string' ? `'${value.slice(0, 60)}'` : typeof value === 'number' ? String(value) : describe(value)

/**
 * The options as a record of own, checked values; absent and undefined ones are left out. Getters run once.
 *
 * @param place what the options belong to, as it reads in a message: `Database.open`
 */
export function checkOptions(
  options: unknown,
  checks: Readonly<Record<string, Check>>,
  place: string,
): Record<string, unknown> {
  const checked: Record<string, unknown> = {}
  if (options === undefined) return checked
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw new ValidationError(`The options of ${place} must be an object; this is ${describe(options)}.`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ')
      throw new ValidationError(`${place} has no option "${name}". It takes: ${known}.`, { details: { option: name } })
    }
    if (value === undefined) continue
    const wanted = checks[name]?.(value)
    if (wanted !== undefined) {
      throw new ValidationError(`Option "${name}" of ${place} takes ${wanted}; this is ${shown(value)}.`, {
        details: { option: name, expected: wanted },
      })
    }
    checked[name] = value
  }
  return checked
}
