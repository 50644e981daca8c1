/** Collections under another name, and with another index over the same documents. */
import type { Database, Transaction } from '../database/index.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/index.js'
import type { Collection, ListedDocument } from '../search/index.js'
import { catalogStore } from '../sql/session.js'
import {
  CatalogKind,
  catalogKey,
  createCollection,
  dropCollection,
  getCollection,
  listCollections,
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

/** Documents of one transaction. */
const PAGE = 500
/** Collections up to this size are built anew in the transaction of their migration. */
const INLINE_DOCUMENTS = 1000
/** The name of a collection while its documents come over; no schema can declare it. */
const PARKED = '.rebuilding'

const parkedName = (name: string): string => `${name}${PARKED}`

export const isRebuilding = (name: string): boolean => name.endsWith(PARKED)

/** The collection of that name with another configuration, and the same documents. */
export function rebuildCollection(transaction: Transaction, spec: CollectionSpec): void {
  const store = catalogStore(transaction)
  const parked = parkedName(spec.name)
  // Built ahead, or made here: either way it gets what it lacks.
  createCollection(store, DEFAULT_NAMESPACE_ID, { ...spec, name: parked })
  settle(transaction.collection(spec.name), transaction.collection(parked))
  dropCollection(store, DEFAULT_NAMESPACE_ID, spec.name)
  renameCollection(transaction, parked, spec.name)
}

/**
 * Builds the collection that is to take the place of another one, in transactions of a page each, and yields between them: documents
 * that are done, of all. What changes meanwhile, `rebuildCollection` brings over.
 */
export function* rebuildAhead(
  database: Database,
  spec: CollectionSpec,
): Generator<{ readonly done: number; readonly total: number }, boolean, void> {
  const parked = parkedName(spec.name)
  const total = database.transaction(transaction => {
    const count = transaction.collection(spec.name).count()
    if (count <= INLINE_DOCUMENTS) return 0
    createCollection(catalogStore(transaction), DEFAULT_NAMESPACE_ID, { ...spec, name: parked })
    return count
  })
  if (total === 0) return false
  let done = 0
  for (let after: string | undefined; ;) {
    const page = database.transaction(transaction => {
      const documents = pageOf(transaction.collection(spec.name), after)
      const to = transaction.collection(parked)
      for (const document of documents) put(to, document)
      return documents
    })
    done += page.length
    yield { done, total: Math.max(done, total) }
    if (page.length < PAGE) return true
    after = page.at(-1)!.id
  }
}

/** Takes away what was built ahead and not taken, in this process or in one that was killed. */
export function dropRebuilds(transaction: Transaction): void {
  const store = catalogStore(transaction)
  for (const { entry } of listCollections(store, DEFAULT_NAMESPACE_ID)) {
    if (isRebuilding(entry.name)) dropCollection(store, DEFAULT_NAMESPACE_ID, entry.name)
  }
}

function pageOf(collection: Collection, after: string | undefined): readonly ListedDocument[] {
  return collection.list({ limit: PAGE, includeVectors: true, ...(after === undefined ? {} : { after }) })
}

function* documentsOf(collection: Collection): Generator<ListedDocument, undefined> {
  for (let after: string | undefined; ;) {
    const page = pageOf(collection, after)
    yield* page
    if (page.length < PAGE) return undefined
    after = page.at(-1)!.id
  }
}

function put(to: Collection, { id, metadata, vector, vectors, chunkTexts, aggregate }: ListedDocument): void {
  if (vectors === undefined) to.insert({ id, metadata, vector: vector! })
  else to.insertMulti({ id, metadata, vectors, chunkTexts, aggregate })
}

/** Makes the documents of `to` those of `from`. Both are walked in the order of their ids, which is that of their bytes. */
function settle(from: Collection, to: Collection): void {
  const [wanted, actual] = [documentsOf(from), documentsOf(to)]
  let a = wanted.next().value
  let b = actual.next().value
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))
    if (order > 0) to.delete(b!.id)
    else if (order < 0) put(to, a!)
    else if (textOf(a!) !== textOf(b!)) {
      to.delete(a!.id)
      put(to, a!)
    }
    if (order <= 0) a = wanted.next().value
    if (order >= 0) b = actual.next().value
  }
}

const textOf = ({ metadata, vector, vectors, chunkTexts, aggregate }: ListedDocument): string =>
  JSON.stringify([metadata, bytesOf(vector), vectors?.map(bytesOf), chunkTexts, aggregate])

const bytesOf = (vector: Float32Array | undefined): string =>
  vector === undefined ? '' : Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('latin1')
