/**
 * The index policies against each other: one policy, one process, four workloads, each the home ground of one.
 *
 *   node workloads/policies.mjs <policy>
 *
 * Where the work is writing, time goes on until compaction has caught up; the processor time of all threads stands beside it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { key, random, shuffled, text } from '../lib/data.mjs'
import { engines } from '../peers/engine.mjs'

const MIB = 1024 * 1024
const QUIET_MS = 600
const [policy] = process.argv.slice(2)
const results = {}

async function withStore(options, body) {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-'))
  try {
    const store = await engines.sochdb(dir, {
      indexPolicy: policy,
      sync: 'off',
      memtableSizeBytes: 16 * MIB,
      cacheBytes: 8 * MIB,
      ...options,
    })
    await body(store)
    store.close()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Batches of 1,000 pairs, made before anything is timed. */
const batchesOf = (order, valueOf) =>
  Array.from({ length: order.length / 1000 }, (_, b) =>
    Array.from({ length: 1000 }, (_, i) => [key(order[b * 1000 + i]), valueOf(b * 1000 + i)]),
  )

/** Runs it until compaction has caught up; the last moments of quiet, in which that shows, do not count. */
async function settled(store, name, operations, body) {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await body()
  const waiting = performance.now()
  await store.settle(QUIET_MS / 3)
  const { user, system } = process.cpuUsage(cpu)
  const quiet = Math.min(QUIET_MS, performance.now() - waiting)
  results[`${name}, settled`] = ((performance.now() - started - quiet) * 1000) / operations
  results[`${name}, processor time of all threads`] = (user + system) / operations
}

// writeOptimized: random overwrites in batches.
await withStore({ memtableSizeBytes: 64 * MIB }, async store => {
  const batches = batchesOf(shuffled(1_000_000), text)
  await settled(store, 'random overwrites in batches, per put', 2_000_000, () => {
    for (let round = 0; round < 2; round++) for (const pairs of batches) store.batch(pairs)
  })
})

// balanced: reads and writes of single keys, half each.
await withStore({ memtableSizeBytes: 4 * MIB }, async store => {
  const keys = 1_000_000
  for (const pairs of batchesOf(shuffled(keys), text)) store.batch(pairs)
  await store.settle()
  const next = random(3)
  const operations = 600_000
  await settled(store, 'half reads half writes of keys, per operation', operations, () => {
    for (let i = 0; i < operations; i += 2) {
      store.put(key(Math.floor(next() * keys)), text(i))
      store.get(key(Math.floor(next() * keys)))
    }
  })
})

// scanOptimized: pages of 20 rows from anywhere, in data of which a little is overwritten now and then.
await withStore({ memtableSizeBytes: 4 * MIB }, async store => {
  const keys = 1_500_000
  const limit = 20
  const pages = 500
  const steps = 60
  for (const pairs of batchesOf(shuffled(keys), text)) store.batch(pairs)
  const next = random(5)
  const updates = batchesOf(
    Array.from({ length: steps * 8000 }, () => Math.floor(next() * keys)),
    text,
  )
  let rows = 0
  let spent = 0
  for (let step = 0; step < steps; step++) {
    for (const pairs of updates.slice(step * 8, step * 8 + 8)) store.batch(pairs)
    await store.settle(50)
    const started = performance.now()
    for (let i = 0; i < pages; i++) {
      const from = key(Math.floor(next() * (keys - limit)))
      for (const entry of store.db.scanRange(from, '', { limit })) rows += entry.length === 2 ? 1 : 0
    }
    spent += performance.now() - started
  }
  results['a page of 20 rows'] = (spent * 1000) / (steps * pages)
  if (rows !== steps * pages * limit) throw new Error('rows are missing')
})

// appendOnly: events of about a kilobyte, in the order of their time.
await withStore({}, async store => {
  const events = 2_000_000
  const value = i => Buffer.concat(Array.from({ length: 10 }, (_, part) => text(i * 10 + part)))
  const distinct = Array.from({ length: 4096 }, (_, i) => value(i))
  const batches = batchesOf(
    Array.from({ length: events }, (_, i) => i),
    i => distinct[i & 4095],
  )
  const name = 'appended events of 1,000 bytes'
  await settled(store, `${name}, per event`, events, () => {
    for (const pairs of batches) store.batch(pairs)
  })
  const { flushedBytes, bytesWritten } = store.db.compactionStats()
  const appended = events * (key(0).length + 1000)
  results[`${name}, bytes written to tables for each`] = Number(flushedBytes + bytesWritten) / appended
})
console.log(JSON.stringify(results))
