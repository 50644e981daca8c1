/** Vectors for tests: reproducible, and the truth about them by comparing with all of them. */

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function randomVector(dimension: number, random: () => number): Float32Array {
  return Float32Array.from({ length: dimension }, () => random() * 2 - 1)
}

/** Vectors in clusters, as embeddings are, end to end. A greater spread makes the nearest harder to find. */
export function clusteredVectors(
  count: number,
  dimension: number,
  random: () => number,
  { clusters = 200, spread = 0.6 } = {},
): Float32Array {
  const centres = Array.from({ length: clusters }, () => randomVector(dimension, random))
  const vectors = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) {
    const centre = centres[Math.floor(random() * clusters)]!
    for (let j = 0; j < dimension; j++) vectors[i * dimension + j] = centre[j]! + (random() * 2 - 1) * spread
  }
  return vectors
}

export type Metric = 'cosine' | 'euclidean' | 'dotProduct'

/** Lower is nearer. */
export function distance(metric: Metric, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0
  let aa = 0
  let bb = 0
  let squares = 0
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!
    const y = b[i]!
    dot += x * y
    aa += x * x
    bb += y * y
    squares += (x - y) ** 2
  }
  if (metric === 'euclidean') return Math.sqrt(squares)
  if (metric === 'dotProduct') return -dot
  return aa === 0 || bb === 0 ? 1 : 1 - dot / Math.sqrt(aa * bb)
}

export interface Candidate {
  readonly id: string
  readonly vector: ArrayLike<number>
}

/** The ids of the k nearest, nearest first. */
export function nearest(
  metric: Metric,
  query: ArrayLike<number>,
  candidates: Iterable<Candidate>,
  k: number,
): string[] {
  const scored = Array.from(candidates, ({ id, vector }) => ({ id, at: distance(metric, query, vector) }))
  scored.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  return scored.slice(0, k).map(({ id }) => id)
}

export const idsOf = (hits: Iterable<{ readonly id: string }>): string[] => Array.from(hits, ({ id }) => id)
