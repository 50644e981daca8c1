import { AsyncDatabase, Database, ErrorCode } from 'sochdb'
import type { Change } from 'sochdb'

import { rejection } from '../conformance/faces.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const text = ({ key, value }: Change): string => `${key.toString()}=${value === undefined ? '-' : value.toString()}`

async function take(changes: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const taken: Change[] = []
  for await (const change of changes) {
    taken.push(change)
    if (taken.length === count) break
  }
  return taken
}

describe.each(['full', 'normal', 'off'] as const)('watch, in mode %s', syncMode => {
  test('it yields what is committed under the prefix, in commit order', async () => {
    const db = await AsyncDatabase.open(directory(`order-${syncMode}`), { syncMode })
    await db.put('w:before', '1')
    const watch = db.watch('w:')
    await db.put('w:a', '1')
    await db.put('other', '1')
    await db.transaction(async txn => {
      await txn.put('w:c', '3')
      await txn.put('w:b', '2')
    })
    await db.delete('w:a')
    const aborted = await db.beginTransaction()
    await aborted.put('w:never', '1')
    await aborted.abort()
    db.database.put('w:sync', '4')
    const changes = await take(watch, 5)
    expect(changes.map(text)).toEqual(['w:a=1', 'w:b=2', 'w:c=3', 'w:a=-', 'w:sync=4'])
    expect(changes[1]?.timestamp).toBe(changes[2]?.timestamp)
    for (let i = 1; i < changes.length; i++) expect(changes[i]!.timestamp >= changes[i - 1]!.timestamp).toBe(true)
    await db.close()
  })

  test('a change is visible when it arrives', async () => {
    const db = await AsyncDatabase.open(directory(`visible-${syncMode}`), { syncMode })
    const watch = db.watch('w:')
    const writing = (async () => {
      for (let i = 0; i < 50; i++) await db.put('w:n', String(i))
    })()
    let seen = 0
    for await (const { value } of watch) {
      expect(Number(db.database.getString('w:n'))).toBeGreaterThanOrEqual(Number(value?.toString()))
      if (++seen === 50) break
    }
    await writing
    await db.close()
  })
})

test('large values arrive too', async () => {
  const db = Database.open(directory('large'))
  const watch = db.watch('w:')
  db.put('w:large', Buffer.alloc(2 * 1024 * 1024, 7))
  const [change] = await take(watch, 1)
  expect(change?.value?.equals(Buffer.alloc(2 * 1024 * 1024, 7))).toBe(true)
  db.close()
})

test('it ends with return, with a signal, and when the database is closed', async () => {
  const db = Database.open(':memory:')
  const drain = async (changes: AsyncIterable<Change>): Promise<number> => {
    let n = 0
    for await (const change of changes) n += change.key.length > 0 ? 1 : 0
    return n
  }
  const returned = db.watch('w:')
  const waiting = returned.next()
  await returned.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })

  const controller = new AbortController()
  const aborted = drain(db.watch('w:', { signal: controller.signal }))
  controller.abort()
  expect(await aborted).toBe(0)
  expect(await drain(db.watch('w:', { signal: AbortSignal.abort() }))).toBe(0)

  const closed = [drain(db.watch('w:')), drain(db.async.watch('w:'))]
  await db.async.close()
  expect(await Promise.all(closed)).toEqual([0, 0])
})

test('a consumer that falls behind is told so', async () => {
  const db = Database.open(':memory:')
  const watch = db.watch('w:', { bufferSize: 10 })
  for (let i = 0; i < 11; i++) db.put(`w:${i}`, 'x')
  expect(await rejection(watch.next())).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED })
  expect(await watch.next()).toEqual({ done: true, value: undefined })
  db.close()
})

test('several watchers and unawaited calls of next each get their changes', async () => {
  const db = Database.open(':memory:')
  const [one, two] = [db.watch('w:'), db.watch('')]
  const next = [one.next(), one.next(), one.next()]
  const all = take(two, 4)
  for (const key of ['w:1', 'x', 'w:2', 'w:3']) db.put(key, 'v')
  expect((await Promise.all(next)).map(result => (result.value as Change).key.toString())).toEqual([
    'w:1',
    'w:2',
    'w:3',
  ])
  expect((await all).map(change => change.key.toString())).toEqual(['w:1', 'x', 'w:2', 'w:3'])
  db.close()
})

test('bad arguments are refused', () => {
  const db = Database.open(':memory:')
  expect(() => db.watch(5 as never)).toThrow(/prefix/)
  expect(() => db.watch('w:', { bufferSize: 0 })).toThrow(/bufferSize/)
  expect(() => db.watch('w:', { signal: {} as never })).toThrow(/signal/)
  db.close()
  expect(() => db.watch('w:')).toThrow(/closed/)
})
