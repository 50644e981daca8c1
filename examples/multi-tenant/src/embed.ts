import { vector } from 'sochdb'

export const DIMENSION = 64

/** A stand-in for a model that needs no download: each word adds to a place of the vector. Texts that share words are near. */
export function embed(text: string): number[] {
  const values = new Array<number>(DIMENSION).fill(0)
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    let hash = 7
    for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521
    values[hash % DIMENSION]! += 1
  }
  return vector.normalize(values)
}
