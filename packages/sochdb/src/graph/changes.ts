/** The verbs that change graphs, as plans (native/index/graph/graph_changes.h). */
import { describe } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'
import * as check from './check.js'
import type { Given } from './check.js'
import type { GraphPlan } from './plan.js'
import type {
  EdgeChange,
  EdgeEnd,
  EdgeRule,
  GraphProperties,
  IndexedProperties,
  NewEdge,
  NewNode,
  NodeChange,
  TemporalEdge,
} from './types.js'

const json = JSON.stringify

const change = <T>(changes: readonly string[], decode: (answers: unknown[]) => T): GraphPlan<T> => ({
  writes: true,
  text: `[${changes.join(',')}]`,
  decode: answer => decode(JSON.parse(answer as string) as unknown[]),
  empty: undefined as T, // a write makes the graph
  timeoutMs: 0,
})

const nothing = (): void => undefined
const first = <T>(answers: unknown[]): T => answers[0] as T

function nodeChange(id: unknown, type: unknown, properties: unknown): string {
  const nodeId = check.text(id, 'nodeId')
  return `["node",${json(nodeId)},${json(check.text(type, 'nodeType'))},${check.properties(properties, check.NODE, nodeId)}]`
}

const edgeName = (from: unknown, type: unknown, to: unknown): string =>
  `${json(check.text(from, 'fromId'))},${json(check.text(type, 'edgeType'))},${json(check.text(to, 'toId'))}`

const edgeProperties = (value: unknown, from: unknown, to: unknown): string =>
  check.properties(value, check.EDGE, edgeId(from, to))
const edgeId = (from: unknown, to: unknown): string => `${String(from)} → ${String(to)}`

function temporalChange(edge: Given): string {
  const { fromId, edgeType, toId } = edge
  const name = edgeName(fromId, edgeType, toId)
  const from = check.moment(edge['validFrom'], 'validFrom')
  const until = check.momentOr(edge['validUntil'], 'validUntil', 0)
  return `["temporal",${name},${from},${until},${edgeProperties(edge['properties'], fromId, toId)}]`
}

const newEdgeChecks = {
  fromId: check.anyCheck,
  edgeType: check.anyCheck,
  toId: check.anyCheck,
  properties: check.anyCheck,
  validFrom: check.anyCheck,
  validUntil: check.anyCheck,
}
const newNodeChecks = { id: check.anyCheck, nodeType: check.anyCheck, properties: check.anyCheck }

/** One change for an edge of a list. */
export function edgeChange(edge: unknown, place: string): string {
  const given = check.record(edge, newEdgeChecks, place)
  if (given['validFrom'] !== undefined) return temporalChange(given)
  if (given['validUntil'] !== undefined) {
    throw new ValidationError(`${place} has a validUntil and no validFrom: a temporal edge has both.`, {
      details: { argument: 'validFrom' },
    })
  }
  const { fromId, edgeType, toId } = given
  return `["edge",${edgeName(fromId, edgeType, toId)},${edgeProperties(given['properties'], fromId, toId)}]`
}

const RULES: readonly EdgeRule[] = ['any', 'oncePerEdge', 'oncePerNode']

export const addNode = (nodeId: string, nodeType: string, properties?: GraphProperties): GraphPlan<void> =>
  change([nodeChange(nodeId, nodeType, properties)], nothing)

export function addNodes(nodes: readonly NewNode[]): GraphPlan<number> {
  const changes = check.list(nodes, 'nodes').map((node, i) => {
    const given = check.record(node, newNodeChecks, `nodes[${i}]`)
    return nodeChange(given['id'], given['nodeType'], given['properties'])
  })
  return change(changes, answers => answers.length)
}

export function updateNode(nodeId: string, changes: NodeChange): GraphPlan<boolean> {
  const id = check.text(nodeId, 'nodeId')
  const given = check.record(changes, { nodeType: check.anyCheck, properties: check.anyCheck }, 'updateNode')
  const type = given['nodeType'] === undefined ? null : check.text(given['nodeType'], 'nodeType')
  return change(
    [`["updateNode",${json(id)},${json(type)},${patch(given['properties'], check.NODE, id)}]`],
    first<boolean>,
  )
}

function patch(properties: unknown, of: typeof check.NODE, id: string): string {
  const text = check.properties(properties, of, id)
  return `${text},${json(properties === undefined ? [] : check.removedNames(properties as object))}`
}

export const deleteNode = (nodeId: string): GraphPlan<boolean> =>
  change([`["deleteNode",${json(check.text(nodeId, 'nodeId'))}]`], first<boolean>)

export const addEdge = (
  fromId: string,
  edgeType: string,
  toId: string,
  properties?: GraphProperties,
): GraphPlan<void> =>
  change([`["edge",${edgeName(fromId, edgeType, toId)},${edgeProperties(properties, fromId, toId)}]`], nothing)

export const addEdges = (edges: readonly NewEdge[]): GraphPlan<number> =>
  change(
    check.list(edges, 'edges').map((edge, i) => edgeChange(edge, `edges[${i}]`)),
    answers => answers.length,
  )

export function updateEdge(fromId: string, edgeType: string, toId: string, changes: EdgeChange): GraphPlan<boolean> {
  const given = check.record(changes, { properties: check.anyCheck, validFrom: check.anyCheck }, 'updateEdge')
  const from = check.momentOr(given['validFrom'], 'validFrom', null)
  const name = edgeName(fromId, edgeType, toId)
  const patched = patch(given['properties'], check.EDGE, edgeId(fromId, toId))
  return change([`["updateEdge",${name},${json(from)},${patched}]`], first<boolean>)
}

export const deleteEdge = (fromId: string, edgeType: string, toId: string): GraphPlan<boolean> =>
  change([`["deleteEdge",${edgeName(fromId, edgeType, toId)}]`], first<boolean>)

export const addTemporalEdge = (edge: TemporalEdge): GraphPlan<void> =>
  change([temporalChange(check.record(edge, newEdgeChecks, 'addTemporalEdge'))], nothing)

export function endTemporalEdge(end: EdgeEnd): GraphPlan<boolean> {
  const checks = {
    fromId: check.anyCheck,
    edgeType: check.anyCheck,
    toId: check.anyCheck,
    endTime: check.anyCheck,
  }
  const given = check.record(end, checks, 'endTemporalEdge')
  const at = check.endOf(given['endTime'] as number, 'endTime')
  const name = edgeName(given['fromId'], given['edgeType'], given['toId'])
  return change([`["end",${name},${at}]`], answers => first<number>(answers) > 0)
}

export function setEdgeRule(edgeType: string, rule: EdgeRule): GraphPlan<void> {
  const number = RULES.indexOf(rule)
  if (number < 0) {
    throw new ValidationError(`rule must be one of ${RULES.join(', ')}; this is ${describe(rule)}.`, {
      details: { argument: 'rule' },
    })
  }
  return change([`["rule",${json(check.text(edgeType, 'edgeType'))},${number}]`], nothing)
}

export function setIndexedProperties(indexed: IndexedProperties): GraphPlan<void> {
  const checks = { nodeType: check.anyCheck, properties: check.anyCheck }
  const given = check.record(indexed, checks, 'setIndexedProperties')
  const type = given['nodeType'] === undefined ? null : check.text(given['nodeType'], 'nodeType')
  return change([`["indexed",${json(type)},${json(check.paths(given['properties'], 'properties'))}]`], nothing)
}
