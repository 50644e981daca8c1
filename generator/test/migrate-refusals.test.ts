/** What a store is kept from: each is refused, says what happened and what to do, and leaves the rows and the ledger as they were. */
import { createClient, type ClientDefinition } from 'sochdb/client'
import { Database } from 'sochdb'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createHash } from 'node:crypto'
import { canonicalJson } from '@sochdb/schema'
import { sochdb } from './command.js'
import { root, schemaFile, TestProject } from './project.js'

const schema = (columns: string) =>
  schemaFile(
    `export default defineSchema({ tables: { apples: table('apples', { id: col.integer().primaryKey(), ${columns} }) } })`,
  )
const base = 'name: col.text()'
const left = `${base}, a: col.text().nullable()`
const right = `${base}, b: col.text().nullable()`
const otherLeft = `${base}, a: col.integer().nullable()`

class World extends TestProject {
  readonly store = join(this.directory, 'app.soch')

  inStore<T>(use: (db: Database) => T): T {
    const db = Database.open(this.store)
    try {
      return use(db)
    } finally {
      db.close()
    }
  }

  /** Everything that must not change. */
  async contents(): Promise<unknown> {
    const rows = this.inStore(db => db.execute('select * from apples order by id').rows)
    const { applied, contract } = JSON.parse((await sochdb(this, 'migrate status --json')).stdout) as Status
    return { rows, applied, contract }
  }

  ids(): string[] {
    return this.list('sochdb/migrations').flatMap(file => (file.endsWith('migration.json') ? [dirname(file)] : []))
  }

  async make(name: string, columns: string, more = ''): Promise<string> {
    const known = existsSync(join(this.directory, 'sochdb/migrations')) ? this.ids() : []
    this.write({ 'sochdb.schema.ts': schema(columns) })
    const { stderr } = await sochdb(this, `migrate dev --create-only --name ${name} ${more}`)
    expect(stderr).toBe('')
    return this.ids().find(id => !known.includes(id))!
  }

  /** A migration that somebody made who did not know the newest one here. */
  async makeAway(name: string, columns: string): Promise<string> {
    const newest = join(this.directory, 'sochdb/migrations', this.ids().at(-1)!)
    cpSync(newest, join(this.directory, 'away'), { recursive: true })
    rmSync(newest, { recursive: true })
    const id = await this.make(name, columns)
    cpSync(join(this.directory, 'away'), newest, { recursive: true })
    return id
  }
}

interface Status {
  readonly applied: unknown
  readonly contract: unknown
}

/** A store with a migration and a row. */
async function world(): Promise<World> {
  const project = new World({
    'sochdb.config.ts': `export default { database: './app.soch' }\n`,
    'sochdb.schema.ts': schema(base),
  })
  expect((await sochdb(project, 'migrate dev')).code).toBe(0)
  project.inStore(db => db.execute("insert into apples values (1, 'Boskoop')"))
  return project
}

async function expectRefused(project: World, line: string, code: number, ...says: readonly string[]): Promise<void> {
  const before = await project.contents()
  const { code: actual, stdout, stderr } = await sochdb(project, line)
  expect({ line, code: actual, stdout }).toEqual({ line, code, stdout: '' })
  for (const text of says) expect(stderr).toContain(text)
  expect(await project.contents()).toEqual(before)
}

test('two heads', async () => {
  using project = await world()
  const one = await project.make('left', left)
  const two = await project.makeAway('right', right)
  const heads = project
    .ids()
    .filter(id => [one, two].includes(id))
    .join(', ')
  await expectRefused(project, 'migrate deploy', 1, `2 heads: ${heads}`, 'npx sochdb migrate dev` to join them')
  await expectRefused(project, 'migrate check', 1, 'They can be joined')
})

test('two heads, one of which the store has', async () => {
  using project = await world()
  await project.make('left', left)
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  await project.makeAway('right', right)
  await expectRefused(project, 'migrate deploy', 1, '2 heads')
  await project.make('join', `${left}, b: col.text().nullable()`)
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  project.inStore(db =>
    expect(db.execute('select * from apples').rows).toEqual([{ id: 1, name: 'Boskoop', a: null, b: null }]),
  )
})

test('branches that do not commute, one of which the store has', async () => {
  using project = await world()
  const mine = await project.make('left', left)
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  const theirs = await project.makeAway('other', otherLeft)
  await expectRefused(project, 'migrate deploy', 1, '2 heads')
  await expectRefused(project, 'migrate check', 1, 'do not go together', '"a" is there already', 'Delete one')
  await expectRefused(project, 'migrate dev', 2, 'do not go together', 'Delete the one that nobody has applied')
  // The one that nobody has is made again, after the other.
  rmSync(join(project.directory, 'sochdb/migrations', theirs), { recursive: true })
  await project.make('other', otherLeft)
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  expect(project.ids()).toContain(mine)
})

test('a destructive change without permission, and one that is on the way to another', async () => {
  using project = await world()
  await project.make('add', left)
  project.write({ 'hints.json': '{ "renames": { "columns": { "apples.name": null } } }' })
  await project.make('drop', 'a: col.text().nullable()', '--hints hints.json')
  // Not even the first one, which would destroy nothing.
  await expectRefused(project, 'migrate deploy', 1, 'drop column "name" of "apples"', '--allow destructive')
})

test('rows that do not meet what is to hold', async () => {
  using project = await world()
  project.inStore(db => db.execute("insert into apples values (2, 'Boskoop')"))
  await project.make('unique', 'name: col.text().unique()')
  await expectRefused(project, 'migrate deploy', 1, 'is to be unique, and 1 value is there more than once', 'first')
})

test('a process that was killed half-way', async () => {
  using project = await world()
  const id = await project.make('left', `${base}, a: col.text().default('x')`)
  const before = await project.contents()
  const child = join(root, 'packages/sochdb/test/support/migrate-child.mjs')
  const { signal } = spawnSync(
    process.execPath,
    [child, project.store, join(project.directory, 'sochdb/migrations'), '1'],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  )
  expect(signal).toBe('SIGKILL')
  expect(await project.contents()).toEqual(before)
  expect((await sochdb(project, 'migrate status')).stdout).toContain(`pending  ${id}`)
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  project.inStore(db => expect(db.execute('select * from apples').rows).toEqual([{ id: 1, name: 'Boskoop', a: 'x' }]))
})

describe('a store at another contract:', () => {
  test('changed by hand', async () => {
    using project = await world()
    project.inStore(db => db.execute('alter table apples add column secret text'))
    await project.make('left', left)
    const drift = 'column of "apples": "secret" is there and not declared'
    await expectRefused(project, 'migrate deploy', 1, drift, 'npx sochdb db pull')
    await expectRefused(project, 'migrate down --allow destructive', 1, drift)
  })

  test('further than the files', async () => {
    using project = await world()
    const id = await project.make('left', left)
    expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
    rmSync(join(project.directory, 'sochdb/migrations', id), { recursive: true })
    await expectRefused(
      project,
      'migrate deploy',
      1,
      `The store has migration ${id}, and the folder has not`,
      'Deploy the',
    )
  })

  test('pushed, and not known to any migration', async () => {
    using project = new World({
      'sochdb.config.ts': `export default { database: './app.soch' }\n`,
      'sochdb.schema.ts': schema(left),
    })
    await sochdb(project, 'db push')
    project.inStore(db => db.execute("insert into apples values (1, 'Boskoop', null)"))
    // The migration is of another schema than the store.
    await project.make('init', base)
    await expectRefused(project, 'migrate deploy', 1, 'no migration is known to it', 'npx sochdb migrate adopt')
    await expectRefused(project, 'migrate adopt', 1, 'No migration leaves a store with the schema')
  })

  test('in a folder whose files were edited, or lost', async () => {
    using project = await world()
    const id = await project.make('left', left)
    const at = (file: string) => `sochdb/migrations/${id}/${file}`
    const [ops, info] = [project.read(at('ops.json')), project.read(at('migration.json'))]
    project.write({ [at('ops.json')]: ops.replace('"nullable": true', '"nullable": false') })
    await expectRefused(project, 'migrate deploy', 1, 'one of them was edited', 'version control')
    project.write({ [at('ops.json')]: ops })
    rmSync(join(project.directory, at('migration.json')))
    await expectRefused(project, 'migrate deploy', 1, 'and no migration.json', 'version control')
    project.write({ [at('migration.json')]: info })
    const { to } = JSON.parse(info) as { to: string }
    const snapshot = `sochdb/migrations/snapshots/${to}.json`
    project.write({ [snapshot]: project.read(snapshot).replace('apples', 'pears') })
    await expectRefused(project, 'migrate deploy', 1, 'is not the one its name says', 'version control')
  })

  test('with a migration of a newer version', async () => {
    using project = await world()
    const id = await project.make('left', left)
    const at = (file: string) => join('sochdb/migrations', id, file)
    const { steps, ...rest } = JSON.parse(project.read(at('ops.json'))) as { steps: { operation: object }[] }
    const newer = steps.map(step => ({ ...step, says: 'paint it', operation: { kind: 'paint' } }))
    const operations = createHash('sha256').update(canonicalJson(newer)).digest('hex')
    const info = JSON.parse(project.read(at('migration.json'))) as object
    project.write({
      [at('ops.json')]: JSON.stringify({ ...rest, steps: newer }),
      [at('migration.json')]: JSON.stringify({ ...info, operations }),
    })
    await expectRefused(
      project,
      'migrate deploy',
      1,
      'an operation that this version of SochDB does not know: paint it',
    )
  })
})

test('a client that is older than the store, and one that is newer', async () => {
  using project = await world()
  const clientOf = () => {
    const made = JSON.parse(project.read('sochdb/generated/contract.json')) as Pick<
      ClientDefinition,
      'contract' | 'contractHash'
    >
    const definition = { ...made, queryBuilder: () => undefined }
    return createClient<{ apples: { findMany(): Promise<unknown> } }>(definition, { path: project.store })
  }
  const refused = async (client: ReturnType<typeof clientOf>) => {
    const before = await project.contents()
    await expect(client.apples.findMany()).rejects.toMatchObject({
      message: expect.stringContaining('made from another schema') as string,
      remediation: expect.stringMatching(/npx sochdb migrate deploy.*npx sochdb generate/) as string,
    })
    expect(await project.contents()).toEqual(before)
  }
  const older = clientOf()
  await project.make('left', left)
  expect((await sochdb(project, 'generate')).code).toBe(0)
  await refused(clientOf())
  expect((await sochdb(project, 'migrate deploy')).code).toBe(0)
  await refused(older)
})
