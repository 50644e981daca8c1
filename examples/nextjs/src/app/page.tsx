import Link from 'next/link'
import { connection } from 'next/server'
import { BookForm } from '../components/book-form'
import { listAuthors, ratings } from '../library'

export default async function LibraryPage() {
  await connection()
  const [authors, stars] = await Promise.all([listAuthors(), ratings()])
  return (
    <>
      {authors.map(({ id, name, books }) => (
        <section key={id}>
          <h2>{name}</h2>
          <ul>
            {books.map(book => (
              <li key={book.id}>
                <Link href={`/books/${book.id}`}>{book.title}</Link>{' '}
                <small>
                  {book.year}
                  {stars.has(book.id) && `, ${stars.get(book.id)!.toFixed(1)} of 5 stars`}
                </small>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <BookForm />
    </>
  )
}
