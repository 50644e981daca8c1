/** Scopes and keys, brought into the one form in which they are compared. */
import { ValidationError } from '../errors/index.js'
import { encodeMetadata } from '../search/index.js'

const SCOPE = { kind: 'Cache', member: 'scope', depth: 0 }
const MAX_KEY_BYTES = 1024 * 1024
const MAX_SCOPE_BYTES = 64 * 1024
const EMPTY = '{}'

/** A scope as JSON whose members are in order. */
export function scopeText(scope: unknown, name: string): string {
  if (scope === undefined) return EMPTY
  const text = canonical(JSON.parse(encodeMetadata(scope, name, SCOPE)))
  if (Buffer.byteLength(text) <= MAX_SCOPE_BYTES) return text
  throw new ValidationError(`scope is longer than ${MAX_SCOPE_BYTES} bytes as JSON.`, {
    details: { argument: 'scope', limit: MAX_SCOPE_BYTES },
  })
}

/** JSON whose members are sorted by their names' code units. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/** Most keys need no more looking at. */
const SHORT = 10_000
// eslint-disable-next-line no-control-regex
const ascii = /^[\u0000-\u007f]*$/
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** A key as it is compared: in Unicode's composed form, without blanks around it. */
export function keyText(key: unknown): string {
  if (typeof key !== 'string') throw bad('must be a string')
  const trimmed = key.trim()
  if (trimmed === '') throw bad('must not be empty')
  if (trimmed.length <= SHORT && ascii.test(trimmed)) return trimmed
  const text = trimmed.normalize('NFC')
  if (text.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(text) > MAX_KEY_BYTES) {
    throw bad(`is longer than ${MAX_KEY_BYTES} bytes`)
  }
  if (loneSurrogate.test(text)) throw bad('holds half of a surrogate pair: it is no text')
  return text
}

const bad = (what: string): ValidationError => new ValidationError(`key ${what}.`, { details: { argument: 'key' } })
