/** Search by words: compared on every query with BM25 computed over all documents, whatever happens to them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, TransactionConflictError } from 'sochdb'
import type { Collection } from 'sochdb'

import { bm25, expectFound } from './support/bm25.js'
import { randomNumbers } from './support/vectors.js'

const vocabulary = Array.from({ length: 60 }, (_, i) => `w${i}`)
const weights = { title: 3, body: 1 }
type Words = Record<string, string[]>

/** Random documents and queries, in which some words are frequent. */
function world(seed: number) {
  const random = randomNumbers(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const word = (): string => vocabulary[Math.min(below(60), below(60), below(60))]!
  const words = (most: number): string[] => Array.from({ length: below(most + 1) }, word)
  const corpus = new Map<string, Words>()
  const metadataOf = (fields: Words) => ({
    title: fields['title']!.join(' '),
    body: [fields['body']!.join(' - ')],
    n: 1,
  })
  const fields = (): Words => ({ title: words(4), body: words(25) })
  return {
    corpus,
    below,
    fields,
    metadataOf,
    query: (): string[] => [...new Set([word(), ...words(3)])],
    change(docs: Collection, held: Map<string, Words> = corpus): void {
      const id = `d${below(150)}`
      if (below(4) === 0) {
        expect(docs.delete(id)).toBe(held.delete(id))
        return
      }
      const written = fields()
      held.set(id, written)
      if (below(3) === 0) docs.insertBatch({ ids: [id], vectors: [[1, 2]], metadata: [metadataOf(written)] })
      else docs.insert({ id, vector: [1, 2], metadata: metadataOf(written) })
    },
    compare(docs: Collection, held: Map<string, Words> = corpus): void {
      const query = this.query()
      const k = 1 + below(20)
      const all = bm25(held, weights, query)
      const results = docs.keywordSearch({ query: query.join(' '), k })
      expectFound(
        Array.from(results, ({ id, score }) => ({ id, score })),
        all,
        k,
      )
      expect(results.totalCount).toBe(all.length)
      expect(results.keywordResults.map(({ id }) => id)).toEqual(Array.from(results, ({ id }) => id))
    },
  }
}

const config = { name: 'docs', dimension: 2, contentField: weights }

describe.each([
  ['with lists in memory', undefined],
  ['with room for a few lists', 8000],
  ['with every list read from the store', 0],
])('%s', (_, cacheBytes) => {
  let db: Database
  let docs: Collection
  beforeEach(() => {
    db = Database.open(':memory:')
    docs = db.createCollection(config)
    if (cacheBytes !== undefined) docs.limitTextCache(cacheBytes)
  })
  afterEach(() => db.close())

  test('a search finds what is there, as documents come, change and go', () => {
    const { change, compare, ...rest } = world(1)
    const at = { change, compare, ...rest }
    for (let round = 0; round < 60; round++) {
      for (let i = at.below(8); i >= 0; i--) at.change(docs)
      for (let i = 0; i < 4; i++) at.compare(docs)
    }
  })

  test('a transaction finds its own writes; others, and snapshots, find what they see', () => {
    const at = world(2)
    for (let i = 0; i < 150; i++) at.change(docs)
    for (let round = 0; round < 10; round++) {
      const own = new Map(at.corpus)
      const before = db.snapshot()
      const txn = db.beginTransaction({
        isolation: (['serializable', 'snapshot', 'readCommitted'] as const)[round % 3]!,
      })
      for (let i = 0; i < 6; i++) {
        at.change(txn.collection('docs'), own)
        at.compare(txn.collection('docs'), own)
        at.compare(docs)
      }
      if (round % 2 === 0) {
        txn.abort()
      } else {
        const old = new Map(at.corpus)
        txn.commit()
        own.forEach((fields, id) => at.corpus.set(id, fields))
        for (const id of old.keys()) if (!own.has(id)) at.corpus.delete(id)
        at.compare(before.collection('docs'), old)
      }
      at.compare(docs)
      before.close()
    }
  })
})

test('a conflict leaves no entry behind', () => {
  using db = Database.open(':memory:')
  const docs = db.createCollection({ name: 'docs', dimension: 1, contentField: 'text' })
  docs.insert({ id: 'a', vector: [1], metadata: { text: 'old' } })
  const txn = db.beginTransaction({ isolation: 'snapshot' })
  txn.collection('docs').insert({ id: 'a', vector: [1], metadata: { text: 'mine' } })
  docs.insert({ id: 'a', vector: [1], metadata: { text: 'theirs' } })
  expect(() => txn.commit()).toThrow(TransactionConflictError)
  const hits = docs.keywordSearch({ query: 'old mine theirs' })
  expect(hits.toArray()).toMatchObject([{ id: 'a', metadata: { text: 'theirs' } }])
  expect(hits.at(0)!.score).toBeCloseTo(Math.log(1 + 0.5 / 1.5), 12)
})

test('the index survives reopening, and a collection of the same name after it was deleted begins empty', () => {
  const path = mkdtempSync(join(tmpdir(), 'sochdb-keyword-'))
  try {
    const at = world(3)
    for (let round = 0; round < 3; round++) {
      using db = Database.open(path, { logLevel: 'off' })
      const docs = db.createCollection(config)
      for (let i = 0; i < 10; i++) at.compare(docs)
      for (let i = 0; i < 60; i++) at.change(docs)
      for (let i = 0; i < 10; i++) at.compare(docs)
      if (round === 1) db.compact()
    }
    using db = Database.open(path, { logLevel: 'off' })
    db.deleteCollection('docs')
    const again = db.createCollection(config)
    expect(again.keywordSearch({ query: vocabulary.join(' ') }).totalCount).toBe(0)
    db.compact()
    again.insert({ id: 'x', vector: [1, 2], metadata: { body: 'w1' } })
    expect(again.keywordSearch({ query: 'w1' }).toArray()).toMatchObject([{ id: 'x' }])
  } finally {
    rmSync(path, { recursive: true })
  }
})

test('a batch in which ids come twice, or are there, is found as if its documents were written one by one', () => {
  const at = world(17)
  using db = Database.open(':memory:')
  const docs = db.createCollection(config)
  const long = 'y'.repeat(230)
  for (let round = 0; round < 8; round++) {
    const batch = Array.from({ length: round === 5 ? 60 : 1 + at.below(80) }, () => ({
      id: `d${at.below(60)}`,
      fields: at.fields(),
    }))
    // So many entries are written in several parts.
    if (round === 5) for (const { fields } of batch) for (let i = 0; i < 400; i++) fields['body']!.push(`${long}${i}`)
    const held = new Map(at.corpus)
    for (const { id, fields } of batch) held.set(id, fields)
    db.transaction(txn => {
      const inside = txn.collection('docs')
      inside.insertBatch({
        ids: batch.map(({ id }) => id),
        vectors: batch.map(() => [1, 2]),
        metadata: batch.map(({ fields }) => at.metadataOf(fields)),
      })
      at.compare(inside, held)
      at.compare(docs)
    })
    held.forEach((fields, id) => at.corpus.set(id, fields))
    for (let i = 0; i < 10; i++) at.compare(docs)
    expect(docs.count()).toBe(held.size)
    expect(docs.keywordSearch({ query: `${long}7` }).totalCount).toBe(
      [...held.values()].filter(({ body }) => body!.includes(`${long}7`)).length,
    )
  }
})
