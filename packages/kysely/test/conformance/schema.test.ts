/** The schema builder, what it is asked about afterwards, and Kysely's migrations. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { promises as fs } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely, sql } from 'kysely'
import { FileMigrationProvider, Migrator, type Migration } from 'kysely/migration'
import { CheckError, Database, ForeignKeyError, NotNullError, QueryError, UniqueConstraintError } from 'sochdb'
import { SochdbDialect } from '@sochdb/kysely'

type Any = Record<string, Record<string, unknown>>

let database: Database
let db: Kysely<Any>

beforeEach(() => {
  database = Database.open(':memory:')
  db = new Kysely<Any>({ dialect: new SochdbDialect({ database }) })
})
afterEach(() => {
  database.close()
})

const columnsOf = async (name: string) => {
  const table = (await db.introspection.getTables()).find(each => each.name === name)
  return table?.columns.map(column => column.name)
}

describe('the schema builder', () => {
  beforeEach(async () => {
    await db.schema
      .createTable('teams')
      .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('name', 'varchar(50)', column => column.notNull().unique())
      .execute()
    await db.schema
      .createTable('players')
      .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('team_id', 'integer', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('goals', 'integer', column =>
        column
          .notNull()
          .defaultTo(0)
          .check(sql`goals >= 0`),
      )
      .addColumn('joined', 'timestamp', column => column.defaultTo(sql`CURRENT_TIMESTAMP`))
      .addColumn('shout', 'text', column => column.generatedAlwaysAs(sql`upper(name)`).stored())
      .addForeignKeyConstraint('players_team', ['team_id'], 'teams', ['id'], key => key.onDelete('cascade'))
      .addUniqueConstraint('players_name', ['team_id', 'name'])
      .addCheckConstraint('players_goals', sql`goals < 1000`)
      .execute()
    await db
      .insertInto('teams')
      .values([{ name: 'red' }, { name: 'blue' }])
      .execute()
  })

  it('makes tables with keys, defaults, generated columns and constraints', async () => {
    const player = { team_id: 1, name: 'Kim' }
    const row = await db.insertInto('players').values(player).returningAll().executeTakeFirst()
    expect(row).toMatchObject({ id: 1, goals: 0, shout: 'KIM' })
    expect(row?.['joined']).toBeInstanceOf(Date)
    const insert = (values: Record<string, unknown>) =>
      db
        .insertInto('players')
        .values({ ...player, ...values })
        .execute()
    await expect(insert({})).rejects.toThrow(UniqueConstraintError)
    await expect(insert({ team_id: 9 })).rejects.toThrow(ForeignKeyError)
    await expect(insert({ name: 'A', goals: -1 })).rejects.toThrow(CheckError)
    await expect(insert({ name: 'A', goals: 1000 })).rejects.toThrow(CheckError)
    await expect(insert({ name: null })).rejects.toThrow(NotNullError)
    await db.deleteFrom('teams').where('id', '=', 1).execute()
    expect(await db.selectFrom('players').selectAll().execute()).toEqual([])
  })

  it('makes tables only where there are none, and from queries', async () => {
    await db.schema.createTable('teams').ifNotExists().addColumn('id', 'integer').execute()
    await expect(db.schema.createTable('teams').addColumn('id', 'integer').execute()).rejects.toThrow(QueryError)
    await db.schema
      .createTable('names')
      .as(db.selectFrom('teams').select('name').where('id', '>', 1))
      .execute()
    expect(await db.selectFrom('names').selectAll().execute()).toEqual([{ name: 'blue' }])
  })

  it('alters tables: columns come, go and change', async () => {
    await db.schema
      .alterTable('teams')
      .addColumn('city', 'text', column => column.defaultTo('Rome'))
      .execute()
    expect(await db.selectFrom('teams').select('city').distinct().execute()).toEqual([{ city: 'Rome' }])
    await db.schema.alterTable('teams').renameColumn('city', 'town').execute()
    await db.schema
      .alterTable('teams')
      .alterColumn('town', column => column.setNotNull())
      .execute()
    await db.schema
      .alterTable('teams')
      .alterColumn('town', column => column.dropDefault())
      .execute()
    await expect(db.insertInto('teams').values({ name: 'green' }).execute()).rejects.toThrow(NotNullError)
    await db.schema.alterTable('teams').dropColumn('town').execute()
    await db.schema.alterTable('teams').renameTo('clubs').execute()
    expect(await columnsOf('clubs')).toEqual(['id', 'name'])
    expect(await columnsOf('teams')).toBeUndefined()
  })

  it('adds and drops constraints', async () => {
    await db.schema.alterTable('teams').addUniqueConstraint('teams_pair', ['id', 'name']).execute()
    await db.schema
      .alterTable('teams')
      .addCheckConstraint('teams_short', sql`length(name) < 9`)
      .execute()
    await expect(db.insertInto('teams').values({ name: 'ultraviolet' }).execute()).rejects.toThrow(CheckError)
    await db.schema.alterTable('teams').dropConstraint('teams_short').execute()
    await db.insertInto('teams').values({ name: 'ultraviolet' }).execute()
  })

  it('makes and drops indexes', async () => {
    await db.schema.createIndex('players_by_goals').on('players').columns(['goals desc', 'name']).execute()
    await db.schema
      .createIndex('players_by_name')
      .unique()
      .ifNotExists()
      .on('players')
      .expression(sql`lower(name)`)
      .execute()
    await db.schema.createIndex('players_good').on('players').column('goals').where('goals', '>', 10).execute()
    await db.insertInto('players').values({ team_id: 1, name: 'Kim' }).execute()
    await expect(db.insertInto('players').values({ team_id: 2, name: 'KIM' }).execute()).rejects.toThrow(
      UniqueConstraintError,
    )
    await db.schema.dropIndex('players_by_name').execute()
    await db.schema.dropIndex('players_by_name').ifExists().execute()
    await db.insertInto('players').values({ team_id: 2, name: 'KIM' }).execute()
  })

  it('makes and drops views', async () => {
    await db.schema
      .createView('reds')
      .as(db.selectFrom('teams').selectAll().where('name', '=', 'red'))
      .execute()
    expect(await db.selectFrom('reds').selectAll().execute()).toEqual([{ id: 1, name: 'red' }])
    await db.schema.createView('reds').orReplace().columns(['n']).as(db.selectFrom('teams').select('id')).execute()
    expect(await db.selectFrom('reds').select('n').orderBy('n').execute()).toEqual([{ n: 1 }, { n: 2 }])
    await db.schema.dropView('reds').execute()
    await db.schema.dropView('reds').ifExists().execute()
  })

  it('drops tables', async () => {
    await db.schema.dropTable('players').execute()
    await db.schema.dropTable('players').ifExists().execute()
    await expect(db.schema.dropTable('players').execute()).rejects.toThrow(QueryError)
  })

  it.each<[string, () => Promise<unknown>]>([
    ['schemas', () => db.schema.createSchema('other').execute()],
    ['types', () => db.schema.createType('mood').asEnum(['sad', 'happy']).execute()],
    [
      'MERGE',
      () => db.mergeInto('teams').using('players', 'players.team_id', 'teams.id').whenMatched().thenDelete().execute(),
    ],
  ])('says that there are no %s', async (_, run) => {
    await expect(run()).rejects.toThrow(QueryError)
  })

  it('explains', async () => {
    const plan = await db.selectFrom('players').selectAll().where('id', '=', 1).explain()
    expect(JSON.stringify(plan)).toContain('players')
    const formatted = await db.selectFrom('players').selectAll().explain('json')
    expect(formatted.length).toBeGreaterThan(0)
  })
})

describe('introspection', () => {
  it('describes tables and views', async () => {
    await db.schema
      .createTable('teams')
      .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('name', 'varchar(50)', column => column.notNull())
      .addColumn('score', 'real', column => column.defaultTo(1.5))
      .execute()
    await db.schema
      .createView('names')
      .as(db.selectFrom('teams').select(['name', 'score']))
      .execute()
    const column = (name: string, dataType: string, more: object = {}) => ({
      name,
      dataType,
      isNullable: false,
      hasDefaultValue: false,
      isAutoIncrementing: false,
      ...more,
    })
    expect(await db.introspection.getSchemas()).toEqual([{ name: 'main' }])
    expect(await db.introspection.getTables()).toEqual([
      {
        name: 'names',
        schema: 'main',
        isView: true,
        isForeign: false,
        columns: [column('name', 'text'), column('score', 'real', { isNullable: true })],
      },
      {
        name: 'teams',
        schema: 'main',
        isView: false,
        isForeign: false,
        columns: [
          column('id', 'integer', { isAutoIncrementing: true }),
          column('name', 'varchar(50)'),
          column('score', 'real', { isNullable: true, hasDefaultValue: true }),
        ],
      },
    ])
  })
})

describe("Kysely's migrator", () => {
  const migrations: Record<string, Migration> = {
    '1_teams': {
      up: async on => {
        await on.schema
          .createTable('teams')
          .addColumn('id', 'integer', column => column.primaryKey())
          .execute()
        await on.insertInto('teams').values({ id: 1 }).execute()
      },
      down: on => on.schema.dropTable('teams').execute(),
    },
    '2_name': {
      up: on => on.schema.alterTable('teams').addColumn('name', 'text').execute(),
      down: on => on.schema.alterTable('teams').dropColumn('name').execute(),
    },
  }
  const broken: Migration = {
    up: async on => {
      await on.schema.createTable('half').addColumn('id', 'integer').execute()
      throw new Error('no')
    },
  }
  const migrator = (all: Record<string, Migration>, more = {}) =>
    new Migrator({ db, provider: { getMigrations: async () => all }, ...more })

  it('goes up and down', async () => {
    const up = await migrator(migrations).migrateToLatest()
    expect(up.error).toBeUndefined()
    expect(up.results?.map(({ migrationName, status }) => [migrationName, status])).toEqual([
      ['1_teams', 'Success'],
      ['2_name', 'Success'],
    ])
    expect(await columnsOf('teams')).toEqual(['id', 'name'])
    expect((await db.introspection.getTables()).map(({ name }) => name)).toEqual(['teams'])
    expect((await migrator(migrations).migrateToLatest()).results).toEqual([])
    await migrator(migrations).migrateDown()
    expect(await columnsOf('teams')).toEqual(['id'])
    expect((await migrator(migrations).getMigrations()).map(({ executedAt }) => executedAt !== undefined)).toEqual([
      true,
      false,
    ])
  })

  it('takes everything back when one fails', async () => {
    const { error } = await migrator({ ...migrations, '3_broken': broken }).migrateToLatest()
    expect(error).toEqual(new Error('no'))
    expect(await db.introspection.getTables()).toEqual([])
    expect((await migrator(migrations).getMigrations()).some(({ executedAt }) => executedAt !== undefined)).toBe(false)
  })

  it('runs once when several ask for it at a time', async () => {
    const all = await Promise.all([1, 2, 3].map(() => migrator(migrations).migrateToLatest()))
    expect(all.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(all.flatMap(({ results }) => results ?? [])).toHaveLength(2)
  })

  it('keeps its tables in the schema that there is, under other names', async () => {
    const names = { migrationTableSchema: 'main', migrationTableName: 'm', migrationLockTableName: 'm_lock' }
    expect((await migrator(migrations, names).migrateToLatest()).error).toBeUndefined()
    expect(await columnsOf('m')).toEqual(['name', 'timestamp'])
  })

  it('reads migrations from files', async () => {
    const migrationFolder = mkdtempSync(path.join(tmpdir(), 'sochdb-migrations-'))
    try {
      writeFileSync(
        path.join(migrationFolder, '1_first.mjs'),
        "export const up = db => db.schema.createTable('first').addColumn('id', 'integer').execute()",
      )
      const provider = new FileMigrationProvider({ fs, path, migrationFolder })
      const { error } = await new Migrator({ db, provider }).migrateToLatest()
      expect(error).toBeUndefined()
      expect(await columnsOf('first')).toEqual(['id'])
    } finally {
      rmSync(migrationFolder, { recursive: true })
    }
  })
})
