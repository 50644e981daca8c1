/** Random walks over random graphs, beside a plain model of them: every way, edge by edge. */
import { random } from '../support/random.js'
import { openGraphClient } from './graph-fixture.js'

type Verb = 'out' | 'in' | 'both'
interface Step {
  readonly verb: Verb
  readonly maxDepth: number
  readonly least: number | undefined
}
interface Edge {
  readonly from: number
  readonly to: number
}

/** The ends of all ways, the start left out; a way goes over an edge once. */
function endsOf(start: number, steps: readonly Step[], edges: readonly Edge[], years: readonly number[]): string[] {
  const ends = new Set<number>()
  const walk = (at: number, step: number, hops: number, used: ReadonlySet<Edge>): void => {
    if (step === steps.length) {
      ends.add(at)
      return
    }
    const { verb, maxDepth, least } = steps[step]!
    if (hops > 0 && (least === undefined || years[at]! >= least)) walk(at, step + 1, 0, used)
    if (hops === maxDepth) return
    for (const edge of edges.filter(one => !used.has(one))) {
      if (verb !== 'in' && edge.from === at) walk(edge.to, step, hops + 1, new Set([...used, edge]))
      if (verb !== 'out' && edge.to === at) walk(edge.from, step, hops + 1, new Set([...used, edge]))
    }
  }
  walk(start, 0, 0, new Set())
  ends.delete(start)
  return [...ends].map(n => `d${n}`).sort()
}

test.each([1, 2, 3, 4, 5, 6])('seed %d', async seed => {
  const { below, pick } = random(seed)
  await using db = openGraphClient()
  const { Doc, CITES } = db.graph
  const size = 8
  const years = Array.from({ length: size }, () => 2000 + below(4))
  await Doc.addMany(years.map((year, n) => ({ id: `d${n}`, properties: { title: `Doc ${n}`, year } })))
  const edges = new Map<string, Edge>()
  for (let i = 0; i < 12; i++) {
    const edge = { from: below(size), to: below(size) }
    edges.set(`${edge.from} ${edge.to}`, edge)
  }
  await CITES.addMany([...edges.values()].map(({ from, to }) => ({ fromId: `d${from}`, toId: `d${to}` })))
  for (let i = 0; i < 40; i++) {
    const start = below(size)
    const steps = Array.from({ length: 1 + below(3) }, (): Step => {
      const least = below(3) === 0 ? 2001 : undefined
      return { verb: pick(['out', 'in', 'both']), maxDepth: 1 + below(2), least }
    })
    const walk = steps.reduce(
      (so, { verb, maxDepth, least }) => {
        return so[verb]('CITES', { maxDepth, ...(least === undefined ? {} : { where: { year: { gte: least } } }) })
      },
      Doc(`d${start}`),
    )
    const expected = endsOf(start, steps, [...edges.values()], years)
    const found = await walk.ids()
    expect({ start, steps, found: [...found].sort() }).toEqual({ start, steps, found: expected })
    expect(new Set(found).size).toBe(found.length)
    expect(await walk.count()).toBe(expected.length)
    expect(await walk.ids({ limit: 2 })).toHaveLength(Math.min(2, expected.length))
  }
})
