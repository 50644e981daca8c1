import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  // Storing Cached Responses
  db.cachePut({
    cacheName: 'llm_responses',
    key: 'What is Python?',
    value: 'Python is a high-level programming language...',
    embedding: [0.1, 0.2, 0.9],
    ttlSeconds: 3600,
    metadata: { model: 'claude-3', tokens: 150 },
  })
})
afterEach(() => db.close())

describe('15 Semantic Cache', () => {
  test('Cache Lookup', () => {
    const cached = db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: [0.12, 0.18, 0.9], threshold: 0.85 })
    expect(cached).toMatchObject({
      key: 'What is Python?',
      value: 'Python is a high-level programming language...',
      metadata: { model: 'claude-3', tokens: 150 },
    })
    const dot = 0.1 * 0.12 + 0.2 * 0.18 + 0.9 * 0.9
    expect(cached?.score).toBeCloseTo(dot / Math.hypot(0.1, 0.2, 0.9) / Math.hypot(0.12, 0.18, 0.9), 5)
    expect(
      db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: [0.9, 0.2, 0.1], threshold: 0.85 }),
    ).toBeUndefined()
  })

  test('Cache Management', () => {
    db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: [0.1, 0.2, 0.9] })
    db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: [0.9, -0.2, 0] })
    const stats = db.cacheStats('llm_responses')
    expect(stats).toMatchObject({ count: 1, hits: 1, misses: 1, hitRate: 0.5 })
    expect(stats.sizeBytes).toBeGreaterThan('Python is a high-level programming language...'.length)

    expect(db.cacheDelete('llm_responses', { key: 'What is Python?' })).toBe(true)
    expect(db.cacheGet({ cacheName: 'llm_responses', queryEmbedding: [0.1, 0.2, 0.9] })).toBeUndefined()

    db.cachePut({ cacheName: 'llm_responses', key: 'x', value: 'y', embedding: [1, 0, 0] })
    db.cacheClear('llm_responses')
    expect(db.cacheStats('llm_responses').count).toBe(0)
  })

  test('Full Usage Pattern', () => {
    const embed = (query: string): number[] => (query.toLowerCase().includes('rust') ? [1, 0, 0.1] : [0, 1, 0.1])
    let calls = 0
    const model = (query: string): string => `answer ${++calls} to ${query}`

    function getLlmResponse(query: string): unknown {
      const queryEmbedding = embed(query)
      const cached = db.cacheGet({ cacheName: 'answers', queryEmbedding, threshold: 0.9 })
      if (cached) return cached.value
      const response = model(query)
      db.cachePut({ cacheName: 'answers', key: query, value: response, embedding: queryEmbedding, ttlSeconds: 86400 })
      return response
    }

    expect(getLlmResponse('What is Rust?')).toBe('answer 1 to What is Rust?')
    expect(getLlmResponse('Tell me what Rust is')).toBe('answer 1 to What is Rust?')
    expect(getLlmResponse('What is Go?')).toBe('answer 2 to What is Go?')
    expect(calls).toBe(2)
  })
})
