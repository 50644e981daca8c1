/** Fills the store: all of WordNet into tables, the everyday nouns into the collection. Safe to interrupt and run again. */
import type { Client } from '../sochdb/generated/index.js'
import { DIMENSION, embedAll } from './embed.js'
import { Progress } from './progress.js'
import { definition, readWordNet, type Synset } from './wordnet.js'

const BATCH = 2000

/** What is there when everything is: WordNet 3.1 does not change. */
const COMPLETE = { synsets: 117_791, senses: 207_235, relations: 142_020, glosses: 3_651 }

/** Nouns of everyday life: what people ask for by description. */
const everyday = new Set(
  'animal artifact body feeling food object phenomenon plant'.split(' ').map(name => `noun.${name}`),
)
const isEveryday = (synset: Synset) => everyday.has(synset.topic) && synset.uses >= 1

export async function load(db: Client, cacheFile: string, quiet: boolean): Promise<void> {
  if (await isComplete(db)) return
  const wordnet = readWordNet()
  await fill('meanings ', wordnet.synsets, db.synsets, quiet)
  await fill('senses   ', wordnet.senses, db.senses, quiet)
  await fill('relations', wordnet.relations, db.relations, quiet)
  await fillGlosses(db, wordnet.synsets.filter(isEveryday), cacheFile, quiet)
}

async function isComplete(db: Client): Promise<boolean> {
  const [synsets, senses, relations, glosses] = await Promise.all([
    db.synsets.count(),
    db.senses.count(),
    db.relations.count(),
    db.glosses.count(),
  ])
  return (
    synsets === COMPLETE.synsets &&
    senses === COMPLETE.senses &&
    relations === COMPLETE.relations &&
    glosses === COMPLETE.glosses
  )
}

interface Target<Row> {
  count(): Promise<number>
  insertMany(rows: Iterable<Row>): Promise<number>
}

/** Every batch is one transaction and the order is fixed, so the number of rows says where an interrupted run stopped. */
async function fill<Row>(label: string, rows: readonly Row[], table: Target<Row>, quiet: boolean): Promise<void> {
  const done = await table.count()
  if (done >= rows.length) return
  const progress = new Progress(label, rows.length, quiet)
  for (let at = done; at < rows.length; at += BATCH) {
    await table.insertMany(rows.slice(at, at + BATCH))
    progress.update(Math.min(rows.length, at + BATCH))
  }
  progress.finish()
}

async function fillGlosses(db: Client, synsets: readonly Synset[], cacheFile: string, quiet: boolean): Promise<void> {
  if ((await db.glosses.count()) >= synsets.length) return
  const progress = new Progress('glosses  ', synsets.length, quiet)
  const vectors = await embedAll(
    synsets.map(synset => definition(synset.gloss)),
    cacheFile,
    done => progress.update(done),
  )
  for (let at = 0; at < synsets.length; at += BATCH) {
    const slice = synsets.slice(at, at + BATCH)
    await db.glosses.insertBatch({
      ids: slice.map(synset => synset.id),
      vectors: vectors.subarray(at * DIMENSION, (at + slice.length) * DIMENSION),
      metadata: slice.map(({ word, topic, gloss }) => ({ word, topic, gloss: definition(gloss) })),
    })
  }
  progress.finish()
}
