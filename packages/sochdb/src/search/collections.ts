/**
 * Creating, finding and deleting collections, in the namespace of what they are used on; `Database`, `Namespace` and
 * `Transaction` have these as methods.
 */
import { isTransaction } from '../engine/index.js'
import type { Database, Namespace, Transaction } from '../engine/index.js'
import * as catalog from '../sql/catalog/index.js'
import { checkName } from '../sql/catalog/validate.js'
import { catalogStore } from '../sql/result/index.js'
import type { StatementTarget } from '../sql/result/index.js'
import { Collection } from './collection.js'
import { checkConfig } from './config.js'
import type { CollectionConfig } from './config.js'
import { collectionNotFound, databaseOf, forgetDropped, open, openInBackground } from './opened.js'
import type { CollectionTarget } from './opened.js'

type WritableTarget = Database | Namespace | Transaction

/** Reads and writes the catalog as the target sees it; to read, a snapshot will do. */
function withStore<T>(target: CollectionTarget, use: (store: catalog.CatalogStore) => T): T {
  try {
    return use(catalogStore(target as StatementTarget))
  } catch (error) {
    throw target.explain(error)
  }
}

function exists(target: CollectionTarget, name: unknown): boolean {
  checkName('a collection', name)
  return withStore(target, store => catalog.getCollection(store, target.namespaceId, name)) !== undefined
}

/**
 * Creates a collection. When there is one of this name with the same configuration, it is that one. In a transaction it exists
 * from the commit on, and for the transaction itself at once.
 *
 * @throws ValidationError for a member that is unknown, wrong, or not available in this version
 * @throws CollectionConfigError when it exists with another configuration
 */
export function createCollection(target: WritableTarget, config: CollectionConfig): Collection {
  const spec = checkConfig(config)
  const create = (of: WritableTarget): void => {
    withStore(of, store => catalog.createCollection(store, of.namespaceId, spec))
  }
  // One that exists is compared, and nothing is written.
  if (isTransaction(target) || exists(target, spec.name)) create(target)
  else target.transaction(create)
  return openCollection(target, spec.name)
}

/**
 * A collection that exists, as the target sees it.
 *
 * @throws CollectionNotFoundError when there is none of this name
 */
export function openCollection(target: CollectionTarget, name: string): Collection {
  return new Collection(target, open(target, name))
}

/** The same without blocking while the collection's index is filled. @internal */
export async function openCollectionInBackground(target: CollectionTarget, name: string): Promise<Collection> {
  return new Collection(target, await openInBackground(target, name))
}

/** The names of all collections, in order. */
export function listCollections(target: CollectionTarget): string[] {
  const all = withStore(target, store => catalog.listCollections(store, target.namespaceId))
  return all.map(({ entry }) => entry.name)
}

/**
 * Deletes a collection and all of its documents. Snapshots taken before still see it.
 *
 * @throws CollectionNotFoundError when there is none of this name
 */
export function deleteCollection(target: WritableTarget, name: string): void {
  if (!exists(target, name)) throw collectionNotFound(name)
  const drop = (transaction: Transaction): void => {
    withStore(transaction, store => catalog.dropCollection(store, transaction.namespaceId, name))
  }
  if (isTransaction(target)) {
    drop(target)
    return
  }
  target.transaction(drop)
  forgetDropped(databaseOf(target))
}
