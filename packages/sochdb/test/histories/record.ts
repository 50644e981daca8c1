import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { Database } from 'sochdb'
import type { SyncMode } from 'sochdb'

import { received } from './history.js'
import type { Level, SentTransaction, Transaction } from './history.js'

const program = join(dirname(fileURLToPath(import.meta.url)), 'worker.mjs')

export interface Recording {
  readonly path: string
  readonly level: Level
  readonly seed: number
  readonly threads: number
  /** Of each thread. */
  readonly transactions: number
  readonly keys: number
  readonly syncMode: SyncMode
}

/**
 * The history of worker threads that share one store, with a transaction at its end that reads every list. Threads use the built
 * package: `pnpm build` comes first.
 */
export async function record(recording: Recording): Promise<Transaction[]> {
  const { path, level, keys } = recording
  // The first to open a store decides how.
  const db = Database.open(path, { logLevel: 'off', syncMode: recording.syncMode })
  try {
    const workers = Array.from(
      { length: recording.threads },
      (_, thread) => new Worker(program, { workerData: { ...recording, thread } }),
    )
    const parts = await Promise.all(workers.map(async worker => (await once(worker, 'message')) as [SentTransaction[]]))
    const history = parts.flatMap(([sent]) => received(sent))
    const began = process.hrtime.bigint()
    const operations = Array.from({ length: keys }, (_, number) => {
      const key = `list${String(number)}`
      const text = db.getString(key) ?? ''
      return { kind: 'read' as const, key, values: text === '' ? [] : text.split(' ').map(Number) }
    })
    history.push({ name: 'end', level, committed: true, began, ended: process.hrtime.bigint(), operations })
    return history
  } finally {
    db.close()
  }
}
