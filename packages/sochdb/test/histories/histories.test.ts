/**
 * Transactions of several threads through the JavaScript API, judged from outside by what they read. SOCHDB_HISTORY_TRANSACTIONS and
 * SOCHDB_HISTORY_SEED make it a longer or another run (`pnpm stress`).
 */
import { temporaryDirectory } from '../support/temporary.js'
import { checkListAppend } from './checker.js'
import type { AnomalyKind } from './checker.js'
import type { Level, Operation, Transaction } from './history.js'
import { record } from './record.js'

const directory = temporaryDirectory()
const TRANSACTIONS = Number(process.env['SOCHDB_HISTORY_TRANSACTIONS'] ?? 300)
const SEED = Number(process.env['SOCHDB_HISTORY_SEED'] ?? 1)
const THREADS = 3

let runs = 0
const run = (level: Level, keys: number, syncMode: 'off' | 'normal' | 'full' = 'normal') =>
  record({
    path: directory(`history-${String(runs++)}`),
    level,
    seed: SEED,
    threads: THREADS,
    transactions: syncMode === 'full' ? Math.ceil(TRANSACTIONS / 5) : TRANSACTIONS,
    keys,
    syncMode,
  })
const kindsOf = (history: readonly Transaction[]) => new Set(checkListAppend(history).map(anomaly => anomaly.kind))

describe('threads that share a store', () => {
  test.each(['off', 'normal', 'full'] as const)(
    'serializable histories have no anomaly, in real time too (%s)',
    async mode => {
      const history = await run('serializable', 5, mode)
      expect(checkListAppend(history)).toEqual([])
      expect(history.filter(transaction => transaction.committed).length).toBeGreaterThan(THREADS * 10)
      expect(history.some(transaction => !transaction.committed)).toBe(true)
    },
  )

  test('snapshot histories have write skew, and nothing worse', async () => {
    // Transactions that read two lists and append to one of them skew; with few lists it takes few of them.
    const kinds = kindsOf(await run('snapshot', 4))
    expect(kinds.has('G2-item')).toBe(true)
    kinds.delete('G2-item')
    expect([...kinds].filter(kind => kind !== 'realtime')).toEqual([])
  })

  test('read committed histories lose updates, and read nothing that was not committed', async () => {
    const kinds = kindsOf(await run('readCommitted', 2))
    expect(kinds.has('G1a')).toBe(false)
    expect(kinds.has('G1b')).toBe(false)
    expect(kinds.has('unknown value')).toBe(false)
    expect(kinds.has('lost append') || kinds.has('incompatible order')).toBe(true)
  })
})

describe('the checker', () => {
  /** `r x 1 2` reads, `a x 3` appends. Without times, all overlap. */
  const transaction = (name: string, steps: string[], given: Partial<Transaction> = {}): Transaction => ({
    name,
    level: 'serializable',
    committed: true,
    began: 0n,
    ended: 1000n,
    operations: steps.map((step): Operation => {
      const [kind, key = '', ...values] = step.split(' ')
      if (kind === 'r') return { kind: 'read', key, values: values.map(Number) }
      return { kind: 'append', key, value: Number(values[0]) }
    }),
    ...given,
  })
  const expectKinds = (history: Transaction[], ...kinds: AnomalyKind[]) =>
    expect([...kindsOf(history)].sort()).toEqual(kinds.sort())
  const end = (...steps: string[]) => transaction('end', steps)
  const at = (began: number, ended: number) => ({ began: BigInt(began), ended: BigInt(ended) })

  test('a serial history has no anomaly', () => {
    expectKinds([
      transaction('t1', ['a x 1'], at(1, 2)),
      transaction('t2', ['r x 1', 'a x 2', 'r x 1 2'], at(3, 4)),
      transaction('t3', ['a y 9'], { committed: false, ...at(3, 5) }),
      transaction('t4', ['r x 1 2', 'r y'], at(6, 7)),
      transaction('end', ['r x 1 2', 'r y'], at(8, 9)),
    ])
  })
  test('a read of an aborted append is G1a', () => {
    expectKinds([transaction('t1', ['a x 1'], { committed: false }), end('r x 1')], 'G1a')
  })
  test('a read in the middle of a transaction is G1b', () => {
    expectKinds(
      [transaction('t1', ['a x 1', 'a x 2']), transaction('t2', ['r x 1']), end('r x 1 2')],
      'G1b',
      'G-single',
      'G2-item',
    )
  })
  test('appends in different orders are G0', () => {
    expectKinds(
      [transaction('t1', ['a x 1', 'a y 1']), transaction('t2', ['a x 2', 'a y 2']), end('r x 1 2', 'r y 2 1')],
      'G0',
    )
  })
  test('two that see each other are G1c', () => {
    expectKinds(
      [transaction('t1', ['a x 1', 'r y 1']), transaction('t2', ['a y 1', 'r x 1']), end('r x 1', 'r y 1')],
      'G1c',
    )
  })
  test('read skew is G-single', () => {
    expectKinds(
      [transaction('t1', ['a x 1', 'a y 1']), transaction('t2', ['r x', 'r y 1']), end('r x 1', 'r y 1')],
      'G-single',
      'G2-item',
    )
  })
  test('write skew is G2-item and no G-single', () => {
    expectKinds(
      [transaction('t1', ['r x', 'r y', 'a x 1']), transaction('t2', ['r x', 'r y', 'a y 1']), end('r x 1', 'r y 1')],
      'G2-item',
    )
  })
  test('an append that is gone is lost', () => {
    expectKinds([transaction('t1', ['r x', 'a x 1']), transaction('t2', ['r x', 'a x 2']), end('r x 2')], 'lost append')
  })
  test('lists that are no beginnings of each other have incompatible orders', () => {
    expectKinds(
      [transaction('t1', ['a x 1']), transaction('t2', ['a x 2']), transaction('t3', ['r x 1 2']), end('r x 2 1 ')],
      'incompatible order',
      'unknown value',
    )
  })
  test('an element twice, and one that nobody appended', () => {
    expectKinds([transaction('t1', ['a x 1']), end('r x 1 1')], 'duplicate')
    expectKinds([end('r x 7')], 'unknown value')
  })
  test('a transaction that does not see its own append, or sees a list change', () => {
    expectKinds([transaction('t1', ['a x 1', 'r x']), end('r x 1')], 'internal')
    const changing = transaction('t1', ['r x', 'r x 1'])
    expect(kindsOf([changing, transaction('t2', ['a x 1']), end('r x 1')]).has('internal')).toBe(true)
    expect(kindsOf([{ ...changing, level: 'readCommitted' }, end('r x 1')]).has('internal')).toBe(false)
  })
  test('a read of the past is a realtime anomaly', () => {
    expectKinds(
      [
        transaction('t1', ['a x 1'], at(1, 2)),
        transaction('t2', ['r x'], at(3, 4)),
        transaction('end', ['r x 1'], at(5, 6)),
      ],
      'realtime',
    )
  })
})
