import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  // Adding Nodes
  db.addNode('default', 'alice', 'person', { role: 'engineer', team: 'ml', level: 'senior' })
  db.addNode('default', 'project_x', 'project', { status: 'active', priority: 'high' })
  db.addNode('default', 'bob', 'person', { role: 'manager', team: 'ml' })
  // Adding Edges
  db.addEdge('default', 'alice', 'works_on', 'project_x', { role: 'lead', since: '2024-01' })
  db.addEdge('default', 'alice', 'reports_to', 'bob')
  db.addEdge('default', 'bob', 'manages', 'project_x')
})
afterEach(() => db.close())

describe('13 Graph Operations', () => {
  test('Adding Nodes', () => {
    expect(db.getNode('default', 'alice')).toEqual({
      id: 'alice',
      nodeType: 'person',
      properties: { role: 'engineer', team: 'ml', level: 'senior' },
    })
  })

  test.each(['bfs', 'dfs'] as const)('Graph Traversal: %s', order => {
    const { nodes, edges } = db.traverse({ namespace: 'default', startNode: 'alice', maxDepth: 3, order })
    expect(nodes.map(node => `${node.id} (${node.nodeType})`).sort()).toEqual([
      'alice (person)',
      'bob (person)',
      'project_x (project)',
    ])
    expect(nodes[0]?.id).toBe('alice')
    expect(edges.map(edge => `${edge.fromId} --${edge.edgeType}--> ${edge.toId}`).sort()).toEqual([
      'alice --reports_to--> bob',
      'alice --works_on--> project_x',
      'bob --manages--> project_x',
    ])
  })

  test('Filtered Traversal', () => {
    const { nodes } = db.traverse({
      namespace: 'default',
      startNode: 'alice',
      maxDepth: 2,
      edgeTypes: ['works_on', 'reports_to'],
      nodeTypes: ['person', 'project'],
      nodeFilter: { team: 'ml' },
    })
    expect(nodes.map(({ id }) => id)).toEqual(['alice', 'bob'])
  })

  test('Graph Queries', () => {
    db.addEdge('default', 'project_x', 'needs', 'project_y')
    const path = db.findPath({ namespace: 'default', fromId: 'alice', toId: 'project_y', maxDepth: 5 })
    expect(path?.nodes.map(({ id }) => id)).toEqual(['alice', 'project_x', 'project_y'])
    expect(path?.length).toBe(2)
    expect(db.findPath({ namespace: 'default', fromId: 'project_y', toId: 'alice', maxDepth: 5 })).toBeUndefined()

    const neighbors = (direction: 'outgoing' | 'incoming' | 'both') =>
      db.getNeighbors({ namespace: 'default', nodeId: 'bob', direction }).map(({ id }) => id)
    expect(neighbors('outgoing')).toEqual(['project_x'])
    expect(neighbors('incoming')).toEqual(['alice'])
    expect(neighbors('both').sort()).toEqual(['alice', 'project_x'])

    expect(db.getEdge('default', 'alice', 'works_on', 'project_x')?.properties).toEqual({
      role: 'lead',
      since: '2024-01',
    })

    expect(db.deleteEdge('default', 'alice', 'works_on', 'project_x')).toBe(true)
    expect(db.getEdge('default', 'alice', 'works_on', 'project_x')).toBeUndefined()

    expect(db.deleteNode('default', 'bob')).toBe(true)
    expect(db.getNode('default', 'bob')).toBeUndefined()
    expect(db.getEdge('default', 'alice', 'reports_to', 'bob')).toBeUndefined()
    expect(db.getEdge('default', 'bob', 'manages', 'project_x')).toBeUndefined()
  })
})
