import assert from 'node:assert'

import { Database, DatabaseError, ErrorCode, ValidationError } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory, thrownBy } from './support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const text = (value: Buffer | undefined) => value?.toString()

describe('single keys', () => {
  test('a value comes back as the bytes that were put, whatever mix of strings and bytes was used', () => {
    db.put('a', 'ä€😀')
    db.put(Buffer.from('b'), new Uint8Array([0, 255, 128]))
    expect(text(db.get(new Uint8Array([0x61])))).toBe('ä€😀')
    expect(db.getString('a')).toBe('ä€😀')
    expect(db.get('b')).toStrictEqual(Buffer.from([0, 255, 128]))
  })

  test('a value is a Buffer that nothing tells from one of Node', () => {
    db.put('a', 'hello')
    const value = db.get('a')
    expect(Buffer.isBuffer(value)).toBe(true)
    assert.deepStrictEqual(value, Buffer.from('hello'))
    expect(value?.toString('base64')).toBe('aGVsbG8=')
    expect(JSON.stringify(value)).toBe(JSON.stringify(Buffer.from('hello')))
  })

  test('a missing key is undefined, and an empty value is a value', () => {
    db.put('empty', '')
    expect(db.get('missing')).toBeUndefined()
    expect(db.getString('missing')).toBeUndefined()
    expect(db.get('empty')).toStrictEqual(Buffer.alloc(0))
    expect(db.getString('empty')).toBe('')
    expect(db.exists('empty')).toBe(true)
    expect(db.exists('missing')).toBe(false)
  })

  test('the empty key is a key like any other', () => {
    db.put('', 'nothing')
    expect(db.getString('')).toBe('nothing')
    db.delete('')
    expect(db.exists('')).toBe(false)
  })

  test('a delete removes, and is harmless where there is nothing', () => {
    db.put('a', '1')
    db.delete('a')
    db.delete('a')
    expect(db.get('a')).toBeUndefined()
  })

  test('a value once read never changes, however much is read and written afterwards', () => {
    db.put('a', 'first')
    const kept = db.get('a')
    db.put('a', 'second')
    for (let i = 0; i < 5000; i++) db.get('a')
    expect(text(kept)).toBe('first')
  })

  test('what the caller does to its array after put changes nothing', () => {
    const value = Buffer.from('original')
    const key = Buffer.from('k')
    db.put(key, value)
    value.fill(0)
    key.fill(0)
    expect(db.getString('k')).toBe('original')
  })

  test.each([1, 7, 8, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 1_048_577, 5_000_000])(
    'a value of %d bytes comes back whole',
    size => {
      const value = Buffer.alloc(size)
      for (let i = 0; i < size; i += 997) value[i] = i
      db.put('before', 'x')
      db.put('value', value)
      expect(db.get('value')?.equals(value)).toBe(true)
      expect(db.getBatch(['before', 'value', 'none']).map(v => v?.length)).toEqual([1, size, undefined])
    },
  )

  test('long keys and strings of every width come back', () => {
    for (const unit of ['k', 'ä', '€', '😀']) {
      for (const count of [60, 127, 128, 129, 170, 508, 512, 4000]) {
        const key = unit.repeat(count)
        db.put(key, key)
        expect(db.getString(key)).toBe(key)
        expect(text(db.get(Buffer.from(key)))).toBe(key)
        expect(db.getBatch([key]).map(text)).toEqual([key])
      }
    }
  })

  test('the longest key is taken, a longer one is refused and leaves no trace', () => {
    const longest = 'k'.repeat(65_536)
    db.put(longest, '1')
    expect(db.getString(longest)).toBe('1')
    for (const tooLong of ['k'.repeat(65_537), Buffer.alloc(70_000, 'k'), 'ä'.repeat(40_000)]) {
      expect(() => db.put(tooLong, '1')).toThrow(/key is \d+ bytes long; the limit is 65536/)
      expect(() => db.get(tooLong)).toThrow(ValidationError)
      expect(() =>
        db.putBatch([
          ['ok', '1'],
          [tooLong, '1'],
        ]),
      ).toThrow(ValidationError)
    }
    expect([...db.scanPrefixUnchecked('')]).toHaveLength(1)
  })

  test('bytes of a SharedArrayBuffer and of a part of a larger array are taken as they are', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(7)
    db.put('shared', shared)
    db.put(shared.subarray(0, 3), Buffer.from('xxabcxx').subarray(2, 5))
    expect(db.get('shared')?.length).toBe(100_000)
    expect(db.getString(Buffer.from([7, 7, 7]))).toBe('abc')
  })

  test('a transferred array is refused by name', () => {
    const gone = new Uint8Array([1, 2, 3])
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    expect(() => db.put('a', gone)).toThrow(/value is detached/)
    expect(() => db.get(gone)).toThrow(/key is detached/)
    expect(() => db.putBatch([['a', gone]])).toThrow(ValidationError)
    expect(db.exists('a')).toBe(false)
  })

  test('memory that a reader takes away harms later reads in no way', () => {
    db.put('a', '1')
    const view = db.get('a')
    const buffer = view?.buffer as ArrayBuffer & { transfer?: () => ArrayBuffer }
    try {
      if (buffer.transfer === undefined) structuredClone(buffer, { transfer: [buffer] })
      else buffer.transfer()
    } catch {
      // It may be marked as untransferable.
    }
    for (let i = 0; i < 100; i++) expect(db.getString('a')).toBe('1')
    for (let i = 0; i < 100; i++) expect(text(db.get('a'))).toBe('1')
  })

  test('wrong types are named, and say what is taken', () => {
    for (const bad of [
      undefined,
      null,
      1,
      1n,
      true,
      {},
      [],
      Symbol('s'),
      new Date(),
      new ArrayBuffer(1),
      new Int32Array(1),
    ]) {
      const error = thrownBy(() => db.put(bad as never, 'v'))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(/^key must be a string or a Uint8Array; this one is /)
      expect(() => db.put('k', bad as never)).toThrow(/^value must be a string or a Uint8Array/)
      expect(() => db.get(bad as never)).toThrow(ValidationError)
      expect(() => db.delete(bad as never)).toThrow(ValidationError)
    }
    expect(db.exists('k')).toBe(false)
  })
})

describe('expiry', () => {
  /** Runs the clock past a time by waiting for it: the engine's clock is the machine's. */
  const waitUntil = (time: number) => {
    while (Date.now() <= time) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }

  test('an expired key is absent from every read, and a snapshot judges by its own time', () => {
    db.put('kept', '1', { ttlSeconds: 3600 })
    db.put('stays', '1', { ttlSeconds: 0 })
    db.put('gone', '1', { ttlSeconds: 0.02 })
    const until = Date.now() + 30
    const snapshot = db.snapshot()
    const seen = snapshot.exists('gone')
    waitUntil(until)
    expect(db.get('gone')).toBeUndefined()
    expect(db.getString('gone')).toBeUndefined()
    expect(db.exists('gone')).toBe(false)
    expect(db.getBatch(['kept', 'stays', 'gone']).map(v => v?.length)).toEqual([1, 1, undefined])
    expect([...db.scanPrefixUnchecked('')].map(([key]) => text(key))).toEqual(['kept', 'stays'])
    expect(snapshot.exists('gone')).toBe(seen)
    snapshot.close()
  })

  test('writing a key again without expiry keeps it', () => {
    db.put('a', '1', { ttlSeconds: 0.005 })
    db.put('a', '2')
    waitUntil(Date.now() + 10)
    expect(db.getString('a')).toBe('2')
  })

  test('a ttl that is negative, not finite, or of another type is refused', () => {
    for (const ttlSeconds of [-1, NaN, Infinity, 1e300, '5', null, 5n]) {
      expect(() => db.put('a', '1', { ttlSeconds: ttlSeconds as number })).toThrow(/ttlSeconds/)
    }
    expect(() => db.put('a', '1', { ttl: 5 } as never)).toThrow(/has no option "ttl"/)
    expect(db.exists('a')).toBe(false)
  })
})

describe('batches', () => {
  test('getBatch keeps order, with undefined where there is nothing', () => {
    db.putBatch([
      ['a', '1'],
      ['b', ''],
      [Buffer.from('c'), Buffer.from('3')],
    ])
    expect(db.getBatch(['c', 'x', 'a', 'b', 'a']).map(text)).toEqual(['3', undefined, '1', '', '1'])
    expect(db.getBatch([])).toEqual([])
  })

  test('any iterable is a batch: a Map, a Set, a generator', () => {
    db.putBatch(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
    db.putBatch(
      (function* () {
        for (let i = 0; i < 3; i++) yield [`g${i}`, String(i)] as [string, string]
      })(),
    )
    expect(db.getBatch(new Set(['a', 'g2'])).map(text)).toEqual(['1', '2'])
    db.deleteBatch(new Set(['a', 'g0', 'not there']))
    expect([...db.scanPrefixUnchecked('')].map(([key]) => text(key))).toEqual(['b', 'g1', 'g2'])
  })

  test('the later of two values for a key in one batch is kept', () => {
    db.putBatch([
      ['a', '1'],
      ['a', '2'],
    ])
    expect(db.getString('a')).toBe('2')
  })

  test('a batch with a bad entry writes nothing', () => {
    const bad: unknown[] = [['a'], ['a', '1', '2'], 'ab', ['a', 1], [1, 'a'], null, {}]
    for (const entry of bad) expect(() => db.putBatch([['ok', '1'], entry] as never)).toThrow(ValidationError)
    for (const batch of [undefined, null, 5, 'text', {}]) {
      expect(() => db.putBatch(batch as never)).toThrow(/entries must be an iterable of \[key, value\] pairs/)
      expect(() => db.getBatch(batch as never)).toThrow(/keys must be an iterable of keys/)
      expect(() => db.deleteBatch(batch as never)).toThrow(ValidationError)
    }
    expect([...db.scanPrefixUnchecked('')]).toEqual([])
  })

  test('an iterable that throws writes nothing, and its error comes through', () => {
    const failing = (function* () {
      yield ['a', '1'] as [string, string]
      throw new RangeError('mine')
    })()
    expect(() => db.putBatch(failing)).toThrow(new RangeError('mine'))
    expect(db.exists('a')).toBe(false)
  })

  test('an iterable may use the database, batches included', () => {
    db.putBatch(
      (function* () {
        db.putBatch([['inner', '1']])
        yield ['outer', db.getString('inner') ?? 'none'] as [string, string]
        yield ['batch', String(db.getBatch(['inner']).length)] as [string, string]
      })(),
    )
    expect(db.getBatch(['inner', 'outer', 'batch']).map(text)).toEqual(['1', '1', '1'])
  })

  test('an iterable that closes the database meanwhile gets an error', () => {
    const other = openTestDatabase()
    const closing = (function* () {
      yield ['a', '1'] as [string, string]
      other.close()
    })()
    expect(thrownBy(() => other.putBatch(closing)).code).toBe(ErrorCode.DATABASE_CLOSED)
  })

  test('ten thousand entries of every size go in and come out', () => {
    const entries = Array.from({ length: 10_000 }, (_, i) => [`key:${i}`, 'v'.repeat(i % 300)] as [string, string])
    db.putBatch(entries)
    expect(db.getBatch(entries.map(([key]) => key)).map(text)).toEqual(entries.map(([, value]) => value))
    db.deleteBatch(entries.map(([key]) => key))
    expect([...db.scanPrefix('key:')]).toEqual([])
  })

  test('a batch larger than a transaction may be is refused before it fills the memory', () => {
    const small = openTestDatabase({ maxTransactionBytes: 65_536 })
    let asked = 0
    const endless = (function* () {
      for (;;) {
        asked++
        yield ['k', 'v'.repeat(1000)] as [string, string]
      }
    })()
    const error = thrownBy(() => small.putBatch(endless))
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error.code).toBe(ErrorCode.LIMIT_EXCEEDED)
    expect(asked).toBeLessThan(200)
    expect(small.exists('k')).toBe(false)
    small.close()
  })
})

describe('the life of a database', () => {
  test('everything is there again after closing and reopening', () => {
    const path = directory('reopen')
    const first = Database.open(path)
    first.put('a', '1')
    first.put('gone', '1')
    first.delete('gone')
    first.putBatch([
      ['b', '2'],
      ['c', Buffer.alloc(2_000_000, 1)],
    ])
    first.transaction(txn => txn.put('d', '4'))
    first.close()
    const second = Database.open(path)
    expect(second.getBatch(['a', 'b', 'd', 'gone']).map(text)).toEqual(['1', '2', '4', undefined])
    expect(second.get('c')?.equals(Buffer.alloc(2_000_000, 1))).toBe(true)
    expect(second.recovery().needsRecovery()).toBe(false)
    expect(second.recovery().recover().status).toBe('clean')
    second.close()
  })

  test('expiry survives reopening', () => {
    const path = directory('reopen-ttl')
    const first = Database.open(path)
    first.put('short', '1', { ttlSeconds: 0.001 })
    first.put('long', '1', { ttlSeconds: 1000 })
    first.close()
    const until = Date.now() + 5
    while (Date.now() <= until);
    const second = Database.open(path)
    expect(second.getBatch(['short', 'long']).map(v => v?.length)).toEqual([undefined, 1])
    second.close()
  })

  test('a closed database says so, and closing twice is harmless', () => {
    db.close()
    db.close()
    const uses: (() => unknown)[] = [
      () => db.get('a'),
      () => db.getString('a'),
      () => db.exists('a'),
      () => db.put('a', '1'),
      () => db.delete('a'),
      () => db.getBatch(['a']),
      () => db.putBatch([['a', '1']]),
      () => [...db.scanPrefix('aa')],
      () => db.transaction(() => 1),
      () => db.beginTransaction(),
      () => db.snapshot(),
      () => db.stats(),
      () => db.recovery().walStats(),
      () => db.sync(),
    ]
    for (const use of uses) {
      const error = thrownBy(use)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(error.code).toBe(ErrorCode.DATABASE_CLOSED)
    }
    expect(db.isOpen).toBe(false)
  })

  test('two openings of one path in one process share the store, and each closes for itself', () => {
    const path = directory('shared')
    const one = Database.open(path)
    const two = Database.open(`${path}/../shared/.`)
    one.put('a', '1')
    expect(two.getString('a')).toBe('1')
    one.close()
    two.put('a', '2')
    expect(two.getString('a')).toBe('2')
    expect(() => one.get('a')).toThrow(DatabaseError)
    two.close()
  })

  test('sharing a store takes the same options', () => {
    const path = directory('shared-options')
    const one = Database.open(path, { syncMode: 'off' })
    expect(() => Database.open(path, { syncMode: 'full' })).toThrow(
      /already open in this process with another syncMode/,
    )
    one.close()
    Database.open(path, { syncMode: 'full' }).close()
  })

  test(':memory: databases are each their own', () => {
    const other = openTestDatabase()
    db.put('a', '1')
    expect(other.exists('a')).toBe(false)
    other.close()
  })

  test('a read-only database reads, and refuses to write', () => {
    const path = directory('read-only')
    expect(thrownBy(() => Database.open(path, { readOnly: true }))).toBeInstanceOf(DatabaseError)
    const writer = Database.open(path)
    writer.put('a', '1')
    writer.close()
    const reader = Database.open(path, { readOnly: true })
    expect(reader.getString('a')).toBe('1')
    expect([...reader.scanPrefixUnchecked('')]).toHaveLength(1)
    const txn = reader.beginTransaction()
    const writes = [
      () => reader.put('b', '1'),
      () => reader.delete('a'),
      () => reader.putBatch([['b', '1']]),
      () => txn.put('b', '1'),
      () => reader.transaction(inner => inner.put('b', '1')),
    ]
    for (const write of writes) expect(thrownBy(write).code).toBe(ErrorCode.READ_ONLY)
    txn.commit()
    reader.close()
  })

  test('statistics count what was done', () => {
    db.put('a', '1')
    db.get('a')
    const before = db.stats()
    db.beginTransaction().abort()
    db.transaction(txn => txn.put('b', '1'))
    const after = db.stats()
    expect(after.committedTransactions).toBe(before.committedTransactions + 1)
    expect(after.activeTransactions).toBe(0)
    expect(after.memoryBytes).toBeGreaterThan(0)
    expect(after.conflictRate).toBe(0)
    expect(db.config()).toMatchObject({ path: ':memory:', syncMode: 'normal', walEnabled: true })
  })

  test('the log can be measured and verified', () => {
    const log = openTestDatabase()
    for (let i = 0; i < 10; i++) log.put(`k${i}`, 'v')
    const verified = log.recovery().verifyWal()
    expect(verified).toMatchObject({ isValid: true, corruptedEntries: 0, checksumErrors: [] })
    expect(verified.validEntries).toBeGreaterThanOrEqual(10)
    const stats = log.recovery().walStats()
    expect(stats.entryCount).toBe(verified.totalEntries)
    expect(typeof stats.newestEntryLsn).toBe('bigint')
    expect(stats.totalSizeBytes).toBe(stats.activeSizeBytes + stats.archivedSizeBytes)
    log.close()
  })

  test('what cannot be opened is an error that names it', () => {
    expect(() => Database.open('')).toThrow(/path of a directory/)
    expect(() => Database.open(5 as never)).toThrow(ValidationError)
    expect(() => Database.open('a\0b')).toThrow(ValidationError)
    expect(thrownBy(() => Database.open('/dev/null/no')).message).toMatch(/dev\/null/)
    expect(() => new (Database as unknown as new () => Database)()).toThrow()
  })
})
