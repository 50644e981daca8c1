/** Checking vectors: numbers of any array, all of them finite, as many as another one has. */
import { isBigInt64Array, isBigUint64Array, isTypedArray } from 'node:util/types'

import { describe } from '../bytes/bytes.js'
import { DimensionMismatchError, ValidationError } from '../errors/index.js'
import type { Numbers } from './sums.js'

const invalid = (argument: string, what: string, details: object = {}): ValidationError =>
  new ValidationError(`${argument} ${what}`, { details: { argument, ...details } })

/**
 * Numbers, not necessarily finite.
 *
 * @param argument what it is called in a message
 */
export function checkNumbers(value: unknown, argument: string): Numbers {
  if (isTypedArray(value) && !isBigInt64Array(value) && !isBigUint64Array(value)) return value
  if (!Array.isArray(value)) {
    throw invalid(argument, `must be an array of numbers or a typed array of them; this one is ${describe(value)}.`)
  }
  for (let i = 0; i < value.length; i++) {
    if (typeof value[i] !== 'number') {
      throw invalid(`${argument}[${i}]`, `must be a number; this one is ${describe(value[i])}.`, { position: i })
    }
  }
  return value as number[]
}

/** Throws for the first value that is not finite. */
export function checkFinite(values: Numbers, argument: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw invalid(`${argument}[${i}]`, `is ${values[i]}; every value must be a finite number.`, { position: i })
    }
  }
}

export function checkSameLength(expected: number, actual: number, argument: string, other: string): void {
  if (expected === actual) return
  throw new DimensionMismatchError(`${argument} has ${actual} values, ${other} has ${expected}.`, {
    expected,
    actual,
    remediation: 'Give vectors of one length: those of one model.',
    details: { expected, actual, argument },
  })
}

/** An array of vectors. */
export function checkVectors(value: unknown, argument: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(argument, `must be an array of vectors; this one is ${describe(value)}.`)
}
