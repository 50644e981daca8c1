import { TransactionConflictError, TransactionError } from 'sochdb'

import { collect, faces, rejection } from './faces.js'
import type { Face } from './faces.js'

describe.each(faces)('transactions through %s', (_, open) => {
  let db: Face
  beforeEach(async () => {
    db = await open(':memory:')
  })
  afterEach(() => db.close())

  test('others see nothing before the commit, and everything after it', async () => {
    const txn = await db.beginTransaction()
    await txn.put('a', '1')
    await txn.putBatch([['b', '2']])
    expect(await txn.getString('a')).toBe('1')
    expect((await txn.getBatch(['b']))[0]?.toString()).toBe('2')
    expect(await collect(txn.scanPrefixUnchecked(''))).toEqual(['a=1', 'b=2'])
    expect(await db.exists('a')).toBe(false)
    const timestamp = await txn.commit()
    expect(timestamp > txn.startTs).toBe(true)
    expect(txn.isOpen).toBe(false)
    expect(await collect(db.scanPrefixUnchecked(''))).toEqual(['a=1', 'b=2'])
  })

  test('a transaction sees its beginning, and its own writes', async () => {
    await db.put('a', 'old')
    const txn = await db.beginTransaction()
    await db.put('a', 'new')
    await db.put('later', '1')
    expect(await txn.getString('a')).toBe('old')
    expect(await txn.exists('later')).toBe(false)
    await txn.abort()
  })

  test('an aborted transaction leaves nothing, and aborting it again is harmless', async () => {
    const txn = await db.beginTransaction()
    await txn.put('a', '1')
    await txn.abort()
    await txn.abort()
    expect(await db.exists('a')).toBe(false)
    for (const call of [
      txn.get('a'),
      txn.put('a', '1'),
      txn.commit(),
      txn.getBatch(['a']),
      txn.putBatch([['a', '1']]),
    ]) {
      expect(await rejection(call)).toBeInstanceOf(TransactionError)
    }
  })

  test('of two that read and write the same key, the later to commit is refused', async () => {
    const [first, second] = [await db.beginTransaction(), await db.beginTransaction()]
    for (const txn of [first, second]) await txn.put('n', String(Number((await txn.getString('n')) ?? 0) + 1))
    await first.commit()
    const error = await rejection(second.commit())
    expect(error).toBeInstanceOf(TransactionConflictError)
    expect(error['retryable']).toBe(true)
    expect(second.isOpen).toBe(false)
    expect(await db.getString('n')).toBe('1')
  })

  test('a row that appears in a range that was read is a conflict', async () => {
    const txn = await db.beginTransaction()
    expect(await collect(txn.scanPrefix('r:'))).toEqual([])
    await txn.put('out', '1')
    await db.put('r:new', '1')
    expect(await rejection(txn.commit())).toBeInstanceOf(TransactionConflictError)
  })

  test('what was read in a batch is a conflict as well', async () => {
    const txn = await db.beginTransaction()
    await txn.getBatch(['x', 'y'])
    await txn.put('out', '1')
    await db.delete('y')
    expect(await rejection(txn.commit())).toBeInstanceOf(TransactionConflictError)
  })

  test('write skew is a conflict when serializable, and happens at snapshot', async () => {
    for (const isolation of ['serializable', 'snapshot'] as const) {
      await db.putBatch([
        ['x', '1'],
        ['y', '1'],
      ])
      const [a, b] = [await db.beginTransaction({ isolation }), await db.beginTransaction({ isolation })]
      await a.getBatch(['x', 'y'])
      await b.getBatch(['x', 'y'])
      await a.put('x', '0')
      await b.put('y', '0')
      await a.commit()
      if (isolation === 'snapshot') await b.commit()
      else expect(await rejection(b.commit())).toBeInstanceOf(TransactionConflictError)
    }
  })

  test('readCommitted sees what others commit between its statements', async () => {
    const txn = await db.beginTransaction({ isolation: 'readCommitted' })
    expect(await txn.exists('a')).toBe(false)
    await db.put('a', '1')
    expect(await txn.exists('a')).toBe(true)
    await db.put('a', '2')
    expect((await txn.getBatch(['a']))[0]?.toString()).toBe('2')
    await txn.commit()
  })

  test('savepoints undo what came after them', async () => {
    const txn = await db.beginTransaction()
    await txn.put('kept', '1')
    const savepoint = await txn.savepoint()
    await txn.putBatch([['undone', '1']])
    await savepoint.rollback()
    const other = await txn.savepoint()
    await txn.put('released', '1')
    await other.release()
    await txn.commit()
    expect(await collect(db.scanPrefixUnchecked(''))).toEqual(['kept=1', 'released=1'])
  })

  test('a failed batch inside a transaction leaves the transaction as it was', async () => {
    const txn = await db.beginTransaction()
    await txn.put('a', '1')
    await rejection(
      txn.putBatch([
        ['b', '1'],
        ['c', {} as never],
      ]),
    )
    await txn.commit()
    expect(await collect(db.scanPrefixUnchecked(''))).toEqual(['a=1'])
  })

  test('a snapshot does not see later writes', async () => {
    await db.put('a', 'old')
    const snapshot = await db.snapshot()
    await db.put('a', 'new')
    await db.put('b', '1')
    expect(await snapshot.getString('a')).toBe('old')
    expect(await collect(snapshot.scanPrefixUnchecked(''))).toEqual(['a=old'])
    expect((await snapshot.getBatch(['a', 'b'])).map(value => value?.toString())).toEqual(['old', undefined])
    expect(typeof snapshot.timestamp).toBe('bigint')
    await snapshot.close()
    await snapshot.close()
    expect(await rejection(snapshot.get('a'))).toMatchObject({ name: 'DatabaseError' })
  })

  test('closing the database aborts what is open on it', async () => {
    const txn = await db.beginTransaction()
    await txn.put('a', '1')
    await db.close()
    expect(await rejection(txn.commit())).toBeInstanceOf(TransactionError)
    expect(await rejection(txn.get('a'))).toBeInstanceOf(TransactionError)
  })
})
