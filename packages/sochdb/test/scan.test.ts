import fc from 'fast-check'

import { TransactionError, ValidationError } from 'sochdb'
import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { thrownBy } from './support/temporary.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const keys = (rows: Iterable<[Buffer, Buffer]>) => [...rows].map(([key]) => key.toString())

describe('ranges', () => {
  beforeEach(() => db.putBatch(['a:1', 'a:2', 'a:3', 'b:1', 'b:2', 'c'].map(key => [key, `value of ${key}`] as const)))

  test('a prefix yields its rows in key order, with their values', () => {
    const rows = [...db.scanPrefix('a:')].map(([key, value]) => [key.toString(), value.toString()])
    expect(rows).toEqual([
      ['a:1', 'value of a:1'],
      ['a:2', 'value of a:2'],
      ['a:3', 'value of a:3'],
    ])
  })

  test('reverse, limit and keysOnly do what they say', () => {
    expect(keys(db.scanPrefix('a:', { reverse: true }))).toEqual(['a:3', 'a:2', 'a:1'])
    expect(keys(db.scanPrefix('a:', { limit: 2 }))).toEqual(['a:1', 'a:2'])
    expect(keys(db.scanPrefix('a:', { reverse: true, limit: 1 }))).toEqual(['a:3'])
    expect(keys(db.scanPrefix('a:', { limit: 0 }))).toEqual([])
    expect([...db.scanPrefix('a:', { keysOnly: true })].map(([key, value]) => [key.toString(), value.length])).toEqual([
      ['a:1', 0],
      ['a:2', 0],
      ['a:3', 0],
    ])
  })

  test('a range is [start, end), and an empty end is open', () => {
    expect(keys(db.scanRange('a:2', 'b:2'))).toEqual(['a:2', 'a:3', 'b:1'])
    expect(keys(db.scanRange('b:2', ''))).toEqual(['b:2', 'c'])
    expect(keys(db.scanRange('', ''))).toHaveLength(6)
    expect(keys(db.scanRange('b', 'a'))).toEqual([])
    expect(keys(db.scanRange('a:2', 'a:2'))).toEqual([])
    expect(keys(db.scanRange('a:2', 'b:2', { reverse: true, limit: 2 }))).toEqual(['b:1', 'a:3'])
  })

  test('a prefix of less than 2 bytes is refused, unless asked for by name', () => {
    for (const prefix of ['', 'a', Buffer.from('a')]) {
      expect(() => db.scanPrefix(prefix)).toThrow(ValidationError)
    }
    expect(keys(db.scanPrefixUnchecked('a'))).toHaveLength(3)
    expect(keys(db.scanPrefixUnchecked(''))).toHaveLength(6)
    expect(keys(db.scanPrefix('ä'))).toEqual([])
  })

  test('bad arguments are refused at the call, before anything is iterated', () => {
    for (const bad of [undefined, null, 5, {}, []]) {
      expect(() => db.scanPrefix(bad as never)).toThrow(ValidationError)
      expect(() => db.scanRange('a', bad as never)).toThrow(ValidationError)
      expect(() => db.scanRange(bad as never, 'b')).toThrow(ValidationError)
    }
    const options = [
      { limit: -1 },
      { limit: 1.5 },
      { limit: '5' },
      { reverse: 1 },
      { keysOnly: 'no' },
      { size: 5 },
      5,
      'x',
    ]
    for (const bad of options) expect(() => db.scanPrefix('a:', bad as never)).toThrow(ValidationError)
  })

  test('a prefix of 0xff bytes ends where keys end', () => {
    const high = Buffer.from([0xff, 0xff])
    db.put(high, '1')
    db.put(Buffer.from([0xff, 0xff, 0x01]), '2')
    db.put(Buffer.from([0xff, 0xfe]), '0')
    expect([...db.scanPrefix(high)].map(([, value]) => value.toString())).toEqual(['1', '2'])
    expect([...db.scanPrefix(high, { reverse: true })].map(([, value]) => value.toString())).toEqual(['2', '1'])
  })
})

describe('iteration', () => {
  const fill = (count: number, size = 10) =>
    db.putBatch(Array.from({ length: count }, (_, i) => [`k${String(i).padStart(6, '0')}`, 'v'.repeat(size)] as const))

  test('a scan reads one snapshot: what is written meanwhile does not show', () => {
    fill(3000)
    let seen = 0
    for (const [key] of db.scanPrefixUnchecked('k')) {
      db.delete('k002999')
      db.put(`${key.toString()}x`, 'new')
      seen++
    }
    expect(seen).toBe(3000)
    expect(keys(db.scanPrefixUnchecked('k'))).toHaveLength(5999)
  })

  test('an iterable can be iterated again, and sees the newer state', () => {
    fill(3)
    const scan = db.scanPrefixUnchecked('k')
    expect([...scan]).toHaveLength(3)
    db.put('k9', '1')
    expect([...scan]).toHaveLength(4)
  })

  test('rows of every size come through, from empty to larger than a batch', () => {
    const sizes = [0, 1, 100, 5000, 200_000, 3, 1_500_000, 7]
    db.putBatch(sizes.map((size, i) => [`s${i}`, Buffer.alloc(size, i)] as const))
    expect([...db.scanPrefixUnchecked('s')].map(([, value]) => value.length)).toEqual(sizes)
    expect([...db.scanPrefixUnchecked('s', { reverse: true })].map(([, value]) => value.length)).toEqual(
      sizes.reverse(),
    )
  })

  test.each([1, 999, 1000, 1001, 2500, 5000, 6000])('a limit of %d is exact over many batches', limit => {
    fill(5000, 100)
    const rows = keys(db.scanPrefixUnchecked('k', { limit }))
    expect(rows).toHaveLength(Math.min(limit, 5000))
    expect(rows).toEqual([...rows].sort())
  })

  test('ending, breaking and throwing each release the snapshot', () => {
    fill(5000)
    const idle = db.stats().activeSnapshots
    for (const row of db.scanPrefixUnchecked('k')) expect(row).toHaveLength(2)
    expect(db.stats().activeSnapshots).toBe(idle)
    for (const row of db.scanPrefixUnchecked('k')) {
      expect(row).toHaveLength(2)
      expect(db.stats().activeSnapshots).toBeGreaterThan(idle)
      break
    }
    expect(db.stats().activeSnapshots).toBe(idle)
    expect(() => {
      for (const row of db.scanPrefixUnchecked('k')) throw new RangeError(String(row.length))
    }).toThrow(RangeError)
    expect(db.stats().activeSnapshots).toBe(idle)
    const [first] = db.scanPrefixUnchecked('k', { limit: 5 })
    expect(first).toBeDefined()
    expect(db.stats().activeSnapshots).toBe(idle)
  })

  test('a scan that is never iterated holds nothing', () => {
    const idle = db.stats().activeSnapshots
    db.scanPrefixUnchecked('')
    expect(db.stats().activeSnapshots).toBe(idle)
  })

  test('an iterator that has ended stays ended', () => {
    fill(2)
    const iterator = db.scanPrefixUnchecked('k')[Symbol.iterator]()
    iterator.next()
    iterator.return?.()
    expect(iterator.next()).toEqual({ done: true, value: undefined })
    expect(iterator.return?.()).toEqual({ done: true, value: undefined })
  })

  test('closing the database ends its iterations with an error', () => {
    const other = openTestDatabase()
    other.putBatch(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 'v'.repeat(50)] as const))
    const iterator = other.scanPrefixUnchecked('k')[Symbol.iterator]()
    iterator.next()
    other.close()
    expect(() => {
      for (let i = 0; i < 5000; i++) iterator.next()
    }).toThrow(/closed/)
    expect(iterator.next().done).toBe(true)
  })

  test('a transaction that ends takes its iterations with it', () => {
    fill(5000)
    const txn = db.beginTransaction()
    const iterator = txn.scanPrefixUnchecked('k')[Symbol.iterator]()
    iterator.next()
    txn.commit()
    const error = thrownBy(() => {
      for (let i = 0; i < 5000; i++) iterator.next()
    })
    expect(error).toBeInstanceOf(TransactionError)
  })

  test('a scan of a transaction sees its own writes of before, and none of after', () => {
    db.putBatch([
      ['k1', 'old'],
      ['k2', 'old'],
      ['k3', 'old'],
    ])
    db.transaction(txn => {
      txn.put('k2', 'new')
      txn.delete('k3')
      txn.put('k4', 'new')
      const rows: string[] = []
      for (const [key, value] of txn.scanPrefixUnchecked('k')) {
        rows.push(`${key.toString()}=${value.toString()}`)
        txn.put('k5', 'late')
        txn.delete('k4')
      }
      expect(rows).toEqual(['k1=old', 'k2=new', 'k4=new'])
      expect(keys(txn.scanPrefixUnchecked('k', { reverse: true }))).toEqual(['k5', 'k2', 'k1'])
    })
  })
})

test('reads agree with a sorted map, whatever was written', () => {
  const key = fc.uint8Array({ maxLength: 3, max: 3 }).map(bytes => Buffer.from(bytes))
  const change = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 20 }) }),
    fc.record({ kind: fc.constant('delete' as const), key }),
  )
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 60 }),
      key,
      key,
      fc.boolean(),
      fc.nat(20),
      (changes, start, end, reverse, limit) => {
        const database = openTestDatabase()
        const model = new Map<string, string>()
        const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
        for (const one of changes) {
          if (one.kind === 'put') {
            database.put(one.key, one.value)
            model.set(hex(one.key), hex(one.value))
          } else {
            database.delete(one.key)
            model.delete(hex(one.key))
          }
        }
        const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1))
        const expected = (keep: (key: string) => boolean) => {
          const rows = sorted.filter(([name]) => keep(name))
          return (reverse ? rows.reverse() : rows).slice(0, limit)
        }
        const found = (rows: Iterable<[Buffer, Buffer]>) => [...rows].map(([name, value]) => [hex(name), hex(value)])
        const options = { reverse, limit }
        const from = hex(start)
        const to = hex(end)
        expect(found(database.scanRange(start, end, options))).toEqual(
          expected(name => name >= from && (to === '' || name < to)),
        )
        expect(found(database.scanPrefixUnchecked(start, options))).toEqual(expected(name => name.startsWith(from)))
        expect(database.getBatch(sorted.map(([name]) => Buffer.from(name, 'hex'))).map(v => hex(v as Buffer))).toEqual(
          sorted.map(([, value]) => value),
        )
        database.close()
      },
    ),
    { numRuns: 150 },
  )
})
