/** Statements that write, and what is there afterwards. */
import { sql, type Kysely } from 'kysely'
import type { Corpus, Library } from './fixture.js'

const authors = (db: Kysely<Library>): Promise<unknown> => db.selectFrom('authors').selectAll().orderBy('id').execute()
const books = (db: Kysely<Library>): Promise<unknown> => db.selectFrom('books').selectAll().orderBy('id').execute()

export const inserts: Corpus = {
  'one row, and its key': async db => [
    await db.insertInto('authors').values({ id: 10, name: 'Iain' }).executeTakeFirst(),
    await authors(db),
  ],
  'several rows': async db => [
    (
      await db
        .insertInto('authors')
        .values([
          { id: 10, name: 'Iain', born: 1954 },
          { id: 11, name: 'Ted', born: 1967 },
        ])
        .executeTakeFirst()
    ).numInsertedOrUpdatedRows,
    await authors(db),
  ],
  'expressions and subqueries': async db => {
    await db
      .insertInto('authors')
      .values(eb => ({
        id: 12,
        name: sql<string>`${'Ia'} || 'in'`,
        born: eb.selectFrom('authors').select(({ fn }) => fn.max('born').as('b')),
      }))
      .execute()
    return authors(db)
  },
  'from a query': async db => [
    (
      await db
        .insertInto('authors')
        .columns(['id', 'name'])
        .expression(eb =>
          eb
            .selectFrom('loans')
            .select(({ eb: e }) => [e('loans.id', '+', 20).as('id'), 'reader'])
            .where('id', '>', 2),
        )
        .executeTakeFirst()
    ).numInsertedOrUpdatedRows,
    await authors(db),
  ],
  returning: async db => [
    await db
      .insertInto('authors')
      .values({ id: 13, name: 'Vonda', born: 1948 })
      .returning(['id', 'name', sql<number>`born + ${1}`.as('after')])
      .execute(),
    await db.insertInto('authors').values({ id: 14, name: 'Joanna' }).returningAll().executeTakeFirst(),
  ],
  'on conflict do nothing': async db => [
    (
      await db
        .insertInto('authors')
        .values({ id: 20, name: 'Ursula' })
        .onConflict(oc => oc.column('name').doNothing())
        .executeTakeFirst()
    ).numInsertedOrUpdatedRows,
    await authors(db),
  ],
  'on conflict do update': async db => [
    await db
      .insertInto('authors')
      .values({ id: 1, name: 'U.', country: 'XX' })
      .onConflict(oc =>
        oc
          .column('id')
          .doUpdateSet(eb => ({ name: eb.ref('excluded.name'), born: 1 }))
          .where('authors.born', '>', 1900),
      )
      .returningAll()
      .execute(),
    await db
      .insertInto('authors')
      .values({ id: 2, name: 'S.' })
      .onConflict(oc => oc.columns(['id']).doUpdateSet({ country: eb => eb.ref('excluded.country') }))
      .execute(),
    await authors(db),
  ],
  'or ignore, or replace': async db => {
    await db.insertInto('authors').orIgnore().values({ id: 1, name: 'Other' }).execute()
    await db.insertInto('loans').orReplace().values({ id: 1, book_id: 2, reader: 'New', days: 1 }).execute()
    await db.replaceInto('loans').values({ id: 2, book_id: 2, reader: 'Newer', days: 1 }).execute()
    return [await authors(db), await db.selectFrom('loans').selectAll().orderBy('id').execute()]
  },
}

export const updates: Corpus = {
  'values and expressions': async db => [
    await db
      .updateTable('books')
      .set(eb => ({ pages: eb('pages', '+', 1), price: null }))
      .where('author_id', '=', 1)
      .executeTakeFirst(),
    await db.updateTable('books').set('lent', 3).where('id', '=', 4).executeTakeFirst(),
    await books(db),
  ],
  'a subquery': async db => [
    await db
      .updateTable('books')
      .set({
        lent: eb =>
          eb
            .selectFrom('loans')
            .whereRef('loans.book_id', '=', 'books.id')
            .select(({ fn }) => fn.countAll<number>().as('n')),
      })
      .executeTakeFirst(),
    await books(db),
  ],
  'from another table': async db => [
    (
      await db
        .updateTable('books')
        .from('authors')
        .set(eb => ({ title: eb('books.title', '||', eb.ref('authors.name')) }))
        .whereRef('authors.id', '=', 'books.author_id')
        .where('authors.country', '=', 'US')
        .executeTakeFirst()
    ).numUpdatedRows,
    await books(db),
  ],
  returning: db =>
    db.updateTable('books as b').set({ lent: 9 }).where('b.id', 'in', [1, 2]).returning(['id', 'lent']).execute(),
}

export const deletes: Corpus = {
  'by a condition': async db => [
    await db.deleteFrom('loans').where('days', '<', 10).executeTakeFirst(),
    await books(db),
  ],
  'with what depends on it': async db => {
    await db.deleteFrom('books').where('id', '=', 1).execute()
    await db.deleteFrom('authors').where('id', '=', 2).execute()
    return [await books(db), await db.selectFrom('loans').selectAll().orderBy('id').execute()]
  },
  'by a subquery': async db => [
    await db
      .deleteFrom('loans')
      .where('book_id', 'in', eb => eb.selectFrom('books').select('books.id').where('pages', '<', 206))
      .executeTakeFirst(),
    await db.selectFrom('loans').select('id').execute(),
  ],
  returning: db => db.deleteFrom('loans').where('reader', '=', 'Kim').returning('id').execute(),
}
