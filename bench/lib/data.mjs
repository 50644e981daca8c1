/** Deterministic data: every peer sees the same keys, values and vectors. */

/** xorshift32: small, seedable, good enough to shuffle keys. */
export function random(seed) {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
}

export const key = i => `user:${String(i).padStart(11, '0')}`

/** 100 bytes that differ per key. */
export function value(i) {
  return Buffer.from(`${i}:`.padEnd(100, 'abcdefghij'))
}

export function shuffled(n, seed = 7) {
  const next = random(seed)
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  return order
}

/** Gaussian clusters: `count` vectors around `clusters` centres, and queries drawn from the same. */
export function clusteredVectors({ count, dimension, clusters, seed }) {
  const next = random(seed)
  const gauss = () => Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next())
  const centres = Float32Array.from({ length: clusters * dimension }, gauss)
  const out = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) {
    const centre = Math.floor(next() * clusters) * dimension
    for (let d = 0; d < dimension; d++) out[i * dimension + d] = centres[centre + d] + 0.6 * gauss()
  }
  return out
}

/** The k nearest by cosine, by comparing with every vector: what recall is measured against. */
export function exactNeighbours(vectors, query, dimension, k) {
  const norm = (a, at) => {
    let s = 0
    for (let d = 0; d < dimension; d++) s += a[at + d] * a[at + d]
    return Math.sqrt(s)
  }
  const scored = []
  for (let i = 0; i * dimension < vectors.length; i++) {
    let dot = 0
    for (let d = 0; d < dimension; d++) dot += query[d] * vectors[i * dimension + d]
    scored.push([dot / norm(vectors, i * dimension), i])
  }
  return scored
    .sort((a, b) => b[0] - a[0])
    .slice(0, k)
    .map(([, i]) => i)
}
