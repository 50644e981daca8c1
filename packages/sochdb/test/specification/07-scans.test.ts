import { ValidationError, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  db.putBatch(['users/alice', 'users/bob', 'users/mia', 'users/zoe'].map(key => [key, key.slice(6)] as const))
  db.putBatch(Array.from({ length: 25 }, (_, i) => [`logs/${String(i).padStart(3, '0')}`, `line ${i}`] as const))
})
afterEach(() => db.close())

const keysOf = (rows: Iterable<[Buffer, Buffer]>) => Array.from(rows, ([key]) => key.toString())

describe('7 Prefix Scanning', () => {
  test('Safe Prefix Scan (Recommended)', () => {
    const shown = []
    for (const [key, value] of db.scanPrefix('users/')) shown.push(`${key.toString()}: ${value.toString()}`)
    expect(shown).toEqual(['users/alice: alice', 'users/bob: bob', 'users/mia: mia', 'users/zoe: zoe'])

    expect(() => db.scanPrefix('u')).toThrow(ValidationError)
    expect(() => db.scanPrefix('')).toThrow(ValidationError)
  })

  test('Unchecked Prefix Scan', () => {
    expect(keysOf(db.scanPrefixUnchecked(''))).toHaveLength(29)
    expect(keysOf(db.scanPrefixUnchecked('u'))).toHaveLength(4)
  })

  test('Batched Scanning', () => {
    for (const batchSize of [1, 7, 1000]) {
      expect(keysOf(db.scanBatched('logs/', { batchSize }))).toEqual(keysOf(db.scanPrefix('logs/')))
    }
  })

  test('Reverse Scan', () => {
    expect(keysOf(db.scanPrefix('logs/', { reverse: true }))).toEqual(keysOf(db.scanPrefix('logs/')).reverse())
  })

  test('Range Scan', () => {
    expect(keysOf(db.scanRange('users/a', 'users/m'))).toEqual(['users/alice', 'users/bob'])
    expect(keysOf(db.scanRange('users/b', ''))).toEqual(['users/bob', 'users/mia', 'users/zoe'])
  })

  test('Streaming Large Results', () => {
    const batches = [...db.scanStream('logs/', { batchSize: 10 })]
    expect(batches.map(batch => batch.length)).toEqual([10, 10, 5])
    expect(batches.flatMap(keysOf)).toEqual(keysOf(db.scanPrefix('logs/')))
  })
})
