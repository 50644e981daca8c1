/** Indexes that are built in steps: what is written between the steps, what ends them, and processes that are killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { performance } from 'node:perf_hooks'
import { Database, QueryTimeoutError, UniqueConstraintError } from '../../src/index.js'
import type { Namespace, Transaction } from '../../src/index.js'
import { temporaryDirectory } from '../support/temporary.js'

const child = join(dirname(fileURLToPath(import.meta.url)), '..', 'support', 'ddl-child.mjs')
const ROWS = 85_000
const pathOf = temporaryDirectory()

function fill(db: Database | Namespace, rows = ROWS): void {
  db.execute('create table big (id integer primary key, code integer not null, s text)')
  db.execute(`insert into big select value, value * 7 % 1000003, 'x' from generate_series(1, ${rows})`)
}

/** Calls `between` before every transaction of the database but the first, with its number. */
function betweenSteps(db: Database, between: (step: number) => void): void {
  const run = db.transaction.bind(db)
  let step = 0
  let isInside = false
  db.transaction = <T>(fn: (txn: Transaction) => T): T => {
    if (!isInside && step++ > 0) {
      isInside = true
      try {
        between(step - 1)
      } finally {
        isInside = false
      }
    }
    return run(fn)
  }
}

const CREATE = 'create unique index big_code on big (code)'
const indexes = (db: Database | Namespace) => db.listIndexes('big').map(index => index.name)

/** By the index, and by the table: the same rows. */
function expectWhole(db: Database): void {
  const plan = db.execute('explain select id from big where code = 7').rows.map(row => Object.values(row)[0])
  expect(plan.join('\n')).toContain('big_code')
  const rows = db.execute('select id, code from big').rows as { id: number; code: number }[]
  const byIndex = db.execute('select id, code from big where code >= -1 order by code').rows
  expect(byIndex).toEqual(rows.toSorted((a, b) => a.code - b.code))
}

describe('between the steps', () => {
  let db: Database
  beforeEach(() => {
    db = Database.open(':memory:')
    fill(db)
    db.execute('create table other (id integer primary key)')
  })
  afterEach(() => db.close())

  test('rows are inserted, changed and deleted, before and behind where the build is', () => {
    let steps = 0
    betweenSteps(db, step => {
      steps = step
      for (const id of [step, step * 16_000, ROWS - step]) {
        db.execute('delete from big where id = ?', [id])
        db.execute('insert into big values (?, ?, ?)', [id, 2_000_000 + step * 10_000 + id, 'new'])
        db.execute('update big set code = code + 5000000 where id = ?', [id + 1])
      }
    })
    db.execute(CREATE)
    expect(steps).toBeGreaterThan(3)
    expectWhole(db)
    expect(() => db.execute("insert into big values (99999, 70, 'y')")).toThrow(UniqueConstraintError)
  })

  test('a row comes that is in the way of one behind it: the error is that of the key, and nothing is left', () => {
    betweenSteps(db, step => {
      if (step === 2) db.execute('update big set code = (select code from big where id = 20500) where id = 3')
    })
    expect(() => db.execute(CREATE)).toThrow(UniqueConstraintError)
    expect(indexes(db)).toEqual([])
    db.execute('update big set code = 5000000 where id = 3')
    db.execute(CREATE)
    expectWhole(db)
  })

  test('it is ended: nothing is left', () => {
    const ended = new Error('ended')
    betweenSteps(db, step => {
      if (step === 2) throw ended
    })
    expect(() => db.execute(CREATE)).toThrow(ended)
    expect(indexes(db)).toEqual([])
    db.execute(CREATE)
    expectWhole(db)
  })

  test('the index, or its table, is dropped: the build says so', () => {
    betweenSteps(db, step => {
      if (step === 2) db.execute('drop index big_code')
    })
    expect(() => db.execute(CREATE)).toThrow(/was dropped while it was being built/)
    expect(indexes(db)).toEqual([])
  })
})

/** Runs the child until it is killed; what it said. */
async function killed(args: readonly string[], lines = Infinity): Promise<string[]> {
  const running = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(running, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const said: string[] = []
  for await (const line of createInterface(running.stdout)) {
    said.push(line)
    if (said.length === lines) running.kill('SIGKILL')
  }
  const [code, signal] = await closed
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return said
}

describe('a process that is killed', () => {
  test('before any step of a build leaves the table as it was, or the index whole', async () => {
    const path = pathOf('steps')
    {
      using db = Database.open(path)
      fill(db)
    }
    let built = false
    let left = 0
    for (let step = 1; !built; ++step) {
      built = (await killed(['index', path, String(step)])).includes('built')
      using db = Database.open(path)
      if (built) {
        expectWhole(db)
        break
      }
      ++left
      // What nobody builds any more keeps no key.
      expect(indexes(db)).toEqual([])
      db.execute("insert into big values (99999, 7, 'twice')")
      db.execute('delete from big where id = 99999')
    }
    expect(left).toBeGreaterThan(4)
  })

  test('in the middle of a build in a namespace leaves nothing there either', async () => {
    const path = pathOf('namespace')
    {
      using db = Database.open(path)
      fill(db.createNamespace('a'), 25_000)
    }
    // What is left of others is looked for, the index is declared, a first part is filled.
    expect(await killed(['index', path, '4', 'a'])).toEqual([])
    using db = Database.open(path)
    const ns = db.namespace('a')
    expect(indexes(ns)).toEqual([])
    ns.execute("insert into big values (99999, 7, 'twice')")
    ns.execute('delete from big where id = 99999')
    ns.execute(CREATE)
    expect(ns.execute('select count(*) as n from big where code = 7').rows).toEqual([{ n: 1 }])
  })

  test('never hands out the number of a row again', async () => {
    const path = pathOf('numbers')
    {
      using db = Database.open(path)
      db.execute('create table numbered (id integer primary key autoincrement, name text)')
    }
    let most = 0
    for (const lines of [1, 2, 40, 300]) {
      const ids = (await killed(['identity', path], lines)).flatMap(line => line.split(' ').map(Number))
      expect(Math.min(...ids)).toBeGreaterThan(most)
      expect(new Set(ids).size).toBe(ids.length)
      most = Math.max(...ids)
      using db = Database.open(path)
      const there = new Set(db.execute('select id from numbered').rows.map(row => row['id']))
      expect(ids.filter(id => !there.has(id))).toEqual([])
      db.execute('delete from numbered')
      most = Math.max(most, Number(db.execute("insert into numbered (name) values ('c') returning id").rows[0]!['id']))
    }
  })
})

test('an end in the middle of a build, in a process that opens the store again', () => {
  const path = pathOf('again')
  {
    using db = Database.open(path)
    fill(db)
    betweenSteps(db, step => {
      // Taking the index away fails too, as at a full disk.
      if (step >= 2) throw new Error('no more')
    })
    expect(() => db.execute(CREATE)).toThrow('no more')
  }
  using db = Database.open(path)
  db.execute(CREATE)
  expectWhole(db)
})

/** Modules have no global of this name. */
const { jest: spies } = import.meta as unknown as { readonly jest: typeof jest }

describe('limits', () => {
  test('a time limit ends it between two steps, and nothing is left', () => {
    using db = Database.open(':memory:')
    fill(db)
    const clock = spies.spyOn(performance, 'now')
    betweenSteps(db, step => {
      if (step === 2) clock.mockReturnValue(Number.MAX_SAFE_INTEGER)
    })
    expect(() => db.execute(CREATE, [], { timeoutMs: 60_000 })).toThrow(QueryTimeoutError)
    clock.mockRestore()
    expect(indexes(db)).toEqual([])
    db.execute(CREATE)
    expectWhole(db)
  })

  test('in a transaction too, which stays usable', () => {
    using db = Database.open(':memory:')
    fill(db)
    const clock = spies.spyOn(performance, 'now')
    db.transaction(transaction => {
      const now = performance.now()
      clock
        .mockReturnValueOnce(now)
        .mockReturnValueOnce(now)
        .mockReturnValue(now + 1e6)
      expect(() => transaction.execute(CREATE, [], { timeoutMs: 1000 })).toThrow(QueryTimeoutError)
      clock.mockRestore()
      transaction.execute("insert into big values (0, -5, 'y')")
    })
    expect(indexes(db)).toEqual([])
    expect(db.execute('select id from big where code = -5').rows).toEqual([{ id: 0 }])
  })

  test('by promise a signal ends it, and others have their turn meanwhile', async () => {
    using db = Database.open(':memory:')
    fill(db)
    const stop = new AbortController()
    const building = db.async.execute(CREATE, [], { signal: stop.signal })
    setImmediate(() => stop.abort(new Error('enough')))
    await expect(building).rejects.toThrow('enough')
    expect(indexes(db)).toEqual([])
    await db.async.execute(CREATE)
    expectWhole(db)
    await expect(db.async.execute(CREATE)).rejects.toThrow(/big_code/)
  })
})
