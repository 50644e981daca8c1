/**
 * The isolation matrix: for each anomaly and each level, whether it is prevented. Anomalies are named as in Hermitage
 * (github.com/ept/hermitage). A cell that is not prevented is asserted to occur, which proves that the levels differ.
 */
import { TransactionConflictError } from 'sochdb'
import type { Database, IsolationLevel, Transaction } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  db.putBatch([
    ['r:1', '10'],
    ['r:2', '20'],
  ])
})
afterEach(() => db.close())

const LEVELS: readonly IsolationLevel[] = ['readCommitted', 'snapshot', 'serializable']

const begin = (isolation: IsolationLevel) => db.beginTransaction({ isolation })
const rows = (reader: Transaction | Database) =>
  [...reader.scanPrefix('r:')].map(([key, value]) => `${key.toString()}=${value.toString()}`)

/** Commits each in turn; which of them went through. */
function commitAll(...transactions: readonly Transaction[]): boolean[] {
  return transactions.map(transaction => {
    try {
      transaction.commit()
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(TransactionConflictError)
      return false
    }
  })
}

/** An anomaly: runs at a level, and tells whether it occurred. */
interface Anomaly {
  readonly name: string
  readonly preventedAt: readonly IsolationLevel[]
  readonly occurs: (level: IsolationLevel) => boolean
}

const ALL = LEVELS
const FROM_SNAPSHOT: readonly IsolationLevel[] = ['snapshot', 'serializable']
const ONLY_SERIALIZABLE: readonly IsolationLevel[] = ['serializable']

const anomalies: readonly Anomaly[] = [
  {
    name: 'G0, dirty write: two transactions interleave their writes',
    preventedAt: ALL,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.put('r:1', 'a')
      b.put('r:1', 'b')
      a.put('r:2', 'a')
      b.put('r:2', 'b')
      commitAll(a, b)
      const [first, second] = rows(db).map(row => row.at(-1))
      return first !== second
    },
  },
  {
    name: 'G1a, aborted read: one reads what another undoes',
    preventedAt: ALL,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.put('r:1', 'undone')
      const before = b.getString('r:1')
      a.abort()
      const after = b.getString('r:1')
      b.commit()
      return before === 'undone' || after === 'undone'
    },
  },
  {
    name: 'G1b, intermediate read: one reads what another writes over before committing',
    preventedAt: ALL,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.put('r:1', 'intermediate')
      const before = b.getString('r:1')
      a.put('r:1', 'final')
      a.commit()
      const after = b.getString('r:1')
      b.commit()
      return before === 'intermediate' || after === 'intermediate'
    },
  },
  {
    name: 'G1c, circular information flow: each reads what the other wrote',
    preventedAt: ALL,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.put('r:1', '11')
      b.put('r:2', '22')
      const aSees = a.getString('r:2')
      const bSees = b.getString('r:1')
      commitAll(a, b)
      return aSees === '22' && bSees === '11'
    },
  },
  {
    name: 'OTV, observed transaction vanishes: a commit is seen in part, then not',
    preventedAt: ALL,
    occurs: level => {
      const [a, b, reader] = [begin(level), begin(level), begin(level)]
      a.put('r:1', '11')
      a.put('r:2', '19')
      b.put('r:1', '12')
      a.commit()
      const first = reader.getString('r:1')
      b.put('r:2', '18')
      const second = reader.getString('r:2')
      commitAll(b)
      const firstAgain = reader.getString('r:1')
      const secondAgain = reader.getString('r:2')
      reader.commit()
      const half = (one: string | undefined, two: string | undefined) => (one === '11') !== (two === '19')
      return half(first, second) || (firstAgain === '12') !== (secondAgain === '18')
    },
  },
  {
    name: 'PMP, predicate many preceders: a repeated range read finds new rows',
    preventedAt: FROM_SNAPSHOT,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      const before = rows(a)
      b.put('r:3', '30')
      b.commit()
      const after = rows(a)
      a.commit()
      return before.length !== after.length
    },
  },
  {
    name: 'P4, lost update: two read, both write, one write is lost',
    preventedAt: FROM_SNAPSHOT,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.put('r:1', String(Number(a.getString('r:1')) + 1))
      b.put('r:1', String(Number(b.getString('r:1')) + 1))
      const committed = commitAll(a, b).filter(Boolean).length
      return Number(db.getString('r:1')) !== 10 + committed
    },
  },
  {
    name: 'G-single, read skew: two reads see the world before and after one commit',
    preventedAt: FROM_SNAPSHOT,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      const first = a.getString('r:1')
      b.put('r:1', '12')
      b.put('r:2', '18')
      b.commit()
      const second = a.getString('r:2')
      a.commit()
      return first === '10' && second === '18'
    },
  },
  {
    name: 'G2-item, write skew: each reads what the other writes',
    preventedAt: ONLY_SERIALIZABLE,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      a.getBatch(['r:1', 'r:2'])
      b.getBatch(['r:1', 'r:2'])
      a.put('r:1', '11')
      b.put('r:2', '21')
      return commitAll(a, b).every(Boolean)
    },
  },
  {
    name: 'G2, anti-dependency cycle over ranges: each adds a row to the range the other read',
    preventedAt: ONLY_SERIALIZABLE,
    occurs: level => {
      const [a, b] = [begin(level), begin(level)]
      expect(rows(a)).toEqual(rows(b))
      a.put('r:3', '30')
      b.put('r:4', '42')
      return commitAll(a, b).every(Boolean)
    },
  },
]

describe.each(LEVELS)('%s', level => {
  for (const { name, preventedAt, occurs } of anomalies) {
    const prevented = preventedAt.includes(level)
    test(`${prevented ? 'prevents' : 'allows'} ${name}`, () => expect(occurs(level)).toBe(!prevented))
  }
})

describe('serializable, beyond the matrix', () => {
  test('a reader that fits between two writers does not complete a cycle (Fekete et al.)', () => {
    // Savings and checking; a withdrawal charges a fee when it looks overdrawn; a report reads both in between.
    db.putBatch([
      ['r:1', '0'],
      ['r:2', '0'],
    ])
    const [deposit, withdrawal] = [begin('serializable'), begin('serializable')]
    withdrawal.getBatch(['r:1', 'r:2'])
    deposit.put('r:2', '20')
    deposit.commit()
    const report = begin('serializable')
    expect(report.getBatch(['r:1', 'r:2']).map(String)).toEqual(['0', '20'])
    report.commit()
    withdrawal.put('r:1', '-11')
    expect(commitAll(withdrawal)).toEqual([false])
  })

  test('a report that closed a batch is not followed by a receipt in that batch', () => {
    db.put('batch', '1')
    const receipt = begin('serializable')
    const batch = receipt.getString('batch') ?? ''
    db.transaction(txn => txn.put('batch', '2'))
    const report = begin('serializable')
    expect([...report.scanPrefix(`receipt:${batch}:`)]).toEqual([])
    report.commit()
    receipt.put(`receipt:${batch}:a`, '1')
    expect(commitAll(receipt)).toEqual([false])
  })

  test('a row that appears in an empty range conflicts with its reader', () => {
    const a = begin('serializable')
    expect([...a.scanPrefix('none:')]).toEqual([])
    a.put('seen', 'nothing')
    db.put('none:1', '1')
    expect(commitAll(a)).toEqual([false])
  })

  test('reading a key that does not exist conflicts with its creation', () => {
    const a = begin('serializable')
    expect(a.exists('new')).toBe(false)
    a.put('seen', 'nothing')
    db.put('new', '1')
    expect(commitAll(a)).toEqual([false])
  })

  test('a row beyond the last one that a limited scan returned does not conflict; one before it does', () => {
    db.putBatch(['1', '3', '5', '7'].map(n => [`s:${n}`, n] as const))
    for (const [key, passes] of [
      ['s:6', true],
      ['s:2', false],
    ] as const) {
      const a = begin('serializable')
      expect([...a.scanPrefix('s:', { limit: 2 })]).toHaveLength(2)
      a.put('seen', 'two')
      db.put(key, 'x')
      expect(commitAll(a)).toEqual([passes])
      db.delete(key)
    }
  })

  test('a reverse scan registers what it passed over, from the end', () => {
    db.putBatch(['1', '3', '5', '7'].map(n => [`s:${n}`, n] as const))
    for (const [key, passes] of [
      ['s:2', true],
      ['s:6', false],
      ['s:9', false],
    ] as const) {
      const a = begin('serializable')
      expect([...a.scanPrefix('s:', { limit: 2, reverse: true })]).toHaveLength(2)
      a.put('seen', 'two')
      db.put(key, 'x')
      expect(commitAll(a)).toEqual([passes])
      db.delete(key)
    }
  })

  test('a key deleted and written again meanwhile conflicts, though it looks the same', () => {
    const a = begin('serializable')
    a.getString('r:1')
    a.put('seen', '1')
    db.delete('r:1')
    db.put('r:1', '10')
    expect(commitAll(a)).toEqual([false])
  })

  test('blind writes to one key do not conflict: the later commit wins', () => {
    const [a, b] = [begin('serializable'), begin('serializable')]
    a.put('r:1', 'a')
    b.put('r:1', 'b')
    expect(commitAll(a, b)).toEqual([true, true])
    expect(db.getString('r:1')).toBe('b')
  })

  test('a delete reads nothing, so it conflicts with no reader of other keys', () => {
    const a = begin('serializable')
    a.delete('r:1')
    db.put('r:1', '11')
    expect(commitAll(a)).toEqual([true])
    expect(db.exists('r:1')).toBe(false)
  })

  test('reads stay registered after a rollback to a savepoint', () => {
    const a = begin('serializable')
    const savepoint = a.savepoint()
    a.getString('r:1')
    savepoint.rollback()
    a.put('seen', '1')
    db.put('r:1', '11')
    expect(commitAll(a)).toEqual([false])
  })

  test('a transaction that begins after a commit sees it, and does not conflict with it', () => {
    db.put('r:1', '11')
    const a = begin('serializable')
    expect(a.getString('r:1')).toBe('11')
    a.put('r:2', '22')
    expect(commitAll(a)).toEqual([true])
  })

  test('many readers of many keys still validate exactly', () => {
    db.putBatch(Array.from({ length: 2000 }, (_, i) => [`m:${String(i).padStart(5, '0')}`, '0'] as const))
    const a = begin('serializable')
    for (let i = 0; i < 2000; i += 2) a.get(`m:${String(i).padStart(5, '0')}`)
    a.put('seen', '1')
    db.put('m:01001', 'odd: never read')
    expect(commitAll(a)).toEqual([true])
    const b = begin('serializable')
    for (let i = 0; i < 2000; i += 2) b.get(`m:${String(i).padStart(5, '0')}`)
    b.put('seen', '2')
    db.put('m:01000', 'even: read')
    expect(commitAll(b)).toEqual([false])
  })
})
