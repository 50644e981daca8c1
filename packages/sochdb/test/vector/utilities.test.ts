import { DimensionMismatchError, ValidationError, vector } from 'sochdb'

import { plainDot } from '../../src/vector/sums.js'

/** The same numbers each time. */
function numbers(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1)
  })
}

const pairs = [vector.dotProduct, vector.euclideanDistance, vector.cosineSimilarity, vector.cosineDistance]

describe('pairs of vectors', () => {
  test('by hand', () => {
    expect(vector.dotProduct([1, 2, 3], [4, -5, 6])).toBe(12)
    expect(vector.euclideanDistance([1, 2], [4, 6])).toBe(5)
    expect(vector.cosineSimilarity([1, 0], [3, 0])).toBe(1)
    expect(vector.cosineSimilarity([1, 0], [-2, 0])).toBe(-1)
    expect(vector.cosineSimilarity([1, 0], [0, 7])).toBe(0)
    expect(vector.cosineDistance([1, 0, 0], [0.707, 0.707, 0])).toBeCloseTo(1 - Math.SQRT1_2, 12)
  })

  test.each([0, 1, 7, 8, 9, 63, 64, 127, 128, 129, 1536])('%d values, in arrays of every kind', length => {
    const [a, b] = [numbers(length, 1), numbers(length, 2)]
    const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0)
    const square = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0)
    const lengths = Math.hypot(...a) * Math.hypot(...b)
    const kinds: [number[] | Float32Array | Float64Array, number[] | Float32Array | Float64Array][] = [
      [a, b],
      [new Float32Array(a), new Float32Array(b)],
      [new Float64Array(a), new Float64Array(b)],
      [a, new Float32Array(b)],
    ]
    for (const [x, y] of kinds) {
      expect(vector.dotProduct(x, y)).toBeCloseTo(dot, 10)
      expect(vector.euclideanDistance(x, y)).toBeCloseTo(Math.sqrt(square), 10)
      expect(vector.cosineSimilarity(x, y)).toBeCloseTo(lengths === 0 ? 0 : dot / lengths, 10)
      expect(vector.cosineSimilarity(x, x)).toBe(length === 0 ? 0 : 1)
      expect(vector.euclideanDistance(x, x)).toBe(0)
    }
  })

  test('what the addon computes is what JavaScript computes', () => {
    const [a, b] = [new Float32Array(numbers(777, 3)), new Float32Array(numbers(777, 4))]
    expect(vector.dotProduct(a, b)).toBe(plainDot(a, b))
    expect(vector.dotProduct(a, [...b])).toBe(plainDot(a, b))
  })

  test('a zero vector has cosine similarity 0, also where zeros are many', () => {
    for (const length of [3, 500]) {
      const zeros = new Float32Array(length)
      expect(vector.cosineSimilarity(zeros, zeros)).toBe(0)
      expect(vector.cosineSimilarity(zeros, numbers(length, 5))).toBe(0)
      expect(vector.cosineDistance(zeros, new Float32Array(numbers(length, 5)))).toBe(1)
    }
  })

  test('values too small or too large to be squared', () => {
    expect(vector.cosineSimilarity([1e-200, 1e-200], [1e-200, 0])).toBeCloseTo(Math.SQRT1_2, 12)
    expect(vector.cosineSimilarity([1e300, 1e300], [1e300, 0])).toBeCloseTo(Math.SQRT1_2, 12)
    expect(vector.euclideanDistance([3e200, 0], [0, 4e200]) / 5e200).toBeCloseTo(1, 12)
    expect(vector.euclideanDistance([3e-200, 0], [0, 4e-200]) / 5e-200).toBeCloseTo(1, 12)
    expect(vector.dotProduct([1e200, 1e200, 1], [1e200, -1e200, 1])).not.toBeNaN()
    expect(vector.dotProduct([1e300], [1e300])).toBe(Infinity)
    expect(vector.normalize([3e200, 4e200])).toEqual([0.6, 0.8].map(value => expect.closeTo(value, 12)))
    expect(vector.normalize([3e-310, 4e-310])).toEqual([0.6, 0.8].map(value => expect.closeTo(value, 9)))
  })

  test.each(pairs.map(pair => [pair.name, pair] as const))('unequal lengths: %s', (_, pair) => {
    const error = thrownBy(() => pair([1, 2, 3], [1, 2]))
    expect(error).toBeInstanceOf(DimensionMismatchError)
    expect(error).toMatchObject({ expected: 3, actual: 2, message: 'b has 2 values, a has 3.' })
    expect(thrownBy(() => pair(new Float32Array(200), new Float32Array(201)))).toBeInstanceOf(DimensionMismatchError)
  })

  test.each(pairs.map(pair => [pair.name, pair] as const))('NaN, infinities, what is no number: %s', (_, pair) => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const length of [2, 300]) {
        const values = new Float32Array(length).fill(1)
        values[1] = bad
        const good = new Float32Array(length) // zeros: a product with an infinity is NaN
        expect(thrownBy(() => pair(good, values)).message).toBe(`b[1] is ${bad}; every value must be a finite number.`)
        expect(thrownBy(() => pair(values, [...good]))).toBeInstanceOf(ValidationError)
      }
    }
    for (const bad of [['1', 2], [null, 1], [undefined, 1], [1n, 2n], new Array<number>(2)]) {
      expect(thrownBy(() => pair(bad as number[], [1, 2])).message).toMatch(/^a\[0\] must be a number; this one is/)
    }
    for (const bad of [
      undefined,
      null,
      7,
      'ab',
      { length: 2 },
      new BigInt64Array(2),
      new DataView(new ArrayBuffer(2)),
    ]) {
      expect(thrownBy(() => pair([1, 2], bad as never)).message).toMatch(/^b must be an array of numbers/)
    }
  })
})

describe('normalize, normalizeBatch', () => {
  test('divides by the length, and returns what it was given', () => {
    expect(vector.normalize([3, 4])).toEqual([0.6, 0.8])
    const floats = vector.normalize(new Float32Array([3, 4]))
    expect(floats).toEqual(new Float32Array([0.6, 0.8]))
    expect(vector.normalize(new Float64Array([3, 4]))).toEqual(new Float64Array([0.6, 0.8]))
    expect(
      vector.normalizeBatch([
        [3, 4],
        [1, 0],
      ]),
    ).toEqual([
      [0.6, 0.8],
      [1, 0],
    ])
    expect(vector.normalizeBatch([])).toEqual([])
    const long = vector.normalize(new Float32Array(numbers(1000, 6)))
    expect(vector.dotProduct(long, long)).toBeCloseTo(1, 6)
  })

  test('zeros stay zeros, and the argument is left alone', () => {
    const zeros = [0, 0]
    expect(vector.normalize(zeros)).toEqual([0, 0])
    expect(vector.normalize(zeros)).not.toBe(zeros)
    expect(vector.normalize([])).toEqual([])
  })

  test('errors name the place', () => {
    expect(thrownBy(() => vector.normalize([1, NaN])).message).toMatch(/^vector\[1\] is NaN/)
    expect(thrownBy(() => vector.normalizeBatch([[1], [Infinity]])).message).toMatch(/^vectors\[1\]\[0\] is Infinity/)
    expect(thrownBy(() => vector.normalizeBatch({} as never)).message).toMatch(/^vectors must be an array of vectors/)
  })
})

describe('centroid', () => {
  test('is the mean', () => {
    expect(
      vector.centroid([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toEqual([3, 4])
    expect(vector.centroid([new Float32Array([1, 2]), [2, 4]])).toEqual(new Float32Array([1.5, 3]))
    expect(
      vector.centroid([
        [1.5e308, -1e308],
        [1.5e308, -1e308],
      ]),
    ).toEqual([1.5e308, -1e308])
  })

  test('of nothing, of unequal lengths, of what is not finite: an error', () => {
    expect(thrownBy(() => vector.centroid([])).message).toBe('vectors is empty: nothing has no centroid.')
    expect(thrownBy(() => vector.centroid([[1, 2], [1]]))).toMatchObject({ expected: 2, actual: 1 })
    expect(
      thrownBy(() =>
        vector.centroid([
          [1, 2],
          [1, -Infinity],
        ]),
      ).message,
    ).toMatch(/^vectors\[1\]\[1\] is -Infinity/)
  })
})

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError)
    return error as Error
  }
  throw new Error('nothing was thrown')
}
