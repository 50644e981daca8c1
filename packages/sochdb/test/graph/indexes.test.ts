/** Indexed properties: what they are declared with, and that what is asked looks at no more nodes than it must. */
import { AsyncDatabase, Database, ErrorCode, TransactionConflictError, ValidationError } from 'sochdb'
import type { GraphReading, MetadataFilter } from 'sochdb'

import { random } from '../support/random.js'
import type { Random } from '../support/random.js'
import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = Database.open(':memory:', { retentionMs: 3_600_000 })
})
afterEach(() => db.close())

function people(count = 1000): void {
  db.graph().addNodes(
    Array.from({ length: count }, (_, i) => ({
      id: `p${String(i).padStart(4, '0')}`,
      nodeType: i % 2 ? 'person' : 'robot',
      properties: { age: i % 100, team: `t${i % 50}`, tags: [i % 3, i % 7], address: { city: `c${i % 10}` } },
    })),
  )
}

/** Whether a pattern finds where to begin by looking at so many nodes. */
function findsWithin(visits: number, graph: GraphReading, nodeFilter: MetadataFilter, nodeType?: string): boolean {
  const nodeTypes = nodeType === undefined ? {} : { nodeTypes: [nodeType] }
  try {
    graph.match({ nodeFilter, ...nodeTypes, steps: [{ minHops: 0 }], limit: 10_000, maxVisits: visits })
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED })
    return false
  }
}

test('what is declared is listed, in any of the places where graphs are', async () => {
  expect(db.listIndexedProperties()).toEqual([])
  db.setIndexedProperties({ properties: ['team', 'age', 'team'] })
  db.setIndexedProperties({ nodeType: 'person', properties: ['address.city'] })
  const declared = [{ properties: ['age', 'team'] }, { nodeType: 'person', properties: ['address.city'] }]
  expect(db.listIndexedProperties()).toEqual(declared)
  expect(db.graph().listIndexedProperties()).toEqual(declared)
  using snapshot = db.snapshot()
  db.graph().setIndexedProperties({ properties: [] })
  expect(db.listIndexedProperties()).toEqual(declared.slice(1))
  expect(snapshot.listIndexedProperties()).toEqual(declared)
  expect(db.listIndexedProperties({ asOf: snapshot.timestamp })).toEqual(declared)

  expect(db.listIndexedProperties({ namespace: 'away' })).toEqual([])
  expect(db.namespaceExists('away')).toBe(false)
  db.setIndexedProperties({ namespace: 'away', properties: ['x'] })
  expect(db.namespace('away').listIndexedProperties()).toEqual([{ properties: ['x'] }])
  db.transaction(txn => {
    txn.graph('away').setIndexedProperties({ properties: ['x', 'y'] })
    expect(txn.listIndexedProperties({ namespace: 'away' })).toEqual([{ properties: ['x', 'y'] }])
  })
  await db.async.setIndexedProperties({ namespace: 'away', nodeType: 't', properties: ['z'] })
  expect(await db.async.graph('away').listIndexedProperties()).toEqual([
    { properties: ['x', 'y'] },
    { nodeType: 't', properties: ['z'] },
  ])
})

test('only nodes that the index has are looked at: equality, lists, ranges, prefixes, existence', () => {
  people()
  const graph = db.graph()
  expect(findsWithin(20, graph, { team: 't7' })).toBe(false)
  graph.setIndexedProperties({ properties: ['team', 'age', 'address.city'] })
  expect(findsWithin(20, graph, { team: 't7' })).toBe(true)
  expect(findsWithin(19, graph, { team: 't7' })).toBe(false)
  expect(findsWithin(40, graph, { team: { $in: ['t7', 't8', 'none'] } })).toBe(true)
  expect(findsWithin(50, graph, { age: { $gte: 10, $lt: 15 } })).toBe(true)
  expect(findsWithin(50, graph, { age: { $gte: 95 } })).toBe(true)
  expect(findsWithin(100, graph, { 'address.city': { $startsWith: 'c3' } })).toBe(true)
  expect(findsWithin(0, graph, { age: { $exists: true }, team: 'none' })).toBe(true)
  expect(findsWithin(20, graph, { team: 't7', 'address.city': 'c7' })).toBe(true)
  expect(findsWithin(40, graph, { $or: [{ team: 't7' }, { team: 't8' }] })).toBe(true)
  // What no index knows of is looked for among all.
  expect(findsWithin(999, graph, { $or: [{ team: 't7' }, { tags: 5 }] })).toBe(false)
  expect(findsWithin(999, graph, { team: { $ne: 't7' } })).toBe(false)
  expect(findsWithin(20, graph, { team: 't7', tags: { $ne: 5 } })).toBe(true)
  graph.setIndexedProperties({ properties: [] })
  expect(findsWithin(999, graph, { team: 't7' })).toBe(false)
})

test('an index of a type is for who asks for that type', () => {
  people()
  const graph = db.graph()
  graph.setIndexedProperties({ nodeType: 'person', properties: ['age'] })
  expect(findsWithin(10, graph, { age: 7 }, 'person')).toBe(true)
  expect(findsWithin(499, graph, { age: 8 }, 'robot')).toBe(false)
  expect(findsWithin(999, graph, { age: 7 })).toBe(false)
  expect(graph.countNodes({ nodeFilter: { age: 7 } })).toBe(10)
  // A node that changes its type comes under the index, or leaves it.
  graph.updateNode('p0007', { nodeType: 'robot' })
  graph.updateNode('p0008', { nodeType: 'person', properties: { age: 7 } })
  expect(graph.listNodes({ nodeTypes: ['person'], nodeFilter: { age: 7 }, limit: 2 }).map(({ id }) => id)).toEqual([
    'p0008',
    'p0107',
  ])
})

test('several values of a property count each, though no value lies between two bounds', () => {
  db.setIndexedProperties({ properties: ['tags'] })
  db.addNode('default', 'a', 'x', { tags: [0, 10] })
  db.addNode('default', 'b', 'x', { tags: [5, 'y'.repeat(1000)] })
  db.addNode('default', 'c', 'x', { tags: 'y'.repeat(1000) })
  const count = (nodeFilter: MetadataFilter): number => db.countNodes({ nodeFilter })
  expect(count({ tags: { $gt: 1, $lt: 4 } })).toBe(1) // of a: 10 is more than 1, 0 less than 4
  expect(count({ tags: { $gte: 5, $lte: 5 } })).toBe(2)
  expect(count({ tags: 'y'.repeat(1000) })).toBe(2)
  expect(count({ tags: { $endsWith: 'yy' } })).toBe(2)
  expect(count({ tags: { $gt: 'y', $lt: 'z' } })).toBe(2)
})

test('a serializable transaction conflicts with what its index would have found, and with nothing else', () => {
  people(20)
  db.setIndexedProperties({ properties: ['team'] })
  const commitBeside = (write: () => unknown): unknown => {
    const txn = db.beginTransaction()
    txn.put('count', String(txn.countNodes({ nodeFilter: { team: 't3' } })))
    write()
    try {
      txn.commit()
      return 'committed'
    } catch (error) {
      return error
    }
  }
  expect(commitBeside(() => db.addNode('default', 'new', 'person', { team: 't3' }))).toBeInstanceOf(
    TransactionConflictError,
  )
  expect(commitBeside(() => db.updateNode('default', 'p0004', { properties: { team: 't3' } }))).toBeInstanceOf(
    TransactionConflictError,
  )
  expect(commitBeside(() => db.deleteNode('default', 'p0003'))).toBeInstanceOf(TransactionConflictError)
  expect(commitBeside(() => db.addNode('default', 'other', 'person', { team: 't4' }))).toBe('committed')
  expect(commitBeside(() => db.updateNode('default', 'p0005', { properties: { age: 1 } }))).toBe('committed')
})

test('nodes that were written before the index was declared, and after, survive a restart with it', () => {
  const path = directory('indexed')
  const first = Database.open(path)
  first.addNode('default', 'before', 'x', { n: 1 })
  first.setIndexedProperties({ properties: ['n'] })
  first.addNode('default', 'after', 'x', { n: 1 })
  first.addNode('default', 'other', 'x', { n: 2 })
  first.close()
  using again = Database.open(path)
  expect(again.listIndexedProperties()).toEqual([{ properties: ['n'] }])
  expect(again.listNodes({ nodeFilter: { n: 1 } }).map(({ id }) => id)).toEqual(['after', 'before'])
  expect(findsWithin(2, again.graph(), { n: 1 })).toBe(true)
})

test('a namespace that is dropped takes what it has declared with it', () => {
  db.setIndexedProperties({ namespace: 'ns', properties: ['n'] })
  db.addNode('ns', 'a', 'x', { n: 1 })
  db.deleteNamespace('ns', { force: true })
  db.createNamespace('ns')
  expect(db.listIndexedProperties({ namespace: 'ns' })).toEqual([])
  expect(db.listNodes({ namespace: 'ns', nodeFilter: { n: 1 } })).toEqual([])
})

test('by promise, with a signal that ends it', async () => {
  await using async = await AsyncDatabase.open(':memory:')
  await async
    .graph()
    .addNodes(Array.from({ length: 50 }, (_, i) => ({ id: `n${i}`, nodeType: 'x', properties: { i } })))
  await async.setIndexedProperties({ properties: ['i'] })
  expect(await async.countNodes({ nodeFilter: { i: { $lt: 5 } } })).toBe(5)
  await expect(async.listIndexedProperties({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
})

test('what cannot be indexed is refused by name, and changes nothing', () => {
  db.setIndexedProperties({ properties: ['kept'] })
  const wrong: (() => unknown)[] = [
    () => db.setIndexedProperties({} as never),
    () => db.setIndexedProperties({ properties: 'a' as never }),
    () => db.setIndexedProperties({ properties: [''] }),
    () => db.setIndexedProperties({ properties: ['a..b'] }),
    () => db.setIndexedProperties({ properties: ['a.'] }),
    () => db.setIndexedProperties({ properties: [1 as never] }),
    () => db.setIndexedProperties({ properties: ['\ud800'] }),
    () => db.setIndexedProperties({ properties: ['x'.repeat(1025)] }),
    () => db.setIndexedProperties({ properties: Array.from({ length: 1025 }, (_, i) => `p${i}`) }),
    () => db.setIndexedProperties({ nodeType: '', properties: ['a'] }),
    () => db.setIndexedProperties({ edgeType: 'x', properties: ['a'] } as never),
    () => db.listIndexedProperties({ validAt: 5 } as never),
  ]
  for (const call of wrong) expect(thrownBy(call)).toBeInstanceOf(ValidationError)
  const many = Array.from({ length: 1024 }, (_, i) => `p${i}`)
  expect(thrownBy(() => db.setIndexedProperties({ nodeType: 'x', properties: many }))).toMatchObject({
    code: ErrorCode.LIMIT_EXCEEDED,
    details: { limit: 'indexedProperties' },
  })
  expect(db.listIndexedProperties()).toEqual([{ properties: ['kept'] }])
})

/** Values as applications have them: few of each, some of another kind. */
const value = (rng: Random): unknown => rng.pick([0, 1, 2, 3, 2.5, 'a', 'b', 'ab', true, null, [1, 3], ['a', 2], {}])

function filter(rng: Random, depth = 0): MetadataFilter {
  const field = rng.pick(['v', 'w'])
  switch (depth > 1 ? 5 : rng.below(9)) {
    case 0:
      return { $or: [filter(rng, depth + 1), filter(rng, depth + 1)] }
    case 1:
      return { $and: [filter(rng, depth + 1), filter(rng, depth + 1)] }
    case 2:
      return { $not: filter(rng, depth + 1) }
    case 3:
      return { [field]: { $gte: rng.below(3), $lt: rng.below(5) } }
    case 4:
      return { [field]: { $in: [rng.below(3), 'a', null] } }
    case 5:
      return { [field]: rng.pick([0, 1, 2, 'a', 'ab', true, null]) }
    case 6:
      return { [field]: { $gt: rng.pick([1, 'a']) } }
    case 7:
      return { [field]: { $exists: rng.below(2) === 0 } }
    default:
      return { v: rng.below(3), w: { $startsWith: 'a' } }
  }
}

test.each([1, 2, 3])('an indexed graph answers as its model, one without indexes: seed %i', seed => {
  const rng = random(seed)
  const change = (): ((graph: ReturnType<Database['graph']>) => unknown) => {
    const id = `n${rng.below(30)}`
    const nodeType = rng.pick(['a', 'b'])
    const properties = { v: value(rng), ...(rng.below(2) ? { w: value(rng) } : {}) }
    switch (rng.below(5)) {
      case 0:
        return graph => graph.deleteNode(id)
      case 1:
        return graph => graph.updateNode(id, { properties: { w: undefined, v: properties.v } })
      case 2:
        return graph => graph.updateNode(id, { nodeType })
      default:
        return graph => graph.addNode(id, nodeType, properties)
    }
  }
  const compare = (indexed: GraphReading, plain: GraphReading): void => {
    for (let i = 0; i < 4; i++) {
      const nodeFilter = filter(rng)
      const some = { nodeFilter, ...(rng.below(2) ? { nodeTypes: [rng.pick(['a', 'b'])] } : {}) }
      const page = rng.below(2) ? {} : { after: `n${rng.below(30)}`, limit: rng.below(4) }
      expect(indexed.listNodes({ ...some, ...page })).toEqual(plain.listNodes({ ...some, ...page }))
      expect(indexed.countNodes(some)).toBe(plain.countNodes(some))
      const steps = [{ minHops: 0 }]
      expect(indexed.match({ ...some, steps })).toEqual(plain.match({ ...some, steps }))
    }
  }
  const snapshots: ReturnType<Database['snapshot']>[] = []
  for (let round = 0; round < 25; round++) {
    if (round % 4 === 0) {
      const nodeType = rng.pick([undefined, 'a', 'b'])
      const properties = rng.pick([['v'], ['w'], ['v', 'w'], []])
      db.setIndexedProperties({ namespace: 'indexed', properties, ...(nodeType === undefined ? {} : { nodeType }) })
    }
    const txn = db.beginTransaction()
    for (let i = 0; i < 10; i++) {
      const apply = change()
      for (const name of ['indexed', 'plain']) apply(txn.graph(name))
    }
    compare(txn.graph('indexed'), txn.graph('plain'))
    if (rng.below(4)) txn.commit()
    else txn.abort()
    compare(db.graph('indexed'), db.graph('plain'))
    if (round % 8 === 3) snapshots.push(db.snapshot())
    if (round % 10 === 7) db.compact()
    for (const snapshot of snapshots) {
      compare(snapshot.graph('indexed'), snapshot.graph('plain'))
      const asOf = snapshot.timestamp
      const nodeFilter = filter(rng)
      expect(db.listNodes({ namespace: 'indexed', nodeFilter, asOf })).toEqual(
        snapshot.listNodes({ namespace: 'plain', nodeFilter }),
      )
    }
  }
  for (const snapshot of snapshots) snapshot.close()
})
