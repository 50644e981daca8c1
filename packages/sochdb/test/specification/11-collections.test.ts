import { DistanceMetric, QuantizationType } from 'sochdb'
import type { Collection, CollectionConfig, Database, MetadataFilter, Namespace, SearchRequest } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
let ns: Namespace
beforeEach(() => {
  db = openTestDatabase()
  ns = db.namespace('default')
})
afterEach(() => db.close())

/** A vector of 384 values that points between the first two axes, `turn` of the way. */
function vectorOf(turn: number): Float32Array {
  const vector = new Float32Array(384)
  vector[0] = Math.cos((turn * Math.PI) / 2)
  vector[1] = Math.sin((turn * Math.PI) / 2)
  return vector
}

const config: CollectionConfig = {
  name: 'documents',
  dimension: 384,
  metric: DistanceMetric.COSINE,
  m: 16,
  efConstruction: 100,
  efSearch: 50,
  quantization: QuantizationType.NONE,
  enableHybridSearch: false,
}

function filled(): Collection {
  const collection = ns.createCollection(config)
  collection.insertBatch({
    ids: ['doc1', 'doc2', 'doc3', 'doc4'],
    vectors: [0, 0.1, 0.5, 1].map(vectorOf),
    metadata: [
      { author: 'Alice', category: 'tech', year: 2024, age: 20 },
      { author: 'Bob', category: 'science', year: 2020, age: 30 },
      { author: 'Alice', category: 'sports', year: 2019, age: 40 },
      { author: 'Carol', category: 'tech', year: 2018, age: 50 },
    ],
  })
  return collection
}

const ids = (hits: Iterable<{ readonly id: string }>) => Array.from(hits, ({ id }) => id)

describe('11 Collections & Vector Search', () => {
  test('Collection Configuration', () => {
    const info = ns.createCollection(config).info()
    const { contentField, ...rest } = info
    expect(rest).toMatchObject(config)
    expect(contentField).toEqual([])
  })

  test('Creating Collections', () => {
    expect(ns.createCollection(config).name).toBe('documents')
    expect(ns.createCollection({ name: 'documents', dimension: 384, metric: 'cosine' }).name).toBe('documents')
    expect(ns.collection('documents').info().dimension).toBe(384)
  })

  test('Inserting Documents', () => {
    const collection = ns.createCollection(config)
    collection.insert({
      id: 'doc1',
      vector: vectorOf(0),
      metadata: { title: 'Introduction', author: 'Alice', category: 'tech' },
    })
    const count = collection.insertBatch({
      ids: ['doc1', 'doc2', 'doc3'],
      vectors: [vectorOf(0), vectorOf(0.5), vectorOf(1)],
      metadata: [{ title: 'Doc 1' }, { title: 'Doc 2' }, { title: 'Doc 3' }],
    })
    expect(count).toBe(3)
    expect(collection.get('doc1')?.metadata).toEqual({ title: 'Doc 1' })
    collection.insertMulti({
      id: 'long_doc',
      vectors: [vectorOf(0.2), vectorOf(0.4), vectorOf(0.6)],
      metadata: { title: 'Long Document' },
    })
    expect(collection.count()).toBe(4)
    const [hit] = collection.vectorSearch({ vector: vectorOf(0.4), k: 1 })
    expect(hit).toMatchObject({ id: 'long_doc', matchedChunk: { index: 1 } })
  })

  test('Vector Search', () => {
    const collection = filled()
    const request: SearchRequest = {
      vector: vectorOf(0),
      k: 10,
      efSearch: 100,
      filter: { author: 'Alice' },
      minScore: 0.7,
      includeVectors: false,
      includeMetadata: true,
    }
    const results = collection.search(request)
    expect(ids(results)).toEqual(['doc1', 'doc3'])
    const shown = []
    for (const result of results) {
      expect(result.vector).toBeUndefined()
      shown.push(`${result.id} ${result.score.toFixed(4)} ${String(result.metadata.category)}`)
    }
    expect(shown).toEqual(['doc1 1.0000 tech', `doc3 ${Math.SQRT1_2.toFixed(4)} sports`])
    expect(ids(collection.search({ ...request, minScore: 0.8 }))).toEqual(['doc1'])

    expect(ids(collection.vectorSearch({ vector: vectorOf(0), k: 10, filter: { author: 'Alice' } }))).toEqual([
      'doc1',
      'doc3',
    ])
  })

  test.each<[string, MetadataFilter, string[]]>([
    ['Equality', { author: 'Alice' }, ['doc1', 'doc3']],
    ['$gt', { age: { $gt: 30 } }, ['doc3', 'doc4']],
    ['$gte', { age: { $gte: 30 } }, ['doc2', 'doc3', 'doc4']],
    ['$lt', { age: { $lt: 30 } }, ['doc1']],
    ['$lte', { age: { $lte: 30 } }, ['doc1', 'doc2']],
    ['$ne', { author: { $ne: 'Alice' } }, ['doc2', 'doc4']],
    ['$in', { category: { $in: ['tech', 'science'] } }, ['doc1', 'doc2', 'doc4']],
    ['$nin', { category: { $nin: ['sports'] } }, ['doc1', 'doc2', 'doc4']],
    ['$and', { $and: [{ author: 'Alice' }, { year: 2024 }] }, ['doc1']],
    ['$or', { $or: [{ category: 'tech' }, { category: 'science' }] }, ['doc1', 'doc2', 'doc4']],
    ['$not', { $not: { author: 'Bob' } }, ['doc1', 'doc3', 'doc4']],
    [
      'Nested filters',
      { $and: [{ $or: [{ category: 'tech' }, { category: 'science' }] }, { year: { $gte: 2020 } }] },
      ['doc1', 'doc2'],
    ],
  ])('Metadata Filtering: %s', (_, filter, expected) => {
    expect(ids(filled().vectorSearch({ vector: vectorOf(0), k: 10, filter })).sort()).toEqual(expected)
  })

  test('Collection Management', () => {
    filled()
    const collection = ns.getCollection('documents')
    expect(ns.listCollections()).toEqual(['documents'])

    const info = collection.info()
    expect(info).toMatchObject({ name: 'documents', dimension: 384, count: 4, metric: 'cosine' })
    expect(info.indexSizeBytes).toBeGreaterThan(4 * 384 * 4)

    expect(collection.get('doc1')?.metadata).toMatchObject({ author: 'Alice' })
    expect(collection.delete('doc1')).toBe(true)
    expect(collection.get('doc1')).toBeUndefined()
    collection.update('doc2', { metadata: { category: 'updated' } })
    expect(collection.get('doc2')?.metadata).toMatchObject({ author: 'Bob', category: 'updated' })
    expect(collection.count()).toBe(3)

    ns.createCollection({ name: 'old_collection', dimension: 3 })
    ns.deleteCollection('old_collection')
    expect(ns.listCollections()).toEqual(['documents'])
  })

  test('Quantization for Memory Efficiency', () => {
    const scalar = ns.createCollection({ name: 'documents', dimension: 384, quantization: QuantizationType.SCALAR })
    expect(scalar.info().quantization).toBe('scalar')

    const pq = ns.createCollection({
      name: 'compressed',
      dimension: 768,
      quantization: QuantizationType.PQ,
      pqNumSubvectors: 96,
      pqNumCentroids: 256,
    })
    expect(pq.info()).toMatchObject({ quantization: 'pq', pqNumSubvectors: 96, pqNumCentroids: 256 })
  })
})
