'use client'

import { useActionState } from 'react'
import { addBookAction } from '../app/actions'

export function BookForm() {
  const [{ problem }, action, isPending] = useActionState(addBookAction, {})
  return (
    <form action={action}>
      <h2>Add a book</h2>
      <input name="title" placeholder="Title" aria-label="Title" />
      <input name="author" placeholder="Author" aria-label="Author" />
      <input name="year" placeholder="Year" aria-label="Year" inputMode="numeric" />
      <textarea name="about" placeholder="What it is about" aria-label="About" />
      {problem !== undefined && <p role="alert">{problem}</p>}
      <button disabled={isPending}>Add book</button>
    </form>
  )
}
