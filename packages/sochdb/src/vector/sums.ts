/**
 * Sums over vectors, in double precision and the order of native/index/vector/exact_sums.h: eight running sums, so that a
 * processor need not wait for one addition to begin the next.
 *
 * The addon computes the same, faster, for long Float32Arrays: for others, crossing over to it costs more than it saves.
 */
import { isFloat32Array } from 'node:util/types'

import { native } from '../engine/index.js'

export type Numbers = ArrayLike<number>

interface NativeSums {
  vectorDot(a: Float32Array, b: Float32Array): number
  vectorSquaredDistance(a: Float32Array, b: Float32Array): number
  vectorCosine(a: Float32Array, b: Float32Array): number
}

const sums = native as unknown as NativeSums

/** Measured: on x86-64 with AVX2 both ways take about as long there. The cosine is three sums. */
const NATIVE_FROM = 128
const NATIVE_COSINE_FROM = 64

const isForNative = (a: Numbers, b: Numbers, from: number): boolean =>
  a.length >= from && isFloat32Array(a) && isFloat32Array(b)

export function dot(a: Numbers, b: Numbers): number {
  return isForNative(a, b, NATIVE_FROM) ? sums.vectorDot(a as Float32Array, b as Float32Array) : plainDot(a, b)
}

export function squaredDistance(a: Numbers, b: Numbers): number {
  return isForNative(a, b, NATIVE_FROM)
    ? sums.vectorSquaredDistance(a as Float32Array, b as Float32Array)
    : plainSquaredDistance(a, b)
}

/** Squared lengths, and products of them, beyond these may have lost digits, or all. */
const LEAST_PRODUCT = 1e-280
const MOST_PRODUCT = 1e280

/** 0 for vectors of zeros; NaN where values are too small or too large to be squared. */
export function cosine(a: Numbers, b: Numbers): number {
  if (isForNative(a, b, NATIVE_COSINE_FROM)) return sums.vectorCosine(a as Float32Array, b as Float32Array)
  const lengths = plainDot(a, a) * plainDot(b, b)
  return lengths > LEAST_PRODUCT && lengths < MOST_PRODUCT ? plainDot(a, b) / Math.sqrt(lengths) : NaN
}

export function plainDot(a: Numbers, b: Numbers): number {
  const { length } = a
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let s4 = 0
  let s5 = 0
  let s6 = 0
  let s7 = 0
  let i = 0
  for (; i + 8 <= length; i += 8) {
    s0 += a[i]! * b[i]!
    s1 += a[i + 1]! * b[i + 1]!
    s2 += a[i + 2]! * b[i + 2]!
    s3 += a[i + 3]! * b[i + 3]!
    s4 += a[i + 4]! * b[i + 4]!
    s5 += a[i + 5]! * b[i + 5]!
    s6 += a[i + 6]! * b[i + 6]!
    s7 += a[i + 7]! * b[i + 7]!
  }
  for (; i < length; i++) s0 += a[i]! * b[i]!
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7))
}

const square = (x: number): number => x * x

export function plainSquaredDistance(a: Numbers, b: Numbers): number {
  const { length } = a
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let s4 = 0
  let s5 = 0
  let s6 = 0
  let s7 = 0
  let i = 0
  for (; i + 8 <= length; i += 8) {
    s0 += square(a[i]! - b[i]!)
    s1 += square(a[i + 1]! - b[i + 1]!)
    s2 += square(a[i + 2]! - b[i + 2]!)
    s3 += square(a[i + 3]! - b[i + 3]!)
    s4 += square(a[i + 4]! - b[i + 4]!)
    s5 += square(a[i + 5]! - b[i + 5]!)
    s6 += square(a[i + 6]! - b[i + 6]!)
    s7 += square(a[i + 7]! - b[i + 7]!)
  }
  for (; i < length; i++) s0 += square(a[i]! - b[i]!)
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7))
}
