/** Files of hnswlib-node: the index that is made of one answers as hnswlib does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import hnswlib from 'hnswlib-node'
import type { SpaceName } from 'hnswlib-node'
import { AsyncVectorIndex, CorruptionError, DimensionMismatchError, ValidationError, VectorIndex } from 'sochdb'

const directory = mkdtempSync(join(tmpdir(), 'sochdb-hnswlib-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string): string => join(directory, name)

const DIMENSION = 10

/** The same points each time, in clusters. */
function points(count: number, seed: number): number[][] {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const centres = Array.from({ length: 20 }, () => Array.from({ length: DIMENSION }, random))
  return Array.from({ length: count }, (_, i) => centres[i % 20]!.map(value => Math.fround(value + 0.5 * random())))
}

function build(space: SpaceName, all: number[][], m = 10): hnswlib.HierarchicalNSW {
  const index = new hnswlib.HierarchicalNSW(space, DIMENSION)
  index.initIndex(all.length + 10, m, 60, 7, true)
  all.forEach((point, i) => index.addPoint(point, 5000 + i))
  index.setEf(40)
  return index
}

const norm = (a: number[]): number => Math.hypot(...a)
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const spaces = {
  l2: {
    metric: 'euclidean',
    ours: (theirs: number) => Math.sqrt(theirs),
    far: (a: number[], b: number[]) => norm(a.map((v, i) => v - b[i]!)),
  },
  ip: { metric: 'dotProduct', ours: (theirs: number) => theirs - 1, far: (a: number[], b: number[]) => -dot(a, b) },
  cosine: {
    metric: 'cosine',
    ours: (theirs: number) => theirs,
    far: (a: number[], b: number[]) => -dot(a, b) / norm(a) / norm(b),
  },
} as const

describe.each(Object.keys(spaces) as (keyof typeof spaces)[])('%s', space => {
  const { metric, ours, far } = spaces[space]
  const all = points(2600, 1)
  const theirs = build(space, all)
  for (let i = 0; i < 300; i++) theirs.markDelete(5000 + 7 * i)
  theirs.writeIndexSync(file(space))
  const live = all.map((point, i) => ({ point, id: 5000 + i })).filter((_, i) => i % 7 !== 0 || i >= 2100)
  const queries = points(60, 2)

  test('finds what hnswlib finds at the same ef', () => {
    const index = VectorIndex.importHnswlib(file(space), { dimension: DIMENSION, metric, efSearch: 40 })
    expect(index.size).toBe(live.length)
    expect({ m: index.m, efConstruction: index.efConstruction, metric: index.metric }).toEqual({
      m: 10,
      efConstruction: 60,
      metric,
    })
    const counts = { hits: 0, theirHits: 0, same: 0 }
    for (const query of queries) {
      const nearest = live.map(({ point, id }) => [far(query, point), id] as const).sort((a, b) => a[0] - b[0])
      const truth = new Set(nearest.slice(0, 10).map(([, id]) => id))
      const { neighbors, distances } = theirs.searchKnn(query, 10)
      const found = index.search(query, { k: 10 })
      counts.theirHits += neighbors.filter(id => truth.has(id)).length
      counts.hits += found.filter(({ id }) => truth.has(id as number)).length
      for (const { id, distance } of found) {
        const at = neighbors.indexOf(id as number)
        if (at < 0) continue
        counts.same++
        expect(distance).toBeCloseTo(ours(distances[at]!), 4)
      }
    }
    const asked = 10 * queries.length
    expect(counts.theirHits / asked).toBeGreaterThan(0.9)
    expect(counts.hits / asked).toBeGreaterThan(counts.theirHits / asked - 0.02)
    expect(counts.same / asked).toBeGreaterThan(0.9)
  })

  test('leaves out what was deleted, goes on growing, and is saved', () => {
    const index = VectorIndex.importHnswlib(file(space), { dimension: DIMENSION, metric: space })
    const deleted = new Set(Array.from({ length: 300 }, (_, i) => 5000 + 7 * i))
    const everything = index.search(queries[0]!, { k: all.length })
    expect(everything).toHaveLength(live.length)
    expect(everything.filter(({ id }) => deleted.has(id as number))).toEqual([])
    index.insert(
      5000,
      queries[0]!.map(value => 10 * value),
    )
    index.insert(
      5001,
      queries[1]!.map(value => 10 * value),
    )
    expect(index.size).toBe(live.length + 1)
    expect(
      index.search(
        queries[0]!.map(value => 10 * value),
        { k: 1 },
      )[0]!.id,
    ).toBe(5000)
    index.save(file('imported'))
    expect(VectorIndex.load(file('imported')).search(queries[1]!, { k: 20 })).toEqual(
      index.search(queries[1]!, { k: 20 }),
    )
  })
})

test('few elements, none, one that took the place of a deleted one, and more links than our rows have', () => {
  const empty = new hnswlib.HierarchicalNSW('l2', DIMENSION)
  empty.initIndex(5)
  empty.writeIndexSync(file('empty'))
  const none = VectorIndex.importHnswlib(file('empty'), { dimension: DIMENSION, metric: 'l2' })
  expect(none.size).toBe(0)
  none.insert(1, points(1, 1)[0]!)
  expect(none.search(points(1, 1)[0]!)).toEqual([[1, 0]])

  const all = points(200, 3)
  const few = build('l2', all)
  few.markDelete(5003)
  few.addPoint(all[3]!, 9, true)
  few.writeIndexSync(file('few'))
  const index = VectorIndex.importHnswlib(file('few'), { dimension: DIMENSION, metric: 'euclidean', maxElements: 200 })
  expect(index.size).toBe(200)
  expect(index.search(all[3]!, { k: 1 })).toEqual([[9, 0]])
  expect(index.search(all[7]!).map(({ id }) => id)).toEqual(few.searchKnn(all[7]!, 10).neighbors)
  expect(() => index.insert(1, all[0]!)).toThrow(/maxElements/)

  const wide = build('cosine', all, 70)
  wide.markDelete(5000)
  wide.writeIndexSync(file('wide'))
  const narrower = VectorIndex.importHnswlib(file('wide'), { dimension: DIMENSION, metric: 'cosine' })
  expect({ m: narrower.m, size: narrower.size }).toEqual({ m: 64, size: 199 })
  expect(narrower.search(all[7]!).map(({ id }) => id)).toEqual(wide.searchKnn(all[7]!, 10).neighbors)
})

test('what does not fit is refused', async () => {
  build('l2', points(100, 4)).writeIndexSync(file('l2-few'))
  const how = { dimension: DIMENSION, metric: 'l2' } as const
  const wrong = thrownBy(() => VectorIndex.importHnswlib(file('l2-few'), { ...how, dimension: 12 }))
  expect(wrong).toBeInstanceOf(DimensionMismatchError)
  expect(wrong).toMatchObject({ expected: 10, actual: 12 })
  const unnormalised = thrownBy(() => VectorIndex.importHnswlib(file('l2-few'), { ...how, metric: 'cosine' }))
  expect(unnormalised).toBeInstanceOf(ValidationError)
  expect(unnormalised.message).toMatch(/it was written for l2 or ip/)
  for (const options of [
    undefined,
    {},
    { dimension: 10 },
    { metric: 'l2' },
    { ...how, metric: 'L2' },
    { ...how, m: 5 },
    { ...how, maxElements: 0 },
  ]) {
    expect(thrownBy(() => VectorIndex.importHnswlib(file('l2-few'), options as never))).toBeInstanceOf(ValidationError)
  }
  const foreign = thrownBy(() => VectorIndex.load(file('l2-few')))
  expect(foreign).toBeInstanceOf(CorruptionError)
  expect(foreign.message).toMatch(/VectorIndex\.importHnswlib/)
  VectorIndex.importHnswlib(file('l2-few'), how).save(file('ours'))
  expect(thrownBy(() => VectorIndex.importHnswlib(file('ours'), how))).toBeInstanceOf(CorruptionError)
  const byPromise = await AsyncVectorIndex.importHnswlib(file('l2-few'), how)
  expect(byPromise.size).toBe(100)
  await expect(AsyncVectorIndex.importHnswlib(file('ours'), how)).rejects.toBeInstanceOf(CorruptionError)
})

test('damaged files are refused, or are an index like any other where only values changed', () => {
  build('ip', points(80, 5)).writeIndexSync(file('intact'))
  const good = readFileSync(file('intact'))
  const how = { dimension: DIMENSION, metric: 'ip' } as const
  let refused = 0
  for (let at = 0; at < good.length; at += at < 96 ? 5 : 97) {
    writeFileSync(file('cut'), good.subarray(0, at))
    expect(thrownBy(() => VectorIndex.importHnswlib(file('cut'), how))).toBeInstanceOf(CorruptionError)
    const damaged = Buffer.from(good)
    damaged[at]! ^= 0x55
    writeFileSync(file('damaged'), damaged)
    try {
      const index = VectorIndex.importHnswlib(file('damaged'), how)
      expect(index.search(points(1, 6)[0]!, { k: 100 })).toHaveLength(index.size)
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptionError)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(20)
  writeFileSync(file('longer'), Buffer.concat([good, Buffer.from([0])]))
  expect(thrownBy(() => VectorIndex.importHnswlib(file('longer'), how))).toBeInstanceOf(CorruptionError)
})

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
