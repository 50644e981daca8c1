/**
 * Constants of a statement: literals, declared defaults, what folding leaves. Each value is held in one JavaScript shape per
 * type, and moves between types only where nothing is lost.
 *
 * The shapes: boolean → boolean; integer, bigint, timestamp → bigint; real → number; text, decimal, json, uuid → string;
 * blob → Uint8Array; vector → Float32Array; NULL of any type → null.
 */
import { randomFillSync } from 'node:crypto'
import { DimensionMismatchError } from '../errors/index.js'
import type { ColumnTypeName, SqlType } from './types.js'

export type SqlValue = null | boolean | bigint | number | string | Uint8Array | Float32Array

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** Timestamps beyond what a `Date` holds are refused. */
const TIMESTAMP_MAX = 8_640_000_000_000_000n

const INTEGER_TEXT = /^[+-]?\d{1,19}$/
const DECIMAL_TEXT = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const UUID_HEX = /^[0-9a-f]{32}$/
const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const TIMESTAMP_TEXT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i
const EXPANDED_TIMESTAMP_TEXT = /^[+-]\d{6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

export function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX
}

/** The type that a literal has by itself, before a column lends it another. */
export function typeOfLiteral(value: null | boolean | number | bigint | string): SqlType {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'bigint') return 'integer'
  return Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 2 ** 63 ? 'integer' : 'real'
}

/** A literal in the shape of its own type. */
export function literalValue(value: null | boolean | number | bigint | string): SqlValue {
  return typeof value === 'number' && typeOfLiteral(value) === 'integer' ? BigInt(value) : value
}

/**
 * The value as one of type `to`, or `undefined` when that would lose something ('12' → 12, 2.0 → 2, but neither 'x' nor 2.5).
 * `value` is in the shape of `from`.
 */
export function coerce(value: SqlValue, from: SqlType, to: SqlType): SqlValue | undefined {
  if (value === null) return null
  if (from === to || to === 'any') return value
  switch (to) {
    case 'boolean':
      return toBoolean(value)
    case 'integer':
    case 'bigint':
      return from === 'timestamp' ? undefined : toInteger(value)
    case 'real':
      return from === 'timestamp' ? undefined : toReal(value)
    case 'text':
      return toText(value, from)
    case 'decimal':
      return toDecimal(value, from)
    case 'timestamp':
      return toTimestamp(value, from)
    case 'uuid':
      return toUuid(value)
    case 'json':
      return toJson(value, from)
    case 'blob':
      return undefined
    case 'vector':
      return typeof value === 'string' ? parseVector(value) : undefined
    case 'null':
      return undefined
  }
}

function toBoolean(value: SqlValue): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 1n || value === 1) return true
  if (value === 0n || value === 0) return false
  if (typeof value !== 'string') return undefined
  const text = value.toLowerCase()
  if (text === 'true' || text === 't' || text === '1') return true
  if (text === 'false' || text === 'f' || text === '0') return false
  return undefined
}

function toInteger(value: SqlValue): bigint | undefined {
  let result: bigint | undefined
  if (typeof value === 'bigint') result = value
  else if (typeof value === 'boolean') result = value ? 1n : 0n
  else if (typeof value === 'number') result = Number.isInteger(value) ? BigInt(value) : undefined
  else if (typeof value === 'string') {
    if (INTEGER_TEXT.test(value)) result = BigInt(value)
    else if (/^[+-]?\d{1,19}\.0*$/.test(value)) result = BigInt(value.slice(0, value.indexOf('.')))
  }
  return result !== undefined && isInt64(result) ? result : undefined
}

function toReal(value: SqlValue): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') {
    const real = Number(value)
    return BigInt(real) === value ? real : undefined
  }
  if (typeof value === 'string' && DECIMAL_TEXT.test(value)) {
    const real = Number(value)
    return Number.isFinite(real) ? real : undefined
  }
  return undefined
}

function toText(value: SqlValue, from: SqlType): string | undefined {
  if (typeof value === 'string') return value
  if (from === 'timestamp') return new Date(Number(value)).toISOString()
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  return undefined
}

function toDecimal(value: SqlValue, from: SqlType): string | undefined {
  if (from === 'timestamp') return undefined
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? normalDecimal(String(value)) : undefined
  return typeof value === 'string' && DECIMAL_TEXT.test(value) ? normalDecimal(value) : undefined
}

/** Plain digits without exponent, leading zeros or trailing zeros behind the point: one text per number. */
export function normalDecimal(text: string): string {
  const [mantissa = '', exponentText] = text.toLowerCase().split('e')
  const negative = mantissa.startsWith('-')
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.')
  const point = whole.length + Number(exponentText ?? 0)
  let digits = whole + fraction
  let before: string
  if (point <= 0) {
    digits = '0'.repeat(-point) + digits
    before = '0'
  } else {
    digits = digits.padEnd(point, '0')
    before = digits.slice(0, point)
    digits = digits.slice(point)
  }
  before = before.replace(/^0+(?=\d)/, '')
  const after = digits.replace(/0+$/, '')
  const plain = after === '' ? before : `${before}.${after}`
  return negative && plain !== '0' ? `-${plain}` : plain
}

function toTimestamp(value: SqlValue, from: SqlType): bigint | undefined {
  if (typeof value === 'string') return parseTimestamp(value)
  const millis = from === 'boolean' ? undefined : toInteger(value)
  return millis !== undefined && millis <= TIMESTAMP_MAX && millis >= -TIMESTAMP_MAX ? millis : undefined
}

/** ISO 8601 or `YYYY-MM-DD HH:MM:SS`; without an offset it is UTC. Milliseconds since the epoch. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = TIMESTAMP_TEXT.exec(text.trim())
  if (!match) return EXPANDED_TIMESTAMP_TEXT.test(text) ? parseExpanded(text) : undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  if (/[^0]/.test(fraction.slice(3))) return undefined
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase()
  const date = `${year ?? ''}-${month ?? ''}-${day ?? ''}`
  const millis = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  if (!Number.isFinite(millis)) return undefined
  // Date.parse rolls the 31st of February over; a day that does not exist is not a timestamp.
  return new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) === date ? BigInt(millis) : undefined
}

/** What `Date.prototype.toISOString` writes for years of more than four digits. */
function parseExpanded(text: string): bigint | undefined {
  const millis = Date.parse(text)
  return Number.isFinite(millis) && new Date(millis).toISOString() === text ? BigInt(millis) : undefined
}

function toUuid(value: SqlValue): string | undefined {
  if (value instanceof Uint8Array)
    return value.length === 16 ? hyphenated(Buffer.from(value).toString('hex')) : undefined
  if (typeof value !== 'string') return undefined
  const text = value.toLowerCase()
  if (UUID_TEXT.test(text)) return text
  return UUID_HEX.test(text) ? hyphenated(text) : undefined
}

function hyphenated(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function toJson(value: SqlValue, from: SqlType): string | undefined {
  if (from === 'boolean' || from === 'integer' || from === 'real') return String(value)
  if (typeof value !== 'string') return undefined
  try {
    return JSON.stringify(JSON.parse(value))
  } catch {
    return undefined
  }
}

/** `[1, 2.5, -3]`. */
function parseVector(text: string): Float32Array | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (!Array.isArray(parsed) || !parsed.every(x => typeof x === 'number')) return undefined
    return Float32Array.from(parsed as number[])
  } catch {
    return undefined
  }
}

/** @throws DimensionMismatchError when a vector is not as long as its column declares */
export function checkDimension(column: string, expected: number, vector: { readonly length: number }): void {
  const actual = vector.length
  if (actual === expected) return
  throw new DimensionMismatchError(
    `Column "${column}" holds ${expected}-dimensional vectors; this one has ${actual}.`,
    {
      expected,
      actual,
      remediation: 'Embed with the model that filled the column.',
    },
  )
}

/** A declared default (as the contract and the catalog write it) in the shape of the column's type, or `undefined`. */
export function valueOfDefault(value: unknown, type: ColumnTypeName): SqlValue | undefined {
  if (value === null) return null
  if (type === 'json') {
    const text = JSON.stringify(value) as string | undefined
    return text
  }
  if (type === 'blob') {
    return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined
  }
  if (type === 'vector') {
    return Array.isArray(value) && value.every(x => typeof x === 'number')
      ? Float32Array.from(value as number[])
      : undefined
  }
  if (type === 'timestamp' && typeof value === 'string' && INTEGER_TEXT.test(value)) {
    return toTimestamp(BigInt(value), 'integer')
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  return coerce(literalValue(value), typeOfLiteral(value), type)
}

const UUID_POOL_BYTES = 4096
const uuidPool = new Uint8Array(UUID_POOL_BYTES)
let uuidPoolAt = UUID_POOL_BYTES
let uuidMillis = 0
let uuidCounter = 0

/**
 * A UUID of version 7 (RFC 9562), as text: 48 bits of milliseconds, a counter of 12 bits for those of one millisecond, and 62
 * random bits. Those of one thread are strictly ascending, a clock that steps back included.
 */
export function uuid7(): string {
  const now = Date.now()
  if (now > uuidMillis) {
    uuidMillis = now
    uuidCounter = 0
  } else if (++uuidCounter > 0xfff) {
    // More than 4096 in a millisecond: borrow from the next one.
    ++uuidMillis
    uuidCounter = 0
  }
  if (uuidPoolAt + 8 > UUID_POOL_BYTES) {
    randomFillSync(uuidPool)
    uuidPoolAt = 0
  }
  const time = uuidMillis.toString(16).padStart(12, '0')
  const counter = uuidCounter.toString(16).padStart(3, '0')
  let random = ''
  for (let i = 0; i < 8; ++i) {
    const byte = uuidPool[uuidPoolAt++]!
    random += HEX_BYTES[i === 0 ? (byte & 0x3f) | 0x80 : byte]!
  }
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${random.slice(0, 4)}-${random.slice(4)}`
}

/** A value for people: in plans, explanations and messages. */
export function formatValue(value: SqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Float32Array) return `vector(${value.length})`
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  return String(value)
}
