import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

import { Database } from 'sochdb'

import { createCollection, deleteCollection, listCollections, openCollection } from '../../src/search/index.js'
import { temporaryDirectory } from '../support/temporary.js'
import { clusteredVectors, idsOf, randomNumbers } from './support/vectors.js'

const directory = temporaryDirectory()
const support = join(dirname(fileURLToPath(import.meta.url)), 'support')
/** Lets what is started beside Jest run TypeScript. */
const runTypeScript = ['--import', pathToFileURL(join(support, 'typescript.mjs')).href]
const open = (name: string, options = {}) => Database.open(directory(name), { logLevel: 'off', ...options })

describe('reopening', () => {
  test('finds every collection and every document, and gives the same answers', () => {
    const random = randomNumbers(31)
    const count = 5000
    const vectors = clusteredVectors(count, 24, random, { clusters: 50 })
    const ids = Array.from({ length: count }, (_, i) => `d${i}`)
    const queries = Array.from({ length: 20 }, (_, q) => vectors.slice(q * 24, q * 24 + 24).map(value => value + 0.1))
    const ask = (db: Database) => {
      const docs = openCollection(db, 'docs')
      docs.optimize()
      return {
        // Where vectors lie, in memory or in the file of a checkpoint, is another matter after opening.
        info: {
          ...docs.info(),
          indexSizeBytes: 0,
          vectorSizeBytes: 0,
          mappedSizeBytes: 0,
          deadVectors: 0,
          reclaimedVectors: 0,
          linkedVectors: 0,
        },
        exact: queries.map(vector =>
          docs.search({ vector, exact: true, filter: { even: true }, includeVectors: true }).toArray(),
        ),
        hits: queries.map(vector => idsOf(docs.search({ vector, efSearch: 400 }))),
        list: docs.list({ limit: 10, after: 'd3', includeVectors: true }),
      }
    }
    let db = open('reopen')
    const docs = createCollection(db, { name: 'docs', dimension: 24, metric: 'euclidean', m: 12, indexed: ['even'] })
    docs.insertBatch({ ids, vectors, metadata: ids.map((_, i) => ({ even: i % 2 === 0, i })) })
    for (let i = 0; i < count; i += 7) docs.delete(`d${i}`)
    docs.update('d1', { metadata: { even: true }, vector: queries[0]! })
    createCollection(db, { name: 'gone', dimension: 2 }).insert({ id: 'x', vector: [1, 2] })
    deleteCollection(db, 'gone')
    const before = ask(db)
    expect(before.exact[0]?.[0]).toMatchObject({ id: 'd1', score: 1 })
    db.close()

    for (const options of [{}, { readOnly: true }]) {
      db = open('reopen', options)
      expect(listCollections(db)).toEqual(['docs'])
      expect(ask(db)).toEqual(before)
      db.close()
    }
  })

  test('what a store without a log wrote is there after a clean close', () => {
    let db = open('unlogged', { walEnabled: false })
    createCollection(db, { name: 'docs', dimension: 2 }).insert({ id: 'a', vector: [1, 2], metadata: { x: 1 } })
    db.close()
    db = open('unlogged', { walEnabled: false })
    expect(
      openCollection(db, 'docs')
        .search({ vector: [1, 2] })
        .toArray(),
    ).toMatchObject([{ id: 'a', metadata: { x: 1 } }])
    db.close()
  })

  test('a collection made again after reopening does not meet what is left of the old one', () => {
    let db = open('again')
    createCollection(db, { name: 'docs', dimension: 2 }).insert({ id: 'old', vector: [1, 0] })
    deleteCollection(db, 'docs')
    db.close()
    db = open('again')
    const docs = createCollection(db, { name: 'docs', dimension: 2 })
    expect([docs.count(), docs.search({ vector: [1, 0] }).length]).toEqual([0, 0])
    db.close()
  })
})

/** Starts the program, kills it when it has committed so many, and returns what it had said by then. */
async function killAfter(path: string, from: number, commits: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    [...runTypeScript, join(support, 'insert-until-killed.ts'), path, String(from)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  const exited = once(child, 'exit')
  const said: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(Number(line))
    if (said.length >= commits && !child.killed) child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  return said
}

test('a process that is killed while it inserts loses nothing it has committed, and no half of a transaction shows', async () => {
  const path = directory('killed')
  let db = Database.open(path, { logLevel: 'off' })
  createCollection(db, { name: 'docs', dimension: 3, indexed: ['i'], contentField: 'text' })
  db.close()
  const committed: number[] = []
  for (const commits of [40, 333, 90]) {
    committed.push(...(await killAfter(path, (committed.at(-1) ?? -1) + 1, commits)))
    db = Database.open(path, { logLevel: 'off' })
    const docs = openCollection(db, 'docs')
    for (const i of committed) {
      const expected = i % 10 === 0 ? [`a-${i}`, `b-${i}`] : [`d-${i}`]
      expect(idsOf(docs.search({ vector: [Math.cos(i), Math.sin(i), i % 7], k: 5, filter: { i } }))).toEqual(expected)
      expect(idsOf(docs.keywordSearch({ query: `n${i}` }))).toEqual(expected)
      if (i % 10 === 0) expect(db.getString(`key-${i}`)).toBe(String(i))
    }
    // What was committed and not said any more is whole as well.
    const all = docs.list({ limit: 100_000 })
    const pairs = all.filter(({ id }) => id.startsWith('a-')).map(({ id }) => id.slice(2))
    expect(all.filter(({ id }) => id.startsWith('b-')).map(({ id }) => id.slice(2))).toEqual(pairs)
    expect(pairs.every(i => db.getString(`key-${i}`) === i)).toBe(true)
    expect(docs.count()).toBe(all.length)
    expect(docs.keywordSearch({ query: 'every' }).totalCount).toBe(all.length)
    // The next round starts behind whatever is there.
    committed.push(...all.map(({ metadata }) => metadata['i'] as number).filter(i => !committed.includes(i)))
    committed.sort((a, b) => a - b)
    db.close()
  }
})

test('worker threads share a collection: what one inserts the others find', async () => {
  const path = directory('shared')
  using db = Database.open(path, { logLevel: 'off' })
  const docs = createCollection(db, { name: 'docs', dimension: 3, indexed: ['worker'] })
  const count = 400
  const workers = [0, 1, 2].map(
    worker =>
      new Worker(join(support, 'insert-in-worker.ts'), {
        workerData: { path, worker, count },
        execArgv: runTypeScript,
      }),
  )
  const answers = await Promise.all(
    workers.map(async worker => {
      const exited = once(worker, 'exit')
      const [answer] = (await once(worker, 'message')) as [unknown]
      await exited
      return answer
    }),
  )
  expect(answers).toEqual([0, 1, 2].map(() => ({ own: count, seen: 5 })))
  expect(docs.count()).toBe(3 * count)
  docs.optimize()
  expect(idsOf(docs.search({ vector: [2, 7, 1], k: 1 }))).toEqual(['w1-6'])
  expect(docs.count({ worker: 2 })).toBe(count)
})
