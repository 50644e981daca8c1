import { notFound } from 'next/navigation'
import { NoteForm } from '../../../components/note-form'
import { findBook } from '../../../library'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export default async function BookPage({ params }: { readonly params: Promise<{ readonly id: string }> }) {
  const { id } = await params
  const book = uuid.test(id) ? await findBook(id) : undefined
  if (book === undefined) notFound()
  return (
    <article>
      <h1>{book.title}</h1>
      <p>
        {book.author?.name}, {book.year}
      </p>
      <p>{book.about}</p>
      <h2>Notes</h2>
      <ul>
        {book.notes.map(({ id: key, text, stars, writtenAt }) => (
          <li key={key}>
            {'★'.repeat(stars)} {text}{' '}
            <time dateTime={writtenAt.toISOString()}>{writtenAt.toISOString().slice(0, 10)}</time>
          </li>
        ))}
      </ul>
      <NoteForm bookId={book.id} />
    </article>
  )
}
