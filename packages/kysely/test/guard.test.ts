/** The query builder of a generated client keeps to the client's scope, whatever a statement looks like. */
import { col, contractHash, defineSchema, table, toContract } from '@sochdb/schema'
import { SochdbDialect } from '@sochdb/kysely'
import { Kysely, sql, type Generated } from 'kysely'
import { ValidationError } from 'sochdb'
import { createClient } from 'sochdb/client'
import type { QueryEvent, ScopeOptions } from 'sochdb/client'

interface DB {
  tasks: { id: number; org: Generated<string>; title: string; deletedAt: Generated<Date | null> }
  notes: { id: number; task: number }
}
interface Client {
  readonly $qb: Kysely<DB>
  $for(scope: ScopeOptions): Client
  $on(event: 'query' | 'slow', listener: (event: QueryEvent) => void): () => void
  $transaction<T>(fn: (tx: { readonly $qb: Kysely<DB> }) => Promise<T>): Promise<T>
  $close(): Promise<void>
}

const schema = defineSchema({
  tables: {
    tasks: table('tasks', {
      id: col.integer().primaryKey(),
      org: col.text(),
      title: col.text(),
      deletedAt: col.timestamp().nullable(),
    })
      .tenant('org')
      .softDelete('deletedAt'),
    notes: table('notes', { id: col.integer().primaryKey(), task: col.integer() }),
  },
})
const contract = toContract(schema)

let db: Client
let red: Client
let all: Client

beforeEach(async () => {
  const definition = {
    contract,
    contractHash: contractHash(contract),
    queryBuilder: (database: never) => new Kysely<DB>({ dialect: new SochdbDialect({ database }) }),
  }
  db = createClient<Client>(definition as never, { path: ':memory:' })
  red = db.$for({ tenant: 'red' })
  all = db.$for({ withDeleted: true })
  await db.$qb
    .insertInto('tasks')
    .values([
      { id: 1, org: 'red', title: 'a' },
      { id: 2, org: 'red', title: 'b' },
      { id: 3, org: 'blue', title: 'c' },
    ])
    .execute()
  await db.$qb
    .insertInto('notes')
    .values([
      { id: 1, task: 1 },
      { id: 3, task: 3 },
    ])
    .execute()
})
afterEach(() => db.$close())

const ids = async (query: { execute(): Promise<{ id: number }[]> }) => (await query.execute()).map(({ id }) => id)

describe('reads of a tenant', () => {
  it('show its rows alone: of tables, joins, subqueries and set operations', async () => {
    const { $qb } = red
    expect(await ids($qb.selectFrom('tasks').select('id').orderBy('id'))).toEqual([1, 2])
    expect(await ids($qb.selectFrom('tasks as t').select('t.id').where('t.id', '=', 3))).toEqual([])
    expect(await ids($qb.selectFrom('notes').innerJoin('tasks', 'tasks.id', 'notes.task').select('tasks.id'))).toEqual([
      1,
    ])
    expect(
      await ids(
        $qb
          .selectFrom('notes')
          .select('id')
          .where('task', 'in', qb => qb.selectFrom('tasks').select('id')),
      ),
    ).toEqual([1])
    const both = $qb.selectFrom('tasks').select('id').where('id', '>', 1)
    expect(await ids(both.unionAll($qb.selectFrom('tasks').select('id').where('id', '=', 3)))).toEqual([2])
    expect(await $qb.selectFrom('tasks').selectAll('tasks').where('id', '=', 1).execute()).toEqual([
      { id: 1, org: 'red', title: 'a', deletedAt: null },
    ])
  })

  it('leave common tables as they are, and refuse those that hide one', async () => {
    const query = red.$qb
      .with('notes', qb => qb.selectFrom('tasks').select(['id', 'id as task']))
      .selectFrom('notes')
      .select('id')
    expect(await ids(query)).toEqual([1, 2])
    for (const text of [
      'WITH tasks AS (SELECT * FROM tasks) SELECT * FROM tasks',
      'WITH a AS (SELECT * FROM tasks), tasks AS (SELECT * FROM notes) SELECT * FROM a',
      'SELECT * FROM notes WHERE task IN (WITH RECURSIVE "Tasks" AS (SELECT 3 AS id) SELECT id FROM tasks)',
      'WITH tasks AS (SELECT 1 AS id) DELETE FROM notes WHERE id IN (SELECT id FROM tasks)',
    ])
      await expect(sql.raw(text).execute(red.$qb)).rejects.toThrow(/Use another name/)
  })

  it.each([
    ['TABLE tasks', 2],
    ['SELECT t.id FROM notes n JOIN tasks t ON t.id = n.task', 1],
    ['SELECT id FROM main."TASKS" AS t(id, o, x, y)', 2],
    ['WITH RECURSIVE x AS (SELECT id FROM tasks UNION SELECT id FROM x) SELECT * FROM x', 2],
    ['SELECT 1 FROM notes WHERE EXISTS (SELECT 1 FROM tasks WHERE id = 3)', 0],
    ['SELECT id FROM notes WHERE task = ANY (SELECT id FROM tasks)', 1],
    ['SELECT id FROM tasks UNION ALL SELECT id FROM tasks', 4],
    ['INSERT INTO notes SELECT id + 10, id FROM tasks RETURNING id', 2],
    ['DELETE FROM notes USING tasks WHERE tasks.id = notes.task RETURNING notes.id', 1],
  ])('see its rows alone in %s', async (text, count) => {
    expect((await sql.raw(text).execute(red.$qb)).rows).toHaveLength(count)
  })

  it('keep to it in text, in streams and in transactions', async () => {
    const { rows } = await sql<{ n: number }>`select count(*) as n from TASKS where title <> ${'b'}`.execute(red.$qb)
    expect(rows).toEqual([{ n: 1 }])
    const streamed: number[] = []
    for await (const { id } of red.$qb.selectFrom('tasks').select('id').stream()) streamed.push(id)
    expect(streamed).toEqual([1, 2])
    await red.$transaction(async ({ $qb }) => {
      expect(await ids($qb.selectFrom('tasks').select('id'))).toEqual([1, 2])
    })
    expect(await ids(db.$qb.selectFrom('tasks').select('id').orderBy('id'))).toEqual([1, 2, 3])
  })

  it('use the same keys as they would without', async () => {
    const { rows } = await sql<{ plan: string }>`explain select * from tasks where id = ${1}`.execute(red.$qb)
    expect(rows.map(({ plan }) => plan).join('\n')).toMatch(/by primary key \(id = /)
  })
})

describe('writes of a tenant', () => {
  it('fill the tenant in, one row or many, and from queries', async () => {
    const { $qb } = red
    await $qb.insertInto('tasks').values({ id: 4, title: 'd' }).execute()
    await $qb
      .insertInto('tasks')
      .values([
        { id: 5, title: 'e' },
        { id: 6, title: 'f' },
      ])
      .execute()
    await $qb.insertInto('tasks').values({ id: 7, title: 'g', org: 'red' }).execute()
    await $qb
      .insertInto('tasks')
      .columns(['id', 'title'])
      .expression(qb =>
        qb
          .selectFrom('tasks')
          .select([sql<number>`id + 7`.as('id'), 'title'])
          .where('id', '=', 1),
      )
      .execute()
    expect(await ids($qb.selectFrom('tasks').select('id').orderBy('id'))).toEqual([1, 2, 4, 5, 6, 7, 8])
    for (const org of ['blue', sql<string>`lower('RED')`]) {
      await expect($qb.insertInto('tasks').values({ id: 9, title: 'x', org }).execute()).rejects.toThrow(
        ValidationError,
      )
    }
  })

  it('meet its rows alone', async () => {
    const { $qb } = red
    const updated = await $qb.updateTable('tasks').set({ title: 'x' }).executeTakeFirst()
    expect(updated.numUpdatedRows).toBe(2n)
    await expect($qb.updateTable('tasks').set({ org: 'blue' }).execute()).rejects.toThrow(/another tenant/)
    const upsert = $qb
      .insertInto('tasks')
      .values({ id: 3, title: 'y' })
      .onConflict(conflict => conflict.column('id').doUpdateSet({ title: 'stolen' }))
    expect((await upsert.executeTakeFirst()).numInsertedOrUpdatedRows).toBe(0n)
    await expect($qb.replaceInto('tasks').values({ id: 3, title: 'y' }).execute()).rejects.toThrow(/another tenant/)
    const deleted = await $qb.deleteFrom('tasks').returning('id').execute()
    expect(deleted).toEqual([{ id: 1 }, { id: 2 }])
    expect(await db.$qb.selectFrom('tasks').select(['id', 'title']).execute()).toEqual([{ id: 3, title: 'c' }])
  })

  it('change no tables', async () => {
    await expect(red.$qb.schema.dropTable('tasks').execute()).rejects.toThrow(/changes no tables/)
    await db.$qb.schema.dropTable('notes').execute()
  })
})

describe('deleting', () => {
  it('marks rows, which nobody sees then', async () => {
    const { $qb } = db
    const deleted = await $qb.deleteFrom('tasks').where('id', '=', 1).executeTakeFirst()
    expect(deleted.numDeletedRows).toBe(1n)
    expect((await $qb.deleteFrom('tasks').where('id', '=', 1).executeTakeFirst()).numDeletedRows).toBe(0n)
    expect(await ids($qb.selectFrom('tasks').select('id'))).toEqual([2, 3])
    expect((await $qb.updateTable('tasks').set({ title: 'x' }).executeTakeFirst()).numUpdatedRows).toBe(2n)
    const [row] = await all.$qb.selectFrom('tasks').selectAll().where('id', '=', 1).execute()
    expect(row).toMatchObject({ title: 'a' })
    expect(row!.deletedAt).toBeInstanceOf(Date)
    await all.$qb.deleteFrom('tasks').where('id', '=', 1).execute()
    expect(await ids(all.$qb.selectFrom('tasks').select('id'))).toEqual([2, 3])
  })
})

it('tells of every statement, with its text and what became of it', async () => {
  const heard: { sql: string; rows: number; failed: boolean }[] = []
  const stop = db.$on('query', ({ sql: text, rows, error, durationMs }) => {
    expect(durationMs).toBeGreaterThanOrEqual(0)
    heard.push({ sql: text, rows, failed: error !== undefined })
  })
  await db.$qb.selectFrom('notes').select('id').execute()
  await expect(db.$qb.insertInto('notes').values({ id: 1, task: 1 }).execute()).rejects.toThrow()
  const seen = []
  for await (const row of db.$qb.selectFrom('tasks').select('id').stream()) seen.push(row)
  expect(seen).toHaveLength(3)
  stop()
  await db.$qb.selectFrom('notes').select('id').execute()
  expect(heard).toMatchObject([
    { rows: 2, failed: false },
    { rows: 0, failed: true },
    { rows: 3, failed: false },
  ])
  expect(heard[0]!.sql).toMatch(/^select .*id.* from .*notes/i)
})
