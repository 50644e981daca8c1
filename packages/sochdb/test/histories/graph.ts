/** Directed graphs of transactions, by number, with labelled edges. */

export type EdgeKind = 'ww' | 'wr' | 'rw' | 'realtime'

export interface Edge {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  readonly why: string
}

export class Graph {
  readonly edges: Edge[] = []
  readonly #out: Edge[][]

  constructor(readonly size: number) {
    this.#out = Array.from({ length: size }, () => [])
  }

  add(from: number, to: number, kind: EdgeKind, why: string): void {
    if (from === to) return
    const edge = { from, to, kind, why }
    this.edges.push(edge)
    this.#out[from]?.push(edge)
  }

  /** The shortest way from one to another over edges of these kinds; undefined where there is none. */
  path(from: number, to: number, kinds: ReadonlySet<EdgeKind>): Edge[] | undefined {
    const cameBy = new Map<number, Edge>()
    const open = [from]
    for (let next = 0; next < open.length; next++) {
      const at = open[next] ?? 0
      if (at === to && next > 0) break
      for (const edge of this.#out[at] ?? []) {
        if (!kinds.has(edge.kind) || cameBy.has(edge.to) || (edge.to === from && from !== to)) continue
        cameBy.set(edge.to, edge)
        open.push(edge.to)
      }
    }
    const path: Edge[] = []
    for (let edge = cameBy.get(to); edge !== undefined; edge = edge.from === from ? undefined : cameBy.get(edge.from)) {
      path.unshift(edge)
    }
    return path.length === 0 ? undefined : path
  }

  /** The strongly connected component of every transaction, over edges of these kinds. */
  components(kinds: ReadonlySet<EdgeKind>): number[] {
    const component = new Array<number>(this.size).fill(-1)
    const order = new Array<number>(this.size).fill(-1)
    const low = new Array<number>(this.size).fill(0)
    const path: number[] = []
    let visited = 0
    for (let root = 0; root < this.size; root++) {
      if (order[root] !== -1) continue
      const calls = [{ at: root, edge: 0 }]
      for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
        const { at } = call
        if (call.edge === 0) {
          order[at] = low[at] = visited++
          path.push(at)
        }
        const out = this.#out[at] ?? []
        let descended = false
        while (call.edge < out.length && !descended) {
          const edge = out[call.edge++]
          if (edge === undefined || !kinds.has(edge.kind)) continue
          if (order[edge.to] === -1) {
            calls.push({ at: edge.to, edge: 0 })
            descended = true
          } else if (component[edge.to] === -1) {
            low[at] = Math.min(low[at] ?? 0, order[edge.to] ?? 0)
          }
        }
        if (descended) continue
        if (low[at] === order[at]) {
          let member: number | undefined
          do {
            member = path.pop()
            if (member !== undefined) component[member] = at
          } while (member !== at)
        }
        calls.pop()
        const caller = calls.at(-1)
        if (caller !== undefined) low[caller.at] = Math.min(low[caller.at] ?? 0, low[at] ?? 0)
      }
    }
    return component
  }
}
