/**
 * A vector of a text: its letter trigrams, hashed into 256 places (feature hashing, Weinberger et al., 2009). Words that are spelt
 * nearly alike are near, so that a search forgives typing errors; what a text means, an embedding model would know.
 */
export function embed(text: string): number[] {
  const vector = new Array<number>(256).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = ` ${word} `
    for (let at = 0; at + 3 <= padded.length; at++) {
      const hash = fnv1a(padded.slice(at, at + 3))
      // A bit of the hash is the sign: what falls into one place by chance evens out.
      vector[hash % 256]! += hash & 0x10000 ? 1 : -1
    }
  }
  return vector
}

/** The 32-bit FNV-1a hash of the code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
