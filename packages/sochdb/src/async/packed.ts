/** Packed results: from the engine's threads into memory of JavaScript's own, and apart (native/binding/slab.h). */
import { FastBuffer } from '../bytes/bytes.js'
import { DatabaseError, ErrorCode } from '../errors/index.js'
import { native } from './native.js'
import type { Payload } from './native.js'

const MISSING = 0xffffffff
const NOTHING = new ArrayBuffer(0)

/** The bytes of a result, in a buffer whose length is a multiple of 8. */
export function take({ payload, bytes }: Payload): ArrayBuffer {
  let buffer: ArrayBuffer
  try {
    buffer = new ArrayBuffer((bytes + 7) & ~7)
  } catch (cause) {
    native.asyncTake(payload, NOTHING) // forgets it
    throw new DatabaseError(`There is no memory for a result of ${bytes} bytes.`, {
      code: ErrorCode.OUT_OF_MEMORY,
      details: { bytes },
      remediation: 'Read less at once, or give the process more memory.',
      cause,
    })
  }
  native.asyncTake(payload, buffer)
  return buffer
}

export function unpackValues(buffer: ArrayBuffer, count: number): (Buffer | undefined)[] {
  const words = new Uint32Array(buffer)
  const values: (Buffer | undefined)[] = new Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const length = words[at / 4] as number
    at += 4
    values[i] = length === MISSING ? undefined : new FastBuffer(buffer, at, length)
    if (length !== MISSING) at += (length + 3) & ~3
  }
  return values
}

export function unpackRows(buffer: ArrayBuffer, count: number): [Buffer, Buffer][] {
  const words = new Uint32Array(buffer)
  const rows: [Buffer, Buffer][] = new Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const keyLength = words[at / 4] as number
    const valueLength = words[at / 4 + 1] as number
    rows[i] = [new FastBuffer(buffer, at + 8, keyLength), new FastBuffer(buffer, at + 8 + keyLength, valueLength)]
    at += (8 + keyLength + valueLength + 3) & ~3
  }
  return rows
}

/** A committed change of a key. */
export interface Change {
  readonly key: Buffer
  /** Absent: the key was deleted. */
  readonly value?: Buffer
  /** Of the commit. Changes of one commit have one timestamp, and come in the order of their keys. */
  readonly timestamp: bigint
}

export function unpackChanges(buffer: ArrayBuffer, count: number): Change[] {
  const words = new Uint32Array(buffer)
  const longs = new BigUint64Array(buffer)
  const changes: Change[] = new Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const timestamp = longs[at / 8] as bigint
    const keyLength = words[at / 4 + 2] as number
    const valueLength = words[at / 4 + 3] as number
    const key = new FastBuffer(buffer, at + 16, keyLength)
    const isDelete = valueLength === MISSING
    changes[i] = isDelete
      ? { key, timestamp }
      : { key, value: new FastBuffer(buffer, at + 16 + keyLength, valueLength), timestamp }
    at += (16 + keyLength + (isDelete ? 0 : valueLength) + 7) & ~7
  }
  return changes
}
