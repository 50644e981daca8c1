import { shapeOf } from '../../src/sql/ast/walk.js'
import { typeOfSqlName } from '../../src/sql/types.js'
import { coerce, normalDecimal, parseTimestamp, uuid7, valueOfDefault } from '../../src/sql/values.js'
import { PlanCache } from '../../src/sql/plan/cache.js'
import { asBatch } from '../../src/sql/plan/batches.js'
import { and, c, eq, fn, insert, lit, p, select } from './support.js'

describe('coercion loses nothing', () => {
  test.each([
    ['12', 'text', 'integer', 12n],
    ['12.0', 'text', 'integer', 12n],
    ['12.5', 'text', 'integer', undefined],
    ['9223372036854775808', 'text', 'integer', undefined],
    [2, 'real', 'integer', 2n],
    [2.5, 'real', 'integer', undefined],
    [9007199254740993n, 'integer', 'real', undefined],
    [1n, 'integer', 'boolean', true],
    [2n, 'integer', 'boolean', undefined],
    ['1e3', 'text', 'decimal', '1000'],
    ['x', 'text', 'decimal', undefined],
    ['{0190A1B2}', 'text', 'uuid', undefined],
    ['0190A1B2C3D47E5F8A9B0C1D2E3F4A5B', 'text', 'uuid', '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'],
    ['{"a": 1}', 'text', 'json', '{"a":1}'],
    ['{a}', 'text', 'json', undefined],
    [null, 'null', 'uuid', null],
  ] as const)('%p as %s to %s', (value, from, to, expected) => {
    expect(coerce(value, from, to)).toEqual(expected)
  })

  test('timestamps are ISO 8601 or with a blank, UTC unless they say otherwise', () => {
    const noon = 1769860800000n
    for (const text of [
      '2026-01-31T12:00:00Z',
      '2026-01-31 12:00:00',
      '2026-01-31T13:00:00+01:00',
      '2026-01-31T12:00:00.000Z',
    ]) {
      expect(parseTimestamp(text)).toBe(noon)
    }
    expect(parseTimestamp('2026-01-31')).toBe(noon - 43_200_000n)
    for (const text of ['2026-02-31', '2026-13-01', 'yesterday', '2026-01-31T12:00:00.0001Z', '2026-01-31T25:00:00Z']) {
      expect(parseTimestamp(text)).toBeUndefined()
    }
  })

  test('decimals have one text each', () => {
    expect(['1.50', '+01.5', '15e-1', '0.15E1'].map(normalDecimal)).toEqual(['1.5', '1.5', '1.5', '1.5'])
    expect(['-0', '0.0', '-.0'].map(normalDecimal)).toEqual(['0', '0', '0'])
    expect(['12e2', '-.5', '1e-3'].map(normalDecimal)).toEqual(['1200', '-0.5', '0.001'])
  })

  test('defaults are read as the contract writes them', () => {
    expect(valueOfDefault('9007199254740993', 'bigint')).toBe(9007199254740993n)
    expect(valueOfDefault('1769860800000', 'timestamp')).toBe(1769860800000n)
    expect(valueOfDefault({ a: [1] }, 'json')).toBe('{"a":[1]}')
    expect(valueOfDefault('AQI=', 'blob')).toEqual(Buffer.from([1, 2]))
    expect(valueOfDefault('x', 'integer')).toBeUndefined()
  })
})

test('uuids of version 7 ascend, within a millisecond too', () => {
  const ids = Array.from({ length: 20_000 }, uuid7)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids.slice(0, 100))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('names of types are those of three dialects', () => {
  expect(
    ['VARCHAR(255)', 'double  precision', 'INT', 'numeric(10, 2)', 'timestamptz', 'constructor'].map(typeOfSqlName),
  ).toEqual(['text', 'real', 'integer', 'decimal', 'timestamp', undefined])
})

describe('the shape of a statement', () => {
  const keyOf = (statement: Parameters<typeof shapeOf>[0]) => shapeOf(statement).key

  test('differs where the statement does', () => {
    const keys = [
      select({ from: 'a' }),
      select({ from: 'b' }),
      select({ from: 'a', distinct: true }),
      select({ from: 'a', where: eq(c('x'), p(0)) }),
      select({ from: 'a', where: eq(c('x'), p(1)) }),
      select({ from: 'a', where: eq(c('x'), lit(1)) }),
      select({ from: 'a', where: eq(c('x'), lit('1')) }),
      select({ from: 'a', where: eq(c('x'), lit(1n)) }),
      select({ from: 'a', having: eq(c('x'), p(0)) }),
      select({ from: 'a', limit: p(0) }),
      select({ from: 'a', offset: p(0) }),
      select({ from: 'a', columns: [c('a.b')] }),
      select({ from: 'a', columns: [c('ab')] }),
      select({ from: 'a', columns: [c('a'), c('b')] }),
      select({ from: 'a', columns: [fn('lower', c('a'))] }),
      select({ from: 'a', where: and(c('a'), and(c('b'), c('c'))) }),
      select({ from: 'a', where: and(and(c('a'), c('b')), c('c')) }),
      insert('a', ['x'], [[p(0)]]),
      insert('a', ['x'], [[undefined]]),
      insert('a', ['x'], [[p(0)], [p(1)]]),
    ].map(keyOf)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('counts its parameters', () => {
    expect(shapeOf(select({ from: 'a', where: eq(c('x'), p(4)), limit: p(1) })).parameterCount).toBe(5)
    expect(shapeOf(select({ from: 'a' })).parameterCount).toBe(0)
  })
})

test('an insert of many like rows is a batch of one', () => {
  const many = insert(
    't',
    ['a', 'b'],
    [
      [p(0), p(1)],
      [p(2), p(3)],
    ],
  )
  expect(asBatch(many)).toEqual({ statement: { ...many, rows: [[p(0), p(1)]] }, parameterCount: 4 })
  expect(asBatch({ ...many, returning: [{ kind: 'all', table: undefined }] })).toBeUndefined()
  expect(
    asBatch(
      insert(
        't',
        ['a', 'b'],
        [
          [p(0), p(1)],
          [p(1), p(0)],
        ],
      ),
    ),
  ).toBeUndefined()
})

test('the plan cache forgets what was not used for longest, and keeps its weight', () => {
  const cache = new PlanCache<number>(3, 100)
  for (const [key, weight] of [
    ['a', 10],
    ['b', 10],
    ['c', 10],
  ] as const)
    cache.set(key, weight, weight)
  cache.get('a')
  cache.set('d', 10, 10)
  expect(['a', 'b', 'c', 'd'].map(key => cache.get(key))).toEqual([10, undefined, 10, 10])
  cache.set('huge', 1, 50)
  expect(cache.get('huge')).toBeUndefined()
  const heavy = new PlanCache<number>(100, 100)
  for (let i = 0; i < 10; ++i) heavy.set(String(i), i, 20)
  expect(heavy.size).toBe(5)
})
