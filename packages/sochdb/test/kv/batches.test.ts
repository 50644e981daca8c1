import fc from 'fast-check'

import { ErrorCode, ValidationError } from 'sochdb'
import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { thrownBy } from '../support/temporary.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const fill = (rows: number, value = 'v') =>
  db.putBatch(Array.from({ length: rows }, (_, i) => [`k:${String(i).padStart(6, '0')}`, `${value}${i}`] as const))
const keys = (rows: Iterable<[Buffer, Buffer]>) => [...rows].map(([key]) => key.toString())
const texts = (rows: Iterable<[Buffer, Buffer]>) =>
  Array.from(rows, ([key, value]) => `${key.toString()}=${value.toString('latin1')}`).join('\n')

test('a stream yields arrays of the size asked for, and a last one with the rest', () => {
  fill(2500)
  const sizes = [...db.scanStream('k:', { batchSize: 1000 })].map(rows => rows.length)
  expect(sizes).toEqual([1000, 1000, 500])
  expect([...db.scanStream('k:')].map(rows => rows.length)).toEqual([1000, 1000, 500])
  expect([...db.scanStream('k:', { batchSize: 2500 })].map(rows => rows.length)).toEqual([2500])
  expect([...db.scanStream('none:')]).toEqual([])
})

test('batches, streams and scans give the same rows, under every option', () => {
  fc.assert(
    fc.property(
      fc.record({
        rows: fc.nat(300),
        batchSize: fc.integer({ min: 1, max: 400 }),
        reverse: fc.boolean(),
        keysOnly: fc.boolean(),
        limit: fc.option(fc.nat(400), { nil: undefined }),
        valueBytes: fc.constantFrom(0, 10, 5000),
      }),
      ({ rows, batchSize, valueBytes, ...options }) => {
        using store = openTestDatabase()
        store.putBatch(Array.from({ length: rows }, (_, i) => [`k:${i}`, Buffer.alloc(valueBytes, i)] as const))
        const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
        const expected = texts(store.scanPrefix('k:', given))
        expect(texts(store.scanBatched('k:', { batchSize, ...given }))).toBe(expected)
        const stream = [...store.scanStream('k:', { batchSize, ...given })]
        expect(texts(stream.flat())).toBe(expected)
        expect(stream.slice(0, -1).every(batch => batch.length === batchSize)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

test('a stream that breaks or throws gives its snapshot back', () => {
  fill(5000)
  for (const batch of db.scanStream('k:', { batchSize: 10 })) {
    expect(db.stats().activeSnapshots).toBeGreaterThan(0)
    expect(batch).toHaveLength(10)
    break
  }
  expect(db.stats().activeSnapshots).toBe(0)
  expect(() => {
    for (const batch of db.scanStream('k:', { batchSize: 10 })) throw new Error(String(batch.length))
  }).toThrow('10')
  expect(db.stats().activeSnapshots).toBe(0)
  for (const row of db.scanBatched('k:', { batchSize: 10 })) {
    void row
    break
  }
  expect(db.stats().activeSnapshots).toBe(0)
})

test('nothing is read before iteration begins, and each iteration scans anew', () => {
  const rows = db.scanStream('k:', { batchSize: 2 })
  fill(3)
  expect([...rows].map(batch => batch.length)).toEqual([2, 1])
  db.delete('k:000000')
  expect([...rows].map(batch => batch.length)).toEqual([2])
})

test('short prefixes and bad sizes are refused at the call', () => {
  for (const call of ['scanBatched', 'scanStream'] as const) {
    expect(() => db[call]('k')).toThrow(ValidationError)
    for (const batchSize of [0, -1, 1.5, 100_001, '10', NaN]) {
      expect(() => db[call]('k:', { batchSize } as never)).toThrow(ValidationError)
    }
    expect(() => db[call]('k:', { size: 5 } as never)).toThrow(/no option "size"/)
  }
  expect(() => db.scanPrefix('k:', { batchSize: 5 } as never)).toThrow(/no option "batchSize"/)
})

test('scan takes a prefix of any length, or none', () => {
  db.putBatch(['a', 'ab', 'b'].map(key => [key, '1']))
  expect(keys(db.scan())).toEqual(['a', 'ab', 'b'])
  expect(keys(db.scan('a', { reverse: true }))).toEqual(['ab', 'a'])
})

test('ten thousand iterators stand open side by side, each on its own snapshot', () => {
  fill(100)
  const open = Array.from({ length: 10_000 }, (_, i) => {
    const iterator = db.scanPrefix('k:')[Symbol.iterator]()
    for (let row = 0; row <= i % 33; row++) iterator.next()
    return iterator
  })
  expect(db.stats().activeSnapshots).toBeGreaterThanOrEqual(10_000)
  db.delete('k:000099')
  for (const iterator of open) {
    let last = ''
    for (let row = iterator.next(); row.done !== true; row = iterator.next()) last = row.value[0].toString()
    expect(last).toBe('k:000099')
  }
  expect(db.stats().activeSnapshots).toBe(0)
})

test('more iterators than may be open are refused, and finished ones make room', () => {
  fill(100)
  const limit = 2 ** 16
  const open: Iterator<[Buffer, Buffer]>[] = []
  const txn = db.beginTransaction({ isolation: 'snapshot' })
  const error = thrownBy(() => {
    for (let i = 0; i <= limit; i++) {
      const iterator = txn.scanPrefix('k:')[Symbol.iterator]()
      iterator.next()
      open.push(iterator)
    }
  })
  expect(error).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED, details: { limit } })
  open.pop()!.return!()
  expect(txn.scanPrefix('k:')[Symbol.iterator]().next().done).toBe(false)
  txn.abort()
})
