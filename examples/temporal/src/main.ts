import { createClient } from '../sochdb/generated/index.js'
import { at, devicesThatWere, history, recordMorning, stateAt } from './home.js'

await using db = createClient({ path: process.argv[2] ?? './home.soch' })
await recordMorning(db)

for (const time of ['05:00', '09:59', '10:00', '11:30']) {
  console.log(`The door at ${time}: ${(await stateAt(db, 'door_front', at(time))) ?? 'unknown'}`)
}
console.log(`The door: ${(await history(db, 'door_front')).join(', ')}`)
console.log(`The door from 10:30 to 11:15: ${(await history(db, 'door_front', at('10:30'), at('11:15'))).join(', ')}`)
console.log(`The light: ${(await history(db, 'light_living')).join(', ')}`)
console.log(`On at 10:30: ${(await devicesThatWere(db, 'on', at('10:30'))).join(', ')}`)
console.log(`On at 12:30: ${(await devicesThatWere(db, 'on', at('12:30'))).join(', ') || 'nothing'}`)

// Two states at once contradict the schema's rule.
const jammed = { fromId: 'door_front', toId: 'jammed', validFrom: at('10:45'), validUntil: at('10:50') }
const refused = await db.graph.IS.add(jammed).catch((error: Error) => error.name)
console.log(`The door jammed while it was open: ${typeof refused === 'string' ? refused : 'recorded'}`)
