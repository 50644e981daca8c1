export { Collection } from './collection.js'
export type { CollectionInfo, OptimizeOptions } from './info.js'
export {
  createCollection,
  deleteCollection,
  listCollections,
  openCollection,
  openCollectionInBackground,
} from './collections.js'
export { DistanceMetric, QuantizationType } from './config.js'
export type { CollectionConfig, TextOptions } from './config.js'
export { checkMembers } from './documents.js'
export type { Aggregate, ChunkedDocument, DocumentBatch, DocumentChange, NewDocument } from './documents.js'
export type { FieldFilter, FieldOperators, FilterValue, MetadataFilter } from './filter.js'
export type { HighlightOptions, Highlights } from './highlight.js'
export { encodeMetadata } from './metadata.js'
export type { Metadata } from './metadata.js'
export { navigatorChecks } from './navigator.js'
export type {
  NavigatorCheck,
  NavigatorInfo,
  NavigatorMeasures,
  NavigatorOptions,
  NavigatorTraining,
} from './navigator.js'
export { forgetDropped } from './opened.js'
export type { CollectionTarget } from './opened.js'
export type { ListOptions, ReadOptions, SearchManyOptions, SearchRequest } from './request.js'
export { SearchResults } from './results.js'
export type {
  GroupValue,
  HitGroup,
  ListedDocument,
  MatchedChunk,
  RankedHit,
  SearchExplanation,
  SearchHit,
  StoredDocument,
} from './results.js'
export type { VectorInput } from './vectors.js'
export { checkHybrid, toSearch } from './words.js'
export type { HybridRequest, KeywordRequest } from './words.js'
