import { keys } from './layout.js'

/** What is counted of a cache. */
export interface Counters {
  exactHits: number
  semanticHits: number
  staleHits: number
  misses: number
  guardRejections: number
  verifierRejections: number
  explorations: number
  evictions: number
  expired: number
  tokensSaved: number
  costSaved: number
}

export const noCounters = (): Counters => ({
  exactHits: 0,
  semanticHits: 0,
  staleHits: 0,
  misses: 0,
  guardRejections: 0,
  verifierRejections: 0,
  explorations: 0,
  evictions: 0,
  expired: 0,
  tokensSaved: 0,
  costSaved: 0,
})

export function addCounters(a: Partial<Counters>, b: Partial<Counters>): Counters {
  const sum = noCounters()
  for (const name of Object.keys(sum) as (keyof Counters)[]) sum[name] = (a[name] ?? 0) + (b[name] ?? 0)
  return sum
}

export const isZero = (counters: Counters): boolean => Object.values(counters).every(count => count === 0)

/** What has been written of them. */
export function readCounters(from: { getString(key: string): string | undefined }, id: string): Counters {
  const text = from.getString(keys.counters(id))
  return addCounters(text === undefined ? {} : (JSON.parse(text) as Partial<Counters>), {})
}
