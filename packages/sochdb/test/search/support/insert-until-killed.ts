/**
 * Inserts documents, each in the transaction of a key, and says which are committed, until it is killed.
 * It stops at a limit and waits: a parent that the machine keeps from reading must not find more than it can check.
 */
import { Database } from 'sochdb'

import { openCollection } from '../../../src/search/index.js'

const db = Database.open(process.argv[2]!, { logLevel: 'off' })
const docs = openCollection(db, 'docs')
const first = Number(process.argv[3])
for (let i = first; i < first + 600; i++) {
  const vector = [Math.cos(i), Math.sin(i), i % 7]
  const metadata = { i, text: `every n${i}` }
  if (i % 10 === 0) {
    db.transaction(txn => {
      txn.put(`key-${i}`, String(i))
      const inside = openCollection(txn, 'docs')
      inside.insertBatch({ ids: [`a-${i}`, `b-${i}`], vectors: [vector, vector], metadata: [metadata, metadata] })
    })
  } else {
    docs.insert({ id: `d-${i}`, vector, metadata })
  }
  process.stdout.write(`${i}\n`)
}
setInterval(() => {}, 60_000)
