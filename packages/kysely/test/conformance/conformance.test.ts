import { aggregates, fragments, json, windows } from './aggregates.js'
import { all, fillLibrary, openLibraries, plain, type Corpus, type Libraries } from './fixture.js'
import { conditions, joins, orders, selects } from './queries.js'
import { commonTables, unions } from './sets.js'
import { deletes, inserts, updates } from './writes.js'

const corpora: Readonly<Record<string, Corpus>> = {
  select: selects,
  where: conditions,
  'order by': orders,
  join: joins,
  'set operations': unions,
  with: commonTables,
  aggregates,
  windows,
  json,
  fragments,
  insert: inserts,
  update: updates,
  delete: deletes,
}

describe.each(Object.entries(corpora))('%s, in both lanes, by promise and in SQLite', (_, corpus) => {
  let libraries: Libraries

  beforeAll(async () => {
    libraries = await openLibraries()
  })
  beforeEach(async () => {
    for (const db of all(libraries)) await fillLibrary(db)
  })
  afterAll(() => libraries.close())

  it.each(Object.entries(corpus))('%s', async (_, query) => {
    const expected = plain(await query(libraries.sqlite))
    expect({ tree: plain(await query(libraries.tree)) }).toEqual({ tree: expected })
    expect({ text: plain(await query(libraries.text)) }).toEqual({ text: expected })
    expect({ promised: plain(await query(libraries.promised)) }).toEqual({ promised: expected })
  })
})
