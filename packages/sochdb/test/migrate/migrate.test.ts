import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { col } from '@sochdb/schema'
import { createClient } from '../../src/client/index.js'
import { Database } from '../../src/database/index.js'
import { MigrationError } from '../../src/errors/index.js'
import { migrate, migrateDown } from '../../src/migrate/index.js'
import { adopt, resolveAt } from '../../src/migrate/resolve.js'
import { stateOf } from '../../src/migrate/state.js'
import { createDeclared } from '../../src/migrate/expected.js'
import { writeContract } from '../../src/migrate/ledger.js'
import { temporaryDirectory } from '../support/temporary.js'
import { chain, contractHash, contractOf, users, withNotes, write } from './project.js'

const temporary = temporaryDirectory()
let worlds = 0
const newFolder = (): string => temporary(`migrations-${String(++worlds)}`)

async function refused(action: Promise<unknown>): Promise<MigrationError> {
  try {
    await action
  } catch (error) {
    expect(error).toBeInstanceOf(MigrationError)
    return error as MigrationError
  }
  throw new Error('It was not refused.')
}

const one = contractOf(users({ name: col.text() }))
const two = contractOf(users({ name: col.text(), age: col.integer().nullable() }).index('age'))
const three = contractOf(users({ age: col.integer().nullable() }).index('age'))
const rowsOf = (db: Database) => db.execute('select * from users order by id').rows
const appliedTo = (db: Database, dir: string) => stateOf(db, dir).ledger.applied.map(({ id }) => id)

test('migrations are applied in their order, once, and keep the rows', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one)
  expect(await migrate(db, { dir })).toMatchObject({ applied: [{ id: '0001', steps: 1 }], contract: contractHash(one) })
  db.execute("insert into users values (1, 'Ada')")
  chain(dir, one, two)
  const seen: string[] = []
  const result = await migrate(db.async, { dir, onProgress: ({ says }) => void seen.push(says) })
  expect(result).toMatchObject({ applied: [{ id: '0002', steps: 2 }], contract: contractHash(two) })
  expect(seen).toEqual(['add column "age" to "users"', 'add index "users_age_idx" to "users"', 'commit'])
  expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada', age: null }])
  expect(await migrate(db, { dir })).toEqual({ applied: [], contract: contractHash(two) })
})

test('what destroys data needs permission, and leaves a backup', async () => {
  const dir = newFolder()
  const path = temporary('destroyed')
  using db = Database.open(path)
  chain(dir, one, two)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada', 36)")
  chain(dir, one, two, three)
  const error = await refused(migrate(db, { dir }))
  expect(error.reason).toBe('permission')
  expect(error.message).toBe(
    'This would destroy data: drop column "name" of "users" and its values (0003). Nothing was done.',
  )
  expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada', age: 36 }])
  const { backup } = await migrate(db, { dir, allow: 'destructive' })
  expect(backup).toBe(`${path}.before-0003`)
  expect(rowsOf(db)).toEqual([{ id: 1, age: 36 }])
  using before = Database.open(backup!)
  expect(rowsOf(before)).toEqual([{ id: 1, name: 'Ada', age: 36 }])
})

test('a check that rows do not meet undoes the whole migration, and says what stands in the way', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada'), (2, 'Ada')")
  const after = contractOf(users({ name: col.text().unique(), city: col.text().nullable() }))
  write(dir, '0002', ['0001'], one, after)
  const error = await refused(migrate(db, { dir }))
  expect(error.reason).toBe('check')
  expect(error.message).toContain('(name) of "users" is to be unique, and 1 value is there more than once.')
  expect(rowsOf(db)).toEqual([
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Ada' },
  ])
  expect(appliedTo(db, dir)).toEqual(['0001'])
  db.execute("update users set name = 'Bob' where id = 2")
  await migrate(db, { dir })
  expect(rowsOf(db)).toEqual([
    { id: 1, name: 'Ada', city: null },
    { id: 2, name: 'Bob', city: null },
  ])
})

test.each([
  ['a column that needs a value', users({ name: col.text(), city: col.text() }), 'takes no NULL and has no default'],
  ['a check', users({ name: col.text() }).check('k', "name <> 'Ada'"), 'is false for 1 row'],
  ['a type', users({ name: col.integer() }), 'would not survive'],
  ['a closed set', users({ name: col.enum('Bob') }), 'is something else in 1 row'],
  ['NULL', users({ name: col.text(), note: col.text() }), 'takes no NULL'],
])('rows are asked before they are changed: %s', async (_, table, message) => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  const before = contractOf(users({ name: col.text() }))
  chain(dir, before)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada')")
  write(dir, '0002', ['0001'], before, contractOf(table))
  const error = await refused(migrate(db, { dir }))
  expect({ reason: error.reason, message: error.message }).toEqual({
    reason: 'check',
    message: expect.stringContaining(message) as string,
  })
  expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada' }])
})

test('hints say what rows become', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada'), (2, '7')")
  const after = contractOf(users({ name: col.integer(), upper: col.text() }))
  const hints = {
    fill: { 'users.upper': 'upper(name)' },
    using: { 'users.name': 'length(name)' },
  }
  write(dir, '0002', ['0001'], one, after, hints)
  await migrate(db, { dir })
  expect(rowsOf(db)).toEqual([
    { id: 1, name: 3, upper: 'ADA' },
    { id: 2, name: 1, upper: '7' },
  ])
})

test('a store that something else has changed is refused, with what is different', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one)
  await migrate(db, { dir })
  db.execute('alter table users add column secret text')
  db.execute('create table mine (id integer primary key)')
  chain(dir, one, two)
  const error = await refused(migrate(db, { dir }))
  expect(error.reason).toBe('drift')
  expect(error.message).toContain('column of "users": "secret" is there and not declared')
  expect(error.message).not.toContain('mine')
  db.execute('alter table users drop column secret')
  await migrate(db, { dir })
})

test('two heads are refused, and joined they are applied as one', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada')")
  const left = contractOf(users({ name: col.text(), a: col.text().nullable() }))
  const right = contractOf(users({ name: col.text(), b: col.text().nullable() }))
  write(dir, '0002_left', ['0001'], one, left)
  write(dir, '0002_right', ['0001'], one, right)
  const error = await refused(migrate(db, { dir }))
  expect(error.reason).toBe('heads')
  expect(error.details).toEqual({ heads: ['0002_left', '0002_right'] })
  const both = contractOf(users({ name: col.text(), a: col.text().nullable(), b: col.text().nullable() }))
  write(dir, '0003_join', ['0002_left', '0002_right'], both, both)
  expect((await migrate(db, { dir })).applied.map(({ id }) => id)).toEqual(['0002_left', '0002_right', '0003_join'])
  expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada', a: null, b: null }])
})

test('files that were edited are refused, before they are applied and after', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one, two)
  const file = join(dir, '0002', 'ops.json')
  const good = readFileSync(file, 'utf8')
  writeFileSync(file, good.replace('"nullable": true', '"nullable": false'))
  expect((await refused(migrate(db, { dir }))).message).toMatch('ops.json is not what migration.json says it is')
  writeFileSync(file, good)
  await migrate(db, { dir })
  rmSync(join(dir, '0002'), { recursive: true })
  const gone = await refused(migrate(db, { dir }))
  expect({ reason: gone.reason, message: gone.message }).toEqual({
    reason: 'drift',
    message: 'The store has migration 0002, and the folder has not: the store is further than these files.',
  })
  write(dir, '0002', ['0001'], one, three)
  expect((await refused(migrate(db, { dir }))).message).toMatch('Migration 0002 was changed after the store had it.')
})

describe('code of a migration', () => {
  async function withCode(up: string) {
    const dir = newFolder()
    const db = Database.open(':memory:')
    chain(dir, one)
    await migrate(db, { dir })
    db.execute("insert into users values (1, 'Ada')")
    const path = write(dir, '0002', ['0001'], one, two, {}, [{ kind: 'data', direction: 'up' }])
    const text = `export const up = tx => { ${up} }\nexport const down = tx => void tx.put('down', 'ran')\n`
    writeFileSync(join(path, 'data.js'), text)
    return { db, dir, [Symbol.dispose]: () => db.close() }
  }

  test('runs in its transaction, and is taken back by its own down', async () => {
    using scope = await withCode("tx.execute('update users set age = 36')")
    const { db, dir } = scope
    await migrate(db, { dir })
    expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada', age: 36 }])
    expect((await refused(migrateDown(db, { dir }))).reason).toBe('permission')
    await migrateDown(db, { dir, allow: 'destructive' })
    expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada' }])
    expect(db.getString('down')).toBe('ran')
    expect(appliedTo(db, dir)).toEqual(['0001'])
  })

  test.each([
    ['throws', "tx.execute('update users set age = 36'); throw new Error('no')", 'could not run data.js: no. Nothing'],
    ['returns a promise', 'return Promise.resolve()', 'returned a promise'],
  ])('undoes the migration where it %s', async (_, up, message) => {
    using scope = await withCode(up)
    const { db, dir } = scope
    expect((await refused(migrate(db, { dir }))).message).toMatch(message)
    expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada' }])
    expect(appliedTo(db, dir)).toEqual(['0001'])
  })
})

test('all migrations can be taken back, to an empty store', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one, two)
  await migrate(db, { dir })
  expect((await refused(migrateDown(db, { dir, steps: 3, allow: 'destructive' }))).reason).toBe('state')
  expect(await migrateDown(db, { dir, steps: 2, allow: 'destructive' })).toMatchObject({ contract: null })
  expect(db.listTables()).toEqual([])
  await migrate(db, { dir })
  expect(appliedTo(db, dir)).toEqual(['0001', '0002'])
})

test('a store that a client made is adopted, when a migration leads to its schema', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  db.transaction(transaction => {
    createDeclared(transaction, two)
    writeContract(transaction, { hash: contractHash(two), contract: two })
  })
  chain(dir, one)
  expect((await refused(migrate(db, { dir }))).reason).toBe('drift')
  await expect(async () => adopt(db, dir)).rejects.toThrow(/No migration leaves a store with the schema/)
  chain(dir, one, two, three)
  expect((await refused(migrate(db, { dir }))).remediation).toMatch('run `npx sochdb migrate adopt`')
  expect(adopt(db, dir)).toEqual(['0001', '0002'])
  await migrate(db, { dir, allow: 'destructive' })
  expect(appliedTo(db, dir)).toEqual(['0001', '0002', '0003'])
})

test('the ledger is put right where the store is as the migration leaves it, and nowhere else', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one, two)
  await migrate(db, { dir })
  await expect(async () => resolveAt(db, dir, '0001')).rejects.toThrow(/"age" is there and not declared/)
  db.execute('drop index users_age_idx')
  db.execute('alter table users drop column age')
  expect(resolveAt(db, dir, '0001')).toEqual(['0001'])
  await migrate(db, { dir })
  expect(appliedTo(db, dir)).toEqual(['0001', '0002'])
  await expect(async () => resolveAt(db, dir, '0009')).rejects.toThrow(/There is no migration 0009/)
})

test('a client of another schema is refused, and told what to do', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one, two)
  await migrate(db, { dir })
  const definition = { contract: one, contractHash: contractHash(one), queryBuilder: () => undefined }
  const stale = createClient<{ users: { findMany(): Promise<unknown> } }>(definition, { database: db })
  await expect(stale.users.findMany()).rejects.toMatchObject({
    message: expect.stringContaining('made from another schema') as string,
    remediation: expect.stringContaining('npx sochdb generate') as string,
  })
})

test('tables move to other index policies behind the migration, and collections keep their documents', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  const before = withNotes(16, users({ name: col.text() }))
  chain(dir, before)
  await migrate(db, { dir })
  db.execute("insert into users values (1, 'Ada')")
  db.collection('notes').insert({ id: 'n', vector: [1, 2, 3], metadata: { text: 'hello' } })
  const after = withNotes(32, users({ name: col.text() }).indexPolicy('appendOnly'))
  chain(dir, before, after)
  await migrate(db, { dir })
  expect(db.getTableIndexPolicy('users')).toBe('appendOnly')
  expect(rowsOf(db)).toEqual([{ id: 1, name: 'Ada' }])
  expect(db.collection('notes').info()).toMatchObject({ m: 32 })
  expect(db.collection('notes').search({ vector: [1, 2, 3], k: 1 })).toHaveLength(1)
  expect(stateOf(db, dir).ledger.moves).toEqual([])
})

test('two callers in one process apply a migration once', async () => {
  const dir = newFolder()
  using db = Database.open(':memory:')
  chain(dir, one, two)
  const [a, b] = await Promise.all([migrate(db, { dir }), migrate(db, { dir })])
  expect([...a.applied, ...b.applied].map(({ id }) => id).sort()).toEqual(['0001', '0002'])
})

test('options that make no sense are errors', async () => {
  using db = Database.open(':memory:')
  const call = (options: unknown) => migrate(db, options as { dir: string })
  await expect(call({})).rejects.toThrow(/dir is the folder/)
  await expect(call({ dir: 'x', force: true })).rejects.toThrow(/no option "force"/)
  await expect(call({ dir: 'x', allow: 'all' })).rejects.toThrow(/allow is 'destructive'/)
  await expect(migrateDown(db, { dir: 'x', steps: 0 })).rejects.toThrow(/steps is a whole number/)
})
