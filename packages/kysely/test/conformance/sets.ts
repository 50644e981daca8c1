/** Set operations and common tables. */
import type { Corpus } from './fixture.js'

export const unions: Corpus = {
  'union and union all': async db => [
    await db.selectFrom('authors').select('id').union(db.selectFrom('loans').select('id')).orderBy('id').execute(),
    await db
      .selectFrom('authors')
      .select('id')
      .unionAll(db.selectFrom('loans').select('id'))
      .orderBy('id')
      .limit(5)
      .execute(),
  ],
  'intersect and except': async db => [
    await db.selectFrom('books').select('id').intersect(db.selectFrom('loans').select('id')).orderBy('id').execute(),
    await db.selectFrom('books').select('id').except(db.selectFrom('loans').select('id')).orderBy('id').execute(),
  ],
  'several, from left to right': db =>
    db
      .selectFrom('books')
      .select('id')
      .except(db.selectFrom('loans').select('id'))
      .union(db.selectFrom('authors').select('id').where('id', '=', 1))
      .orderBy('id', 'desc')
      .execute(),
  'intersect behind union': db =>
    db
      .selectFrom('authors')
      .select('id')
      .union(db.selectFrom('books').select('id'))
      .intersect(db.selectFrom('loans').select('book_id as id'))
      .orderBy('id')
      .execute(),
  'in a subquery': db =>
    db
      .selectFrom(eb =>
        eb.selectFrom('authors').select('name as word').union(eb.selectFrom('loans').select('reader as word')).as('w'),
      )
      .select('word')
      .orderBy('word')
      .execute(),
}

export const commonTables: Corpus = {
  one: db =>
    db
      .with('long', q => q.selectFrom('books').selectAll().where('pages', '>', 204))
      .selectFrom('long')
      .innerJoin('authors', 'authors.id', 'long.author_id')
      .select(['long.title', 'authors.name'])
      .orderBy('long.id')
      .execute(),
  'one on another': db =>
    db
      .with('a', q => q.selectFrom('books').select(['id', 'pages']))
      .with('b', q => q.selectFrom('a').select('id').where('pages', '<', 250))
      .selectFrom('b')
      .select('id')
      .orderBy('id')
      .execute(),
  'with columns, twice': db =>
    db
      .with('t(x, y)', q => q.selectFrom('books').select(['id as x', 'pages as y']))
      .selectFrom('t as one')
      .innerJoin('t as two', 'one.x', 'two.x')
      .select(['one.x', 'two.y'])
      .orderBy('one.x')
      .execute(),
  materialized: db =>
    db
      .with(
        t => t('m').materialized(),
        q => q.selectFrom('books').select('id'),
      )
      .selectFrom('m')
      .selectAll()
      .orderBy('id')
      .execute(),
  recursive: db =>
    db
      .withRecursive('count(n)', q =>
        q
          .selectNoFrom(eb => eb.lit(1).as('n'))
          .unionAll(
            q
              .selectFrom('count')
              .select(eb => eb('n', '+', 1).as('n'))
              .where('n', '<', 5),
          ),
      )
      .selectFrom('count')
      .select('n')
      .execute(),
  'in a write': async db => [
    await db
      .with('old', q => q.selectFrom('authors').select('id').where('born', '<', 1925))
      .updateTable('books')
      .set({ lent: 7 })
      .where('author_id', 'in', q => q.selectFrom('old').select('old.id'))
      .executeTakeFirst(),
    await db.selectFrom('books').select(['id', 'lent']).orderBy('id').execute(),
  ],
}
