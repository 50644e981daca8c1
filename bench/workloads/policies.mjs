/**
 * The index policies against each other: one policy, one process, four workloads, each the home ground of one.
 *
 *   node workloads/policies.mjs <policy>
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { key, random, shuffled, text } from '../lib/data.mjs'
import { engines } from '../peers/engine.mjs'

const [policy] = process.argv.slice(2)
const keys = 400_000
const results = {}

async function withStore(body, options = {}) {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-'))
  try {
    const store = await engines.sochdb(dir, {
      indexPolicy: policy,
      sync: 'off',
      memtableSizeBytes: 4 * 1024 * 1024,
      cacheBytes: 8 * 1024 * 1024,
      ...options,
    })
    const result = await body(store)
    store.close()
    return result
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
const order = shuffled(keys)
const load = (store, names = order) => {
  for (let at = 0; at < names.length; at += 1000) {
    const pairs = []
    for (let i = at; i < at + 1000; i++) pairs.push([key(names[i]), text(i)])
    store.batch(pairs)
  }
}
const per = (operations, started) => ((performance.now() - started) * 1000) / operations

// writeOptimized: many random overwrites, until compaction has caught up.
results['random overwrites, settled, per put'] = await withStore(store => {
  const started = performance.now()
  for (let round = 0; round < 4; round++) load(store)
  store.db.recovery().checkpoint()
  return per(keys * 4, started)
})

// balanced: reads and writes mixed, half each, points only.
results['points, half reads half writes, per operation'] = await withStore(store => {
  load(store)
  const next = random(3)
  const started = performance.now()
  const operations = 600_000
  for (let i = 0; i < operations; i += 2) {
    store.put(key(Math.floor(next() * keys)), text(i))
    store.get(key(Math.floor(next() * keys)))
  }
  return per(operations, started)
})

// scanOptimized: short ranges and whole scans of data that was overwritten at random.
results['scans after random overwrites, per row'] = await withStore(store => {
  for (let round = 0; round < 2; round++) load(store)
  const next = random(5)
  let rows = 0
  const started = performance.now()
  for (let i = 0; i < 3000; i++) {
    const from = key(Math.floor(next() * keys))
    for (const entry of store.db.scanRange(from, '', { limit: 100 })) rows += entry.length === 2 ? 1 : 0
  }
  return per(rows, started)
})

// appendOnly: keys that only rise, then the newest are read.
results['ascending inserts, per put'] = await withStore(store => {
  const ascending = Array.from({ length: keys * 2 }, (_, i) => i)
  const started = performance.now()
  load(store, ascending)
  store.db.recovery().checkpoint()
  return per(ascending.length, started)
})
console.log(JSON.stringify(results))
