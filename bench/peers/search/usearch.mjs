import { join } from 'node:path'
import { DIMENSION, EF_CONSTRUCTION, K, M } from '../../lib/search-data.mjs'

/** One thread. Its ef is set when an index is made: another one loads the file that the first has saved. It has no filters here. */
export async function vectors(dir, { dimension = DIMENSION } = {}) {
  const { default: usearch } = await import('usearch')
  const file = join(dir, 'index.usearch')
  const make = ef =>
    new usearch.Index({
      metric: 'cos',
      quantization: 'f32',
      connectivity: M,
      dimensions: dimension,
      expansion_add: EF_CONSTRUCTION,
      expansion_search: ef,
    })
  let index = make(64)
  let current = 64
  let changed = false
  const withEf = ef => {
    if (ef === current) return index
    if (changed) index.save(file)
    changed = false
    index = make(ef)
    index.load(file)
    current = ef
    return index
  }
  return {
    insert(from, to, row) {
      changed = true
      for (let n = from; n < to; n++) index.add(BigInt(n), row(n))
    },
    remove(numbers) {
      changed = true
      for (const n of numbers) index.remove(BigInt(n))
    },
    search: (query, ef) => withEf(ef).search(query, K, 1).keys,
    async reopen() {
      index.save(file)
      changed = false
      index = make(current)
      return () => index.load(file)
    },
    close() {},
  }
}
