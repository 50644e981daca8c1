import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { AsyncDatabase, Database, QueryError, SochDBError, ValidationError } from 'sochdb'
import type { LongOptions } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'
import { contents, crash, damage, filesOf, keyOf, noise, openQuiet, until } from './support.js'

const directory = temporaryDirectory()

let names = 0
const fresh = (): string => directory(`store-${++names}`)

/** 6 MiB that do not compress, in tables, and 1.5 MB that are in memory and the log only. */
async function filled(): Promise<AsyncDatabase> {
  const db = await AsyncDatabase.open(fresh(), { logLevel: 'off', syncMode: 'off' })
  for (let part = 0; part < 3; part++) {
    await db.putBatch(Array.from({ length: 200 }, (_, i) => [keyOf(part * 100 + i), noise(10_000)] as const))
    await db.recovery().checkpoint()
  }
  await db.putBatch(Array.from({ length: 150 }, (_, i) => [keyOf(1000 + i), noise(10_000)] as const))
  return db
}

type Work = (db: AsyncDatabase, options: LongOptions) => Promise<unknown>
const target = (db: AsyncDatabase): string => `${db.path}-backup`
const works: readonly (readonly [name: string, work: Work])[] = [
  ['compact', (db, options) => db.compact(options)],
  ['compactLevel', (db, options) => db.compactLevel(0, options)],
  ['backup', (db, options) => db.backup(target(db), options)],
  ['verify', (db, options) => db.verify(options)],
  ['checkpoint', (db, options) => db.recovery().checkpoint(options)],
  ['verifyWal', (db, options) => db.recovery().verifyWal(options)],
]
const withProgress = works.filter(([name]) => ['compact', 'backup', 'verify', 'verifyWal'].includes(name))

/** Nothing is lost, and nothing is left behind. */
async function expectUntouched(db: AsyncDatabase, before: Map<string, string>): Promise<void> {
  expect(contents(db.database)).toEqual(before)
  expect(await db.verify()).toMatchObject({ isValid: true, faults: [] })
  expect(existsSync(target(db))).toBe(false)
  until('there are no tables but those of the store', () => {
    const { sstFileCount, obsoleteFileCount } = db.database.storageStats()
    return filesOf(db.path, '.sst').length === sstFileCount + obsoleteFileCount
  })
  const path = crash(db.database, fresh())
  const copy = openQuiet(path)
  expect(contents(copy)).toEqual(before)
  copy.close()
  await db.close()
}

describe.each(works)('%s', (_name, work) => {
  test('does under a signal that is not used what it does without', async () => {
    const db = await filled()
    const before = contents(db.database)
    await work(db, { signal: new AbortController().signal, timeoutMs: 60_000 })
    expect(contents(db.database)).toEqual(before)
    await db.close()
  })

  test('under a signal that was aborted before does nothing', async () => {
    const db = await filled()
    const before = contents(db.database)
    const stats = await db.compactionStats()
    const reason = new Error('changed my mind')
    await expect(work(db, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect((await db.compactionStats()).flushes).toBe(stats.flushes)
    await expectUntouched(db, before)
  })

  test('aborted while it runs, leaves nothing behind', async () => {
    const db = await filled()
    const before = contents(db.database)
    const controller = new AbortController()
    const reason = new Error('enough')
    const working = work(db, { signal: controller.signal }).then(
      () => 'done',
      (error: unknown) => error,
    )
    controller.abort(reason)
    // It may have been done before it heard; a backup that is whole is no remnant.
    const outcome = await working
    expect([reason, 'done']).toContain(outcome)
    if (outcome === 'done' && existsSync(target(db))) await db.close()
    else await expectUntouched(db, before)
  })

  test('refuses options that it does not have', async () => {
    const db = await AsyncDatabase.open(':memory:')
    for (const options of [{ sgnal: 1 }, { signal: {} }, { onProgress: 5 }, { timeoutMs: 0 }, null]) {
      await expect(work(db, options as never)).rejects.toThrow(ValidationError)
    }
    await db.close()
  })
})

describe.each(withProgress)('%s with onProgress', (_name, work) => {
  test('tells bytes that rise, and all of them in the end', async () => {
    const db = await filled()
    const seen: (readonly [number, number])[] = []
    await work(db, { onProgress: (completed, total) => seen.push([completed, total]) })
    expect(seen.length).toBeGreaterThan(0)
    const completed = seen.map(([done]) => done)
    expect(completed).toEqual(completed.toSorted((a, b) => a - b))
    for (const [done, total] of seen) expect(done).toBeLessThanOrEqual(total)
    const [done, total] = seen.at(-1)!
    expect(done).toBe(total)
    expect(total).toBeGreaterThan(1_000_000)
    await db.close()
  })

  test('that throws stops the work, and is what it rejects with', async () => {
    const db = await filled()
    const before = contents(db.database)
    const mine = new Error('mine')
    const working = work(db, {
      onProgress: (completed, total) => {
        if (completed < total) throw mine
      },
    })
    const outcome = await working.then(
      () => 'done',
      (error: unknown) => error,
    )
    expect([mine, 'done']).toContain(outcome)
    if (outcome === mine) await expectUntouched(db, before)
    else await db.close()
  })
})

test('a backup that is aborted at its first progress leaves no directory, and an empty one empty', async () => {
  const db = await filled()
  const controller = new AbortController()
  const reason = new Error('no space for it')
  const path = fresh()
  const options = { signal: controller.signal, onProgress: () => controller.abort(reason) }
  await expect(db.backup(path, options)).rejects.toBe(reason)
  expect(existsSync(path)).toBe(false)
  await db.backup(path)
  expect(readdirSync(path)).toContain('FORMAT')
  await db.close()
})

test('a time limit ends it with an error of its own', async () => {
  const db = await filled()
  const before = contents(db.database)
  const outcome = await db.backup(target(db), { timeoutMs: 1 }).then(
    () => 'done',
    (error: unknown) => error,
  )
  if (outcome === 'done') return db.close()
  expect(outcome).toBeInstanceOf(SochDBError)
  expect(outcome).not.toBeInstanceOf(ValidationError)
  expect(outcome instanceof QueryError || (outcome as Error).message.includes('time')).toBe(true)
  await expectUntouched(db, before)
})

test('a backup is equal to the store, and opens', async () => {
  const db = await filled()
  const report = await db.backup(target(db))
  expect(report.path).toBe(target(db))
  const copy = await AsyncDatabase.open(target(db))
  expect(contents(copy.database)).toEqual(contents(db.database))
  await copy.close()
  await expect(db.backup(target(db))).rejects.toThrow(ValidationError)
  await db.close()
})

test('verify names the table and the place of a flipped bit', async () => {
  const db = await filled()
  await db.compact()
  const [table] = filesOf(db.path, '.sst')
  damage(table!, 50_000)
  const { isValid, faults } = await db.verify()
  expect(isValid).toBe(false)
  expect(faults[0]).toMatchObject({ part: 'table', file: join(db.path, 'tables', table!.slice(-14)) })
  await db.close()
})

test('bad arguments reject, and nothing is done', async () => {
  const db = await AsyncDatabase.open(':memory:')
  await expect(db.compactLevel(7)).rejects.toThrow(/0 to 6/)
  await expect(db.backup('')).rejects.toThrow(ValidationError)
  await expect(db.recovery().truncateWal(1n << 60n)).rejects.toThrow(ValidationError)
  await expect(db.recovery().truncateWal(5 as never)).rejects.toThrow(ValidationError)
  await db.close()
  await expect(db.compact()).rejects.toThrow(/closed/)
  await expect(db.verify()).rejects.toThrow(/closed/)
})

test('has the methods of Database, under the same names', async () => {
  const db = await AsyncDatabase.open(':memory:')
  const names = ['compact', 'compactLevel', 'backup', 'verify', 'stats', 'storageStats', 'compactionStats'] as const
  for (const name of [...names, 'performanceMetrics', 'snapshot', 'sync'] as const) {
    expect(typeof db[name]).toBe('function')
    expect(typeof Database.prototype[name]).toBe('function')
  }
  for (const name of ['needsRecovery', 'recover', 'verifyWal', 'checkpoint', 'truncateWal', 'walStats'] as const) {
    expect(typeof db.recovery()[name]).toBe('function')
    expect(typeof db.database.recovery()[name]).toBe('function')
  }
  expect(Object.keys(await db.stats())).toEqual(Object.keys(db.database.stats()))
  expect(await db.recovery().walStats()).toEqual(db.database.recovery().walStats())
  await db.close()
})
