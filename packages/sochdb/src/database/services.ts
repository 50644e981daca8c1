/**
 * Where services (caches, intents) keep what is theirs, in the namespace of what they are used on: a half of it with keys and
 * collections of its own, which goes when the namespace goes.
 */
import { Database } from './database.js'
import { Namespace } from './namespace.js'
import { DEFAULT_IDENTITY, servicesHalf } from './namespaces.js'
import { Snapshot } from './snapshot.js'
import { Transaction } from './transaction.js'

const opened = new WeakMap<Database | Namespace, Namespace>()

export function servicesOf(of: Transaction): Transaction
export function servicesOf(of: Snapshot): Snapshot
export function servicesOf(of: Database | Namespace): Namespace
export function servicesOf(of: Database | Namespace | Transaction | Snapshot): Namespace | Transaction | Snapshot {
  if (of instanceof Transaction || of instanceof Snapshot) {
    try {
      return of.through(servicesHalf(of.boundTo ?? DEFAULT_IDENTITY))
    } catch (error) {
      throw of.explain(error)
    }
  }
  const held = opened.get(of)
  if (held !== undefined) return held
  const [database, identity] = of instanceof Database ? [of, DEFAULT_IDENTITY] : [of.database, of.identity]
  let services: Namespace
  try {
    services = new Namespace(database, servicesHalf(identity))
  } catch (error) {
    throw of.explain(error)
  }
  opened.set(of, services)
  return services
}

/** The newest state of what a transaction sees the services of; undefined: only the transaction sees that namespace. */
export function newestServicesOf(transaction: Transaction): Namespace | undefined {
  const database = transaction.database as Database
  const { boundTo } = transaction
  try {
    return servicesOf(boundTo === undefined ? database : database.namespace(boundTo.name))
  } catch {
    return undefined
  }
}
