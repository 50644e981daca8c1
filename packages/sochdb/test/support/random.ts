import { randomNumbers } from '../search/support/vectors.js'

/** Choices, the same for the same seed. */
export interface Random {
  /** In [0, n). */
  below(n: number): number
  pick<T>(from: readonly T[]): T
}

export function random(seed: number): Random {
  const next = randomNumbers(seed)
  const below = (n: number): number => Math.floor(next() * n)
  return { below, pick: from => from[below(from.length)]! }
}
