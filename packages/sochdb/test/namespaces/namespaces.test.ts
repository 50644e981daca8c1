import {
  Database,
  DatabaseError,
  ErrorCode,
  Namespace,
  NamespaceAccessError,
  NamespaceExistsError,
  NamespaceNotFoundError,
  ValidationError,
} from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const keys = (rows: Iterable<[Buffer, Buffer]>) => Array.from(rows, ([key]) => key.toString())

describe('creating and finding', () => {
  test('a namespace is created once, and found by its name', () => {
    const created = db.createNamespace('tenant_123', { displayName: 'Acme Corp', labels: { tier: 'premium' } })
    expect(created).toBeInstanceOf(Namespace)
    expect(created.name).toBe('tenant_123')
    created.put('k', 'v')
    expect(db.namespace('tenant_123').getString('k')).toBe('v')
    expect(db.namespaceExists('tenant_123')).toBe(true)
    expect(thrownBy(() => db.createNamespace('tenant_123'))).toMatchObject({
      code: ErrorCode.NAMESPACE_EXISTS,
      namespace: 'tenant_123',
    })
    expect(() => db.createNamespace('tenant_123')).toThrow(NamespaceExistsError)
  })

  test('one that does not exist is an error with its name', () => {
    expect(db.namespaceExists('nobody')).toBe(false)
    for (const call of [
      () => db.namespace('nobody'),
      () => db.namespaceInfo('nobody'),
      () => db.updateNamespace('nobody', { labels: {} }),
      () => db.deleteNamespace('nobody'),
      () => db.useNamespace('nobody', () => 1),
      () => db.copyBetweenNamespaces({ sourceNs: 'nobody', targetNs: 'default' }),
      () => db.copyBetweenNamespaces({ sourceNs: 'default', targetNs: 'nobody' }),
    ]) {
      expect(call).toThrow(NamespaceNotFoundError)
      expect(thrownBy(call)).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_FOUND, namespace: 'nobody' })
    }
  })

  test('getOrCreateNamespace is the same one every time', () => {
    db.getOrCreateNamespace('a', { displayName: 'A' }).put('k', 'v')
    expect(db.getOrCreateNamespace('a', { displayName: 'other' }).getString('k')).toBe('v')
    expect(db.namespaceInfo('a').displayName).toBe('A')
    expect(() => db.getOrCreateNamespace('a', { colour: 'red' } as never)).toThrow(/no option "colour"/)
  })

  test('the configuration may be one object', () => {
    db.createNamespace({ name: 'a', displayName: 'A', labels: { x: '1' } })
    expect(db.namespaceInfo('a')).toMatchObject({ displayName: 'A', labels: { x: '1' } })
  })

  test('default is there, is listed, and is what the database itself means', () => {
    db.put('k', 'v')
    expect(db.listNamespaces()).toEqual(['default'])
    expect(db.namespaceExists('default')).toBe(true)
    const ns = db.namespace('default')
    expect(ns.getString('k')).toBe('v')
    ns.put('l', 'w')
    expect(db.getString('l')).toBe('w')
    expect(() => db.createNamespace('default')).toThrow(NamespaceExistsError)
    expect(thrownBy(() => db.deleteNamespace('default', { force: true }))).toBeInstanceOf(NamespaceAccessError)
  })

  test('names are listed in the order of their bytes', () => {
    for (const name of ['b', 'a.1', 'A', 'a', 'a-1', 'a_1', '9', 'e']) db.createNamespace(name)
    expect(db.listNamespaces()).toEqual(['9', 'A', 'a', 'a-1', 'a.1', 'a_1', 'b', 'default', 'e'])
  })

  test('names that differ in case alone are two', () => {
    db.createNamespace('Acme').put('k', 'upper')
    db.createNamespace('acme').put('k', 'lower')
    expect(db.namespace('Acme').getString('k')).toBe('upper')
    expect(db.namespace('acme').getString('k')).toBe('lower')
  })

  test.each(['a', '0', 'tenant_123', 'a.b-c_d', 'x'.repeat(256), 'constructor', 'DEFAULT', 'a..b'])(
    '"%s" is a name',
    name => {
      db.createNamespace(name).put('k', name)
      expect(db.namespace(name).getString('k')).toBe(name)
      expect(db.listNamespaces()).toContain(name)
    },
  )

  test.each([
    '',
    ' ',
    '_a',
    '-a',
    '.a',
    '..',
    'a b',
    'a/b',
    'a\u0000',
    'a\n',
    'ä',
    'a:b',
    '__proto__',
    'x'.repeat(257),
    undefined,
    null,
    5,
    {},
    [],
    Buffer.from('a'),
  ])('%p is none, and is refused everywhere', name => {
    for (const call of [
      () => db.createNamespace(name as never),
      () => db.namespace(name as never),
      () => db.getOrCreateNamespace(name as never),
      () => db.namespaceExists(name as never),
      () => db.deleteNamespace(name as never, { force: true }),
      () => db.beginTransaction().namespace(name as never),
      () => db.copyBetweenNamespaces({ sourceNs: name as never, targetNs: 'default' }),
    ]) {
      expect(call).toThrow(ValidationError)
    }
    expect(db.listNamespaces()).toEqual(['default'])
  })

  test('bad descriptions are refused and leave no trace', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'x']))
    for (const bad of [
      { displayName: 5 },
      { displayName: 'x'.repeat(1025) },
      { labels: 'x' },
      { labels: ['x'] },
      { labels: { tier: 1 } },
      { labels: { '': 'x' } },
      { labels: { tier: 'x'.repeat(1025) } },
      { labels: many },
      { label: {} },
      'x',
    ]) {
      expect(() => db.createNamespace('a', bad as never)).toThrow(ValidationError)
    }
    expect(db.namespaceExists('a')).toBe(false)
  })
})

describe('describing', () => {
  test('info says what a namespace is, and measures what it holds', () => {
    const before = Date.now()
    const ns = db.createNamespace('a', { displayName: 'A', labels: { tier: 'premium', region: 'us-east' } })
    ns.put('key', 'value')
    ns.put('k2', Buffer.alloc(100))
    ns.put('gone', 'x')
    ns.delete('gone')
    db.put('elsewhere', 'x')
    const info = db.namespaceInfo('a')
    expect(info).toEqual({
      name: 'a',
      displayName: 'A',
      labels: { tier: 'premium', region: 'us-east' },
      createdAt: info.createdAt,
      keyCount: 2,
      sizeBytes: 3 + 5 + 2 + 100,
      collectionCount: 0,
      tableCount: 0,
    })
    expect(new Date(info.createdAt!).toISOString()).toBe(info.createdAt)
    expect(Date.parse(info.createdAt!)).toBeGreaterThanOrEqual(before)
    expect(ns.info()).toEqual(info)
  })

  test('default has no date, and can be described', () => {
    expect(db.namespaceInfo('default')).toEqual({
      name: 'default',
      displayName: undefined,
      labels: {},
      createdAt: undefined,
      keyCount: 0,
      sizeBytes: 0,
      collectionCount: 0,
      tableCount: 0,
    })
    db.updateNamespace('default', { displayName: 'Main' })
    expect(db.namespaceInfo('default').displayName).toBe('Main')
  })

  test('an update changes what it names, and replaces labels as a whole', () => {
    db.createNamespace('a', { displayName: 'A', labels: { tier: 'premium', region: 'us-east' } })
    db.updateNamespace('a', { labels: { tier: 'enterprise' } })
    expect(db.namespaceInfo('a')).toMatchObject({ displayName: 'A', labels: { tier: 'enterprise' } })
    expect(db.namespaceInfo('a').labels).toEqual({ tier: 'enterprise' })
    db.updateNamespace('a', { displayName: 'B' })
    expect(db.namespaceInfo('a')).toMatchObject({ displayName: 'B', labels: { tier: 'enterprise' } })
    expect(() => db.updateNamespace('a', { labels: { x: 1 } } as never)).toThrow(ValidationError)
  })

  test('an update does not disturb who works in the namespace', () => {
    const ns = db.createNamespace('a')
    const txn = ns.beginTransaction()
    txn.put('k', 'v')
    db.updateNamespace('a', { displayName: 'B' })
    txn.commit()
    expect(ns.getString('k')).toBe('v')
  })
})

describe('deleting', () => {
  test('an empty one goes at once; one that holds something takes force', () => {
    db.createNamespace('empty')
    db.deleteNamespace('empty')
    const ns = db.createNamespace('full')
    ns.put('k', 'v')
    const error = thrownBy(() => db.deleteNamespace('full'))
    expect(error).toBeInstanceOf(NamespaceAccessError)
    expect(error).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_EMPTY, namespace: 'full' })
    expect(ns.getString('k')).toBe('v')
    expect(() => db.deleteNamespace('full', { force: 1 } as never)).toThrow(ValidationError)
    db.deleteNamespace('full', { force: true })
    expect(db.listNamespaces()).toEqual(['default'])
  })

  test('one that was emptied goes without force', () => {
    const ns = db.createNamespace('a')
    ns.put('k', 'v')
    ns.createCollection({ name: 'c', dimension: 2 })
    ns.delete('k')
    expect(() => db.deleteNamespace('a')).toThrow(NamespaceAccessError)
    ns.deleteCollection('c')
    db.deleteNamespace('a')
    expect(db.namespaceExists('a')).toBe(false)
  })

  test('whoever still holds it is told at the next use, whatever that is', () => {
    const ns = db.createNamespace('a')
    ns.put('k', 'v')
    const scan = ns.scanPrefix('k1')
    db.deleteNamespace('a', { force: true })
    for (const call of [
      () => ns.get('k'),
      () => ns.getString('k'),
      () => ns.exists('k'),
      () => ns.getBatch(['k']),
      () => ns.listPath(''),
      () => [...scan],
      () => ns.put('k', 'v'),
      () => ns.putIfAbsent('k', 'v'),
      () => ns.increment('k'),
      () => ns.delete('k'),
      () => ns.putBatch([['k', 'v']]),
      () => ns.transaction(() => 1),
      () => ns.beginTransaction(),
      () => ns.snapshot(),
      () => ns.info(),
      () => ns.createCollection({ name: 'c', dimension: 2 }),
      () => ns.listCollections(),
    ]) {
      expect(call).toThrow(NamespaceNotFoundError)
    }
    expect(db.stats().activeTransactions).toBe(0)
    expect(db.stats().activeSnapshots).toBe(0)
  })

  test('one created under the same name is another, and empty; the old handle stays dead', () => {
    const old = db.createNamespace('a')
    old.put('k', 'old')
    db.deleteNamespace('a', { force: true })
    const fresh = db.createNamespace('a')
    expect(keys(fresh.scan())).toEqual([])
    fresh.put('k', 'new')
    expect(() => old.get('k')).toThrow(NamespaceNotFoundError)
    expect(db.namespace('a').getString('k')).toBe('new')
  })

  test('a snapshot taken before still sees all of it', () => {
    const ns = db.createNamespace('a')
    ns.put('k', 'v')
    using snapshot = db.snapshot()
    using ofNamespace = ns.snapshot()
    const iterator = ns.scan()[Symbol.iterator]()
    db.deleteNamespace('a', { force: true })
    expect(snapshot.namespace('a').getString('k')).toBe('v')
    expect(ofNamespace.getString('k')).toBe('v')
    expect(snapshot.listNamespaces()).toEqual(['a', 'default'])
    expect(snapshot.namespaceInfo('a').keyCount).toBe(1)
    iterator.return!()
  })

  test('dropping a hundred thousand keys is as quick as dropping one', () => {
    const timeOf = (keyCount: number): number => {
      const ns = db.createNamespace(`n${keyCount}`)
      ns.putBatch(Array.from({ length: keyCount }, (_, i) => [`k${i}`, 'v'] as const))
      const writes = db.stats().totalWrites
      db.deleteNamespace(`n${keyCount}`, { force: true })
      return db.stats().totalWrites - writes
    }
    expect(timeOf(100_000)).toBe(timeOf(1))
  })
})

describe('copying', () => {
  beforeEach(() => {
    db.createNamespace('a').putBatch(['shared/1', 'shared/2', 'own', 'sharee'].map(key => [key, `a ${key}`] as const))
    db.createNamespace('b').put('shared/1', 'b')
  })

  test('copies the keys of a prefix over those of the same name, and counts them', () => {
    expect(db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b', prefix: 'shared/' })).toBe(2)
    expect(keys(db.namespace('b').scan())).toEqual(['shared/1', 'shared/2'])
    expect(db.namespace('b').getString('shared/1')).toBe('a shared/1')
    expect(db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'default' })).toBe(4)
    expect(keys(db.scan())).toEqual(['own', 'shared/1', 'shared/2', 'sharee'])
    expect(db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b', prefix: 'none' })).toBe(0)
  })

  test('what expires, expires there too', async () => {
    db.namespace('a').put('shared/3', 'x', { ttlSeconds: 0.02 })
    db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b' })
    expect(db.namespace('b').exists('shared/3')).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 40))
    expect(db.namespace('b').exists('shared/3')).toBe(false)
    expect(db.namespace('b').exists('shared/2')).toBe(true)
  })

  test('large values are copied whole', () => {
    db.namespace('a').put('blob', Buffer.alloc(3_000_000, 5))
    db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b', prefix: 'blob' })
    expect(db.namespace('b').get('blob')?.equals(Buffer.alloc(3_000_000, 5))).toBe(true)
  })

  test('in a transaction it copies what that sees, and rolls back with it', () => {
    expect(() =>
      db.transaction(txn => {
        txn.namespace('a').put('shared/new', 'x')
        expect(txn.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b', prefix: 'shared/' })).toBe(3)
        expect(txn.namespace('b').getString('shared/new')).toBe('x')
        throw new Error('back')
      }),
    ).toThrow('back')
    expect(keys(db.namespace('b').scan())).toEqual(['shared/1'])
  })

  test('more than a transaction may hold is refused, and nothing of it is copied', () => {
    using small = openTestDatabase({ maxTransactionBytes: 64 * 1024 })
    small.createNamespace('a')
    small.createNamespace('b')
    for (let i = 0; i < 20; i++) small.namespace('a').put(`k${i}`, Buffer.alloc(10_000))
    const error = thrownBy(() => small.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b' }))
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED })
    expect(keys(small.namespace('b').scan())).toEqual([])
    small.transaction(txn => {
      txn.put('before', '1')
      expect(() => txn.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b' })).toThrow(DatabaseError)
      expect(keys(txn.namespace('b').scan())).toEqual([])
    })
    expect(small.getString('before')).toBe('1')
  })

  test('a request that cannot be meant is refused', () => {
    for (const bad of [
      undefined,
      'a',
      {},
      { sourceNs: 'a' },
      { sourceNs: 'a', targetNs: 'a' },
      { sourceNs: 'a', targetNs: 'b', prefix: 5 },
      { sourceNs: 'a', targetNs: 'b', prefixes: 'x' },
    ]) {
      expect(() => db.copyBetweenNamespaces(bad as never)).toThrow(ValidationError)
    }
  })
})

test('useNamespace hands over the namespace and returns what the function returns', () => {
  db.createNamespace('a')
  const result = db.useNamespace('a', ns => {
    ns.put('config/key', 'value')
    db.put('config/key', 'of the database') // nothing is ambient
    return ns.getString('config/key')
  })
  expect(result).toBe('value')
  expect(() => db.useNamespace('a', 5 as never)).toThrow(ValidationError)
})

test('everything survives reopening, and ids are not given out again', () => {
  const path = directory('reopened')
  const first = Database.open(path)
  first.createNamespace('a', { displayName: 'A', labels: { x: 'y' } }).put('k', 'a')
  first.createNamespace('dead').put('k', 'dead')
  first.deleteNamespace('dead', { force: true })
  const held = first.namespace('a')
  first.close()
  expect(() => held.get('k')).toThrow(DatabaseError)
  using second = Database.open(path)
  expect(second.listNamespaces()).toEqual(['a', 'default'])
  expect(second.namespace('a').getString('k')).toBe('a')
  expect(second.namespaceInfo('a')).toMatchObject({ displayName: 'A', labels: { x: 'y' }, keyCount: 1 })
  expect(keys(second.createNamespace('dead').scan())).toEqual([])
})

test('a namespace that nobody holds any more closes its handle', () => {
  db.createNamespace('a')
  for (let i = 0; i < 20_000; i++) db.namespace('a').put('k', String(i))
  expect(db.namespace('a').getString('k')).toBe('19999')
})

test('a read-only database reads its namespaces and creates none', () => {
  const path = directory('read-only')
  const writable = Database.open(path)
  writable.createNamespace('a').put('k', 'v')
  writable.close()
  using readOnly = Database.open(path, { readOnly: true })
  expect(readOnly.namespace('a').getString('k')).toBe('v')
  for (const write of [
    () => readOnly.namespace('a').put('k', 'w'),
    () => readOnly.createNamespace('b'),
    () => readOnly.deleteNamespace('a', { force: true }),
  ]) {
    expect(thrownBy(write)).toMatchObject({ code: ErrorCode.READ_ONLY })
  }
})
