import type { FunctionTable } from './spec.js'

/** The last text is one of flags: i, c, m, s, and g of regexp_replace. */
export const REGEXP_FUNCTIONS = {
  /** The pattern comes first. */
  regexp: { number: 350, signature: 'TT[T]:O' },
  regexp_like: { number: 351, signature: 'TT[T]:O' },
  regexp_replace: { number: 352, signature: 'TTT[T]:T' },
  /** From a position on, the n-th match. */
  regexp_substr: { number: 353, signature: 'TT[IIT]:T' },
  regexp_instr: { number: 354, signature: 'TT[II]:I' },
  regexp_count: { number: 355, signature: 'TT[IT]:I' },
} as const satisfies FunctionTable
