'use server'

import { revalidatePath } from 'next/cache'
import { UniqueConstraintError } from 'sochdb'
import type { z } from 'zod'
import { addBook, addNote, bookInput, noteInput } from '../library'

/** What a form shows when it was sent: nothing, or what is wrong. */
export interface FormState {
  readonly problem?: string
}

export async function addBookAction(_before: FormState, form: FormData): Promise<FormState> {
  return withInput(bookInput, form, async book => {
    await addBook(book)
    revalidatePath('/')
  })
}

export async function addNoteAction(bookId: string, _before: FormState, form: FormData): Promise<FormState> {
  return withInput(noteInput, form, async note => {
    await addNote(bookId, note)
    revalidatePath(`/books/${bookId}`)
  })
}

async function withInput<Schema extends z.ZodType>(
  schema: Schema,
  form: FormData,
  act: (input: z.infer<Schema>) => Promise<void>,
): Promise<FormState> {
  const parsed = schema.safeParse(Object.fromEntries(form))
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return { problem: `${path.join('.')}: ${message}` }
  }
  try {
    await act(parsed.data)
    return {}
  } catch (error) {
    if (error instanceof UniqueConstraintError) return { problem: 'That book is on the shelf already.' }
    throw error
  }
}
