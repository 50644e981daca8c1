import { vector } from 'sochdb'

describe('27 Vector Utilities', () => {
  const a = [1, 0, 0]
  const b = [0.707, 0.707, 0]

  test('distance calculations', () => {
    expect(vector.cosineDistance(a, b)).toBeCloseTo(1 - Math.SQRT1_2, 10)
    expect(vector.euclideanDistance(a, b)).toBeCloseTo(Math.hypot(0.293, 0.707), 10)
    expect(vector.dotProduct(a, b)).toBeCloseTo(0.707, 10)
    expect(vector.cosineSimilarity(a, b)).toBeCloseTo(1 - vector.cosineDistance(a, b), 10)
  })

  test('normalize a vector, and a batch', () => {
    expect(vector.normalize([3, 4])).toEqual([0.6, 0.8])
    expect(
      vector.normalizeBatch([
        [3, 4],
        [1, 0],
      ]),
    ).toEqual([
      [0.6, 0.8],
      [1, 0],
    ])
  })

  test('compute centroid', () => {
    expect(
      vector.centroid([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toEqual([3, 4])
  })
})
