/**
 * Semantic caches: how long look-ups take among many entries, and how often what is found is right. `node workloads/cache.mjs sochdb`
 * Quality is measured with the texts of the questions; the project's guards read those, a threshold alone does not.
 */
import { SENTENCE_DIMENSION, labelledQuestions } from '../lib/cache-data.mjs'
import { percentile } from '../lib/measure.mjs'
import { DIMENSION, vectorData } from '../lib/search-data.mjs'
import { milliseconds, report } from '../lib/search-measure.mjs'

const [peer] = process.argv.slice(2)
const count = Number(process.env['BENCH_VECTORS'] ?? 100_000)
const nouns = Number(process.env['BENCH_NOUNS'] ?? 100)
const asked = 2000
const BATCH = 1000
const SETTLE_MS = Number(process.env['BENCH_SETTLE_MS'] ?? 30_000)
const THRESHOLDS = [0.8, 0.9]
const key = i => `What does entry number ${i} of the cache say?`
const value = i => `${i}: `.padEnd(500, 'an answer of some length. ')

/** A cache of the peer for so many questions. */
async function cacheOf(dir, options, capacity) {
  const { cache } = await import(`../peers/cache/${peer}.mjs`)
  return cache(dir, { ...options, capacity, dimension: SENTENCE_DIMENSION })
}

/** Each call by itself, in microseconds, sorted. */
function times(inputs, body) {
  return Float64Array.from(inputs, input => {
    const started = performance.now()
    body(input)
    return (performance.now() - started) * 1000
  }).sort()
}

await report(async dir => {
  const results = {}
  const { cache } = await import(`../peers/cache/${peer}.mjs`)
  const { row } = vectorData(count, 0)
  const large = await cache(dir, { threshold: 0.85, capacity: count, dimension: DIMENSION })
  const loading = await milliseconds(() => {
    for (let from = 0; from < count; from += BATCH) {
      large.put(
        Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => ({
          key: key(from + i),
          vector: row(from + i),
          value: value(from + i),
        })),
      )
    }
  })
  results['put, µs'] = (loading * 1000) / count
  if (peer === 'sochdb') await new Promise(resolve => setTimeout(resolve, SETTLE_MS)) // its index is built in the background
  const some = Array.from({ length: asked }, (_, i) => (Math.imul(i, 2654435761) >>> 0) % count)
  // A little away from what is stored, as another wording is: near enough for the threshold, and not equal.
  const moved = i => Float32Array.from(row(i), (x, d) => x + ((d * 7 + i) % 13 === 0 ? 0.15 * x : 0))
  const exact = times(some.map(key), text => large.exact(text))
  const vectors = some.map(moved)
  for (const vector of vectors.slice(0, 200)) large.near(vector)
  const semantic = times(vectors, vector => large.near(vector))
  results['exact hit, µs'] = percentile(exact, 50)
  results['semantic hit, p50, µs'] = percentile(semantic, 50)
  results['semantic hit, p99, µs'] = percentile(semantic, 99)
  await large.close()

  const { entries, questions } = await labelledQuestions(nouns)
  for (const threshold of THRESHOLDS) {
    const small = await cacheOf(dir, { threshold, name: String(threshold) }, entries.length)
    small.put(entries.map(({ text, vector }, i) => ({ key: text, vector, value: i })))
    let hits = 0
    let wrong = 0
    let answered = 0
    for (const { text, vector, answer } of questions) {
      const hit = small.find(text, vector)
      if (hit === undefined) continue
      hits++
      if (hit.value === answer) answered++
      else wrong++
    }
    const answerable = questions.filter(({ answer }) => answer !== undefined).length
    results[`paraphrases answered at ${threshold}, %`] = (100 * answered) / answerable
    results[`wrong among hits at ${threshold}, %`] = hits === 0 ? 0 : (100 * wrong) / hits
    await small.close()
  }
  Object.assign(results, await guardedWords(dir, entries, questions))
  return results
})

/**
 * What the guard of words refuses: questions that are those of entries but for the noun, of which every hit is wrong, and
 * paraphrases that it costs. Every other noun has entries.
 */
async function guardedWords(dir, entries, questions) {
  const results = {}
  const kinds = entries.length / nouns
  const isStored = i => Math.floor(i / kinds) % 2 === 0
  for (const [name, guards] of peer === 'sochdb'
    ? [
        ['', true],
        [', words guarded', { words: true }],
      ]
    : [['', true]]) {
    for (const threshold of THRESHOLDS) {
      const small = await cacheOf(dir, { threshold, guards, name: `words-${threshold}${name}` }, entries.length)
      small.put(entries.flatMap(({ text, vector }, i) => (isStored(i) ? [{ key: text, vector, value: i }] : [])))
      const others = entries.filter((_, i) => !isStored(i))
      const wrong = others.filter(({ text, vector }) => small.find(text, vector) !== undefined).length
      const asked = questions.filter(({ answer }) => answer !== undefined && isStored(answer))
      const answered = asked.filter(({ text, vector, answer }) => small.find(text, vector)?.value === answer).length
      results[`other nouns answered at ${threshold}${name}, %`] = (100 * wrong) / others.length
      results[`their paraphrases answered at ${threshold}${name}, %`] = (100 * answered) / asked.length
      await small.close()
    }
  }
  return results
}
