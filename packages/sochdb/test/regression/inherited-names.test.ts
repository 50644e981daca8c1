/**
 * A column may be called `toString`, and a filter may arrive from a request as `{"id":{"constructor":1}}`. Names were looked up
 * with what every object inherits: a row without its `toString` seemed to have a function there, and the filter died as
 * "Cannot read properties of undefined".
 */
import { col, defineSchema, many, table } from '@sochdb/schema'
import { ValidationError } from 'sochdb'
import { openClient } from '../client/fixture.js'

const schema = defineSchema({
  tables: {
    authors: table('authors', { id: col.integer().primaryKey() }),
    notes: table('notes', {
      toString: col.text().primaryKey(),
      valueOf: col.integer().default(5),
      hasOwnProperty: col.text().nullable(),
      authorId: col.integer().nullable(),
    }),
  },
  relations: { authors: { notes: many('notes.authorId') } },
})

it('takes a row that leaves out columns with the names of inherited methods', () => {
  const { notes } = openClient({ path: ':memory:' }, schema).sync
  const row = { toString: 'a', valueOf: 5, hasOwnProperty: null, authorId: null }
  expect({ ...notes.insert({ toString: 'a' }) }).toEqual(row)
  expect({ ...notes.find({ toString: 'a' }) }).toEqual(row)
  expect(() => notes.find({})).toThrow('lacks "toString"')
})

it.each(['constructor', 'toString', '__proto__', '$valueOf'])('knows no operator "%s"', name => {
  const { authors } = openClient({ path: ':memory:' }, schema).sync
  const where = JSON.parse(`{"id":{"${name}":1}}`) as Record<string, unknown>
  expect(() => authors.count({ where })).toThrow(ValidationError)
})

it('knows no relation "constructor"', () => {
  const { authors } = openClient({ path: ':memory:' }, schema).sync
  authors.insert({ id: 1 })
  expect(() => authors.findMany({ with: { constructor: true } })).toThrow(ValidationError)
  expect(() => authors.find({ id: 1 }, { with: { toString: true } })).toThrow(ValidationError)
})
