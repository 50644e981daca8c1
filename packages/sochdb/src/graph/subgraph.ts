/** What a traversal found, made of the parts in which the engine says it (native/index/graph/graph_answer.h). */
import { inspect } from 'node:util'

import type { GraphAnswer } from './native.js'
import type { GraphEdge, GraphNode, GraphProperties, Subgraph } from './types.js'

interface Head {
  readonly types: readonly string[]
  /** Type and count, one after the other. */
  readonly runs: readonly number[]
}
type PackedEdge = readonly [
  from: number,
  type: number,
  to: number,
  properties: GraphProperties,
  validFrom?: number,
  validUntil?: number,
]

/** Edges are read when they are asked for: who wants nodes alone does not wait for them. */
class FoundSubgraph implements Subgraph {
  declare readonly edges: readonly GraphEdge[]

  constructor(
    readonly nodes: readonly GraphNode[],
    readEdges: () => GraphEdge[],
  ) {
    const define = (attributes: PropertyDescriptor): unknown =>
      Object.defineProperty(this, 'edges', { enumerable: true, configurable: true, ...attributes })
    define({
      get: () => {
        const value = readEdges()
        define({ value, writable: true })
        return value
      },
      set: (value: unknown) => define({ value, writable: true }),
    })
  }

  [inspect.custom](): Subgraph {
    return { nodes: this.nodes, edges: this.edges }
  }
}

export function decodeSubgraph(answer: GraphAnswer): Subgraph {
  const [head, idText, propertiesText, edgesText] = answer as Exclude<GraphAnswer, string | undefined>
  const { types, runs } = JSON.parse(head) as Head
  const properties = JSON.parse(propertiesText) as GraphProperties[]
  const ids = properties.length === 0 ? [] : readIds(idText)
  const nodes: GraphNode[] = []
  for (let run = 0; run < runs.length; run += 2) {
    const nodeType = types[runs[run]!]!
    const end = nodes.length + runs[run + 1]!
    for (let i = nodes.length; i < end; i++) nodes.push({ id: ids[i]!, nodeType, properties: properties[i]! })
  }
  return new FoundSubgraph(nodes, () => (JSON.parse(edgesText) as PackedEdge[]).map(edge => unpack(edge, types, ids)))
}

const readIds = (text: string): string[] =>
  text.startsWith('[') ? (JSON.parse(text) as string[]) : text.slice(1).split(text[0]!)

function unpack(edge: PackedEdge, types: readonly string[], ids: readonly string[]): GraphEdge {
  const fromId = ids[edge[0]]!
  const edgeType = types[edge[1]]!
  const toId = ids[edge[2]]!
  const properties = edge[3]
  if (edge.length === 4) return { fromId, edgeType, toId, properties }
  return { fromId, edgeType, toId, properties, validFrom: edge[4]!, validUntil: edge[5]! }
}
