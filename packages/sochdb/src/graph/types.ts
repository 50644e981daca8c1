/** What goes into graphs and comes out of them. */
import type { AsOf } from '../engine/index.js'
import type { MetadataFilter } from '../search/filter.js'

/** Properties of a node or an edge: a JSON object. */
export type GraphProperties = Readonly<Record<string, unknown>>

/** A node. One that edges name and nobody has added has the type `''` and no properties. */
export interface GraphNode {
  readonly id: string
  readonly nodeType: string
  readonly properties: GraphProperties
}

/** A node to add, or to replace by its id. */
export interface NewNode {
  readonly id: string
  readonly nodeType: string
  readonly properties?: GraphProperties
}

/** An edge. `validFrom` and `validUntil` (0: open), in milliseconds since 1970, are those of a temporal one. */
export interface GraphEdge {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly properties: GraphProperties
  readonly validFrom?: number
  readonly validUntil?: number
}

/** With `validFrom` a temporal edge. */
export interface NewEdge {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly properties?: GraphProperties
  readonly validFrom?: Moment
  readonly validUntil?: Moment
}

/** A node with the edge that leads to it. */
export interface Neighbor extends GraphNode {
  readonly edge: GraphEdge
}

/** Part of a graph: nodes, and edges between them. */
export interface Subgraph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/** A way from the first of its nodes to the last. */
export interface GraphPath extends Subgraph {
  /** How many edges. */
  readonly length: number
  /** The sum of the edges' weights, where paths are found by weight. */
  readonly weight?: number
}

/** A moment of valid time: a Date, or milliseconds since 1970. */
export type Moment = number | Date

/** Which way edges are followed: as they point, against it, or both. */
export type GraphDirection = 'outgoing' | 'incoming' | 'both'

/** At which times a graph is read, and how long that may take. */
export interface GraphReadOptions {
  /** Edges that held then are seen. Default: now. Edges that are not temporal always hold. */
  readonly validAt?: Moment
  /** The graph as the database knew it at that time, as far back as `retentionMs` reaches. */
  readonly asOf?: AsOf
  /** The most time it may take, in milliseconds. Default: none. */
  readonly timeoutMs?: number
  /** Ends it; the synchronous methods look at it before they begin. */
  readonly signal?: AbortSignal
}

/** Which nodes: those of any of the types, with properties that pass the filter. */
export interface NodeChoice {
  readonly nodeTypes?: readonly string[]
  readonly nodeFilter?: MetadataFilter
}

interface EdgeChoice {
  /** Default: `'outgoing'`. */
  readonly direction?: GraphDirection
  /** Default: all. */
  readonly edgeTypes?: readonly string[]
}

interface Bounded {
  /** How many edges may be looked at before it fails with `LIMIT_EXCEEDED`. Default 1,000,000. */
  readonly maxVisits?: number
}

/** Which of a node's neighbors are listed. `limit`: the most of them, by default all. */
export interface NeighborsRequest extends EdgeChoice, NodeChoice, Bounded, GraphReadOptions {
  readonly nodeId: string
  readonly limit?: number
}

/** Which of a node's edges are counted. */
export interface DegreeRequest extends EdgeChoice, Bounded, GraphReadOptions {
  readonly nodeId: string
}

/** Where a traversal begins, what it follows, and which nodes it returns. */
export interface TraverseRequest extends EdgeChoice, NodeChoice, Bounded, GraphReadOptions {
  readonly startNode: string
  /** How many edges away from the start. Default 10. */
  readonly maxDepth?: number
  /** Default `'bfs'`. Both have the same nodes. */
  readonly order?: 'bfs' | 'dfs'
  /** Nodes that are not returned are not walked through either, the start apart. Default false. */
  readonly prune?: boolean
  /** The most nodes that are returned. Default: all. */
  readonly limit?: number
  /**
   * How many edges of a node are followed: the first, in the order in which `getNeighbors` lists them (outgoing before incoming, those
   * that always hold before temporal ones, then by type, other end and `validFrom`), before nodes are tested. Default: all.
   */
  readonly limitPerNode?: number
}

/** Between which nodes a path is looked for, and over which edges. */
export interface PathRequest extends EdgeChoice, Bounded, GraphReadOptions {
  readonly fromId: string
  readonly toId: string
  /** How many edges it may have. Default: any number. */
  readonly maxDepth?: number
  /** A property of edges, a number of 0 or more (1 where an edge has none): the path of the least sum is found. */
  readonly weight?: string
}

/** One step of a pattern: along an edge, or several of one kind, to a node. */
export interface MatchStep extends EdgeChoice, NodeChoice {
  /** Default 1. */
  readonly minHops?: number
  /** Default `minHops`, at least 1. */
  readonly maxHops?: number
}

/** A pattern: where it begins, and the steps that follow. */
export interface MatchRequest extends NodeChoice, Bounded, GraphReadOptions {
  /** Where every match begins; without it, at every node that `nodeTypes` and `nodeFilter` admit. */
  readonly startNode?: string
  readonly steps: readonly MatchStep[]
  /** Default 100. */
  readonly limit?: number
}

/** Which nodes are listed, in the order of their ids, and from where on. */
export interface NodesRequest extends NodeChoice, GraphReadOptions {
  /** Goes on behind this id. */
  readonly after?: string
  /** Default 100. */
  readonly limit?: number
}

/** Which nodes are counted. */
export interface CountNodesRequest extends NodeChoice, GraphReadOptions {}

/** Which edges are counted: those of any of the types, by default all. */
export interface CountEdgesRequest extends GraphReadOptions {
  readonly edgeTypes?: readonly string[]
}

/** An edge that holds from `validFrom` until before `validUntil`. */
export interface TemporalEdge {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly validFrom: Moment
  /** The first moment at which it does not hold any more; 0, the default: it still does. */
  readonly validUntil?: Moment
  readonly properties?: GraphProperties
}

/** Which open edge ends, and when: `endTime` is the first moment at which it does not hold. */
export interface EdgeEnd {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly endTime: Moment
}

/**
 * Which of a node's temporal edges are listed: `timestamp` goes with `'POINT_IN_TIME'`, `startTime` and `endTime` with
 * `'RANGE'`.
 */
export interface TemporalRequest extends Bounded {
  readonly nodeId: string
  /** `'CURRENT'`: what holds now; `'POINT_IN_TIME'`: at `timestamp`; `'RANGE'`: at any time from `startTime` to before `endTime`. */
  readonly mode: 'CURRENT' | 'POINT_IN_TIME' | 'RANGE'
  readonly timestamp?: Moment
  readonly startTime?: Moment
  readonly endTime?: Moment
  readonly edgeType?: string
  /** Default: `'outgoing'`. */
  readonly direction?: GraphDirection
  readonly limit?: number
  readonly asOf?: AsOf
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What is changed of a node: properties that are named are set, those that are undefined are taken away, others stay. */
export interface NodeChange {
  readonly nodeType?: string
  readonly properties?: GraphProperties
}

/** Properties to set; one that is `undefined` is taken away. */
export interface EdgeChange {
  readonly properties: GraphProperties
  /** Of a temporal edge: which of its intervals. */
  readonly validFrom?: Moment
}

/**
 * Whether intervals of a type of edge may overlap: `'any'`; not those of one edge (`'oncePerEdge'`); not those of all edges of the
 * type that leave a node (`'oncePerNode'`): a door is open or closed.
 */
export type EdgeRule = 'any' | 'oncePerEdge' | 'oncePerNode'

/** Properties of nodes that are indexed, by dotted names: of the nodes of a type, or of any where there is no `nodeType`. */
export interface IndexedProperties {
  readonly nodeType?: string
  readonly properties: readonly string[]
}

/** How edges are imported. */
export interface ImportOptions {
  /** Edges that are written together, in one transaction. Default 10,000. */
  readonly batchSize?: number
  /** Called after each batch with how many edges were imported. */
  readonly onProgress?: (edges: number) => void
  readonly signal?: AbortSignal
}
