import { isUint8Array } from 'node:util/types'

import { ValidationError } from '../errors/index.js'

/** Keys and values: bytes, or a string that stands for its UTF-8. */
export type Bytes = string | Uint8Array

/** The longest key, in bytes. */
export const MAX_KEY_BYTES = 64 * 1024
/** The longest value, in bytes. */
export const MAX_VALUE_BYTES = 512 * 1024 * 1024

/**
 * The class of Node's own Buffers, which `new Buffer` is not: `new FastBuffer(arrayBuffer, offset, length)` is a view that
 * nothing tells from `Buffer.from(arrayBuffer, offset, length)`, at half the cost.
 */
export const FastBuffer = (
  Buffer as unknown as {
    [Symbol.species]: new (buffer: ArrayBufferLike, offset: number, length: number) => Buffer<ArrayBuffer>
  }
)[Symbol.species]

/** What an argument is, for a message: `undefined`, `a number`, `an array`. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (ArrayBuffer.isView(value)) return `a ${Object.prototype.toString.call(value).slice(8, -1)}`
  const type = typeof value
  return type === 'object' ? 'an object' : `a ${type}`
}

export function isBytes(value: unknown): value is Bytes {
  return typeof value === 'string' || isUint8Array(value)
}

/** A copy of a key, as bytes: what is kept beyond the call must not change with the caller's array. */
export function copyKey(value: unknown, name: string): Buffer {
  if (!isBytes(value)) {
    throw new ValidationError(`${name} must be a string or a Uint8Array; this one is ${describe(value)}.`, {
      details: { argument: name },
    })
  }
  const copy = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value)
  checkKeyLength(copy.length, name)
  return copy
}

export function checkKeyLength(bytes: number, name: string): void {
  if (bytes <= MAX_KEY_BYTES) return
  throw new ValidationError(`${name} is ${bytes} bytes long; the limit is ${MAX_KEY_BYTES}.`, {
    details: { argument: name, limit: MAX_KEY_BYTES },
  })
}
