/** What callers hand to a client, looked at before it is used: shapes, properties, and how values read in a message. */
import { ValidationError } from '../errors/index.js'

/** Dates, bytes and vectors are values, not sets of operators or options. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Every property is one of these, so that none is ignored: `limit` in a deletion would be one that deletes too much. */
export function checkProperties(value: unknown, what: string, known: readonly string[]): void {
  if (!isPlainObject(value)) throw new ValidationError(`${what} takes { ${known.join(', ')} }, not ${describe(value)}.`)
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw new ValidationError(`${what} has no property "${name}". It has: ${known.join(', ')}.`)
    }
  }
}

/** What a value is, for a message: `null`, `an array`, `a number`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return isPlainObject(value) ? 'an object' : `an object of another kind (${Object.prototype.toString.call(value)})`
}

/** A value itself, for a message, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return typeof value === 'object' || typeof value === 'function' ? describe(value) : String(value)
}
