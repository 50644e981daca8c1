/** Inserts documents, each in the transaction of a key, and says which are committed, until it is killed. */
import { Database } from 'sochdb'

import { openCollection } from '../../../src/search/index.js'

const db = Database.open(process.argv[2]!, { logLevel: 'off' })
const docs = openCollection(db, 'docs')
for (let i = Number(process.argv[3]); ; i++) {
  const vector = [Math.cos(i), Math.sin(i), i % 7]
  if (i % 10 === 0) {
    db.transaction(txn => {
      txn.put(`key-${i}`, String(i))
      const inside = openCollection(txn, 'docs')
      inside.insertBatch({ ids: [`a-${i}`, `b-${i}`], vectors: [vector, vector], metadata: [{ i }, { i }] })
    })
  } else {
    docs.insert({ id: `d-${i}`, vector, metadata: { i } })
  }
  process.stdout.write(`${i}\n`)
}
