import { K } from '../../lib/search-data.mjs'

/** In memory alone, in JavaScript; it gives all matches. */
export async function keywords() {
  const { default: MiniSearch } = await import('minisearch')
  const index = new MiniSearch({ fields: ['text'] })
  return {
    insert: texts => index.addAll(texts.map((text, id) => ({ id, text }))),
    search: words =>
      index
        .search(words)
        .slice(0, K)
        .map(hit => hit.id),
    close() {},
  }
}
