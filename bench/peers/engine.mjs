/**
 * The stores as engines: data larger than their caches, on disk. One small interface, the same for all:
 *
 *   batch(pairs)      one atomic batch, not synced            (may return a promise, as all below)
 *   get(key)          the value, or undefined
 *   put(key, value)   one write, acknowledged as `sync` says
 *   scan(prefix)      the number of bytes of all values under the prefix
 *   settle()          waits until the background has nothing left to do, where that can be told
 *
 * `sync` is what one put survives: 'off' nothing, 'process' the death of the process, 'power' the loss of power. `cacheBytes` is what a
 * store may keep in memory besides its write buffers; lmdb and SQLite read through the operating system's cache beside that.
 */
import { join } from 'node:path'

const MIB = 1024 * 1024

export const engines = {
  async sochdb(dir, { sync = 'process', cacheBytes = 64 * MIB, ...options } = {}) {
    const { Database } = await import('../../packages/sochdb/dist/index.js')
    const db = Database.open(join(dir, 'sochdb'), {
      syncMode: { off: 'off', process: 'normal', power: 'full' }[sync],
      blockCacheSizeBytes: cacheBytes,
      retentionMs: 0,
      ...options,
    })
    return {
      db,
      path: join(dir, 'sochdb'),
      batch: pairs => db.putBatch(pairs),
      get: k => db.get(k),
      put: (k, v) => db.put(k, v),
      putAsync: (k, v) => db.async.put(k, v),
      scan(prefix) {
        let bytes = 0
        for (const [, v] of db.scanPrefix(prefix)) bytes += v.length
        return bytes
      },
      async settle(every = 200) {
        const busy = () => {
          const { pendingCompactions, runningCompactions } = db.compactionStats()
          return pendingCompactions + runningCompactions
        }
        for (let quiet = 0; quiet < 3; quiet = busy() === 0 ? quiet + 1 : 0)
          await new Promise(r => setTimeout(r, every))
      },
      close: () => db.close(),
    }
  },

  async rocksdb(dir, { sync = 'process', cacheBytes = 64 * MIB } = {}) {
    const { RocksLevel } = await import('@nxtedition/rocksdb')
    const path = join(dir, 'rocksdb')
    const db = new RocksLevel(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      compression: true,
      cacheSize: cacheBytes,
      memtableMemoryBudget: 128 * MIB,
      filterPolicy: 'rocksdb.BuiltinBloomFilter',
    })
    await db.open()
    const write = (pairs, options) =>
      new Promise((resolve, reject) => {
        const batch = db.batch()
        for (const [k, v] of pairs) batch.put(k, v)
        batch.write(options).then(resolve, reject)
      })
    return {
      path,
      batch: pairs => write(pairs, { sync: false }),
      get: k => db._getManySync([Buffer.from(k)], {})[0],
      put: (k, v) => write([[k, v]], { sync: sync === 'power' }),
      putAsync: (k, v) => write([[k, v]], { sync: sync === 'power' }),
      async scan(prefix) {
        let total = 0
        const iterator = db.iterator({ gte: Buffer.from(prefix), lt: Buffer.from(`${prefix}\xff`) })
        for (;;) {
          const entries = await iterator.nextv(1000)
          if (entries.length === 0) break
          for (const [, v] of entries) total += v.length
        }
        await iterator.close()
        return total
      },
      async settle(every = 200) {
        const busy = () =>
          Number(db.getProperty('rocksdb.num-running-compactions')) +
          Number(db.getProperty('rocksdb.compaction-pending'))
        for (let quiet = 0; quiet < 3; quiet = busy() === 0 ? quiet + 1 : 0)
          await new Promise(r => setTimeout(r, every))
      },
      close: () => db.close(),
    }
  },

  async lmdb(dir, { sync = 'process' } = {}) {
    const { open } = await import('lmdb')
    const path = join(dir, 'lmdb')
    const db = open({
      path,
      encoding: 'binary',
      keyEncoding: 'binary',
      mapSize: 64 * 1024 * MIB,
      ...(sync === 'power' ? {} : { noSync: true, noMetaSync: true }),
    })
    return {
      path,
      batch: pairs =>
        db.transactionSync(() => {
          for (const [k, v] of pairs) db.put(Buffer.from(k), v)
        }),
      get: k => db.getBinary(Buffer.from(k)),
      put: (k, v) => db.putSync(Buffer.from(k), v),
      putAsync: (k, v) => db.put(Buffer.from(k), v),
      scan(prefix) {
        let total = 0
        for (const { value } of db.getRange({ start: Buffer.from(prefix), end: Buffer.from(`${prefix}\xff`) }))
          total += value.length
        return total
      },
      settle() {},
      close: () => db.close(),
    }
  },

  async 'classic-level'(dir, { sync = 'process', cacheBytes = 64 * MIB } = {}) {
    const { ClassicLevel } = await import('classic-level')
    const path = join(dir, 'level')
    const db = new ClassicLevel(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'buffer',
      cacheSize: cacheBytes,
      writeBufferSize: 64 * MIB,
    })
    await db.open()
    return {
      path,
      batch: pairs => db.batch(pairs.map(([key, value]) => ({ type: 'put', key, value }))),
      get: k => db.getSync(k),
      put: (k, v) => db.put(k, v, { sync: sync === 'power' }),
      putAsync: (k, v) => db.put(k, v, { sync: sync === 'power' }),
      async scan(prefix) {
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
      settle: () => db.compactRange(' ', '~'),
      close: () => db.close(),
    }
  },

  async 'better-sqlite3'(dir, { sync = 'process', cacheBytes = 64 * MIB } = {}) {
    const { default: Sqlite } = await import('better-sqlite3')
    const path = join(dir, 'sqlite')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(path, { recursive: true })
    const db = new Sqlite(join(path, 'kv.sqlite'))
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${{ off: 'OFF', process: 'NORMAL', power: 'FULL' }[sync]}`)
    db.pragma(`cache_size = -${Math.round(cacheBytes / 1024)}`)
    db.exec('CREATE TABLE IF NOT EXISTS kv (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID')
    const get = db.prepare('SELECT v FROM kv WHERE k = ?').pluck()
    const put = db.prepare('INSERT INTO kv VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v')
    const range = db.prepare('SELECT k, v FROM kv WHERE k >= ? AND k < ?').raw()
    return {
      path,
      batch: db.transaction(pairs => {
        for (const [k, v] of pairs) put.run(k, v)
      }),
      get: k => get.get(k),
      put: (k, v) => put.run(k, v),
      scan(prefix) {
        let total = 0
        for (const row of range.iterate(prefix, `${prefix}\xff`)) total += row[1].length
        return total
      },
      settle: () => void db.pragma('wal_checkpoint(TRUNCATE)'),
      close: () => db.close(),
    }
  },
}
