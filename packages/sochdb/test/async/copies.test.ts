import type * as Sochdb from 'sochdb'

type Package = typeof Sochdb

/** A copy of the package of its own: what two packages have that depend on different versions of it, or an ESM and a CommonJS build. */
async function copyOfPackage(): Promise<Package> {
  import.meta.jest.resetModules()
  return import('sochdb')
}

async function filled(copy: Package, count: number) {
  const db = await copy.AsyncDatabase.open(':memory:')
  const docs = await db.createCollection({ name: 'docs', dimension: 2 })
  for (let i = 0; i < count; i++) await docs.insert({ id: `d${i}`, vector: [1, i] })
  return { db, docs }
}

test('two copies of the package in one process do not take each other’s operations for their own', async () => {
  const copies = [await copyOfPackage(), await copyOfPackage()] as const
  expect(copies[0].AsyncDatabase).not.toBe(copies[1].AsyncDatabase)
  const counts = [3, 5] as const
  const stores = [await filled(copies[0], counts[0]), await filled(copies[1], counts[1])] as const
  const reports: number[][] = [[], []]
  const aborts = [new AbortController(), new AbortController()] as const
  await Promise.all(
    stores.map(({ docs }, i) =>
      docs.optimize({ signal: aborts[i]!.signal, onProgress: (_done, total) => reports[i]!.push(total) }),
    ),
  )
  expect(reports.map(totals => [...new Set(totals)])).toEqual([[counts[0]], [counts[1]]])

  // The nth operation of one is not the nth of the other: stopping it stops nothing else.
  const searches = stores.map(({ docs }, i) => docs.search({ vector: [1, 0], k: 2 }, { signal: aborts[i]!.signal }))
  aborts[0].abort()
  const [stopped, found] = await Promise.allSettled(searches)
  expect(stopped).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } })
  expect(found).toMatchObject({ status: 'fulfilled' })
  for (const { db } of stores) await db.close()
})
