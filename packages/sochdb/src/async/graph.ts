/** Graphs by promise: the same verbs, whose work runs on threads of the engine. */
import { nativeHandle } from '../engine/index.js'
import { brand } from '../errors/index.js'
import {
  checkImport,
  defineGraphVerbs,
  explainGraph,
  graphReading,
  graphWriting,
  importPlans,
  nativeGraph,
  planOf,
} from '../graph/index.js'
import type {
  GraphPlace,
  GraphPlan,
  GraphReading,
  GraphTarget,
  GraphWriting,
  ImportOptions,
  NewEdge,
  OfNamespaces,
} from '../graph/index.js'
import { operate } from './operation.js'
import type { OperationOptions } from './operation.js'
import type { Promised } from './verbs.js'

/** The verbs of a graph that read, by promise. */
export type AsyncGraphReading = Promised<GraphReading, keyof GraphReading>
export type AsyncGraphWriting = Promised<GraphWriting, keyof GraphWriting>
type Reading = OfNamespaces<GraphReading>
type Writing = OfNamespaces<GraphWriting>
export type AsyncGraphsReading = Promised<Reading, keyof Reading>
export type AsyncGraphsWriting = Promised<Writing, keyof Writing>

/** Where a graph lies, and how work comes to its turn there. */
export interface AsyncGraphPlace {
  readonly place: () => GraphPlace
  readonly enqueue: <T>(action: () => T | Promise<T>) => Promise<T>
  /** Creates the graph's namespace, where that takes a commit of its own. */
  readonly create?: () => Promise<unknown>
}

/** Runs a plan: what it works on is looked up in its turn. */
export async function runAsync<T>(at: AsyncGraphPlace, plan: GraphPlan<T>): Promise<T> {
  if (plan.writes && at.create !== undefined && at.place().reader() === undefined) await at.create()
  if (plan.asOf === undefined) return ask(at, at.place, plan)
  const past = await at.enqueue(() => at.place().past(plan.asOf!))
  try {
    return await ask({ ...at, enqueue: action => Promise.resolve(action()) }, () => past.place, plan)
  } finally {
    past.close()
  }
}

async function ask<T>(at: AsyncGraphPlace, place: () => GraphPlace, plan: GraphPlan<T>): Promise<T> {
  const options: OperationOptions = {
    ...(plan.signal === undefined ? {} : { signal: plan.signal }),
    ...(plan.timeoutMs === 0 ? {} : { timeoutMs: plan.timeoutMs }),
  }
  let target: GraphTarget | undefined
  const begin = (operation: number, timeoutMs: number): Promise<T> =>
    at.enqueue(async () => {
      target = plan.writes ? place().writer() : place().reader()
      if (target === undefined) return plan.empty
      const send = plan.writes ? nativeGraph.asyncGraphWrite : nativeGraph.asyncGraphRead
      return plan.decode(await send(target[nativeHandle], plan.text, operation, timeoutMs))
    })
  return operate(options, begin, error => (target === undefined ? error : explainGraph(target, error)))
}

/** What reads a graph, by promise: `GraphReader`'s methods, which run on the engine's threads. Snapshots have it. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class AsyncGraphReader {
  static {
    brand(this, 'AsyncGraphReader')
    defineGraphVerbs(this, graphReading, async (self, plan) => runAsync(self.at, plan()))
  }

  /** @internal Applications call `db.graph()`. */
  constructor(
    /** @internal */
    readonly at: AsyncGraphPlace,
  ) {}
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface AsyncGraphReader extends AsyncGraphReading {}

/** A graph, by promise. See `Graph`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class AsyncGraph extends AsyncGraphReader {
  static {
    brand(this, 'AsyncGraph')
    defineGraphVerbs(this, graphWriting, async (self, plan) => runAsync(self.at, plan()))
  }

  /** Adds edges from anything that can be iterated over, in batches of a transaction each. See `Graph.importEdges`. */
  async importEdges(edges: Iterable<NewEdge>, options?: ImportOptions): Promise<number> {
    const { onProgress } = checkImport(options)
    let count = 0
    for (const plan of importPlans(edges, options)) {
      count += await runAsync(this.at, plan)
      onProgress?.(count)
    }
    return count
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface AsyncGraph extends AsyncGraphWriting {}

interface WithGraphs {
  /** @internal */
  graphPlace(namespace: unknown): AsyncGraphPlace
}

/** Defines the verbs whose namespace comes first, or in their request. */
export function defineAsyncGraphs(target: { readonly prototype: WithGraphs }, names: readonly string[]): void {
  for (const name of names) {
    const value = async function (this: WithGraphs, ...args: unknown[]): Promise<unknown> {
      const { namespace, plan } = planOf(name, args)
      return runAsync(this.graphPlace(namespace), plan)
    }
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true })
  }
}
