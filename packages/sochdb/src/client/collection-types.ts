/** Collections of a generated client. */
import type {
  Aggregate,
  GroupValue,
  Highlights,
  MatchedChunk,
  ReadOptions,
  SearchExplanation,
  SearchManyOptions,
  SearchRequest,
} from '../search/index.js'
import type { VectorInput } from './types.js'

// Of metadata fields. Most operators have two spellings, with one meaning. A missing field passes `not`, `notIn` and `exists: false`, nothing else. Array fields pass if any element does.
interface MetadataTests<Value, Self> {
  readonly equals?: Value
  readonly $eq?: Value
  readonly $ne?: Value
  readonly in?: readonly Value[]
  readonly $in?: readonly Value[]
  readonly notIn?: readonly Value[]
  readonly $nin?: readonly Value[]
  /** A value, or another filter of this field, that must not pass. */
  readonly not?: Value | Self
  readonly $not?: Value | Self
  /** Whether the field is there, with whatever value. */
  readonly exists?: boolean
  readonly $exists?: boolean
}
interface MetadataOrdering<Value> {
  readonly lt?: Value
  readonly $lt?: Value
  readonly lte?: Value
  readonly $lte?: Value
  readonly gt?: Value
  readonly $gt?: Value
  readonly gte?: Value
  readonly $gte?: Value
}
/** What text in metadata is tested for. */
export interface MetadataTextFilter extends MetadataTests<string, MetadataTextFilter>, MetadataOrdering<string> {
  /** Upper and lower case differ. */
  readonly contains?: string
  readonly $contains?: string
  readonly startsWith?: string
  readonly $startsWith?: string
  readonly endsWith?: string
  readonly $endsWith?: string
}
/** What a number in metadata is tested for. */
export interface MetadataNumberFilter extends MetadataTests<number, MetadataNumberFilter>, MetadataOrdering<number> {}
/** What a boolean in metadata is tested for. */
export type MetadataBooleanFilter = MetadataTests<boolean, MetadataBooleanFilter>
/** What metadata that is one of some texts is tested for. */
export type MetadataEnumFilter<Value extends string> = MetadataTests<Value, MetadataEnumFilter<Value>>

/** A document to insert, or to replace by its id. */
export interface NewDocument<Metadata> {
  readonly id: string
  readonly vector: VectorInput
  readonly metadata: Metadata
}

/** Documents to insert together: as many ids as vectors and metadata. */
export interface NewDocuments<Metadata> {
  readonly ids: readonly string[]
  /** One vector per id, or all of them end to end. */
  readonly vectors: Float32Array | readonly VectorInput[]
  readonly metadata: readonly Metadata[]
  /** Called as documents are written; what it throws undoes all of them. */
  readonly onProgress?: (done: number, total: number) => void
}

/** A document of several vectors, each perhaps with its text. */
export interface ChunkedDocument<Metadata> {
  readonly id: string
  /** One vector per chunk, or all of them end to end. */
  readonly vectors: Float32Array | readonly VectorInput[]
  readonly metadata: Metadata
  /** The text of each chunk. Searched by words where the collection has a `contentField`. */
  readonly chunkTexts?: readonly string[]
  /** How near the document is: as its nearest vector, as all of them in the mean, or as its first. Default `max`. */
  readonly aggregate?: Aggregate
}

/** A document, as `get` gives it. */
export interface StoredDocument<Metadata> extends ListedDocument<Metadata> {
  readonly vector: Float32Array
}

/** A document, as `list` gives it. */
export interface ListedDocument<Metadata> {
  readonly id: string
  /** Of a document in chunks, that of the first. Lists have it with `includeVectors: true`. */
  readonly vector?: Float32Array
  readonly metadata: Metadata
  /** Of a document in chunks: the vectors of all, their texts, and what of them counts. */
  readonly vectors?: readonly Float32Array[]
  readonly chunkTexts?: readonly string[]
  readonly aggregate?: Aggregate
}

/** Which documents are listed, in the order of their ids. */
export interface ListQuery<Filter> {
  /** Documents whose id is above this one, by bytes. */
  readonly after?: string
  /** Documents at most: 0 to 100000, default 100. */
  readonly limit?: number
  readonly filter?: Filter
  /** Default false. */
  readonly includeVectors?: boolean
  /** What there was at that time. */
  readonly asOf?: ReadOptions['asOf']
}

/** What changes in a document; what is not named stays. */
export interface DocumentChange<Metadata> {
  /** Makes it a document of one vector. */
  readonly vector?: VectorInput
  /** Its chunks are these. */
  readonly vectors?: Float32Array | readonly VectorInput[]
  readonly chunkTexts?: readonly string[]
  readonly aggregate?: Aggregate
  /** Merged into what is there, property by property. */
  readonly metadata?: Partial<Metadata>
}

interface AnyQuery<Filter> {
  /** Hits at most: 1 to 100000, default 10. With `groupBy`: groups. */
  readonly k?: number
  /** Applied before `k` is cut. */
  readonly filter?: Filter
  /** Hits with a lower `score` are left out, before `k` is cut; with a vector and words, with a lower similarity to the vector. */
  readonly minScore?: number
  /** The best hits for each value of a metadata field. */
  readonly groupBy?: SearchRequest['groupBy']
  /** What a search would have found at that time. */
  readonly asOf?: ReadOptions['asOf']
  /** Default false. */
  readonly includeVectors?: boolean
  /** The hits tell how the search went about it: `explanation`. */
  readonly explain?: boolean
}

interface NearQuery<Filter> extends AnyQuery<Filter> {
  readonly vector: VectorInput
  /** Candidates looked at: more is slower and finds more. Default: the collection's. */
  readonly efSearch?: number
  /** Compare with every vector instead of asking the index. */
  readonly exact?: boolean
  /** How near documents in chunks are. Default: what each document says. */
  readonly aggregate?: Aggregate
}

/** A search by vector. */
export interface SearchQuery<Filter> extends NearQuery<Filter> {
  /** Keep near copies out. */
  readonly mmr?: SearchRequest['mmr']
}

/** Needs a collection with `contentField`. */
export interface KeywordQuery<Filter> extends AnyQuery<Filter> {
  /** Words, `"phrases"`, `beginnings*`, `+needed` and `-unwanted` ones. */
  readonly query: string
  /** Hits get `highlights`. Default false. */
  readonly highlight?: SearchRequest['highlight']
}

/** Needs a collection with `contentField`. */
export interface HybridQuery<Filter> extends NearQuery<Filter> {
  readonly textQuery: string
  /** How much the vector counts, from 0 (the words alone) to 1 (the vector alone). Default 0.5. */
  readonly alpha?: number
  readonly rrfK?: number
  /** Hits get `highlights`. Default false. */
  readonly highlight?: SearchRequest['highlight']
}

/** A document that was found, and how well it fits. */
export interface SearchHit<Metadata> {
  readonly id: string
  /** Higher is better: cosine similarity, dot product, 1/(1 + L2); by words BM25; by both, what the ranks add up to. */
  readonly score: number
  /** Lower is better: 1 - cosine, -dot, L2. NaN without a vector. */
  readonly distance: number
  readonly metadata: Metadata
  /** With `includeVectors: true`. */
  readonly vector?: Float32Array
  /** Of a document in chunks: which one it was. */
  readonly matchedChunk?: MatchedChunk
  /** With `groupBy`. */
  readonly group?: GroupValue
  /** With `highlight`. */
  readonly highlights?: Highlights
}

/** Best first, ties by id. */
export interface SearchHits<Metadata> extends Iterable<SearchHit<Metadata>> {
  readonly length: number
  readonly queryTimeMs: number
  /** Documents that match the words; without words, the hits. */
  readonly totalCount: number
  /** With `groupBy`: the hits by group. */
  readonly groups: readonly { readonly value: GroupValue; readonly hits: readonly SearchHit<Metadata>[] }[]
  /** With `explain: true`. */
  readonly explanation: SearchExplanation | undefined
}

/**
 * A collection whose metadata has a declared shape. `Metadata` is what reads return; `Input` what writes take (fields with a
 * default may be left out); `Filter` names the fields a search can filter by.
 *
 * Rejects with `DimensionMismatchError`, `InvalidMetadataError`, `ValidationError`.
 */
export interface TypedCollection<Metadata, Filter = object, Input = Metadata> {
  /** Replaces the document with this id, if there is one. */
  insert(document: NewDocument<Input>): Promise<void>
  /** Alias of `insert`. */
  upsert(document: NewDocument<Input>): Promise<void>
  /** A document of several vectors. */
  insertMulti(document: ChunkedDocument<Input>): Promise<void>
  /** All or none. Returns how many were inserted. */
  insertBatch(documents: NewDocuments<Input>): Promise<number>
  /** The document of this id, or `undefined`. */
  get(id: string, options?: ReadOptions): Promise<StoredDocument<Metadata> | undefined>
  /** In the order of the ids, `undefined` where there is none. */
  getMany(ids: readonly string[], options?: ReadOptions): Promise<(StoredDocument<Metadata> | undefined)[]>
  /** `false`: there is no such document. */
  update(id: string, change: DocumentChange<Input>): Promise<boolean>
  /** Was there such a document? */
  delete(id: string): Promise<boolean>
  /** All or none; `{}` deletes every document. Returns how many were deleted. */
  deleteWhere(filter: Filter): Promise<number>
  /** How many documents there are, or pass the filter. */
  count(filter?: Filter, options?: ReadOptions): Promise<number>
  /** In the order of ids; the next page begins `after` the last one of this. */
  list(query?: ListQuery<Filter>): Promise<ListedDocument<Metadata>[]>
  /** The documents nearest to a vector, best first. */
  search(query: SearchQuery<Filter>): Promise<SearchHits<Metadata>>
  /** The documents that fit words best, by BM25. Needs a `contentField`. */
  keywordSearch(query: KeywordQuery<Filter>): Promise<SearchHits<Metadata>>
  /** The documents that fit a vector and words best together. Needs a `contentField`. */
  hybridSearch(query: HybridQuery<Filter>): Promise<SearchHits<Metadata>>
  /** All on one snapshot. */
  searchMany(
    queries: readonly (SearchQuery<Filter> | HybridQuery<Filter>)[],
    options?: SearchManyOptions,
  ): Promise<SearchHits<Metadata>[]>
}

/** `TypedCollection` on the calling thread. */
export interface SyncTypedCollection<Metadata, Filter = object, Input = Metadata> {
  insert(document: NewDocument<Input>): void
  upsert(document: NewDocument<Input>): void
  insertMulti(document: ChunkedDocument<Input>): void
  insertBatch(documents: NewDocuments<Input>): number
  get(id: string, options?: ReadOptions): StoredDocument<Metadata> | undefined
  getMany(ids: readonly string[], options?: ReadOptions): (StoredDocument<Metadata> | undefined)[]
  update(id: string, change: DocumentChange<Input>): boolean
  delete(id: string): boolean
  deleteWhere(filter: Filter): number
  count(filter?: Filter, options?: ReadOptions): number
  list(query?: ListQuery<Filter>): ListedDocument<Metadata>[]
  search(query: SearchQuery<Filter>): SearchHits<Metadata>
  keywordSearch(query: KeywordQuery<Filter>): SearchHits<Metadata>
  hybridSearch(query: HybridQuery<Filter>): SearchHits<Metadata>
  searchMany(
    queries: readonly (SearchQuery<Filter> | HybridQuery<Filter>)[],
    options?: SearchManyOptions,
  ): SearchHits<Metadata>[]
}
