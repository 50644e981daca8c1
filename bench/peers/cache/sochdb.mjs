import { join } from 'node:path'

/** In files, not synced. */
export async function cache(dir, { threshold, guards = true, name = 'cache' }) {
  const { Database } = await import('../../../packages/sochdb/dist/index.js')
  const db = Database.open(join(dir, `store-${name}`), { syncMode: 'off', logLevel: 'off' })
  const answers = db.cache('answers', { threshold, guards })
  return {
    put(entries) {
      db.transaction(txn => {
        const inside = txn.cache('answers')
        for (const { key, vector, value } of entries) inside.put({ key, value, embedding: vector })
      })
    },
    finish() {
      // The vectors of a cache are indexed in the background; look-ups find those that are not yet by comparing.
    },
    exact: key => answers.get({ key })?.value,
    find: (key, vector) => answers.get({ key, queryEmbedding: vector }),
    near: vector => answers.get({ queryEmbedding: vector }),
    close: () => db.close(),
  }
}
