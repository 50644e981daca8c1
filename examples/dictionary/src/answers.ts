/** What the dictionary can be asked: typed rows through repositories and Kysely, meanings through vectors. */
import type { Client } from '../sochdb/generated/index.js'
import type { Embed } from './embed.js'

export interface Meaning {
  readonly word: string
  readonly gloss: string
  readonly score: number
}

/** The meanings nearest to a description, best first. `topic` restricts the search (`noun.animal`). */
export async function describe(db: Client, embed: Embed, question: string, k = 3, topic?: string): Promise<Meaning[]> {
  const [vector] = await embed([question])
  const hits = await db.glosses.search({ vector: vector!, k, ...(topic === undefined ? {} : { filter: { topic } }) })
  return Array.from(hits, hit => ({ word: hit.metadata.word, gloss: hit.metadata.gloss, score: hit.score }))
}

/** The meanings of a word, the most usual first. */
export async function meanings(db: Client, word: string): Promise<{ pos: string; gloss: string }[]> {
  const senses = await db.senses.findMany({
    where: { word },
    with: { synset: true },
    orderBy: [{ pos: 'asc' }, { rank: 'asc' }],
    limit: 4,
  })
  return senses.map(sense => ({ pos: sense.pos, gloss: sense.synset!.gloss }))
}

/** kitten → young mammal → … → entity. */
export async function kinds(db: Client, word: string, stepsMax = 20): Promise<string[]> {
  const sense = await db.senses.find({ word, pos: 'noun', rank: 1 })
  const chain = [word]
  let id = sense?.synsetId
  while (id !== undefined && chain.length < stepsMax) {
    const [up] = await db.relations.findMany({
      where: { fromId: id, kind: 'kind of' },
      with: { target: true },
      limit: 1,
    })
    if (up?.target) chain.push(up.target.word)
    id = up?.toId
  }
  return chain
}

/** The topics with the most meanings: Kysely, executed by the engine. */
export function largestTopics(db: Client, limit = 5): Promise<{ topic: string; meanings: number }[]> {
  return db.$qb
    .selectFrom('synsets')
    .select(({ fn }) => ['topic', fn.countAll<number>().as('meanings')])
    .groupBy('topic')
    .orderBy('meanings', 'desc')
    .limit(limit)
    .execute()
}

/** The parts of a thing: a join over an index. */
export function parts(db: Client, word: string, limit = 6): Promise<{ word: string }[]> {
  return db.$qb
    .selectFrom('synsets as whole')
    .innerJoin('relations', 'relations.toId', 'whole.id')
    .innerJoin('synsets as part', 'part.id', 'relations.fromId')
    .where('whole.word', '=', word)
    .where('relations.kind', '=', 'part of')
    .select('part.word')
    .orderBy('part.word')
    .limit(limit)
    .execute()
}
