/** Rows written together with those they belong to. */
import { col, contractHash, defineSchema, many, one, table, toContract } from '@sochdb/schema'
import { NotNullError, RowNotFoundError, UniqueConstraintError, ValidationError } from 'sochdb'
import { createClient } from 'sochdb/client'
import type { ScopeOptions, SyncRepository } from 'sochdb/client'

type Row = Record<string, unknown>
interface AnyModel {
  Row: Row
  New: Row
  NewWith: Row
  NewBy: Row
  Change: Row
  Patch: Row
  Where: Row
  Order: Row
  Key: Row
  Include: Record<string, object | true>
  Related: Row
  Sums: Row
  Averages: Row
}
interface Tables {
  readonly authors: SyncRepository<AnyModel>
  readonly books: SyncRepository<AnyModel>
  readonly pages: SyncRepository<AnyModel>
}
interface Client {
  readonly sync: Tables & { $transaction<T>(fn: (tx: Tables) => T): T }
  $for(scope: ScopeOptions): Client
  $close(): Promise<void>
}

const schema = defineSchema({
  tables: {
    authors: table('authors', {
      id: col.integer().primaryKey(),
      name: col.text(),
      house: col.text().default('x'),
    }).tenant('house'),
    books: table('books', {
      id: col.integer().primaryKey(),
      authorId: col.integer().nullable().references('authors.id'),
      title: col.text(),
    }),
    pages: table('pages', {
      id: col.integer().primaryKey(),
      bookId: col.integer().references('books.id'),
      text: col.text(),
    }),
  },
  relations: {
    authors: { books: many('books.authorId') },
    books: { author: one('authors', 'authorId'), pages: many('pages.bookId') },
    pages: { book: one('books', 'bookId') },
  },
})
const contract = toContract(schema)
const any = (query: unknown) => query as never

let client: Client
let db: Client['sync']

beforeEach(() => {
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: () => undefined }
  client = createClient<Client>(definition, { path: ':memory:' })
  db = client.sync
})
afterEach(() => client.$close())

const titlesOf = (author: number): unknown[] =>
  db.books.findMany({ where: { authorId: author } }).map(row => row['title'])
const everything = () => [db.authors.findMany(), db.books.findMany(), db.pages.findMany()]

describe('an insert with relations', () => {
  it('creates rows on every level, and returns its own', () => {
    const author = db.authors.insert({
      id: 1,
      name: 'Ada',
      books: {
        create: [
          {
            id: 1,
            title: 'Engines',
            pages: {
              create: [
                { id: 1, text: 'one' },
                { id: 2, text: 'two' },
              ],
            },
          },
          { id: 2, title: 'Looms' },
        ],
      },
    })
    expect(author).toEqual({ id: 1, name: 'Ada', house: 'x' })
    expect(db.authors.findMany(any({ with: { books: { with: { pages: { select: { text: true } } } } } }))).toEqual([
      {
        ...author,
        books: [
          { id: 1, authorId: 1, title: 'Engines', pages: [{ text: 'one' }, { text: 'two' }] },
          { id: 2, authorId: 1, title: 'Looms', pages: [] },
        ],
      },
    ])
  })

  it('creates, connects or finds the one row it belongs to', () => {
    expect(db.books.insert({ id: 1, title: 'a', author: { create: { id: 7, name: 'Ada' } } })).toMatchObject({
      authorId: 7,
    })
    expect(db.books.insert({ id: 2, title: 'b', author: { connect: { id: 7 } } })).toMatchObject({ authorId: 7 })
    for (const id of [3, 4]) {
      const author = { connectOrCreate: { where: { id: 8 }, create: { id: 8, name: 'Bob' } } }
      expect(db.books.insert({ id, title: 'c', author })).toMatchObject({ authorId: 8 })
    }
    expect(db.authors.count()).toBe(2)
    expect(
      db.pages.insert({ id: 1, text: 't', book: { create: { id: 5, title: 'd', author: { connect: { id: 8 } } } } }),
    ).toEqual({ id: 1, bookId: 5, text: 't' })
  })

  it('takes over rows that are there', () => {
    db.books.insertMany([
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
    ])
    db.authors.insert({
      id: 1,
      name: 'Ada',
      books: {
        connect: [{ id: 1 }],
        connectOrCreate: [
          { where: { id: 2 }, create: { id: 2, title: 'not this' } },
          { where: { id: 3 }, create: { id: 3, title: 'c' } },
        ],
        create: { id: 4, title: 'd' },
      },
    })
    expect(titlesOf(1)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('leaves nothing when a part of it fails', () => {
    db.authors.insert({ id: 1, name: 'Ada', books: { create: [{ id: 1, title: 'a' }] } })
    const before = everything()
    const books = {
      create: [
        { id: 2, title: 'b' },
        { id: 1, title: 'c' },
      ],
    }
    expect(() => db.authors.insert({ id: 2, name: 'Bob', books })).toThrow(UniqueConstraintError)
    expect(() => db.books.insert({ id: 2, title: 'b', author: { connect: { id: 9 } } })).toThrow(RowNotFoundError)
    expect(() => db.authors.insert({ id: 2, name: 'Bob', books: { connect: { id: 9 } } })).toThrow(
      /does not exist: \{ id: 9 \}/,
    )
    expect(() => db.pages.insert({ id: 1, text: 't' })).toThrow(NotNullError)
    expect(everything()).toEqual(before)
    db.$transaction(tx => {
      expect(() => tx.authors.insert({ id: 2, name: 'Bob', books })).toThrow(UniqueConstraintError)
      tx.authors.insert({ id: 3, name: 'Cid' })
    })
    expect(db.authors.findMany().map(row => row['id'])).toEqual([1, 3])
  })
})

describe('an update with relations', () => {
  beforeEach(() => {
    db.authors.insert({
      id: 1,
      name: 'Ada',
      books: {
        create: [
          { id: 1, title: 'a' },
          { id: 2, title: 'b' },
        ],
      },
    })
    db.authors.insert({ id: 2, name: 'Bob', books: { create: [{ id: 3, title: 'c' }] } })
  })

  it('creates, connects and disconnects many rows', () => {
    expect(db.authors.update({ id: 1 }, { name: 'Ada L.', books: { create: { id: 4, title: 'd' } } })).toMatchObject({
      name: 'Ada L.',
    })
    expect(titlesOf(1)).toEqual(['a', 'b', 'd'])
    db.authors.update({ id: 1 }, { books: { connect: { id: 3 }, disconnect: [{ id: 1 }, { id: 99 }] } })
    expect(titlesOf(1)).toEqual(['b', 'c', 'd'])
    // A book of another is not taken from them.
    db.authors.update({ id: 2 }, { books: { disconnect: { id: 2 } } })
    expect(titlesOf(1)).toEqual(['b', 'c', 'd'])
    expect(db.books.find({ id: 1 })).toMatchObject({ authorId: null })
  })

  it('sets which rows belong to it, and no others', () => {
    db.authors.update({ id: 1 }, { books: { set: [{ id: 2 }, { id: 3 }] } })
    expect([titlesOf(1), titlesOf(2)]).toEqual([['b', 'c'], []])
    db.authors.update({ id: 1 }, { books: { set: [], create: { id: 5, title: 'e' } } })
    expect(titlesOf(1)).toEqual(['e'])
    expect(db.books.count({ where: { authorId: null } })).toBe(3)
  })

  it('changes the one row it belongs to', () => {
    expect(db.books.update({ id: 1 }, { author: { connect: { id: 2 } } })).toMatchObject({ authorId: 2 })
    expect(db.books.update({ id: 1 }, { author: { disconnect: true } })).toMatchObject({ authorId: null })
    expect(db.books.update({ id: 1 }, { author: { create: { id: 3, name: 'Cid' } } })).toMatchObject({ authorId: 3 })
    expect(db.books.update({ id: 99 }, { author: { create: { id: 4, name: 'Dot' } } })).toBeUndefined()
    expect(db.authors.count()).toBe(3)
  })

  it('cannot take a row from what it has to belong to', () => {
    db.pages.insert({ id: 1, bookId: 1, text: 't' })
    expect(() => db.books.update({ id: 1 }, { pages: { disconnect: { id: 1 } } })).toThrow(NotNullError)
    expect(() => db.books.update({ id: 1 }, { title: 'x', pages: { set: [] } })).toThrow(NotNullError)
    expect(db.books.find({ id: 1 })).toMatchObject({ title: 'a' })
  })

  it.each([
    ['nothing', { books: {} }],
    ['an unknown operation', { books: { add: 1 } }],
    ['a set of one row', { author: { set: { id: 1 } } }],
    ['two operations on one row', { author: { connect: { id: 1 }, disconnect: true } }],
    ['a disconnection that is none', { author: { disconnect: false } }],
    ['a relation and its column', { author: { connect: { id: 1 } }, authorId: 2 }],
    ['a row that is none', { books: { create: 5 } }],
    ['a row of another', { books: { create: { id: 9, title: 'x', authorId: 2 } } }],
    ['an incomplete key', { books: { connect: {} } }],
    ['null', { books: null }],
  ])('refuses %s', (_, patch) => {
    const before = everything()
    const target = 'books' in patch ? db.authors : db.books
    expect(() => target.update({ id: 1 }, patch)).toThrow(ValidationError)
    expect(everything()).toEqual(before)
  })
})

it('keeps to the tenant of its client', () => {
  db.authors.insert({ id: 1, house: 'blue', name: 'Bea' })
  const red = client.$for({ tenant: 'red' }).sync
  expect(() => red.books.insert({ id: 1, title: 'a', author: { connect: { id: 1 } } })).toThrow(RowNotFoundError)
  red.books.insert({ id: 1, title: 'a', author: { create: { id: 2, name: 'Rita' } } })
  expect(db.authors.find({ id: 2 })).toMatchObject({ house: 'red' })
})

it('is of single rows alone', () => {
  const row = { id: 1, name: 'Ada', books: { create: [] } }
  expect(() => db.authors.insertMany([row])).toThrow(/no column "books"/)
  expect(() => db.authors.upsert(any({ create: row }))).toThrow(ValidationError)
  expect(() => db.authors.updateMany({ where: {} }, { books: { set: [] } })).toThrow(ValidationError)
})
