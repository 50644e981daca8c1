// Asks for more rows than the heap of this process holds, by a call, by promise, and one by one.
import { Database } from 'sochdb'

const db = Database.open(':memory:')
const sql = "select repeat('a', 100000) || value as x from generate_series(1, 2000)"
const told = error => console.log(error.code, error.message.split('\n')[0])
try {
  db.execute(sql)
} catch (error) {
  told(error)
}
await db.async.execute(sql).catch(told)
let rows = 0
for (const { x } of db.iterate(sql)) if (x.length > 100_000) rows++
console.log(`${rows} rows`)
db.close()
