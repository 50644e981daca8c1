import {
  AsyncDatabase,
  Database,
  ErrorCode,
  NamespaceNotFoundError,
  TransactionConflictError,
  TransactionError,
  TransactionTimeoutError,
} from 'sochdb'

import { native, nativeHandle } from 'sochdb/internal'

import { temporaryDirectory } from '../support/temporary.js'
import { rejection } from '../conformance/faces.js'
import { crash } from '../storage/support.js'

const directory = temporaryDirectory()
const syncsOf = (db: AsyncDatabase): number => native.walStats(db.database[nativeHandle]).syncs

describe('durable commits', () => {
  test('256 that wait at the same time take a handful of syncs', async () => {
    const db = await AsyncDatabase.open(directory('group'), { syncMode: 'full' })
    const before = syncsOf(db)
    await Promise.all(Array.from({ length: 256 }, (_, i) => db.put(`k${i}`, `v${i}`)))
    expect(syncsOf(db) - before).toBeLessThan(16)
    expect((await db.stats()).committedTransactions).toBe(256)
    expect((await db.getBatch(['k0', 'k255'])).map(String)).toEqual(['v0', 'v255'])
    await db.close()
  })

  test('so do transactions', async () => {
    const db = await AsyncDatabase.open(directory('group-transactions'), { syncMode: 'full' })
    const before = syncsOf(db)
    const txns = await Promise.all(Array.from({ length: 128 }, () => db.beginTransaction()))
    await Promise.all(txns.map((txn, i) => txn.put(`k${i}`, '1')))
    const timestamps = await Promise.all(txns.map(txn => txn.commit()))
    expect(new Set(timestamps).size).toBe(128)
    expect(syncsOf(db) - before).toBeLessThan(16)
    await db.close()
  })

  test('so do increments of one counter, and none is lost', async () => {
    const db = await AsyncDatabase.open(directory('group-increments'), { syncMode: 'full' })
    const before = syncsOf(db)
    const values = await Promise.all(Array.from({ length: 256 }, () => db.increment('n')))
    expect(values.toSorted((a, b) => Number(a - b))).toEqual(Array.from({ length: 256 }, (_, i) => BigInt(i + 1)))
    expect(syncsOf(db) - before).toBeLessThan(64)
    expect(await db.getString('n')).toBe('256')
    await db.close()
  })

  test('so do increments of many counters, conditional writes, and those in a namespace', async () => {
    const db = await AsyncDatabase.open(directory('group-conditional'), { syncMode: 'full' })
    const space = await db.createNamespace('space')
    const before = syncsOf(db)
    const counted = await Promise.all(Array.from({ length: 64 }, (_, i) => db.increment(`n${i}`, i)))
    expect(counted).toEqual(Array.from({ length: 64 }, (_, i) => BigInt(i)))
    const locked = await Promise.all(Array.from({ length: 64 }, (_, i) => db.putIfAbsent(`lock${i % 32}`, String(i))))
    expect(locked.filter(Boolean)).toHaveLength(32)
    const swapped = await Promise.all(Array.from({ length: 64 }, () => space.compareAndSet('a', undefined, 'b')))
    expect(swapped.filter(Boolean)).toHaveLength(1)
    await Promise.all(Array.from({ length: 64 }, () => space.increment('n')))
    expect(await space.getString('n')).toBe('64')
    expect(syncsOf(db) - before).toBeLessThan(64)
    await db.close()
  })

  test('what an increment answered is there after a crash', async () => {
    const path = directory('increments')
    const db = await AsyncDatabase.open(path, { syncMode: 'full' })
    const increments = Array.from({ length: 100 }, () => db.increment('n'))
    const least = await Promise.race(increments)
    const copy = crash(db.database, directory('increments-copy'))
    await Promise.all(increments)
    await db.close()
    const after = Database.open(copy, { logLevel: 'off' })
    expect(Number(after.getString('n'))).toBeGreaterThanOrEqual(Number(least))
    after.close()
  })

  test('an increment that fails leaves the value, and those beside it succeed', async () => {
    const db = await AsyncDatabase.open(directory('not-a-number'), { syncMode: 'full' })
    const [put, failed, counted] = await Promise.allSettled([
      db.put('text', 'none'),
      db.put('text', 'none').then(() => db.increment('text')),
      db.increment('n'),
    ])
    expect(put.status).toBe('fulfilled')
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: ErrorCode.VALIDATION } })
    expect(counted).toEqual({ status: 'fulfilled', value: 1n })
    expect(await db.getString('text')).toBe('none')
    await db.close()
  })

  test('a namespace that was deleted meanwhile takes no increment', async () => {
    const db = await AsyncDatabase.open(directory('deleted'), { syncMode: 'full' })
    const space = await db.createNamespace('space')
    const [deleted, counted] = await Promise.allSettled([
      db.deleteNamespace('space', { force: true }),
      space.increment('n'),
    ])
    expect(deleted.status).toBe('fulfilled')
    if (counted.status === 'rejected') expect(counted.reason).toBeInstanceOf(NamespaceNotFoundError)
    expect(await rejection(space.increment('n'))).toBeInstanceOf(NamespaceNotFoundError)
    await db.close()
  })

  test('what a promise said is committed is there after reopening', async () => {
    const path = directory('reopened')
    const db = await AsyncDatabase.open(path, { syncMode: 'full' })
    await Promise.all([db.put('a', '1'), db.putBatch([['b', '2']]), db.transaction(txn => txn.put('c', '3'))])
    await db.close()
    const again = await AsyncDatabase.open(path)
    expect((await again.getMany(['a', 'b', 'c'])).map(String)).toEqual(['1', '2', '3'])
    expect(await again.recovery().needsRecovery()).toBe(false)
    await again.close()
  })
})

describe('transactions run by a function', () => {
  let db: AsyncDatabase
  beforeEach(async () => {
    db = await AsyncDatabase.open(':memory:')
  })
  afterEach(() => db.close())

  test('conflicts are run again: no increment is lost', async () => {
    const increment = (): Promise<void> =>
      db.transaction(
        async txn => {
          const n = Number((await txn.getString('n')) ?? 0)
          await txn.put('n', String(n + 1))
        },
        { maxRetries: 1000 },
      )
    await Promise.all(Array.from({ length: 40 }, increment))
    expect(await db.getString('n')).toBe('40')
    expect((await db.stats()).activeTransactions).toBe(0)
  })

  test('after maxRetries the conflict is reported', async () => {
    let runs = 0
    const error = await rejection(
      db.transaction(
        async txn => {
          runs++
          await txn.get('n')
          await db.put('n', String(runs))
          await txn.put('out', '1')
        },
        { maxRetries: 2 },
      ),
    )
    expect(error).toBeInstanceOf(TransactionConflictError)
    expect(runs).toBe(3)
    expect(await db.exists('out')).toBe(false)
  })

  test('what the function throws undoes it, and is not retried', async () => {
    let runs = 0
    const error = new Error('mine')
    const failing = db.transaction(async txn => {
      runs++
      await txn.put('a', '1')
      throw error
    })
    expect(await rejection(failing)).toBe(error)
    expect(runs).toBe(1)
    expect(await db.exists('a')).toBe(false)
    expect(await rejection(db.transaction('no' as never))).toMatchObject({ name: 'ValidationError' })
  })

  test('an open transaction holds nobody up', async () => {
    const txn = await db.beginTransaction()
    await txn.put('a', 'mine')
    db.database.transaction(sync => sync.put('b', 'others'))
    await db.put('c', 'others')
    await txn.commit()
    expect((await db.getBatch(['a', 'b', 'c'])).map(String)).toEqual(['mine', 'others', 'others'])
  })

  test('operations run in the order in which they were called, awaited or not', async () => {
    await db.transaction(txn => {
      for (let i = 0; i < 100; i++) {
        void txn.put('k', String(i))
        void txn.putBatch([[`b${i}`, String(i)]])
      }
      return txn.getBatch(['k', 'b99'])
    })
    expect((await db.getBatch(['k', 'b99'])).map(String)).toEqual(['99', '99'])
  })

  test('a part rolls back alone', async () => {
    await db.transaction(async txn => {
      await txn.put('kept', '1')
      await rejection(
        txn.transaction(async part => {
          await part.put('undone', '1')
          throw new Error('part')
        }),
      )
      await txn.transaction(part => part.put('also', '1'))
    })
    expect((await db.getBatch(['kept', 'undone', 'also'])).map(value => value !== undefined)).toEqual([
      true,
      false,
      true,
    ])
  })

  test('a signal aborts, in the function and between attempts', async () => {
    const reason = new Error('enough')
    for (const where of ['before', 'inside'] as const) {
      const controller = new AbortController()
      if (where === 'before') controller.abort(reason)
      const aborted = db.transaction(
        async txn => {
          await txn.put('a', '1')
          controller.abort(reason)
          await new Promise(() => undefined) // would never end
        },
        { signal: controller.signal },
      )
      expect(await rejection(aborted)).toBe(reason)
      expect(await db.exists('a')).toBe(false)
    }
    expect((await db.stats()).activeTransactions).toBe(0)
  })

  test('a transaction that is open for longer than timeoutMs is over', async () => {
    const txn = await db.beginTransaction({ timeoutMs: 1 })
    while ((await txn.put('a', '1').then(String, error => error as Error)) === 'undefined');
    expect(await rejection(txn.commit())).toBeInstanceOf(TransactionError)
    const never = db.transaction(
      async inner => {
        await inner.get('n')
        await db.put('n', '1')
        await inner.put('out', '1')
      },
      { timeoutMs: 20, maxRetries: 1000 },
    )
    expect(await rejection(never)).toBeInstanceOf(TransactionTimeoutError)
  })

  test('a synchronous call during an asynchronous one is refused', async () => {
    const { inner } = await import('../../src/async/keys.js')
    const txn = await db.beginTransaction()
    const sync = (txn as unknown as Record<symbol, ReturnType<Database['beginTransaction']>>)[inner]!
    await txn.put('a', '1')
    let committing: Promise<bigint> | undefined
    // The commit waits for the writer until the synchronous transaction ends: it is certainly under way.
    db.database.transaction(() => {
      committing = txn.commit()
      expect(() => sync.put('x', '1')).toThrow(TransactionError)
      expect(() => sync.getBatch(['x'])).toThrow(/await it first/)
      expect(() => sync.savepoint()).toThrow(TransactionError)
      expect(() => Array.from(sync.scanPrefixUnchecked(''))).toThrow(TransactionError)
    })
    await committing
    expect(await db.getString('a')).toBe('1')
  })
})

test('the two faces of a database are one', async () => {
  const db = Database.open(':memory:')
  expect(db.async).toBe(db.async)
  expect(db.async.database).toBe(db)
  expect(db.async instanceof AsyncDatabase).toBe(true)
  db.put('a', '1')
  expect(await db.async.getString('a')).toBe('1')
  await db.async.close()
  expect(db.isOpen).toBe(false)
  expect(await rejection(db.async.get('a'))).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
})

test('opening reports what opening reports', async () => {
  expect(await rejection(AsyncDatabase.open('', {}))).toMatchObject({ code: ErrorCode.VALIDATION })
  expect(await rejection(AsyncDatabase.open(':memory:', { nonsense: 1 } as never))).toMatchObject({
    code: ErrorCode.VALIDATION,
  })
  const path = directory('options')
  const db = await AsyncDatabase.open(path, { syncMode: 'full' })
  expect(await rejection(AsyncDatabase.open(path, { syncMode: 'off' }))).toMatchObject({ code: ErrorCode.VALIDATION })
  await db.close()
})

test('closing waits for the operations that were begun', async () => {
  const path = directory('closing')
  const db = await AsyncDatabase.open(path, { syncMode: 'full' })
  const puts = Array.from({ length: 100 }, (_, i) => db.put(`k${i}`, 'v'))
  await db.close()
  await Promise.all(puts)
  const again = await AsyncDatabase.open(path)
  expect((await again.getBatch(['k0', 'k99'])).map(String)).toEqual(['v', 'v'])
  await again.close()
})

test('closing synchronously ends what has not begun, waits for what has, and says so of each', async () => {
  const path = directory('closed-synchronously')
  for (let round = 0; round < 20; round++) {
    const db = Database.open(path, { syncMode: 'full' })
    const keys = Array.from({ length: 60 }, (_, i) => `${round}:${i}`)
    const puts = keys.map(key => db.async.putBatch([[key, 'v'.repeat(2000)]]))
    if (round % 3 > 0) await Promise.race(puts)
    db.close()
    const outcomes = await Promise.allSettled(puts)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
    }
    const again = Database.open(path, { syncMode: 'full' })
    expect(again.recovery().needsRecovery()).toBe(false)
    keys.forEach((key, i) => expect(again.exists(key)).toBe(outcomes[i]?.status === 'fulfilled'))
    again.close()
  }
})
