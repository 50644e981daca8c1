/** What reads return, as applications see it. Objects are made when they are looked at. */
import { inspect } from 'node:util'

import { aggregates } from './chunks.js'
import type { Aggregate } from './documents.js'
import type { Highlights } from './highlight.js'
import type { Metadata } from './metadata.js'
import type { Documents, Notes } from './slab.js'

/** A document found by a search. */
export interface SearchHit<M = Metadata> {
  readonly id: string
  /**
   * Higher is better: cosine similarity, dot product, or 1 / (1 + Euclidean distance); of a search by words BM25; with
   * both, what the ranks in both lists add up to.
   */
  readonly score: number
  /** Lower is nearer: 1 - cosine similarity, the negated dot product, or the Euclidean distance. NaN without a vector. */
  readonly distance: number
  readonly metadata: M
  /** With `highlight`: of the fields in which the words match something, the best part of the text. */
  readonly highlights?: Highlights
  /** With `includeVectors: true`; of a document in chunks that of the matched chunk. */
  readonly vector?: Float32Array
  /**
   * Of a document in chunks: the one that is nearest to the vector (with `aggregate: 'first'` the first), or in a search by words
   * alone the first that has one of them in its text.
   */
  readonly matchedChunk?: MatchedChunk
  /** With `groupBy`: the value that its group has in common. */
  readonly group?: GroupValue
}

/** A chunk of a document, counted from 0. Its text comes with the metadata. */
export interface MatchedChunk {
  readonly index: number
  readonly text?: string
}

/** What hits are grouped by. */
export type GroupValue = string | number | boolean | null

/** The best hits that have a value in common. */
export interface HitGroup<M = Metadata> {
  readonly value: GroupValue
  readonly hits: readonly SearchHit<M>[]
}

/** How a search went about it. */
export interface SearchExplanation {
  /**
   * `exact`: all vectors were compared. `graph`: it went by the graph, and compared those that are not in it yet. `filtered`: the documents that the filter admits were
   * compared, one by one. `filteredGraph`: by the graph among those. `rows`: the documents were read one by one, because the
   * index does not reach back to that time. `keywords`: by words alone; with a vector too, it is that of the search by vector.
   */
  readonly plan: 'exact' | 'graph' | 'filtered' | 'filteredGraph' | 'rows' | 'keywords'
  /** Vectors that were compared with the query's; of `rows` the documents whose vectors were. */
  readonly visited: number
  /** Searches that it took: filters on fields that are not declared, groups and aggregates may need wider ones. */
  readonly rounds: number
  /** Vectors in the index, replaced and deleted ones too. */
  readonly vectors: number
  /** Whether codes led the search. */
  readonly usesCodes: boolean
  /** With a learned navigator: whether it led the search, or HNSW did it over. */
  readonly navigator?: 'learned' | 'hnsw'
  /** Documents of the transaction that are not committed, compared one by one. */
  readonly ownDocuments: number
  /**
   * Documents that the filter admits, as far as the entries of declared fields tell, or what is kept of the same filter; undefined:
   * all of them, as far as those tell.
   */
  readonly admitted?: number
  /** Whether documents were read to be tested, for fields that are not declared. */
  readonly testsDocuments: boolean
  /** Documents that match the words; with words. */
  readonly matches?: number
  /** Entries in the lists of documents that the words lead to; with words. */
  readonly postings?: number
  /** Documents whose score by words was worked out: the others cannot be among the best; with words. */
  readonly scored?: number
  /** What the search took inside the engine. */
  readonly timeMs: number
}

/** A document's place in one of the lists of a search, from 1. */
export interface RankedHit {
  readonly id: string
  readonly rank: number
  readonly score: number
}

/** A document as it is stored. */
export interface StoredDocument<M = Metadata> {
  readonly id: string
  /** Of a document in chunks, that of the first. */
  readonly vector: Float32Array
  readonly metadata: M
  /** Of a document in chunks: the vectors of all. */
  readonly vectors?: readonly Float32Array[]
  /** Where chunks have texts. */
  readonly chunkTexts?: readonly string[]
  /** Of a document in chunks: what of its vectors counts where a search does not say. */
  readonly aggregate?: Aggregate
}

/** A document of a list. */
export interface ListedDocument<M = Metadata> extends Omit<StoredDocument<M>, 'vector'> {
  /** With `includeVectors: true`; `vectors` too. */
  readonly vector?: Float32Array
}

const parse = (text: string): Metadata | undefined => (text === '' ? undefined : (JSON.parse(text) as Metadata))

/** Document i of a list or a get. */
export function toDocument(documents: Documents, i: number): ListedDocument {
  const vector = documents.vector(i)
  const document = { id: documents.id(i), metadata: parse(documents.metadataText(i)) as Metadata }
  const chunks = documents.chunks(i)
  if (chunks === undefined) return vector === undefined ? document : { ...document, vector }
  const { vectors, texts, aggregate } = chunks
  return {
    ...document,
    ...(vector === undefined || vectors === undefined ? {} : { vector, vectors: cut(vectors, vector.length) }),
    ...(texts === undefined ? {} : { chunkTexts: texts }),
    aggregate: aggregates[aggregate]!,
  }
}

const cut = (flat: Float32Array, dimension: number): Float32Array[] =>
  Array.from({ length: flat.length / dimension }, (_, i) => flat.slice(i * dimension, (i + 1) * dimension))

/** What results of a search with words know of it. */
export interface WordsOfSearch {
  /** There is a vector too. */
  readonly isHybrid: boolean
  readonly highlight: ((metadata: Metadata, chunkText?: string) => Highlights) | undefined
  /** The metadata came for the highlights alone. */
  readonly hidesMetadata: boolean
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
  readonly #words: WordsOfSearch | undefined
  #notes: Notes | undefined

  /** @internal */
  constructor(documents: Documents, words?: WordsOfSearch) {
    this.#documents = documents
    this.#words = words
    if (words?.highlight !== undefined) this.toArray() // while the collection is open
  }

  /** How many hits there are. */
  get length(): number {
    return this.#documents.count
  }

  /** What the search took inside the engine. */
  get queryTimeMs(): number {
    return this.#documents.micros / 1000
  }

  /** Documents that match the words; with a vector too, those in either list; by a vector alone, the hits. */
  get totalCount(): number {
    if (this.#words === undefined) return this.length
    if (!this.#words.isHybrid) return this.#documents.matches
    return new Set([...this.vectorResults, ...this.keywordResults].map(({ id }) => id)).size
  }

  /** The documents that were nearest to the vector, nearest first, as they were before lists were fused. */
  get vectorResults(): readonly RankedHit[] {
    if (this.#words === undefined) return this.#ranked()
    return this.#words.isHybrid ? this.#documents.ranked('vector') : []
  }

  /** The documents that fitted the words best, best first, as they were before lists were fused. */
  get keywordResults(): readonly RankedHit[] {
    if (this.#words === undefined) return []
    return this.#words.isHybrid ? this.#documents.ranked('words') : this.#ranked()
  }

  /** The hits. */
  get fusedResults(): readonly RankedHit[] {
    return this.#ranked()
  }

  /** With `explain: true`: how the search went about it. */
  get explanation(): SearchExplanation | undefined {
    const { explanation } = this.#noted
    if (explanation === undefined) return undefined
    const matches = this.#words === undefined ? {} : { matches: this.#documents.matches }
    return { ...(explanation as SearchExplanation), ...matches, timeMs: this.queryTimeMs }
  }

  /** With `groupBy`: the hits by group, the group with the best hit first. */
  get groups(): readonly HitGroup<M>[] {
    const groups: { value: GroupValue; hits: SearchHit<M>[] }[] = []
    this.#noted.groups?.forEach((value, i) => {
      if (i === 0 || groups.at(-1)!.value !== value) groups.push({ value, hits: [] })
      groups.at(-1)!.hits.push(this.#hit(i))
    })
    return groups
  }

  #chunkOf(i: number): MatchedChunk | undefined {
    const { chunks, texts } = this.#noted
    const index = chunks?.[i]
    if (index === undefined || index === null) return undefined
    const text = this.#words?.hidesMetadata === true ? undefined : texts?.[i]
    return text === undefined || text === null ? { index } : { index, text }
  }

  get #noted(): Notes {
    return (this.#notes ??= this.#documents.notes)
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

  /** The hits in an array, best first. */
  toArray(): SearchHit<M>[] {
    return Array.from({ length: this.length }, (_, i) => this.#hit(i))
  }

  /** What `JSON.stringify` writes: the hits. */
  toJSON(): SearchHit<M>[] {
    return this.toArray()
  }

  [inspect.custom](): SearchHit<M>[] {
    return this.toArray()
  }

  #ranked(): RankedHit[] {
    const documents = this.#documents
    return Array.from({ length: this.length }, (_, i) => ({
      id: documents.id(i),
      rank: i + 1,
      score: documents.score(i),
    }))
  }

  #hit(i: number): SearchHit<M> {
    return (this.#hits[i] ??= this.#make(i))
  }

  #make(i: number): SearchHit<M> {
    const documents = this.#documents
    const words = this.#words
    const metadata = parse(documents.metadataText(i))
    const hit = {
      id: documents.id(i),
      score: documents.score(i),
      distance: documents.distance(i),
      metadata: (words?.hidesMetadata === true ? undefined : metadata) as M,
    }
    const vector = documents.vector(i)
    const { groups, chunks } = this.#noted
    if (vector === undefined && groups === undefined && chunks === undefined && words?.highlight === undefined)
      return hit
    const matchedChunk = this.#chunkOf(i)
    return {
      ...hit,
      ...(matchedChunk === undefined ? {} : { matchedChunk }),
      ...(groups === undefined ? {} : { group: groups[i]! }),
      ...(vector === undefined ? {} : { vector }),
      ...(words?.highlight === undefined ? {} : { highlights: words.highlight(metadata ?? {}, matchedChunk?.text) }),
    }
  }
}
