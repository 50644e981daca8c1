import type { z } from 'zod'
import { Declaration } from '../core/brand.js'

export interface GraphNodeNode {
  readonly name: string
  readonly properties: z.ZodType
  readonly indexed: readonly string[]
}

/** What nodes of a type are found by. */
export interface NodeOptions {
  /** Properties that nodes are found by. Default: none. */
  readonly indexed?: readonly string[]
}

/** What edges of a type are: when they hold, and what their ends have to be. */
export interface EdgeOptions {
  /** Properties that edges are found by. Default: none. */
  readonly indexed?: readonly string[]
  /** Edges hold over intervals of valid time. Default: false. */
  readonly temporal?: boolean
  /** Edges may name nodes that were never added. Default: false. */
  readonly open?: boolean
  /**
   * Of temporal edges, whether intervals may overlap: `any` (default), not those of one edge (`oncePerEdge`), or not those of all edges
   * of the type that leave a node (`oncePerNode`).
   */
  readonly rule?: EdgeRule
}

export type EdgeRule = 'any' | 'oncePerEdge' | 'oncePerNode'

export interface EdgeNode {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly properties: z.ZodType | undefined
  readonly indexed: readonly string[]
  readonly temporal: boolean
  readonly open: boolean
  readonly rule: EdgeRule | undefined
}

/** A type of graph node. Comes from `node`. */
export class NodeDeclaration extends Declaration<GraphNodeNode> {
  readonly #node: GraphNodeNode

  constructor(node: GraphNodeNode) {
    super('node')
    this.#node = Object.freeze(node)
  }

  override toNode(): GraphNodeNode {
    return this.#node
  }
}

/** A type of graph edge. Comes from `edge`. */
export class EdgeDeclaration extends Declaration<EdgeNode> {
  readonly #node: EdgeNode

  constructor(node: EdgeNode) {
    super('edge')
    this.#node = Object.freeze(node)
  }

  override toNode(): EdgeNode {
    return this.#node
  }
}

/** @example node('Doc', z.object({ title: z.string() })) */
export function node(name: string, properties: z.ZodType, options: NodeOptions = {}): NodeDeclaration {
  return new NodeDeclaration({ name, properties, indexed: options.indexed ?? [] })
}

/** @example edge('CITES', 'Doc', 'Doc', z.object({ weight: z.number() }), { temporal: true }) */
export function edge(
  name: string,
  from: string,
  to: string,
  properties?: z.ZodType,
  options: EdgeOptions = {},
): EdgeDeclaration {
  const { temporal = false, open = false, indexed = [], rule } = options
  return new EdgeDeclaration({ name, from, to, properties, indexed, temporal, open, rule })
}
