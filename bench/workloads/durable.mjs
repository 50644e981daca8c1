/** One engine, one process: commits that survive the loss of power, alone and many at once, beside a bare fdatasync of this disk. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { key, text } from '../lib/data.mjs'
import { median } from '../lib/measure.mjs'
import { engines } from '../peers/engine.mjs'

const [peer] = process.argv.slice(2)
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-'))
const results = {}
try {
  const file = openSync(join(dir, 'bare'), 'w')
  const block = Buffer.alloc(512, 'x')
  writeSync(file, Buffer.alloc(1 << 20))
  fdatasyncSync(file)
  const bare = []
  for (let i = 0; i < 300; i++) {
    const started = performance.now()
    writeSync(file, block, 0, 512, i * 512)
    fdatasyncSync(file)
    bare.push((performance.now() - started) * 1000)
  }
  closeSync(file)
  results['one write and fdatasync of a file'] = median(bare)

  const store = await engines[peer](dir, { sync: 'power' })
  const single = []
  for (let i = 0; i < 300; i++) {
    const started = performance.now()
    const done = store.put(key(i), text(i))
    if (done instanceof Promise) await done
    single.push((performance.now() - started) * 1000)
  }
  results['durable put, one writer'] = median(single)
  for (const writers of [32, 256]) {
    if (store.putAsync === undefined) continue
    const commits = writers * 40
    let at = 0
    const started = performance.now()
    await Promise.all(
      Array.from({ length: writers }, async () => {
        while (at < commits) await store.putAsync(key(at), text(at++))
      }),
    )
    results[`durable put, ${writers} at a time, per put`] = ((performance.now() - started) * 1000) / commits
  }
  await store.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
