/** Ids and vectors on their way into an index, and matches on their way out. */
import { isBigUint64Array, isFloat32Array, isTypedArray } from 'node:util/types'

import { describe } from '../bytes/bytes.js'
import { DimensionMismatchError, ValidationError } from '../errors/index.js'
import { checkNumbers } from './check.js'
import type { Numbers } from './sums.js'

/** A whole number from 0 to 2^64 - 1; above 2^53 - 1 as a bigint. */
export type VectorId = number | bigint

const MOST_ID = 2n ** 64n - 1n
const HALF = 2 ** 32

/** A vector that was found: `[id, distance]`, by name too. */
export class VectorMatch extends Array<VectorId> {
  declare 0: VectorId
  declare 1: number

  static override get [Symbol.species](): ArrayConstructor {
    return Array // of what `map` and `slice` make
  }

  /** A number up to 2^53 - 1, a bigint beyond. */
  get id(): VectorId {
    return this[0]
  }

  /** Lower is nearer: `1 - cosine`, the Euclidean distance, or the negated dot product. */
  get distance(): number {
    return this[1]
  }
}

export function toId(value: unknown, argument: string): bigint {
  if (typeof value === 'bigint' && value >= 0n && value <= MOST_ID) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : describe(value)
  throw new ValidationError(
    `${argument} must be a whole number from 0 to 2^53 - 1, or a bigint up to 2^64 - 1; this one is ${shown}.`,
    { details: { argument } },
  )
}

/** Ids as little-endian words. */
export function packIds(ids: unknown): Uint8Array {
  if (isBigUint64Array(ids)) return new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength)
  if (!Array.isArray(ids) && !isTypedArray(ids)) {
    throw new ValidationError(`ids must be an array of ids; this one is ${describe(ids)}.`, {
      details: { argument: 'ids' },
    })
  }
  const words = new Uint32Array(2 * ids.length)
  for (let i = 0; i < ids.length; i++) {
    const id: unknown = ids[i]
    if (typeof id === 'number' && id >= 0 && Number.isSafeInteger(id)) {
      words[2 * i] = id % HALF
      words[2 * i + 1] = id / HALF
    } else {
      const large = toId(id, `ids[${i}]`)
      words[2 * i] = Number(large & 0xffffffffn)
      words[2 * i + 1] = Number(large >> 32n)
    }
  }
  return new Uint8Array(words.buffer)
}

/** `count` vectors one after the other: as they are when they are given so, else a copy. */
export function flatten(vectors: unknown, count: number, dimension: number): Float32Array {
  if (isFloat32Array(vectors)) {
    if (vectors.length === count * dimension) return vectors
    throw new DimensionMismatchError(
      `vectors has ${vectors.length} values; ${count} ids take ${count} vectors of ${dimension}.`,
      mismatch(count * dimension, vectors.length, 'vectors'),
    )
  }
  if (!Array.isArray(vectors)) {
    throw new ValidationError(
      `vectors must be a Float32Array that holds all of them, or an array of vectors; this one is ${describe(vectors)}.`,
      { details: { argument: 'vectors' } },
    )
  }
  if (vectors.length !== count) {
    throw new ValidationError(`There are ${count} ids and ${vectors.length} vectors; each id takes one.`, {
      details: { argument: 'vectors', expected: count, actual: vectors.length },
    })
  }
  const flat = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) flat.set(toNumbers(vectors[i], dimension, `vectors[${i}]`), i * dimension)
  return flat
}

/** One vector, as it is when it is a Float32Array. */
export function toFloats(vector: unknown, dimension: number, argument: string): Float32Array {
  const numbers = toNumbers(vector, dimension, argument)
  return isFloat32Array(numbers) ? numbers : Float32Array.from(numbers)
}

function toNumbers(vector: unknown, dimension: number, argument: string): Numbers {
  const numbers = checkNumbers(vector, argument)
  if (numbers.length === dimension) return numbers
  throw new DimensionMismatchError(
    `The index holds ${dimension}-dimensional vectors; ${argument} has ${numbers.length} values.`,
    mismatch(dimension, numbers.length, argument),
  )
}

const mismatch = (expected: number, actual: number, argument: string) => ({
  expected,
  actual,
  remediation: 'Embed with the model that filled the index, or make another index.',
  details: { expected, actual, argument },
})

/** The first `count` matches of what the addon wrote. */
export function unpackMatches(buffer: ArrayBuffer, count: number): VectorMatch[] {
  const words = new Uint32Array(buffer)
  const distances = new Float64Array(buffer)
  const matches = new Array<VectorMatch>(count)
  for (let i = 0; i < count; i++) {
    const low = words[4 * i]!
    const high = words[4 * i + 1]!
    const id = high < 2 ** 21 ? high * HALF + low : (BigInt(high) << 32n) | BigInt(low)
    matches[i] = new VectorMatch(id, distances[2 * i + 1]!)
  }
  return matches
}
