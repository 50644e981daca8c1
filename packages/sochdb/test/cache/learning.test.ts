/** `maxErrorRate`: what is learned from feedback, and what that promises. */
import { Database } from 'sochdb'
import type { Cache, CacheLookup } from 'sochdb'

import { Learning } from '../../src/cache/adaptive/learning.js'
import { randomNumbers } from '../search/support/vectors.js'
import { temporaryDirectory } from '../support/temporary.js'
import { at, near } from './support.js'

const directory = temporaryDirectory()

interface Asked {
  readonly entry: number
  readonly similarity: number
  readonly isRight: boolean
}

/** Questions near entries whose similarities overlap with those of other questions, each entry's in its own way. */
function questions(seed: number, entries: number, count: number): Asked[] {
  const next = randomNumbers(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  const shapes = Array.from({ length: entries }, () => {
    const middle = 0.7 + 0.22 * next()
    return {
      right: middle + 0.02 + 0.05 * next(),
      wrong: middle - 0.06 * next(),
      spread: 0.01 + 0.03 * next(),
      share: 0.3 + 0.5 * next(),
    }
  })
  return Array.from({ length: count }, () => {
    const entry = Math.floor(next() * entries)
    const { right, wrong, spread, share } = shapes[entry]!
    const isRight = next() < share
    const similarity = Math.min(0.999, Math.max(0.5, (isRight ? right : wrong) + spread * normal()))
    return { entry, similarity, isRight }
  })
}

/** The most hits that one threshold for all gives, its share of wrong ones being no greater than allowed. */
function bestFixed(asked: readonly Asked[], maxErrorRate: number): number {
  let wrong = 0
  let best = 0
  const sorted = [...asked].sort((a, b) => b.similarity - a.similarity)
  sorted.forEach(({ isRight }, i) => {
    if (!isRight) wrong++
    if (wrong <= maxErrorRate * (i + 1)) best = i + 1
  })
  return best
}

/** Below this the true rate lies with 95 % probability, by the normal approximation to the binomial. */
const upperBound = (wrong: number, hits: number): number => {
  const rate = wrong / hits
  return rate + 1.645 * Math.sqrt((rate * (1 - rate)) / hits)
}

test.each([0.02, 0.05, 0.1])(
  'over 10,000 look-ups at most %d of the hits are wrong, and there are more than with any fixed threshold',
  rate => {
    using db = Database.open(':memory:')
    for (const seed of [1, 2, 3]) {
      // Seeds are worlds of their own: other entries, other overlaps.
      const learning = new Learning(db as never)
      const asked = questions(seed, 200, 10_000)
      let hits = 0
      let wrong = 0
      for (const { entry, similarity, isRight } of asked) {
        if (learning.allows(`c${seed}`, `e${entry}`, 'v', similarity, rate)) {
          hits++
          if (!isRight) wrong++
        } else {
          // Only of misses is it known what the answer would have been.
          learning.add(`c${seed}`, `e${entry}`, 'v', [similarity, isRight ? 1 : 0])
        }
      }
      expect(upperBound(wrong, hits)).toBeLessThanOrEqual(rate)
      expect(hits).toBeGreaterThanOrEqual(bestFixed(asked, rate))
    }
  },
)

describe('a cache that learns', () => {
  const open = (path = ':memory:'): { db: Database; cache: Cache } => {
    const db = Database.open(path, { logLevel: 'off' })
    return { db, cache: db.cache('answers', { maxErrorRate: 0.05 }) }
  }
  const ask = (cache: Cache, similarity: number): CacheLookup => cache.lookup({ queryEmbedding: near(similarity) })
  /** Questions of 0.9 and above are right, others wrong. */
  const teach = (cache: Cache, rounds: number): void => {
    for (let i = 0; i < rounds; i++) {
      const similarity = 0.8 + ((i * 37) % 200) / 1000
      const { hit, candidate } = ask(cache, similarity)
      cache.feedback((hit ?? candidate)!.hitId, similarity >= 0.9)
    }
  }

  test('asks first, then knows what is near enough, and still knows when it is opened again', () => {
    const path = directory('learned')
    {
      const { db, cache } = open(path)
      cache.put({ key: 'a', value: 1, embedding: at(0) })
      expect(ask(cache, 0.97)).toMatchObject({ hit: undefined, outcome: 'explored', candidate: { key: 'a', value: 1 } })
      expect(cache.get({ queryEmbedding: near(0.97) })).toBeUndefined()
      teach(cache, 120)
      expect(ask(cache, 0.98).outcome).toBe('semantic')
      expect(ask(cache, 0.82).outcome).toBe('explored')
      expect(cache.get({ key: 'a' })?.kind).toBe('exact')
      expect(cache.stats().explorations).toBeGreaterThan(2)
      db.close()
    }
    const { db, cache } = open(path)
    expect(ask(cache, 0.98).outcome).toBe('semantic')
    expect(ask(cache, 0.82).outcome).toBe('explored')
    // Another answer under the same key has yet to prove itself.
    cache.put({ key: 'a', value: 2, embedding: at(0) })
    const { candidate, outcome } = ask(cache, 0.93)
    expect(outcome).toBe('explored')
    expect(cache.feedback(candidate!.hitId, true)).toBe(true)
    db.close()
  })

  test('feedback on what is gone is told apart, and a wrong answer to its own key goes', () => {
    const { db, cache } = open()
    cache.put({ key: 'a', value: 1, embedding: at(0) })
    const { candidate } = ask(cache, 0.97)
    const exact = cache.get({ key: 'a' })!
    expect(cache.feedback(exact.hitId, true)).toBe(true)
    expect(cache.feedback(exact.hitId, false)).toBe(true)
    expect(cache.get({ key: 'a' })).toBeUndefined()
    expect(cache.feedback(candidate!.hitId, true)).toBe(false)
    cache.clear()
    expect(cache.feedback(candidate!.hitId, true)).toBe(false)
    db.close()
  })

  test('wrap learns by comparing what it makes with what it had', async () => {
    const { db } = open()
    const cache = db.cache('answers', { isSame: (a, b) => a === b })
    let calls = 0
    const answer = (similarity: number): Promise<unknown> =>
      cache.wrap(
        { key: `q ${String.fromCodePoint(97 + calls)} ${'x'.repeat(calls)}`, embedding: near(similarity) },
        () => {
          calls++
          return similarity >= 0.9 ? 'right' : 'another'
        },
      )
    cache.put({ key: 'a', value: 'right', embedding: at(0) })
    for (let i = 0; i < 8; i++) await answer(0.999)
    expect(cache.stats().explorations).toBeGreaterThan(0)
    const { hit, candidate } = cache.lookup({ queryEmbedding: at(0) })
    expect((hit ?? candidate)?.value).toBe('right')
    db.close()
  })
})
