/** What quantized collections find, keep in memory, and say of themselves. */
import { Database } from 'sochdb'

import { createCollection, openCollection } from '../../src/search/index.js'
import type { Collection, QuantizationType } from '../../src/search/index.js'
import { temporaryDirectory } from '../support/temporary.js'
import { clusteredVectors, randomNumbers } from './support/vectors.js'

const directory = temporaryDirectory()
const dimension = 96
const count = 3000
const vectors = clusteredVectors(count + 50, dimension, randomNumbers(77), { clusters: 60, spread: 1.2 })
const row = (i: number): Float32Array => vectors.subarray(i * dimension, (i + 1) * dimension)
const fullBytes = count * dimension * 4

/** Which part of the true neighbours is found; those that are have the score of an exact search. */
function recall(docs: Collection, efSearch: number): number {
  let found = 0
  for (let q = count; q < count + 50; q++) {
    const exact = docs.search({ vector: row(q), k: 10, exact: true }).toArray()
    const hits = new Map(
      docs
        .search({ vector: row(q), k: 10, efSearch })
        .toArray()
        .map(hit => [hit.id, hit]),
    )
    for (const { id, score, distance } of exact) {
      const hit = hits.get(id)
      if (hit === undefined) continue
      found++
      expect(hit).toMatchObject({ score, distance })
    }
  }
  return found / 500
}

const cases: [QuantizationType, number, number][] = [
  ['none', 0.97, 0],
  ['scalar', 0.97, 3.5],
  ['pq', 0.8, 24],
  ['binary', 0.8, 13],
]

describe.each(cases)('quantization %s', (quantization, leastRecall, leastRatio) => {
  const options = quantization === 'pq' ? { pqNumCentroids: 16 } : {}
  const config = { name: 'docs', dimension, efConstruction: 60, quantization, ...options }

  test('finds the nearest, scored by the vectors themselves, in the memory it promises; also after reopening', () => {
    let db = Database.open(directory(quantization), { logLevel: 'off' })
    let docs = createCollection(db, config)
    const ids = Array.from({ length: count }, (_, i) => String(i))
    docs.insertBatch({ ids, vectors: vectors.subarray(0, count * dimension) })
    docs.optimize()
    const before = recall(docs, 100)
    expect(before).toBeGreaterThanOrEqual(leastRecall)
    const { vectorSizeBytes, mappedSizeBytes, indexSizeBytes, ...info } = docs.info()
    expect(info).toMatchObject(config)
    expect(vectorSizeBytes).toBeLessThan(indexSizeBytes)
    if (quantization === 'none') {
      expect(vectorSizeBytes).toBeGreaterThan(fullBytes)
      expect(mappedSizeBytes).toBe(0)
    } else {
      expect(fullBytes / vectorSizeBytes).toBeGreaterThanOrEqual(leastRatio)
      expect(mappedSizeBytes).toBeGreaterThanOrEqual(fullBytes)
    }
    db.close()

    db = Database.open(directory(quantization), { logLevel: 'off' })
    docs = openCollection(db, 'docs')
    docs.optimize()
    expect(docs.info()).toMatchObject(config)
    expect(recall(docs, 100)).toBeGreaterThanOrEqual(before - 0.05)
    expect(docs.get('7')?.vector).toEqual(row(7))
    db.close()
  })
})

test('pq fills in its options, and they are part of the configuration', () => {
  const db = Database.open(directory('defaults'), { logLevel: 'off' })
  const docs = createCollection(db, { name: 'docs', dimension: 20, quantization: 'pq' })
  expect(docs.info()).toMatchObject({ quantization: 'pq', pqNumSubvectors: 3, pqNumCentroids: 256 })
  const same = { name: 'docs', dimension: 20, quantization: 'pq', pqNumSubvectors: 3, pqNumCentroids: 256 } as const
  expect(createCollection(db, same).name).toBe('docs')
  expect(() => createCollection(db, { ...same, pqNumSubvectors: 4 })).toThrow('pqNumSubvectors')
  expect(() => createCollection(db, { name: 'docs', dimension: 20 })).toThrow('quantization')
  db.close()
})
