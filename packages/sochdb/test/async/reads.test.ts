/** Single reads by promise: what is in memory is answered on this thread, what is on the disk by the engine's. */
import { AsyncDatabase, CorruptionError } from 'sochdb'
import type { AsyncKeyReader } from 'sochdb'
import { native as sync, nativeHandle } from 'sochdb/internal'

import { native } from '../../src/async/native.js'
import { temporaryDirectory } from '../support/temporary.js'
import { rejection } from '../conformance/faces.js'
import { damage, filesOf, keyOf, noise } from '../storage/support.js'

const directory = temporaryDirectory()
let stores = 0

const ROWS = 300
const LARGE = noise(1_500_000) // above 1 MiB: in a file of its own
const value = (i: number): string => `${i}:`.padEnd(500, String(i))

/** A store whose rows are in tables, none of them in the cache. */
async function cold(): Promise<AsyncDatabase> {
  const path = directory(`cold-${++stores}`)
  const db = await AsyncDatabase.open(path, { logLevel: 'off' })
  await db.createNamespace('space')
  const space = await db.namespace('space')
  for (const store of [db, space]) {
    await store.putBatch(Array.from({ length: ROWS }, (_, i) => [keyOf(i), value(i)] as const))
    await store.putBatch([
      ['empty', ''],
      ['large', LARGE],
      ['dir/a', '1'],
      ['dir/b/c', '2'],
    ])
  }
  await db.compact()
  await db.close()
  return AsyncDatabase.open(path, { logLevel: 'off' })
}

type Counted = 'asyncGet' | 'asyncListChildren'

/** What `action` makes of it, and how often it called a function of the addon. */
async function calls<T>(name: Counted, action: () => Promise<T>): Promise<readonly [T, number]> {
  const original = native[name] as (...args: unknown[]) => unknown
  let count = 0
  const set = (value: unknown): unknown => Object.assign(native, { [name]: value })
  set((...args: unknown[]) => {
    count++
    return original(...args)
  })
  try {
    return [await action(), count]
  } finally {
    set(original)
  }
}

/** How many reads the engine's threads made, and how often the disk was asked, while `action` ran. */
async function during<T>(db: AsyncDatabase, action: () => Promise<T>) {
  const counted = () => {
    const { reads, cache } = sync.statistics(db.database[nativeHandle]) as {
      reads: number
      cache: { hits: number; misses: number }
    }
    return { reads, misses: cache.misses }
  }
  const before = counted()
  const [result, queued] = await calls('asyncGet', action)
  const after = counted()
  return { result, queued, reads: after.reads - before.reads, misses: after.misses - before.misses }
}

const readers: readonly (readonly [string, (db: AsyncDatabase) => Promise<AsyncKeyReader>])[] = [
  ['a database', db => Promise.resolve(db)],
  ['a namespace', db => db.namespace('space')],
  ['a snapshot', db => db.snapshot()],
  ['a transaction', db => db.beginTransaction()],
  ['a readCommitted transaction', db => db.beginTransaction({ isolation: 'readCommitted' })],
  ['a transaction in a namespace', async db => (await db.beginTransaction()).namespace('space')],
]

describe.each(readers)('%s', (name, open) => {
  let db: AsyncDatabase
  let reader: AsyncKeyReader
  beforeEach(async () => {
    db = await cold()
    reader = await open(db)
    await reader.exists('nothing') // its namespace, if it has one, has been looked at
  })
  afterEach(() => db.close())

  test('reads a block from the disk on a thread of the engine, once, and from the cache on this one', async () => {
    const first = await during(db, () => reader.get(keyOf(7)))
    expect(first.result?.toString()).toBe(value(7))
    // A database seen through a namespace looks again whether that is there.
    expect(first).toMatchObject({ queued: 1, reads: name === 'a namespace' ? 2 : 1, misses: 1 })
    const second = await during(db, () => reader.get(keyOf(7)))
    expect(second.result?.toString()).toBe(value(7))
    expect(second).toMatchObject({ queued: 0, reads: 1, misses: 0 })
    const string = await during(db, () => reader.getString(keyOf(7)))
    expect(string).toMatchObject({ result: value(7), queued: 0, reads: 1, misses: 0 })
    const exists = await during(db, () => reader.exists(keyOf(7)))
    expect(exists).toMatchObject({ result: true, queued: 0, reads: 1, misses: 0 })
  })

  test('getString and exists do so too', async () => {
    expect(await during(db, () => reader.getString(keyOf(9)))).toMatchObject({ result: value(9), queued: 1, misses: 1 })
    expect(await during(db, () => reader.exists(keyOf(299)))).toMatchObject({ result: true, queued: 1, misses: 1 })
  })

  test('empty, large and missing values come back as they are', async () => {
    expect(await reader.get('empty')).toHaveLength(0)
    expect(await during(db, () => reader.getString('empty'))).toMatchObject({ result: '', queued: 0 })
    for (let round = 0; round < 2; round++) {
      const { result, queued } = await during(db, () => reader.get('large'))
      expect(result!.equals(LARGE)).toBe(true)
      expect(queued).toBe(1) // a file of its own is never cached
    }
    // The filters say no without the disk.
    const missing = await during(db, () => Promise.all([reader.get('key:000007x'), reader.getString('zzz')]))
    expect(missing).toMatchObject({ result: [undefined, undefined], queued: 0 })
    expect(await reader.getPath('dir/a')).toEqual(Buffer.from('1'))
  })

  test('many at once are each answered by their own value', async () => {
    const keys = Array.from({ length: ROWS }, (_, i) => i)
    const { result, queued } = await during(db, () => Promise.all(keys.map(i => reader.getString(keyOf(i)))))
    expect(result).toEqual(keys.map(value))
    expect(queued).toBeGreaterThan(0)
  })

  test('listPath is a matter of the engine', async () => {
    const list = (): Promise<string[][]> => Promise.all([reader.listPath('dir'), reader.listPath('dir/b/')])
    expect(await calls('asyncListChildren', list)).toEqual([[['a', 'b'], ['c']], 2])
    expect(await rejection(reader.listPath(5 as never))).toMatchObject({ name: 'ValidationError' })
  })
})

test('what is in memory needs no thread', async () => {
  const db = await AsyncDatabase.open(':memory:')
  await db.put('a', '1')
  const { result, queued } = await during(db, () =>
    Promise.all([db.get('a'), db.getString('a'), db.exists('a'), db.get('b')]),
  )
  expect(result).toEqual([Buffer.from('1'), '1', true, undefined])
  expect(queued).toBe(0)
  await db.close()
})

test('a transaction goes on in order while a read of its own is under way, and sees its writes', async () => {
  const db = await cold()
  const txn = await db.beginTransaction()
  const { result, queued } = await during(db, () =>
    Promise.all([
      txn.getString(keyOf(3)),
      txn.put(keyOf(3), 'mine'),
      txn.getString(keyOf(3)),
      txn.delete(keyOf(3)),
      txn.exists(keyOf(3)),
    ]),
  )
  expect(result).toEqual([value(3), undefined, 'mine', undefined, false])
  expect(queued).toBe(1)
  await db.put(keyOf(3), 'theirs') // it was read: a conflict
  expect(await rejection(txn.commit())).toMatchObject({ name: 'TransactionConflictError' })
  await db.close()
})

test('a damaged block rejects as it throws', async () => {
  const db = await cold()
  const [table] = filesOf(db.path, '.sst')
  damage(table!, 100)
  const error = await rejection(db.get(keyOf(0)))
  expect(error).toBeInstanceOf(CorruptionError)
  expect(() => db.database.get(keyOf(0))).toThrow(CorruptionError)
  await db.close()
})

test('closing ends a read that has not begun, and waits for one that has', async () => {
  const db = await cold()
  const reads = Array.from({ length: ROWS }, (_, i) => db.getString(keyOf(i)))
  db.database.close()
  const outcomes = await Promise.allSettled(reads)
  outcomes.forEach((outcome, i) => {
    if (outcome.status === 'fulfilled') expect(outcome.value).toBe(value(i))
    else expect(outcome.reason).toMatchObject({ message: expect.stringMatching(/closed/) as string })
  })
})
