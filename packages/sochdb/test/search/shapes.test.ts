import type { Collection, Database, Metadata, SearchHit, Transaction } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { randomNumbers, randomVector } from './support/vectors.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const DIMENSION = 4
const COUNT = 600
const authors = ['alice', 'bob', 'carol', 'dave', 'erin']

/** Documents of five authors, of whom the last has written one in a hundred; every seventh has no author. */
function fill(metric: 'cosine' | 'euclidean' | 'dotProduct' = 'cosine'): Collection {
  const random = randomNumbers(7)
  const docs = db.createCollection({ name: 'docs', dimension: DIMENSION, metric, contentField: 'text' })
  docs.insertBatch({
    ids: Array.from({ length: COUNT }, (_, i) => `d${i}`),
    vectors: Array.from({ length: COUNT }, () => randomVector(DIMENSION, random)),
    metadata: Array.from({ length: COUNT }, (_, i) => {
      const author = i % 100 === 0 ? authors[4] : authors[i % 4]
      return i % 7 === 0 ? { text: 'word', n: i } : { author, n: i, text: 'word '.repeat(1 + (i % 5)) }
    }),
  })
  return docs
}

/** Groups made by hand from all hits, best first. */
function expectedGroups(all: Iterable<SearchHit>, of: (metadata: Metadata) => unknown[], k: number, limit: number) {
  const groups = new Map<unknown, string[]>()
  for (const { id, metadata } of all) {
    for (const value of new Set(of(metadata))) {
      const group = groups.get(value)
      if (group === undefined) {
        if (groups.size < k) groups.set(value, [id])
      } else if (group.length < limit) group.push(id)
    }
  }
  return [...groups]
}

const authorOf = ({ author }: Metadata): unknown[] => (author === undefined ? [] : [author])
const groupsOf = (results: { groups: readonly { value: unknown; hits: readonly SearchHit[] }[] }) =>
  results.groups.map(({ value, hits }) => [value, hits.map(({ id }) => id)])

describe('groupBy', () => {
  test.each([
    [1, 1],
    [3, 2],
    [5, 6],
    [5, 100],
    [9, 3],
  ])('%i groups of %i', (k, limit) => {
    const docs = fill()
    const vector = [0.3, -0.2, 0.9, 0.1]
    const all = docs.search({ vector, k: COUNT })
    const results = docs.search({ vector, k, groupBy: { field: 'author', limit } })
    expect(groupsOf(results)).toEqual(expectedGroups(all, authorOf, k, limit))
    expect(results.length).toBe(results.groups.reduce((sum, { hits }) => sum + hits.length, 0))
    expect(results.at(0)?.group).toBe(results.groups[0]?.value)
    expect(results.at(0)?.metadata.author).toBe(results.groups[0]?.value)
  })

  test('a short form, filters, minScore, vectors, and no metadata', () => {
    const docs = fill()
    const vector = [1, 0, 0, 0]
    const filter = { n: { $lt: 200 } }
    const all = docs.search({ vector, k: COUNT, filter, minScore: 0.2 })
    const results = docs.search({ vector, k: 4, filter, minScore: 0.2, groupBy: 'author' })
    expect(groupsOf(results)).toEqual(expectedGroups(all, authorOf, 4, 1))
    const bare = docs.search({ vector, k: 2, groupBy: 'author', includeMetadata: false, includeVectors: true })
    expect(bare.at(0)?.metadata).toBeUndefined()
    expect(bare.at(0)?.vector).toEqual(docs.get(bare.at(0)!.id)?.vector)
  })

  test('every element of an array, null, numbers and booleans are values', () => {
    const docs = db.createCollection({ name: 'tags', dimension: 1, metric: 'dotProduct' })
    const put = (id: string, n: number, tag: unknown) => docs.insert({ id, vector: [n], metadata: { a: { tag } } })
    put('a', 9, ['x', 'y', 'x'])
    put('b', 8, [])
    put('c', 7, 1)
    put('d', 6, null)
    put('e', 5, 'y')
    put('f', 4, true)
    put('g', 3, '1')
    put('h', 2, { deep: 'x' })
    const results = docs.search({ vector: [1], k: 10, groupBy: { field: 'a.tag', limit: 2 } })
    expect(groupsOf(results)).toEqual([
      ['x', ['a']],
      ['y', ['a', 'e']],
      [1, ['c']],
      [null, ['d']],
      [true, ['f']],
      ['1', ['g']],
    ])
  })

  test('words, and words with a vector', () => {
    const docs = fill()
    const all = docs.keywordSearch({ query: 'word', k: COUNT })
    const results = docs.keywordSearch({ query: 'word', k: 3, groupBy: { field: 'author', limit: 2 } })
    expect(groupsOf(results)).toEqual(expectedGroups(all, authorOf, 3, 2))
    const vector = [0, 1, 0, 0]
    const hybrid = docs.hybridSearch({ vector, textQuery: 'word', k: 5, alpha: 1, groupBy: 'author' })
    const near = docs.search({ vector, k: COUNT })
    expect(groupsOf(hybrid)).toEqual(expectedGroups(near, authorOf, 5, 1))
  })

  test('what a transaction has not committed is grouped too', () => {
    const docs = fill()
    const vector = [0, 0, 0, 1]
    const seen = db.transaction((txn: Transaction) => {
      const inside = txn.collection('docs')
      inside.insert({ id: 'own', vector, metadata: { author: 'zoe' } })
      return groupsOf(inside.search({ vector, k: 1, groupBy: 'author' }))
    })
    expect(seen).toEqual([['zoe', ['own']]])
    expect(groupsOf(docs.search({ vector, k: 1, groupBy: 'author' }))).toEqual(seen)
  })
})

describe('mmr', () => {
  /** By the definition, from all candidates. */
  function expectedMmr(
    candidates: SearchHit[],
    similar: (a: SearchHit, b: SearchHit) => number,
    k: number,
    lambda: number,
  ) {
    const left = [...candidates]
    const picked: SearchHit[] = []
    while (picked.length < k && left.length > 0) {
      const worth = (hit: SearchHit) =>
        lambda * hit.score -
        (picked.length === 0 ? 0 : (1 - lambda) * Math.max(...picked.map(each => similar(hit, each))))
      const best = left.reduce((a, b) => (worth(b) > worth(a) ? b : a))
      picked.push(best)
      left.splice(left.indexOf(best), 1)
    }
    return picked.map(({ id }) => id)
  }

  test.each([
    ['cosine', 0.5],
    ['cosine', 0],
    ['cosine', 1],
    ['euclidean', 0.3],
    ['dotProduct', 0.7],
  ] as const)('%s, lambda %p', (metric, lambda) => {
    const docs = fill(metric)
    const vector = [0.5, 0.4, -0.3, 0.2]
    const candidates = docs.search({ vector, k: 50, includeVectors: true }).toArray()
    const score = new Map<string, Map<string, number>>()
    for (const { id, vector: of } of candidates) {
      const near = docs.search({ vector: of!, k: COUNT, includeMetadata: false }).toArray()
      score.set(id, new Map(near.map(hit => [hit.id, hit.score])))
    }
    const results = docs.search({ vector, k: 12, mmr: { lambda, fetch: 50 } })
    const expected = expectedMmr(candidates, (a, b) => score.get(b.id)!.get(a.id)!, 12, lambda)
    expect(results.toArray().map(({ id }) => id)).toEqual(expected)
    const scores = new Map(candidates.map(hit => [hit.id, hit.score]))
    for (const hit of results) expect(hit.score).toBe(scores.get(hit.id))
  })

  test('a twin of what was picked comes last; false is none; a short collection', () => {
    const docs = db.createCollection({ name: 'few', dimension: 2 })
    docs.insertBatch({
      ids: ['a', 'twin', 'b'],
      vectors: [
        [1, 0.01],
        [1, 0.01],
        [0.8, 0.6],
      ],
    })
    const ids = (mmr: boolean | { lambda: number }) =>
      docs
        .search({ vector: [1, 0], k: 3, mmr })
        .toArray()
        .map(({ id }) => id)
    expect(ids({ lambda: 0.3 })).toEqual(['a', 'b', 'twin'])
    expect(ids(true)).toEqual(['a', 'twin', 'b'])
    expect(ids(false)).toEqual(['a', 'twin', 'b'])
    expect(docs.search({ vector: [1, 0], k: 2, mmr: { lambda: 0.3 }, includeVectors: true }).at(1)?.vector).toEqual(
      Float32Array.of(0.8, 0.6),
    )
  })
})

describe('explain', () => {
  test('tells the plan of a small collection, of filters, of words, of its own writes', () => {
    const docs = fill()
    const vector = [1, 0, 0, 0]
    expect(docs.search({ vector }).explanation).toBeUndefined()
    const plain = docs.search({ vector, explain: true })
    expect(plain.explanation).toEqual({
      plan: 'exact',
      visited: COUNT,
      rounds: 1,
      vectors: COUNT,
      usesCodes: false,
      ownDocuments: 0,
      testsDocuments: false,
      timeMs: plain.queryTimeMs,
    })
    expect(docs.search({ vector, k: 3, filter: { n: { $lt: 3 } }, explain: true }).explanation).toMatchObject({
      testsDocuments: true,
    })
    expect(docs.keywordSearch({ query: 'word', explain: true }).explanation).toMatchObject({
      plan: 'keywords',
      matches: COUNT,
    })
    expect(docs.hybridSearch({ vector, textQuery: 'word', explain: true }).explanation).toMatchObject({
      plan: 'exact',
      matches: COUNT,
      visited: COUNT,
    })
    const inside = db.transaction(txn => {
      txn.collection('docs').insert({ id: 'own', vector })
      return txn.collection('docs').search({ vector, explain: true }).explanation
    })
    expect(inside?.ownDocuments).toBe(1)
  })

  test('tells the graph from a filter by its entries', () => {
    const random = randomNumbers(3)
    const docs = db.createCollection({ name: 'large', dimension: 8, indexed: ['part'] })
    docs.insertBatch({
      ids: Array.from({ length: 12_000 }, (_, i) => String(i)),
      vectors: Float32Array.from({ length: 12_000 * 8 }, () => random() - 0.5),
      metadata: Array.from({ length: 12_000 }, (_, i) => ({ part: i % 1000 === 0 ? 'few' : 'many' })),
    })
    docs.optimize()
    const vector = randomVector(8, random)
    const graph = docs.search({ vector, explain: true }).explanation!
    expect(graph.plan).toBe('graph')
    expect(graph.visited).toBeGreaterThan(10)
    expect(graph.visited).toBeLessThan(12_000)
    expect(docs.search({ vector, exact: true, explain: true }).explanation?.plan).toBe('exact')
    const filtered = docs.search({ vector, filter: { part: 'few' }, explain: true }).explanation!
    expect(filtered).toMatchObject({ plan: 'filtered', admitted: 12, testsDocuments: false })
    expect(filtered.visited).toBeLessThanOrEqual(24) // by their codes, and again by their vectors
  })
})

describe('searchMany', () => {
  test('gives what each search gives, of whatever kind', () => {
    const docs = fill()
    const random = randomNumbers(11)
    const requests = Array.from({ length: 40 }, (_, i) => ({
      vector: randomVector(DIMENSION, random),
      k: 1 + i,
      ...(i % 3 === 1 ? { filter: { author: 'bob' }, includeVectors: true } : {}),
      ...(i % 3 === 2 ? { textQuery: 'word', includeMetadata: false } : {}),
    }))
    requests.push({ vector: randomVector(DIMENSION, random), k: 400 })
    const all = docs.searchMany([...requests, { textQuery: 'word', k: 3, highlight: true }])
    expect(all).toHaveLength(42)
    requests.forEach((request, i) => expect(all[i]!.toArray()).toEqual(docs.search(request).toArray()))
    expect(all[41]!.toArray()).toEqual(docs.search({ textQuery: 'word', k: 3, highlight: true }).toArray())
    expect(all[2]!.keywordResults).toEqual(docs.search(requests[2]!).keywordResults)
    expect(docs.searchMany([])).toEqual([])
  })

  test('a wrong vector among them is named, and later searches are not disturbed', () => {
    const docs = fill()
    const vector = [1, 0, 0, 0]
    expect(() => docs.searchMany([{ vector }, { vector: [1] }])).toThrow(/has 1 values/)
    expect(() => docs.searchMany([{ vector }, { vector: [NaN, 0, 0, 0] }])).toThrow(/finite/)
    expect(docs.searchMany([{ vector, k: 1 }])[0]!.length).toBe(1)
    expect(docs.get('d1')?.id).toBe('d1')
  })
})

test('by promise they are the same', async () => {
  const docs = fill()
  const later = db.async.collection('docs')
  const vector = [0.1, 0.2, 0.3, 0.4]
  const requests = [
    { vector, k: 3, groupBy: { field: 'author', limit: 2 } },
    { vector, k: 5, mmr: { lambda: 0.2 } },
    { vector, textQuery: 'word', k: 4, groupBy: 'author' },
    { textQuery: 'word', k: 4 },
  ]
  for (const request of requests) {
    const found = await later.search({ ...request, explain: true })
    const { timeMs: _, ...explanation } = docs.search({ ...request, explain: true }).explanation!
    expect(found.toArray()).toEqual(docs.search(request).toArray())
    expect(found.explanation).toMatchObject(explanation)
  }
  const many = await later.searchMany(requests)
  expect(many.map(each => each.toArray())).toEqual(requests.map(request => docs.search(request).toArray()))
  await expect(later.searchMany([{ vector, k: 0 }])).rejects.toThrow(/"k"/)
  await expect(later.searchMany([], { at: 1 } as never)).rejects.toThrow(/no option "at"/)
  const stopped = AbortSignal.abort(new Error('stopped'))
  await expect(later.searchMany(requests, { signal: stopped })).rejects.toThrow('stopped')
})
