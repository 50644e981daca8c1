import { isUint8Array } from 'node:util/types'

import { DatabaseError, ErrorCode, ValidationError } from '../errors/index.js'
import { checkKeyLength, describe, MAX_VALUE_BYTES } from './bytes.js'
import type { Bytes } from './bytes.js'

const FIRST_BYTES = 64 * 1024
/** A packer that grew beyond this is not kept for the next batch. */
const KEPT_BYTES = 1024 * 1024
/** What may follow a record that reaches the capacity: its padding, and the header of the next. */
const SLACK = 16
const DELETE_MARK = 0xffffffff
/** Up to this length a loop over ASCII beats the call into Node. */
const SHORT_STRING = 48

/**
 * Batches on their way into the engine: records one after the other in one buffer, each padded to 4 bytes.
 *
 *   a write   u32 key length | u32 value length, or 0xffffffff for a delete | key | value
 *   a key     u32 key length | key
 *
 * Bounded by the `maxBytes` it is borrowed with.
 */
export class Packer {
  #bytes: Buffer = Buffer.alloc(0)
  #words: Uint32Array = new Uint32Array(0)
  #length = 0
  #maxBytes = 0
  /** How far records may reach in the present buffer. */
  #capacity = 0

  constructor() {
    this.#allocate(FIRST_BYTES)
  }

  addPut(key: unknown, value: unknown): void {
    const start = this.#length
    const keyLength = this.#append(key, start + 8, 'key')
    checkKeyLength(keyLength, 'key')
    const valueLength = this.#append(value, start + 8 + keyLength, 'value')
    if (valueLength > MAX_VALUE_BYTES) {
      throw new ValidationError(`value is ${valueLength} bytes long; the limit is ${MAX_VALUE_BYTES}.`, {
        details: { argument: 'value', limit: MAX_VALUE_BYTES },
      })
    }
    this.#words[start >>> 2] = keyLength
    this.#words[(start >>> 2) + 1] = valueLength
    this.#length = (start + 8 + keyLength + valueLength + 3) & ~3
  }

  addDelete(key: unknown): void {
    const start = this.#length
    const keyLength = this.#append(key, start + 8, 'key')
    checkKeyLength(keyLength, 'key')
    this.#words[start >>> 2] = keyLength
    this.#words[(start >>> 2) + 1] = DELETE_MARK
    this.#length = (start + 8 + keyLength + 3) & ~3
  }

  addKey(key: unknown): void {
    const start = this.#length
    const keyLength = this.#append(key, start + 4, 'key')
    checkKeyLength(keyLength, 'key')
    this.#words[start >>> 2] = keyLength
    this.#length = (start + 4 + keyLength + 3) & ~3
  }

  /** What was packed; valid until the packer is given back. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  get length(): number {
    return this.#length
  }

  reset(maxBytes: number): this {
    this.#length = 0
    this.#maxBytes = maxBytes
    this.#limit()
    return this
  }

  get isWorthKeeping(): boolean {
    return this.#bytes.length <= KEPT_BYTES
  }

  #append(value: unknown, at: number, name: string): number {
    if (typeof value === 'string') return this.#appendString(value, at)
    if (!isUint8Array(value)) {
      throw new ValidationError(`${name} must be a string or a Uint8Array; this one is ${describe(value)}.`, {
        details: { argument: name },
      })
    }
    const length = value.length
    this.#reserve(at + length)
    try {
      this.#bytes.set(value, at)
    } catch (cause) {
      throw new ValidationError(`${name} is detached: its memory was transferred elsewhere.`, {
        details: { argument: name },
        cause,
      })
    }
    return length
  }

  #appendString(value: string, at: number): number {
    const count = value.length
    if (count > SHORT_STRING) {
      this.#reserveString(value, at)
      return this.#bytes.write(value, at, 'utf8')
    }
    this.#reserveString(value, at)
    const bytes = this.#bytes
    for (let i = 0; i < count; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 0x7f) return bytes.write(value, at, 'utf8')
      bytes[at + i] = unit
    }
    return count
  }

  /** Asks for the exact length only where the longest it may have does not fit. */
  #reserveString(value: string, at: number): void {
    if (at + value.length * 3 > this.#capacity) this.#reserve(at + Buffer.byteLength(value))
  }

  #reserve(end: number): void {
    if (end <= this.#capacity) return
    if (end > this.#maxBytes) {
      throw new DatabaseError(`The batch is larger than ${this.#maxBytes} bytes, the most one transaction may write.`, {
        code: ErrorCode.LIMIT_EXCEEDED,
        details: { limit: this.#maxBytes },
        remediation: 'Write it in smaller parts, or raise maxTransactionBytes.',
      })
    }
    const old = this.#bytes // all of it: the key of the record under way is beyond #length
    this.#allocate(Math.max(end + SLACK, Math.min(this.#bytes.length * 2, this.#maxBytes)))
    this.#bytes.set(old)
  }

  #allocate(size: number): void {
    const buffer = new ArrayBuffer((size + 7) & ~7)
    this.#bytes = Buffer.from(buffer)
    this.#words = new Uint32Array(buffer)
    this.#limit()
  }

  #limit(): void {
    this.#capacity = Math.min(this.#bytes.length - SLACK, this.#maxBytes)
  }
}

let spare: Packer | undefined

/**
 * Packs what `fill` adds and hands the packed bytes to `use`. `fill` may run the caller's code (iterables, getters),
 * which may come here again: each then has a packer of its own.
 */
export function pack<T>(maxBytes: number, fill: (packer: Packer) => void, use: (packed: Uint8Array) => T): T {
  const packer = (spare ?? new Packer()).reset(maxBytes)
  spare = undefined
  try {
    fill(packer)
    return use(packer.view())
  } finally {
    if (packer.isWorthKeeping) spare = packer
  }
}

/** The argument as something to iterate over, or a ValidationError that names it. A string is no batch. */
export function checkIterable(value: unknown, name: string, wanted: string): Iterable<unknown> {
  const iterator =
    typeof value === 'object' && value !== null ? (value as Partial<Iterable<unknown>>)[Symbol.iterator] : 0
  if (typeof iterator === 'function') return value as Iterable<unknown>
  throw new ValidationError(`${name} must be ${wanted}; this one is ${describe(value)}.`, {
    details: { argument: name },
  })
}

export function addPairs(packer: Packer, pairs: Iterable<readonly [Bytes, Bytes]>): void {
  for (const pair of checkIterable(pairs, 'entries', 'an iterable of [key, value] pairs')) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new ValidationError(`An entry of a batch must be a [key, value] pair; this one is ${describe(pair)}.`)
    }
    packer.addPut(pair[0], pair[1])
  }
}
