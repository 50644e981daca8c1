/** The examples of the specification's sections 13, 14 and 35 (a knowledge graph), with what they print. */
import { Database } from 'sochdb'

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
  for (const node of nodes) print(`Node: ${node.id} (${node.nodeType})`)
  for (const edge of edges) print(`${edge.fromId} --${edge.edgeType}--> ${edge.toId}`)
  expect(printed).toEqual([
    'Node: alice (person)',
    'Node: bob (person)',
    'Node: project_x (project)',
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

  expect(db.findPath({ namespace: 'default', fromId: 'alice', toId: 'project_y', maxDepth: 5 })).toBeUndefined()
  const neighbors = db.getNeighbors({ namespace: 'default', nodeId: 'alice', direction: 'outgoing' })
  expect(neighbors.map(({ id }) => id)).toEqual(['bob', 'project_x'])
  expect(db.getEdge('default', 'alice', 'works_on', 'project_x')?.properties).toEqual({
    role: 'lead',
    since: '2024-01',
  })
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

  expect(db.endTemporalEdge({ ...light, endTime: now + 1 })).toBe(true)
  expect(db.endTemporalEdge({ ...light, endTime: now + 2 })).toBe(false)
})

test('a knowledge graph: who manages the projects of Alice', () => {
  db.addNode('kg', 'alice', 'person', { role: 'engineer', level: 'senior' })
  db.addNode('kg', 'bob', 'person', { role: 'manager' })
  db.addNode('kg', 'project_ai', 'project', { status: 'active', budget: 100000 })
  db.addNode('kg', 'ml_team', 'team', { size: 5 })
  db.addEdge('kg', 'alice', 'works_on', 'project_ai', { role: 'lead' })
  db.addEdge('kg', 'alice', 'member_of', 'ml_team')
  db.addEdge('kg', 'bob', 'manages', 'project_ai')
  db.addEdge('kg', 'bob', 'leads', 'ml_team')

  const { nodes } = db.traverse({ namespace: 'kg', startNode: 'alice', maxDepth: 1 })
  const projects = nodes.filter(({ nodeType }) => nodeType === 'project')
  print(`Alice's projects: ${projects.map(({ id }) => id).join(', ')}`)
  for (const { id } of projects) {
    // Edges of managers arrive at a project: they are followed against their direction.
    const { edges } = db.traverse({ namespace: 'kg', startNode: id, maxDepth: 1, direction: 'incoming' })
    const managers = edges.filter(({ edgeType }) => edgeType === 'manages').map(({ fromId }) => fromId)
    print(`${id} managed by: ${managers.join(', ')}`)
  }
  expect(printed).toEqual(["Alice's projects: project_ai", 'project_ai managed by: bob'])
})
