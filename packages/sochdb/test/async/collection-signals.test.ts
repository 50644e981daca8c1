/** Every verb of an async collection takes a signal: aborted before it begins or while it runs, nothing is written. */
import { getEventListeners } from 'node:events'

import { AsyncDatabase, TransactionTimeoutError, ValidationError } from 'sochdb'
import type { AsyncCollection, CollectionPromise, OperationOptions } from 'sochdb'

const DIMENSION = 2
const vector = (i: number): number[] => [Math.cos(i), Math.sin(i)]

const batch = (from: number, count: number) => ({
  ids: Array.from({ length: count }, (_, i) => `d${from + i}`),
  vectors: Array.from({ length: count }, (_, i) => vector(from + i)),
  metadata: Array.from({ length: count }, (_, i) => ({ n: from + i })),
})

type Verb = (docs: AsyncCollection | CollectionPromise, options: OperationOptions) => Promise<unknown>

const writes: Record<string, Verb> = {
  insert: (docs, options) => docs.insert({ id: 'new', vector: vector(1) }, options),
  upsert: (docs, options) => docs.upsert({ id: 'd1', vector: vector(7) }, options),
  insertMulti: (docs, options) => docs.insertMulti({ id: 'new', vectors: [vector(1), vector(2)] }, options),
  insertBatch: (docs, options) => docs.insertBatch(batch(0, 3000), options),
  update: (docs, options) => docs.update('d1', { metadata: { n: 100 } }, options),
  delete: (docs, options) => docs.delete('d1', options),
  deleteWhere: (docs, options) => docs.deleteWhere({ n: { $gte: 2 } }, options),
}

const reads: Record<string, Verb> = {
  get: (docs, options) => docs.get('d1', options),
  getMany: (docs, options) => docs.getMany(['d1', 'd2'], options),
  count: (docs, options) => docs.count({ n: { $gte: 2 } }, options),
  list: (docs, options) => docs.list({ filter: { n: { $gte: 2 } }, ...options }),
  search: (docs, options) => docs.search({ vector: vector(1), k: 3 }, options),
  vectorSearch: (docs, options) => docs.vectorSearch({ vector: vector(1), k: 3 }, options),
  keywordSearch: (docs, options) => docs.keywordSearch({ query: 'x', k: 3 }, options),
  hybridSearch: (docs, options) => docs.hybridSearch({ vector: vector(1), textQuery: 'x', k: 3 }, options),
  searchMany: (docs, options) => docs.searchMany([{ vector: vector(1), k: 3 }], options),
  info: (docs, options) => docs.info(options),
  optimize: (docs, options) => docs.optimize(options),
  trainNavigator: (docs, options) => docs.trainNavigator(options),
  dropNavigator: (docs, options) => docs.dropNavigator(options),
}

async function filled() {
  const db = await AsyncDatabase.open(':memory:')
  const docs = await db.createCollection({
    name: 'docs',
    dimension: DIMENSION,
    indexed: ['n'],
    enableHybridSearch: true,
    contentField: 'text',
  })
  await docs.insertBatch(batch(0, 5))
  const contents = () => docs.list({ includeVectors: true })
  return { db, docs, contents, before: await contents() }
}

test('the verbs of these tests are all that there are', async () => {
  const { db, docs } = await filled()
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(docs))
  const others = new Set(['constructor', 'name', 'dimension', 'metric'])
  expect(names.filter(name => !others.has(name)).sort()).toEqual([...Object.keys(writes), ...Object.keys(reads)].sort())
  await db.close()
})

test.each(Object.entries({ ...writes, ...reads }))(
  '%s that is aborted before it begins does nothing',
  async (_, verb) => {
    const { db, docs, contents, before } = await filled()
    const signal = AbortSignal.abort(new Error('no more'))
    await expect(verb(docs, { signal })).rejects.toBe(signal.reason)
    await expect(verb(db.collection('docs'), { signal })).rejects.toBe(signal.reason)
    await db.transaction(async txn => {
      await expect(verb(txn.collection('docs'), { signal })).rejects.toBe(signal.reason)
    })
    expect(await contents()).toEqual(before)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await db.close()
  },
)

test.each(Object.entries(writes))('%s that is aborted before its commit begins leaves nothing', async (_, verb) => {
  const { db, docs, contents, before } = await filled()
  const controller = new AbortController()
  const written = verb(docs, { signal: controller.signal })
  controller.abort(new Error('no more'))
  await expect(written).rejects.toBe(controller.signal.reason)
  expect(await contents()).toEqual(before)
  expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  await db.close()
})

test.each(Object.entries({ ...writes, ...reads }))(
  '%s takes a signal that nobody aborts, and lets go of it',
  async (name, verb) => {
    const { db, docs } = await filled()
    const { signal } = new AbortController()
    // This database was opened without the learned navigator.
    if (name.endsWith('Navigator')) await expect(verb(docs, { signal })).rejects.toThrow('learned navigator')
    else await verb(docs, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await db.close()
  },
)

test('a batch that is aborted between its parts leaves nothing', async () => {
  const { db, docs, contents, before } = await filled()
  const controller = new AbortController()
  const reports: number[] = []
  const onProgress = (done: number): void => {
    reports.push(done)
    if (reports.length === 2) controller.abort(new Error('enough'))
  }
  const written = docs.insertBatch({ ...batch(0, 5000), onProgress }, { signal: controller.signal })
  await expect(written).rejects.toThrow('enough')
  expect(reports).toEqual([1024, 2048])
  expect(await contents()).toEqual(before)
  await db.close()
})

test('in a transaction, a batch that is aborted is undone, and the rest of the transaction stays', async () => {
  const { db, docs } = await filled()
  await db.transaction(async txn => {
    const inside = await txn.collection('docs')
    await inside.insert({ id: 'kept', vector: vector(1) })
    const controller = new AbortController()
    const onProgress = (done: number): void => (done > 1024 ? controller.abort(new Error('enough')) : undefined)
    const written = inside.insertBatch({ ...batch(0, 5000), onProgress }, { signal: controller.signal })
    const counted = inside.count() // waits for its turn
    await expect(written).rejects.toThrow('enough')
    expect(await counted).toBe(6)
  })
  expect(await docs.count()).toBe(6)
  expect((await docs.get('kept'))?.id).toBe('kept')
  expect((await docs.get('d1'))?.metadata).toEqual({ n: 1 })
  await db.close()
})

test('a batch that goes on in parts is written as a whole', async () => {
  const { db, docs } = await filled()
  const { signal } = new AbortController()
  let turns = 0
  const counts: Promise<number>[] = []
  const onProgress = (): void => {
    turns++
    counts.push(docs.count())
  }
  expect(await docs.insertBatch({ ...batch(0, 5000), onProgress }, { signal })).toBe(5000)
  expect(turns).toBe(5)
  expect(new Set(await Promise.all(counts.slice(0, -1)))).toEqual(new Set([5]))
  expect(await docs.count()).toBe(5000)
  expect((await docs.get('d4999'))?.metadata).toEqual({ n: 4999 })
  await db.close()
})

test('what onProgress throws undoes a batch that goes on in parts', async () => {
  const { db, docs, contents, before } = await filled()
  const error = new Error('mine')
  const onProgress = (): void => {
    throw error
  }
  const { signal } = new AbortController()
  await expect(docs.insertBatch({ ...batch(0, 3000), onProgress }, { signal })).rejects.toBe(error)
  expect(await contents()).toEqual(before)
  await db.close()
})

test('a time limit that is over ends a batch, and leaves nothing', async () => {
  const { db, docs, contents, before } = await filled()
  const wait = (): void => {
    const end = performance.now() + 2
    while (performance.now() < end);
  }
  const late = docs.insertBatch({ ...batch(0, 3000), onProgress: wait }, { timeoutMs: 1 })
  await expect(late).rejects.toBeInstanceOf(TransactionTimeoutError)
  expect(await contents()).toEqual(before)
  await db.transaction(async txn => {
    const inside = txn.collection('docs').insertBatch({ ...batch(0, 3000), onProgress: wait }, { timeoutMs: 1 })
    await expect(inside).rejects.toBeInstanceOf(TransactionTimeoutError)
  })
  expect(await contents()).toEqual(before)
  await db.close()
})

test('options that are none are refused, by every verb', async () => {
  const { db, docs, contents, before } = await filled()
  for (const verb of Object.values({ ...writes, ...reads })) {
    await expect(verb(docs, { signal: 5 } as never)).rejects.toBeInstanceOf(ValidationError)
    await expect(verb(docs, { sginal: undefined } as never)).rejects.toBeInstanceOf(ValidationError)
    await expect(verb(docs, { timeoutMs: -1 })).rejects.toBeInstanceOf(ValidationError)
  }
  expect(await contents()).toEqual(before)
  await db.close()
})

test('a snapshot refuses to write whatever the options', async () => {
  const { db, contents, before } = await filled()
  const snapshot = await db.snapshot()
  const { signal } = new AbortController()
  await expect(snapshot.collection('docs').insertBatch(batch(0, 3000), { signal })).rejects.toThrow()
  expect(await snapshot.collection('docs').count({}, { signal })).toBe(5)
  await snapshot.close()
  expect(await contents()).toEqual(before)
  await db.close()
})
