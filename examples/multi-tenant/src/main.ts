import { Database } from 'sochdb'
import { addDocument, addUser, changeTier, openTenant, search, usage } from './tenants.js'

using db = Database.open(process.argv[2] ?? './saas.soch')

const acme = openTenant(db, 'acme_corp', 'premium')
const globex = openTenant(db, 'globex', 'standard')
openTenant(db, 'initech', 'standard')
console.log(
  `Tenants: ${db
    .listNamespaces()
    .filter(name => name !== 'default')
    .join(', ')}`,
)

addUser(acme, 'ann@acme.io', 'Ann')
addUser(globex, 'hank@globex.io', 'Hank')
addDocument(acme, 'doc1', 'Roadmap for rockets', 'ann')
addDocument(acme, 'doc2', 'Holiday calendar', 'ann')
addDocument(globex, 'doc1', 'Secret plans for rockets', 'hank')

// The same question, the same ids: everyone finds what is theirs.
console.log(`Acme finds: ${search(acme, 'plans for rockets').join('; ')}`)
console.log(`Globex finds: ${search(globex, 'plans for rockets').join('; ')}`)
console.log(
  `Users of Acme: ${acme
    .execute<{ name: string }>('SELECT name FROM users')
    .rows.map(({ name }) => name)
    .join(', ')}`,
)
console.log(`A key that looks like Globex's, read by Acme: ${acme.getString('globex/authors/hank/doc1') ?? 'nothing'}`)

changeTier(db, 'globex', 'premium')
for (const name of ['acme_corp', 'globex', 'initech']) console.log(`${name}: ${usage(db, name)}`)

db.deleteNamespace('initech', { force: true })
console.log(`After initech left: ${db.listNamespaces().join(', ')}`)
