/** Vectors on their way into the engine: `Float32Array`s of the right length. Whether values are finite the engine checks. */
import { isFloat32Array, isTypedArray } from 'node:util/types'

import { DimensionMismatchError, ValidationError } from '../errors/index.js'
import { describeValue } from './metadata.js'

/** How a vector is given: numbers, of which 32-bit floats are kept. */
export type VectorInput = ArrayLike<number>

/** What a vector is checked against. */
export interface VectorPlace {
  readonly name: string
  readonly dimension: number
}

/**
 * The vector itself when it is a Float32Array, a copy as one otherwise.
 *
 * @param argument what it is called in a message: `vector`, `vectors[3]`
 */
export function toVector(value: unknown, place: VectorPlace, argument: string): Float32Array {
  if (isFloat32Array(value) && value.length === place.dimension) return value
  const vector = new Float32Array(place.dimension)
  copyVector(value, place, argument, vector, 0)
  return vector
}

/** Copies a vector of any kind to a place in a larger array. */
export function copyVector(
  value: unknown,
  place: VectorPlace,
  argument: string,
  to: Float32Array,
  offset: number,
): void {
  const { dimension } = place
  const values = checkArrayLike(value, argument)
  if (values.length !== dimension) throw dimensionMismatch(place, values.length, argument)
  if (isFloat32Array(values)) {
    to.set(values, offset)
    return
  }
  for (let i = 0; i < dimension; i++) {
    const number = values[i]
    if (typeof number !== 'number') {
      throw new ValidationError(`${argument}[${i}] must be a number; this one is ${describeValue(number)}.`, {
        details: { argument, position: i },
      })
    }
    to[offset + i] = number
  }
}

function checkArrayLike(value: unknown, argument: string): ArrayLike<unknown> {
  if (Array.isArray(value) || isTypedArray(value)) return value as ArrayLike<unknown>
  if (typeof value === 'object' && value !== null && typeof (value as { length?: unknown }).length === 'number') {
    return value as ArrayLike<unknown>
  }
  throw new ValidationError(
    `${argument} must be a Float32Array or an array of numbers; this one is ${describeValue(value)}.`,
    { details: { argument } },
  )
}

export function dimensionMismatch(place: VectorPlace, actual: number, argument: string): DimensionMismatchError {
  const expected = place.dimension
  return new DimensionMismatchError(
    `Collection "${place.name}" holds ${expected}-dimensional vectors; ${argument} has ${actual} values.`,
    { expected, actual, details: { collection: place.name, expected, actual, argument } },
  )
}
