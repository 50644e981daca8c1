/**
 * An iterable without an end took the process down when `insertMany` collected it, and a list of a million values in a filter
 * kept the thread busy for a quarter of a minute before the statement was found to be too large.
 */
import { ValidationError } from 'sochdb'
import { openClient } from '../client/fixture.js'

it('stops reading rows that do not end', async () => {
  await using db = openClient()
  let read = 0
  function* marks(): Generator<Record<string, unknown>> {
    for (;;) yield { noteId: ++read, label: '' }
  }
  expect(() => db.sync.marks.insertMany(marks())).toThrow(ValidationError)
  expect(read).toBeLessThan(1_100_000)
  expect(db.sync.marks.count()).toBe(0)
})

it('refuses a list that no plan could hold before it makes one', async () => {
  await using db = openClient()
  const ids = Array.from({ length: 300_000 }, (_, i) => i)
  expect(() => db.sync.notes.count({ where: { id: { in: ids } } })).toThrow('at most 250000 values')
  expect(db.sync.notes.count({ where: { id: { in: ids.slice(0, 100_000) } } })).toBe(0)
})
