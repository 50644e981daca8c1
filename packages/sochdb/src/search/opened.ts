/**
 * Collections that are open in the addon, by namespace and name. The catalog says what a name means; what it said is kept, and asked again
 * when the catalog has changed, which costs a comparison of timestamps.
 */
import { isTransaction, Namespace, native, nativeHandle } from '../engine/index.js'
import type { Database, Snapshot, Transaction } from '../engine/index.js'
import { Database as DatabaseClass } from '../engine/index.js'
import { CollectionNotFoundError } from '../errors/index.js'
import { CatalogKind, catalogKey } from '../sql/catalog/index.js'
import type { CollectionEntry } from '../sql/catalog/index.js'
import { checkName } from '../sql/catalog/validate.js'
import type { CatalogDocument, NativeExec } from '../sql/result/native.js'
import { search } from './native.js'

/** What a collection is used through: the newest state, a transaction, or a snapshot to read from. */
export type CollectionTarget = Database | Namespace | Transaction | Snapshot

/** A collection that is open in the addon. */
export interface Opened {
  readonly handle: number
  readonly namespaceId: number
  readonly entry: CollectionEntry
  /** The entry as the catalog has it: another one is another collection. */
  readonly text: string
}

const catalog = native as unknown as Pick<NativeExec, 'catalogGet' | 'catalogTimestamp'>

/** The addon's numbers (native/index/vector/metric.h). */
const METRIC_NUMBER = Object.freeze({ cosine: 0, dotProduct: 1, euclidean: 2 })
/** The addon's numbers (native/index/vector/vector_codec.h). */
const QUANTIZATION_NUMBER = Object.freeze({ none: 0, scalar: 1, pq: 2, binary: 3 })
const MAX_CACHED = 4096

/** Closing a handle of a database that is closed does nothing. */
const finalizer = new FinalizationRegistry<number>(handle => search.collectionClose(handle))

export function collectionNotFound(name: string, why = 'does not exist'): CollectionNotFoundError {
  return new CollectionNotFoundError(`Collection "${name}" ${why}.`, {
    collection: name,
    details: { collection: name },
  })
}

/**
 * Opens a collection as the target sees it.
 *
 * @throws CollectionNotFoundError when there is none of this name
 */
export function open(target: CollectionTarget, name: unknown): Opened {
  checkName('a collection', name)
  try {
    const opened = isNewest(target) ? openNewest(target, name) : openAsSeen(target, name)
    if (opened !== undefined) return opened
  } catch (error) {
    throw target.explain(error)
  }
  throw collectionNotFound(name)
}

/**
 * The same without blocking: where the collection's index has to be filled from its rows first, that is done by threads of the
 * engine.
 */
export async function openInBackground(target: CollectionTarget, name: unknown): Promise<Opened> {
  checkName('a collection', name)
  try {
    const { namespaceId } = target
    const document = read(target, namespaceId, name)
    const isOwn = document?.version === 0n
    const database = isNewest(target) || isTransaction(target) ? databaseOf(target) : undefined
    const isOpen =
      document !== undefined && database !== undefined && cacheOf(database).has(namespaceId, name, document.value)
    if (document !== undefined && !isOwn && !isOpen) {
      const through = (database ?? target)[nativeHandle]
      const handle = await search.asyncCollectionOpen(
        ...openArguments(through, namespaceId, document, database?.config().learnedNavigator ?? false),
      )
      search.collectionClose(handle) // its index stays
    }
  } catch (error) {
    throw target.explain(error)
  }
  return open(target, name)
}

/** The database of what is no view of it at one moment. */
export function databaseOf(target: Database | Namespace | Transaction): Database {
  return target instanceof DatabaseClass ? target : target.database
}

function isNewest(target: CollectionTarget): target is Database | Namespace {
  return target instanceof DatabaseClass || target instanceof Namespace
}

function openNewest(target: Database | Namespace, name: string): Opened | undefined {
  return cacheOf(databaseOf(target)).open(target, target.namespaceId, name)
}

/** Lets go of the indexes of collections that are gone from the database. */
export function forgetDropped(database: Database): void {
  cacheOf(database).refresh()
}

/** The newest state of one database. */
class Cache {
  readonly #database: Database
  readonly #opened = new Map<string, Opened>()
  #timestamp = -1n

  constructor(database: Database) {
    this.#database = database
  }

  /** through: what it is read through, which knows whether the namespace is still there. */
  open(through: Database | Namespace, namespaceId: number, name: string): Opened | undefined {
    this.refresh()
    const key = cacheKey(namespaceId, name)
    const held = this.#opened.get(key)
    if (held !== undefined) return held
    const document = read(through, namespaceId, name)
    if (document === undefined) return undefined
    const { learnedNavigator } = this.#database.config()
    const opened = openNative(this.#database[nativeHandle], namespaceId, document, learnedNavigator)
    if (this.#opened.size >= MAX_CACHED) this.#opened.clear()
    this.#opened.set(key, opened)
    return opened
  }

  has(namespaceId: number, name: string, text: string): boolean {
    return this.#opened.get(cacheKey(namespaceId, name))?.text === text
  }

  refresh(): void {
    const timestamp = catalog.catalogTimestamp(this.#database[nativeHandle])
    if (timestamp === this.#timestamp) return
    for (const [key, opened] of this.#opened) {
      if (read(this.#database, opened.namespaceId, opened.entry.name)?.value === opened.text) continue
      this.#opened.delete(key)
      search.collectionForget(opened.handle)
    }
    this.#timestamp = timestamp
  }
}

/** Names hold no control characters. */
const cacheKey = (namespaceId: number, name: string): string => `${namespaceId}\n${name}`

const caches = new WeakMap<Database, Cache>()

function cacheOf(database: Database): Cache {
  let cache = caches.get(database)
  if (cache === undefined) {
    cache = new Cache(database)
    caches.set(database, cache)
  }
  return cache
}

/** What a transaction or a snapshot sees and the newest state does not, or not so. */
const seen = new WeakMap<Transaction | Snapshot, Map<string, Opened>>()

function openAsSeen(target: Transaction | Snapshot, name: string): Opened | undefined {
  const { namespaceId } = target
  const document = read(target, namespaceId, name)
  if (document === undefined) return undefined
  let opened = seen.get(target)
  const held = opened?.get(name)
  if (held?.text === document.value) return held
  // What this transaction wrote itself, nobody else sees: its index belongs to the transaction.
  const isOwn = document.version === 0n
  if (isTransaction(target) && !isOwn) {
    const newest = cacheOf(target.database).open(target.database, namespaceId, name)
    if (newest?.text === document.value) return newest
  }
  const through = isTransaction(target) && !isOwn ? target.database : target
  const fresh = openNative(through[nativeHandle], namespaceId, document, false)
  if (opened === undefined) seen.set(target, (opened = new Map()))
  opened.set(name, fresh)
  return fresh
}

function read(target: CollectionTarget, namespaceId: number, name: string): CatalogDocument | undefined {
  return catalog.catalogGet(target[nativeHandle], catalogKey(namespaceId, CatalogKind.collection, name))
}

function openArguments(
  target: number,
  namespaceId: number,
  document: CatalogDocument,
  learnedNavigator: boolean,
): Parameters<typeof search.collectionOpen> {
  const entry = JSON.parse(document.value) as CollectionEntry
  return [
    target,
    Buffer.from(document.key, 'latin1'),
    Buffer.from(document.value, 'utf8'),
    namespaceId,
    entry.id,
    entry.dimension,
    METRIC_NUMBER[entry.metric],
    entry.m,
    entry.efConstruction,
    entry.efSearch,
    packFields(entry.indexed),
    describeText(entry),
    QUANTIZATION_NUMBER[entry.quantization],
    entry.pqNumSubvectors ?? 0,
    entry.pqNumCentroids ?? 256,
    learnedNavigator,
  ]
}

/** The keyword index, as the addon takes it; undefined: there is none. */
function describeText({ enableHybridSearch, contentField, contentWeights, text }: CollectionEntry): string | undefined {
  if (!enableHybridSearch) return undefined
  const fields = contentField.map((path, i) => [i + 1, path, contentWeights?.[i] ?? 1])
  return JSON.stringify([fields, text?.stemming === 'english', text?.stopWords ?? []])
}

function openNative(target: number, namespaceId: number, document: CatalogDocument, learnedNavigator: boolean): Opened {
  const entry = JSON.parse(document.value) as CollectionEntry
  const handle = search.collectionOpen(...openArguments(target, namespaceId, document, learnedNavigator))
  const opened: Opened = Object.freeze({ handle, namespaceId, entry, text: document.value })
  finalizer.register(opened, handle)
  return opened
}

/** Records: u32 number | u32 length | path, padded to 4 bytes. */
function packFields(fields: CollectionEntry['indexed']): Uint8Array {
  return Buffer.concat(
    fields.map(({ id, field }) => {
      const path = Buffer.from(field, 'utf8')
      const record = Buffer.alloc(8 + ((path.length + 3) & ~3))
      record.writeUInt32LE(id, 0)
      record.writeUInt32LE(path.length, 4)
      path.copy(record, 8)
      return record
    }),
  )
}
