/** One store, one process: get, put, batch and scan over 100,000 keys of 16 bytes with 100-byte values. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { key, shuffled, value } from '../lib/data.mjs'
import { perOperation } from '../lib/measure.mjs'
import { stores } from '../peers/kv.mjs'

const [peer] = process.argv.slice(2)
const keys = 100_000
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const results = {}
try {
  const store = await stores[peer](dir, 'off')
  const names = Array.from({ length: keys }, (_, i) => key(i))
  const values = Array.from({ length: keys }, (_, i) => value(i))
  const order = shuffled(keys)
  const pairs = names.map((name, i) => [name, values[i]])

  const timed = async (operations, body, windows) => {
    let best = Infinity
    for (let w = 0; w < windows; w++) {
      const started = performance.now()
      await body(w)
      best = Math.min(best, ((performance.now() - started) * 1000) / operations)
    }
    return best
  }

  // Batches of 1000: the load. Every window writes all keys again.
  const batch = () => {
    for (let at = 0; at < keys; at += 1000) store.batch(pairs.slice(at, at + 1000))
  }
  const batchAsync = async () => {
    for (let at = 0; at < keys; at += 1000) await store.batchAsync(pairs.slice(at, at + 1000))
  }
  results['batch of 1000, per put'] = store.batch ? perOperation(keys, batch, 3) : await timed(keys, batchAsync, 3)

  results['get, hot'] = perOperation(keys, () => {
    let bytes = 0
    for (const i of order) bytes += store.get(names[i]).length
    if (bytes !== keys * 100) throw new Error('a value is missing')
  })

  const scanned = keys * 100
  const scan = () => {
    if (store.scan('user:') !== scanned) throw new Error('the scan missed rows')
  }
  const scanAsync = async () => {
    if ((await store.scanAsync('user:')) !== scanned) throw new Error('the scan missed rows')
  }
  results['scan, per row'] = store.scan ? perOperation(keys, scan) : await timed(keys, scanAsync, 5)

  const puts = 20_000
  const put = s => () => {
    for (let i = 0; i < puts; i++) s.put(names[order[i]], values[i])
  }
  const putAsync = s => async () => {
    for (let i = 0; i < puts; i++) await s.putAsync(names[order[i]], values[i])
  }
  if (peer !== 'classic-level') results['put, not synced (off)'] = perOperation(puts, put(store), 3)
  await store.close()
  if (peer !== 'lmdb') {
    const durable = await stores[peer](dir, 'process')
    results['put, survives the process (normal)'] = durable.put
      ? perOperation(puts, put(durable), 3)
      : await timed(puts, putAsync(durable), 3)
    await durable.close()
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
