/**
 * A dictionary to ask by meaning: WordNet in tables, its everyday nouns as vectors, in one embedded store.
 *
 *   start                                   loads the dictionary (once) and shows what it can answer
 *   start --query "a small furry pet"       asks your own question
 *   start --path ./elsewhere                keeps the store in another folder
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createClient } from '../sochdb/generated/index.js'
import { describe, kinds, largestTopics, meanings, parts } from './answers.js'
import { loadModel } from './embed.js'
import { load } from './load.js'

const here = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const questions = [
  'a young cat',
  'the feeling of being very afraid',
  'a baked food made from flour',
  'a vehicle with two wheels',
  'a machine that flies',
]

function options(): { query: string | undefined; path: string } {
  const { values } = parseArgs({ options: { query: { type: 'string' }, path: { type: 'string' } } })
  return { query: values.query, path: values.path ?? join(here, '.cache', 'dictionary.soch') }
}

const heading = (text: string) => console.log(`\n${process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text}`)
const shorten = (text: string, width = 88) => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

async function main(): Promise<void> {
  const { query, path } = options()
  const started = performance.now()
  await using db = createClient({ path })
  const known = await db.synsets.count()
  console.log(
    `Opened ${path} in ${(performance.now() - started).toFixed(0)} ms: ${known.toLocaleString('en')} meanings.`,
  )
  await load(db, join(here, '.cache', 'glosses.f32'))

  const embed = await loadModel()
  if (query !== undefined) {
    heading(query)
    for (const { word, gloss, score } of await describe(db, embed, query, 5)) {
      console.log(`  ${score.toFixed(3)}  ${word.padEnd(18)} ${shorten(gloss)}`)
    }
    return
  }

  heading('What does “bank” mean?   db.senses.findMany({ where: { word }, with: { synset: true } })')
  for (const { pos, gloss } of await meanings(db, 'bank')) console.log(`  ${pos.padEnd(6)} ${shorten(gloss)}`)

  heading('What is a kitten?   a walk over db.relations')
  console.log(`  ${(await kinds(db, 'kitten')).join(' → ')}`)

  heading('What has a car got?   db.$qb.selectFrom(…).innerJoin(…)')
  console.log(`  ${(await parts(db, 'car')).map(part => part.word).join(', ')}`)

  heading("Which topics are largest?   db.$qb … .groupBy('topic')")
  for (const { topic, meanings } of await largestTopics(db))
    console.log(`  ${topic.padEnd(20)} ${String(meanings).padStart(6)}`)

  heading('Which word do I mean?   db.glosses.search({ vector, k })')
  for (const question of questions) {
    const began = performance.now()
    const [best] = await describe(db, embed, question, 1)
    const ms = performance.now() - began
    console.log(
      `  ${question.padEnd(34)} ${best!.word.padEnd(12)} ${best!.score.toFixed(3)}   ${shorten(best!.gloss, 46)}  (${ms.toFixed(0)} ms with the model)`,
    )
  }
  console.log(`\nAsk your own: npx pnpm@10 quickstart --query "a small furry pet"`)
}

await main()
