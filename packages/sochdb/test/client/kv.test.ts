import { Database, ValidationError } from 'sochdb'
import type { KeyEntry } from 'sochdb/client'

import { openGraphClient } from './graph-fixture.js'

async function keysOf(entries: AsyncIterable<KeyEntry<string, unknown>>): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of entries) keys.push(key)
  return keys
}

test('values are put with their defaults, and read, listed and deleted by key', async () => {
  await using db = openGraphClient()
  const { sessions, flags } = db
  await sessions.put('s1', { user: 'ann' })
  expect(await sessions.get('s1')).toEqual({ user: 'ann', seen: 0 })
  expect(await sessions.get('s2')).toBeUndefined()
  expect(await sessions.putMany([2, 3].map(n => ({ key: `s${n}`, value: { user: 'bob', seen: n } })))).toBe(2)
  expect(await sessions.getMany(['s3', 's9', 's1'])).toEqual([
    { user: 'bob', seen: 3 },
    undefined,
    { user: 'ann', seen: 0 },
  ])
  expect(await sessions.putIfAbsent('s1', { user: 'eve' })).toBe(false)
  expect(await sessions.has('s1')).toBe(true)
  expect(await sessions.count()).toBe(3)
  expect(await sessions.delete('s1')).toBe(true)
  expect(await sessions.delete('s1')).toBe(false)
  expect(await sessions.deleteMany(['s1', 's2', 's2', 's3'])).toBe(2)
  await flags.put('dark', false)
  expect(await flags.get('dark')).toBe(false)
})

test('scans go in the order of keys, by prefix, behind a key, backwards and up to a limit', async () => {
  await using db = openGraphClient()
  const { notes } = db
  const keys = ['', 'a', 'a/1', 'a/2', 'a/20', 'b', 'é', '￿', '😀']
  await notes.putMany(keys.map(key => ({ key, value: key })))
  expect(await keysOf(notes.scan())).toEqual(keys)
  expect(await keysOf(notes.scan({ reverse: true, limit: 2 }))).toEqual(['😀', '￿'])
  expect(await keysOf(notes.scan({ prefix: 'a/' }))).toEqual(['a/1', 'a/2', 'a/20'])
  expect(await keysOf(notes.scan({ prefix: 'a/', after: 'a/1' }))).toEqual(['a/2', 'a/20'])
  expect(await keysOf(notes.scan({ prefix: 'a/', after: 'a/2', reverse: true }))).toEqual(['a/1'])
  expect(await keysOf(notes.scan({ prefix: 'a/', after: 'b' }))).toEqual([])
  expect(await keysOf(notes.scan({ prefix: 'a/', after: 'A', reverse: true }))).toEqual([])
  expect(await notes.count({ prefix: 'a' })).toBe(4)
  expect(Array.from(db.sync.notes.scan({ limit: 2 }))).toEqual([
    { key: '', value: '' },
    { key: 'a', value: 'a' },
  ])
})

test('a key space is apart from the keys of the store and from all others', async () => {
  using database = Database.open(':memory:')
  const db = openGraphClient({ database })
  await db.notes.put('s1', 'note')
  await db.sessions.put('s1', { user: 'ann' })
  expect(await keysOf(db.notes.scan())).toEqual(['s1'])
  expect(Array.from(database.scan())).toEqual([])
  expect(await db.notes.get('s1')).toBe('note')
})

test('keys and values are those of the schema: an error names the path, and nothing is written', async () => {
  await using db = openGraphClient()
  const { sessions, flags, notes } = db
  await expect(sessions.put('s1', { user: 5 } as never)).rejects.toThrow(/"s1" in "sessions": user: /)
  await expect(sessions.put('x', { user: 'ann' })).rejects.toThrow(ValidationError)
  await expect(sessions.get('x')).rejects.toThrow('The key "x" in "sessions"')
  await expect(flags.put('other' as never, true)).rejects.toThrow(ValidationError)
  for (const key of [undefined, null, 5, {}]) await expect(notes.get(key as never)).rejects.toThrow('is a string')
  await expect(notes.put('\ud800', 1)).rejects.toThrow('half a surrogate pair')
  for (const value of [1n, Number.NaN, { a: [Infinity] }, () => 1, undefined]) {
    await expect(notes.put('k', value)).rejects.toThrow()
  }
  await expect(notes.put('k', { a: [Infinity] })).rejects.toThrow('value.a[0]')
  await expect(sessions.putMany([{ key: 's1', value: { user: 'a' } }, { key: 's2' } as never])).rejects.toThrow(
    ValidationError,
  )
  await expect(notes.put('k', 1, { ttl: 5 } as never)).rejects.toThrow('no property "ttl"')
  await expect(notes.put('k', 1, { ttlSeconds: -1 })).rejects.toThrow(ValidationError)
  await expect(keysOf(notes.scan({ prefix: 5 } as never))).rejects.toThrow('prefix is a string')
  expect(await notes.count()).toBe(0)
  expect(await sessions.count()).toBe(0)
})

test('entries live as long as the schema says, or the call', async () => {
  await using db = openGraphClient()
  const { codes } = db
  await codes.put('kept', 'a', { ttlSeconds: 3600 })
  await codes.put('ever', 'a', { ttlSeconds: 0 })
  await codes.putMany([{ key: 'many', value: 'b' }])
  await codes.put('one', 'b')
  await codes.putIfAbsent('absent', 'b')
  while ((await codes.count()) > 2) await new Promise(resolve => setTimeout(resolve, 2))
  expect(await keysOf(codes.scan())).toEqual(['ever', 'kept'])
  expect(await codes.getMany(['one', 'many', 'absent'])).toEqual([undefined, undefined, undefined])
})

test('a transaction is all of it or nothing', async () => {
  await using db = openGraphClient()
  await expect(
    db.$transaction(async tx => {
      await tx.sessions.put('s1', { user: 'ann' })
      expect(await tx.sessions.get('s1')).toEqual({ user: 'ann', seen: 0 })
      expect(tx.sync.sessions.has('s1')).toBe(true)
      throw new Error('undo')
    }),
  ).rejects.toThrow('undo')
  expect(await db.sessions.has('s1')).toBe(false)
  db.sync.$transaction(tx => {
    tx.sessions.put('s1', { user: 'ann' })
    expect(tx.sessions.delete('s1')).toBe(true)
    tx.notes.put('n', [1])
  })
  expect(db.sync.notes.get('n')).toEqual([1])
  expect(db.sync.sessions.count()).toBe(0)
})
