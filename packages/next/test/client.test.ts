import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { closeShared, sharedClient } from '@sochdb/next'
import type { SharedClientOptions } from '@sochdb/next'
import { Database, DatabaseError, ValidationError } from 'sochdb'
import type { ClientOptions } from 'sochdb/client'
import type * as stores from '../src/stores.js'
import { temporaryDirectory } from '../../sochdb/test/support/temporary.js'
import { createClient } from '../../../templates/node/sochdb/generated/index.js'

const directory = temporaryDirectory()
const opened = jest.spyOn(Database, 'open')

beforeEach(() => {
  opened.mockClear()
})
afterEach(() => {
  closeShared()
  delete process.env['NEXT_PHASE']
})

/** What hot reload has after the generated client was evaluated again: a function that does the same. */
const evaluatedAgain = (options: ClientOptions) => createClient(options)

describe('a shared client', () => {
  it('opens nothing before the first call', async () => {
    const db = sharedClient(createClient, { path: directory('lazy') })
    expect(opened).not.toHaveBeenCalled()
    expect(await db.notes.count()).toBe(0)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('is the same for everybody who asks with the same options', () => {
    const path = directory('same')
    const options = { path, log: ['slow'], slowMs: 50 } as const
    const db = sharedClient(createClient, options)
    expect(sharedClient(createClient, { ...options, log: ['slow'] })).toBe(db)
    expect(sharedClient(createClient, { ...options, slowMs: 60 })).not.toBe(db)
    expect(sharedClient(createClient, { path: directory('other') })).not.toBe(db)
  })

  it('is another one where the code has changed, over the same handle', async () => {
    const path = directory('reload')
    const before = sharedClient(createClient, { path })
    const { id } = await before.authors.insert({ email: 'ada@example.com' })
    const after = sharedClient(evaluatedAgain, { path })
    expect(after).not.toBe(before)
    expect(await after.authors.find({ id })).toMatchObject({ email: 'ada@example.com' })
    expect(await before.authors.count()).toBe(1)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('finds the handle by where a path leads, not by how it is written', async () => {
    const real = directory('real')
    mkdirSync(real)
    const link = directory('link')
    symlinkSync(real, link)
    // Neither store is there yet when the clients are made.
    const paths = [join(real, 'app.soch'), join(link, 'app.soch'), `${link}/./x/../app.soch`]
    const clients = paths.map(path => sharedClient(createClient, { path }))
    await clients[0]!.authors.insert({ email: 'ada@example.com' })
    for (const db of clients) expect(await db.authors.count()).toBe(1)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('lives on globalThis, where another copy of the package finds it', async () => {
    const path = directory('copies')
    await sharedClient(createClient, { path }).authors.insert({ email: 'ada@example.com' })
    const again = '../src/stores.js?again'
    const copy = (await import(again)) as typeof stores
    const db = copy.storeOf(path).client(evaluatedAgain, {}, undefined)
    expect(await db.authors.count()).toBe(1)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('keeps a store in memory as long as the process', async () => {
    await sharedClient(createClient, { path: ':memory:' }).authors.insert({ email: 'ada@example.com' })
    expect(await sharedClient(evaluatedAgain, { path: ':memory:' }).authors.count()).toBe(1)
  })
})

describe('a shared client that could not open its store', () => {
  it('tries again at the next call', async () => {
    const place = directory('place')
    writeFileSync(place, 'a file where a directory should be')
    const db = sharedClient(createClient, { path: join(place, 'app.soch') })
    await expect(db.notes.count()).rejects.toThrow()
    await expect(db.notes.count()).rejects.toThrow()
    rmSync(place)
    expect(await db.notes.count()).toBe(0)
  })
})

describe('closing', () => {
  it('is not done by one client to the others: $close does nothing', async () => {
    const path = directory('close')
    const db = sharedClient(createClient, { path })
    await db.notes.count()
    await db.$close()
    expect(await db.notes.count()).toBe(0)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('leaves clients that open the store again at the next call', async () => {
    const path = directory('closed')
    const db = sharedClient(createClient, { path })
    await db.authors.insert({ email: 'ada@example.com' })
    closeShared()
    const elsewhere = Database.open(path)
    elsewhere.close()
    expect(await db.authors.count()).toBe(1)
    expect(opened).toHaveBeenCalledTimes(3)
    closeShared(path)
    closeShared(path)
    expect(await db.$transaction(tx => tx.authors.count())).toBe(1)
    expect(db.sync.authors.count()).toBe(1)
    expect(await db.$qb.selectFrom('authors').select('email').execute()).toEqual([{ email: 'ada@example.com' }])
    expect(opened).toHaveBeenCalledTimes(4)
  })

  it('closes the store of one path and no other', async () => {
    const [one, two] = ['one', 'two'].map(name => sharedClient(createClient, { path: directory(name) }))
    await one!.notes.count()
    await two!.notes.count()
    closeShared(directory('one'))
    await two!.notes.count()
    expect(opened).toHaveBeenCalledTimes(2)
  })
})

describe('a build', () => {
  it('opens no store, and says how pages that read one are rendered later', async () => {
    process.env['NEXT_PHASE'] = 'phase-production-build'
    const path = directory('build')
    const db = sharedClient(createClient, { path })
    await expect(db.notes.count()).rejects.toThrow(DatabaseError)
    await expect(db.notes.count()).rejects.toThrow(/`await connection\(\)`/)
    expect(opened).not.toHaveBeenCalled()
    process.env['NEXT_PHASE'] = 'phase-production-server'
    expect(await db.notes.count()).toBe(0)
  })
})

describe('what is refused', () => {
  it.each([
    ['no createClient', undefined, { path: 'x' }, /takes the createClient/],
    ['no options', createClient, undefined, /path is a string/],
    ['no path', createClient, {}, /path is a string/],
    ['a database', createClient, { path: 'x', database: {} }, /takes path, not database/],
    ['an option that does not exist', createClient, { path: 'x', cache: true }, /no option "cache"/],
  ])('%s', (_what, make, options, message) => {
    const ask = () => sharedClient(make as typeof createClient, options as unknown as SharedClientOptions)
    expect(ask).toThrow(ValidationError)
    expect(ask).toThrow(message)
  })

  it('other options of a store that is open, until it is closed', async () => {
    const path = directory('options')
    const log = (): void => undefined
    await sharedClient(createClient, { path, open: { syncMode: 'normal', logger: log } }).notes.count()
    // The same, as hot reload gives them.
    const same = { path, open: { logger: (): void => undefined, syncMode: 'normal' } } as const
    expect(await sharedClient(createClient, same).notes.count()).toBe(0)
    const other = sharedClient(createClient, { path, open: { syncMode: 'off' } })
    await expect(other.notes.count()).rejects.toThrow(/is open with other options.*restart the server/)
    closeShared(path)
    expect(await other.notes.count()).toBe(0)
  })
})
