import { join } from 'node:path'
import { EF_CONSTRUCTION, K, M } from '../../lib/search-data.mjs'

const BATCH = 10_000
const lance = () => import('@lancedb/lancedb')

/** One HNSW over codes of a byte a value, as its documentation recommends for latency; each hit's number alone is read. */
export async function vectors(dir) {
  const lancedb = await lance()
  let db = await lancedb.connect(join(dir, 'lance'))
  let table
  const build = async isFiltered => {
    await table.createIndex('vector', {
      config: lancedb.Index.hnswSq({
        distanceType: 'cosine',
        numPartitions: 1,
        m: M,
        efConstruction: EF_CONSTRUCTION,
      }),
      replace: true,
    })
    if (isFiltered) {
      await table.createIndex('bucket', { config: lancedb.Index.btree() })
      await table.createIndex('cluster', { config: lancedb.Index.btree() })
    }
  }
  const run = async (query, ef, where) => {
    const asked = table.query().nearestTo(query).distanceType('cosine').column('vector').ef(ef).refineFactor(2)
    const some = where === undefined ? asked : asked.where(where)
    const found = await some.select(['id']).limit(K).toArrow()
    return found.getChild('id').toArray()
  }
  let isFiltered = false
  return {
    isAsync: true,
    async insert(from, to, row, tags) {
      isFiltered = tags !== undefined
      for (let at = from; at < to; at += BATCH) {
        const rows = Array.from({ length: Math.min(BATCH, to - at) }, (_, i) => ({
          id: at + i,
          vector: row(at + i),
          ...tags?.(at + i),
        }))
        if (table === undefined) table = await db.createTable('bench', rows)
        else await table.add(rows)
      }
    },
    finish: () => build(isFiltered),
    remove: numbers => table.delete(`id in (${numbers.join(',')})`),
    search: (query, ef) => run(query, ef),
    filtered: (query, ef, filter) =>
      run(query, ef, 'cluster' in filter ? `cluster = ${filter.cluster}` : `bucket < ${filter.bucket}`),
    async reopen() {
      table.close()
      db = await lancedb.connect(join(dir, 'lance'))
      return async () => void (table = await db.openTable('bench'))
    },
    close: () => table.close(),
  }
}

export async function keywords(dir) {
  const lancedb = await lance()
  const db = await lancedb.connect(join(dir, 'lance'))
  let table
  return {
    isAsync: true,
    async insert(texts) {
      table = await db.createTable(
        'bench',
        texts.map((text, id) => ({ id, text })),
      )
      const options = { stem: false, removeStopWords: false, asciiFolding: false, withPosition: true }
      await table.createIndex('text', { config: lancedb.Index.fts(options) })
      await table.waitForIndex?.(['text_idx'], 600)
    },
    async search(words) {
      const found = await table.query().fullTextSearch(words, { columns: 'text' }).select(['id']).limit(K).toArrow()
      return found.getChild('id').toArray()
    },
    close: () => table.close(),
  }
}
