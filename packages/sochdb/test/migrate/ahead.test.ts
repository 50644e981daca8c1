/** Indexes of large tables and collections that are built anew: built ahead of the migration, while the store goes on. */
import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { col, collection, defineSchema, toContract } from '@sochdb/schema'
import type { Contract } from '@sochdb/schema/contract'
import { z } from 'zod'
import { Database } from '../../src/database/index.js'
import { MigrationError, UniqueConstraintError } from '../../src/errors/index.js'
import { migrate, migrateDown, type MigrateProgress } from '../../src/migrate/index.js'
import { stateOf } from '../../src/migrate/state.js'
import { temporaryDirectory } from '../support/temporary.js'
import { chain, contractHash, contractOf, users, withNotes, write } from './project.js'

const temporary = temporaryDirectory()
const program = fileURLToPath(new URL('../support/migrate-child.mjs', import.meta.url))
let folders = 0
const ROWS = 11_000
const DOCUMENTS = 1200

function newFolder(...contracts: readonly Contract[]): string {
  const dir = temporary(`migrations-${String(++folders)}`)
  chain(dir, ...contracts)
  return dir
}

const columns = { email: col.text(), age: col.integer() }
const before = contractOf(users(columns))
const indexed = contractOf(users(columns).index('age', { desc: true }).unique('email'))

function fillUsers(db: Database, rows = ROWS): void {
  db.execute(
    `insert into users select value, 'u' || value, value % 50 from generate_series(1, ${String(rows)}) as s(value)`,
  )
}

const indexesOf = (db: Database): string[] =>
  db
    .getTableSchema('users')!
    .indexes.map(({ name }) => name)
    .sort()

const planOf = (db: Database): string => JSON.stringify(db.execute('explain select id from users where age = 7').rows)

/** Rows by the index, and by the table. */
function expectIndexed(db: Database): void {
  expect(planOf(db)).toContain('users_age_idx')
  for (const age of [0, 7, 49, 51]) {
    const byIndex = db.execute('select id from users where age = ? order by id', [age]).rows
    const byTable = db.execute('select id from users where age + 0 = ? order by id', [age]).rows
    expect(byIndex).toEqual(byTable)
  }
  expect(() => db.execute("insert into users values (1000001, 'u7', 1)")).toThrow(UniqueConstraintError)
}

const coarse = withNotes(8, users(columns))
const fine = withNotes(24, users(columns).index('age'))

function fillNotes(db: Database): void {
  const ids = Array.from({ length: DOCUMENTS }, (_, i) => `n${String(i)}`)
  const vectors = ids.map((_, i) => [Math.sin(i), Math.cos(i), i / DOCUMENTS])
  db.collection('notes').insertBatch({ ids, vectors, metadata: ids.map(id => ({ text: id })) })
}

const notesOf = (db: Database) => db.collection('notes').list({ limit: 100_000, includeVectors: true })

test('an index is built ahead in steps, while others write, and is there with the migration', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(before)
  await migrate(db, { dir })
  fillUsers(db)
  chain(dir, before, indexed)
  const seen: MigrateProgress[] = []
  const result = await migrate(db, {
    dir,
    onProgress: progress => {
      seen.push(progress)
      if (progress.rows === undefined) return
      // The store is as it was: the same schema, indexes that nobody finds.
      expect(stateOf(db, dir).ledger.applied).toHaveLength(1)
      expect(planOf(db)).not.toContain('users_age_idx')
      const id = 100_000 + seen.length
      db.execute('insert into users values (?, ?, 7)', [id, `late${String(id)}`])
      db.execute('update users set age = 51 where id = ?', [seen.length])
      db.execute('delete from users where id = ?', [500 + seen.length])
    },
  })
  expect(result).toMatchObject({ applied: [{ id: '0002', steps: 2 }], contract: contractHash(indexed) })
  const built = seen.filter(({ rows }) => rows !== undefined)
  expect(built.map(({ says }) => says)).toContain('add unique index "users_email_key" to "users"')
  expect(built.every(({ rows }) => rows!.done <= rows!.total!)).toBe(true)
  expect(built.length).toBeGreaterThanOrEqual(6)
  expect(seen.at(-1)).toMatchObject({ says: 'commit' })
  expect(indexesOf(db)).toEqual(['users_age_idx', 'users_email_key'])
  expectIndexed(db)
})

test('an index that takes the place of one of its name is built beside it', async () => {
  using db = Database.open(':memory:')
  const after = contractOf(users(columns).index('age').unique('email'))
  const dir = newFolder(indexed)
  await migrate(db, { dir })
  fillUsers(db)
  chain(dir, indexed, after)
  const seen: MigrateProgress[] = []
  await migrate(db, { dir, onProgress: progress => void seen.push(progress) })
  expect(seen.some(({ rows }) => rows !== undefined)).toBe(true)
  expect(indexesOf(db)).toEqual(['users_age_idx', 'users_email_key'])
  expectIndexed(db)
  await migrateDown(db, { dir })
  expectIndexed(db)
})

test('rows in the way of a unique index refuse the migration before anything is built', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(before)
  await migrate(db, { dir })
  fillUsers(db)
  db.execute("update users set email = 'u1' where id = 9000")
  chain(dir, before, indexed)
  const error: unknown = await migrate(db, { dir }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(MigrationError)
  expect(error).toMatchObject({ reason: 'check', message: expect.stringContaining('more than once') as string })
  expect(indexesOf(db)).toEqual([])
  db.execute("update users set email = 'u9000' where id = 9000")
  await migrate(db, { dir })
  expectIndexed(db)
})

test('a row that comes while a unique index is built is held against those that are there', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(before)
  await migrate(db, { dir })
  fillUsers(db)
  chain(dir, before, indexed)
  let refusals = 0
  const migration = migrate(db, {
    dir,
    onProgress: ({ rows, says }) => {
      // Its entry is there: a row of the first step.
      if (rows === undefined || !says.includes('unique')) return
      expect(() => db.execute("insert into users values (1000002, 'u1', 1)")).toThrow(UniqueConstraintError)
      refusals++
    },
  })
  await migration
  expect(refusals).toBeGreaterThan(0)
  expectIndexed(db)
})

test('a signal ends it, and leaves the store as it was', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(before)
  await migrate(db, { dir })
  fillUsers(db)
  chain(dir, before, indexed)
  for (const last of [1, 4]) {
    const controller = new AbortController()
    const reason = new Error('enough')
    let steps = 0
    const onProgress = (): void => {
      if (++steps === last) controller.abort(reason)
    }
    await expect(migrate(db, { dir, onProgress, signal: controller.signal })).rejects.toBe(reason)
    expect(steps).toBe(last)
    expect(indexesOf(db)).toEqual([])
    expect(stateOf(db, dir).ledger.applied).toHaveLength(1)
  }
  await migrate(db, { dir })
  expectIndexed(db)
})

test('a migration that fails takes what was built for it along', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(before)
  await migrate(db, { dir })
  fillUsers(db)
  const after = contractOf(users(columns).index('age').check('young', 'age < 49'))
  chain(dir, before, after)
  await expect(migrate(db, { dir })).rejects.toMatchObject({ reason: 'check' })
  expect(indexesOf(db)).toEqual([])
})

test('two callers in one process build once, one behind the other', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(coarse)
  await migrate(db, { dir })
  fillUsers(db)
  fillNotes(db)
  const was = notesOf(db)
  chain(dir, coarse, fine)
  const results = await Promise.all([migrate(db, { dir }), migrate(db.async, { dir }), migrate(db, { dir })])
  expect(results.map(({ applied }) => applied.length)).toEqual([1, 0, 0])
  expect(notesOf(db)).toEqual(was)
  expect(indexesOf(db)).toEqual(['users_age_idx'])
})

test('an index waits for code that makes the rows fit for it', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(indexed)
  await migrate(db, { dir })
  fillUsers(db)
  const path = write(dir, '0002', ['0001'], indexed, before, {}, [{ kind: 'data', direction: 'up' }])
  writeFileSync(
    join(path, 'data.js'),
    `export const up = tx => void tx.execute("insert into users values (20000, 'u1', 1)")
export const down = tx => void tx.execute('delete from users where id = 20000')
`,
  )
  await migrate(db, { dir })
  expect(indexesOf(db)).toEqual([])
  await migrateDown(db, { dir, allow: 'destructive' })
  expectIndexed(db)
})

test('a collection is built anew ahead, and has what changed meanwhile', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(coarse)
  await migrate(db, { dir })
  fillNotes(db)
  chain(dir, coarse, fine)
  const told: string[] = []
  let wanted: unknown
  await migrate(db, {
    dir,
    onProgress: ({ rows, says }) => {
      if (rows === undefined) return
      told.push(`${says} ${String(rows.done)}/${String(rows.total)}`)
      const notes = db.collection('notes')
      expect(notes.count()).toBe(DOCUMENTS)
      notes.delete(`n${String(told.length)}`)
      notes.insert({ id: `new${String(told.length)}`, vector: [1, 0, 0], metadata: { text: 'new' } })
      notes.update(`n${String(100 + told.length)}`, { metadata: { text: 'changed' } })
      notes.update(`n${String(200 + told.length)}`, { vector: [0, 0, 1] })
      wanted = notesOf(db)
    },
  })
  expect(told).toEqual([
    'change collection "notes": m 8 to 24 500/1200',
    'change collection "notes": m 8 to 24 1000/1200',
    'change collection "notes": m 8 to 24 1202/1202',
  ])
  expect(notesOf(db)).toEqual(wanted)
  expect(db.listCollections()).toEqual(['notes'])
  expect(stateOf(db, dir).stored!.hash).toBe(contractHash(fine))
  const hits = db.collection('notes').search({ vector: [0, 0, 1], k: 3 })
  expect(Array.from(hits, ({ id }) => id).sort()).toEqual(['n201', 'n202', 'n203'])
})

test.each([
  ['metric', { metric: 'euclidean' }],
  ['efConstruction', { efConstruction: 40 }],
  ['quantization', { quantization: 'scalar' }],
  ['what is indexed', { indexed: ['text'] }],
] as const)('another %s of a collection is a rebuild, which keeps the documents', async (_, options) => {
  using db = Database.open(':memory:')
  const dir = newFolder(coarse)
  await migrate(db, { dir })
  fillNotes(db)
  const was = notesOf(db)
  const metadata = z.object({ text: z.string() })
  const notes = collection('notes', { dimension: 3, m: 8, metadata, ...options })
  const after = toContract(defineSchema({ tables: { users: users(columns) }, collections: { notes } }))
  chain(dir, coarse, after)
  expect(stateOf(db, dir).pending[0]!.steps.map(step => step.class)).toEqual(['rebuild'])
  let steps = 0
  await migrate(db, { dir, onProgress: ({ rows }) => void (steps += rows === undefined ? 0 : 1) })
  expect(steps).toBe(3)
  expect(notesOf(db)).toEqual(was)
  const [hit] = db.collection('notes').search({ vector: was[600]!.vector!, k: 1 })
  expect(hit!.id).toBe(was[600]!.id)
})

test('a collection that is not built anew after all is as it was', async () => {
  using db = Database.open(':memory:')
  const dir = newFolder(coarse)
  await migrate(db, { dir })
  fillNotes(db)
  const was = notesOf(db)
  chain(dir, coarse, fine)
  const controller = new AbortController()
  const onProgress = (): void => controller.abort(new Error('enough'))
  await expect(migrate(db, { dir, onProgress, signal: controller.signal })).rejects.toThrow('enough')
  expect(db.listCollections()).toEqual(['notes'])
  expect(notesOf(db)).toEqual(was)
  expect(stateOf(db, dir).stored!.hash).toBe(contractHash(coarse))
})

test('what a process that was killed had built is gone, and the next one builds it', async () => {
  const dir = newFolder(coarse)
  const template = temporary('template')
  let was: unknown
  {
    using db = Database.open(template)
    await migrate(db, { dir })
    fillUsers(db)
    fillNotes(db)
    was = notesOf(db)
  }
  chain(dir, coarse, fine)
  // Inside of the index, and of the collection.
  for (const last of [2, 5]) {
    const path = temporary(`killed-${String(last)}`)
    cpSync(template, path, { recursive: true })
    const child = spawnSync(process.execPath, [program, path, dir, String(last)], { encoding: 'utf8' })
    expect({ ...child, output: undefined, pid: undefined }).toMatchObject({ signal: 'SIGKILL', stderr: '', stdout: '' })
    using db = Database.open(path)
    expect(indexesOf(db)).toEqual([])
    expect(stateOf(db, dir).ledger.applied).toHaveLength(1)
    expect(notesOf(db)).toEqual(was)
    await migrate(db, { dir })
    expect(db.listCollections()).toEqual(['notes'])
    expect(notesOf(db)).toEqual(was)
    expect(indexesOf(db)).toEqual(['users_age_idx'])
  }
})
