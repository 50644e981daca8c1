/**
 * Graphs of a generated client. Generated code prints an interface for every type of node and edge and bundles them
 * (`DocNodeModel`); what all of them share stands here. The rules are those of types.ts: interfaces, nothing mapped.
 */
import type { AsOf } from '../engine/index.js'
import type { GraphDirection, GraphReadOptions, Moment } from '../graph/index.js'
import type { MetadataFilter } from '../search/index.js'

export type { GraphDirection, GraphReadOptions, Moment } from '../graph/index.js'

/** A node that open edges name and nobody has added. */
export interface MissingNode {
  readonly id: string
  readonly nodeType: ''
  readonly properties: Readonly<Record<string, never>>
}

interface AnyNode {
  readonly id: string
  readonly nodeType: string
  readonly properties: object
}
interface AnyEdge {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly properties: object
}

/** The types of one type of node. */
export interface NodeModel {
  readonly Node: AnyNode
  readonly Input: object
  readonly Patch: object
  readonly Filter: object
  readonly Walk: object
  readonly SyncWalk: object
}

/** The types of one type of edge. */
export interface EdgeModel {
  readonly Edge: AnyEdge
  readonly New: object
  readonly Patch: object
}

/** A node to add, or to replace by its id. */
export interface NewTypedNode<Input> {
  readonly id: string
  readonly properties: Input
}

/** Which nodes of the type are counted. Default: all. */
export interface NodeCount<Filter> extends GraphReadOptions {
  readonly where?: Filter
}

/** Which nodes of the type are listed. */
export interface NodeList<Filter> extends NodeCount<Filter> {
  /** Goes on behind this id. */
  readonly after?: string
  /** Default 100. */
  readonly limit?: number
}

/**
 * One type of node. Called with an id, it begins a walk there.
 *
 * Rejects with `ValidationError` when properties are not what the schema says, naming the path, and when the id is that of a node
 * of another type.
 */
export interface GraphNodes<M extends NodeModel> {
  (id: string): M['Walk']
  /** A walk that begins at all nodes of the type, or at those that pass. */
  where(filter?: M['Filter']): M['Walk']
  /** Adds a node, or replaces the properties of the one there is. Returns it with defaults filled in. */
  add(id: string, properties: M['Input']): Promise<M['Node']>
  /** All or none; how many they are. */
  addMany(nodes: readonly NewTypedNode<M['Input']>[]): Promise<number>
  /** The node of this id; `undefined`: there is none of this type. */
  get(id: string, options?: GraphReadOptions): Promise<M['Node'] | undefined>
  /** Sets the properties that are named, takes away those that are undefined; `undefined`: there is no such node. */
  update(id: string, patch: M['Patch']): Promise<M['Node'] | undefined>
  /** Deletes a node with its edges, both ways. False: there was none. */
  delete(id: string): Promise<boolean>
  /** In the order of their ids. */
  list(request?: NodeList<M['Filter']>): Promise<M['Node'][]>
  /** How many nodes of the type there are, or pass. */
  count(request?: NodeCount<M['Filter']>): Promise<number>
}

/** `GraphNodes` on the calling thread. */
export interface SyncGraphNodes<M extends NodeModel> {
  (id: string): M['SyncWalk']
  where(filter?: M['Filter']): M['SyncWalk']
  add(id: string, properties: M['Input']): M['Node']
  addMany(nodes: readonly NewTypedNode<M['Input']>[]): number
  get(id: string, options?: GraphReadOptions): M['Node'] | undefined
  update(id: string, patch: M['Patch']): M['Node'] | undefined
  delete(id: string): boolean
  list(request?: NodeList<M['Filter']>): M['Node'][]
  count(request?: NodeCount<M['Filter']>): number
}

/** How many of a node's edges are listed, and at which times. Default: all that hold now. */
export interface EdgeList extends GraphReadOptions {
  readonly limit?: number
  /** How many edges may be looked at before it fails with `LIMIT_EXCEEDED`. Default 1,000,000. */
  readonly maxVisits?: number
}

/** Which intervals of a node's edges are listed. */
export interface EdgeHistory {
  /** Default: `'outgoing'`. */
  readonly direction?: GraphDirection
  /** Only intervals that hold at some time from here on. Default: all. */
  readonly startTime?: Moment
  /** Only intervals that hold at some time before. Default: all. */
  readonly endTime?: Moment
  readonly limit?: number
  readonly maxVisits?: number
  readonly asOf?: AsOf
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * One type of edge. Both its ends have to be nodes of the types that the schema names, unless it is declared `open`; in a
 * serializable transaction, which is the default, nobody takes them away meanwhile.
 */
export interface GraphEdges<M extends EdgeModel> {
  /** Adds an edge, or replaces the properties of the one there is. Returns it with defaults filled in. */
  add(edge: M['New']): Promise<M['Edge']>
  /** All or none; how many they are. */
  addMany(edges: readonly M['New'][]): Promise<number>
  /** Of a temporal edge, the interval that holds at `validAt`. */
  get(fromId: string, toId: string, options?: GraphReadOptions): Promise<M['Edge'] | undefined>
  /** Sets the properties that are named, takes away those that are undefined; `undefined`: there is no such edge. */
  update(fromId: string, toId: string, patch: M['Patch']): Promise<M['Edge'] | undefined>
  /** Deletes an edge, with all its intervals. False: there was none. */
  delete(fromId: string, toId: string): Promise<boolean>
  /** The edges that leave a node. */
  from(nodeId: string, options?: EdgeList): Promise<M['Edge'][]>
  /** The edges that lead to a node. */
  to(nodeId: string, options?: EdgeList): Promise<M['Edge'][]>
  /** How many edges of the type hold. */
  count(options?: GraphReadOptions): Promise<number>
}

/** Edges that hold over intervals of time. */
export interface TemporalGraphEdges<M extends EdgeModel> extends GraphEdges<M> {
  /** As `update`, of the interval that begins at `validFrom`; without it, of the one that holds now. */
  update(
    fromId: string,
    toId: string,
    patch: M['Patch'],
    options?: { readonly validFrom?: Moment },
  ): Promise<M['Edge'] | undefined>
  /** Ends what an edge has open. False: nothing of it is. */
  end(fromId: string, toId: string, endTime: Moment): Promise<boolean>
  /** The intervals of a node's edges, in the order in which they begin. */
  history(nodeId: string, options?: EdgeHistory): Promise<M['Edge'][]>
}

/** `GraphEdges` on the calling thread. */
export interface SyncGraphEdges<M extends EdgeModel> {
  add(edge: M['New']): M['Edge']
  addMany(edges: readonly M['New'][]): number
  get(fromId: string, toId: string, options?: GraphReadOptions): M['Edge'] | undefined
  update(fromId: string, toId: string, patch: M['Patch']): M['Edge'] | undefined
  delete(fromId: string, toId: string): boolean
  from(nodeId: string, options?: EdgeList): M['Edge'][]
  to(nodeId: string, options?: EdgeList): M['Edge'][]
  count(options?: GraphReadOptions): number
}

/** `TemporalGraphEdges` on the calling thread. */
export interface SyncTemporalGraphEdges<M extends EdgeModel> extends SyncGraphEdges<M> {
  update(
    fromId: string,
    toId: string,
    patch: M['Patch'],
    options?: { readonly validFrom?: Moment },
  ): M['Edge'] | undefined
  end(fromId: string, toId: string, endTime: Moment): boolean
  history(nodeId: string, options?: EdgeHistory): M['Edge'][]
}

/** One step of a walk: along edges of one type to nodes of the type that is at their other end. */
export interface WalkStep<Filter> {
  /** How many edges of the type it may go over, one at least. Default 1. */
  readonly maxDepth?: number
  /** Which of the nodes it arrives at count. */
  readonly where?: Filter
}

/** How many nodes or ways are returned, and at which times the graph is read. */
export interface WalkOptions extends GraphReadOptions {
  /** The most that are returned. Default: all; of `ways`, 100. */
  readonly limit?: number
  /** How many edges may be looked at before it fails with `LIMIT_EXCEEDED`. Default 1,000,000. */
  readonly maxVisits?: number
}

/**
 * Where steps lead. Nothing is read before one of these is called, and each of them reads at once. The node that a walk begins at is
 * not among those it arrives at; a way of several steps goes over an edge once.
 */
export interface GraphWalk<Node, Way> {
  /** The nodes it arrives at, each once. */
  nodes(options?: WalkOptions): Promise<Node[]>
  /** The ids of the nodes it arrives at, each once. */
  ids(options?: WalkOptions): Promise<string[]>
  /** How many nodes it arrives at. */
  count(options?: WalkOptions): Promise<number>
  /** How it gets there: the nodes and edges of every way. */
  ways(options?: WalkOptions): Promise<Way[]>
}

/** `GraphWalk` on the calling thread. */
export interface SyncGraphWalk<Node, Way> {
  nodes(options?: WalkOptions): Node[]
  ids(options?: WalkOptions): string[]
  count(options?: WalkOptions): number
  ways(options?: WalkOptions): Way[]
}

/** Nodes, and edges between them. */
export interface TypedSubgraph<Node, Edge> {
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

/** A way from the first of its nodes to the last. */
export interface TypedPath<Node, Edge> extends TypedSubgraph<Node, Edge> {
  /** How many edges. */
  readonly length: number
  /** The sum of the edges' weights, where paths are found by weight. */
  readonly weight?: number
}

interface TypedChoice<NodeType, EdgeType> {
  /** Default: `'outgoing'`. */
  readonly direction?: GraphDirection
  /** Default: all of the schema. */
  readonly edgeTypes?: readonly EdgeType[]
  /** Default: all of the schema. */
  readonly nodeTypes?: readonly NodeType[]
  readonly nodeFilter?: MetadataFilter
}

/** See `TraverseRequest`. */
export interface TypedTraversal<NodeType, EdgeType> extends TypedChoice<NodeType, EdgeType>, GraphReadOptions {
  readonly startNode: string
  readonly maxDepth?: number
  readonly order?: 'bfs' | 'dfs'
  readonly prune?: boolean
  readonly limit?: number
  readonly maxVisits?: number
}

/** See `PathRequest`. */
export interface TypedRoute<EdgeType> extends GraphReadOptions {
  readonly fromId: string
  readonly toId: string
  readonly direction?: GraphDirection
  readonly edgeTypes?: readonly EdgeType[]
  readonly maxDepth?: number
  readonly weight?: string
  readonly maxVisits?: number
}

/** See `MatchStep`. */
export interface TypedPatternStep<NodeType, EdgeType> extends TypedChoice<NodeType, EdgeType> {
  readonly minHops?: number
  readonly maxHops?: number
}

/** See `MatchRequest`. */
export interface TypedPattern<NodeType, EdgeType> extends GraphReadOptions {
  readonly startNode?: string
  readonly nodeTypes?: readonly NodeType[]
  readonly nodeFilter?: MetadataFilter
  readonly steps: readonly TypedPatternStep<NodeType, EdgeType>[]
  readonly limit?: number
  readonly maxVisits?: number
}

/** What reads over all types of a schema, and over no others. */
export interface TypedGraph<Node extends AnyNode, Edge extends AnyEdge> {
  /** Nodes around one, over edges of any type, and the edges between them. */
  traverse(request: TypedTraversal<Node['nodeType'], Edge['edgeType']>): Promise<TypedSubgraph<Node, Edge>>
  /** The shortest path between two nodes, by edges or by weight; `undefined`: there is none. */
  findPath(request: TypedRoute<Edge['edgeType']>): Promise<TypedPath<Node, Edge> | undefined>
  /** All ways that follow a pattern of steps. */
  match(request: TypedPattern<Node['nodeType'], Edge['edgeType']>): Promise<TypedSubgraph<Node, Edge>[]>
}

/** `TypedGraph` on the calling thread. */
export interface SyncTypedGraph<Node extends AnyNode, Edge extends AnyEdge> {
  traverse(request: TypedTraversal<Node['nodeType'], Edge['edgeType']>): TypedSubgraph<Node, Edge>
  findPath(request: TypedRoute<Edge['edgeType']>): TypedPath<Node, Edge> | undefined
  match(request: TypedPattern<Node['nodeType'], Edge['edgeType']>): TypedSubgraph<Node, Edge>[]
}
