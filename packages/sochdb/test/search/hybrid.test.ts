/** Search by a vector and words at once: how two lists become one, and what stands in results. */
import { AsyncDatabase, CollectionConfigError, Database, DimensionMismatchError, ValidationError } from 'sochdb'
import type { Collection, CollectionConfig } from 'sochdb'

import { randomNumbers } from './support/vectors.js'

let db: Database
let docs: Collection
beforeEach(() => {
  db = Database.open(':memory:')
  docs = db.createCollection({
    name: 'docs',
    dimension: 2,
    metric: 'euclidean',
    contentField: 'text',
    indexed: ['lang'],
  })
})
afterEach(() => db.close())

const idsOf = (results: Iterable<{ id: string }>): string[] => Array.from(results, ({ id }) => id)

/** By vector [0, 0]: a, b, c, d. By the word x: d (twice), c, a; b has it not. */
function insertFour(): void {
  docs.insertBatch({
    ids: ['a', 'b', 'c', 'd'],
    vectors: [
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
    ],
    metadata: [
      { text: 'x one two three', lang: 'en' },
      { text: 'y', lang: 'en' },
      { text: 'x one', lang: 'de' },
      { text: 'x x', lang: 'en' },
    ],
  })
}
const request = { vector: [0, 0], textQuery: 'x' }

test('a document gets its share of each list that it is in, by hand', () => {
  insertFour()
  const results = docs.hybridSearch({ ...request, alpha: 0.7 })
  const share = (vectorRank: number, wordRank: number | undefined): number =>
    0.7 / (60 + vectorRank) + (wordRank === undefined ? 0 : (1 - 0.7) / (60 + wordRank))
  expect(Array.from(results, ({ id, score }) => [id, score])).toEqual([
    ['a', share(1, 3)],
    ['c', share(3, 2)],
    ['d', share(4, 1)],
    ['b', share(2, undefined)],
  ])
  expect(results.vectorResults).toEqual(['a', 'b', 'c', 'd'].map((id, i) => ({ id, rank: i + 1, score: 1 / (2 + i) })))
  expect(results.keywordResults.map(({ id, rank }) => [id, rank])).toEqual([
    ['d', 1],
    ['c', 2],
    ['a', 3],
  ])
  expect(results.fusedResults.map(({ id, rank }) => `${id}${rank}`)).toEqual(['a1', 'c2', 'd3', 'b4'])
  expect(results.totalCount).toBe(4)
  expect(results.at(2)).toMatchObject({ distance: 4, metadata: { text: 'x x' } })
  expect(results.queryTimeMs).toBeGreaterThanOrEqual(0)
})

test('ranks weigh as rrfK says, and equal scores stand by id', () => {
  docs.insertBatch({
    ids: ['p', 'q'],
    vectors: [
      [2, 0],
      [1, 0],
    ],
    metadata: [{ text: 'x x' }, { text: 'x y' }],
  })
  const even = docs.search({ ...request, rrfK: 0 })
  expect(Array.from(even, ({ id, score }) => [id, score])).toEqual([
    ['p', 0.75],
    ['q', 0.75],
  ])
  const uneven = docs.search({ ...request, rrfK: 1, alpha: 0.6 })
  expect(Array.from(uneven, ({ id, score }) => [id, score])).toEqual([
    ['q', 0.6 / 2 + (1 - 0.6) / 3],
    ['p', 0.6 / 3 + (1 - 0.6) / 2],
  ])
})

test('alpha 1 gives exactly the order by vector, alpha 0 exactly that by words', () => {
  const random = randomNumbers(7)
  const count = 3000
  const word = (): string => `w${Math.floor(random() * random() * 50)}`
  docs.insertBatch({
    ids: Array.from({ length: count }, (_, i) => `d${i}`),
    vectors: Float32Array.from({ length: 2 * count }, random),
    metadata: Array.from({ length: count }, () => ({ text: Array.from({ length: 8 }, word).join(' ') })),
  })
  for (let i = 0; i < 20; i++) {
    const vector = [random(), random()]
    const textQuery = `${word()} ${word()}`
    const k = 1 + Math.floor(random() * 40)
    expect(idsOf(docs.hybridSearch({ vector, textQuery, k, alpha: 1 }))).toEqual(
      idsOf(docs.vectorSearch({ vector, k })),
    )
    const words = docs.keywordSearch({ query: textQuery, k })
    expect(idsOf(docs.hybridSearch({ vector, textQuery, k, alpha: 0 }))).toEqual(idsOf(words))
    // Each list has enough of them to know who is in both.
    expect(docs.hybridSearch({ vector, textQuery, k }).vectorResults).toHaveLength(Math.max(100, 4 * k))
  }
})

test('the filter is applied to both lists, whether its fields are declared or not', () => {
  insertFour()
  for (const filter of [{ lang: 'en' }, { text: 'x x' }, { lang: 'en', text: 'x x' }, { lang: 'fr' }]) {
    const results = docs.hybridSearch({ ...request, filter })
    const passing = idsOf(docs.list({ filter }))
    expect(idsOf(results.vectorResults).sort()).toEqual(passing)
    expect(idsOf(results.keywordResults).sort()).toEqual(passing.filter(id => id !== 'b'))
    expect(idsOf(docs.keywordSearch({ query: 'x y', filter })).sort()).toEqual(passing)
    expect(docs.keywordSearch({ query: 'x y', k: 1, filter }).totalCount).toBe(passing.length)
  }
  const own = db.beginTransaction()
  const inside = own.collection('docs')
  inside.insert({ id: 'e', vector: [5, 0], metadata: { text: 'x', lang: 'fr' } })
  inside.delete('a')
  expect(idsOf(inside.hybridSearch({ ...request, filter: { lang: 'fr' } }))).toEqual(['e'])
  expect(idsOf(inside.keywordSearch({ query: 'x', filter: { lang: 'en' } }))).toEqual(['d'])
  expect(idsOf(inside.keywordSearch({ query: 'x', filter: { text: 'x' } }))).toEqual(['e'])
  own.abort()
})

test('minScore is about the vector where there is one, and about the words where there is none', () => {
  insertFour()
  // Similarities 1/2, 1/3, 1/4, 1/5.
  expect(idsOf(docs.hybridSearch({ ...request, minScore: 0.25, alpha: 0 }))).toEqual(['c', 'a'])
  const [best] = docs.keywordSearch({ query: 'x' })
  expect(idsOf(docs.keywordSearch({ query: 'x', minScore: best!.score }))).toEqual(['d'])
  expect(idsOf(docs.search({ textQuery: 'x', minScore: best!.score + 1e-9 }))).toEqual([])
})

test('what comes with hits is what is asked for; k cuts after the fusion', () => {
  insertFour()
  const [hit] = docs.hybridSearch({ ...request, k: 1, includeMetadata: false, includeVectors: true })
  expect(hit).toEqual({
    id: 'a',
    score: expect.any(Number) as number,
    distance: 1,
    metadata: undefined,
    vector: Float32Array.of(1, 0),
  })
  const words = docs.search({ textQuery: 'x', k: 2 })
  expect(words.length).toBe(2)
  expect(words.totalCount).toBe(3)
  expect(words.at(0)!.distance).toBeNaN()
  expect(words.vectorResults).toEqual([])
  const near = docs.search({ vector: [0, 0], k: 3 })
  expect([near.totalCount, idsOf(near.vectorResults), near.keywordResults]).toEqual([3, ['a', 'b', 'c'], []])
})

test('many hits, and ids and texts beyond ASCII', () => {
  const ids = Array.from({ length: 700 }, (_, i) => `ü-${String(i).padStart(3, '0')}`)
  docs.insertBatch({
    ids,
    vectors: ids.map((_, i) => [i, 0]),
    metadata: ids.map(() => ({ text: 'straße \u{1f600} ΣΊΣΥΦΟΣ' })),
  })
  const results = docs.hybridSearch({ vector: [0, 0], textQuery: 'σίσυφος', k: 700 })
  expect(idsOf(results)).toEqual(ids)
  expect(idsOf(results.keywordResults)).toEqual(ids)
  expect(results.at(-1)!.metadata).toEqual({ text: 'straße \u{1f600} ΣΊΣΥΦΟΣ' })
})

test('both need what they take, and a collection keeps how it was made', () => {
  expect(() => docs.hybridSearch({ vector: [0, 0] } as never)).toThrow(/no textQuery/)
  expect(() => docs.hybridSearch({ textQuery: 'x' } as never)).toThrow(ValidationError)
  expect(() => docs.keywordSearch({} as never)).toThrow(/"query"/)
  expect(() => docs.keywordSearch({ query: 'x', alpha: 1 } as never)).toThrow(/no option "alpha"/)
  expect(() => docs.hybridSearch({ vector: [0], textQuery: 'x' })).toThrow(DimensionMismatchError)
  expect(() => docs.keywordSearch({ query: 'x'.repeat(70_000) })).toThrow(ValidationError)
  const words = Array.from({ length: 1025 }, (_, i) => `w${i}`).join(' ')
  expect(() => docs.keywordSearch({ query: words })).toThrow(/1024/)
  const config = { name: 'docs', dimension: 2, metric: 'euclidean', contentField: 'text', indexed: ['lang'] } as const
  expect(db.createCollection(config).name).toBe('docs')
  expect(db.createCollection({ ...config, contentField: { text: 1 }, text: { stopWords: false } }).name).toBe('docs')
  for (const change of [
    { contentField: ['text', 'title'] },
    { contentField: { text: 2 } },
    { text: { stemming: 'english' } },
    { text: { stopWords: ['x'] } },
    { contentField: undefined },
  ] as const) {
    expect(() => db.createCollection({ ...config, ...change } as CollectionConfig)).toThrow(CollectionConfigError)
  }
})

test('by promise they give the same', async () => {
  insertFour()
  const asyncDb = await AsyncDatabase.open(':memory:')
  try {
    const there = await asyncDb.createCollection({
      name: 'docs',
      dimension: 2,
      metric: 'euclidean',
      contentField: 'text',
    })
    for (const { id, vector, metadata } of docs.getMany(['a', 'b', 'c', 'd']) as never[]) {
      await there.insert({ id, vector, metadata })
    }
    const hybrid = await there.hybridSearch({ ...request, alpha: 0.7, highlight: true })
    expect(hybrid.toArray()).toEqual(docs.hybridSearch({ ...request, alpha: 0.7, highlight: true }).toArray())
    expect(hybrid.keywordResults).toEqual(docs.hybridSearch(request).keywordResults)
    const words = await there.keywordSearch({ query: 'x one' })
    expect(words.toArray()).toEqual(docs.keywordSearch({ query: 'x one' }).toArray())
    expect(words.totalCount).toBe(3)
    await expect(there.keywordSearch({ query: 5 as never })).rejects.toThrow(ValidationError)
    await expect(there.hybridSearch({ vector: [0, 0] } as never)).rejects.toThrow(ValidationError)
  } finally {
    await asyncDb.close()
  }
})
