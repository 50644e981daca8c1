/**
 * Recognising a class by its name, not its identity: an ESM and a CJS build of this package in one process agree on what
 * is a `TransactionConflictError`.
 *
 * The brand is a registered symbol on the prototype, so subclasses carry those of their parents. A class that is not
 * branded itself (one that an application derives) keeps the ordinary `instanceof`.
 */

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance]

const brandOf = (name: string): symbol => Symbol.for(`sochdb/${name}`)

/** Call it from a static block: `static { brand(this, 'Database') }`. */
export function brand(target: { readonly prototype: object }, name: string): void {
  const symbol = brandOf(name)
  Object.defineProperty(target.prototype, symbol, { value: true })
  Object.defineProperty(target, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this === target) return typeof value === 'object' && value !== null && symbol in value
      return ordinaryHasInstance.call(this as () => void, value)
    },
  })
}
