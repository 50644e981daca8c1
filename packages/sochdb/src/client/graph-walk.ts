/** Walks of a generated client: steps along declared edges, gathered one by one and read as one plan at their end. */
import type { EdgeContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Graph, GraphDirection, GraphNode, GraphReadOptions, MatchStep, Subgraph } from '../graph/index.js'
import type { MetadataFilter } from '../search/index.js'
import { checkProperties } from './check.js'
import type { GraphContext } from './graph-context.js'
import type { WalkOptions, WalkStep } from './graph-types.js'

/** Where walks begin: at a node, or at all that pass. */
type Start = { readonly id: string } | { readonly where: unknown }

interface Step {
  readonly edge: string
  readonly direction: GraphDirection
  /** The type of nodes that it leads to. */
  readonly to: string
  readonly maxDepth: number
  readonly where: MetadataFilter | undefined
}

/** How results are handed over: at once, or by promise. */
export type Settle = <T>(read: () => T) => unknown

/** More ways than an engine may look at edges. */
const ALL = 1_000_000_000
const PAGE = 10_000

/** `SyncGraphWalk` and the steps that generated code has for each type; `settle` makes promises of it. */
export class Walk {
  readonly #context: GraphContext
  readonly #settle: Settle
  readonly #start: Start
  /** The types of nodes it has come through, the last one last. */
  readonly #types: readonly string[]
  readonly #steps: readonly Step[]

  constructor(
    context: GraphContext,
    settle: Settle,
    start: Start,
    types: readonly string[],
    steps: readonly Step[] = [],
  ) {
    this.#context = context
    this.#settle = settle
    this.#start = start
    this.#types = types
    this.#steps = steps
  }

  out(edgeType: string, step?: WalkStep<object>): Walk {
    return this.#along(edgeType, 'outgoing', step)
  }

  in(edgeType: string, step?: WalkStep<object>): Walk {
    return this.#along(edgeType, 'incoming', step)
  }

  both(edgeType: string, step?: WalkStep<object>): Walk {
    return this.#along(edgeType, 'both', step)
  }

  nodes(options?: WalkOptions): unknown {
    return this.#settle(() => this.#nodes(options, 'nodes'))
  }

  ids(options?: WalkOptions): unknown {
    return this.#settle(() => this.#nodes(options, 'ids').map(({ id }) => id))
  }

  count(options?: WalkOptions): unknown {
    return this.#settle(() => this.#nodes(options, 'count').length)
  }

  ways(options?: WalkOptions): unknown {
    return this.#settle(() => {
      const { limit, ...read } = this.#options(options, 'ways')
      if (this.#steps.length > 0) return this.#match(read, limit ?? 100)
      return this.#begin(read, limit ?? 100).map((node): Subgraph => ({ nodes: [node], edges: [] }))
    })
  }

  get #type(): string {
    return this.#types.at(-1)!
  }

  #along(edgeType: string, direction: GraphDirection, step: WalkStep<object> = {}): Walk {
    checkProperties(step, `A step along "${String(edgeType)}"`, ['maxDepth', 'where'])
    const { maxDepth = 1, where } = step
    if (!Number.isInteger(maxDepth) || maxDepth < 1) {
      throw new ValidationError(`maxDepth of a step is a whole number of 1 or more, not ${String(maxDepth)}.`, {
        details: { argument: 'maxDepth' },
      })
    }
    const edge = this.#edge(edgeType, direction)
    const to = direction === 'incoming' ? edge.from : edge.to
    const next: Step = { edge: edge.name, direction, to, maxDepth, where: where as MetadataFilter | undefined }
    return new Walk(this.#context, this.#settle, this.#start, [...this.#types, to], [...this.#steps, next])
  }

  /** The edge of that name that leads on from here. */
  #edge(edgeType: string, direction: GraphDirection): EdgeContract {
    const leads = (edge: EdgeContract): boolean =>
      (direction === 'incoming' || edge.from === this.#type) && (direction === 'outgoing' || edge.to === this.#type)
    const possible = this.#context.edges.filter(leads)
    const found = possible.find(({ name }) => name === edgeType)
    if (found !== undefined) return found
    const names = possible.map(({ name }) => `"${name}"`).join(', ') || 'none does'
    const how = direction === 'both' ? 'joins nodes of' : direction === 'outgoing' ? 'leaves' : 'leads to'
    throw new ValidationError(
      `No edge "${String(edgeType)}" of the schema ${how} type "${this.#type}". Those that do: ${names}.`,
      { details: { argument: 'edgeType' } },
    )
  }

  #options(options: WalkOptions | undefined, method: string): WalkOptions {
    const known = ['limit', 'maxVisits', 'validAt', 'asOf', 'timeoutMs', 'signal']
    checkProperties(options ?? {}, `${method} of a walk`, known)
    const { limit } = options ?? {}
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new ValidationError(`limit is a whole number of 0 or more, not ${String(limit)}.`, {
        details: { argument: 'limit' },
      })
    }
    return options ?? {}
  }

  #nodes(given: WalkOptions | undefined, method: string): readonly GraphNode[] {
    const { limit, ...read } = this.#options(given, method)
    if (this.#steps.length === 0) return this.#begin(read, limit)
    const found = this.#isOneStep ? this.#traverse(read, limit) : this.#ends(this.#match(read, ALL))
    const start = 'id' in this.#start ? this.#start.id : undefined
    const others = found.filter(({ id }) => id !== start)
    return limit === undefined ? others : others.slice(0, limit)
  }

  /** A traversal looks at every edge once, where a pattern looks at every way. */
  get #isOneStep(): boolean {
    return this.#steps.length === 1 && 'id' in this.#start
  }

  #graph(): Graph {
    return this.#context.graph()
  }

  /** A walk without steps. */
  #begin({ maxVisits: _, ...read }: WalkOptions, limit: number | undefined): readonly GraphNode[] {
    if ('where' in this.#start) return [...this.#pages(this.#filter(), read, limit)]
    const node = this.#graph().getNode(this.#start.id, read)
    return node?.nodeType === this.#type && limit !== 0 ? [node] : []
  }

  *#pages(filter: object, read: GraphReadOptions, limit = Infinity): Generator<GraphNode> {
    const graph = this.#graph()
    let after: string | undefined
    for (let left = limit; left > 0;) {
      const page = Math.min(left, PAGE)
      const place = after === undefined ? {} : { after }
      const nodes = graph.listNodes({ ...read, ...filter, ...place, limit: page })
      yield* nodes
      if (nodes.length < page) return
      left -= nodes.length
      after = nodes.at(-1)!.id
    }
  }

  #traverse(read: WalkOptions, limit: number | undefined): readonly GraphNode[] {
    const { edge, direction, to, maxDepth, where } = this.#steps[0]!
    return this.#graph().traverse({
      ...read,
      startNode: this.#startId(),
      direction,
      edgeTypes: [edge],
      nodeTypes: [to],
      maxDepth,
      ...(where === undefined ? {} : { nodeFilter: where }),
      // The start may be among them.
      ...(limit === undefined ? {} : { limit: limit + 1 }),
    }).nodes
  }

  #match(read: WalkOptions, limit: number): Subgraph[] {
    const steps = this.#steps.map(({ edge, direction, to, maxDepth, where }): MatchStep => ({
      direction,
      edgeTypes: [edge],
      nodeTypes: [to],
      maxHops: maxDepth,
      ...(where === undefined ? {} : { nodeFilter: where }),
    }))
    const start = 'id' in this.#start ? { startNode: this.#startId() } : this.#filter()
    return this.#graph().match({ ...read, ...start, steps, limit })
  }

  /** The nodes that ways end at, each once. */
  #ends(ways: readonly Subgraph[]): GraphNode[] {
    const found = new Map<string, GraphNode>()
    for (const { nodes } of ways) found.set(nodes.at(-1)!.id, nodes.at(-1)!)
    return [...found.values()]
  }

  #startId(): string {
    return (this.#start as { readonly id: string }).id
  }

  #filter(): object {
    const { where } = this.#start as { readonly where: MetadataFilter | undefined }
    return { nodeTypes: [this.#types[0]!], ...(where === undefined ? {} : { nodeFilter: where }) }
  }
}
