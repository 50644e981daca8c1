import { join } from 'node:path'
import { Database } from '../../../packages/sochdb/dist/index.js'

/** Not synced; every node and edge with its properties, as objects. */
export function open(dir) {
  const db = Database.open(join(dir, 'graph'), { syncMode: 'off' })
  const graph = db.graph()
  const timed = db.graph('timed')
  const within = (of, startNode, maxDepth) => of.traverse({ startNode, maxDepth, edgeTypes: ['knows'] }).nodes
  return {
    load(nodes, edges) {
      for (let at = 0; at < nodes.length; at += 10_000) {
        const some = nodes.slice(at, at + 10_000)
        graph.addNodes(some.map(({ id, ...properties }) => ({ id, nodeType: 'person', properties })))
      }
      graph.importEdges(
        edges.map(({ from, to, since }) => ({ fromId: from, edgeType: 'knows', toId: to, properties: { since } })),
      )
      // The same edges, each of which holds from some year on.
      timed.importEdges(
        edges.map(({ from, to, since }) => ({
          fromId: from,
          edgeType: 'knows',
          toId: to,
          validFrom: Date.UTC(since, 0),
          properties: { since },
        })),
      )
    },
    neighbors: nodeId => graph.getNeighbors({ nodeId }),
    within: (id, depth) => within(graph, id, depth),
    withinAt: (id, depth) => within(timed, id, depth),
    path: (fromId, toId) => graph.findPath({ fromId, toId })?.length,
    close: () => db.close(),
  }
}
