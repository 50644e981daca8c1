/** Random graphs, compared with a naive model after every few changes: in memory, in tables, in transactions, in the past. */
import { Database } from 'sochdb'
import type { GraphDirection, GraphEdge, GraphReading } from 'sochdb'

import { random } from '../support/random.js'
import type { Random } from '../support/random.js'

interface ModelEdge {
  fromId: string
  edgeType: string
  toId: string
  properties: { w: number }
  validFrom?: number
  validUntil?: number
}

const TYPES = ['a', 'ab', 'b']
const IDS = Array.from({ length: 24 }, (_, i) => `n${i}`)

class Model {
  readonly nodes = new Map<string, { nodeType: string; properties: { v: number } }>()
  readonly edges = new Map<string, ModelEdge>()

  copy(): Model {
    const copy = new Model()
    for (const [id, node] of this.nodes) copy.nodes.set(id, node)
    for (const [key, edge] of this.edges) copy.edges.set(key, edge)
    return copy
  }

  /** What a node's edges are at a moment, each once. */
  edgesOf(id: string, direction: GraphDirection, at: number, types?: readonly string[]): ModelEdge[] {
    return Array.from(this.edges.values()).filter(
      edge =>
        ((direction !== 'incoming' && edge.fromId === id) || (direction !== 'outgoing' && edge.toId === id)) &&
        (types === undefined || types.includes(edge.edgeType)) &&
        holds(edge, at),
    )
  }

  reach(
    start: string,
    depth: number,
    direction: GraphDirection,
    at: number,
    types?: readonly string[],
  ): Map<string, number> {
    const found = new Map([[start, 0]])
    for (const [id, distance] of found) {
      if (distance === depth) continue
      for (const edge of this.edgesOf(id, direction, at, types)) {
        const other = edge.fromId === id && direction !== 'incoming' ? edge.toId : edge.fromId === id ? id : edge.fromId
        for (const next of direction === 'both' ? [edge.fromId, edge.toId] : [other]) {
          if (!found.has(next)) found.set(next, distance + 1)
        }
      }
    }
    return found
  }

  /** A node's first edges, in the order in which neighbors are listed. */
  firstEdges(id: string, direction: GraphDirection, at: number, count: number, types?: readonly string[]): ModelEdge[] {
    const ways = direction === 'both' ? (['outgoing', 'incoming'] as const) : [direction]
    const edges = ways.flatMap(way => {
      const place = (e: ModelEdge): string =>
        [e.validFrom === undefined ? 0 : 1, e.edgeType, way === 'outgoing' ? e.toId : e.fromId].join(' ')
      return this.edgesOf(id, way, at, types)
        .filter(e => direction !== 'both' || way === 'outgoing' || e.fromId !== e.toId)
        .toSorted((a, b) => {
          const [first, second] = [place(a), place(b)]
          return first < second ? -1 : first > second ? 1 : a.validFrom! - b.validFrom!
        })
    })
    return edges.slice(0, count)
  }

  /** Nodes in the order in which they are reached, and the edges that were followed. */
  walk(start: string, depth: number, first: (id: string) => readonly ModelEdge[]): [Map<string, number>, ModelEdge[]] {
    const found = new Map([[start, 0]])
    const edges = new Map<string, ModelEdge>()
    for (const [id, distance] of found) {
      if (distance === depth) continue
      for (const edge of first(id)) {
        edges.set(keyOf(edge), edge)
        for (const next of [edge.fromId, edge.toId]) if (!found.has(next)) found.set(next, distance + 1)
      }
    }
    return [found, Array.from(edges.values())]
  }

  lightest(from: string, to: string, at: number): number | undefined {
    const best = new Map([[from, 0]])
    for (let round = 0; round < IDS.length; round++) {
      for (const edge of this.edges.values()) {
        const before = best.get(edge.fromId)
        if (before === undefined || !holds(edge, at)) continue
        best.set(edge.toId, Math.min(best.get(edge.toId) ?? Infinity, before + edge.properties.w))
      }
    }
    return best.get(to)
  }
}

function holds(edge: ModelEdge, at: number): boolean {
  if (edge.validFrom === undefined) return true
  return edge.validFrom <= at && (edge.validUntil === 0 || at < edge.validUntil!)
}

const keyOf = (edge: Pick<GraphEdge, 'fromId' | 'edgeType' | 'toId' | 'validFrom'>): string =>
  JSON.stringify([edge.fromId, edge.edgeType, edge.toId, edge.validFrom])
const sorted = (edges: readonly (GraphEdge | ModelEdge)[]): string[] => edges.map(edge => JSON.stringify(edge)).sort()

function change(graph: ReturnType<Database['graph']>, model: Model, rng: Random): void {
  const [fromId, toId, edgeType] = [rng.pick(IDS), rng.pick(IDS), rng.pick(TYPES)]
  const properties = { w: rng.below(5) }
  switch (rng.below(9)) {
    case 0: {
      const node = { nodeType: edgeType, properties: { v: rng.below(4) } }
      graph.addNode(fromId, node.nodeType, node.properties)
      model.nodes.set(fromId, node)
      return
    }
    case 1: {
      const had =
        model.nodes.has(fromId) || Array.from(model.edges.values()).some(e => e.fromId === fromId || e.toId === fromId)
      if (rng.below(3) > 0) return
      expect(graph.deleteNode(fromId)).toBe(had)
      model.nodes.delete(fromId)
      for (const [key, edge] of model.edges) if (edge.fromId === fromId || edge.toId === fromId) model.edges.delete(key)
      return
    }
    case 2: {
      let had = false
      for (const [key, edge] of model.edges) {
        if (edge.fromId !== fromId || edge.edgeType !== edgeType || edge.toId !== toId) continue
        had = model.edges.delete(key)
      }
      expect(graph.deleteEdge(fromId, edgeType, toId)).toBe(had)
      return
    }
    case 3:
    case 4: {
      const validFrom = rng.below(10) * 10
      const validUntil = rng.below(2) ? 0 : validFrom + 10 + rng.below(5) * 10
      const edge = { fromId, edgeType, toId, properties, validFrom, validUntil }
      graph.addTemporalEdge(edge)
      model.edges.set(keyOf(edge), edge)
      return
    }
    case 5: {
      const open = Array.from(model.edges.values()).filter(
        e => e.fromId === fromId && e.edgeType === edgeType && e.toId === toId && e.validUntil === 0,
      )
      expect(graph.endTemporalEdge({ fromId, edgeType, toId, endTime: 500 })).toBe(open.length > 0)
      for (const edge of open) model.edges.set(keyOf(edge), { ...edge, validUntil: 500 })
      return
    }
    default: {
      const edge = { fromId, edgeType, toId, properties }
      graph.addEdge(fromId, edgeType, toId, properties)
      model.edges.set(keyOf(edge), edge)
    }
  }
}

function compare(graph: GraphReading, model: Model, rng: Random): void {
  const validAt = rng.below(200)
  const direction = rng.pick(['outgoing', 'incoming', 'both'] as const)
  const edgeTypes = rng.below(2) ? undefined : [rng.pick(TYPES), rng.pick(TYPES)]
  const [start, to] = [rng.pick(IDS), rng.pick(IDS)]
  const some = { direction, validAt, ...(edgeTypes === undefined ? {} : { edgeTypes }) }
  const edges = model.edgesOf(start, direction, validAt, edgeTypes)
  expect(sorted(graph.getNeighbors({ nodeId: start, ...some }).map(({ edge }) => edge))).toEqual(sorted(edges))
  expect(graph.degree({ nodeId: start, ...some })).toBe(edges.length)

  const maxDepth = rng.below(5)
  const reached = model.reach(start, maxDepth, direction, validAt, edgeTypes)
  const isThere = model.nodes.has(start) || reached.size > 1 || (maxDepth > 0 && edges.length > 0)
  const bfs = graph.traverse({ startNode: start, maxDepth, ...some })
  expect(new Set(bfs.nodes.map(({ id }) => id))).toEqual(new Set(isThere ? reached.keys() : []))
  const depths = bfs.nodes.map(({ id }) => reached.get(id)!)
  expect(depths).toEqual(depths.toSorted((a, b) => a - b))
  for (const { id, nodeType, properties } of bfs.nodes) {
    expect({ nodeType, properties }).toEqual(model.nodes.get(id) ?? { nodeType: '', properties: {} })
  }
  const walked = new Map<string, ModelEdge>()
  for (const [id, distance] of reached) {
    if (distance < maxDepth)
      for (const edge of model.edgesOf(id, direction, validAt, edgeTypes)) walked.set(keyOf(edge), edge)
  }
  expect(sorted(bfs.edges)).toEqual(sorted(Array.from(walked.values())))
  const dfs = graph.traverse({ startNode: start, maxDepth, order: 'dfs', ...some })
  expect(new Set(dfs.nodes.map(({ id }) => id))).toEqual(new Set(bfs.nodes.map(({ id }) => id)))

  const limitPerNode = 1 + rng.below(4)
  const [few, followed] = model.walk(start, maxDepth, id =>
    model.firstEdges(id, direction, validAt, limitPerNode, edgeTypes),
  )
  const limited = graph.traverse({ startNode: start, maxDepth, limitPerNode, ...some })
  expect(limited.nodes.map(({ id }) => id)).toEqual(isThere ? Array.from(few.keys()) : [])
  expect(sorted(limited.edges)).toEqual(sorted(followed))
  const deep = graph.traverse({ startNode: start, maxDepth, limitPerNode, order: 'dfs', ...some })
  expect(new Set(deep.nodes.map(({ id }) => id))).toEqual(new Set(isThere ? few.keys() : []))
  expect(sorted(deep.edges)).toEqual(sorted(followed))

  const hops = model.reach(start, Infinity, direction, validAt, edgeTypes).get(to)
  const path = graph.findPath({ fromId: start, toId: to, ...some })
  expect(path?.length).toBe(start === to && !model.nodes.has(start) ? undefined : hops)
  if (path !== undefined) {
    expect(path.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining([start, to]))
    path.edges.forEach((edge, i) => {
      const ends = [path.nodes[i]!.id, path.nodes[i + 1]!.id]
      expect([ends, ends.toReversed()]).toContainEqual([edge.fromId, edge.toId])
      expect(model.edges.get(keyOf(edge))).toEqual(edge)
    })
  }
  const weighed = graph.findPath({ fromId: start, toId: to, weight: 'w', validAt })
  if (start !== to) expect(weighed?.weight).toBe(model.lightest(start, to, validAt))

  const v = rng.below(4)
  const matching = Array.from(model.nodes).filter(([, node]) => node.nodeType === 'a' && node.properties.v === v)
  const request = { nodeTypes: ['a'], nodeFilter: { v } }
  expect(graph.listNodes(request).map(({ id }) => id)).toEqual(matching.map(([id]) => id).toSorted())
  expect(graph.countNodes({ nodeTypes: ['a'] })).toBe(
    Array.from(model.nodes.values()).filter(n => n.nodeType === 'a').length,
  )
  expect(graph.countEdges({ validAt })).toBe(Array.from(model.edges.values()).filter(e => holds(e, validAt)).length)
  const [startTime, length] = [rng.below(150), rng.below(50)]
  const during = model
    .edgesOf(start, direction, NaN)
    .concat(Array.from(model.edges.values()).filter(e => e.validFrom !== undefined))
    .filter(e => e.validFrom !== undefined)
    .filter(e => (direction !== 'incoming' && e.fromId === start) || (direction !== 'outgoing' && e.toId === start))
    .filter(e => e.validFrom! < startTime + length && (e.validUntil === 0 || e.validUntil! > startTime))
  const asked = graph.queryTemporalGraph({
    nodeId: start,
    direction,
    mode: 'RANGE',
    startTime,
    endTime: startTime + length,
  })
  expect(new Set(sorted(asked))).toEqual(new Set(sorted(during)))
}

test.each([
  [1, 64 * 1024 * 1024],
  [2, 64 * 1024 * 1024],
  [3, 20_000],
  [4, 0],
])(
  'whatever is changed, a graph reads as its model: seed %i, %i bytes of it in memory',
  (seed, graphCacheSizeBytes) => {
    const rng = random(seed)
    using db = Database.open(':memory:', { retentionMs: 3_600_000, graphCacheSizeBytes })
    const graph = db.graph(seed % 2 ? 'default' : 'other')
    const name = seed % 2 ? 'default' : 'other'
    graph.addNode('n0', 'a', { v: 0 })
    const model = new Model()
    model.nodes.set('n0', { nodeType: 'a', properties: { v: 0 } })
    const past: { model: Model; snapshot: ReturnType<Database['snapshot']> }[] = []
    for (let round = 0; round < 40; round++) {
      if (rng.below(3) === 0) {
        // In a transaction, which is undone as often as not.
        const inner = model.copy()
        const txn = db.beginTransaction()
        for (let i = 0; i < 8; i++) change(txn.graph(name), inner, rng)
        compare(txn.graph(name), inner, rng)
        if (rng.below(2)) {
          txn.abort()
        } else {
          txn.commit()
          model.nodes.clear()
          model.edges.clear()
          for (const [id, node] of inner.nodes) model.nodes.set(id, node)
          for (const [key, edge] of inner.edges) model.edges.set(key, edge)
        }
      } else {
        for (let i = 0; i < 10; i++) change(graph, model, rng)
      }
      compare(graph, model, rng)
      if (round % 10 === 5) past.push({ model: model.copy(), snapshot: db.snapshot() })
      if (round % 15 === 7) db.compact()
      for (const { model: then, snapshot } of past) compare(snapshot.graph(name), then, rng)
    }
    for (const { snapshot } of past) snapshot.close()
  },
)
