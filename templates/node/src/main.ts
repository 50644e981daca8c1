import { createClient } from '../sochdb/generated/index.js'

await using db = createClient({ path: process.argv[2] ?? './app.soch' })

const email = 'ada@example.com'
const author = (await db.authors.findFirst({ where: { email } })) ?? (await db.authors.insert({ email }))

// A row and a vector, both or neither.
await db.$transaction(async tx => {
  const note = await tx.notes.insert({ authorId: author.id, title: 'Engines', stars: 3 })
  await tx.passages.insert({ id: note.id, vector: [0.9, 0.1, 0], metadata: { noteId: note.id, lang: 'en' } })
})

const best = await db.notes.findMany({
  where: { stars: { gte: 1 }, title: { contains: 'ngi' } },
  with: { author: true },
  orderBy: { stars: 'desc' },
  limit: 10,
})
for (const note of best) console.log(`${note.title} by ${note.author?.email ?? 'nobody'}`)

const counts = await db.$qb
  .selectFrom('notes')
  .innerJoin('authors', 'authors.id', 'notes.authorId')
  .select(({ fn }) => ['authors.email', fn.countAll<number>().as('notes')])
  .groupBy('authors.email')
  .execute()
console.log(counts)

const hits = await db.passages.search({ vector: [1, 0, 0], k: 1, filter: { lang: 'en' } })
for (const hit of hits) console.log(`nearest: ${hit.id}, score ${hit.score.toFixed(3)}`)
