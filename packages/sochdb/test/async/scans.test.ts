import { AsyncDatabase, QueryTimeoutError } from 'sochdb'

import { rejection } from '../conformance/faces.js'

describe('scans by promise', () => {
  let db: AsyncDatabase
  beforeAll(async () => {
    db = await AsyncDatabase.open(':memory:')
    await db.putBatch(Array.from({ length: 10_000 }, (_, i) => [`k:${String(i).padStart(5, '0')}`, `v${i}`] as const))
  })
  afterAll(() => db.close())

  test('scanStream yields arrays of batchSize', async () => {
    const sizes: number[] = []
    for await (const batch of db.scanStream('k:', { batchSize: 3000 })) sizes.push(batch.length)
    expect(sizes).toEqual([3000, 3000, 3000, 1000])
    const limited: number[] = []
    for await (const batch of db.scanStream('k:', { batchSize: 64, limit: 128 })) limited.push(batch.length)
    expect(limited).toEqual([64, 64])
  })

  test('scanBatched yields rows', async () => {
    let last = ''
    for await (const [key] of db.scanBatched('k:', { batchSize: 7, limit: 100, reverse: true })) last = key.toString()
    expect(last).toBe('k:09900')
  })

  test('leaving early, throwing and aborting release the snapshot', async () => {
    for await (const row of db.scanPrefix('k:')) {
      expect(row.length).toBe(2)
      break
    }
    await rejection(
      (async () => {
        for await (const row of db.scanPrefix('k:')) throw new Error(row[0].toString())
      })(),
    )
    const controller = new AbortController()
    const reason = new Error('stop')
    let rows = 0
    const aborted = (async () => {
      for await (const row of db.scanPrefix('k:', { signal: controller.signal })) {
        if (row && ++rows === 1000) controller.abort(reason)
      }
    })()
    expect(await rejection(aborted)).toBe(reason)
    expect(rows).toBeLessThan(10_000)
    expect((await db.stats()).activeSnapshots).toBe(0)
  })

  test('it can be iterated again, and by two at once', async () => {
    const scan = db.scanPrefix('k:', { limit: 2000 })
    const count = async (): Promise<number> => {
      let n = 0
      for await (const row of scan) n += row.length / 2
      return n
    }
    expect(await Promise.all([count(), count()])).toEqual([2000, 2000])
    expect(await count()).toBe(2000)
  })

  test('next may be called without waiting for the one before', async () => {
    const iterator = db.scanPrefix('k:')[Symbol.asyncIterator]()
    const rows = await Promise.all(Array.from({ length: 200 }, () => iterator.next()))
    expect(rows.map(row => (row.value as [Buffer, Buffer])[0].toString())).toEqual(
      Array.from({ length: 200 }, (_, i) => `k:${String(i).padStart(5, '0')}`),
    )
    await iterator.return?.()
    expect((await db.stats()).activeSnapshots).toBe(0)
  })

  test('a scan in a transaction goes on while the transaction writes', async () => {
    await db.transaction(async txn => {
      let n = 0
      for await (const [key] of txn.scanPrefix('k:', { limit: 500 })) {
        await txn.put(`copy:${key.toString()}`, 'x')
        n++
      }
      expect(n).toBe(500)
      let copies = 0
      for await (const row of txn.scanPrefix('copy:')) copies += row.length / 2
      expect(copies).toBe(500)
      await txn.abort()
    })
  })

  test('rows larger than a batch come through', async () => {
    const large = Buffer.alloc(700_000, 1)
    await db.putBatch([
      ['large:1', large],
      ['large:2', Buffer.alloc(5 * 1024 * 1024, 2)],
      ['large:3', 'small'],
    ])
    const sizes: number[] = []
    for await (const [, value] of db.scanPrefix('large:')) sizes.push(value.length)
    expect(sizes).toEqual([700_000, 5 * 1024 * 1024, 5])
  })

  test('getMany takes a signal and a time limit', async () => {
    const keys = Array.from({ length: 10_000 }, (_, i) => `k:${String(i).padStart(5, '0')}`)
    expect((await db.getMany(keys, { timeoutMs: 60_000 })).length).toBe(10_000)
    const controller = new AbortController()
    const reading = db.getMany(keys, { signal: controller.signal })
    controller.abort()
    const outcome = await reading.then(
      () => 'done',
      error => (error as Error).name,
    )
    expect(['done', 'AbortError']).toContain(outcome)
    expect(await rejection(db.getMany(keys, { signal: controller.signal }))).toMatchObject({ name: 'AbortError' })
    expect(QueryTimeoutError).toBeDefined()
  })
})
