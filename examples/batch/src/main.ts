import { Database } from 'sochdb'
import { correct, counts, load, lock, receive, sell, ship } from './stock.js'

using db = Database.open(process.argv[2] ?? './stock.soch')
db.deleteBatch(Array.from(db.scan('', { keysOnly: true }), ([key]) => key)) // as after the first run

receive(
  db,
  new Map([
    ['bolt', 100],
    ['nut', 80],
    ['saw', 3],
  ]),
)
console.log(
  `Received: ${counts(db, ['bolt', 'nut', 'saw', 'hammer'])
    .map(count => count ?? 'none')
    .join(', ')}`,
)

const parts = Array.from({ length: 10_000 }, (_, i) => [`part-${String(i).padStart(5, '0')}`, i] as const)
console.log(`Loaded ${load(db, parts, 1000)} parts`)

try {
  ship(
    db,
    new Map([
      ['bolt', 10],
      ['saw', 5],
    ]),
  )
} catch (error) {
  console.log(`Not shipped: ${(error as Error).message}`)
}
console.log(`Bolts after that: ${counts(db, ['bolt']).join()}`)
ship(db, new Map([['bolt', 10]]))
console.log(`Bolts after an order of 10: ${counts(db, ['bolt']).join()}`)

console.log(`Ann has the lock: ${lock(db, 'ann')}; Ben has it: ${lock(db, 'ben')}`)
console.log(`Corrected from 80: ${correct(db, 'nut', 80, 79)}; from 80 again: ${correct(db, 'nut', 80, 78)}`)
console.log(`Orders so far: ${db.increment('orders')}, ${db.increment('orders')}`)

const sold = await sell(db.async, 'saw', 8)
console.log(`8 customers want a saw each: ${sold} sold, ${counts(db, ['saw']).join()} left`)
