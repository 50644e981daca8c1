import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { createCollection, openCollection } from '../../src/search/index.js'
import type { Collection, MetadataFilter } from '../../src/search/index.js'
import { idsOf, nearest, randomNumbers, randomVector } from './support/vectors.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('what a filter means', () => {
  const documents: Record<string, object> = {
    plain: { lang: 'en', year: 2024, draft: false, author: null },
    other: { lang: 'de', year: 2024.5, draft: true },
    tags: { tags: ['x', 'y', 3, null], lang: 'EN' },
    deep: { source: { year: 2024, parts: [{ name: 'a' }, { name: 'b' }] } },
    odd: { 'a.b': 1, 'ünïcode 😀': 'ja', '': 'empty', year: '2024' },
    empty: {},
  }
  const cases: [MetadataFilter, string[]][] = [
    [{}, ['deep', 'empty', 'odd', 'other', 'plain', 'tags']],
    [{ lang: 'en' }, ['plain']],
    [{ lang: { $eq: 'en' } }, ['plain']],
    [{ lang: { equals: 'en' } }, ['plain']],
    [{ year: 2024 }, ['plain']],
    [{ year: '2024' }, ['odd']],
    [{ year: 2024.5 }, ['other']],
    [{ draft: true }, ['other']],
    [{ author: null }, ['plain']],
    [{ missing: null }, []],
    [{ tags: 'y' }, ['tags']],
    [{ tags: 3 }, ['tags']],
    [{ tags: null }, ['tags']],
    [{ 'source.year': 2024 }, ['deep']],
    [{ 'source.parts.name': 'b' }, ['deep']],
    [{ 'source.parts': 'b' }, []],
    [{ 'ünïcode 😀': 'ja' }, ['odd']],
    [{ lang: 'en', year: 2024 }, ['plain']],
    [{ lang: 'en', year: 2025 }, []],
    [{ $and: [{ lang: 'en' }, { year: { equals: 2024 } }] }, ['plain']],
    [{ AND: [{ tags: 'x' }, { $and: [{ tags: 'y' }] }] }, ['tags']],
    [{ $and: [] }, ['deep', 'empty', 'odd', 'other', 'plain', 'tags']],
  ]

  test.each([
    [
      'declared',
      ['author', 'draft', 'lang', 'source.parts.name', 'source.year', 'tags', 'year', 'ünïcode 😀', 'missing'],
    ],
    ['not declared', []],
  ])('of fields that are %s as indexed', (_, indexed) => {
    const docs = createCollection(db, { name: 'docs', dimension: 2, indexed })
    const all = Object.entries(documents)
    docs.insertBatch({
      ids: all.map(([id]) => id),
      vectors: all.map((_unused, i) => [1, i]),
      metadata: all.map(([, metadata]) => metadata as Record<string, unknown>),
    })
    const check = (collection: Collection) => {
      for (const [filter, expected] of cases) {
        const found = idsOf(collection.search({ vector: [1, 0], k: 100, filter })).sort()
        expect({ filter, found }).toEqual({ filter, found: expected })
        expect(collection.count(filter)).toBe(expected.length)
        expect(idsOf(collection.list({ filter }))).toEqual(expected)
      }
    }
    check(docs)
    // The same in a transaction that wrote all of it itself, and in a snapshot.
    using snapshot = db.snapshot()
    db.transaction(txn => {
      const own = openCollection(txn, 'docs')
      for (const [id, metadata] of all)
        own.insert({ id, vector: [2, 1], metadata: metadata as Record<string, unknown> })
      check(own)
    })
    check(docs)
    check(openCollection(snapshot, 'docs'))
  })
})

describe('a filtered search finds the k nearest of those that pass', () => {
  const dimension = 16
  const count = 6000
  const random = randomNumbers(77)
  const vectors = Array.from({ length: count }, () => randomVector(dimension, random))
  const ids = vectors.map((_, i) => `d${i}`)
  // One in 2, 10, 100 and 1000; `near` is only where the query is not.
  const metadata = vectors.map((vector, i) => ({
    half: i % 2,
    tenth: i % 10,
    hundredth: i % 100,
    thousandth: i % 1000,
    side: vector[0]! > 0 ? 'right' : 'left',
  }))
  const filters: Record<string, string | number>[] = [
    { half: 1 },
    { tenth: 3 },
    { hundredth: 42 },
    { thousandth: 7 },
    { half: 0, tenth: 4 },
    { side: 'left' },
    { side: 'left', hundredth: 5 },
    { half: 1, tenth: 2 },
  ]

  test.each([
    ['indexed', ['half', 'hundredth', 'side', 'tenth', 'thousandth']],
    ['partly indexed', ['hundredth', 'side']],
    ['not indexed', []],
  ])('by brute force, with fields %s', (_, indexed) => {
    const docs = createCollection(db, { name: 'docs', dimension, indexed })
    docs.insertBatch({ ids, vectors, metadata })
    for (let i = 0; i < 400; i++) docs.delete(`d${i * 3}`)
    docs.optimize()
    const live = ids.flatMap((id, i) =>
      i % 3 === 0 && i < 1200 ? [] : [{ id, vector: vectors[i]!, metadata: metadata[i]! }],
    )
    let found = 0
    let wanted = 0
    for (let q = 0; q < 12; q++) {
      const query = randomVector(dimension, random)
      query[0] = Math.abs(query[0]!) + 1
      for (const filter of filters) {
        const passing = live.filter(document =>
          Object.entries(filter).every(
            ([field, value]) => (document.metadata as Record<string, unknown>)[field] === value,
          ),
        )
        const truth = nearest('cosine', query, passing, 10)
        const exact = docs.search({ vector: query, k: 10, filter, exact: true })
        expect(idsOf(exact)).toEqual(truth)
        const hits = docs.search({ vector: query, k: 10, filter, efSearch: 100 })
        expect(hits.length).toBe(truth.length)
        for (const { metadata: held } of hits) expect(held).toMatchObject(filter)
        found += idsOf(hits).filter(id => truth.includes(id)).length
        wanted += truth.length
        if (q === 0) expect(docs.count(filter)).toBe(passing.length)
      }
    }
    expect(found / wanted).toBeGreaterThanOrEqual(0.95)
  })
})
