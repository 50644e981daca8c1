import { AsyncDatabase, Database, ErrorCode, SochDBError, ValidationError } from 'sochdb'
import type { Collection, NavigatorOptions } from 'sochdb'

import { rejection } from '../conformance/faces.js'
import { temporaryDirectory } from '../support/temporary.js'
import { randomNumbers } from './support/vectors.js'

const directory = temporaryDirectory()
const DIMENSION = 24
const STORED = 2600
const QUERIES = 1000

/** Around centres, some groups along a line, others in all directions: some are easy to search, others hard. */
function mixedVectors(count: number, seed: number): Float32Array {
  const fixed = randomNumbers(1)
  const random = randomNumbers(seed)
  const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  const centres = Array.from({ length: DIMENSION }, () => Array.from({ length: DIMENSION }, () => normal(fixed) / 2))
  const vectors = new Float32Array(count * DIMENSION)
  for (let i = 0; i < count; i++) {
    const group = Math.floor(random() * DIMENSION)
    for (let d = 0; d < DIMENSION; d++) {
      vectors[i * DIMENSION + d] = centres[group]![d]! + (d <= group ? 1 : 0.02) * normal(random)
    }
  }
  return vectors
}

const row = (vectors: Float32Array, i: number): Float32Array => vectors.subarray(i * DIMENSION, (i + 1) * DIMENSION)
const stored = mixedVectors(STORED, 5)
const asked = mixedVectors(QUERIES, 9)
const queries = Array.from({ length: QUERIES }, (_, i) => row(asked, i))
const config = {
  name: 'docs',
  dimension: DIMENSION,
  metric: 'euclidean',
  m: 8,
  efConstruction: 40,
  efSearch: 96,
} as const

function fill(db: Database): Collection {
  const docs = db.createCollection(config)
  docs.insertBatch({ ids: Array.from({ length: STORED }, (_, i) => `d${i}`), vectors: stored })
  return docs
}

const thrown = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

test('without the option there is no navigator, and the error says how to get one', () => {
  using db = Database.open(':memory:', { logLevel: 'off' })
  const docs = db.createCollection(config)
  for (const action of [() => docs.trainNavigator(), () => docs.dropNavigator()]) {
    const error = thrown(action)
    expect(error).toBeInstanceOf(SochDBError)
    expect(error).toMatchObject({ code: ErrorCode.UNSUPPORTED, details: { option: 'learnedNavigator' } })
    expect((error as SochDBError).remediation).toContain('learnedNavigator: true')
  }
  expect(docs.info().navigator).toBeUndefined()
})

test('options that are wrong, and collections that have no graph, are refused', () => {
  using db = Database.open(':memory:', { logLevel: 'off', learnedNavigator: true })
  const docs = db.createCollection(config)
  expect(docs.info().navigator).toEqual({ state: 'none' })
  docs.dropNavigator()
  const wrong: object[] = [
    { k: 0 },
    { k: 97 },
    { k: 101 },
    { sample: 99 },
    { sample: 20_000 },
    { queries: 'all' },
    { queries: queries.slice(0, 99) },
    { queries: [...queries.slice(1), [1, 2, 3]] },
    { queries: [...queries.slice(1), new Float32Array(DIMENSION).fill(NaN)] },
    { minRecall: 2 },
    { seed: -1 },
    { timeoutMs: -1 },
    { checkTime: 1 },
    { samples: 100 },
  ]
  for (const options of wrong) expect(() => docs.trainNavigator(options as NavigatorOptions)).toThrow(ValidationError)
  expect(thrown(() => docs.trainNavigator())).toMatchObject({
    message: expect.stringContaining('up to 2000 vectors have none') as string,
  })
  db.transaction(txn => {
    expect(() => txn.collection('docs').trainNavigator()).toThrow(/on a database/)
  })
  using snapshot = db.snapshot()
  expect(() => snapshot.collection('docs').trainNavigator()).toThrow(SochDBError)
})

test('a navigator is trained, leads searches that nothing else is said of, and comes back with the store', async () => {
  const path = directory('navigator')
  const db = Database.open(path, { logLevel: 'off', learnedNavigator: true })
  const docs = fill(db)
  // One that has to find more than can be found is refused, with its number.
  const refused = docs.trainNavigator({ queries: queries.slice(0, 100), minRecall: 1 })
  expect(refused.accepted).toBe(false)
  expect(refused.checks.find(({ check }) => check === 'minRecall')).toMatchObject({ passed: false, limit: 1 })
  expect(docs.info().navigator).toEqual({ state: 'none' })

  // Whether time is measured, and decides, is for the engine's tests to show with a clock of their own.
  const timed = docs.trainNavigator({ queries: queries.slice(0, 100) })
  docs.dropNavigator()
  expect(timed.checks.map(({ check }) => check)).toEqual(['recall', 'worstRecall', 'distances', 'time'])
  expect(timed.checks.at(-1)!.measured).toBeGreaterThan(0)
  // Threads build the graph, and 500 queries train: not each seed passes on each graph.
  let trained = { ...timed, accepted: false }
  for (let seed = 1; seed <= 10 && !trained.accepted; seed++) {
    trained = docs.trainNavigator({ queries, seed, checkTime: false })
    const { recall, hnswRecall, worstRecall, hnswWorstRecall, distances, hnswDistances } = trained
    const limits = [hnswRecall - 0.005, hnswWorstRecall - 0.03, hnswDistances * 0.95] as const
    expect(trained.checks).toEqual([
      { check: 'recall', passed: recall >= limits[0], measured: recall, limit: limits[0] },
      { check: 'worstRecall', passed: worstRecall >= limits[1], measured: worstRecall, limit: limits[1] },
      { check: 'distances', passed: distances <= limits[2], measured: distances, limit: limits[2] },
    ])
    expect(trained.accepted).toBe(trained.checks.every(({ passed }) => passed))
  }
  expect(trained).toMatchObject({ accepted: true, k: 10, queries: QUERIES / 2 })
  expect(docs.info().navigator).toMatchObject({ state: 'active', k: 10, trainedVectors: STORED, changedVectors: 0 })

  const led = docs.search({ vector: row(mixedVectors(1, 11), 0), explain: true })
  expect(led.explanation).toMatchObject({ plan: 'graph', navigator: 'learned' })
  const far = new Float32Array(DIMENSION).fill(60)
  const fallen = docs.search({ vector: far, explain: true })
  expect(fallen.explanation).toMatchObject({ plan: 'graph', navigator: 'hnsw' })
  const plain = docs.search({ vector: far, efSearch: 96, explain: true })
  expect(plain.explanation?.navigator).toBeUndefined()
  expect([...fallen]).toEqual([...plain])
  expect(docs.info().navigator).toMatchObject({ searches: 2, fallbacks: 1 })
  db.close()

  // Whoever opens it without the option has HNSW, and with it the navigator again.
  {
    using without = Database.open(path, { logLevel: 'off' })
    const { explanation } = without.collection('docs').search({ vector: row(asked, 0), explain: true })
    expect(explanation?.navigator).toBeUndefined()
  }
  const again = await AsyncDatabase.open(path, { logLevel: 'off', learnedNavigator: true })
  const same = again.collection('docs')
  expect((await same.info()).navigator).toMatchObject({ state: 'active', recall: trained.recall })
  const reports: number[][] = []
  const anew = await same.trainNavigator({
    queries: queries.slice(0, 400),
    checkTime: false,
    onProgress: (done, total) => reports.push([done, total]),
  })
  expect(anew.queries).toBe(200)
  expect(reports.at(-1)).toEqual([800, 800])
  const stopped = same.trainNavigator({ signal: AbortSignal.abort() })
  expect(await rejection(stopped)).toMatchObject({ name: 'AbortError' })
  await same.dropNavigator()
  expect((await same.info()).navigator).toEqual({ state: 'none' })
  await again.close()
})
