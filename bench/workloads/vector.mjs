/** One vector index, one process: build, then searches at several ef, with recall@10 against an exact scan. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exactNeighbours, wordVectors } from '../lib/data.mjs'

const [peer] = process.argv.slice(2)
const dimension = 100
const count = 100_000
const queries = 500
const k = 10
const efs = [32, 64, 128, 256]
const vectors = wordVectors(count + queries)
const row = i => vectors.subarray(i * dimension, (i + 1) * dimension)
const base = vectors.subarray(0, count * dimension)
const dir = mkdtempSync(join(tmpdir(), 'bench-'))

const indexes = {
  async sochdb() {
    const { Database } = await import('../../packages/sochdb/dist/index.js')
    const db = Database.open(join(dir, 'store'), { syncMode: 'off' })
    const collection = db.createCollection({ name: 'bench', dimension, metric: 'cosine', m: 16, efConstruction: 100 })
    return {
      async build() {
        for (let at = 0; at < count; at += 1000) {
          const n = Math.min(1000, count - at)
          collection.insertBatch({
            ids: Array.from({ length: n }, (_, i) => String(at + i)),
            vectors: base.subarray(at * dimension, (at + n) * dimension),
          })
        }
        collection.optimize()
      },
      search: (query, ef) =>
        Array.from(collection.search({ vector: query, k, efSearch: ef, includeMetadata: false }), hit =>
          Number(hit.id),
        ),
      close: () => db.close(),
    }
  },
  async 'hnswlib-node'() {
    const { default: hnswlib } = await import('hnswlib-node')
    const index = new hnswlib.HierarchicalNSW('cosine', dimension)
    index.initIndex(count, 16, 100, 100)
    return {
      async build() {
        for (let i = 0; i < count; i++) index.addPoint(Array.from(row(i)), i)
      },
      search(query, ef) {
        index.setEf(ef)
        return index.searchKnn(query, k).neighbors
      },
      // hnswlib-node takes number[] alone: converted outside the timed part.
      prepare: query => Array.from(query),
      close() {},
    }
  },
}

const results = {}
try {
  const index = await indexes[peer]()
  let started = performance.now()
  await index.build()
  results['build, vectors/s'] = (count / (performance.now() - started)) * 1000
  const truth = []
  for (let q = 0; q < 200; q++) truth.push(new Set(exactNeighbours(base, row(count + q), dimension, k)))
  const prepared = Array.from({ length: queries }, (_, q) =>
    index.prepare ? index.prepare(row(count + q)) : row(count + q),
  )
  for (const ef of efs) {
    let found = 0
    for (let q = 0; q < truth.length; q++) for (const id of index.search(prepared[q], ef)) if (truth[q].has(id)) found++
    let best = Infinity
    for (let window = 0; window < 5; window++) {
      started = performance.now()
      for (const query of prepared) index.search(query, ef)
      best = Math.min(best, performance.now() - started)
    }
    results[`ef ${ef}, QPS`] = (queries / best) * 1000
    results[`ef ${ef}, recall@10`] = found / (truth.length * k)
  }
  await index.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
