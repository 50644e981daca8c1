/**
 * Declarations are recognised by brand, not by `instanceof`: the project's copy of this package and the generator's may differ.
 */

const brandKey = Symbol.for('sochdb.schema.brand')

export type Brand = 'column' | 'table' | 'relation' | 'collection' | 'node' | 'edge' | 'cache' | 'kv' | 'schema'

/** Gives a declaration class its brand; `toNode` yields what was declared, as frozen data. */
export abstract class Declaration<Node extends object> {
  readonly [brandKey]: Brand

  protected constructor(brand: Brand) {
    this[brandKey] = brand
    Object.defineProperty(this, brandKey, { enumerable: false })
  }

  /** What was declared, as frozen data. */
  abstract toNode(): Node
}

export function hasBrand(value: unknown, brand: Brand): boolean {
  return typeof value === 'object' && value !== null && (value as { [brandKey]?: unknown })[brandKey] === brand
}

/** Throws unless `value` is the declaration that `what` calls for. `where` names the place for a reader. */
export function expectBrand(value: unknown, brand: Brand, where: string, remedy: string): void {
  if (hasBrand(value, brand)) return
  throw new TypeError(`${where} must be ${remedy}; got ${describe(value)}.`)
}

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number')
    return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (isDate(value)) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  const brand = (value as { [brandKey]?: unknown })[brandKey]
  return typeof brand === 'string' ? `a ${brand} declaration` : 'an object'
}

/** By tag, since a Date may come from another realm. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}
