/** What is kept of graphs in memory is of one store, one namespace and what was committed: nothing else shows through it. */
import { Database } from 'sochdb'
import type { GraphReading } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

/** Everything that walks read of the nodes a, b and c. */
function seen(graph: GraphReading): unknown {
  const ids = ['a', 'b', 'c']
  return {
    nodes: ids.map(id => graph.getNode(id)?.properties),
    out: ids.map(nodeId => graph.getNeighbors({ nodeId }).map(({ id, edge }) => [id, edge.properties])),
    in: ids.map(nodeId =>
      graph.getNeighbors({ nodeId, direction: 'incoming' }).map(({ id, edge }) => [id, edge.properties]),
    ),
    walk: graph.traverse({ startNode: 'a' }).edges.map(({ toId, properties }) => [toId, properties]),
    path: graph.findPath({ fromId: 'a', toId: 'c' })?.length,
    degrees: ids.map(nodeId => graph.degree({ nodeId, direction: 'both' })),
  }
}

/** What is seen by a reader whose walks are in memory: that they are is checked. */
function warm(db: Database, graph: GraphReading): unknown {
  const first = seen(graph)
  const { graphCacheHitRate } = db.stats()
  expect(seen(graph)).toEqual(first)
  expect(db.stats().graphCacheHitRate).toBeGreaterThan(graphCacheHitRate)
  return first
}

/** The same graph, in a store that keeps nothing of it in memory. */
function unkept(fill: (graph: ReturnType<Database['graph']>) => void): unknown {
  using db = Database.open(':memory:', { graphCacheSizeBytes: 0 })
  fill(db.graph())
  return seen(db.graph())
}

const first = (graph: ReturnType<Database['graph']>): void => {
  graph.addNode('a', 'x', { n: 1 })
  graph.addNode('b', 'x', { n: 1 })
  graph.addEdge('a', 'to', 'b', { n: 1 })
  graph.addTemporalEdge({ fromId: 'b', edgeType: 'to', toId: 'c', validFrom: 1, properties: { n: 1 } })
}
const second = (graph: ReturnType<Database['graph']>): void => {
  graph.addNode('a', 'x', { n: 2 })
  graph.addEdge('a', 'to', 'c', { n: 2 })
  graph.addEdge('b', 'to', 'a', { n: 2 })
}
const both = (graph: ReturnType<Database['graph']>): void => {
  first(graph)
  second(graph)
}

test('a namespace that is dropped and created again begins empty, and then has what it is given', () => {
  using db = Database.open(':memory:')
  for (let round = 0; round < 3; round++) {
    first(db.graph('ns'))
    expect(warm(db, db.graph('ns'))).toEqual(unkept(first))
    db.deleteNamespace('ns', { force: true })
    expect(seen(db.graph('ns'))).toEqual(unkept(() => undefined))
    db.createNamespace('ns')
    expect(seen(db.graph('ns'))).toEqual(unkept(() => undefined))
    second(db.graph('ns'))
    expect(warm(db, db.graph('ns'))).toEqual(unkept(second))
    db.deleteNamespace('ns', { force: true })
  }
})

test('a namespace has nothing of what is kept of another', () => {
  using db = Database.open(':memory:')
  first(db.graph())
  second(db.graph('other'))
  for (let round = 0; round < 2; round++) {
    expect(warm(db, db.graph())).toEqual(unkept(first))
    expect(warm(db, db.graph('other'))).toEqual(unkept(second))
  }
})

test('a store that is opened again says what was committed last', () => {
  const path = directory('again')
  {
    using db = Database.open(path)
    first(db.graph())
    warm(db, db.graph())
    second(db.graph())
  }
  {
    using db = Database.open(path)
    expect(warm(db, db.graph())).toEqual(unkept(both))
    db.deleteNode('default', 'a')
  }
  using db = Database.open(path)
  expect(warm(db, db.graph())).toEqual(
    unkept(graph => {
      both(graph)
      graph.deleteNode('a')
    }),
  )
})

test('what a transaction wrote and did not commit is seen by itself alone', () => {
  using db = Database.open(':memory:')
  first(db.graph())
  const before = warm(db, db.graph())
  for (const isolation of ['serializable', 'snapshot', 'readCommitted'] as const) {
    const txn = db.beginTransaction({ isolation })
    warm(db, txn.graph())
    second(txn.graph())
    expect(seen(txn.graph())).toEqual(unkept(both))
    expect(seen(db.graph())).toEqual(before)
    txn.abort()
    expect(warm(db, db.graph())).toEqual(before)
  }
  expect(() =>
    db.transaction(txn => {
      second(txn.graph())
      seen(txn.graph())
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(seen(db.graph())).toEqual(before)
  db.transaction(txn => {
    expect(() =>
      txn.transaction(inner => {
        second(inner.graph())
        expect(seen(inner.graph())).toEqual(unkept(both))
        throw new Error('back')
      }),
    ).toThrow('back')
    expect(seen(txn.graph())).toEqual(before)
  })
  expect(warm(db, db.graph())).toEqual(before)
})

test('the past is read past what is kept, and puts nothing of itself there', () => {
  using db = Database.open(':memory:', { retentionMs: 3_600_000 })
  first(db.graph())
  using before = db.snapshot()
  second(db.graph())
  using between = db.snapshot()
  db.deleteNode('default', 'b')
  const now = warm(db, db.graph())
  for (let round = 0; round < 2; round++) {
    expect(seen(before.graph())).toEqual(unkept(first))
    expect(seen(between.graph())).toEqual(unkept(both))
    expect(db.getNeighbors({ nodeId: 'a', asOf: before.timestamp }).map(({ id }) => id)).toEqual(['b'])
    expect(db.degree({ nodeId: 'b', direction: 'both', asOf: between.timestamp })).toBe(3)
    expect(db.getNode('default', 'a', { asOf: before.timestamp })?.properties).toEqual({ n: 1 })
    expect(db.traverse({ startNode: 'a', asOf: before.timestamp }).nodes.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(warm(db, db.graph())).toEqual(now)
  }
})
