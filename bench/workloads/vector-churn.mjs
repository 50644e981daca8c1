/**
 * Ten rounds that delete a fifth and insert as many others: what recall, speed and memory are after.
 * `node --expose-gc workloads/vector-churn.mjs sochdb`; BENCH_LIVE is how many there are at a time, 10,000 by default.
 */
import { shuffled } from '../lib/data.mjs'
import { exactNeighbours, recall, residentBytes, vectorData } from '../lib/search-data.mjs'
import { allOf, milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer] = process.argv.slice(2)
const live = Number(process.env['BENCH_LIVE'] ?? 10_000)
const rounds = 10
const fifth = live / 5
const queries = 300
const ef = 64
const { row, query } = vectorData(live + rounds * fifth, queries)

await report(async dir => {
  const results = {}
  const { vectors } = await import(`../peers/search/${peer}.mjs`)
  const index = await vectors(dir, { capacity: live })
  // Frequent words are unlike rare ones: mixed, so that every round has both.
  const order = shuffled(live + rounds * fifth, 23)
  const mixed = i => row(order[i])
  const asked = Array.from({ length: queries }, (_, q) => query(q))
  const prepared = asked.map(index.prepare ?? (q => q))
  const search = q => index.search(q, ef)
  let numbers = Uint32Array.from({ length: live }, (_, i) => i)
  await index.insert(0, live, mixed)
  await index.finish?.()

  async function judge(when) {
    const truth = exactNeighbours(mixed, numbers, asked)
    results[`${when}, recall@10`] = recall(truth, await allOf(prepared, search))
    results[`${when}, QPS`] = await queriesPerSecond(index, prepared, search)
    results[`${when}, memory of the process, MiB`] = residentBytes() / 1024 / 1024
  }
  await judge('built')
  let spent = 0
  for (let round = 0; round < rounds; round++) {
    const chosen = shuffled(live, 31 + round).subarray(0, fifth)
    const gone = Array.from(chosen, at => numbers[at])
    const from = live + round * fifth
    spent += await milliseconds(async () => {
      await index.remove(gone)
      await index.insert(from, from + fifth, mixed)
      await index.finish?.()
    })
    const removed = new Set(gone)
    const kept = numbers.filter(n => !removed.has(n))
    numbers = new Uint32Array(live)
    numbers.set(kept)
    for (let i = 0; i < fifth; i++) numbers[kept.length + i] = from + i
    if (round === 0) await judge('after one round')
  }
  await judge('after ten rounds')
  results['replaced, vectors/s'] = ((rounds * fifth) / spent) * 1000
  await index.close()
  return results
})
