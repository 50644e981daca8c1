/**
 * Namespaces as the engine sees them: a database, a transaction or a snapshot through which only the keys of one namespace are
 * reached. What names mean is the business of the layers above; here a namespace is its id and its entry in the catalog.
 */
import { native } from './native.js'

/** A namespace that was found in the catalog. It lives as long as the catalog holds exactly this entry under this key. */
export interface NamespaceIdentity {
  readonly id: number
  readonly name: string
  readonly key: Uint8Array
  readonly entry: Uint8Array
}

export function isSameNamespace(a: NamespaceIdentity, b: NamespaceIdentity): boolean {
  return a.id === b.id && Buffer.compare(a.entry, b.entry) === 0
}

/** Handles of namespaces that were dropped without being closed. Closing one whose database is closed does nothing. */
const abandoned = new FinalizationRegistry<number>(handle => native.namespaceClose(handle))

/** The handle of `target` seen through a namespace; it closes with the target, or when `owner` is garbage. */
export function openNamespace(target: number, { id, name, key, entry }: NamespaceIdentity, owner: object): number {
  const handle = native.namespaceOpen(target, id, name, key, entry)
  abandoned.register(owner, handle)
  return handle
}
