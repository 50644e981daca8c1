import { AsyncDatabase, NamespaceNotFoundError } from 'sochdb'

import { collect, rejection } from '../conformance/faces.js'

describe('namespaces by promise', () => {
  let db: AsyncDatabase
  beforeEach(async () => {
    db = await AsyncDatabase.open(':memory:')
  })
  afterEach(() => db.close())

  test('each has keys, scans, transactions, snapshots, collections and watches of its own', async () => {
    const [a, b] = [await db.createNamespace('a', { labels: { tier: 'free' } }), await db.getOrCreateNamespace('b')]
    const changes = a.watch('')
    await Promise.all([a.put('k', 'of a'), b.put('k', 'of b'), db.put('k', 'of default')])
    await a.putBatch([['x', '1']])
    expect(await collect(a.scan())).toEqual(['k=of a', 'x=1'])
    expect(await collect(db.scan())).toEqual(['k=of default'])
    expect((await changes.next()).value).toMatchObject({ key: Buffer.from('k'), value: Buffer.from('of a') })
    await changes.return?.()
    await a.transaction(async txn => {
      expect(await txn.getString('k')).toBe('of a')
      await txn.put('t', '1')
    })
    await db.transaction(async txn => {
      await (await txn.namespace('b')).put('t', '2')
      await txn.useNamespace('a', ns => ns.put('u', '1'))
    })
    expect(await a.getString('u')).toBe('1')
    expect([await a.getString('t'), await b.getString('t'), await db.getString('t')]).toEqual(['1', '2', undefined])
    const snapshot = await a.snapshot()
    await a.put('later', '1')
    expect(await snapshot.exists('later')).toBe(false)
    await snapshot.close()
    const whole = await db.snapshot()
    expect(await (await whole.namespace('b')).getString('t')).toBe('2')
    await whole.close()
    const docs = await a.createCollection({ name: 'docs', dimension: 2 })
    await docs.insert({ id: 'd', vector: [1, 0] })
    expect((await a.collection('docs').search({ vector: [1, 0], k: 1 })).at(0)?.id).toBe('d')
    expect(await b.listCollections()).toEqual([])
    expect((await a.info()).labels).toEqual({ tier: 'free' })
  })

  test('they are listed, described, copied and deleted', async () => {
    await db.createNamespace('a')
    await db.createNamespace('b')
    await db.useNamespace('a', ns =>
      ns.putBatch([
        ['p:1', '1'],
        ['p:2', '2'],
        ['q', '3'],
      ]),
    )
    expect(await db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'b', prefix: 'p:' })).toBe(2)
    expect(await collect((await db.namespace('b')).scan())).toEqual(['p:1=1', 'p:2=2'])
    await db.updateNamespace('a', { labels: { x: 'y' } })
    expect((await db.namespaceInfo('a')).labels).toEqual({ x: 'y' })
    const a = await db.namespace('a')
    await db.deleteNamespace('a', { force: true })
    expect(await db.listNamespaces()).toEqual(['b', 'default'])
    expect(await db.namespaceExists('a')).toBe(false)
    for (const call of [a.put('k', '1'), a.get('k'), a.getBatch(['k']), a.putBatch([['k', '1']]), collect(a.scan())]) {
      expect(await rejection(call)).toBeInstanceOf(NamespaceNotFoundError)
    }
    expect(await rejection(db.namespace('a'))).toBeInstanceOf(NamespaceNotFoundError)
  })
})

test('read-modify-writes of one key are atomic, however many run at once', async () => {
  const db = await AsyncDatabase.open(':memory:')
  const counts = await Promise.all(Array.from({ length: 200 }, () => db.increment('n')))
  expect(new Set(counts).size).toBe(200)
  expect(await db.getString('n')).toBe('200')
  const winners = await Promise.all(Array.from({ length: 50 }, (_, i) => db.putIfAbsent('lock', String(i))))
  expect(winners.filter(Boolean).length).toBe(1)
  expect(await db.compareAndSet('lock', 'nobody', 'x')).toBe(false)
  expect(await db.compareAndSet('lock', await db.getString('lock'), 'x', { ttlSeconds: 60 })).toBe(true)
  await db.putPath('users/alice/name', 'Alice')
  await db.putPath('users/bob', 'Bob')
  expect(await db.listPath('users')).toEqual(['alice', 'bob'])
  expect(String(await db.getPath('users/bob'))).toBe('Bob')
  await db.deletePath('users/bob')
  expect(await db.listPath('users')).toEqual(['alice'])
  expect(await rejection(db.increment('lock'))).toMatchObject({ name: 'ValidationError' })
  expect(await rejection(db.increment('n', 1.5))).toMatchObject({ name: 'ValidationError' })
  await db.close()
})
