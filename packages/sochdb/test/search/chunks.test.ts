import { Database, DimensionMismatchError, ValidationError } from 'sochdb'
import type { Aggregate, ChunkedDocument, Collection, SearchHit, StoredDocument } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'
import { distance, randomNumbers, randomVector } from './support/vectors.js'
import type { Metric } from './support/vectors.js'

const directory = temporaryDirectory()
const DIMENSION = 6

interface Model {
  readonly vectors: Float32Array[]
  readonly aggregate: Aggregate
  readonly even: boolean
}

/** Documents of one to five chunks, some of which say how their vectors count. */
function fill(docs: Collection, count: number, random: () => number, prefix = 'd'): Map<string, Model> {
  const model = new Map<string, Model>()
  for (let i = 0; i < count; i++) {
    const id = `${prefix}${i}`
    const vectors = Array.from({ length: 1 + (i % 5) }, () => randomVector(DIMENSION, random))
    const aggregate = (['max', 'mean', 'first'] as const)[i % 3]!
    const even = i % 2 === 0
    docs.insertMulti({ id, vectors, metadata: { even }, aggregate })
    model.set(id, { vectors, aggregate: vectors.length === 1 ? 'max' : aggregate, even })
  }
  return model
}

function measure(metric: Metric, query: Float32Array, { vectors }: Model, aggregate: Aggregate) {
  const distances = vectors.map(vector => distance(metric, query, vector))
  const nearest = Math.min(...distances)
  if (aggregate === 'first') return { distance: distances[0]!, index: 0 }
  const mean = distances.reduce((sum, each) => sum + each, 0) / distances.length
  return { distance: aggregate === 'max' ? nearest : mean, index: distances.indexOf(nearest) }
}

function expected(metric: Metric, query: Float32Array, model: Map<string, Model>, k: number, aggregate?: Aggregate) {
  return [...model]
    .map(([id, each]) => ({ id, ...measure(metric, query, each, aggregate ?? each.aggregate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, k)
}

const ids = (hits: Iterable<{ id: string }>): string[] => Array.from(hits, ({ id }) => id)

function checkHits(hits: Iterable<SearchHit>, wanted: ReturnType<typeof expected>, model: Map<string, Model>): void {
  const found = [...hits]
  expect(ids(found)).toEqual(ids(wanted))
  found.forEach((hit, i) => {
    expect(hit.distance).toBeCloseTo(wanted[i]!.distance, 5)
    const { vectors } = model.get(hit.id)!
    expect(hit.matchedChunk).toEqual(vectors.length === 1 ? undefined : { index: wanted[i]!.index })
  })
}

describe.each<Metric>(['cosine', 'euclidean', 'dotProduct'])('%s', metric => {
  test.each<Aggregate | undefined>([undefined, 'max', 'mean', 'first'])('aggregate %s is exact', aggregate => {
    const random = randomNumbers(5)
    using db = Database.open(':memory:')
    const docs = db.createCollection({ name: 'docs', dimension: DIMENSION, metric, indexed: ['even'] })
    const model = fill(docs, 120, random)
    const how = aggregate === undefined ? {} : { aggregate }
    for (let i = 0; i < 5; i++) {
      const vector = randomVector(DIMENSION, random)
      for (const k of [1, 7, 200]) {
        checkHits(docs.search({ vector, k, ...how }), expected(metric, vector, model, k, aggregate), model)
      }
      const even = new Map([...model].filter(([, each]) => each.even))
      const filtered = docs.search({ vector, k: 9, filter: { even: true }, ...how })
      checkHits(filtered, expected(metric, vector, even, 9, aggregate), even)
    }
  })
})

test('a score follows from the distance, and minScore goes by it', () => {
  using db = Database.open(':memory:')
  const make = (metric: Metric): Collection => db.createCollection({ name: metric, dimension: 2, metric })
  const vectors = [
    [1, 0],
    [0, 1],
  ]
  for (const metric of ['cosine', 'euclidean', 'dotProduct'] as const) {
    const docs = make(metric)
    docs.insertMulti({ id: 'a', vectors })
    const hit = (aggregate: Aggregate) => docs.search({ vector: [1, 0], aggregate }).at(0)!
    const mean = { cosine: [0.5, 0.5], euclidean: [1 / (1 + Math.SQRT1_2), Math.SQRT1_2], dotProduct: [0.5, -0.5] }[
      metric
    ]
    expect(hit('mean').score).toBeCloseTo(mean[0]!, 6)
    expect(hit('mean').distance).toBeCloseTo(mean[1]!, 6)
    expect(hit('max').score).toBe(1)
    const above = (minScore: number) => docs.search({ vector: [1, 0], aggregate: 'mean', minScore }).length
    expect([above(mean[0]! - 0.01), above(mean[0]! + 0.01)]).toEqual([1, 0])
  }
})

test('one document with all of the nearest vectors does not hide the others', () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 2, metric: 'euclidean' })
  docs.insertMulti({ id: 'long', vectors: Array.from({ length: 500 }, (_, i) => [i / 1e6, 0]) })
  docs.insertBatch({
    ids: ['a', 'b', 'c'],
    vectors: [
      [1, 0],
      [2, 0],
      [3, 0],
    ],
  })
  expect(ids(docs.search({ vector: [0, 0], k: 3 }))).toEqual(['long', 'a', 'b'])
  expect(ids(docs.search({ vector: [0, 0], k: 10 }))).toEqual(['long', 'a', 'b', 'c'])
  expect(docs.count()).toBe(4)
  expect(docs.info()).toMatchObject({ count: 4, deadVectors: 0 })
})

test('stored, listed, changed, deleted', () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 2 })
  const first: ChunkedDocument = {
    id: 'a',
    vectors: [
      [1, 0],
      [0, 1],
      [0.5, 0.5],
    ],
    chunkTexts: ['one', '', 'drei €'],
    metadata: { n: 1 },
    aggregate: 'mean',
  }
  docs.insertMulti(first)
  docs.insert({ id: 'b', vector: [0, 1] })
  const stored: StoredDocument = {
    id: 'a',
    vector: Float32Array.of(1, 0),
    vectors: [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0.5, 0.5)],
    chunkTexts: ['one', '', 'drei €'],
    metadata: { n: 1 },
    aggregate: 'mean',
  }
  expect(docs.get('a')).toEqual(stored)
  expect(docs.getMany(['b', 'a', 'x', 'a'])).toEqual([docs.get('b'), stored, undefined, stored])
  expect(docs.get('b')).toEqual({ id: 'b', vector: Float32Array.of(0, 1), metadata: {} })
  const { vector: _, vectors: __, ...bare } = stored
  expect(docs.list()[0]).toEqual(bare)
  expect(docs.list({ includeVectors: true })[0]).toEqual(stored)
  expect(docs.list({ includeMetadata: false })[0]).toEqual({ id: 'a', aggregate: 'mean' })

  expect(docs.update('a', { metadata: { m: 2 } })).toBe(true)
  expect(docs.get('a')).toEqual({ ...stored, metadata: { n: 1, m: 2 } })
  docs.update('a', { chunkTexts: ['x', 'y', 'z'], aggregate: 'first' })
  expect(docs.get('a')).toMatchObject({ chunkTexts: ['x', 'y', 'z'], aggregate: 'first', vectors: stored.vectors })
  docs.update('a', { vectors: Float32Array.of(0, 2, 0, 3) })
  expect(docs.get('a')).toEqual({
    id: 'a',
    vector: Float32Array.of(0, 2),
    vectors: [Float32Array.of(0, 2), Float32Array.of(0, 3)],
    metadata: { n: 1, m: 2 },
    aggregate: 'first',
  })
  docs.update('a', { vector: [1, 1] })
  expect(docs.get('a')).toEqual({ id: 'a', vector: Float32Array.of(1, 1), metadata: { n: 1, m: 2 } })
  docs.update('b', { chunkTexts: ['alone'] })
  expect(docs.search({ vector: [0, 1], k: 1 }).at(0)?.matchedChunk).toEqual({ index: 0, text: 'alone' })
  docs.insertMulti(first)
  expect(docs.delete('a')).toBe(true)
  expect(ids(docs.search({ vector: [1, 0] }))).toEqual(['b'])
  expect(docs.count()).toBe(1)
})

test('hits bring the vector and the text of their chunk, many of them too', () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 2, metric: 'euclidean' })
  for (let i = 0; i < 300; i++) {
    docs.insertMulti({
      id: `d${i}`,
      vectors: [
        [9, i],
        [0, i],
        [9, -i],
      ],
      chunkTexts: ['no', `yes ${i}`, 'no'],
    })
  }
  for (const k of [3, 300]) {
    const hits = docs.search({ vector: [0, 0], k, includeVectors: true }).toArray()
    expect(hits).toHaveLength(k)
    hits.forEach((hit, i) => {
      expect(hit).toMatchObject({ id: `d${i}`, matchedChunk: { index: 1, text: `yes ${i}` } })
      expect(hit.vector).toEqual(Float32Array.of(0, i))
    })
  }
  const bare = docs.search({ vector: [0, 0], k: 1, includeMetadata: false }).at(0)
  expect(bare?.matchedChunk).toEqual({ index: 1 })
  const diverse = docs.search({ vector: [0, 0], k: 2, mmr: true, includeVectors: true }).toArray()
  expect(diverse.every(({ vector }) => vector![0] === 0)).toBe(true)
  const grouped = docs.search({ vector: [0, 0], k: 2, groupBy: 'none' })
  expect(grouped.length).toBe(0)
})

test('words in chunks are found, highlighted, and forgotten with them', () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 2, contentField: { title: 1, body: 5, zone: 1 } })
  docs.insertMulti({
    id: 'a',
    vectors: [
      [1, 0],
      [0, 1],
    ],
    chunkTexts: ['graphs of words', 'words about apples'],
    metadata: { title: 'Notes' },
  })
  docs.insert({ id: 'b', vector: [1, 1], metadata: { title: 'apples' } })
  const [hit] = docs.keywordSearch({ query: 'about', highlight: true })
  expect(hit).toMatchObject({
    id: 'a',
    matchedChunk: { index: 1, text: 'words about apples' },
    highlights: { title: 'words <em>about</em> apples' },
  })
  expect(docs.keywordSearch({ query: 'notes' }).at(0)?.matchedChunk).toBeUndefined()
  expect(docs.keywordSearch({ query: '"words words"' }).length).toBe(0)
  // As long as the same texts in an array of the field with the least weight would be.
  const twin = db.createCollection({ name: 'twin', dimension: 2, contentField: { title: 1, body: 5, zone: 1 } })
  twin.insert({ id: 'a', vector: [1, 0], metadata: { title: ['Notes', 'graphs of words', 'words about apples'] } })
  twin.insert({ id: 'b', vector: [1, 1], metadata: { title: 'apples' } })
  const scores = (of: Collection) =>
    of
      .keywordSearch({ query: 'apples words' })
      .toArray()
      .map(({ id, score }) => [id, score])
  expect(scores(docs)).toEqual(scores(twin))
  const [both] = docs.hybridSearch({ vector: [1, 0], textQuery: 'apples', k: 1, alpha: 1 })
  expect(both).toMatchObject({ id: 'a', distance: 0, matchedChunk: { index: 0, text: 'graphs of words' } })
  docs.update('a', { chunkTexts: ['graphs', 'pears'] })
  expect(ids(docs.keywordSearch({ query: 'about' }))).toEqual([])
  expect(ids(docs.keywordSearch({ query: 'pears' }))).toEqual(['a'])
  docs.delete('a')
  expect(ids(docs.keywordSearch({ query: 'pears graphs' }))).toEqual([])
})

test('transactions, snapshots, times and reopening see whole documents', () => {
  const path = directory('chunks')
  const random = randomNumbers(9)
  const vector = randomVector(DIMENSION, random)
  let db = Database.open(path)
  let docs = db.createCollection({ name: 'docs', dimension: DIMENSION })
  const model = fill(docs, 60, random)
  const before = new Map(model)
  using snapshot = db.snapshot()
  db.transaction(txn => {
    const inside = txn.collection('docs')
    inside.delete('d4')
    model.delete('d4')
    for (const [id, each] of fill(inside, 9, random, 'own')) model.set(id, each)
    for (const [id, each] of fill(inside, 7, random)) model.set(id, each)
    checkHits(inside.search({ vector, k: 20 }), expected('cosine', vector, model, 20), model)
    checkHits(inside.search({ vector, k: 20, aggregate: 'mean' }), expected('cosine', vector, model, 20, 'mean'), model)
    expect(inside.count()).toBe(model.size)
    expect(docs.count()).toBe(before.size)
  })
  checkHits(docs.search({ vector, k: 20 }), expected('cosine', vector, model, 20), model)
  const then = snapshot.collection('docs')
  checkHits(then.search({ vector, k: 20 }), expected('cosine', vector, before, 20), before)
  expect(then.count()).toBe(60)
  const asOf = snapshot.timestamp
  checkHits(docs.search({ vector, k: 20, asOf }), expected('cosine', vector, before, 20), before)
  snapshot.close()
  db.close()
  db = Database.open(path)
  docs = db.collection('docs')
  checkHits(docs.search({ vector, k: 20 }), expected('cosine', vector, model, 20), model)
  // From the rows: the index was opened later.
  checkHits(docs.search({ vector, k: 20, asOf }), expected('cosine', vector, before, 20), before)
  checkHits(
    docs.search({ vector, k: 5, asOf, aggregate: 'first' }),
    expected('cosine', vector, before, 5, 'first'),
    before,
  )
  expect(docs.get('d3')?.vectors).toEqual(model.get('d3')!.vectors)
  db.close()
})

test('by graph and codes it finds what comparing with all finds, also after replacing', () => {
  const random = randomNumbers(21)
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: DIMENSION })
  const insert = (from: number, to: number): void => {
    db.transaction(txn => {
      for (let i = from; i < to; i++) {
        const vectors = Array.from({ length: 4 }, () => randomVector(DIMENSION, random))
        txn.collection('docs').insertMulti({ id: `d${i}`, vectors })
      }
    })
  }
  insert(0, 3000)
  docs.optimize()
  insert(0, 500)
  db.transaction(txn => {
    for (let i = 500; i < 600; i++) txn.collection('docs').delete(`d${i}`)
  })
  docs.optimize()
  expect(docs.count()).toBe(2900)
  expect(docs.info()).toMatchObject({ deadVectors: 0, reclaimedVectors: 4 * 600 })
  let agree = 0
  for (let i = 0; i < 20; i++) {
    const vector = randomVector(DIMENSION, random)
    const near = docs.search({ vector, k: 10, efSearch: 100, explain: true })
    if (i === 0) expect(near.explanation?.plan).toBe('graph')
    const all = ids(docs.search({ vector, k: 10, exact: true }))
    expect(new Set(ids(near)).size).toBe(10)
    agree += ids(near).filter(id => all.includes(id)).length
  }
  expect(agree).toBeGreaterThanOrEqual(190)
})

test('chunks that were written after a checkpoint are there when it is opened again, and so are those of later ends', () => {
  const path = directory('checkpoint')
  const random = randomNumbers(33)
  const vector = randomVector(DIMENSION, random)
  const far = Array.from(vector, value => -value)
  const open = (): { db: Database; docs: Collection } => {
    const db = Database.open(path)
    return { db, docs: db.collection('docs') }
  }
  let db = Database.open(path)
  let docs = db.createCollection({ name: 'docs', dimension: DIMENSION })
  const vectors = Float32Array.from({ length: 2500 * DIMENSION }, () => random() - 0.5)
  docs.insertBatch({ ids: Array.from({ length: 2500 }, (_, i) => `d${i}`), vectors })
  docs.optimize()
  db.close()
  for (let round = 0; round < 3; round++) {
    ;({ db, docs } = open())
    docs.insertMulti({ id: `m${round}`, vectors: [far, vector, vector], aggregate: round === 2 ? 'first' : 'max' })
    if (round === 2) docs.insertMulti({ id: 'd7', vectors: [far, vector] })
    db.close()
  }
  ;({ db, docs } = open())
  expect(docs.count()).toBe(2503)
  expect(ids(docs.search({ vector, k: 3 }))).toEqual(['d7', 'm0', 'm1'])
  expect(docs.search({ vector, k: 1 }).at(0)?.matchedChunk).toEqual({ index: 1 })
  expect(ids(docs.search({ vector: far, k: 4 }))).toEqual(['d7', 'm0', 'm1', 'm2'])
  expect(ids(docs.search({ vector, k: 2503 })).at(-1)).toBe('m2')
  db.close()
})

test('by promise', async () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 2 })
  const later = db.async.collection('docs')
  await later.insertMulti({ id: 'a', vectors: Float32Array.of(1, 0, 0, 1), chunkTexts: ['x', 'y'] })
  expect(await later.get('a')).toEqual(docs.get('a'))
  const request = { vector: [0, 1], aggregate: 'mean' as const }
  expect((await later.search(request)).toArray()).toEqual(docs.search(request).toArray())
  expect((await later.searchMany([request]))[0]!.toArray()).toEqual(docs.search(request).toArray())
  expect((await later.list({ includeVectors: true }))[0]).toEqual(docs.get('a'))
  await later.update('a', { metadata: { n: 1 } })
  expect((await later.get('a'))?.chunkTexts).toEqual(['x', 'y'])
})

describe('what is refused', () => {
  const vectors = [
    [1, 0],
    [0, 1],
  ]
  test.each<[object, RegExp]>([
    [{ id: 'a' }, /vectors must be an array of vectors, at least one/],
    [{ id: 'a', vectors: [] }, /at least one.*an array of 0/],
    [{ id: 'a', vectors: [1, 0] }, /vectors\[0\] must be a Float32Array or an array/],
    [
      {
        id: 'a',
        vectors: [
          [1, 0],
          [NaN, 0],
        ],
      },
      /finite/,
    ],
    [{ id: 'a', vectors, chunkTexts: ['x'] }, /a string for each of the 2 vectors.*an array of 1/],
    [{ id: 'a', vectors, chunkTexts: ['x', 3] }, /chunkTexts.*\[1\] is a number/],
    [{ id: 'a', vectors, chunkTexts: 'xy' }, /chunkTexts.*a string/],
    [
      { id: 'a', vectors, aggregate: 'min' },
      /"aggregate" of insertMulti takes 'max', 'mean' or 'first'; this is 'min'/,
    ],
    [{ id: 'a', vectors, texts: ['x', 'y'] }, /no "texts" here/],
    [{ id: '', vectors }, /id must be/],
    [{ id: 'a', vectors, chunkTexts: ['x'.repeat(600_000), 'y'.repeat(600_000)] }, /below 1 MiB|limit/],
    [{ id: 'a', vectors: new Float32Array(300_000) }, /below 1 MiB/],
  ])('insertMulti(%p)', (document, message) => {
    using db = Database.open(':memory:')
    const docs = db.createCollection({ name: 'docs', dimension: 2 })
    const error = thrownBy(() => docs.insertMulti(document as never))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(message)
    expect(docs.count()).toBe(0)
  })

  test('vectors of another length, and changes that do not fit', () => {
    using db = Database.open(':memory:')
    const docs = db.createCollection({ name: 'docs', dimension: 2, contentField: 'text' })
    const wrong = [
      () => docs.insertMulti({ id: 'a', vectors: [[1, 0], [1]] }),
      () => docs.insertMulti({ id: 'a', vectors: new Float32Array(3) }),
    ]
    for (const call of wrong) expect(thrownBy(call)).toBeInstanceOf(DimensionMismatchError)
    docs.insertMulti({ id: 'a', vectors, chunkTexts: ['x', 'y'] })
    const stored = docs.get('a')
    const calls: [() => unknown, RegExp][] = [
      [() => docs.update('a', { vector: [1, 0], vectors }), /vector or vectors, not both/],
      [() => docs.update('a', { chunkTexts: ['x'] }), /each of the 2 vectors/],
      [() => docs.update('a', { vector: [1, 0], chunkTexts: ['x', 'y'] }), /each of the 1 vectors/],
      [() => docs.update('a', { aggregate: 'sum' as never }), /"aggregate" of update/],
      [() => docs.search({ vector: [1, 0], aggregate: 'sum' as never }), /"aggregate" of search/],
      [() => docs.search({ textQuery: 'x', aggregate: 'max' }), /"aggregate".*goes with a vector/],
    ]
    for (const [call, message] of calls) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(message)
    }
    expect(docs.get('a')).toEqual(stored)
  })
})
