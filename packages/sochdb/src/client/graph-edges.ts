/** One type of edge of a contract: properties checked against its schema, and ends that are nodes unless it is open. */
import type { EdgeContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Graph, GraphDirection, GraphEdge, GraphReadOptions, Moment } from '../graph/index.js'
import { checkProperties, describe } from './check.js'
import type { GraphContext } from './graph-context.js'
import type { EdgeHistory, EdgeList } from './graph-types.js'

/** Of a Date. */
const MAX_MOMENT = 8.64e15

const toMs = (moment: Moment): number => (moment instanceof Date ? moment.getTime() : moment)

/** `SyncTemporalGraphEdges` of graph-types.ts, and `SyncGraphEdges`: edges that are not temporal refuse what those do not have. */
export class EdgeType {
  readonly #contract: EdgeContract
  readonly #context: GraphContext

  constructor(contract: EdgeContract, context: GraphContext) {
    this.#contract = contract
    this.#context = context
  }

  add(edge: unknown): GraphEdge {
    const complete = this.#complete(edge, 'add')
    this.#context.atomically(graph => this.#write(graph, [complete]))
    return complete
  }

  addMany(edges: unknown): number {
    if (!Array.isArray(edges)) {
      throw new ValidationError(`addMany of ${this.#contract.name} takes an array of edges, not ${describe(edges)}.`)
    }
    const complete = edges.map(edge => this.#complete(edge, 'addMany'))
    if (complete.length === 0) return 0
    return this.#context.atomically(graph => this.#write(graph, complete))
  }

  get(fromId: string, toId: string, options?: GraphReadOptions): GraphEdge | undefined {
    return this.#context.graph().getEdge(fromId, this.#contract.name, toId, options)
  }

  update(fromId: string, toId: string, patch: unknown, options: unknown = {}): GraphEdge | undefined {
    const { name, properties: schema, temporal } = this.#contract
    checkProperties(options, `update of ${name}`, temporal ? ['validFrom'] : [])
    const { validFrom } = options as { readonly validFrom?: Moment }
    return this.#context.atomically(graph => {
      const stored = graph.getEdge(fromId, name, toId, validFrom === undefined ? {} : { validAt: validFrom })
      if (stored === undefined) return undefined
      if (validFrom !== undefined && stored.validFrom !== toMs(validFrom)) return undefined
      const properties = this.#context.patched(schema, stored.properties, patch, this.#called(fromId, toId))
      const changed: GraphEdge = { ...stored, properties }
      graph.addEdges([changed])
      return changed
    })
  }

  delete(fromId: string, toId: string): boolean {
    return this.#context.graph().deleteEdge(fromId, this.#contract.name, toId)
  }

  from(nodeId: string, options?: EdgeList): GraphEdge[] {
    return this.#list(nodeId, 'outgoing', options, 'from')
  }

  to(nodeId: string, options?: EdgeList): GraphEdge[] {
    return this.#list(nodeId, 'incoming', options, 'to')
  }

  count(options: GraphReadOptions = {}): number {
    checkProperties(options, `count of ${this.#contract.name}`, ['validAt', 'asOf', 'timeoutMs', 'signal'])
    return this.#context.graph().countEdges({ ...options, edgeTypes: [this.#contract.name] })
  }

  end(fromId: string, toId: string, endTime: Moment): boolean {
    return this.#context.graph().endTemporalEdge({ fromId, edgeType: this.#contract.name, toId, endTime })
  }

  history(nodeId: string, options: EdgeHistory = {}): GraphEdge[] {
    const known = ['direction', 'startTime', 'endTime', 'limit', 'maxVisits', 'asOf', 'timeoutMs', 'signal']
    checkProperties(options, `history of ${this.#contract.name}`, known)
    const { startTime = -MAX_MOMENT, endTime = MAX_MOMENT, ...rest } = options
    const edgeType = this.#contract.name
    return this.#context.graph().queryTemporalGraph({ ...rest, nodeId, edgeType, mode: 'RANGE', startTime, endTime })
  }

  #list(nodeId: string, direction: GraphDirection, options: EdgeList | undefined, method: string): GraphEdge[] {
    const known = ['limit', 'maxVisits', 'validAt', 'asOf', 'timeoutMs', 'signal']
    checkProperties(options ?? {}, `${method} of ${this.#contract.name}`, known)
    const request = { ...options, nodeId, direction, edgeTypes: [this.#contract.name] }
    return this.#context
      .graph()
      .getNeighbors(request)
      .map(({ edge }) => edge)
  }

  #complete(edge: unknown, method: string): GraphEdge {
    const { name, properties: schema, temporal } = this.#contract
    const known = ['fromId', 'toId', 'properties', ...(temporal ? ['validFrom', 'validUntil'] : [])]
    checkProperties(edge, `${method} of ${name}`, known)
    const { fromId, toId, properties, validFrom, validUntil } = edge as {
      readonly fromId: string
      readonly toId: string
      readonly properties?: unknown
      readonly validFrom?: Moment
      readonly validUntil?: Moment
    }
    const complete = {
      fromId,
      edgeType: name,
      toId,
      properties: this.#context.complete(schema, properties, this.#called(fromId, toId)),
    }
    if (!temporal) return complete
    if (validFrom === undefined) {
      throw new ValidationError(`${this.#called(fromId, toId)} is temporal: say from when on it holds, by validFrom.`, {
        details: { argument: 'validFrom' },
      })
    }
    return { ...complete, validFrom: toMs(validFrom), validUntil: toMs(validUntil ?? 0) }
  }

  #write(graph: Graph, edges: readonly GraphEdge[]): number {
    if (!this.#contract.open) this.#checkEnds(graph, edges)
    return graph.addEdges(edges)
  }

  #checkEnds(graph: Graph, edges: readonly GraphEdge[]): void {
    const types = new Map<string, string | undefined>()
    const check = (id: string, expected: string, end: string): void => {
      if (!types.has(id)) types.set(id, graph.getNode(id)?.nodeType)
      const type = types.get(id)
      if (type === expected) return
      const { name } = this.#contract
      const found = type === undefined || type === '' ? 'no node has that id' : `that is a node of type "${type}"`
      throw new ValidationError(`"${name}" goes ${end} a node of type "${expected}"; "${id}": ${found}.`, {
        details: { edgeType: name, nodeId: id, expected, found: type ?? null },
        remediation: `Add the node first, or declare the edge with open: true.`,
      })
    }
    const { from, to } = this.#contract
    for (const { fromId, toId } of edges) {
      check(fromId, from, 'from')
      check(toId, to, 'to')
    }
  }

  #called(fromId: unknown, toId: unknown): string {
    return `${this.#contract.name} "${String(fromId)} → ${String(toId)}"`
  }
}

const plainMethods = ['add', 'addMany', 'get', 'update', 'delete', 'from', 'to', 'count'] as const
const temporalMethods = [...plainMethods, 'end', 'history'] as const
export const edgeMethods = (isTemporal: boolean): readonly (typeof temporalMethods)[number][] =>
  isTemporal ? temporalMethods : plainMethods
