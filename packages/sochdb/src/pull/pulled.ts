import type { Contract } from '@sochdb/schema/contract'

/** A store, seen as a schema. */
export interface Pulled {
  readonly contract: Contract
  /** What a schema cannot say, or says otherwise: a sentence each. */
  readonly remarks: readonly string[]
}

export const emptyContract: Contract = Object.freeze({
  version: 1,
  tables: {},
  relations: {},
  collections: {},
  nodes: {},
  edges: {},
  caches: {},
  kv: {},
})
