/** What one builds by hand: a Map for keys, hnswlib for vectors, one threshold, all of it in memory and gone with the process. */
import { EF_CONSTRUCTION, M } from '../../lib/search-data.mjs'

const EF = 50

export async function cache(_dir, { threshold, capacity, dimension }) {
  const { default: hnswlib } = await import('hnswlib-node')
  const index = new hnswlib.HierarchicalNSW('cosine', dimension)
  index.initIndex({ maxElements: capacity, m: M, efConstruction: EF_CONSTRUCTION })
  index.setEf(EF)
  const byKey = new Map()
  const entries = []
  const near = vector => {
    const { neighbors, distances } = index.searchKnn(Array.from(vector), 1)
    return neighbors.length === 1 && 1 - distances[0] >= threshold ? entries[neighbors[0]] : undefined
  }
  return {
    put(added) {
      for (const { key, vector, value } of added) {
        byKey.set(key, entries.length)
        index.addPoint(Array.from(vector), entries.length)
        entries.push({ key, value })
      }
    },
    finish() {},
    exact: key => entries[byKey.get(key)]?.value,
    find: (key, vector) => (byKey.has(key) ? entries[byKey.get(key)] : near(vector)),
    near,
    close() {},
  }
}
