import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { AsyncDatabase } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const here = dirname(fileURLToPath(import.meta.url))

/** The examples of docs/async.md, as they stand there: they compile with the tests, and run here. */
describe('the examples of docs/async.md', () => {
  let db: AsyncDatabase
  beforeEach(async () => {
    db = await AsyncDatabase.open(':memory:')
  })
  afterEach(() => db.close())

  test('opening', async () => {
    const path = directory('opening')
    const seen: string[] = []
    {
      const db = await AsyncDatabase.open(path, { syncMode: 'full' })
      await db.put('user:1', 'Alice')
      await db.getString('user:1') // 'Alice'
      for await (const [key, value] of db.scanPrefix('user:')) seen.push(`${key.toString()}: ${value.toString()}`)
      await db.close()
    }
    expect(seen).toEqual(['user:1: Alice'])
  })

  test('many at once', async () => {
    const users = [{ id: 1 }, { id: 2 }]
    await Promise.all(users.map(user => db.put(`user:${user.id}`, JSON.stringify(user))))
    expect(await db.getString('user:2')).toBe('{"id":2}')
  })

  test('transactions', async () => {
    await db.put('stock', '3')
    const left = await db.transaction(async txn => {
      const stock = Number((await txn.getString('stock')) ?? 0)
      if (stock === 0) throw new Error('sold out')
      await txn.put('stock', String(stock - 1))
      return stock - 1
    })
    expect(left).toBe(2)
  })

  test('a transaction by hand', async () => {
    const txn = await db.beginTransaction({ isolation: 'snapshot' })
    await txn.put('a', '1')
    const savepoint = await txn.savepoint()
    await txn.put('b', '2')
    await savepoint.rollback()
    const timestamp = await txn.commit() // a bigint; or txn.abort()
    expect(typeof timestamp).toBe('bigint')
    expect(await db.exists('b')).toBe(false)
  })

  test('scans', async () => {
    const latest: string[] = []
    let handled = 0
    const handle = async (batch: unknown[]): Promise<number> => (handled += batch.length)
    await db.putBatch(['1', '2', '3'].map(n => [`log:${n}`, n] as const))
    for await (const [key] of db.scanPrefix('log:', { reverse: true, limit: 100 })) latest.push(key.toString())
    for await (const batch of db.scanStream('log:', { batchSize: 500 })) await handle(batch)
    const [one, two] = await db.getMany(['log:1', 'log:2'])
    expect([latest[0], handled, String(one), String(two)]).toEqual(['log:3', 3, '1', '2'])
  })

  test('watching', async () => {
    const events: string[] = []
    const until = 0n
    const writing = new Promise(resolve => setImmediate(resolve)).then(() => db.put('order:1', 'paid'))
    for await (const { key, value, timestamp } of db.watch('order:')) {
      events.push(`${key.toString()} ${value === undefined ? 'deleted' : value.toString()}`)
      if (timestamp > until) break
    }
    await writing
    expect(events).toEqual(['order:1 paid'])
  })

  test('stopping', async () => {
    const keys = ['a']
    await db.getMany(keys, { signal: AbortSignal.timeout(1000) })
    const reports: number[] = []
    const { signal } = new AbortController()
    await db.put('a', '1')
    await db.recovery().verifyWal({ onProgress: (bytes, total) => reports.push(bytes / total), signal })
    expect(reports.at(-1)).toBe(1)
  })

  test('collections', async () => {
    const docs = await db.createCollection({ name: 'docs', dimension: 3 })
    await docs.insert({ id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } })
    const hits = await db.collection('docs').search({ vector: [1, 0, 0], k: 10, filter: { lang: 'en' } })
    expect(hits.at(0)?.id).toBe('a')
    const { signal } = new AbortController()
    const batch = {
      ids: ['b', 'c'],
      vectors: [
        [0, 1, 0],
        [0, 0, 1],
      ],
    }
    await docs.insertBatch(batch, { signal, timeoutMs: 60_000 }) // 2
    await docs.deleteWhere({ lang: 'en' }, { signal }) // 1
    await docs.count({}, { signal }) // 2
    expect(await docs.count()).toBe(2)
  })

  test('SQL', async () => {
    const kinds: string[] = []
    await db.execute('CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL)')
    await db.transaction(async txn => {
      const insert = await txn.prepare('INSERT INTO events (kind) VALUES (?)')
      for (const kind of ['opened', 'read', 'closed']) await insert.execute([kind])
    })
    const { rows } = await db.execute<{ n: number }>('SELECT count(*) AS n FROM events', [], { timeoutMs: 5000 })
    for await (const row of db.iterate<{ kind: string }>('SELECT kind FROM events ORDER BY id')) kinds.push(row.kind)
    expect([rows, kinds]).toEqual([[{ n: 3 }], ['opened', 'read', 'closed']])
  })

  test('are the ones above', () => {
    const lines = (text: string): string[] => text.split('\n').map(line => line.trim())
    const source = lines(readFileSync(join(here, 'examples.test.ts'), 'utf8')).join('\n')
    const page = readFileSync(join(here, '..', '..', '..', '..', 'docs', 'async.md'), 'utf8')
    const examples = Array.from(page.matchAll(/^```ts\n([\s\S]*?)^```/gm), match => lines(match[1]!).join('\n').trim())
    expect(examples.length).toBeGreaterThan(5)
    expect(examples.filter(example => !source.includes(example))).toEqual([])
  })
})
