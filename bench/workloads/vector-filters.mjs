/**
 * Searches of which a filter passes a part: spread evenly, and only what is least like the query. `node workloads/vector-filters.mjs sochdb`
 * The lowest of some ef that reaches the recall counts, so that every peer is asked for the same quality; else the highest.
 */
import { bucketOf, clusters, exactNeighbours, recall, vectorData } from '../lib/search-data.mjs'
import { allOf, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer] = process.argv.slice(2)
const count = Number(process.env['BENCH_VECTORS'] ?? 100_000)
const queries = 200
const judged = 60
const WANTED = 0.95
const EFS = [64, 128, 256, 512]
const { row, query } = vectorData(count, queries)
const { of, farthest } = clusters(row, count)
const tags = i => ({ bucket: bucketOf(i), cluster: of[i] })

await report(async dir => {
  const results = {}
  const { vectors } = await import(`../peers/search/${peer}.mjs`)
  const index = await vectors(dir, { capacity: count })
  await index.insert(0, count, row, tags)
  await index.finish?.()
  if (index.filtered === undefined) return results
  const asked = Array.from({ length: queries }, (_, q) => query(q))

  async function measure(name, filterOf, truthOf) {
    const inputs = asked.map((vector, q) => [index.prepare?.(vector) ?? vector, filterOf(q)])
    const truth = Array.from({ length: judged }, (_, q) => truthOf(q))
    for (const ef of index.isExact ? [0] : EFS) {
      const search = ([vector, filter]) => index.filtered(vector, ef, filter)
      const reached = recall(truth, await allOf(inputs.slice(0, judged), search))
      if (reached < WANTED && ef !== EFS.at(-1) && !index.isExact) continue
      results[`${name}, recall@10`] = reached
      results[`${name}, QPS`] = await queriesPerSecond(index, inputs, search)
      break
    }
  }
  for (const [percent, bucket] of [
    [50, 500],
    [10, 100],
    [1, 10],
    [0.1, 1],
  ]) {
    const rows = Uint32Array.from(Array.from({ length: count }, (_, i) => i).filter(i => bucketOf(i) < bucket))
    const truth = exactNeighbours(row, rows, asked.slice(0, judged))
    await measure(
      `filter that passes ${percent} %`,
      () => ({ bucket }),
      q => truth[q],
    )
  }
  const groups = asked.map(farthest)
  const members = new Map(
    [...new Set(groups)].map(group => [
      group,
      Uint32Array.from(Array.from({ length: count }, (_, i) => i).filter(i => of[i] === group)),
    ]),
  )
  await measure(
    'about 1 %, least like the query',
    q => ({ cluster: groups[q] }),
    q => exactNeighbours(row, members.get(groups[q]), [asked[q]])[0],
  )
  await index.close()
  return results
})
