import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  AsyncVectorIndex,
  CorruptionError,
  DatabaseError,
  DimensionMismatchError,
  ErrorCode,
  ValidationError,
  VectorIndex,
} from 'sochdb'

const directory = mkdtempSync(join(tmpdir(), 'sochdb-vector-index-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string): string => join(directory, name)

/** The same numbers each time. */
function randomFloats(count: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

const small = (): VectorIndex => {
  const index = new VectorIndex({ dimension: 2, metric: 'euclidean' })
  index.insertBatch([1, 2, 3], new Float32Array([0, 0, 3, 4, 6, 8]))
  return index
}

describe('VectorIndex', () => {
  test('finds pairs of id and distance, nearest first', () => {
    const index = small()
    expect(index.search([0, 0], { k: 2 })).toEqual([
      [1, 0],
      [2, 5],
    ])
    for (const [id, distance] of index.search(new Float32Array([6, 8]), { k: 1 })) {
      expect([id, distance]).toEqual([3, 0])
    }
    const [match] = index.search([3, 4])
    expect({ id: match!.id, distance: match!.distance }).toEqual({ id: 2, distance: 0 })
    expect(JSON.stringify(index.search([3, 4], { k: 1 }))).toBe('[[2,0]]')
    expect(index.search([3, 4], { k: 1 }).map(found => found.map(String))).toEqual([['2', '0']])
    expect(index.size).toBe(3)
    expect(index.dimension).toBe(2)
  })

  test.each([
    ['cosine', [0, 1 - Math.SQRT1_2, 1, 2]],
    ['euclidean', [0, 1, Math.SQRT2, 2]],
    ['dotProduct', [-1, -1, 0, 1]],
  ] as const)('distances of %s', (metric, distances) => {
    const index = new VectorIndex({ dimension: 2, metric })
    expect(index.metric).toBe(metric)
    index.insertBatch(
      [1, 2, 3, 4],
      [
        [1, 0],
        [1, 1],
        [0, 1],
        [-1, 0],
      ],
    )
    const found = index.search([1, 0])
    expect(found.map(({ id }) => id)).toEqual([1, 2, 3, 4])
    found.forEach(({ distance }, i) => expect(distance).toBeCloseTo(distances[i]!, 6))
  })

  test('a zero vector has cosine distance 1; equal distances are in the order of ids', () => {
    const index = new VectorIndex({ dimension: 2 })
    index.insertBatch(
      [9, 4, 7n],
      [
        [0, 0],
        [0, 1],
        [0, -1],
      ],
    )
    expect(index.search([1, 0])).toEqual([
      [4, 1],
      [7, 1],
      [9, 1],
    ])
    expect(index.search([0, 0]).map(({ distance }) => distance)).toEqual([1, 1, 1])
  })

  test('ids from 0 to 2^64 - 1, as numbers where these are exact', () => {
    const index = new VectorIndex({ dimension: 1, metric: 'euclidean' })
    const ids = [0, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n]
    index.insertBatch(
      ids,
      ids.map((_, i) => [i]),
    )
    expect(index.search([0]).map(({ id }) => id)).toEqual(ids)
    const typed = new VectorIndex({ dimension: 1, metric: 'euclidean' })
    typed.insertBatch(new BigUint64Array([5n, 2n ** 60n]), new Float32Array([1, 2]))
    typed.insertBatch(new Uint32Array([6]), [new Float64Array([3])])
    expect(typed.search([0]).map(({ id }) => id)).toEqual([5, 2n ** 60n, 6])
    for (const bad of [-1, 1.5, NaN, 2 ** 53, -1n, 2n ** 64n, '1', null, undefined]) {
      expect(() => index.insert(bad as number, [1])).toThrow(/ids\[0\] must be a whole number from 0/)
      expect(() => index.delete(bad as number)).toThrow(/^id must be a whole number from 0/)
    }
    expect(index.size).toBe(5)
  })

  test('insert replaces, delete removes', () => {
    const index = small()
    index.insert(2, [10, 10])
    expect(index.size).toBe(3)
    expect(index.search([3, 4], { k: 3 }).map(({ id }) => id)).toEqual([1, 3, 2])
    expect(index.delete(2)).toBe(true)
    expect(index.delete(2)).toBe(false)
    expect(index.search([10, 10]).map(({ id }) => id)).toEqual([3, 1])
    index.insert(2, [3, 4])
    expect(index.search([3, 4], { k: 1 })).toEqual([[2, 0]])
    expect(
      index.insertBatch(
        [5, 5],
        [
          [1, 1],
          [2, 2],
        ],
      ),
    ).toBe(2)
    expect(index.search([2, 2], { k: 1 })).toEqual([[5, 0]])
    expect(index.size).toBe(4)
  })

  test('insertBatch takes all or none, insertBatchFast what it can', () => {
    const index = new VectorIndex({ dimension: 2, maxElements: 3 })
    const vectors = new Float32Array([1, 0, NaN, 0, 0, 1])
    expect(() => index.insertBatch([1, 2, 3], vectors)).toThrow(
      /^vectors\[1\]: The vector's value at position 0 is NaN/,
    )
    expect(index.size).toBe(0)
    expect(index.insertBatchFast([1, 2, 3], vectors)).toEqual({ inserted: 2, failed: 1 })
    expect(index.insertBatchFast([4, 1, 5], new Float32Array(6).fill(1))).toEqual({ inserted: 2, failed: 1 })
    const full = thrownBy(() => index.insert(6, [1, 1]))
    expect(full).toBeInstanceOf(DatabaseError)
    expect(full).toMatchObject({ code: ErrorCode.LIMIT_EXCEEDED })
    expect(full.message).toMatch(/at most 3 vectors \(maxElements\)/)
    expect(index.insertBatchFast([], [])).toEqual({ inserted: 0, failed: 0 })
    expect(index.insertBatch([], new Float32Array(0))).toBe(0)
  })

  test('bad input', () => {
    const index = small()
    for (const [run, actual] of [
      [() => index.search([1]), 1],
      [() => index.insert(1, [1, 2, 3]), 3],
      [() => index.insertBatch([1], [[1, 2, 3]]), 3],
    ] as const) {
      const error = thrownBy(run)
      expect(error).toBeInstanceOf(DimensionMismatchError)
      expect(error).toMatchObject({ expected: 2, actual })
    }
    expect(thrownBy(() => index.insertBatch([1, 2], new Float32Array(3)))).toMatchObject({ expected: 4, actual: 3 })
    for (const run of [
      () => index.search([NaN, 1]),
      () => index.search([1e30, 1]),
      () => index.insert(1, [1, Infinity]),
      () => index.insert(1, [1, '2' as never]),
      () => index.insert(1, 'ab' as never),
      () => index.insertBatch([1, 2], [[1, 2]]),
      () => index.insertBatch(7 as never, [[1, 2]]),
      () => index.insertBatch([1], 7 as never),
      () => index.search([1, 2], { k: 0 }),
      () => index.search([1, 2], { k: 1.5 }),
      () => index.search([1, 2], { efSearch: 10_001 }),
      () => index.search([1, 2], { ef: 10 } as never),
      () => new VectorIndex({} as never),
      () => new VectorIndex(undefined as never),
      () => new VectorIndex({ dimension: 0 }),
      () => new VectorIndex({ dimension: 2, metric: 'l2' as never }),
      () => new VectorIndex({ dimension: 2, m: 1 }),
      () => new VectorIndex({ dimension: 2, maxElement: 5 } as never),
      () => index.save(''),
      () => index.save(7 as never),
      () => VectorIndex.load('a\0b'),
    ]) {
      expect(thrownBy(run)).toBeInstanceOf(ValidationError)
    }
    expect(index.size).toBe(3)
    expect(index.search([0, 0], { k: 2 ** 31 })).toHaveLength(3)
    expect(index.search([0, 0], { k: 3, efSearch: 1 })).toHaveLength(3)
  })

  test('closed', () => {
    const index = small()
    index.close()
    index.close()
    for (const run of [
      () => index.search([1, 2]),
      () => index.insert(1, [1, 2]),
      () => index.size,
      () => index.save(file('x')),
    ]) {
      expect(thrownBy(run)).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
    }
  })

  test('a large one finds nearly all, however it was filled', () => {
    const [count, dimension] = [3000, 12]
    const flat = randomFloats(count * dimension, 1)
    const queries = Array.from({ length: 30 }, (_, i) => randomFloats(dimension, 100 + i))
    const ids = Array.from({ length: count }, (_, i) => i)
    const exact = (query: Float32Array): Set<number> =>
      new Set(
        ids
          .map(id => [id, query.reduce((sum, value, i) => sum + (value - flat[id * dimension + i]!) ** 2, 0)] as const)
          .sort((a, b) => a[1] - b[1])
          .slice(0, 10)
          .map(([id]) => id),
      )
    const truth = queries.map(exact)
    const fill: ((index: VectorIndex) => void)[] = [
      index => index.insertBatch(ids, flat),
      index => index.insertBatchFast(ids, flat),
      index => ids.forEach(id => index.insert(id, flat.subarray(id * dimension, (id + 1) * dimension))),
    ]
    for (const run of fill) {
      const index = new VectorIndex({ dimension, metric: 'euclidean', efConstruction: 60 })
      run(index)
      expect(index.size).toBe(count)
      const found = queries.map(
        (query, i) => index.search(query, { efSearch: 100 }).filter(({ id }) => truth[i]!.has(id as number)).length,
      )
      expect(found.reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(285)
      expect(index.search(queries[0]!, { k: count })).toHaveLength(count)
    }
  })
})

describe('files', () => {
  test('save and load', () => {
    const index = new VectorIndex({
      dimension: 8,
      metric: 'dotProduct',
      m: 5,
      efConstruction: 33,
      efSearch: 77,
      maxElements: 500,
    })
    index.insertBatch(
      Array.from({ length: 200 }, (_, i) => 2n ** 40n + BigInt(i)),
      randomFloats(1600, 3),
    )
    index.delete(2 ** 40 + 5)
    index.save(file('saved'))
    const loaded = VectorIndex.load(file('saved'))
    const { dimension, metric, m, efConstruction, efSearch, maxElements, size } = loaded
    expect({ dimension, metric, m, efConstruction, efSearch, maxElements, size }).toEqual({
      dimension: 8,
      metric: 'dotProduct',
      m: 5,
      efConstruction: 33,
      efSearch: 77,
      maxElements: 500,
      size: 199,
    })
    const query = randomFloats(8, 4)
    expect(loaded.search(query, { k: 20 })).toEqual(index.search(query, { k: 20 }))
    loaded.insert(1, query)
    loaded.save(file('saved'))
    expect(VectorIndex.load(file('saved')).size).toBe(200)
  })

  test('damaged and foreign files are refused', () => {
    small().save(file('good'))
    const good = readFileSync(file('good'))
    for (let at = 0; at < good.length; at += 5) {
      const damaged = Buffer.from(good)
      damaged[at]! ^= 1 << (at % 8)
      writeFileSync(file('damaged'), damaged)
      expect(thrownBy(() => VectorIndex.load(file('damaged')))).toBeInstanceOf(CorruptionError)
      truncateSync(file('damaged'), at)
      expect(thrownBy(() => VectorIndex.load(file('damaged')))).toBeInstanceOf(CorruptionError)
    }
    writeFileSync(file('foreign'), 'id,vector\n1,"[1, 2]"\n')
    const error = thrownBy(() => VectorIndex.load(file('foreign')))
    expect(error).toBeInstanceOf(CorruptionError)
    expect(error.message).toMatch(/foreign: this is not a file that VectorIndex.save wrote/)
    expect(thrownBy(() => VectorIndex.load(file('missing')))).toBeInstanceOf(DatabaseError)
    expect(thrownBy(() => VectorIndex.load(directory))).toBeInstanceOf(DatabaseError)
    expect(thrownBy(() => small().save(join(directory, 'none', 'x')))).toBeInstanceOf(DatabaseError)
  })
})

describe('by promise', () => {
  test('the same results, off the main thread', async () => {
    const { async: index } = new VectorIndex({ dimension: 4, metric: 'euclidean' })
    const seen: number[] = []
    const ids = Array.from({ length: 400 }, (_, i) => i)
    const inserted = index.insertBatch(ids, randomFloats(1600, 5), { onProgress: done => seen.push(done) })
    expect(index.size === 0 || index.size === 400).toBe(true)
    expect(await inserted).toBe(400)
    expect(seen.at(-1)).toBe(400)
    expect(await index.insertBatchFast([1000, 1001], new Float32Array([1, 1, 1, 1, NaN, 0, 0, 0]))).toEqual({
      inserted: 1,
      failed: 1,
    })
    await index.insert(2n ** 63n, [9, 9, 9, 9])
    expect(await index.search([9, 9, 9, 9], { k: 2 })).toEqual(index.index.search([9, 9, 9, 9], { k: 2 }))
    expect((await index.search([9, 9, 9, 9]))[0]!.id).toBe(2n ** 63n)
    await index.save(file('async'))
    const loaded = await AsyncVectorIndex.load(file('async'))
    expect(loaded.size).toBe(402)
    expect(await loaded.delete(1000)).toBe(true)
    expect(loaded.index.async).toBe(loaded)
    await expect(AsyncVectorIndex.load(file('damaged'))).rejects.toBeInstanceOf(CorruptionError)
    await expect(index.search([1])).rejects.toBeInstanceOf(DimensionMismatchError)
    await expect(index.insertBatch([1], [[NaN, 1, 1, 1]])).rejects.toBeInstanceOf(ValidationError)
    await loaded.close()
    await expect(loaded.search([1, 2, 3, 4])).rejects.toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
  })

  test('an insertion that is aborted leaves nothing', async () => {
    const { async: index } = new VectorIndex({ dimension: 64 })
    const ids = Array.from({ length: 4000 }, (_, i) => i)
    const controller = new AbortController()
    const inserting = index.insertBatch(ids, randomFloats(ids.length * 64, 6), {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    // Whether the signal came in time nobody knows; that it was all or nothing does not depend on it.
    const outcome = await inserting.catch((error: unknown) => (error as Error).message)
    expect(['enough', ids.length]).toContain(outcome)
    expect(index.size).toBe(outcome === 'enough' ? 0 : ids.length)
    expect(await index.search(randomFloats(64, 7))).toHaveLength(outcome === 'enough' ? 0 : 10)
    const aborted = AbortSignal.abort(new Error('before'))
    await expect(index.insertBatch([1], randomFloats(64, 8), { signal: aborted })).rejects.toThrow('before')
  })
})

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
