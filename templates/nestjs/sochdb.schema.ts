import { z } from 'zod'
import { col, defineSchema, many, one, table } from '@sochdb/schema'

const authors = table('authors', {
  id: col.uuid().primaryKey().default('uuid7'),
  email: col.text(z.email()),
  createdAt: col.timestamp().default('now'),
}).unique('email')

const notes = table('notes', {
  id: col.uuid().primaryKey().default('uuid7'),
  authorId: col.uuid().references('authors.id'),
  title: col.text(z.string().min(1).max(200)),
  stars: col.integer(z.int().min(0)).default(0),
}).index('authorId', 'stars')

export default defineSchema({
  tables: { authors, notes },
  relations: { authors: { notes: many('notes.authorId') }, notes: { author: one('authors', 'authorId') } },
})
