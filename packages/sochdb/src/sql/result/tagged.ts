/** Tagged values (native/codec/tagged_value.h) as JavaScript has them: what columns of the type `any` hold. */
import { TYPE_NUMBERS } from '../types.js'

/** The value that begins at `at`. The bytes are the engine's own, so they are whole. */
export function readTagged(bytes: Buffer, at: number): unknown {
  const tag = bytes[at]!
  const begin = at + 1
  switch (tag) {
    case TYPE_NUMBERS.null:
      return null
    case TYPE_NUMBERS.boolean:
      return bytes[begin] !== 0
    case TYPE_NUMBERS.integer: {
      const value = bytes.readBigInt64LE(begin)
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : value
    }
    case TYPE_NUMBERS.timestamp:
      return new Date(Number(bytes.readBigInt64LE(begin)))
    case TYPE_NUMBERS.real:
      return bytes.readDoubleLE(begin)
    case TYPE_NUMBERS.uuid:
      return uuidOf(bytes.subarray(begin, begin + 16))
    case TYPE_NUMBERS.vector: {
      const count = bytes.readUInt32LE(begin)
      const copy = Uint8Array.from(bytes.subarray(begin + 4, begin + 4 + count * 4))
      return new Float32Array(copy.buffer)
    }
    default: {
      const from = begin + 4
      const end = from + bytes.readUInt32LE(begin)
      if (tag === TYPE_NUMBERS.blob) return Buffer.from(bytes.subarray(from, end))
      const text = bytes.toString('utf8', from, end)
      return tag === TYPE_NUMBERS.json ? (JSON.parse(text) as unknown) : text
    }
  }
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
