/**
 * One engine, one process: data that is larger than the caches, from load to reopening.
 *
 *   node workloads/engine.mjs <peer> [keys, default 1,000,000]
 *
 * Values of 100 bytes that compress about as text does. Every figure is microseconds an operation, unless its name says otherwise.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { key, random, shuffled, text } from '../lib/data.mjs'
import { percentile } from '../lib/measure.mjs'
import { engines } from '../peers/engine.mjs'

const [peer, count] = process.argv.slice(2)
const keys = Number(count ?? 1_000_000)
const cacheBytes = 64 * 1024 * 1024
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-'))
const results = {}
const LOGGING = ['sochdb', 'rocksdb', 'classic-level']
const LOG_RECORDS = 200_000

const bytesUnder = path =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).blocks * 512, 0)

async function timed(operations, body) {
  const started = performance.now()
  await body()
  return ((performance.now() - started) * 1000) / operations
}

try {
  const order = shuffled(keys)
  let store = await engines[peer](dir, { cacheBytes })

  results['load in batches of 1000, random order, per put'] = await timed(keys, async () => {
    for (let at = 0; at < keys; at += 1000) {
      const pairs = []
      for (let i = at; i < Math.min(keys, at + 1000); i++) pairs.push([key(order[i]), text(order[i])])
      const done = store.batch(pairs)
      if (done instanceof Promise) await done
    }
  })
  const settled = performance.now()
  await store.settle()
  results['settling after the load, s'] = (performance.now() - settled) / 1000
  await store.close()
  results['disk, bytes per byte of keys and values'] = bytesUnder(store.path) / (keys * 116)

  const opening = performance.now()
  store = await engines[peer](dir, { cacheBytes })
  if (store.get(key(order[0]))?.length !== 100) throw new Error('a value is missing')
  results['open and read one key, ms'] = performance.now() - opening

  const next = random(11)
  const sample = Math.min(200_000, keys)
  const anywhere = Array.from({ length: sample }, () => key(Math.floor(next() * keys)))
  const read = names => () => {
    let bytes = 0
    for (const name of names) bytes += store.get(name).length
    if (bytes !== names.length * 100) throw new Error('a value is missing')
  }
  results['get at random, larger than the cache (page cache)'] = await timed(sample, read(anywhere))
  // A tenth of the cache: it fits, for every store.
  const near = Math.min(keys, Math.floor(cacheBytes / 10 / 116))
  const nearby = Array.from({ length: sample }, () => key(Math.floor(next() * near)))
  read(nearby)()
  results['get at random, from the cache'] = await timed(sample, read(nearby))
  const missing = Array.from({ length: sample }, () => `${key(Math.floor(next() * keys))}x`)
  results['get of a key that is not there'] = await timed(sample, () => {
    for (const name of missing) if (store.get(name) !== undefined) throw new Error('found')
  })
  results['scan of everything, per row'] = await timed(keys, async () => {
    if ((await store.scan('user:')) !== keys * 100) throw new Error('the scan missed rows')
  })

  // Overwriting keeps flush and compaction busy; the loop alternates one put and one get, each timed.
  const rounds = Math.min(300_000, keys)
  const puts = new Float64Array(rounds)
  const gets = new Float64Array(rounds)
  for (let i = 0; i < rounds; i++) {
    const name = key(Math.floor(next() * keys))
    const value = text(i)
    const other = key(Math.floor(next() * keys))
    const a = performance.now()
    const done = store.put(name, value)
    if (done instanceof Promise) await done
    const b = performance.now()
    store.get(other)
    const c = performance.now()
    puts[i] = (b - a) * 1000
    gets[i] = (c - b) * 1000
  }
  for (const [name, samples] of [
    ['put', puts],
    ['get', gets],
  ]) {
    samples.sort()
    for (const p of [50, 99, 99.9]) results[`${name} while it is being overwritten, p${p}`] = percentile(samples, p)
    results[`${name} while it is being overwritten, worst, ms`] = samples.at(-1) / 1000
  }
  results['memory of the process, MiB'] = process.memoryUsage().rss / 1048576
  await store.close()

  // Where an opening replays a log of records: as many as every such store keeps there, so that none is in tables before.
  if (LOGGING.includes(peer)) {
    const killed = join(dir, 'killed')
    mkdirSync(killed)
    const writer = fileURLToPath(new URL('../lib/killed.mjs', import.meta.url))
    const child = spawnSync(process.execPath, [writer, peer, killed, String(LOG_RECORDS)], { encoding: 'utf8' })
    if (child.signal !== 'SIGKILL') throw new Error(`the writer ended by itself:\n${child.stderr}`)
    const replaying = performance.now()
    store = await engines[peer](killed, { cacheBytes })
    results['replay of the log after a kill, records/s'] = (LOG_RECORDS * 1000) / (performance.now() - replaying)
    for (const i of [0, LOG_RECORDS - 1]) if (store.get(key(i))?.length !== 100) throw new Error('a record is missing')
    await store.close()
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
