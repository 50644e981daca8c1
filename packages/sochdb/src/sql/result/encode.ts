/** Parameters as the engine reads them: tagged values (native/exec/plan_format.h), encoded by the type that the binder gave each. */
import { ValidationError } from '../../errors/index.js'
import { TYPE_NUMBERS, type SqlType } from '../types.js'
import { checkDimension, parseTimestamp } from '../values.js'
import { PARAMETERS_AT, type Exchange } from './exchange.js'

/** `any`: the binder found nothing that lends the parameter a type; the value's own decides. */
export type ParameterType = SqlType

/** Values are tagged with the number of their type. */
const Tag = TYPE_NUMBERS

/** Writes tagged values one after the other, into a buffer that grows by `more`. */
export class ParameterWriter {
  bytes: Buffer
  data: DataView
  at: number
  readonly #more: (bytes: number) => Buffer

  constructor(bytes: Buffer, at: number, more: (bytes: number) => Buffer) {
    this.bytes = bytes
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.#more = more
  }

  /** Begins anew at `at`, in a buffer that may have been replaced. */
  restart(bytes: Buffer, at: number): void {
    if (this.bytes !== bytes) this.#use(bytes)
    this.at = at
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  write(value: unknown, type: ParameterType, index: number): void {
    switch (typeof value) {
      case 'number':
        if (type === 'json') this.#text(Tag.json, JSON.stringify(value))
        else this.#number(value, type, index)
        return
      case 'string':
        this.#string(value, type, index)
        return
      case 'boolean':
        if (type === 'json') this.#text(Tag.json, String(value))
        else this.#boolean(value)
        return
      case 'bigint':
        this.#bigint(value, type, index)
        return
      case 'object':
        this.#object(value, type, index)
        return
      default:
        throw new ValidationError(
          value === undefined
            ? `Parameter ${String(index + 1)} is undefined. Pass null for NULL.`
            : `Parameter ${String(index + 1)} is a ${typeof value}: values are null, booleans, numbers, bigints, strings, dates, bytes and JSON.`,
        )
    }
  }

  #boolean(value: boolean): void {
    this.#room(2)
    this.bytes[this.at] = Tag.boolean
    this.bytes[this.at + 1] = value ? 1 : 0
    this.at += 2
  }

  #number(value: number, type: ParameterType, index: number): void {
    if (Number.isNaN(value))
      throw new ValidationError(`Parameter ${String(index + 1)} is NaN, which no column can hold.`)
    this.#room(9)
    if (value >> 0 === value && type !== 'real' && type !== 'timestamp' && (value !== 0 || 1 / value > 0)) {
      this.bytes[this.at] = Tag.integer
      this.data.setInt32(this.at + 1, value, true)
      this.data.setInt32(this.at + 5, value >> 31, true)
      this.at += 9
    } else if (type === 'timestamp') {
      this.#int64(Tag.timestamp, BigInt(wholeMilliseconds(value, index)))
    } else if (Number.isSafeInteger(value) && type !== 'real' && !Object.is(value, -0)) {
      this.bytes[this.at] = Tag.integer
      // Two 32-bit halves cost less than a bigint.
      this.data.setInt32(this.at + 5, Math.floor(value / 0x1_0000_0000), true)
      this.data.setUint32(this.at + 1, value >>> 0, true)
      this.at += 9
    } else {
      this.bytes[this.at] = Tag.real
      this.data.setFloat64(this.at + 1, value, true)
      this.at += 9
    }
  }

  #bigint(value: bigint, type: ParameterType, index: number): void {
    if (type === 'json') throw new ValidationError(`Parameter ${String(index + 1)}: JSON has no bigint.`)
    if (BigInt.asIntN(64, value) !== value) {
      throw new ValidationError(`Parameter ${String(index + 1)} is beyond 64 bits: integers go from -2^63 to 2^63 - 1.`)
    }
    this.#room(9)
    this.#int64(Tag.integer, value)
  }

  #int64(tag: number, value: bigint): void {
    this.bytes[this.at] = tag
    this.data.setBigInt64(this.at + 1, value, true)
    this.at += 9
  }

  #string(value: string, type: ParameterType, index: number): void {
    switch (type) {
      case 'json':
        this.#text(Tag.json, JSON.stringify(value))
        return
      case 'timestamp': {
        const time = parseTimestamp(value)
        if (time === undefined) {
          throw new ValidationError(
            `Parameter ${String(index + 1)} is no point in time: ${JSON.stringify(value.slice(0, 60))}. Pass a Date, or ISO 8601 in whole milliseconds.`,
          )
        }
        this.#room(9)
        this.#int64(Tag.timestamp, time)
        return
      }
      default:
        this.#text(Tag.text, value)
    }
  }

  #object(value: object | null, type: ParameterType, index: number): void {
    if (value === null) {
      this.#room(1)
      this.bytes[this.at++] = Tag.null
    } else if (type === 'vector' && isVector(value)) {
      this.#vector(value, index)
    } else if (ArrayBuffer.isView(value)) {
      if (type === 'json') throw new ValidationError(`Parameter ${String(index + 1)}: JSON has no bytes.`)
      this.#bytes(Tag.blob, new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    } else if (value instanceof Date && type !== 'json') {
      this.#room(9)
      this.#int64(Tag.timestamp, BigInt(wholeMilliseconds(value.getTime(), index)))
    } else if (value instanceof JsonText) {
      this.#text(Tag.json, value.text)
    } else {
      throw new ValidationError(
        `Parameter ${String(index + 1)} is ${Array.isArray(value) ? 'an array' : 'an object'}; a ${type} is wanted.`,
      )
    }
  }

  #vector(value: Float32Array | readonly number[], index: number): void {
    const bytes = 5 + value.length * 4
    this.#room(bytes)
    this.bytes[this.at] = Tag.vector
    this.data.setUint32(this.at + 1, value.length, true)
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      // Rounded first: 1e39 is finite, and infinite in 32 bits.
      if (typeof item !== 'number' || !Number.isFinite(Math.fround(item))) {
        throw new ValidationError(
          `Parameter ${String(index + 1)}: element ${String(i)} of the vector is not a finite 32-bit number.`,
        )
      }
      this.data.setFloat32(this.at + 5 + i * 4, item, true)
    }
    this.at += bytes
  }

  #bytes(tag: number, value: Uint8Array): void {
    this.#room(5 + value.length)
    this.bytes[this.at] = tag
    this.data.setUint32(this.at + 1, value.length, true)
    this.bytes.set(value, this.at + 5)
    this.at += 5 + value.length
  }

  #text(tag: number, value: string): void {
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    this.#room(5 + value.length * 3)
    this.bytes[this.at] = tag
    const length = this.#utf8(value, this.at + 5)
    this.data.setUint32(this.at + 1, length, true)
    this.at += 5 + length
  }

  /** Short ASCII, which most strings are, is written faster from here than through a call. */
  #utf8(value: string, at: number): number {
    const { bytes } = this
    if (value.length > 24) return bytes.write(value, at, 'utf8')
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) return bytes.write(value, at, 'utf8')
      bytes[at + i] = code
    }
    return value.length
  }

  #room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return
    this.#use(this.#more(this.at + bytes))
  }
}

/** JSON that has been written out. */
class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * Runs whatever code a value brings (`toJSON`, getters, proxies) before the first byte is written: it may run statements of
 * its own, which use the same buffer.
 */
function settle(values: readonly unknown[], types: readonly ParameterType[], first = 0): unknown[] {
  return Array.from(values, (value, i) => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    const type = types[i]
    if (type === 'vector' && Array.isArray(value)) return Array.from(value as readonly unknown[])
    if (value instanceof Date && type !== 'json') return new Date(Date.prototype.getTime.call(value))
    return type === 'json' || type === 'any' ? new JsonText(jsonOf(value, first + i)) : value
  })
}

/** Whether a value brings code of its own that writing it would run. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Writes single rows of parameters into an exchange. One per exchange: a statement makes nothing anew. */
export class ExchangeWriter {
  readonly #writer: ParameterWriter
  /** Counts the rows that were begun: reading a value of a proxy may begin another one. */
  #turn = 0

  constructor(exchange: Exchange) {
    this.#writer = new ParameterWriter(exchange.views.u8, PARAMETERS_AT, wanted => {
      const written = Buffer.from(exchange.views.u8)
      exchange.grow(wanted)
      written.copy(exchange.views.u8)
      return exchange.views.u8
    })
  }

  /** Returns the length of the parameters in bytes. `exchange` may have another buffer then. */
  encode(exchange: Exchange, types: readonly ParameterType[], values: readonly unknown[]): number {
    checkCount(types, values)
    const writer = this.#writer
    const turn = ++this.#turn
    writer.restart(exchange.views.u8, PARAMETERS_AT)
    for (let i = 0; i < types.length; i++) {
      const value = values[i]
      if (isObject(value) || turn !== this.#turn) return this.#encodeSettled(exchange, types, settle(values, types))
      writer.write(value, types[i]!, i)
    }
    return writer.at - PARAMETERS_AT
  }

  #encodeSettled(exchange: Exchange, types: readonly ParameterType[], values: readonly unknown[]): number {
    checkCount(types, values)
    const writer = this.#writer
    writer.restart(exchange.views.u8, PARAMETERS_AT)
    for (let i = 0; i < values.length; i++) writer.write(values[i], types[i]!, i)
    return writer.at - PARAMETERS_AT
  }
}

const FIRST_BYTES = 64 * 1024

/** Many rows, in a buffer of their own. */
export function encodeRows(types: readonly ParameterType[], rows: readonly (readonly unknown[])[]): Uint8Array {
  const writer = rowsWriter()
  for (const given of rows) {
    const values = given.some(isObject) ? settle(given, types) : given
    checkCount(types, values)
    for (let i = 0; i < values.length; i++) writer.write(values[i], types[i]!, i)
  }
  return writer.bytes.subarray(0, writer.at)
}

/** The same of rows one behind the other in one array. */
export function encodeFlat(types: readonly ParameterType[], values: readonly unknown[]): Uint8Array {
  const writer = rowsWriter()
  const width = types.length
  for (let from = 0; from < values.length; from += width) {
    for (let i = 0; i < width; i++) {
      const value = values[from + i]
      if (isObject(value)) writer.write(settle([value], [types[i]!], from + i)[0], types[i]!, from + i)
      else writer.write(value, types[i]!, from + i)
    }
  }
  return writer.bytes.subarray(0, writer.at)
}

function rowsWriter(): ParameterWriter {
  const writer: ParameterWriter = new ParameterWriter(Buffer.allocUnsafeSlow(FIRST_BYTES), 0, wanted => {
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, writer.bytes.length * 2))
    writer.bytes.copy(grown, 0, 0, writer.at)
    return grown
  })
  return writer
}

/** A parameter that is stored as a vector; BoundPlan.vectors. */
export interface VectorParameter {
  readonly index: number
  readonly column: string
  readonly dimension: number
}

/** Vectors must be as long as their columns declare; `first` is where the row begins. What is no vector is the engine's to refuse. */
export function checkVectors(vectors: readonly VectorParameter[], values: readonly unknown[], first = 0): void {
  for (const { index, column, dimension } of vectors) {
    const value = values[first + index]
    if (Array.isArray(value) || value instanceof Float32Array) checkDimension(column, dimension, value)
  }
}

function checkCount(types: readonly unknown[], values: readonly unknown[]): void {
  if (values.length === types.length) return
  throw new ValidationError(
    `The statement has ${String(types.length)} parameters; ${String(values.length)} values were given.`,
  )
}

function isVector(value: object): value is Float32Array | readonly number[] {
  return value instanceof Float32Array || Array.isArray(value)
}

function wholeMilliseconds(time: number, index: number): number {
  if (Number.isInteger(time) && Math.abs(time) <= 8.64e15) return time
  throw new ValidationError(
    `Parameter ${String(index + 1)} is no point in time: an invalid Date, or milliseconds with a fraction.`,
  )
}

function jsonOf(value: object, index: number): string {
  // Types say string, but an object whose toJSON gives undefined has no JSON.
  let text: string | undefined
  try {
    text = JSON.stringify(value) as string | undefined
  } catch (cause) {
    // A cycle, a bigint, or deeper than the stack. What a toJSON or a getter throws is for its author.
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause
    const reason = cause.message.split('\n')[0] ?? ''
    throw new ValidationError(`Parameter ${String(index + 1)} has no JSON: ${reason}.`, { cause })
  }
  if (text === undefined) throw new ValidationError(`Parameter ${String(index + 1)} has no JSON.`)
  return text
}
