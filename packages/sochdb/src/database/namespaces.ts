/**
 * Namespaces in the catalog (docs/internals/catalog-format.md): creating, finding, describing and dropping them. `Database`,
 * `Transaction` and `Snapshot` have these as methods.
 *
 * A name leads to an id, which every key of the namespace begins with and which no other namespace ever gets.
 */
import { DEFAULT_NAMESPACE_ID, native, nativeHandle } from '../engine/index.js'
import type { Database, NamespaceIdentity, Snapshot, Transaction } from '../engine/index.js'
import {
  ErrorCode,
  NamespaceAccessError,
  NamespaceExistsError,
  NamespaceNotFoundError,
  SochDBError,
  ValidationError,
} from '../errors/index.js'
import * as catalog from '../sql/catalog/index.js'
import type { CatalogRecord, CatalogStore } from '../sql/catalog/index.js'
import { catalogStore } from '../sql/result/index.js'
import type { StatementTarget } from '../sql/result/index.js'
import {
  checkCopy,
  checkDeletion,
  checkNamespaceName,
  checkNamespaceOptions,
  checkNewNamespace,
  DEFAULT_NAMESPACE,
} from './namespace-options.js'
import type { NamespaceOptions } from './namespace-options.js'

/** What a namespace is, and holds now. */
export interface NamespaceInfo {
  readonly name: string
  readonly displayName: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** ISO-8601, in UTC. Undefined for `default`, which is as old as the store. */
  readonly createdAt: string | undefined
  /** Keys of the key-value store, counted one by one. */
  readonly keyCount: number
  /** Bytes of its keys and values, documents and rows, uncompressed and without indexes. */
  readonly sizeBytes: number
  readonly collectionCount: number
  readonly tableCount: number
}

/** What namespaces are looked up in: the newest state, a transaction, or a snapshot. */
export type NamespaceTarget = Database | Transaction | Snapshot

interface NamespaceEntry {
  readonly id: number
  readonly name: string
  readonly createdAt: string
}

/** The other half of the numbers is for what services keep (native/base/catalog_key.h). */
const SERVICES_BIT = 0x8000_0000
const MAX_NAMESPACE_ID = 0x7fff_fffe
const NOTHING = new Uint8Array(0)
export const DEFAULT_IDENTITY: NamespaceIdentity = Object.freeze({
  id: DEFAULT_NAMESPACE_ID,
  name: DEFAULT_NAMESPACE,
  key: NOTHING,
  entry: NOTHING,
})

const storeOf = (target: NamespaceTarget): CatalogStore => catalogStore(target as StatementTarget)

/** Names compare exactly, unlike those of tables: tenants `Acme` and `acme` are two. */
function namespaceKey(name: string): Uint8Array {
  const key = catalog.catalogKey(catalog.SYSTEM_NAMESPACE_ID, catalog.CatalogKind.namespace, '')
  return Buffer.concat([key, Buffer.from(name, 'utf8')])
}

const descriptionKey = (id: number): Uint8Array => catalog.catalogKey(id, catalog.CatalogKind.metadata, 'namespace')

function notFound(name: string): NamespaceNotFoundError {
  return new NamespaceNotFoundError(`Namespace "${name}" does not exist.`, {
    namespace: name,
    details: { namespace: name },
  })
}

/** What was opened through a namespace reaches that one alone. */
function checkReach(target: NamespaceTarget, name: string): void {
  const bound = 'boundTo' in target ? target.boundTo : undefined
  if (bound === undefined || bound.name === name) return
  throw new NamespaceAccessError(
    `This was opened through namespace "${bound.name}", and "${name}" is not reached from there.`,
    {
      namespace: name,
      details: { namespace: name, openedThrough: bound.name },
      remediation: 'Open it on the database, or on a transaction or snapshot of the database, for several namespaces.',
    },
  )
}

function identityOf(key: Uint8Array, record: CatalogRecord): NamespaceIdentity {
  const { id, name } = catalog.readDocument(record) as NamespaceEntry
  return Object.freeze({ id, name, key, entry: record.value })
}

/** The half of a namespace that services keep theirs in: nobody's keys, collections or graph, and gone with it. */
export const servicesHalf = (identity: NamespaceIdentity): NamespaceIdentity =>
  Object.freeze({ ...identity, id: identity.id + SERVICES_BIT })

/** The namespace of a name, as the target sees it; undefined when there is none. */
export function lookUp(target: NamespaceTarget, name: unknown): NamespaceIdentity | undefined {
  checkNamespaceName(name)
  checkReach(target, name)
  if (name === DEFAULT_NAMESPACE) return DEFAULT_IDENTITY
  const key = namespaceKey(name)
  return attempt(target, () => {
    const record = storeOf(target).get(key)
    return record && identityOf(key, record)
  })
}

/** @throws NamespaceNotFoundError when there is none of this name */
export function find(target: NamespaceTarget, name: unknown): NamespaceIdentity {
  const identity = lookUp(target, name)
  if (identity === undefined) throw notFound(name as string)
  return identity
}

/** @throws NamespaceExistsError when there is one of this name */
export function create(transaction: Transaction, nameOrConfig: unknown, given: unknown): NamespaceIdentity {
  const { name, options } = checkNewNamespace(nameOrConfig, given)
  if (lookUp(transaction, name) !== undefined) {
    throw new NamespaceExistsError(`Namespace "${name}" exists already.`, {
      namespace: name,
      details: { namespace: name },
    })
  }
  return attempt(transaction, () => {
    const store = storeOf(transaction)
    const id = takeNamespaceId(store)
    const key = namespaceKey(name)
    const entry: NamespaceEntry = { id, name, createdAt: new Date().toISOString() }
    const value = catalog.writeDocument(entry)
    store.put(key, value)
    store.put(descriptionKey(id), catalog.writeDocument(options))
    return Object.freeze({ id, name, key, entry: value })
  })
}

/** The ids up to that of `default` were given out when the format was made. */
function takeNamespaceId(store: CatalogStore): number {
  let id: number
  do id = catalog.takeId(store, catalog.SYSTEM_NAMESPACE_ID)
  while (id <= DEFAULT_NAMESPACE_ID)
  if (id <= MAX_NAMESPACE_ID) return id
  throw new SochDBError('This store has given out every id of a namespace that there is.', {
    code: ErrorCode.LIMIT_EXCEEDED,
    details: { limit: MAX_NAMESPACE_ID },
    remediation: 'Copy what is needed into a new store.',
  })
}

/** The ids of all namespaces, `default` included. */
export function ids(target: NamespaceTarget): number[] {
  const { lo, hi } = catalog.catalogRange(catalog.SYSTEM_NAMESPACE_ID, catalog.CatalogKind.namespace)
  const found = attempt(target, () =>
    Array.from(storeOf(target).scan(lo, hi), record => (catalog.readDocument(record) as NamespaceEntry).id),
  )
  return [DEFAULT_NAMESPACE_ID, ...found]
}

/** The names of all namespaces, `default` included, sorted by their bytes. */
export function list(target: NamespaceTarget): string[] {
  const { lo, hi } = catalog.catalogRange(catalog.SYSTEM_NAMESPACE_ID, catalog.CatalogKind.namespace)
  return attempt(target, () => {
    const names = Array.from(storeOf(target).scan(lo, hi), ({ key }) =>
      Buffer.from(key.subarray(lo.length)).toString('latin1'),
    )
    const bound = 'boundTo' in target ? target.boundTo : undefined
    const all = [...names, DEFAULT_NAMESPACE].sort()
    return bound === undefined ? all : all.filter(name => name === bound.name)
  })
}

/** `view` is the target seen through the namespace. */
export function describe(
  target: NamespaceTarget,
  identity: NamespaceIdentity,
  view: { readonly [nativeHandle]: number },
): NamespaceInfo {
  return attempt(target, () => {
    const store = storeOf(target)
    const description = store.get(descriptionKey(identity.id))
    const { displayName, labels = {} } = (description ? catalog.readDocument(description) : {}) as NamespaceOptions
    const isDefault = identity.id === DEFAULT_NAMESPACE_ID
    const { createdAt } = (
      isDefault ? {} : JSON.parse(Buffer.from(identity.entry).toString())
    ) as Partial<NamespaceEntry>
    return {
      name: identity.name,
      displayName,
      labels,
      createdAt,
      ...native.namespaceSize(view[nativeHandle]),
      collectionCount: catalog.listCollections(store, identity.id).length,
      tableCount: catalog.listTables(store, identity.id).length,
    }
  })
}

/** @throws NamespaceNotFoundError when there is none of this name */
export function update(transaction: Transaction, name: unknown, change: unknown): void {
  const checked = checkNamespaceOptions(change, 'updateNamespace')
  const { id } = find(transaction, name)
  attempt(transaction, () => {
    const store = storeOf(transaction)
    const record = store.get(descriptionKey(id))
    const held = record ? (catalog.readDocument(record) as NamespaceOptions) : {}
    store.put(descriptionKey(id), catalog.writeDocument({ ...held, ...checked }))
  })
}

/**
 * Drops a namespace: an entry of the catalog, whatever it holds.
 *
 * @throws NamespaceNotFoundError when there is none of this name
 * @throws NamespaceAccessError for `default`, and for one that holds something, without `force`
 */
export function drop(transaction: Transaction, name: unknown, options: unknown): void {
  const { force } = checkDeletion(options)
  const identity = find(transaction, name)
  const details = { namespace: identity.name }
  if (identity.id === DEFAULT_NAMESPACE_ID) {
    throw new NamespaceAccessError('The namespace "default" cannot be deleted.', {
      namespace: identity.name,
      details,
      remediation: 'Delete its keys, tables and collections instead.',
    })
  }
  const handle = transaction.through(identity)[nativeHandle]
  attempt(transaction, () => {
    if (!force && !native.namespaceIsEmpty(handle)) {
      throw new NamespaceAccessError(`Namespace "${identity.name}" is not empty.`, {
        namespace: identity.name,
        code: ErrorCode.NAMESPACE_NOT_EMPTY,
        details,
        remediation: 'Pass { force: true } to delete it with all that it holds.',
      })
    }
    native.namespaceDrop(handle)
  })
}

/** Runs what calls the addon, and explains what it throws in the words of the target. */
export function attempt<T>(target: NamespaceTarget, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw target.explain(error)
  }
}

/** Copies keys, all or none; how many. */
export function copy(
  target: { namespace(name: string): { readonly [nativeHandle]: number } } & NamespaceTarget,
  request: unknown,
): number {
  const { sourceNs, targetNs, prefix } = checkCopy(request)
  const from = target.namespace(sourceNs)[nativeHandle]
  const to = target.namespace(targetNs)[nativeHandle]
  return attempt(target, () => native.namespaceCopy(from, to, prefix))
}

export function checkCallback(fn: unknown): void {
  if (typeof fn === 'function') return
  throw new ValidationError('useNamespace takes a name and a function.', { details: { argument: 'fn' } })
}

export { checkNewNamespace }
