/**
 * Results as the addon writes them: numbers in a buffer, ids, metadata and notes in one string (native/binding/vector_results.h
 * has the layout).
 *
 * Results up to 16 KiB share a buffer of 64 KiB, in which no place is written twice; larger ones have one of their own.
 */
import { markAsUntransferable } from 'node:worker_threads'

import { DatabaseError, ErrorCode } from '../errors/index.js'
import { search } from './native.js'
import type { RankedHit } from './results.js'

/** What else is known of a search and its hits: what was asked for beyond the usual. */
export interface Notes {
  readonly explanation?: object
  /** Of each hit, the value of its group. */
  readonly groups?: readonly (string | number | boolean | null)[]
  /** Of each hit, the chunk that was found, and its text. */
  readonly chunks?: readonly (number | null)[]
  readonly texts?: readonly (string | null)[]
  /** Of documents that are not hits, those in chunks. `vectors` counts them; 0: they were not asked for. */
  readonly documents?: readonly {
    readonly at: number
    readonly vectors: number
    readonly aggregate: number
    readonly texts?: readonly string[]
  }[]
}

/** What a document in chunks is made of. */
export interface Chunks {
  /** End to end; undefined when they were not asked for. */
  readonly vectors: Float32Array | undefined
  readonly texts: readonly string[] | undefined
  readonly aggregate: number
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

/** What stands in a result: documents, with their scores, with the lists that were fused too. */
export type Layout = 'plain' | 'scored' | 'listed'

/** Documents as the addon wrote them. */
export class Documents {
  readonly #slab: Slab
  readonly #text: string
  /** In 8-byte steps. */
  readonly #at: number
  readonly #ends: number
  readonly #vectors: number
  readonly #dimension: number
  /** The vectors of documents in chunks but for the first of each. */
  readonly #moreVectors: number
  readonly #chunked = new Map<
    number,
    { vectors: number; from: number; texts: readonly string[] | undefined; aggregate: number }
  >()
  readonly count: number
  /** The lists of a search with words, in 8-byte steps; 0: there are none. */
  readonly #lists: number
  readonly end: number

  constructor(slab: Slab, offset: number, text: string, layout: Layout) {
    const scored = layout !== 'plain'
    this.#slab = slab
    this.#text = text
    this.#at = offset / 8
    this.count = slab.u32[offset / 4]!
    this.#dimension = slab.u32[offset / 4 + 1]!
    this.#ends = (offset + HEADER_BYTES) / 4 + (scored ? 4 * this.count : 0)
    this.#vectors = this.#ends + 2 * this.count
    this.#moreVectors = this.#vectors + this.count * this.#dimension
    const more = layout === 'plain' ? this.#readChunked() : 0
    const end = (4 * (this.#moreVectors + more) + 7) & ~7
    this.#lists = layout === 'listed' ? end / 8 : 0
    this.end = this.#lists === 0 ? end : (8 * (this.#lists + 2 + this.#listed) + 4 * this.#listed + 7) & ~7
  }

  /** Documents in both lists, one after the other. */
  get #listed(): number {
    const at = 2 * this.#lists
    return this.#slab.u32[at]! + this.#slab.u32[at + 1]!
  }

  /** Documents that match the words. */
  get matches(): number {
    return this.#slab.f64[this.#lists + 1]!
  }

  get hasLists(): boolean {
    return this.#lists !== 0
  }

  /** One of the lists that were fused. */
  ranked(list: 'vector' | 'words'): RankedHit[] {
    if (this.#lists === 0) return []
    const { u32, f64 } = this.#slab
    const byVector = u32[2 * this.#lists]!
    const from = list === 'vector' ? 0 : byVector
    const to = list === 'vector' ? byVector : this.#listed
    const scores = this.#lists + 2
    const ends = 2 * (scores + this.#listed)
    const textEnd = this.count === 0 ? 0 : u32[this.#ends + 2 * this.count - 1]!
    return Array.from({ length: to - from }, (_, i) => ({
      id: this.#text.substring(from + i === 0 ? textEnd : u32[ends + from + i - 1]!, u32[ends + from + i]!),
      rank: i + 1,
      score: f64[scores + from + i]!,
    }))
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

  /** What document i has more than its first vector; undefined: it is not in chunks. */
  chunks(i: number): Chunks | undefined {
    const noted = this.#chunked.get(i)
    if (noted === undefined) return undefined
    const { texts, aggregate, from } = noted
    if (noted.vectors === 0) return { vectors: undefined, texts, aggregate }
    const vectors = new Float32Array(noted.vectors * this.#dimension)
    vectors.set(this.vector(i)!)
    vectors.set(this.#slab.f32.subarray(from, from + vectors.length - this.#dimension), this.#dimension)
    return { vectors, texts, aggregate }
  }

  /** The floats of further vectors. */
  #readChunked(): number {
    let from = this.#moreVectors
    for (const { at, vectors, texts, aggregate } of this.notes.documents ?? []) {
      this.#chunked.set(at, { vectors, from, texts, aggregate })
      if (vectors > 0) from += (vectors - 1) * this.#dimension
    }
    return from - this.#moreVectors
  }

  get notes(): Notes {
    const { u32 } = this.#slab
    let end = this.count === 0 ? 0 : u32[this.#ends + 2 * this.count - 1]!
    if (this.#lists !== 0 && this.#listed > 0) end = u32[2 * (this.#lists + 2 + this.#listed) + this.#listed - 1]!
    return end === this.#text.length ? {} : (JSON.parse(this.#text.substring(end)) as Notes)
  }

  /** A copy; undefined when it was not asked for. */
  vector(i: number): Float32Array | undefined {
    if (this.#dimension === 0) return undefined
    const begin = this.#vectors + i * this.#dimension
    return this.#slab.f32.slice(begin, begin + this.#dimension)
  }
}

/** A read of the addon, given where to write. */
export type Read<T> = (buffer: ArrayBuffer, offset: number) => T | number

/**
 * Runs a read and gives it room.
 *
 * @param collection the handle of the collection, or of what a read by promise left, for what did not fit
 * @param expected the bytes that the result will probably take
 */
export function readDocuments(collection: number, expected: number, layout: Layout, read: Read<string>): Documents {
  return readResults(
    collection,
    expected,
    read as Read<object | string>,
    (slab, offset, text) => new Documents(slab, offset, text as string, layout),
    documents => documents.end,
  )
}

/** The same for the results of many searches. */
export function readMany(
  collection: number,
  expected: number,
  layouts: readonly Layout[],
  read: Read<readonly string[]>,
): Documents[] {
  const make = (slab: Slab, offset: number, texts: object | string): Documents[] => {
    let at = offset
    return (texts as readonly string[]).map((text, i) => {
      const documents = new Documents(slab, at, text, layouts[i]!)
      at = documents.end
      return documents
    })
  }
  const ends = (all: readonly Documents[]): number => all.at(-1)?.end ?? 0
  return readResults(collection, expected, read as Read<object | string>, make, ends)
}

function readResults<T>(
  collection: number,
  expected: number,
  read: Read<object | string>,
  make: (slab: Slab, offset: number, result: object | string) => T,
  endOf: (made: T) => number,
): T {
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
  const made = make(slab, offset, result)
  if (slab === shared) sharedOffset = Math.max(sharedOffset, endOf(made))
  return made
}

function startSlab(): void {
  shared = newSlab(SLAB_BYTES)
  sharedOffset = 0
}
