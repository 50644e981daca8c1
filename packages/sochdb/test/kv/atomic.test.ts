import { Database, ErrorCode, TransactionConflictError, ValidationError } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('putIfAbsent', () => {
  test('the first to come writes, all others are told that they did not', () => {
    expect(db.putIfAbsent('lock', 'a')).toBe(true)
    expect(db.putIfAbsent('lock', 'b')).toBe(false)
    expect(db.getString('lock')).toBe('a')
  })

  test('an empty value is a value, a deleted or expired one is none', async () => {
    db.put('k', '')
    expect(db.putIfAbsent('k', 'x')).toBe(false)
    db.delete('k')
    expect(db.putIfAbsent('k', 'x', { ttlSeconds: 0.001 })).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(db.putIfAbsent('k', 'y')).toBe(true)
    expect(db.getString('k')).toBe('y')
  })
})

describe('compareAndSet', () => {
  test('writes where the value is the expected one, and nowhere else', () => {
    expect(db.compareAndSet('k', 'old', 'new')).toBe(false)
    expect(db.exists('k')).toBe(false)
    expect(db.compareAndSet('k', undefined, 'old')).toBe(true)
    expect(db.compareAndSet('k', undefined, 'other')).toBe(false)
    expect(db.compareAndSet('k', 'ol', 'other')).toBe(false)
    expect(db.compareAndSet('k', Buffer.from('old'), 'new')).toBe(true)
    expect(db.getString('k')).toBe('new')
  })

  test('an empty value is not the absence of one', () => {
    expect(db.compareAndSet('k', '', 'x')).toBe(false)
    db.put('k', '')
    expect(db.compareAndSet('k', undefined, 'x')).toBe(false)
    expect(db.compareAndSet('k', '', 'x')).toBe(true)
  })

  test('large values are compared whole', () => {
    const large = Buffer.alloc(3_000_000, 7)
    db.put('k', large)
    const other = Buffer.from(large)
    other[2_999_999] = 8
    expect(db.compareAndSet('k', other, 'x')).toBe(false)
    expect(db.compareAndSet('k', large, other)).toBe(true)
    expect(db.get('k')?.equals(other)).toBe(true)
  })

  test('bad arguments are refused and leave no trace', () => {
    for (const bad of [null, 5, {}, []]) {
      expect(() => db.compareAndSet('k', bad as never, 'x')).toThrow(ValidationError)
      expect(() => db.compareAndSet('k', undefined, bad as never)).toThrow(ValidationError)
      expect(() => db.putIfAbsent(bad as never, 'x')).toThrow(ValidationError)
    }
    expect(() => db.putIfAbsent('k', 'x', { ttl: 5 } as never)).toThrow(/no option "ttl"/)
    expect(() => db.putIfAbsent('k', 'x', { ttlSeconds: -1 })).toThrow(ValidationError)
    expect([...db.scan()]).toEqual([])
  })
})

describe('increment', () => {
  test('counts from 0, up and down, and returns the new value', () => {
    expect(db.increment('n')).toBe(1n)
    expect(db.increment('n', 41)).toBe(42n)
    expect(db.increment('n', -50n)).toBe(-8n)
    expect(db.getString('n')).toBe('-8')
    db.put('n', '100')
    expect(db.increment('n', 0)).toBe(100n)
  })

  test('reaches both ends of 64 bits, and refuses to pass them', () => {
    const max = 2n ** 63n - 1n
    const min = -(2n ** 63n)
    expect(db.increment('max', max)).toBe(max)
    expect(db.increment('min', min)).toBe(min)
    for (const [key, by] of [
      ['max', 1n],
      ['min', -1n],
      ['min', min],
    ] as const) {
      const before = db.getString(key)
      expect(thrownBy(() => db.increment(key, by))).toMatchObject({
        code: ErrorCode.VALIDATION,
        details: { reason: 'overflow' },
      })
      expect(db.getString(key)).toBe(before)
    }
    expect(db.increment('max', min)).toBe(-1n)
  })

  test('a value that is no whole number is refused, and stays', () => {
    for (const value of ['', 'x', '1.5', '007', '+1', '-0', ' 1', '1 ', '1e3', '9223372036854775808', '0x10', '１']) {
      db.put('n', value)
      expect(thrownBy(() => db.increment('n'))).toMatchObject({ details: { reason: 'notANumber' } })
      expect(db.getString('n')).toBe(value)
    }
  })

  test('a step that is no whole number of 64 bits is refused', () => {
    for (const by of [0.5, NaN, Infinity, 2 ** 53, '1', null, {}, 2n ** 63n, -(2n ** 63n) - 1n]) {
      expect(() => db.increment('n', by as never)).toThrow(ValidationError)
    }
    expect(db.exists('n')).toBe(false)
  })

  test('a counter keeps its expiry: the time to live is for one that is made', async () => {
    db.increment('n', 1, { ttlSeconds: 0.02 })
    db.increment('n', 1, { ttlSeconds: 1000 })
    db.increment('n')
    await new Promise(resolve => setTimeout(resolve, 40))
    expect(db.increment('n')).toBe(1n)
  })
})

describe('in transactions', () => {
  test('they see the own writes, and roll back with them', () => {
    expect(() =>
      db.transaction(txn => {
        txn.put('k', 'mine')
        expect(txn.putIfAbsent('k', 'x')).toBe(false)
        expect(txn.compareAndSet('k', 'mine', 'still mine')).toBe(true)
        expect(txn.increment('n', 5)).toBe(5n)
        expect(txn.increment('n')).toBe(6n)
        throw new Error('back')
      }),
    ).toThrow('back')
    expect([...db.scan()]).toEqual([])
  })

  test('one that fails leaves what the transaction wrote before', () => {
    db.transaction(txn => {
      txn.put('n', 'text')
      expect(() => txn.increment('n')).toThrow(ValidationError)
    })
    expect(db.getString('n')).toBe('text')
  })

  test.each(['serializable', 'snapshot', 'readCommitted'] as const)(
    'two that decide on the same key conflict: %s',
    isolation => {
      const decisions = [
        (txn: ReturnType<typeof db.beginTransaction>) => txn.increment('n'),
        (txn: ReturnType<typeof db.beginTransaction>) => txn.putIfAbsent('lock', 'me'),
        (txn: ReturnType<typeof db.beginTransaction>) => txn.compareAndSet('state', 'open', 'taken'),
      ]
      db.put('state', 'open')
      for (const decide of decisions) {
        const [a, b] = [db.beginTransaction({ isolation }), db.beginTransaction({ isolation })]
        decide(a)
        decide(b)
        a.commit()
        expect(() => b.commit()).toThrow(TransactionConflictError)
      }
      expect(db.getString('n')).toBe('1')
    },
  )

  test('an answer that nothing was written by is validated too', () => {
    db.put('lock', 'taken')
    const txn = db.beginTransaction({ isolation: 'readCommitted' })
    expect(txn.putIfAbsent('lock', 'me')).toBe(false)
    txn.put('told', 'it is taken')
    db.delete('lock')
    expect(() => txn.commit()).toThrow(TransactionConflictError)
  })

  test('a database inside its own synchronous transaction is refused', () => {
    db.transaction(() => {
      expect(() => db.increment('n')).toThrow(/only txn may write/)
      expect(() => db.putIfAbsent('n', '1')).toThrow(/only txn may write/)
    })
  })
})

test('counters and locks survive reopening', () => {
  const path = directory('reopened')
  const first = Database.open(path)
  first.increment('n', 7)
  first.putIfAbsent('lock', 'held')
  first.close()
  using second = Database.open(path)
  expect(second.increment('n')).toBe(8n)
  expect(second.putIfAbsent('lock', 'mine')).toBe(false)
})

test('a batch with a time to live expires as a whole', async () => {
  db.putBatch(
    [
      ['a', '1'],
      ['b', '2'],
    ],
    { ttlSeconds: 0.005 },
  )
  expect(db.getMany(['a', 'b']).map(String)).toEqual(['1', '2'])
  await new Promise(resolve => setTimeout(resolve, 15))
  expect(db.getMany(['a', 'b'])).toEqual([undefined, undefined])
  expect(() => db.putBatch([], { ttlSeconds: NaN })).toThrow(ValidationError)
})

test('a snapshot and a read-only database refuse', () => {
  using snapshot = db.snapshot()
  expect('increment' in snapshot).toBe(false)
  const path = directory('read-only')
  Database.open(path).close()
  using readOnly = Database.open(path, { readOnly: true })
  for (const write of [() => readOnly.increment('n'), () => readOnly.putIfAbsent('k', 'v')]) {
    expect(thrownBy(write)).toMatchObject({ code: ErrorCode.READ_ONLY })
  }
})
