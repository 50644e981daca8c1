import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { col } from '@sochdb/schema'
import { Database } from '../../src/database/index.js'
import { migrate } from '../../src/migrate/index.js'
import { stateOf } from '../../src/migrate/state.js'
import { temporaryDirectory } from '../support/temporary.js'
import { chain, contractHash, users, withNotes } from './project.js'

const temporary = temporaryDirectory()
const program = fileURLToPath(new URL('../support/migrate-child.mjs', import.meta.url))
const LIMIT = 50

const before = withNotes(16, users({ name: col.text(), gone: col.text(), count: col.integer() }))
const after = withNotes(
  32,
  users({ name: col.text(), count: col.bigint(), city: col.text().default('Bern') })
    .index('city')
    .indexPolicy('appendOnly'),
)

function contentsOf(db: Database): unknown {
  const { rows } = db.execute('select * from users order by id')
  const documents = db.collection('notes').list({ includeVectors: true })
  return JSON.parse(
    JSON.stringify({ rows, documents }, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  )
}

test('a migration that is killed at any step has happened as a whole or not at all, and can be ended', async () => {
  const dir = temporary('migrations')
  const template = temporary('template')
  chain(dir, before)
  let was: unknown
  {
    using db = Database.open(template)
    await migrate(db, { dir })
    for (let i = 1; i <= 20; ++i) {
      db.execute("insert into users values (?, 'n', 'g', ?)", [i, i])
      db.collection('notes').insert({ id: `n${String(i)}`, vector: [i, 1, 2], metadata: { text: 'x' } })
    }
    was = contentsOf(db)
  }
  chain(dir, before, after)
  let wanted: unknown
  {
    cpSync(template, temporary('whole'), { recursive: true })
    using db = Database.open(temporary('whole'))
    await migrate(db, { dir, allow: 'destructive', backup: false })
    wanted = contentsOf(db)
  }
  const seen = new Set<string>()
  for (let last = 1; ; ++last) {
    expect(last).toBeLessThan(LIMIT)
    const path = temporary(`killed-${String(last)}`)
    cpSync(template, path, { recursive: true })
    const child = spawnSync(process.execPath, [program, path, dir, String(last)], { encoding: 'utf8' })
    expect({ signal: child.signal, stderr: child.stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
    using db = Database.open(path)
    const { stored, ledger } = stateOf(db, dir)
    const isNew = stored!.hash === contractHash(after)
    expect(stored!.hash).toBe(contractHash(isNew ? after : before))
    expect(ledger.applied.map(({ id }) => id)).toEqual(isNew ? ['0001', '0002'] : ['0001'])
    expect(contentsOf(db)).toEqual(isNew ? wanted : was)
    // What a move to another policy has left is in the ledger.
    seen.add(`${isNew ? 'new' : 'old'}, ${ledger.moves.length > 0 ? 'moving' : 'settled'}`)
    await migrate(db, { dir, allow: 'destructive', backup: false })
    expect(contentsOf(db)).toEqual(wanted)
    expect(stateOf(db, dir).ledger.moves).toEqual([])
    expect(db.getTableIndexPolicy('users')).toBe('appendOnly')
    if (child.stdout === 'done\n') break
  }
  expect([...seen].sort()).toEqual(['new, moving', 'new, settled', 'old, settled'])
})
