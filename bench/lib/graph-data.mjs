/** 50,000 nodes and 500,000 edges between nodes picked at random, the same every time; where walks begin, and ends of paths. */
export function graphData(nodeCount = 50_000, edgeCount = 500_000) {
  let state = 1
  const below = n => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n)
  }
  const id = n => `person${n}`
  const nodes = Array.from({ length: nodeCount }, (_, n) => ({ id: id(n), name: `name ${n}`, age: n % 90 }))
  const seen = new Set()
  const edges = []
  while (edges.length < edgeCount) {
    const [from, to] = [below(nodeCount), below(nodeCount)]
    if (seen.has(from * nodeCount + to)) continue
    seen.add(from * nodeCount + to)
    edges.push({ from: id(from), to: id(to), since: 1990 + below(35) })
  }
  const starts = Array.from({ length: 500 }, () => id(below(nodeCount)))
  const pairs = Array.from({ length: 200 }, () => [id(below(nodeCount)), id(below(nodeCount))])
  return { nodes, edges, starts, pairs }
}
