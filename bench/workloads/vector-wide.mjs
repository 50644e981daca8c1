/**
 * Vectors as wide as embeddings: build, memory, searches at several ef with their recall. `node --expose-gc workloads/vector-wide.mjs sochdb`
 * The peer "sochdb scalar" is the project with quantization 'scalar'. BENCH_VECTORS is how many, 50,000 by default.
 */
import { clusteredData, exactNeighbours, recall, residentBytes } from '../lib/search-data.mjs'
import { allOf, milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer, quantization = 'none'] = process.argv[2].split(' ')
const count = Number(process.env['BENCH_VECTORS'] ?? 50_000)
const dimension = 768
const queries = 300
const judged = 100
const { row, query } = clusteredData(count, queries, dimension)

await report(async dir => {
  const results = {}
  const { vectors } = await import(`../peers/search/${peer}.mjs`)
  const before = residentBytes()
  const index = await vectors(dir, { capacity: count, dimension, quantization })
  const building = await milliseconds(async () => {
    await index.insert(0, count, row)
    await index.finish?.()
  })
  results['build, vectors/s'] = (count / building) * 1000
  results['memory of the process, bytes a vector'] = (residentBytes() - before) / count
  Object.assign(results, index.memory?.())
  const asked = Array.from({ length: queries }, (_, q) => query(q))
  const rows = Uint32Array.from({ length: count }, (_, i) => i)
  const truth = exactNeighbours(row, rows, asked.slice(0, judged))
  const prepared = asked.map(index.prepare ?? (q => q))
  for (const ef of [32, 64, 128, 256, 512]) {
    const search = q => index.search(q, ef)
    const found = recall(truth, await allOf(prepared.slice(0, judged), search))
    results[`ef ${ef}, recall@10`] = found
    results[`ef ${ef}, QPS`] = await queriesPerSecond(index, prepared, search)
    if (found < 0.99 || 'recall of .99, QPS' in results) continue
    results['recall of .99, QPS'] = results[`ef ${ef}, QPS`]
    results['recall of .99, ef'] = ef
  }
  const open = await index.reopen()
  results['open and first query, ms'] = await milliseconds(async () => {
    await open()
    await index.search(prepared[0], 64)
  })
  await index.close()
  return results
})
