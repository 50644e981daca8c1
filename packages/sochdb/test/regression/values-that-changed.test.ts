/**
 * Values that were stored as something else than what was given, without a word: a vector of the wrong length, a number that is
 * infinite in 32 bits, the 30th of February (which became the 2nd of March), a date in free text, read in the time zone of the
 * machine. And JSON that refers to itself, which threw a TypeError.
 */
import { col, defineSchema, table } from '@sochdb/schema'
import { DimensionMismatchError, ValidationError } from 'sochdb'
import { z } from 'zod'
import { openClient } from '../client/fixture.js'

const schema = defineSchema({
  tables: {
    things: table('things', {
      id: col.integer().primaryKey(),
      at: col.timestamp().nullable(),
      data: col.json(z.any()).nullable(),
      vector: col.vector(3).nullable(),
    }),
  },
})

const things = () => (openClient({ path: ':memory:' }, schema).sync as unknown as { things: Things }).things
type Things = ReturnType<typeof openClient>['sync']['notes']

it.each([[[1, 2]], [[]], [new Float32Array(4)]])('refuses a vector that is not as long as declared: %p', vector => {
  const table = things()
  expect(() => table.insert({ id: 1, vector })).toThrow(DimensionMismatchError)
  expect(() => table.insertMany([{ id: 1, vector: [1, 2, 3] }, { id: 2, vector }])).toThrow(DimensionMismatchError) // prettier-ignore
  expect(table.count()).toBe(0)
  table.insert({ id: 1, vector: [1, 2, 3] })
  expect(() => table.update({ id: 1 }, { vector })).toThrow(DimensionMismatchError)
  expect(table.find({ id: 1 })?.['vector']).toEqual(Float32Array.of(1, 2, 3))
})

it('refuses a number that 32 bits cannot hold', () => {
  expect(() => things().insert({ id: 1, vector: [1, 2, 1e39] })).toThrow('not a finite 32-bit number')
})

it.each(['2026-02-30', '2026-13-01', 'garbage 5', '1', '3 May 2026', '2026-01-01T00:00:00.0001Z', '+275760-09-13'])(
  'refuses %p as a point in time',
  at => {
    const table = things()
    expect(() => table.insert({ id: 1, at })).toThrow('is no point in time')
    expect(() => table.count({ where: { at } })).toThrow('is no point in time')
  },
)

it.each([
  ['2026-01-01', Date.UTC(2026, 0, 1)],
  ['2026-01-01 10:30:00', Date.UTC(2026, 0, 1, 10, 30)],
  ['2026-01-01T00:00:00+02:00', Date.UTC(2025, 11, 31, 22)],
  ['+275760-09-13T00:00:00.000Z', 8.64e15],
  ['-271821-04-20T00:00:00.000Z', -8.64e15],
])('reads %p as UTC unless it says otherwise', (at, time) => {
  expect(things().insert({ id: 1, at })['at']).toEqual(new Date(time))
})

it('refuses JSON that is none', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  let deep: object = {}
  for (let i = 0; i < 100_000; i++) deep = { deep }
  const table = things()
  for (const data of [cycle, deep, { n: 5n }]) expect(() => table.insert({ id: 1, data })).toThrow(ValidationError)
  const thrown = new Error('of its own')
  const throwing = {
    toJSON() {
      throw thrown
    },
  }
  expect(() => table.insert({ id: 1, data: throwing })).toThrow(thrown)
  expect(table.count()).toBe(0)
})
