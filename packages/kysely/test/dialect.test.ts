import { SochdbDialect } from '@sochdb/kysely'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Database, QueryError, TransactionConflictError, UniqueConstraintError } from 'sochdb'
import { fillPeople, openPair, type DB, type Pair } from './fixture.js'

type Query = (db: Kysely<DB>) => Promise<unknown>

/** What people write with Kysely; every one gives the same rows as on SQLite. */
const queries: Readonly<Record<string, Query>> = {
  'all columns': db => db.selectFrom('people').selectAll().orderBy('id').execute(),
  'some columns with aliases': db =>
    db.selectFrom('people as p').select(['p.id', 'p.name as called']).orderBy('p.id').execute(),
  'a comparison with each operator': async db =>
    Promise.all(
      (['=', '!=', '<>', '<', '<=', '>', '>='] as const).map(operator =>
        db.selectFrom('people').select('id').where('age', operator, 22).orderBy('id').execute(),
      ),
    ),
  'is and is not null': async db => [
    await db.selectFrom('people').select('id').where('age', 'is', null).execute(),
    await db.selectFrom('people').select('id').where('age', 'is not', null).orderBy('id').execute(),
  ],
  'in and not in': async db => [
    await db.selectFrom('people').select('id').where('id', 'in', [1, 3, 99]).orderBy('id').execute(),
    await db.selectFrom('people').select('id').where('city', 'not in', ['Oslo']).orderBy('id').execute(),
  ],
  like: db => db.selectFrom('people').select('name').where('name', 'like', '%o%').orderBy('name').execute(),
  between: db =>
    db
      .selectFrom('people')
      .select('id')
      .where(eb => eb.between('age', 22, 36))
      .orderBy('id')
      .execute(),
  'and, or, not': db =>
    db
      .selectFrom('people')
      .select('id')
      .where(eb => eb.or([eb('city', '=', 'Oslo'), eb.and([eb('age', '=', 22), eb.not(eb('active', '=', 1))])]))
      .orderBy('id')
      .execute(),
  'order, limit, offset': db =>
    db.selectFrom('people').select(['id', 'age']).orderBy('age', 'desc').orderBy('id').limit(2).offset(1).execute(),
  distinct: db => db.selectFrom('people').select('city').distinct().orderBy('city').execute(),
  'aggregates without groups': db =>
    db
      .selectFrom('people')
      .select(({ fn }) => [
        fn.countAll<number>().as('n'),
        fn.count<number>('age').as('aged'),
        fn.count<number>('city').distinct().as('cities'),
        fn.sum<number>('age').as('total'),
        fn.avg<number>('age').as('mean'),
        fn.min('age').as('youngest'),
        fn.max('name').as('last'),
      ])
      .execute(),
  'groups with having': db =>
    db
      .selectFrom('people')
      .select(({ fn }) => ['city', fn.countAll<number>().as('n')])
      .groupBy('city')
      .having(({ fn }) => fn.countAll(), '>', 1)
      .orderBy('city')
      .execute(),
  'an inner join': db =>
    db
      .selectFrom('people')
      .innerJoin('pets', 'pets.owner', 'people.id')
      .select(['people.name', 'pets.name as pet'])
      .orderBy('pets.id')
      .execute(),
  'a left join': db =>
    db
      .selectFrom('people')
      .leftJoin('pets', 'pets.owner', 'people.id')
      .select(['people.id', 'pets.name as pet'])
      .orderBy('people.id')
      .orderBy('pets.id')
      .execute(),
  'a join with more conditions': db =>
    db
      .selectFrom('people')
      .innerJoin('pets', join => join.onRef('pets.owner', '=', 'people.id').on('pets.weight', '>', 4))
      .select(['people.id', 'pets.id as pet'])
      .execute(),
  'a join with groups': db =>
    db
      .selectFrom('people')
      .leftJoin('pets', 'pets.owner', 'people.id')
      .select(({ fn }) => ['people.name', fn.count<number>('pets.id').as('pets')])
      .groupBy('people.name')
      .orderBy('people.name')
      .execute(),
  'functions and arithmetic': db =>
    db
      .selectFrom('people')
      .select(({ fn, eb }) => [
        'id',
        fn<string>('lower', ['name']).as('low'),
        fn.coalesce('age', eb.lit(0)).as('age'),
        eb('id', '*', 10).as('ten'),
      ])
      .orderBy('id')
      .execute(),
  'a case': db =>
    db
      .selectFrom('people')
      .select(eb => [
        'id',
        eb.case().when('age', '>', 30).then('old').when('age', 'is', null).then('?').else('young').end().as('how'),
      ])
      .orderBy('id')
      .execute(),
  'an update with an expression': async db => [
    await db
      .updateTable('people')
      .set(eb => ({ age: eb('age', '+', 1) }))
      .where('city', '=', 'London')
      .executeTakeFirst(),
    await db.selectFrom('people').selectAll().orderBy('id').execute(),
  ],
  'an update that returns': db =>
    db.updateTable('people').set({ city: 'Rome' }).where('id', '=', 2).returning(['id', 'city']).execute(),
  'a delete': async db => [
    await db.deleteFrom('pets').where('weight', '<', 5).executeTakeFirst(),
    await db.selectFrom('pets').select('id').orderBy('id').execute(),
  ],
  'an insert that returns its defaults': db =>
    db.insertInto('people').values({ id: 9, name: 'Kim', age: 1, city: 'Bonn' }).returningAll().execute(),
  'on conflict do nothing': async db => [
    await db
      .insertInto('people')
      .values({ id: 1, name: 'Other', age: 1, city: 'Bonn' })
      .onConflict(oc => oc.column('id').doNothing())
      .executeTakeFirst(),
    await db.selectFrom('people').select('name').where('id', '=', 1).execute(),
  ],
  'on conflict do update': async db => [
    await db
      .insertInto('people')
      .values({ id: 1, name: 'Ada L.', age: 37, city: 'London' })
      .onConflict(oc => oc.column('id').doUpdateSet(eb => ({ name: eb.ref('excluded.name'), age: 40 })))
      .execute(),
    await db.selectFrom('people').selectAll().where('id', '=', 1).execute(),
  ],
}

/** Kysely's result classes as plain data. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      key === 'insertId' ? undefined : typeof item === 'bigint' ? Number(item) : item,
    ),
  )

describe('the dialect', () => {
  let pair: Pair
  let db: Kysely<DB>

  beforeEach(async () => {
    pair = openPair()
    db = pair.sochdb
    await fillPeople(pair.sochdb)
    await fillPeople(pair.sqlite)
  })
  afterEach(() => {
    pair.close()
  })

  it.each(Object.entries(queries))('gives what SQLite gives: %s', async (_, query) => {
    expect(plain(await query(pair.sochdb))).toEqual(plain(await query(pair.sqlite)))
  })

  it('writes SQL text when someone asks for it', () => {
    const compiled = db.selectFrom('people').select('id').where('age', '>', 3).compile()
    expect(compiled.sql).toBe('select "id" from "people" where "age" > ?')
    expect(compiled.parameters).toEqual([3])
  })

  it('commits and rolls back transactions', async () => {
    await db
      .transaction()
      .execute(trx => trx.insertInto('pets').values({ id: 8, owner: 1, name: 'A', weight: 1 }).execute())
    const failing = db.transaction().execute(async trx => {
      await trx.deleteFrom('pets').execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await db.selectFrom('pets').select('id').execute()).toHaveLength(5)
  })

  it('has savepoints', async () => {
    const trx = await db.startTransaction().execute()
    await trx.deleteFrom('pets').where('id', '=', 1).execute()
    const after = await trx.savepoint('here').execute()
    await after.deleteFrom('pets').execute()
    await after.rollbackToSavepoint('here').execute()
    await after.releaseSavepoint('here').execute()
    await trx.commit().execute()
    expect(await db.selectFrom('pets').select('id').orderBy('id').execute()).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }])
  })

  it('takes isolation levels: serializable conflicts where snapshot allows write skew', async () => {
    const skew = async (isolation: 'serializable' | 'snapshot') => {
      const first = await db.startTransaction().setIsolationLevel(isolation).execute()
      const second = await db.startTransaction().setIsolationLevel(isolation).execute()
      await first.selectFrom('people').select('age').where('id', '=', 2).execute()
      await second.selectFrom('people').select('age').where('id', '=', 1).execute()
      await first.updateTable('people').set({ age: 1 }).where('id', '=', 1).execute()
      await second.updateTable('people').set({ age: 1 }).where('id', '=', 2).execute()
      await first.commit().execute()
      await second.commit().execute()
    }
    await skew('snapshot')
    await expect(skew('serializable')).rejects.toThrow(TransactionConflictError)
  })

  it('streams', async () => {
    const ids: number[] = []
    for await (const row of db.selectFrom('people').select('id').orderBy('id').stream(2)) ids.push(row.id)
    expect(ids).toEqual([1, 2, 3, 4, 5])
  })

  it('describes its tables', async () => {
    const tables = await db.introspection.getTables()
    expect(tables.map(table => table.name)).toEqual(['people', 'pets'])
    expect(tables[0]?.columns.find(column => column.name === 'age')).toMatchObject({
      dataType: 'integer',
      isNullable: true,
    })
    expect(tables[0]?.columns.find(column => column.name === 'active')).toMatchObject({ hasDefaultValue: true })
  })

  it('asks a function for its database once, for queries, tables and migrations alike', async () => {
    let asked = 0
    const opened: Database[] = []
    const dialect = new SochdbDialect({
      database: async () => {
        asked++
        opened.push(Database.open(':memory:'))
        return opened.at(-1)!
      },
    })
    const db = new Kysely<DB>({ dialect })
    try {
      await db.schema.createTable('made').addColumn('id', 'integer').execute()
      expect((await db.introspection.getTables()).map(({ name }) => name)).toEqual(['made'])
      const migrations = { first: { up: (of: Kysely<unknown>) => of.schema.dropTable('made').execute() } }
      const migrator = (): Migrator => new Migrator({ db, provider: { getMigrations: async () => migrations } })
      const runs = await Promise.all([migrator().migrateToLatest(), migrator().migrateToLatest()])
      expect(runs.map(({ error }) => error)).toEqual([undefined, undefined])
      expect(runs.flatMap(({ results }) => results ?? [])).toHaveLength(1)
      expect(await db.introspection.getTables()).toEqual([])
      expect(asked).toBe(1)
    } finally {
      await db.destroy()
      for (const database of opened) database.close()
    }
  })

  it('runs in a transaction that was begun elsewhere, its own ones as savepoints', async () => {
    const { Kysely } = await import('kysely')
    const { SochdbDialect } = await import('@sochdb/kysely')
    const transaction = pair.database.beginTransaction()
    const inside = new Kysely<DB>({ dialect: new SochdbDialect({ database: transaction }) })
    await inside.deleteFrom('pets').where('id', '=', 1).execute()
    const failing = inside.transaction().execute(async trx => {
      await trx.deleteFrom('pets').execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await inside.selectFrom('pets').select('id').execute()).toHaveLength(3)
    transaction.abort()
    expect(await db.selectFrom('pets').select('id').execute()).toHaveLength(4)
  })

  it('runs in a namespace, on its tables alone', async () => {
    const { Kysely } = await import('kysely')
    const { SochdbDialect } = await import('@sochdb/kysely')
    const { database } = pair
    const namespace = database.createNamespace('tenant')
    const targets = { byCall: namespace, byPromise: await database.async.namespace('tenant') }
    for (const [name, target] of Object.entries(targets)) {
      const inside = new Kysely<{ people: { id: number; nick: string } }>({
        dialect: new SochdbDialect({ database: target }),
      })
      await inside.schema
        .createTable('people')
        .addColumn('id', 'integer', column => column.primaryKey())
        .addColumn('nick', 'text')
        .execute()
      const { insertId } = await inside.insertInto('people').values({ id: 7, nick: name }).executeTakeFirstOrThrow()
      expect(insertId).toBe(7n)
      const failing = inside.transaction().execute(async trx => {
        await trx.deleteFrom('people').execute()
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await inside.selectFrom('people').selectAll().execute()).toEqual([{ id: 7, nick: name }])
      const [table] = await inside.introspection.getTables()
      expect(table?.columns.map(column => column.name)).toEqual(['id', 'nick'])
      expect(await db.selectFrom('people').select('id').execute()).toHaveLength(5)
      await inside.schema.dropTable('people').execute()
    }
    expect(namespace.listTables()).toEqual([])
  })

  it('raises the errors of the engine', async () => {
    const twice = db.insertInto('people').values({ id: 1, name: 'x', age: 1, city: 'x' }).execute()
    await expect(twice).rejects.toThrow(UniqueConstraintError)
  })

  it.each<[string, Query]>([
    [
      'a table that is not there',
      d =>
        d
          .selectFrom('nope' as 'people')
          .selectAll()
          .execute(),
    ],
    [
      'a column that is not there',
      d =>
        d
          .selectFrom('people')
          .select('nope' as 'id')
          .execute(),
    ],
    ['text that does not parse', d => sql`select from from`.execute(d)],
    ['an operator that it does not know', d => d.selectFrom('people').select('id').where('name', '@@', 'x').execute()],
  ])('says so when it cannot run %s', async (_, query) => {
    await expect(query(db)).rejects.toThrow(QueryError)
  })

  it('refuses conditions that are nested without end, but not long ones', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => i)
    const long = db
      .selectFrom('people')
      .select('id')
      .where(eb => eb.or(many.map(i => eb('id', '=', i))))
    expect(await long.execute()).toHaveLength(5)
    let nested = db.selectFrom('people').select('id')
    nested = nested.where(eb => {
      let inner = eb('id', '=', 1) as ReturnType<typeof eb.not>
      for (let i = 0; i < 3000; i++) inner = eb.not(inner)
      return inner
    })
    await expect(nested.execute()).rejects.toThrow(/nested/)
  })
})
