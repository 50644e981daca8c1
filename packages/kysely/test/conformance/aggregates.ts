/** Aggregates, groups, windows, JSON, and fragments of SQL. */
import { sql } from 'kysely'
import type { Corpus } from './fixture.js'

export const aggregates: Corpus = {
  'of all rows': db =>
    db
      .selectFrom('books')
      .select(({ fn }) => [
        fn.countAll<number>().as('n'),
        fn.count<number>('price').as('priced'),
        fn.count<number>('price').distinct().as('prices'),
        fn.sum<number>('pages').as('pages'),
        fn.avg<number>('pages').as('mean'),
        fn.min('title').as('first'),
        fn.max('title').as('last'),
      ])
      .executeTakeFirstOrThrow(),
  'groups and having': db =>
    db
      .selectFrom('books')
      .select(({ fn }) => ['author_id', fn.countAll<number>().as('n')])
      .groupBy('author_id')
      .having(({ fn }) => fn.countAll(), '>', 1)
      .orderBy('author_id')
      .execute(),
  'groups by expressions and aliases': db =>
    db
      .selectFrom('books')
      .select(({ fn, eb }) => [eb('pages', '%', 2).as('odd'), fn.countAll<number>().as('n')])
      .groupBy('odd')
      .orderBy('odd')
      .execute(),
  'having over several': db =>
    db
      .selectFrom('books')
      .select('author_id')
      .groupBy(['author_id'])
      .having(eb => eb.or([eb(eb.fn.sum('pages'), '>', 480), eb(eb.fn.min('price'), '<', 5)]))
      .orderBy('author_id')
      .execute(),
  filtered: db =>
    db
      .selectFrom('books')
      .select(({ fn }) => [
        fn.countAll<number>().filterWhere('pages', '>', 204).as('long'),
        fn.sum<number>('pages').filterWhere('price', 'is not', null).filterWhere('id', '<', 4).as('some'),
      ])
      .execute(),
  'in a join': db =>
    db
      .selectFrom('books')
      .leftJoin('loans', 'loans.book_id', 'books.id')
      .select(({ fn }) => ['books.title', fn.count<number>('loans.id').as('loans')])
      .groupBy(['books.id', 'books.title'])
      .orderBy('books.id')
      .execute(),
  'by name': db =>
    db
      .selectFrom('books')
      .select(({ fn }) => fn.agg<string>('group_concat', ['title']).as('titles'))
      .where('author_id', '=', 2)
      .execute(),
  'in an order': db =>
    db
      .selectFrom('books')
      .select(({ fn }) => fn.agg<string>('group_concat', ['title']).orderBy('pages', 'desc').as('titles'))
      .execute(),
}

export const windows: Corpus = {
  'over all, partitions and orders': db =>
    db
      .selectFrom('books')
      .select(({ fn }) => [
        'id',
        fn.countAll<number>().over().as('n'),
        fn
          .sum<number>('pages')
          .over(over => over.partitionBy('author_id'))
          .as('by_author'),
        fn
          .sum<number>('pages')
          .over(over => over.orderBy('id'))
          .as('so_far'),
        fn
          .avg<number>('pages')
          .over(over => over.partitionBy(['author_id', 'price']).orderBy('id', 'desc'))
          .as('mean'),
      ])
      .orderBy('id')
      .execute(),
  ranks: db =>
    db
      .selectFrom('books')
      .select(({ fn }) => [
        'id',
        fn
          .agg<number>('row_number')
          .over(over => over.orderBy('pages'))
          .as('row'),
        fn
          .agg<number>('rank')
          .over(over => over.orderBy('price'))
          .as('rank'),
        fn
          .agg<number>('dense_rank')
          .over(over => over.orderBy('price', 'desc'))
          .as('dense'),
        fn
          .agg<number>('lag', ['pages'])
          .over(over => over.orderBy('id'))
          .as('before'),
      ])
      .orderBy('id')
      .execute(),
  'frames, in a fragment': db =>
    db
      .selectFrom('books')
      .select([
        'id',
        sql<number>`sum(pages) over (order by id rows between 1 preceding and ${sql.lit(1)} following)`.as('near'),
      ])
      .orderBy('id')
      .execute(),
}

export const json: Corpus = {
  'members and elements': db =>
    db
      .selectFrom('books')
      .select([
        'id',
        sql<string>`tags ->> '$.kind'`.as('kind'),
        sql<string>`json_extract(tags, '$.words[0]')`.as('word'),
      ])
      .orderBy('id')
      .execute(),
  paths: db =>
    db
      .selectFrom('books')
      .select(eb => [
        'id',
        eb
          .ref('tags', '->>')
          .key('kind' as never)
          .as('kind'),
        eb
          .ref('tags', '->>$')
          .key('rank' as never)
          .key('now' as never)
          .as('rank'),
        eb
          .ref('tags', '->>$')
          .key('words' as never)
          .at(0 as never)
          .as('word'),
      ])
      .orderBy('id')
      .execute(),
  'in a condition': db =>
    db
      .selectFrom('books')
      .select('id')
      .where(eb => eb.ref('tags', '->>').key('kind' as never), '=', 'sf')
      .orderBy('id')
      .execute(),
}

export const fragments: Corpus = {
  values: db => sql`select ${1} as one, ${'x'} || ${'y'} as word`.execute(db).then(({ rows }) => rows),
  names: db =>
    sql`select ${sql.ref('b.title')} from ${sql.table('books')} as ${sql.id('b')} order by ${sql.ref('b.id')} limit ${sql.lit(2)}`
      .execute(db)
      .then(({ rows }) => rows),
  lists: db =>
    db
      .selectFrom('books')
      .select('id')
      .where(sql<boolean>`id in (${sql.join([1, 2, 3])})`)
      .orderBy('id')
      .execute(),
  'queries in fragments, fragments in queries': db =>
    db
      .selectFrom('authors')
      .select(eb => [
        'name',
        sql<number>`(select count(*) from ${eb.selectFrom('books').selectAll().where('pages', '>', 204).as('b')} where b.author_id = authors.id and b.pages < ${290})`.as(
          'n',
        ),
      ])
      .where(sql`lower(${sql.ref('name')})`, 'like', '%a%')
      .where('id', '<', 4)
      .orderBy('id')
      .execute(),
  'a table': db =>
    db
      .selectFrom(sql<{ n: number }>`(values (1), (2), (${3}))`.as('v'))
      .select(sql<number>`column1 * ${10}`.as('n'))
      .orderBy('n')
      .execute(),
  'operators and types': db =>
    db
      .selectFrom('books')
      .select(eb => [eb.cast<string>('pages', sql`varchar(10)`).as('t'), eb('pages', sql`|`, 1).as('bits')])
      .orderBy('id')
      .execute(),
  'values in between': db =>
    db
      .selectFrom('books')
      .select(['id', sql<number>`${5} + pages * ${2}`.as('n')])
      .where('pages', '>', 200)
      .where(sql<boolean>`pages < ${290} and id > ${0}`)
      .where('id', '<', 6)
      .orderBy(sql`pages + ${1}`)
      .execute(),
  'a write': async db => [
    (await sql`update books set lent = lent + ${2} where id = ${1}`.execute(db)).numAffectedRows,
    await db.selectFrom('books').select('lent').where('id', '=', 1).execute(),
  ],
}
