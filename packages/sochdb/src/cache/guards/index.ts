/** Guards against false hits: texts that are near in meaning and still must not answer each other. Lexical, and cheap. */
import type { CacheGuards } from '../types.js'
import { sameNames } from './names.js'
import { sameNegation } from './negation.js'
import { sameNumbers } from './numbers.js'
import { sameWords } from './words.js'

/** Whether one of the guards that are on refuses a candidate. */
export function refuses(guards: boolean | CacheGuards, query: string, candidate: string): boolean {
  if (guards === false || query === candidate) return false
  const { numbers = true, negation = true, names = true, words = false }: CacheGuards = guards === true ? {} : guards
  if (numbers && !sameNumbers(query, candidate)) return true
  if (negation && !sameNegation(query, candidate)) return true
  if (names && !sameNames(query, candidate)) return true
  return words && !sameWords(query, candidate)
}
