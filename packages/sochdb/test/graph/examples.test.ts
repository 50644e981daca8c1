/** The examples of the specification's sections 13, 14 and 35 (a knowledge graph), with what they print. */
import { Database } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
let printed: string[]
const print = (line: string): void => void printed.push(line)
beforeEach(() => {
  db = Database.open(':memory:')
  printed = []
})
afterEach(() => db.close())

test('graph operations: people and a project', () => {
  db.addNode('default', 'alice', 'person', { role: 'engineer', team: 'ml', level: 'senior' })
  db.addNode('default', 'project_x', 'project', { status: 'active', priority: 'high' })
  db.addNode('default', 'bob', 'person', { role: 'manager', team: 'ml' })
  db.addEdge('default', 'alice', 'works_on', 'project_x', { role: 'lead', since: '2024-01' })
  db.addEdge('default', 'alice', 'reports_to', 'bob')
  db.addEdge('default', 'bob', 'manages', 'project_x')

  const { nodes, edges } = db.traverse({ namespace: 'default', startNode: 'alice', maxDepth: 3, order: 'bfs' })
  for (const node of nodes) {
    print(`Node: ${node.id} (${node.nodeType})`)
    print(`  Properties: ${JSON.stringify(node.properties)}`)
  }
  for (const edge of edges) print(`${edge.fromId} --${edge.edgeType}--> ${edge.toId}`)
  expect(printed).toEqual([
    'Node: alice (person)',
    '  Properties: {"role":"engineer","team":"ml","level":"senior"}',
    'Node: bob (person)',
    '  Properties: {"role":"manager","team":"ml"}',
    'Node: project_x (project)',
    '  Properties: {"status":"active","priority":"high"}',
    'alice --reports_to--> bob',
    'alice --works_on--> project_x',
    'bob --manages--> project_x',
  ])

  const filtered = db.traverse({
    namespace: 'default',
    startNode: 'alice',
    maxDepth: 2,
    edgeTypes: ['works_on', 'reports_to'],
    nodeTypes: ['person', 'project'],
    nodeFilter: { team: 'ml' },
  })
  expect(filtered.nodes.map(({ id }) => id)).toEqual(['alice', 'bob'])
  expect(filtered.edges.map(({ edgeType }) => edgeType)).toEqual(['reports_to'])

  expect(db.findPath({ namespace: 'default', fromId: 'alice', toId: 'project_y', maxDepth: 5 })).toBeUndefined()
  const neighbors = db.getNeighbors({ namespace: 'default', nodeId: 'alice', direction: 'outgoing' })
  expect(neighbors.map(({ id }) => id)).toEqual(['bob', 'project_x'])
  expect(db.getEdge('default', 'alice', 'works_on', 'project_x')?.properties).toEqual({
    role: 'lead',
    since: '2024-01',
  })
  db.addNode('default', 'old_node', 'person')
  db.addEdge('default', 'old_node', 'works_on', 'project_x')
  db.addEdge('default', 'alice', 'works_on', 'project_old')
  expect(db.deleteNode('default', 'old_node')).toBe(true)
  expect(db.getNeighbors({ nodeId: 'project_x', direction: 'incoming' }).map(({ id }) => id)).toEqual(['bob', 'alice'])
  expect(db.deleteEdge('default', 'alice', 'works_on', 'project_old')).toBe(true)
  expect(db.countEdges()).toBe(3)
  expect(db.deleteNode('default', 'old_node')).toBe(false)
  expect(db.deleteEdge('default', 'alice', 'works_on', 'project_old')).toBe(false)
})

test('time travel: a door and a light', () => {
  const now = Date.now()
  const hour = 60 * 60 * 1000
  const namespace = 'smart_home'
  db.addTemporalEdge({
    namespace,
    fromId: 'door_front',
    edgeType: 'STATE',
    toId: 'open',
    validFrom: now - hour,
    validUntil: now,
    properties: { sensor: 'motion_1', confidence: 0.95 },
  })
  const light = { namespace, fromId: 'light_living', edgeType: 'STATE', toId: 'on' }
  db.addTemporalEdge({ ...light, validFrom: now, validUntil: 0, properties: { brightness: '80%', color: 'warm' } })

  const door = { namespace, nodeId: 'door_front', edgeType: 'STATE' }
  expect(db.queryTemporalGraph({ ...door, mode: 'CURRENT' })[0]?.toId ?? 'unknown').toBe('unknown')
  const wasOpen = (timestamp: number): boolean =>
    db.queryTemporalGraph({ ...door, mode: 'POINT_IN_TIME', timestamp }).some(({ toId }) => toId === 'open')
  expect([wasOpen(now - 1.5 * hour), wasOpen(now - 0.5 * hour)]).toEqual([false, true])

  for (const edge of db.queryTemporalGraph({ ...door, mode: 'RANGE', startTime: now - hour, endTime: now })) {
    print(`State: ${edge.toId} from ${edge.validFrom! - now} to ${edge.validUntil! - now}`)
  }
  expect(printed).toEqual([`State: open from ${-hour} to 0`])

  const shines = (timestamp: number): boolean =>
    db.queryTemporalGraph({ namespace, nodeId: 'light_living', mode: 'POINT_IN_TIME', timestamp }).length > 0
  expect([shines(now - 1), shines(now), shines(now + hour)]).toEqual([false, true, true])
  expect(db.endTemporalEdge({ ...light, endTime: now + 1 })).toBe(true)
  expect([shines(now), shines(now + 1)]).toEqual([true, false])
  expect(db.endTemporalEdge({ ...light, endTime: now + 2 })).toBe(false)
})

test('time travel: a state that ends in the millisecond in which it began never held', () => {
  const light = { fromId: 'light_living', edgeType: 'STATE', toId: 'on' }
  db.addTemporalEdge({ ...light, validFrom: 1000 })
  expect(db.endTemporalEdge({ ...light, endTime: 1000 })).toBe(true)
  expect(db.queryTemporalGraph({ nodeId: 'light_living', mode: 'POINT_IN_TIME', timestamp: 1000 })).toEqual([])
  expect(db.queryTemporalGraph({ nodeId: 'light_living', mode: 'CURRENT' })).toEqual([])
})

test('a knowledge graph: who manages the projects of Alice', () => {
  const path = directory('knowledge_graph')
  for (const isNew of [true, false]) {
    using kg = Database.open(path)
    if (isNew) {
      kg.addNode('kg', 'alice', 'person', { role: 'engineer', level: 'senior' })
      kg.addNode('kg', 'bob', 'person', { role: 'manager' })
      kg.addNode('kg', 'project_ai', 'project', { status: 'active', budget: 100000 })
      kg.addNode('kg', 'ml_team', 'team', { size: 5 })
      kg.addEdge('kg', 'alice', 'works_on', 'project_ai', { role: 'lead' })
      kg.addEdge('kg', 'alice', 'member_of', 'ml_team')
      kg.addEdge('kg', 'bob', 'manages', 'project_ai')
      kg.addEdge('kg', 'bob', 'leads', 'ml_team')
    }
    const { nodes } = kg.traverse({ namespace: 'kg', startNode: 'alice', maxDepth: 1 })
    const projects = nodes.filter(({ nodeType }) => nodeType === 'project')
    print(`Alice's projects: ${projects.map(({ id }) => id).join(', ')}`)
    for (const { id } of projects) {
      // Edges of managers arrive at a project: they are followed against their direction.
      const { edges } = kg.traverse({ namespace: 'kg', startNode: id, maxDepth: 1, direction: 'incoming' })
      const managers = edges.filter(({ edgeType }) => edgeType === 'manages').map(({ fromId }) => fromId)
      print(`${id} managed by: ${managers.join(', ')}`)
    }
  }
  const once = ["Alice's projects: project_ai", 'project_ai managed by: bob']
  expect(printed).toEqual([...once, ...once])
})
