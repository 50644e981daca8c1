import { inspect } from 'node:util'

import {
  AsyncDatabase,
  Database,
  ErrorCode,
  InvalidMetadataError,
  NamespaceAccessError,
  TransactionConflictError,
  ValidationError,
} from 'sochdb'
import type { GraphNode } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
beforeEach(() => {
  db = Database.open(':memory:')
})
afterEach(() => db.close())

const ids = (nodes: readonly GraphNode[]): string[] => nodes.map(({ id }) => id)

function team(): void {
  db.addNode('default', 'alice', 'person', { role: 'engineer', team: 'ml', level: 'senior' })
  db.addNode('default', 'project_x', 'project', { status: 'active', priority: 'high' })
  db.addNode('default', 'bob', 'person', { role: 'manager', team: 'ml' })
  db.addEdge('default', 'alice', 'works_on', 'project_x', { role: 'lead', since: '2024-01' })
  db.addEdge('default', 'alice', 'reports_to', 'bob')
  db.addEdge('default', 'bob', 'manages', 'project_x')
}

describe('nodes and edges', () => {
  test('come back as they were written, and are undefined where there are none', () => {
    team()
    expect(db.getNode('default', 'bob')).toEqual({
      id: 'bob',
      nodeType: 'person',
      properties: { role: 'manager', team: 'ml' },
    })
    expect(db.getEdge('default', 'alice', 'works_on', 'project_x')).toEqual({
      fromId: 'alice',
      edgeType: 'works_on',
      toId: 'project_x',
      properties: { role: 'lead', since: '2024-01' },
    })
    expect(db.getNode('default', 'nobody')).toBeUndefined()
    expect(db.getEdge('default', 'bob', 'works_on', 'project_x')).toBeUndefined()
  })

  test('an edge that is added again has the new properties, and is one', () => {
    team()
    db.addEdge('default', 'alice', 'works_on', 'project_x', { role: 'reviewer' })
    expect(db.getEdge('default', 'alice', 'works_on', 'project_x')?.properties).toEqual({ role: 'reviewer' })
    expect(db.countEdges()).toBe(3)
  })

  test('a node that is added again has the new type, and is listed under that alone', () => {
    team()
    db.addNode('default', 'bob', 'robot')
    expect(db.getNode('default', 'bob')).toEqual({ id: 'bob', nodeType: 'robot', properties: {} })
    expect(db.countNodes({ nodeTypes: ['person'] })).toBe(1)
    expect(ids(db.listNodes({ nodeTypes: ['robot'] }))).toEqual(['bob'])
  })

  test('an update sets, removes and keeps properties', () => {
    team()
    expect(db.updateNode('default', 'alice', { properties: { level: 3, team: undefined, new: [1] } })).toBe(true)
    expect(db.getNode('default', 'alice')?.properties).toEqual({ role: 'engineer', level: 3, new: [1] })
    expect(db.updateNode('default', 'alice', { nodeType: 'lead' })).toBe(true)
    expect(db.getNode('default', 'alice')).toMatchObject({ nodeType: 'lead', properties: { level: 3 } })
    expect(db.updateEdge('default', 'alice', 'works_on', 'project_x', { properties: { since: undefined } })).toBe(true)
    expect(db.getEdge('default', 'alice', 'works_on', 'project_x')?.properties).toEqual({ role: 'lead' })
    expect(db.updateNode('default', 'nobody', { properties: {} })).toBe(false)
    expect(db.updateEdge('default', 'a', 'b', 'c', { properties: {} })).toBe(false)
  })

  test('deleting a node takes its edges both ways, temporal ones too', () => {
    team()
    db.addTemporalEdge({ fromId: 'alice', edgeType: 'mood', toId: 'happy', validFrom: 5 })
    expect(db.deleteNode('default', 'alice')).toBe(true)
    expect(db.getNode('default', 'alice')).toBeUndefined()
    expect(db.countEdges()).toBe(1)
    expect(db.degree({ nodeId: 'project_x', direction: 'both' })).toBe(1)
    expect(db.degree({ nodeId: 'happy', direction: 'both' })).toBe(0)
    expect(db.deleteNode('default', 'alice')).toBe(false)
    expect(db.deleteEdge('default', 'bob', 'manages', 'project_x')).toBe(true)
    expect(db.deleteEdge('default', 'bob', 'manages', 'project_x')).toBe(false)
    expect(db.countEdges()).toBe(0)
  })

  test('lists go by id, in pages, by type and by properties', () => {
    db.graph().addNodes(
      Array.from({ length: 600 }, (_, i) => ({
        id: `n${1000 + i}`,
        nodeType: i % 2 ? 'odd' : 'even',
        properties: { i },
      })),
    )
    expect(db.listNodes()).toHaveLength(100)
    expect(ids(db.listNodes({ after: 'n1004', limit: 2 }))).toEqual(['n1005', 'n1006'])
    expect(ids(db.listNodes({ nodeTypes: ['odd'], after: 'n1004', limit: 2 }))).toEqual(['n1005', 'n1007'])
    expect(ids(db.listNodes({ nodeFilter: { i: { $gte: 598 } } }))).toEqual(['n1598', 'n1599'])
    expect(db.countNodes({ nodeTypes: ['odd', 'even'] })).toBe(600)
    expect(db.countNodes({ nodeTypes: ['odd'], nodeFilter: { i: { $lt: 10 } } })).toBe(5)
    expect(db.listNodes({ limit: 0 })).toEqual([])
  })

  test('ids and types are any text: quotes, zero bytes, what a key is made of', () => {
    const odd = ['"', '\\', '\0', 'a\0', 'a\0\xff', '\n', 'é', '👍', 'n', '\uffff', ' ', 'a', 'ab']
    for (const id of odd) db.addNode('default', id, `type ${id}`, { id })
    for (const from of odd) for (const to of odd) db.addEdge('default', from, `edge ${to}`, to, { from, to })
    for (const id of odd) {
      expect(db.getNode('default', id)).toEqual({ id, nodeType: `type ${id}`, properties: { id } })
      const neighbors = db.getNeighbors({ nodeId: id, direction: 'incoming' })
      expect(new Set(ids(neighbors))).toEqual(new Set(odd))
      for (const { edge } of neighbors) expect(edge.properties).toEqual({ from: edge.fromId, to: id })
      expect(db.getNeighbors({ nodeId: id, edgeTypes: [`edge ${id}`] }).map(n => n.id)).toEqual([id])
    }
    for (const id of odd) db.deleteNode('default', id)
    expect([db.countNodes(), db.countEdges()]).toEqual([0, 0])
  })
})

describe('walking', () => {
  test('a traversal has the start first, every node once, and the edges between them', () => {
    team()
    const { nodes, edges } = db.traverse({ startNode: 'alice', maxDepth: 3 })
    expect(ids(nodes)).toEqual(['alice', 'bob', 'project_x'])
    expect(edges.map(e => `${e.fromId} ${e.edgeType} ${e.toId}`)).toEqual([
      'alice reports_to bob',
      'alice works_on project_x',
      'bob manages project_x',
    ])
    expect(ids(db.traverse({ startNode: 'alice', order: 'dfs' }).nodes)).toEqual(['alice', 'bob', 'project_x'])
    expect(db.traverse({ startNode: 'alice', maxDepth: 0 })).toEqual({
      nodes: [db.getNode('default', 'alice')],
      edges: [],
    })
    expect(ids(db.traverse({ startNode: 'project_x', direction: 'incoming' }).nodes)).toEqual([
      'project_x',
      'bob',
      'alice',
    ])
    expect(ids(db.traverse({ startNode: 'alice', edgeTypes: ['reports_to'] }).nodes)).toEqual(['alice', 'bob'])
  })

  test('tests restrict what is returned, with prune also what is walked through', () => {
    for (const [id, nodeType] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
      ['d', 'x'],
    ] as const)
      db.addNode('default', id, nodeType, { id })
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'd'],
    ] as const)
      db.addEdge('default', from, 'to', to)
    const some = db.traverse({ startNode: 'a', nodeTypes: ['x'] })
    expect(ids(some.nodes)).toEqual(['a', 'd', 'c'])
    expect(some.edges.map(e => e.toId)).toEqual(['d'])
    expect(ids(db.traverse({ startNode: 'a', nodeTypes: ['x'], prune: true }).nodes)).toEqual(['a', 'd'])
    expect(ids(db.traverse({ startNode: 'a', nodeFilter: { id: { $in: ['b', 'c'] } } }).nodes)).toEqual(['b', 'c'])
    expect(ids(db.traverse({ startNode: 'a', limit: 2 }).nodes)).toEqual(['a', 'b'])
  })

  test('depth-first goes deep before it goes wide, over the same nodes', () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['d', 'e'],
      ['c', 'e'],
    ] as const)
      db.addEdge('default', from, 'to', to)
    expect(ids(db.traverse({ startNode: 'a', order: 'bfs' }).nodes)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(ids(db.traverse({ startNode: 'a', order: 'dfs' }).nodes)).toEqual(['a', 'b', 'd', 'e', 'c'])
    expect(ids(db.traverse({ startNode: 'a', order: 'dfs', maxDepth: 2 }).nodes)).toEqual(['a', 'b', 'd', 'c', 'e'])
  })

  test('loops and cycles end, and a loop is one edge', () => {
    db.addEdge('default', 'a', 'to', 'a')
    db.addEdge('default', 'a', 'to', 'b')
    db.addEdge('default', 'b', 'to', 'a')
    const both = db.traverse({ startNode: 'a', direction: 'both', maxDepth: 10_000 })
    expect(ids(both.nodes)).toEqual(['a', 'b'])
    expect(both.edges).toHaveLength(3)
    expect(db.degree({ nodeId: 'a', direction: 'both' })).toBe(3)
    expect(db.getNeighbors({ nodeId: 'a', direction: 'both' })).toHaveLength(3)
  })

  test('nodes that were never added are part of the graph where edges name them', () => {
    db.addEdge('default', 'a', 'to', 'b')
    expect(db.traverse({ startNode: 'a' }).nodes[1]).toEqual({ id: 'b', nodeType: '', properties: {} })
    expect(db.traverse({ startNode: 'nobody' })).toEqual({ nodes: [], edges: [] })
    expect(db.getNeighbors({ nodeId: 'nobody' })).toEqual([])
  })

  test('a chain of ten thousand nodes is walked to its end', () => {
    db.graph().addEdges(
      Array.from({ length: 10_000 }, (_, i) => ({ fromId: `n${i}`, edgeType: 'next', toId: `n${i + 1}` })),
    )
    expect(db.traverse({ startNode: 'n0', maxDepth: 10_000 }).nodes).toHaveLength(10_001)
    expect(db.traverse({ startNode: 'n0', maxDepth: 10_000, order: 'dfs' }).nodes.at(-1)?.id).toBe('n10000')
    expect(db.findPath({ fromId: 'n0', toId: 'n10000' })?.length).toBe(10_000)
    expect(db.findPath({ fromId: 'n0', toId: 'n10000', maxDepth: 9_999 })).toBeUndefined()
    const error = thrownBy(() => db.traverse({ startNode: 'n0', maxDepth: 10_000, maxVisits: 500 }))
    expect(error).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED, details: { limit: 'maxVisits' } })
  })

  test('the shortest path by hops, by weight, and by weight within hops', () => {
    const roads: [string, string, number][] = [
      ['a', 'b', 1],
      ['b', 'c', 1],
      ['c', 'd', 1],
      ['a', 'd', 9],
      ['a', 'c', 5],
    ]
    for (const [from, to, km] of roads) db.addEdge('default', from, 'road', to, { km })
    const path = (options: object): string | undefined => {
      const found = db.findPath({ fromId: 'a', toId: 'd', ...options })
      return found && `${ids(found.nodes).join('')} ${found.length} ${found.weight}`
    }
    expect(path({})).toBe('ad 1 undefined')
    expect(path({ weight: 'km' })).toBe('abcd 3 3')
    expect(path({ weight: 'km', maxDepth: 2 })).toBe('acd 2 6')
    expect(path({ weight: 'toll' })).toBe('ad 1 1')
    expect(path({ direction: 'incoming' })).toBeUndefined()
    expect(db.findPath({ fromId: 'd', toId: 'a', direction: 'incoming' })?.edges[0]).toMatchObject({
      fromId: 'a',
      toId: 'd',
    })
    expect(db.findPath({ fromId: 'd', toId: 'b', direction: 'both', weight: 'km' })?.weight).toBe(2)
    db.addEdge('default', 'a', 'road', 'x', { km: -1 })
    expect(thrownBy(() => path({ weight: 'km' }))).toBeInstanceOf(ValidationError)
    db.addNode('default', 'a', 'town')
    expect(db.findPath({ fromId: 'a', toId: 'a' })).toMatchObject({ length: 0, edges: [] })
  })

  test('patterns are followed step by step, over one or several hops', () => {
    team()
    const colleagues = db.match({
      nodeTypes: ['person'],
      steps: [{ edgeTypes: ['works_on', 'manages'] }, { direction: 'incoming', nodeTypes: ['person'] }],
    })
    expect(colleagues.map(m => ids(m.nodes))).toEqual([
      ['alice', 'project_x', 'bob'],
      ['bob', 'project_x', 'alice'],
    ])
    const reach = db.match({ startNode: 'alice', steps: [{ minHops: 1, maxHops: 2, nodeTypes: ['project'] }] })
    expect(reach.map(m => ids(m.nodes))).toEqual([
      ['alice', 'bob', 'project_x'],
      ['alice', 'project_x'],
    ])
    expect(db.match({ startNode: 'alice', steps: [{ maxHops: 2 }], limit: 1 })).toHaveLength(1)
    expect(db.match({ startNode: 'alice', steps: [] })).toEqual([
      { nodes: [db.getNode('default', 'alice')], edges: [] },
    ])
  })
})

describe('what a traversal gives', () => {
  test('is plain data, the edges too, which are read when they are asked for', () => {
    team()
    const found = db.traverse({ startNode: 'bob', maxDepth: 1 })
    const nodes = [
      { id: 'bob', nodeType: 'person', properties: { role: 'manager', team: 'ml' } },
      { id: 'project_x', nodeType: 'project', properties: { status: 'active', priority: 'high' } },
    ]
    const edges = [{ fromId: 'bob', edgeType: 'manages', toId: 'project_x', properties: {} }]
    expect({ ...found }).toEqual({ nodes, edges })
    expect(JSON.parse(JSON.stringify(found))).toEqual({ nodes, edges })
    expect(structuredClone(found)).toEqual({ nodes, edges })
    expect(inspect(found)).toBe(inspect({ nodes, edges }))
    expect(found.edges).toBe(found.edges)
  })

  test('has ids of any characters', () => {
    const all = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
    for (const [i, id] of all.entries()) {
      db.addEdge('default', `all but ${i}`, 'to', all.filter(each => each !== id).join(''))
      db.addEdge('default', 'every', 'to', `é${id}[,"𝄞`)
      const { nodes } = db.traverse({ startNode: `all but ${i}` })
      expect(ids(nodes)).toEqual([`all but ${i}`, all.filter(each => each !== id).join('')])
    }
    expect(ids(db.traverse({ startNode: 'every' }).nodes)).toEqual(['every', ...all.map(id => `é${id}[,"𝄞`)])
  })
})

describe('valid time', () => {
  const hour = 3_600_000
  const now = Date.now()
  const door = { namespace: 'smart_home', fromId: 'door_front', edgeType: 'STATE' }

  test('what holds now, at a time, and in a range', () => {
    db.addTemporalEdge({
      ...door,
      toId: 'open',
      validFrom: now - hour,
      validUntil: now,
      properties: { sensor: 'motion_1' },
    })
    db.addTemporalEdge({ ...door, toId: 'closed', validFrom: now, validUntil: 0 })
    const ask = (request: object): string[] =>
      db.queryTemporalGraph({ namespace: 'smart_home', nodeId: 'door_front', ...request } as never).map(e => e.toId)
    expect(ask({ mode: 'CURRENT', edgeType: 'STATE' })).toEqual(['closed'])
    expect(ask({ mode: 'POINT_IN_TIME', timestamp: now - 1 })).toEqual(['open'])
    expect(ask({ mode: 'POINT_IN_TIME', timestamp: new Date(now) })).toEqual(['closed'])
    expect(ask({ mode: 'POINT_IN_TIME', timestamp: now - 1.5 * hour })).toEqual([])
    expect(ask({ mode: 'RANGE', startTime: now - hour, endTime: now })).toEqual(['open'])
    expect(ask({ mode: 'RANGE', startTime: now - hour, endTime: now + 1 })).toEqual(['open', 'closed'])
    expect(ask({ mode: 'CURRENT', edgeType: 'OTHER' })).toEqual([])
    expect(
      db.queryTemporalGraph({ namespace: 'smart_home', nodeId: 'closed', mode: 'CURRENT', direction: 'incoming' }),
    ).toEqual([
      { fromId: 'door_front', edgeType: 'STATE', toId: 'closed', properties: {}, validFrom: now, validUntil: 0 },
    ])
  })

  test('every verb sees what holds at validAt', () => {
    db.addTemporalEdge({
      fromId: 'a',
      edgeType: 'is',
      toId: 'b',
      validFrom: 100,
      validUntil: 200,
      properties: { n: 1 },
    })
    db.addTemporalEdge({
      fromId: 'a',
      edgeType: 'is',
      toId: 'b',
      validFrom: 300,
      validUntil: 400,
      properties: { n: 2 },
    })
    db.addEdge('default', 'a', 'always', 'c')
    for (const [validAt, n] of [
      [99, undefined],
      [100, 1],
      [199, 1],
      [200, undefined],
      [350, 2],
    ] as const) {
      expect(db.getEdge('default', 'a', 'is', 'b', { validAt })?.properties['n']).toBe(n)
      const others = n === undefined ? ['c'] : ['c', 'b']
      expect(ids(db.getNeighbors({ nodeId: 'a', validAt }))).toEqual(others)
      expect(ids(db.traverse({ startNode: 'a', validAt }).nodes)).toEqual(['a', ...others])
      expect(db.findPath({ fromId: 'a', toId: 'b', validAt }) === undefined).toBe(n === undefined)
      expect(db.match({ startNode: 'a', steps: [{ edgeTypes: ['is'] }], validAt })).toHaveLength(
        n === undefined ? 0 : 1,
      )
      expect(db.degree({ nodeId: 'a', validAt })).toBe(others.length)
      expect(db.countEdges({ validAt })).toBe(others.length)
    }
    expect(ids(db.getNeighbors({ nodeId: 'b', direction: 'incoming', validAt: 350 }))).toEqual(['a'])
    expect(db.updateEdge('default', 'a', 'is', 'b', { validFrom: 300, properties: { n: 3 } })).toBe(true)
    expect(db.getEdge('default', 'a', 'is', 'b', { validAt: 399 })).toMatchObject({
      validUntil: 400,
      properties: { n: 3 },
    })
    expect(db.deleteEdge('default', 'a', 'is', 'b')).toBe(true)
    expect(db.countEdges({ validAt: 350 })).toBe(1)
  })

  test('ending closes what is open, not before it began', () => {
    db.addTemporalEdge({ ...door, toId: 'open', validFrom: 1000 })
    const error = thrownBy(() => db.endTemporalEdge({ ...door, toId: 'open', endTime: 999 }))
    expect(error).toBeInstanceOf(ValidationError)
    expect(db.endTemporalEdge({ ...door, toId: 'open', endTime: 2000 })).toBe(true)
    expect(db.endTemporalEdge({ ...door, toId: 'open', endTime: 3000 })).toBe(false)
    expect(db.getEdge('smart_home', 'door_front', 'STATE', 'open', { validAt: 1999 })?.validUntil).toBe(2000)
  })

  test('a rule keeps intervals of an edge, or of a node, apart', () => {
    const add = (toId: string, validFrom: number, validUntil = 0): unknown => {
      try {
        db.addTemporalEdge({ ...door, toId, validFrom, validUntil })
        return undefined
      } catch (error) {
        return error
      }
    }
    const graph = db.graph('smart_home')
    graph.setEdgeRule('STATE', 'oncePerNode')
    expect(add('open', 100, 200)).toBeUndefined()
    expect(add('closed', 150, 250)).toMatchObject({ details: { reason: 'overlap', toId: 'open' } })
    expect(add('closed', 200)).toBeUndefined()
    expect(add('closed', 300)).toBeInstanceOf(ValidationError)
    expect(add('closed', 200, 300)).toBeUndefined() // the same interval, replaced
    graph.setEdgeRule('STATE', 'oncePerEdge')
    expect(add('open', 250)).toBeUndefined()
    expect(add('open', 150, 160)).toBeInstanceOf(ValidationError)
    graph.setEdgeRule('STATE', 'any')
    expect(add('open', 150, 160)).toBeUndefined()
  })
})

describe('with the rest of the database', () => {
  test('a graph is its namespace’s, which writing creates and reading does not', () => {
    expect(db.traverse({ namespace: 'away', startNode: 'a' })).toEqual({ nodes: [], edges: [] })
    expect(db.getNeighbors({ namespace: 'away', nodeId: 'a' })).toEqual([])
    expect(db.countNodes({ namespace: 'away' })).toBe(0)
    expect(db.namespaceExists('away')).toBe(false)
    db.addEdge('away', 'a', 'to', 'b')
    expect(db.namespaceExists('away')).toBe(true)
    expect(db.countEdges()).toBe(0)
    const away = db.namespace('away')
    expect(away.countEdges()).toBe(1)
    away.addNode('a', 'x', {})
    expect(away.graph().getNode('a')?.nodeType).toBe('x')
    db.deleteNamespace('away', { force: true })
    db.addNode('away', 'z', 'x')
    expect(db.countEdges({ namespace: 'away' })).toBe(0)
  })

  test('a transaction sees what it wrote, others see all or none of it', () => {
    team()
    const txn = db.beginTransaction()
    txn.addNode('default', 'carol', 'person')
    txn.addEdge('default', 'carol', 'reports_to', 'bob')
    txn.deleteEdge('default', 'alice', 'reports_to', 'bob')
    txn.addNode('elsewhere', 'x', 'y')
    expect(ids(txn.getNeighbors({ nodeId: 'bob', direction: 'incoming' }))).toEqual(['carol'])
    expect(ids(db.getNeighbors({ nodeId: 'bob', direction: 'incoming' }))).toEqual(['alice'])
    txn.commit()
    expect(ids(db.getNeighbors({ nodeId: 'bob', direction: 'incoming' }))).toEqual(['carol'])
    expect(db.countNodes({ namespace: 'elsewhere' })).toBe(1)
    expect(() =>
      db.transaction(inner => {
        inner.deleteNode('default', 'carol')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(db.countNodes({ nodeTypes: ['person'] })).toBe(3)
  })

  test('an edge that comes to a node whose edges were read is a conflict', () => {
    team()
    const txn = db.beginTransaction()
    txn.put('count', String(txn.degree({ nodeId: 'bob', direction: 'incoming' })))
    db.addEdge('default', 'dave', 'reports_to', 'bob')
    expect(thrownBy(() => txn.commit())).toBeInstanceOf(TransactionConflictError)
    const deleting = db.beginTransaction({ isolation: 'snapshot' })
    deleting.deleteNode('default', 'bob')
    db.addEdge('default', 'erin', 'reports_to', 'bob')
    expect(thrownBy(() => deleting.commit())).toBeInstanceOf(TransactionConflictError)
  })

  test('snapshots and asOf read the graph as it was known', () => {
    team()
    using before = db.snapshot()
    db.deleteNode('default', 'bob')
    expect(before.getNode('default', 'bob')).toBeDefined()
    expect(before.graph().getNeighbors({ nodeId: 'alice' })).toHaveLength(2)
    expect(db.getNeighbors({ nodeId: 'alice' })).toHaveLength(1)
    expect(db.getNode('default', 'bob', { asOf: before.timestamp })?.id).toBe('bob')
    expect(ids(db.traverse({ startNode: 'alice', asOf: before.timestamp }).nodes)).toContain('bob')
    expect(db.namespace('default').getNode('bob', { asOf: before.timestamp })?.id).toBe('bob')
    db.transaction(txn => expect(txn.getNode('default', 'bob', { asOf: before.timestamp })?.id).toBe('bob'))
    expect('addNode' in before).toBe(false)
  })

  test('what was opened through a namespace reaches no other', () => {
    db.createNamespace('a')
    db.namespace('a').transaction(txn => {
      txn.graph().addNode('x', 'y')
      expect(thrownBy(() => txn.addNode('default', 'x', 'y'))).toBeInstanceOf(NamespaceAccessError)
    })
    expect(db.getNode('a', 'x')?.id).toBe('x')
  })

  test('a graph outlives the process that wrote it', () => {
    const path = directory('graph')
    const first = Database.open(path)
    first.addEdge('default', 'a', 'to', 'b', { n: 1 })
    first.addTemporalEdge({ fromId: 'a', edgeType: 'is', toId: 'c', validFrom: 1 })
    first.close()
    using again = Database.open(path)
    expect(ids(again.getNeighbors({ nodeId: 'a' }))).toEqual(['b', 'c'])
  })

  test('imports go in batches, and say how far they are', () => {
    const progress: number[] = []
    function* edges(): Generator<{ fromId: string; edgeType: string; toId: string }> {
      for (let i = 0; i < 25; i++) yield { fromId: 'hub', edgeType: 'to', toId: `n${i}` }
    }
    expect(db.graph().importEdges(edges(), { batchSize: 10, onProgress: n => progress.push(n) })).toBe(25)
    expect(progress).toEqual([10, 20, 25])
    const signal = AbortSignal.abort(new Error('enough'))
    expect(() => db.graph().importEdges(edges(), { signal })).toThrow('enough')
  })
})

describe('by promise', () => {
  test('the same verbs, on threads of the engine', async () => {
    await using async = await AsyncDatabase.open(':memory:')
    await async.addNode('default', 'a', 'x', { n: 1 })
    await async.addEdge('new', 'a', 'to', 'b')
    expect(await async.getNode('default', 'a')).toEqual({ id: 'a', nodeType: 'x', properties: { n: 1 } })
    expect(ids(await async.getNeighbors({ namespace: 'new', nodeId: 'a' }))).toEqual(['b'])
    expect(await async.traverse({ namespace: 'none', startNode: 'a' })).toEqual({ nodes: [], edges: [] })
    const graph = async.graph('new')
    expect(await graph.importEdges([{ fromId: 'b', edgeType: 'to', toId: 'c' }])).toBe(1)
    await async.transaction(async txn => {
      await txn.addEdge('new', 'c', 'to', 'd')
      expect((await txn.graph('new').findPath({ fromId: 'a', toId: 'd' }))?.length).toBe(3)
    })
    const snapshot = await async.snapshot()
    await graph.deleteNode('c')
    expect(await snapshot.countEdges({ namespace: 'new' })).toBe(3)
    expect(await graph.countEdges({ asOf: snapshot.timestamp })).toBe(3)
    expect(await graph.countEdges()).toBe(1)
    await snapshot.close()
    const ns = await async.namespace('new')
    expect(await ns.degree({ nodeId: 'a' })).toBe(1)
    await expect(graph.addNode('', 'x')).rejects.toThrow(ValidationError)
    await expect(graph.countEdges({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })
})

describe('bad input', () => {
  test('names what is wrong, and writes nothing', () => {
    const wrong: (() => unknown)[] = [
      () => db.addNode('default', '', 'x'),
      () => db.addNode('default', 'a', ''),
      () => db.addNode('default', 1 as never, 'x'),
      () => db.addNode('not a name', 'a', 'x'),
      () => db.addNode('default', 'x'.repeat(5000), 'x'),
      () => db.addNode('default', '\ud800', 'x'),
      () => db.addEdge('default', 'a', 'to', undefined as never),
      () => db.graph().addNodes([{ id: 'a', nodeType: 'x' }, { id: 'b' } as never]),
      () => db.graph().addEdges([{ fromId: 'a', edgeType: 'x', toId: 'b', validUntil: 5 }]),
      () => db.graph().addEdges('ab' as never),
      () => db.addTemporalEdge({ fromId: 'a', edgeType: 'x', toId: 'b', validFrom: 5, validUntil: 5 }),
      () => db.addTemporalEdge({ fromId: 'a', edgeType: 'x', toId: 'b', validFrom: 1.5 }),
      () => db.addTemporalEdge({ fromId: 'a', edgeType: 'x', toId: 'b', validFrom: new Date(NaN) }),
      () => db.endTemporalEdge({ fromId: 'a', edgeType: 'x', toId: 'b', endTime: 0 }),
      () => db.traverse({ startNode: 'a', maxDepth: -1 }),
      () => db.traverse({ startNode: 'a', order: 'best' as never }),
      () => db.traverse({ startNode: 'a', edgeTypes: [] }),
      () => db.traverse({ startNode: 'a', nodeFilter: { a: { $near: 1 } } as never }),
      () => db.traverse({ startNode: 'a', start: 'b' } as never),
      () => db.getNeighbors({ nodeId: 'a', direction: 'out' as never }),
      () => db.queryTemporalGraph({ nodeId: 'a' } as never),
      () => db.queryTemporalGraph({ nodeId: 'a', mode: 'RANGE', startTime: 5, endTime: 4 }),
      () => db.queryTemporalGraph({ nodeId: 'a', mode: 'CURRENT', timestamp: 4 }),
      () => db.match({ steps: [{ minHops: 3, maxHops: 2 }] }),
      () => db.graph().setEdgeRule('x', 'never' as never),
      () => db.getNode('default', 'a', { validAt: 'now' as never }),
      () => db.getNode('default', 'a', { asOf: Date.now() + 60_000 }),
    ]
    for (const call of wrong) expect(thrownBy(call)).toBeInstanceOf(ValidationError)
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const properties of [circular, { f: () => 1 }, { big: 1n }, [], 'x', null, { when: new Date() }]) {
      expect(thrownBy(() => db.addNode('default', 'a', 'x', properties as never))).toBeInstanceOf(InvalidMetadataError)
    }
    expect([db.countNodes(), db.countEdges()]).toEqual([0, 0])
    expect(db.listNamespaces()).toEqual(['default'])
  })
})
