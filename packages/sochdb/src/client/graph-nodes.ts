/** One type of node of a contract: properties checked against its schema, and no node of another type touched. */
import type { NodeContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { CountNodesRequest, Graph, GraphNode, GraphReadOptions, NodesRequest } from '../graph/index.js'
import { checkProperties, describe } from './check.js'
import { called, refuseOther, type GraphContext } from './graph-context.js'

const timeMembers = ['validAt', 'asOf', 'timeoutMs', 'signal'] as const

/** `SyncGraphNodes` of graph-types.ts but for its call and `where`, which begin walks. */
export class NodeType {
  readonly #contract: NodeContract
  readonly #context: GraphContext

  constructor(contract: NodeContract, context: GraphContext) {
    this.#contract = contract
    this.#context = context
  }

  add(id: string, properties?: unknown): GraphNode {
    const node = this.#complete(id, properties)
    this.#context.atomically(graph => this.#write(graph, [node]))
    return node
  }

  addMany(nodes: readonly { readonly id: string; readonly properties?: unknown }[]): number {
    if (!Array.isArray(nodes)) {
      throw new ValidationError(`addMany of ${this.#contract.name} takes an array of nodes, not ${describe(nodes)}.`)
    }
    const complete = nodes.map(node => {
      checkProperties(node, `addMany of ${this.#contract.name}`, ['id', 'properties'])
      return this.#complete(node.id as string, node.properties)
    })
    if (complete.length === 0) return 0
    return this.#context.atomically(graph => this.#write(graph, complete))
  }

  get(id: string, options?: GraphReadOptions): GraphNode | undefined {
    return this.#own(this.#context.graph().getNode(id, options))
  }

  update(id: string, patch: unknown): GraphNode | undefined {
    const { name, properties: schema } = this.#contract
    return this.#context.atomically(graph => {
      const stored = this.#own(graph.getNode(id))
      if (stored === undefined) return undefined
      const properties = this.#context.patched(schema, stored.properties, patch, called(name, id))
      graph.addNode(id, name, properties)
      return { id, nodeType: name, properties }
    })
  }

  delete(id: string): boolean {
    return this.#context.atomically(graph => this.#own(graph.getNode(id)) !== undefined && graph.deleteNode(id))
  }

  list(request?: unknown): GraphNode[] {
    return this.#context.graph().listNodes(this.#request(request, 'list', ['after', 'limit']) as NodesRequest)
  }

  count(request?: unknown): number {
    return this.#context.graph().countNodes(this.#request(request, 'count', []) as CountNodesRequest)
  }

  #request(request: unknown, method: string, known: readonly string[]): object {
    checkProperties(request ?? {}, `${method} of ${this.#contract.name}`, ['where', ...known, ...timeMembers])
    const { where, ...rest } = (request ?? {}) as { readonly where?: object }
    return { ...rest, nodeTypes: [this.#contract.name], ...(where === undefined ? {} : { nodeFilter: where }) }
  }

  #complete(id: string, properties: unknown): GraphNode {
    const { name, properties: schema } = this.#contract
    return { id, nodeType: name, properties: this.#context.complete(schema, properties, called(name, id)) }
  }

  #write(graph: Graph, nodes: readonly GraphNode[]): number {
    for (const { id } of nodes) refuseOther(graph.getNode(id), this.#contract.name)
    return graph.addNodes(nodes)
  }

  #own(node: GraphNode | undefined): GraphNode | undefined {
    return node?.nodeType === this.#contract.name ? node : undefined
  }
}

export const nodeMethods = ['add', 'addMany', 'get', 'update', 'delete', 'list', 'count'] as const
