/** `sochdb db pull`: what a store and a SQLite file are as schemas; pull, generate, and there is nothing to migrate. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from 'sochdb'
import { readSqlite } from '../src/pull/read-sqlite.js'
import { sochdb } from './command.js'
import { root, schemaFile, shopSchema, sqlite, TestProject } from './project.js'

const config = `export default { database: './app.soch' }\n`
/** What the SQLite file below is as a schema. To keep another that is meant: UPDATE_GOLDEN=1 npx jest generator/test/pull */
const golden = join(root, 'generator/test/golden/pulled.schema.ts.golden')
const quiet = { code: 0, stdout: '', stderr: '' }

function inStore<T>(project: TestProject, use: (db: Database) => T): T {
  const db = Database.open(join(project.directory, 'app.soch'))
  try {
    return use(db)
  } finally {
    db.close()
  }
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

const declared = schemaFile(`
const kinds = table('kinds', {
  id: col.integer().primaryKey().default('autoincrement'),
  text: col.text(z.email()).unique(),
  word: col.text().nullable().default('it\\'s'),
  slug: col.text().default('cuid2'),
  big: col.bigint().default(-5n),
  real: col.real().default(0.5),
  price: col.decimal(10, 2).default('0.10'),
  yes: col.boolean().default(true),
  uuid: col.uuid().default('uuid7'),
  at: col.timestamp().default('now'),
  changedAt: col.timestamp().updatedAt(),
  day: col.date().default('now'),
  json: col.json(z.object({ a: z.int(), b: z.string().default('x') })).nullable(),
  blob: col.blob().nullable(),
  role: col.enum('a', 'b').default('a'),
  vector: col.vector(3).nullable(),
  tags: col.text().array().default([]),
  upper: col.text().nullable().generatedAs('upper(word)'),
  owner: col.integer().nullable().map('owner_id').references('owners.id', { onDelete: 'setNull' }),
})
  .index('real', 'price', { desc: ['price'] })
  .unique('uuid', 'role', { where: 'yes' })
  .check('real_positive', 'real >= 0')
  .indexPolicy('scanOptimized')
const owners = table('app_owners', { id: col.integer().primaryKey(), year: col.integer(), gone: col.timestamp().nullable() })
  .unique('id', 'year')
  .softDelete('gone')
const seats = table('seats', { owner: col.integer(), year: col.integer(), n: col.integer() })
  .primaryKey('owner', 'n')
  .foreignKey(['owner', 'year'], 'owners', { columns: ['id', 'year'], onDelete: 'cascade' })
export default defineSchema({
  tables: { kinds, owners, seats },
  relations: { owners: { kinds: many('kinds.owner') }, kinds: { of: one('owners', 'owner') } },
  collections: { chunks: collection('chunks', { dimension: 3, m: 8, quantization: 'scalar', contentField: 'text',
    metadata: z.object({ text: z.string(), lang: z.enum(['en', 'de']) }), indexed: ['lang'] }) },
  graph: { nodes: { Doc: node('Doc', z.object({ title: z.string() })) }, edges: { CITES: edge('CITES', 'Doc', 'Doc') } },
  caches: { answers: cachePolicy('answers', { dimension: 3, value: z.string() }) },
  kv: { sessions: kv('sessions', { key: z.string(), value: z.object({ n: z.int() }), ttlSeconds: 60 }) },
})
`)

describe('from a store', () => {
  test.each([
    ['with all that columns, keys, indexes and checks can say', declared],
    ['of the shop', shopSchema],
  ])('that migrations made, the schema is the one it was made from: %s', async (_, schema) => {
    using project = new TestProject({ 'sochdb.config.ts': config, 'sochdb.schema.ts': schema })
    expect(await sochdb(project, 'migrate dev')).toMatchObject({ code: 0, stderr: '' })
    rmSync(join(project.directory, 'sochdb.schema.ts'))
    rmSync(join(project.directory, 'sochdb/generated'), { recursive: true })
    expect(await sochdb(project, 'db pull')).toEqual({ ...quiet, stdout: 'written: sochdb.schema.ts\n' })
    expect(await sochdb(project, 'generate')).toMatchObject({ code: 0, stderr: '' })
    expect(await sochdb(project, 'migrate diff --exit-code')).toEqual(quiet)
    expect((await sochdb(project, 'migrate status')).code).toBe(0)
  })

  test('that was changed by hand, the schema is what it is now, and keeps what only clients know', async () => {
    using project = new TestProject({ 'sochdb.config.ts': config, 'sochdb.schema.ts': declared })
    await sochdb(project, 'migrate dev')
    inStore(project, db => {
      db.execute('alter table kinds drop column upper')
      db.execute('alter table kinds drop column word')
      db.execute("alter table kinds add column colour varchar(20) not null default 'red'")
      db.execute('create index kinds_colour on kinds (colour desc)')
      db.execute('drop table seats')
      db.execute('create table extra_table (id integer primary key, created_at timestamp default current_timestamp)')
      db.createCollection({ name: 'more', dimension: 2, metric: 'euclidean' })
    })
    expect(await sochdb(project, 'migrate deploy')).toMatchObject({ code: 1 })
    expect(await sochdb(project, 'db pull')).toMatchObject({ code: 2 })
    expect(await sochdb(project, 'db pull --force')).toMatchObject({ code: 0, stderr: '' })
    const text = project.read('sochdb.schema.ts')
    expect(text).toContain(`colour: col.text().default('red')`)
    expect(text).toContain(`.index('colour', { desc: true, name: 'kinds_colour' })`)
    expect(text).toContain('text: col.text(z.email()).unique()')
    expect(text).toContain('slug: col.text().default("cuid2")'.replaceAll('"', "'"))
    expect(text).toContain(`.softDelete('gone')`)
    expect(text).not.toContain('seats')
    const renames = { columns: { 'kinds.word': null, 'kinds.upper': null }, tables: { seats: null } }
    project.write({ 'hints.json': JSON.stringify({ renames }) })
    const { stdout, stderr } = await sochdb(project, 'migrate diff --hints hints.json')
    expect(stderr).toBe('')
    expect(
      stdout
        .split('\n')
        .filter(line => line !== '')
        .sort(),
    ).toEqual([
      // Written anew with the columns.
      'additive: add check "real_positive" to "kinds": real >= 0',
      'additive: add column "colour" to "kinds"',
      'additive: add index "kinds_colour" to "kinds"',
      'additive: add unique index "kinds_uuid_role_key" to "kinds"',
      'additive: create collection "more"',
      'additive: create table "extra_table"',
      'additive: drop check "real_positive" of "kinds"',
      'additive: drop index "kinds_uuid_role_key" of "kinds"',
      'additive: drop reference from (owner, year) of "seats" to "app_owners" (id, year)',
      'destructive: drop column "word" of "kinds" and its values',
      'destructive: drop table "seats" and its rows',
      'rebuild: drop column "upper" of "kinds" and its values',
    ])
    // The migration says what has happened already: it is noted, and the store is no drift any more.
    await sochdb(project, 'migrate dev --create-only --name by_hand --hints hints.json')
    const id = project
      .list('sochdb/migrations')
      .find(file => file.includes('by_hand'))!
      .split('/')[0]!
    expect(await sochdb(project, `migrate resolve --applied ${id}`)).toMatchObject({ code: 0, stderr: '' })
    expect((await sochdb(project, 'migrate status')).code).toBe(0)
  })

  test('that SQL made, with names no client can have', async () => {
    using project = new TestProject({ 'sochdb.config.ts': config })
    inStore(project, db => {
      for (const statement of [
        `create table graph (id integer primary key, "then" text, constructor text, created_at text, createdAt text)`,
        `create table sync_jobs (job_id uuid primary key, graph_id integer not null, other integer references graph, title varchar(9) unique,
           state enum('new', 'done') not null default 'new', amount decimal(8, 3) default 1.5, day date default current_date,
           constraint again foreign key (other) references graph,
           constraint positive check (amount > 0), constraint named foreign key (graph_id) references graph on delete cascade)`,
        `create index sync_jobs_day on sync_jobs (day desc, title) where state = 'new'`,
        `create index sync_jobs_upper on sync_jobs (upper(title))`,
        `create table loose (name text)`,
        `create table "odd name" (id integer primary key)`,
        `create view v as select 1 as one`,
        `insert into loose values ('kept')`,
      ])
        db.execute(statement)
    })
    const pulled = await sochdb(project, 'db pull')
    expect(pulled.code).toBe(0)
    expect(
      pulled.stderr
        .split('\n')
        .filter(line => line !== '')
        .sort(),
    ).toEqual([
      'note Column "constructor" of table "graph" is the field "constructor_": its own name is taken or reserved.',
      'note Table "graph" is "graph_" on the client: its own name is taken or reserved.',
      'note Table "loose" is left out: it has no primary key.',
      'note Table "odd name" is left out: a schema has no such name.',
      'note Table "sync_jobs": index "sync_jobs_upper" is left out: it is of the expression upper(title).',
      'note Table "sync_jobs": reference "again" is left out: there is another from and to the same columns.',
      'note View "v" is left out: schemas have none.',
    ])
    expect(project.read('sochdb.schema.ts')).toContain(
      ' * - Table "sync_jobs": index "sync_jobs_upper" is left out: it is of the expression upper(title).\n',
    )
    expect(await sochdb(project, 'generate')).toMatchObject({ code: 0, stderr: '' })
    expect(await sochdb(project, 'migrate dev --create-only --name init')).toMatchObject({ code: 0, stderr: '' })
    const id = project
      .list('sochdb/migrations')
      .find(file => file.includes('_init'))!
      .split('/')[0]!
    // The index that no schema can say is drift: it has to go first.
    expect((await sochdb(project, `migrate resolve --applied ${id}`)).stderr).toContain('"sync_jobs_upper"')
    inStore(project, db => {
      db.execute('drop index sync_jobs_upper')
      db.execute('alter table sync_jobs drop constraint again')
    })
    expect(await sochdb(project, `migrate resolve --applied ${id}`)).toMatchObject({ code: 0, stderr: '' })
    expect(await sochdb(project, 'migrate diff --exit-code')).toEqual(quiet)
    expect((await sochdb(project, 'migrate status')).code).toBe(0)
    inStore(project, db => expect(db.execute('select * from loose').rows).toEqual([{ name: 'kept' }]))
  })
})

const shop = `
  create table users (
    id integer primary key autoincrement,
    email text not null unique,
    nick varchar(20) collate nocase,
    score real default 0.5,
    visits bigint not null default 0,
    is_admin boolean not null default 0,
    balance decimal(10, 2) not null default 0,
    avatar blob,
    settings json,
    born_on date,
    created_at datetime default current_timestamp,
    label text generated always as (upper(email)) stored,
    odd money,
    untyped,
    check (visits >= 0),
    constraint known check (nick <> '')
  );
  create table "order items" (
    "item no" integer not null,
    order_id integer not null references orders (id) on delete cascade on update cascade,
    quantity int not null default '1',
    primary key (order_id, "item no")
  ) without rowid;
  create table orders (
    id integer primary key,
    user_id integer references users on delete set null,
    boss_id integer references orders deferrable initially deferred,
    placed_at text default (datetime('now')),
    class text not null default 'a''b',
    unique (user_id, placed_at)
  ) strict;
  create table tags (name text primary key, parent text references nowhere (id), at text default (random()));
  create table log (line text);
  create index users_score on users (score desc, nick);
  create unique index "one admin" on users (is_admin) where is_admin = 1;
  create index orders_lower on orders (lower(class));
  create view admins as select * from users where is_admin;
  create trigger t after insert on users begin select 1; end;
  create virtual table search using fts5(body);
  insert into users (email) values ('a@b.co');
`

describe('from a SQLite file', () => {
  test('pull, generate, migrate, and there is no difference; the file is as it was', async () => {
    using project = new TestProject({ 'sochdb.config.ts': config })
    const file = sqlite(project, shop)
    const before = hashOf(file)
    const { code, stdout, stderr } = await sochdb(project, 'db pull --from shop.db')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'written: sochdb.schema.ts\n' })
    expect(hashOf(file)).toBe(before)
    const text = project.read('sochdb.schema.ts')
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text)
    expect(text).toBe(readFileSync(golden, 'utf8'))
    // What the file does not say, it says at its head, and the command as well.
    const notes = Array.from(text.matchAll(/^ \* - (.*)$/gm), ([, remark]) => `note ${remark!}\n`)
    expect(stderr).toBe(notes.join(''))
    expect(notes).toHaveLength(15)
    expect(await sochdb(project, 'generate')).toMatchObject({ code: 0, stderr: '' })
    expect(await sochdb(project, 'migrate dev --name init')).toMatchObject({ code: 0, stderr: '' })
    expect(await sochdb(project, 'migrate diff --exit-code')).toEqual(quiet)
    // The store that comes of it is the same schema again.
    const again = await sochdb(project, 'db pull --print')
    const body = (text: string) => text.slice(text.indexOf('import'))
    expect(body(again.stdout)).toBe(body(project.read('sochdb.schema.ts')))
  })

  test('says what is missing, and what is no database', async () => {
    using project = new TestProject({ 'sochdb.config.ts': config, 'notes.txt': 'no database at all' })
    const file = sqlite(project, 'create table t (id integer primary key)')
    expect((await sochdb(project, 'db pull --from none.db')).stderr).toContain('There is no file at')
    expect((await sochdb(project, 'db pull --from notes.txt')).stderr).toContain('is no SQLite database')
    expect((await sochdb(project, 'db pull')).stderr).toContain('There is no store at')
    expect((await sochdb(project, 'db pull --from shop.db --database app.soch')).stderr).toContain('exclude each other')
    const nothing = readSqlite(file, project.directory, () => Promise.resolve(undefined))
    await expect(nothing).rejects.toMatchObject({
      code: 'sqlite_missing',
      hint: expect.stringContaining('npm install --save-dev better-sqlite3') as string,
    })
    expect(existsSync(join(project.directory, 'sochdb.schema.ts'))).toBe(false)
  })

  test('is read by whatever the project has', async () => {
    using project = new TestProject({})
    const file = sqlite(project, 'create table t (id integer primary key)')
    const calls: string[] = []
    const rows = [{ type: 'table', name: 't', table: 't', sql: 'create table t (id)' }]
    class Other {
      constructor(name: string, options: object) {
        calls.push(`${name === file ? 'open' : name} ${JSON.stringify(options)}`)
      }
      prepare = () => ({ all: () => rows })
      all = () => rows
      close = () => calls.push('close')
    }
    const having = (wanted: string, module: unknown) => (name: string) =>
      Promise.resolve(name === wanted ? module : undefined)
    expect(await readSqlite(file, '/', having('better-sqlite3', { default: Other }))).toEqual(rows)
    expect(await readSqlite(file, '/', having('node:sqlite', { DatabaseSync: Other }))).toEqual(rows)
    expect(calls).toEqual(['open {"readonly":true,"fileMustExist":true}', 'close', 'open {"readOnly":true}', 'close'])
  })
})
