/**
 * The key-value stores, behind one small interface. `sync` names the durability of a single put:
 *   off      a crash of the process or the machine may lose it
 *   process  survives the death of the process, not the loss of power
 */
import { join } from 'node:path'

export const stores = {
  async sochdb(dir, sync) {
    const { Database } = await import('../../packages/sochdb/dist/index.js')
    const db = Database.open(join(dir, 'sochdb'), { syncMode: sync === 'off' ? 'off' : 'normal' })
    return {
      get: k => db.get(k),
      put: (k, v) => db.put(k, v),
      batch: pairs => db.putBatch(pairs),
      scan(prefix) {
        let bytes = 0
        for (const [, v] of db.scanPrefix(prefix)) bytes += v.length
        return bytes
      },
      close: () => db.close(),
    }
  },

  async lmdb(dir) {
    const { open } = await import('lmdb')
    const db = open({
      path: join(dir, 'lmdb'),
      encoding: 'binary',
      keyEncoding: 'binary',
      noSync: true,
      noMetaSync: true,
    })
    const keys = new Map()
    const bytes = k => {
      let b = keys.get(k)
      if (b === undefined) keys.set(k, (b = Buffer.from(k)))
      return b
    }
    return {
      get: k => db.getBinary(bytes(k)),
      put: (k, v) => db.putSync(bytes(k), v),
      batch: pairs =>
        db.transactionSync(() => {
          for (const [k, v] of pairs) db.put(bytes(k), v)
        }),
      scan(prefix) {
        let total = 0
        for (const { value } of db.getRange({ start: Buffer.from(prefix), end: Buffer.from(`${prefix}\xff`) }))
          total += value.length
        return total
      },
      close: () => db.close(),
    }
  },

  async 'classic-level'(dir) {
    const { ClassicLevel } = await import('classic-level')
    const db = new ClassicLevel(join(dir, 'level'), { keyEncoding: 'utf8', valueEncoding: 'buffer' })
    await db.open()
    return {
      get: k => db.getSync(k),
      // No synchronous put exists: the batch of one, awaited, is what its users write.
      putAsync: (k, v) => db.put(k, v),
      batchAsync: pairs => db.batch(pairs.map(([key, value]) => ({ type: 'put', key, value }))),
      async scanAsync(prefix) {
        let total = 0
        const iterator = db.iterator({ gte: prefix, lt: `${prefix}\xff` })
        for (;;) {
          const entries = await iterator.nextv(1000)
          if (entries.length === 0) break
          for (const [, v] of entries) total += v.length
        }
        await iterator.close()
        return total
      },
      close: () => db.close(),
    }
  },

  async 'better-sqlite3'(dir, sync) {
    const { default: Sqlite } = await import('better-sqlite3')
    const db = new Sqlite(join(dir, 'kv.sqlite'))
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${sync === 'off' ? 'OFF' : 'NORMAL'}`)
    db.exec('CREATE TABLE IF NOT EXISTS kv (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID')
    const get = db.prepare('SELECT v FROM kv WHERE k = ?').pluck()
    const put = db.prepare('INSERT INTO kv VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v')
    const range = db.prepare('SELECT k, v FROM kv WHERE k >= ? AND k < ?').raw()
    return {
      get: k => get.get(k),
      put: (k, v) => put.run(k, v),
      batch: db.transaction(pairs => {
        for (const [k, v] of pairs) put.run(k, v)
      }),
      scan(prefix) {
        let total = 0
        for (const row of range.iterate(prefix, `${prefix}\xff`)) total += row[1].length
        return total
      },
      close: () => db.close(),
    }
  },
}
