import { join } from 'node:path'
import { DIMENSION, EF_CONSTRUCTION, K, M } from '../../lib/search-data.mjs'

const BATCH = 1000
const open = async dir => {
  const { Database } = await import('../../../packages/sochdb/dist/index.js')
  return Database.open(join(dir, 'store'), { syncMode: 'off' })
}
const ids = hits => Array.from(hits, hit => hit.id)
/** Batches of numbers from `from` on. */
function* batches(from, to) {
  for (let at = from; at < to; at += BATCH) {
    yield Array.from({ length: Math.min(BATCH, to - at) }, (_, i) => at + i)
  }
}

/** The project: every vector goes through the log, documents have their tags as metadata. */
export async function vectors(dir, { quantization = 'none', dimension = DIMENSION, metric = 'cosine' } = {}) {
  let db = await open(dir)
  let collection = db.createCollection({
    name: 'bench',
    dimension,
    metric,
    m: M,
    efConstruction: EF_CONSTRUCTION,
    quantization,
    indexed: ['bucket', 'cluster'],
  })
  const filters = filter => ('cluster' in filter ? filter : { bucket: { $lt: filter.bucket } })
  return {
    insert(from, to, row, tags) {
      for (const numbers of batches(from, to)) {
        const flat = new Float32Array(numbers.length * dimension)
        numbers.forEach((n, i) => flat.set(row(n), i * dimension))
        const metadata = tags && numbers.map(tags)
        collection.insertBatch({ ids: numbers.map(String), vectors: flat, ...(metadata && { metadata }) })
      }
    },
    finish: () => void collection.optimize(),
    remove(numbers) {
      db.transaction(txn => {
        const inside = txn.collection('bench')
        for (const n of numbers) inside.delete(String(n))
      })
    },
    search: (vector, efSearch) => ids(collection.search({ vector, k: K, efSearch, includeMetadata: false })),
    filtered: (vector, efSearch, filter) =>
      ids(collection.search({ vector, k: K, efSearch, includeMetadata: false, filter: filters(filter) })),
    memory: () => ({ 'vectors and codes, bytes each': collection.info().vectorSizeBytes / collection.count() }),
    async reopen() {
      db.close()
      return async () => {
        db = await open(dir)
        collection = db.collection('bench')
      }
    },
    close: () => db.close(),
  }
}

export async function keywords(dir) {
  const db = await open(dir)
  const collection = db.createCollection({ name: 'bench', dimension: 1, contentField: 'text' })
  const one = new Float32Array(BATCH).fill(1)
  return {
    insert(texts) {
      for (const numbers of batches(0, texts.length)) {
        collection.insertBatch({
          ids: numbers.map(String),
          vectors: one.subarray(0, numbers.length),
          metadata: numbers.map(n => ({ text: texts[n] })),
        })
      }
    },
    finish: () => void collection.optimize(), // the graph of its vectors, which are all alike
    search: words => ids(collection.keywordSearch({ query: words, k: K, includeMetadata: false })),
    close: () => db.close(),
  }
}
