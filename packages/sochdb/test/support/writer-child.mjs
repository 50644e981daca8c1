// Writes memories of one number after the other until it is killed, and prints each number when its commit has been acknowledged.
//
//   node writer-child.mjs <path>
import { writeSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { AtomicMemoryWriter, Database, MemoryOp } from 'sochdb'

const db = Database.open(process.argv[2], { logLevel: 'off' })
if (!db.listCollections().includes('memories')) db.createCollection({ name: 'memories', dimension: 2 })
const writer = new AtomicMemoryWriter(db)
// It stops at a limit and waits: a parent that the machine keeps from reading must not find more than it can check.
const first = Number(db.getString('last') ?? 0) + 1
for (let n = first; n < first + 1000; n++) {
  const id = `m${n}`
  writer.writeAtomic(id, [
    MemoryOp.putBlob({ key: `blob/${id}`, value: id }),
    MemoryOp.putEmbedding({ collection: 'memories', id, embedding: [n, 1] }),
    MemoryOp.createNode({ nodeId: id, nodeType: 'memory' }),
    MemoryOp.createEdge({ fromId: id, edgeType: 'after', toId: `m${n - 1}` }),
    MemoryOp.putBlob({ key: 'last', value: String(n) }),
  ])
  writeSync(1, `${n}\n`)
}
setInterval(() => {}, 60_000)
