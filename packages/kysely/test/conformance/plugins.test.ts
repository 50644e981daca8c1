/** Kysely's plugins, and the helpers for nested rows. */
import {
  CamelCasePlugin,
  DeduplicateJoinsPlugin,
  HandleEmptyInListsPlugin,
  ParseJSONResultsPlugin,
  pushValueIntoList,
  replaceWithNoncontingentExpression,
  sql,
  type Kysely,
  type KyselyPlugin,
} from 'kysely'
import { QueryError } from 'sochdb'
import { jsonArrayFrom, jsonBuildObject, jsonObjectFrom } from '@sochdb/kysely'
import { all, fillLibrary, openLibraries, plain, type Libraries, type Library, type Query } from './fixture.js'

interface Camel {
  books: { id: number; authorId: number | null; title: string }
}

async function everywhere(plugins: KyselyPlugin[], query: Query): Promise<unknown> {
  const libraries = await openLibraries(plugins)
  try {
    for (const db of all(libraries)) await fillLibrary(db.withoutPlugins())
    const results: unknown[] = []
    for (const db of all(libraries)) results.push(plain(await query(db)))
    for (const result of results) expect(result).toEqual(results.at(-1))
    return results[0]
  } finally {
    await libraries.close()
  }
}

it('camel case', async () => {
  const rows = await everywhere([new CamelCasePlugin()], db =>
    (db as unknown as Kysely<Camel>)
      .selectFrom('books')
      .select(['id', 'authorId', 'title as bookTitle'])
      .where('authorId', 'is not', null)
      .orderBy('authorId')
      .orderBy('books.id')
      .limit(1)
      .execute(),
  )
  expect(rows).toEqual([{ id: 1, authorId: 1, bookTitle: 'Earthsea' }])
})

it('joins that are there twice', async () => {
  const rows = await everywhere([new DeduplicateJoinsPlugin()], db =>
    db
      .selectFrom('books')
      .innerJoin('authors', 'authors.id', 'books.author_id')
      .innerJoin('authors', 'authors.id', 'books.author_id')
      .select(['books.id', 'authors.name'])
      .where('books.id', '<', 3)
      .orderBy('books.id')
      .execute(),
  )
  expect(rows).toHaveLength(2)
})

it.each([replaceWithNoncontingentExpression, pushValueIntoList('__nothing__')])('empty lists', async strategy => {
  const rows = await everywhere([new HandleEmptyInListsPlugin({ strategy })], async db => [
    await db.selectFrom('books').select('id').where('title', 'in', []).execute(),
    await db.selectFrom('books').select('id').where('title', 'not in', []).orderBy('id').execute(),
  ])
  expect(rows).toEqual([[], [1, 2, 3, 4, 5, 6].map(id => ({ id }))])
})

it('JSON that is text, parsed', async () => {
  const rows = await everywhere([new ParseJSONResultsPlugin()], db =>
    db.selectFrom('books').select('tags').where('id', '=', 2).execute(),
  )
  expect(rows).toEqual([{ tags: { kind: 'sf', words: ['snow'], rank: { now: 1 } } }])
})

describe('nested rows', () => {
  let libraries: Libraries
  beforeAll(async () => {
    libraries = await openLibraries()
    for (const db of all(libraries)) await fillLibrary(db)
  })
  afterAll(() => libraries.close())

  const lanes = ['tree', 'text', 'promised'] as const

  it.each(lanes)('are arrays and objects, %s', async lane => {
    const rows = await libraries[lane]
      .selectFrom('authors')
      .select(eb => [
        'authors.name',
        jsonArrayFrom(
          eb
            .selectFrom('books')
            .select(b => [
              'books.title',
              'books.pages as long',
              jsonArrayFrom(
                b
                  .selectFrom('loans')
                  .select('loans.reader')
                  .whereRef('loans.book_id', '=', 'books.id')
                  .orderBy('loans.id'),
              ).as('loans'),
            ])
            .whereRef('books.author_id', '=', 'authors.id')
            .orderBy('books.pages', 'desc'),
        ).as('books'),
        jsonObjectFrom(
          eb.selectFrom('authors as a').select('a.born').whereRef('a.id', '=', 'authors.id').where('a.born', '<', 1940),
        ).as('old'),
        jsonBuildObject({ id: eb.ref('authors.id'), loud: sql<string>`upper(${eb.ref('name')})` }).as('self'),
      ])
      .where('authors.id', 'in', [1, 3, 4])
      .orderBy('authors.id')
      .execute()
    expect(rows).toEqual([
      {
        name: 'Ursula',
        books: [
          { title: 'Left Hand', long: 286, loans: [] },
          { title: 'Earthsea', long: 205, loans: [{ reader: 'Kim' }, { reader: 'Lee' }] },
        ],
        old: { born: 1929 },
        self: { id: 1, loud: 'URSULA' },
      },
      {
        name: 'Octavia',
        books: [{ title: 'Kindred', long: 264, loans: [{ reader: 'Ann' }] }],
        old: null,
        self: { id: 3, loud: 'OCTAVIA' },
      },
      { name: 'Anonymous', books: [], old: null, self: { id: 4, loud: 'ANONYMOUS' } },
    ])
  })

  it('name what they select', () => {
    const db: Kysely<Library> = libraries.tree
    expect(() => jsonArrayFrom(db.selectFrom('books').selectAll())).toThrow(QueryError)
  })
})
