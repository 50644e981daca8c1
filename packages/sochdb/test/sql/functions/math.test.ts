/** Functions of numbers, bits, types and bytes, against SQLite where it has them. */
import { Database } from '../../../src/index.js'
import type { Expression } from '../../../src/sql/ast/nodes.js'
import { bin, fn, lit, p } from '../support.js'
import { near, openPeer, plain, product, sqlOf, theirValue, valueOf } from './oracle.js'
import type { Argument } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

const REALS: Argument[] = [null, 0.5, -0.5, 1.5, 2.5, -2.5, 2.675, 1e-9, 1e300, -1e300, 0.1, 123456.789, 1.005, 99.995]
const INTEGERS: Argument[] = [null, 0, 1, -1, 2, 7, -7, 63, 64, -64, 1000000, 9007199254740993n, -9223372036854775807n]
const NUMBERS = [...REALS, ...INTEGERS.slice(1, 9)]
const PLACES: Argument[] = [null, -1, 0, 1, 2, 5, 40]

const ours = (name: string, ...args: Argument[]) => plain(valueOf(db, fn(name, ...args.map(arg => lit(arg as string)))))

const UNARY = 'sqrt exp ln log log10 log2 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh degrees radians'
const CASES: Record<string, readonly (readonly Argument[])[][]> = {
  ...Object.fromEntries(UNARY.split(' ').map(name => [name, [[NUMBERS]]])),
  round: [[NUMBERS], [NUMBERS, PLACES]],
  ceil: [[NUMBERS]],
  floor: [[NUMBERS]],
  trunc: [[NUMBERS]],
  sign: [[NUMBERS]],
  abs: [[NUMBERS]],
  pow: [[NUMBERS, [null, 0, 0.5, 2, -1, 3]]],
  atan2: [[NUMBERS, [null, 0, 1, -2.5]]],
  log: [[NUMBERS], [[null, 0, 1, 2, 10, 3, -2], NUMBERS]],
  mod: [[NUMBERS.filter(n => n === null || Math.abs(Number(n)) < 1e15), [null, 0, 3, -3, 2.5]]],
  max: [[NUMBERS, NUMBERS]],
  min: [
    [NUMBERS, NUMBERS],
    [
      ['a', 'b', null],
      ['ab', 'B'],
    ],
  ],
  pi: [[]],
  hex: [[[null, '', 'aü', 12, new Uint8Array([1, 255])]]],
  unhex: [
    [[null, '', '4142', 'fF00', '4', '4x', '41 42']],
    [
      ['41-42', '4-1', '-41-', 'zz'],
      ['-', ' -', ''],
    ],
  ],
  quote: [[[null, 12, 2.5, 3e100, 'it’s ‘x’', "a'b", '', new Uint8Array([0, 17])]]],
  typeof: [[[null, 12, 2.5, 'x', new Uint8Array([1])]]],
  zeroblob: [[[-1, 0, 3]]],
  ifnull: [
    [
      [null, 1],
      [null, 2],
    ],
  ],
  iif: [[[0, 1], [5], [6, null]]],
  nullif: [
    [
      [null, 1, 2],
      [null, 2],
    ],
  ],
}

describe('what SQLite gives', () => {
  test.each(Object.keys(CASES))('%s', name => {
    for (const lists of CASES[name]!) {
      for (const args of product(...lists)) {
        const sql = `${name}(${args.map(sqlOf).join(', ')})`
        expect([sql, near(ours(name, ...args))]).toEqual([sql, near(plain(theirValue(peer, sql)))])
      }
    }
  })

  test.each(['&', '|', '<<', '>>'] as const)('%s', operator => {
    for (const [a, b] of product(INTEGERS, INTEGERS)) {
      const sql = `${sqlOf(a!)} ${operator} ${sqlOf(b!)}`
      const value = valueOf(db, bin(lit(a as bigint), operator, lit(b as bigint)))
      expect([sql, String(value)]).toEqual([sql, String(theirValue(peer, sql))])
    }
  })

  test('~', () => {
    for (const a of INTEGERS) {
      const value = valueOf(db, fn('bit_not_of', lit(a as bigint)))
      expect([a, String(value)]).toEqual([a, String(theirValue(peer, `~${sqlOf(a)}`))])
    }
  })
})

test.each([
  ['greatest', [1, 3, 2], 3],
  ['greatest', [1, null, 2], 2],
  ['least', ['b', 'a', null], 'a'],
  ['least', [null, null], null],
  ['cbrt', [27], 3],
  ['to_hex', [255], 'ff'],
  ['to_hex', [-1], 'ffffffffffffffff'],
  ['encode', ['aü', 'base64'], 'YcO8'],
  ['encode', ['a', 'base64'], 'YQ=='],
  ['encode', ['ab', 'hex'], '6162'],
  ['bit_count', [7], 3],
  ['space', [3], '   '],
  ['nvl', [null, 'x'], 'x'],
  ['if', [true, 1, 2], 1],
] as [string, Argument[], Argument][])('%s(%j) is %j', (name, args, expected) => {
  expect(near(ours(name, ...args))).toEqual(expected)
})

test('whole division cuts off, of integers and others', () => {
  expect(valueOf(db, bin(lit(7), '//', lit(2)))).toBe(3)
  expect(valueOf(db, bin(lit(-7.5), '//', lit(2)))).toBe(-3)
  expect(valueOf(db, bin(lit(7), '//', lit(0)))).toBeNull()
})

test('decimals keep their digits', () => {
  const decimal = (text: string): Expression => ({ kind: 'cast', operand: lit(text), type: 'decimal' })
  const value = (name: string, text: string, ...more: number[]) =>
    valueOf(db, fn(name, decimal(text), ...more.map(n => lit(n))))
  expect(value('round', '99999999999999999999.995', 2)).toBe('100000000000000000000.00')
  expect(value('round', '-0.005', 2)).toBe('-0.01')
  expect(value('round', '-0.004', 2)).toBe('0.00')
  expect(value('ceil', '-1.5')).toBe('-1')
  expect(value('ceil', '1.0000000000000000000001')).toBe('2')
  expect(value('floor', '-9.1')).toBe('-10')
  expect(value('trunc', '19.99', 1)).toBe('19.9')
  expect(value('sign', '-0.1')).toBe(-1)
})

test('random values differ from row to row and call to call', () => {
  const values = new Set(Array.from({ length: 20 }, () => String(valueOf(db, fn('random')))))
  expect(values.size).toBe(20)
  expect(valueOf(db, bin(fn('rand'), '<', lit(1)))).toBe(true)
  expect(valueOf(db, fn('length', fn('randomblob', lit(12))))).toBe(12)
  expect(valueOf(db, fn('gen_random_uuid'))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/)
  const ids = Array.from({ length: 100 }, () => valueOf(db, fn('uuid7')) as string)
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(ids).toEqual([...new Set(ids)].sort())
})

test('distances between vectors', () => {
  const vector = (...values: number[]) => Float32Array.from(values)
  const distance = (name: string, a: Float32Array, b: Float32Array) => valueOf(db, fn(name, p(0), p(1)), [a, b])
  expect(distance('vector_distance_l2', vector(1, 2), vector(4, 6))).toBe(5)
  expect(distance('vector_distance_dot', vector(1, 2), vector(4, 6))).toBe(16)
  expect(distance('vector_distance_cosine', vector(1, 0), vector(0, 1))).toBe(1)
  expect(distance('vector_distance_cosine', vector(0, 0), vector(0, 1))).toBeNull()
  expect(() => distance('vector_distance_l2', vector(1, 2), vector(1))).toThrow(
    /vector_distance_l2\(\): the vectors have 2 and 1/,
  )
})

test('a tolerant cast is NULL where the value does not fit', () => {
  const cast = (value: string): Expression => ({ kind: 'cast', operand: p(0), type: value, tolerant: true })
  const value = (type: string, given: string) =>
    valueOf(db, { ...cast(type), operand: fn('concat', lit(given)) } as Expression)
  expect(value('integer', '12')).toBe(12)
  expect(value('integer', 'x')).toBeNull()
  expect(value('timestamp', 'soon')).toBeNull()
})
