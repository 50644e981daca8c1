/** Documents on their way into the engine. */
import { isFloat32Array, isTypedArray } from 'node:util/types'

import type { Packer } from '../bytes/packer.js'
import { ValidationError } from '../errors/index.js'
import { describeValue, encodeMetadata } from './metadata.js'
import type { Metadata } from './metadata.js'
import { copyVector, dimensionMismatch } from './vectors.js'
import type { VectorInput, VectorPlace } from './vectors.js'

/** A document to be stored. */
export interface NewDocument {
  /** 1 to 4096 bytes. */
  readonly id: string
  readonly vector: VectorInput
  /** A JSON object; default `{}`. */
  readonly metadata?: Metadata | undefined
}

/** Documents to be stored together. */
export interface DocumentBatch {
  readonly ids: readonly string[]
  /** One vector for each id: an array of vectors, or all of them end to end. */
  readonly vectors: Float32Array | readonly VectorInput[]
  /** One for each id, undefined where there is none. */
  readonly metadata?: readonly (Metadata | undefined)[] | undefined
  /** Called as documents are written, on this thread; what it throws undoes all of them. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** How near a document of several vectors is: as its nearest, as all of them in the mean, or as its first. */
export type Aggregate = 'max' | 'mean' | 'first'

/** A document in chunks: of several vectors, each perhaps with its text. */
export interface ChunkedDocument {
  /** 1 to 4096 bytes. */
  readonly id: string
  /** One for each chunk: an array of vectors, or all of them end to end. */
  readonly vectors: Float32Array | readonly VectorInput[]
  /** A JSON object; default `{}`. */
  readonly metadata?: Metadata | undefined
  /** The text of each chunk. Where the collection has a `contentField`, they are searched by words: as a part of that field, of several of the one with the least weight. */
  readonly chunkTexts?: readonly string[] | undefined
  /** What of its vectors counts where a search does not say. Default `max`. */
  readonly aggregate?: Aggregate | undefined
}

/** What is to change of a document. */
export interface DocumentChange {
  /** Makes it a document of one vector. */
  readonly vector?: VectorInput | undefined
  /** Its chunks are these; texts that they had are gone unless `chunkTexts` gives new ones. */
  readonly vectors?: Float32Array | readonly VectorInput[] | undefined
  /** As many as there are vectors. */
  readonly chunkTexts?: readonly string[] | undefined
  readonly aggregate?: Aggregate | undefined
  /** Merged into what is there, property by property; undefined ones stay as they are. */
  readonly metadata?: Metadata | undefined
}

/** The longest id, in bytes. */
const MAX_ID_BYTES = 4096

const members = {
  document: ['id', 'vector', 'metadata'],
  batch: ['ids', 'vectors', 'metadata', 'onProgress'],
  chunked: ['id', 'vectors', 'metadata', 'chunkTexts', 'aggregate'],
  change: ['vector', 'vectors', 'metadata', 'chunkTexts', 'aggregate'],
  vectorSearch: ['vector', 'k', 'filter'],
}

const bad = (message: string, argument: string, details = {}): ValidationError =>
  new ValidationError(message, { details: { argument, ...details } })

/** That an argument is an object, and has no members but those it may have. */
export function checkMembers(value: unknown, kind: keyof typeof members): asserts value is Record<string, unknown> {
  const allowed = members[kind]
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw bad(`This takes an object with ${allowed.join(', ')}; this one is ${describeValue(value)}.`, kind)
  }
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) throw bad(`There is no "${name}" here; it takes ${allowed.join(', ')}.`, name)
  }
}

export function checkId(id: unknown, argument: string): string {
  if (typeof id !== 'string' || id === '') {
    const what = id === '' ? 'empty' : describeValue(id)
    throw bad(`${argument} must be a string that is not empty; this one is ${what}.`, argument)
  }
  // No character takes more than three bytes for each of its units.
  if (id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw bad(`${argument} is ${Buffer.byteLength(id)} bytes long; the limit is ${MAX_ID_BYTES}.`, argument, {
      limit: MAX_ID_BYTES,
    })
  }
  if (!isWellFormed(id)) throw bad(`${argument} holds half of a surrogate pair: it is no text.`, argument)
  return id
}

/** Half a surrogate pair has no UTF-8: two ids would become one. */
// eslint-disable-next-line no-control-regex
const isWellFormed = (text: string): boolean => /^[\u0000-\ud7ff]*$/.test(text) || !loneSurrogate.test(text)
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

export function checkIds(ids: unknown): readonly unknown[] {
  if (Array.isArray(ids)) return ids as readonly unknown[]
  throw bad(`ids must be an array of strings; this one is ${describeValue(ids)}.`, 'ids')
}

export interface CheckedBatch {
  readonly ids: readonly unknown[]
  readonly vectors: ArrayLike<unknown>
  /** `vectors` holds numbers, not vectors. */
  readonly isFlat: boolean
  readonly metadata: readonly unknown[] | undefined
  readonly onProgress: DocumentBatch['onProgress']
}

/** That the parts of a batch are of one length. The documents are checked as they are written. */
export function checkBatch(batch: unknown, place: VectorPlace): CheckedBatch {
  checkMembers(batch, 'batch')
  const { vectors, metadata, onProgress } = batch
  const ids = checkIds(batch['ids'])
  const isFlat = isTypedArray(vectors)
  if (!isFlat && !Array.isArray(vectors)) {
    throw bad(
      `vectors must be an array of vectors, or a Float32Array of all of them end to end; this one is ${describeValue(vectors)}.`,
      'vectors',
    )
  }
  const { length } = vectors as ArrayLike<unknown>
  if (isFlat ? length !== ids.length * place.dimension : length !== ids.length) {
    throw lengthMismatch(isFlat, length, ids.length, place)
  }
  if (metadata !== undefined && (!Array.isArray(metadata) || metadata.length !== ids.length)) {
    const what = Array.isArray(metadata) ? `${metadata.length} elements` : describeValue(metadata)
    throw bad(
      `metadata must be an array with one element for each of the ${ids.length} ids; it has ${what}.`,
      'metadata',
    )
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw bad(`onProgress must be a function; this one is ${describeValue(onProgress)}.`, 'onProgress')
  }
  return {
    ids,
    vectors: vectors as ArrayLike<unknown>,
    isFlat,
    metadata: metadata as readonly unknown[] | undefined,
    onProgress: onProgress as DocumentBatch['onProgress'],
  }
}

function lengthMismatch(isFlat: boolean, length: number, ids: number, place: VectorPlace): ValidationError {
  if (isFlat && ids > 0 && length > 0 && length % ids === 0)
    return dimensionMismatch(place, length / ids, 'each vector')
  const what = isFlat ? `${length} values, of ${place.dimension} for each vector,` : `${length} vectors`
  return bad(`There are ${what} for ${ids} ids.`, 'vectors', { ids, vectors: length })
}

/** Packs the ids and the metadata of documents [from, to). */
export function packDocuments(packer: Packer, batch: CheckedBatch, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const id = checkId(batch.ids[i], `ids[${i}]`)
    packer.addPut(id, encodeMetadata(batch.metadata?.[i], id))
  }
}

/** The vectors of documents [from, to), end to end. */
export function vectorsOf(batch: CheckedBatch, place: VectorPlace, from: number, to: number): Float32Array {
  const { vectors, isFlat } = batch
  const { dimension } = place
  if (isFlat && isFloat32Array(vectors)) {
    // What the caller's own code does meanwhile may take its memory away.
    if (vectors.length !== batch.ids.length * dimension) throw bad('vectors changed while it was written.', 'vectors')
    return vectors.subarray(from * dimension, to * dimension)
  }
  const flat = new Float32Array((to - from) * dimension)
  if (isFlat) {
    const part = { name: place.name, dimension: flat.length }
    const values = (vectors as unknown as Float64Array).subarray(from * dimension, to * dimension)
    copyVector(values, part, 'vectors', flat, 0)
    return flat
  }
  for (let i = from; i < to; i++) copyVector(vectors[i], place, `vectors[${i}]`, flat, (i - from) * dimension)
  return flat
}
