/** The verbs of graphs: what they take, and what they give. How they are asked of the engine is in plans.ts. */
import type {
  CountEdgesRequest,
  CountNodesRequest,
  DegreeRequest,
  EdgeChange,
  EdgeEnd,
  EdgeRule,
  GraphEdge,
  GraphNode,
  GraphPath,
  GraphProperties,
  GraphReadOptions,
  IndexedProperties,
  MatchRequest,
  Neighbor,
  NeighborsRequest,
  NewEdge,
  NewNode,
  NodeChange,
  NodesRequest,
  PathRequest,
  Subgraph,
  TemporalEdge,
  TemporalRequest,
  TraverseRequest,
} from './types.js'

/** The methods that read a graph. */
export interface GraphReading {
  /** The node of this id, or `undefined`. */
  getNode(nodeId: string, options?: GraphReadOptions): GraphNode | undefined
  /** The edge; where it is temporal, the interval that holds at `validAt`, the last to begin of several. */
  getEdge(fromId: string, edgeType: string, toId: string, options?: GraphReadOptions): GraphEdge | undefined
  /** Nodes in the order of their ids. */
  listNodes(request?: NodesRequest): GraphNode[]
  /** How many nodes there are, of any of the types, with properties that pass the filter. */
  countNodes(request?: CountNodesRequest): number
  /** Temporal edges count when they hold at `validAt`. */
  countEdges(request?: CountEdgesRequest): number
  /** The nodes next to one, each with the edge that leads there: a node is listed once for every edge. */
  getNeighbors(request: NeighborsRequest): Neighbor[]
  /** How many edges a node has. */
  degree(request: DegreeRequest): number
  /**
   * What can be reached from a node. Every node is there once, the start first; an edge when both its ends are. `nodeTypes` and
   * `nodeFilter` restrict what is returned, with `prune` also what is walked through.
   */
  traverse(request: TraverseRequest): Subgraph
  /** A shortest path, by hops or by `weight`; undefined: there is none. */
  findPath(request: PathRequest): GraphPath | undefined
  /**
   * All ways that follow a pattern of steps; each goes over an edge once.
   *
   * @example
   * graph.match({ nodeTypes: ['person'], steps: [{ edgeTypes: ['works_on'] }, { edgeTypes: ['works_on'], direction: 'incoming' }] })
   */
  match(request: MatchRequest): Subgraph[]
  /** The intervals of a node's temporal edges, in the order in which they begin. */
  queryTemporalGraph(request: TemporalRequest): GraphEdge[]
  /** What `setIndexedProperties` has declared, by type. */
  listIndexedProperties(options?: Omit<GraphReadOptions, 'validAt'>): IndexedProperties[]
}

/** The methods that write a graph. Each is a transaction of its own, or part of the one it is called on. */
export interface GraphWriting {
  /** Adds a node, or replaces the one of this id. */
  addNode(nodeId: string, nodeType: string, properties?: GraphProperties): void
  /** All or none; how many they are. */
  addNodes(nodes: readonly NewNode[]): number
  /** False: there is no such node. */
  updateNode(nodeId: string, changes: NodeChange): boolean
  /** Deletes a node and its edges both ways. False: there was neither. */
  deleteNode(nodeId: string): boolean
  /** Adds an edge, or replaces the properties of the one that there is. Its ends need not be nodes. */
  addEdge(fromId: string, edgeType: string, toId: string, properties?: GraphProperties): void
  /** All or none; how many they are. */
  addEdges(edges: readonly NewEdge[]): number
  /** False: there is no such edge. */
  updateEdge(fromId: string, edgeType: string, toId: string, changes: EdgeChange): boolean
  /** Deletes an edge, with all its intervals. False: there was none. */
  deleteEdge(fromId: string, edgeType: string, toId: string): boolean
  /**
   * Adds an edge that holds from `validFrom` until before `validUntil`, or replaces the one that begins at that moment.
   *
   * @throws ValidationError when it ends before it begins, or overlaps another where `setEdgeRule` forbids that
   */
  addTemporalEdge(edge: TemporalEdge): void
  /**
   * Ends what an edge has open. False: nothing of it is.
   *
   * @throws ValidationError when it begins later
   */
  endTemporalEdge(end: EdgeEnd): boolean
  /** Says for what is added from now on whether intervals of a type of edge may overlap. Default `'any'`. */
  setEdgeRule(edgeType: string, rule: EdgeRule): void
  /**
   * Has just these properties indexed, of the nodes of a type, or of any: `nodeFilter` of `listNodes`, `countNodes` and `match` then
   * looks only at nodes that the index has for it. Entries of nodes that there are already are made, and those of properties
   * that are no longer named are deleted, in the same transaction; where nothing changes nothing is written. Up to 1,024
   * properties in a graph.
   *
   * @throws DatabaseError with `LIMIT_EXCEEDED` when the entries of a large graph are more than a transaction may hold (`maxTransactionBytes`)
   *
   * @example graph.setIndexedProperties({ nodeType: 'person', properties: ['team', 'address.city'] })
   */
  setIndexedProperties(indexed: IndexedProperties): void
}

export const reading = [
  'getNode',
  'getEdge',
  'listNodes',
  'countNodes',
  'countEdges',
  'getNeighbors',
  'degree',
  'traverse',
  'findPath',
  'match',
  'queryTemporalGraph',
  'listIndexedProperties',
] as const satisfies readonly (keyof GraphReading)[]

export const writing = [
  'addNode',
  'addNodes',
  'updateNode',
  'deleteNode',
  'addEdge',
  'addEdges',
  'updateEdge',
  'deleteEdge',
  'addTemporalEdge',
  'endTemporalEdge',
  'setEdgeRule',
  'setIndexedProperties',
] as const satisfies readonly (keyof GraphWriting)[]

/** Verbs that take one request: there the namespace is a member of it, `default` where it is left out. */
type ByRequest =
  | 'listNodes'
  | 'countNodes'
  | 'countEdges'
  | 'getNeighbors'
  | 'degree'
  | 'traverse'
  | 'findPath'
  | 'match'
  | 'queryTemporalGraph'
  | 'addTemporalEdge'
  | 'endTemporalEdge'
  | 'listIndexedProperties'
  | 'setIndexedProperties'

type Method = (...args: never[]) => unknown

/** The same verbs where several namespaces are in reach: the namespace comes first, or in the request. */
export type OfNamespaces<Verbs extends object> = {
  [Name in keyof Verbs]: Name extends ByRequest
    ? Verbs[Name] extends (...args: infer Args) => infer Result
      ? Args extends readonly [infer Request]
        ? (request: Request & { readonly namespace?: string }) => Result
        : (request?: NonNullable<Args[0]> & { readonly namespace?: string }) => Result
      : never
    : Verbs[Name] extends Method
      ? (namespace: string, ...args: Parameters<Verbs[Name]>) => ReturnType<Verbs[Name]>
      : never
}
