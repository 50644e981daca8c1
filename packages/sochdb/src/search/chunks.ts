/** Documents in chunks on their way into the engine. */
import { isFloat32Array, isTypedArray } from 'node:util/types'

import { ValidationError } from '../errors/index.js'
import type { Aggregate } from './documents.js'
import { describeValue } from './metadata.js'
import { copyVector, dimensionMismatch } from './vectors.js'
import type { VectorPlace } from './vectors.js'

/** The addon's numbers (native/index/document/document_row.h). */
export const aggregates: readonly Aggregate[] = Object.freeze(['max', 'mean', 'first'] as const)

/** More cannot fit into a document. */
const MAX_VECTORS = 256 * 1024

/** @param place as it reads in a message: `insertMulti` */
export function aggregateNumber(value: unknown, place: string): number {
  const number = aggregates.indexOf(value as Aggregate)
  if (number >= 0) return number
  const shown = typeof value === 'string' ? `'${value.slice(0, 60)}'` : describeValue(value)
  throw new ValidationError(`Option "aggregate" of ${place} takes 'max', 'mean' or 'first'; this is ${shown}.`, {
    details: { option: 'aggregate' },
  })
}

/** The vectors of one document, end to end: a copy, unless they were given so. */
export function toVectors(value: unknown, place: VectorPlace): Float32Array {
  const { dimension } = place
  if (isTypedArray(value)) {
    if (value.length === 0 || value.length % dimension !== 0) throw dimensionMismatch(place, value.length, 'vectors')
    if (isFloat32Array(value)) return value
    const flat = new Float32Array(value.length)
    copyVector(value, { name: place.name, dimension: value.length }, 'vectors', flat, 0)
    return flat
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_VECTORS) {
    const what = Array.isArray(value) ? `an array of ${value.length}` : describeValue(value)
    throw new ValidationError(
      `vectors must be an array of vectors, at least one, or a Float32Array of all of them end to end; this one is ${what}.`,
      { details: { argument: 'vectors' } },
    )
  }
  const flat = new Float32Array(value.length * dimension)
  value.forEach((vector, i) => copyVector(vector, place, `vectors[${i}]`, flat, i * dimension))
  return flat
}

/** The texts of `count` chunks. */
export function checkTexts(value: unknown, count: number): readonly string[] {
  const isWrong = (text: unknown): boolean => typeof text !== 'string'
  if (!Array.isArray(value) || value.length !== count || value.some(isWrong)) {
    const at = Array.isArray(value) ? value.findIndex(isWrong) : -1
    const what = !Array.isArray(value)
      ? describeValue(value)
      : value.length !== count
        ? `an array of ${value.length}`
        : `[${at}] is ${describeValue(value[at])}`
    throw new ValidationError(
      `chunkTexts must be an array with a string for each of the ${count} vectors; this one is ${what}.`,
      { details: { argument: 'chunkTexts', expected: count } },
    )
  }
  return value as readonly string[]
}
