/**
 * The learned navigator beside HNSW, on two data sets: recall, distances and queries a second at the same efSearch.
 * `node --expose-gc workloads/navigator.mjs learned|hnsw`; BENCH_VECTORS is how many vectors, 100,000 by default.
 */
import { join } from 'node:path'
import { wordVectors } from '../lib/data.mjs'
import { DIMENSION, EF_CONSTRUCTION, exactNeighbours, glossVectors, K, M, recall } from '../lib/search-data.mjs'
import { allOf, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer] = process.argv.slice(2)
const isLearned = peer === 'learned'
const count = Number(process.env['BENCH_VECTORS'] ?? 100_000)
const TRAINING = 1000
const QUERIES = 500
const JUDGED = 300
const BATCH = 1000
const EFS = [64, 128]

await report(async dir => {
  const { Database } = await import('../../packages/sochdb/dist/index.js')
  const db = Database.open(join(dir, 'store'), { syncMode: 'off', learnedNavigator: true })
  const results = {}
  for (const [data, vectorsOf] of [
    ['words', wordVectors],
    ['glosses', glossVectors],
  ]) {
    // Behind those that are stored: what is asked, and what is learned from.
    const all = vectorsOf(count + QUERIES + TRAINING)
    const row = i => all.subarray(i * DIMENSION, (i + 1) * DIMENSION)
    const asked = Array.from({ length: QUERIES }, (_, q) => row(count + q))
    const training = Array.from({ length: TRAINING }, (_, q) => row(count + QUERIES + q))
    const numbers = Uint32Array.from({ length: count }, (_, i) => i)
    const truth = exactNeighbours(row, numbers, asked.slice(0, JUDGED))
    for (const efSearch of EFS) {
      const collection = db.createCollection({
        name: `${data} ${efSearch}`,
        dimension: DIMENSION,
        m: M,
        efConstruction: EF_CONSTRUCTION,
        efSearch,
      })
      for (let from = 0; from < count; from += BATCH) {
        const to = Math.min(count, from + BATCH)
        const ids = Array.from({ length: to - from }, (_, i) => String(from + i))
        collection.insertBatch({ ids, vectors: all.subarray(from * DIMENSION, to * DIMENSION) })
      }
      collection.optimize()
      const name = `${data}, efSearch ${efSearch}`
      if (isLearned) {
        const started = performance.now()
        const trained = collection.trainNavigator({ k: K, queries: training, checkTime: false })
        results[`${name}: training, s`] = (performance.now() - started) / 1000
        process.stderr.write(`${name}: ${JSON.stringify(trained)}\n`)
      }
      const search = vector => Array.from(collection.search({ vector, k: K, includeMetadata: false }), hit => hit.id)
      const judged = asked.slice(0, JUDGED)
      results[`${name}: recall@10`] = recall(truth, await allOf(judged, search))
      let distances = 0
      for (const vector of judged) distances += collection.search({ vector, k: K, explain: true }).explanation.visited
      results[`${name}: distances`] = distances / JUDGED
      results[`${name}: QPS`] = await queriesPerSecond({}, asked, search)
      db.deleteCollection(`${data} ${efSearch}`)
    }
  }
  db.close()
  return results
})
