/** BM25 as it is written down, over every document: what a keyword search has to find. */

const K1 = 1.2
const B = 0.75

export interface Found {
  readonly id: string
  readonly score: number
}

/** Documents by id: the words of each field. */
export type Corpus = ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>

const byUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The documents that have any of the words, best first. */
export function bm25(corpus: Corpus, weights: Readonly<Record<string, number>>, query: readonly string[]): Found[] {
  const scores = new Map<string, number>()
  for (const [field, weight] of Object.entries(weights)) {
    const texts = [...corpus]
      .map(([id, fields]) => ({ id, words: fields[field] ?? [] }))
      .filter(t => t.words.length > 0)
    const average = texts.reduce((sum, { words }) => sum + words.length, 0) / texts.length
    for (const word of query) {
      const having = texts.filter(({ words }) => words.includes(word))
      const idf = Math.log(1 + (texts.length - having.length + 0.5) / (having.length + 0.5))
      for (const { id, words } of having) {
        const frequency = words.filter(each => each === word).length
        const norm = K1 * (1 - B + (B * words.length) / average)
        const score = (weight * idf * frequency * (K1 + 1)) / (frequency + norm)
        scores.set(id, (scores.get(id) ?? 0) + score)
      }
    }
  }
  return Array.from(scores, ([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || byUtf8(a.id, b.id))
}

/** That a search found what it should, where scores that differ by rounding alone may stand in any order. */
export function expectFound(actual: readonly Found[], all: readonly Found[], k: number): void {
  const expected = all.slice(0, k)
  expect(actual.map(({ score }) => score)).toEqual(expected.map(({ score }) => expect.closeTo(score, 10) as number))
  actual.forEach(({ id, score }, i) => {
    if (id !== expected[i]!.id) expect(all.find(each => each.id === id)!.score).toBeCloseTo(score, 10)
  })
  expect(new Set(actual.map(({ id }) => id)).size).toBe(actual.length)
}
