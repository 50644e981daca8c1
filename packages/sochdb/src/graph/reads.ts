/** The verbs that read graphs, as plans (native/index/graph/graph_request.h). */
import { timestampOf } from '../engine/index.js'
import type { AsOf } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import * as check from './check.js'
import type { Given } from './check.js'
import { decodeSubgraph } from './subgraph.js'
import type { GraphPlan } from './plan.js'
import type {
  CountEdgesRequest,
  CountNodesRequest,
  DegreeRequest,
  GraphEdge,
  GraphNode,
  GraphPath,
  GraphReadOptions,
  IndexedProperties,
  MatchRequest,
  MatchStep,
  Neighbor,
  NeighborsRequest,
  NodesRequest,
  PathRequest,
  Subgraph,
  TemporalRequest,
  TraverseRequest,
} from './types.js'

const json = JSON.stringify

interface Reading {
  readonly [member: string]: unknown
}

/** Members are JSON values; `raw` is JSON text already. */
function read<T>(
  place: string,
  given: Given,
  members: Reading,
  raw: Readonly<Record<string, string | undefined>>,
  empty: T,
): GraphPlan<T> {
  const { validAt, asOf, signal, timeoutMs } = given
  const parts = Object.entries(raw).flatMap(([name, text]) => (text === undefined ? [] : [`"${name}":${text}`]))
  const all = json({ ...members, validAt: check.momentOr(validAt, 'validAt', undefined) })
  const text = parts.length === 0 ? all : `${all.slice(0, -1)},${parts.join(',')}}`
  return {
    writes: false,
    text,
    decode: answer => (answer === undefined ? undefined : JSON.parse(answer as string)) as T,
    empty,
    asOf: asOf === undefined ? undefined : timestampOf(asOf as AsOf, place),
    signal: signal as AbortSignal | undefined,
    timeoutMs: (timeoutMs as number | undefined) ?? 0,
  }
}

export function getNode(nodeId: string, options?: GraphReadOptions): GraphPlan<GraphNode | undefined> {
  const given = check.record(options, check.readChecks, 'getNode')
  return read('getNode', given, { op: 'node', id: check.text(nodeId, 'nodeId') }, {}, undefined)
}

export function getEdge(
  fromId: string,
  edgeType: string,
  toId: string,
  options?: GraphReadOptions,
): GraphPlan<GraphEdge | undefined> {
  const given = check.record(options, check.readChecks, 'getEdge')
  const members = {
    op: 'edge',
    id: check.text(fromId, 'fromId'),
    edgeType: check.text(edgeType, 'edgeType'),
    to: check.text(toId, 'toId'),
  }
  return read('getEdge', given, members, {}, undefined)
}

export function listNodes(request: NodesRequest = {}): GraphPlan<GraphNode[]> {
  const checks = { ...check.readChecks, ...check.nodeChecks, after: check.textCheck, limit: check.boundChecks.limit }
  const given = check.record(request, checks, 'listNodes')
  const members = { op: 'nodes', after: given['after'], limit: given['limit'] ?? 100 }
  return read('listNodes', given, members, { nodes: check.nodeTest(given) }, [])
}

export function countNodes(request: CountNodesRequest = {}): GraphPlan<number> {
  const given = check.record(request, { ...check.readChecks, ...check.nodeChecks }, 'countNodes')
  return read('countNodes', given, { op: 'countNodes' }, { nodes: check.nodeTest(given) }, 0)
}

export function countEdges(request: CountEdgesRequest = {}): GraphPlan<number> {
  const checks = { ...check.readChecks, edgeTypes: check.edgeChecks.edgeTypes }
  const given = check.record(request, checks, 'countEdges')
  return read('countEdges', given, { op: 'countEdges', edgeTypes: check.edgeTypes(given) }, {}, 0)
}

const step = (given: Given): Reading => ({
  direction: check.direction(given['direction']),
  edgeTypes: check.edgeTypes(given),
})

export function listIndexedProperties(options?: Omit<GraphReadOptions, 'validAt'>): GraphPlan<IndexedProperties[]> {
  const { asOf, timeoutMs, signal } = check.readChecks
  const given = check.record(options, { asOf, timeoutMs, signal }, 'listIndexedProperties')
  return read('listIndexedProperties', given, { op: 'indexes' }, {}, [])
}

export function getNeighbors(request: NeighborsRequest): GraphPlan<Neighbor[]> {
  const checks = {
    ...check.readChecks,
    ...check.nodeChecks,
    ...check.edgeChecks,
    ...check.boundChecks,
    nodeId: check.anyCheck,
  }
  const given = check.record(request, checks, 'getNeighbors')
  const { maxVisits, limit } = given
  const members = { op: 'neighbors', id: check.text(given['nodeId'], 'nodeId'), ...step(given), maxVisits, limit }
  return read('getNeighbors', given, members, { nodes: check.nodeTest(given) }, [])
}

export function degree(request: DegreeRequest): GraphPlan<number> {
  const checks = {
    ...check.readChecks,
    ...check.edgeChecks,
    maxVisits: check.boundChecks.maxVisits,
    nodeId: check.anyCheck,
  }
  const given = check.record(request, checks, 'degree')
  const members = {
    op: 'degree',
    id: check.text(given['nodeId'], 'nodeId'),
    ...step(given),
    maxVisits: given['maxVisits'],
  }
  return read('degree', given, members, {}, 0)
}

export function traverse(request: TraverseRequest): GraphPlan<Subgraph> {
  const checks = {
    ...check.readChecks,
    ...check.nodeChecks,
    ...check.edgeChecks,
    ...check.boundChecks,
    startNode: check.anyCheck,
    maxDepth: check.depthCheck,
    order: check.orderCheck,
    prune: check.flagCheck,
    limitPerNode: check.fanOutCheck,
  }
  const given = check.record(request, checks, 'traverse')
  const { maxVisits, limit, limitPerNode, maxDepth = 10, prune } = given
  const id = check.text(given['startNode'], 'startNode')
  const dfs = given['order'] === 'dfs' ? true : undefined
  const members = { op: 'traverse', id, ...step(given), maxDepth, dfs, prune, maxVisits, limit, limitPerNode }
  const plan = read<Subgraph>('traverse', given, members, { nodes: check.nodeTest(given) }, { nodes: [], edges: [] })
  return { ...plan, decode: decodeSubgraph }
}

export function findPath(request: PathRequest): GraphPlan<GraphPath | undefined> {
  const checks = {
    ...check.readChecks,
    ...check.edgeChecks,
    maxVisits: check.boundChecks.maxVisits,
    fromId: check.anyCheck,
    toId: check.anyCheck,
    maxDepth: check.depthCheck,
    weight: check.textCheck,
  }
  const given = check.record(request, checks, 'findPath')
  const { maxVisits, maxDepth, weight } = given
  const id = check.text(given['fromId'], 'fromId')
  const members = { op: 'path', id, to: check.text(given['toId'], 'toId'), ...step(given), maxDepth, weight, maxVisits }
  return read<GraphPath | undefined>('findPath', given, members, {}, undefined)
}

export function match(request: MatchRequest): GraphPlan<Subgraph[]> {
  const checks = {
    ...check.readChecks,
    ...check.nodeChecks,
    ...check.boundChecks,
    startNode: check.anyCheck,
    steps: check.anyCheck,
  }
  const given = check.record(request, checks, 'match')
  const { maxVisits, limit = 100, startNode } = given
  const id = startNode === undefined ? undefined : check.text(startNode, 'startNode')
  const steps = check.list(given['steps'], 'steps').map((each, i) => matchStep(each as MatchStep, `steps[${i}]`))
  if (steps.length > 16) throw new ValidationError(`A pattern has at most 16 steps; this one has ${steps.length}.`)
  const raw = { nodes: check.nodeTest(given), steps: `[${steps.join(',')}]` }
  return read('match', given, { op: 'match', id, maxVisits, limit }, raw, [])
}

function matchStep(given: MatchStep, place: string): string {
  const checks = { ...check.nodeChecks, ...check.edgeChecks, minHops: check.hopsCheck, maxHops: check.hopsCheck }
  const checked = check.record(given, checks, place)
  const minHops = (checked['minHops'] as number | undefined) ?? 1
  const maxHops = (checked['maxHops'] as number | undefined) ?? Math.max(1, minHops)
  if (maxHops < minHops) {
    throw new ValidationError(`${place} has a maxHops of ${maxHops}, less than its minHops of ${minHops}.`)
  }
  const test = check.nodeTest(checked)
  const members = json({ ...step(checked), minHops, maxHops })
  return test === undefined ? members : `${members.slice(0, -1)},"nodes":${test}}`
}

export function queryTemporalGraph(request: TemporalRequest): GraphPlan<GraphEdge[]> {
  const checks = {
    asOf: check.anyCheck,
    timeoutMs: check.readChecks.timeoutMs,
    signal: check.readChecks.signal,
    ...check.boundChecks,
    nodeId: check.anyCheck,
    mode: check.modeCheck,
    timestamp: check.anyCheck,
    startTime: check.anyCheck,
    endTime: check.anyCheck,
    edgeType: check.anyCheck,
    direction: check.edgeChecks.direction,
  }
  const given = check.record(request, checks, 'queryTemporalGraph')
  const { edgeType, limit, maxVisits } = given
  const [start, end] = interval(given)
  const members = {
    op: 'temporal',
    id: check.text(given['nodeId'], 'nodeId'),
    direction: check.direction(given['direction']),
    edgeTypes: edgeType === undefined ? undefined : [check.text(edgeType, 'edgeType')],
    start,
    end,
    limit,
    maxVisits,
  }
  return read('queryTemporalGraph', given, members, {}, [])
}

/** A moment is the shortest interval that there is. */
function interval(given: Given): [start: number, end: number] {
  const needs = (name: string, wanted: boolean): void => {
    if ((given[name] !== undefined) === wanted) return
    const mode = given['mode'] === undefined ? 'queryTemporalGraph' : `mode '${String(given['mode'])}'`
    throw new ValidationError(`${mode} takes ${wanted ? 'a' : 'no'} ${name}.`, { details: { argument: name } })
  }
  needs('mode', true)
  const isRange = given['mode'] === 'RANGE'
  needs('timestamp', given['mode'] === 'POINT_IN_TIME')
  needs('startTime', isRange)
  needs('endTime', isRange)
  if (!isRange) {
    const at = check.momentOr(given['timestamp'], 'timestamp', Date.now())
    return [at, at + 1]
  }
  const start = check.moment(given['startTime'], 'startTime')
  const end = check.moment(given['endTime'], 'endTime')
  if (end < start) {
    throw new ValidationError(`The range ends before it begins: from ${start} to ${end}.`, {
      details: { argument: 'endTime' },
    })
  }
  return [start, end]
}
