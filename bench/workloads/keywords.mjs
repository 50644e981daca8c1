/** BM25 over the glosses of WordNet: indexing, and the best ten for two or three words of which any may be there. `node workloads/keywords.mjs sochdb` */
import { glosses, wordQueries } from '../lib/search-data.mjs'
import { milliseconds, queriesPerSecond, report } from '../lib/search-measure.mjs'

const [peer] = process.argv.slice(2)
const texts = glosses()
const kinds = {
  'two or three words that 20 to 5,000 glosses have': wordQueries(texts, 1000, 20, 5000),
  'two or three words of any frequency': wordQueries(texts, 1000),
}

await report(async dir => {
  const { keywords } = await import(`../peers/search/${peer}.mjs`)
  const index = await keywords(dir)
  const indexing = await milliseconds(() => index.insert(texts))
  await index.finish?.()
  const results = { 'indexing, documents/s': (texts.length / indexing) * 1000 }
  for (const [kind, asked] of Object.entries(kinds)) {
    const prepared = asked.map(index.prepare ?? (words => words))
    for (const words of prepared) {
      const found = await index.search(words)
      if (found.length === 0) throw new Error(`${peer} found nothing for "${words}"`)
    }
    results[`${kind}, QPS`] = await queriesPerSecond(index, prepared, words => index.search(words))
  }
  await index.close()
  return results
})
