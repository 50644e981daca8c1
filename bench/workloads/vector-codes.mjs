/**
 * What each quantization finds and keeps in memory, by each metric. `node workloads/vector-codes.mjs pq`
 * BENCH_VECTORS is how many, 50,000 by default.
 */
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { exactNeighbours, K, recall, vectorData } from '../lib/search-data.mjs'
import { allOf, milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'
import { vectors } from '../peers/search/sochdb.mjs'

const [quantization] = process.argv.slice(2)
const count = Number(process.env['BENCH_VECTORS'] ?? 50_000)
const queries = 200
const judged = 100
const { row, query } = vectorData(count, queries)

await report(async dir => {
  const results = {}
  const asked = Array.from({ length: queries }, (_, q) => query(q))
  const rows = Uint32Array.from({ length: count }, (_, i) => i)
  for (const metric of ['cosine', 'dotProduct', 'euclidean']) {
    const folder = join(dir, metric)
    mkdirSync(folder)
    const index = await vectors(folder, { quantization, metric })
    const building = await milliseconds(() => {
      index.insert(0, count, row)
      index.finish()
    })
    results[`${metric}, build, vectors/s`] = (count / building) * 1000
    results[`${metric}, vectors and codes in memory, bytes each`] = index.memory()['vectors and codes, bytes each']
    const truth = exactNeighbours(row, rows, asked.slice(0, judged), K, metric)
    for (const ef of [64, 256]) {
      const search = q => index.search(q, ef)
      results[`${metric}, ef ${ef}, recall@10`] = recall(truth, await allOf(asked.slice(0, judged), search))
      results[`${metric}, ef ${ef}, QPS`] = await queriesPerSecond(index, asked, search)
    }
    index.close()
  }
  return results
})
