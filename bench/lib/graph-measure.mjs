/** What is asked of a graph: hops, paths, and hops at a moment of valid time; of every peer the same. */
import { eachOf, eachOfAsync } from './measure.mjs'
import { milliseconds, report } from './search-measure.mjs'

/** @param sizes how much hops find, for the names of the measures */
export const measureGraph = (peer, { nodes, edges, starts, pairs }, sizes) =>
  report(async dir => {
    const { open } = await import(`../peers/graph/${peer}.mjs`)
    const graph = await open(dir)
    const each = graph.isAsync ? eachOfAsync : eachOf
    const results = {}
    const loading = await milliseconds(() => graph.load(nodes, edges))
    results['loading, µs an edge'] = (loading * 1000) / edges.length
    const reached = (await graph.within(starts[0], 3)).length
    const length = await graph.path(...pairs[0])
    results[`one hop: ${sizes.one}`] = await each(starts, id => graph.neighbors(id))
    results[`three hops: ${sizes.three}`] = await each(starts, id => graph.within(id, 3))
    results['a shortest path'] = await each(pairs, ([from, to]) => graph.path(from, to))
    if (graph.withinAt !== undefined) {
      results['three hops at a moment of valid time'] = await each(starts, id => graph.withinAt(id, 3))
    }
    // Everybody finds the same.
    results['nodes within three hops of the first'] = reached
    results['edges of the first path'] = length
    await graph.close()
    return results
  })
