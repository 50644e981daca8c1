/** `sochdb migrate …` and `sochdb db …`: what they print, what they exit with, and what becomes of the store. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from 'sochdb'
import { sochdb } from './command.js'
import { root, schemaFile, TestProject } from './project.js'

async function json(project: TestProject, line: string, options = {}): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await sochdb(project, `${line} --json`, options)
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as object) }
}

const apples = (columns: string, more = ''): string =>
  schemaFile(
    `export default defineSchema({ tables: { apples: table('apples', { id: col.integer().primaryKey(), ${columns} })${more} } })`,
  )
const config = `export default { database: './app.soch' }\n`

function newProject(files: Readonly<Record<string, string>> = {}): TestProject {
  return new TestProject({ 'sochdb.config.ts': config, 'sochdb.schema.ts': apples('name: col.text()'), ...files })
}

function inStore<T>(project: TestProject, use: (db: Database) => T): T {
  const db = Database.open(join(project.directory, 'app.soch'))
  try {
    return use(db)
  } finally {
    db.close()
  }
}

const ids = (project: TestProject): string[] =>
  readdirSync(join(project.directory, 'sochdb/migrations'))
    .filter(name => name !== 'snapshots')
    .sort()

describe('migrate dev', () => {
  test('writes a migration, applies it and generates the client', async () => {
    using project = newProject()
    const { code, stdout, stderr } = await sochdb(project, 'migrate dev')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [id] = ids(project)
    expect(id).toMatch(/^\d{14}_init$/)
    expect(stdout).toBe(
      `additive: create table "apples"\nwritten: sochdb/migrations/${id!}\napplied: ${id!} (1 operation)\n`,
    )
    expect(project.list(`sochdb/migrations/${id!}`)).toEqual(['migration.json', 'ops.json'])
    expect(project.list('sochdb/generated')).toContain('client.ts')
    inStore(project, db => expect(db.listTables()).toEqual(['apples']))
    expect(await sochdb(project, 'migrate dev')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(ids(project)).toHaveLength(1)
  })

  test('only writes with --create-only, under the name it is given', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev --create-only --name First-One')
    expect(ids(project)[0]).toMatch(/_first_one$/)
    expect(existsSync(join(project.directory, 'app.soch'))).toBe(false)
  })

  test('asks for what it cannot know, and takes the answer from a file', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev')
    inStore(project, db => db.execute("insert into apples values (1, 'Boskoop')"))
    project.write({ 'sochdb.schema.ts': apples('title: col.text()') })
    expect(await json(project, 'migrate dev')).toMatchObject({
      code: 2,
      error: { code: 'hints_missing', details: { missing: { renames: { columns: { 'apples.name': ['title'] } } } } },
    })
    const { stderr } = await sochdb(project, 'migrate dev')
    expect(stderr).toContain('Is the column "apples.name" gone, or is it "title" now?')
    expect(stderr).toContain('{"renames":{"columns":{"apples.name":null}}}')
    project.write({ 'hints.json': '{ "renames": { "columns": { "apples.name": "title" } } }' })
    expect((await sochdb(project, 'migrate dev --hints hints.json')).code).toBe(0)
    inStore(project, db => expect(db.execute('select * from apples').rows).toEqual([{ id: 1, title: 'Boskoop' }]))
  })

  test('refuses hints that make no sense', async () => {
    using project = newProject({ 'hints.json': '{ "rename": {} }' })
    const { code, stderr } = await sochdb(project, 'migrate dev --hints hints.json')
    expect(code).toBe(2)
    expect(stderr).toContain('Hints have no "rename"')
    expect((await sochdb(project, 'migrate dev --hints none.json')).stderr).toContain('There is no file of hints')
  })

  test('reports a schema that is wrong as validate does', async () => {
    using project = newProject({
      'sochdb.schema.ts': schemaFile(`export default defineSchema({ tables: { a: table('a', { b: col.text() }) } })`),
    })
    const { code, stderr } = await sochdb(project, 'migrate dev')
    expect(code).toBe(1)
    expect(stderr).toContain('Table "a" has no primary key')
  })

  test('writes code for the rows with --data', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev --create-only')
    await sochdb(project, 'migrate dev --create-only --data --name fill')
    const id = ids(project)[1]!
    expect(project.list(`sochdb/migrations/${id}`)).toEqual(['data.js', 'migration.json', 'ops.json'])
    project.write({
      [`sochdb/migrations/${id}/data.js`]: `export const up = tx => tx.execute("insert into apples values (7, 'Gala')")\n`,
    })
    expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
    inStore(project, db => expect(db.execute('select name from apples').rows).toEqual([{ name: 'Gala' }]))
  })
})

describe('migrate deploy', () => {
  test('needs no generator, and takes the store from the environment', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev --create-only')
    const env = { SOCHDB_DATABASE: './other.soch' }
    const line = 'migrate deploy --migrations sochdb/migrations'
    expect(await json(project, line, { installed: false, env })).toMatchObject({
      code: 0,
      ok: true,
      applied: [{ steps: 1 }],
    })
    expect(await json(project, line, { installed: false, env })).toMatchObject({ code: 0, applied: [] })
    expect(existsSync(join(project.directory, 'other.soch'))).toBe(true)
  })

  test('says how to name a store', async () => {
    using project = new TestProject({ 'sochdb.schema.ts': apples('name: col.text()') })
    const { code, stderr } = await sochdb(project, 'migrate deploy', { installed: false })
    expect(code).toBe(2)
    expect(stderr).toBe(
      'error No store is named. Name it with --database, SOCHDB_DATABASE, or "database" in sochdb.config.ts.\n',
    )
  })

  test('refuses to destroy without permission, and backs up with it', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev')
    inStore(project, db => db.execute("insert into apples values (1, 'Boskoop')"))
    project.write({ 'sochdb.schema.ts': apples('weight: col.integer().nullable()') })
    await sochdb(project, 'migrate dev --create-only')
    const id = ids(project)[1]!
    expect(await json(project, 'migrate deploy')).toMatchObject({
      code: 1,
      error: { code: 'migration_permission', message: expect.stringContaining('drop column "name"') as string },
    })
    inStore(project, db => expect(db.execute('select * from apples').rows).toEqual([{ id: 1, name: 'Boskoop' }]))
    const { code, stdout } = await sochdb(project, 'migrate deploy --allow destructive')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `backup: app.soch.before-${id}\napplied: ${id} (2 operations)\n`,
    })
  })

  test('tells how far the building of an index has come, and takes it back when it is interrupted', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev')
    inStore(project, db =>
      db.execute("insert into apples select value, 'a' || value from generate_series(1, 11000) as s(value)"),
    )
    project.write({ 'sochdb.schema.ts': apples('name: col.text()', ".index('name')") })
    await sochdb(project, 'migrate dev --create-only')
    const id = ids(project)[1]!
    const says = `${id}: add index "apples_name_idx" to "apples"`
    const interrupted = 'Interrupted. The migration has not happened; what was built for it is gone.'
    expect(await sochdb(project, 'migrate deploy', { interruptAt: ' 40 %' })).toEqual({
      code: 2,
      stdout: '',
      stderr: `${says}: 40 %\nerror ${interrupted}\n`,
    })
    inStore(project, db => expect(db.getTableSchema('apples')!.indexes).toEqual([]))
    expect((await sochdb(project, 'migrate status')).stdout).toContain(`pending  ${id}`)
    expect(await sochdb(project, 'migrate deploy')).toEqual({
      code: 0,
      stdout: `applied: ${id} (1 operation)\n`,
      stderr: `${says}: 40 %\n${says}: 90 %\n${says}: 100 %\n`,
    })
  })

  test('does not wait for a store that somebody else has open', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev')
    const program = `
      const { Database } = await import('sochdb')
      Database.open('./app.soch'); process.stdout.write('open\\n'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: project.directory })
    try {
      await once(holder.stdout, 'data')
      expect(await json(project, 'migrate deploy')).toMatchObject({ code: 2, error: { code: 'DatabaseLockedError' } })
    } finally {
      const closed = once(holder, 'close')
      holder.kill('SIGKILL')
      await closed
    }
  })
})

describe('migrate status', () => {
  test('tells what is applied and what is not, and exits with 1 while something is left', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev --create-only')
    const [id] = ids(project)
    const before = await sochdb(project, 'migrate status', { installed: false, env: { SOCHDB_DATABASE: 'app.soch' } })
    expect(before).toEqual({
      code: 1,
      stderr: '',
      stdout: `pending  ${id!}\n         additive: create table "apples"\n`,
    })
    await sochdb(project, 'migrate deploy')
    const { code, stdout } = await sochdb(project, 'migrate status')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^applied  ${id!}  .*\nup to date at schema [0-9a-f]{12}\n$`))
  })

  test('shows what something else has changed', async () => {
    using project = newProject()
    await sochdb(project, 'migrate dev')
    inStore(project, db => db.execute('alter table apples drop column name'))
    expect(await json(project, 'migrate status')).toMatchObject({
      code: 1,
      ok: false,
      drift: ['column of "apples": "name" is missing'],
      problem: { reason: 'drift' },
    })
  })
})

describe('migrate diff', () => {
  test('says what changed since the last migration', async () => {
    using project = newProject()
    expect(await sochdb(project, 'migrate diff')).toEqual({
      code: 0,
      stdout: 'additive: create table "apples"\n',
      stderr: '',
    })
    expect((await sochdb(project, 'migrate diff --exit-code')).code).toBe(1)
    await sochdb(project, 'migrate dev --create-only')
    expect(await sochdb(project, 'migrate diff --exit-code')).toEqual({ code: 0, stdout: '', stderr: '' })
    project.write({ 'sochdb.schema.ts': apples('name: col.text()', ".index('name')") })
    const { stdout } = await sochdb(project, 'migrate diff --script')
    expect(JSON.parse(stdout)).toMatchObject({
      steps: [{ class: 'additive', operation: { kind: 'addIndex', table: 'apples' } }],
    })
  })
})

describe('branches', () => {
  /** Two people start from one migration, and their files meet. */
  async function branched(mine: string, theirs: string): Promise<TestProject> {
    const project = newProject()
    await sochdb(project, 'migrate dev --create-only')
    const away = join(project.directory, 'away')
    project.write({ 'sochdb.schema.ts': apples(mine) })
    await sochdb(project, 'migrate dev --create-only --name mine')
    const own = ids(project).find(id => id.endsWith('mine'))!
    renameSync(join(project.directory, 'sochdb/migrations', own), away)
    project.write({ 'sochdb.schema.ts': apples(theirs) })
    await sochdb(project, 'migrate dev --create-only --name theirs')
    renameSync(away, join(project.directory, 'sochdb/migrations', own))
    return project
  }

  test('that commute are found, and joined by the next migration', async () => {
    using project = await branched(
      'name: col.text(), a: col.text().nullable()',
      'name: col.text(), b: col.text().nullable()',
    )
    const checked = await json(project, 'migrate check')
    expect(checked).toMatchObject({ code: 1, ok: false, conflicts: [] })
    expect(checked['heads']).toHaveLength(2)
    expect((await sochdb(project, 'migrate check')).stderr).toContain('They can be joined: npx sochdb migrate dev')
    expect(await json(project, 'migrate deploy')).toMatchObject({ code: 1, error: { code: 'migration_heads' } })
    project.write({
      'sochdb.schema.ts': apples('name: col.text(), a: col.text().nullable(), b: col.text().nullable()'),
    })
    expect((await sochdb(project, 'migrate dev')).code).toBe(0)
    expect((await sochdb(project, 'migrate check')).code).toBe(0)
    inStore(project, db => {
      const { columns } = db.getTableSchema('apples')!
      expect(columns.map(({ name }) => name).sort()).toEqual(['a', 'b', 'id', 'name'])
    })
  })

  test('that do not commute are found, with the reason', async () => {
    using project = await branched(
      'name: col.text(), a: col.text().nullable()',
      'name: col.text(), a: col.integer().nullable()',
    )
    expect(await json(project, 'migrate check')).toMatchObject({
      code: 1,
      conflicts: [{ reason: expect.stringContaining('"a" is there already') as string }],
    })
    expect(await json(project, 'migrate dev')).toMatchObject({ code: 2, error: { code: 'branches_conflict' } })
  })
})

test('migrate down takes migrations back', async () => {
  using project = newProject()
  await sochdb(project, 'migrate dev')
  project.write({ 'sochdb.schema.ts': apples('name: col.text()', ".index('name')") })
  await sochdb(project, 'migrate dev')
  const [, second] = ids(project)
  const { code, stdout } = await sochdb(project, 'migrate down')
  expect({ code, stdout }).toEqual({ code: 0, stdout: `taken back: ${second!} (1 operation)\n` })
  expect((await sochdb(project, 'migrate down')).code).toBe(1)
  expect((await sochdb(project, 'migrate down --allow destructive')).code).toBe(0)
  inStore(project, db => expect(db.listTables()).toEqual([]))
})

test('db push brings a store to the schema, migrate adopt takes it over', async () => {
  using project = newProject()
  expect((await sochdb(project, 'db push')).stdout).toBe('additive: create table "apples"\n')
  inStore(project, db => db.execute("insert into apples values (1, 'Boskoop')"))
  project.write({ 'sochdb.schema.ts': apples('name: col.text(), weight: col.integer().nullable()') })
  expect((await sochdb(project, 'db push')).stdout).toBe('additive: add column "weight" to "apples"\n')
  project.write({ 'sochdb.schema.ts': apples('name: col.text()') })
  expect((await sochdb(project, 'db push')).code).toBe(1)
  expect((await sochdb(project, 'db push --allow destructive')).code).toBe(0)
  await sochdb(project, 'migrate dev --create-only')
  const [id] = ids(project)
  expect((await sochdb(project, 'migrate deploy')).stderr).toContain('run `npx sochdb migrate adopt`')
  expect(await sochdb(project, 'migrate adopt')).toEqual({
    code: 0,
    stdout: `the store stands at ${id!}\n`,
    stderr: '',
  })
  expect((await sochdb(project, 'migrate status')).code).toBe(0)
  expect(await json(project, 'db push')).toMatchObject({ code: 1, error: { code: 'migration_state' } })
  inStore(project, db => expect(db.execute('select * from apples').rows).toEqual([{ id: 1, name: 'Boskoop' }]))
})

test('migrate resolve records where a store stands, after looking', async () => {
  using project = newProject()
  await sochdb(project, 'migrate dev')
  const [id] = ids(project)
  expect((await sochdb(project, `migrate resolve --applied ${id!}`)).stdout).toBe(`the store stands at ${id!}\n`)
  expect((await sochdb(project, 'migrate resolve')).stderr).toContain('needs --applied <id>')
  expect((await sochdb(project, 'migrate resolve --applied none')).code).toBe(1)
})

test('migrate reset deletes the store, when it is told to, and never in production', async () => {
  using project = newProject()
  await sochdb(project, 'migrate dev')
  inStore(project, db => db.execute("insert into apples values (1, 'Boskoop')"))
  expect((await sochdb(project, 'migrate reset')).code).toBe(2)
  const production = await sochdb(project, 'migrate reset --force', { env: { NODE_ENV: 'production' } })
  expect({ code: production.code, stderr: production.stderr }).toEqual({
    code: 2,
    stderr: 'error migrate reset deletes the store, and NODE_ENV is production.\n',
  })
  inStore(project, db => expect(db.execute('select * from apples').rows).toHaveLength(1))
  expect((await sochdb(project, 'migrate reset --force')).code).toBe(0)
  inStore(project, db => expect(db.execute('select * from apples').rows).toEqual([]))
  project.write({ 'papers/thesis.txt': 'years of work' })
  const other = await sochdb(project, 'migrate reset --force --database papers')
  expect(other.stderr).toContain('is no store: it is not deleted')
  expect(project.read('papers/thesis.txt')).toBe('years of work')
})

test('db seed runs the seed file on the store', async () => {
  using project = newProject()
  await sochdb(project, 'migrate dev')
  expect((await sochdb(project, 'db seed')).stderr).toContain('There is no seed file')
  project.write({
    'sochdb/seed.ts': `import type { Database } from 'sochdb'
export default async (db: Database): Promise<void> => void db.execute("insert into apples values (1, 'Boskoop')")
`,
  })
  expect(await json(project, 'db seed')).toEqual({ code: 0, ok: true })
  inStore(project, db => expect(db.execute('select name from apples').rows).toEqual([{ name: 'Boskoop' }]))
  project.write({ 'sochdb/seed.ts': 'export default 3\n' })
  expect((await sochdb(project, 'db seed')).stderr).toContain('the default export is not a function')
})

test('what makes no sense on the command line is said', async () => {
  using project = newProject()
  const stderr = async (line: string) => {
    const ran = await sochdb(project, line)
    expect(ran.code).toBe(2)
    return ran.stderr.split('\n')[0]
  }
  expect(await stderr('migrate')).toContain(
    'error "migrate" needs to know what: dev, deploy, status, diff, check, down, adopt, resolve, reset.',
  )
  expect(await stderr('migrate undo')).toContain('error There is no command "migrate undo".')
  expect(await stderr('migrate deploy --watch')).toContain('error "migrate deploy" takes no option --watch.')
  expect(await stderr('migrate deploy --allow all')).toContain('error --allow takes destructive, not "all".')
  expect(await stderr('migrate down --steps 0')).toContain('error --steps takes a whole number from 1.')
  expect(await stderr('migrate deploy --backup x --no-backup')).toContain(
    'error --backup and --no-backup exclude each other.',
  )
  expect((await sochdb(project, 'migrate dev', { installed: false })).stderr).toContain('needs @sochdb/generator')
})

test('the built command migrates from a directory without a generator', () => {
  using project = newProject()
  const bin = join(root, 'packages/sochdb/bin/sochdb.js')
  const call = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], {
      cwd: project.directory,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    return { status, stdout, stderr }
  }
  expect(call('migrate', 'dev', '--create-only', '--json')).toMatchObject({ status: 0, stderr: '' })
  rmSync(join(project.directory, 'node_modules/@sochdb'), { recursive: true })
  const argv = ['--database', 'app.soch', '--migrations', 'sochdb/migrations', '--json']
  const deployed = call('migrate', 'deploy', ...argv)
  expect({ status: deployed.status, stderr: deployed.stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(call('migrate', 'status', ...argv).stdout)).toMatchObject({ ok: true, pending: [], drift: [] })
})

test('the built command takes back what it was building when it is interrupted', async () => {
  using project = newProject()
  await sochdb(project, 'migrate dev')
  inStore(project, db =>
    db.execute("insert into apples select value, 'a' || value from generate_series(1, 60000) as s(value)"),
  )
  project.write({ 'sochdb.schema.ts': apples('name: col.text()', ".index('name')") })
  await sochdb(project, 'migrate dev --create-only')
  // Interrupts itself as soon as it says how far it has come: the signal is there before the next step begins.
  project.write({
    'interrupt.mjs': `const write = process.stderr.write.bind(process.stderr)
process.stderr.write = (text, ...rest) => {
  if (String(text).includes(' %')) process.kill(process.pid, 'SIGINT')
  return write(text, ...rest)
}
`,
  })
  const bin = join(root, 'packages/sochdb/bin/sochdb.js')
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './interrupt.mjs', bin, 'migrate', 'deploy'],
    { cwd: project.directory, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
  expect({ status, signal, stdout }).toEqual({ status: 2, signal: null, stdout: '' })
  expect(stderr).toContain('error Interrupted. The migration has not happened')
  inStore(project, db => {
    expect(db.getTableSchema('apples')!.indexes).toEqual([])
    expect(db.execute('select count(*) as n from apples').rows).toEqual([{ n: 60000 }])
  })
})
