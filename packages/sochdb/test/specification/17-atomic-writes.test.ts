import { AtomicMemoryWriter, MemoryOp, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  db.createCollection({ name: 'memories', dimension: 2 })
})
afterEach(() => db.close())

describe('17 Atomic Multi-Index Writes', () => {
  test('Atomic Memory Writer', () => {
    const writer = new AtomicMemoryWriter(db)
    const result = writer.writeAtomic('memory_123', [
      MemoryOp.putBlob({
        key: 'memories/memory_123/content',
        value: 'Meeting notes: discussed project timeline...',
      }),
      MemoryOp.putEmbedding({
        collection: 'memories',
        id: 'memory_123',
        embedding: [0.1, 0.2],
        metadata: { type: 'meeting', date: '2024-01-15' },
      }),
      MemoryOp.createNode({
        namespace: 'default',
        nodeId: 'memory_123',
        nodeType: 'memory',
        properties: { importance: 'high' },
      }),
      MemoryOp.createEdge({
        namespace: 'default',
        fromId: 'memory_123',
        edgeType: 'relates_to',
        toId: 'project_x',
        properties: {},
      }),
    ])
    expect(result.intentId).toBeDefined()
    expect(result.opsApplied).toBe(4)
    expect(result.status).toBe('committed')

    expect(db.getString('memories/memory_123/content')).toContain('project timeline')
    expect(db.collection('memories').get('memory_123')?.metadata).toEqual({ type: 'meeting', date: '2024-01-15' })
    expect(db.getNode('default', 'memory_123')?.properties).toEqual({ importance: 'high' })
    expect(db.getEdge('default', 'memory_123', 'relates_to', 'project_x')).toBeDefined()
  })

  test('How It Works: all or nothing', () => {
    const writer = new AtomicMemoryWriter(db)
    const write = (): unknown =>
      writer.writeAtomic('memory_124', [
        MemoryOp.putBlob({ key: 'memories/memory_124/content', value: 'half of it' }),
        MemoryOp.createNode({ nodeId: 'memory_124', nodeType: 'memory' }),
        MemoryOp.putEmbedding({ collection: 'memories', id: 'memory_124', embedding: [1, 2, 3] }),
      ])
    expect(write).toThrow('2-dimensional')
    expect(db.exists('memories/memory_124/content')).toBe(false)
    expect(db.getNode('default', 'memory_124')).toBeUndefined()
  })
})
