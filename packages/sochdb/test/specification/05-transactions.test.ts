import { IsolationLevel, TransactionConflictError, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('5 Transactions (ACID with SSI)', () => {
  test('Context Manager Pattern (Recommended)', () => {
    db.transaction(txn => {
      txn.put('accounts/alice', '1000')
      txn.put('accounts/bob', '500')
      expect(txn.get('accounts/alice')).toEqual(Buffer.from('1000'))
    })
    expect(db.getString('accounts/bob')).toBe('500')

    expect(() =>
      db.transaction(txn => {
        txn.put('accounts/alice', '0')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(db.getString('accounts/alice')).toBe('1000')
  })

  test('Closure Pattern (Rust-Style)', () => {
    db.put('accounts/alice', '1000')
    db.put('accounts/bob', '500')

    const result = db.withTransaction(txn => {
      const alice = Number(txn.getString('accounts/alice') ?? 0)
      const bob = Number(txn.getString('accounts/bob') ?? 0)
      txn.put('accounts/alice', String(alice - 100))
      txn.put('accounts/bob', String(bob + 100))
      return 'Transfer complete'
    })

    expect(result).toBe('Transfer complete')
    expect(db.getString('accounts/alice')).toBe('900')
    expect(db.getString('accounts/bob')).toBe('600')
  })

  test('Manual Transaction Control', () => {
    const transfer = (isFaulty: boolean): bigint => {
      const txn = db.beginTransaction()
      try {
        txn.put('key1', String(isFaulty))
        if (isFaulty) throw new Error('faulty')
        txn.put('key2', 'value2')
        return txn.commit()
      } catch (error) {
        txn.abort()
        throw error
      }
    }
    const first = transfer(false)
    expect(transfer(false)).toBeGreaterThan(first)
    expect(() => transfer(true)).toThrow('faulty')
    expect(db.getString('key1')).toBe('false')

    // An HLC timestamp: milliseconds above, a counter of 16 bits below.
    const age = Date.now() - Number(first >> 16n)
    expect(Math.abs(age)).toBeLessThan(3_600_000)
  })

  test('Transaction Properties', () => {
    const before = db.beginTransaction()
    before.put('k', 'v')
    const committed = before.commit()

    const txn = db.beginTransaction()
    const other = db.beginTransaction()
    expect(typeof txn.id).toBe('number')
    expect(txn.id).not.toBe(other.id)
    expect(txn.startTs).toBeGreaterThanOrEqual(committed)
    expect(txn.isolation).toBe('serializable')
    txn.abort()
    other.abort()
  })

  test('SSI Conflict Handling', () => {
    const maxRetries = 3
    let attempts = 0
    for (let attempt = 0; attempt < maxRetries; attempt++) {
      attempts++
      const txn = db.beginTransaction()
      try {
        const value = Number(txn.getString('counter') ?? 0)
        if (attempt === 0) db.put('counter', '10') // someone else is faster
        txn.put('counter', String(value + 1))
        txn.commit()
        break
      } catch (error) {
        if (!(error instanceof TransactionConflictError) || attempt === maxRetries - 1) throw error
        expect(error.retryable).toBe(true)
      }
    }
    expect(attempts).toBe(2)
    expect(db.getString('counter')).toBe('11')
  })

  test('SSI Conflict Handling: a closure by promise is run again by itself', async () => {
    let attempts = 0
    await db.async.transaction(
      async txn => {
        const value = Number((await txn.getString('counter')) ?? 0)
        if (attempts++ === 0) await db.async.put('counter', '10')
        await txn.put('counter', String(value + 1))
      },
      { maxRetries: 3 },
    )
    expect(attempts).toBe(2)
    expect(db.getString('counter')).toBe('11')
  })

  test('All Transaction Operations', () => {
    db.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)')
    db.execute("INSERT INTO users VALUES (1, 'Alice')")
    const seen = db.transaction(txn => {
      txn.put('key', 'value')
      expect(txn.getString('key')).toBe('value')
      expect(txn.exists('key')).toBe(true)
      txn.delete('key')
      expect(txn.exists('key')).toBe(false)

      txn.putPath('a/b', 'of a path')
      expect(txn.getPath('a/b')?.toString()).toBe('of a path')

      txn.putBatch([
        ['prefix/1', 'one'],
        ['prefix/2', 'two'],
      ])
      expect(txn.getBatch(['prefix/2', 'prefix/3'])).toEqual([Buffer.from('two'), undefined])

      const scanned = []
      for (const [key, value] of txn.scanPrefix('prefix/')) scanned.push(`${key.toString()}=${value.toString()}`)

      txn.execute("UPDATE users SET name = 'Alicia' WHERE id = 1")
      expect(txn.execute('SELECT * FROM users WHERE id = 1').rows).toEqual([{ id: 1, name: 'Alicia' }])
      return scanned
    })
    expect(seen).toEqual(['prefix/1=one', 'prefix/2=two'])
    expect(db.execute('SELECT name FROM users').rows).toEqual([{ name: 'Alicia' }])
  })

  test('Isolation Levels', () => {
    expect(IsolationLevel.SERIALIZABLE).toBe('serializable')
    expect(IsolationLevel.SNAPSHOT).toBe('snapshot')
    expect(IsolationLevel.READ_COMMITTED).toBe('readCommitted')
    for (const isolation of Object.values(IsolationLevel)) {
      expect(db.transaction(txn => txn.isolation, { isolation })).toBe(isolation)
    }
  })

  test('Isolation Levels: what each lets through', () => {
    // Two doctors on call, each leaves since the other one stays: write skew.
    const skew = (isolation: IsolationLevel): number => {
      db.putBatch([
        ['oncall/ann', 'yes'],
        ['oncall/ben', 'yes'],
      ])
      const ann = db.beginTransaction({ isolation })
      const ben = db.beginTransaction({ isolation })
      if (ann.getString('oncall/ben') === 'yes') ann.put('oncall/ann', 'no')
      if (ben.getString('oncall/ann') === 'yes') ben.put('oncall/ben', 'no')
      ann.commit()
      try {
        ben.commit()
      } catch (error) {
        expect(error).toBeInstanceOf(TransactionConflictError)
      }
      return [...db.scanPrefix('oncall/')].filter(([, value]) => value.toString() === 'yes').length
    }
    expect(skew(IsolationLevel.SERIALIZABLE)).toBe(1)
    expect(skew(IsolationLevel.SNAPSHOT)).toBe(0)
    expect(skew(IsolationLevel.READ_COMMITTED)).toBe(0)

    // A second read sees what was committed between, at the last level alone.
    const reread = (isolation: IsolationLevel): string | undefined => {
      db.put('price', '1')
      const txn = db.beginTransaction({ isolation })
      txn.get('price')
      db.put('price', '2')
      const price = txn.getString('price')
      txn.abort()
      return price
    }
    expect(reread(IsolationLevel.SERIALIZABLE)).toBe('1')
    expect(reread(IsolationLevel.SNAPSHOT)).toBe('1')
    expect(reread(IsolationLevel.READ_COMMITTED)).toBe('2')
  })
})
