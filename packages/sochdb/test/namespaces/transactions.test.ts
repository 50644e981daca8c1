import {
  Database,
  NamespaceAccessError,
  NamespaceExistsError,
  NamespaceNotFoundError,
  Snapshot,
  Transaction,
  TransactionConflictError,
  TransactionError,
} from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = openTestDatabase()
  for (const name of ['a', 'b']) db.createNamespace(name)
})
afterEach(() => db.close())

const keys = (rows: Iterable<[Buffer, Buffer]>) => Array.from(rows, ([key]) => key.toString())
const levels = ['serializable', 'snapshot', 'readCommitted'] as const

describe('one transaction, several namespaces', () => {
  test('all of them commit together', () => {
    db.transaction(txn => {
      txn.put('k', 'default')
      txn.namespace('a').put('k', 'a')
      txn.namespace('b').put('k', 'b')
      expect(db.namespace('a').exists('k')).toBe(false)
      expect(txn.namespace('a').getString('k')).toBe('a')
    })
    expect([db, db.namespace('a'), db.namespace('b')].map(ns => ns.getString('k'))).toEqual(['default', 'a', 'b'])
  })

  test('all of them roll back together, to a savepoint too', () => {
    db.transaction(txn => {
      const a = txn.namespace('a')
      a.put('kept', '1')
      const savepoint = txn.savepoint()
      a.put('undone', '1')
      txn.namespace('b').put('undone', '1')
      savepoint.rollback()
      expect(a.exists('undone')).toBe(false)
      expect(() =>
        a.transaction(part => {
          part.put('undone', '2')
          throw new Error('part')
        }),
      ).toThrow('part')
    })
    expect(keys(db.namespace('a').scan())).toEqual(['kept'])
    expect(keys(db.namespace('b').scan())).toEqual([])
  })

  test('a view is the transaction itself: its properties, its end', () => {
    const txn = db.beginTransaction({ isolation: 'snapshot' })
    const a = txn.namespace('a')
    expect(a).toBeInstanceOf(Transaction)
    expect(txn.namespace('a')).toBe(a)
    expect([a.id, a.startTs, a.isolation, a.isOpen]).toEqual([txn.id, txn.startTs, 'snapshot', true])
    a.put('k', 'v')
    txn.put('k', 'w')
    a.commit()
    expect([db.getString('k'), db.namespace('a').getString('k')]).toEqual(['w', 'v'])
    for (const finished of [txn, a]) {
      expect(finished.isOpen).toBe(false)
      expect(() => finished.get('k')).toThrow(/committed already/)
      expect(() => finished.put('k', 'x')).toThrow(TransactionError)
      expect(() => finished.commit()).toThrow(TransactionError)
      finished.abort()
    }
  })

  test('what is done in one namespace conflicts with nothing in another', () => {
    const first = db.namespace('a').beginTransaction()
    const second = db.namespace('b').beginTransaction()
    for (const txn of [first, second]) {
      expect(keys(txn.scan())).toEqual([])
      txn.increment('n')
      txn.put('k', 'v')
    }
    first.commit()
    second.commit()
    expect(db.namespace('a').getString('n')).toBe('1')
  })

  test('within one namespace conflicts are found as anywhere', () => {
    const [first, second] = [db.namespace('a').beginTransaction(), db.beginTransaction()]
    expect(keys(first.scan())).toEqual([])
    expect(keys(second.namespace('a').scan())).toEqual([])
    first.put('x', '1')
    second.namespace('a').put('y', '1')
    first.commit()
    expect(() => second.commit()).toThrow(TransactionConflictError)
  })

  test('a transaction of a namespace reads and writes there, and reaches no other', () => {
    db.namespace('a').transaction(txn => {
      txn.put('k', 'v')
      expect(txn.namespace('a')).toBeInstanceOf(Transaction)
      expect(txn.listNamespaces()).toEqual(['a'])
      for (const call of [
        () => txn.namespace('b'),
        () => txn.namespace('default'),
        () => txn.createNamespace('c'),
        () => txn.deleteNamespace('b', { force: true }),
        () => txn.namespaceExists('b'),
        () => txn.copyBetweenNamespaces({ sourceNs: 'b', targetNs: 'a' }),
      ]) {
        expect(call).toThrow(NamespaceAccessError)
      }
    })
    expect(db.exists('k')).toBe(false)
    expect(db.namespace('a').getString('k')).toBe('v')
    using snapshot = db.namespace('a').snapshot()
    expect(() => snapshot.namespace('b')).toThrow(NamespaceAccessError)
  })

  test('an iterator outlives the view it was begun through, not the transaction', () => {
    const txn = db.beginTransaction()
    txn.namespace('a').putBatch(Array.from({ length: 100 }, (_, i) => [`k${i}`, '1'] as const))
    const iterator = txn.namespace('a').scan()[Symbol.iterator]()
    expect(iterator.next().done).toBe(false)
    txn.abort()
    expect(() => {
      for (let row = iterator.next(); row.done !== true; row = iterator.next());
    }).toThrow(TransactionError)
  })
})

describe('creating and deleting in a transaction', () => {
  test('a namespace exists for its transaction at once, for others from the commit on', () => {
    const txn = db.beginTransaction()
    txn.createNamespace('new', { displayName: 'N' }).put('k', 'v')
    expect(txn.listNamespaces()).toEqual(['a', 'b', 'default', 'new'])
    expect(txn.namespaceInfo('new')).toMatchObject({ displayName: 'N', keyCount: 1 })
    expect(txn.getOrCreateNamespace('new').getString('k')).toBe('v')
    expect(() => txn.createNamespace('new')).toThrow(NamespaceExistsError)
    expect(db.namespaceExists('new')).toBe(false)
    txn.commit()
    expect(db.namespace('new').getString('k')).toBe('v')
  })

  test('one that rolls back was never there, and leaves nothing to whoever gets its id', () => {
    expect(() =>
      db.transaction(txn => {
        txn.createNamespace('gone').put('k', 'v')
        throw new Error('back')
      }),
    ).toThrow('back')
    expect(db.namespaceExists('gone')).toBe(false)
    expect(keys(db.createNamespace('other').scan())).toEqual([])
  })

  test('a view of one whose creation was undone finds nothing, not even one with its id', () => {
    db.transaction(txn => {
      const savepoint = txn.savepoint()
      const gone = txn.createNamespace('gone')
      gone.put('k', 'gone')
      savepoint.rollback()
      expect(() => gone.get('k')).toThrow(NamespaceNotFoundError)
      const other = txn.createNamespace('other')
      other.put('k', 'other')
      expect(() => gone.put('k', 'x')).toThrow(NamespaceNotFoundError)
      expect(() => txn.namespace('gone')).toThrow(NamespaceNotFoundError)
      expect(other.getString('k')).toBe('other')
    })
    expect(db.namespace('other').getString('k')).toBe('other')
  })

  test('a deletion is seen inside at once, outside from the commit on, and can be undone', () => {
    db.namespace('a').put('k', 'v')
    db.transaction(txn => {
      const view = txn.namespace('a')
      const savepoint = txn.savepoint()
      txn.deleteNamespace('a', { force: true })
      expect(() => view.get('k')).toThrow(NamespaceNotFoundError)
      expect(txn.listNamespaces()).toEqual(['b', 'default'])
      expect(db.namespace('a').getString('k')).toBe('v')
      savepoint.rollback()
      expect(view.getString('k')).toBe('v')
    })
    expect(db.namespace('a').getString('k')).toBe('v')
  })

  test('delete and create again in one transaction makes another, empty namespace', () => {
    db.namespace('a').put('k', 'v')
    db.transaction(txn => {
      const old = txn.namespace('a')
      txn.deleteNamespace('a', { force: true })
      const fresh = txn.createNamespace('a')
      expect(fresh.get('k')).toBeUndefined()
      expect(txn.namespace('a').get('k')).toBeUndefined()
      expect(() => old.get('k')).toThrow(NamespaceNotFoundError)
    })
    expect(db.namespace('a').get('k')).toBeUndefined()
  })

  test.each(levels)('who writes to a namespace that is deleted meanwhile conflicts: %s', isolation => {
    for (const begin of [
      () => db.beginTransaction({ isolation }).namespace('a'),
      () => db.namespace('a').beginTransaction({ isolation }),
    ]) {
      db.getOrCreateNamespace('a')
      const txn = begin()
      txn.put('k', 'v')
      db.deleteNamespace('a', { force: true })
      expect(() => txn.commit()).toThrow(TransactionConflictError)
      expect(() => db.beginTransaction({ isolation }).namespace('a')).toThrow(NamespaceNotFoundError)
    }
  })

  test.each(levels)(
    'who puts something into a namespace that is deleted as empty conflicts with that: %s',
    isolation => {
      const deleting = db.beginTransaction({ isolation })
      deleting.deleteNamespace('a')
      db.namespace('a').put('k', 'v')
      expect(() => deleting.commit()).toThrow(TransactionConflictError)
      expect(db.namespace('a').getString('k')).toBe('v')
    },
  )

  test('who only reads it goes on reading what was there when it began', () => {
    db.namespace('a').put('k', 'v')
    const txn = db.beginTransaction()
    const view = txn.namespace('a')
    db.deleteNamespace('a', { force: true })
    expect(view.getString('k')).toBe('v')
    txn.commit()
  })

  test('readCommitted notices a deletion at its next statement', () => {
    const ns = db.namespace('a')
    ns.put('k', 'v')
    const txn = ns.beginTransaction({ isolation: 'readCommitted' })
    expect(txn.getString('k')).toBe('v')
    db.deleteNamespace('a', { force: true })
    expect(() => txn.get('k')).toThrow(NamespaceNotFoundError)
    expect(() => txn.put('k', 'x')).toThrow(NamespaceNotFoundError)
    txn.abort()
  })

  test('two that create namespaces at once conflict, whatever the names: no id is given twice', () => {
    const [first, second] = [db.beginTransaction(), db.beginTransaction()]
    first.createNamespace('x').put('k', 'x')
    second.createNamespace('y').put('k', 'y')
    first.commit()
    expect(() => second.commit()).toThrow(TransactionConflictError)
  })

  test('inside a synchronous transaction the database itself creates and deletes nothing', () => {
    db.transaction(() => {
      expect(() => db.createNamespace('c')).toThrow(TransactionError)
      expect(() => db.deleteNamespace('a')).toThrow(TransactionError)
    })
  })
})

describe('snapshots', () => {
  test('a snapshot is seen through a namespace as it was', () => {
    db.namespace('a').put('k', 'old')
    const snapshot = db.snapshot()
    db.namespace('a').put('k', 'new')
    db.createNamespace('later')
    const view = snapshot.namespace('a')
    expect(view).toBeInstanceOf(Snapshot)
    expect(view.timestamp).toBe(snapshot.timestamp)
    expect(view.getString('k')).toBe('old')
    expect(keys(view.scan())).toEqual(['k'])
    expect(snapshot.useNamespace('a', ns => ns.listPath(''))).toEqual(['k'])
    expect(() => snapshot.namespace('later')).toThrow(NamespaceNotFoundError)
    view.close()
    expect(thrownBy(() => snapshot.get('k')).message).toBe('The snapshot is closed.')
    expect(thrownBy(() => view.get('k')).message).toBe('The snapshot is closed.')
    expect(db.stats().activeSnapshots).toBe(0)
  })

  test('views end with the database', () => {
    const path = directory('ends')
    const store = Database.open(path)
    store.createNamespace('a')
    const view = store.snapshot().namespace('a')
    const txn = store.beginTransaction().namespace('a')
    const ns = store.namespace('a')
    store.close()
    for (const gone of [view, txn, ns]) expect(() => gone.get('k')).toThrow(/closed/)
  })
})

test("two openings of one store see each other's namespaces come and go", () => {
  const path = directory('shared')
  using one = Database.open(path)
  using two = Database.open(path)
  one.createNamespace('a').put('k', 'v')
  const held = two.namespace('a')
  expect(held.getString('k')).toBe('v')
  one.deleteNamespace('a', { force: true })
  expect(() => held.get('k')).toThrow(NamespaceNotFoundError)
  one.createNamespace('a').put('k', 'again')
  expect(() => held.get('k')).toThrow(NamespaceNotFoundError)
  expect(two.namespace('a').getString('k')).toBe('again')
})
