import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { AsyncDatabase, Database } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const support = join(dirname(fileURLToPath(import.meta.url)), '..', 'support')

const start = (workerData: Record<string, unknown>): Worker =>
  new Worker(join(support, 'async-chaos-child.cjs'), { workerData })

describe('with operations in flight', () => {
  test.each([1, 2, 3])('random closes, aborts and cancellations on shared stores end well (seed %d)', async seed => {
    const path = directory(`chaos-${seed % 3}-${seed}`)
    const workers = [0, 1].map(i => start({ path, seed: seed * 3 + i * 300, rounds: 6 }))
    const ends = workers.map(async worker => {
      let last: unknown
      worker.on('message', message => (last = message))
      const [code] = (await once(worker, 'exit')) as [number]
      return { code, last }
    })
    expect(await Promise.all(ends)).toEqual([
      { code: 0, last: 'done' },
      { code: 0, last: 'done' },
    ])
    const db = Database.open(path, { syncMode: (['full', 'normal', 'off'] as const)[(seed * 3) % 3]! })
    expect(db.recovery().verifyWal().isValid).toBe(true)
    db.close()
  })

  test('threads that are terminated in the middle leave the store usable', async () => {
    const path = directory('terminated')
    for (let i = 0; i < 6; i++) {
      const worker = start({ path, seed: i * 3, rounds: 1000 })
      await once(worker, 'message')
      await new Promise(resolve => setTimeout(resolve, i * 7))
      await worker.terminate()
    }
    const db = await AsyncDatabase.open(path, { syncMode: 'full', logLevel: 'off' })
    await db.put('after', '1')
    expect(await db.getString('after')).toBe('1')
    expect((await db.stats()).activeTransactions).toBe(0)
    await db.close()
  })
})

describe('the process', () => {
  const run = (program: string): ReturnType<typeof spawnSync> =>
    spawnSync(
      process.execPath,
      ['-e', `const { native, openArguments } = require(${JSON.stringify(join(support, 'native.cjs'))}); ${program}`],
      { encoding: 'utf8', timeout: 20_000 },
    )

  test('ends when nothing is in flight, an open database and a watch or not', () => {
    const path = directory('idle')
    const result = run(`(async () => {
      const db = await native.asyncOpen(...openArguments(${JSON.stringify(path)}))
      await native.asyncPut(db, 'a', '1', 0, 0, 0)
      native.watch(db, 'a', 10)
      console.log('put')
    })()`)
    expect(result).toMatchObject({ status: 0, stdout: 'put\n', stderr: '' })
  })

  test('waits for what is in flight', () => {
    const path = directory('in-flight')
    const result = run(`native.asyncOpen(...openArguments(${JSON.stringify(path)}, 'full')).then(db =>
      native.asyncPut(db, 'a', '1', 0, 0, 0)).then(() => console.log('committed'))`)
    expect(result).toMatchObject({ status: 0, stdout: 'committed\n', stderr: '' })
    const db = Database.open(path, { syncMode: 'full' })
    expect(db.getString('a')).toBe('1')
    expect(db.recovery().needsRecovery()).toBe(false)
    db.close()
  })

  test('process.exit in the middle is no crash', () => {
    const path = directory('exit')
    const result = run(`native.asyncOpen(...openArguments(${JSON.stringify(path)}, 'full')).then(db => {
      for (let i = 0; i < 1000; i++) native.asyncPut(db, 'k' + i, 'v', 0, 0, 0)
      process.exit(7)
    })`)
    expect(result).toMatchObject({ status: 7, stderr: '' })
    Database.open(path, { syncMode: 'full', logLevel: 'off' }).close()
  })
})
