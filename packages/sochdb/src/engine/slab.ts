/**
 * Values on their way out of the engine (native/binding/slab.h).
 *
 * The addon writes a value into a shared 64 KiB buffer at the next free place and returns its length; the caller gets a
 * Buffer view. No place is written twice, so a value never changes under whoever holds it; one that is kept keeps its 64 KiB.
 * A value above 16 KiB has a buffer of its own.
 */
import { markAsUntransferable } from 'node:worker_threads'

import { FastBuffer } from '../bytes/bytes.js'
import type { Bytes } from '../bytes/bytes.js'
import { DatabaseError, ErrorCode } from '../errors/index.js'
import { native } from './native.js'

const SLAB_BYTES = 64 * 1024
const OWN_BUFFER_BYTES = SLAB_BYTES / 4
const NOT_FOUND = -1
const TOO_SMALL = -2
const WOULD_WAIT = -Number.MAX_SAFE_INTEGER
/** A value that other threads replace by larger ones while we allocate: give up after so many. */
const MAX_ATTEMPTS = 100

const MISSING = 0xffffffff
const MAX_BATCH_ESTIMATE = 1024 * 1024

let slab = newSlab()
let slabWords: Uint32Array<ArrayBuffer> | undefined
let offset = 0

function newSlab(): ArrayBuffer {
  const buffer = new ArrayBuffer(SLAB_BYTES)
  markAsUntransferable(buffer) // as Node does with its pool: other values lie in it
  return buffer
}

function renewSlab(): void {
  slab = newSlab()
  slabWords = undefined
  offset = 0
}

/** Room for packed rows: a buffer, the same as words, and where in it they may go. */
export interface Space {
  readonly buffer: ArrayBuffer
  readonly words: Uint32Array<ArrayBuffer>
  readonly offset: number
}

/** At least `bytes` of the slab, which are the caller's once claimed; at most a quarter of it. */
export function slabSpace(bytes: number): Space {
  if (SLAB_BYTES - offset < bytes || slab.byteLength !== SLAB_BYTES) renewSlab()
  slabWords ??= new Uint32Array(slab)
  return { buffer: slab, words: slabWords, offset }
}

/** Takes the first `bytes` of what `slabSpace` gave. */
export function claimSlab(bytes: number): void {
  offset += (bytes + 7) & ~7
}

/** A buffer of its own. */
export function ownSpace(bytes: number): Space {
  const buffer = allocate(bytes)
  return { buffer, words: new Uint32Array(buffer, 0, buffer.byteLength >>> 2), offset: 0 }
}

export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes)
  } catch (cause) {
    throw new DatabaseError(`There is no memory for a result of ${bytes} bytes.`, {
      code: ErrorCode.OUT_OF_MEMORY,
      details: { bytes },
      remediation: 'Read less at once, or give the process more memory.',
      cause,
    })
  }
}

/** The value of a key in a target (a database, transaction or snapshot handle). */
export function readValue(target: number, key: Bytes): Buffer | undefined {
  return takeValue(native.get(target, key, slab, offset), target, key)
}

/** The same, but null where that would have to wait for the disk. */
export function readCachedValue(target: number, key: Bytes): Buffer | undefined | null {
  const length = native.getCached(target, key, slab, offset)
  return length === WOULD_WAIT ? null : takeValue(length, target, key)
}

/** What the addon wrote into the slab, or why it did not. */
function takeValue(length: number, target: number, key: Bytes): Buffer | undefined {
  if (length > 0) {
    const value = new FastBuffer(slab, offset, length)
    offset += (length + 7) & ~7
    return value
  }
  if (length === 0) return Buffer.alloc(0)
  return length === NOT_FOUND ? undefined : readElsewhere(target, key, TOO_SMALL - length)
}

/** The slab was full, or the value is large. */
function readElsewhere(target: number, key: Bytes, needed: number): Buffer | undefined {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (needed <= OWN_BUFFER_BYTES) {
      renewSlab()
      return readValue(target, key)
    }
    const buffer = allocate(needed)
    const length = native.get(target, key, buffer, 0)
    if (length >= 0) return new FastBuffer(buffer, 0, length)
    if (length === NOT_FOUND) return undefined
    needed = TOO_SMALL - length
  }
  throw new DatabaseError('The value grew each time it was to be read.', {
    remediation: 'Read it through a snapshot.',
    retryable: true,
  })
}

/** What a value of the latest batches took on average, so that one call is enough for the next. */
let bytesPerValue = 128

/** The values of packed keys, in their order. They share one buffer. */
export function readBatch(target: number, keys: Uint8Array, count: number): (Buffer | undefined)[] {
  let buffer = allocate(Math.min(count * bytesPerValue, MAX_BATCH_ESTIMATE) & ~3)
  let needed = native.getBatch(target, keys, buffer)
  for (let attempt = 0; needed > buffer.byteLength; attempt++) {
    if (attempt === MAX_ATTEMPTS) {
      throw new DatabaseError('The values grew each time they were to be read.', {
        remediation: 'Read them through a snapshot.',
        retryable: true,
      })
    }
    buffer = allocate(needed)
    needed = native.getBatch(target, keys, buffer)
  }
  if (count > 0) bytesPerValue = Math.max(16, Math.ceil((needed / count) * 1.25))
  return unpackValues(buffer, count)
}

function unpackValues(buffer: ArrayBuffer, count: number): (Buffer | undefined)[] {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2)
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
