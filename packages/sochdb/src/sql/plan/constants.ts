/** The pool of a plan: tagged values, little-endian, one after the other (plan_format.h). */
import { TYPE_NUMBERS } from '../types.js'
import type { SqlType } from '../types.js'
import type { SqlValue } from '../values.js'

export class ConstantPool {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0
  #count = 0
  readonly #known = new Map<string, number>()

  get count(): number {
    return this.#count
  }

  bytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length)
  }

  /** The index of the value; equal values share one. `value` is in the shape of `type`. */
  add(type: SqlType, value: SqlValue): number {
    const start = this.#length
    this.#write(type, value)
    const key = this.#bytes.toString('latin1', start, this.#length)
    const known = this.#known.get(key)
    if (known !== undefined) {
      this.#length = start
      return known
    }
    this.#known.set(key, this.#count)
    return this.#count++
  }

  text(value: string): number {
    return this.add('text', value)
  }

  #write(type: SqlType, value: SqlValue): void {
    if (value === null) {
      this.#tag('null', 0)
      return
    }
    switch (tagOf(type, value)) {
      case 'boolean': {
        const at = this.#tag('boolean', 1)
        this.#bytes[at] = value ? 1 : 0
        return
      }
      case 'integer': {
        const at = this.#tag('integer', 8)
        this.#bytes.writeBigInt64LE(value as bigint, at)
        return
      }
      case 'timestamp': {
        const at = this.#tag('timestamp', 8)
        this.#bytes.writeBigInt64LE(value as bigint, at)
        return
      }
      case 'real': {
        const at = this.#tag('real', 8)
        this.#bytes.writeDoubleLE(value as number, at)
        return
      }
      case 'uuid': {
        const at = this.#tag('uuid', 16)
        this.#bytes.write((value as string).replaceAll('-', ''), at, 'hex')
        return
      }
      case 'vector': {
        const floats = value as Float32Array
        const at = this.#tag('vector', 4 + floats.length * 4)
        this.#bytes.writeUInt32LE(floats.length, at)
        floats.forEach((float, i) => this.#bytes.writeFloatLE(float, at + 4 + i * 4))
        return
      }
      case 'blob':
        this.#sized('blob', value as Uint8Array)
        return
      case 'decimal':
      case 'json':
      case 'text':
        this.#sized(type === 'any' ? 'text' : type, Buffer.from(value as string, 'utf8'))
        return
    }
  }

  #sized(type: SqlType, bytes: Uint8Array): void {
    const at = this.#tag(type, 4 + bytes.length)
    this.#bytes.writeUInt32LE(bytes.length, at)
    this.#bytes.set(bytes, at + 4)
  }

  /** Writes the tag and makes room behind it, in a buffer that may be another one then; where that room begins. */
  #tag(type: SqlType, size: number): number {
    const needed = this.#length + 1 + size
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes[this.#length] = TYPE_NUMBERS[type]
    this.#length = needed
    return needed - size
  }
}

/** bigint and any never tag a value. */
function tagOf(type: SqlType, value: Exclude<SqlValue, null>): Exclude<SqlType, 'bigint' | 'any' | 'null'> {
  if (type === 'bigint') return 'integer'
  if (type !== 'any' && type !== 'null') return type
  switch (typeof value) {
    case 'boolean':
      return 'boolean'
    case 'bigint':
      return 'integer'
    case 'number':
      return 'real'
    case 'string':
      return 'text'
    default:
      return value instanceof Float32Array ? 'vector' : 'blob'
  }
}
