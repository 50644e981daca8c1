/** One row by primary key, prepared, out of 100,000 rows of six columns; and through Kysely on either engine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../lib/data.mjs'
import { perOperation } from '../lib/measure.mjs'

const [peer] = process.argv.slice(2)
const rows = 100_000
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const user = i => ({
  id: i,
  name: `User ${i}`,
  email: `user${i}@example.com`,
  city: ['Oslo', 'Rome', 'Lima', 'Kyiv'][i % 4],
  age: 18 + (i % 60),
  score: i / 7,
})
const next = random(5)
const wanted = Uint32Array.from({ length: rows }, () => Math.floor(next() * rows))
const results = {}

const engines = {
  async sochdb() {
    const { createClient } = await import('../../packages/sochdb/dist/client/index.js')
    const { contract } = await import('../lib/users-contract.mjs')
    const definition = { contract, contractHash: 'bench', queryBuilder: () => undefined }
    const client = createClient(definition, { path: join(dir, 'store'), open: { syncMode: 'off' } })
    return {
      load: all => client.sync.users.insertMany(all),
      get: id => client.sync.users.find({ id }),
      close: () => client.$close(),
    }
  },
  async 'better-sqlite3'() {
    const { default: Sqlite } = await import('better-sqlite3')
    const db = new Sqlite(join(dir, 'users.sqlite'))
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = OFF')
    db.exec(
      'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT NOT NULL, age INTEGER NOT NULL, score REAL NOT NULL)',
    )
    const insert = db.prepare('INSERT INTO users VALUES (@id, @name, @email, @city, @age, @score)')
    const get = db.prepare('SELECT id, name, email, city, age, score FROM users WHERE id = ?')
    return {
      load: db.transaction(all => {
        for (const row of all) insert.run(row)
      }),
      get: id => get.get(id),
      close: () => db.close(),
    }
  },
}

try {
  const engine = await engines[peer]()
  const all = Array.from({ length: rows }, (_, i) => user(i))
  const started = performance.now()
  engine.load(all)
  results['bulk insert, per row'] = ((performance.now() - started) * 1000) / rows
  results['point select, prepared'] = perOperation(rows, () => {
    for (const id of wanted) if (engine.get(id).id !== id) throw new Error('the wrong row')
  })
  await engine.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(JSON.stringify(results))
