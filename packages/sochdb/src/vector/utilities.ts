/**
 * Arithmetic of vectors. All of it is done in double precision; a result that is a vector is of the kind that was given: a
 * `Float32Array` for a `Float32Array`, an array of numbers for an array.
 */
import { isFloat32Array, isFloat64Array } from 'node:util/types'

import { ValidationError } from '../errors/index.js'
import { checkFinite, checkNumbers, checkSameLength, checkVectors } from './check.js'
import { cosine, dot, plainDot, plainSquaredDistance, squaredDistance } from './sums.js'
import type { Numbers } from './sums.js'

/** What a function that takes a vector and returns one returns. */
export type SameKind<V> = V extends Float32Array ? Float32Array : V extends Float64Array ? Float64Array : number[]

/** Squared lengths outside of these may have lost digits, or all: such vectors are scaled first. */
const LEAST_SQUARE = 1e-140
const MOST_SQUARE = 1e140

interface Pair {
  readonly a: Numbers
  readonly b: Numbers
}

function checkPair(a: unknown, b: unknown): Pair {
  const pair = { a: checkNumbers(a, 'a'), b: checkNumbers(b, 'b') }
  checkSameLength(pair.a.length, pair.b.length, 'b', 'a')
  return pair
}

function checkPairFinite({ a, b }: Pair): void {
  checkFinite(a, 'a')
  checkFinite(b, 'b')
}

function largest(values: Numbers): number {
  let most = 0
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!))
  return most
}

/** The values divided by the largest of them, which is not 0. */
const scaled = (values: Numbers, by: number): Float64Array => Float64Array.from(values, value => value / by)

/**
 * `a · b`.
 *
 * @throws DimensionMismatchError for vectors of unequal lengths
 * @throws ValidationError for NaN, infinities and what is no vector
 */
export function dotProduct(a: Numbers, b: Numbers): number {
  const pair = checkPair(a, b)
  const product = dot(pair.a, pair.b)
  if (Number.isFinite(product)) return product
  checkPairFinite(pair)
  // Some product is beyond what a number holds; the sum need not be.
  const [scaleA, scaleB] = [largest(pair.a), largest(pair.b)]
  return plainDot(scaled(pair.a, scaleA), scaled(pair.b, scaleB)) * scaleA * scaleB
}

/**
 * `|a - b|`.
 *
 * @throws DimensionMismatchError for vectors of unequal lengths
 * @throws ValidationError for NaN, infinities and what is no vector
 */
export function euclideanDistance(a: Numbers, b: Numbers): number {
  const pair = checkPair(a, b)
  const square = squaredDistance(pair.a, pair.b)
  if (square > LEAST_SQUARE && square < MOST_SQUARE) return Math.sqrt(square)
  checkPairFinite(pair)
  const scale = Math.max(largest(pair.a), largest(pair.b))
  if (scale === 0) return 0
  return Math.sqrt(plainSquaredDistance(scaled(pair.a, scale), scaled(pair.b, scale))) * scale
}

/**
 * The cosine of the angle between two vectors, from -1 to 1; 0 where one of them is zero.
 *
 * @throws DimensionMismatchError for vectors of unequal lengths
 * @throws ValidationError for NaN, infinities and what is no vector
 */
export function cosineSimilarity(a: Numbers, b: Numbers): number {
  const pair = checkPair(a, b)
  const similarity = cosine(pair.a, pair.b)
  if (Number.isFinite(similarity)) return Math.min(1, Math.max(-1, similarity))
  checkPairFinite(pair)
  const [scaleA, scaleB] = [largest(pair.a), largest(pair.b)]
  if (scaleA === 0 || scaleB === 0) return 0
  return Math.min(1, Math.max(-1, cosine(scaled(pair.a, scaleA), scaled(pair.b, scaleB))))
}

/**
 * `1 - cosineSimilarity(a, b)`, from 0 to 2; 1 where one of them is zero.
 *
 * @throws DimensionMismatchError for vectors of unequal lengths
 * @throws ValidationError for NaN, infinities and what is no vector
 */
export function cosineDistance(a: Numbers, b: Numbers): number {
  return 1 - cosineSimilarity(a, b)
}

/**
 * The vector divided by its length; zeros for a zero vector.
 *
 * @throws ValidationError for NaN, infinities and what is no vector
 */
export function normalize<V extends Numbers>(vector: V): SameKind<V> {
  return normalizeNamed(vector, 'vector') as SameKind<V>
}

/**
 * Each vector divided by its length.
 *
 * @throws ValidationError for NaN, infinities and what is no array of vectors
 */
export function normalizeBatch<V extends Numbers>(vectors: readonly V[]): SameKind<V>[] {
  return checkVectors(vectors, 'vectors').map((vector, i) => normalizeNamed(vector, `vectors[${i}]`) as SameKind<V>)
}

function normalizeNamed(vector: unknown, argument: string): Numbers {
  const values = checkNumbers(vector, argument)
  const square = dot(values, values)
  if (square > LEAST_SQUARE && square < MOST_SQUARE) return divide(values, Math.sqrt(square), 1)
  checkFinite(values, argument)
  const scale = largest(values)
  if (scale === 0) return divide(values, 1, 1)
  const small = scaled(values, scale)
  return divide(values, Math.sqrt(plainDot(small, small)), scale)
}

function divide(values: Numbers, length: number, scale: number): Numbers {
  const result = emptyLike(values)
  for (let i = 0; i < result.length; i++) result[i] = values[i]! / scale / length
  return result
}

function emptyLike(values: Numbers): Float32Array | Float64Array | number[] {
  if (isFloat32Array(values)) return new Float32Array(values.length)
  if (isFloat64Array(values)) return new Float64Array(values.length)
  return new Array<number>(values.length).fill(0)
}

/**
 * The mean of vectors, of the kind of the first.
 *
 * @throws DimensionMismatchError for vectors of unequal lengths
 * @throws ValidationError for NaN, infinities, what is no array of vectors, and for none
 */
export function centroid<V extends Numbers>(vectors: readonly V[]): SameKind<V> {
  const all = checkVectors(vectors, 'vectors')
  if (all.length === 0) {
    throw new ValidationError('vectors is empty: nothing has no centroid.', { details: { argument: 'vectors' } })
  }
  const sums = new Float64Array(checkNumbers(all[0], 'vectors[0]').length)
  addAll(all, sums, 1)
  if (sums.every(Number.isFinite)) return copyAs(all[0] as Numbers, sums, all.length) as SameKind<V>
  all.forEach((vector, i) => checkFinite(vector as Numbers, `vectors[${i}]`))
  // Their sum is beyond what a number holds; their mean is not.
  addAll(all, sums.fill(0), all.length)
  return copyAs(all[0] as Numbers, sums, 1) as SameKind<V>
}

function addAll(vectors: readonly unknown[], sums: Float64Array, divisor: number): void {
  for (let v = 0; v < vectors.length; v++) {
    const values = checkNumbers(vectors[v], `vectors[${v}]`)
    checkSameLength(sums.length, values.length, `vectors[${v}]`, 'vectors[0]')
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]! / divisor
  }
}

function copyAs(like: Numbers, sums: Float64Array, divisor: number): Numbers {
  const result = emptyLike(like)
  for (let i = 0; i < result.length; i++) result[i] = sums[i]! / divisor
  return result
}
