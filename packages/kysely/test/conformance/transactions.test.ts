/** Transactions, controlled ones, savepoints, streams and cancellation, by call and by promise. */
import { Kysely, sql } from 'kysely'
import { Database, TransactionConflictError, TransactionError, UniqueConstraintError } from 'sochdb'
import { SochdbDialect, type Target } from '@sochdb/kysely'

interface DB {
  notes: { id: number; text: string }
}

const targets: Readonly<Record<string, (database: Database) => Target>> = {
  'a Database': database => database,
  'an AsyncDatabase': database => database.async,
}

describe.each(Object.entries(targets))('on %s', (_, target) => {
  let database: Database
  let db: Kysely<DB>
  const ids = (on: Kysely<DB> = db): Promise<number[]> =>
    on
      .selectFrom('notes')
      .select('id')
      .orderBy('id')
      .execute()
      .then(rows => rows.map(({ id }) => id))
  const note = (id: number) => ({ id, text: `note ${String(id)}` })

  beforeEach(async () => {
    database = Database.open(':memory:')
    db = new Kysely<DB>({ dialect: new SochdbDialect({ database: target(database) }) })
    await db.schema
      .createTable('notes')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('text', 'text', column => column.notNull())
      .execute()
    await db
      .insertInto('notes')
      .values([note(1), note(2), note(3)])
      .execute()
  })
  afterEach(() => {
    database.close()
  })

  it('commits what a transaction did, and nothing of one that failed', async () => {
    await db.transaction().execute(trx => trx.insertInto('notes').values(note(4)).execute())
    const failing = db.transaction().execute(async trx => {
      await trx.deleteFrom('notes').execute()
      expect(await ids(trx)).toEqual([])
      expect(await ids()).toEqual([1, 2, 3, 4])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await ids()).toEqual([1, 2, 3, 4])
  })

  it('commits and rolls back controlled transactions', async () => {
    const kept = await db.startTransaction().execute()
    await kept.insertInto('notes').values(note(5)).execute()
    await kept.commit().execute()
    const dropped = await db.startTransaction().execute()
    await dropped.deleteFrom('notes').execute()
    await dropped.rollback().execute()
    expect(await ids()).toEqual([1, 2, 3, 5])
  })

  it('goes back to savepoints, again and again, and releases them', async () => {
    const trx = await db.startTransaction().execute()
    await trx.deleteFrom('notes').where('id', '=', 1).execute()
    const first = await trx.savepoint('first').execute()
    await first.deleteFrom('notes').where('id', '=', 2).execute()
    await first.rollbackToSavepoint('first').execute()
    await first.deleteFrom('notes').where('id', '=', 3).execute()
    await first.rollbackToSavepoint('first').execute()
    const second = await first.savepoint('second').execute()
    await second.insertInto('notes').values(note(9)).execute()
    await second.releaseSavepoint('second').execute()
    await trx.commit().execute()
    expect(await ids()).toEqual([2, 3, 9])
  })

  it('has isolation levels: write skew under snapshot, a conflict under serializable', async () => {
    const skew = async (level: 'snapshot' | 'serializable') => {
      const one = await db.startTransaction().setIsolationLevel(level).execute()
      const other = await db.startTransaction().setIsolationLevel(level).execute()
      await one.selectFrom('notes').select('text').where('id', '=', 1).execute()
      await other.selectFrom('notes').select('text').where('id', '=', 2).execute()
      await one.updateTable('notes').set({ text: 'a' }).where('id', '=', 2).execute()
      await other.updateTable('notes').set({ text: 'b' }).where('id', '=', 1).execute()
      await one.commit().execute()
      await other.commit().execute()
    }
    await skew('snapshot')
    await expect(skew('serializable')).rejects.toThrow(TransactionConflictError)
  })

  it('raises the conflict of a transaction that Kysely commits itself', async () => {
    const conflicting = db.transaction().execute(async trx => {
      await trx.updateTable('notes').set({ text: 'a' }).where('id', '=', 1).execute()
      await db.updateTable('notes').set({ text: 'b' }).where('id', '=', 1).execute()
    })
    await expect(conflicting).rejects.toThrow(TransactionConflictError)
    expect(await db.selectFrom('notes').select('text').where('id', '=', 1).execute()).toEqual([{ text: 'b' }])
  })

  it('runs transactions that are written as statements, on a connection of their own', async () => {
    await db.connection().execute(async one => {
      await sql`begin isolation level snapshot`.execute(one)
      await sql`delete from notes`.execute(one)
      await sql`rollback`.execute(one)
      await sql`begin`.execute(one)
      await one.deleteFrom('notes').where('id', '=', 1).execute()
      await sql`commit`.execute(one)
    })
    expect(await ids()).toEqual([2, 3])
    await expect(sql`begin`.execute(db)).rejects.toThrow(TransactionError)
  })

  it('shows its transactions to loggers', async () => {
    const seen: string[] = []
    const logged = new Kysely<DB>({
      dialect: new SochdbDialect({ database: target(database) }),
      log: ({ query }) => {
        seen.push(query.sql)
      },
    })
    await logged
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(trx => trx.deleteFrom('notes').execute())
    expect(seen).toEqual(['begin isolation level repeatable read', 'delete from "notes"', 'commit'])
  })

  it('lets a read-only transaction read, and nothing else', async () => {
    const trx = await db.startTransaction().setAccessMode('read only').execute()
    expect(await ids(trx)).toEqual([1, 2, 3])
    await expect(trx.insertInto('notes').values(note(7)).execute()).rejects.toThrow(TransactionError)
    await expect(trx.schema.dropTable('notes').execute()).rejects.toThrow(TransactionError)
    await trx.commit().execute()
    expect(await ids()).toEqual([1, 2, 3])
  })

  it('takes back changes of the schema', async () => {
    const failing = db.transaction().execute(async trx => {
      await trx.schema.alterTable('notes').addColumn('more', 'text').execute()
      await trx.schema.createTable('other').addColumn('id', 'integer').execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    const [table, ...others] = await db.introspection.getTables()
    expect(others).toEqual([])
    expect(table?.columns.map(({ name }) => name)).toEqual(['id', 'text'])
  })

  it('streams rows in chunks, and stops in the middle', async () => {
    await db.deleteFrom('notes').execute()
    await db
      .insertInto('notes')
      .values(Array.from({ length: 5000 }, (_, i) => note(i)))
      .execute()
    let sum = 0
    for await (const { id } of db.selectFrom('notes').select('id').stream(7)) sum += id
    expect(sum).toBe((5000 * 4999) / 2)
    const seen: number[] = []
    for await (const { id } of db.selectFrom('notes').select('id').orderBy('id').stream()) {
      seen.push(id)
      if (seen.length === 3) break
    }
    expect(seen).toEqual([0, 1, 2])
    expect(await db.deleteFrom('notes').where('id', '<', 4998).executeTakeFirst()).toEqual({ numDeletedRows: 4998n })
  })

  it('gives the key of a row that was inserted', async () => {
    expect((await db.insertInto('notes').values(note(40)).executeTakeFirst()).insertId).toBe(40n)
    const nothing = await db
      .insertInto('notes')
      .values(note(40))
      .onConflict(oc => oc.doNothing())
      .executeTakeFirst()
    expect(nothing.insertId).toBeUndefined()
    expect(nothing.numInsertedOrUpdatedRows).toBe(0n)
  })

  it('fails an insert or rolls back all of its transaction', async () => {
    await expect(db.insertInto('notes').orFail().values(note(1)).execute()).rejects.toThrow(UniqueConstraintError)
    await expect(db.insertInto('notes').orRollback().values(note(1)).execute()).rejects.toThrow(UniqueConstraintError)
    for (const way of ['orFail', 'orRollback'] as const) {
      const trx = await db.startTransaction().execute()
      await trx.insertInto('notes')[way]().values(note(60)).execute()
      await expect(trx.insertInto('notes')[way]().values(note(60)).execute()).rejects.toThrow(UniqueConstraintError)
      expect(await ids(trx)).toEqual(way === 'orFail' ? [1, 2, 3, 60] : [1, 2, 3])
      await trx.rollback().execute()
    }
    expect(await ids()).toEqual([1, 2, 3])
  })

  it('does not begin a query whose signal is aborted', async () => {
    const reason = new Error('enough')
    const query = db
      .selectFrom('notes')
      .selectAll()
      .execute({ signal: AbortSignal.abort(reason) })
    await expect(query).rejects.toBe(reason)
  })
})

it('stops a statement that runs on a thread of the engine', async () => {
  const database = Database.open(':memory:')
  const db = new Kysely<DB>({ dialect: new SochdbDialect({ database: database.async }) })
  await db.schema
    .createTable('notes')
    .addColumn('id', 'integer', c => c.primaryKey())
    .addColumn('text', 'text')
    .execute()
  // Kysely reports what becomes of a query that nobody waits for any more.
  const { error } = console
  console.error = () => undefined
  const controller = new AbortController()
  // Counts without end, until it is stopped.
  const endless = db
    .withRecursive('n(i)', q =>
      q.selectNoFrom(eb => eb.lit(1).as('i')).unionAll(q.selectFrom('n').select(eb => eb('i', '%', 7).as('i'))),
    )
    .selectFrom('n')
    .select(({ fn }) => fn.sum<number>('i').as('sum'))
    .execute({ signal: controller.signal, inflightQueryAbortStrategy: 'cancel query' })
  const reason = new Error('enough')
  setImmediate(() => {
    controller.abort(reason)
  })
  await expect(endless).rejects.toBe(reason)
  // The database closes when nothing runs on it any more.
  await database.async.close()
  console.error = error
})
