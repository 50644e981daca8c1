import { DatabaseError, ValidationError } from 'sochdb'

import { collect, faces, rejection } from './faces.js'
import type { Face } from './faces.js'

describe.each(faces)('keys through %s', (_, open) => {
  let db: Face
  beforeEach(async () => {
    db = await open(':memory:')
  })
  afterEach(() => db.close())

  test('what was put is read, and what was deleted is not', async () => {
    await db.put('a', 'one')
    await db.put(Uint8Array.of(0, 255), Uint8Array.of(1, 2, 3))
    expect(await db.getString('a')).toBe('one')
    expect(await db.get(Uint8Array.of(0, 255))).toEqual(Buffer.from([1, 2, 3]))
    expect(await db.exists('a')).toBe(true)
    await db.delete('a')
    expect(await db.get('a')).toBeUndefined()
    expect(await db.exists('a')).toBe(false)
  })

  test('an empty value is a value, an empty key a key', async () => {
    await db.put('', '')
    expect(await db.get('')).toEqual(Buffer.alloc(0))
    expect(await db.exists('')).toBe(true)
  })

  test('values of every size come back as they were', async () => {
    for (const size of [1, 15, 16, 17, 1000, 16 * 1024, 64 * 1024 + 1, 1024 * 1024, 1024 * 1024 + 1]) {
      const value = Buffer.alloc(size, size % 251)
      await db.put(`size:${size}`, value)
      expect((await db.get(`size:${size}`))?.equals(value)).toBe(true)
      expect((await db.getBatch([`size:${size}`]))[0]?.equals(value)).toBe(true)
    }
  })

  test('a batch is written as a whole, the later of two equal keys wins', async () => {
    await db.putBatch([
      ['x', '1'],
      ['y', '2'],
      ['x', '3'],
    ])
    expect((await db.getBatch(['x', 'none', 'y'])).map(value => value?.toString())).toEqual(['3', undefined, '2'])
    await db.deleteBatch(['x', 'none'])
    expect(await db.exists('x')).toBe(false)
    expect(await db.getBatch([])).toEqual([])
  })

  test('a batch with one bad entry writes nothing', async () => {
    const bad = db.putBatch([
      ['x', '1'],
      ['y', 7 as never],
    ])
    expect(await rejection(bad)).toBeInstanceOf(ValidationError)
    expect(await db.exists('x')).toBe(false)
  })

  test('bad arguments reject and write nothing', async () => {
    expect(await rejection(db.put(undefined as never, 'x'))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.put('k', 5 as never))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.put('k', 'v', { ttlSeconds: -1 }))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.put('k', 'v', { ttl: 1 } as never))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.get({} as never))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.getBatch('keys' as never))).toBeInstanceOf(ValidationError)
    expect(await rejection(db.delete('k'.repeat(70_000)))).toBeInstanceOf(ValidationError)
    expect(await collect(db.scanPrefixUnchecked(''))).toEqual([])
  })

  test('scans are in key order, forward and backward, with and without a limit', async () => {
    await db.putBatch(['p:b', 'p:a', 'p:c', 'q:a', 'o'].map(key => [key, key.slice(-1)] as const))
    expect(await collect(db.scanPrefix('p:'))).toEqual(['p:a=a', 'p:b=b', 'p:c=c'])
    expect(await collect(db.scanPrefix('p:', { reverse: true, limit: 2 }))).toEqual(['p:c=c', 'p:b=b'])
    expect(await collect(db.scanPrefix('p:', { keysOnly: true, limit: 1 }))).toEqual(['p:a='])
    expect(await collect(db.scanPrefix('p:', { limit: 0 }))).toEqual([])
    expect(await collect(db.scanRange('p:b', 'q:'))).toEqual(['p:b=b', 'p:c=c'])
    expect(await collect(db.scanRange('p:c', ''))).toEqual(['p:c=c', 'q:a=a'])
    expect((await collect(db.scanPrefixUnchecked(''))).length).toBe(5)
  })

  test('a long scan returns every row once, and may be left at any place', async () => {
    const keys = Array.from({ length: 5000 }, (_, i) => `row:${String(i).padStart(5, '0')}`)
    await db.putBatch(keys.map(key => [key, `value of ${key}`] as const))
    const seen: string[] = []
    for await (const [key] of db.scanPrefix('row:')) seen.push(key.toString())
    expect(seen).toEqual(keys)
    for (const stop of [1, 63, 64, 65, 1064, 4999]) {
      let n = 0
      for await (const row of db.scanPrefix('row:')) if (row && ++n === stop) break
      expect(n).toBe(stop)
    }
    expect((await collect(db.scanPrefix('row:', { limit: 4321 }))).length).toBe(4321)
  })

  test('a scan sees one state, whatever is written meanwhile', async () => {
    await db.putBatch(Array.from({ length: 3000 }, (_, i) => [`s:${i}`, 'old'] as const))
    let rows = 0
    for await (const [, value] of db.scanPrefix('s:')) {
      if (rows++ === 0) await db.putBatch(Array.from({ length: 3000 }, (_, i) => [`s:${i}`, 'new'] as const))
      expect(value.toString()).toBe('old')
    }
    expect(rows).toBe(3000)
  })

  test('a prefix that is too short is refused', async () => {
    const scan = async (): Promise<unknown> => collect(db.scanPrefix('a'))
    expect(await rejection(scan())).toBeInstanceOf(ValidationError)
  })

  test('a closed database refuses everything, and closing it again is harmless', async () => {
    await db.put('a', '1')
    await db.close()
    await db.close()
    for (const call of [db.get('a'), db.put('a', '2'), db.getBatch(['a']), db.putBatch([['a', '2']]), db.delete('a')]) {
      expect(await rejection(call)).toBeInstanceOf(DatabaseError)
    }
    expect(await rejection(collect(db.scanPrefixUnchecked('')))).toBeInstanceOf(DatabaseError)
  })
})
