'use client'

import { useActionState } from 'react'
import { addNoteAction } from '../app/actions'

export function NoteForm({ bookId }: { readonly bookId: string }) {
  const [{ problem }, action, isPending] = useActionState(addNoteAction.bind(null, bookId), {})
  return (
    <form action={action}>
      <textarea name="text" placeholder="What you think of it" aria-label="Note" />
      <select name="stars" aria-label="Stars" defaultValue="5">
        {[5, 4, 3, 2, 1].map(stars => (
          <option key={stars}>{stars}</option>
        ))}
      </select>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <button disabled={isPending}>Add note</button>
    </form>
  )
}
