/** The graph of a namespace, as it is used: `db.graph('default')`. */
import { nativeHandle } from '../engine/index.js'
import { callable, checkOptions, whole } from '../engine/check.js'
import { checkIterable } from '../bytes/packer.js'
import { brand, errorFromNative, isNativeError, NativeCode } from '../errors/index.js'
import { readChecks } from './check.js'
import { graph as native } from './native.js'
import type { GraphAnswer } from './native.js'
import * as plans from './plans.js'
import type { GraphPlan } from './plans.js'
import type { ImportOptions, NewEdge } from './types.js'
import type { GraphReading, GraphWriting } from './verbs.js'
import { reading, writing } from './verbs.js'

/** What a graph is read or written through: something that the addon knows, and how its failures are explained. */
export interface GraphTarget {
  readonly [nativeHandle]: number
  explain(error: unknown): unknown
}

/** Where a graph lies. */
export interface GraphPlace {
  /** undefined: its namespace does not exist, and it is empty. */
  readonly reader: () => GraphTarget | undefined
  /** Creates its namespace where there is none. */
  readonly writer: () => GraphTarget
  /** The same place as it was; `close` it. */
  readonly past: (asOf: bigint) => { readonly place: GraphPlace; close(): void }
}

/** The public error for what a plan's call threw. */
export function explainGraph(target: GraphTarget, error: unknown): unknown {
  const isTimeout = isNativeError(error) && error.nativeCode === NativeCode.TIMEOUT
  return isTimeout ? errorFromNative(error, 'query') : target.explain(error)
}

export function runPlan<T>(place: GraphPlace, plan: GraphPlan<T>): T {
  plan.signal?.throwIfAborted()
  if (plan.writes) return call(place.writer(), plan, target => native.graphWrite(target, plan.text))
  if (plan.asOf === undefined) return read(place, plan)
  const past = place.past(plan.asOf)
  try {
    return read(past.place, plan)
  } finally {
    past.close()
  }
}

function read<T>(place: GraphPlace, plan: GraphPlan<T>): T {
  const target = place.reader()
  return target === undefined
    ? plan.empty
    : call(target, plan, handle => native.graphRead(handle, plan.text, plan.timeoutMs))
}

function call<T>(target: GraphTarget, plan: GraphPlan<T>, ask: (handle: number) => GraphAnswer): T {
  let answer: GraphAnswer
  try {
    answer = ask(target[nativeHandle])
  } catch (error) {
    throw explainGraph(target, error)
  }
  return plan.decode(answer)
}

const importChecks = {
  batchSize: whole(1, 1_000_000),
  onProgress: callable,
  signal: readChecks.signal,
}

/** Lists of edges of an import, as plans. */
export function* importPlans(
  edges: Iterable<NewEdge>,
  options: ImportOptions | undefined,
): Generator<GraphPlan<number>> {
  const { batchSize = 10_000, signal } = checkImport(options)
  let batch: NewEdge[] = []
  for (const edge of checkIterable(edges, 'edges', 'an iterable of edges') as Iterable<NewEdge>) {
    batch.push(edge)
    if (batch.length < batchSize) continue
    signal?.throwIfAborted()
    yield plans.addEdges(batch)
    batch = []
  }
  signal?.throwIfAborted()
  if (batch.length > 0) yield plans.addEdges(batch)
}

export const checkImport = (options: ImportOptions | undefined): ImportOptions =>
  checkOptions(options, importChecks, 'importEdges') as ImportOptions

/** What reads a graph: nodes, edges, walks, paths and patterns. Snapshots have it; `Graph` writes as well. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class GraphReader {
  static {
    brand(this, 'GraphReader')
    defineGraphVerbs(this, reading, (self, plan) => runPlan(self.place, plan()))
  }

  /** @internal Applications call `db.graph()`. */
  constructor(
    /** @internal */
    readonly place: GraphPlace,
  ) {}
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface GraphReader extends GraphReading {}

/**
 * A graph: nodes with a type and properties, edges between them, with or without a time in which they hold. Each namespace has one;
 * it is there as soon as something is written to it.
 *
 * @example
 * const graph = db.graph()
 * graph.addNode('alice', 'person', { team: 'ml' })
 * graph.addEdge('alice', 'works_on', 'project_x')
 * graph.getNeighbors({ nodeId: 'alice' }).map(({ id }) => id) // ['project_x']
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class Graph extends GraphReader {
  static {
    brand(this, 'Graph')
    defineGraphVerbs(this, writing, (self, plan) => runPlan(self.place, plan()))
  }

  /**
   * Adds edges from anything that can be iterated over, in batches of a transaction each: what fails leaves the batches before it.
   * On a transaction all is part of that. Returns how many there were.
   */
  importEdges(edges: Iterable<NewEdge>, options?: ImportOptions): number {
    const { onProgress } = checkImport(options)
    let count = 0
    for (const plan of importPlans(edges, options)) {
      count += runPlan(this.place, plan)
      onProgress?.(count)
    }
    return count
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface Graph extends GraphWriting {}

type Plans = Readonly<Record<string, (...args: never[]) => GraphPlan<unknown>>>

/** Defines a method for each verb, which lets `run` make its plan: that throws where the arguments are wrong. */
export function defineGraphVerbs<This extends object>(
  target: { readonly prototype: This },
  names: readonly string[],
  run: (self: This, plan: () => GraphPlan<unknown>) => unknown,
): void {
  for (const name of names) {
    const plan = (plans as unknown as Plans)[name]!
    const value = function (this: This, ...args: never[]): unknown {
      return run(this, () => plan(...args))
    }
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true })
  }
}

/** The plan of a verb whose namespace comes first, or in its request; and that namespace. */
export function planOf(
  name: string,
  args: readonly unknown[],
): { readonly namespace: unknown; readonly plan: GraphPlan<unknown> } {
  const plan = (plans as unknown as Plans)[name]! as (...args: unknown[]) => GraphPlan<unknown>
  const [head, ...rest] = args
  if (args.length === 0) return { namespace: 'default', plan: plan() }
  if (typeof head !== 'object' || head === null) return { namespace: head, plan: plan(...rest) }
  const { namespace, ...request } = head as Record<string, unknown>
  return { namespace: namespace ?? 'default', plan: plan(request, ...rest) }
}
