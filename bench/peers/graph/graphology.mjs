/** In memory, without transactions: attributes of nodes and edges by reference. */
export async function open() {
  const { DirectedGraph } = (await import('graphology')).default
  const { bidirectional } = (await import('graphology-shortest-path')).default
  const { bfsFromNode } = (await import('graphology-traversal')).default
  const graph = new DirectedGraph()
  return {
    load(nodes, edges) {
      for (const { id, ...attributes } of nodes) graph.addNode(id, attributes)
      for (const { from, to, since } of edges) graph.addEdge(from, to, { since })
    },
    neighbors(id) {
      const found = []
      graph.forEachOutEdge(id, (_edge, edge, _from, to, _of, node) => found.push({ id: to, node, edge }))
      return found
    },
    within(id, depth) {
      const found = []
      const visit = (node, attributes, at) => {
        if (at <= depth) found.push({ id: node, attributes })
        return at >= depth
      }
      bfsFromNode(graph, id, visit, { mode: 'outbound' })
      return found
    },
    path(from, to) {
      const path = bidirectional(graph, from, to)
      return path === null ? undefined : path.length - 1
    },
    close: () => undefined,
  }
}
