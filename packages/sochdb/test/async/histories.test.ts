import { AsyncDatabase, TransactionConflictError } from 'sochdb'
import type { AsyncTransaction } from 'sochdb'

import { checkListAppend } from '../histories/checker.js'
import type { Operation, Transaction } from '../histories/history.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const CLIENTS = 12
const TRANSACTIONS = 25
const KEYS = 4

/** A small generator, so that a failure can be run again. */
function generator(seed: number): (n: number) => number {
  let state = seed
  return n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

let lastValue = 0
const listOf = (text: string | undefined): number[] => (text === undefined ? [] : text.split(' ').map(Number))

async function step(txn: AsyncTransaction, key: string, random: (n: number) => number): Promise<Operation> {
  if (random(2) === 0) {
    // By different ways of reading.
    const way = random(3)
    if (way === 0) return { kind: 'read', key, values: listOf(await txn.getString(key)) }
    if (way === 1) return { kind: 'read', key, values: listOf((await txn.getBatch([key]))[0]?.toString()) }
    for await (const [, value] of txn.scanRange(key, `${key}\0`))
      return { kind: 'read', key, values: listOf(value.toString()) }
    return { kind: 'read', key, values: [] }
  }
  const value = ++lastValue
  await txn.put(key, [...listOf(await txn.getString(key)), value].join(' '))
  return { kind: 'append', key, value }
}

describe.each(['full', 'normal', 'off'] as const)('many asynchronous transactions at once, in mode %s', syncMode => {
  test('are serializable, in real time too', async () => {
    const db = await AsyncDatabase.open(directory(`history-${syncMode}`), { syncMode })
    const history: Transaction[] = []
    const client = async (number: number): Promise<void> => {
      const random = generator(number * 7919 + 1)
      for (let i = 0; i < TRANSACTIONS; i++) {
        const operations: Operation[] = []
        const began = process.hrtime.bigint()
        const txn = await db.beginTransaction()
        const steps = 1 + random(4)
        for (let n = 0; n < steps; n++) operations.push(await step(txn, `list:${random(KEYS)}`, random))
        const committed = await txn.commit().then(
          () => true,
          error => {
            if (!(error instanceof TransactionConflictError)) throw error
            return false
          },
        )
        const ended = process.hrtime.bigint()
        history.push({ name: `c${number}.${i}`, level: 'serializable', committed, began, ended, operations })
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)))
    const end = await db.beginTransaction()
    const began = process.hrtime.bigint()
    const operations: Operation[] = []
    for (let k = 0; k < KEYS; k++) {
      operations.push({ kind: 'read', key: `list:${k}`, values: listOf(await end.getString(`list:${k}`)) })
    }
    await end.commit()
    history.push({
      name: 'end',
      level: 'serializable',
      committed: true,
      began,
      ended: process.hrtime.bigint(),
      operations,
    })
    expect(checkListAppend(history)).toEqual([])
    expect(history.filter(({ committed }) => committed).length).toBeGreaterThan(CLIENTS)
    expect(history.some(({ committed }) => !committed)).toBe(true)
    await db.close()
  })
})
