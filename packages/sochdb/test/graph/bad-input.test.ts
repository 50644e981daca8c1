/** What graphs are given that makes no sense, or little: a clear error and nothing written, or the answer that it has. */
import { AsyncDatabase, Database, ErrorCode, TransactionConflictError, ValidationError } from 'sochdb'
import type { GraphReading } from 'sochdb'

import { thrownBy } from '../support/temporary.js'

let db: Database
beforeEach(() => {
  db = Database.open(':memory:', { retentionMs: 3_600_000 })
})
afterEach(() => db.close())

type Graph = ReturnType<Database['graph']>

/** All that a graph of few nodes has. */
function contents(graph: GraphReading): unknown {
  const nodes = graph.listNodes({ limit: 1000 })
  const ids = new Set(nodes.map(({ id }) => id).concat('a', 'b', 'c', 'self'))
  return {
    nodes,
    counts: [graph.countNodes(), graph.countEdges({ validAt: 150 }), graph.countEdges({ validAt: 250 })],
    edges: Array.from(ids, nodeId =>
      [150, 250].map(validAt => graph.getNeighbors({ nodeId, direction: 'both', validAt })),
    ),
    indexed: graph.listIndexedProperties(),
  }
}

function small(graph: Graph): void {
  graph.addNode('a', 'x', { n: 1 })
  graph.addNode('b', 'x')
  graph.addEdge('a', 'to', 'b', { n: 1 })
  graph.addEdge('self', 'to', 'self')
  graph.setEdgeRule('state', 'oncePerNode')
  graph.addTemporalEdge({ fromId: 'a', edgeType: 'state', toId: 'b', validFrom: 100, validUntil: 200 })
  graph.setIndexedProperties({ properties: ['n'] })
}

describe('nodes and edges that are not there', () => {
  test('are undefined, none or false, and are not made by asking', () => {
    small(db.graph())
    const before = contents(db.graph())
    const graph = db.graph()
    expect(graph.getNode('z')).toBeUndefined()
    expect(graph.getEdge('a', 'to', 'z')).toBeUndefined()
    expect(graph.getEdge('a', 'other', 'b')).toBeUndefined()
    expect(graph.updateNode('z', { properties: { n: 1 } })).toBe(false)
    expect(graph.updateEdge('a', 'to', 'z', { properties: {} })).toBe(false)
    expect(graph.updateEdge('a', 'state', 'b', { validFrom: 99, properties: {} })).toBe(false)
    expect(graph.deleteNode('z')).toBe(false)
    expect(graph.deleteEdge('z', 'to', 'a')).toBe(false)
    expect(graph.endTemporalEdge({ fromId: 'z', edgeType: 'state', toId: 'b', endTime: 500 })).toBe(false)
    expect(graph.getNeighbors({ nodeId: 'z', direction: 'both' })).toEqual([])
    expect(graph.degree({ nodeId: 'z' })).toBe(0)
    expect(graph.traverse({ startNode: 'z' })).toEqual({ nodes: [], edges: [] })
    expect(graph.findPath({ fromId: 'z', toId: 'a' })).toBeUndefined()
    expect(graph.findPath({ fromId: 'a', toId: 'z' })).toBeUndefined()
    expect(graph.findPath({ fromId: 'z', toId: 'z' })).toBeUndefined()
    expect(graph.findPath({ fromId: 'a', toId: 'z', weight: 'n' })).toBeUndefined()
    expect(graph.match({ startNode: 'z', steps: [{}] })).toEqual([])
    expect(graph.queryTemporalGraph({ nodeId: 'z', mode: 'CURRENT' })).toEqual([])
    expect(graph.listNodes({ after: 'z' })).toEqual([])
    expect(contents(graph)).toEqual(before)
  })

  test('an edge may name them, and deleting one that edges name takes these', () => {
    db.addEdge('default', 'ghost', 'to', 'other')
    expect(db.getNode('default', 'ghost')).toBeUndefined()
    expect(db.traverse({ startNode: 'ghost' }).nodes.map(({ nodeType }) => nodeType)).toEqual(['', ''])
    expect(db.deleteNode('default', 'ghost')).toBe(true)
    expect(db.countEdges()).toBe(0)
  })
})

describe('loops and cycles', () => {
  test('an edge from a node to itself is one edge, whichever way it is looked at', () => {
    const graph = db.graph()
    graph.addEdge('a', 'to', 'a', { n: 1 })
    graph.addTemporalEdge({ fromId: 'a', edgeType: 'was', toId: 'a', validFrom: 5 })
    for (const direction of ['outgoing', 'incoming', 'both'] as const) {
      expect(graph.degree({ nodeId: 'a', direction })).toBe(2)
      expect(graph.getNeighbors({ nodeId: 'a', direction }).map(({ id }) => id)).toEqual(['a', 'a'])
      const { nodes, edges } = graph.traverse({ startNode: 'a', direction })
      expect([nodes.length, edges.length]).toEqual([1, 2])
      expect(graph.queryTemporalGraph({ nodeId: 'a', direction, mode: 'CURRENT' })).toHaveLength(1)
    }
    expect(graph.match({ startNode: 'a', steps: [{ maxHops: 5 }] })).toHaveLength(4)
    expect(graph.findPath({ fromId: 'a', toId: 'a' })).toBeUndefined() // it is no node
    graph.addNode('a', 'x')
    expect(graph.findPath({ fromId: 'a', toId: 'a' })?.length).toBe(0)
    expect(graph.deleteEdge('a', 'to', 'a')).toBe(true)
    expect(graph.deleteNode('a')).toBe(true)
    expect(contents(graph)).toEqual(contents(db.graph('empty')))
  })

  test('walks over cycles end, at any depth', () => {
    const graph = db.graph()
    const ids = Array.from({ length: 50 }, (_, i) => `n${i}`)
    ids.forEach((id, i) => graph.addEdge(id, 'next', ids[(i + 1) % 50]!, { w: 0 }))
    for (const order of ['bfs', 'dfs'] as const) {
      const { nodes, edges } = graph.traverse({ startNode: 'n0', maxDepth: 10_000, order })
      expect([nodes.length, edges.length]).toEqual([50, 50])
    }
    expect(graph.findPath({ fromId: 'n0', toId: 'n49' })?.length).toBe(49)
    expect(graph.findPath({ fromId: 'n0', toId: 'n49', direction: 'both' })?.length).toBe(1)
    expect(graph.findPath({ fromId: 'n0', toId: 'n49', weight: 'w' })?.weight).toBe(0)
    // A way goes over an edge once.
    expect(graph.match({ startNode: 'n0', steps: [{ minHops: 50, maxHops: 100 }] })).toHaveLength(1)
  })
})

describe('depths', () => {
  test('0 is the node alone, 10,000 is as far as ten thousand edges, and a limit of edges per node holds on the way', () => {
    const graph = db.graph()
    graph.addEdges(Array.from({ length: 10_001 }, (_, i) => ({ fromId: `n${i}`, edgeType: 'to', toId: `n${i + 1}` })))
    graph.addNode('n0', 'x')
    expect(graph.traverse({ startNode: 'n0', maxDepth: 0 })).toEqual({ nodes: [graph.getNode('n0')], edges: [] })
    expect(graph.findPath({ fromId: 'n0', toId: 'n1', maxDepth: 0 })).toBeUndefined()
    expect(graph.findPath({ fromId: 'n0', toId: 'n0', maxDepth: 0 })?.length).toBe(0)
    for (const order of ['bfs', 'dfs'] as const) {
      const { nodes, edges } = graph.traverse({ startNode: 'n0', maxDepth: 10_000, order, limitPerNode: 1 })
      expect([nodes.length, edges.length, nodes.at(-1)?.id]).toEqual([10_001, 10_000, 'n10000'])
    }
    expect(graph.findPath({ fromId: 'n0', toId: 'n10000', maxDepth: 10_000 })?.length).toBe(10_000)
    expect(graph.findPath({ fromId: 'n0', toId: 'n10001', maxDepth: 10_000 })).toBeUndefined()
  })

  test('what is no depth is refused', () => {
    for (const maxDepth of [-1, 1.5, NaN, Infinity, '3', 1_000_001] as number[]) {
      expect(thrownBy(() => db.traverse({ startNode: 'a', maxDepth }))).toBeInstanceOf(ValidationError)
      expect(thrownBy(() => db.findPath({ fromId: 'a', toId: 'b', maxDepth }))).toBeInstanceOf(ValidationError)
    }
    for (const limitPerNode of [0, -1, 1.5, '3'] as number[]) {
      expect(thrownBy(() => db.traverse({ startNode: 'a', limitPerNode }))).toBeInstanceOf(ValidationError)
    }
    expect(thrownBy(() => db.match({ steps: [{ maxHops: 101 }] }))).toBeInstanceOf(ValidationError)
    expect(thrownBy(() => db.match({ steps: Array.from({ length: 17 }, () => ({})) }))).toBeInstanceOf(ValidationError)
  })
})

/** Every verb that takes an id or a type, with one in each of its places. */
const places: readonly (readonly [what: string, call: (graph: Graph, text: string) => unknown])[] = [
  ['nodeId', (graph, text) => graph.addNode(text, 'x')],
  ['nodeType', (graph, text) => graph.addNode('new', text)],
  [
    'id',
    (graph, text) =>
      graph.addNodes([
        { id: 'new', nodeType: 'x' },
        { id: text, nodeType: 'x' },
      ]),
  ],
  ['nodeId', (graph, text) => graph.updateNode(text, {})],
  ['nodeType', (graph, text) => graph.updateNode('a', { nodeType: text })],
  ['nodeId', (graph, text) => graph.deleteNode(text)],
  ['fromId', (graph, text) => graph.addEdge(text, 'to', 'b')],
  ['edgeType', (graph, text) => graph.addEdge('a', text, 'b')],
  ['toId', (graph, text) => graph.addEdge('a', 'to', text)],
  [
    'toId',
    (graph, text) =>
      graph.addEdges([
        { fromId: 'new', edgeType: 'to', toId: 'b' },
        { fromId: 'a', edgeType: 'to', toId: text },
      ]),
  ],
  [
    'toId',
    (graph, text) =>
      graph.importEdges([
        { fromId: 'new', edgeType: 'to', toId: 'b' },
        { fromId: 'a', edgeType: 'to', toId: text },
      ]),
  ],
  ['fromId', (graph, text) => graph.updateEdge(text, 'to', 'b', { properties: {} })],
  ['edgeType', (graph, text) => graph.deleteEdge('a', text, 'b')],
  ['toId', (graph, text) => graph.addTemporalEdge({ fromId: 'a', edgeType: 'to', toId: text, validFrom: 1 })],
  ['edgeType', (graph, text) => graph.endTemporalEdge({ fromId: 'a', edgeType: text, toId: 'b', endTime: 500 })],
  ['edgeType', (graph, text) => graph.setEdgeRule(text, 'oncePerEdge')],
  ['nodeType', (graph, text) => graph.setIndexedProperties({ nodeType: text, properties: ['m'] })],
  ['nodeId', (graph, text) => graph.getNode(text)],
  ['fromId', (graph, text) => graph.getEdge(text, 'to', 'b')],
  ['nodeId', (graph, text) => graph.getNeighbors({ nodeId: text })],
  ['edgeTypes', (graph, text) => graph.getNeighbors({ nodeId: 'a', edgeTypes: ['to', text] })],
  ['nodeTypes', (graph, text) => graph.listNodes({ nodeTypes: [text] })],
  ['startNode', (graph, text) => graph.traverse({ startNode: text })],
  ['toId', (graph, text) => graph.findPath({ fromId: 'a', toId: text })],
  ['startNode', (graph, text) => graph.match({ startNode: text, steps: [{}] })],
  ['nodeId', (graph, text) => graph.queryTemporalGraph({ nodeId: text, mode: 'CURRENT' })],
]

describe('ids and types', () => {
  test.each([
    ['empty', '', 'empty'],
    ['half of a surrogate pair', 'a\ud800', 'surrogate'],
    ['the other half', '\udc00b', 'surrogate'],
    ['too long', 'é'.repeat(2049), '4096'],
  ])('that are %s are refused everywhere, by name, and nothing is written', async (_, text, word) => {
    small(db.graph())
    const before = contents(db.graph())
    for (const [what, call] of places) {
      const error = thrownBy(() => call(db.graph(), text))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toContain(word)
      const { argument } = error['details'] as { argument: string }
      expect(argument).toMatch(what === 'id' ? 'nodeId' : what)
      await expect(Promise.resolve(call(db.async.graph() as never, text))).rejects.toThrow(ValidationError)
    }
    expect(contents(db.graph())).toEqual(before)
  })

  test('may be of any other characters, in all of those places', () => {
    const odd = [
      '\0',
      '\0\0',
      'a\0',
      'a\0b',
      '\xff',
      '\xff\xff',
      '\0\xff',
      '\u0001',
      '\uffff',
      '\ud83d\udc4d',
      'é'.repeat(2048),
    ]
    for (const text of odd) {
      using each = Database.open(':memory:')
      const graph = each.graph()
      for (const [, call] of places) call(graph, text)
      graph.addNode(text, text, { [text]: text })
      graph.addEdge(text, text, text, { [text]: 1 })
      graph.addTemporalEdge({ fromId: text, edgeType: text, toId: `${text}`, validFrom: 5 })
      expect(graph.getNode(text)).toEqual({ id: text, nodeType: text, properties: { [text]: text } })
      expect(graph.getEdge(text, text, text)?.properties).toEqual({ [text]: 1 })
      expect(graph.getNeighbors({ nodeId: text, edgeTypes: [text], direction: 'both' })).toHaveLength(2)
      expect(graph.traverse({ startNode: text, edgeTypes: [text] }).nodes.map(({ id }) => id)).toEqual([text])
      expect(graph.listNodes({ nodeTypes: [text] }).map(({ id }) => id)).toContain(text)
      expect(graph.deleteNode(text)).toBe(true)
      expect(graph.degree({ nodeId: text, direction: 'both' })).toBe(0)
    }
  })

  test('that begin alike are told apart', () => {
    const graph = db.graph()
    const ids = ['a', 'a\0', 'a\0\0', 'a\0\xff', 'a\u0001', 'ab']
    for (const id of ids) for (const type of ids) graph.addEdge(id, type, `${id}${type}`)
    for (const nodeId of ids) {
      expect(graph.degree({ nodeId })).toBe(ids.length)
      for (const type of ids) {
        expect(graph.getNeighbors({ nodeId, edgeTypes: [type] }).map(({ id }) => id)).toEqual([`${nodeId}${type}`])
      }
    }
  })
})

describe('intervals', () => {
  const state = { fromId: 'a', edgeType: 'state', toId: 'b' }

  test('that end when they begin, or before, are refused, alone and in a list', () => {
    small(db.graph())
    const before = contents(db.graph())
    for (const [validFrom, validUntil] of [
      [300, 300],
      [300, 299],
      [300, -5],
      [new Date(300), new Date(200)],
      [5, -Number.MAX_SAFE_INTEGER / 2],
    ] as const) {
      const edge = { ...state, edgeType: 'other', validFrom, validUntil }
      const good = { ...state, edgeType: 'other', validFrom: 1, validUntil: 2 }
      for (const call of [
        () => db.graph().addTemporalEdge(edge),
        () => db.graph().addEdges([good, edge]),
        () => db.graph().importEdges([good, edge]),
        () => db.transaction(txn => txn.graph().addTemporalEdge(edge)),
      ]) {
        expect(thrownBy(call)).toBeInstanceOf(ValidationError)
      }
    }
    expect(contents(db.graph())).toEqual(before)
  })

  test('that end before they begin cannot be made by ending them, nor asked for', () => {
    const graph = db.graph()
    graph.addTemporalEdge({ ...state, validFrom: 1000 })
    expect(thrownBy(() => graph.endTemporalEdge({ ...state, endTime: 999 }))).toMatchObject({
      details: { argument: 'endTime', validFrom: '1000' },
    })
    expect(graph.getEdge('a', 'state', 'b', { validAt: 5000 })?.validUntil).toBe(0)
    const range = { nodeId: 'a', mode: 'RANGE', startTime: 500, endTime: 499 } as const
    expect(thrownBy(() => graph.queryTemporalGraph(range))).toMatchObject({ details: { argument: 'endTime' } })
    expect(graph.queryTemporalGraph({ ...range, endTime: 500 })).toEqual([])
  })

  test('that overlap where that is forbidden are refused: all of a list, and what one statement of a transaction did', () => {
    small(db.graph())
    const before = contents(db.graph())
    const met = { fromId: 'a', edgeType: 'state', toId: 'c' }
    const wrong = { ...met, validFrom: 150, validUntil: 160 }
    const right = { ...met, validFrom: 200, validUntil: 210 }
    for (const call of [
      () => db.graph().addTemporalEdge(wrong),
      () => db.graph().addTemporalEdge({ ...met, validFrom: 50 }),
      () => db.graph().addTemporalEdge({ ...met, validFrom: 50, validUntil: 101 }),
      () => db.graph().addTemporalEdge({ ...met, validFrom: 199 }),
      () => db.graph().addEdges([right, wrong]),
      () => db.graph().addEdges([right, { ...right, toId: 'b' }]),
    ]) {
      expect(thrownBy(call)).toMatchObject({ details: { reason: 'overlap', edgeType: 'state' } })
    }
    expect(contents(db.graph())).toEqual(before)
    db.transaction(txn => {
      txn.graph().addTemporalEdge(right)
      expect(thrownBy(() => txn.graph().addEdges([{ ...met, toId: 'd', validFrom: 300 }, wrong]))).toBeInstanceOf(
        ValidationError,
      )
    })
    expect(db.queryTemporalGraph({ nodeId: 'a', mode: 'RANGE', startTime: 0, endTime: 1000 })).toMatchObject([
      { toId: 'b', validFrom: 100 },
      { toId: 'c', validFrom: 200 },
    ])
    // Where it ends another may begin, and before it.
    db.graph().addTemporalEdge({ ...met, validFrom: 50, validUntil: 100 })
    db.graph().addTemporalEdge({ ...met, validFrom: 210 })
  })

  test('that overlap with what another transaction adds meanwhile are a conflict at every isolation level', () => {
    db.graph().setEdgeRule('state', 'oncePerNode')
    for (const isolation of ['serializable', 'snapshot', 'readCommitted'] as const) {
      const txn = db.beginTransaction({ isolation })
      txn.graph().addTemporalEdge({ fromId: isolation, edgeType: 'state', toId: 'x', validFrom: 100 })
      db.graph().addTemporalEdge({ fromId: isolation, edgeType: 'state', toId: 'y', validFrom: 200 })
      expect(thrownBy(() => txn.commit())).toBeInstanceOf(TransactionConflictError)
      expect(db.degree({ nodeId: isolation, validAt: 250 })).toBe(1)
    }
  })
})

describe('a graph that does not exist', () => {
  const reads = (graph: GraphReading): unknown[] => [
    graph.getNode('a'),
    graph.getEdge('a', 'to', 'b'),
    graph.listNodes({ nodeFilter: { n: 1 } }),
    graph.countNodes(),
    graph.countEdges(),
    graph.getNeighbors({ nodeId: 'a' }),
    graph.degree({ nodeId: 'a' }),
    graph.traverse({ startNode: 'a' }),
    graph.findPath({ fromId: 'a', toId: 'b' }),
    graph.match({ steps: [{}] }),
    graph.queryTemporalGraph({ nodeId: 'a', mode: 'CURRENT' }),
    graph.listIndexedProperties(),
  ]
  const nothing = [undefined, undefined, [], 0, 0, [], 0, { nodes: [], edges: [] }, undefined, [], [], []]

  test('is empty to every verb, from wherever it is read, and is not made by that', async () => {
    expect(reads(db.graph())).toEqual(nothing)
    expect(reads(db.graph('away'))).toEqual(nothing)
    db.put('something', 'else')
    using snapshot = db.snapshot()
    expect(reads(snapshot.graph('away'))).toEqual(nothing)
    db.transaction(txn => expect(reads(txn.graph('away'))).toEqual(nothing))
    expect(await Promise.all(reads(db.async.graph('away') as never))).toEqual(nothing)
    await using empty = await AsyncDatabase.open(':memory:')
    expect(await Promise.all(reads(empty.graph() as never))).toEqual(nothing)
    expect(db.listNamespaces()).toEqual(['default'])
    // Nor did it exist before it did.
    small(db.graph('away'))
    expect(db.countNodes({ namespace: 'away', asOf: snapshot.timestamp })).toBe(0)
    expect(reads(snapshot.graph('away'))).toEqual(nothing)
  })

  test('is not made by writes that fail', () => {
    for (const [, call] of places.slice(0, 17)) {
      expect(thrownBy(() => call(db.graph('away'), ''))).toBeInstanceOf(ValidationError)
    }
    expect(db.listNamespaces()).toEqual(['default'])
  })
})

describe('writes that fail', () => {
  test('leave nothing in a transaction that goes on', () => {
    small(db.graph())
    const before = contents(db.graph())
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    db.transaction(txn => {
      const graph = txn.graph()
      for (const [, call] of places.slice(0, 17))
        expect(thrownBy(() => call(graph, ''))).toBeInstanceOf(ValidationError)
      expect(thrownBy(() => graph.addNode('c', 'x', circular))).toBeInstanceOf(ValidationError)
      expect(thrownBy(() => graph.addEdge('a', 'to', 'c', circular))).toBeInstanceOf(ValidationError)
      expect(contents(graph)).toEqual(before)
      txn.put('after', 'all')
    })
    expect(contents(db.graph())).toEqual(before)
    expect(db.get('after')?.toString()).toBe('all')
  })

  test('because the transaction would be too large leave nothing, and say what to do', () => {
    using limited = Database.open(':memory:', { maxTransactionBytes: 1024 * 1024 })
    const graph = limited.graph()
    const nodes = Array.from({ length: 50 }, (_, i) => ({
      id: `n${i}`,
      nodeType: 'x',
      properties: { text: 'x'.repeat(40_000) },
    }))
    expect(thrownBy(() => graph.addNodes(nodes))).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED })
    expect(graph.countNodes()).toBe(0)
  })

  test('in an import leave the batches before, whole', () => {
    const edges = Array.from({ length: 25 }, (_, i) => ({
      fromId: 'hub',
      edgeType: 'to',
      toId: i === 17 ? '' : `n${i}`,
    }))
    expect(thrownBy(() => db.graph().importEdges(edges, { batchSize: 10 }))).toBeInstanceOf(ValidationError)
    expect(db.degree({ nodeId: 'hub' })).toBe(10)
  })

  test('through a snapshot or on a closed database are no writes at all', () => {
    small(db.graph())
    using snapshot = db.snapshot()
    expect('addNode' in snapshot.graph()).toBe(false)
    const other = Database.open(':memory:')
    const graph = other.graph()
    other.close()
    expect(thrownBy(() => graph.addNode('a', 'x'))).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
    expect(thrownBy(() => graph.getNode('a'))).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
  })
})
