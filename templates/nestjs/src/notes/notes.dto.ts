import type { z } from 'zod'
import { newAuthor } from '../../sochdb/generated/zod/authors.js'
import { newNote, notePatch } from '../../sochdb/generated/zod/notes.js'

export const createNote = newNote.pick({ title: true, stars: true }).extend(newAuthor.pick({ email: true }).shape)
export type CreateNote = z.infer<typeof createNote>

/** `stars` takes a number or a change: `{ "stars": { "increment": 1 } }`. */
export const changeNote = notePatch.pick({ title: true, stars: true })
export type ChangeNote = z.infer<typeof changeNote>
