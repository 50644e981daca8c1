import { z } from 'zod'
import { col, collection, defineSchema, many, one, table } from '@sochdb/schema'

const authors = table('authors', {
  id: col.uuid().primaryKey().default('uuid7'),
  name: col.text(z.string().min(1).max(120)).unique(),
})

const books = table('books', {
  id: col.uuid().primaryKey().default('uuid7'),
  authorId: col.uuid().references('authors.id'),
  title: col.text(z.string().min(1).max(200)),
  year: col.integer(z.int().min(1450).max(2100)),
  about: col.text(z.string().max(2000)).default(''),
})
  .unique('authorId', 'title')
  .index('year')

const notes = table('notes', {
  id: col.uuid().primaryKey().default('uuid7'),
  bookId: col.uuid().references('books.id', { onDelete: 'cascade' }),
  text: col.text(z.string().min(1).max(2000)),
  stars: col.integer(z.int().min(1).max(5)),
  writtenAt: col.timestamp().default('now'),
}).index('bookId', 'writtenAt')

export default defineSchema({
  tables: { authors, books, notes },
  relations: {
    authors: { books: many('books.authorId') },
    books: { author: one('authors', 'authorId'), notes: many('notes.bookId') },
    notes: { book: one('books', 'bookId') },
  },
  collections: {
    shelf: collection('shelf', {
      dimension: 256,
      metadata: z.object({ title: z.string(), author: z.string(), about: z.string() }),
      contentField: { title: 3, author: 2, about: 1 },
      text: { stemming: 'english', stopWords: true },
    }),
  },
})
