/**
 * The isolation matrix through SQL text: for each anomaly and each level, whether it is prevented, however the statements reach
 * their rows. Anomalies are named as in Hermitage (github.com/ept/hermitage). A cell that is not prevented is asserted to occur.
 */
import type { Database, IsolationLevel, Transaction } from '../../src/index.js'
import { balances, commitAll, LEVELS, openAccounts, READS, reset, valueOf, WRITES } from './isolation-support.js'

let db: Database
beforeAll(() => {
  db = openAccounts()
})
beforeEach(() => reset(db))
afterAll(() => db.close())

/** How an anomaly is played: at a level, with one way to read and one to write. */
interface Play {
  readonly begin: () => Transaction
  readonly read: (transaction: Transaction, id: number) => number | undefined
  readonly write: (transaction: Transaction, id: number, balance: number) => void
}

interface Anomaly {
  readonly name: string
  readonly preventedAt: readonly IsolationLevel[]
  readonly occurs: (play: Play) => boolean
}

const FROM_SNAPSHOT: readonly IsolationLevel[] = ['snapshot', 'serializable']
const ONLY_SERIALIZABLE: readonly IsolationLevel[] = ['serializable']

const anomalies: readonly Anomaly[] = [
  {
    name: 'G0, dirty write: two transactions interleave their writes',
    preventedAt: LEVELS,
    occurs: ({ begin, write }) => {
      const [a, b] = [begin(), begin()]
      write(a, 1, 100)
      write(b, 1, 200)
      write(b, 2, 200)
      write(a, 2, 100)
      expect(commitAll(a, b)[0]).toBe(true)
      const after = balances(db)
      return after['1'] !== after['2']
    },
  },
  {
    name: 'G1a, aborted read: one reads what another undoes',
    preventedAt: LEVELS,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      write(a, 1, 666)
      const before = read(b, 1)
      a.abort()
      const after = read(b, 1)
      expect(commitAll(b)).toEqual([true])
      return before !== 10 || after !== 10
    },
  },
  {
    name: 'G1b, intermediate read: one reads what another writes over before committing',
    preventedAt: LEVELS,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      write(a, 1, 666)
      const before = read(b, 1)
      write(a, 1, 30)
      expect(commitAll(a)).toEqual([true])
      const after = read(b, 1)
      commitAll(b)
      return before === 666 || after === 666
    },
  },
  {
    name: 'G1c, circular information flow: each reads what the other wrote',
    preventedAt: LEVELS,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      write(a, 1, 11)
      write(b, 2, 22)
      const aSees = read(a, 2)
      const bSees = read(b, 1)
      commitAll(a, b)
      return aSees === 22 || bSees === 11
    },
  },
  {
    name: 'OTV, observed transaction vanishes: a commit is seen in part, then not',
    preventedAt: LEVELS,
    occurs: ({ begin, read, write }) => {
      const [a, reader] = [begin(), begin()]
      write(a, 1, 11)
      write(a, 2, 19)
      expect(commitAll(a)).toEqual([true])
      const b = begin()
      const first = [read(reader, 1), read(reader, 2)]
      write(b, 1, 12)
      write(b, 2, 18)
      const second = [read(reader, 2), read(reader, 1)]
      expect(commitAll(b)).toEqual([true])
      const third = [read(reader, 1), read(reader, 2)]
      commitAll(reader)
      const sums = [first, second, third].map(([one, two]) => one! + two!)
      return sums.some(sum => sum !== 30) || second[1] !== first[0]
    },
  },
  {
    name: 'PMP, predicate many preceders: a repeated read of a range finds a new row',
    preventedAt: FROM_SNAPSHOT,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      const before = read(a, 3)
      expect(before).toBeUndefined()
      b.execute(`insert into account (id, code, balance) values (3, 'three', 0)`)
      write(b, 3, 30)
      expect(commitAll(b)).toEqual([true])
      const after = read(a, 3)
      commitAll(a)
      return after === 30
    },
  },
  {
    name: 'P4, lost update: two read, one writes and commits, the other writes over it',
    preventedAt: FROM_SNAPSHOT,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      const [seenByA, seenByB] = [read(a, 1)!, read(b, 1)!]
      write(a, 1, seenByA + 1)
      expect(commitAll(a)).toEqual([true])
      write(b, 1, seenByB + 1)
      const committed = 1 + commitAll(b).filter(Boolean).length
      return balances(db)['1'] !== 10 + committed
    },
  },
  {
    // A statement writes index entries by the row that it saw: that row has to be there still, at every level.
    name: 'P4 by statements that do not see each other',
    preventedAt: LEVELS,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      const [seenByA, seenByB] = [read(a, 1)!, read(b, 1)!]
      write(a, 1, seenByA + 1)
      write(b, 1, seenByB + 1)
      const committed = commitAll(a, b).filter(Boolean).length
      return balances(db)['1'] !== 10 + committed
    },
  },
  {
    name: 'G-single, read skew: two reads see the world before and after one commit',
    preventedAt: FROM_SNAPSHOT,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      const one = read(a, 1)!
      write(b, 1, 15)
      write(b, 2, 15)
      expect(commitAll(b)).toEqual([true])
      const two = read(a, 2)!
      commitAll(a)
      return one + two !== 30
    },
  },
  {
    name: 'G2-item, write skew: two read both rows, each writes another of them',
    preventedAt: ONLY_SERIALIZABLE,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      const sums = [a, b].map(transaction => read(transaction, 1)! + read(transaction, 2)!)
      expect(sums).toEqual([30, 30])
      write(a, 1, -20)
      write(b, 2, -10)
      return commitAll(a, b).every(Boolean)
    },
  },
  {
    name: 'G2, write skew with a row that is not there yet',
    preventedAt: ONLY_SERIALIZABLE,
    occurs: ({ begin, read, write }) => {
      const [a, b] = [begin(), begin()]
      expect(read(a, 3)).toBeUndefined()
      expect(read(b, 1)).toBe(10)
      b.execute(`insert into account (id, code, balance) values (3, 'three', 0)`)
      write(a, 1, -20)
      return commitAll(a, b).every(Boolean)
    },
  },
]

describe.each(anomalies)('$name', ({ preventedAt, occurs }) => {
  describe.each(LEVELS)('at %s', level => {
    const expected = !preventedAt.includes(level)
    const begin = () => db.beginTransaction({ isolation: level })

    test.each(Object.entries(READS))(`${expected ? 'occurs' : 'is prevented'} when rows are read by %s`, (_, text) => {
      const outcomes: Record<string, boolean> = {}
      for (const [way, change] of Object.entries(WRITES)) {
        reset(db)
        outcomes[way] = occurs({
          begin,
          read: (transaction, id) => valueOf(transaction, text, id),
          write: (transaction, id, balance) => {
            expect(transaction.execute(change, [id, balance]).rowsAffected).toBeGreaterThan(0)
          },
        })
      }
      expect(outcomes).toEqual(Object.fromEntries(Object.keys(WRITES).map(way => [way, expected])))
    })
  })
})

describe.each(LEVELS)('at %s, transactions that meet nowhere', level => {
  const exact = ['its key', 'a unique index', 'keys in a list', 'an aggregate over a range', 'INSERT … SELECT']

  test.each(level === 'serializable' ? exact : Object.keys(READS))('commit when rows are read by %s', way => {
    for (const change of Object.values(WRITES)) {
      if (level === 'serializable' && change.includes('id + 0')) continue
      reset(db)
      const [a, b] = [1, 2].map(id => {
        const transaction = db.beginTransaction({ isolation: level })
        const seen = valueOf(transaction, READS[way]!, id)!
        transaction.execute(change, [id, seen + 1])
        return transaction
      })
      expect(commitAll(a!, b!)).toEqual([true, true])
      expect(balances(db)).toEqual({ 1: 11, 2: 21 })
    }
  })
})
