/** Queries that read: every one gives the same rows in every lane, and in SQLite. */
import { sql } from 'kysely'
import type { Corpus } from './fixture.js'

export const selects: Corpus = {
  'all columns': db => db.selectFrom('books').selectAll().orderBy('id').execute(),
  'all columns of one of two tables': db =>
    db
      .selectFrom('books')
      .innerJoin('authors', 'authors.id', 'books.author_id')
      .selectAll('authors')
      .orderBy('books.id')
      .execute(),
  'aliases of tables and columns': db =>
    db
      .selectFrom('books as b')
      .select(['b.id as number', 'b.title'])
      .where('b.pages', '>', 250)
      .orderBy('number')
      .execute(),
  'no table': db => db.selectNoFrom(eb => [eb.val(1).as('one'), eb.lit(2).as('two')]).execute(),
  'the first row or none': async db => [
    await db.selectFrom('books').select('title').where('id', '=', 3).executeTakeFirst(),
    await db.selectFrom('books').select('title').where('id', '=', 99).executeTakeFirst(),
  ],
  distinct: db => db.selectFrom('authors').select('country').distinct().orderBy('country').execute(),
  'a subquery as a column': db =>
    db
      .selectFrom('authors')
      .select(eb => [
        'name',
        eb
          .selectFrom('books')
          .whereRef('books.author_id', '=', 'authors.id')
          .select(({ fn }) => fn.countAll<number>().as('n'))
          .as('books'),
      ])
      .orderBy('name')
      .execute(),
  'a subquery as a table': db =>
    db
      .selectFrom(eb => eb.selectFrom('books').select(['author_id', 'pages']).where('pages', '>', 204).as('long'))
      .select(({ fn }) => ['long.author_id', fn.sum<number>('long.pages').as('pages')])
      .groupBy('long.author_id')
      .orderBy('long.author_id')
      .execute(),
  'two tables side by side': db =>
    db
      .selectFrom(['authors', 'loans'])
      .select(['authors.name', 'loans.reader'])
      .where('authors.id', '=', 1)
      .orderBy('loans.id')
      .execute(),
  'limit and offset': db => db.selectFrom('books').select('id').orderBy('id').limit(2).offset(3).execute(),
  'limit by an expression': db =>
    db
      .selectFrom('books')
      .select('id')
      .orderBy('id')
      .limit(sql<number>`1 + 1`)
      .execute(),
}

export const conditions: Corpus = {
  operators: db =>
    Promise.all(
      (['=', '==', '!=', '<>', '<', '<=', '>', '>='] as const).map(operator =>
        db.selectFrom('books').select('id').where('pages', operator, 264).orderBy('id').execute(),
      ),
    ),
  'null tests': async db => [
    await db.selectFrom('books').select('id').where('price', 'is', null).execute(),
    await db.selectFrom('books').select('id').where('price', 'is not', null).orderBy('id').execute(),
    await db.selectFrom('books').select('id').where('price', 'is distinct from', 8.5).orderBy('id').execute(),
    await db.selectFrom('books').select('id').where('price', 'is not distinct from', null).execute(),
  ],
  'lists and tuples': async db => [
    await db.selectFrom('books').select('id').where('id', 'in', [1, 5, 77]).orderBy('id').execute(),
    await db.selectFrom('books').select('id').where('id', 'not in', [1, 5]).orderBy('id').execute(),
    await db
      .selectFrom('books')
      .select('id')
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('author_id', 'pages'), 'in', [tuple(1, 205), tuple(2, 204), tuple(2, 205)]),
      )
      .orderBy('id')
      .execute(),
  ],
  'in a subquery': db =>
    db
      .selectFrom('authors')
      .select('name')
      .where('id', 'in', eb => eb.selectFrom('books').select('author_id').where('pages', '>', 260))
      .orderBy('name')
      .execute(),
  'exists and not exists': async db => [
    await db
      .selectFrom('books')
      .select('title')
      .where(({ exists, selectFrom }) =>
        exists(selectFrom('loans').select('loans.id').whereRef('loans.book_id', '=', 'books.id')),
      )
      .orderBy('title')
      .execute(),
    await db
      .selectFrom('books')
      .select('title')
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('loans').select('loans.id').whereRef('loans.book_id', '=', 'books.id'))),
      )
      .orderBy('title')
      .execute(),
  ],
  'compared with a subquery': db =>
    db
      .selectFrom('books')
      .select('title')
      .where('pages', '>', eb => eb.selectFrom('books').select(({ fn }) => fn.avg<number>('pages').as('mean')))
      .orderBy('title')
      .execute(),
  'like and between': async db => [
    await db.selectFrom('books').select('id').where('title', 'like', '%e%').orderBy('id').execute(),
    await db.selectFrom('books').select('id').where('title', 'not like', 'S%').orderBy('id').execute(),
    await db
      .selectFrom('books')
      .select('id')
      .where(eb => eb.between('pages', 204, 264))
      .orderBy('id')
      .execute(),
  ],
  'and, or, not': db =>
    db
      .selectFrom('books')
      .select('id')
      .where(eb => eb.or([eb('price', '<', 5), eb.and([eb('pages', '>', 200), eb.not(eb('author_id', '=', 1))])]))
      .where('id', '<', 6)
      .orderBy('id')
      .execute(),
  'what the text says where it is less than the tree': async db => [
    // Kysely writes no parentheses: pages + 1 * 2, and author_id = 1 or (id = 3 and id < 3).
    await db
      .selectFrom('books')
      .select(eb => eb(eb('pages', '+', 1), '*', 2).as('n'))
      .orderBy('id')
      .execute(),
    await db
      .selectFrom('books')
      .select('id')
      .where(sql<boolean>`author_id = 1 or id = 3`)
      .where('id', '<', 3)
      .orderBy('id')
      .execute(),
    await db
      .selectFrom('books')
      .select(eb => eb(eb.parens('pages', '+', 1), '*', 2).as('n'))
      .orderBy('id')
      .execute(),
  ],
  'references to columns': db =>
    db
      .selectFrom('books')
      .innerJoin('loans', 'loans.book_id', 'books.id')
      .select(['books.id', 'loans.days'])
      .whereRef('books.pages', '>', 'loans.days')
      .orderBy('loans.id')
      .execute(),
  case: db =>
    db
      .selectFrom('books')
      .select(eb => [
        'id',
        eb.case().when('pages', '>', 280).then('long').when('price', 'is', null).then('?').else('short').end().as('a'),
        eb.case('author_id').when(1).then('U').when(2).then('S').end().as('b'),
      ])
      .orderBy('id')
      .execute(),
  'cast and functions': db =>
    db
      .selectFrom('books')
      .select(({ cast, fn, eb, val }) => [
        cast<string>('pages', 'text').as('text'),
        cast<number>(val('12'), 'integer').as('number'),
        fn<string>('upper', ['title']).as('upper'),
        fn.coalesce('price', eb.lit(0)).as('price'),
        eb.neg('pages').as('negative'),
        eb('title', '||', '!').as('loud'),
      ])
      .orderBy('id')
      .execute(),
}

export const orders: Corpus = {
  'directions and nulls': async db => [
    await db.selectFrom('books').select('id').orderBy('price', 'desc').orderBy('id').execute(),
    await db
      .selectFrom('books')
      .select('id')
      .orderBy('price', order => order.asc().nullsLast())
      .orderBy('id', 'desc')
      .execute(),
    await db
      .selectFrom('books')
      .select('id')
      .orderBy('price', order => order.desc().nullsFirst())
      .orderBy('id')
      .execute(),
  ],
  'a collation': db =>
    db
      .selectFrom('authors')
      .select('name')
      .orderBy('name', order => order.collate('nocase').desc())
      .execute(),
  'fragments with directions': async db => [
    await db
      .selectFrom('books')
      .select('id')
      .orderBy(sql`pages % 10`, 'desc')
      .orderBy('id')
      .execute(),
    await db
      .selectFrom('books')
      .select('id')
      .orderBy(sql`pages desc`)
      .execute(),
    await db
      .selectFrom('books')
      .select('id')
      .orderBy('price', sql`asc nulls last`)
      .orderBy('id')
      .execute(),
  ],
  'expressions and subqueries': db =>
    db
      .selectFrom('authors')
      .select('name')
      .orderBy(
        eb =>
          eb
            .selectFrom('books')
            .select(({ fn }) => fn.countAll().as('n'))
            .whereRef('author_id', '=', 'authors.id'),
        'desc',
      )
      .orderBy('name')
      .execute(),
}

export const joins: Corpus = {
  inner: db =>
    db
      .selectFrom('books')
      .innerJoin('authors', 'authors.id', 'books.author_id')
      .select(['books.title', 'authors.name'])
      .orderBy('books.id')
      .execute(),
  'left, with more conditions': db =>
    db
      .selectFrom('books')
      .leftJoin('loans', join => join.onRef('loans.book_id', '=', 'books.id').on('loans.days', '>', 10))
      .select(['books.id', 'loans.reader'])
      .orderBy('books.id')
      .execute(),
  right: db =>
    db
      .selectFrom('loans')
      .rightJoin('books', 'books.id', 'loans.book_id')
      .select(['books.id', 'loans.id as loan'])
      .orderBy('books.id')
      .orderBy('loan')
      .execute(),
  full: db =>
    db
      .selectFrom('authors')
      .fullJoin('books', 'books.author_id', 'authors.id')
      .select(['authors.id', 'books.id as book'])
      .orderBy('authors.id')
      .orderBy('book')
      .execute(),
  cross: db =>
    db
      .selectFrom('authors')
      .crossJoin('loans')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .execute(),
  'on true': db =>
    db
      .selectFrom('authors')
      .innerJoin('loans', join => join.onTrue())
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .execute(),
  'a subquery': db =>
    db
      .selectFrom('authors')
      .leftJoin(
        eb =>
          eb
            .selectFrom('books')
            .select(({ fn }) => ['author_id', fn.max('pages').as('most')])
            .groupBy('author_id')
            .as('b'),
        join => join.onRef('b.author_id', '=', 'authors.id'),
      )
      .select(['authors.name', 'b.most'])
      .orderBy('authors.id')
      .execute(),
  'a table with itself': db =>
    db
      .selectFrom('authors as a')
      .innerJoin('authors as b', 'a.country', 'b.country')
      .select(['a.name as one', 'b.name as other'])
      .whereRef('a.id', '<', 'b.id')
      .execute(),
  'or in a condition': db =>
    db
      .selectFrom('books')
      .innerJoin('loans', join =>
        join.on(eb => eb.or([eb('loans.book_id', '=', eb.ref('books.id')), eb('loans.days', '=', 3)])),
      )
      .select(['books.id', 'loans.id as loan'])
      .orderBy('books.id')
      .orderBy('loan')
      .execute(),
}
