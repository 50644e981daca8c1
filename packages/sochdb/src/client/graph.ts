/** `db.graph` of a generated client: a property for every type of node and edge, and reads over all of them. */
import type { Contract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { GraphPath, MatchRequest, MatchStep, PathRequest, Subgraph, TraverseRequest } from '../graph/index.js'
import { describe, isPlainObject } from './check.js'
import { GraphContext } from './graph-context.js'
import { edgeMethods, EdgeType } from './graph-edges.js'
import { nodeMethods, NodeType } from './graph-nodes.js'
import { Walk, type Settle } from './graph-walk.js'
import type { QueryTarget } from './types.js'

interface Choice {
  readonly nodeTypes?: readonly string[]
  readonly edgeTypes?: readonly string[]
}

/** `SyncTypedGraph` of graph-types.ts: the types of the schema are all that it reads. */
class WholeGraph {
  readonly #context: GraphContext
  readonly #nodeTypes: readonly string[]
  readonly #edgeTypes: readonly string[]

  constructor(context: GraphContext) {
    this.#context = context
    this.#nodeTypes = context.nodes.map(({ name }) => name)
    this.#edgeTypes = context.edges.map(({ name }) => name)
  }

  traverse(request: TraverseRequest): Subgraph {
    return this.#context.graph().traverse(this.#chosen(request, 'traverse'))
  }

  findPath(request: PathRequest): GraphPath | undefined {
    const { nodeTypes: _, ...chosen } = this.#chosen<PathRequest & Choice>(request, 'findPath')
    return this.#context.graph().findPath(chosen)
  }

  match(request: MatchRequest): Subgraph[] {
    if (!isPlainObject(request) || !Array.isArray(request.steps)) return this.#context.graph().match(request)
    const steps = request.steps.map(step => this.#chosen<MatchStep>(step as MatchStep, 'A step of match'))
    const { edgeTypes: _, ...chosen } = this.#chosen<MatchRequest & Choice>(request as MatchRequest, 'match')
    return this.#context.graph().match({ ...chosen, steps })
  }

  /** The types that a request names, if the schema has them, else all of the schema. */
  #chosen<Request extends Choice>(request: Request, place: string): Request {
    if (!isPlainObject(request)) throw new ValidationError(`${place} takes an object, not ${describe(request)}.`)
    const { nodeTypes = this.#nodeTypes, edgeTypes = this.#edgeTypes } = request as Choice
    checkTypes(nodeTypes, this.#nodeTypes, 'node')
    checkTypes(edgeTypes, this.#edgeTypes, 'edge')
    return { ...(request as Request), nodeTypes, edgeTypes }
  }
}

function checkTypes(given: unknown, known: readonly string[], kind: string): void {
  const stray = Array.isArray(given) ? given.find(type => !known.includes(type as string)) : undefined
  if (stray === undefined) return
  throw new ValidationError(`The schema has no ${kind} "${String(stray)}". It has: ${known.join(', ')}.`, {
    details: { argument: `${kind}Types` },
  })
}

const graphMethods = ['traverse', 'findPath', 'match'] as const

/** How the methods of an object are handed out: as they are, or by promise. */
export type Face = <Inner extends object>(inner: Inner, methods: readonly (keyof Inner & string)[]) => object

/** @param settle as `face`, for one result */
export function graphClient(contract: Contract, target: QueryTarget, face: Face, settle: Settle): object {
  const context = new GraphContext(contract, target)
  const graph: Record<string, unknown> = { ...bound(face(new WholeGraph(context), graphMethods), graphMethods) }
  for (const [key, node] of Object.entries(contract.nodes)) {
    const begin = (id: string): Walk => new Walk(context, settle, { id }, [node.name])
    const where = (filter?: unknown): Walk => new Walk(context, settle, { where: filter }, [node.name])
    const methods = bound(face(new NodeType(node, context), nodeMethods), nodeMethods)
    graph[key] = Object.freeze(Object.assign(begin, { where }, methods))
  }
  for (const [key, edge] of Object.entries(contract.edges)) {
    const methods = edgeMethods(edge.temporal)
    graph[key] = Object.freeze(bound(face(new EdgeType(edge, context), methods), methods))
  }
  return Object.freeze(graph)
}

/** The methods of a face as properties. */
function bound(of: object, methods: readonly string[]): Record<string, unknown> {
  const inner = of as Record<string, (...args: unknown[]) => unknown>
  return Object.fromEntries(methods.map(name => [name, (...args: unknown[]) => inner[name]!(...args)]))
}
