/**
 * What reads return: numbers in a buffer that the addon wrote, ids and metadata in one string (native/binding/vector_results.h
 * has the layout). Objects are made when they are looked at.
 *
 * Results up to 16 KiB share a buffer of 64 KiB, in which no place is written twice; larger ones have one of their own.
 */
import { inspect } from 'node:util'
import { markAsUntransferable } from 'node:worker_threads'

import { DatabaseError, ErrorCode } from '../errors/index.js'
import type { Metadata } from './metadata.js'
import { search } from './native.js'

/** A document found by a search. */
export interface SearchHit<M = Metadata> {
  readonly id: string
  /** Higher is nearer: cosine similarity, dot product, or 1 / (1 + Euclidean distance). */
  readonly score: number
  /** Lower is nearer: 1 - cosine similarity, the negated dot product, or the Euclidean distance. */
  readonly distance: number
  readonly metadata: M
  /** With `includeVectors: true`. */
  readonly vector?: Float32Array
}

/** A document as it is stored. */
export interface StoredDocument<M = Metadata> {
  readonly id: string
  readonly vector: Float32Array
  readonly metadata: M
}

/** A document of a list. */
export interface ListedDocument<M = Metadata> {
  readonly id: string
  readonly metadata: M
  /** With `includeVectors: true`. */
  readonly vector?: Float32Array
}

interface Slab {
  readonly buffer: ArrayBuffer
  readonly f64: Float64Array
  readonly f32: Float32Array
  readonly u32: Uint32Array
}

const SLAB_BYTES = 64 * 1024
const SHARED_BYTES = SLAB_BYTES / 4
const HEADER_BYTES = 16
const HIT_BYTES = 24

let shared = newSlab(SLAB_BYTES)
let sharedOffset = 0

function newSlab(bytes: number): Slab {
  const size = (bytes + 7) & ~7
  try {
    const buffer = new ArrayBuffer(size)
    markAsUntransferable(buffer) // other results lie in it
    return { buffer, f64: new Float64Array(buffer), f32: new Float32Array(buffer), u32: new Uint32Array(buffer) }
  } catch (cause) {
    throw new DatabaseError(`There is no memory for a result of ${bytes} bytes.`, {
      code: ErrorCode.OUT_OF_MEMORY,
      details: { bytes },
      remediation: 'Read less at once, or give the process more memory.',
      cause,
    })
  }
}

/** The bytes that so many documents take. */
export function bytesOf(documents: number, dimension: number): number {
  return HEADER_BYTES + documents * (HIT_BYTES + 4 * dimension) + 4
}

/** Documents as the addon wrote them. */
export class Documents {
  readonly #slab: Slab
  readonly #text: string
  /** In 8-byte steps. */
  readonly #at: number
  readonly #ends: number
  readonly #vectors: number
  readonly #dimension: number
  readonly count: number
  readonly end: number

  constructor(slab: Slab, offset: number, text: string, scored: boolean) {
    this.#slab = slab
    this.#text = text
    this.#at = offset / 8
    this.count = slab.u32[offset / 4]!
    this.#dimension = slab.u32[offset / 4 + 1]!
    this.#ends = (offset + HEADER_BYTES) / 4 + (scored ? 4 * this.count : 0)
    this.#vectors = this.#ends + 2 * this.count
    this.end = (4 * (this.#vectors + this.count * this.#dimension) + 7) & ~7
  }

  get micros(): number {
    return this.#slab.f64[this.#at + 1]!
  }

  score(i: number): number {
    return this.#slab.f64[this.#at + 2 + i]!
  }

  distance(i: number): number {
    return this.#slab.f64[this.#at + 2 + this.count + i]!
  }

  /** Empty: there is no such document. */
  id(i: number): string {
    const { u32 } = this.#slab
    const end = this.#ends + 2 * i
    return this.#text.substring(i === 0 ? 0 : u32[end - 1]!, u32[end]!)
  }

  /** JSON; empty when it was not asked for. */
  metadataText(i: number): string {
    const { u32 } = this.#slab
    const end = this.#ends + 2 * i
    return this.#text.substring(u32[end]!, u32[end + 1]!)
  }

  /** A copy; undefined when it was not asked for. */
  vector(i: number): Float32Array | undefined {
    if (this.#dimension === 0) return undefined
    const begin = this.#vectors + i * this.#dimension
    return this.#slab.f32.slice(begin, begin + this.#dimension)
  }
}

/** A read of the addon, given where to write. */
export type Read = (buffer: ArrayBuffer, offset: number) => string | number

/**
 * Runs a read and gives it room.
 *
 * @param collection the collection's handle, for what did not fit
 * @param expected the bytes that the result will probably take
 */
export function readDocuments(collection: number, expected: number, scored: boolean, read: Read): Documents {
  if (expected <= SHARED_BYTES && sharedOffset + expected > SLAB_BYTES) startSlab()
  let slab = expected <= SHARED_BYTES ? shared : newSlab(expected)
  let offset = slab === shared ? sharedOffset : 0
  let result = read(slab.buffer, offset)
  while (typeof result === 'number') {
    if (result <= SHARED_BYTES) startSlab()
    slab = result <= SHARED_BYTES ? shared : newSlab(result)
    offset = 0
    result = search.vectorFetch(collection, slab.buffer, offset)
  }
  const documents = new Documents(slab, offset, result, scored)
  if (slab === shared) sharedOffset = documents.end
  return documents
}

function startSlab(): void {
  shared = newSlab(SLAB_BYTES)
  sharedOffset = 0
}

const parse = (text: string): Metadata | undefined => (text === '' ? undefined : (JSON.parse(text) as Metadata))

/** Document i of a list or a get. */
export function toDocument(documents: Documents, i: number): ListedDocument {
  const vector = documents.vector(i)
  const document = { id: documents.id(i), metadata: parse(documents.metadataText(i)) as Metadata }
  return vector === undefined ? document : { ...document, vector }
}

/**
 * The hits of a search, best first; equally near ones by id. An iterable with a length; each hit is made when it is first
 * looked at.
 *
 * @example for (const { id, score } of collection.search({ vector, k: 5 })) console.log(id, score)
 */
export class SearchResults<M = Metadata> implements Iterable<SearchHit<M>> {
  readonly #documents: Documents
  readonly #hits: SearchHit<M>[] = []

  /** @internal */
  constructor(documents: Documents) {
    this.#documents = documents
  }

  get length(): number {
    return this.#documents.count
  }

  /** What the search took inside the engine. */
  get queryTimeMs(): number {
    return this.#documents.micros / 1000
  }

  /** The hit at a place; negative places count from the end. */
  at(index: number): SearchHit<M> | undefined {
    const place = Math.trunc(index) || 0
    const i = place < 0 ? this.length + place : place
    return i >= 0 && i < this.length ? this.#hit(i) : undefined
  }

  *[Symbol.iterator](): Iterator<SearchHit<M>> {
    for (let i = 0; i < this.length; i++) yield this.#hit(i)
  }

  toArray(): SearchHit<M>[] {
    return Array.from({ length: this.length }, (_, i) => this.#hit(i))
  }

  toJSON(): SearchHit<M>[] {
    return this.toArray()
  }

  [inspect.custom](): SearchHit<M>[] {
    return this.toArray()
  }

  #hit(i: number): SearchHit<M> {
    return (this.#hits[i] ??= this.#make(i))
  }

  #make(i: number): SearchHit<M> {
    const documents = this.#documents
    const hit = {
      id: documents.id(i),
      score: documents.score(i),
      distance: documents.distance(i),
      metadata: parse(documents.metadataText(i)) as M,
    }
    const vector = documents.vector(i)
    return vector === undefined ? hit : { ...hit, vector }
  }
}
