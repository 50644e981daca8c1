import { z } from 'zod'
import { col, collection, defineSchema, many, one, table } from '@sochdb/schema'

/** A set of synonyms: one meaning, with its definition. */
const synsets = table('synsets', {
  id: col.text().primaryKey(),
  pos: col.enum('noun', 'verb', 'adjective', 'adverb'),
  topic: col.text(),
  word: col.text(),
  gloss: col.text(),
  uses: col.integer(),
})
  .index('word')
  .index('topic', 'uses')

/** A word in one of its meanings: `rank` 1 is the most usual. */
const senses = table('senses', {
  word: col.text(),
  pos: col.enum('noun', 'verb', 'adjective', 'adverb'),
  rank: col.integer(),
  synsetId: col.text().references('synsets.id'),
})
  .primaryKey('word', 'pos', 'rank')
  .index('synsetId')

/** `fromId` is a kind of, is part of, is the opposite of … `toId`. */
const relations = table('relations', {
  fromId: col.text().references('synsets.id'),
  kind: col.text(),
  toId: col.text().references('synsets.id'),
})
  .primaryKey('fromId', 'kind', 'toId')
  .index('toId', 'kind')

export default defineSchema({
  tables: { synsets, senses, relations },
  relations: {
    synsets: { senses: many('senses.synsetId'), relations: many('relations.fromId') },
    senses: { synset: one('synsets', 'synsetId') },
    relations: { target: one('synsets', 'toId') },
  },
  collections: {
    glosses: collection('glosses', {
      dimension: 512,
      metric: 'cosine',
      metadata: z.object({ word: z.string(), topic: z.string(), gloss: z.string() }),
      indexed: ['topic'],
    }),
  },
})
