import Link from 'next/link'
import { Marked } from '../../components/marked'
import { searchBooks } from '../../library'

interface Props {
  readonly searchParams: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>
}

export default async function SearchPage({ searchParams }: Props) {
  const { q } = await searchParams
  const query = typeof q === 'string' ? q.trim().slice(0, 200) : ''
  const hits = query === '' ? [] : await searchBooks(query)
  return (
    <>
      <h1>{query === '' ? 'Search' : `“${query}”`}</h1>
      <p>
        {hits.length} {hits.length === 1 ? 'book' : 'books'}
      </p>
      <ol>
        {hits.map(({ id, metadata, highlights }) => (
          <li key={id}>
            <Link href={`/books/${id}`}>
              <Marked text={highlights?.title ?? metadata.title} />
            </Link>
            , <Marked text={highlights?.author ?? metadata.author} />
            <br />
            <small>
              <Marked text={highlights?.about ?? metadata.about} />
            </small>
          </li>
        ))}
      </ol>
    </>
  )
}
