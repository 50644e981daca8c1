/**
 * `deleteMany({ where, limit: 1 })` deleted every row that met the filter: properties that a call does not have were ignored
 * outside of `findMany`. So was a misspelled `where` of `count`, which counted everything; and null instead of options was a
 * TypeError from inside the client.
 */
import { ValidationError } from 'sochdb'
import { fill, openClient } from '../client/fixture.js'

const loosely = (value: object | null): never => value as never

it('refuses properties that a call does not have, and does nothing', async () => {
  await using db = openClient()
  await fill(db)
  const { notes } = db.sync
  const where = { id: { gt: 0 } }
  expect(() => notes.deleteMany(loosely({ where, limit: 1 }))).toThrow('no property "limit"')
  expect(() => notes.updateMany(loosely({ where, limit: 1 }), { stars: 9 })).toThrow('no property "limit"')
  expect(() => notes.count(loosely({ were: { id: 1 } }))).toThrow('no property "were"')
  expect(() => notes.find({ id: 1 }, loosely({ selekt: { id: true } }))).toThrow('no property "selekt"')
  expect(() => notes.insertMany([], loosely({ onConflit: 'nothing' }))).toThrow('no property "onConflit"')
  expect(notes.count()).toBe(5)
  expect(notes.count({ where: { stars: 9 } })).toBe(0)
})

it('refuses null where an object belongs', async () => {
  await using db = openClient()
  await fill(db)
  const { notes, passages } = db.sync
  for (const call of [
    () => notes.find({ id: 1 }, loosely(null)),
    () => notes.findFirst(loosely(null)),
    () => notes.count(loosely(null)),
    () => notes.insertMany([], loosely(null)),
    () => passages.insert(loosely(null)),
    () => passages.insertBatch(loosely(null)),
    () => passages.insertBatch(loosely({ ids: 'ab' })),
    () => passages.update('a', loosely(null)),
  ]) {
    expect(call).toThrow(ValidationError)
  }
  await expect(db.$transaction(async () => 1, loosely(null))).rejects.toThrow(ValidationError)
  await expect(db.$transaction(loosely(null))).rejects.toThrow(ValidationError)
})

it('names values that have no JSON in its messages', async () => {
  await using db = openClient()
  const { notes } = db.sync
  expect(() => notes.findMany({ limit: loosely(5n as never) })).toThrow('not 5')
  expect(() => notes.insert({ id: 1, authorId: '', title: '', status: 5n })).toThrow('"notes.status" is one of')
})

it('wants one metadata for each document of a typed batch', async () => {
  await using db = openClient()
  const metadata = [{ noteId: 1, lang: 'en' }]
  const batch = { ids: ['a', 'b'], vectors: [[1, 2, 3], [4, 5, 6]], metadata } // prettier-ignore
  expect(() => db.sync.passages.insertBatch(batch)).toThrow('metadata must be an array with one element for each')
  expect(db.sync.passages.count()).toBe(0)
})
