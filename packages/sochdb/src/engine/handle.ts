/**
 * Where an object of this package keeps the number by which the addon knows it. Reached through `sochdb/internal` only:
 * other packages of the project call the addon with it, applications never do.
 */
export const nativeHandle: unique symbol = Symbol.for('sochdb/nativeHandle') as never

/** The handle of what is closed: no native handle has this number. */
export const CLOSED = 0
