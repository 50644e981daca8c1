/** What queries understand, and what highlights show of a document. */
import { Database } from 'sochdb'
import type { Collection } from 'sochdb'

let db: Database
let docs: Collection
beforeEach(() => {
  db = Database.open(':memory:')
  docs = db.createCollection({
    name: 'docs',
    dimension: 1,
    contentField: ['title', 'parts.text'],
    text: { stemming: 'english', stopWords: ['the'] },
  })
  docs.insertBatch({
    ids: ['a', 'b'],
    vectors: [[1], [2]],
    metadata: [
      { title: 'The Running Man', parts: [{ text: 'He runs.' }, { text: 'nothing' }, { text: 'She was running' }] },
      { title: 'A man', n: 1 },
    ],
  })
})
afterEach(() => db.close())

const idsOf = (query: string): string[] => Array.from(docs.keywordSearch({ query }), ({ id }) => id).sort()

test('words are found by their stems, phrases in one text and in no two, in every field', () => {
  expect(idsOf('runs')).toEqual(['a'])
  expect(idsOf('the')).toEqual([])
  expect(idsOf('"running man"')).toEqual(['a'])
  expect(idsOf('"runs nothing"')).toEqual([])
  expect(idsOf('+man -running')).toEqual(['b'])
  expect(idsOf('ma*')).toEqual(['a', 'b'])
})

test('highlights are there for fields that match, with metadata or without', () => {
  const [hit] = docs.keywordSearch({ query: 'run', highlight: true, includeMetadata: false })
  expect(hit).toMatchObject({
    id: 'a',
    metadata: undefined,
    highlights: { title: 'The <em>Running</em> Man', 'parts.text': 'He <em>runs</em>. She was <em>running</em>' },
  })
  const [marked] = docs.search({ textQuery: 'nothing', highlight: { fields: ['title', 'parts.text'], tag: 'mark' } })
  expect(marked!.highlights).toEqual({ 'parts.text': '<mark>nothing</mark>' })
  expect(docs.keywordSearch({ query: 'run', highlight: false }).at(0)).not.toHaveProperty('highlights')
  expect(() => docs.keywordSearch({ query: 'run', highlight: { fields: ['n'] } })).toThrow(/"n".*contentField/)
})

test('results outlive the database that they come from', () => {
  const results = docs.hybridSearch({ vector: [1], textQuery: 'man', highlight: true })
  db.close()
  expect(results.toArray().map(({ highlights }) => highlights?.['title'])).toEqual([
    'The Running <em>Man</em>',
    'A <em>man</em>',
  ])
  expect(results.keywordResults).toHaveLength(2)
})

test('words beyond ASCII, and half a character in a query', () => {
  docs.insert({ id: 'ü', vector: [1], metadata: { title: '東京都 ΣΊΣΥΦΟΣ 🎉' } })
  for (const query of ['東京', '京', 'σίσυφος', '東京都']) expect(idsOf(query)).toEqual(['ü'])
  expect(docs.keywordSearch({ query: '京都', highlight: true }).at(0)!.highlights!['title']).toBe(
    '東<em>京都</em> ΣΊΣΥΦΟΣ 🎉',
  )
  expect(idsOf('\ud83c')).toEqual([])
})

test('a field may be called whatever JSON allows', () => {
  const odd = db.createCollection({ name: 'odd', dimension: 1, contentField: ['__proto__', 'constructor'] })
  const metadata = JSON.parse('{"__proto__":"one word","constructor":"another word"}') as Record<string, unknown>
  odd.insert({ id: 'a', vector: [1], metadata })
  odd.insert({ id: 'b', vector: [1] })
  const hits = odd.keywordSearch({ query: 'word', highlight: true }).toArray()
  expect(hits.map(({ highlights }) => Object.entries(highlights!))).toEqual([
    [
      ['__proto__', 'one <em>word</em>'],
      ['constructor', 'another <em>word</em>'],
    ],
  ])
})
