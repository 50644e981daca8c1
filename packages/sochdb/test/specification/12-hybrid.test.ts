import type { Collection, Database, SearchRequest } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
let collection: Collection
beforeEach(() => {
  db = openTestDatabase()
  // Enable Hybrid Search
  collection = db.namespace('default').createCollection({
    name: 'articles',
    dimension: 3,
    enableHybridSearch: true,
    contentField: 'text',
  })
  const insert = (id: string, vector: number[], text: string, category = 'tech'): void =>
    collection.insert({ id, vector, metadata: { title: id, text, category } })
  insert('article1', [1, 0, 0], 'This tutorial covers the basics of machine learning...')
  insert('article2', [0, 1, 0], 'Machine tools, and learning to use them.')
  insert('article3', [0.9, 0.1, 0], 'Nothing of the kind.')
  insert('article4', [1, 0, 0], 'A machine learning tutorial.', 'art')
})
afterEach(() => db.close())

const ids = (hits: Iterable<{ readonly id: string }>) => Array.from(hits, ({ id }) => id)

describe('12 Hybrid Search (Vector + BM25)', () => {
  test('Keyword Search (BM25 Only)', () => {
    const results = collection.keywordSearch({
      query: 'machine learning tutorial',
      k: 10,
      filter: { category: 'tech' },
    })
    expect(ids(results)).toEqual(['article1', 'article2'])
  })

  test('Hybrid Search (Vector + BM25)', () => {
    const search = (alpha: number) =>
      ids(
        collection.hybridSearch({
          vector: [0.8, 0.2, 0],
          textQuery: 'machine learning',
          k: 10,
          alpha,
          filter: { category: 'tech' },
        }),
      )
    const byVector = ids(collection.vectorSearch({ vector: [0.8, 0.2, 0], k: 10, filter: { category: 'tech' } }))
    const byWords = ids(collection.keywordSearch({ query: 'machine learning', filter: { category: 'tech' } }))
    expect(byVector).toEqual(['article3', 'article1', 'article2'])
    expect(search(1)).toEqual(byVector)
    expect(search(0)).toEqual(byWords)
    // 0.7 / 61 for the first by vector is less than 0.7 / 62 + 0.3 / 62 or more for those of both lists.
    expect(search(0.7).at(-1)).toBe('article3')
  })

  test('Full SearchRequest for Hybrid', () => {
    const before = db.snapshot()
    collection.insert({ id: 'later', vector: [1, 0, 0], metadata: { text: 'machine learning', category: 'tech' } })
    const request: SearchRequest = {
      vector: [1, 0, 0],
      textQuery: 'machine learning',
      k: 10,
      alpha: 0.7,
      rrfK: 60,
      filter: { category: 'tech' },
      aggregate: 'max',
      asOf: before.timestamp,
      includeVectors: false,
      includeMetadata: true,
    }
    before.close()
    const results = collection.search(request)

    expect(results.queryTimeMs).toBeGreaterThanOrEqual(0)
    expect(results.totalCount).toBe(3)
    expect(ids(results.vectorResults)).toEqual(['article1', 'article3', 'article2'])
    expect(ids(results.keywordResults).sort()).toEqual(['article1', 'article2'])
    expect(ids(results.fusedResults)).toEqual(ids(results))
    expect(ids(results)[0]).toBe('article1')

    const { asOf: _, ...now } = request
    expect(ids(collection.search(now))).toContain('later')
  })

  test('Full SearchRequest for Hybrid: times are also ISO-8601', () => {
    const results = collection.search({ vector: [1, 0, 0], textQuery: 'machine', asOf: new Date().toISOString() })
    expect(results.length).toBeLessThanOrEqual(4)
    expect(() => collection.search({ vector: [1, 0, 0], asOf: '2024-01-01T00:00:00Z' })).toThrow()
  })
})
