import { join } from 'node:path'
import { DIMENSION, EF_CONSTRUCTION, K, M } from '../../lib/search-data.mjs'

/** As it installs. It takes and gives arrays of numbers: those are made outside what is timed, but for the building. */
export async function vectors(dir, { capacity, dimension = DIMENSION }) {
  const { default: hnswlib } = await import('hnswlib-node')
  const file = join(dir, 'index.dat')
  let index = new hnswlib.HierarchicalNSW('cosine', dimension)
  index.initIndex({ maxElements: capacity, m: M, efConstruction: EF_CONSTRUCTION, allowReplaceDeleted: true })
  let removed = 0
  let tagOf
  return {
    prepare: query => Array.from(query),
    insert(from, to, row, tags) {
      tagOf = tags
      for (let n = from; n < to; n++) index.addPoint(Array.from(row(n)), n, removed > 0)
    },
    remove(numbers) {
      for (const n of numbers) index.markDelete(n)
      removed += numbers.length
    },
    search(query, ef) {
      index.setEf(ef)
      return index.searchKnn(query, K).neighbors
    },
    filtered(query, ef, filter) {
      index.setEf(ef)
      const passes =
        'cluster' in filter ? n => tagOf(n).cluster === filter.cluster : n => tagOf(n).bucket < filter.bucket
      return index.searchKnn(query, K, passes).neighbors
    },
    async reopen() {
      index.writeIndexSync(file)
      index = new hnswlib.HierarchicalNSW('cosine', dimension)
      return () => index.readIndexSync(file)
    },
    close() {},
  }
}
