/** Vector collections: their entries in the caller's transaction. */
import type { CollectionEntry } from './entries.js'
import type { CollectionSpec } from './specs.js'
import { CatalogKind, catalogKey, catalogRange, listDropped, readDocument, takeId, writeDocument } from './store.js'
import type { CatalogStore } from './store.js'
import { checkCollection, checkSameConfiguration, textOf } from './validate.js'

export interface CatalogCollection {
  readonly entry: CollectionEntry
  readonly key: Uint8Array
  /** Commit timestamp of the entry; 0n when this transaction wrote it. */
  readonly version: bigint
}

export function getCollection(store: CatalogStore, namespaceId: number, name: string): CatalogCollection | undefined {
  const key = catalogKey(namespaceId, CatalogKind.collection, name)
  const record = store.get(key)
  return record && { entry: readDocument(record) as CollectionEntry, key, version: record.version }
}

/** All collections of the namespace, by name. */
export function listCollections(store: CatalogStore, namespaceId: number): CatalogCollection[] {
  const { lo, hi } = catalogRange(namespaceId, CatalogKind.collection)
  return Array.from(store.scan(lo, hi), record => ({
    entry: readDocument(record) as CollectionEntry,
    key: Uint8Array.from(record.key),
    version: record.version,
  }))
}

/**
 * Creates a collection, or returns the one there is when it has the same configuration.
 * Errors: ValidationError for options out of range, CollectionConfigError when it exists with another configuration.
 */
export function createCollection(
  store: CatalogStore,
  namespaceId: number,
  spec: CollectionSpec,
): { readonly entry: CollectionEntry; readonly created: boolean } {
  checkCollection(spec)
  const asked: Omit<CollectionEntry, 'id' | 'generation'> = {
    name: spec.name,
    dimension: spec.dimension,
    metric: spec.metric ?? 'cosine',
    m: spec.m ?? 16,
    efConstruction: spec.efConstruction ?? 100,
    efSearch: spec.efSearch ?? 50,
    quantization: spec.quantization ?? 'none',
    enableHybridSearch: spec.enableHybridSearch ?? spec.contentField !== undefined,
    ...textOf(spec),
    indexed: (spec.indexed ?? []).map((field, i) => ({ id: i + 1, field })),
    ...(spec.quantization === 'pq' ? pqOptions(spec) : {}),
  }
  const existing = getCollection(store, namespaceId, spec.name)
  if (existing) {
    checkSameConfiguration(existing.entry, asked)
    return { entry: existing.entry, created: false }
  }
  const entry: CollectionEntry = { id: takeId(store, namespaceId), generation: 1, ...asked }
  store.put(catalogKey(namespaceId, CatalogKind.collection, spec.name), writeDocument(entry))
  return { entry, created: true }
}

/** A part for eight values, unless it is said (DefaultPqParts in native/index/vector/vector_index.h). */
function pqOptions(spec: CollectionSpec): Pick<CollectionEntry, 'pqNumSubvectors' | 'pqNumCentroids'> {
  const { pqNumSubvectors = Math.ceil(spec.dimension / 8), pqNumCentroids = 256 } = spec
  return { pqNumSubvectors, pqNumCentroids }
}

/** Drops a collection from the catalog; its documents are of a dead id from then on. `false` when there is none. */
export function dropCollection(store: CatalogStore, namespaceId: number, name: string): boolean {
  const existing = getCollection(store, namespaceId, name)
  if (!existing) return false
  store.delete(existing.key)
  listDropped(store, namespaceId, existing.entry.id)
  return true
}
