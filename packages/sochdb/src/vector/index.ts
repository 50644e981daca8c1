import {
  centroid,
  cosineDistance,
  cosineSimilarity,
  dotProduct,
  euclideanDistance,
  normalize,
  normalizeBatch,
} from './utilities.js'

/** Arithmetic of vectors: distances, lengths, means. */
export const vector = Object.freeze({
  cosineDistance,
  euclideanDistance,
  dotProduct,
  cosineSimilarity,
  normalize,
  normalizeBatch,
  centroid,
})

export { AsyncVectorIndex } from './async.js'
export type { VectorId, VectorMatch } from './batch.js'
export { VectorIndex } from './vector-index.js'
export type {
  HnswlibImportOptions,
  InsertResult,
  VectorBatch,
  VectorIds,
  VectorIndexConfig,
  VectorSearchOptions,
} from './vector-index.js'
