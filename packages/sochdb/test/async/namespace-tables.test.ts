import {
  AsyncDatabase,
  ErrorCode,
  NamespaceAccessError,
  NamespaceNotFoundError,
  QueryError,
  TransactionConflictError,
} from 'sochdb'
import type { AsyncNamespace } from 'sochdb'

import { rejection } from '../conformance/faces.js'

const TEXT = 'SELECT * FROM items WHERE id = 1'

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const row of rows) out.push(row)
  return out
}

describe('tables of namespaces by promise', () => {
  let db: AsyncDatabase
  let a: AsyncNamespace
  let b: AsyncNamespace
  beforeEach(async () => {
    db = await AsyncDatabase.open(':memory:')
    a = await db.createNamespace('a')
    b = await db.createNamespace('b')
    await a.execute('CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)')
    await b.execute('CREATE TABLE items (name TEXT, price REAL, id INTEGER PRIMARY KEY)')
    await a.execute(`INSERT INTO items VALUES (1, 'one'), (2, 'two')`)
    await b.execute(`INSERT INTO items VALUES ('uno', 1.5, 1)`)
  })
  afterEach(() => db.close())

  test('each has its own, also when both are asked at once', async () => {
    const rowA = { id: 1, name: 'one' }
    const rowB = { name: 'uno', price: 1.5, id: 1 }
    for (let round = 0; round < 3; round++) {
      const [ofA, ofB] = await Promise.all([a.execute(TEXT), b.executeSql(TEXT)])
      expect([ofA.rows, ofB.rows]).toEqual([[rowA], [rowB]])
      expect([await all(a.iterate(TEXT)), await all(b.iterate(TEXT))]).toEqual([[rowA], [rowB]])
      const prepared = await Promise.all([a.prepare(TEXT), b.prepare(TEXT)])
      expect(await Promise.all(prepared.map(statement => statement.get()))).toEqual([rowA, rowB])
    }
    expect(await rejection(db.execute(TEXT))).toBeInstanceOf(QueryError)
    expect([await a.listTables(), await b.listTables(), await db.listTables()]).toEqual([['items'], ['items'], []])
    expect((await b.getTableSchema('items')).columns.map(({ name }) => name)).toEqual(['name', 'price', 'id'])
    expect((await a.info()).tableCount).toBe(1)
  })

  test('indexes and policies are of one of them', async () => {
    await a.execute(`INSERT INTO items SELECT value, 'n' || (value % 100) FROM generate_series(10, 12009)`)
    await a.execute('CREATE INDEX by_name ON items (name)')
    expect((await a.listIndexes('items')).map(({ name }) => name)).toEqual(['by_name'])
    expect(await b.listIndexes('items')).toEqual([])
    const seen: number[] = []
    await a.setTableIndexPolicy('items', 'appendOnly', { onProgress: done => void seen.push(done) })
    expect(seen.at(-1)).toBeGreaterThan(12_000)
    expect([await a.getTableIndexPolicy('items'), await b.getTableIndexPolicy('items')]).toEqual([
      'appendOnly',
      'balanced',
    ])
    expect((await a.execute(`SELECT count(*) AS n FROM items WHERE name = 'n7'`)).rows).toEqual([{ n: 120 }])
  })

  test('a transaction over both commits as one; one of a namespace stays there', async () => {
    await db.transaction(async txn => {
      const [inA, inB] = [await txn.namespace('a'), await txn.namespace('b')]
      await Promise.all([
        inA.execute(`UPDATE items SET name = 'x' WHERE id = 1`),
        inB.execute(`UPDATE items SET name = 'x' WHERE id = 1`),
      ])
      expect((await inA.execute(TEXT)).rows).toEqual([{ id: 1, name: 'x' }])
      expect(await inA.getTableIndexPolicy('items')).toBe('balanced')
      expect(await inB.query('doc/').count()).toBe(0)
    })
    expect((await b.execute(TEXT)).rows).toEqual([{ name: 'x', price: 1.5, id: 1 }])
    const undone = a.transaction(async txn => {
      await txn.execute('CREATE TABLE other (x INTEGER)')
      await txn.execute('DELETE FROM items')
      await txn.namespace('b')
    })
    expect(await rejection(undone)).toBeInstanceOf(NamespaceAccessError)
    expect(await a.listTables()).toEqual(['items'])
    const txn = await db.beginTransaction()
    await (await txn.namespace('a')).execute('SELECT count(*) FROM items')
    await (await txn.namespace('b')).execute('DELETE FROM items')
    await a.execute('DELETE FROM items')
    expect(await rejection(txn.commit())).toBeInstanceOf(TransactionConflictError)
  })

  test('snapshots read, and refuse to write', async () => {
    await using snapshot = await a.snapshot()
    await using whole = await db.snapshot()
    const seen = await whole.namespace('a')
    await a.execute('ALTER TABLE items ADD COLUMN size INTEGER')
    await a.execute('DELETE FROM items')
    for (const view of [snapshot, seen]) {
      expect((await view.execute('SELECT * FROM items')).rows).toEqual([
        { id: 1, name: 'one' },
        { id: 2, name: 'two' },
      ])
      expect(await all(view.iterate('SELECT id FROM items'))).toEqual([{ id: 1 }, { id: 2 }])
      expect(await (await view.prepare(TEXT)).all()).toEqual([{ id: 1, name: 'one' }])
      expect(await view.listTables()).toEqual(['items'])
      expect((await view.getTableSchema('items')).columns).toHaveLength(2)
      expect(await view.query('doc/').count()).toBe(0)
      for (const text of ['DELETE FROM items', 'DROP TABLE items', 'CREATE INDEX i ON items (name)']) {
        expect(await rejection(view.execute(text))).toMatchObject({ code: ErrorCode.READ_ONLY })
      }
    }
    expect(await rejection(whole.execute('SELECT * FROM items'))).toBeInstanceOf(QueryError)
  })

  test('what was dropped is gone, whatever was at hand', async () => {
    const prepared = await a.prepare(TEXT)
    expect(await prepared.get()).toEqual({ id: 1, name: 'one' })
    expect(await rejection(db.deleteNamespace('a'))).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_EMPTY })
    await db.deleteNamespace('a', { force: true })
    for (const call of [
      () => prepared.get(),
      () => a.execute(TEXT),
      () => a.execute('CREATE TABLE t (x INTEGER)'),
      () => a.execute('CREATE INDEX i ON items (name)'),
      () => all(a.iterate(TEXT)),
      () => a.listTables(),
      () => a.setTableIndexPolicy('items', 'balanced'),
      () => a.query('doc/').count(),
    ]) {
      expect(await rejection(call())).toBeInstanceOf(NamespaceNotFoundError)
    }
    await db.createNamespace('a')
    expect(await rejection(prepared.get())).toBeInstanceOf(NamespaceNotFoundError)
    expect((await b.execute(TEXT)).rows).toHaveLength(1)
  })

  test('a result that is being read goes on while its namespace is dropped', async () => {
    await a.execute(`INSERT INTO items SELECT value, 'n' FROM generate_series(10, 60009)`)
    const rows = a.iterate('SELECT id FROM items')
    await rows.next()
    await db.deleteNamespace('a', { force: true })
    let n = 1
    for await (const _ of rows) ++n
    expect(n).toBe(60_002)
  })
})
