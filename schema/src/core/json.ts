/**
 * Canonical JSON: keys sorted by code unit, no whitespace, properties that are `undefined` left out. Equal data has equal text,
 * which is what makes a hash of it name the data. Arrays keep their order.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value))
}

/** A deep copy whose objects list their keys in sorted order; `undefined` properties are left out. Refuses what JSON cannot hold. */
export function sortKeys(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`)
      return value
    case 'object':
      break
    default:
      throw new TypeError(`JSON cannot hold a ${typeof value}`)
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(sortKeys)
  const prototype = Object.getPrototypeOf(value) as object | null
  // By shape, not by identity: `Object.prototype` of another realm is one as well.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new TypeError('JSON holds plain objects only')
  const entries = Object.entries(value)
    .filter(([, property]) => property !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const copy: Record<string, unknown> = {}
  for (const [key, property] of entries) defineOwn(copy, key, sortKeys(property))
  return copy
}

/** Assigns a property of that very name, `__proto__` included. */
function defineOwn(target: object, key: string, value: unknown): void {
  if (key !== '__proto__') (target as Record<string, unknown>)[key] = value
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
