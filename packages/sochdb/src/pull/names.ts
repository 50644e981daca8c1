/** Names of a store as names of a schema: properties of a client and of rows, where a store has none of the rules of JavaScript. */

/** What a store's object must be called to stand in a schema at all. */
export const isDeclarable = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name) && !name.toLowerCase().startsWith('sochdb_')

/** A name that is declarable, made of one that is not. */
export function declarable(name: string): string {
  const words = name
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60)
  const safe = words === '' ? 'unnamed' : /^\d/.test(words) ? `_${words}` : words
  return safe.toLowerCase().startsWith('sochdb_') ? safe.slice('sochdb_'.length) || 'unnamed' : safe
}

/** `created_at` and `CREATED_AT` → `createdAt`; what is no snake case stays. */
export function camelCase(name: string): string {
  if (!/^_*([a-z0-9]+_*)+$/.test(name) && !/^_*([A-Z0-9]+_*)+$/.test(name)) return name
  const lower = name.toLowerCase()
  const [, head, rest] = /^(_*)(.*)$/.exec(lower)!
  return `${head!}${rest!.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replace(/_+$/, '')}`
}

const onClient = new Set(['graph', 'sync', 'then', 'catch', 'finally', 'prototype', 'toJSON'])
for (const name of Object.getOwnPropertyNames(Object.prototype)) onClient.add(name)

const inRow = new Set(['AND', 'OR', 'NOT', '__proto__', 'constructor', 'prototype', 'toJSON'])

/** Can no column and no relation be called so? */
export const isReservedInRow = (name: string): boolean => inRow.has(name)

/** Hands out the properties of one object; those that are reserved, or gone, get an ending. */
export class Properties {
  readonly #taken = new Set<string>()

  private constructor(readonly reserved: ReadonlySet<string>) {}

  static ofClient(): Properties {
    return new Properties(onClient)
  }

  static ofRow(): Properties {
    return new Properties(inRow)
  }

  /** `candidates`: the first that is free; names that differ in case alone are one. */
  claim(...candidates: readonly string[]): string {
    const isFree = (name: string) => !this.reserved.has(name) && !this.#taken.has(name.toLowerCase())
    const last = candidates.at(-1)!
    let name = candidates.find(isFree)
    for (let i = 1; name === undefined; ++i) {
      const other = i === 1 ? `${last}_` : `${last}${String(i)}`
      if (isFree(other)) name = other
    }
    this.#taken.add(name.toLowerCase())
    return name
  }
}
