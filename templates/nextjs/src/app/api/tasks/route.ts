import { db } from '../../../db'

/** Tasks that are not done, a page at a time: `?after=` takes the `next` of the page before. */
export async function GET(request: Request): Promise<Response> {
  const after = new URL(request.url).searchParams.get('after') ?? undefined
  const page = await db.tasks.findPage({ where: { done: false }, with: { list: true }, limit: 50, after })
  return Response.json(page)
}
