import { AsyncAtomicMemoryWriter, AtomicMemoryWriter, AsyncDatabase, Database, MemoryOp, ValidationError } from 'sochdb'
import type { MemoryOp as Op } from 'sochdb'

import { killAfterLines } from '../support/killed-child.js'
import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()

function open(path = ':memory:'): Database {
  const db = Database.open(path)
  db.createCollection({ name: 'memories', dimension: 2, enableHybridSearch: true, contentField: 'text' })
  return db
}

const meeting = (id = 'memory_123'): Op[] => [
  MemoryOp.putBlob({ key: `memories/${id}/content`, value: 'Meeting notes: discussed project timeline' }),
  MemoryOp.putEmbedding({
    collection: 'memories',
    id,
    embedding: [1, 0],
    metadata: { type: 'meeting', text: 'the timeline of the project' },
  }),
  MemoryOp.createNode({ namespace: 'default', nodeId: id, nodeType: 'memory', properties: { importance: 'high' } }),
  MemoryOp.createEdge({ namespace: 'default', fromId: id, edgeType: 'relates_to', toId: 'project_x', properties: {} }),
]

/** In how many of its places a memory is. */
const places = (db: Database, id: string): number =>
  [
    db.exists(`memories/${id}/content`),
    db.collection('memories').get(id) !== undefined,
    db.getNode('default', id) !== undefined,
    db.getEdge('default', id, 'relates_to', 'project_x') !== undefined,
  ].filter(Boolean).length

test('a memory is in every index, under an intent of its own', () => {
  using db = open()
  const writer = new AtomicMemoryWriter(db)
  const result = writer.writeAtomic('memory_123', meeting())
  expect(result).toEqual({
    intentId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    opsApplied: 4,
    status: 'committed',
  })
  expect(places(db, 'memory_123')).toBe(4)
  expect(db.collection('memories').keywordSearch({ query: 'timeline', k: 1 })).toHaveLength(1)
  expect(writer.status(result.intentId)).toMatchObject({ ...result, memoryId: 'memory_123' })
  expect(writer.status('another')).toBeUndefined()
  expect(writer.writeAtomic('memory_124', []).intentId > result.intentId).toBe(true)
  expect(Array.from(db.scan()).map(([key]) => key.toString())).toEqual(['memories/memory_123/content'])
  expect(db.listCollections()).toEqual(['memories'])
})

test('it is changed and deleted as a whole too', () => {
  using db = open()
  const writer = new AtomicMemoryWriter(db)
  writer.writeAtomic('m', meeting('m'))
  writer.writeAtomic('m', [
    MemoryOp.putMetadata({ collection: 'memories', id: 'm', metadata: { text: 'something else' } }),
    MemoryOp.createEdge({ fromId: 'm', edgeType: 'is', toId: 'old', validFrom: 5, validUntil: 9 }),
  ])
  expect(db.collection('memories').keywordSearch({ query: 'timeline', k: 1 })).toHaveLength(0)
  expect(db.getEdge('default', 'm', 'is', 'old', { validAt: 5 })?.validUntil).toBe(9)
  writer.writeAtomic('m', [
    MemoryOp.deleteBlob({ key: 'memories/m/content' }),
    MemoryOp.deleteEmbedding({ collection: 'memories', id: 'm' }),
    MemoryOp.deleteEdge({ fromId: 'm', edgeType: 'relates_to', toId: 'project_x' }),
    MemoryOp.deleteNode({ nodeId: 'm' }),
  ])
  expect(places(db, 'm')).toBe(0)
  expect(db.countEdges({ validAt: 5 })).toBe(0)
})

test('when an operation fails nothing of the memory is there, nor its intent', () => {
  using db = open()
  const writer = new AtomicMemoryWriter(db)
  const broken: Op[] = [
    MemoryOp.putEmbedding({ collection: 'memories', id: 'x', embedding: [1, 2, 3] }),
    MemoryOp.putEmbedding({ collection: 'elsewhere', id: 'x', embedding: [1, 2] }),
    MemoryOp.putMetadata({ collection: 'memories', id: 'nobody', metadata: {} }),
    MemoryOp.createNode({ nodeId: 'x', nodeType: 'y', properties: { f: () => 1 } }),
    MemoryOp.putBlob({ key: 'x'.repeat(70_000), value: '' }),
  ]
  for (const op of broken) {
    expect(thrownBy(() => writer.writeAtomic('m', [...meeting('m'), op]))).toBeInstanceOf(Error)
    expect(places(db, 'm')).toBe(0)
  }
  const wrong: unknown[] = [
    undefined,
    'ops',
    [{}],
    [{ kind: 'putEverything' }],
    [{ kind: 'toString' }],
    [{ kind: 'putBlob', key: 'a' }],
    [{ kind: 'createNode', nodeId: 'a' }],
    [{ ...MemoryOp.deleteNode({ nodeId: 'a' }), force: true }],
  ]
  for (const ops of wrong) expect(thrownBy(() => writer.writeAtomic('m', ops as Op[]))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => writer.writeAtomic('', []))).toBeInstanceOf(ValidationError)
  expect(thrownBy(() => writer.status(0 as never))).toBeInstanceOf(ValidationError)
  expect(writer.writeAtomic('m', meeting('m')).opsApplied).toBe(4)
})

test('intents outlive the process, and belong to their namespace', () => {
  const path = directory('intents')
  const first = open(path)
  const a = new AtomicMemoryWriter(first).writeAtomic('a', meeting('a')).intentId
  const tenant = first.createNamespace('tenant')
  const b = new AtomicMemoryWriter(tenant).writeAtomic('b', [MemoryOp.putBlob({ key: 'k', value: 'v' })]).intentId
  expect(tenant.getString('k')).toBe('v')
  first.close()
  using again = Database.open(path)
  const writer = new AtomicMemoryWriter(again)
  expect(writer.status(a)?.memoryId).toBe('a')
  expect(writer.status(b)).toBeUndefined()
  expect(new AtomicMemoryWriter(again.namespace('tenant')).status(b)?.memoryId).toBe('b')
  again.deleteNamespace('tenant', { force: true })
  again.createNamespace('tenant')
  expect(new AtomicMemoryWriter(again.namespace('tenant')).status(b)).toBeUndefined()
})

test('writers by promise share what the store has, each with an intent of its own', async () => {
  await using db = await AsyncDatabase.open(':memory:')
  await db.createCollection({ name: 'memories', dimension: 2 })
  const writer = new AsyncAtomicMemoryWriter(db)
  const results = await Promise.all(Array.from({ length: 8 }, (_, i) => writer.writeAtomic(`m${i}`, meeting(`m${i}`))))
  expect(new Set(results.map(({ intentId }) => intentId)).size).toBe(8)
  expect(await writer.status(results[7]!.intentId)).toMatchObject({ status: 'committed' })
  await expect(writer.writeAtomic('m', [MemoryOp.deleteNode({ nodeId: '' })])).rejects.toThrow(ValidationError)
})

test('SIGKILL at any moment leaves whole memories, and all that were acknowledged', async () => {
  const path = directory('killed')
  for (const acknowledgements of [1, 40, 200]) {
    const acknowledged = await killAfterLines('writer-child.mjs', path, acknowledgements)
    using db = Database.open(path, { logLevel: 'off' })
    const last = Number(db.getString('last'))
    expect(last).toBeGreaterThanOrEqual(acknowledged)
    const counts = [db.collection('memories').count(), db.countNodes(), db.countEdges()]
    expect([...counts, Array.from(db.scan('blob/')).length]).toEqual([last, last, last, last])
    expect(db.collection('memories').search({ vector: [last, 1], k: last, exact: true })).toHaveLength(last)
  }
})
