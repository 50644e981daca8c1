import { UniqueConstraintError } from 'sochdb'
import { db } from '../../../db'
import { addBook, bookInput } from '../../../library'

/** A page of books, newest first: `?after=` takes the `next` of the page before. */
export async function GET(request: Request): Promise<Response> {
  const after = new URL(request.url).searchParams.get('after') ?? undefined
  const page = await db.books.findPage({ orderBy: { year: 'desc' }, with: { author: true }, limit: 20, after })
  return Response.json(page)
}

export async function POST(request: Request): Promise<Response> {
  const parsed = bookInput.safeParse(await request.json().catch(() => undefined))
  if (!parsed.success) return Response.json({ problems: parsed.error.issues }, { status: 400 })
  try {
    return Response.json({ id: await addBook(parsed.data) }, { status: 201 })
  } catch (error) {
    if (error instanceof UniqueConstraintError) return Response.json({ problems: [error.message] }, { status: 409 })
    throw error
  }
}
