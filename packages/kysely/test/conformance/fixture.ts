/** One library in four databases: by the tree lane, by the text lane, by promise, and in SQLite. */
import { Kysely, type Dialect, type Generated, type KyselyPlugin } from 'kysely'
import { Database } from 'sochdb'
import { SochdbDialect } from '@sochdb/kysely'
import sqlite from 'node-sqlite3-wasm'
import { SochdbDriver } from '../../src/driver.js'
import { SochdbQueryCompiler } from '../../src/query-compiler.js'
import { textOf } from '../../src/statement.js'
import { sqliteDialect } from '../fixture.js'

export interface Library {
  authors: { id: Generated<number>; name: string; country: string | null; born: number | null }
  books: {
    id: Generated<number>
    author_id: number | null
    title: string
    pages: number
    price: number | null
    lent: Generated<number>
    tags: string
  }
  loans: { id: Generated<number>; book_id: number; reader: string; days: number }
}

export interface Libraries {
  readonly database: Database
  readonly tree: Kysely<Library>
  readonly text: Kysely<Library>
  readonly promised: Kysely<Library>
  readonly sqlite: Kysely<Library>
  close(): Promise<void>
}

/** The dialect, made to run every query by its text. */
export function textDialect(database: Database): Dialect {
  const ours = new SochdbDialect({ database })
  return {
    createAdapter: () => ours.createAdapter(),
    createDriver: () => new SochdbDriver(database, new SochdbQueryCompiler(), textOf),
    createIntrospector: db => ours.createIntrospector(db),
    createQueryCompiler: () => ours.createQueryCompiler(),
  }
}

export async function openLibraries(plugins: KyselyPlugin[] = []): Promise<Libraries> {
  const database = Database.open(':memory:')
  const second = Database.open(':memory:')
  const third = Database.open(':memory:')
  const peer = new sqlite.Database()
  peer.exec('PRAGMA foreign_keys = ON')
  const libraries: Libraries = {
    database,
    tree: new Kysely({ dialect: new SochdbDialect({ database }), plugins }),
    text: new Kysely({ dialect: textDialect(second), plugins }),
    promised: new Kysely({ dialect: new SochdbDialect({ database: third.async }), plugins }),
    sqlite: new Kysely({ dialect: sqliteDialect(peer), plugins }),
    async close() {
      for (const each of [database, second, third]) each.close()
      peer.close()
    },
  }
  for (const db of all(libraries)) await createLibrary(db.withoutPlugins())
  return libraries
}

export const all = ({ tree, text, promised, sqlite: peer }: Libraries): Kysely<Library>[] => [
  tree,
  text,
  promised,
  peer,
]

async function createLibrary(db: Kysely<Library>): Promise<void> {
  await db.schema
    .createTable('authors')
    .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
    .addColumn('name', 'varchar(100)', column => column.notNull().unique())
    .addColumn('country', 'text')
    .addColumn('born', 'integer')
    .execute()
  await db.schema
    .createTable('books')
    .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
    .addColumn('author_id', 'integer', column => column.references('authors.id').onDelete('set null'))
    .addColumn('title', 'text', column => column.notNull())
    .addColumn('pages', 'integer', column => column.notNull())
    .addColumn('price', 'real')
    .addColumn('lent', 'integer', column => column.notNull().defaultTo(0))
    .addColumn('tags', 'text', column => column.notNull())
    .execute()
  await db.schema
    .createTable('loans')
    .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
    .addColumn('book_id', 'integer', column => column.references('books.id').onDelete('cascade').notNull())
    .addColumn('reader', 'text', column => column.notNull())
    .addColumn('days', 'integer', column => column.notNull())
    .execute()
  await db.schema.createIndex('books_author').on('books').column('author_id').execute()
}

/** The same rows every time: all tables are emptied first. */
export async function fillLibrary(db: Kysely<Library>): Promise<void> {
  await db.deleteFrom('loans').execute()
  await db.deleteFrom('books').execute()
  await db.deleteFrom('authors').execute()
  await db
    .insertInto('authors')
    .values([
      { id: 1, name: 'Ursula', country: 'US', born: 1929 },
      { id: 2, name: 'Stanislaw', country: 'PL', born: 1921 },
      { id: 3, name: 'Octavia', country: 'US', born: 1947 },
      { id: 4, name: 'Anonymous', country: null, born: null },
    ])
    .execute()
  const tags = (kind: string, ...words: string[]): string =>
    JSON.stringify({ kind, words, rank: { now: words.length } })
  await db
    .insertInto('books')
    .values([
      { id: 1, author_id: 1, title: 'Earthsea', pages: 205, price: 8.5, tags: tags('fantasy', 'sea', 'magic') },
      { id: 2, author_id: 1, title: 'Left Hand', pages: 286, price: 9.25, tags: tags('sf', 'snow') },
      { id: 3, author_id: 2, title: 'Solaris', pages: 204, price: 7, tags: tags('sf', 'sea') },
      { id: 4, author_id: 2, title: 'Cyberiad', pages: 295, price: null, tags: tags('sf') },
      { id: 5, author_id: 3, title: 'Kindred', pages: 264, price: 8.5, tags: tags('sf', 'time', 'past') },
      { id: 6, author_id: null, title: 'Beowulf', pages: 104, price: 3, tags: tags('epic', 'old') },
    ])
    .execute()
  await db
    .insertInto('loans')
    .values([
      { id: 1, book_id: 1, reader: 'Kim', days: 14 },
      { id: 2, book_id: 1, reader: 'Lee', days: 7 },
      { id: 3, book_id: 3, reader: 'Kim', days: 21 },
      { id: 4, book_id: 5, reader: 'Ann', days: 3 },
    ])
    .execute()
}

/** Kysely's result classes as plain data; SQLite has no booleans. */
export const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      key === 'insertId'
        ? undefined
        : typeof item === 'bigint'
          ? Number(item)
          : typeof item === 'boolean'
            ? Number(item)
            : item,
    ),
  )

export type Query = (db: Kysely<Library>) => Promise<unknown>
export type Corpus = Readonly<Record<string, Query>>
