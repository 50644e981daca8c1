/**
 * Statements that came before, so that their plans are at hand. Found by comparing trees: writing out a key, as statements that
 * are given as text need none, takes longer than the query of a row.
 */
import { textOfTree } from 'sochdb/internal'
import type { SqlText, Statement } from 'sochdb/internal'

const STATEMENTS_MAX = 500
/** Longer statements, of long lists as a rule, are found by the session's key alone. */
const PARAMETERS_MAX = 100

export class StatementCache {
  readonly #texts = new Map<number, SqlText[]>()
  readonly #returning = new WeakMap<SqlText, { readonly column: string; readonly text: SqlText }>()
  #size = 0

  /** The statement that also returns a column; made once. */
  returning(text: SqlText, column: string, make: () => SqlText): SqlText {
    const held = this.#returning.get(text)
    if (held?.column === column) return held.text
    const made = make()
    this.#returning.set(text, { column, text: made })
    return made
  }

  /** The statement, in the form in which it was seen first. */
  get(statement: Statement, parameterCount: number): SqlText {
    if (parameterCount > PARAMETERS_MAX) return textOfTree(statement)
    const hash = hashOf(statement, 17)
    const held = this.#texts.get(hash)
    const found = held?.find(text => isSame(text.parsed.statement, statement))
    if (found !== undefined) return found
    const text = textOfTree(statement)
    if (++this.#size > STATEMENTS_MAX) {
      // A program has so many statements only if it makes them up as it goes.
      this.#texts.clear()
      this.#size = 1
    }
    const list = this.#texts.get(hash)
    if (list === undefined) this.#texts.set(hash, [text])
    else list.push(text)
    return text
  }
}

const mix = (hash: number, value: number): number => (Math.imul(hash, 31) + value) | 0

/** Of a tree; few differ only where it does not look. */
function hashOf(tree: unknown, hash: number): number {
  switch (typeof tree) {
    case 'string': {
      const { length } = tree
      const ends = length === 0 ? 0 : tree.charCodeAt(0) * 64 + tree.charCodeAt(length - 1)
      return mix(mix(hash, length), ends + tree.charCodeAt(length >> 1))
    }
    case 'number':
      return mix(hash, tree)
    case 'object': {
      if (tree === null) return mix(hash, 3)
      if (Array.isArray(tree)) {
        let sum = mix(hash, tree.length)
        for (const item of tree) sum = hashOf(item, sum)
        return sum
      }
      let sum = hash
      for (const name in tree) sum = hashOf((tree as Readonly<Record<string, unknown>>)[name], sum)
      return sum
    }
    default:
      return mix(hash, tree === true ? 1 : 2)
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; ++i) if (!isSame(a[i], b[i])) return false
    return true
  }
  let names = 0
  for (const name in a) {
    ++names
    if (!isSame((a as Readonly<Record<string, unknown>>)[name], (b as Readonly<Record<string, unknown>>)[name]))
      return false
  }
  for (const _ in b) --names
  return names === 0
}
