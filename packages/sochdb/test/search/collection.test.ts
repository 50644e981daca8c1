import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { createCollection, deleteCollection, listCollections, openCollection } from '../../src/search/index.js'
import type { Collection } from '../../src/search/index.js'
import { distance, idsOf, nearest, randomNumbers, randomVector } from './support/vectors.js'
import type { Metric } from './support/vectors.js'

let db: Database
let docs: Collection
beforeEach(() => {
  db = openTestDatabase()
  docs = createCollection(db, { name: 'docs', dimension: 3 })
})
afterEach(() => db.close())

describe('documents', () => {
  test('a document comes back as it was given, its vector as 32-bit floats', () => {
    const metadata = { title: 'Ein Café ☕ 😀', tags: ['a', 'b'], deep: { n: 1.5, none: null, yes: true } }
    docs.insert({ id: 'schlüssel-😀', vector: [0.1, 0.2, 0.3], metadata })
    expect(docs.get('schlüssel-😀')).toEqual({
      id: 'schlüssel-😀',
      vector: Float32Array.of(0.1, 0.2, 0.3),
      metadata,
    })
    expect(docs.get('other')).toBeUndefined()
  })

  test.each([
    ['an array', [1, 2, 3]],
    ['a Float32Array', Float32Array.of(1, 2, 3)],
    ['a Float64Array', Float64Array.of(1, 2, 3)],
    ['an Int8Array', Int8Array.of(1, 2, 3)],
    ['a part of a larger array', new Float32Array([9, 1, 2, 3, 9]).subarray(1, 4)],
    ['shared memory', new Float32Array(new SharedArrayBuffer(12)).map((_, i) => i + 1)],
    ['anything with a length', { length: 3, 0: 1, 1: 2, 2: 3 }],
  ])('a vector may be %s', (_, vector) => {
    docs.insert({ id: 'a', vector })
    expect(docs.get('a')?.vector).toEqual(Float32Array.of(1, 2, 3))
    expect(docs.search({ vector, k: 1 }).at(0)?.score).toBeCloseTo(1, 12)
    docs.insertBatch({ ids: ['b'], vectors: [vector] })
    expect(docs.get('b')?.vector).toEqual(Float32Array.of(1, 2, 3))
  })

  test('inserting an id again replaces the document, vector and metadata', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0], metadata: { x: 1 } })
    docs.upsert({ id: 'a', vector: [0, 1, 0], metadata: { y: 2 } })
    expect(docs.count()).toBe(1)
    expect(docs.get('a')?.metadata).toEqual({ y: 2 })
    expect(docs.search({ vector: [0, 1, 0] }).at(0)).toMatchObject({ id: 'a', score: 1 })
    expect(docs.search({ vector: [1, 0, 0], minScore: 0.5 }).length).toBe(0)
  })

  test('what the caller does to the vector it got or gave changes nothing', () => {
    const vector = Float32Array.of(1, 2, 3)
    docs.insert({ id: 'a', vector })
    vector.fill(0)
    docs.get('a')!.vector.fill(7)
    docs
      .search({ vector: [1, 2, 3], includeVectors: true })
      .at(0)!
      .vector!.fill(7)
    expect(docs.get('a')?.vector).toEqual(Float32Array.of(1, 2, 3))
  })

  test('update merges metadata property by property, and leaves alone what it is not given', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0], metadata: { keep: 1, change: { x: 1 }, nothing: 5 } })
    expect(docs.update('a', { metadata: { change: { y: 2 }, nothing: null, absent: undefined } })).toBe(true)
    expect(docs.get('a')).toEqual({
      id: 'a',
      vector: Float32Array.of(1, 0, 0),
      metadata: { keep: 1, change: { y: 2 }, nothing: null },
    })
    expect(docs.update('a', { vector: [0, 0, 1] })).toBe(true)
    expect(docs.get('a')).toMatchObject({ vector: Float32Array.of(0, 0, 1), metadata: { keep: 1 } })
    expect(docs.search({ vector: [0, 0, 1], k: 1 }).at(0)?.score).toBe(1)
    expect(docs.update('missing', { metadata: { x: 1 } })).toBe(false)
    expect(docs.count()).toBe(1)
  })

  test('a deleted document is gone from every read, and delete says whether there was one', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    expect(docs.delete('a')).toBe(true)
    expect(docs.delete('a')).toBe(false)
    expect(docs.get('a')).toBeUndefined()
    expect(docs.search({ vector: [1, 0, 0] }).length).toBe(0)
    expect(docs.count()).toBe(0)
    expect(docs.list()).toEqual([])
  })

  test('a metadata key like any other may be called __proto__', () => {
    const metadata = JSON.parse('{"__proto__": {"polluted": true}, "x": 1}') as Record<string, unknown>
    docs.insert({ id: 'a', vector: [1, 0, 0], metadata })
    docs.update('a', { metadata: { y: 2 } })
    const stored = docs.get('a')!.metadata
    expect(Object.keys(stored).sort()).toEqual(['__proto__', 'x', 'y'])
    expect((stored as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('getMany keeps the order, and says where there is none', () => {
    docs.insertBatch({ ids: ['a', 'b'], vectors: Float32Array.of(1, 0, 0, 0, 1, 0) })
    expect(docs.getMany(['b', 'x', 'a', 'b']).map(document => document?.id)).toEqual(['b', undefined, 'a', 'b'])
    expect(docs.getMany([])).toEqual([])
    expect(docs.getMany(['a'])[0]).toEqual(docs.get('a'))
  })
})

describe('batches', () => {
  test.each([1, 1023, 1024, 1025, 5000])('a batch of %d documents arrives whole', count => {
    const random = randomNumbers(count)
    const vectors = Float32Array.from({ length: count * 3 }, () => random())
    const ids = Array.from({ length: count }, (_, i) => `id-${i}`)
    expect(docs.insertBatch({ ids, vectors, metadata: ids.map((_, i) => ({ i })) })).toBe(count)
    expect(docs.count()).toBe(count)
    for (const i of [0, count >> 1, count - 1]) {
      expect(docs.get(`id-${i}`)).toEqual({ id: `id-${i}`, vector: vectors.slice(3 * i, 3 * i + 3), metadata: { i } })
    }
  })

  test('an empty batch writes nothing', () => {
    expect(docs.insertBatch({ ids: [], vectors: [] })).toBe(0)
    expect(docs.insertBatch({ ids: [], vectors: new Float32Array(0) })).toBe(0)
    expect(docs.count()).toBe(0)
  })

  test('an id that comes twice keeps the later document', () => {
    docs.insertBatch({
      ids: ['a', 'a'],
      vectors: [
        [1, 0, 0],
        [0, 1, 0],
      ],
      metadata: [{ n: 1 }, { n: 2 }],
    })
    expect(docs.count()).toBe(1)
    expect(docs.get('a')).toMatchObject({ vector: Float32Array.of(0, 1, 0), metadata: { n: 2 } })
  })

  test('progress is told as it is made, and what it throws undoes all of it', () => {
    const ids = Array.from({ length: 3000 }, (_, i) => String(i))
    const vectors = new Float32Array(9000).fill(1)
    const told: [number, number][] = []
    docs.insertBatch({ ids, vectors, onProgress: (done, total) => told.push([done, total]) })
    expect(told).toEqual([
      [1024, 3000],
      [2048, 3000],
      [3000, 3000],
    ])
    const other = createCollection(db, { name: 'other', dimension: 3 })
    const stop = new Error('stop')
    const fail = () =>
      other.insertBatch({
        ids,
        vectors,
        onProgress: done => {
          if (done > 2000) throw stop
        },
      })
    expect(fail).toThrow(stop)
    expect(other.count()).toBe(0)
  })

  test('a flat batch of doubles is taken as well', () => {
    docs.insertBatch({ ids: ['a', 'b'], vectors: Float64Array.of(1, 2, 3, 4, 5, 6) as never })
    expect(docs.get('b')?.vector).toEqual(Float32Array.of(4, 5, 6))
  })
})

describe('search', () => {
  test.each<Metric>(['cosine', 'euclidean', 'dotProduct'])('score and distance are those of %s', metric => {
    const random = randomNumbers(7)
    const collection = createCollection(db, { name: metric, dimension: 5, metric })
    const documents = Array.from({ length: 40 }, (_, i) => ({ id: `d${i}`, vector: randomVector(5, random) }))
    for (const document of documents) collection.insert(document)
    const query = randomVector(5, random)
    const hits = collection.search({ vector: query, k: 12 }).toArray()
    expect(idsOf(hits)).toEqual(nearest(metric, query, documents, 12))
    for (const hit of hits) {
      const expected = distance(metric, query, documents.find(({ id }) => id === hit.id)!.vector)
      expect(hit.distance).toBeCloseTo(expected, 5)
      const score =
        metric === 'euclidean' ? 1 / (1 + hit.distance) : metric === 'cosine' ? 1 - hit.distance : -hit.distance
      expect(hit.score).toBeCloseTo(score, 12)
    }
  })

  test('equally near documents come in the order of their ids', () => {
    docs.insertBatch({
      ids: ['b', 'c', 'a'],
      vectors: [
        [1, 0, 0],
        [2, 0, 0],
        [3, 0, 0],
      ],
    })
    expect(idsOf(docs.search({ vector: [1, 0, 0] }))).toEqual(['a', 'b', 'c'])
  })

  test('a zero vector is near to nothing and far from nothing', () => {
    docs.insertBatch({
      ids: ['a', 'zero'],
      vectors: [
        [1, 0, 0],
        [0, 0, 0],
      ],
    })
    expect(docs.search({ vector: [0, 0, 0] }).toArray()).toMatchObject([
      { id: 'a', score: 0, distance: 1 },
      { id: 'zero', score: 0, distance: 1 },
    ])
  })

  test('minScore leaves out what scores below it, before k is cut', () => {
    docs.insertBatch({
      ids: ['a', 'b', 'c'],
      vectors: [
        [1, 0, 0],
        [1, 1, 0],
        [0, 1, 0],
      ],
    })
    expect(idsOf(docs.search({ vector: [1, 0, 0], minScore: 0.7 }))).toEqual(['a', 'b'])
    expect(idsOf(docs.search({ vector: [1, 0, 0], minScore: 0 }))).toEqual(['a', 'b', 'c'])
    expect(docs.search({ vector: [1, 0, 0], minScore: 2 }).length).toBe(0)
  })

  test('hits bring what was asked for', () => {
    docs.insert({ id: 'a', vector: [1, 2, 3], metadata: { x: 1 } })
    const vector = [1, 2, 3]
    expect(docs.search({ vector }).at(0)).toEqual({ id: 'a', score: 1, distance: 0, metadata: { x: 1 } })
    expect(docs.search({ vector, includeMetadata: false }).at(0)).toEqual({ id: 'a', score: 1, distance: 0 })
    expect(docs.search({ vector, includeVectors: true }).at(0)).toHaveProperty('vector', Float32Array.of(1, 2, 3))
  })

  test('results can be iterated over, indexed and printed, and stay what they were', () => {
    docs.insertBatch({
      ids: ['a', 'b'],
      vectors: [
        [1, 0, 0],
        [1, 1, 0],
      ],
      metadata: [{ n: 1 }, { n: 2 }],
    })
    const results = docs.search({ vector: [1, 0, 0] })
    for (let i = 0; i < 2000; i++) docs.search({ vector: [0, 1, 0] })
    docs.delete('a')
    expect(results.length).toBe(2)
    expect(results.queryTimeMs).toBeGreaterThanOrEqual(0)
    expect(Array.from(results, ({ id }) => id)).toEqual(['a', 'b'])
    expect(Array.from(results)).toEqual(results.toArray())
    expect(results.at(-1)?.id).toBe('b')
    expect(results.at(2)).toBeUndefined()
    expect(results.at(0)).toBe(results.at(0))
    expect(JSON.parse(JSON.stringify(results))).toMatchObject([{ id: 'a' }, { id: 'b' }])
    const [{ id, metadata }] = results as unknown as [{ id: string; metadata: unknown }]
    expect([id, metadata]).toEqual(['a', { n: 1 }])
  })

  test('an empty collection answers with nothing', () => {
    expect(docs.search({ vector: [1, 0, 0] }).toArray()).toEqual([])
    expect(docs.search({ vector: [1, 0, 0], exact: true, filter: { x: 1 } }).length).toBe(0)
  })

  test('k may be larger than the collection, and results larger than the shared buffer', () => {
    const count = 3000
    const ids = Array.from({ length: count }, (_, i) => `document-${String(i).padStart(5, '0')}`)
    const big = createCollection(db, { name: 'big', dimension: 40 })
    const random = randomNumbers(3)
    big.insertBatch({
      ids,
      vectors: Float32Array.from({ length: count * 40 }, () => random() - 0.5),
      metadata: ids.map(id => ({ text: `${id} ü ${'x'.repeat(200)}` })),
    })
    const vector = randomVector(40, random)
    for (const options of [{}, { includeVectors: true }]) {
      const hits = big.search({ vector, k: 5000, exact: true, ...options }).toArray()
      expect(hits).toHaveLength(count)
      expect(idsOf(hits).sort()).toEqual(ids)
      for (const hit of hits) expect((hit.metadata as { text: string }).text.startsWith(`${hit.id} ü`)).toBe(true)
    }
    const many = big.search({ vector, k: 200, includeVectors: true }).toArray()
    expect(many[150]?.vector).toEqual(big.get(many[150]!.id)!.vector)
  })

  test('vectorSearch is search with the defaults', () => {
    docs.insertBatch({
      ids: ['a', 'b'],
      vectors: [
        [1, 0, 0],
        [0, 1, 0],
      ],
      metadata: [{ t: 1 }, { t: 2 }],
    })
    expect(docs.vectorSearch({ vector: [1, 1, 0], k: 5, filter: { t: 2 } }).toArray()).toEqual(
      docs.search({ vector: [1, 1, 0], k: 5, filter: { t: 2 } }).toArray(),
    )
  })
})

describe('lists and counts', () => {
  beforeEach(() => {
    const ids = ['b', 'a', 'ä', 'B', 'c/1', 'c/2', 'z']
    docs.insertBatch({
      ids,
      vectors: new Float32Array(21).fill(1),
      metadata: ids.map((id, i) => ({ even: i % 2 === 0, id })),
    })
  })

  test('documents are listed by the bytes of their ids, page after page', () => {
    const all = ['B', 'a', 'b', 'c/1', 'c/2', 'z', 'ä']
    expect(idsOf(docs.list())).toEqual(all)
    const pages: string[] = []
    for (let after = ''; ;) {
      const page = docs.list({ after, limit: 3 })
      if (page.length === 0) break
      pages.push(...idsOf(page))
      after = page.at(-1)!.id
    }
    expect(pages).toEqual(all)
    expect(docs.list({ limit: 0 })).toEqual([])
    expect(idsOf(docs.list({ after: 'c' }))).toEqual(['c/1', 'c/2', 'z', 'ä'])
  })

  test('a list brings what was asked for', () => {
    expect(docs.list({ limit: 1 })).toEqual([{ id: 'B', metadata: { even: false, id: 'B' } }])
    expect(docs.list({ limit: 1, includeVectors: true })[0]?.vector).toEqual(Float32Array.of(1, 1, 1))
    expect(docs.list({ limit: 1, includeMetadata: false })).toEqual([{ id: 'B' }])
    expect(idsOf(docs.list({ filter: { even: true } }))).toEqual(['b', 'c/1', 'z', 'ä'])
  })

  test('count counts, all or what passes a filter', () => {
    expect(docs.count()).toBe(7)
    expect(docs.count({ even: true })).toBe(4)
    expect(docs.count({ even: 'true' })).toBe(0)
  })
})

describe('collections', () => {
  test('they are listed by name, whichever way they are opened', () => {
    createCollection(db, { name: 'Alpha', dimension: 2 })
    expect(listCollections(db)).toEqual(['Alpha', 'docs'])
    expect(openCollection(db, 'docs').dimension).toBe(3)
    expect(openCollection(db, 'alpha').name).toBe('Alpha')
    deleteCollection(db, 'Alpha')
    expect(listCollections(db)).toEqual(['docs'])
  })

  test('creating one again with the same configuration is opening it', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    const again = createCollection(db, {
      name: 'docs',
      dimension: 3,
      m: 16,
      efConstruction: 100,
      efSearch: 50,
      metric: 'cosine',
    })
    expect(again.count()).toBe(1)
    const indexed = createCollection(db, { name: 'i', dimension: 3, indexed: ['b', 'a'] })
    expect(createCollection(db, { name: 'i', dimension: 3, indexed: ['a', 'b'] }).info()).toEqual(indexed.info())
  })

  test('info says what it is and holds', () => {
    docs.insertBatch({ ids: ['a', 'b'], vectors: new Float32Array(6) })
    docs.delete('a')
    expect(docs.info()).toMatchObject({
      name: 'docs',
      dimension: 3,
      metric: 'cosine',
      m: 16,
      efConstruction: 100,
      efSearch: 50,
      quantization: 'none',
      indexed: [],
      count: 1,
      deadVectors: 1,
      reclaimedVectors: 0,
    })
    expect(docs.info().indexSizeBytes).toBeGreaterThan(0)
  })

  test('optimize waits until the graph has every vector', () => {
    const count = 4000
    const random = randomNumbers(5)
    const ids = Array.from({ length: count }, (_, i) => String(i))
    docs.insertBatch({ ids, vectors: Float32Array.from({ length: count * 3 }, () => random()) })
    const told: number[] = []
    expect(docs.optimize({ onProgress: linked => told.push(linked) })).toBe(true)
    expect(docs.info()).toMatchObject({ linkedVectors: count, unlinkedVectors: 0 })
    expect(told.at(-1)).toBe(count)
    expect(docs.optimize()).toBe(true)
  })

  test('collections of one store do not see each other', () => {
    const other = createCollection(db, { name: 'other', dimension: 3 })
    docs.insert({ id: 'same', vector: [1, 0, 0], metadata: { of: 'docs' } })
    other.insert({ id: 'same', vector: [1, 0, 0], metadata: { of: 'other' } })
    expect(docs.search({ vector: [1, 0, 0] }).toArray()).toMatchObject([{ metadata: { of: 'docs' } }])
    other.delete('same')
    expect(docs.count()).toBe(1)
    expect(db.exists('same')).toBe(false)
  })
})
