import 'server-only'
import { z } from 'zod'
import { db } from './db'
import { embed } from './embed'
import { newAuthor } from './generated/zod/authors'
import { newBook } from './generated/zod/books'
import { newNote } from './generated/zod/notes'

const line = z.string().trim()

/** What a form or a request has to hold: checked by the validators that are generated from the schema. */
export const bookInput = z.object({
  author: line.pipe(newAuthor.shape.name),
  title: line.pipe(newBook.shape.title),
  year: z.coerce.number({ error: 'The year is a number.' }).pipe(newBook.shape.year),
  about: line.default('').pipe(newBook.shape.about.unwrap()),
})

export const noteInput = z.object({
  text: line.pipe(newNote.shape.text),
  stars: z.coerce.number().pipe(newNote.shape.stars),
})

export type BookInput = z.infer<typeof bookInput>
export type NoteInput = z.infer<typeof noteInput>

/** The book, its author where that is a new one, and what searches find it by: all of it or nothing. */
export function addBook({ author: name, ...book }: BookInput): Promise<string> {
  return db.$transaction(async tx => {
    const author = await tx.authors.upsert({ create: { name }, update: { name }, on: ['name'] })
    const { id } = await tx.books.insert({ ...book, authorId: author.id })
    await tx.shelf.insert({
      id,
      vector: embed(`${book.title} ${name}`),
      metadata: { title: book.title, author: name, about: book.about },
    })
    return id
  })
}

export const addNote = (bookId: string, note: NoteInput) => db.notes.insert({ ...note, bookId })

export const listAuthors = () =>
  db.authors.findMany({ orderBy: { name: 'asc' }, with: { books: { orderBy: { year: 'asc' } } } })

/** The mean of its stars, by book; books without a note have none. */
export async function ratings(): Promise<ReadonlyMap<string, number>> {
  const groups = await db.notes.groupBy({ by: ['bookId'], avg: { stars: true } })
  return new Map(groups.map(({ bookId, avg }) => [bookId, avg.stars ?? 0]))
}

export const findBook = (id: string) =>
  db.books.find({ id }, { with: { author: true, notes: { orderBy: { writtenAt: 'desc' } } } })

/** By words; where no book has them, by how the words of titles and names are spelt. */
export async function searchBooks(query: string) {
  const hits = await db.shelf.keywordSearch({ query, k: 10, highlight: { tag: 'mark' } })
  return Array.from(hits.length > 0 ? hits : await db.shelf.search({ vector: embed(query), k: 3, minScore: 0.3 }))
}
