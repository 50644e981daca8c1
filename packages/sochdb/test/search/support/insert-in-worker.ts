/** A worker that inserts its share of documents into the collection that all threads share, and searches it. */
import { parentPort, workerData } from 'node:worker_threads'

import { Database } from 'sochdb'

import { openCollection } from '../../../src/search/index.js'

const { path, worker, count } = workerData as { path: string; worker: number; count: number }
using db = Database.open(path, { logLevel: 'off' })
const docs = openCollection(db, 'docs')
let seen = 0
for (let i = 0; i < count; i++) {
  docs.insert({ id: `w${worker}-${i}`, vector: [worker + 1, i + 1, 1], metadata: { worker } })
  seen = docs.search({ vector: [1, 1, 1], k: 5, filter: { worker } }).length
}
parentPort!.postMessage({ own: docs.count({ worker }), seen })
