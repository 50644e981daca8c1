export { Collection } from './collection.js'
export type { CollectionInfo, OptimizeOptions } from './collection.js'
export {
  createCollection,
  deleteCollection,
  listCollections,
  openCollection,
  openCollectionInBackground,
} from './collections.js'
export { DistanceMetric, QuantizationType } from './config.js'
export type { CollectionConfig } from './config.js'
export type { DocumentBatch, DocumentChange, NewDocument } from './documents.js'
export type { FieldFilter, FilterValue, MetadataFilter } from './filter.js'
export type { Metadata } from './metadata.js'
export { forgetDropped } from './opened.js'
export type { CollectionTarget } from './opened.js'
export type { ListOptions, SearchRequest } from './request.js'
export { SearchResults } from './results.js'
export type { ListedDocument, SearchHit, StoredDocument } from './results.js'
export type { VectorInput } from './vectors.js'
