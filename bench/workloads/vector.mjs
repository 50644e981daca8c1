/**
 * One vector index, one process: build, searches at several ef with their recall, memory, opening.
 * `node --expose-gc workloads/vector.mjs sochdb [scalar]`; BENCH_VECTORS is how many, 100,000 by default.
 */
import { exactNeighbours, recall, residentBytes, vectorData } from '../lib/search-data.mjs'
import { allOf, milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer, quantization = 'none'] = process.argv.slice(2)
const count = Number(process.env['BENCH_VECTORS'] ?? 100_000)
const queries = 500
const judged = 200
const { row, query } = vectorData(count, queries)

await report(async dir => {
  const results = {}
  const { vectors } = await import(`../peers/search/${peer}.mjs`)
  const before = residentBytes()
  const index = await vectors(dir, { capacity: count, quantization })
  const building = await milliseconds(async () => {
    await index.insert(0, count, row)
    await index.finish?.()
  })
  results['build, vectors/s'] = (count / building) * 1000
  results['memory of the process, bytes a vector'] = (residentBytes() - before) / count
  Object.assign(results, index.memory?.())

  const asked = Array.from({ length: queries }, (_, q) => query(q))
  const truth = exactNeighbours(
    row,
    Uint32Array.from({ length: count }, (_, i) => i),
    asked.slice(0, judged),
  )
  const prepared = asked.map(index.prepare ?? (q => q))
  for (const ef of index.isExact ? [0] : [32, 64, 128, 256]) {
    const name = index.isExact ? 'exact' : `ef ${ef}`
    const search = q => index.search(q, ef)
    results[`${name}, recall@10`] = recall(truth, await allOf(prepared.slice(0, judged), search))
    results[`${name}, QPS`] = await queriesPerSecond(index, prepared, search)
  }

  const open = await index.reopen()
  results['open and first query, ms'] = await milliseconds(async () => {
    await open()
    await index.search(prepared[0], 64)
  })
  await index.close()
  return results
})
