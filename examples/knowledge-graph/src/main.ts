import { createClient } from '../sochdb/generated/index.js'
import { build, colleaguesOf, connection, engineersLedByBob, managersOf, projectsOf } from './company.js'

await using db = createClient({ path: process.argv[2] ?? './company.soch' })
await build(db)

console.log(`Alice works on: ${(await projectsOf(db, 'alice')).join(', ')}`)
console.log(`managed by: ${(await managersOf(db, 'alice')).join(', ')}`)
console.log(`with: ${(await colleaguesOf(db, 'alice')).join(', ')}`)
console.log(`Bob and project_web are connected: ${await connection(db, 'bob', 'project_web')}`)
console.log(`Engineers in a team of Bob's: ${(await engineersLedByBob(db)).join(', ')}`)

// The schema says what edges lead where; nothing else gets in.
const refused = await db.graph.MANAGES.add({ fromId: 'ml_team', toId: 'project_ai' }).catch(
  (error: Error) => error.message,
)
console.log(`Refused: ${String(refused)}`)
