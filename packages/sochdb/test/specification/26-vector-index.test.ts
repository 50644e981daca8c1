import { DistanceMetric, VectorIndex, type VectorIndexConfig } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const dimension = 384

/** The axis of this number. */
function axis(number: number): Float32Array {
  return Float32Array.from({ length: dimension }, (_, i) => (i === number ? 1 : 0))
}

describe('26 Standalone VectorIndex', () => {
  const config: VectorIndexConfig = {
    dimension,
    metric: DistanceMetric.COSINE,
    m: 16,
    efConstruction: 200,
    efSearch: 50,
    maxElements: 100_000,
  }

  test('create, insert, search, properties, save and load', () => {
    const index = new VectorIndex(config)
    index.insert(1, axis(1))

    const ids = new BigUint64Array([1n, 2n, 3n])
    const vectors = [axis(1), axis(2), axis(3)]
    expect(index.insertBatch(ids, vectors)).toBe(3)
    expect(index.insertBatchFast(ids, vectors)).toEqual({ inserted: 3, failed: 0 })

    const results = index.search(axis(2), { k: 10, efSearch: 100 })
    const shown = []
    for (const [id, distance] of results) shown.push(`ID: ${id}, Distance: ${distance}`)
    expect(shown).toEqual(['ID: 2, Distance: 0', 'ID: 1, Distance: 1', 'ID: 3, Distance: 1'])

    expect(index.size).toBe(3)
    expect(index.dimension).toBe(384)

    const path = directory('index.bin')
    index.save(path)
    expect(VectorIndex.load(path).search(axis(2), { k: 10, efSearch: 100 })).toEqual(results)
  })
})
