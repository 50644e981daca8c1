/** Statements that run on the engine's threads, and columns whose values bring their types along. */
import { Database } from 'sochdb'

import type { Statement } from '../../src/sql/ast/nodes.js'
import { createTable } from '../../src/sql/catalog/index.js'
import { native } from '../../src/engine/native.js'
import type { NativeExec, RowsPayload } from '../../src/sql/result/native.js'
import { catalogStore, PreparedStatement } from '../../src/sql/session.js'
import type { Row } from '../../src/sql/session.js'
import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
const exec = native as unknown as NativeExec
const ROWS = 30_000

function opened(): Database {
  const db = Database.open(directory(`blocks-${Math.random()}`), { logLevel: 'off', syncMode: 'off' })
  db.transaction(txn =>
    createTable(catalogStore(txn), 1, {
      name: 't',
      columns: [
        { name: 'id', type: 'integer', nullable: false },
        { name: 's', type: 'text', nullable: true },
      ],
      primaryKey: ['id'],
    }),
  )
  return db
}

const parameter = (index: number) => ({ kind: 'parameter', index }) as const
const insert: Statement = {
  kind: 'insert',
  table: 't',
  columns: ['id', 's'],
  rows: [[parameter(0), parameter(1)]],
  onConflict: undefined,
  returning: [{ kind: 'all', table: undefined }],
}
const select: Statement = {
  kind: 'select',
  distinct: false,
  columns: [{ kind: 'all', table: undefined }],
  from: { kind: 'table', name: 't', alias: undefined },
  where: undefined,
  groupBy: [],
  having: undefined,
  orderBy: [],
  limit: undefined,
  offset: undefined,
}

function fill(db: Database, rows: number): void {
  const prepared = new PreparedStatement({ ...insert, returning: [] } as Statement)
  prepared.runMany(
    db,
    Array.from({ length: rows }, (_, i) => [i, i % 7 === 0 ? null : `ä${i}`.repeat(1 + (i % 5))]),
  )
}

async function all(db: Database, statement: Statement, values: readonly unknown[], operation = 0): Promise<Row[]> {
  const runnable = new PreparedStatement(statement).runnable(db, values)
  const rows: Row[] = []
  let payload: RowsPayload = await runnable.native.begin(db, runnable.database, runnable.values, operation, 0)
  for (;;) {
    runnable.native.take(payload, rows)
    if (payload.done) return rows
    payload = await runnable.native.next(payload.rows, operation, 0)
  }
}

test('rows of another thread are those of this one, in any number of payloads', async () => {
  using db = opened()
  fill(db, ROWS)
  const rows = await all(db, select, [])
  expect(rows).toEqual(new PreparedStatement(select).all(db, []))
  expect(rows).toHaveLength(ROWS)
})

test('a write is durable and visible when its promise resolves, rows and all', async () => {
  using db = opened()
  expect(await all(db, insert, [1, 'one'])).toEqual([{ id: 1, s: 'one' }])
  expect(new PreparedStatement(select).all(db, [])).toEqual([{ id: 1, s: 'one' }])
  await expect(all(db, insert, [1, 'again'])).rejects.toMatchObject({ nativeCode: expect.any(Number) as number })
  expect(new PreparedStatement(select).all(db, [])).toHaveLength(1)
})

test('a result that is not read to its end can be closed, and dies with its database', async () => {
  const db = opened()
  fill(db, ROWS)
  const runnable = new PreparedStatement(select).runnable(db, [])
  const first = await runnable.native.begin(db, runnable.database, [], 0, 0)
  expect(first.done).toBe(false)
  exec.asyncRowsClose(first.rows)
  expect(() => runnable.native.next(first.rows, 0, 0)).toThrow(/ended|closed/)
  const second = await runnable.native.begin(db, runnable.database, [], 0, 0)
  db.close()
  expect(() => runnable.native.next(second.rows, 0, 0)).toThrow(/ended|closed/)
})

test('batches come as they are asked for, beside other statements', () => {
  using db = opened()
  fill(db, 5000)
  const prepared = new PreparedStatement(select)
  let seen = 0
  for (const batch of prepared.batches(db, [])) {
    seen += batch.length
    if (seen > 2000) break
    expect(prepared.all(db, [])).toHaveLength(5000)
  }
  expect(seen).toBeGreaterThan(2000)
  expect(seen).toBeLessThan(5000)
  expect([...prepared.batches(db, [])].flat()).toEqual(prepared.all(db, []))
  expect(thrownBy(() => [...prepared.batches(db, [1])])).toMatchObject({
    message: expect.stringContaining('0 parameters') as string,
  })
})
