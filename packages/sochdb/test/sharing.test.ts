import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { Database, DatabaseLockedError, ErrorCode, TransactionTimeoutError } from 'sochdb'

import { temporaryDirectory, thrownBy } from './support/temporary.js'

const directory = temporaryDirectory()
const support = join(dirname(fileURLToPath(import.meta.url)), 'support')

describe('two processes', () => {
  test('the second is told which process holds the store, and gets it once that has gone', async () => {
    const path = directory('locked')
    const holder = spawn(process.execPath, [join(support, 'holder-child.cjs'), path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const error = thrownBy(() => Database.open(path))
    expect(error).toBeInstanceOf(DatabaseLockedError)
    expect(error).toMatchObject({ code: ErrorCode.DATABASE_LOCKED, pid: holder.pid, retryable: true })
    expect(error.message).toContain(String(holder.pid))
    const ended = once(holder, 'exit')
    holder.stdin.end()
    await ended
    const db = Database.open(path)
    expect(db.getString('held')).toBe('yes')
    expect(db.recovery().needsRecovery()).toBe(false)
    db.close()
  })

  test('a process that was killed holds nothing', async () => {
    const path = directory('killed-holder')
    const holder = spawn(process.execPath, [join(support, 'holder-child.cjs'), path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    const db = Database.open(path, { logLevel: 'off' })
    expect(db.getString('held')).toBe('yes')
    expect(db.recovery().needsRecovery()).toBe(true)
    db.close()
  })

  test('a process that ends without closing has closed cleanly all the same', () => {
    const path = directory('exit')
    const program = `const { open, native } = require(${JSON.stringify(join(support, 'native.cjs'))})
      const db = open(${JSON.stringify(path)}); native.put(db, 'a', '1'); native.begin(db, 0, true, 0, new ArrayBuffer(16))`
    const result = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
    const db = Database.open(path)
    expect(db.getString('a')).toBe('1')
    expect(db.recovery().needsRecovery()).toBe(false)
    db.close()
  })
})

describe('threads of one process', () => {
  const startWorker = (workerData: Record<string, unknown>) =>
    new Worker(join(support, 'counter-worker.cjs'), { workerData })

  test('threads share one store, and their transactions take turns', async () => {
    const path = directory('threads')
    const db = Database.open(path)
    const workers = [1, 2].map(() => startWorker({ path, task: 'count', times: 300 }))
    const ended = Promise.all(workers.map(worker => once(worker, 'exit')))
    for (let i = 0; i < 300; i++) {
      db.transaction(txn => txn.put('n', String(Number(txn.getString('n') ?? 0) + 1)))
    }
    await ended
    expect(db.getString('n')).toBe('900')
    db.close()
  })

  test('a thread that waits too long for its turn is told so', async () => {
    const path = directory('waiting')
    const db = Database.open(path)
    const gate = new SharedArrayBuffer(4)
    const worker = startWorker({ path, task: 'hold', gate })
    await once(worker, 'message')
    const error = thrownBy(() => db.transaction(() => 'never', { timeoutMs: 20 }))
    expect(error).toBeInstanceOf(TransactionTimeoutError)
    expect(db.get('held')).toBeUndefined()
    const ended = once(worker, 'exit')
    Atomics.store(new Int32Array(gate), 0, 1)
    Atomics.notify(new Int32Array(gate), 0)
    await ended
    db.put('a', '1')
    db.close()
  })

  test('a thread that ends inside a transaction gives the writer back', async () => {
    const path = directory('ended')
    const db = Database.open(path)
    const worker = startWorker({ path, task: 'hold' })
    await once(worker, 'exit')
    db.put('a', '1')
    expect(db.get('held')).toBeUndefined()
    expect(db.stats().activeTransactions).toBe(0)
    db.close()
  })

  test('a thread that is terminated inside a transaction gives the writer back', async () => {
    const path = directory('terminated')
    const db = Database.open(path)
    const worker = startWorker({ path, task: 'hold', gate: new SharedArrayBuffer(4) })
    await once(worker, 'message')
    await worker.terminate()
    db.transaction(txn => txn.put('a', '1'))
    expect(db.get('held')).toBeUndefined()
    db.close()
  })

  test('the store outlives the thread that opened it first', async () => {
    const path = directory('outlives')
    const first = Database.open(path)
    const worker = startWorker({ path, task: 'count', times: 10 })
    const ended = once(worker, 'exit')
    first.close()
    await ended
    const again = Database.open(path)
    expect(again.getString('n')).toBe('10')
    again.close()
  })
})
