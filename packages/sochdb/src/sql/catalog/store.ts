/**
 * Where the catalog is kept: documents (JSON, UTF-8) in the engine's catalog tree, read and written in the caller's
 * transaction, so that DDL commits and rolls back with the data it is about.
 *
 * Key: namespace id (4 bytes, big-endian), kind (1 byte), name (UTF-8, folded: names compare without case).
 */

export interface CatalogRecord {
  readonly value: Uint8Array
  /** Commit timestamp of this version; 0n for one that the reading transaction wrote itself. */
  readonly version: bigint
}

/** The catalog tree as one transaction, or one snapshot, sees it. Reads are validated at commit at every isolation level. */
export interface CatalogStore {
  get(key: Uint8Array): CatalogRecord | undefined
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  /** The records with lo <= key < hi, in key order. */
  scan(lo: Uint8Array, hi: Uint8Array): Iterable<{ readonly key: Uint8Array } & CatalogRecord>
}

export const CatalogKind = Object.freeze({
  /** A table: {@link TableEntry}. */
  table: 't',
  /** An index: the table that has it. Index names are unique in a namespace. */
  index: 'i',
  /** A view: {@link ViewEntry}. Tables and views share their names. */
  view: 'v',
  /** A collection: {@link CollectionEntry}. */
  collection: 'c',
  /** Anything else that belongs to the namespace: counters of ids, the hash of the schema's contract. */
  metadata: 'm',
  /** A namespace, below {@link SYSTEM_NAMESPACE_ID}: its id. Names compare exactly, so keys are made elsewhere (database/). */
  namespace: 'n',
  /** A container that was dropped, below {@link SYSTEM_NAMESPACE_ID}: binary, written by the addon (native/base/catalog_key.h). */
  dropped: 'd',
})
export type CatalogKind = (typeof CatalogKind)[keyof typeof CatalogKind]

/** What belongs to no namespace: their names and ids, and what was dropped. */
export const SYSTEM_NAMESPACE_ID = 0

/** Names that differ only in case are one name. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

export function catalogKey(namespaceId: number, kind: CatalogKind, name: string): Uint8Array {
  const folded = Buffer.from(foldName(name), 'utf8')
  const key = new Uint8Array(5 + folded.length)
  new DataView(key.buffer).setUint32(0, namespaceId)
  key[4] = kind.charCodeAt(0)
  key.set(folded, 5)
  return key
}

/** The bounds [lo, hi) of all entries of a kind. */
export function catalogRange(namespaceId: number, kind: CatalogKind): { lo: Uint8Array; hi: Uint8Array } {
  const lo = catalogKey(namespaceId, kind, '')
  const hi = Uint8Array.from(lo)
  hi[4]! += 1
  return { lo, hi }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

export function readDocument(record: CatalogRecord): unknown {
  return JSON.parse(decoder.decode(record.value))
}

export function writeDocument(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document), 'utf8')
}

/**
 * The next id of a namespace for a table or a collection, from 1. Handed out by the transaction that uses it; a transaction
 * that takes one at the same time conflicts, so none is ever issued twice, and dropping gives none back.
 */
export function takeId(store: CatalogStore, namespaceId: number): number {
  const key = catalogKey(namespaceId, CatalogKind.metadata, 'ids')
  const record = store.get(key)
  const next = record ? (readDocument(record) as { next: number }).next : 1
  store.put(key, writeDocument({ next: next + 1 }))
  return next
}

/**
 * Lists a table or a collection that is dropped, or a table's rows that are truncated, among what compaction takes away:
 * native/base/catalog_key.h has the form.
 */
export function listDropped(store: CatalogStore, namespaceId: number, objectId: number): void {
  const key = new DataView(new ArrayBuffer(13))
  key.setUint8(4, CatalogKind.dropped.charCodeAt(0))
  key.setUint32(5, namespaceId)
  key.setUint32(9, objectId)
  const value = new DataView(new ArrayBuffer(12))
  value.setUint32(0, namespaceId, true)
  store.put(new Uint8Array(key.buffer), new Uint8Array(value.buffer))
}

/** A metadata document of the namespace, such as the contract its tables were made from. */
export function getMetadata(store: CatalogStore, namespaceId: number, name: string): unknown {
  const record = store.get(catalogKey(namespaceId, CatalogKind.metadata, `user:${name}`))
  return record && readDocument(record)
}

/** Sets a metadata document; `undefined` removes it. */
export function setMetadata(
  store: CatalogStore,
  namespaceId: number,
  name: string,
  document: object | undefined,
): void {
  const key = catalogKey(namespaceId, CatalogKind.metadata, `user:${name}`)
  if (document === undefined) store.delete(key)
  else store.put(key, writeDocument(document))
}
