/** A collection of the catalog as a declaration. What its metadata is, the store does not know: any, with the fields it has indexes of. */
import type { CollectionContract, JsonSchema } from '@sochdb/schema/contract'
import type { CollectionEntry } from '../sql/catalog/index.js'

export function pullCollection(entry: CollectionEntry): CollectionContract {
  const { name, dimension, metric, m, efConstruction, efSearch, quantization, enableHybridSearch, text } = entry
  const weights = entry.contentWeights
  const content = entry.contentField
  const contentField =
    weights === undefined ? content : Object.fromEntries(content.map((field, i) => [field, weights[i]!]))
  const indexed = entry.indexed.map(({ field }) => field).sort()
  return {
    name,
    dimension,
    metric,
    m,
    efConstruction,
    efSearch,
    quantization,
    ...(entry.pqNumSubvectors === undefined ? {} : { pqNumSubvectors: entry.pqNumSubvectors }),
    ...(entry.pqNumCentroids === undefined ? {} : { pqNumCentroids: entry.pqNumCentroids }),
    enableHybridSearch,
    ...(content.length === 0 ? {} : { contentField }),
    ...(text === undefined ? {} : { text }),
    metadata: metadataOf(content, indexed),
    indexed,
  }
}

function metadataOf(content: readonly string[], indexed: readonly string[]): JsonSchema {
  const value: JsonSchema = { type: ['string', 'number', 'boolean'] }
  const fields = [
    ...indexed.map(field => [field, value] as const),
    ...content.map(field => [field, { type: 'string' }] as const),
  ]
  return { type: 'object', properties: Object.fromEntries(fields), additionalProperties: {} }
}
