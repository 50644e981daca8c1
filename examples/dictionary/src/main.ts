/**
 * A dictionary to ask by meaning: WordNet in tables, its everyday nouns as vectors, in one embedded store.
 *
 *   start                                   loads the dictionary (once) and shows what it can answer
 *   start --query "a small furry pet"       asks your own question
 *   start --path ./elsewhere                keeps the store in another folder
 *   start --json                            prints only the answers, for programs
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createClient, type Client } from '../sochdb/generated/index.js'
import { describe, kinds, largestTopics, meanings, parts } from './answers.js'
import { loadModel, type Embed } from './embed.js'
import { load } from './load.js'

const here = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const questions = [
  'a young cat',
  'the feeling of being very afraid',
  'a baked food made from flour',
  'a vehicle with two wheels',
  'a machine that flies',
]

interface Options {
  readonly query: string | undefined
  readonly path: string
  readonly json: boolean
}

function options(): Options {
  const { values } = parseArgs({
    options: { query: { type: 'string' }, path: { type: 'string' }, json: { type: 'boolean' } },
  })
  return {
    query: values.query,
    path: values.path ?? join(here, '.cache', 'dictionary.soch'),
    json: values.json ?? false,
  }
}

const heading = (text: string) => console.log(`\n${process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text}`)
const shorten = (text: string, width = 88) => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

async function main(): Promise<void> {
  const { query, path, json } = options()
  const started = performance.now()
  await using db = createClient({ path })
  const known = await db.synsets.count()
  if (!json) {
    const opened = (performance.now() - started).toFixed(0)
    console.log(`Opened ${path} in ${opened} ms: ${known.toLocaleString('en')} meanings.`)
  }
  await load(db, join(here, '.cache', 'glosses.f32'), json)

  const embed = await loadModel()
  if (json) await printJson(db, embed, query === undefined ? questions : [query])
  else if (query !== undefined) await answer(db, embed, query)
  else await tour(db, embed)
}

async function printJson(db: Client, embed: Embed, asked: readonly string[]): Promise<void> {
  const answers = []
  for (const question of asked) answers.push({ question, answers: await describe(db, embed, question, 3) })
  console.log(JSON.stringify(answers))
}

async function answer(db: Client, embed: Embed, query: string): Promise<void> {
  heading(query)
  for (const { word, gloss, score } of await describe(db, embed, query, 5)) {
    console.log(`  ${score.toFixed(3)}  ${word.padEnd(18)} ${shorten(gloss)}`)
  }
}

async function tour(db: Client, embed: Embed): Promise<void> {
  heading('What does “bank” mean?   db.senses.findMany({ where: { word }, with: { synset: true } })')
  for (const { pos, gloss } of await meanings(db, 'bank')) console.log(`  ${pos.padEnd(6)} ${shorten(gloss)}`)

  heading('What is a kitten?   a walk over db.relations')
  console.log(`  ${(await kinds(db, 'kitten')).join(' → ')}`)

  heading('What has a car got?   db.$qb.selectFrom(…).innerJoin(…)')
  console.log(`  ${(await parts(db, 'car')).map(part => part.word).join(', ')}`)

  heading("Which topics are largest?   db.$qb … .groupBy('topic')")
  for (const { topic, meanings } of await largestTopics(db)) {
    console.log(`  ${topic.padEnd(20)} ${String(meanings).padStart(6)}`)
  }

  heading('Which word do I mean?   db.glosses.search({ vector, k })')
  for (const question of questions) {
    const began = performance.now()
    const [best] = await describe(db, embed, question, 1)
    const ms = (performance.now() - began).toFixed(0)
    const { word, score, gloss } = best!
    console.log(
      `  ${question.padEnd(34)} ${word.padEnd(10)} ${score.toFixed(3)}  ${shorten(gloss, 46)}  (${ms} ms with the model)`,
    )
  }
  console.log('\nAsk your own: npx pnpm@10 quickstart --query "a small furry pet"')
}

await main()
