import { join } from 'node:path'
import { K } from '../../lib/search-data.mjs'

/** SQLite's own full text search, in better-sqlite3. */
export async function keywords(dir) {
  const { default: Sqlite } = await import('better-sqlite3')
  const db = new Sqlite(join(dir, 'words.sqlite'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.exec('CREATE VIRTUAL TABLE t USING fts5(text)')
  const search = db.prepare(`SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ${K}`).pluck()
  return {
    prepare: words => words.split(' ').join(' OR '),
    insert(texts) {
      const insert = db.prepare('INSERT INTO t (rowid, text) VALUES (?, ?)')
      for (let at = 0; at < texts.length; at += 1000) {
        db.transaction(() => {
          for (let n = at; n < Math.min(at + 1000, texts.length); n++) insert.run(n, texts[n])
        })()
      }
    },
    search: words => search.all(words),
    close: () => db.close(),
  }
}
