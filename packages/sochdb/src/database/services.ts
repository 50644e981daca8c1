/**
 * Where services (caches, intents) keep what is theirs, in the namespace of what they are used on: a half of it with keys and
 * collections of its own, which goes when the namespace goes.
 */
import { Database } from './database.js'
import { Namespace } from './namespace.js'
import { DEFAULT_IDENTITY, servicesHalf } from './namespaces.js'
import { Transaction } from './transaction.js'

const opened = new WeakMap<Database | Namespace, Namespace>()

export function servicesOf(of: Transaction): Transaction
export function servicesOf(of: Database | Namespace): Namespace
export function servicesOf(of: Database | Namespace | Transaction): Namespace | Transaction {
  if (of instanceof Transaction) {
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
