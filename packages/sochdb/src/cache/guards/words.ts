/**
 * Texts that are the same but for one word: "Is aspirin safe for cats?" and "… for dogs?". What the word means nobody knows here, so
 * that a synonym is refused too: this guard is for those to whom a false hit is worse than a miss. Needs no list of words.
 */
const token = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu

/** Shorter ones say how words belong together, as a rule, and not what is asked. */
const LEAST_LETTERS = 3
/** Of two forms of one word, what follows the letters they have in common: "cat", "cats"; "study", "studies". */
const MOST_ENDING = 3

export function sameWords(a: string, b: string): boolean {
  const left = a.toLowerCase().match(token) ?? []
  const right = b.toLowerCase().match(token) ?? []
  if (left.length !== right.length) return true
  const differing = left.flatMap((word, i) => (word === right[i] ? [] : [i]))
  return differing.length !== 1 || mayStandFor(left[differing[0]!]!, right[differing[0]!]!)
}

function mayStandFor(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length)
  if (shorter < LEAST_LETTERS) return true
  let common = 0
  while (common < shorter && a[common] === b[common]) common++
  return common >= LEAST_LETTERS && Math.max(a.length, b.length) - common <= MOST_ENDING
}
