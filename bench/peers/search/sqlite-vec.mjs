import { join } from 'node:path'
import { DIMENSION, K } from '../../lib/search-data.mjs'

/** It compares with every vector: exact, whatever the ef. */
export async function vectors(dir) {
  const { default: Sqlite } = await import('better-sqlite3')
  const { load } = await import('sqlite-vec')
  const file = join(dir, 'vectors.sqlite')
  const open = () => {
    const opened = new Sqlite(file)
    load(opened)
    opened.pragma('journal_mode = WAL')
    opened.pragma('synchronous = OFF')
    return opened
  }
  let db = open()
  db.exec(
    `CREATE VIRTUAL TABLE v USING vec0(id INTEGER PRIMARY KEY, e FLOAT[${DIMENSION}] distance_metric=cosine, bucket INTEGER, cluster INTEGER)`,
  )
  const where = { bucket: 'AND bucket < ?', cluster: 'AND cluster = ?' }
  const statement = condition => db.prepare(`SELECT id FROM v WHERE e MATCH ? AND k = ${K} ${condition}`).pluck()
  let plain = statement('')
  return {
    isExact: true,
    insert(from, to, row, tags) {
      const insert = db.prepare('INSERT INTO v (id, e, bucket, cluster) VALUES (?, ?, ?, ?)')
      db.transaction(() => {
        for (let n = from; n < to; n++) {
          const { bucket = 0, cluster = 0 } = tags?.(n) ?? {}
          insert.run(BigInt(n), row(n), BigInt(bucket), BigInt(cluster))
        }
      })()
    },
    remove(numbers) {
      const remove = db.prepare('DELETE FROM v WHERE id = ?')
      db.transaction(() => numbers.forEach(n => remove.run(BigInt(n))))()
    },
    search: query => plain.all(query),
    filtered(query, _ef, filter) {
      const [name, value] = Object.entries(filter)[0]
      return statement(where[name]).all(query, BigInt(value))
    },
    async reopen() {
      db.close()
      return () => {
        db = open()
        plain = statement('')
      }
    },
    close: () => db.close(),
  }
}
