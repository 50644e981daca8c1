/** Collections under another name, and with another index over the same documents. */
import type { Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import type { Collection } from '../search/index.js'
import { catalogStore } from '../sql/session.js'
import {
  CatalogKind,
  catalogKey,
  createCollection,
  dropCollection,
  getCollection,
  writeDocument,
} from '../sql/catalog/index.js'
import type { CollectionSpec } from '../sql/catalog/index.js'
import { queryError } from '../sql/problem.js'

const keyOf = (name: string): Uint8Array => catalogKey(DEFAULT_NAMESPACE_ID, CatalogKind.collection, name)

export function renameCollection(transaction: Transaction, from: string, to: string): void {
  const store = catalogStore(transaction)
  const found = getCollection(store, DEFAULT_NAMESPACE_ID, from)
  if (found === undefined) throw queryError(`There is no collection "${from}".`, undefined, { collection: from })
  const taken = getCollection(store, DEFAULT_NAMESPACE_ID, to)
  if (taken !== undefined && taken.entry.id !== found.entry.id)
    throw queryError(`There is a collection "${to}" already.`, undefined, { collection: to })
  store.delete(found.key)
  store.put(keyOf(to), writeDocument({ ...found.entry, name: to }))
}

const PAGE = 1000
/** The name of a collection while its documents come over; no schema can declare it. */
const PARKED = '.rebuilding'

export const isRebuilding = (name: string): boolean => name.endsWith(PARKED)

/** The collection of that name with another configuration, and the same documents. */
export function rebuildCollection(transaction: Transaction, spec: CollectionSpec): void {
  const store = catalogStore(transaction)
  const parked = `${spec.name}${PARKED}`
  createCollection(store, DEFAULT_NAMESPACE_ID, { ...spec, name: parked })
  copyDocuments(transaction.collection(spec.name), transaction.collection(parked))
  dropCollection(store, DEFAULT_NAMESPACE_ID, spec.name)
  renameCollection(transaction, parked, spec.name)
}

function copyDocuments(from: Collection, to: Collection): void {
  for (let after: string | undefined; ;) {
    const page = from.list({ limit: PAGE, includeVectors: true, ...(after === undefined ? {} : { after }) })
    for (const { id, metadata, vector, vectors, chunkTexts, aggregate } of page) {
      if (vectors === undefined) to.insert({ id, metadata, vector: vector! })
      else to.insertMulti({ id, metadata, vectors, chunkTexts, aggregate })
    }
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}
