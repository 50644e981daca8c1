import { Database } from 'sochdb'
import type { Collection, MetadataFilter, SearchExplanation } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory } from '../support/temporary.js'
import { randomNumbers, randomVector } from './support/vectors.js'

const directory = temporaryDirectory()
const vector = [1, 0, 0, 0]

function fill(db: Database, count: number): Collection {
  const random = randomNumbers(5)
  const docs = db.createCollection({ name: 'docs', dimension: 4, indexed: ['half'], contentField: 'text' })
  docs.insertBatch({
    ids: Array.from({ length: count }, (_, i) => `d${i}`),
    vectors: Array.from({ length: count }, () => randomVector(4, random)),
    metadata: Array.from({ length: count }, (_, i) => ({
      half: i % 2 === 0 ? 'even' : 'odd',
      tenth: i % 10,
      text: i % 4 === 0 ? 'rare and common' : 'common',
    })),
  })
  return docs
}

const without = ({ timeMs: _, ...explanation }: SearchExplanation): object => explanation

test('a search by words tells what it looked at, and what its filter admitted', () => {
  using db = openTestDatabase()
  const docs = fill(db, 400)
  const explained = (filter?: MetadataFilter) =>
    without(docs.keywordSearch({ query: 'rare', k: 400, explain: true, ...(filter && { filter }) }).explanation!)
  const plain = {
    plan: 'keywords',
    visited: 0,
    rounds: 1,
    vectors: 400,
    usesCodes: false,
    ownDocuments: 0,
    testsDocuments: false,
    matches: 100,
    postings: 100,
    scored: 100,
  }
  expect(explained()).toEqual(plain)
  expect(explained({ half: 'even' })).toEqual({ ...plain, admitted: 200 })
  expect(explained({ half: 'odd' })).toEqual({ ...plain, admitted: 200, matches: 0, scored: 0 })
  // Of a field that is not declared every document with the words is read.
  expect(explained({ tenth: 2 })).toEqual({ ...plain, testsDocuments: true, matches: 20, scored: 20 })
  expect(docs.keywordSearch({ query: 'nothing', explain: true }).explanation).toMatchObject({ postings: 0, scored: 0 })
})

test('with groups its rounds are added up, and of many documents only a part is scored', () => {
  using db = openTestDatabase()
  const docs = fill(db, 4000)
  const { explanation } = docs.keywordSearch({ query: 'common rare', k: 5, explain: true })
  expect(explanation).toMatchObject({ matches: 4000, postings: 5000 })
  expect(explanation!.scored).toBeLessThan(4000)
  const grouped = docs.keywordSearch({ query: 'common', k: 3, groupBy: 'half', explain: true }).explanation!
  expect(grouped.rounds).toBeGreaterThan(1)
  expect(grouped.postings).toBe(4000 * grouped.rounds)
})

test('with a vector the plan is that of the search by vector, and words are told beside it', () => {
  using db = openTestDatabase()
  const docs = fill(db, 400)
  const { explanation } = docs.hybridSearch({ vector, textQuery: 'rare', filter: { tenth: 2 }, explain: true })
  expect(explanation).toMatchObject({ plan: 'exact', testsDocuments: true, matches: 20, postings: 100, scored: 20 })
})

test('documents of the transaction are told, whatever is searched', () => {
  using db = openTestDatabase()
  fill(db, 400)
  const txn = db.beginTransaction()
  const docs = txn.collection('docs')
  docs.insert({ id: 'own', vector, metadata: { half: 'even', text: 'rare' } })
  docs.update('d1', { metadata: { text: 'rare' } })
  docs.delete('d0')
  const filter = { half: 'even' }
  expect(docs.search({ vector, explain: true }).explanation).toMatchObject({ plan: 'exact', ownDocuments: 2 })
  expect(docs.keywordSearch({ query: 'rare', explain: true }).explanation).toMatchObject({
    ownDocuments: 2,
    matches: 101,
  })
  expect(docs.keywordSearch({ query: 'rare', filter, explain: true }).explanation).toMatchObject({
    ownDocuments: 2,
    matches: 100,
  })
  expect(docs.hybridSearch({ vector, textQuery: 'rare', explain: true }).explanation).toMatchObject({ ownDocuments: 2 })
  txn.abort()
})

test('a filter on a field that is not declared is kept: it admits what it admitted, and reads nothing', () => {
  using db = openTestDatabase()
  const docs = fill(db, 400)
  const explained = () => docs.search({ vector, filter: { tenth: 77 }, explain: true }).explanation
  expect(explained()).toMatchObject({ testsDocuments: true })
  expect(explained()).toMatchObject({ plan: 'filtered', visited: 0, admitted: 0, testsDocuments: false })
})

test('asked for more hits than are tried, all documents are read, and that is told', () => {
  using db = openTestDatabase()
  const docs = fill(db, 3000)
  const { explanation, length } = docs.search({ vector, k: 2500, filter: { tenth: 2 }, explain: true })
  expect(length).toBe(300)
  expect(explanation).toMatchObject({ plan: 'filtered', admitted: 300, testsDocuments: true })
})

test('before the index every document is read, and the words too', () => {
  const path = directory('rows')
  const before = Database.open(path)
  fill(before, 40)
  const txn = before.beginTransaction()
  txn.collection('docs').insert({ id: 'later', vector, metadata: { text: 'rare' } })
  const asOf = txn.commit() - 1n
  before.close()
  using db = Database.open(path)
  const docs = db.collection('docs')
  const rows = { plan: 'rows', rounds: 1, vectors: 41, usesCodes: false, ownDocuments: 0 }
  const explained = (request: object) => without(docs.search({ vector, asOf, explain: true, ...request }).explanation!)
  expect(explained({})).toEqual({ ...rows, visited: 40, testsDocuments: false })
  expect(explained({ exact: true })).toEqual({ ...rows, visited: 40, testsDocuments: false })
  expect(explained({ filter: { half: 'odd' } })).toEqual({ ...rows, visited: 20, testsDocuments: true })
  const words = { matches: 10, postings: 10, scored: 10 }
  expect(explained({ textQuery: 'rare' })).toEqual({ ...rows, ...words, visited: 40, testsDocuments: false })
  expect(explained({ vector: undefined, textQuery: 'rare', filter: { tenth: 4 } })).toEqual({
    ...rows,
    plan: 'keywords',
    visited: 0,
    testsDocuments: true,
    matches: 2,
    postings: 10,
    scored: 2,
  })
})

test('every search of searchMany has its own', () => {
  using db = openTestDatabase()
  const docs = fill(db, 400)
  const plans = docs
    .searchMany([{ vector, explain: true }, { textQuery: 'rare', explain: true }, { vector }])
    .map(({ explanation }) => explanation?.plan)
  expect(plans).toEqual(['exact', 'keywords', undefined])
})
