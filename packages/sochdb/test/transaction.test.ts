import { DatabaseError, ErrorCode, TransactionConflictError, TransactionError, ValidationError } from 'sochdb'
import type { Database, Savepoint, Transaction } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { thrownBy } from './support/temporary.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('db.transaction(fn)', () => {
  test('commits when the function returns, and hands on what it returned', () => {
    const result = db.transaction(txn => {
      txn.put('a', '1')
      expect(db.exists('a')).toBe(false)
      expect(txn.getString('a')).toBe('1')
      return 'done'
    })
    expect(result).toBe('done')
    expect(db.getString('a')).toBe('1')
    expect(db.withTransaction(txn => txn.getString('a'))).toBe('1')
  })

  test('undoes everything when the function throws, and the error comes through', () => {
    db.put('a', 'before')
    const mine = new RangeError('mine')
    expect(
      thrownBy(() =>
        db.transaction(txn => {
          txn.put('a', 'after')
          txn.putBatch([['b', '1']])
          throw mine
        }),
      ),
    ).toBe(mine)
    expect(db.getString('a')).toBe('before')
    expect(db.exists('b')).toBe(false)
    db.put('a', 'writer is free again')
  })

  test('a function that returns a promise is rolled back and refused', async () => {
    let leaked: unknown
    const error = thrownBy(() =>
      db.transaction(async txn => {
        txn.put('a', '1')
        await Promise.resolve()
        leaked = thrownBy(() => txn.put('b', '1'))
      }),
    )
    expect(error).toBeInstanceOf(TransactionError)
    expect(error.message).toMatch(/returned a promise/)
    expect(db.exists('a')).toBe(false)
    await new Promise(setImmediate)
    expect(leaked).toBeInstanceOf(TransactionError)
    expect(db.exists('b')).toBe(false)
    expect(() => db.transaction(() => ({ then: () => undefined }))).toThrow(TransactionError)
  })

  test('a result with a throwing getter rolls back too', () => {
    const trap = {
      get then() {
        throw new RangeError('trap')
      },
    }
    expect(() =>
      db.transaction(txn => {
        txn.put('a', '1')
        return trap
      }),
    ).toThrow(RangeError)
    expect(db.exists('a')).toBe(false)
    db.put('a', '1')
  })

  test('inside, writing through the database is refused at once, by an error that names txn', () => {
    const writes: ((txn: Transaction) => unknown)[] = [
      () => db.put('a', '1'),
      () => db.put('a', '1', { ttlSeconds: 5 }),
      () => db.delete('a'),
      () => db.putBatch([['a', '1']]),
      () => db.deleteBatch(['a']),
      () => db.transaction(() => 1),
      () => db.withTransaction(() => 1),
    ]
    for (const write of writes) {
      const error = thrownBy(() => db.transaction(write))
      expect(error).toBeInstanceOf(TransactionError)
      expect(error.message).toMatch(/txn/)
    }
    expect(db.exists('a')).toBe(false)
  })

  test('inside, another transaction can be begun but not committed; afterwards it can', () => {
    const other = db.beginTransaction()
    other.put('other', '1')
    db.transaction(txn => {
      txn.put('a', '1')
      expect(thrownBy(() => other.commit()).message).toMatch(/no other transaction can commit/)
      expect(other.isOpen).toBe(true)
    })
    other.commit()
    expect(db.getBatch(['a', 'other']).map(v => v?.length)).toEqual([1, 1])
  })

  test('another database is free meanwhile', () => {
    const other = openTestDatabase()
    db.transaction(txn => {
      txn.put('a', '1')
      other.put('a', '1')
      other.transaction(inner => inner.put('b', '1'))
    })
    expect(other.getString('b')).toBe('1')
    other.close()
  })

  test('reading through the database inside sees the committed state', () => {
    db.put('a', 'old')
    db.transaction(txn => {
      txn.put('a', 'new')
      expect(db.getString('a')).toBe('old')
      expect([...db.scanPrefixUnchecked('')].map(([, value]) => value.toString())).toEqual(['old'])
    })
  })

  test('closures run one after the other: a counter misses nothing', () => {
    for (let i = 0; i < 200; i++) {
      db.transaction(txn => txn.put('n', String(Number(txn.getString('n') ?? 0) + 1)))
    }
    expect(db.getString('n')).toBe('200')
    expect(db.stats().conflicts).toBe(0)
  })

  test('it commits by returning, not by commit(); abort() undoes', () => {
    expect(() => db.transaction(txn => txn.commit())).toThrow(/commits when fn returns/)
    const result = db.transaction(txn => {
      txn.put('a', '1')
      txn.abort()
      expect(() => txn.put('b', '1')).toThrow(/aborted already/)
      return 'kept'
    })
    expect(result).toBe('kept')
    expect(db.exists('a')).toBe(false)
    db.put('a', '1')
  })

  test('the transaction is of no use once the function has returned', () => {
    let escaped: Transaction | undefined
    db.transaction(txn => {
      escaped = txn
    })
    const txn = escaped as Transaction
    for (const use of [() => txn.get('a'), () => txn.put('a', '1'), () => txn.commit(), () => txn.savepoint()]) {
      const error = thrownBy(use)
      expect(error).toBeInstanceOf(TransactionError)
      expect(error.message).toMatch(/committed already/)
    }
    txn.abort()
    expect(txn.isOpen).toBe(false)
  })

  test('maxRetries is refused: there is nothing to retry', () => {
    expect(() => db.transaction(() => 1, { maxRetries: 3 } as never)).toThrow(/maxRetries.*cannot conflict/)
  })

  test('bad arguments are refused before anything begins', () => {
    for (const fn of [undefined, null, 5, {}, 'fn']) expect(() => db.transaction(fn as never)).toThrow(ValidationError)
    const options = [
      { isolation: 'SERIALIZABLE' },
      { isolation: 0 },
      { timeoutMs: 0 },
      { timeoutMs: -1 },
      { timeoutMs: 1.5 },
      { retries: 1 },
      5,
    ]
    for (const bad of options) {
      expect(() => db.transaction(() => 1, bad as never)).toThrow(ValidationError)
      expect(() => db.beginTransaction(bad as never)).toThrow(ValidationError)
    }
    expect(db.stats().activeTransactions).toBe(0)
  })

  test('closing the database inside ends the transaction, and the writer is free', () => {
    const other = openTestDatabase()
    const error = thrownBy(() =>
      other.transaction(txn => {
        txn.put('a', '1')
        other.close()
        txn.put('b', '1')
      }),
    )
    expect(error).toBeInstanceOf(TransactionError)
    expect(error.message).toMatch(/its database was closed/)
  })
})

describe('parts of a transaction', () => {
  test('txn.transaction(fn) is a part that rolls back alone', () => {
    db.transaction(txn => {
      txn.put('a', '1')
      expect(() =>
        txn.transaction(part => {
          part.put('a', '2')
          part.put('b', '2')
          throw new RangeError('part')
        }),
      ).toThrow(RangeError)
      expect(txn.getString('a')).toBe('1')
      txn.transaction(part => {
        part.put('c', '3')
        part.withTransaction(deeper => deeper.put('d', '4'))
      })
    })
    expect(db.getBatch(['a', 'b', 'c', 'd']).map(v => v?.toString())).toEqual(['1', undefined, '3', '4'])
  })

  test('a part that returns a promise is rolled back alone', () => {
    db.transaction(txn => {
      expect(() =>
        txn.transaction(async part => {
          part.put('a', '1')
        }),
      ).toThrow(TransactionError)
      expect(txn.exists('a')).toBe(false)
      txn.put('b', '1')
    })
    expect(db.exists('b')).toBe(true)
  })

  test('a savepoint undoes what came after it, inner ones included, and ends', () => {
    const txn = db.beginTransaction()
    txn.put('a', '1')
    const outer = txn.savepoint()
    txn.put('a', '2')
    const inner = txn.savepoint()
    txn.put('a', '3')
    inner.rollback()
    expect(txn.getString('a')).toBe('2')
    outer.rollback()
    expect(txn.getString('a')).toBe('1')
    expect(() => inner.rollback()).toThrow(TransactionError)
    expect(() => outer.rollback()).toThrow(TransactionError)
    expect(() => outer.release()).toThrow(TransactionError)
    const kept: Savepoint = txn.savepoint()
    txn.put('a', '4')
    kept.release()
    expect(() => kept.rollback()).toThrow(TransactionError)
    txn.commit()
    expect(db.getString('a')).toBe('4')
  })

  test('a savepoint of a finished transaction is an error', () => {
    const txn = db.beginTransaction()
    const savepoint = txn.savepoint()
    txn.commit()
    expect(() => savepoint.rollback()).toThrow(/committed already/)
  })

  test('a batch that fails leaves the transaction as it was', () => {
    const txn = db.beginTransaction()
    txn.put('a', '1')
    expect(() =>
      txn.putBatch([
        ['a', '2'],
        ['b', 5],
      ] as never),
    ).toThrow(ValidationError)
    expect(txn.getString('a')).toBe('1')
    txn.commit()
  })
})

describe('db.beginTransaction()', () => {
  test('has an id, a start timestamp and a level; commit returns a later timestamp', () => {
    db.put('x', '1')
    const one = db.beginTransaction()
    const two = db.beginTransaction({ isolation: 'snapshot' })
    expect(one.id).not.toBe(two.id)
    expect(typeof one.startTs).toBe('bigint')
    expect([one.isolation, two.isolation]).toEqual(['serializable', 'snapshot'])
    one.put('a', '1')
    const committed = one.commit()
    expect(committed).toBeGreaterThan(one.startTs)
    two.abort()
    expect(db.beginTransaction().startTs).toBeGreaterThanOrEqual(committed)
  })

  test('it sees what was committed before it began, and its own writes', () => {
    db.put('a', 'old')
    const txn = db.beginTransaction()
    db.put('a', 'new')
    db.put('b', 'new')
    expect(txn.getString('a')).toBe('old')
    expect(txn.exists('b')).toBe(false)
    txn.put('c', 'own')
    expect([...txn.scanPrefixUnchecked('')].map(([key]) => key.toString())).toEqual(['a', 'c'])
    txn.abort()
  })

  test('a conflict is raised at commit, can be retried, and leaves nothing behind', () => {
    db.put('a', '1')
    const txn = db.beginTransaction()
    txn.put('b', txn.getString('a') ?? '')
    db.put('a', '2')
    const error = thrownBy(() => txn.commit())
    expect(error).toBeInstanceOf(TransactionConflictError)
    expect(error.retryable).toBe(true)
    expect(error.code).toBe(ErrorCode.TRANSACTION_CONFLICT)
    expect(db.exists('b')).toBe(false)
    expect(txn.isOpen).toBe(false)
    expect(() => txn.commit()).toThrow(/aborted already/)
    const again = db.beginTransaction()
    again.put('b', again.getString('a') ?? '')
    again.commit()
    expect(db.getString('b')).toBe('2')
    expect(db.stats().conflicts).toBe(1)
  })

  test('a transaction that only reads always commits', () => {
    db.put('a', '1')
    const txn = db.beginTransaction()
    txn.get('a')
    db.put('a', '2')
    expect(txn.commit()).toBe(txn.startTs)
  })

  test('abort twice is harmless; anything else on a finished transaction is an error', () => {
    const txn = db.beginTransaction()
    txn.put('a', '1')
    txn.abort()
    txn.abort()
    const uses = [
      () => txn.get('a'),
      () => txn.getString('a'),
      () => txn.exists('a'),
      () => txn.put('a', '1'),
      () => txn.delete('a'),
      () => txn.putBatch([['a', '1']]),
      () => txn.getBatch(['a']),
      () => [...txn.scanPrefix('aa')],
      () => txn.savepoint(),
      () => txn.transaction(() => 1),
      () => txn.commit(),
    ]
    for (const use of uses) {
      const error = thrownBy(use)
      expect(error).toBeInstanceOf(TransactionError)
      expect(error.code).toBe(ErrorCode.TRANSACTION_ERROR)
      expect(error.message).toBe('The transaction is aborted already.')
    }
    expect(db.exists('a')).toBe(false)
  })

  test('dispose aborts unless committed', () => {
    const txn = db.beginTransaction()
    txn.put('a', '1')
    txn[Symbol.dispose]()
    expect(db.exists('a')).toBe(false)
    const kept = db.beginTransaction()
    kept.put('a', '1')
    kept.commit()
    kept[Symbol.dispose]()
    expect(db.exists('a')).toBe(true)
  })

  test('closing the database aborts what is open', () => {
    const other = openTestDatabase()
    const txn = other.beginTransaction()
    txn.put('a', '1')
    other.close()
    const error = thrownBy(() => txn.commit())
    expect(error).toBeInstanceOf(TransactionError)
    expect(error.message).toMatch(/its database was closed/)
    txn.abort()
  })

  test('a transaction past its time is ended with an error that says so', () => {
    const txn = db.beginTransaction({ timeoutMs: 1 })
    txn.put('a', '1')
    const until = performance.now() + 5
    while (performance.now() < until);
    const error = thrownBy(() => {
      txn.get('a')
      txn.commit()
    })
    expect(error.name).toBe('TransactionTimeoutError')
    expect(error.code).toBe(ErrorCode.TRANSACTION_TIMEOUT)
    txn.abort()
    expect(db.exists('a')).toBe(false)
  })

  test('a transaction may write no more than its limit, and the commit before it stands', () => {
    const small = openTestDatabase({ maxTransactionBytes: 65_536 })
    const txn = small.beginTransaction()
    const error = thrownBy(() => {
      for (let i = 0; i < 100; i++) txn.put(`k${i}`, 'v'.repeat(1000))
    })
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error.code).toBe(ErrorCode.LIMIT_EXCEEDED)
    txn.abort()
    expect([...small.scanPrefixUnchecked('')]).toEqual([])
    small.close()
  })

  test('many can be open at once, and end in any order', () => {
    const open = Array.from({ length: 500 }, (_, i) => {
      const txn = db.beginTransaction()
      txn.put(`k${i}`, String(i))
      return txn
    })
    open.filter((_, i) => i % 3 === 0).forEach(txn => txn.abort())
    open
      .filter((_, i) => i % 3 !== 0)
      .reverse()
      .forEach(txn => txn.commit())
    expect([...db.scanPrefixUnchecked('k')]).toHaveLength(333)
    expect(db.stats().activeTransactions).toBe(0)
  })
})

describe('snapshots', () => {
  test('a snapshot sees the moment it was taken, by every way of reading', () => {
    db.putBatch([
      ['a', '1'],
      ['b', '1'],
    ])
    const snapshot = db.snapshot()
    db.put('a', '2')
    db.delete('b')
    db.put('c', '2')
    expect(snapshot.getString('a')).toBe('1')
    expect(snapshot.get('b')?.toString()).toBe('1')
    expect(snapshot.exists('c')).toBe(false)
    expect(snapshot.getBatch(['a', 'b', 'c']).map(v => v?.toString())).toEqual(['1', '1', undefined])
    expect([...snapshot.scanPrefixUnchecked('')].map(([key]) => key.toString())).toEqual(['a', 'b'])
    expect(typeof snapshot.timestamp).toBe('bigint')
    snapshot.close()
  })

  test('a closed snapshot says so, also when its database closed it', () => {
    const snapshot = db.snapshot()
    snapshot.close()
    snapshot.close()
    expect(() => snapshot.get('a')).toThrow('The snapshot is closed.')
    const other = openTestDatabase()
    const orphan = other.snapshot()
    other.close()
    expect(() => orphan.get('a')).toThrow(/ended when its database was closed/)
    orphan[Symbol.dispose]()
  })

  test('a snapshot cannot be written to', () => {
    const snapshot = db.snapshot()
    expect((snapshot as unknown as { put?: unknown }).put).toBeUndefined()
    snapshot.close()
  })
})
