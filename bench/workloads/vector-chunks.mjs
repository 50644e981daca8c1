/**
 * Documents of eight vectors each, as texts in chunks: close together, and apart. Searches at some ef with their recall of documents,
 * beside a search among as many vectors that are documents of their own.
 * `node --expose-gc workloads/vector-chunks.mjs tight|apart|single`; BENCH_VECTORS is how many vectors, 80,000 by default.
 */
import { join } from 'node:path'
import { random } from '../lib/data.mjs'
import { DIMENSION, EF_CONSTRUCTION, exactNeighbours, K, M, recall, vectorData } from '../lib/search-data.mjs'
import { allOf, milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [kind] = process.argv.slice(2)
const chunks = kind === 'single' ? 1 : 8
const spread = { tight: 0.05, apart: 0.5, single: 0 }[kind]
const count = Math.floor(Number(process.env['BENCH_VECTORS'] ?? 80_000) / chunks)
const QUERIES = 300
const JUDGED = 200
const { row, query } = vectorData(count, QUERIES)

await report(async dir => {
  const { Database } = await import('../../packages/sochdb/dist/index.js')
  const db = Database.open(join(dir, 'store'), { syncMode: 'off' })
  const options = { name: 'chunks', dimension: DIMENSION, m: M, efConstruction: EF_CONSTRUCTION }
  const collection = db.createCollection(options)
  const next = random(5)
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  const all = new Float32Array(count * chunks * DIMENSION)
  const vector = i => all.subarray(i * DIMENSION, (i + 1) * DIMENSION)
  for (let i = 0; i < count; i++) {
    const length = Math.hypot(...row(i)) / Math.sqrt(DIMENSION)
    for (let c = 0; c < chunks; c++) {
      const to = vector(i * chunks + c)
      for (let d = 0; d < DIMENSION; d++) to[d] = row(i)[d] + (chunks === 1 ? 0 : spread * length * normal())
    }
  }
  const results = {}
  const building = await milliseconds(() => {
    for (let from = 0; from < count; from += 1000) {
      db.transaction(txn => {
        const docs = txn.collection('chunks')
        for (let i = from; i < Math.min(count, from + 1000); i++) {
          const vectors = Array.from({ length: chunks }, (_, c) => vector(i * chunks + c))
          if (chunks === 1) docs.insert({ id: String(i), vector: vectors[0] })
          else docs.insertMulti({ id: String(i), vectors })
        }
      })
    }
    collection.optimize()
  })
  results['build, vectors/s'] = ((count * chunks) / building) * 1000

  const asked = Array.from({ length: QUERIES }, (_, q) => query(q))
  // Of the nearest vectors, far more than may be of the same documents, the documents.
  const numbers = Uint32Array.from({ length: count * chunks }, (_, i) => i)
  const truth = exactNeighbours(vector, numbers, asked.slice(0, JUDGED), K * chunks).map(
    nearest => new Set([...new Set([...nearest].map(i => Math.floor(i / chunks)))].slice(0, K)),
  )
  for (const efSearch of [32, 64, 128]) {
    const search = vector =>
      Array.from(collection.search({ vector, k: K, efSearch, includeMetadata: false }), hit => hit.id)
    results[`ef ${efSearch}, recall@10`] = recall(truth, await allOf(asked.slice(0, JUDGED), search))
    results[`ef ${efSearch}, QPS`] = await queriesPerSecond({}, asked, search)
  }
  db.close()
  return results
})
