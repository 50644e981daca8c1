/**
 * An integer column took 2^53, and gave back the bigint 9007199254740992n where the generated types promise a number:
 * `row.stars + 1` threw far from the insert that had caused it.
 */
import { openClient } from '../client/fixture.js'

it.each([2 ** 53, -(2 ** 53), 2n ** 53n, 2n ** 62n])('refuses %p in an integer column', async value => {
  await using db = openClient()
  const { notes } = db.sync
  const note = { id: 1, authorId: '01a2044b-f95f-7001-9865-5b8194120ef8', title: '' }
  expect(() => notes.insert({ ...note, stars: value })).toThrow('"notes.stars" is an integer within')
  notes.insert({ ...note, stars: Number.MAX_SAFE_INTEGER, views: 2n ** 62n })
  expect(() => notes.update({ id: 1 }, { stars: value })).toThrow('"notes.stars" is an integer within')
  expect(notes.find({ id: 1 })).toMatchObject({ stars: Number.MAX_SAFE_INTEGER, views: 2n ** 62n })
})
