import { Database, TransactionConflictError, ValidationError } from 'sochdb'

import { writeContract } from '../../src/migrate/ledger.js'
import { contract, openGraphClient, type AnyGraph } from './graph-fixture.js'

/** d1 → d2 → d3 → d4, d1 → d3, d4 → d1; ann wrote d1 and d2. */
async function fill(graph: AnyGraph): Promise<void> {
  await graph.Doc.addMany([1, 2, 3, 4].map(n => ({ id: `d${n}`, properties: { title: `Doc ${n}`, year: 2000 + n } })))
  await graph.Person.add('ann', { name: 'Ann' })
  const ends = ['d1 d2', 'd2 d3', 'd3 d4', 'd1 d3', 'd4 d1'].map(pair => pair.split(' '))
  await graph.CITES.addMany(ends.map(([fromId, toId]) => ({ fromId, toId })))
  await graph.wrote.add({ fromId: 'ann', toId: 'd1', properties: { role: 'lead' }, validFrom: 1000 })
  await graph.wrote.add({ fromId: 'ann', toId: 'd2', properties: { role: 'x' }, validFrom: 1000, validUntil: 2000 })
}

const sorted = (ids: readonly string[]): string[] => [...ids].sort()

test('nodes are added with their defaults, read, changed in part, and deleted', async () => {
  await using db = openGraphClient()
  const { Doc } = db.graph
  expect(await Doc.add('d1', { title: 'One', year: 2020 })).toEqual({
    id: 'd1',
    nodeType: 'Doc',
    properties: { title: 'One', year: 2020, lang: 'en' },
  })
  expect((await Doc.update('d1', { title: 'Uno', year: undefined }))?.properties).toEqual({ title: 'Uno', lang: 'en' })
  expect((await Doc.get('d1'))?.properties).toEqual({ title: 'Uno', lang: 'en' })
  expect(await Doc.update('none', { title: 'x' })).toBeUndefined()
  expect(await Doc.get('none')).toBeUndefined()
  expect(await Doc.delete('d1')).toBe(true)
  expect(await Doc.delete('d1')).toBe(false)
  expect(await Doc.count()).toBe(0)
})

test('properties that the schema does not have are refused by an error that names the path, and nothing is written', async () => {
  await using db = openGraphClient()
  const { Doc, Person, CITES, wrote } = db.graph
  await expect(Doc.add('d1', { title: 5 })).rejects.toThrow(/Doc "d1": title: /)
  await expect(Doc.add('d1', 'x' as never)).rejects.toThrow(ValidationError)
  await expect(
    Doc.addMany([
      { id: 'd1', properties: { title: 'x' } },
      { id: 'd2', properties: {} },
    ]),
  ).rejects.toThrow(/Doc "d2": title: /)
  expect(await Doc.count()).toBe(0)
  await Doc.add('d1', { title: 'x' })
  await Person.add('ann', { name: 'Ann' })
  await expect(Doc.update('d1', { title: undefined })).rejects.toThrow(/Doc "d1": title: /)
  await expect(CITES.add({ fromId: 'd1', toId: 'd1', properties: { weight: 'heavy' } })).rejects.toThrow(/weight: /)
  await expect(CITES.add({ fromId: 'd1', toId: 'd1', validFrom: 5 })).rejects.toThrow('no property "validFrom"')
  await expect(wrote.add({ fromId: 'ann', toId: 'd1', properties: { role: 'x' } })).rejects.toThrow('validFrom')
  await expect(wrote.add({ fromId: 'ann', toId: 'd1', properties: {}, validFrom: 1 })).rejects.toThrow(/role: /)
  expect(await CITES.count()).toBe(0)
  expect((await Doc.get('d1'))?.properties).toEqual({ title: 'x', lang: 'en' })
  for (const bad of ['', 5, null]) await expect(Doc.add(bad as never, { title: 'x' })).rejects.toThrow(ValidationError)
})

test('a node of another type is neither replaced nor read, changed or deleted', async () => {
  await using db = openGraphClient()
  const { Doc, Person } = db.graph
  await Person.add('x', { name: 'X' })
  await expect(Doc.add('x', { title: 'X' })).rejects.toThrow('Node "x" is of type "Person", not "Doc"')
  expect(await Doc.get('x')).toBeUndefined()
  expect(await Doc.update('x', { title: 'X' })).toBeUndefined()
  expect(await Doc.delete('x')).toBe(false)
  expect(await Doc('x').nodes()).toEqual([])
  expect((await Person.get('x'))?.properties).toEqual({ name: 'X' })
})

test('declared edges are closed: both ends are nodes of the declared types, unless they are open', async () => {
  await using db = openGraphClient()
  const { Doc, Person, CITES, MENTIONS } = db.graph
  await Doc.add('d1', { title: 'One' })
  await Person.add('ann', { name: 'Ann' })
  await expect(CITES.add({ fromId: 'd1', toId: 'd2' })).rejects.toThrow('no node has that id')
  await expect(CITES.add({ fromId: 'd1', toId: 'ann' })).rejects.toThrow('a node of type "Person"')
  await expect(
    CITES.addMany([
      { fromId: 'd1', toId: 'd1' },
      { fromId: 'ann', toId: 'd1' },
    ]),
  ).rejects.toThrow('"CITES" goes from a node of type "Doc"')
  expect(await CITES.count()).toBe(0)
  expect(await CITES.add({ fromId: 'd1', toId: 'd1' })).toMatchObject({ properties: { weight: 1 } })
  await MENTIONS.add({ fromId: 'd1', toId: 'nobody' })
  expect((await MENTIONS.from('d1')).map(({ toId }) => toId)).toEqual(['nobody'])
  expect(await Doc('d1').out('MENTIONS').ids()).toEqual([])
})

test('an edge to a node that somebody deletes meanwhile is a conflict', async () => {
  using database = Database.open(':memory:')
  const db = openGraphClient({ database })
  await fill(db.graph)
  const adding = db.$transaction(
    async tx => {
      await tx.graph.CITES.add({ fromId: 'd2', toId: 'd4' })
      db.sync.graph.Doc.delete('d4')
    },
    { maxRetries: 0 },
  )
  await expect(adding).rejects.toThrow(TransactionConflictError)
  expect(await db.graph.CITES.get('d2', 'd4')).toBeUndefined()
})

test('walks go along edges of the schema, a step or several', async () => {
  await using db = openGraphClient()
  const { graph } = db
  await fill(graph)
  const { Doc, Person } = graph
  expect(await Doc('d1').ids()).toEqual(['d1'])
  expect(sorted(await Doc('d1').out('CITES').ids())).toEqual(['d2', 'd3'])
  expect(sorted(await Doc('d1').out('CITES', { maxDepth: 2 }).ids())).toEqual(['d2', 'd3', 'd4'])
  expect(sorted(await Doc('d1').out('CITES', { maxDepth: 9 }).ids())).toEqual(['d2', 'd3', 'd4'])
  expect(await Doc('d1').out('CITES', { maxDepth: 9 }).count()).toBe(3)
  expect(await Doc('d1').out('CITES', { maxDepth: 9 }).ids({ limit: 2 })).toHaveLength(2)
  expect(await Doc('d1').out('CITES').ids({ limit: 0 })).toEqual([])
  expect(
    await Doc('d3')
      .in('CITES', { where: { year: { lt: 2002 } } })
      .ids(),
  ).toEqual(['d1'])
  expect(sorted(await Doc('d4').both('CITES').ids())).toEqual(['d1', 'd3'])
  expect(sorted(await Doc('d1').out('CITES').out('CITES').ids())).toEqual(['d3', 'd4'])
  expect(
    await Person('ann')
      .out('WROTE')
      .out('CITES', { where: { title: 'Doc 3' } })
      .ids(),
  ).toEqual(['d3'])
  expect((await Doc('d2').in('CITES').in('WROTE').nodes())[0]).toMatchObject({ id: 'ann', nodeType: 'Person' })
  expect(await Doc.where({ year: { gte: 2003 } }).ids()).toEqual(['d3', 'd4'])
  expect(await Doc.where().ids({ limit: 3 })).toEqual(['d1', 'd2', 'd3'])
  expect(sorted(await Doc.where({ year: 2003 }).out('CITES').ids())).toEqual(['d4'])
  const ways = await Doc('d1').out('CITES').out('CITES').ways()
  expect(sorted(ways.map(({ nodes }) => nodes.map(({ id }) => id).join('>')))).toEqual(['d1>d2>d3', 'd1>d3>d4'])
  expect(ways[0]!.edges.map(({ edgeType }) => edgeType)).toEqual(['CITES', 'CITES'])
  expect(await Doc('nowhere').out('CITES').nodes()).toEqual([])
})

test('a walk that the schema does not allow is refused before it reads', async () => {
  await using db = openGraphClient()
  const { Doc, Person } = db.graph
  expect(() => Doc('d1').out('WROTE')).toThrow('No edge "WROTE" of the schema leaves type "Doc"')
  expect(() => Person('ann').both('WROTE')).toThrow('joins nodes of type "Person"')
  expect(() => Doc('d1').out('CITES', { maxDepth: 0 })).toThrow('maxDepth')
  expect(() => Doc('d1').out('CITES', { depth: 2 } as never)).toThrow('no property "depth"')
  await expect(Doc('d1').out('CITES').nodes({ limit: -1 })).rejects.toThrow('limit')
  await expect(Doc('').out('CITES').nodes()).rejects.toThrow(ValidationError)
})

test('temporal edges are read at a time, ended, and remembered', async () => {
  await using db = openGraphClient()
  await fill(db.graph)
  const { wrote, Person } = db.graph
  expect(await Person('ann').out('WROTE').ids()).toEqual(['d1'])
  expect(sorted(await Person('ann').out('WROTE').ids({ validAt: 1500 }))).toEqual(['d1', 'd2'])
  expect(await wrote.get('ann', 'd2')).toBeUndefined()
  expect(await wrote.get('ann', 'd2', { validAt: new Date(1500) })).toEqual({
    fromId: 'ann',
    edgeType: 'WROTE',
    toId: 'd2',
    properties: { role: 'x' },
    validFrom: 1000,
    validUntil: 2000,
  })
  expect((await wrote.to('d2', { validAt: 1500 })).map(({ fromId }) => fromId)).toEqual(['ann'])
  expect(await wrote.count({ validAt: 1500 })).toBe(2)
  expect(await wrote.count()).toBe(1)
  expect(await wrote.end('ann', 'd1', 3000)).toBe(true)
  expect(await wrote.end('ann', 'd1', 3000)).toBe(false)
  await wrote.add({ fromId: 'ann', toId: 'd1', properties: { role: 'editor' }, validFrom: new Date(5000) })
  expect((await wrote.history('ann')).map(({ toId, validFrom, validUntil }) => [toId, validFrom, validUntil])).toEqual(
    expect.arrayContaining([
      ['d1', 1000, 3000],
      ['d2', 1000, 2000],
      ['d1', 5000, 0],
    ]),
  )
  expect(await wrote.history('ann', { startTime: 4000 })).toHaveLength(1)
  expect((await wrote.update('ann', 'd1', { role: 'a' }, { validFrom: 1000 }))?.validUntil).toBe(3000)
  expect(await wrote.update('ann', 'd1', { role: 'a' }, { validFrom: 1001 })).toBeUndefined()
  expect((await wrote.update('ann', 'd1', { role: 'b' }))?.validFrom).toBe(5000)
  const roles = (await wrote.history('ann')).map(({ properties }) => properties['role'])
  expect(sorted(roles as string[])).toEqual(['a', 'b', 'x'])
  expect(await wrote.delete('ann', 'd1')).toBe(true)
  expect(await wrote.history('ann')).toHaveLength(1)
})

test('intervals of edges with a rule do not overlap', async () => {
  await using db = openGraphClient()
  await fill(db.graph)
  const { HOLDS } = db.graph
  await HOLDS.add({ fromId: 'ann', toId: 'd1', validFrom: 1000, validUntil: 2000 })
  await expect(HOLDS.add({ fromId: 'ann', toId: 'd2', validFrom: 1500 })).rejects.toThrow(ValidationError)
  await HOLDS.add({ fromId: 'ann', toId: 'd2', validFrom: 2000 })
  expect(await HOLDS.update('ann', 'd1', { note: 'x' }, { validFrom: 1000 })).toMatchObject({
    properties: { note: 'x' },
  })
  expect(await HOLDS.history('ann')).toHaveLength(2)
})

test('properties that the schema has indexed are, and follow the contract', async () => {
  using database = Database.open(':memory:')
  const db = openGraphClient({ database })
  await fill(db.graph)
  expect(database.graph().listIndexedProperties()).toEqual([{ nodeType: 'Person', properties: ['name'] }])
  expect(await db.graph.Person.where({ name: 'Ann' }).ids()).toEqual(['ann'])
  const { Person, ...others } = contract.nodes
  const { HOLDS, ...otherEdges } = contract.edges
  const next = { ...contract, nodes: { ...others, Person: { ...Person!, indexed: [] } }, edges: otherEdges }
  database.transaction(txn => writeContract(txn, { hash: 'next', contract: next }))
  expect(database.graph().listIndexedProperties()).toEqual([])
  const held = { fromId: 'ann', edgeType: HOLDS!.name }
  database.graph().addTemporalEdge({ ...held, toId: 'd1', validFrom: 1000 })
  database.graph().addTemporalEdge({ ...held, toId: 'd2', validFrom: 1500 })
})

test('every read takes asOf: what the database knew then', async () => {
  using database = Database.open(':memory:')
  const { graph } = openGraphClient({ database })
  await fill(graph)
  using before = database.snapshot()
  const asOf = before.timestamp
  await graph.Doc.update('d1', { title: 'New' })
  await graph.CITES.delete('d1', 'd2')
  await graph.Doc.delete('d4')
  expect((await graph.Doc.get('d1', { asOf }))?.properties['title']).toBe('Doc 1')
  expect(sorted(await graph.Doc('d1').out('CITES', { maxDepth: 3 }).ids({ asOf }))).toEqual(['d2', 'd3', 'd4'])
  expect(await graph.Doc('d1').out('CITES', { maxDepth: 3 }).ids()).toEqual(['d3'])
  expect(sorted(await graph.Doc('d1').out('CITES').out('CITES').ids({ asOf }))).toEqual(['d3', 'd4'])
  expect(await graph.CITES.from('d1', { asOf })).toHaveLength(2)
  expect(await graph.Doc.count({ asOf })).toBe(4)
  expect(await graph.Doc.list({ asOf, where: { year: { gt: 2003 } } })).toHaveLength(1)
})

test('reads over all types see those of the schema alone', async () => {
  using database = Database.open(':memory:')
  const { graph } = openGraphClient({ database })
  await fill(graph)
  database.addNode('default', 'stranger', 'Alien', {})
  database.addEdge('default', 'd1', 'PROBES', 'stranger')
  const { nodes } = await graph.traverse({ startNode: 'd1', maxDepth: 5 })
  expect(sorted(nodes.map(({ id }) => id))).toEqual(['d1', 'd2', 'd3', 'd4'])
  const path = await graph.findPath({ fromId: 'ann', toId: 'd4' })
  expect(path?.nodes.map(({ id }) => id)).toEqual(['ann', 'd1', 'd3', 'd4'])
  expect(await graph.findPath({ fromId: 'd1', toId: 'stranger' })).toBeUndefined()
  const ways = await graph.match({ nodeTypes: ['Person'], steps: [{ edgeTypes: ['WROTE'] }, { edgeTypes: ['CITES'] }] })
  expect(ways).toHaveLength(2)
  await expect(graph.traverse({ startNode: 'd1', edgeTypes: ['PROBES'] })).rejects.toThrow('The schema has no edge')
  await expect(graph.match({ steps: [{ nodeTypes: ['Alien'] }] })).rejects.toThrow('The schema has no node "Alien"')
  await expect(graph.match(undefined as never)).rejects.toThrow(ValidationError)
})

test('a transaction is all of it or nothing, by promise and on the calling thread', async () => {
  await using db = openGraphClient()
  await expect(
    db.$transaction(async tx => {
      await tx.graph.Doc.add('d1', { title: 'One' })
      expect(tx.sync.graph.Doc.get('d1')?.properties['title']).toBe('One')
      await tx.graph.CITES.add({ fromId: 'd1', toId: 'd1' })
      throw new Error('undo')
    }),
  ).rejects.toThrow('undo')
  expect(await db.graph.Doc.count()).toBe(0)
  db.sync.$transaction(tx => {
    tx.graph.Doc.add('d1', { title: 'One' })
    tx.graph.Doc.add('d2', { title: 'Two' })
    tx.graph.CITES.add({ fromId: 'd1', toId: 'd2', properties: { weight: 3 } })
    expect(tx.graph.Doc('d1').out('CITES').ids()).toEqual(['d2'])
  })
  expect(db.sync.graph.CITES.update('d1', 'd2', { weight: 4 })?.properties).toEqual({ weight: 4 })
  expect(db.sync.graph.Doc('d1').out('CITES').count()).toBe(1)
  expect(db.sync.graph.traverse({ startNode: 'd1' }).edges).toHaveLength(1)
})
