import { getEventListeners } from 'node:events'

import { AsyncDatabase, CollectionNotFoundError, ValidationError } from 'sochdb'

import { rejection } from '../conformance/faces.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const vector = (seed: number): number[] => Array.from({ length: 8 }, (_, i) => Math.sin(seed * 7.3 + i))

describe('collections by promise', () => {
  test('documents are written, searched, listed and counted', async () => {
    const path = directory('collection')
    const db = await AsyncDatabase.open(path)
    const docs = await db.createCollection({ name: 'docs', dimension: 8 })
    expect(docs.name).toBe('docs')
    await docs.insertBatch({
      ids: Array.from({ length: 500 }, (_, i) => `d${i}`),
      vectors: Array.from({ length: 500 }, (_, i) => vector(i)),
      metadata: Array.from({ length: 500 }, (_, i) => ({ even: i % 2 === 0 })),
    })
    await docs.insert({ id: 'extra', vector: vector(1000), metadata: { even: true } })
    // Without awaiting the collection, as in the specification.
    const hits = await db.collection('docs').search({ vector: vector(42), k: 3 })
    expect([...hits][0]?.id).toBe('d42')
    expect(hits.length).toBe(3)
    const same = db.database.collection('docs').search({ vector: vector(42), k: 3 })
    expect([...hits].map(hit => hit.id)).toEqual([...same].map(hit => hit.id))
    expect(await docs.count({ even: true })).toBe(251)
    expect((await docs.list({ limit: 2 })).map(document => document.id)).toEqual(['d0', 'd1'])
    expect((await docs.get('extra'))?.metadata).toEqual({ even: true })
    expect(await docs.update('extra', { metadata: { even: false } })).toBe(true)
    expect(await docs.delete('extra')).toBe(true)
    await docs.insertBatch({ ids: ['x', 'y'], vectors: [vector(1001), vector(1002)], metadata: [{ n: 1 }, { n: 2 }] })
    expect(await docs.deleteWhere({ n: { $gte: 2 } })).toBe(1)
    expect(await docs.deleteWhere({ n: { $exists: true } })).toBe(1)
    expect(await docs.optimize()).toBe(true)
    expect((await docs.info()).count).toBe(500)
    expect(await db.listCollections()).toEqual(['docs'])
    await db.close()

    const again = await AsyncDatabase.open(path)
    const found = await (await again.collection('docs')).search({ vector: vector(7), k: 1 })
    expect(found.at(0)?.id).toBe('d7')
    await again.deleteCollection('docs')
    expect(await rejection(again.collection('docs').search({ vector: vector(7), k: 1 }))).toBeInstanceOf(
      CollectionNotFoundError,
    )
    await again.close()
  })

  test('everything a collection can do is there, and in transactions', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const docs = await db.createCollection({ name: 'docs', dimension: 2, metric: 'euclidean' })
    const names = (of: object): string[] =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(of)).filter(name => name !== 'constructor')
    const internal = /By$|^limitTextCache$/
    const all = names(db.database.collection('docs')).filter(name => !internal.test(name))
    expect(all.filter(name => !(name in docs))).toEqual([])
    expect(all).toContain('insertMulti')
    const properties = ['name', 'dimension', 'metric']
    expect(all.filter(name => !(name in db.collection('docs')) && !properties.includes(name))).toEqual([])
    expect(docs.metric).toBe('euclidean')
    await db.transaction(async txn => {
      const inside = await txn.collection('docs')
      await inside.insertMulti({ id: 'a', vectors: Float32Array.of(1, 0, 0, 1), chunkTexts: ['x', 'y'] })
      await inside.insertBatch({
        ids: ['b', 'c'],
        vectors: Float32Array.of(5, 5, 6, 6),
        metadata: [{ n: 1 }, { n: 2 }],
      })
      await inside.update('a', { metadata: { n: 1 } })
      const [hits] = await inside.searchMany([{ vector: [0, 1], k: 3, groupBy: 'n', explain: true }])
      expect(hits!.toArray().map(({ id, group, matchedChunk }) => [id, group, matchedChunk?.text])).toEqual([
        ['a', 1, 'y'],
        ['c', 2, undefined],
      ])
      expect(hits!.explanation?.ownDocuments).toBe(3)
      expect(db.database.collection('docs').count()).toBe(0)
    })
    expect((await docs.search({ vector: [0, 1], k: 2, mmr: true })).length).toBe(2)
    await expect(docs.search({ vector: [0, 1], groupBy: 3 } as never)).rejects.toThrow(/"groupBy"/)
    await expect(docs.count({}, { asOf: 'x' })).rejects.toThrow(/asOf of count/)
    await expect(docs.insertMulti({ id: 'x', vectors: [] })).rejects.toThrow(/at least one/)
    await expect(docs.searchMany([{ vector: [0] }])).rejects.toThrow(/2-dimensional/)
    await db.close()
  })

  test('many searches run at once, and agree with the synchronous one', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const docs = await db.createCollection({ name: 'docs', dimension: 8 })
    await docs.insertBatch({
      ids: Array.from({ length: 1000 }, (_, i) => `d${i}`),
      vectors: Array.from({ length: 1000 }, (_, i) => vector(i)),
    })
    const all = await Promise.all(Array.from({ length: 64 }, (_, i) => docs.search({ vector: vector(i), k: 1 })))
    expect(all.map(hits => hits.at(0)?.id)).toEqual(Array.from({ length: 64 }, (_, i) => `d${i}`))
    await db.close()
  })

  test('a transaction searches what it wrote, and others do not see it', async () => {
    const db = await AsyncDatabase.open(':memory:')
    await db.createCollection({ name: 'docs', dimension: 8 })
    await db.transaction(async txn => {
      const docs = await txn.collection('docs')
      await docs.insert({ id: 'mine', vector: vector(1) })
      expect((await docs.search({ vector: vector(1), k: 1 })).at(0)?.id).toBe('mine')
      expect((await db.collection('docs').search({ vector: vector(1), k: 1 })).length).toBe(0)
    })
    expect(await db.collection('docs').count()).toBe(1)
    const snapshot = await db.snapshot()
    await db.collection('docs').insert({ id: 'later', vector: vector(2) })
    expect(await snapshot.collection('docs').count()).toBe(1)
    await snapshot.close()
    await db.close()
  })

  test('optimize reports progress, and what the listener throws stops it', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const docs = await db.createCollection({ name: 'docs', dimension: 8 })
    await docs.insertBatch({
      ids: Array.from({ length: 200 }, (_, i) => `d${i}`),
      vectors: Array.from({ length: 200 }, (_, i) => vector(i)),
    })
    const reports: [number, number][] = []
    expect(await docs.optimize({ onProgress: (completed, total) => reports.push([completed, total]) })).toBe(true)
    expect(reports.at(-1)?.[0]).toBe(reports.at(-1)?.[1])
    const error = new Error('mine')
    const stopped = docs.optimize({
      onProgress: () => {
        throw error
      },
    })
    expect(await rejection(stopped)).toBe(error)
    await db.close()
  })

  test('vectorSearch takes what the synchronous one takes, and can be stopped', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const docs = await db.createCollection({ name: 'docs', dimension: 2 })
    const request = { vector: [1, 0], minScore: 0.5 } as { vector: number[] }
    expect(await rejection(docs.vectorSearch(request))).toBeInstanceOf(ValidationError)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(docs.vectorSearch({ vector: [1, 0] }, { signal })).rejects.toThrow('enough')
    await db.close()
  })

  test('one signal stops however many searches, and is let go', async () => {
    const db = await AsyncDatabase.open(':memory:')
    const docs = await db.createCollection({ name: 'docs', dimension: 2 })
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    const controller = new AbortController()
    const { signal } = controller
    const searches = () => Array.from({ length: 30 }, () => docs.search({ vector: [1, 0] }, { signal }))
    await Promise.all(searches())
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const stopped = searches()
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort(new Error('enough'))
    // Those that were done already have their results.
    for (const settled of await Promise.allSettled(stopped)) {
      if (settled.status === 'rejected') expect(settled.reason).toBe(signal.reason)
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await new Promise(resolve => setImmediate(resolve)) // warnings come in a tick of their own
    process.off('warning', warned)
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([])
    await db.close()
  })
})

test('verifyWal reports progress in bytes', async () => {
  const db = await AsyncDatabase.open(directory('verify'))
  await db.putBatch(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'v'] as const))
  const reports: number[] = []
  const report = await db.recovery().verifyWal({ onProgress: completed => reports.push(completed) })
  expect(report).toMatchObject({ isValid: true, corruptedEntries: 0 })
  expect(report).toEqual(db.database.recovery().verifyWal())
  expect(reports.length).toBeGreaterThan(0)
  expect(await rejection(db.recovery().verifyWal({ signal: AbortSignal.abort(new Error('no')) }))).toMatchObject({
    message: 'no',
  })
  await db.close()
})
