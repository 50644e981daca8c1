import { contractHash, defineSchema, edge, kv, node, toContract } from '@sochdb/schema'
import { createClient } from 'sochdb/client'
import type {
  ClientOptions,
  GraphEdges,
  GraphNodes,
  GraphWalk,
  KeySpace,
  SyncGraphEdges,
  SyncGraphNodes,
  SyncGraphWalk,
  SyncKeySpace,
  SyncTemporalGraphEdges,
  SyncTypedGraph,
  TemporalGraphEdges,
  TypedGraph,
  TypedSubgraph,
} from 'sochdb/client'
import { z } from 'zod'

const schema = defineSchema({
  graph: {
    nodes: {
      Doc: node('Doc', z.object({ title: z.string(), year: z.int().optional(), lang: z.string().default('en') })),
      Person: node('Person', z.object({ name: z.string() }), { indexed: ['name'] }),
    },
    edges: {
      CITES: edge('CITES', 'Doc', 'Doc', z.object({ weight: z.number().default(1) })),
      wrote: edge('WROTE', 'Person', 'Doc', z.object({ role: z.string() }), { temporal: true }),
      HOLDS: edge('HOLDS', 'Person', 'Doc', undefined, { temporal: true, rule: 'oncePerNode' }),
      MENTIONS: edge('MENTIONS', 'Doc', 'Person', undefined, { open: true }),
    },
  },
  kv: {
    sessions: kv('sessions', {
      key: z.string().regex(/^s\d+$/),
      value: z.object({ user: z.string(), seen: z.number().default(0) }),
      ttlSeconds: 3600,
    }),
    flags: kv('feature_flags', { key: z.enum(['beta', 'dark']), value: z.boolean() }),
    codes: kv('codes', { key: z.string(), value: z.string(), ttlSeconds: 1 }),
    notes: kv('notes', { key: z.string(), value: z.unknown() }),
  },
})

/** Loosely typed: what the generator prints is tested with the generator. */
interface AnyNode {
  readonly id: string
  readonly nodeType: string
  readonly properties: Readonly<Record<string, unknown>>
}
interface AnyEdge {
  readonly fromId: string
  readonly edgeType: string
  readonly toId: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly validFrom?: number
  readonly validUntil?: number
}
type Way = TypedSubgraph<AnyNode, AnyEdge>
type Step = { readonly maxDepth?: number; readonly where?: object }
interface AnyWalk extends GraphWalk<AnyNode, Way> {
  out(edgeType: string, step?: Step): AnyWalk
  in(edgeType: string, step?: Step): AnyWalk
  both(edgeType: string, step?: Step): AnyWalk
}
interface AnySyncWalk extends SyncGraphWalk<AnyNode, Way> {
  out(edgeType: string, step?: Step): AnySyncWalk
}
interface AnyNodeModel {
  readonly Node: AnyNode
  readonly Input: object
  readonly Patch: object
  readonly Filter: object
  readonly Walk: AnyWalk
  readonly SyncWalk: AnySyncWalk
}
interface AnyEdgeModel {
  readonly Edge: AnyEdge
  readonly New: object
  readonly Patch: object
}
export interface AnyGraph extends TypedGraph<AnyNode, AnyEdge> {
  readonly Doc: GraphNodes<AnyNodeModel>
  readonly Person: GraphNodes<AnyNodeModel>
  readonly CITES: GraphEdges<AnyEdgeModel>
  readonly wrote: TemporalGraphEdges<AnyEdgeModel>
  readonly HOLDS: TemporalGraphEdges<AnyEdgeModel>
  readonly MENTIONS: GraphEdges<AnyEdgeModel>
}
interface AnySyncGraph extends SyncTypedGraph<AnyNode, AnyEdge> {
  readonly Doc: SyncGraphNodes<AnyNodeModel>
  readonly Person: SyncGraphNodes<AnyNodeModel>
  readonly CITES: SyncGraphEdges<AnyEdgeModel>
  readonly wrote: SyncTemporalGraphEdges<AnyEdgeModel>
}
interface Session {
  readonly user: string
  readonly seen: number
}
interface Members {
  readonly graph: AnyGraph
  readonly sessions: KeySpace<string, Session, { readonly user: string; readonly seen?: number }>
  readonly flags: KeySpace<'beta' | 'dark', boolean>
  readonly codes: KeySpace<string, string>
  readonly notes: KeySpace<string, unknown>
}
interface SyncMembers {
  readonly graph: AnySyncGraph
  readonly sessions: SyncKeySpace<string, Session, { readonly user: string; readonly seen?: number }>
  readonly flags: SyncKeySpace<'beta' | 'dark', boolean>
  readonly notes: SyncKeySpace<string, unknown>
}
export interface GraphTestClient extends Members, AsyncDisposable {
  readonly sync: SyncMembers & { $transaction<Result>(fn: (tx: SyncMembers) => Result): Result }
  $transaction<Result>(
    fn: (tx: Members & { readonly sync: SyncMembers }) => Promise<Result>,
    options?: { readonly maxRetries?: number },
  ): Promise<Result>
  $close(): Promise<void>
}

export const contract = toContract(schema)

export function openGraphClient(options: Partial<ClientOptions> = { path: ':memory:' }): GraphTestClient {
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: () => undefined as never }
  return createClient<GraphTestClient>(definition, options as ClientOptions)
}
