/** Which graph a verb means: that of a namespace, seen through a database, a transaction, a snapshot or the namespace itself. */
import { planOf, runPlan } from '../graph/index.js'
import type { GraphPlace, GraphTarget } from '../graph/index.js'
import { checkNamespaceName, DEFAULT_NAMESPACE } from './namespace-options.js'
import * as namespaces from './namespaces.js'
import type { NamespaceTarget } from './namespaces.js'

interface Reachable extends GraphTarget {
  namespace(name: string): GraphTarget
}
interface Writable extends Reachable {
  getOrCreateNamespace(name: string): GraphTarget
}
/** What is read as of a time: a database gives a snapshot of it, a transaction and a snapshot one that is no later than they are. */
type Past = (asOf: bigint) => Reachable & { close(): void }

const isAtHome = (of: object, name: unknown): boolean =>
  name === DEFAULT_NAMESPACE && !('boundTo' in of && of.boundTo !== undefined)

function find(of: Reachable, name: unknown): GraphTarget | undefined {
  if (isAtHome(of, name)) return of
  return namespaces.lookUp(of as unknown as NamespaceTarget, name) && of.namespace(name as string)
}

/** Where the graph of a namespace is, for what reaches several. */
export function placeOf(of: Reachable | Writable, name: unknown, past: Past): GraphPlace {
  checkNamespaceName(name)
  return {
    reader: () => find(of, name),
    writer: () => {
      if (isAtHome(of, name) || !('getOrCreateNamespace' in of)) return of
      return of.getOrCreateNamespace(name as string)
    },
    past: asOf => {
      const snapshot = past(asOf)
      return { place: placeOf(snapshot, name, past), close: () => snapshot.close() }
    },
  }
}

interface WithGraphs {
  /** @internal */
  graphPlace(namespace: unknown): GraphPlace
}

/** Defines the verbs whose namespace comes first, or in their request. */
export function defineNamespacedVerbs(target: { readonly prototype: WithGraphs }, names: readonly string[]): void {
  for (const name of names) {
    const value = function (this: WithGraphs, ...args: unknown[]): unknown {
      const { namespace, plan } = planOf(name, args)
      return runPlan(this.graphPlace(namespace), plan)
    }
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true })
  }
}
